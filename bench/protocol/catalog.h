/* SPDX-License-Identifier: MIT */
/* What the hosts offer: runtimes, models and tasks, as each says of itself (`HOST list --json`). The driver knows no
 * task and no model by name; everything it knows of them is in here. */
#ifndef BENCH_PROTOCOL_CATALOG_H
#define BENCH_PROTOCOL_CATALOG_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "bench/util/error.h"
#include "bench/process/supervisor.h"
#include "bench/protocol/paths.h"

#define HOSTS_MAX 16

struct catalog_runtime {
    const char *name;
    size_t host; /* its place in host_table */
};

struct catalog_model {
    const char *name, *about;
    bool baseline;  /* one job at a time: what the others are compared with */
    unsigned hosts; /* bit h: host h has it */
};

struct catalog_task {
    const char *name, *about, *kind, *asks;
    json_int_t jobs;
    bool splits;          /* the jobs share one given amount of work */
    const json_t *params; /* the table, as in the list */
    size_t first;         /* the first host that has it: the table is that host's */
    unsigned hosts;       /* bit h: host h has it */
    char *differ;         /* what its tables differ in; NULL: they agree */
};

/* Strings are borrowed from `lists`. */
struct catalog {
    json_t *lists[HOSTS_MAX];            /* what each host printed */
    struct string_list words[HOSTS_MAX]; /* how each is started */
    struct catalog_runtime *runtimes;
    struct catalog_model *models;
    struct catalog_task *tasks;
    size_t runtime_count, model_count, task_count;
};

/* What is needed to start a host. */
struct catalog_source {
    const struct paths *places;
    struct supervisor *supervisor;
    const char *scratch;   /* a folder for what hosts print */
    const char *tasks_dir; /* NULL: the built-in tasks only */
};

/* Asks every host. catalog_free is needed after 0 only. */
int catalog_read(const struct catalog_source *source, struct catalog *out, struct error *err);
/* Asks host `h` of host_table and takes in what it says; a catalog to begin with is one of zeros. */
int catalog_ask(const struct catalog_source *source, size_t h, struct catalog *catalog, struct error *err);
/* Pure: checks what host `h` printed and takes it in (also the reference to `list`, in every case). */
int catalog_add_list(struct catalog *catalog, size_t h, json_t *list, struct error *err);
void catalog_free(struct catalog *catalog);

/* NULL: there is none of that name. */
const struct catalog_runtime *catalog_runtime(const struct catalog *catalog, const char *name);
const struct catalog_model *catalog_model(const struct catalog *catalog, const char *name);
const struct catalog_task *catalog_task(const struct catalog *catalog, const char *name);
/* The model of a host that the others are compared with; NULL: it has none. */
const struct catalog_model *catalog_baseline(const struct catalog *catalog, size_t host);
/* A row of a task's table; NULL: the task has no such parameter. */
const json_t *catalog_param(const struct catalog_task *task, const char *key);
/* Names with commas between them, for "known: ..." in errors; to be freed, NULL: no memory. */
char *catalog_runtime_names(const struct catalog *catalog);
char *catalog_model_names(const struct catalog *catalog);
char *catalog_task_names(const struct catalog *catalog);
char *catalog_param_names(const struct catalog_task *task);
/* The environment a host needs: one "KEY=VALUE", to be freed. */
char *catalog_host_env(const struct paths *places);

#endif
