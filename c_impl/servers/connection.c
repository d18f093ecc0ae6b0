/* SPDX-License-Identifier: MIT */
/* A connection from its first byte to its last. */
#define _GNU_SOURCE /* CLOCK_REALTIME_COARSE */
#include "servers/connection.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"

#define JOB_TARGET "/work?job="

struct connection *connection_new(const struct connection_worker *w, int fd)
{
    struct connection *c = calloc(1, sizeof *c);
    if (!c) {
        close(fd);
        return NULL;
    }
    c->fd = fd;
    c->since_ns = INT64_MAX;
    w->reader->begin(&c->request);
    /* Answers that follow one another wait for no acknowledgement. A Unix socket has no such thing. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    return c;
}

void connection_free(struct connection *c)
{
    close(c->fd);
    free(c->rest);
    free(c->unsent);
    free(c);
}

void connection_waits(struct connection *c)
{
    const bool stays = c->request.begun && c->waited;
    const int64_t since_ns = stays ? atomic_load_explicit(&c->since_ns, memory_order_relaxed) : clock_now_ns();
    c->waited = c->request.begun;
    atomic_store_explicit(&c->since_ns, since_ns, memory_order_release);
}

void connection_works(struct connection *c)
{
    atomic_store_explicit(&c->since_ns, INT64_MAX, memory_order_relaxed);
    c->waited = false;
}

/* -- out -------------------------------------------------------------------------------------------------------------- */

static const char *status_text(int status)
{
    switch (status) {
    case 200:
        return "200 OK";
    case 400:
        return "400 Bad Request";
    case 404:
        return "404 Not Found";
    case 405:
        return "405 Method Not Allowed\r\nAllow: GET";
    case 408:
        return "408 Request Timeout";
    case 413:
        return "413 Content Too Large";
    case 431:
        return "431 Request Header Fields Too Large";
    default:
        return "500 Internal Server Error";
    }
}

/* What an origin server with a clock has to say (RFC 9110, 6.6.1), made anew once a second. */
static const char *date_text(struct connection_worker *w)
{
    struct timespec now;
    struct tm parts;
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (now.tv_sec != w->second && gmtime_r(&now.tv_sec, &parts)) {
        w->second = now.tv_sec;
        strftime(w->date, sizeof w->date, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    }
    return w->date;
}

/* How far the bytes go now: *sent. False: nobody is there any more. */
static bool bytes_send(int fd, const char *bytes, size_t length, size_t *sent)
{
    for (*sent = 0; *sent < length;) {
        const ssize_t n = send(fd, bytes + *sent, length - *sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN;
        *sent += (size_t)n;
    }
    return true;
}

static enum connection_state state_of(const struct connection *c)
{
    return c->unsent ? CONNECTION_WRITES : c->last ? CONNECTION_OVER : CONNECTION_READS;
}

static enum connection_state give_up(struct connection *c)
{
    free(c->unsent);
    c->unsent = NULL;
    c->last = true;
    return CONNECTION_OVER;
}

static enum connection_state unsent_send(struct connection *c)
{
    size_t sent;
    if (!bytes_send(c->fd, c->unsent + c->unsent_at, c->unsent_length, &sent))
        return give_up(c);
    c->unsent_at += sent;
    c->unsent_length -= sent;
    if (c->unsent_length == 0) {
        free(c->unsent);
        c->unsent = NULL;
    }
    return state_of(c);
}

enum connection_state connection_answer(struct connection *c, struct connection_worker *w, int status, const char *body)
{
    char text[768]; /* the body is a number, or a failure in one line */
    size_t sent;
    c->last = c->last || !c->request.keep_alive || c->request.wrong || status == 408;
    const int length = snprintf(
        text, sizeof text, "HTTP/1.1 %s\r\nDate: %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n%s\r\n%s",
        status_text(status), date_text(w), strlen(body),
        c->last          ? "Connection: close\r\n"
        : c->request.old ? "Connection: keep-alive\r\n"
                         : "",
        body);
    const size_t count = (size_t)length < sizeof text ? (size_t)length : sizeof text - 1;
    ++*(status == 200 ? &w->count->requests : status < 500 ? &w->count->refused : &w->count->errors);
    if (!bytes_send(c->fd, text, count, &sent))
        return give_up(c);
    if (sent == count)
        return state_of(c);
    c->unsent_at = 0;
    c->unsent_length = count - sent;
    c->unsent = malloc(c->unsent_length);
    if (!c->unsent)
        return give_up(c);
    memcpy(c->unsent, text + sent, c->unsent_length);
    return CONNECTION_WRITES;
}

/* -- in --------------------------------------------------------------------------------------------------------------- */

/* The number of "/work?job=N", also behind "http://HOST". False: it is another target. */
static bool number_read(const struct http_request *request, uint64_t *number)
{
    char text[HTTP_TARGET_MAX + 1], *end;
    memcpy(text, request->target, request->target_length);
    text[request->target_length] = '\0';
    const char *at = strncmp(text, "http://", 7) == 0 ? strchr(text + 7, '/') : text;
    if (!at || strncmp(at, JOB_TARGET, sizeof JOB_TARGET - 1) != 0 || request->target_length == HTTP_TARGET_MAX)
        return false;
    at += sizeof JOB_TARGET - 1;
    errno = 0;
    *number = strtoull(at, &end, 10);
    return *at >= '0' && *at <= '9' && *end == '\0' && errno == 0;
}

/* Reads on in what is there: `used` of it belongs to the request. */
static size_t request_read(struct connection *c, const struct connection_worker *w, const char *bytes, size_t count)
{
    return w->reader->read(&c->request, bytes, count);
}

static void rest_read(struct connection *c, const struct connection_worker *w)
{
    const size_t used = request_read(c, w, c->rest + c->rest_at, c->rest_length);
    c->rest_at += used;
    c->rest_length -= used;
    if (c->rest_length == 0) {
        free(c->rest);
        c->rest = NULL;
    }
}

/* Keeps what came behind the request. */
static bool rest_keep(struct connection *c, const char *bytes, size_t count)
{
    if (count == 0)
        return true;
    c->rest = malloc(count);
    if (!c->rest)
        return false;
    memcpy(c->rest, bytes, count);
    c->rest_at = 0;
    c->rest_length = count;
    return true;
}

/* False: there is nothing to read, or never will be (then it is the connection's last). */
static bool socket_read(struct connection *c, struct connection_worker *w)
{
    ssize_t got;
    do
        got = recv(c->fd, w->input, sizeof w->input, 0);
    while (got < 0 && errno == EINTR);
    if (got <= 0) {
        c->last = got == 0 || errno != EAGAIN;
        return false;
    }
    const size_t used = request_read(c, w, w->input, (size_t)got);
    if (!c->request.wrong && !rest_keep(c, w->input + used, (size_t)got - used))
        c->last = true;
    return !c->last;
}

enum connection_state connection_next(struct connection *c, struct connection_worker *w, uint64_t *number)
{
    bool may_read = true; /* once: there is most likely no more, and others wait */
    enum connection_state state = c->unsent ? unsent_send(c) : state_of(c);
    while (state == CONNECTION_READS) {
        if (c->rest)
            rest_read(c, w);
        else if (!may_read || !socket_read(c, w))
            return state_of(c);
        else
            may_read = false;
        if (c->request.wrong)
            state = connection_answer(c, w, c->request.wrong, "");
        else if (!c->request.complete)
            continue;
        else if (!c->request.get)
            state = connection_answer(c, w, 405, "");
        else if (number_read(&c->request, number))
            return CONNECTION_REQUEST;
        else
            state = connection_answer(c, w, 404, "");
    }
    return state;
}
