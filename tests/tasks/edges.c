/* SPDX-License-Identifier: MIT */
/* Jobs that need each other as the parameter says, for tests: "0>2 0>1 1>2" has job 0 need jobs 2 and 1, in this order, and job 1
 * need job 2. A job's result is its number, times 31 and with the result added for each that it needs. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cobench/task.h"

enum { EDGES, BUSY, SLOW, DELAY, FAILS, CRASHES, AGAIN };

struct edge {
    uint64_t job, needed;
};

struct edges {
    uint64_t jobs;
    const struct cobench_value *values;
    size_t count;
    struct edge *list;
    uint64_t *sums; /* by job: its result, once it has those that it needs */
};

static void edges_close(void *state)
{
    struct edges *edges = state;
    free(edges->list);
    free(edges->sums);
    free(edges);
}

static int edges_open(const struct cobench_open *how, void **state, struct cobench_error *err)
{
    const char *text = how->values[EDGES].text;
    struct edges *edges = calloc(1, sizeof *edges);
    if (!edges)
        return -ENOMEM;
    *edges = (struct edges){.jobs = how->jobs, .values = how->values};
    edges->list = calloc(strlen(text) / 2 + 1, sizeof *edges->list);
    edges->sums = calloc(how->jobs, sizeof *edges->sums);
    *state = edges;
    while (edges->list && edges->sums && *text) {
        unsigned long long job, needed;
        int length = 0;
        if (sscanf(text, " %llu>%llu %n", &job, &needed, &length) != 2) {
            snprintf(err->message, sizeof err->message, "no edge: '%.60s'", text);
            edges_close(edges);
            return -EINVAL;
        }
        edges->list[edges->count++] = (struct edge){job, needed};
        text += length;
    }
    return edges->list && edges->sums ? 0 : (edges_close(edges), -ENOMEM);
}

static int edges_worker_open(void *state, unsigned flags, void **worker, struct cobench_error *err)
{
    (void)flags, (void)err;
    *worker = calloc(((struct edges *)state)->count + 1, sizeof(uint64_t));
    return *worker ? 0 : -ENOMEM;
}

static void edges_worker_close(void *state, void *worker)
{
    (void)state;
    free(worker);
}

static int edges_request(void *state, void *worker, uint64_t job, struct cobench_request *ask,
                         struct cobench_error *err)
{
    struct edges *edges = state;
    uint64_t *needs = worker;
    size_t count = 0;
    (void)err;
    for (size_t i = 0; i < edges->count; i++)
        if (edges->list[i].job == job)
            needs[count++] = edges->list[i].needed;
    edges->sums[job] = job;
    if (count > 0) {
        ask->ask = COBENCH_ASK_JOBS;
        ask->jobs = needs;
        ask->job_count = count;
    }
    return 0;
}

static int edges_more(void *state, void *worker, uint64_t job, unsigned step, const struct cobench_reply *reply,
                      struct cobench_request *ask, struct cobench_error *err)
{
    struct edges *edges = state;
    uint64_t result;
    (void)worker, (void)err;
    for (size_t at = 0; reply && at < reply->length; at += sizeof result) {
        memcpy(&result, reply->body + at, sizeof result);
        edges->sums[job] = edges->sums[job] * 31 + result;
    }
    if (step == 0 && edges->values[DELAY].number > 0) {
        ask->ask = COBENCH_ASK_DELAY;
        ask->delay_ns = edges->values[DELAY].number * 1000000;
    } else if (edges->values[AGAIN].number > 0) {
        ask->ask = COBENCH_ASK_JOBS;
        ask->jobs = &edges->jobs;
        ask->job_count = 1;
    }
    return 0;
}

static void compute_for(int64_t ms)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const int64_t until = now.tv_sec * INT64_C(1000000000) + now.tv_nsec + ms * 1000000;
    while (now.tv_sec * INT64_C(1000000000) + now.tv_nsec < until)
        clock_gettime(CLOCK_MONOTONIC, &now);
}

static int edges_run(void *state, void *worker, uint64_t job, const struct cobench_reply *reply, uint64_t *result,
                     struct cobench_error *err)
{
    const struct edges *edges = state;
    const struct cobench_value *values = edges->values;
    (void)worker, (void)reply;
    if (values[SLOW].number < 0 || (uint64_t)values[SLOW].number == job)
        compute_for(values[BUSY].number);
    if (values[CRASHES].number >= 0 && (uint64_t)values[CRASHES].number == job)
        raise(SIGKILL);
    if (values[FAILS].number >= 0 && (uint64_t)values[FAILS].number == job) {
        snprintf(err->type, sizeof err->type, "Planted");
        return -EPROTO;
    }
    *result = edges->sums[job];
    return 0;
}

#define NUMBER(k, f, a)                                                                           \
    {                                                                                             \
        .key = k, .type = COBENCH_PARAM_INT, .fallback = f, .min = -1, .max = 1000000, .about = a \
    }

static const struct cobench_param edges_params[] = {
    [EDGES] = {.key = "edges", .type = COBENCH_PARAM_TEXT, .fallback = "", .about = "who needs whom"},
    [BUSY] = NUMBER("busy", "0", "how long a job computes, in milliseconds"),
    [SLOW] = NUMBER("slow", "-1", "only this job does; -1: all"),
    [DELAY] = NUMBER("delay", "0", "how long a job waits that has what it needs, in milliseconds"),
    [FAILS] = NUMBER("fails", "-1", "the job that does"),
    [CRASHES] = NUMBER("crashes", "-1", "the job that kills its process"),
    [AGAIN] = NUMBER("again", "0", "1: asks for jobs a second time"),
    {.key = NULL},
};

extern const struct cobench_task cobench_task;
const struct cobench_task cobench_task = {
    .contract = COBENCH_CONTRACT_VERSION,
    .kind = COBENCH_KIND_CPU,
    .asks = COBENCH_ASK_JOBS,
    .name = "edges",
    .about = "jobs that need each other as told, for tests",
    .default_jobs = 16,
    .params = edges_params,
    .open = edges_open,
    .close = edges_close,
    .worker_open = edges_worker_open,
    .worker_close = edges_worker_close,
    .request = edges_request,
    .more = edges_more,
    .run = edges_run,
};
