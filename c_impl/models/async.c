/* SPDX-License-Identifier: MIT */
/*
 * async: one worker, one event loop, up to `workers` jobs in flight. A job that asks for a delay becomes a timer of the
 * loop, one that asks for a URL or a command a request of the transport's mux; both end in a callback that computes the result on
 * the loop's thread and draws the next jobs. Jobs that ask for nothing are run on the spot, one after the other: an
 * event loop cannot help them, and that is what their row shows. In an open loop a job that is not yet due is a timer
 * too, and holds its place in flight meanwhile: a place more than there are would not start it earlier.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "host/dispenser.h"
#include "host/end_pause.h"
#include "host/loop.h"
#include "host/models.h"
#include "host/run.h"
#include "host/transport.h"
#include "host/worker.h"

struct async;

/* An in-flight request: a job from its start to its end, or a free place for one. */
struct request {
    struct async *async;
    uint64_t job;
    struct loop_timer timer; /* for a job that is not yet due, and then for its delay */
    struct request *next;    /* in the stack of free ones */
};

struct async {
    struct run *run;
    struct worker worker;
    bool worker_opened;
    struct loop *loop;
    void *mux; /* NULL unless the task asks for URLs or commands */
    struct request *requests;
    struct request *idle;
    unsigned in_flight;
    bool drawing; /* draw_jobs is at work further up the stack */
    bool dry;     /* the dispenser has no more jobs */
};

static void draw_jobs(struct async *a);

/* A job's wait is over and the job done with: its place is free for the next one. */
static void request_end(struct request *r)
{
    struct async *a = r->async;

    r->next = a->idle;
    a->idle = r;
    a->in_flight--;
    draw_jobs(a);
}

static void delay_over(void *arg)
{
    struct request *r = arg;

    worker_finish(&r->async->worker, r->job, NULL);
    request_end(r);
}

static void reply_came(void *arg, const struct cobench_reply *reply, int rc, const struct cobench_error *error)
{
    struct request *r = arg;

    if (reply)
        worker_finish(&r->async->worker, r->job, reply);
    else
        worker_abandon(&r->async->worker, r->job, rc, error);
    request_end(r);
}

/* Starts what a job asked for. 0: a callback will end the job; a negative errno: nothing was started. */
static int wait_start(struct request *r, const struct cobench_request *ask, struct cobench_error *err)
{
    struct async *a = r->async;

    if (ask->ask == COBENCH_ASK_DELAY) {
        r->timer.fire = delay_over;
        return loop_ops.timer_set(a->loop, &r->timer, clock_now_ns() + ask->delay_ns);
    }
    return a->run->transport->mux_get(a->mux, ask, reply_came, r, err);
}

/* Runs or starts a job. One that failed at its start, like one that asked for nothing, has landed on return. */
static void request_start(struct request *r)
{
    struct async *a = r->async;
    struct cobench_request ask;
    struct cobench_error err = {0};

    if (worker_begin(&a->worker, r->job, &ask)) {
        request_end(r);
        return;
    }
    if (ask.ask == COBENCH_ASK_NOTHING) {
        worker_finish(&a->worker, r->job, NULL);
        request_end(r);
        return;
    }
    const int rc = wait_start(r, &ask, &err);
    if (rc) {
        worker_abandon(&a->worker, r->job, rc, &err);
        request_end(r);
    }
}

static void due_now(void *arg) { request_start(arg); }

/* Gives a job a place, and starts it, now or when it is due. */
static void request_admit(struct async *a, uint64_t job, int64_t due_ns)
{
    struct request *r = a->idle;
    r->job = job;
    a->idle = r->next;
    a->in_flight++;
    r->timer.fire = due_now;
    /* Without memory for a timer the job is early, which the driver finds out, rather than lost. */
    if (due_ns == 0 || due_ns <= clock_now_ns() || loop_ops.timer_set(a->loop, &r->timer, due_ns) != 0)
        request_start(r);
}

/* Draws jobs while there is a free place. A job that ends at once comes back here only to find it at work
 * already, so that the stack stays flat however many do. */
static void draw_jobs(struct async *a)
{
    struct dispenser *dispenser = a->run->dispenser;
    uint64_t job;
    int64_t due_ns;

    if (a->drawing)
        return;
    a->drawing = true;
    while (!a->dry && a->idle) {
        if (dispenser->draw(dispenser, 0, &job, &due_ns))
            request_admit(a, job, due_ns);
        else
            a->dry = true;
    }
    a->drawing = false;
    if (a->dry && a->in_flight == 0)
        loop_stop(a->loop);
}

static int async_open(struct async *a, struct cobench_error *err)
{
    struct run *run = a->run;
    int rc = worker_open(&a->worker, run, 0, 0, false, err);

    if (rc)
        return rc;
    a->worker_opened = true;
    a->requests = calloc(run->workers, sizeof *a->requests);
    if (!a->requests)
        return -ENOMEM;
    for (unsigned i = run->workers; i-- > 0;) {
        a->requests[i] = (struct request){.async = a, .next = a->idle, .timer = {.arg = &a->requests[i]}};
        a->idle = &a->requests[i];
    }
    rc = loop_open(&a->loop);
    if (rc) {
        snprintf(err->message, sizeof err->message, "the event loop cannot be opened");
        return rc;
    }
    if (run->transport)
        rc = run->transport->mux_open(run->transport_state, a->loop, &loop_ops, run->workers, &a->mux, err);
    return rc;
}

static void async_close(struct async *a)
{
    if (a->mux)
        a->run->transport->mux_close(a->mux);
    loop_close(a->loop);
    free(a->requests);
    if (a->worker_opened)
        worker_close(&a->worker);
}

static int async_run(struct run *run, struct cobench_error *err)
{
    struct async a = {.run = run};
    int rc = async_open(&a, err);

    if (!rc)
        rc = run_gate(run, err);
    if (rc)
        goto out;
    draw_jobs(&a);
    rc = loop_run(a.loop);
    if (!rc && (a.in_flight || !a.dry))
        rc = -EIO;
    if (!rc)
        end_pause_all(&a.worker);
    else
        snprintf(err->message, sizeof err->message, "the event loop ended with %u jobs in flight", a.in_flight);
out:
    async_close(&a);
    if (!rc)
        run_stamp_work(run); /* what the worker left in the shared state when it closed */
    return rc;
}

const struct model model_async = {
    .name = "async",
    .about = "one event loop: timers and requests as callbacks",
    .uses_loop = true,
    .run = async_run,
};
