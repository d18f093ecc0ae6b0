/* SPDX-License-Identifier: MIT */
/* Limits of this machine: raising what may be raised, refusing beforehand what cannot fit, and naming what was hit. */
#ifndef HOST_LIMITS_H
#define HOST_LIMITS_H

#include "cobench/task.h"

struct model;

/* Raises the soft limit of open files to the hard one. Failing to is no error: the check below tells. */
void limits_raise(void);

/* Whether `workers` at once can have the descriptors they need to ask for URLs or commands: 0, or -EMFILE with the need and the
 * limit in err. */
int limits_check_files(const struct model *model, enum cobench_ask ask, unsigned workers, struct cobench_error *err);

/* How many event loops a model has for `workers` in flight: none, one, or one for each CPU that it can use. */
unsigned limits_loops(const struct model *model, unsigned workers);

/* Says that one more could not be started beside `started` others, with the limits that count threads and
 * processes. `what`: "a thread" or "a process". Returns `rc`. */
int limits_explain_start(int rc, const char *what, uint64_t started, struct cobench_error *err);

/* The CPUs this process can really use: its affinity, and the quota of its cgroup. At least 1. */
unsigned limits_cpus(void);

#endif
