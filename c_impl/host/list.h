/* SPDX-License-Identifier: MIT */
/* The list: what this host offers, as common/schema/list.schema.json has it. */
#ifndef HOST_LIST_H
#define HOST_LIST_H

#include "host/tasks.h"

/* The list as one line of JSON, or as a table for a person; to be freed by the caller. NULL: no memory. */
char *list_json(const struct tasks *tasks);
char *list_table(const struct tasks *tasks);

#endif
