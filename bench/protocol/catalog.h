/* SPDX-License-Identifier: MIT */
/* What the hosts offer: runtimes, models, knobs and tasks, as each says of itself (`HOST list --json`). The driver knows
 * none of them by name; everything it knows of them is in here. */
#ifndef BENCH_PROTOCOL_CATALOG_H
#define BENCH_PROTOCOL_CATALOG_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

#include "bench/util/error.h"
#include "bench/protocol/host_table.h"

#define JOBS_MAX 100000000

/* A user's own function or command, then the only task of a run. Strings are borrowed. */
struct function {
    const char *name;          /* what the task is called; NULL: there is none */
    const char *in[LANGUAGES]; /* FILE:SYMBOL, MODULE:NAME, or a task's file; NULL: there is none in this language */
    const char *command;       /* as a line (string_list_unquote); NULL: it is a function */
    const char *directory;     /* where that runs */
    const char *path;          /* folders, with colons between, where its module is looked for; NULL: none */
    const char *inputs;        /* a file with one line per job; NULL: it is called with the job's number */
    const char *python;        /* of the virtualenv that it is run with; NULL: none */
};

struct catalog_runtime {
    char *name;       /* with the label of its interpreter */
    const char *base; /* as its host calls it */
    size_t host;      /* its place among the hosts */
};

struct catalog_model {
    const char *name, *about;
    bool baseline;  /* one job at a time: what the others are compared with */
    bool loop;      /* an event loop */
    unsigned hosts; /* bit h: host h has it */
    unsigned extra; /* likewise: it is run there only where it is named */
    /* Of a server: */
    const char *workers; /* "one", "cpus", "requests" or "connections": how many it is given; NULL: it is no server */
    bool holds;          /* an idle connection costs it neither a thread nor a process */
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
    int64_t probe_ns;     /* how long a function took where it took longest; 0: not known */
};

/* Strings are borrowed from `lists`. */
struct catalog {
    struct host_table hosts;
    json_t *lists[HOSTS_MAX];            /* what each host printed */
    struct string_list words[HOSTS_MAX]; /* how each is started */
    const struct function *function;     /* NULL: the hosts were asked for all that they have */
    struct catalog_runtime *runtimes;
    struct catalog_model *models, *servers;
    struct catalog_task *tasks;
    size_t runtime_count, model_count, server_count, task_count;
};

/* Pure: checks what host `h` of its table printed and takes it in (also the reference to `list`, in every case). */
int catalog_add_list(struct catalog *catalog, size_t h, json_t *list, struct error *err);
void catalog_free(struct catalog *catalog);

/* How many bytes of FILE:SYMBOL are the file's path; 0: it is a module's. */
size_t function_file(const char *spec);
/* Adds the options that name the function or command to a host whose tasks are in that language. */
void function_options(const struct function *f, enum language work, struct string_list *words);
/* How long a call of the function took in host `h`, in nanoseconds; 0: not known. */
int64_t catalog_probe_ns(const struct catalog *catalog, size_t h);
/* What a first call of the function came to; NULL: nothing went wrong. */
const char *catalog_probe_error(const struct catalog *catalog, size_t h);
/* What host `h` says of the function, which it does not have. */
const char *catalog_refusal(const struct catalog *catalog, size_t h);
/* Why host `h` does not have a task; NULL: it has it. */
const char *catalog_lacks(const struct catalog *catalog, const struct catalog_task *task, size_t h);

/* NULL: there is none of that name. */
const struct catalog_runtime *catalog_runtime(const struct catalog *catalog, const char *name);
/* Whether `names` has a runtime's name, or that of its host, which stands for all interpreters. */
bool catalog_named(const struct catalog_runtime *runtime, const struct string_list *names);
/* The runtime whose baseline a runtime's results are checked against, of the same interpreter where there is one; NULL: there
 * is none. */
const struct catalog_runtime *catalog_reference(const struct catalog *catalog, const struct catalog_runtime *runtime);
/* What is said of a task that one kind of host alone has; NULL: others have it, too. */
const char *catalog_only(const struct catalog *catalog, const struct catalog_task *task);
const struct catalog_model *catalog_model(const struct catalog *catalog, const char *name);
const struct catalog_model *catalog_server(const struct catalog *catalog, const char *name);
const struct catalog_task *catalog_task(const struct catalog *catalog, const char *name);
/* The model of a host that the others are compared with; NULL: it has none. */
const struct catalog_model *catalog_baseline(const struct catalog *catalog, size_t host);
/* A row of a host's table of knobs (common/schema/list.schema.json); NULL: the host has no such knob. */
const json_t *catalog_knob(const struct catalog *catalog, size_t host, const char *name);
/* Adds the names of the services that a model of a host needs with these knobs (name -> value, those that are not the host's
 * defaults; NULL: all are), and what the task asks for (NULL: nothing), each once. */
void catalog_services(const struct catalog *catalog, size_t host, const char *model, const json_t *knobs,
                      const struct catalog_task *task, struct string_list *out);
/* Whether the workers of a model with these knobs (as above) may be on other hosts: it says so, or they reach a service. */
bool catalog_spreads(const struct catalog *catalog, size_t host, const char *model, const json_t *knobs);
/* A row of a task's table; NULL: the task has no such parameter. */
const json_t *catalog_param(const struct catalog_task *task, const char *key);
/* Names with commas between them, for "known: ..." in errors; to be freed. */
char *catalog_names(const void *rows, size_t count, size_t size); /* of runtimes, models or tasks */
char *catalog_param_names(const struct catalog_task *task);
char *catalog_knob_names(const struct catalog *catalog); /* of all hosts, each once */

#endif
