/* SPDX-License-Identifier: MIT */
/* Which waits are for good, and that a process is said to hang where all its threads wait so, and never otherwise. */
#define _GNU_SOURCE /* process-shared mutexes, MAP_ANONYMOUS */
#include "tests/unit/unit.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "host/children.h"
#include "host/hang.h"

#ifdef __SANITIZE_THREAD__
enum { WATCHED = 1 }; /* ThreadSanitizer has a thread of its own in each process, which naps */
#else
enum { WATCHED = 0 };
#endif

/* Looks are 0.3 s apart: a process that hangs is found by the second, one that does not is looked at so often. */
#define ENOUGH_NS (1500 * NS_PER_MS)

TEST(which_waits_are_for_good)
{
    static const struct {
        const char *arguments;
        bool good, addressed;
    } rows[] = {
        {"0x7000 0x80 0x2 0x0 0x0 0xffffffff 0x7ffe 0x7f1d", true, false}, /* FUTEX_WAIT */
        {"0x7000 0x189 0x0 0x0 0x0 0xffffffff 0x7ffe 0x7f1d", true,
         false},                                                    /* FUTEX_WAIT_BITSET, of the real-time clock */
        {"0x7000 0x86 0x0 0x0 0x0 0x0 0x7ffe 0x7f1d", true, false}, /* FUTEX_LOCK_PI */
        {"0x7000 0x109 0x0 0x0 0x0 0xffffffff 0x7ffe 0x7f1d", true, true}, /* not said to be private: pthread_join */
        {"0x7000 0x80 0x2 0x7ffdab00 0x0 0xffffffff 0x7ffe 0x7f1d", false, false}, /* with a limit */
        {"0x7000 0x81 0x1 0x0 0x0 0x0 0x7ffe 0x7f1d", false, false},               /* FUTEX_WAKE */
    };
    char text[160];
    uint64_t address;
    for (size_t i = 0; i < COUNT(rows); i++) {
        snprintf(text, sizeof text, "%d %s\n", (int)SYS_futex, rows[i].arguments);
        assert_int_equal(hang_waits(text, &address), rows[i].good);
        if (rows[i].good)
            assert_int_equal(address, rows[i].addressed ? 0x7000 : 0);
        snprintf(text, sizeof text, "%d %s\n", (int)SYS_read, rows[i].arguments);
        assert_false(hang_waits(text, &address));
    }
    assert_false(hang_waits("running\n", &address));
    assert_false(hang_waits("-1 0x7ffe 0x7f1d\n", &address));
    assert_false(hang_waits("", &address));
}

/* -- of a process that is forked ------------------------------------------------------------------------------------------- */

static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;

static void wait_for_it(void) { pthread_mutex_lock(&held); }

static void *waits(void *unused)
{
    wait_for_it();
    return unused;
}

/* One more thread, which the first waits for. */
static void join_it(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, waits, NULL) == 0)
        pthread_join(thread, NULL);
}

static void *naps(void *unused)
{
    clock_sleep_until(clock_now_ns() + 60 * NS_PER_S);
    return unused;
}

static void wait_beside_one_that_naps(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, naps, NULL) == 0)
        wait_for_it();
}

static void ignore(int signal) { (void)signal; }

static void wait_with_a_handler(void)
{
    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = ignore}, NULL);
    wait_for_it();
}

static void wait_for_others(void)
{
    pthread_mutexattr_t shared;
    pthread_mutex_t *mutex = mmap(NULL, sizeof *mutex, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_init(&shared);
    pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
    if (mutex == MAP_FAILED || pthread_mutex_init(mutex, &shared) != 0)
        return;
    pthread_mutex_lock(mutex);
    pthread_mutex_lock(mutex);
}

static void wait_with_a_limit(void)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 60;
    pthread_mutex_timedlock(&held, &until);
}

static void nap(void) { naps(NULL); }

static bool is_told(void) { return access("/proc/self/syscall", R_OK) == 0; }

/* Whether a process that does this is said to hang, as worker 3. */
static bool hangs(void (*what)(void))
{
    struct children children;
    struct hang hang;
    assert_int_equal(children_open(&children, 1), 0);
    assert_int_equal(hang_open(&hang, 1), 0);
    pthread_mutex_lock(&held);
    const pid_t pid = fork();
    if (pid == 0) {
        what();
        _exit(1);
    }
    pthread_mutex_unlock(&held);
    assert_true(pid > 0);
    children.list[children.count++] = (struct child){.pid = pid, .worker = 3};
    bool found = false;
    for (int64_t end = clock_now_ns() + ENOUGH_NS; !found && clock_now_ns() < end;) {
        clock_sleep_until(clock_now_ns() + 50 * NS_PER_MS);
        found = hang_look(&hang, &children);
    }
    assert_true(!found ||
                (hang.worker == 3 && strcmp(hang.type, HANG_HERE) == 0)); /* this process has no other thread */
    assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);                     /* it did what it was to */
    children_kill(&children);
    pthread_mutex_unlock(&children.lock);
    children_close(&children);
    hang_close(&hang);
    return found;
}

TEST(one_that_waits_for_good_is_found)
{
    if (WATCHED)
        skip();
    assert_int_equal(hangs(wait_for_it), is_told());
    assert_int_equal(hangs(join_it), is_told());
}

TEST(whoever_may_go_on_is_not)
{
    assert_false(hangs(wait_beside_one_that_naps));
    assert_false(hangs(wait_with_a_handler));
    assert_false(hangs(wait_for_others));
    assert_false(hangs(wait_with_a_limit));
    assert_false(hangs(nap));
}

TEST(what_is_said)
{
    char line[200];
    struct hang hang = {.type = HANG_HERE, .worker = -1};
    hang_explain(&hang, "job 0 (worker 0), job 1 (worker 1)", line, sizeof line);
    assert_string_equal(line,
                        "every thread waits for a lock or to be woken, and nobody is left who could: job 0 (worker "
                        "0), job 1 (worker 1)");
    hang.worker = 2;
    hang_explain(&hang, "", line, sizeof line);
    assert_string_equal(line, "worker 2 waits for a lock that nobody in its process can let go: it can never go on");
    hang.type = HANG_FORKED;
    hang_explain(&hang, "job 7", line, sizeof line);
    assert_string_equal(line,
                        "worker 2 was forked while another thread held the lock that it now waits for (job 7): it "
                        "can never go on");
}
