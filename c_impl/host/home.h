/* SPDX-License-Identifier: MIT */
/* Where this host lives: its tasks, its transport and the data files stand beside its own executable. */
#ifndef HOST_HOME_H
#define HOST_HOME_H

#include "cobench/task.h"

/* A new string "<folder of the executable>/<rest>", to be freed by the caller. 0 or a negative errno. */
int home_path(const char *rest, char **out, struct cobench_error *err);

#endif
