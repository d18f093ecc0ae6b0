/* SPDX-License-Identifier: MIT */
/* The hosts of --hosts: asking them. */
#include "bench/machine/nodes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/machine/checksums.h"
#include "bench/machine/facts.h"
#include "bench/process/capture.h"
#include "bench/util/alloc.h"

#define PROBE_MS   2000 /* longer than a lost packet takes to be sent again */
#define SUMS_NAMED 3    /* programs that differ, of a host */

int nodes_open(const char *hosts, const char *launcher, struct nodes *out, struct error *err)
{
    char network[PLACEMENT_ADDRESS + 4];
    *out = (struct nodes){.placement.count = 0};
    if (hosts == NULL)
        return 0;
    const char *wrong = placement_parse(hosts, &out->placement);
    if (wrong == NULL)
        wrong = string_list_unquote(&out->launcher, launcher);
    if (wrong != NULL)
        return error_set(err, -EINVAL, "--hosts '%.200s': %s", hosts, wrong);
    wrong = placement_address(&out->placement, out->address, network);
    return wrong == NULL ? 0 : error_set(err, -ENOPKG, "--hosts '%.200s': the first host: %s", hosts, wrong);
}

void nodes_close(struct nodes *nodes)
{
    string_list_free(&nodes->launcher);
    nodes->placement.count = 0;
}

/* -- asking ------------------------------------------------------------------------------------------------------- */

/* The words that run a command on a host. ssh joins its words with blanks and has a shell split them again. */
static void launched(const struct nodes *nodes, const char *host, const struct string_list *command,
                     struct string_list *out)
{
    const char *program = nodes->launcher.items[0], *slash = strrchr(program, '/');
    const char *name = slash == NULL ? program : slash + 1;
    char *line = string_list_quote(command);
    for (size_t i = 0; i < nodes->launcher.count; i++) {
        const char *word = nodes->launcher.items[i], *at = strstr(word, "{host}");
        if (at == NULL)
            string_list_add(out, word);
        else
            string_list_addf(out, "%.*s%s%s", (int)(at - word), word, host, at + strlen("{host}"));
    }
    if (strcmp(name, "ssh") == 0 || strcmp(name, "rsh") == 0)
        string_list_add(out, line);
    else
        string_list_add_all(out, command);
    free(line);
}

/* Which programs of a host are not this machine's, to be freed; NULL: all are. */
static char *differing(const json_t *ours, const json_t *theirs)
{
    struct string_list found = {NULL, 0};
    const char *name;
    const json_t *sum;
    size_t count = 0;
    json_object_foreach((json_t *)(uintptr_t)ours, name, sum)
    {
        const json_t *there = json_object_get(theirs, name);
        if (!json_equal(sum, there) && count++ < SUMS_NAMED)
            string_list_addf(&found, "%.200s %s%.60s", name, there == NULL ? "is not there" : "is another: ",
                             there == NULL ? "" : json_string_value(there));
    }
    json_object_foreach((json_t *)(uintptr_t)theirs, name,
                        sum) if (json_object_get(ours, name) == NULL && count++ < SUMS_NAMED)
        string_list_addf(&found, "%.200s is there only", name);
    if (count > SUMS_NAMED)
        string_list_addf(&found, "%zu more differ", count - SUMS_NAMED);
    char *text = count == 0 ? NULL : string_list_join(&found, "; ");
    string_list_free(&found);
    return text;
}

/* One host: *facts, with what it says of itself. */
static int ask(const struct nodes *nodes, const char *host, const struct hosts_source *source,
               const struct string_list *command, const json_t *sums, json_t **facts, struct error *err)
{
    const struct capture how = {.supervisor = source->supervisor, .scratch = source->scratch};
    struct string_list argv = {NULL, 0};
    char *text = NULL;
    launched(nodes, host, command, &argv);
    int rc = capture_output(&how, (const char *const *)argv.items, &text, err);
    string_list_free(&argv);
    if (rc == -EINTR || rc == -EPIPE)
        return rc;
    json_t *said = rc == 0 ? json_loads(text, 0, NULL) : NULL;
    free(text);
    const struct error inner = *err;
    char *differ = NULL;
    if (rc != 0)
        rc = error_set(err, -ENOPKG, "host %s does not answer: %.800s", host, inner.text);
    else if (!json_is_object(*facts = json_incref(json_object_get(said, "facts"))))
        rc = error_set(err, -ENOPKG, "host %s: what it says is no answer", host);
    else if ((differ = differing(sums, json_object_get(said, "fingerprint"))) != NULL)
        rc = error_set(err, -ENOPKG, "host %s has other programs than this machine: %s", host, differ);
    free(differ);
    json_decref(said);
    return rc;
}

int nodes_ask(struct nodes *nodes, const struct hosts_source *source, const struct string_list *more,
              const json_t *sums, json_t **out, struct error *err)
{
    struct string_list command = {NULL, 0};
    int rc = 0;
    string_list_add(&command, source->paths->self);
    string_list_add(&command, "node");
    string_list_add(&command, source->tasks_dir != NULL ? source->tasks_dir : "");
    string_list_add_all(&command, more);
    *out = json_object();
    for (size_t h = 0; rc == 0 && h < nodes->placement.count; h++) {
        const struct placement_host *host = &nodes->placement.hosts[h];
        json_t *facts = NULL;
        nodes->answered[h] = placement_answers(host->name, PROBE_MS);
        if (placement_is_here(host->name))
            facts = machine_facts("");
        else
            rc = ask(nodes, host->name, source, &command, sums, &facts, err);
        if (rc == 0)
            json_object_set_new(facts, "slots", json_integer((json_int_t)host->slots));
        json_object_set_new(*out, host->name, facts);
    }
    string_list_free(&command);
    if (rc == 0)
        return 0;
    json_decref(*out);
    *out = NULL;
    return rc;
}

json_t *nodes_describe(const struct paths *paths, const char *tasks_dir, const struct string_list *more,
                       struct error *err)
{
    json_t *sums = NULL;
    if (checksums_make(paths, tasks_dir, more, &sums, err) != 0)
        return NULL;
    return json_pack("{so so}", "facts", machine_facts(""), "fingerprint", sums);
}

char *nodes_lost(const struct nodes *nodes)
{
    struct string_list lost = {NULL, 0};
    for (size_t h = 0; h < nodes->placement.count; h++)
        if (nodes->answered[h] && !placement_answers(nodes->placement.hosts[h].name, PROBE_MS))
            string_list_addf(&lost, "host %s cannot be reached any more", nodes->placement.hosts[h].name);
    char *text = lost.count == 0 ? NULL : string_list_join(&lost, ", ");
    string_list_free(&lost);
    return text;
}
