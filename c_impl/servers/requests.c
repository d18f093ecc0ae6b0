/* SPDX-License-Identifier: MIT */
/*
 * Requests as jobs. Of the ways in which workers wait, two have a connection a worker: they poll it, and read when there is
 * something. The other two have an epoll set of connections, and a table of these by descriptor: that of all the threads of a pool,
 * in which each is watched for one event at a time so that one thread has it, or one a loop, which its own loop watches in turn. All
 * ends when `wake`, an eventfd that nobody reads, is readable.
 */
#define _GNU_SOURCE /* accept4, MAP_ANONYMOUS */
#include "servers/requests.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/clock.h"
#include "host/children.h"
#include "host/error.h"
#include "host/plugin.h"
#include "host/run.h"
#include "host/shared_state.h"
#include "host/text.h"
#include "servers/served.h"
#include "servers/servers.h"

#define BACKLOG  4096
#define UNIX     "unix:"
#define BATCH    64 /* events fetched at once by a loop, and connections accepted */
#define GRACE_NS (2 * NS_PER_S)

struct requests {
    const struct dispenser_options *how;
    const struct served *served;
    const struct http_reader *reader;
    struct served_count *counts; /* by worker, shared */
    int *listeners;              /* one, or where the kernel spreads connections over loops one each */
    unsigned listener_count;
    int port;        /* 0: a Unix socket */
    int wake, timer; /* the latter where there are sets: when to look for connections that wait too long */
    int set;         /* of a pool; else -1 */
    int *handed;     /* by worker, -1: none; its connection until it is opened, with a set a spare descriptor */
    struct connection **connections; /* by descriptor, of those that are in sets; so many as there can be */
    unsigned connection_limit;
    pthread_mutex_t lock; /* also around freeing one of these */
    pthread_cond_t changed;
    bool gone;             /* under lock: no worker is left */
    _Atomic uint64_t died; /* workers, each of which another took the place of */
};

/* A worker. */
struct taker {
    struct requests *requests;
    struct connection_worker worker;
    unsigned id;
    int listener;
    int set;
    struct epoll_event events[BATCH];
    int event_count, event_at;
    struct connection *own;                /* of the ways that have a connection a worker */
    struct connection *ready, **ready_end; /* those that have another request already */
    struct connection **at;                /* by place: whose request it is */
    unsigned *idle, idle_count, used;      /* places that were given back, and those that were ever given out */
    uint64_t first;                        /* place */
};

static enum server_way way_of(const struct requests *r) { return r->served->server->way; }

static bool has_sets(const struct requests *r) { return way_of(r) == SERVER_POOL || way_of(r) == SERVER_ON_A_LOOP; }

/* -- listening -------------------------------------------------------------------------------------------------------- */

/* The address that --listen says. Its length, 0: it is too long. */
static socklen_t address_make(const char *listen, int port, struct sockaddr_storage *out)
{
    struct sockaddr_in *in = (struct sockaddr_in *)out;
    struct sockaddr_un *un = (struct sockaddr_un *)out;
    memset(out, 0, sizeof *out);
    if (!listen) {
        *in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
        in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return sizeof *in;
    }
    un->sun_family = AF_UNIX;
    const int length = snprintf(un->sun_path, sizeof un->sun_path, "%s", listen + sizeof UNIX - 1);
    return length > 0 && (size_t)length < sizeof un->sun_path ? sizeof *un : 0;
}

/* A listening socket; on the port of the first one where there is one. A negative errno. */
static int listener_open(struct requests *r, bool several)
{
    struct sockaddr_storage address;
    socklen_t length = address_make(r->served->listen, r->port, &address);
    if (length == 0)
        return -ENAMETOOLONG;
    const int fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if ((several && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &(int){1}, sizeof(int)) < 0) ||
        bind(fd, (struct sockaddr *)&address, length) < 0 || listen(fd, BACKLOG) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) < 0) {
        const int rc = -errno;
        close(fd);
        return rc;
    }
    if (address.ss_family == AF_INET)
        r->port = ntohs(((struct sockaddr_in *)&address)->sin_port);
    return fd;
}

static int listeners_open(struct requests *r, struct cobench_error *err)
{
    const bool several = way_of(r) == SERVER_ON_A_LOOP && r->how->workers > 1 && !r->served->listen;
    const unsigned count = several ? r->how->workers : 1;
    r->listeners = malloc(count * sizeof *r->listeners);
    if (!r->listeners)
        return -ENOMEM;
    while (r->listener_count < count) {
        const int fd = listener_open(r, several);
        if (fd < 0)
            return error_fill(err, fd, "cannot listen on %s: %s", r->served->listen ? r->served->listen : "127.0.0.1",
                              strerror(-fd));
        r->listeners[r->listener_count++] = fd;
    }
    return 0;
}

/* Descriptors or memory have run out, until a connection ends. */
static bool is_full(int rc) { return rc == -EMFILE || rc == -ENFILE || rc == -ENOBUFS || rc == -ENOMEM; }

/* Accepts one: its descriptor, -EAGAIN: there is none now, or another negative errno. */
static int connection_accept(int listener)
{
    for (;;) {
        const int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0)
            return fd;
        if (errno != EINTR && errno != ECONNABORTED)
            return -errno;
    }
}

/* -- a connection a worker -------------------------------------------------------------------------------------------- */

/* Waits for the descriptor until then. False: the time is up, or it is time to end (*ended). */
static bool descriptor_wait(const struct requests *r, int fd, short events, int64_t until_ns, bool *ended)
{
    struct pollfd fds[] = {{.fd = fd, .events = events}, {.fd = r->wake, .events = POLLIN}};
    int got;
    do {
        const int64_t left_ns = until_ns - clock_now_ns();
        got = poll(fds, 2, until_ns == INT64_MAX ? -1 : left_ns > 0 ? (int)(left_ns / NS_PER_MS) + 1 : 0);
    } while (got < 0 && errno == EINTR);
    *ended = fds[1].revents != 0;
    return got > 0 && !*ended;
}

int requests_accept(void *state, unsigned worker, struct cobench_error *err)
{
    struct requests *r = state;
    bool ended = false;
    int fd;
    do {
        if (!descriptor_wait(r, r->listeners[0], POLLIN, INT64_MAX, &ended))
            return 0;
        fd = connection_accept(r->listeners[0]);
        if (is_full(fd))
            (void)clock_sleep_until(clock_now_ns() + NS_PER_MS);
        else if (fd < 0 && fd != -EAGAIN)
            return error_fill(err, fd, "connections cannot be accepted: %s", strerror(-fd));
    } while (fd < 0);
    r->handed[worker] = fd;
    return 1;
}

void requests_fail(void *state, unsigned worker, const char *why)
{
    struct requests *r = state;
    struct connection_worker w = {.reader = r->reader, .count = &r->counts[worker]};
    struct connection *c = r->handed[worker] >= 0 ? connection_new(&w, r->handed[worker]) : NULL;
    uint64_t number;
    char body[512];
    r->handed[worker] = -1;
    if (!c)
        return;
    if (connection_next(c, &w, &number) != CONNECTION_OVER) { /* what is read is not lost with the answer */
        snprintf(body, sizeof body, "%s\n", why);
        c->last = true;
        (void)connection_answer(c, &w, 500, body);
    }
    connection_free(c);
}

/* The worker's next connection: 1; 0: there will be none; or a negative errno. */
static int own_accept(struct taker *t)
{
    struct epoll_event event;
    while (way_of(t->requests) == SERVER_FORKED) {
        const int got = epoll_wait(t->set, &event, 1, -1);
        if (got < 0 && errno != EINTR)
            return -errno;
        if (got > 0 && event.data.fd == t->requests->wake)
            return 0;
        const int fd = got > 0 ? connection_accept(t->listener) : -EAGAIN;
        if (fd >= 0)
            t->own = connection_new(&t->worker, fd);
        if (t->own)
            return 1;
        if (fd != -EAGAIN) /* there is no memory or no descriptor at the moment */
            (void)clock_sleep_until(clock_now_ns() + NS_PER_MS);
    }
    return 0;
}

/* Waits until its connection is as that says. False: it is over. */
static bool own_wait(struct taker *t, enum connection_state state, bool *ended)
{
    const struct requests *r = t->requests;
    if (state == CONNECTION_OVER)
        return false;
    connection_waits(t->own);
    if (descriptor_wait(r, t->own->fd, state == CONNECTION_WRITES ? POLLOUT : POLLIN,
                        t->own->since_ns + r->how->timeout_ns, ended))
        return true;
    if (!*ended && t->own->request.begun)
        (void)connection_answer(t->own, &t->worker, 408, "");
    return false;
}

static int own_take(struct taker *t, uint64_t *job, struct cobench_error *err)
{
    bool ended = false;
    uint64_t number;
    while (!ended) {
        const int got = t->own ? 1 : own_accept(t);
        if (got < 0)
            return error_fill(err, got, "connections cannot be accepted: %s", strerror(-got));
        if (got == 0)
            return 0;
        const enum connection_state state = connection_next(t->own, &t->worker, &number);
        if (state == CONNECTION_REQUEST) {
            connection_works(t->own);
            *job = t->first;
            t->requests->served->numbers[*job] = number % t->requests->served->jobs;
            return 1;
        }
        if (!own_wait(t, state, &ended)) {
            connection_free(t->own);
            t->own = NULL;
        }
    }
    return 0;
}

/* -- a set of connections --------------------------------------------------------------------------------------------- */

/* Has it watched for what it waits for, one event at a time in a pool. 0 or a negative errno. */
static int set_watch(struct taker *t, struct connection *c, uint32_t events)
{
    const bool once = way_of(t->requests) == SERVER_POOL;
    struct epoll_event event = {.events = events | (once ? (uint32_t)EPOLLONESHOT : 0), .data.fd = c->fd};
    const uint32_t before = c->events;
    const int how = events == 0 ? EPOLL_CTL_DEL : before == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    c->events = events;
    if (events)
        connection_waits(c);
    return (before != events || once) && epoll_ctl(t->set, how, event.data.fd, &event) < 0 ? -errno : 0;
}

static void set_free(struct taker *t, struct connection *c)
{
    struct requests *r = t->requests;
    pthread_mutex_lock(&r->lock);
    r->connections[c->fd] = NULL;
    connection_free(c);
    pthread_mutex_unlock(&r->lock);
}

/* Hangs up on connections that wait too long, and not for us; who has them in a set then finds them at their end. */
static void set_sweep(struct requests *r)
{
    const int64_t since_ns = clock_now_ns() - r->how->timeout_ns;
    uint64_t times;
    char byte;
    if (read(r->timer, &times, sizeof times) < 0)
        return; /* another thread was faster */
    pthread_mutex_lock(&r->lock);
    for (unsigned fd = 0; fd < r->connection_limit; fd++) {
        const struct connection *c = r->connections[fd];
        if (c && c->since_ns < since_ns && recv((int)fd, &byte, 1, MSG_PEEK) <= 0)
            shutdown((int)fd, SHUT_RDWR);
    }
    pthread_mutex_unlock(&r->lock);
}

/* What becomes of a connection that nobody works on. In a pool it may be another thread's from then on. */
static void set_park(struct taker *t, struct connection *c, enum connection_state state)
{
    if (state == CONNECTION_OVER || set_watch(t, c, state == CONNECTION_WRITES ? EPOLLOUT : EPOLLIN) < 0)
        set_free(t, c);
}

/* Descriptors have run out: the next connection is told so, by its end, rather than left to wait. */
static void set_refuse(struct taker *t)
{
    struct requests *r = t->requests;
    t->worker.count->refused++;
    const int spare = r->handed[t->id];
    r->handed[t->id] = -1;
    if (spare >= 0)
        close(spare);
    const int fd = connection_accept(t->listener);
    if (fd >= 0)
        close(fd);
    r->handed[t->id] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        (void)clock_sleep_until(clock_now_ns() + NS_PER_MS);
}

static void set_accept(struct taker *t)
{
    struct requests *r = t->requests;
    for (int i = 0; i < BATCH; i++) {
        const int fd = connection_accept(t->listener);
        if (is_full(fd))
            set_refuse(t);
        if (fd < 0)
            break;
        struct connection *c = connection_new(&t->worker, fd);
        if (!c)
            continue;
        pthread_mutex_lock(&r->lock);
        r->connections[fd] = c;
        pthread_mutex_unlock(&r->lock);
        set_park(t, c, CONNECTION_READS);
    }
    if (way_of(r) == SERVER_POOL)
        (void)epoll_ctl(t->set, EPOLL_CTL_MOD, t->listener,
                        &(struct epoll_event){.events = EPOLLIN | EPOLLONESHOT, .data.fd = t->listener});
}

static void ready_push(struct taker *t, struct connection *c)
{
    c->queued = true;
    c->next = NULL;
    *t->ready_end = c;
    t->ready_end = &c->next;
}

static struct connection *ready_pop(struct taker *t)
{
    struct connection *c = t->ready;
    if (!c)
        return NULL;
    t->ready = c->next;
    if (!t->ready)
        t->ready_end = &t->ready;
    c->queued = false;
    return c;
}

/* The events of the next batch. 1; 0: there are none now; or a negative errno. */
static int batch_fetch(struct taker *t)
{
    const bool loop = way_of(t->requests) == SERVER_ON_A_LOOP;
    int got;
    do
        got = epoll_wait(t->set, t->events, loop ? BATCH : 1, loop ? 0 : -1);
    while (got < 0 && errno == EINTR);
    t->event_at = 0;
    t->event_count = got > 0 ? got : 0;
    return got < 0 ? -errno : got > 0;
}

/* The connection to go on with; NULL with *rc 1: look again, 0: it is time to end, or a negative errno, -EAGAIN: there is none now. */
static struct connection *set_next(struct taker *t, int *rc)
{
    const struct requests *r = t->requests;
    *rc = 1;
    if (t->event_at == t->event_count) {
        struct connection *c = ready_pop(t);
        if (c)
            return c;
        const int got = batch_fetch(t);
        *rc = got == 0 ? -EAGAIN : got;
        if (got <= 0)
            return NULL;
    }
    const int fd = t->events[t->event_at++].data.fd;
    if (fd == r->wake)
        *rc = 0;
    else if (fd == t->listener)
        set_accept(t);
    else if (fd == r->timer)
        set_sweep(t->requests);
    else if (r->connections[fd] && atomic_load_explicit(&r->connections[fd]->since_ns, memory_order_acquire))
        return r->connections[fd];
    return NULL;
}

static uint64_t place_take(struct taker *t, struct connection *c)
{
    const unsigned place = t->idle_count ? t->idle[--t->idle_count] : t->used++;
    t->at[place] = c;
    c->busy = true;
    connection_works(c);
    return t->first + place;
}

static int set_take(struct taker *t, uint64_t *job, struct cobench_error *err)
{
    int rc = 1;
    while (rc > 0) {
        uint64_t number;
        struct connection *c = set_next(t, &rc);
        if (!c)
            continue;
        if (c->busy || c->queued) { /* not before its turn, and not for ever reported meanwhile */
            (void)set_watch(t, c, 0);
            continue;
        }
        const enum connection_state state = connection_next(c, &t->worker, &number);
        if (state != CONNECTION_REQUEST) {
            set_park(t, c, state);
            continue;
        }
        *job = place_take(t, c);
        t->requests->served->numbers[*job] = number % t->requests->served->jobs;
        return 1;
    }
    return rc == 0 || rc == -EAGAIN ? rc : error_fill(err, rc, "the wait for requests ended: %s", strerror(-rc));
}

/* -- the dispenser's functions ---------------------------------------------------------------------------------------- */

static int requests_take(void *taker, uint64_t *job, struct cobench_error *err)
{
    struct taker *t = taker;
    return has_sets(t->requests) ? set_take(t, job, err) : own_take(t, job, err);
}

/* Why the place's last job failed, as far as it was kept. */
static const char *failure_tell(const struct requests *r, uint64_t place, char *line, size_t size)
{
    struct failure failures[FAILURES_MAX];
    if (atomic_load(&r->how->run->shared->failure_claimed) > FAILURES_MAX)
        return "the job failed"; /* what is kept may be an earlier one of this place */
    for (unsigned i = shared_state_failures(r->how->run->shared, failures); i-- > 0;)
        if (failures[i].job == place)
            return error_words(&failures[i].error, line, size);
    return "the job failed";
}

static enum connection_state answer(struct taker *t, struct connection *c, uint64_t place)
{
    const struct slot *slot = &t->requests->how->slots[place];
    char body[512], why[510];
    const bool done = slot->state == SLOT_DONE;
    if (done)
        snprintf(body, sizeof body, "%llu", (unsigned long long)slot->result);
    else
        snprintf(body, sizeof body, "%s\n", failure_tell(t->requests, place, why, sizeof why));
    return connection_answer(c, &t->worker, done ? 200 : 500, body);
}

static void requests_done(void *taker, uint64_t job)
{
    struct taker *t = taker;
    const unsigned place = (unsigned)(job - t->first);
    if (!has_sets(t->requests)) {
        (void)answer(t, t->own, job); /* the next take looks how that went */
        return;
    }
    struct connection *c = t->at[place];
    t->idle[t->idle_count++] = place;
    c->busy = false;
    const enum connection_state state = answer(t, c, job);
    if (state == CONNECTION_READS && c->rest)
        ready_push(t, c);
    else
        set_park(t, c, state);
}

static int requests_descriptor(void *taker) { return ((const struct taker *)taker)->set; }

/* -- beginning and end ------------------------------------------------------------------------------------------------ */

static void ready_print(const struct requests *r)
{
    struct children *children = r->how->run->children;
    if (r->port)
        printf("{\"port\": %d, \"pids\": [%d", r->port, (int)getpid());
    else
        printf("{\"port\": null, \"pids\": [%d", (int)getpid());
    if (children) {
        pthread_mutex_lock(&children->lock);
        for (unsigned i = 0; i < children->count; i++)
            printf(", %d", (int)children->list[i].pid);
        pthread_mutex_unlock(&children->lock);
    }
    printf("], \"libraries\": {\"%s\": \"%s\"}}\n", r->reader->name, r->reader->describe());
    fflush(stdout);
}

/* Until stdin ends, a signal comes, or nobody is left. */
static void end_wait(const struct requests *r, int signals)
{
    struct pollfd fds[] = {
        {.fd = STDIN_FILENO, .events = POLLIN}, {.fd = signals, .events = POLLIN}, {.fd = r->wake, .events = POLLIN}};
    char scrap[4096];
    for (;;) {
        if (poll(fds, 3, -1) < 0 && errno != EINTR)
            return;
        if (fds[1].revents || fds[2].revents)
            return;
        if (fds[0].revents && read(STDIN_FILENO, scrap, sizeof scrap) <= 0)
            return;
    }
}

/* Whether all workers have ended in time. */
static bool gone_wait(struct requests *r)
{
    const struct timespec until = clock_timespec(clock_now_ns() + GRACE_NS);
    int rc = 0;
    pthread_mutex_lock(&r->lock);
    while (!r->gone && rc == 0)
        rc = pthread_cond_clockwait(&r->changed, &r->lock, CLOCK_MONOTONIC, &until);
    const bool gone = r->gone;
    pthread_mutex_unlock(&r->lock);
    return gone;
}

static void last_print(const struct requests *r)
{
    struct failure failures[FAILURES_MAX];
    char line[512];
    uint64_t requests = 0, refused = 0, errors = 0;
    json_t *workers = json_array();
    for (unsigned i = 0; i < r->how->workers; i++) {
        requests += r->counts[i].requests;
        refused += r->counts[i].refused;
        errors += r->counts[i].errors;
        json_array_append_new(workers, json_integer((json_int_t)r->counts[i].requests));
    }
    const bool failed = shared_state_failures(r->how->run->shared, failures) > 0;
    json_t *json = json_pack("{s:I, s:o, s:I, s:I, s:I, s:o}", "requests", (json_int_t)requests, "per_worker", workers,
                             "refused", (json_int_t)refused, "errors", (json_int_t)errors, "died", (json_int_t)r->died,
                             "reason", text_json(failed ? error_words(&failures[0].error, line, sizeof line) : NULL));
    json_dumpf(json, stdout, JSON_ENSURE_ASCII);
    json_decref(json);
    putchar('\n');
    fflush(stdout);
}

static void unix_remove(const struct requests *r)
{
    if (r->served->listen && r->listener_count)
        unlink(r->served->listen + sizeof UNIX - 1);
}

static int requests_feed(void *state, struct cobench_error *err)
{
    struct requests *r = state;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    const int signals = signalfd(-1, &set, SFD_CLOEXEC);
    if (signals < 0) {
        const int rc = -errno;
        (void)eventfd_write(r->wake, 1);
        return error_fill(err, rc, "signals cannot be waited for: %s", strerror(-rc));
    }
    ready_print(r);
    end_wait(r, signals);
    close(signals);
    (void)eventfd_write(r->wake, 1);
    const bool gone = gone_wait(r);
    last_print(r);
    if (gone)
        return 0;
    unix_remove(r);
    _exit(0); /* the worker processes are killed with the thread that started them */
}

static void requests_lost(void *state, unsigned worker)
{
    struct requests *r = state;
    if (worker != DISPENSER_EVERYONE) {
        r->died++;
        return;
    }
    pthread_mutex_lock(&r->lock);
    r->gone = true;
    pthread_cond_signal(&r->changed);
    pthread_mutex_unlock(&r->lock);
    (void)eventfd_write(r->wake, 1);
}

static int set_add(int set, int fd, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.fd = fd};
    return epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

/* A set with what all wait for. Its descriptor or a negative errno. */
static int set_open(const struct requests *r, int listener, uint32_t how)
{
    const int set = epoll_create1(EPOLL_CLOEXEC);
    if (set < 0)
        return -errno;
    int rc = set_add(set, r->wake, EPOLLIN);
    if (rc == 0 && r->timer >= 0)
        rc = set_add(set, r->timer, EPOLLIN);
    if (rc == 0)
        rc = set_add(set, listener, EPOLLIN | how);
    if (rc)
        close(set);
    return rc ? rc : set;
}

static void requests_worker_close(void *taker)
{
    struct taker *t = taker;
    if (t->own)
        connection_free(t->own);
    if (t->set >= 0 && t->set != t->requests->set)
        close(t->set);
    free(t->idle);
    free(t->at);
    free(t);
}

static int requests_worker_open(void *state, unsigned worker, void **taker, struct cobench_error *err)
{
    struct requests *r = state;
    const unsigned places = server_places(r->served->server);
    struct taker *t = calloc(1, sizeof *t); /* of whose buffer only what is used is touched */
    if (!t)
        return -ENOMEM;
    t->requests = r;
    t->worker.reader = r->reader;
    t->worker.count = &r->counts[worker];
    t->id = worker;
    t->listener = r->listeners[worker % r->listener_count];
    t->set = r->set;
    t->ready_end = &t->ready;
    t->at = calloc(places, sizeof *t->at);
    t->idle = calloc(places, sizeof *t->idle);
    t->first = (uint64_t)worker * places;
    int rc = t->at && t->idle ? 0 : -ENOMEM;
    if (rc == 0 && (way_of(r) == SERVER_FORKED || way_of(r) == SERVER_ON_A_LOOP)) {
        t->set = set_open(r, t->listener, EPOLLEXCLUSIVE);
        rc = t->set < 0 ? t->set : 0;
    }
    if (rc == 0 && way_of(r) == SERVER_HANDED) {
        t->own = connection_new(&t->worker, r->handed[worker]);
        r->handed[worker] = -1;
        rc = t->own ? 0 : -ENOMEM;
    }
    if (rc) {
        requests_worker_close(t);
        return error_fill(err, rc, "a worker cannot wait for requests: %s", strerror(-rc));
    }
    *taker = t;
    return 0;
}

static void requests_close(void *state)
{
    struct requests *r = state;
    for (unsigned fd = 0; r->connections && fd < r->connection_limit; fd++)
        if (r->connections[fd])
            connection_free(r->connections[fd]);
    unix_remove(r);
    while (r->listener_count > 0)
        close(r->listeners[--r->listener_count]);
    if (r->set >= 0)
        close(r->set);
    if (r->timer >= 0)
        close(r->timer);
    if (r->wake >= 0)
        close(r->wake);
    for (unsigned i = 0; r->handed && i < r->how->workers; i++)
        if (r->handed[i] >= 0)
            close(r->handed[i]);
    if (r->counts)
        munmap(r->counts, r->how->workers * sizeof *r->counts);
    pthread_cond_destroy(&r->changed);
    pthread_mutex_destroy(&r->lock);
    free(r->connections);
    free(r->handed);
    free(r->listeners);
    free(r);
}

static int memory_open(struct requests *r)
{
    struct rlimit files;
    void *memory = mmap(NULL, r->how->workers * sizeof *r->counts, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                        -1, 0);
    if (memory == MAP_FAILED)
        return -errno;
    r->counts = memory;
    r->handed = malloc(r->how->workers * sizeof *r->handed);
    for (unsigned i = 0; r->handed && i < r->how->workers; i++)
        r->handed[i] = has_sets(r) ? open("/dev/null", O_RDONLY | O_CLOEXEC) : -1;
    if (has_sets(r) && getrlimit(RLIMIT_NOFILE, &files) < 0)
        return -errno;
    if (has_sets(r)) {
        r->connection_limit = (unsigned)(files.rlim_cur < INT_MAX ? files.rlim_cur : INT_MAX);
        r->connections = calloc(r->connection_limit, sizeof(struct connection *)); /* touched as far as it is used */
    }
    return r->handed && (r->connections || !has_sets(r)) ? 0 : -ENOMEM;
}

/* Four times in the time that a connection may wait. */
static int timer_open(const struct requests *r)
{
    const struct timespec each = clock_timespec(r->how->timeout_ns / 4 + 1);
    const int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (timer >= 0)
        (void)timerfd_settime(timer, 0, &(struct itimerspec){each, each}, NULL); /* which a good time cannot fail */
    return timer;
}

static int requests_open(const struct dispenser_options *how, void **state, struct cobench_error *err)
{
    static const struct plugin plugin = {
        "plugins/http.so", HTTP_SYMBOL, HTTP_VERSION,
        "nothing can be served here (it is built where libhttp-parser-dev is installed)"};
    const void *reader = NULL;
    void *handle = NULL; /* stays loaded: the process is about to end when this is closed */
    struct requests *r = malloc(sizeof *r);
    if (!r)
        return -ENOMEM;
    *r = (struct requests){.how = how,
                           .served = how->run->task->self,
                           .wake = -1,
                           .timer = -1,
                           .set = -1,
                           .lock = PTHREAD_MUTEX_INITIALIZER,
                           .changed = PTHREAD_COND_INITIALIZER};
    int rc = plugin_load(&plugin, &reader, &handle, err);
    r->reader = reader;
    if (rc == 0)
        rc = memory_open(r);
    if (rc == 0) {
        r->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        r->timer = has_sets(r) ? timer_open(r) : -1;
        rc = r->wake < 0 || (has_sets(r) && r->timer < 0) ? -errno : listeners_open(r, err);
    }
    if (rc == 0 && way_of(r) == SERVER_POOL) {
        r->set = set_open(r, r->listeners[0], EPOLLONESHOT);
        rc = r->set < 0 ? r->set : 0;
    }
    if (rc)
        requests_close(r);
    else
        *state = r;
    return rc;
}

const struct dispenser_kind dispenser_requests = {
    .version = DISPENSER_VERSION,
    .name = "requests",
    .redelivers = true, /* a worker takes the place of one that died */
    .open = requests_open,
    .close = requests_close,
    .worker_open = requests_worker_open,
    .worker_close = requests_worker_close,
    .take = requests_take,
    .done = requests_done,
    .descriptor = requests_descriptor,
    .feed = requests_feed,
    .lost = requests_lost,
};
