/* SPDX-License-Identifier: MIT */
/* What every model needs of a run: the gate, the task in this process, and the account of jobs that went wrong. */
#define _GNU_SOURCE /* nftw, mkdtemp */
#include "host/run.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/message.h"
#include "host/contract.h"
#include "host/error.h"
#include "host/join.h"
#include "host/params.h"
#include "host/shared_state.h"
#include "host/slots.h"
#include "host/transport.h"

const char *run_service(const struct run *run, const char *name)
{
    for (const struct setting *s = run->services; s < run->services + run->service_count; s++)
        if (strlen(name) == s->key_length && strncmp(s->key, name, s->key_length) == 0)
            return s->value;
    return NULL;
}

/* That of what the task asks for. */
static const char *run_service_asked(const struct run *run)
{
    const char *name = contract_ask(run->task->asks)->service;
    return name ? run_service(run, name) : NULL;
}

/* -- the gate and the task -------------------------------------------------------------------------------------------- */

static int gate_wait(struct run *run, struct cobench_error *err)
{
    char byte = 'r';
    ssize_t n;

    do
        n = write(run->gate_write, &byte, 1);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return error_fill(err, -EIO, "the gate broke: %s", strerror(errno));
    do
        n = read(run->gate_read, &byte, 1);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return error_fill(err, -EIO, "the gate broke: %s", strerror(errno));
    if (n == 0)
        return error_fill(err, -ECANCELED, "the gate was closed before it opened");
    return 0;
}

int run_gate(struct run *run, struct cobench_error *err)
{
    if (run->ready_ns != 0) /* by run_gate_cold */
        return 0;
    if (run->gate_read >= 0) {
        const int rc = gate_wait(run, err);
        if (rc)
            return rc;
    }
    run->ready_cpu_ns = clock_cpu_ns();
    run->ready_ns = clock_now_ns();
    run->shared->gate_ns = run->ready_ns;
    return 0;
}

int run_gate_cold(struct run *run, struct cobench_error *err) { return run->knobs.cold ? run_gate(run, err) : 0; }

int run_start_thread(const struct run *run, pthread_t *thread, void *(*function)(void *), void *arg)
{
    pthread_attr_t attributes;
    int rc = pthread_attr_init(&attributes);
    if (rc)
        return -rc;
    if (run && run->knobs.stack_size > 0)
        rc = pthread_attr_setstacksize(&attributes, (size_t)run->knobs.stack_size);
    if (rc == 0)
        rc = pthread_create(thread, &attributes, function, arg);
    pthread_attr_destroy(&attributes);
    return -rc;
}

int run_open_task(struct run *run, struct cobench_error *err)
{
    const struct cobench_task *task = run->task;
    const struct cobench_open how = {.task = task, .values = run->values, .jobs = run->jobs};
    int rc = 0;

    if (task->open) {
        error_clear(err);
        rc = task->open(&how, &run->state, err);
        if (rc) {
            char why[sizeof err->message];
            error_complete(err, rc);
            error_tell(err, rc, why, sizeof why);
            rc = strcmp(err->type, COBENCH_NOT_POSSIBLE) == 0 ? -ENOSYS : rc;
            return error_fill(err, rc, "task '%.64s' does not open: %.230s", task->name, why);
        }
    }
    if (run->transport) {
        const struct transport_options options = {.timeout_ns = run->request_timeout_ns,
                                                  .connections = &run->shared->connections,
                                                  .client = run->knobs.client,
                                                  .service = run_service_asked(run),
                                                  .signals = run->signals,
                                                  .ending = &run->shared->ending};
        error_clear(err);
        rc = run->transport->open(&options, &run->transport_state, err);
        if (rc && task->close)
            task->close(run->state);
    }
    return rc;
}

void run_close_task(struct run *run)
{
    if (run->transport)
        run->transport->close(run->transport_state);
    if (run->task->close)
        run->task->close(run->state);
    run->state = run->transport_state = NULL;
}

/* One step after the other, of a task that is open. */
static int steps_ask(struct run *run, void *client, struct cobench_error *err)
{
    const struct cobench_task *task = run->task;
    struct cobench_request ask;
    struct cobench_reply reply;
    for (unsigned step = 0;; step++) {
        contract_empty(&ask);
        error_clear(err);
        int rc = task->prepare(run->state, step, &ask, err);
        if (rc == 0 && ask.ask != COBENCH_ASK_NOTHING && ask.ask != task->asks)
            rc = error_fill(err, -EINVAL, "to prepare it asks for '%s'", contract_ask_name(ask.ask));
        rc = rc ? rc : contract_check_request(task, &ask, err);
        if (rc || ask.ask == COBENCH_ASK_NOTHING)
            return rc;
        rc = run->transport->client_get(client, &ask, &reply, err);
        if (rc)
            return rc;
    }
}

int run_prepare(struct run *run, struct cobench_error *err)
{
    const bool here = run->knobs.start_method != START_FORK;
    void *client = NULL;
    if (!run->task->prepare || !run->transport)
        return 0;
    int rc = here ? run_open_task(run, err) : 0;
    if (rc)
        return rc;
    error_clear(err);
    rc = run->transport->client_open(run->transport_state, &client, err);
    if (rc == 0) {
        rc = steps_ask(run, client, err);
        run->transport->client_close(client);
    }
    if (here)
        run_close_task(run);
    run->shared->connections = 0;
    return rc;
}

int run_audit(struct run *run, struct cobench_audit *audit, struct cobench_error *err)
{
    struct cobench_error why;
    char words[sizeof why.type + sizeof why.message + 40];

    *audit = (struct cobench_audit){.finding = ""};
    error_clear(&why);
    int rc = run->task->audit(run->state, audit, &why);
    if (rc == 0 && audit->of == 0)
        rc = error_fill(&why, -EPROTO, "%llu wrong of nothing", (unsigned long long)audit->wrong);
    if (rc) {
        error_complete(&why, rc);
        return error_fill(err, rc, "the audit failed: %.290s", error_words(&why, words, sizeof words));
    }
    audit->finding[sizeof audit->finding - 1] = '\0';
    for (char *c = audit->finding; *c; c++)
        if ((unsigned char)*c < ' ')
            *c = ' ';
    return 0;
}

int64_t run_payload(const struct run *run, struct cobench_error *err)
{
    const struct cobench_open how = {.task = run->task, .values = run->values, .jobs = run->jobs};
    const size_t bytes = run->task->payload ? run->task->payload(&how) : 0;
    if (bytes > COBENCH_PAYLOAD_MAX)
        return error_fill(err, -EINVAL, "task '%.64s': a payload of %zu bytes: at most %u", run->task->name, bytes,
                          COBENCH_PAYLOAD_MAX);
    return (int64_t)bytes;
}

int run_folder_make(struct run *run, struct cobench_error *err)
{
    const char *const parents[] = {getenv("COBENCH_SCRATCH"), "/dev/shm", getenv("TMPDIR"), "/tmp"};
    for (size_t i = 0; i < sizeof parents / sizeof *parents; i++) {
        if (!parents[i] || strlen(parents[i]) + sizeof "/cobench-run-XXXXXX" > sizeof run->folder)
            continue;
        snprintf(run->folder, sizeof run->folder, "%s/cobench-run-XXXXXX", parents[i]);
        if (mkdtemp(run->folder))
            return 0;
    }
    run->folder[0] = '\0';
    return error_fill(err, -errno, "a folder cannot be made: %s", strerror(errno));
}

static int entry_remove(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    (void)remove(path);
    return 0;
}

void run_folder_remove(struct run *run)
{
    if (run->folder[0])
        (void)nftw(run->folder, entry_remove, 8, FTW_DEPTH | FTW_PHYS);
    run->folder[0] = '\0';
}

/* -- the account ------------------------------------------------------------------------------------------------------ */

void run_stamp_work(struct run *run)
{
    const int64_t last = run->shared->last_end_ns;
    run->work_ns = last > run->ready_ns ? last : run->ready_ns;
}

void run_failed(struct run *run, uint64_t job, int32_t worker, int rc, const struct cobench_error *error)
{
    struct failure failure = {.job = job, .worker = worker, .rc = rc, .error = *error};
    error_complete(&failure.error, rc);
    if (job != FAILURE_NO_JOB)
        run->shared->failed++;
    shared_state_note(run->shared, &failure);
}

void run_failed_there(struct run *run, uint64_t job, int32_t worker, int rc, const struct message_part *part)
{
    struct cobench_error error;
    error_clear(&error);
    if (message_failure(part, error.type, sizeof error.type, &error.line, error.message, sizeof error.message))
        error_fill(&error, 0, "the worker does not say why");
    run_failed(run, job, worker, rc, &error);
}

void run_bury(struct run *run, uint64_t job)
{
    struct slot *slot = &run->slots[job];
    if (!run->join)              /* whose jobs have something else there */
        slot_kill_command(slot); /* which nobody waits for any more */
    slot->end_ns = clock_now_ns();
    __atomic_store_n(&slot->state, SLOT_FAILED, __ATOMIC_RELEASE);
    if (run->join)
        join_wake(run->join, job);
    shared_state_ended(run->shared, 1, slot->end_ns);
}

void run_unstarted(struct run *run, uint64_t job, int32_t worker, int rc, const struct cobench_error *error)
{
    struct slot *slot = &run->slots[job];
    if (run->join && !join_claim(run->join, job)) { /* another worker runs it */
        run_failed(run, FAILURE_NO_JOB, worker, rc, error);
        return;
    }
    slot->worker = worker;
    slot->start_ns = clock_now_ns();
    run_bury(run, job);
    run_failed(run, job, worker, rc, error);
}

void run_account(struct run *run)
{
    if (run->slot_unused || run->shared->ended == run->jobs)
        return;
    for (uint64_t job = 0; job < run->jobs; job++) {
        const uint32_t state = __atomic_load_n(&run->slots[job].state, __ATOMIC_ACQUIRE);
        struct cobench_error error = {.type = "NotRun"};
        if (state == SLOT_RUNNING) {
            memcpy(error.type, "Crash", sizeof "Crash");
            error_fill(&error, 0, "worker %d ended while running job %llu", run->slots[job].worker,
                       (unsigned long long)job);
            run_failed(run, job, run->slots[job].worker, -ECHILD, &error);
        } else if (state == SLOT_EMPTY) {
            error_fill(&error, 0, "job %llu was never run", (unsigned long long)job);
            run_failed(run, job, -1, -ECHILD, &error);
        }
    }
}
