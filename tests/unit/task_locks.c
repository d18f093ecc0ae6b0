/* SPDX-License-Identifier: MIT */
/* The locks of tasks: they keep others out, in threads and between processes; who waits for whom in a circle is told, and where
 * there is none nobody is. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/slots.h"
#include "tasks/lib/locks.h"
#include "tasks/lib/shared.h"

enum { CREW_MAX = 4, FIRST_JOB = 3, ROUNDS = 50000 };

/* Some workers that take locks, with what they found; shared, as they may be processes. */
struct crew {
    struct locks *locks; /* which a child has where its parent has it */
    pthread_barrier_t together;
    uint64_t count; /* that `locks` guards */
    unsigned size;
    struct seat {
        struct crew *crew;
        unsigned number;
        struct locks_user user;
        int rc;
        struct cobench_error err;
    } seats[CREW_MAX];
};

static void crew_open(struct crew **crew, struct locks *locks, unsigned size, uint32_t count)
{
    struct cobench_error err = {0};
    pthread_barrierattr_t how;
    void *memory;
    assert_int_equal(locks_open(locks, "account", count, FIRST_JOB + CREW_MAX, &err), 0);
    assert_int_equal(shared_open(sizeof **crew, &memory, &err), 0);
    *crew = memory;
    (*crew)->locks = locks;
    (*crew)->size = size;
    assert_int_equal(pthread_barrierattr_init(&how), 0);
    assert_int_equal(pthread_barrierattr_setpshared(&how, PTHREAD_PROCESS_SHARED), 0);
    assert_int_equal(pthread_barrier_init(&(*crew)->together, &how, size), 0);
    pthread_barrierattr_destroy(&how);
    for (unsigned i = 0; i < size; i++)
        (*crew)->seats[i] = (struct seat){.crew = *crew, .number = i, .user = {.job = FIRST_JOB + i}};
}

static void crew_close(struct crew *crew)
{
    pthread_barrier_destroy(&crew->together);
    locks_close(crew->locks);
    shared_close(crew, sizeof *crew);
}

/* Each does `work` in a thread or in a process of its own, until all have. */
static void crew_run(struct crew *crew, void *(*work)(void *), bool processes)
{
    pthread_t threads[CREW_MAX];
    pid_t pids[CREW_MAX];
    for (unsigned i = 0; i < crew->size; i++) {
        if (!processes) {
            assert_int_equal(pthread_create(&threads[i], NULL, work, &crew->seats[i]), 0);
            continue;
        }
        pids[i] = fork();
        if (pids[i] == 0) {
            alarm(60);
            work(&crew->seats[i]);
            _exit(0);
        }
        assert_true(pids[i] > 0);
    }
    for (unsigned i = 0; i < crew->size; i++) {
        int status = 0;
        if (!processes)
            assert_int_equal(pthread_join(threads[i], NULL), 0);
        else
            assert_true(waitpid(pids[i], &status, 0) == pids[i] && status == 0);
    }
}

static void *count_up(void *arg)
{
    struct seat *seat = arg;
    pthread_barrier_wait(&seat->crew->together);
    for (int i = 0; seat->rc == 0 && i < ROUNDS; i++) {
        seat->rc = locks_take(seat->crew->locks, 0, &seat->user, &seat->err);
        if (seat->rc)
            break;
        seat->crew->count++;
        locks_give(seat->crew->locks, 0);
    }
    return NULL;
}

TEST(test_a_lock_keeps_others_out)
{
    for (int processes = 0; processes <= 1; processes++) {
        struct locks locks;
        struct crew *crew;
        crew_open(&crew, &locks, CREW_MAX, 1);
        crew_run(crew, count_up, processes);
        assert_int_equal(crew->count, CREW_MAX * ROUNDS);
        crew_close(crew);
    }
}

/* Each has its own account and then wants the next one's: a circle. */
static void *go_round(void *arg)
{
    struct seat *seat = arg;
    struct locks *locks = seat->crew->locks;
    const uint32_t own = seat->number, next = (seat->number + 1) % seat->crew->size;
    seat->rc = locks_take(locks, own, &seat->user, &seat->err);
    pthread_barrier_wait(&seat->crew->together);
    seat->rc = seat->rc ? seat->rc : locks_take(locks, next, &seat->user, &seat->err);
    if (seat->rc == 0)
        locks_give(locks, next);
    locks_give(locks, own);
    return NULL;
}

/* As the one of that number sees it. */
static void circle_text(char *text, size_t size, unsigned from, unsigned jobs)
{
    size_t used = (size_t)snprintf(text, size, "job %u holds account %u and waits for account %u", FIRST_JOB + from,
                                   from, (from + 1) % jobs);
    for (unsigned i = 1; i < jobs; i++)
        used += (size_t)snprintf(text + used, size - used, ", which job %u holds, which waits for account %u",
                                 FIRST_JOB + (from + i) % jobs, (from + i + 1) % jobs);
}

TEST(test_a_circle_is_the_failure_of_one_that_waits_in_it)
{
    for (unsigned jobs = 2; jobs <= CREW_MAX; jobs++) {
        for (int processes = 0; processes <= 1; processes++) {
            struct locks locks;
            struct crew *crew;
            unsigned failed = 0;
            crew_open(&crew, &locks, jobs, jobs);
            crew_run(crew, go_round, processes);
            for (unsigned i = 0; i < jobs; i++) {
                const struct seat *seat = &crew->seats[i];
                char text[sizeof seat->err.message];
                if (seat->rc == 0)
                    continue;
                circle_text(text, sizeof text, i, jobs);
                assert_int_equal(seat->rc, -EDEADLK);
                assert_string_equal(seat->err.type, "Deadlock");
                assert_string_equal(seat->err.message, text);
                assert_true(seat->user.waited_ns >= (uint64_t)locks.look_ns);
                failed++;
            }
            assert_true(failed >= 1 && failed <= jobs);
            crew_close(crew);
        }
    }
}

TEST(test_a_job_that_waits_for_itself_is_told)
{
    struct locks locks;
    struct locks_user user = {.job = 1};
    struct cobench_error err = {0};
    assert_int_equal(locks_open(&locks, "lock", 1, 2, &err), 0);
    locks.look_ns = NS_PER_MS;
    assert_int_equal(locks_take(&locks, 0, &user, &err), 0);
    assert_int_equal(user.waited_ns, 0);
    assert_int_equal(locks_take(&locks, 0, &user, &err), -EDEADLK);
    assert_string_equal(err.message, "job 1 holds lock 0 and waits for lock 0");
    locks_give(&locks, 0);
    assert_int_equal(locks_take(&locks, 0, &user, &err), 0);
    locks_give(&locks, 0);
    locks_close(&locks);
}

/* Takes its own account and then the one before it, whose owner has it: a row, at whose head is somebody who only takes his time. */
static void *stand_in_line(void *arg)
{
    struct seat *seat = arg;
    struct locks *locks = seat->crew->locks;
    enum { PATIENCE_MS = 50 };
    seat->rc = locks_take(locks, seat->number, &seat->user, &seat->err);
    pthread_barrier_wait(&seat->crew->together);
    if (seat->number == 0) {
        for (unsigned i = 1; i < seat->crew->size; i++)
            while (atomic_load(&locks->awaits[FIRST_JOB + i]) != i) /* account i - 1, and 1 */
                clock_sleep_until(clock_now_ns() + NS_PER_MS);
        clock_sleep_until(clock_now_ns() + PATIENCE_MS * NS_PER_MS); /* so that the others look */
        locks_give(locks, 0);
        return NULL;
    }
    seat->rc = seat->rc ? seat->rc : locks_take(locks, seat->number - 1, &seat->user, &seat->err);
    if (seat->rc == 0 && seat->user.waited_ns < PATIENCE_MS * (uint64_t)NS_PER_MS)
        seat->rc = -ETIME;
    locks_give(locks, seat->number - 1);
    locks_give(locks, seat->number);
    return NULL;
}

TEST(test_a_row_is_no_circle)
{
    for (int processes = 0; processes <= 1; processes++) {
        struct locks locks;
        struct crew *crew;
        crew_open(&crew, &locks, CREW_MAX, CREW_MAX);
        locks.look_ns = NS_PER_MS;
        crew_run(crew, stand_in_line, processes);
        for (unsigned i = 0; i < CREW_MAX; i++)
            assert_int_equal(crew->seats[i].rc, 0);
        crew_close(crew);
    }
}

/* Two of few accounts, always in order, so that there is no circle; for a second, and who waits looks for one at every instant. */
static void *transfer(void *arg)
{
    struct seat *seat = arg;
    struct locks *locks = seat->crew->locks;
    uint64_t x = seat->number;
    pthread_barrier_wait(&seat->crew->together);
    for (const int64_t until = clock_now_ns() + NS_PER_S; seat->rc == 0 && clock_now_ns() < until;) {
        x = splitmix64(x);
        const uint32_t one = (uint32_t)(x % locks->count);
        const uint32_t other = (one + 1 + (uint32_t)(x >> 32) % (locks->count - 1)) % locks->count;
        const uint32_t first = one < other ? one : other, second = one < other ? other : one;
        seat->rc = locks_take(locks, first, &seat->user, &seat->err);
        if (seat->rc)
            break;
        seat->rc = locks_take(locks, second, &seat->user, &seat->err);
        if (seat->rc == 0)
            locks_give(locks, second);
        locks_give(locks, first);
    }
    return NULL;
}

TEST(test_no_circle_is_seen_where_there_is_none)
{
    for (int processes = 0; processes <= 1; processes++) {
        struct locks locks;
        struct crew *crew;
        crew_open(&crew, &locks, CREW_MAX, 3);
        locks.look_ns = 0;
        crew_run(crew, transfer, processes);
        for (unsigned i = 0; i < CREW_MAX; i++) {
            assert_string_equal(crew->seats[i].err.message, "");
            assert_int_equal(crew->seats[i].rc, 0);
        }
        crew_close(crew);
    }
}
