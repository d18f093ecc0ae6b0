/* SPDX-License-Identifier: MIT */
/* Whether a task keeps to the contract: looked at once, when it is loaded, so that nobody has to ask again. */
#ifndef HOST_CONTRACT_H
#define HOST_CONTRACT_H

#include "cobench/task.h"

/* 0, or -EINVAL with what is wrong in err. */
int contract_check(const struct cobench_task *task, struct cobench_error *err);

/* The names that JSON has for the enumerations of the contract; NULL for a value that is none. */
const char *contract_kind_name(enum cobench_kind kind);
const char *contract_ask_name(enum cobench_ask ask);
const char *contract_param_type_name(enum cobench_param_type type);

#endif
