/* SPDX-License-Identifier: MIT */
/* Starts each host with `list --json` and takes what it prints into the catalog. */
#ifndef BENCH_MACHINE_HOSTS_H
#define BENCH_MACHINE_HOSTS_H

#include "bench/process/supervisor.h"
#include "bench/protocol/catalog.h"

/* What is needed to start a host. */
struct hosts_source {
    const struct paths *paths;
    struct supervisor *supervisor;
    const char *scratch;   /* a folder for what hosts print */
    const char *tasks_dir; /* NULL: the built-in tasks only */
};

/* Asks every host. catalog_free is needed after 0 only. */
int hosts_ask_all(const struct hosts_source *source, struct catalog *out, struct error *err);
/* Asks host `h` of host_table and takes in what it says; a catalog to begin with is one of zeros. */
int hosts_ask(const struct hosts_source *source, size_t h, struct catalog *catalog, struct error *err);

#endif
