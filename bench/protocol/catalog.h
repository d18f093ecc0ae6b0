/* SPDX-License-Identifier: MIT */
/* What the hosts offer: runtimes, models and tasks, as each says of itself (`HOST list --json`). The driver knows no
 * task and no model by name; everything it knows of them is in here. */
#ifndef BENCH_PROTOCOL_CATALOG_H
#define BENCH_PROTOCOL_CATALOG_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "bench/util/error.h"
#include "bench/protocol/paths.h"

#define HOSTS_MAX 16
#define JOBS_MAX  100000000

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
    const json_t *row;    /* as in the list */
    const json_t *params; /* its table of parameters */
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
/* Names with commas between them, for "known: ..." in errors; to be freed. */
char *catalog_names(const void *rows, size_t count, size_t size); /* of runtimes, models or tasks */
char *catalog_param_names(const struct catalog_task *task);

#endif
