/* SPDX-License-Identifier: MIT */
/*
 * The light transport for URLs: HTTP/1.1 without TLS over a socket, parsed by libhttp-parser. libcurl can do much more and takes
 * 60 us a request; a client that is to find how much a server bears may not be the slower of the two. A connection belongs to the
 * client, or on a loop to the request slot ("exchange"), that opened it. Names are resolved once, by blocking, IPv4 first.
 */
#include <errno.h>
#include <http_parser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/scarce.h"
#include "host/error.h"
#include "host/transport.h"

#define BODY_MAX      (64u << 20) /* bytes; a larger reply is an error, as in py_impl/transport */
#define BODY_FIRST    4096u       /* bytes of a buffer's first allocation */
#define HEADERS_MAX   (1u << 18)  /* bytes */
#define RECEIVE_BYTES 65536       /* at once */
#define AUTHORITY_MAX 300         /* bytes of "host:port" */
#define URL_SHOWN     160         /* bytes of the URL in an error message */

struct state {
    int64_t timeout_ns;
    _Atomic uint64_t *connections;
};

/* Where the last request went, with its address. */
struct place {
    char authority[AUTHORITY_MAX];
    struct sockaddr_storage address;
    socklen_t length;
};

/* What the connections of one thread share. */
struct shelf {
    const struct state *state;
    struct place place;
    struct loop *loop; /* NULL: waited for by blocking */
    const struct loop_ops *ops;
    char received[RECEIVE_BYTES];
};

/* A connection, or the place for one, with the request that is under way on it. */
struct link {
    struct shelf *shelf;
    int fd; /* -1: not open */
    unsigned watched;
    bool fresh; /* the request wants a connection of its own */
    struct place place;
    bool counted, kept; /* it came about; it has served a request before */
    bool heard, headed, whole,
        keep;            /* of the reply: a byte, the headers, all of it; the connection can be used again */
    char url[URL_SHOWN]; /* for messages, without the query */
    char request[COBENCH_URL_MAX + AUTHORITY_MAX + 64];
    size_t request_length, sent;
    http_parser parser;
    unsigned char *body;
    size_t length, capacity;
    int body_rc; /* why the body could not be kept: negative errno */
};

static int timed_out(const struct link *l, struct cobench_error *err)
{
    return error_named(err, -ETIMEDOUT, "Timeout", "%s: no complete answer within %g s", l->url,
                       (double)l->shelf->state->timeout_ns / (double)NS_PER_S);
}

/* A call on the socket that failed. */
static int system_error(const struct link *l, int os_errno, struct cobench_error *err)
{
    char text[200];
    const char *scarce = scarce_connect(os_errno, text, sizeof text);
    if (scarce)
        return error_named(err, -os_errno, scarce, "%s: %s", l->url, text);
    if (os_errno == ECONNREFUSED)
        return error_named(err, -os_errno, "ConnectionRefused", "%s: connection refused", l->url);
    if (os_errno == ECONNRESET || os_errno == EPIPE)
        return error_named(err, -ECONNRESET, "ConnectionClosed", "%s: the connection was reset", l->url);
    return error_named(err, -os_errno, os_errno == ETIMEDOUT ? "Timeout" : "Transport", "%s: %s", l->url,
                       strerror_r(os_errno, text, sizeof text) == 0 ? text : "the socket failed");
}

/* -- the reply ------------------------------------------------------------------------------------------------------ */

static int reply_headed(http_parser *parser)
{
    struct link *l = parser->data;
    l->headed = true;
    if (parser->content_length != UINT64_MAX && parser->content_length > BODY_MAX)
        l->body_rc = -EMSGSIZE;
    return l->body_rc ? -1 : 0;
}

static int body_append(http_parser *parser, const char *data, size_t bytes)
{
    struct link *l = parser->data;
    size_t capacity = l->capacity ? l->capacity : BODY_FIRST;
    if (bytes > BODY_MAX - l->length)
        l->body_rc = -EMSGSIZE;
    while (capacity < l->length + bytes)
        capacity *= 2;
    if (!l->body_rc && capacity > l->capacity) {
        unsigned char *body = realloc(l->body, capacity);
        if (body)
            l->body = body, l->capacity = capacity;
        else
            l->body_rc = -ENOMEM;
    }
    if (l->body_rc)
        return -1;
    memcpy(l->body + l->length, data, bytes);
    l->length += bytes;
    return 0;
}

static int reply_whole(http_parser *parser)
{
    struct link *l = parser->data;
    if (parser->status_code / 100 == 1 && parser->status_code != 101) { /* there is more to come */
        l->headed = false;
        return 0;
    }
    l->whole = true;
    l->keep = http_should_keep_alive(parser) && !parser->upgrade;
    http_parser_pause(parser, 1); /* what comes behind it is not its */
    return 0;
}

static const http_parser_settings callbacks = {
    .on_headers_complete = reply_headed, .on_body = body_append, .on_message_complete = reply_whole};

/* -- connections ---------------------------------------------------------------------------------------------------- */

static void link_close(struct link *l)
{
    if (l->fd < 0)
        return;
    if (l->watched)
        l->shelf->ops->watch(l->shelf->loop, l->fd, 0, NULL, NULL);
    close(l->fd);
    l->fd = -1;
    l->watched = 0;
}

static bool place_is(const struct place *place, const char *authority, size_t length)
{
    return strncmp(place->authority, authority, length) == 0 && place->authority[length] == '\0';
}

/* The address of a host and port; asked for where the last request of this thread went elsewhere. */
static int place_find(struct shelf *shelf, const char *url, const char *authority, size_t length, struct place *out,
                      struct cobench_error *err)
{
    char host[AUTHORITY_MAX], port[8] = "80";
    const size_t bracket = authority[0] == '[';
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found = NULL;
    struct place *place = &shelf->place;
    if (!place_is(place, authority, length)) {
        const char *end = memchr(authority, bracket ? ']' : ':', length);
        snprintf(host, sizeof host, "%.*s", (int)(end ? (size_t)(end - authority) - bracket : length),
                 authority + bracket);
        if (end && (end += bracket) < authority + length)
            snprintf(port, sizeof port, "%.*s", (int)(authority + length - end - 1), end + 1);
        int rc = getaddrinfo(host, port, &hints, &found);
        if (rc) {
            hints.ai_family = AF_INET6;
            rc = getaddrinfo(host, port, &hints, &found);
        }
        if (rc)
            return error_named(err, -EHOSTUNREACH, "CouldNotResolve", "%s: %s", url, gai_strerror(rc));
        memcpy(&place->address, found->ai_addr, found->ai_addrlen);
        place->length = found->ai_addrlen;
        freeaddrinfo(found);
        memcpy(place->authority, authority, length);
        place->authority[length] = '\0';
    }
    *out = *place;
    return 0;
}

static int link_connect(struct link *l, struct cobench_error *err)
{
    const int one = 1;
    link_close(l);
    l->counted = l->kept = false;
    l->sent = 0;
    l->fd = socket(l->place.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (l->fd < 0)
        return system_error(l, errno, err);
    (void)setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(l->fd, (const struct sockaddr *)&l->place.address, l->place.length) == 0 || errno == EINPROGRESS)
        return 0;
    const int rc = system_error(l, errno, err);
    link_close(l);
    return rc;
}

/* Makes ready for a request, on the connection that there is or a new one. Does not touch the body of the last one. */
static int link_aim(struct link *l, const struct cobench_request *ask, struct cobench_error *err)
{
    const char *url = ask->url;
    struct http_parser_url parts;
    int rc = 0;
    snprintf(l->url, sizeof l->url, "%.*s", (int)strcspn(url, "?#"), url);
    http_parser_url_init(&parts);
    if (ask->flags & COBENCH_URL_HTTP2 || strncasecmp(url, "https://", 8) == 0)
        return error_named(err, -ENOSYS, "Impossible",
                           "client http speaks plain HTTP/1.1; the default has TLS and HTTP/2");
    if (strncasecmp(url, "http://", 7) != 0 || strchr(url, ' ') || http_parser_parse_url(url, strlen(url), 0, &parts))
        return error_named(err, -EINVAL, "BadUrl", "%s: not an absolute http or https URL", l->url);
    const char *authority = url + 7, *target = authority + strcspn(authority, "/?#");
    const size_t length = (size_t)(target - authority);
    if (length >= AUTHORITY_MAX)
        return error_named(err, -EINVAL, "BadUrl", "%s: its host is too long", l->url);
    l->fresh = ask->flags & COBENCH_URL_FRESH;
    if (l->fresh)
        link_close(l);
    if (!place_is(&l->place, authority, length)) {
        link_close(l);
        rc = place_find(l->shelf, l->url, authority, length, &l->place, err);
    }
    if (rc)
        return rc;
    l->request_length = (size_t)snprintf(
        l->request, sizeof l->request, "GET %s%.*s HTTP/1.1\r\nHost: %s\r\nUser-Agent: cobench\r\n\r\n",
        *target == '/' ? "" : "/", (int)strcspn(target, "#"), target, l->place.authority);
    l->sent = l->length = 0;
    l->body_rc = 0;
    l->heard = l->headed = l->whole = l->keep = false;
    http_parser_init(&l->parser, HTTP_RESPONSE);
    l->parser.data = l;
    return l->fd >= 0 ? 0 : link_connect(l, err);
}

/* -- one step further ----------------------------------------------------------------------------------------------- */

/* The connection ended; `os_errno`: 0, or why. A kept one that was ended before anything of the answer came is no answer:
 * it is asked for once more, on a new one. */
static int link_ended(struct link *l, int os_errno, struct cobench_error *err)
{
    if (l->kept && !l->heard && (os_errno == 0 || os_errno == ECONNRESET || os_errno == EPIPE)) {
        const int rc = link_connect(l, err);
        return rc ? rc : (int)LOOP_WRITE;
    }
    if (os_errno)
        return system_error(l, os_errno, err);
    http_parser_execute(&l->parser, &callbacks, NULL, 0);
    l->keep = false;
    if (l->whole) /* one whose end is that of the connection */
        return 0;
    if (!l->headed)
        return error_named(err, -ECONNRESET, "ConnectionClosed", "%s: the server closed the connection %s", l->url,
                           l->heard ? "within the headers" : "without a reply");
    if (l->parser.content_length == UINT64_MAX)
        return error_named(err, -EPROTO, "ShortBody", "%s: the connection ended within the body", l->url);
    return error_named(err, -EPROTO, "ShortBody", "%s: the connection ended %llu bytes before the body did", l->url,
                       (unsigned long long)l->parser.content_length);
}

static int link_parse(struct link *l, const char *data, size_t bytes, struct cobench_error *err)
{
    l->heard = true;
    const size_t used = http_parser_execute(&l->parser, &callbacks, data, bytes);
    if (l->whole) {
        l->keep = l->keep && used == bytes;
        return 0;
    }
    if (l->body_rc)
        return error_named(err, l->body_rc, "Transport", "%s: %s", l->url,
                           l->body_rc == -ENOMEM ? "out of memory for the body" : "a body of more than 64 MiB");
    if (HTTP_PARSER_ERRNO(&l->parser) != HPE_OK)
        return error_named(err, -EPROTO, "BadReply", "%s: %s", l->url,
                           http_errno_description(HTTP_PARSER_ERRNO(&l->parser)));
    return (int)LOOP_READ;
}

/* Sends or receives what it can. What it waits for next (LOOP_READ, LOOP_WRITE), 0: the reply is there, or a negative errno. */
static int link_step(struct link *l, struct cobench_error *err)
{
    const bool sending = l->sent < l->request_length;
    ssize_t bytes;
    do
        bytes = sending ? send(l->fd, l->request + l->sent, l->request_length - l->sent, MSG_NOSIGNAL)
                        : recv(l->fd, l->shelf->received, sizeof l->shelf->received, 0);
    while (bytes < 0 && errno == EINTR);
    if (bytes < 0 && errno == EAGAIN)
        return (int)(sending ? LOOP_WRITE : LOOP_READ);
    if (bytes < 0 || (bytes == 0 && !sending))
        return link_ended(l, bytes < 0 ? errno : 0, err);
    if (!l->counted) /* only those that came about */
        atomic_fetch_add_explicit(l->shelf->state->connections, 1, memory_order_relaxed);
    l->counted = true;
    if (!sending)
        return link_parse(l, l->shelf->received, (size_t)bytes, err);
    l->sent += (size_t)bytes;
    return (int)(l->sent < l->request_length ? LOOP_WRITE : LOOP_READ);
}

/* Ends a request: the connection is kept or closed. */
static struct cobench_reply link_rest(struct link *l, int rc)
{
    if (rc || !l->keep || l->fresh)
        link_close(l);
    l->kept = true;
    return (struct cobench_reply){
        .status = l->parser.status_code, .body = l->length ? l->body : NULL, .length = l->length};
}

/* -- once a process ------------------------------------------------------------------------------------------------- */

static const char *http_describe(void)
{
    static char text[48];
    const unsigned long version = http_parser_version();
    snprintf(text, sizeof text, "http_parser/%lu.%lu.%lu", version >> 16 & 255, version >> 8 & 255, version & 255);
    return text;
}

static int http_open(const struct transport_options *options, void **out, struct cobench_error *err)
{
    struct state *state = malloc(sizeof *state);
    if (!state)
        return error_named(err, -ENOMEM, "Transport", "out of memory");
    *state = (struct state){options->timeout_ns, options->connections};
    http_parser_set_max_header_size(HEADERS_MAX);
    *out = state;
    return 0;
}

static void http_close(void *state) { free(state); }

/* -- blocking ------------------------------------------------------------------------------------------------------- */

struct client {
    struct shelf shelf;
    struct link link;
};

static int client_open(void *state, void **out, struct cobench_error *err)
{
    struct client *client = calloc(1, sizeof *client);
    if (!client)
        return error_named(err, -ENOMEM, "Transport", "out of memory");
    client->shelf.state = state;
    client->link.shelf = &client->shelf;
    client->link.fd = -1;
    *out = client;
    return 0;
}

static int client_get(void *arg, const struct cobench_request *ask, struct cobench_reply *reply,
                      struct cobench_error *err)
{
    struct link *l = &((struct client *)arg)->link;
    const int64_t deadline = clock_now_ns() + l->shelf->state->timeout_ns;
    int rc = link_aim(l, ask, err);
    if (!rc)
        rc = link_step(l, err);
    while (rc > 0) {
        struct pollfd wait = {.fd = l->fd, .events = rc == (int)LOOP_READ ? POLLIN : POLLOUT};
        const int64_t left = deadline - clock_now_ns();
        const int got = left > 0 ? poll(&wait, 1, (int)((left + NS_PER_MS - 1) / NS_PER_MS)) : 0;
        if (got == 0)
            rc = timed_out(l, err);
        else if (got > 0)
            rc = link_step(l, err);
        else if (errno != EINTR)
            rc = system_error(l, errno, err);
    }
    *reply = link_rest(l, rc);
    return rc;
}

static void client_close(void *arg)
{
    struct client *client = arg;
    if (!client)
        return;
    link_close(&client->link);
    free(client->link.body);
    free(client);
}

/* -- on a loop ------------------------------------------------------------------------------------------------------ */

/* A request slot. */
struct exchange {
    struct link link;
    struct mux *mux;
    struct loop_timer timer;
    bool busy;
    transport_done_fn done;
    void *arg;
    struct exchange *next; /* in the stack of idle ones */
};

struct mux {
    struct shelf shelf;
    unsigned count;
    struct exchange *exchanges, *idle;
};

/* The exchange is idle before its owner hears of it, so that it can be used for the next request at once: nothing is received,
 * hence no body overwritten, before the loop turns. */
static void exchange_end(struct exchange *x, int rc, const struct cobench_error *err)
{
    struct mux *mux = x->mux;
    const struct cobench_reply reply = link_rest(&x->link, rc);
    mux->shelf.ops->timer_cancel(mux->shelf.loop, &x->timer);
    x->busy = false;
    x->next = mux->idle;
    mux->idle = x;
    x->done(x->arg, rc ? NULL : &reply, rc, rc ? err : NULL);
}

static void exchange_ready(void *arg, int fd, unsigned events);

/* Watches for what a step said, or passes on its error. An idle connection stays watched: its end shows so. */
static int exchange_watch(struct exchange *x, int rc, struct cobench_error *err)
{
    struct link *l = &x->link;
    if (rc <= 0 || l->watched == (unsigned)rc)
        return rc;
    l->watched = (unsigned)rc;
    const int failed = l->shelf->ops->watch(l->shelf->loop, l->fd, l->watched, exchange_ready, x);
    return failed ? error_named(err, failed, "Transport", "%s: the loop cannot watch its connection", l->url) : rc;
}

static void exchange_ready(void *arg, int fd, unsigned events)
{
    struct exchange *x = arg;
    struct cobench_error err = {0};
    (void)fd, (void)events;
    if (!x->busy) {
        link_close(&x->link);
        return;
    }
    const int rc = exchange_watch(x, link_step(&x->link, &err), &err);
    if (rc <= 0)
        exchange_end(x, rc, &err);
}

static void exchange_timeout(void *arg)
{
    struct exchange *x = arg;
    struct cobench_error err = {0};
    exchange_end(x, timed_out(&x->link, &err), &err);
}

static void mux_close(void *arg)
{
    struct mux *mux = arg;
    if (!mux)
        return;
    for (unsigned i = 0; i < mux->count; i++) {
        struct exchange *x = &mux->exchanges[i];
        mux->shelf.ops->timer_cancel(mux->shelf.loop, &x->timer);
        link_close(&x->link);
        free(x->link.body);
    }
    free(mux->exchanges);
    free(mux);
}

static int mux_open(void *state, struct loop *loop, const struct loop_ops *ops, unsigned in_flight, void **out,
                    struct cobench_error *err)
{
    struct mux *mux = calloc(1, sizeof *mux);
    if (mux)
        mux->exchanges = calloc(in_flight ? in_flight : 1, sizeof *mux->exchanges);
    if (!mux || !mux->exchanges) {
        free(mux);
        return error_named(err, -ENOMEM, "Transport", "out of memory for the requests in flight");
    }
    mux->shelf.state = state;
    mux->shelf.loop = loop;
    mux->shelf.ops = ops;
    for (mux->count = 0; mux->count < (in_flight ? in_flight : 1); mux->count++) {
        struct exchange *x = &mux->exchanges[mux->count];
        *x = (struct exchange){.mux = mux, .timer = {.fire = exchange_timeout, .arg = x}, .next = mux->idle};
        x->link.shelf = &mux->shelf;
        x->link.fd = -1;
        mux->idle = x;
    }
    *out = mux;
    return 0;
}

static int mux_get(void *arg, const struct cobench_request *ask, transport_done_fn done, void *done_arg,
                   struct cobench_error *err)
{
    struct mux *mux = arg;
    struct exchange *x = mux->idle;
    if (!x)
        return error_named(err, -EBUSY, "Transport", "more requests in flight than were asked for");
    int rc = link_aim(&x->link, ask, err);
    if (!rc)
        rc = exchange_watch(x, link_step(&x->link, err), err);
    if (rc > 0)
        rc = mux->shelf.ops->timer_set(mux->shelf.loop, &x->timer, clock_now_ns() + mux->shelf.state->timeout_ns);
    if (rc) {
        link_close(&x->link);
        return rc;
    }
    mux->idle = x->next;
    x->busy = true;
    x->done = done;
    x->arg = done_arg;
    return 0;
}

const struct transport cobench_transport = {
    .version = TRANSPORT_VERSION,
    .name = "http_parser",
    .describe = http_describe,
    .open = http_open,
    .close = http_close,
    .client_open = client_open,
    .client_get = client_get,
    .client_close = client_close,
    .mux_open = mux_open,
    .mux_get = mux_get,
    .mux_close = mux_close,
};
