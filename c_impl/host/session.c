/* SPDX-License-Identifier: MIT */
/* One run from checked arguments to its record. */
#include "host/session.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "host/clients.h"
#include "host/contract.h"
#include "host/shared_state.h"
#include "host/error.h"
#include "host/function.h"
#include "host/models.h"
#include "host/limits.h"
#include "host/plugin.h"
#include "host/runtime.h"
#include "host/transport.h"

void session_init(struct session *s, const struct args *args, int64_t start_ns)
{
    *s = (struct session){
        .args = args,
        .record = {.runtime = runtime.name,
                   .task = args->task.name,
                   .model = args->model_name,
                   .jobs = args->jobs,
                   .workers = args->workers,
                   .knobs = &args->knobs,
                   .start_ns = start_ns,
                   .connections = -1},
        .run = {.gate_read = args->gate_read,
                .gate_write = args->gate_write,
                .services = args->services,
                .service_count = args->service_count,
                .placement = args->placement,
                .launcher = args->launcher,
                .serves = args->server != NULL,
                .end_pause = args->end_pause.read >= 0 ? &args->end_pause : NULL},
    };
}

void session_fail(struct session *s, enum record_status status, const char *reason)
{
    s->record.status = status;
    snprintf(s->record.reason, sizeof s->record.reason, "%s", reason);
    /* dlerror and the like may have several lines; the record and stderr promise one. */
    for (char *c = s->record.reason; *c; c++)
        if (*c == '\n' || *c == '\r')
            *c = ' ';
}

/* -- getting it together ---------------------------------------------------------------------------------------------- */

/* How many jobs and workers: what was asked, else what the task's kind says. */
static void size_settle(struct session *s)
{
    const struct cobench_task *task = s->task.task;
    struct run *run = &s->run;
    uint64_t workers = s->args->workers;

    run->jobs = s->args->jobs ? s->args->jobs : task->default_jobs;
    if (workers == 0)
        workers = task->kind == COBENCH_KIND_IO ? ARGS_WORKERS_MAX : limits_cpus();
    run->workers = (unsigned)(workers < run->jobs || run->serves ? workers : run->jobs);
    s->record.jobs = run->jobs;
    s->record.workers = run->workers;
}

/* A job that asks for nothing has no start that anyone waits for. */
static int arrivals_check(const struct session *s, struct cobench_error *err)
{
    const struct cobench_task *task = s->task.task;
    const double rate = s->args->arrivals.rate;
    if (rate == 0)
        return 0;
    if (task->asks == COBENCH_ASK_NOTHING)
        return error_fill(err, -EINVAL,
                          "--rate: task '%.64s' waits for nothing; only one that asks for a delay or a URL can be "
                          "run at a rate",
                          task->name);
    if ((double)s->run.jobs / rate > ARRIVALS_LONGEST_S)
        return error_fill(err, -ERANGE, "--rate: %llu jobs at %.12g a second take more than %.12g s",
                          (unsigned long long)s->run.jobs, rate, ARRIVALS_LONGEST_S);
    return 0;
}

static int knobs_settle(struct session *s, struct cobench_error *err)
{
    static const char *const methods[] = {"fork", "spawn", "forkserver"};
    struct run *run = &s->run;
    run->knobs = s->args->knobs;
    if (!s->args->model->uses_processes)
        run->knobs.start_method = s->args->model->engine ? START_SPAWN : START_FORK;
    else
        s->record.start_method = methods[run->knobs.start_method];
    const bool queue = s->args->model->uses_processes && s->args->model->feeds &&
                       (run->knobs.dispenser == DISPENSER_REDIS || run->knobs.dispenser == DISPENSER_REDIS_AOF);
    if (run->placement && !s->args->model->remote && !queue)
        return error_fill(err, -ENOSYS, "--hosts: the workers of %s are on this machine", s->args->model->name);
    if (run->knobs.start_method == START_FORKSERVER)
        return error_fill(
            err, -ENOSYS,
            "start method forkserver has no counterpart in C: a worker is forked with the task open (fork), "
            "or opens it itself (spawn)");
    if (runtime.settle)
        runtime.settle(s->task.made, &run->knobs);
    return 0;
}

/* What a task audits is memory of the process that opens it, which those forked from it share; who opens it for itself has its own. */
static int sharing_check(const struct session *s, struct cobench_error *err)
{
    const struct model *model = s->args->model;
    char who[64] = "";
    if (model->isolates)
        snprintf(who, sizeof who, "interpreter");
    else if (model->engine)
        snprintf(who, sizeof who, "worker of %s", model->name);
    else if (s->run.placement)
        snprintf(who, sizeof who, "worker on another host");
    else if (s->args->queue)
        snprintf(who, sizeof who, "worker of a manager elsewhere");
    else if (s->run.knobs.start_method != START_FORK)
        snprintf(who, sizeof who, "process of start method %s", s->record.start_method);
    if (!s->run.task->audit || !who[0])
        return 0;
    return error_fill(err, -ENOSYS,
                      "task '%.64s' changes memory that its workers have in common, but each %s opens the task for "
                      "itself",
                      s->run.task->name, who);
}

static int task_settle(struct session *s, struct cobench_error *err)
{
    const struct args *args = s->args;
    struct run *run = &s->run;
    int rc = tasks_load(&args->task, &s->task, err);
    if (rc)
        return rc;
    s->record.task = s->task.task->name;
    rc = params_open(&s->params, s->task.task, args->settings, args->setting_count, err);
    if (rc)
        return rc;
    s->record.params = s->task.task->params;
    s->record.values = s->params.values;
    size_settle(s);
    rc = arrivals_check(s, err);
    if (rc)
        return rc;
    run->task = s->task.task;
    run->values = s->params.values;
    run->request_timeout_ns = args->request_timeout_ns;
    return knobs_settle(s, err);
}

/* Jobs that ask for jobs: where they can. */
static int joins_check(const struct session *s, struct cobench_error *err)
{
    const struct model *model = s->args->model;
    char why[96] = "";
    if (!model->joins)
        snprintf(why, sizeof why, "%s has no way to wait for them", model->name);
    else if (model->feeds && s->run.knobs.dispenser != DISPENSER_COUNTER)
        snprintf(why, sizeof why, "only the dispenser counter leaves them to who needs them");
    else if (s->args->arrivals.rate != 0)
        snprintf(why, sizeof why, "they cannot arrive at a rate (--rate)");
    else if (s->run.placement || s->args->queue)
        snprintf(why, sizeof why, "their workers are all on one machine");
    return why[0] ? error_fill(err, -ENOSYS, "task '%.64s': its jobs ask for the results of others: %s",
                               s->task.task->name, why)
                  : 0;
}

/* How many connections the workers share, where each does not have its own. */
static int connections_settle(struct session *s, struct cobench_error *err)
{
    const struct model *model = s->args->model;
    struct run *run = &s->run;
    const int64_t connections = run->knobs.connections;
    if (connections == 0 || connections >= run->workers || model->one_at_a_time)
        return 0;
    if (model->uses_processes || model->engine)
        return error_fill(err, -ENOSYS, "--connections %lld: each process of %s has a connection of its own",
                          (long long)connections, s->args->model_name);
    run->connections = (unsigned)connections;
    return 0;
}

static int transport_settle(struct session *s, struct cobench_error *err)
{
    const enum cobench_ask asks = s->task.task->asks;
    const struct contract_ask *row = contract_ask(asks);
    struct run *run = &s->run;
    if (asks <= COBENCH_ASK_DELAY)
        return 0;
    if (asks == COBENCH_ASK_JOBS)
        return joins_check(s, err);
    int rc = row->connects ? connections_settle(s, err) : 0;
    if (rc == 0)
        rc = limits_check_files(s->args->model, asks, run->connections ? run->connections : run->workers, err);
    if (rc == 0)
        rc = transport_load(asks, run->knobs.client, &run->transport, &s->transport_handle, err);
    if (rc == 0 && run->knobs.client == CLIENT_THREADS && !s->args->model->uses_loop)
        rc = error_fill(err, -ENOSYS, "client threads waits on an event loop, and this model blocks");
    if (rc == 0 && row->service && !run_service(run, row->service))
        rc = error_fill(err, -EINVAL, "task '%.64s' needs the service %s (--service %s=URL)", s->task.task->name,
                        row->service, row->service);
    if (rc == 0 && row->connects)
        s->record.connections = 0;
    return rc;
}

/* The dispenser that the knob says. */
static int dispenser_find(enum dispenser_choice choice, const struct dispenser_kind **kind, struct cobench_error *err)
{
    static const struct plugin plugins[] = {
        [DISPENSER_REDIS] = {"plugins/redis.so", DISPENSER_SYMBOL, DISPENSER_VERSION,
                             "dispenser redis cannot run here (it is built where libhiredis-dev is installed)"},
        [DISPENSER_ZMQ] = {"plugins/zmq.so", DISPENSER_SYMBOL, DISPENSER_VERSION,
                           "dispenser zmq cannot run here (it is built where libzmq3-dev is installed)"},
    };
    const void *found = NULL;
    void *handle = NULL;               /* stays loaded: the process is about to end */
    if (choice == DISPENSER_REDIS_AOF) /* another service, by the same means */
        choice = DISPENSER_REDIS;
    if (choice == DISPENSER_QUEUE || choice == DISPENSER_PIPE) {
        *kind = choice == DISPENSER_QUEUE ? &dispenser_queue : &dispenser_pipe;
        return 0;
    }
    const int rc = plugin_load(&plugins[choice], &found, &handle, err);
    *kind = found;
    return rc;
}

static int dispenser_settle(struct session *s, struct cobench_error *err)
{
    struct run *run = &s->run;
    const struct model *model = s->args->model;
    const bool open_loop = s->args->arrivals.rate != 0;
    const struct dispenser_kind *kind;
    run->dispenser = &s->dispenser;
    if (open_loop) {
        dispenser_fill(run->slots, run->jobs, &s->args->arrivals);
        dispenser_schedule(&s->dispenser, run->shared, run->slots, run->jobs);
    } else {
        dispenser_counter(&s->dispenser, run->shared, run->jobs);
    }
    if (!(model->feeds || s->args->queue) || run->knobs.dispenser == DISPENSER_COUNTER)
        return 0;
    const int64_t payload = run_payload(run, err);
    if (payload < 0)
        return (int)payload;
    const int rc = dispenser_find(run->knobs.dispenser, &kind, err);
    if (rc)
        return rc;
    const struct dispenser_options how = {
        .jobs = run->jobs,
        .workers = model->uses_loop ? 1 : run->workers,
        .in_flight = model->uses_loop ? run->workers : 1,
        .processes = model->uses_processes,
        .loop = model->uses_loop,
        .chunk = model->uses_loop ? 1 : (unsigned)run->knobs.chunk,
        .payload = (uint64_t)payload,
        .timeout_ns = run->request_timeout_ns,
        .service = run_service(run, run->knobs.dispenser == DISPENSER_REDIS_AOF ? "redis-aof" : kind->name),
        .slots = run->slots,
        .run = run,
        .queue = s->args->queue,
        .gate_ns = open_loop ? &run->shared->gate_ns : NULL,
    };
    return dispenser_open(&s->dispenser, kind, &how, err);
}

/* How a model's jobs wait for jobs. */
static int join_settle(struct session *s, struct cobench_error *err)
{
    const struct model *model = s->args->model;
    struct run *run = &s->run;
    const bool has_knob = knob_touches(knobs_find("join"), model->name);
    const enum join_way way = model->one_at_a_time ? JOIN_ALONE
                              : model->uses_loop   ? JOIN_LOOP
                              : has_knob           ? (enum join_way)run->knobs.join
                                                   : JOIN_BLOCK;
    if (run->task->asks != COBENCH_ASK_JOBS)
        return 0;
    run->join = &s->join;
    return join_open(&s->join, way, run->workers, run->shared, run->slots, run->jobs, err);
}

static int memory_settle(struct session *s, struct cobench_error *err)
{
    struct run *run = &s->run;
    int rc = 0;
    if (s->args->queue) {
        run->serves_as = s->args->worker;
        run->slot_unused = UINT64_MAX;
        run->slots = &s->own_slot;
    } else {
        rc = slots_open(&s->slots, s->args->slots, run->jobs, err);
        if (rc)
            return rc;
        slots_prefault(s->slots.slot, s->slots.jobs);
        run->slots = s->slots.slot;
    }
    rc = shared_state_open(&run->shared);
    if (rc)
        return error_fill(err, rc, "no shared memory: %s", strerror(-rc));
    rc = join_settle(s, err);
    if (rc == 0)
        rc = dispenser_settle(s, err);
    if (rc == 0 && s->args->task.name && function_is_one(s->args->task.name) && !s->args->queue)
        rc = hang_open(&s->hang, s->args->model->uses_processes ? run->workers : 0);
    if (rc || (!s->args->model->uses_processes && !s->args->model->engine))
        return rc;
    rc = children_open(&s->children, s->args->model->engine ? 1 : run->workers);
    if (rc)
        return error_fill(err, rc, "out of memory for %u processes", run->workers);
    run->children = &s->children;
    return 0;
}

int session_open_rank(struct session *s, struct cobench_error *err)
{
    const int rc = task_settle(s, err);
    return rc ? rc : transport_settle(s, err);
}

bool session_open(struct session *s)
{
    struct cobench_error err;
    error_clear(&err);
    int rc = task_settle(s, &err);
    if (rc == 0)
        rc = sharing_check(s, &err);
    if (rc == 0)
        rc = model_check(s->args->model, &err);
    if (rc == 0)
        rc = transport_settle(s, &err);
    if (rc == 0)
        rc = memory_settle(s, &err);
    if (rc == 0)
        return true;
    error_complete(&err, rc);
    session_fail(s, error_is_limit(rc) ? RECORD_IMPOSSIBLE : RECORD_USAGE, err.message);
    return false;
}

/* -- how it went ------------------------------------------------------------------------------------------------------ */

static void failures_collect(struct session *s)
{
    s->record.failure_count = shared_state_failures(s->run.shared, s->record.failures);
    s->record.failed_jobs = s->run.shared->failed;
    const struct runtime_python *python = s->python;
    if (python)
        s->record.python = *python;
    if (python && atomic_load_explicit(&s->run.shared->lock_on, memory_order_acquire)) {
        s->record.python.gil_known = s->record.python.gil = true;
        memcpy(s->record.python.gil_by, s->run.shared->lock_by, sizeof s->run.shared->lock_by);
    }
    if (s->record.connections >= 0)
        s->record.connections = (int64_t)s->run.shared->connections;
}

/* The first job that failed, or was given up; NULL: none, or it was only never run. */
static const struct failure *failed_job(const struct record *record)
{
    for (unsigned i = 0; i < record->failure_count; i++)
        if (record->failures[i].job != FAILURE_NO_JOB && strcmp(record->failures[i].error.type, "NotRun") != 0)
            return &record->failures[i];
    return NULL;
}

/* Whether a failure behind the first says so, which is never to be found in the record alone. */
static bool done_twice(const struct record *record)
{
    for (unsigned i = 1; i < record->failure_count; i++)
        if (strcmp(record->failures[i].error.type, "DoneTwice") == 0)
            return strcmp(record->failures[0].error.type, "DoneTwice") != 0;
    return false;
}

/* One line from the first failure, the first of a job's, and the number of the others. */
static void failures_explain(struct session *s)
{
    const struct record *record = &s->record;
    const struct failure *first = &record->failures[0], *of_job = failed_job(record);
    if (s->run.transport &&
        strcmp(first->error.type, "Impossible") == 0) { /* of every job: what they ask for cannot be had here */
        session_fail(s, RECORD_IMPOSSIBLE, first->error.message);
        return;
    }
    char line[sizeof record->reason], others[48] = "", before[sizeof first->error.message + 2] = "",
                                      told[sizeof first->error.type + sizeof first->error.message + 40];

    if (record->failed_jobs > 1)
        snprintf(others, sizeof others, " (%llu more job%s failed)", (unsigned long long)record->failed_jobs - 1,
                 record->failed_jobs > 2 ? "s" : "");
    if (first->job == FAILURE_NO_JOB)
        snprintf(before, sizeof before, "%s%s", first->error.message, of_job ? "; " : "");
    else
        of_job = first;
    const char *twice = done_twice(record) ? "; and jobs were done twice" : "";
    if (of_job)
        snprintf(line, sizeof line, "%sjob %llu: %s%s%s", before, (unsigned long long)of_job->job,
                 error_words(&of_job->error, told, sizeof told), others, twice);
    else
        snprintf(line, sizeof line, "%s%s%s", before, others, twice);
    session_fail(s, RECORD_FAILED, line);
}

/* Fills in one of the two and then publishes it whole: the watchdog may be making the record meanwhile. */
static void python_note(struct session *s, struct runtime_python *python)
{
    if (s->run.serves) /* which has no record */
        return;
    runtime.python(s->run.state, python);
    s->python = python;
}

void session_run(struct session *s)
{
    struct run *run = &s->run;
    const bool here = run->knobs.start_method == START_FORK;

    error_clear(&s->error);
    s->rc = here ? run_open_task(run, &s->error) : 0;
    if (s->rc)
        return;
    s->opened = true;
    if (!s->args->queue)
        s->rc = run_prepare(run, &s->error);
    if (s->rc == 0 && run->connections > 0 && !s->args->model->uses_loop)
        s->rc = clients_open(run, &run->clients, &s->error);
    if (s->rc) {
        if (here)
            run_close_task(run);
        return;
    }
    python_note(s, &s->python_open); /* now, for a run that does not come to its end */
    s->rc = s->args->model->run(run, &s->error);
    if (s->rc == 0 && !run->serves)
        run_account(run);
    if (s->rc == 0 && run->task->audit && run->shared->failed == 0) {
        s->rc = run_audit(run, &s->audit, &s->error);
        s->audited = s->rc == 0;
    }
    python_note(s, &s->python_ended);
    dispenser_close(&s->dispenser);
    clients_close(run->clients);
    if (here)
        run_close_task(run);
}

/* What the gate left; the CPU time was written before the stamp, which is atomic. */
static void ready_note(struct session *s)
{
    s->record.ready_ns = s->run.ready_ns;
    s->record.ready_cpu_ns = s->record.ready_ns != 0 ? s->run.ready_cpu_ns : 0;
}

void session_conclude(struct session *s)
{
    failures_collect(s);
    ready_note(s);
    if (s->rc) {
        const enum record_status status = s->opened && !s->run.shared->unopened ? RECORD_FAILED : RECORD_USAGE;
        char line[sizeof s->record.reason];
        error_complete(&s->error, s->rc);
        if (status == RECORD_USAGE) /* the message says all of it: run_open_task */
            snprintf(line, sizeof line, "%s", s->error.message);
        else
            error_tell(&s->error, s->rc, line, sizeof line);
        session_fail(s, error_is_limit(s->rc) ? RECORD_IMPOSSIBLE : status, line);
        return;
    }
    s->record.work_ns = s->run.work_ns;
    if (s->join.paths && s->record.failure_count == 0)
        s->record.dependencies = &s->join.graph;
    s->record.audited = s->audited;
    s->record.audit = s->audit;
    if (s->record.failure_count > 0)
        failures_explain(s);
}

/* What is said of a job that runs when the run is given up. */
static void running_fail(const struct session *s, uint64_t job, const char *seconds, struct failure *failure)
{
    const struct slot *slot = &s->run.slots[job];
    const char *type = s->stuck ? "Deadlock" : s->hang.type ? s->hang.type : "Timeout";
    *failure = (struct failure){
        .job = job, .worker = slot->worker, .rc = s->stuck || s->hang.type ? -EDEADLK : -ETIMEDOUT};
    snprintf(failure->error.type, sizeof failure->error.type, "%s", type);
    if (s->hang.type)
        error_fill(&failure->error, 0, "waits for a lock, and can never go on");
    else if (s->stuck)
        error_fill(&failure->error, 0, "waits for job %llu", (unsigned long long)slot->awaits - 1);
    else
        error_fill(&failure->error, 0, "still running after %s s", seconds);
}

/* Adds the jobs that run now, of a worker that was found to hang its own, to the record's failures and their names to `line`.
 * Returns how many. */
static uint64_t running_collect(struct session *s, const char *seconds, char *line, size_t size)
{
    struct record *record = &s->record;
    const bool of_one = s->hang.type && s->hang.worker >= 0;
    uint64_t count = 0;
    size_t at = 0;

    for (uint64_t job = 0; job < run_slot_count(&s->run); job++) {
        const struct slot *slot = &s->run.slots[job];
        if (__atomic_load_n(&slot->state, __ATOMIC_ACQUIRE) != SLOT_RUNNING ||
            (of_one && s->hang.worker != slot->worker))
            continue;
        if (count < 3 && at < size)
            at += (size_t)snprintf(line + at, size - at, "%sjob %llu", at ? ", " : "", (unsigned long long)job);
        if (count++ < 3 && at < size && !of_one)
            at += (size_t)snprintf(line + at, size - at, " (worker %d)", slot->worker);
        if (record->failure_count < FAILURES_MAX)
            running_fail(s, job, seconds, &record->failures[record->failure_count++]);
    }
    if (count > 3 && at < size)
        snprintf(line + at, size - at, " and %llu more", (unsigned long long)(count - 3));
    return count;
}

static bool all_ended(const struct session *s)
{
    for (uint64_t job = 0; job < run_slot_count(&s->run); job++)
        if (__atomic_load_n(&s->run.slots[job].state, __ATOMIC_ACQUIRE) < SLOT_DONE)
            return false;
    return true;
}

bool session_look(struct session *s)
{
    s->stuck = s->run.join && join_is_stuck(&s->join, &s->look);
    return s->stuck || (s->hang.before && hang_look(&s->hang, &s->children));
}

/* "deadlock: 4 of 4 workers wait for jobs 8 to 11, ..." */
static void deadlock_tell(const struct session *s, char *line, size_t size)
{
    const bool can_help = knob_touches(knobs_find("join"), s->args->model->name);
    const int at = snprintf(line, size, "deadlock: ");
    join_explain(&s->join, can_help, line + at, size - (size_t)at);
}

void session_expire(struct session *s)
{
    char seconds[32], running[200] = "", line[sizeof s->record.reason];

    snprintf(seconds, sizeof seconds, "%.12g", (double)s->args->timeout_ns / (double)NS_PER_S);
    failures_collect(s);
    ready_note(s);
    const uint64_t count = running_collect(s, seconds, running, sizeof running);
    if (s->stuck)
        deadlock_tell(s, line, sizeof line);
    else if (s->hang.type)
        hang_explain(&s->hang, running, line, sizeof line);
    else if (count == 0 && all_ended(s))
        snprintf(line, sizeof line,
                 "timed out after %s s: all jobs had ended, but not their workers or what those started", seconds);
    else if (count == 0)
        snprintf(line, sizeof line, "timed out after %s s: not all jobs had ended, and none was running here", seconds);
    else
        snprintf(line, sizeof line, "timed out after %s s: %s still running", seconds, running);
    session_fail(s, RECORD_FAILED, line);
    s->record.hazard = s->hang.type ? hang_kind(&s->hang) : NULL;
    session_kill(s);
}

/* Kills each command with its group. False: a job is at the start of its command, and its process not known yet. */
static bool commands_kill(const struct run *run)
{
    bool all = true;
    for (uint64_t job = 0; job < run_slot_count(run); job++) {
        const bool runs = __atomic_load_n(&run->slots[job].state, __ATOMIC_ACQUIRE) == SLOT_RUNNING;
        all = (slot_kill_command(&run->slots[job]) || !runs) && all;
    }
    return all;
}

void session_kill(struct session *s)
{
    enum { LOOKS = 1000 };
    s->run.shared->ending = 1; /* from here on nobody starts one, so that in the end all are known */
    for (int look = 0; s->run.task->asks == COBENCH_ASK_COMMAND && look < LOOKS && !commands_kill(&s->run); look++)
        clock_sleep_until(clock_now_ns() + NS_PER_MS);
    children_kill(&s->children);
    run_folder_remove(&s->run);
    dispenser_abandon(&s->dispenser);
}

/* -- giving it back --------------------------------------------------------------------------------------------------- */

void session_release(struct session *s)
{
    slots_close(&s->slots);
    s->run.slots = NULL;
}

void session_close(struct session *s)
{
    session_release(s);
    dispenser_close(&s->dispenser);
    children_close(&s->children);
    join_close(&s->join);
    hang_close(&s->hang);
    shared_state_close(s->run.shared);
    /* The transport stays loaded: the process is about to end, and to unmap thirty libraries first is time lost. */
    params_close(&s->params);
    tasks_unload(&s->task);
}
