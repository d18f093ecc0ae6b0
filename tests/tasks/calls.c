/* SPDX-License-Identifier: MIT */
/* Notes every call that a host makes of it, by letter and process, so that the tests can see which are made and where.
 * Also ends its process by a signal at job 0, where that is asked for. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cobench/task.h"

struct calls {
    int fd, signal;
};

static void note(void *state, char letter)
{
    char text[32];
    const int length = snprintf(text, sizeof text, "%c%ld ", letter, (long)getpid());
    if (write(((struct calls *)state)->fd, text, (size_t)length) != length)
        abort();
}

static int calls_open(const struct cobench_open *how, void **state, struct cobench_error *err)
{
    (void)err;
    struct calls *calls = malloc(sizeof *calls);
    if (!calls)
        return -ENOMEM;
    calls->signal = (int)how->values[1].number;
    calls->fd = open(how->values[0].text, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (calls->fd < 0) {
        const int rc = -errno;
        free(calls);
        return rc;
    }
    note(calls, 'o');
    *state = calls;
    return 0;
}

static void calls_close(void *state)
{
    note(state, 'c');
    close(((struct calls *)state)->fd);
    free(state);
}

static void calls_before_fork(void *state) { note(state, 'b'); }

static void calls_after_fork_parent(void *state) { note(state, 'p'); }

static void calls_after_fork_child(void *state) { note(state, 'k'); }

static int calls_worker_open(void *state, unsigned flags, void **worker, struct cobench_error *err)
{
    (void)err;
    *worker = state;
    note(state, flags & COBENCH_WORKER_PROCESS ? 'W' : 'w');
    return 0;
}

static void calls_worker_close(void *state, void *worker)
{
    note(worker, 'x');
    (void)state;
}

static int calls_run(void *state, void *worker, uint64_t job, const struct cobench_reply *reply, uint64_t *result,
                     struct cobench_error *err)
{
    (void)reply, (void)err;
    const struct calls *calls = state;
    note(worker, 'r');
    if (job == 0 && calls->signal != 0)
        raise(calls->signal);
    *result = job;
    return 0;
}

static const struct cobench_param calls_params[] = {
    {.key = "log", .type = COBENCH_PARAM_PATH, .about = "the file of the notes"},
    {.key = "signal", .type = COBENCH_PARAM_INT, .fallback = "0", .min = 0, .max = 64, .about = "by job 0; 0: none"},
    {.key = NULL},
};

extern const struct cobench_task cobench_task;
const struct cobench_task cobench_task = {
    .contract = COBENCH_CONTRACT_VERSION,
    .kind = COBENCH_KIND_CPU,
    .asks = COBENCH_ASK_NOTHING,
    .name = "calls",
    .about = "a task that notes how it is called, for tests",
    .default_jobs = 4,
    .params = calls_params,
    .open = calls_open,
    .close = calls_close,
    .before_fork = calls_before_fork,
    .after_fork_parent = calls_after_fork_parent,
    .after_fork_child = calls_after_fork_child,
    .worker_open = calls_worker_open,
    .worker_close = calls_worker_close,
    .run = calls_run,
};
