/* SPDX-License-Identifier: MIT */
/* Jobs that need jobs, one step at a time: who claims what, what a worker does next, who is woken, and what is a deadlock. */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "tests/unit/unit.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/error.h"
#include "host/join.h"
#include "host/shared_state.h"

enum { JOBS = 32 };

/* A run of so many jobs, in memory that forked processes share. */
struct fixture {
    struct slot *slots;
    struct shared_state *shared;
    struct join join;
    struct join_stack stack;
};

static struct cobench_error err;

static void fixture_open(struct fixture *f, enum join_way way, unsigned workers)
{
    *f = (struct fixture){0};
    f->slots = mmap(NULL, JOBS * sizeof *f->slots, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(f->slots != MAP_FAILED);
    assert_int_equal(shared_state_open(&f->shared), 0);
    assert_int_equal(join_open(&f->join, way, workers, f->shared, f->slots, JOBS, &err), 0);
}

static void fixture_close(struct fixture *f)
{
    join_stack_close(&f->stack);
    join_close(&f->join);
    shared_state_close(f->shared);
    munmap(f->slots, JOBS * sizeof *f->slots);
}

/* A worker begins a job that needs these. */
static void begin(struct fixture *f, struct join_stack *stack, uint64_t job, const uint64_t *needs, size_t count)
{
    const struct cobench_request ask = {.ask = COBENCH_ASK_JOBS, .jobs = needs, .job_count = count};
    if (f->slots[job].state == SLOT_EMPTY)
        assert_true(join_claim(&f->join, job));
    join_publish(&f->join, job, count > 0 ? &ask : NULL);
    if (count > 0)
        assert_int_equal(join_push(&f->join, stack, job, &ask, &err), 0);
}

static void end(struct fixture *f, uint64_t job, uint64_t result)
{
    f->slots[job].result = result;
    __atomic_store_n(&f->slots[job].state, SLOT_DONE, __ATOMIC_RELEASE);
    join_wake(&f->join, job);
}

/* -- what a worker does next ------------------------------------------------------------------------------------------- */

TEST(test_a_job_is_claimed_once)
{
    struct fixture f;
    fixture_open(&f, JOIN_BLOCK, 2);
    assert_true(join_claim(&f.join, 3));
    assert_int_equal(f.slots[3].state, SLOT_RUNNING);
    assert_false(join_claim(&f.join, 3));
    end(&f, 3, 1);
    assert_false(join_claim(&f.join, 3));
    assert_true(join_ended(&f.join, 3) && !join_ended(&f.join, 4));
    fixture_close(&f);
}

TEST(test_a_worker_that_blocks)
{
    static const uint64_t needs[] = {7, 5, 7};
    struct fixture f;
    struct cobench_reply reply;
    uint64_t job, got[3];
    fixture_open(&f, JOIN_BLOCK, 2);
    begin(&f, &f.stack, 0, needs, 3);
    assert_int_equal(join_next(&f.join, &f.stack, &job), JOIN_WAIT);
    assert_int_equal(job, 7);
    end(&f, 5, 50);
    assert_int_equal(join_next(&f.join, &f.stack, &job), JOIN_WAIT);
    end(&f, 7, 70);
    assert_int_equal(join_next(&f.join, &f.stack, &job), JOIN_READY);
    assert_int_equal(join_reply(&f.join, &f.stack, &reply), 0);
    assert_int_equal(reply.length, sizeof got);
    memcpy(got, reply.body, sizeof got);
    assert_true(got[0] == 70 && got[1] == 50 && got[2] == 70);
    join_pop(&f.stack);
    assert_int_equal(f.stack.depth, 0);
    fixture_close(&f);
}

TEST(test_a_worker_that_helps)
{
    static const uint64_t of_0[] = {1, 2}, of_1[] = {3, 4}, of_3[] = {9};
    struct fixture f;
    struct join_stack other = {0};
    uint64_t job;
    fixture_open(&f, JOIN_HELP, 2);
    begin(&f, &other, 1, of_1, 2);
    begin(&f, &other, 3, of_3, 1);
    begin(&f, &other, 9, NULL, 0);
    begin(&f, &f.stack, 0, of_0, 2);
    assert_int_equal(join_next(&f.join, &f.stack, &job), JOIN_BEGIN);
    assert_int_equal(job, 2); /* what it needs itself */
    assert_int_equal(f.slots[0].awaits, 2 + 1);
    end(&f, 2, 0);
    assert_int_equal(join_next(&f.join, &f.stack, &job), JOIN_BEGIN);
    assert_int_equal(job, 4); /* what job 1 needs, which another runs */
    assert_int_equal(f.slots[0].awaits, 1 + 1);
    begin(&f, &f.stack, 4, NULL, 0);
    end(&f, 4, 0);
    assert_int_equal(join_next(&f.join, &f.stack, &job), JOIN_WAIT);
    assert_int_equal(job, 1); /* and none of the 25 that it has nothing to do with */
    end(&f, 9, 0);
    end(&f, 3, 0);
    end(&f, 1, 0);
    assert_int_equal(join_next(&f.join, &f.stack, &job), JOIN_READY);
    assert_int_equal(f.slots[0].awaits, 0);
    join_stack_close(&other);
    fixture_close(&f);
}

TEST(test_a_worker_alone)
{
    static const uint64_t of_0[] = {1, 2}, of_2[] = {3, 0};
    struct fixture f;
    uint64_t job;
    fixture_open(&f, JOIN_ALONE, 1);
    begin(&f, &f.stack, 0, of_0, 2);
    assert_int_equal(join_next(&f.join, &f.stack, &job), JOIN_BEGIN);
    assert_int_equal(job, 1);
    end(&f, 1, 0);
    assert_int_equal(join_next(&f.join, &f.stack, &job), JOIN_BEGIN);
    begin(&f, &f.stack, job, of_2, 2);
    f.slots[3].state = SLOT_FAILED;
    assert_int_equal(join_next(&f.join, &f.stack, &job), JOIN_FAILED);
    assert_int_equal(job, 3);
    f.slots[3].state = SLOT_DONE;
    assert_int_equal(join_next(&f.join, &f.stack, &job), JOIN_WAIT);
    assert_int_equal(job, 0); /* further down: a circle */
    fixture_close(&f);
}

TEST(test_the_longest_path)
{
    static const uint64_t of_0[] = {1, 2};
    struct fixture f;
    struct cobench_reply reply;
    uint64_t job;
    fixture_open(&f, JOIN_ALONE, 1);
    begin(&f, &f.stack, 0, of_0, 2);
    for (uint64_t needed = 1; needed <= 2; needed++) {
        f.slots[needed].end_ns = 100 * (int64_t)needed;
        f.slots[needed].state = SLOT_DONE;
        join_note(&f.join, needed, 0, 0, 40);
    }
    assert_int_equal(join_next(&f.join, &f.stack, &job), JOIN_READY);
    assert_int_equal(join_reply(&f.join, &f.stack, &reply), 160);
    f.slots[0].end_ns = 500;
    join_note(&f.join, 0, 2, 160, 300);
    assert_int_equal(f.join.graph.edges, 2);
    assert_int_equal(f.join.graph.work_ns, 60 + 160 + 200);
    assert_int_equal(f.join.graph.path_ns, 160 + 200);
    fixture_close(&f);
}

/* -- waiting ----------------------------------------------------------------------------------------------------------- */

static void *wait_main(void *arg)
{
    const struct fixture *f = arg;
    join_wait(&f->join, 0, 1);
    return NULL;
}

/* A thread and a process wait for the same job, which another process ends. What the test takes is bounded by its runner. */
TEST(test_waits_end_in_threads_and_processes)
{
    struct fixture f;
    pthread_t thread;
    int status;
    fixture_open(&f, JOIN_BLOCK, 2);
    for (int round = 0; round < 200; round++) {
        f.slots[1].state = SLOT_EMPTY;
        assert_int_equal(pthread_create(&thread, NULL, wait_main, &f), 0);
        const pid_t waiter = fork();
        if (waiter == 0) {
            join_wait(&f.join, 2, 1);
            _exit(f.slots[1].result == 9 ? 0 : 1);
        }
        while (round % 2 == 0 &&
               f.shared->join_waiting < 2) /* both are about to sleep, or in the other rounds not yet */
            ;
        const pid_t ender = fork();
        if (ender == 0) {
            end(&f, 1, 9);
            _exit(0);
        }
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_int_equal(waitpid(waiter, &status, 0), waiter);
        assert_int_equal(status, 0);
        assert_int_equal(waitpid(ender, &status, 0), ender);
        assert_int_equal(f.shared->join_waiting, 0);
        assert_int_equal(f.shared->join_waiters[1], 0);
    }
    fixture_close(&f);
}

TEST(test_jobs_that_nobody_will_begin)
{
    struct fixture f;
    pthread_t thread;
    fixture_open(&f, JOIN_BLOCK, 2);
    f.slots[0].state = SLOT_RUNNING;
    end(&f, 2, 5);
    assert_int_equal(pthread_create(&thread, NULL, wait_main, &f), 0);
    join_abandon(&f.join);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(f.slots[0].state, SLOT_RUNNING);
    assert_int_equal(f.slots[1].state, SLOT_FAILED);
    assert_int_equal(f.slots[2].state, SLOT_DONE);
    fixture_close(&f);
}

/* -- the watch --------------------------------------------------------------------------------------------------------- */

/* So that job waits for needed, and is blocked. */
static void block(struct fixture *f, uint64_t job, uint64_t needed)
{
    f->slots[job].state = SLOT_RUNNING;
    f->slots[job].awaits = needed + 1;
    f->shared->join_waiting++;
}

static void assert_explained(const struct fixture *f, const char *expected)
{
    char line[400];
    join_explain(&f->join, true, line, sizeof line);
    assert_string_equal(line, expected);
}

TEST(test_all_places_taken)
{
    struct fixture f;
    struct join_look look = {0};
    fixture_open(&f, JOIN_BLOCK, 3);
    block(&f, 0, 8);
    block(&f, 1, 9);
    assert_false(join_is_stuck(&f.join, &look));
    assert_false(join_is_stuck(&f.join, &look)); /* a worker is free */
    f.slots[2].state = SLOT_RUNNING;
    assert_false(join_is_stuck(&f.join, &look));
    assert_false(join_is_stuck(&f.join, &look)); /* one computes */
    block(&f, 2, 1);
    assert_false(join_is_stuck(&f.join, &look)); /* the first look that sees it */
    assert_true(join_is_stuck(&f.join, &look));
    assert_explained(
        &f, "3 of 3 workers wait for jobs 8 and 9, which no worker is free to run; at least 9 workers, --join help or "
            "async may do");
    f.slots[8].state = SLOT_DONE; /* and yet: its waiter is about to wake up */
    assert_false(join_is_stuck(&f.join, &look));
    fixture_close(&f);
}

TEST(test_two_looks_that_are_not_alike)
{
    struct fixture f;
    struct join_look look = {0};
    fixture_open(&f, JOIN_BLOCK, 1);
    block(&f, 0, 8);
    assert_false(join_is_stuck(&f.join, &look));
    f.slots[0].awaits = 9 + 1; /* meanwhile job 8 had been done, and undone; the one after it has not */
    assert_false(join_is_stuck(&f.join, &look));
    f.slots[0].awaits = 0;
    assert_false(join_is_stuck(&f.join, &look));
    f.slots[0].awaits = 9 + 1; /* as two looks before, not as the last one */
    assert_false(join_is_stuck(&f.join, &look));
    assert_true(join_is_stuck(&f.join, &look));
    fixture_close(&f);
}

TEST(test_a_circle)
{
    static const enum join_way ways[] = {JOIN_BLOCK, JOIN_HELP, JOIN_ALONE, JOIN_LOOP};
    for (size_t i = 0; i < COUNT(ways); i++) {
        struct fixture f;
        struct join_look look = {0};
        fixture_open(&f, ways[i], 9);
        block(&f, 2, 7); /* waits for the circle, and is not in it */
        block(&f, 5, 3);
        block(&f, 3, 7);
        block(&f, 7, 5);
        assert_false(join_is_stuck(&f.join, &look));
        assert_true(join_is_stuck(&f.join, &look));
        assert_explained(&f, "job 3 waits for job 7, which waits for job 5, which waits for job 3");
        fixture_close(&f);
    }
}

/* Waiting for what nobody has begun is none where waiting takes no place. */
TEST(test_a_loop_is_not_full)
{
    static const enum join_way ways[] = {JOIN_HELP, JOIN_LOOP};
    for (size_t i = 0; i < COUNT(ways); i++) {
        struct fixture f;
        struct join_look look = {0};
        fixture_open(&f, ways[i], 1);
        block(&f, 0, 4);
        block(&f, 1, 5);
        assert_false(join_is_stuck(&f.join, &look));
        assert_false(join_is_stuck(&f.join, &look));
        fixture_close(&f);
    }
}

TEST(test_a_worker_that_has_left)
{
    struct fixture f;
    struct join_look look = {0};
    fixture_open(&f, JOIN_BLOCK, 2);
    block(&f, 0, 4);
    assert_false(join_is_stuck(&f.join, &look));
    assert_false(join_is_stuck(&f.join, &look));
    join_leave(&f.join);
    assert_false(join_is_stuck(&f.join, &look));
    assert_true(join_is_stuck(&f.join, &look));
    fixture_close(&f);
}

TEST(test_what_may_be_asked_for)
{
    static const struct {
        uint64_t needed;
        int rc;
    } cases[] = {{0, 0}, {JOBS - 1, 0}, {3, -EINVAL}, {JOBS, -EINVAL}, {UINT64_MAX, -EINVAL}};
    struct fixture f;
    fixture_open(&f, JOIN_BLOCK, 2);
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct cobench_request ask = {.ask = COBENCH_ASK_JOBS, .jobs = &cases[i].needed, .job_count = 1};
        assert_int_equal(join_check(&f.join, 3, &ask, &err), cases[i].rc);
    }
    fixture_close(&f);
}
