/* SPDX-License-Identifier: MIT */
/* The libcurl transport against a small server in a thread of its own: every fault by its name, kept connections, and more
 * requests at once than one multi takes. What the server does stands in the path. */
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "host/loop.h"
#include "host/transport.h"

#ifndef LIBRARY
#define LIBRARY  "curl"
#define DESCRIBE "libcurl"
#endif
#define TIMEOUT_NS (INT64_C(30) * NS_PER_S)
#define STALL_NS   (INT64_C(200) * NS_PER_MS) /* the timeout where one is wanted */

/* -- the server ----------------------------------------------------------------------------------------------------- */

enum { MANY = 2500, POLLED_MAX = 2 * MANY };

struct server {
    int refusing, port, refused_port; /* `refusing` is bound and never listens */
    int stop;                         /* a byte ends the thread */
    pthread_t thread;
    struct pollfd polled[POLLED_MAX]; /* the end of `stop`, the listener, the peers */
    nfds_t count;
    int crowd[MANY]; /* peers that wait for one another */
    size_t crowd_count;
    _Atomic unsigned accepted;
};

#define OK_HEAD "HTTP/1.1 200 OK\r\nContent-Length: "
#define HELLO   OK_HEAD "5\r\n\r\nhello"

/* By path; what stands here is sent as it is, then the connection is closed if `closes`. */
static const struct {
    const char *path, *reply;
    bool closes;
} scripts[] = {
    {"/ok", HELLO, false},
    {"/empty", OK_HEAD "0\r\n\r\n", false},
    {"/404", "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone", false},
    {"/moved", "HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n", false},
    {"/chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", false},
    {"/last", OK_HEAD "5\r\nConnection: close\r\n\r\nhello", true},
    {"/dies", HELLO, true}, /* without having said so */
    {"/stall", "", false},
    {"/half", OK_HEAD "100\r\n\r\nhello", false}, /* and then nothing more */
    {"/short", OK_HEAD "100\r\n\r\nhello", true},
    {"/close", "", true},
    {"/noise", "what do you want?\r\n\r\n", true},
    {"/huge", OK_HEAD "67108865\r\n\r\n", false},
};

static bool peer_send(int fd, const void *data, size_t length)
{
    return length == 0 || send(fd, data, length, MSG_NOSIGNAL) == (ssize_t)length;
}

/* A body as long as the path says, e.g. /bytes/100000: byte k is k mod 251. */
static bool peer_send_bytes(int fd, size_t length)
{
    char head[128];
    unsigned char *body = malloc(length + 1);
    assert_non_null(body);
    for (size_t i = 0; i < length; i++)
        body[i] = (unsigned char)(i % 251);
    const int head_length = snprintf(head, sizeof head, OK_HEAD "%zu\r\n\r\n", length);
    const bool sent = peer_send(fd, head, (size_t)head_length) && peer_send(fd, body, length);
    free(body);
    return sent;
}

/* Answered when all MANY are there. */
static bool crowd_join(struct server *s, int fd)
{
    bool sent = true;
    s->crowd[s->crowd_count++] = fd;
    if (s->crowd_count < MANY)
        return true;
    while (s->crowd_count > 0)
        sent &= peer_send(s->crowd[--s->crowd_count], HELLO, sizeof HELLO - 1);
    return sent;
}

/* Whether the connection is kept. */
static bool peer_reply(struct server *s, int fd, const char *path)
{
    if (strncmp(path, "/crowd", 6) == 0)
        return crowd_join(s, fd);
    if (strncmp(path, "/bytes/", 7) == 0)
        return peer_send_bytes(fd, strtoul(path + 7, NULL, 10));
    for (size_t i = 0; i < COUNT(scripts); i++) {
        const size_t length = strlen(scripts[i].path);
        if (strncmp(path, scripts[i].path, length) == 0 && strchr(" ?", path[length]))
            return peer_send(fd, scripts[i].reply, strlen(scripts[i].reply)) && !scripts[i].closes;
    }
    static const char none[] = "HTTP/1.1 500 No Such Script\r\nContent-Length: 0\r\n\r\n";
    return peer_send(fd, none, sizeof none - 1);
}

/* A request is so short that it comes in one piece. */
static bool peer_ready(struct server *s, int fd)
{
    char head[2048];
    const ssize_t got = recv(fd, head, sizeof head - 1, 0);
    if (got <= 0)
        return false;
    head[got] = '\0';
    return strncmp(head, "GET ", 4) == 0 && strstr(head, "\r\n\r\n") && peer_reply(s, fd, head + 4);
}

static void *server_main(void *arg)
{
    struct server *s = arg;
    while (poll(s->polled, s->count, -1) > 0 && !s->polled[0].revents) {
        for (nfds_t i = 2; i < s->count; i++)
            if (s->polled[i].revents && !peer_ready(s, s->polled[i].fd)) {
                close(s->polled[i].fd);
                s->polled[i].fd = -1;
            }
        if (s->polled[1].revents && s->count < POLLED_MAX) {
            s->polled[s->count++] = (struct pollfd){.fd = accept(s->polled[1].fd, NULL, NULL), .events = POLLIN};
            atomic_fetch_add(&s->accepted, 1);
        }
    }
    return NULL;
}

static int socket_bound(int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static void server_open(struct server *s)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    s->stop = ends[1];
    s->refusing = socket_bound(&s->refused_port);
    s->polled[0] = (struct pollfd){.fd = ends[0], .events = POLLIN};
    s->polled[1] = (struct pollfd){.fd = socket_bound(&s->port), .events = POLLIN};
    s->count = 2;
    assert_int_equal(listen(s->polled[1].fd, 4096), 0);
    assert_int_equal(pthread_create(&s->thread, NULL, server_main, s), 0);
}

static void server_close(struct server *s)
{
    assert_int_equal(write(s->stop, "x", 1), 1);
    assert_int_equal(pthread_join(s->thread, NULL), 0);
    for (nfds_t i = 0; i < s->count; i++)
        if (s->polled[i].fd >= 0)
            close(s->polled[i].fd);
    close(s->refusing);
    close(s->stop);
}

/* -- what every test has -------------------------------------------------------------------------------------------- */

struct fixture {
    struct server server;
    const struct transport *transport;
    void *state;
    _Atomic uint64_t connections;
};

/* Never closed: libcurl's libraries do not all take being unloaded and loaded again. */
static const struct transport *library_load(void)
{
    char path[4096];
    const char *build = getenv("COBENCH_BUILD");
    snprintf(path, sizeof path, "%s/transport/" LIBRARY ".so", build ? build : "build");
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        fail_msg("%s", dlerror());
    return dlsym(library, TRANSPORT_SYMBOL);
}

static void transport_reopen(struct fixture *f, int64_t timeout_ns)
{
    struct cobench_error err = {0};
    const struct transport_options options = {.timeout_ns = timeout_ns, .connections = &f->connections};
    if (f->state)
        f->transport->close(f->state);
    assert_int_equal(f->transport->open(&options, &f->state, &err), 0);
}

static int fixture_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->transport = library_load();
    assert_non_null(f->transport);
    assert_int_equal(f->transport->version, TRANSPORT_VERSION);
    server_open(&f->server);
    transport_reopen(f, TIMEOUT_NS);
    *state = f;
    return 0;
}

static int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    f->transport->close(f->state);
    server_close(&f->server);
    free(f);
    return 0;
}

/* Until the thread's next. */
static const char *url_of(int port, const char *path)
{
    static _Thread_local char url[128];

    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", port, path);
    return url;
}

static struct cobench_request ask_of(const char *url)
{
    struct cobench_request ask = {.ask = COBENCH_ASK_URL};
    snprintf(ask.url, sizeof ask.url, "%s", url);
    return ask;
}

/* What became of one request, by either way. */
struct outcome {
    struct loop *loop;
    int rc, status;
    size_t length;
    char body[64];
    struct cobench_error err;
    unsigned done;
};

static void outcome_note(struct outcome *o, const struct cobench_reply *reply)
{
    if (!reply)
        return;
    o->status = reply->status;
    o->length = reply->length;
    assert_true(reply->length == 0 ? reply->body == NULL : reply->body != NULL);
    if (reply->length)
        memcpy(o->body, reply->body, reply->length < sizeof o->body ? reply->length : sizeof o->body);
}

static void outcome_done(void *arg, const struct cobench_reply *reply, int rc, const struct cobench_error *error)
{
    struct outcome *o = arg;
    o->done++;
    o->rc = rc;
    assert_true((reply == NULL) == (rc != 0));
    assert_true((error == NULL) == (rc == 0));
    if (error)
        o->err = *error;
    outcome_note(o, reply);
    loop_stop(o->loop);
}

static struct outcome get_blocking(struct fixture *f, const char *url)
{
    const struct cobench_request ask = ask_of(url);
    struct cobench_reply reply = {0};
    struct outcome o = {0};
    void *client = NULL;
    assert_int_equal(f->transport->client_open(f->state, &client, &o.err), 0);
    o.rc = f->transport->client_get(client, &ask, &reply, &o.err);
    outcome_note(&o, o.rc ? NULL : &reply);
    f->transport->client_close(client);
    return o;
}

static struct outcome get_on_loop(struct fixture *f, const char *url)
{
    const struct cobench_request ask = ask_of(url);
    struct outcome o = {0};
    void *mux = NULL;
    assert_int_equal(loop_open(&loop_epoll, &o.loop, &o.err), 0);
    assert_int_equal(f->transport->mux_open(f->state, o.loop, &loop_ops, 1, &mux, &o.err), 0);
    o.rc = f->transport->mux_get(mux, &ask, outcome_done, &o, &o.err);
    if (!o.rc) {
        assert_int_equal(loop_run(o.loop), 0);
        assert_int_equal(o.done, 1);
    }
    f->transport->mux_close(mux);
    loop_close(o.loop);
    return o;
}

static struct outcome (*const ways[])(struct fixture *, const char *) = {get_blocking, get_on_loop};

/* -- replies and faults --------------------------------------------------------------------------------------------- */

TEST_WITH(test_replies, fixture_setup, fixture_teardown, struct fixture *f)
{
    static const struct {
        const char *path;
        int status;
        const char *body;
    } replies[] = {
        {"/ok", 200, "hello"},      {"/empty", 200, ""},     {"/404", 404, "gone"}, {"/moved", 302, ""},
        {"/chunked", 200, "abcde"}, {"/last", 200, "hello"}, {"/none", 500, ""},
    };
    for (size_t i = 0; i < COUNT(replies); i++)
        for (size_t way = 0; way < 2; way++) {
            const struct outcome o = ways[way](f, url_of(f->server.port, replies[i].path));
            assert_string_equal(o.err.message, "");
            assert_int_equal(o.rc, 0);
            assert_int_equal(o.status, replies[i].status);
            assert_int_equal(o.length, strlen(replies[i].body));
            assert_memory_equal(o.body, replies[i].body, o.length);
        }
}

TEST_WITH(test_faults, fixture_setup, fixture_teardown, struct fixture *f)
{
    static const struct {
        const char *path; /* NULL: nobody listens there */
        int rc;
        const char *type, *message; /* a part of the message */
    } faults[] = {
        {NULL, -ECONNREFUSED, "ConnectionRefused", "/: connection refused"},
        {"/stall?secret", -ETIMEDOUT, "Timeout", "/stall: "},
        {"/half", -ETIMEDOUT, "Timeout", "/half: "},
        {"/short", -EPROTO, "ShortBody", "95 bytes"},
        {"/close", -ECONNRESET, "ConnectionClosed", "without a reply"},
        {"/noise", -EPROTO, "BadReply", "/noise: "},
        {"/huge", -EMSGSIZE, "Transport", "a body of more than 64 MiB"},
    };
    transport_reopen(f, STALL_NS);
    for (size_t i = 0; i < COUNT(faults); i++)
        for (size_t way = 0; way < 2; way++) {
            const char *path = faults[i].path;
            const int64_t start = clock_now_ns();
            const struct outcome o = ways[way](f, path ? url_of(f->server.port, path)
                                                       : url_of(f->server.refused_port, "/"));
            assert_int_equal(o.rc, faults[i].rc);
            assert_string_equal(o.err.type, faults[i].type);
            if (!strstr(o.err.message, faults[i].message))
                fail_msg("'%s' lacks '%s'", o.err.message, faults[i].message);
            assert_null(strstr(o.err.message, "secret"));
            if (o.rc == -ETIMEDOUT)
                assert_true(clock_now_ns() - start >= STALL_NS);
        }
}

/* No name has an empty label, so the resolver says so without asking the network. */
TEST_WITH(test_urls_refused, fixture_setup, fixture_teardown, struct fixture *f)
{
    static const char *const urls[] = {"http://nobody..invalid/", "",        "127.0.0.1/", "ftp://127.0.0.1/",
                                       "file:///etc/passwd",      "http:/x", "http://a b/"};
    for (size_t i = 0; i < COUNT(urls); i++)
        for (size_t way = 0; way < 2; way++) {
            const struct outcome o = ways[way](f, urls[i]);
            assert_int_equal(o.rc, i == 0 ? -EHOSTUNREACH : -EINVAL);
            assert_string_equal(o.err.type, i == 0 ? "CouldNotResolve" : "BadUrl");
            assert_true(o.err.message[0] != 0);
        }
    assert_int_equal(atomic_load(&f->connections), 0);
}

/* The environment's proxy is not for us: a loopback origin would be asked for through it. */
TEST_WITH(test_no_proxy_from_environment, fixture_setup, fixture_teardown, struct fixture *f)
{
    assert_int_equal(setenv("http_proxy", url_of(f->server.refused_port, ""), 1), 0);
    for (size_t way = 0; way < 2; way++)
        assert_int_equal(ways[way](f, url_of(f->server.port, "/ok")).rc, 0);
    assert_int_equal(unsetenv("http_proxy"), 0);
}

TEST_WITH(test_large_bodies, fixture_setup, fixture_teardown, struct fixture *f)
{
    struct cobench_error err = {0};
    struct cobench_reply reply = {0};
    void *client = NULL;
    static const size_t lengths[] = {1, 4095, 4096, 4097, 3000000, 10};
    assert_int_equal(f->transport->client_open(f->state, &client, &err), 0);
    for (size_t i = 0; i < COUNT(lengths); i++) {
        char path[64];
        snprintf(path, sizeof path, "/bytes/%zu", lengths[i]);
        const struct cobench_request ask = ask_of(url_of(f->server.port, path));
        assert_int_equal(f->transport->client_get(client, &ask, &reply, &err), 0);
        assert_int_equal(reply.length, lengths[i]);
        for (size_t k = 0; k < reply.length; k++)
            if (reply.body[k] != k % 251)
                fail_msg("byte %zu of %zu is wrong", k, reply.length);
    }
    assert_int_equal(atomic_load(&f->connections), 1);
    f->transport->client_close(client);
}

/* -- connections ---------------------------------------------------------------------------------------------------- */

/* One connection for many requests, a new one after the server has closed it, none counted that did not come about. */
TEST_WITH(test_connections_are_kept_and_counted, fixture_setup, fixture_teardown, struct fixture *f)
{
    static const struct {
        const char *path;
        unsigned connections; /* so far */
    } steps[] = {{"/ok", 1}, {"/404", 1}, {"/ok", 1}, {"/last", 1}, {"/ok", 2}, {"/dies", 2}, {"/ok", 3}};
    struct cobench_error err = {0};
    struct cobench_reply reply = {0};
    void *client = NULL;
    assert_int_equal(f->transport->client_open(f->state, &client, &err), 0);
    for (size_t i = 0; i < COUNT(steps); i++) {
        const struct cobench_request ask = ask_of(url_of(f->server.port, steps[i].path));
        assert_int_equal(f->transport->client_get(client, &ask, &reply, &err), 0);
        assert_int_equal(atomic_load(&f->connections), steps[i].connections);
    }
    assert_int_equal(atomic_load(&f->server.accepted), 3);
    const struct cobench_request refused = ask_of(url_of(f->server.refused_port, "/"));
    assert_int_equal(f->transport->client_get(client, &refused, &reply, &err), -ECONNREFUSED);
    assert_int_equal(atomic_load(&f->connections), 3);
    f->transport->client_close(client);
}

/* A crowd of requests on one loop, each of which asks `left` times more from within its own callback. */
struct crowd {
    struct fixture *f;
    struct loop *loop;
    void *mux;
    struct cobench_request ask;
    unsigned left, under_way, good;
};

static void crowd_done(void *arg, const struct cobench_reply *reply, int rc, const struct cobench_error *error)
{
    struct crowd *c = arg;
    struct cobench_error err = {0};
    (void)error;
    assert_int_equal(rc, 0);
    c->under_way--;
    if (c->left) {
        c->left--;
        c->under_way++;
        assert_int_equal(c->f->transport->mux_get(c->mux, &c->ask, crowd_done, c, &err), 0);
    }
    /* The reply is still ours, also after the next request has been handed in. */
    if (reply->status == 200 && reply->length == 5 && memcmp(reply->body, "hello", 5) == 0)
        c->good++;
    if (c->under_way == 0)
        loop_stop(c->loop);
}

static void crowd_run(struct fixture *f, const char *path, unsigned flags, unsigned at_once, unsigned more)
{
    struct crowd c = {.f = f, .ask = ask_of(url_of(f->server.port, path)), .left = more};
    struct cobench_error err = {0};
    c.ask.flags = flags;
    assert_int_equal(loop_open(&loop_epoll, &c.loop, &err), 0);
    assert_int_equal(f->transport->mux_open(f->state, c.loop, &loop_ops, at_once, &c.mux, &err), 0);
    for (; c.under_way < at_once; c.under_way++)
        assert_int_equal(f->transport->mux_get(c.mux, &c.ask, crowd_done, &c, &err), 0);
    assert_int_equal(f->transport->mux_get(c.mux, &c.ask, crowd_done, &c, &err), -EBUSY);
    assert_int_equal(loop_run(c.loop), 0);
    assert_int_equal(c.good, at_once + more);
    f->transport->mux_close(c.mux);
    loop_close(c.loop);
}

TEST_WITH(test_many_on_one_loop, fixture_setup, fixture_teardown, struct fixture *f)
{
    struct rlimit files;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    if (files.rlim_max < 2 * MANY + 200) {
        print_message("skipped: the hard open-file limit is below %d\n", 2 * MANY + 200);
        skip();
    }
    files.rlim_cur = files.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
    crowd_run(f, "/crowd", 0, MANY, MANY);
    assert_int_equal(atomic_load(&f->server.accepted), MANY);
    assert_int_equal(atomic_load(&f->connections), MANY);
}

TEST_WITH(test_one_after_the_other_on_a_loop, fixture_setup, fixture_teardown, struct fixture *f)
{
    crowd_run(f, "/ok", 0, 1, 500);
    assert_int_equal(atomic_load(&f->connections), 1);
}

/* Each time a new one, which is not there for the next. */
TEST_WITH(test_a_connection_of_its_own, fixture_setup, fixture_teardown, struct fixture *f)
{
    static const struct {
        unsigned flags, connections; /* so far */
    } steps[] = {{0, 1}, {0, 1}, {COBENCH_URL_FRESH, 2}, {COBENCH_URL_FRESH, 3}};
    struct cobench_error err = {0};
    struct cobench_reply reply = {0};
    void *client = NULL;
    assert_int_equal(f->transport->client_open(f->state, &client, &err), 0);
    for (size_t i = 0; i < COUNT(steps); i++) {
        struct cobench_request ask = ask_of(url_of(f->server.port, "/ok"));
        ask.flags = steps[i].flags;
        assert_int_equal(f->transport->client_get(client, &ask, &reply, &err), 0);
        assert_int_equal(atomic_load(&f->connections), steps[i].connections);
    }
    f->transport->client_close(client);
    crowd_run(f, "/ok", COBENCH_URL_FRESH, 2, 10);
    assert_int_equal(atomic_load(&f->connections), 15);
}

/* A mux that is closed with requests under way calls nobody back, and leaves nothing watched. */
TEST_WITH(test_close_cancels, fixture_setup, fixture_teardown, struct fixture *f)
{
    struct outcome o = {0};
    void *mux = NULL;
    const struct cobench_request stall = ask_of(url_of(f->server.port, "/stall")),
                                 ok = ask_of(url_of(f->server.port, "/ok"));

    assert_int_equal(loop_open(&loop_epoll, &o.loop, &o.err), 0);
    assert_int_equal(f->transport->mux_open(f->state, o.loop, &loop_ops, 3, &mux, &o.err), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(f->transport->mux_get(mux, &stall, outcome_done, &o, &o.err), 0);
    assert_int_equal(f->transport->mux_get(mux, &ok, outcome_done, &o, &o.err), 0);
    assert_int_equal(loop_run(o.loop), 0);
    assert_int_equal(o.done, 1);
    f->transport->mux_close(mux);
    assert_int_equal(loop_run(o.loop), 0);
    assert_int_equal(o.done, 1);
    loop_close(o.loop);
}

/* -- threads -------------------------------------------------------------------------------------------------------- */

static void *thread_main(void *arg)
{
    struct fixture *f = arg;
    struct cobench_error err = {0};
    struct cobench_reply reply = {0};
    void *client = NULL;
    uintptr_t bad = 0;
    const struct cobench_request ask = ask_of(url_of(f->server.port, "/ok"));
    if (f->transport->client_open(f->state, &client, &err))
        return (void *)(uintptr_t)1;
    for (int i = 0; i < 50; i++)
        bad += f->transport->client_get(client, &ask, &reply, &err) != 0 || reply.status != 200;
    f->transport->client_close(client);
    return (void *)bad;
}

TEST_WITH(test_a_client_a_thread, fixture_setup, fixture_teardown, struct fixture *f)
{
    pthread_t threads[8];
    for (int i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, thread_main, f), 0);
    for (int i = 0; i < 8; i++) {
        void *bad = NULL;
        assert_int_equal(pthread_join(threads[i], &bad), 0);
        assert_null(bad);
    }
    assert_int_equal(atomic_load(&f->connections), 8);
}

TEST_WITH(test_describe, fixture_setup, fixture_teardown, struct fixture *f)
{
    assert_string_equal(f->transport->name, DESCRIBE);
    assert_memory_equal(f->transport->describe(), DESCRIBE "/", sizeof DESCRIBE);
}
