/* SPDX-License-Identifier: MIT */
/* The task in front of the task. */
#include "servers/served.h"

#include <errno.h>
#include <stdlib.h>

static int served_task_open(const struct cobench_open *how, void **state, struct cobench_error *err)
{
    struct served *s = (struct served *)(uintptr_t)how->task->self;
    const struct cobench_open inner = {.task = s->inner, .values = how->values, .jobs = s->jobs};
    *state = s;
    return s->inner->open ? s->inner->open(&inner, &s->state, err) : 0;
}

static void served_task_close(void *state)
{
    struct served *s = state;
    if (s->inner->close)
        s->inner->close(s->state);
}

static void served_before_fork(void *state)
{
    struct served *s = state;
    if (s->inner->before_fork)
        s->inner->before_fork(s->state);
}

static void served_after_fork_parent(void *state)
{
    struct served *s = state;
    if (s->inner->after_fork_parent)
        s->inner->after_fork_parent(s->state);
}

static void served_after_fork_child(void *state)
{
    struct served *s = state;
    if (s->inner->after_fork_child)
        s->inner->after_fork_child(s->state);
}

static int served_worker_open(void *state, unsigned flags, void **worker, struct cobench_error *err)
{
    struct served *s = state;
    return s->inner->worker_open ? s->inner->worker_open(s->state, flags, worker, err) : 0;
}

static void served_worker_close(void *state, void *worker)
{
    struct served *s = state;
    if (s->inner->worker_close)
        s->inner->worker_close(s->state, worker);
}

static int inner_request(struct served *s, void *worker, uint64_t place, struct cobench_request *ask,
                         struct cobench_error *err)
{
    return s->inner->request ? s->inner->request(s->state, worker, s->numbers[place], ask, err) : 0;
}

static int served_request(void *state, void *worker, uint64_t place, struct cobench_request *ask,
                          struct cobench_error *err)
{
    struct served *s = state;
    if (s->delay_ns == 0)
        return inner_request(s, worker, place, ask, err);
    ask->ask = COBENCH_ASK_DELAY;
    ask->delay_ns = s->delay_ns;
    return 0;
}

/* To the delay, which is the first step, comes what the task asks for. */
static int served_more(void *state, void *worker, uint64_t place, unsigned step, const struct cobench_reply *reply,
                       struct cobench_request *ask, struct cobench_error *err)
{
    struct served *s = state;
    const unsigned own = s->delay_ns ? 1 : 0;
    if (step < own)
        return inner_request(s, worker, place, ask, err);
    return s->inner->more ? s->inner->more(s->state, worker, s->numbers[place], step - own, reply, ask, err) : 0;
}

static int served_prepare(void *state, unsigned step, struct cobench_request *ask, struct cobench_error *err)
{
    struct served *s = state;
    return s->inner->prepare(s->state, step, ask, err);
}

static int served_run(void *state, void *worker, uint64_t place, const struct cobench_reply *reply, uint64_t *result,
                      struct cobench_error *err)
{
    struct served *s = state;
    return s->inner->run(s->state, worker, s->numbers[place], reply, result, err);
}

int served_open(struct served *s, uint64_t places)
{
    const struct cobench_task *inner = s->inner;
    s->numbers = calloc(places, sizeof *s->numbers);
    s->task = (struct cobench_task){
        .contract = inner->contract,
        .kind = inner->kind,
        .asks = inner->asks == COBENCH_ASK_NOTHING && s->delay_ns ? COBENCH_ASK_DELAY : inner->asks,
        .name = inner->name,
        .about = inner->about,
        .default_jobs = inner->default_jobs,
        .splits = inner->splits,
        .params = inner->params,
        .self = s,
        .open = served_task_open,
        .close = served_task_close,
        .before_fork = served_before_fork,
        .after_fork_parent = served_after_fork_parent,
        .after_fork_child = served_after_fork_child,
        .worker_open = served_worker_open,
        .worker_close = served_worker_close,
        .request = inner->request || s->delay_ns ? served_request : NULL,
        .prepare = inner->prepare ? served_prepare : NULL,
        .more = inner->more || (inner->request && s->delay_ns) ? served_more : NULL,
        .run = served_run,
    };
    return s->numbers ? 0 : -ENOMEM;
}

void served_close(struct served *s)
{
    free(s->numbers);
    s->numbers = NULL;
}
