/* SPDX-License-Identifier: MIT */
/*
 * What `get` and `incr` share: keys of a Redis server, PREFIX0 to PREFIX<count - 1>, made before the run by one script, the same
 * for any run with the same parameters, so that several may be under way at once. What is left of them expires after a day.
 * The counterpart in Python is py_impl/tasks/lib/keys.py.
 */
#ifndef TASKS_LIB_KEYS_H
#define TASKS_LIB_KEYS_H

#include "cobench/task.h"

#define KEYS_PARAM                                                                                 \
    {                                                                                              \
        "keys", COBENCH_PARAM_INT, .fallback = "1000", .min = 1, .max = 1000000,                   \
                                   .about = "how many keys there are; job i takes key i mod keys", \
    }

/* What a task does with them. */
struct keys_kind {
    const char *name, *verb; /* of its keys, in front of each */
    const char *script;      /* makes them; it gets count, prefix and size */
};

struct keys {
    const struct keys_kind *kind;
    uint64_t count;
    size_t size; /* bytes of a value */
    char prefix[48], count_text[24], size_text[24];
    char *words[7]; /* of the script's command */
};

/* A new one; -ENOMEM. free() it. */
int keys_open(const struct keys_kind *kind, uint64_t count, size_t size, void **state);

/* A task's functions of these names. */
int keys_prepare(void *state, unsigned step, struct cobench_request *ask, struct cobench_error *err);
int keys_worker_open(void *state, unsigned flags, void **worker, struct cobench_error *err);
void keys_worker_close(void *state, void *worker);
int keys_request(void *state, void *worker, uint64_t job, struct cobench_request *ask, struct cobench_error *err);

#endif
