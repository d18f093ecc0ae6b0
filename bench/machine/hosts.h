/* SPDX-License-Identifier: MIT */
/* What the hosts and tools of this machine say of themselves: models and tasks into the catalog, versions into machine.json.
 * A version that cannot be found out is "unknown"; a tool that is missing is "none". */
#ifndef BENCH_MACHINE_HOSTS_H
#define BENCH_MACHINE_HOSTS_H

#include "bench/process/supervisor.h"
#include "bench/protocol/catalog.h"

/* What is needed to start a host. */
struct hosts_source {
    const struct paths *paths;
    struct supervisor *supervisor;
    const char *scratch;                /* a folder for what hosts print */
    const char *tasks_dir;              /* NULL: the built-in tasks only */
    const struct function *function;    /* the only task that is asked for; NULL: all are. Outlives the catalog */
    const struct string_list *runtimes; /* those that are asked for it; NULL, none: all of its language */
    const struct string_list *named;    /* those that are named anywhere; NULL: none. For those that are extra */
    const json_t *pythons;              /* of hosts_ask_pythons; NULL: the build's own. Outlives the catalog */
};

/* Takes signals, and starts the supervisor, to be closed in every case, with its scratch folder. */
int hosts_open(struct hosts_source *source, struct error *err);
/*
 * Asks the interpreters that are named (none: all that are found) what they are; a new array, as of scripts/interpreters.py.
 * -EINVAL: a name is none of an interpreter that can serve.
 */
int hosts_ask_pythons(const struct hosts_source *source, const struct string_list *names, json_t **out,
                      struct error *err);
/* Starts every host with `list --json`. catalog_free is needed after 0 only. */
int hosts_ask_all(const struct hosts_source *source, struct catalog *out, struct error *err);
/* Asks host `h` of the catalog's table and takes in what it says. */
int hosts_ask(const struct hosts_source *source, size_t h, struct catalog *catalog, struct error *err);

/* Adds "libcurl" and what there is to say of CPython, from what the hosts say of themselves. Pure. */
void hosts_facts(const struct catalog *catalog, json_t *facts);
/* Adds "gnuplot", "git_commit", "git_dirty", by running them. 0, -EINTR where the driver was told to stop, or another
 * negative errno where it cannot go on. */
int hosts_tools_facts(const struct hosts_source *source, json_t *facts, struct error *err);
#endif
