/* SPDX-License-Identifier: MIT */
/* The event loop of either kind: order and precision of timers, and callbacks that change what is being dispatched. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "host/loop.h"
#include "host/plugin.h"

#ifndef LOOP_PLUGIN
static int kind_find(const void **kind, struct cobench_error *err)
{
    (void)err;
    *kind = &loop_epoll;
    return 0;
}
#else
static int kind_find(const void **kind, struct cobench_error *err)
{
    static const struct plugin plugin = {LOOP_PLUGIN, LOOP_SYMBOL, LOOP_VERSION, "not built"};
    void *handle;
    return plugin_load(&plugin, kind, &handle, err);
}
#endif

/* No loop where this machine has none of the kind. */
static int loop_setup(void **state)
{
    struct cobench_error err = {.line = 0};
    const void *kind = NULL;
    int rc = kind_find(&kind, &err);
    rc = rc ? rc : loop_open(kind, (struct loop **)state, &err);
    if (rc == -ELIBACC)
        print_message("skipped: %s\n", err.message);
    return rc == -ELIBACC ? 0 : rc;
}

static int loop_teardown(void **state)
{
    loop_close(*state);
    return 0;
}

#define LOOP_TEST(name)                                           \
    static void name##_on(struct loop *loop);                     \
    TEST_WITH(name, loop_setup, loop_teardown, struct loop *loop) \
    {                                                             \
        if (!loop)                                                \
            skip();                                               \
        name##_on(loop);                                          \
    }                                                             \
    static void name##_on(struct loop *loop)

static void write_byte(int fd) { assert_int_equal(write(fd, "x", 1), 1); }

/* -- timers --------------------------------------------------------------------------------------------------------- */

/* A timer that notes when it fired, as the how-manieth, and what it is to do then. */
struct probe {
    struct loop_timer timer;
    struct loop *loop;
    unsigned *fired; /* shared counter */
    unsigned order;  /* 1-based; 0: has not fired */
    int64_t at_ns;
    struct probe *cancels, *sets;
    unsigned again; /* sets itself that many times more */
    bool stops;
};

static void probe_fire(void *arg)
{
    struct probe *p = arg;
    p->at_ns = clock_now_ns();
    p->order = ++*p->fired;
    if (p->cancels)
        loop_ops.timer_cancel(p->loop, &p->cancels->timer);
    if (p->sets)
        assert_int_equal(loop_ops.timer_set(p->loop, &p->sets->timer, p->at_ns), 0);
    if (p->again && p->again--)
        assert_int_equal(loop_ops.timer_set(p->loop, &p->timer, p->timer.due_ns), 0);
    if (p->stops)
        loop_stop(p->loop);
}

static void probe_init(struct probe *p, struct loop *loop, unsigned *fired)
{
    *p = (struct probe){.loop = loop, .fired = fired, .timer = {.fire = probe_fire, .arg = p}};
}

static void probe_set(struct probe *p, int64_t due_ns)
{
    assert_int_equal(loop_ops.timer_set(p->loop, &p->timer, due_ns), 0);
}

LOOP_TEST(test_nothing_to_do) { assert_int_equal(loop_run(loop), 0); }

LOOP_TEST(test_timers_in_order)
{
    static const int due_ms[] = {9, 3, 7, 1, 5, 0, 8, 2, 6, 4};
    struct probe probes[10];
    unsigned fired = 0;
    const int64_t now = clock_now_ns();
    for (int i = 0; i < 10; i++) {
        probe_init(&probes[i], loop, &fired);
        probe_set(&probes[i], now + due_ms[i] * NS_PER_MS);
    }
    assert_int_equal(loop_run(loop), 0);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(probes[i].order, due_ms[i] + 1);
        assert_true(probes[i].at_ns >= now + due_ms[i] * NS_PER_MS);
        assert_int_equal(probes[i].timer.place, 0);
    }
}

/* Half milliseconds, where waiting in whole ones would be early or late. The best of many: the machine may be busy. */
LOOP_TEST(test_timers_are_precise)
{
    int64_t best = INT64_MAX;
    unsigned fired = 0;
    for (int i = 0; i < 20; i++) {
        struct probe p;
        probe_init(&p, loop, &fired);
        const int64_t due = clock_now_ns() + 3 * NS_PER_MS / 2;
        probe_set(&p, due);
        assert_int_equal(loop_run(loop), 0);
        assert_true(p.at_ns >= due);
        if (p.at_ns - due < best)
            best = p.at_ns - due;
    }
    assert_true(best < NS_PER_MS / 4);
}

LOOP_TEST(test_cancel_and_set_in_callback)
{
    struct probe p[4];
    unsigned fired = 0;
    const int64_t now = clock_now_ns();
    for (int i = 0; i < 4; i++)
        probe_init(&p[i], loop, &fired);
    p[0].cancels = &p[1]; /* due in the same turn */
    p[0].sets = &p[2];    /* not set before */
    p[2].cancels = &p[2]; /* itself, while it fires */
    p[3].again = 3;
    probe_set(&p[0], now - 2);
    probe_set(&p[1], now - 1);
    probe_set(&p[3], now);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(p[0].order, 1);
    assert_int_equal(p[1].order, 0);
    assert_true(p[2].order > 0);
    assert_int_equal(p[3].again, 0);
    assert_int_equal(fired, 6);
}

LOOP_TEST(test_timer_moves)
{
    struct probe p[2];
    unsigned fired = 0;
    const int64_t now = clock_now_ns();
    probe_init(&p[0], loop, &fired);
    probe_init(&p[1], loop, &fired);
    probe_set(&p[0], now + 60 * NS_PER_S);
    probe_set(&p[1], now + 2 * NS_PER_MS);
    probe_set(&p[0], now + NS_PER_MS);
    probe_set(&p[1], now + 3 * NS_PER_MS);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(p[0].order, 1);
    assert_int_equal(p[1].order, 2);
    assert_true(clock_now_ns() - now < 30 * NS_PER_S);
}

LOOP_TEST(test_stop_leaves_the_rest)
{
    struct probe p[2];
    unsigned fired = 0;
    const int64_t now = clock_now_ns();
    probe_init(&p[0], loop, &fired);
    probe_init(&p[1], loop, &fired);
    p[0].stops = true;
    probe_set(&p[0], now - 2);
    probe_set(&p[1], now - 1);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(fired, 1);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(fired, 2);
    loop_stop(loop); /* counts for the run to come */
    probe_set(&p[0], now);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(fired, 2);
    loop_ops.timer_cancel(loop, &p[0].timer);
}

/* 10,000 timers in random order, every third of them cancelled again. */
LOOP_TEST(test_many_timers)
{
    enum { COUNT = 10000 };
    struct probe *probes = calloc(COUNT, sizeof *probes);
    unsigned fired = 0;
    uint32_t random = 12345;
    int64_t last = 0;
    assert_non_null(probes);
    const int64_t now = clock_now_ns();
    for (int i = 0; i < COUNT; i++) {
        random = random * 1664525u + 1013904223u;
        probe_init(&probes[i], loop, &fired);
        probe_set(&probes[i], now + (int64_t)(random >> 6)); /* up to 67 ms */
    }
    for (int i = 0; i < COUNT; i += 3)
        loop_ops.timer_cancel(loop, &probes[i].timer);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(fired, COUNT - (COUNT + 2) / 3);

    struct probe **by_order = calloc(fired + 1, sizeof *by_order);
    assert_non_null(by_order);
    for (int i = 0; i < COUNT; i++)
        by_order[probes[i].order] = &probes[i];
    for (unsigned i = 1; i <= fired; i++) {
        assert_true(by_order[i]->timer.due_ns >= last);
        last = by_order[i]->timer.due_ns;
    }
    free(by_order);
    free(probes);
}

static void signal_ignore(int signal) { (void)signal; }

LOOP_TEST(test_signals_do_not_end_a_wait)
{
    struct probe p;
    unsigned fired = 0;
    timer_t ticking;
    struct sigaction action = {.sa_handler = signal_ignore}, before;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    const struct itimerspec every_ms = {.it_value = {.tv_nsec = NS_PER_MS}, .it_interval = {.tv_nsec = NS_PER_MS}};
    assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
    assert_int_equal(timer_create(CLOCK_MONOTONIC, &event, &ticking), 0);
    assert_int_equal(timer_settime(ticking, 0, &every_ms, NULL), 0);
    probe_init(&p, loop, &fired);
    const int64_t due = clock_now_ns() + 20 * NS_PER_MS;
    probe_set(&p, due);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(fired, 1);
    assert_true(p.at_ns >= due);
    assert_int_equal(timer_delete(ticking), 0);
    assert_int_equal(sigaction(SIGUSR1, &before, NULL), 0);
}

/* -- descriptors ---------------------------------------------------------------------------------------------------- */

struct ends {
    struct loop *loop;
    int fd[2]; /* read, write */
    struct ends *other;
    unsigned called, events;
    bool drops_other, replaces_other;
};

static void ends_open(struct ends *e, struct loop *loop)
{
    *e = (struct ends){.loop = loop};
    assert_int_equal(pipe(e->fd), 0);
}

static void ends_close(struct ends *e)
{
    close(e->fd[0]);
    close(e->fd[1]);
}

/* Closes the other's reading end and takes its number for one of a fresh, empty pipe. */
static void ends_replace(struct ends *e)
{
    int fresh[2];
    assert_int_equal(pipe(fresh), 0);
    assert_int_equal(dup2(fresh[0], e->fd[0]), e->fd[0]);
    close(fresh[0]);
    close(e->fd[1]);
    e->fd[1] = fresh[1];
}

static void ends_ready(void *arg, int fd, unsigned events)
{
    struct ends *e = arg;
    e->called++;
    e->events = events;
    assert_int_equal(loop_ops.watch(e->loop, fd, 0, NULL, NULL), 0);
    if (e->drops_other)
        assert_int_equal(loop_ops.watch(e->loop, e->other->fd[0], 0, NULL, NULL), 0);
    if (e->replaces_other) {
        struct ends *other = e->other;
        assert_int_equal(loop_ops.watch(e->loop, other->fd[0], 0, NULL, NULL), 0);
        ends_replace(other);
        assert_int_equal(loop_ops.watch(e->loop, other->fd[0], LOOP_READ, ends_ready, other), 0);
        loop_stop(e->loop);
    }
    /* Only the first of the two acts on the other. */
    e->drops_other = e->replaces_other = false;
    if (e->other)
        e->other->drops_other = e->other->replaces_other = false;
}

static void ends_watch(struct ends *e, int fd, unsigned events)
{
    assert_int_equal(loop_ops.watch(e->loop, fd, events, ends_ready, e), 0);
}

LOOP_TEST(test_reads_and_writes)
{
    struct ends e;
    ends_open(&e, loop);
    ends_watch(&e, e.fd[1], LOOP_WRITE);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(e.events, LOOP_WRITE);
    write_byte(e.fd[1]);
    ends_watch(&e, e.fd[0], LOOP_READ);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(e.events, LOOP_READ);
    ends_watch(&e, e.fd[1], LOOP_WRITE);
    close(e.fd[0]);
    assert_int_equal(loop_run(loop), 0);
    assert_true(e.events & LOOP_ERROR);
    assert_int_equal(e.called, 3);
    close(e.fd[1]);
}

/* Two that are ready in one batch, and know each other. */
static void pair_open(struct ends two[2], struct loop *loop)
{
    for (int i = 0; i < 2; i++)
        ends_open(&two[i], loop);
    for (int i = 0; i < 2; i++) {
        two[i].other = &two[1 - i];
        write_byte(two[i].fd[1]);
        ends_watch(&two[i], two[i].fd[0], LOOP_READ);
    }
}

static void pair_close(struct ends two[2])
{
    ends_close(&two[0]);
    ends_close(&two[1]);
}

/* The first to be called drops the other, which must not be called any more. */
LOOP_TEST(test_drop_other_in_callback)
{
    struct ends two[2];
    pair_open(two, loop);
    two[0].drops_other = two[1].drops_other = true;
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(two[0].called + two[1].called, 1);
    pair_close(two);
}

/* As above, but the other's number is at once watched again for a new, empty pipe: the old event is not its event. */
LOOP_TEST(test_reuse_number_in_callback)
{
    struct ends two[2];
    struct probe watchdog;
    unsigned fired = 0;
    pair_open(two, loop);
    two[0].replaces_other = two[1].replaces_other = true;
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(two[0].called + two[1].called, 1);
    struct ends *fresh = two[0].called ? &two[1] : &two[0];
    probe_init(&watchdog, loop, &fired);
    watchdog.stops = true;
    probe_set(&watchdog, clock_now_ns() + 5 * NS_PER_MS);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(fresh->called, 0);
    write_byte(fresh->fd[1]);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(fresh->called, 1);
    pair_close(two);
}

/* A descriptor that was closed without a word and given out again. */
LOOP_TEST(test_watch_after_silent_close)
{
    struct ends e;
    ends_open(&e, loop);
    ends_watch(&e, e.fd[0], LOOP_READ);
    ends_replace(&e);
    ends_watch(&e, e.fd[0], LOOP_READ);
    write_byte(e.fd[1]);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(e.called, 1);
    ends_watch(&e, e.fd[0], LOOP_READ);
    ends_close(&e);
    assert_int_equal(loop_ops.watch(loop, e.fd[0], 0, NULL, NULL), 0);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(e.called, 1);
}

#ifndef LOOP_PLUGIN
LOOP_TEST(test_bad_descriptors)
{
    int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    assert_true(file >= 0);
    assert_int_equal(loop_ops.watch(loop, -1, LOOP_READ, ends_ready, NULL), -EBADF);
    assert_int_equal(loop_ops.watch(loop, 999, LOOP_READ, ends_ready, NULL), -EBADF);
    assert_int_equal(loop_ops.watch(loop, file, LOOP_READ, ends_ready, NULL), -EPERM);
    assert_int_equal(loop_ops.watch(loop, file, 0, NULL, NULL), 0);
    assert_int_equal(loop_run(loop), 0);
    close(file);
}
#else
/* It is told of them as an error, when the kernel has seen them. */
LOOP_TEST(test_bad_descriptors)
{
    struct ends e = {.loop = loop};
    assert_int_equal(loop_ops.watch(loop, -1, LOOP_READ, ends_ready, NULL), -EBADF);
    ends_watch(&e, 999, LOOP_READ);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(e.called, 1);
    assert_true(e.events & LOOP_ERROR);
}
#endif

/* More of them at once than a ring takes in one go, each told as often as it is watched. */
LOOP_TEST(test_many_descriptors)
{
    enum { PAIRS = 1500, ROUNDS = 3 };
    struct rlimit files;
    struct ends *many = calloc(PAIRS, sizeof *many);
    assert_non_null(many);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    files.rlim_cur = files.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
    if (files.rlim_cur < 2 * PAIRS + 100) {
        free(many);
        skip();
    }
    for (int i = 0; i < PAIRS; i++) {
        ends_open(&many[i], loop);
        write_byte(many[i].fd[1]);
    }
    for (unsigned round = 1; round <= ROUNDS; round++) {
        for (int i = 0; i < PAIRS; i++)
            ends_watch(&many[i], many[i].fd[0], LOOP_READ);
        assert_int_equal(loop_run(loop), 0);
        for (int i = 0; i < PAIRS; i++)
            assert_int_equal(many[i].called, round);
    }
    for (int i = 0; i < PAIRS; i++)
        ends_close(&many[i]);
    free(many);
}
