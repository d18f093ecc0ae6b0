/* SPDX-License-Identifier: MIT */
/* The queue and the pipes from inside, one step at a time: what goes wrong with a worker at the worst instant. */
#include "c_impl/dispensers/pipe.c"
#include "c_impl/dispensers/queue.c"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "tests/unit/unit.h"

static struct cobench_error err;
static uint64_t job;

/* Feeds on a thread of its own, as the host does. */
struct feed {
    const struct dispenser_kind *kind;
    void *state;
    pthread_t thread;
    int rc;
};

static void *feed_main(void *arg)
{
    struct feed *f = arg;
    struct cobench_error why;
    f->rc = f->kind->feed(f->state, &why);
    return NULL;
}

static struct feed *feed_begin(const struct dispenser_kind *kind, const struct dispenser_options *how)
{
    static struct feed f;
    f = (struct feed){.kind = kind, .rc = 1};
    assert_int_equal(kind->open(how, &f.state, &err), 0);
    assert_int_equal(pthread_create(&f.thread, NULL, feed_main, &f), 0);
    return &f;
}

static void feed_end(struct feed *f)
{
    pthread_join(f->thread, NULL);
    assert_int_equal(f->rc, 0);
    f->kind->close(f->state);
}

static bool is_readable(int fd, int timeout_ms)
{
    return poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, timeout_ms) > 0;
}

/* -- the queue -------------------------------------------------------------------------------------------------------- */

TEST(test_a_worker_that_dies_with_the_lock)
{
    const struct dispenser_options how = {.jobs = 3, .workers = 2, .in_flight = 1, .chunk = 1, .processes = true};
    struct queue *q;
    int status;
    assert_int_equal(dispenser_queue.open(&how, (void **)&q, &err), 0);
    const pid_t pid = fork();
    if (pid == 0) {
        ring_lock(q->ring);
        raise(SIGKILL);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(dispenser_queue.feed(q, &err), 0); /* there is room for all */
    for (uint64_t i = 0; i < how.jobs; i++) {
        assert_int_equal(dispenser_queue.take(q, &job, &err), 1);
        assert_int_equal(job, i);
    }
    assert_int_equal(dispenser_queue.take(q, &job, &err), 0);
    dispenser_queue.close(q);
}

TEST(test_a_full_queue)
{
    const struct dispenser_options how = {.jobs = 3 * CAPACITY, .workers = 1, .in_flight = 1, .chunk = 1};
    struct feed *f = feed_begin(&dispenser_queue, &how);
    const struct queue *q = f->state;
    for (uint64_t i = 0; i < CAPACITY; i++) {
        assert_int_equal(dispenser_queue.take(f->state, &job, &err), 1);
        assert_int_equal(job, i);
    }
    dispenser_queue.lost(f->state, DISPENSER_EVERYONE);
    pthread_join(f->thread, NULL);
    assert_true(q->ring->tail - q->ring->head <= CAPACITY);
    assert_int_equal(f->rc, 0);
    dispenser_queue.close(f->state);
}

/* The descriptor is readable when there is something to take, and not for longer: a loop would turn and turn. */
TEST(test_a_queue_on_a_loop)
{
    const struct dispenser_options how = {.jobs = 2, .workers = 1, .in_flight = 9, .chunk = 1, .loop = true};
    struct queue *q;
    assert_int_equal(dispenser_queue.open(&how, (void **)&q, &err), 0);
    const int fd = dispenser_queue.descriptor(q);
    assert_int_equal(dispenser_queue.take(q, &job, &err), -EAGAIN);
    assert_false(is_readable(fd, 0));
    assert_int_equal(dispenser_queue.feed(q, &err), 0);
    assert_true(is_readable(fd, 0));
    assert_int_equal(dispenser_queue.take(q, &job, &err), 1);
    assert_false(is_readable(fd, 0));
    assert_int_equal(dispenser_queue.take(q, &job, &err), 1);
    assert_int_equal(dispenser_queue.take(q, &job, &err), 0);
    dispenser_queue.close(q);
}

/* -- the pipes -------------------------------------------------------------------------------------------------------- */

TEST(test_a_worker_that_dies_in_the_middle_of_a_message)
{
    const struct dispenser_options how = {.jobs = 9, .workers = 1, .in_flight = 1, .chunk = 2, .payload = 1 << 20};
    struct feed *f = feed_begin(&dispenser_pipe, &how);
    const struct pipes *p = f->state;
    assert_true(is_readable(p->channels[0].jobs[0], 10000));
    dispenser_pipe.lost(f->state, 0);
    feed_end(f);
}

/* The feeder has not to wait for an answer of a worker that gave up. */
TEST(test_messages_that_are_none)
{
    static const uint32_t messages[][4] = {{3}, {1, 0, 0, 7}, {1, 9, 0, 0}}; /* too many jobs; a payload; no such job */
    const struct dispenser_options how = {.jobs = 9, .workers = 1, .in_flight = 1, .chunk = 2};
    for (size_t i = 0; i < COUNT(messages); i++) {
        struct pipes *p;
        void *taker = NULL;
        assert_int_equal(dispenser_pipe.open(&how, (void **)&p, &err), 0);
        assert_int_equal(dispenser_pipe.worker_open(p, 0, &taker, &err), 0);
        assert_int_equal(write(p->channels[0].jobs[1], messages[i], sizeof messages[i]), sizeof messages[i]);
        assert_int_equal(dispenser_pipe.take(taker, &job, &err), -EBADMSG);
        assert_int_equal(dispenser_pipe.feed(p, &err), 0);
        dispenser_pipe.worker_close(taker);
        dispenser_pipe.close(p);
    }
}

/* A message that has come in part is none yet, and its rest is added to it. */
TEST(test_parts_of_a_message_on_a_loop)
{
    static const uint32_t message[] = {1, 8, 0, 4, 0};
    const struct dispenser_options how = {
        .jobs = 9, .workers = 1, .in_flight = 3, .chunk = 1, .payload = 4, .loop = true};
    struct pipes *p;
    void *taker = NULL;
    assert_int_equal(dispenser_pipe.open(&how, (void **)&p, &err), 0);
    assert_int_equal(dispenser_pipe.worker_open(p, 0, &taker, &err), 0);
    for (size_t i = 0; i < sizeof message; i++) {
        assert_int_equal(dispenser_pipe.take(taker, &job, &err), -EAGAIN);
        assert_int_equal(write(p->channels[0].jobs[1], (const char *)message + i, 1), 1);
    }
    assert_int_equal(dispenser_pipe.take(taker, &job, &err), 1);
    assert_int_equal(job, 8);
    assert_int_equal(dispenser_pipe.take(taker, &job, &err), -EAGAIN);
    dispenser_pipe.done(taker, job);
    assert_true(is_readable(p->answers[0], 0));
    dispenser_pipe.worker_close(taker);
    dispenser_pipe.close(p);
}
