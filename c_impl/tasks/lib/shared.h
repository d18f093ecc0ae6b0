/* SPDX-License-Identifier: MIT */
/* Memory that the threads of a process and the processes forked from it have in common: where a task keeps what its jobs change
 * together. */
#ifndef TASKS_LIB_SHARED_H
#define TASKS_LIB_SHARED_H

#include <stddef.h>

#include "cobench/task.h"

/* Maps `size` bytes of zeros, on a page of their own: of the task's `open`. What is not touched takes no memory. -ENOMEM. */
int shared_open(size_t size, void **memory, struct cobench_error *err);

/* NULL: there is none. */
void shared_close(void *memory, size_t size);

#endif
