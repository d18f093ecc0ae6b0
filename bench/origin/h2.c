/* SPDX-License-Identifier: MIT */
/*
 * HTTP/2 for the origin: nghttp2 has the protocol, libevent the bytes. A session is a connection, a stream a request on it; each
 * stream has a timer of its own, so that answers are due one by one however many share a connection.
 */
#include "bench/origin/h2.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <nghttp2/nghttp2.h>

#include "bench/origin/body.h"
#include "bench/origin/query.h"
#include "bench/origin/server.h"
#include "bench/util/alloc.h"
#include "common/clock.h"

#define BODY_PREFIX "/body/"
#define STREAMS_MAX 1000          /* at once on a connection */
#define UNSENT_MAX  (256u * 1024) /* bytes in a connection's buffer, beyond which its streams wait */
#define PATH_BYTES  512

struct stream {
    LIST_ENTRY(stream) entry;
    struct session *session;
    int32_t id;
    char path[PATH_BYTES];
    struct query query;
    struct event timer; /* initialised from its request on */
    bool timed;
    unsigned char *body;
    size_t length, sent;
};

struct session {
    LIST_ENTRY(session) entry;
    struct h2 *h2;
    struct bufferevent *buffer;
    nghttp2_session *protocol;
    LIST_HEAD(, stream) streams;
};

struct h2 {
    struct event_base *base;
    struct counters *counters;
    struct bufferevent *(*make)(struct event_base *base, evutil_socket_t fd, void *arg);
    void *arg;
    nghttp2_session_callbacks *callbacks;
    LIST_HEAD(, session) sessions;
};

static void stream_free(struct stream *stream)
{
    if (stream->timed)
        evtimer_del(&stream->timer);
    LIST_REMOVE(stream, entry);
    free(stream->body);
    free(stream);
}

static void session_free(struct session *session)
{
    nghttp2_session_del(session->protocol);
    while (!LIST_EMPTY(&session->streams))
        stream_free(LIST_FIRST(&session->streams));
    bufferevent_free(session->buffer);
    LIST_REMOVE(session, entry);
    session->h2->counters->open_connections--;
    free(session);
}

/* Hands over what is to be sent, as far as there is room. The session is gone where it is over. */
static void session_send(struct session *session)
{
    struct evbuffer *out = bufferevent_get_output(session->buffer);
    const uint8_t *data;
    ssize_t bytes = 0;
    while (evbuffer_get_length(out) < UNSENT_MAX && (bytes = nghttp2_session_mem_send(session->protocol, &data)) > 0)
        evbuffer_add(out, data, (size_t)bytes);
    if (bytes < 0 || (nghttp2_session_want_read(session->protocol) == 0 &&
                      nghttp2_session_want_write(session->protocol) == 0 && evbuffer_get_length(out) == 0))
        session_free(session);
}

/* -- answers -------------------------------------------------------------------------------------------------------- */

static ssize_t body_read(nghttp2_session *protocol, int32_t id, uint8_t *to, size_t room, uint32_t *flags,
                         nghttp2_data_source *source, void *arg)
{
    struct stream *stream = source->ptr;
    const size_t left = stream->length - stream->sent, bytes = left < room ? left : room;
    (void)protocol, (void)id, (void)arg;
    memcpy(to, stream->body + stream->sent, bytes);
    stream->sent += bytes;
    if (stream->sent == stream->length)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)bytes;
}

/* `announced`: what its Content-Length says. The body is stream->body. */
static void answer(struct stream *stream, int64_t status, const char *type, int64_t announced)
{
    char code[24], length[24];
    snprintf(code, sizeof code, "%" PRId64, status);
    snprintf(length, sizeof length, "%" PRId64, announced);
    nghttp2_nv headers[] = {{(uint8_t *)":status", (uint8_t *)code, 7, strlen(code), 0},
                            {(uint8_t *)"content-type", (uint8_t *)type, 12, strlen(type), 0},
                            {(uint8_t *)"content-length", (uint8_t *)length, 14, strlen(length), 0}};
    const nghttp2_data_provider body = {.source = {.ptr = stream}, .read_callback = body_read};
    nghttp2_submit_response(stream->session->protocol, stream->id, headers, sizeof headers / sizeof *headers, &body);
}

static void answer_text(struct stream *stream, int64_t status, const char *text)
{
    stream->length = strlen(text);
    stream->body = (unsigned char *)xstrdup(text);
    answer(stream, status, "text/plain; charset=utf-8", (int64_t)stream->length);
}

static void answer_body(struct stream *stream)
{
    stream->length = (size_t)stream->query.sent;
    stream->body = xmalloc(stream->length + 1);
    body_write(stream->body, stream->length, stream->query.job);
    answer(stream, stream->query.status, "application/octet-stream", stream->query.size);
}

static void stream_due(evutil_socket_t fd, short what, void *arg)
{
    struct stream *stream = arg;
    struct session *session = stream->session;
    (void)fd, (void)what;
    answer_body(stream);
    session_send(session);
}

/* -- requests ------------------------------------------------------------------------------------------------------- */

static void stream_asked(struct stream *stream)
{
    const struct query *query = &stream->query;
    char *text = strchr(stream->path, '?');
    stream->session->h2->counters->requests++;
    if (text != NULL)
        *text++ = '\0';
    if (strncmp(stream->path, BODY_PREFIX, strlen(BODY_PREFIX)) != 0) {
        answer_text(stream, 404, "there is /body/JOB here\n");
        return;
    }
    if (query_parse(stream->path + strlen(BODY_PREFIX), text, &stream->query) != 0) {
        answer_text(stream, 400, query->problem);
        return;
    }
    if (query->pause_ms > 0)
        (void)clock_sleep_until(clock_now_ns() + query->pause_ms * NS_PER_MS);
    if (query->stall == 1)
        return;
    if (query->delay_ms == 0) {
        answer_body(stream);
        return;
    }
    const struct timeval delay = {.tv_sec = query->delay_ms / 1000, .tv_usec = query->delay_ms % 1000 * 1000};
    evtimer_assign(&stream->timer, stream->session->h2->base, stream_due, stream);
    stream->timed = true;
    evtimer_add(&stream->timer, &delay);
}

static int begun(nghttp2_session *protocol, const nghttp2_frame *frame, void *arg)
{
    struct session *session = arg;
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    struct stream *stream = xcalloc(1, sizeof *stream);
    stream->session = session;
    stream->id = frame->hd.stream_id;
    LIST_INSERT_HEAD(&session->streams, stream, entry);
    return nghttp2_session_set_stream_user_data(protocol, stream->id, stream);
}

static int header_came(nghttp2_session *protocol, const nghttp2_frame *frame, const uint8_t *name, size_t name_length,
                       const uint8_t *value, size_t length, uint8_t flags, void *arg)
{
    struct stream *stream = nghttp2_session_get_stream_user_data(protocol, frame->hd.stream_id);
    (void)flags, (void)arg;
    if (stream != NULL && name_length == 5 && memcmp(name, ":path", 5) == 0)
        snprintf(stream->path, sizeof stream->path, "%.*s", (int)length, (const char *)value);
    return 0;
}

static int frame_came(nghttp2_session *protocol, const nghttp2_frame *frame, void *arg)
{
    struct stream *stream = nghttp2_session_get_stream_user_data(protocol, frame->hd.stream_id);
    (void)arg;
    if (stream != NULL && (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
        (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0)
        stream_asked(stream);
    return 0;
}

static int stream_closed(nghttp2_session *protocol, int32_t id, uint32_t code, void *arg)
{
    struct stream *stream = nghttp2_session_get_stream_user_data(protocol, id);
    (void)code, (void)arg;
    if (stream != NULL)
        stream_free(stream);
    return 0;
}

/* -- connections ---------------------------------------------------------------------------------------------------- */

static void bytes_came(struct bufferevent *buffer, void *arg)
{
    struct session *session = arg;
    struct evbuffer *in = bufferevent_get_input(buffer);
    const size_t length = evbuffer_get_length(in);
    const ssize_t used = nghttp2_session_mem_recv(session->protocol, evbuffer_pullup(in, -1), length);
    if (used < 0) {
        session_free(session);
        return;
    }
    evbuffer_drain(in, (size_t)used);
    session_send(session);
}

static void bytes_sent(struct bufferevent *buffer, void *arg)
{
    (void)buffer;
    session_send(arg);
}

/* The handshake is over, or the connection. */
static void connection_event(struct bufferevent *buffer, short what, void *arg)
{
    static const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, STREAMS_MAX}};
    struct session *session = arg;
    (void)buffer;
    if ((what & BEV_EVENT_CONNECTED) == 0) {
        session_free(session);
        return;
    }
    nghttp2_submit_settings(session->protocol, NGHTTP2_FLAG_NONE, settings, sizeof settings / sizeof *settings);
    session_send(session);
}

void h2_accepted(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from, int length, void *arg)
{
    struct h2 *h2 = arg;
    struct bufferevent *buffer = h2->make(h2->base, fd, h2->arg);
    (void)listener, (void)from, (void)length;
    if (buffer == NULL) {
        evutil_closesocket(fd);
        return;
    }
    struct session *session = xcalloc(1, sizeof *session);
    session->h2 = h2;
    session->buffer = buffer;
    LIST_INSERT_HEAD(&h2->sessions, session, entry);
    h2->counters->open_connections++;
    if (nghttp2_session_server_new(&session->protocol, h2->callbacks, session) != 0)
        out_of_memory();
    bufferevent_setcb(buffer, bytes_came, bytes_sent, connection_event, session);
    bufferevent_enable(buffer, EV_READ | EV_WRITE);
}

struct h2 *h2_new(struct event_base *base, struct counters *counters,
                  struct bufferevent *(*make)(struct event_base *base, evutil_socket_t fd, void *arg), void *arg)
{
    struct h2 *h2 = xcalloc(1, sizeof *h2);
    *h2 = (struct h2){.base = base, .counters = counters, .make = make, .arg = arg};
    if (nghttp2_session_callbacks_new(&h2->callbacks) != 0)
        out_of_memory();
    nghttp2_session_callbacks_set_on_begin_headers_callback(h2->callbacks, begun);
    nghttp2_session_callbacks_set_on_header_callback(h2->callbacks, header_came);
    nghttp2_session_callbacks_set_on_frame_recv_callback(h2->callbacks, frame_came);
    nghttp2_session_callbacks_set_on_stream_close_callback(h2->callbacks, stream_closed);
    return h2;
}

void h2_free(struct h2 *h2)
{
    if (h2 == NULL)
        return;
    while (!LIST_EMPTY(&h2->sessions))
        session_free(LIST_FIRST(&h2->sessions));
    nghttp2_session_callbacks_del(h2->callbacks);
    free(h2);
}
