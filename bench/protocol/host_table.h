/* SPDX-License-Identifier: MIT */
/* The hosts of a run: the programs that make built, and each interpreter that runs them. The table is made at the start,
 * as a run may name several interpreters. */
#ifndef BENCH_PROTOCOL_HOST_TABLE_H
#define BENCH_PROTOCOL_HOST_TABLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "bench/protocol/paths.h"
#include "bench/util/error.h"
#include "bench/util/text.h"

#define HOSTS_MAX 32 /* the catalog has a bit for each */

enum language { IN_C, IN_PYTHON, LANGUAGES };

/* A kind of host, which offers one or more runtimes. */
struct host_kind {
    const char *name; /* as it calls itself in its list and its records */
    const char
        *argv[8];     /* first a program of the build folder, "{python}" or "{venv}", which without one is the former */
    const char *only; /* said of a task that no other kind has */
    const char *reference; /* the kind whose baseline this one's results are checked against */
    enum language work;    /* what its tasks are written in */
    bool python;           /* there is one for each interpreter */
    bool extra;            /* it is in the table only where it is named */
};

struct host_row {
    const struct host_kind *kind;
    const json_t
        *python; /* as scripts/interpreters.py has it, borrowed; NULL: that of the build, or there is none in it */
    const char *label;   /* of the interpreter, behind its runtimes' names; "": it is the only one */
    char *name;          /* the kind's and the label: "py3.13t" */
    const char *missing; /* why it cannot run, borrowed: its list is then the build's own host's; NULL: it can */
};

/* Zeroed: empty. */
struct host_table {
    struct host_row rows[HOSTS_MAX];
    size_t count;
};

/* `pythons`: rows of scripts/interpreters.py, which outlive the table; NULL: the build's own interpreter. `named`: runtimes that
 * somebody named; NULL: none. -EINVAL: they are too many, or one is not such a row. host_table_free in every case. */
int host_table_make(struct host_table *out, const json_t *pythons, const struct string_list *named, struct error *err);
/* The name of the i-th kind that is extra; NULL: there are no more. */
const char *host_extra(size_t i);
void host_table_free(struct host_table *table);
/* The words that start a host. -ENOENT where its program is not there. */
int host_words(const struct host_row *row, const struct paths *paths, struct string_list *out, struct error *err);
/* The environment a host needs: one "KEY=VALUE", to be freed. */
char *host_env(const struct paths *paths);
/* The path of an interpreter's row; NULL: it is no such row. */
const char *host_python_path(const json_t *python);

/* Whether a runtime is `name` or `name` of an interpreter, as py3.13t is py. */
bool runtime_is(const char *runtime, const char *name);

#endif
