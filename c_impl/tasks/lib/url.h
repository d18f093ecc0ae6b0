/* SPDX-License-Identifier: MIT */
/*
 * The URL of a job, from a template: `{name}` stands for the value of the task's parameter `name`, `{job}` for the
 * job's number. Everything but the job's number is filled in once, in `url_fill`; after that a `struct url` is read
 * only and any number of threads may write URLs from it.
 */
#ifndef TASKS_LIB_URL_H
#define TASKS_LIB_URL_H

#include <stdint.h>

#include "cobench/task.h"

struct url {
    char text[COBENCH_URL_MAX]; /* with the parameters filled in and the job's numbers left out */
    size_t length;
    size_t cuts;                      /* how many job numbers it takes */
    uint16_t cut_at[COBENCH_URL_MAX]; /* where in `text` they belong, ascending */
};

/* Fills in how->values[place]. -EINVAL: an unknown name or a brace left open; -ENAMETOOLONG: the URL of one of the
 * run's jobs would not fit into COBENCH_URL_MAX. */
int url_fill(struct url *url, const struct cobench_open *how, size_t place, struct cobench_error *err);
/* The same, of another template than stands there. */
int url_fill_template(struct url *url, const struct cobench_open *how, size_t place, const char *template,
                      struct cobench_error *err);

/* Writes the URL of `job` into `out` (COBENCH_URL_MAX bytes). 0 or -ENAMETOOLONG. */
int url_write(const struct url *url, uint64_t job, char *out, struct cobench_error *err);

#endif
