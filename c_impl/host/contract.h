/* SPDX-License-Identifier: MIT */
/* Whether a task keeps to the contract: looked at once, when it is loaded, so that nobody has to ask again. */
#ifndef HOST_CONTRACT_H
#define HOST_CONTRACT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "cobench/task.h"

/* 0, or -EINVAL with what is wrong in err. */
int contract_check(const struct cobench_task *task, struct cobench_error *err);

/* The names that JSON has for the enumerations of the contract; NULL for a value that is none. */
const char *contract_kind_name(enum cobench_kind kind);
const char *contract_ask_name(enum cobench_ask ask);
const char *contract_param_type_name(enum cobench_param_type type);

/* What can be asked for. */
struct contract_ask {
    const char *name;    /* in JSON */
    const char *service; /* whose URL (--service) the transport is given; NULL: none */
    bool connects;       /* over connections, which are counted */
};

/* The row of an ask; NULL for a value that is none. */
const struct contract_ask *contract_ask(enum cobench_ask ask);

/* Empties a request, as the contract has it. */
static inline void contract_empty(struct cobench_request *ask)
{
    memset(ask, 0, offsetof(struct cobench_request, url) + 1);
}

/* Whether a task may ask for this. 0, or -EINVAL with the reason in err. */
int contract_check_request(const struct cobench_task *task, const struct cobench_request *ask,
                           struct cobench_error *err);

#endif
