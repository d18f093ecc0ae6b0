/* SPDX-License-Identifier: MIT */
/* The list: what this host offers, as common/schema/list.schema.json has it. */
#ifndef HOST_LIST_H
#define HOST_LIST_H

#include "host/probe.h"
#include "host/tasks.h"

/* The list as one line of JSON, or as a table for a person; to be freed by the caller. NULL: no memory. `probe`: of the
 * one task that is asked for; NULL where all are. */
char *list_json(const struct tasks *tasks, const struct probe *probe);
char *list_table(const struct tasks *tasks);

#endif
