/* SPDX-License-Identifier: MIT */
/*
 * async: one worker, one event loop, up to `workers` jobs in flight. A job that asks for a delay becomes a timer of the
 * loop, one that asks for a URL a request of the transport's mux; both end in a callback that computes the result on
 * the loop's thread and draws the next jobs. Jobs that ask for nothing are run on the spot, one after the other: an
 * event loop cannot help them, and that is what their row shows. In an open loop a job that is not yet due is a timer
 * too, and holds its place in flight meanwhile: a place more than there are would not start it earlier.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "host/dispenser.h"
#include "host/hold.h"
#include "host/loop.h"
#include "host/run.h"
#include "host/transport.h"
#include "host/worker.h"

struct async;

/* A job in flight, or a place for one. */
struct flight {
    struct async *async;
    uint64_t job;
    struct loop_timer timer; /* for a job that is not yet due, and then for its delay */
    struct flight *next;     /* in the stack of free ones */
};

struct async {
    struct run *run;
    struct worker worker;
    bool worker_opened;
    struct loop *loop;
    void *mux; /* NULL unless the task asks for URLs */
    struct flight *flights;
    struct flight *idle;
    unsigned in_flight;
    bool drawing; /* draw_jobs is at work further up the stack */
    bool dry;     /* the dispenser has no more jobs */
};

static void draw_jobs(struct async *a);

/* A job's wait is over and the job done with: its place is free for the next one. */
static void flight_land(struct flight *f)
{
    struct async *a = f->async;

    f->next = a->idle;
    a->idle = f;
    a->in_flight--;
    draw_jobs(a);
}

static void delay_over(void *arg)
{
    struct flight *f = arg;

    worker_finish(&f->async->worker, f->job, NULL);
    flight_land(f);
}

static void reply_came(void *arg, const struct cobench_reply *reply, int rc, const struct cobench_error *error)
{
    struct flight *f = arg;

    if (reply)
        worker_finish(&f->async->worker, f->job, reply);
    else
        worker_abandon(&f->async->worker, f->job, rc, error);
    flight_land(f);
}

/* Starts what a job asked for. 0: a callback will end the job; a negative errno: nothing was started. */
static int wait_start(struct flight *f, const struct cobench_request *ask, struct cobench_error *err)
{
    struct async *a = f->async;

    if (ask->ask == COBENCH_ASK_DELAY) {
        f->timer.fire = delay_over;
        return loop_ops.timer_set(a->loop, &f->timer, clock_now_ns() + ask->delay_ns);
    }
    return a->run->transport->mux_get(a->mux, ask, reply_came, f, err);
}

/* Runs or starts a job. One that failed at its start, like one that asked for nothing, has landed on return. */
static void flight_start(struct flight *f)
{
    struct async *a = f->async;
    struct cobench_request ask;
    struct cobench_error err = {0};

    if (worker_begin(&a->worker, f->job, &ask)) {
        flight_land(f);
        return;
    }
    if (ask.ask == COBENCH_ASK_NOTHING) {
        worker_finish(&a->worker, f->job, NULL);
        flight_land(f);
        return;
    }
    const int rc = wait_start(f, &ask, &err);
    if (rc) {
        worker_abandon(&a->worker, f->job, rc, &err);
        flight_land(f);
    }
}

static void due_now(void *arg) { flight_start(arg); }

/* Gives a job a place, and starts it, now or when it is due. */
static void flight_board(struct async *a, uint64_t job, int64_t due_ns)
{
    struct flight *f = a->idle;
    f->job = job;
    a->idle = f->next;
    a->in_flight++;
    f->timer.fire = due_now;
    /* Without memory for a timer the job is early, which the driver finds out, rather than lost. */
    if (due_ns == 0 || due_ns <= clock_now_ns() || loop_ops.timer_set(a->loop, &f->timer, due_ns) != 0)
        flight_start(f);
}

/* Draws jobs while there is room for one more. A job that ends at once comes back here only to find it at work
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
            flight_board(a, job, due_ns);
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
    a->flights = calloc(run->workers, sizeof *a->flights);
    if (!a->flights)
        return -ENOMEM;
    for (unsigned i = run->workers; i-- > 0;) {
        a->flights[i] = (struct flight){.async = a, .next = a->idle, .timer = {.arg = &a->flights[i]}};
        a->idle = &a->flights[i];
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
    free(a->flights);
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
        hold_all(&a.worker);
    else
        snprintf(err->message, sizeof err->message, "the event loop ended with %u jobs in flight", a.in_flight);
out:
    async_close(&a);
    if (!rc)
        run_stamp_work(run); /* what the worker left on the board when it closed */
    return rc;
}

const struct model model_async = {
    .name = "async",
    .about = "one event loop: timers and requests as callbacks",
    .uses_loop = true,
    .run = async_run,
};
