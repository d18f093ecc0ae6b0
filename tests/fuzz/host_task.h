/* SPDX-License-Identifier: MIT */
/* A task with a parameter of each type, for tests and fuzz targets of the host's command line. */
#ifndef TESTS_FUZZ_HOST_TASK_H
#define TESTS_FUZZ_HOST_TASK_H

#include "cobench/task.h"

static int task_run(void *state, void *worker, uint64_t job, const struct cobench_reply *reply, uint64_t *result,
                    struct cobench_error *err)
{
    (void)state, (void)worker, (void)job, (void)reply, (void)result, (void)err;
    return 0;
}

static const struct cobench_param task_params[] = {
    {.key = "size", .type = COBENCH_PARAM_INT, .fallback = "10", .min = -3, .max = 100, .about = "a number"},
    {.key = "check", .type = COBENCH_PARAM_CHOICE, .fallback = "crc", .choices = "auto|crc|status", .about = ""},
    {.key = "word", .type = COBENCH_PARAM_TEXT, .fallback = "the", .about = "a text"},
    {.key = "file", .type = COBENCH_PARAM_PATH, .fallback = "@words.txt", .about = "a path"},
    {.key = "url", .type = COBENCH_PARAM_URL, .fallback = NULL, .about = "where to ask"},
    {.key = NULL},
};
static const struct cobench_task task = {.contract = COBENCH_CONTRACT_VERSION,
                                         .asks = COBENCH_ASK_URL,
                                         .name = "t",
                                         .about = "for tests",
                                         .default_jobs = 1,
                                         .params = task_params,
                                         .run = task_run};

#endif
