/* SPDX-License-Identifier: MIT */
/* A task's parameters: what was given on the command line, checked against the task's table. */
#ifndef HOST_PARAMS_H
#define HOST_PARAMS_H

#include <stddef.h>

#include "cobench/task.h"

#define PARAMS_JOBS_MAX 100000000u

/* One --set, or the --url that stands for one. Borrowed from argv. */
struct setting {
    const char *key; /* `key_length` bytes, not terminated */
    size_t key_length;
    const char *value;
};

struct params {
    struct cobench_value *values; /* one a row; NULL where there is none */
    char **owned;                 /* the texts that are not argv's or the task's; one a row, mostly NULL */
    size_t count;
};

/* Checks `text` against a row of a table. 0 with *value (whose text is `text`), or -EINVAL with what is allowed. */
int params_check(const struct cobench_param *param, const char *text, struct cobench_value *value,
                 struct cobench_error *err);

/* The value of every parameter of the task. 0, or a negative errno with one line in err. */
int params_open(struct params *params, const struct cobench_task *task, const struct setting *settings, size_t count,
                struct cobench_error *err);
void params_close(struct params *params);

#endif
