/* SPDX-License-Identifier: MIT */
/*
 * A job that asks for a delay becomes a timer of the loop, one that asks for anything else a request of the transport's mux;
 * both end in a callback that asks on or computes the result on the loop's thread, and draws the next jobs. Jobs that ask for nothing are run
 * on the spot, one after the other: an event loop cannot help them, and that is what their row shows. In an open loop a job that
 * is not yet due is a timer too, and holds its place in flight meanwhile: a place more than there are would not start it earlier.
 * A job that asks for jobs leaves its place while it waits for them, so that they get one, and goes on before another begins.
 * Where there are fewer connections than places a job that has started waits for one before it asks, and has it to its end.
 */
#include "host/loop_worker.h"

#include <errno.h>
#include <stdlib.h>

#include "common/clock.h"
#include "host/dispenser.h"
#include "host/end_pause.h"
#include "host/error.h"
#include "host/join.h"
#include "host/loop.h"
#include "host/run.h"
#include "host/transport.h"

/* An in-flight request: a job from its start to its end, or a free place for one. */
struct request {
    struct loop_worker *owner;
    uint64_t job;
    unsigned step;           /* how many replies it has had */
    struct loop_timer timer; /* for a job that is not yet due, and then for its delay */
    struct request *next;    /* in the stack of free ones, or among those that wait for a connection */
};

/* A job that waits for jobs. */
struct need {
    uint64_t job;
    struct need *next;   /* of those that wait for the same, or that can go on */
    size_t ended, count; /* so many of them, from the first on, have ended */
    uint64_t numbers[];  /* which they are */
};

static void draw_jobs(struct loop_worker *w);
static void wait_start(struct request *r, const struct cobench_request *ask);

/* -- places ----------------------------------------------------------------------------------------------------------- */

static void needs_look(struct loop_worker *w, uint64_t ended);

static void place_leave(struct request *r)
{
    struct loop_worker *w = r->owner;
    w->connections++;
    r->next = w->idle;
    w->idle = r;
    w->in_flight--;
}

/* One that is free, for the job. */
static struct request *place_take(struct loop_worker *w, uint64_t job)
{
    struct request *r = w->idle;
    r->job = job;
    w->idle = r->next;
    w->in_flight++;
    return r;
}

/* A job's wait is over and the job done with: its place is free for the next one. */
static void request_end(struct request *r)
{
    struct loop_worker *w = r->owner;

    worker_done(&w->worker, r->job);
    if (w->needs)
        needs_look(w, r->job);
    place_leave(r);
    draw_jobs(w);
}

/* A wait is over: the job asks on, or computes. */
static void wait_over(struct request *r, const struct cobench_reply *reply)
{
    struct worker *worker = &r->owner->worker;
    struct cobench_request ask;

    if (!worker->run->task->more) {
        worker_finish(worker, r->job, reply);
        request_end(r);
    } else if (worker_more(worker, r->job, r->step++, reply, &ask)) {
        request_end(r);
    } else if (ask.ask == COBENCH_ASK_NOTHING) {
        worker_finish(worker, r->job, reply);
        request_end(r);
    } else {
        wait_start(r, &ask);
    }
}

static void delay_over(void *arg) { wait_over(arg, NULL); }

static void reply_came(void *arg, const struct cobench_reply *reply, int rc, const struct cobench_error *error)
{
    struct request *r = arg;

    if (reply) {
        wait_over(r, reply);
    } else {
        worker_abandon(&r->owner->worker, r->job, rc, error);
        request_end(r);
    }
}

/* Starts what a job asked for: a callback will go on with it. Where it cannot be started the job has landed on return. */
static void wait_start(struct request *r, const struct cobench_request *ask)
{
    struct loop_worker *w = r->owner;
    struct cobench_error err = {0};
    int rc;

    r->timer.fire = delay_over;
    if (ask->ask == COBENCH_ASK_DELAY)
        rc = loop_ops.timer_set(w->loop, &r->timer, clock_now_ns() + ask->delay_ns);
    else
        rc = w->run->transport->mux_get(w->mux, ask, reply_came, r, &err);
    if (rc) {
        worker_abandon(&w->worker, r->job, rc, &err);
        request_end(r);
    }
}

/* -- jobs that wait for jobs ------------------------------------------------------------------------------------------ */

/* Looks what a job waits for. It is put to those that wait for the same, or that can go on: all that it needs is done, or one of it
 * has failed. */
static void need_look(struct loop_worker *w, struct need *need)
{
    const struct join *join = w->run->join;
    uint32_t state = SLOT_DONE;
    while (need->ended < need->count && (state = join_state(join, need->numbers[need->ended])) == SLOT_DONE)
        need->ended++;
    if (need->ended < need->count && state != SLOT_FAILED) {
        const uint64_t needed = need->numbers[need->ended];
        join_await(join, need->job, needed);
        need->next = w->needs[needed];
        w->needs[needed] = need;
    } else {
        join_await_none(join, need->job);
        need->next = NULL;
        *w->able_last = need;
        w->able_last = &need->next;
    }
}

/* A job has ended: on to what those that waited for it wait for next. */
static void needs_look(struct loop_worker *w, uint64_t ended)
{
    struct need *need = w->needs[ended], *next, *first = NULL;
    w->needs[ended] = NULL;
    for (; need; need = next) { /* the last to come was the first */
        next = need->next;
        need->next = first;
        first = need;
    }
    for (; first; first = next) {
        next = first->next;
        need_look(w, first);
    }
}

/* A job asked for jobs. It leaves its place, and comes back by able_go_on, which may be at once. */
static void need_start(struct request *r, const struct cobench_request *ask)
{
    struct loop_worker *w = r->owner;
    struct cobench_error err;
    error_clear(&err);
    int rc = join_check(w->run->join, r->job, ask, &err);
    struct need *need = rc ? NULL : malloc(sizeof *need + ask->job_count * sizeof *need->numbers);
    if (!need) {
        worker_abandon(&w->worker, r->job, rc ? rc : -ENOMEM, &err);
        request_end(r);
        return;
    }
    *need = (struct need){.job = r->job, .count = ask->job_count};
    for (size_t i = 0; i < need->count; i++)
        need->numbers[i] = ask->jobs[i];
    w->waiting++;
    need_look(w, need);
    place_leave(r);
    draw_jobs(w);
}

/* The first of the jobs that can go on does, in a free place. */
static void able_go_on(struct loop_worker *w)
{
    struct need *need = w->able;
    struct request *r = place_take(w, need->job);
    struct cobench_error err;

    w->able = need->next;
    if (!w->able)
        w->able_last = &w->able;
    w->waiting--;
    w->connections--;
    r->step = 0;
    if (need->ended < need->count) {
        worker_abandon(&w->worker, need->job, join_needed_failed(need->numbers[need->ended], &err), &err);
        request_end(r);
    } else {
        join_results(w->run->join, need->numbers, need->count);
        const struct cobench_reply reply = {.body = (const unsigned char *)need->numbers,
                                            .length = need->count * sizeof *need->numbers};
        wait_over(r, &reply);
    }
    free(need);
}

/* All jobs that are left wait for each other. So does the loop, until the watchdog has seen it. */
static void needs_block(struct loop_worker *w)
{
    for (uint64_t job = 0; job < w->run->jobs; job++)
        if (w->needs[job])
            join_wait(w->run->join, w->needs[job]->job, job);
}

/* Runs or starts a job. One that failed at its start, like one that asked for nothing, has landed on return. */
static void request_ask(struct request *r)
{
    struct loop_worker *w = r->owner;
    struct cobench_request ask;

    r->step = 0;
    w->connections--;
    if (worker_ask(&w->worker, r->job, &ask)) {
        request_end(r);
    } else if (ask.ask == COBENCH_ASK_NOTHING) {
        worker_finish(&w->worker, r->job, NULL);
        request_end(r);
    } else if (ask.ask == COBENCH_ASK_JOBS) {
        need_start(r, &ask);
    } else {
        wait_start(r, &ask);
    }
}

/* The job that has waited longest for a connection, where there is one free; NULL: there is no such. */
static struct request *request_served(struct loop_worker *w)
{
    struct request *r = w->first;
    if (!r || w->connections == 0)
        return NULL;
    w->first = r->next;
    if (!w->first)
        w->last = &w->first;
    worker_waited(&w->worker, r->job);
    return r;
}

/* A job begins, and asks at once or when there is a connection for it. */
static void request_start(struct request *r)
{
    struct loop_worker *w = r->owner;
    worker_start(&w->worker, r->job);
    if (w->shares && (w->first || w->connections == 0)) {
        r->next = NULL;
        *w->last = r;
        w->last = &r->next;
    } else {
        request_ask(r);
    }
}

static void due_now(void *arg) { request_start(arg); }

/* Gives a job a place, and starts it, now or when it is due. */
static void request_admit(struct loop_worker *w, uint64_t job, int64_t due_ns)
{
    struct request *r = place_take(w, job);
    r->timer.fire = due_now;
    /* Without memory for a timer the job is early, which the driver finds out, rather than lost. */
    if (due_ns == 0 || due_ns <= clock_now_ns() || loop_ops.timer_set(w->loop, &r->timer, due_ns) != 0)
        request_start(r);
}

/* As a dispenser's take; what is fed is due. */
static int job_draw(struct loop_worker *w, uint64_t *job, int64_t *due_ns)
{
    struct dispenser *dispenser = w->run->dispenser;
    if (!dispenser->kind)
        return dispenser->draw(dispenser, (unsigned)w->worker.id, job, due_ns);
    *due_ns = 0;
    return worker_take(&w->worker, job);
}

/* Draws jobs while there is a free place. A job that ends at once comes back here only to find it at work
 * already, so that the stack stays flat however many do. */
static void draw_jobs(struct loop_worker *w)
{
    uint64_t job;
    int64_t due_ns;
    int drawn = 1;

    if (w->drawing)
        return;
    w->drawing = true;
    for (;;) {
        struct request *r = request_served(w);
        if (r) {
            request_ask(r);
            continue;
        }
        if (w->able && w->idle) {
            able_go_on(w);
            continue;
        }
        if (w->dry || !w->idle || drawn == -EAGAIN)
            break;
        drawn = job_draw(w, &job, &due_ns);
        if (drawn > 0)
            request_admit(w, job, due_ns);
        else
            w->dry = drawn != -EAGAIN;
    }
    w->drawing = false;
    if (w->dry && w->in_flight == 0) {
        if (w->waiting > 0)
            needs_block(w);
        loop_stop(w->loop);
    }
}

static void jobs_came(void *arg, int fd, unsigned events)
{
    (void)fd, (void)events;
    draw_jobs(arg);
}

/* Where jobs are fed, the loop looks for them. */
static int feed_watch(struct loop_worker *w)
{
    const struct dispenser_kind *kind = w->run->dispenser->kind;
    return kind ? loop_ops.watch(w->loop, kind->descriptor(w->worker.taker), LOOP_READ, jobs_came, w) : 0;
}

static int places_make(struct loop_worker *w)
{
    w->requests = calloc(w->most, sizeof *w->requests);
    if (!w->requests)
        return -ENOMEM;
    for (unsigned i = w->most; i-- > 0;) {
        w->requests[i] = (struct request){.owner = w, .next = w->idle, .timer = {.arg = &w->requests[i]}};
        w->idle = &w->requests[i];
    }
    return 0;
}

int loop_worker_open(struct loop_worker *w, const struct loop_worker_options *how, struct cobench_error *err)
{
    struct run *run = how->run;
    int rc;

    *w = (struct loop_worker){.run = run, .most = how->in_flight, .shares = how->connections > 0};
    w->connections = w->shares ? how->connections : how->in_flight;
    w->last = &w->first;
    w->able_last = &w->able;
    if (run->join && !(w->needs = calloc(run->jobs, sizeof *w->needs)))
        return -ENOMEM;
    rc = worker_open(&w->worker, run, (int32_t)how->id, 0, false, err);
    if (rc) {
        free(w->needs);
        return rc;
    }
    rc = places_make(w);
    if (!rc)
        rc = loop_open(how->kind, &w->loop, err);
    if (!rc)
        rc = feed_watch(w);
    if (!rc && run->transport)
        rc = run->transport->mux_open(run->transport_state, w->loop, &loop_ops, w->connections, &w->mux, err);
    if (rc)
        loop_worker_close(w);
    return rc;
}

void loop_worker_close(struct loop_worker *w)
{
    if (w->mux)
        w->run->transport->mux_close(w->mux);
    loop_close(w->loop);
    free(w->requests);
    free(w->needs);
    worker_close(&w->worker);
}

int loop_worker_drain(struct loop_worker *w, struct cobench_error *err)
{
    draw_jobs(w);
    int rc = loop_run(w->loop);
    if (!rc && (w->in_flight || !w->dry))
        rc = -EIO;
    if (rc)
        return error_fill(err, rc, "the event loop ended with %u jobs in flight", w->in_flight);
    end_pause_all(&w->worker);
    return 0;
}

int loop_worker_alone(struct run *run, const struct loop_kind *kind, struct cobench_error *err)
{
    const struct loop_worker_options how = {
        .run = run, .kind = kind, .in_flight = run->workers, .connections = run->connections};
    struct cobench_error ignored;
    struct loop_worker w;
    int rc = loop_worker_open(&w, &how, err);

    if (rc)
        return rc;
    rc = dispenser_gate(run, err);
    if (!rc)
        rc = loop_worker_drain(&w, err);
    const int fed = dispenser_finish(run, rc ? &ignored : err);
    loop_worker_close(&w);
    rc = rc ? rc : fed;
    if (!rc)
        run_stamp_work(run); /* what the worker left in the shared state when it closed */
    return rc;
}
