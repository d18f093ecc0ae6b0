/* SPDX-License-Identifier: MIT */
/*
 * zmq: no broker but two pairs of ZeroMQ sockets, PUSH and PULL: the manager's PUSH deals messages of jobs to the workers in turn, and
 * their answers come to its PULL (common/message.h). The names are in Linux's abstract namespace, so that no file is left, however
 * the host ends. A message that was dealt to a worker is lost with it; the others go on, and what nobody answered for is
 * named at the end.
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>
#include <zmq.h>

#include "common/clock.h"
#include "common/message.h"
#include "host/dispenser.h"
#include "host/error.h"

#define MESSAGE_MAX (UINT64_C(512) << 20)
#define DEALT       2u   /* messages that may be with a worker at once: one that it works on, one that waits */
#define POLL_MS     1000 /* the longest wait of either side, until it looks whether the run is over */
#define PEER_NS     (10 * NS_PER_S) /* until a worker that does not take the end is left to its own */

struct ends {
    void *context, *jobs, *done; /* NULL: not open */
};

struct zmq {
    const struct dispenser_options *how;
    char jobs_name[64], done_name[64];
    struct ends ends;             /* the manager's */
    _Atomic uint32_t *over;       /* in memory that worker processes share: no jobs any more */
    _Atomic uint32_t lost, ended; /* so many workers died; all have ended */
    int wake;                     /* an eventfd: one of the two came */
};

struct taker {
    struct zmq *zmq;
    struct ends ends;
    unsigned worker;
    zmq_msg_t held;               /* the message that is being worked on */
    struct message_reader reader; /* of it */
    struct message answer;        /* to it; length 0: nothing to answer */
    int rc;                       /* not 0: there is no memory for it */
};

static int fail(struct cobench_error *err, const char *what)
{
    const int rc = -errno;
    return error_fill(err, rc, "dispenser zmq: %s: %s", what, zmq_strerror(errno));
}

/* -- sockets ---------------------------------------------------------------------------------------------------------- */

static void ends_close(struct ends *ends)
{
    if (ends->jobs)
        zmq_close(ends->jobs);
    if (ends->done)
        zmq_close(ends->done);
    if (ends->context)
        zmq_ctx_term(ends->context);
    *ends = (struct ends){NULL, NULL, NULL};
}

static void *socket_open(void *context, int type)
{
    const int wait = POLL_MS, most = DEALT;
    void *socket = zmq_socket(context, type);
    if (!socket)
        return NULL;
    if (zmq_setsockopt(socket, ZMQ_LINGER, &wait, sizeof wait) ||
        zmq_setsockopt(socket, ZMQ_RCVTIMEO, &wait, sizeof wait) ||
        zmq_setsockopt(socket, ZMQ_SNDTIMEO, &wait, sizeof wait) ||
        (type == ZMQ_PULL && zmq_setsockopt(socket, ZMQ_RCVHWM, &most, sizeof most))) {
        zmq_close(socket);
        return NULL;
    }
    return socket;
}

/* The manager binds, workers connect. */
static int ends_open(struct ends *ends, const struct zmq *z, bool manager, struct cobench_error *err)
{
    ends->context = zmq_ctx_new();
    if (ends->context) {
        ends->jobs = socket_open(ends->context, manager ? ZMQ_PUSH : ZMQ_PULL);
        ends->done = socket_open(ends->context, manager ? ZMQ_PULL : ZMQ_PUSH);
    }
    if (!ends->jobs || !ends->done ||
        (manager ? zmq_bind(ends->jobs, z->jobs_name) || zmq_bind(ends->done, z->done_name)
                 : zmq_connect(ends->jobs, z->jobs_name) || zmq_connect(ends->done, z->done_name))) {
        const int rc = fail(err, "its sockets cannot be opened");
        ends_close(ends);
        return rc;
    }
    return 0;
}

static void zmq_free(struct zmq *z)
{
    ends_close(&z->ends);
    if (z->wake >= 0)
        close(z->wake);
    if (z->over)
        munmap(z->over, sizeof *z->over);
    free(z);
}

static int dispenser_zmq_open(const struct dispenser_options *how, void **state, struct cobench_error *err)
{
    const uint64_t message = how->chunk * (how->payload + sizeof(uint64_t) + sizeof(uint32_t));
    if (message > MESSAGE_MAX)
        return error_fill(err, -EFBIG, "dispenser zmq: messages of %llu bytes are more than can be in memory here",
                          (unsigned long long)message);
    struct zmq *z = calloc(1, sizeof *z);
    uint64_t token = 0;
    if (!z)
        return error_fill(err, -ENOMEM, "out of memory");
    void *shared = mmap(NULL, sizeof *z->over, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    z->how = how;
    z->over = shared == MAP_FAILED ? NULL : shared;
    z->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int rc = 0;
    if (!z->over || z->wake < 0 || getrandom(&token, sizeof token, 0) != (ssize_t)sizeof token)
        rc = error_fill(err, -ENOMEM, "out of memory or descriptors");
    snprintf(z->jobs_name, sizeof z->jobs_name, "ipc://@cobench-%016llx-jobs", (unsigned long long)token);
    snprintf(z->done_name, sizeof z->done_name, "ipc://@cobench-%016llx-done", (unsigned long long)token);
    if (rc == 0)
        rc = ends_open(&z->ends, z, true, err);
    if (rc)
        zmq_free(z);
    else
        *state = z;
    return rc;
}

static void dispenser_zmq_close(void *state) { zmq_free(state); }

static void dispenser_zmq_lost(void *state, unsigned worker)
{
    struct zmq *z = state;
    const uint64_t one = 1;
    atomic_fetch_add(worker == DISPENSER_EVERYONE ? &z->ended : &z->lost, 1);
    (void)!write(z->wake, &one, sizeof one); /* full, it is readable as well */
}

/* -- the worker ------------------------------------------------------------------------------------------------------- */

static void taker_close(void *taker)
{
    struct taker *t = taker;
    zmq_msg_close(&t->held);
    message_free(&t->answer);
    ends_close(&t->ends);
    free(t);
}

static int taker_send(struct taker *t, struct cobench_error *err)
{
    int rc;
    do
        rc = zmq_send(t->ends.done, t->answer.bytes, t->answer.length, 0);
    while (rc < 0 && (errno == EINTR || (errno == EAGAIN && !atomic_load(t->zmq->over))));
    t->answer.length = 0;
    return rc < 0 ? fail(err, "an answer cannot be sent") : 0;
}

static int taker_open(void *state, unsigned worker, void **taker, struct cobench_error *err)
{
    struct zmq *z = state;
    struct taker *t = calloc(1, sizeof *t);
    if (!t)
        return error_fill(err, -ENOMEM, "out of memory");
    t->zmq = z;
    t->worker = worker;
    zmq_msg_init(&t->held);
    int rc = ends_open(&t->ends, z, false, err);
    if (rc == 0)
        rc = message_begin_done(&t->answer, worker) ? error_fill(err, -ENOMEM, "out of memory") : taker_send(t, err);
    if (rc)
        taker_close(t);
    else
        *taker = t;
    return rc;
}

/* Answers for what was held, and waits for the next message. 0 with one held; 1: there will be none. */
static int taker_fetch(struct taker *t, struct cobench_error *err)
{
    int rc = t->answer.length > 0 ? taker_send(t, err) : 0;
    if (rc)
        return rc;
    do
        rc = zmq_msg_recv(&t->held, t->ends.jobs, 0);
    while (rc < 0 && (errno == EINTR || (errno == EAGAIN && !atomic_load(t->zmq->over))));
    if (rc < 0)
        return errno == EAGAIN ? 1 : fail(err, "no job can be received");
    return message_open_jobs(&t->reader, zmq_msg_data(&t->held), zmq_msg_size(&t->held))
               ? error_fill(err, -EBADMSG, "what came is no message of jobs")
               : 0;
}

static int taker_take(void *taker, uint64_t *job, struct cobench_error *err)
{
    struct taker *t = taker;
    struct message_part part;
    if (t->rc)
        return error_fill(err, t->rc, "out of memory for an answer");
    if (t->reader.left == 0) {
        const int rc = taker_fetch(t, err);
        if (rc || t->reader.left == 0) /* a message of no jobs: the end */
            return rc < 0 ? rc : 0;
    }
    if (message_next_job(&t->reader, &part) < 0 || part.length != t->zmq->how->payload)
        return error_fill(err, -EBADMSG, "a job came with other bytes than its task's (%llu)",
                          (unsigned long long)t->zmq->how->payload);
    *job = part.job;
    return 1;
}

static void taker_done(void *taker, uint64_t job)
{
    static const struct slot shared = {.runs = 0};
    struct taker *t = taker;
    if (t->rc == 0 && t->answer.length == 0)
        t->rc = message_begin_done(&t->answer, t->worker);
    if (t->rc == 0)
        t->rc = message_add_done(&t->answer, job, &shared, NULL, 0);
}

/* -- the manager ------------------------------------------------------------------------------------------------------ */

struct feeder {
    struct zmq *zmq;
    struct message message; /* the next; length 0: not made yet */
    uint64_t next, answered;
    uint64_t out;     /* messages that are not answered for */
    uint64_t window;  /* how many may be; after a death also those that are lost */
    unsigned deaths;  /* that the window allows for */
    int64_t due_ns;   /* when `next` is due; 0: not asked yet */
    unsigned greeted; /* workers that are there */
};

/* The next message, once its first job is due: 0; 1: there is none now. */
static int message_make(struct feeder *f)
{
    const struct dispenser_options *how = f->zmq->how;
    int rc = message_begin_jobs(&f->message);
    unsigned count = 0;
    for (; rc == 0 && count < how->chunk && f->next < how->jobs; count++) {
        if (f->due_ns == 0)
            f->due_ns = dispenser_due(how, f->next);
        if (f->due_ns > clock_now_ns())
            break;
        rc = message_add_job(&f->message, f->next++, NULL, how->payload);
        f->due_ns = 0;
    }
    if (count == 0)
        f->message.length = 0;
    return rc ? rc : count == 0;
}

static int feeder_hand_out(struct feeder *f, struct cobench_error *err)
{
    while (f->out < f->window) {
        const int rc = f->message.length > 0 ? 0 : message_make(f);
        if (rc)
            return rc < 0 ? error_fill(err, rc, "out of memory for a message") : 0;
        if (zmq_send(f->zmq->ends.jobs, f->message.bytes, f->message.length, ZMQ_DONTWAIT) < 0)
            return errno == EAGAIN || errno == EINTR ? 0 : fail(err, "a job cannot be sent");
        f->message.length = 0;
        f->out++;
    }
    return 0;
}

static int answer_take(struct feeder *f, zmq_msg_t *m, struct cobench_error *err)
{
    struct message_reader reader;
    struct message_part part;
    uint32_t worker;
    int more = message_open_done(&reader, zmq_msg_data(m), zmq_msg_size(m), &worker);
    if (more == 0 && reader.left == 0)
        f->greeted++;
    else if (more == 0)
        f->out--;
    while (more >= 0 && (more = message_next_done(&reader, &part)) == 1)
        f->answered++;
    return more < 0 ? error_fill(err, more, "what a worker answered is no message") : 0;
}

/* Waits for answers, or for something that wakes it, and takes all that there are. */
static int feeder_collect(struct feeder *f, struct cobench_error *err)
{
    struct zmq *z = f->zmq;
    zmq_pollitem_t items[] = {{.socket = z->ends.done, .events = ZMQ_POLLIN}, {.fd = z->wake, .events = ZMQ_POLLIN}};
    const int64_t left = f->due_ns ? (f->due_ns - clock_now_ns()) / NS_PER_MS : POLL_MS;
    const uint64_t before = f->out;
    uint64_t count;
    zmq_msg_t m;
    int rc = 0;
    if (zmq_poll(items, 2, left < 0 ? 0 : left < POLL_MS ? (long)left : POLL_MS) < 0 && errno != EINTR)
        return fail(err, "no answer can be waited for");
    if (read(z->wake, &count, sizeof count) < 0 && errno != EAGAIN)
        return error_fill(err, -errno, "the feeder's eventfd: %s", strerror(errno));
    zmq_msg_init(&m);
    while (rc == 0 && zmq_msg_recv(&m, z->ends.done, ZMQ_DONTWAIT) >= 0)
        rc = answer_take(f, &m, err);
    zmq_msg_close(&m);
    /* How many messages were dealt to one that died nobody knows: where no answer comes, it was as many as were out. */
    if (atomic_load(&z->lost) > f->deaths || (f->deaths > 0 && f->out == before && f->out >= f->window)) {
        f->deaths = atomic_load(&z->lost);
        f->window += DEALT;
    }
    return rc;
}

/* As long as there is something to hand out, or an answer to wait for that is sure to come. */
static bool feeder_goes_on(const struct feeder *f)
{
    const uint64_t jobs = f->zmq->how->jobs;
    const bool all_out = f->next == jobs && f->message.length == 0;
    return f->answered < jobs && !atomic_load(&f->zmq->ended) && !(all_out && f->deaths > 0);
}

/* Tells each worker the end: the messages are dealt in turn. What was not told so is told in memory. */
static void feeder_stop(struct feeder *f)
{
    const int64_t until = clock_now_ns() + PEER_NS;
    static const uint32_t stop = 0;
    for (unsigned i = 0; i < f->zmq->how->workers && clock_now_ns() < until && !atomic_load(&f->zmq->ended);)
        i += zmq_send(f->zmq->ends.jobs, &stop, sizeof stop, 0) >= 0;
    atomic_store(f->zmq->over, 1);
}

static int zmq_feed(void *state, struct cobench_error *err)
{
    struct zmq *z = state;
    struct feeder f = {.zmq = z, .window = (uint64_t)DEALT * z->how->workers};
    int rc = 0;
    while (rc == 0 && f.greeted < z->how->workers && feeder_goes_on(&f)) /* else it would all be dealt to the first */
        rc = feeder_collect(&f, err);
    while (rc == 0 && feeder_goes_on(&f)) {
        rc = feeder_hand_out(&f, err);
        if (rc == 0)
            rc = feeder_collect(&f, err);
    }
    feeder_stop(&f);
    while (rc == 0 && f.answered < z->how->jobs && !atomic_load(&z->ended))
        rc = feeder_collect(&f, err);
    message_free(&f.message);
    return rc;
}

const struct dispenser_kind cobench_dispenser = {
    .version = DISPENSER_VERSION,
    .name = "zmq",
    .open = dispenser_zmq_open,
    .close = dispenser_zmq_close,
    .worker_open = taker_open,
    .worker_close = taker_close,
    .take = taker_take,
    .done = taker_done,
    .feed = zmq_feed,
    .lost = dispenser_zmq_lost,
};
