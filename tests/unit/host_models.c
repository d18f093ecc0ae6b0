/* SPDX-License-Identifier: MIT */
/* Every model through the internal interface: each job exactly once with its own result, the order of the contract's
 * calls, and failures that stay with their job. */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "tests/unit/unit.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/clock.h"
#include "host/children.h"
#include "host/dispenser.h"
#include "host/end_pause.h"
#include "host/error.h"
#include "host/limits.h"
#include "host/models.h"
#include "host/run.h"
#include "host/shared_state.h"
#include "host/worker.h"

/* What the test task was called for, in memory that forked workers share. */
struct calls {
    _Atomic unsigned open, close, worker_open, worker_close, before, parent, child, run, flags;
    _Atomic unsigned wrong; /* calls that were not as the contract has them: a child may not assert */
    bool worker_fails;      /* worker_open does */
    uint64_t fails_from;    /* run does from this job on */
    bool delays;
    uint64_t exits_at; /* run ends its process there */
};

static struct calls *calls; /* the task has no other way to find it: its state is what is tested */

static int probe_open(const struct cobench_open *how, void **state, struct cobench_error *err)
{
    (void)err;
    calls->wrong += how->jobs == 0;
    calls->open++;
    *state = calls;
    return 0;
}

static void probe_close(void *state) { ((struct calls *)state)->close++; }

static void probe_before(void *state) { ((struct calls *)state)->before++; }

static void probe_parent(void *state) { ((struct calls *)state)->parent++; }

static void probe_child(void *state) { ((struct calls *)state)->child++; }

static int probe_worker_open(void *state, unsigned flags, void **worker, struct cobench_error *err)
{
    struct calls *c = state;
    c->flags |= flags;
    c->worker_open++;
    *worker = c;
    return c->worker_fails ? error_fill(err, -EPERM, "planted") : 0;
}

static void probe_worker_close(void *state, void *worker)
{
    calls->wrong += state != worker;
    ((struct calls *)state)->worker_close++;
}

static int probe_request(void *state, void *worker, uint64_t job, struct cobench_request *ask,
                         struct cobench_error *err)
{
    (void)worker, (void)err;
    if (((struct calls *)state)->delays && job % 2 == 0) {
        ask->ask = COBENCH_ASK_DELAY;
        ask->delay_ns = NS_PER_MS;
    }
    return 0;
}

static int probe_run(void *state, void *worker, uint64_t job, const struct cobench_reply *reply, uint64_t *result,
                     struct cobench_error *err)
{
    struct calls *c = state;
    calls->wrong += state != worker || reply || err->type[0];
    c->run++;
    if (c->exits_at && job == c->exits_at)
        _exit(0);
    *result = job * 7 + 1;
    return job >= c->fails_from ? error_fill(err, -ERANGE, "planted") : 0;
}

static const struct cobench_task probe = {
    .contract = COBENCH_CONTRACT_VERSION,
    .kind = COBENCH_KIND_MIXED,
    .asks = COBENCH_ASK_DELAY,
    .name = "probe",
    .about = "for tests",
    .default_jobs = 1,
    .open = probe_open,
    .close = probe_close,
    .before_fork = probe_before,
    .after_fork_parent = probe_parent,
    .after_fork_child = probe_child,
    .worker_open = probe_worker_open,
    .worker_close = probe_worker_close,
    .request = probe_request,
    .run = probe_run,
};

#define JOBS_MAX 1000u

/* One run of the probe; what it leaves behind is in the fixture until the next one. */
struct fixture {
    struct run run;
    struct dispenser dispenser;
    const struct end_pause *end_pause; /* of the next run */
    const struct dispenser_kind *kind; /* likewise, where its model can be fed; NULL: the counter */
    struct dispenser_options options;  /* chunk, payload */
    int64_t kill_after_ns;             /* not 0: a worker process is killed so long after the gate */
    struct children children;
    struct cobench_error err;
    struct slot *slots;
    const struct model *models[16]; /* ends with NULL */
};

static void *shared_new(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(memory != MAP_FAILED);
    return memory;
}

static int fed_open(struct fixture *f, const struct model *model)
{
    f->options.jobs = f->run.jobs;
    f->options.workers = model->uses_loop ? 1 : f->run.workers;
    f->options.in_flight = model->uses_loop ? f->run.workers : 1;
    f->options.processes = model->uses_processes;
    f->options.loop = model->uses_loop;
    f->options.slots = f->slots;
    return dispenser_open(&f->dispenser, f->kind, &f->options, &f->err);
}

static void *killer_main(void *arg)
{
    struct fixture *f = arg;
    int64_t gate_ns;
    while ((gate_ns = f->run.shared->gate_ns) == 0)
        clock_sleep_until(clock_now_ns() + 10 * NS_PER_US);
    clock_sleep_until(gate_ns + f->kill_after_ns);
    pthread_mutex_lock(&f->children.lock);
    if (f->children.count > 0)
        kill(f->children.list[0].pid, SIGKILL);
    pthread_mutex_unlock(&f->children.lock);
    return NULL;
}

static int model_run(struct fixture *f, const struct model *model)
{
    pthread_t killer;
    if (f->kill_after_ns)
        assert_int_equal(pthread_create(&killer, NULL, killer_main, f), 0);
    const int rc = model->run(&f->run, &f->err);
    if (f->kill_after_ns)
        pthread_join(killer, NULL);
    dispenser_close(&f->dispenser);
    return rc;
}

static int model_try(struct fixture *f, const struct model *model, enum start_method method, uint64_t jobs,
                     unsigned workers)
{
    struct run *run = &f->run;
    struct shared_state *shared = run->shared;
    memset(f->slots, 0, JOBS_MAX * sizeof *f->slots);
    memset(shared, 0, sizeof *shared);
    *run = (struct run){.task = &probe,
                        .jobs = jobs,
                        .workers = workers,
                        .knobs = {.start_method = method},
                        .slots = f->slots,
                        .shared = shared,
                        .dispenser = &f->dispenser,
                        .end_pause = f->end_pause,
                        .gate_read = -1,
                        .gate_write = -1};
    dispenser_counter(&f->dispenser, shared, jobs);
    error_clear(&f->err);
    if (f->kind && model->feeds)
        assert_int_equal(fed_open(f, model), 0);
    assert_int_equal(children_open(&f->children, workers), 0);
    run->children = &f->children;
    if (method == START_FORK)
        assert_int_equal(run_open_task(run, &f->err), 0);
    const int rc = model_run(f, model);
    if (method == START_FORK)
        run_close_task(run);
    if (rc == 0)
        run_account(run);
    assert_int_equal(calls->wrong, 0);
    assert_int_equal(f->children.count, 0);
    children_close(&f->children);
    return rc;
}

/* Those of the table that this machine has what it takes for. */
static void models_find(struct fixture *f)
{
    size_t count = 0;
    for (const struct model *const *m = models; *m; m++) {
#ifdef __SANITIZE_THREAD__
        if (*m == &model_openmp) /* its library is not compiled for this sanitizer, which then sees races */
            continue;
#endif
        if ((*m)->engine) /* its ranks are the host's own program, which this is not: tests/test_mpi.py */
            continue;
        if (!(*m)->extra || model_try(f, *m, START_FORK, 1, 1) != -ELIBACC)
            f->models[count++] = *m;
        else
            print_message("skipped: %s: %s\n", (*m)->name, f->err.message);
    }
    memset(f->run.shared, 0, sizeof *f->run.shared);
    memset(calls, 0, sizeof *calls);
    calls->fails_from = UINT64_MAX;
}

static int fixture_setup(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    signal(SIGPIPE, SIG_IGN); /* as the host does */
    calls = shared_new(sizeof *calls);
    calls->fails_from = UINT64_MAX;
    f.slots = shared_new(JOBS_MAX * sizeof *f.slots);
    *state = &f;
    const int rc = shared_state_open(&f.run.shared);
    if (rc == 0)
        models_find(&f);
    return rc;
}

static int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    shared_state_close(f->run.shared);
    munmap(f->slots, JOBS_MAX * sizeof *f->slots);
    munmap(calls, sizeof *calls);
    return 0;
}

static void all_done_check(const struct fixture *f)
{
    for (uint64_t job = 0; job < f->run.jobs; job++) {
        const struct slot *slot = &f->slots[job];
        assert_int_equal(slot->state, SLOT_DONE);
        assert_int_equal(slot->runs, 1);
        assert_int_equal(slot->result, job * 7 + 1);
        assert_true(f->run.ready_ns <= slot->start_ns && slot->start_ns <= slot->end_ns);
        assert_true(slot->end_ns <= f->run.work_ns);
        if (calls->delays && job % 2 == 0)
            assert_true(slot->start_ns + NS_PER_MS <= slot->replied_ns && slot->replied_ns <= slot->end_ns);
        else
            assert_int_equal(slot->replied_ns, 0);
    }
    assert_int_equal(f->run.shared->ended, f->run.jobs);
    assert_int_equal(f->run.shared->failed, 0);
}

static const enum start_method methods[] = {START_FORK, START_SPAWN};

TEST_WITH(test_each_job_once, fixture_setup, fixture_teardown, struct fixture *f)
{
    static const struct {
        uint64_t jobs;
        unsigned workers;
    } rows[] = {{1, 1}, {8, 1}, {8, 3}, {9, 9}, {100, 7}};
    for (unsigned delays = 0; delays < 2; delays++)
        for (size_t m = 0; f->models[m]; m++)
            for (size_t k = 0; k < (f->models[m]->uses_processes ? 2 : 1); k++)
                for (size_t i = 0; i < COUNT(rows); i++) {
                    calls->delays = delays;
                    assert_int_equal(model_try(f, f->models[m], methods[k], rows[i].jobs, rows[i].workers), 0);
                    all_done_check(f);
                }
}

TEST_WITH(test_order_of_calls, fixture_setup, fixture_teardown, struct fixture *f)
{
    const unsigned jobs = 12, workers = 3;
    for (size_t m = 0; f->models[m]; m++)
        for (size_t k = 0; k < (f->models[m]->uses_processes ? 2 : 1); k++) {
            const bool pool = strstr(f->models[m]->name, "pool") != NULL || f->models[m] == &model_openmp ||
                              f->models[m]->isolates;
            const unsigned loops = f->models[m]->one_at_a_time ? 1 : limits_loops(f->models[m], workers);
            const unsigned opened = loops ? loops : pool ? workers : jobs;
            const unsigned forks = f->models[m]->uses_processes && k == 0 ? opened : 0;
            memset(calls, 0, sizeof *calls);
            calls->fails_from = UINT64_MAX;
            assert_int_equal(model_try(f, f->models[m], methods[k], jobs, workers), 0);
            assert_int_equal(calls->open, k == 0 ? 1 : opened);
            assert_int_equal(calls->close, calls->open);
            assert_int_equal(calls->worker_open, opened);
            assert_int_equal(calls->worker_close, opened);
            assert_int_equal(calls->run, jobs);
            assert_int_equal(calls->flags, f->models[m]->uses_processes ? COBENCH_WORKER_PROCESS
                                           : f->models[m]->isolates     ? COBENCH_WORKER_ISOLATED
                                                                        : 0);
            assert_int_equal(calls->before, forks);
            assert_int_equal(calls->parent, forks);
            assert_int_equal(calls->child, forks);
        }
}

TEST_WITH(test_failures_stay_with_their_jobs, fixture_setup, fixture_teardown, struct fixture *f)
{
    const uint64_t jobs = 30;
    for (size_t m = 0; f->models[m]; m++) {
        struct failure failures[FAILURES_MAX];
        calls->fails_from = 10;
        assert_int_equal(model_try(f, f->models[m], START_FORK, jobs, 4), 0);
        assert_int_equal(f->run.shared->failed, 20);
        assert_int_equal(f->run.shared->ended, jobs);
        assert_int_equal(shared_state_failures(f->run.shared, failures), FAILURES_MAX);
        for (unsigned i = 0; i < FAILURES_MAX; i++) {
            assert_true(failures[i].job >= 10);
            assert_int_equal(failures[i].rc, -ERANGE);
            assert_string_equal(failures[i].error.type, "ERANGE");
            assert_string_equal(failures[i].error.message, "planted");
            assert_int_equal(failures[i].worker, f->slots[failures[i].job].worker);
        }
        for (uint64_t job = 0; job < jobs; job++) {
            assert_int_equal(f->slots[job].state, job < 10 ? SLOT_DONE : SLOT_FAILED);
            assert_int_equal(f->slots[job].result, job < 10 ? job * 7 + 1 : 0);
            assert_int_equal(f->slots[job].runs, 1);
        }
    }
}

/* A worker that does not open ends the run of a pool, and its job where there is a worker for each. */
TEST_WITH(test_workers_that_do_not_open, fixture_setup, fixture_teardown, struct fixture *f)
{
    for (size_t m = 0; f->models[m]; m++)
        for (size_t k = 0; k < (f->models[m]->uses_processes ? 2 : 1); k++) {
            const bool each = f->models[m] == &model_threads || f->models[m] == &model_processes;
            calls->worker_fails = true;
            const int rc = model_try(f, f->models[m], methods[k], 6, 2);
            assert_int_equal(calls->run, 0);
            assert_int_equal(rc, each ? 0 : -EPERM);
            if (each)
                assert_int_equal(f->run.shared->failed, 6);
            else
                assert_string_equal(f->err.message, "planted");
        }
}

/* A worker that a job ends by exit(0) is a crash like any other, and the last to end tells the driver. */
TEST_WITH(test_a_worker_that_exits, fixture_setup, fixture_teardown, struct fixture *f)
{
    for (size_t m = 0; f->models[m]; m++)
        for (size_t k = 0; f->models[m]->uses_processes && k < 2; k++) {
            struct failure failures[FAILURES_MAX];
            int pipes[2];
            assert_int_equal(pipe(pipes), 0);
            const struct end_pause pause = {.read = pipes[0], .write = pipes[1]};
            f->end_pause = &pause; /* the byte that is written ends the pause, too */
            calls->exits_at = 5;
            assert_int_equal(model_try(f, f->models[m], methods[k], 6, 1), 0);
            assert_int_equal(f->run.shared->failed, 1);
            assert_int_equal(shared_state_failures(f->run.shared, failures), 1);
            assert_string_equal(failures[0].error.type, "Crash");
            assert_non_null(strstr(failures[0].error.message, "exited with status 0 while running job 5"));
            assert_int_equal(f->run.shared->paused, 1);
            close(pipes[0]);
            close(pipes[1]);
        }
}

/* -- workers that are fed --------------------------------------------------------------------------------------------- */

static const struct dispenser_kind *const kinds[] = {&dispenser_queue, &dispenser_pipe};

static const struct model *const fed[] = {&model_thread_pool, &model_process_pool, &model_async};

TEST_WITH(test_fed, fixture_setup, fixture_teardown, struct fixture *f)
{
    static const struct {
        uint64_t jobs;
        unsigned workers, chunk;
        uint64_t payload;
        bool delays;
    } rows[] = {{1, 1, 1, 0, false},       {JOBS_MAX, 1, 1, 0, false}, {JOBS_MAX, 3, 1, 0, false},
                {100, 7, 1, 1, true},      {100, 3, 7, 0, false},      {100, 100, 1000, 3, false},
                {20, 3, 1, 200000, false}, {20, 3, 4, 200000, true}};
    for (size_t i = 0; i < COUNT(rows) * COUNT(kinds) * COUNT(fed); i++) {
        const struct model *model = fed[i % COUNT(fed)];
        const size_t row = i / COUNT(fed) % COUNT(rows);
        f->kind = kinds[i / COUNT(fed) / COUNT(rows)];
        f->options = (struct dispenser_options){.chunk = model->uses_loop ? 1 : rows[row].chunk,
                                                .payload = rows[row].payload};
        calls->delays = rows[row].delays;
        for (unsigned k = 0; k < (model->uses_processes ? 2 : 1); k++) {
            assert_int_equal(model_try(f, model, methods[k], rows[row].jobs, rows[row].workers), 0);
            all_done_check(f);
        }
    }
}

/* At any instant, also with the ring's lock in its hands: the run ends, and what was not done is said. */
TEST_WITH(test_fed_workers_that_are_killed, fixture_setup, fixture_teardown, struct fixture *f)
{
    unsigned killed = 0;
    for (unsigned i = 0; i < 120; i++) {
        uint64_t done = 0;
        f->kill_after_ns = i / 6 * 25 * NS_PER_US + 1;
        f->kind = kinds[i % 2];
        f->options = (struct dispenser_options){.chunk = 1 + i % 3, .payload = i % 5 == 0 ? 100000 : 0};
        assert_int_equal(model_try(f, &model_process_pool, START_FORK, JOBS_MAX, 1 + i % 4), 0);
        for (uint64_t job = 0; job < JOBS_MAX; job++) {
            done += f->slots[job].state == SLOT_DONE;
            assert_true(f->slots[job].runs <= 1);
        }
        assert_int_equal(done + f->run.shared->failed, JOBS_MAX);
        killed += f->run.shared->failed > 0;
        assert_true(i % 4 == 0 || f->run.shared->failed <= 1 + i % 3);
    }
    assert_true(killed > 0);
}

/* -- the dispenser under threads ---------------------------------------------------------------------------------------- */

#define DRAWERS 4
#define TICKETS 200000u

struct drawer {
    struct dispenser *dispenser;
    unsigned id;
    uint64_t drawn, sum;
    bool in_order;
};

static void *drawer_main(void *arg)
{
    struct drawer *d = arg;
    uint64_t job, last = 0;
    d->in_order = true;
    while (dispenser_next(d->dispenser, d->id, &job)) {
        d->in_order = d->in_order && (d->drawn == 0 || job > last);
        last = job;
        d->drawn++;
        d->sum += job;
    }
    return NULL;
}

TEST_WITH(test_dispenser, fixture_setup, fixture_teardown, struct fixture *f)
{
    struct drawer drawers[DRAWERS];
    pthread_t threads[DRAWERS];
    struct dispenser dispenser;
    uint64_t drawn = 0, sum = 0;
    dispenser_counter(&dispenser, f->run.shared, TICKETS);
    for (unsigned i = 0; i < DRAWERS; i++) {
        drawers[i] = (struct drawer){.dispenser = &dispenser, .id = i};
        assert_int_equal(pthread_create(&threads[i], NULL, drawer_main, &drawers[i]), 0);
    }
    for (unsigned i = 0; i < DRAWERS; i++) {
        pthread_join(threads[i], NULL);
        assert_true(drawers[i].in_order);
        drawn += drawers[i].drawn;
        sum += drawers[i].sum;
    }
    assert_int_equal(drawn, TICKETS);
    assert_int_equal(sum, (uint64_t)TICKETS * (TICKETS - 1) / 2);
}
