/* SPDX-License-Identifier: MIT */
/*
 * graph: a shape of one's own, from a file with a line for each node: NAME COST [NEEDED...], the cost in thousands of steps; what is
 * behind a # is a comment. Job j is node j mod nodes, in the order of the lines, of copy j / nodes. A circle is not looked for: the host
 * names the jobs that wait for each other.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cobench/task.h"
#include "tasks/lib/needs.h"
#include "tasks/lib/steps.h"

#define BLANKS      " \t\r\v\f"
#define COST_DIGITS 7

struct node {
    const char *name;    /* while the file is read, as are the names below */
    uint64_t cost;       /* in thousands of steps */
    size_t first, count; /* of what it needs, in `names` and `needed` */
};

struct graph {
    struct needs needs;
    size_t nodes, edges;
    struct node *node;
    const char **names;  /* of what each node needs, one node after the other */
    uint64_t *needed;    /* the same by number */
    struct node **order; /* by name */
};

static void graph_close(void *state)
{
    struct graph *g = state;
    free(g->node);
    free(g->names);
    free(g->needed);
    free(g->order);
    free(g);
}

static int refuse(const char *path, const char *what, const char *name, struct cobench_error *err)
{
    snprintf(err->message, sizeof err->message, "%s: %s '%s'", path, what, name);
    return -EINVAL;
}

/* The whole file as one string, NULL where it is empty; free() it. */
static int text_read(const char *path, char **text, struct cobench_error *err)
{
    size_t size = 0;
    FILE *file = fopen(path, "r");
    const bool nothing = file && getdelim(text, &size, '\0', file) < 0;
    const int rc = file && (!nothing || feof(file)) ? 0 : -errno;
    if (file)
        fclose(file);
    if (nothing) {
        free(*text);
        *text = NULL;
    }
    if (rc)
        snprintf(err->message, sizeof err->message, "%s cannot be read: %s", path, strerror(-rc));
    return rc;
}

static int line_read(struct graph *g, char *line, const char *path, struct cobench_error *err)
{
    char *rest;
    line[strcspn(line, "#")] = '\0';
    const char *name = strtok_r(line, BLANKS, &rest);
    if (!name)
        return 0;
    const char *cost = strtok_r(NULL, BLANKS, &rest);
    if (!cost || cost[strspn(cost, "0123456789")] != '\0' || strlen(cost) > COST_DIGITS)
        return refuse(path, "no whole number of at most 7 digits is the cost of", name, err);
    struct node *node = &g->node[g->nodes++];
    *node = (struct node){.name = name, .cost = strtoull(cost, NULL, 10), .first = g->edges};
    while ((name = strtok_r(NULL, BLANKS, &rest)))
        g->names[g->edges++] = name;
    node->count = g->edges - node->first;
    g->needs.most = node->count > g->needs.most ? node->count : g->needs.most;
    return 0;
}

static int lines_read(struct graph *g, char *text, const char *path, struct cobench_error *err)
{
    int rc = 0;
    for (char *line = text, *next; rc == 0 && line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        rc = line_read(g, line, path, err);
    }
    return rc;
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(struct node *const *)a)->name, (*(struct node *const *)b)->name);
}

/* Names become numbers. */
static int names_resolve(struct graph *g, const char *path, struct cobench_error *err)
{
    for (size_t i = 0; i < g->nodes; i++)
        g->order[i] = &g->node[i];
    qsort(g->order, g->nodes, sizeof(struct node *), by_name);
    for (size_t i = 1; i < g->nodes; i++)
        if (by_name(&g->order[i - 1], &g->order[i]) == 0)
            return refuse(path, "two lines begin with", g->order[i]->name, err);
    for (size_t k = 0; k < g->edges; k++) {
        const struct node wanted = {.name = g->names[k]}, *key = &wanted;
        struct node **found = bsearch(&key, g->order, g->nodes, sizeof(struct node *), by_name);
        if (!found)
            return refuse(path, "needed, but there is no line of", g->names[k], err);
        g->needed[k] = (uint64_t)(*found - g->node);
    }
    return 0;
}

static int graph_parse(struct graph *g, char *text, const char *path, struct cobench_error *err)
{
    size_t lines = 1;
    const size_t words = text ? strlen(text) / 2 + 1 : 1;
    for (const char *at = text; at && (at = strchr(at, '\n')); at++)
        lines++;
    g->node = calloc(lines, sizeof *g->node);
    g->order = calloc(lines, sizeof(struct node *));
    g->names = calloc(words, sizeof *g->names);
    g->needed = calloc(words, sizeof *g->needed);
    if (!g->node || !g->order || !g->names || !g->needed)
        return -ENOMEM;
    int rc = lines_read(g, text, path, err);
    if (rc == 0)
        rc = names_resolve(g, path, err);
    if (rc == 0 && g->nodes == 0) {
        snprintf(err->message, sizeof err->message, "%s: has no nodes", path);
        return -EINVAL;
    }
    if (rc || g->needs.jobs % g->nodes == 0)
        return rc;
    snprintf(err->message, sizeof err->message,
             "%s: has %zu nodes, of which %" PRIu64 " jobs are no whole copies; --jobs %zu is one", path, g->nodes,
             g->needs.jobs, g->nodes);
    return -EINVAL;
}

static int graph_open(const struct cobench_open *how, void **state, struct cobench_error *err)
{
    const char *path = how->values[0].text;
    char *text = NULL;
    void *graph = NULL;
    int rc = text_read(path, &text, err);
    if (rc == 0)
        rc = needs_open(how, sizeof(struct graph), 0, 0, &graph);
    if (rc == 0)
        rc = graph_parse(graph, text, path, err);
    free(text);
    if (rc == 0)
        *state = graph;
    else if (graph)
        graph_close(graph);
    return rc;
}

static int graph_request(void *state, void *worker, uint64_t job, struct cobench_request *ask,
                         struct cobench_error *err)
{
    const struct graph *g = state;
    const struct node *node = &g->node[job % g->nodes];
    uint64_t *jobs = worker;
    (void)err;
    for (size_t i = 0; i < node->count; i++)
        jobs[i] = job - job % g->nodes + g->needed[node->first + i];
    needs_ask(jobs, node->count, ask);
    return 0;
}

static int graph_run(void *state, void *worker, uint64_t job, const struct cobench_reply *reply, uint64_t *result,
                     struct cobench_error *err)
{
    const struct graph *g = state;
    (void)worker, (void)err;
    *result = steps_take(needs_sum(job, reply), 1000 * g->node[job % g->nodes].cost);
    return 0;
}

static const struct cobench_param params[] = {
    {.key = "file",
     .type = COBENCH_PARAM_PATH,
     .fallback = "@graph.txt",
     .about = "a line for each node: NAME COST [NEEDED...], the cost in thousands of steps; @ is the folder of "
              "cobench's own files"},
    {.key = NULL},
};

const struct cobench_task cobench_task = {
    .contract = COBENCH_CONTRACT_VERSION,
    .kind = COBENCH_KIND_CPU,
    .asks = COBENCH_ASK_JOBS,
    .name = "graph",
    .about = "jobs that need each other as a file says: a shape of one's own",
    .default_jobs = 12,
    .params = params,
    .open = graph_open,
    .close = graph_close,
    .worker_open = needs_worker_open,
    .worker_close = needs_worker_close,
    .request = graph_request,
    .run = graph_run,
};
