/* SPDX-License-Identifier: MIT */
/* Goes wrong at one job in a way that is asked for, so that the tests can see what a host makes of it. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "cobench/task.h"

enum fault { FAULT_OK, FAULT_FAIL, FAULT_CRASH, FAULT_HANG, FAULT_EXIT, FAULT_WRONG };

static int faulty_open(const struct cobench_open *how, void **state, struct cobench_error *err)
{
    (void)err;
    *state = (void *)(uintptr_t)how->values; /* outlive `close` */
    return 0;
}

static int fault_fail(struct cobench_error *err)
{
    snprintf(err->type, sizeof err->type, "PlantedError");
    snprintf(err->message, sizeof err->message, "planted failure");
    return -EINVAL;
}

static int faulty_run(void *state, void *worker, uint64_t job, const struct cobench_reply *reply, uint64_t *result,
                      struct cobench_error *err)
{
    (void)worker, (void)reply;
    const struct cobench_value *mode = state, *at = mode + 1;
    *result = job * 3 + 1;
    if (job != (uint64_t)at->number)
        return 0;
    switch ((enum fault)mode->number) {
    case FAULT_OK:
        return 0;
    case FAULT_FAIL:
        return fault_fail(err);
    case FAULT_CRASH:
        kill(getpid(), SIGKILL);
        return 0;
    case FAULT_HANG:
        nanosleep(&(struct timespec){.tv_sec = 3600}, NULL);
        return 0;
    case FAULT_EXIT:
        _exit(3);
    case FAULT_WRONG:
        ++*result;
        return 0;
    }
    return -EINVAL;
}

static const struct cobench_param faulty_params[] = {
    {.key = "mode",
     .type = COBENCH_PARAM_CHOICE,
     .fallback = "ok",
     .choices = "ok|fail|crash|hang|exit|wrong",
     .about = "what goes wrong"},
    {.key = "at", .type = COBENCH_PARAM_INT, .fallback = "0", .min = 0, .max = 1000000, .about = "at which job"},
    {.key = NULL},
};

extern const struct cobench_task cobench_task;
const struct cobench_task cobench_task = {
    .contract = COBENCH_CONTRACT_VERSION,
    .kind = COBENCH_KIND_CPU,
    .asks = COBENCH_ASK_NOTHING,
    .name = "faulty",
    .about = "a task that goes wrong on purpose, for tests",
    .default_jobs = 8,
    .params = faulty_params,
    .open = faulty_open,
    .run = faulty_run,
};
