/* SPDX-License-Identifier: MIT */
/*
 * pipe: a message to a worker, and one back when it has done with it. Each worker has a pipe of its own for jobs; all answer in one,
 * in pieces so small that they stay whole (PIPE_BUF), and there the feeder is told of deaths, too: it waits in one place. A message
 * of jobs is as over a broker: u32 count, then for each u64 job, u32 length, payload; count 0: there are no more.
 */
#define _GNU_SOURCE /* pipe2, ppoll */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "host/dispenser.h"
#include "host/error.h"

#define COUNT_BYTES sizeof(uint32_t)
#define HEAD_BYTES  (sizeof(uint64_t) + sizeof(uint32_t)) /* of a job */
#define MESSAGE_MAX ((uint64_t)1 << 30)

struct answer {
    uint32_t worker; /* DISPENSER_EVERYONE: none is left */
    uint32_t jobs;   /* that it has done, all of one message; 0: it died */
};

struct channel {
    int jobs[2];      /* written without blocking */
    unsigned waiting; /* messages that are not answered yet */
    bool dead;
};

struct pipes {
    const struct dispenser_options *how;
    struct channel *channels; /* one for each worker */
    int answers[2];
    size_t job_bytes, message_bytes; /* of a job in a message, of the longest message */
    atomic_bool over;                /* nobody reads answers any more */
    /* the feeder's */
    unsigned char *message; /* payloads of zeros between the numbers */
    uint32_t *turns;        /* a stack of workers, once for each message that they can be sent now */
    size_t turn_count;
    uint64_t next;    /* job */
    int64_t due_ns;   /* of that */
    unsigned waiting; /* messages, as in channel */
    unsigned alive;
};

struct taker {
    struct pipes *pipes;
    uint32_t id;
    int rc;        /* of an answer that could not be sent, for the next take */
    uint32_t left; /* jobs of the message that are still to be taken */
    uint32_t done;
    size_t at; /* the first of them */
    size_t length;
    unsigned char message[];
};

/* -- the feeder ------------------------------------------------------------------------------------------------------- */

static void answer_note(struct pipes *p, const struct answer *answer)
{
    if (answer->worker == DISPENSER_EVERYONE) {
        p->alive = 0;
        return;
    }
    struct channel *c = &p->channels[answer->worker];
    if (c->dead)
        return;
    if (answer->jobs > 0) {
        c->waiting--;
        p->waiting--;
        p->turns[p->turn_count++] = answer->worker;
    } else {
        c->dead = true;
        p->waiting -= c->waiting;
        c->waiting = 0;
        p->alive--;
    }
}

static int answers_read(struct pipes *p)
{
    struct answer answers[256];
    ssize_t n;
    do
        n = read(p->answers[0], answers, sizeof answers);
    while (n < 0 && errno == EINTR);
    if (n <= 0)
        return n ? -errno : -EPIPE;
    for (size_t i = 0; i < (size_t)n / sizeof *answers; i++)
        answer_note(p, &answers[i]);
    return 0;
}

static bool next_is_due(const struct pipes *p)
{
    return p->next < p->how->jobs && (p->due_ns == 0 || p->due_ns <= clock_now_ns());
}

static void next_find(struct pipes *p, uint64_t job)
{
    p->next = job;
    p->due_ns = job < p->how->jobs ? dispenser_due(p->how, job) : 0;
}

/* Waits for an answer, or until a job is due that a worker could have. */
static int answers_wait(struct pipes *p)
{
    if (p->turn_count > 0 && p->next < p->how->jobs) {
        const int64_t left = p->due_ns - clock_now_ns();
        const struct timespec timeout = clock_timespec(left > 0 ? left : 0);
        struct pollfd fd = {.fd = p->answers[0], .events = POLLIN};
        const int count = ppoll(&fd, 1, &timeout, NULL);
        if (count <= 0)
            return count == 0 || errno == EINTR ? 0 : -errno;
    }
    return answers_read(p);
}

/* A worker that reads no more may have died in the middle of it. */
static int message_write(struct pipes *p, const struct channel *c, size_t bytes)
{
    size_t at = 0;
    while (at < bytes && !c->dead && p->alive > 0) {
        const ssize_t n = write(c->jobs[1], p->message + at, bytes - at);
        if (n > 0) {
            at += (size_t)n;
            continue;
        }
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return -errno;
        struct pollfd fds[] = {{.fd = c->jobs[1], .events = POLLOUT}, {.fd = p->answers[0], .events = POLLIN}};
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            return -errno;
        const int rc = fds[1].revents ? answers_read(p) : 0;
        if (rc)
            return rc;
    }
    return 0;
}

/* As many as are due and a message holds. */
static int jobs_send(struct pipes *p, uint32_t worker)
{
    struct channel *c = &p->channels[worker];
    uint32_t count = 0;
    if (c->dead)
        return 0;
    for (; count < p->how->chunk && next_is_due(p); count++) {
        memcpy(p->message + COUNT_BYTES + count * p->job_bytes, &p->next, sizeof p->next);
        next_find(p, p->next + 1);
    }
    memcpy(p->message, &count, sizeof count);
    c->waiting++;
    p->waiting++;
    return message_write(p, c, COUNT_BYTES + count * p->job_bytes);
}

/* The pipes of those that are alive have room for it. */
static void stop_send(const struct pipes *p)
{
    static const uint32_t stop = 0;
    for (unsigned i = 0; i < p->how->workers; i++)
        if (write(p->channels[i].jobs[1], &stop, sizeof stop) < 0)
            continue;
}

static int pipe_feed(void *state, struct cobench_error *err)
{
    struct pipes *p = state;
    int rc = 0;
    next_find(p, 0);
    while (rc == 0 && p->alive > 0 && (p->next < p->how->jobs || p->waiting > 0))
        rc = p->turn_count > 0 && next_is_due(p) ? jobs_send(p, p->turns[--p->turn_count]) : answers_wait(p);
    atomic_store(&p->over, true);
    stop_send(p);
    return rc ? error_fill(err, rc, "the workers' pipes cannot be used: %s", strerror(-rc)) : 0;
}

/* -- the workers ------------------------------------------------------------------------------------------------------ */

static int answer_write(const struct pipes *p, struct answer answer)
{
    ssize_t n;
    do
        n = write(p->answers[1], &answer, sizeof answer);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : 0;
}

static void pipe_lost(void *state, unsigned worker)
{
    const struct pipes *p = state;
    if (!atomic_load(&p->over))
        (void)answer_write(p, (struct answer){.worker = worker}); /* its reader is this very process */
}

static int pipe_worker_open(void *state, unsigned worker, void **taker, struct cobench_error *err)
{
    struct pipes *p = state;
    struct taker *t = malloc(sizeof *t + p->message_bytes);
    if (!t)
        return error_fill(err, -ENOMEM, "out of memory for a message of %zu bytes", p->message_bytes);
    *t = (struct taker){.pipes = p, .id = worker};
    *taker = t;
    return 0;
}

static void pipe_worker_close(void *taker) { free(taker); }

static int pipe_descriptor(void *taker)
{
    const struct taker *t = taker;
    return t->pipes->channels[t->id].jobs[0];
}

/* Takes what its first bytes say of the message: how long it is, as far as that is known. */
static int message_head(struct taker *t, size_t *need)
{
    *need = COUNT_BYTES;
    if (t->length < COUNT_BYTES)
        return 0;
    memcpy(&t->left, t->message, sizeof t->left);
    *need += t->left * t->pipes->job_bytes;
    return t->left > t->pipes->how->chunk ? -EBADMSG : 0;
}

/* Reads on until the message is whole; until then none of its jobs is left. The feeder sends none behind it before it is answered, but
 * on a loop, where all are of one length. */
static int message_read(struct taker *t)
{
    size_t need;
    int rc = message_head(t, &need);
    while (rc == 0 && t->length < need) {
        const ssize_t n = read(pipe_descriptor(t), t->message + t->length, t->pipes->message_bytes - t->length);
        if (n > 0)
            t->length += (size_t)n;
        rc = n > 0 ? message_head(t, &need) : n == 0 ? -EPIPE : errno == EINTR ? 0 : -errno;
    }
    if (rc) {
        t->left = 0;
        return rc;
    }
    t->length = 0;
    t->at = COUNT_BYTES;
    return 0;
}

static int pipe_take(void *taker, uint64_t *job, struct cobench_error *err)
{
    struct taker *t = taker;
    uint32_t length;
    int rc = t->rc;
    if (rc == 0 && t->left == 0)
        rc = message_read(t);
    if (rc == 0 && t->left == 0)
        return 0;
    if (rc == 0) {
        memcpy(job, t->message + t->at, sizeof *job);
        memcpy(&length, t->message + t->at + sizeof *job, sizeof length);
        rc = *job < t->pipes->how->jobs && length == t->pipes->how->payload ? 1 : -EBADMSG;
        t->at += t->pipes->job_bytes;
        t->left--;
    }
    if (rc >= 0 || rc == -EAGAIN)
        return rc;
    (void)answer_write(t->pipes, (struct answer){.worker = t->id}); /* as good as dead */
    return error_fill(err, rc, "no job came through the pipe: %s", strerror(-rc));
}

static void pipe_done(void *taker, uint64_t job)
{
    struct taker *t = taker;
    (void)job;
    t->done++;
    if (t->left > 0)
        return;
    t->rc = answer_write(t->pipes, (struct answer){.worker = t->id, .jobs = t->done});
    t->done = 0;
}

/* -- open and close --------------------------------------------------------------------------------------------------- */

static void ends_close(const int ends[2])
{
    if (ends[0] >= 0)
        close(ends[0]);
    if (ends[1] >= 0)
        close(ends[1]);
}

static void pipe_close(void *state)
{
    struct pipes *p = state;
    for (unsigned i = 0; p->channels && i < p->how->workers; i++)
        ends_close(p->channels[i].jobs);
    ends_close(p->answers);
    free(p->channels);
    free(p->turns);
    free(p->message);
    free(p);
}

static int channels_open(struct pipes *p)
{
    const struct dispenser_options *how = p->how;
    if (pipe2(p->answers, O_CLOEXEC) < 0)
        return -errno;
    for (unsigned i = 0; i < how->workers; i++) {
        int *const ends = p->channels[i].jobs;
        if (pipe2(ends, O_CLOEXEC) < 0 || fcntl(ends[1], F_SETFL, O_NONBLOCK) < 0 ||
            (how->loop && fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0))
            return -errno;
    }
    return 0;
}

static int pipes_fill(struct pipes *p)
{
    const struct dispenser_options *how = p->how;
    const uint32_t length = (uint32_t)how->payload;
    p->turn_count = (size_t)how->workers * how->in_flight;
    p->message = calloc(1, p->message_bytes);
    p->channels = calloc(how->workers, sizeof *p->channels);
    p->turns = calloc(p->turn_count, sizeof *p->turns);
    if (!p->message || !p->channels || !p->turns)
        return -ENOMEM;
    for (unsigned i = 0; i < how->workers; i++)
        p->channels[i].jobs[0] = p->channels[i].jobs[1] = -1;
    for (size_t i = 0; i < p->turn_count; i++)
        p->turns[i] = (uint32_t)(i % how->workers);
    for (unsigned i = 0; i < how->chunk; i++)
        memcpy(p->message + COUNT_BYTES + i * p->job_bytes + sizeof(uint64_t), &length, sizeof length);
    return channels_open(p);
}

static int pipe_open(const struct dispenser_options *how, void **state, struct cobench_error *err)
{
    const uint64_t message = COUNT_BYTES + how->chunk * (HEAD_BYTES + how->payload);
    struct pipes *p = malloc(sizeof *p);
    if (!p)
        return error_fill(err, -ENOMEM, "out of memory for pipes");
    *p = (struct pipes){.how = how,
                        .answers = {-1, -1},
                        .job_bytes = HEAD_BYTES + how->payload,
                        .message_bytes = message,
                        .alive = how->workers};
    const int rc = message > MESSAGE_MAX ? -EFBIG : pipes_fill(p);
    if (rc == 0) {
        *state = p;
        return 0;
    }
    pipe_close(p);
    return error_fill(err, rc, "no pipes for %u workers, with messages of %llu bytes: %s", how->workers,
                      (unsigned long long)message, strerror(-rc));
}

const struct dispenser_kind dispenser_pipe = {
    .version = DISPENSER_VERSION,
    .name = "pipe",
    .open = pipe_open,
    .close = pipe_close,
    .worker_open = pipe_worker_open,
    .worker_close = pipe_worker_close,
    .take = pipe_take,
    .done = pipe_done,
    .descriptor = pipe_descriptor,
    .feed = pipe_feed,
    .lost = pipe_lost,
};
