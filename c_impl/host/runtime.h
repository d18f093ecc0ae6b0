/* SPDX-License-Identifier: MIT */
/*
 * Which runtime this host is: the seam between the host's sources and what computes in them. The C host runs a plug-in
 * as it is (runtime_c.c); the host with an interpreter inside is the same sources with another file behind this header,
 * which turns a plug-in into its Python counterpart.
 */
#ifndef HOST_RUNTIME_H
#define HOST_RUNTIME_H

#include <stdbool.h>
#include <stdint.h>

#include "cobench/task.h"

struct knobs;
struct tasks_choice;
struct tasks_entry;

/* What the record says of the interpreter. */
struct runtime_python {
    char version[32];           /* empty: there is no interpreter */
    const char *library;        /* "static" or "shared" */
    bool free_threaded;         /* the build: it runs without the lock unless an import switches it on */
    bool gil_known, gil;        /* on at the end, in this process or in any worker's */
    char gil_by[64];            /* of a free-threaded build, the module whose import switched it on; empty: not known */
    int64_t switch_interval_ns; /* 0: unknown */
};

/* A row of the build facts that `list` shows; ends with a row whose key is NULL. */
struct runtime_fact {
    const char *key, *value;
    const char *(*read)(void); /* where value is NULL */
};

struct runtime {
    const char *name; /* "c" */

    /*
     * Makes the task that runs here from a plug-in; `path` is its file, NULL for a built-in one. *made is what release
     * takes, NULL for nothing. Returns the task (borrowed from *made or the plug-in), or NULL with the reason in err.
     */
    const struct cobench_task *(*adapt)(const struct cobench_task *plugin, const char *path, void **made,
                                        struct cobench_error *err);
    /* The same for a function (function.h): fills in the entry's task and what it was made of. */
    int (*function)(const struct tasks_choice *choice, struct tasks_entry *out, struct cobench_error *err);
    void (*release)(void *made);
    /* Takes the knobs that are the interpreter's, before the task is opened; NULL: there are none. */
    void (*settle)(void *made, const struct knobs *knobs);

    /* Reads the facts of the interpreter behind an open task; `state` is NULL where no task is open in this process. To
     * be called between open and close, by the thread that opened. */
    void (*python)(void *state, struct runtime_python *out);

    /* Whether a worker can have an interpreter of its own (COBENCH_WORKER_ISOLATED): 0, or a limit as a negative errno with
     * the reason in err. NULL: the runtime has no interpreter. */
    int (*isolates)(struct cobench_error *err);

    const struct runtime_fact *(*facts)(void);
};

extern const struct runtime runtime;

#endif
