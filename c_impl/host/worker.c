/* SPDX-License-Identifier: MIT */
/* A worker runs jobs. Between two jobs it touches nothing that another worker writes but the number of the next job, and beyond the two
 * stamps it does little: what a million empty jobs cost is the price of the model, not of this file. */
#include "host/worker.h"

#include <errno.h>
#include <stddef.h>

#include "common/clock.h"
#include "host/clients.h"
#include "host/contract.h"
#include "host/shared_state.h"
#include "host/dispenser.h"
#include "host/error.h"
#include "host/transport.h"

/* In replied_ns of a job that waits. Only worker_finish of the loop's jobs looks: it is not told what was asked. */
#define REPLY_AWAITED INT64_C(-1)

int worker_open(struct worker *w, struct run *run, int32_t id, unsigned flags, bool blocking, struct cobench_error *err)
{
    const struct dispenser *dispenser = run->dispenser;
    int rc = 0;
    *w = (struct worker){.run = run, .id = id};
    error_clear(err);
    if (run->task->worker_open)
        rc = run->task->worker_open(run->state, flags, &w->task, err);
    if (rc)
        return rc;
    if (blocking && run->transport && !run->clients)
        rc = run->transport->client_open(run->transport_state, &w->client, err);
    if (rc == 0 && dispenser->kind)
        rc = dispenser->kind->worker_open(dispenser->state, (unsigned)id, &w->taker, err);
    if (rc)
        worker_close(w);
    return rc;
}

void worker_close(struct worker *w)
{
    struct run *run = w->run;
    if (w->ended > 0)
        shared_state_ended(run->shared, w->ended, w->last_end_ns);
    if (w->taker)
        run->dispenser->kind->worker_close(w->taker);
    if (w->client)
        run->transport->client_close(w->client);
    if (run->task->worker_close)
        run->task->worker_close(run->state, w->task);
    join_stack_close(&w->stack);
}

/* The watchdog reads `state` and then `worker` while jobs run, hence the release. */
static inline struct slot *job_start(struct worker *w, uint64_t job)
{
    struct slot *slot = run_slot(w->run, job);
    slot->worker = w->id;
    slot->start_ns = clock_now_ns();
    __atomic_store_n(&slot->state, SLOT_RUNNING, __ATOMIC_RELEASE);
    __atomic_fetch_add(&slot->runs, 1, __ATOMIC_RELAXED);
    return slot;
}

static inline void job_end(struct worker *w, struct slot *slot, enum slot_state state)
{
    slot->end_ns = w->last_end_ns = clock_now_ns();
    __atomic_store_n(&slot->state, (uint32_t)state, __ATOMIC_RELEASE);
    w->ended++;
}

static void job_fail(struct worker *w, uint64_t job, struct slot *slot, int rc, const struct cobench_error *error)
{
    slot->result = 0;
    if (slot->replied_ns == REPLY_AWAITED)
        slot->replied_ns = 0;
    job_end(w, slot, SLOT_FAILED);
    run_failed(w->run, job, w->id, rc, error);
}

/* For its connection, and then for locks. */
static void slot_waited(struct slot *slot, uint64_t ns)
{
    const uint64_t us = slot->waited_us + ns / NS_PER_US;
    slot->waited_us = us < UINT32_MAX ? (uint32_t)us : UINT32_MAX;
}

static inline void job_compute(struct worker *w, uint64_t job, struct slot *slot, const struct cobench_reply *reply)
{
    struct run *run = w->run;
    struct cobench_error err;
    uint64_t result = 0;

    error_clear(&err);
    const int rc = run->task->run(run->state, w->task, job, reply, &result, &err);
    if (run->task->waited)
        slot_waited(slot, run->task->waited(run->state, w->task));
    if (rc == 0) {
        slot->result = result;
        job_end(w, slot, SLOT_DONE);
    } else {
        job_fail(w, job, slot, rc, &err);
    }
}

static void ask_empty(struct worker *w, uint64_t job, struct cobench_request *ask, struct cobench_error *err)
{
    contract_empty(ask);
    ask->process = &run_slot(w->run, job)->command;
    error_clear(err);
}

/* What the task asks for. */
static int job_ask(struct worker *w, uint64_t job, struct cobench_request *ask, struct cobench_error *err)
{
    struct run *run = w->run;
    ask_empty(w, job, ask, err);
    const int rc = run->task->request ? run->task->request(run->state, w->task, job, ask, err) : 0;
    return rc ? rc : contract_check_request(run->task, ask, err);
}

/* And after the reply to its step of that number. */
static int job_more(struct worker *w, uint64_t job, unsigned step, const struct cobench_reply *reply,
                    struct cobench_request *ask, struct cobench_error *err)
{
    struct run *run = w->run;
    ask_empty(w, job, ask, err);
    const int rc = run->task->more ? run->task->more(run->state, w->task, job, step, reply, ask, err) : 0;
    if (rc == 0 && ask->ask == COBENCH_ASK_JOBS)
        return error_fill(err, -EINVAL, "asked for jobs in its step %u: only its first one may", step + 1);
    return rc ? rc : contract_check_request(run->task, ask, err);
}

/* Where a job is between two replies. */
struct wait {
    int rc; /* of what it asked last: not 0, the job has failed */
    unsigned step;
    struct cobench_request ask;
    struct cobench_reply reply;
    const struct cobench_reply *got; /* NULL, or reply */
    struct cobench_error err;
};

/* A reply is there, or the end of a delay: the job asks on. Of jobs that ask for jobs the stamp is when these were there. */
static void wait_over(struct worker *w, uint64_t job, struct slot *slot, struct wait *wait)
{
    if (!w->run->join || wait->got)
        slot->replied_ns = clock_now_ns();
    wait->rc = job_more(w, job, wait->step++, wait->got, &wait->ask, &wait->err);
}

/* Waits by blocking for what the job asks for, one thing after the other, and computes. */
static void job_complete(struct worker *w, uint64_t job, struct slot *slot, struct wait *wait)
{
    while (wait->rc == 0 && wait->ask.ask != COBENCH_ASK_NOTHING) {
        error_clear(&wait->err);
        wait->got = wait->ask.ask == COBENCH_ASK_DELAY ? NULL : &wait->reply;
        wait->rc = wait->got ? w->run->transport->client_get(w->client, &wait->ask, &wait->reply, &wait->err)
                             : clock_sleep_until(clock_now_ns() + wait->ask.delay_ns);
        if (wait->rc == 0)
            wait_over(w, job, slot, wait);
    }
    if (wait->rc == 0)
        job_compute(w, job, slot, wait->got);
    else
        job_fail(w, job, slot, wait->rc, &wait->err);
}

/* A job that asks for something. */
static void job_wait(struct worker *w, uint64_t job, struct slot *slot)
{
    struct wait wait;
    wait.step = 0;
    wait.reply = (struct cobench_reply){0};
    wait.got = NULL;
    wait.rc = job_ask(w, job, &wait.ask, &wait.err);
    job_complete(w, job, slot, &wait);
}

/* The same with one of the clients that workers share. */
static void job_wait_shared(struct worker *w, uint64_t job, struct slot *slot)
{
    w->client = clients_take(w->run->clients);
    slot_waited(slot, (uint64_t)(clock_now_ns() - slot->start_ns));
    job_wait(w, job, slot);
    clients_give(w->run->clients, w->client);
    w->client = NULL;
}

/* -- jobs that ask for jobs ------------------------------------------------------------------------------------------- */

/* A job that has been claimed: it runs to its end, or is put on top of the stack with what it needs. */
static void needed_begin(struct worker *w, uint64_t job)
{
    struct join *join = w->run->join;
    struct slot *slot = job_start(w, job);
    struct wait wait;
    wait.step = 0;
    wait.got = NULL;
    wait.rc = job_ask(w, job, &wait.ask, &wait.err);
    const bool needs = wait.rc == 0 && wait.ask.ask == COBENCH_ASK_JOBS;
    if (needs)
        wait.rc = join_push(join, &w->stack, job, &wait.ask, &wait.err);
    join_publish(join, job, needs && wait.rc == 0 ? &wait.ask : NULL);
    if (needs && wait.rc == 0)
        return;
    job_complete(w, job, slot, &wait);
    join_note(join, job, 0, 0, slot->start_ns);
    join_wake(join, job);
}

/* The job on top of the stack has what it needs: it runs to its end. */
static void needed_complete(struct worker *w)
{
    struct join *join = w->run->join;
    const struct join_frame top = *join_top(&w->stack);
    struct slot *slot = run_slot(w->run, top.job);
    struct wait wait;
    const int64_t below_ns = join_reply(join, &w->stack, &wait.reply);
    wait.step = 0;
    wait.got = &wait.reply;
    wait_over(w, top.job, slot, &wait);
    const int64_t since_ns = slot->replied_ns;
    job_complete(w, top.job, slot, &wait);
    join_pop(&w->stack);
    join_note(join, top.job, top.count, below_ns, since_ns);
    join_wake(join, top.job);
}

/* What it needs has failed. */
static void needed_fail(struct worker *w, uint64_t needed)
{
    const uint64_t job = join_top(&w->stack)->job;
    struct cobench_error err;
    const int rc = join_needed_failed(needed, &err);
    join_pop(&w->stack);
    job_fail(w, job, run_slot(w->run, job), rc, &err);
    join_wake(w->run->join, job);
}

static void job_join(struct worker *w, uint64_t job)
{
    const struct join *join = w->run->join;
    uint64_t next = job;
    if (!join_claim(join, job))
        return;
    needed_begin(w, job);
    while (w->stack.depth > 0)
        switch (join_next(join, &w->stack, &next)) {
        case JOIN_READY:
            needed_complete(w);
            break;
        case JOIN_FAILED:
            needed_fail(w, next);
            break;
        case JOIN_BEGIN:
            needed_begin(w, next);
            break;
        case JOIN_WAIT:
            join_wait(join, join_top(&w->stack)->job, next);
            break;
        }
}

/* -- one job, or all that there are ----------------------------------------------------------------------------------- */

/* One that asks for something. */
static void job_ask_and_run(struct worker *w, uint64_t job)
{
    if (w->run->join) {
        job_join(w, job);
        return;
    }
    struct slot *slot = job_start(w, job);
    if (w->run->clients)
        job_wait_shared(w, job, slot);
    else
        job_wait(w, job, slot);
}

void worker_job(struct worker *w, uint64_t job)
{
    if (w->run->task->request)
        job_ask_and_run(w, job);
    else
        job_compute(w, job, job_start(w, job), NULL);
}

int worker_take(struct worker *w, uint64_t *job)
{
    struct cobench_error err;
    error_clear(&err);
    const int rc = w->run->dispenser->kind->take(w->taker, job, &err);
    if (rc < 0 && rc != -EAGAIN)
        run_failed(w->run, FAILURE_NO_JOB, w->id, rc, &err);
    return rc;
}

void worker_done(struct worker *w, uint64_t job)
{
    const struct dispenser_kind *kind = w->run->dispenser->kind;
    if (kind && kind->done)
        kind->done(w->taker, job);
}

void worker_drain(struct worker *w)
{
    struct dispenser *dispenser = w->run->dispenser;
    uint64_t job;
    if (!dispenser->kind) {
        while (dispenser_next(dispenser, (unsigned)w->id, &job))
            worker_job(w, job);
        return;
    }
    while (worker_take(w, &job) > 0) {
        worker_job(w, job);
        worker_done(w, job);
    }
}

void worker_start(struct worker *w, uint64_t job) { job_start(w, job); }

void worker_waited(struct worker *w, uint64_t job)
{
    struct slot *slot = run_slot(w->run, job);
    slot_waited(slot, (uint64_t)(clock_now_ns() - slot->start_ns));
}

/* Whether the end of what a job waits for is its slot's stamp: where jobs ask for jobs, of these alone. */
static bool stamps(const struct worker *w, const struct cobench_request *ask)
{
    return w->run->join ? ask->ask == COBENCH_ASK_JOBS : ask->ask != COBENCH_ASK_NOTHING;
}

int worker_ask(struct worker *w, uint64_t job, struct cobench_request *ask)
{
    struct slot *slot = run_slot(w->run, job);
    struct cobench_error err;
    const int rc = job_ask(w, job, ask, &err);
    if (rc)
        job_fail(w, job, slot, rc, &err);
    else if (stamps(w, ask))
        slot->replied_ns = REPLY_AWAITED;
    return rc;
}

int worker_more(struct worker *w, uint64_t job, unsigned step, const struct cobench_reply *reply,
                struct cobench_request *ask)
{
    struct slot *slot = run_slot(w->run, job);
    struct cobench_error err;
    if (!w->run->join || reply)
        slot->replied_ns = clock_now_ns();
    const int rc = job_more(w, job, step, reply, ask, &err);
    if (rc)
        job_fail(w, job, slot, rc, &err);
    else if (stamps(w, ask))
        slot->replied_ns = REPLY_AWAITED;
    return rc;
}

void worker_finish(struct worker *w, uint64_t job, const struct cobench_reply *reply)
{
    struct slot *slot = run_slot(w->run, job);
    if (slot->replied_ns == REPLY_AWAITED)
        slot->replied_ns = clock_now_ns();
    job_compute(w, job, slot, reply);
}

void worker_abandon(struct worker *w, uint64_t job, int rc, const struct cobench_error *error)
{
    job_fail(w, job, run_slot(w->run, job), rc, error);
}
