/* SPDX-License-Identifier: MIT */
/* A task of a contract version that no host has. */
#include "cobench/task.h"

extern const struct cobench_task cobench_task;
const struct cobench_task cobench_task = {
    .contract = COBENCH_CONTRACT_VERSION + 1000,
    .name = "wrong_contract",
    .about = "a task of another contract version, for tests",
    .default_jobs = 1,
};
