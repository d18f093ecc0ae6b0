/* SPDX-License-Identifier: MIT */
/*
 * The transport on libcurl, the only file that knows it. Blocking workers have one easy handle each. On an event loop
 * the requests are spread over several multi handles ("lanes"), because what one request costs in a multi grows with
 * the connections that multi holds. Every request slot ("exchange") keeps its easy handle, its lane and its body buffer
 * for good and returns to a stack, so that the next request finds the warmest slot and, in its lane's pool, a
 * connection. Nothing here looks at all slots for the sake of one request.
 */
#include <curl/curl.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "common/scarce.h"
#include "host/error.h"
#include "host/transport.h"

#define LANE_MAX   250         /* exchanges in one multi; measured: 100 to 500 are alike, 1,000 and up cost more */
#define BODY_MAX   (64u << 20) /* bytes; a larger reply is an error, as in py_impl/transport */
#define BODY_FIRST 4096u       /* bytes of a buffer's first allocation */
#define URL_SHOWN  160         /* bytes of the URL in an error message */
#define SCARCE_MAX 200         /* bytes of what this machine has run out of, in words */

struct state {
    long timeout_ms;
    _Atomic uint64_t *connections;
};

/* One easy handle with what it fills in. */
struct transfer {
    struct state *state;
    CURL *easy;
    unsigned flags; /* of the request that it is set for */
    unsigned char *body;
    size_t length, capacity;
    int body_code;            /* why the body could not be kept: negative errno */
    long long content_length; /* of the reply so far; negative: none yet */
    bool lengths_differ;
    int socket_errno;             /* why no socket could be opened; libcurl does not tell */
    char detail[CURL_ERROR_SIZE]; /* libcurl's own words on the last failure */
};

/* -- errors --------------------------------------------------------------------------------------------------------- */

/* The names of the faults, shared with the Python transport. What is not listed is a "Transport" fault. */
static const struct fault {
    CURLcode curl;
    int rc; /* negative errno */
    const char *type;
    const char *message; /* NULL: libcurl's own words */
} faults[] = {
    {CURLE_OPERATION_TIMEDOUT, -ETIMEDOUT, "Timeout", NULL},
    {CURLE_PARTIAL_FILE, -EPROTO, "ShortBody", NULL},
    {CURLE_COULDNT_RESOLVE_HOST, -EHOSTUNREACH, "CouldNotResolve", NULL},
    {CURLE_GOT_NOTHING, -ECONNRESET, "ConnectionClosed", "the server closed the connection without a reply"},
    {CURLE_SEND_ERROR, -ECONNRESET, "ConnectionClosed", NULL},
    {CURLE_RECV_ERROR, -ECONNRESET, "ConnectionClosed", NULL},
    {CURLE_WEIRD_SERVER_REPLY, -EPROTO, "BadReply", NULL},
    {CURLE_UNSUPPORTED_PROTOCOL, -EPROTO, "BadReply", NULL}, /* the URL's scheme has been checked: HTTP/0.9 */
    {CURLE_BAD_CONTENT_ENCODING, -EPROTO, "BadReply", NULL},
    {CURLE_HTTP2, -EPROTO, "BadReply", NULL},
    {CURLE_HTTP2_STREAM, -EPROTO, "BadReply", NULL},
    {CURLE_PEER_FAILED_VERIFICATION, -EPROTO, "BadCertificate", NULL},
    {CURLE_SSL_CACERT_BADFILE, -EPROTO, "BadCertificate", NULL}, /* there are none here that could be trusted */
    {CURLE_FILESIZE_EXCEEDED, -EMSGSIZE, "Transport", "a body of more than 64 MiB"},
    {(CURLcode)100, -EPROTO, "BadReply", "the headers are too long"}, /* CURLE_TOO_LARGE, from 8.6 on */
    {CURLE_URL_MALFORMAT, -EINVAL, "BadUrl", NULL},
    {CURLE_OUT_OF_MEMORY, -ENOMEM, "Transport", NULL},
};

/* "http://host/path: what happened"; the query may hold what should not stand in a record. */
static int error_say_url(struct cobench_error *err, const char *url, const struct fault *fault)
{
    const int shown = (int)strcspn(url, "?#");

    return error_named(err, fault->rc, fault->type, "%.*s: %s", shown < URL_SHOWN ? shown : URL_SHOWN, url,
                       fault->message);
}

/* A connect that failed: the system's errno tells a refused connection from a missing route, port or descriptor.
 * `text` (SCARCE_MAX) is for a message made here. */
static void fault_of_connect(const struct transfer *t, struct fault *fault, char *text)
{
    long os_errno = t->socket_errno;

    if (os_errno == 0 && curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &os_errno) != CURLE_OK)
        return;
    if (os_errno <= 0)
        return;
    fault->rc = -(int)os_errno;
    const char *scarce = scarce_connect((int)os_errno, text, SCARCE_MAX);
    if (scarce) {
        fault->type = scarce;
        fault->message = text;
    }
    if (os_errno == ECONNREFUSED) {
        fault->type = "ConnectionRefused";
        fault->message = "connection refused";
    } else if (os_errno == ETIMEDOUT) {
        fault->type = "Timeout";
    }
}

/* libcurl calls a chunk's length that is no number an error of receiving, and headers beyond its limits that or a lack of
 * memory, by its version. */
static bool reply_is_bad(const struct transfer *t, CURLcode curl)
{
    long status = 0;
    if (curl == CURLE_RECV_ERROR)
        return strstr(t->detail, "chunk") || strstr(t->detail, "header");
    return curl == CURLE_OUT_OF_MEMORY && curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK &&
           status != 0;
}

/* Turns libcurl's verdict on a transfer that ended without a reply into an error. Returns the negative errno. */
static int transfer_error(const struct transfer *t, CURLcode curl, struct cobench_error *err)
{
    const char *url = NULL;
    char text[SCARCE_MAX];
    struct fault fault = {.curl = curl, .rc = -EIO, .type = "Transport"};

    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        if (faults[i].curl == curl)
            fault = faults[i];
    if (curl == CURLE_COULDNT_CONNECT)
        fault_of_connect(t, &fault, text);
    if (reply_is_bad(t, curl))
        fault = (struct fault){.rc = -EPROTO,
                               .type = "BadReply",
                               .message = curl == CURLE_OUT_OF_MEMORY ? "the headers are too long" : NULL};
    if (t->lengths_differ)
        fault = (struct fault){.rc = -EPROTO, .type = "BadReply", .message = "two Content-Lengths"};
    else if (curl == CURLE_WRITE_ERROR && t->body_code) {
        fault.rc = t->body_code;
        fault.message = t->body_code == -ENOMEM ? "out of memory for the body" : "a body of more than 64 MiB";
    }
    if (!fault.message)
        fault.message = t->detail[0] ? t->detail : curl_easy_strerror(curl);
    if (curl_easy_getinfo(t->easy, CURLINFO_EFFECTIVE_URL, &url) != CURLE_OK || !url)
        url = "";
    return error_say_url(err, url, &fault);
}

/* -- transfers ------------------------------------------------------------------------------------------------------ */

static int body_grow(struct transfer *t, size_t need)
{
    size_t capacity = t->capacity ? t->capacity : BODY_FIRST;

    while (capacity < need)
        capacity *= 2;
    unsigned char *body = realloc(t->body, capacity);
    if (!body)
        return -ENOMEM;
    t->body = body;
    t->capacity = capacity;
    return 0;
}

/* libcurl's write callback: any return but the size it gave ends the transfer with CURLE_WRITE_ERROR. */
static size_t body_append(char *data, size_t size, size_t count, void *arg)
{
    struct transfer *t = arg;
    const size_t bytes = size * count;

    if (bytes > BODY_MAX - t->length)
        t->body_code = -EMSGSIZE;
    else if (t->length + bytes > t->capacity)
        t->body_code = body_grow(t, t->length + bytes);
    if (t->body_code)
        return bytes ? 0 : 1;
    if (bytes)
        memcpy(t->body + t->length, data, bytes);
    t->length += bytes;
    return bytes;
}

/* libcurl's header callback. Of two lengths that differ libcurl would take one: such a reply has no length to go by. */
static size_t header_check(char *data, size_t size, size_t count, void *arg)
{
    static const char name[] = "content-length:";
    struct transfer *t = arg;
    const size_t bytes = size * count;

    if (bytes > 5 && memcmp(data, "HTTP/", 5) == 0) { /* of an interim reply before it, too */
        t->content_length = -1;
    } else if (bytes >= sizeof name && strncasecmp(data, name, sizeof name - 1) == 0) {
        const long long length = strtoll(data + sizeof name - 1, NULL, 10);
        t->lengths_differ |= t->content_length >= 0 && t->content_length != length;
        t->content_length = length;
    }
    return t->lengths_differ ? 0 : bytes;
}

/* libcurl's socket callback: what it does itself, but for the errno. */
static curl_socket_t socket_open(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct transfer *t = arg;
    (void)purpose;
    const curl_socket_t fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    t->socket_errno = fd < 0 ? errno : 0;
    return fd < 0 ? CURL_SOCKET_BAD : fd;
}

/* What every handle is set to, where a number says it. */
static const struct {
    CURLoption option;
    long value;
} settings[] = {
    {CURLOPT_NOSIGNAL, 1L}, /* threads: no SIGALRM around the resolver */
    {CURLOPT_TCP_NODELAY, 1L},
    {CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1},
    {CURLOPT_FOLLOWLOCATION, 0L}, /* a redirect is a reply like any other */
};

static CURLcode transfer_configure(struct transfer *t)
{
    const struct {
        CURLoption option;
        const void *value; /* NULL: left as it is */
    } pointers[] = {
        {CURLOPT_PROXY, ""},            /* also none from the environment */
        {CURLOPT_USERAGENT, "cobench"}, /* some public servers refuse those who do not say who they are */
        {CURLOPT_PROTOCOLS_STR, "http,https"},
        {CURLOPT_CAINFO, getenv("SSL_CERT_FILE")}, /* as OpenSSL, and so Python, reads them */
        {CURLOPT_CAPATH, getenv("SSL_CERT_DIR")},
        {CURLOPT_WRITEDATA, t},
        {CURLOPT_HEADERDATA, t},
        {CURLOPT_OPENSOCKETDATA, t},
        {CURLOPT_PRIVATE, t},
        {CURLOPT_ERRORBUFFER, t->detail},
    };
    CURLcode rc = CURLE_OK;

    for (size_t i = 0; !rc && i < sizeof settings / sizeof *settings; i++)
        rc = curl_easy_setopt(t->easy, settings[i].option, settings[i].value);
    for (size_t i = 0; !rc && i < sizeof pointers / sizeof *pointers; i++)
        if (pointers[i].value)
            rc = curl_easy_setopt(t->easy, pointers[i].option, pointers[i].value);
    if (!rc)
        rc = curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, t->state->timeout_ms);
    if (!rc)
        rc = curl_easy_setopt(t->easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)BODY_MAX);
    if (!rc)
        rc = curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, body_append);
    if (!rc)
        rc = curl_easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, header_check);
    if (!rc)
        rc = curl_easy_setopt(t->easy, CURLOPT_OPENSOCKETFUNCTION, socket_open);
    return rc;
}

static void transfer_close(struct transfer *t)
{
    curl_easy_cleanup(t->easy);
    free(t->body);
}

/* `t` is zeroed. After a failure it may be closed, or zeroed and tried again. */
static int transfer_open(struct transfer *t, struct state *state, struct cobench_error *err)
{
    t->state = state;
    t->easy = curl_easy_init();
    if (!t->easy)
        return error_named(err, -ENOMEM, "Transport", "libcurl: out of memory for a handle");
    const CURLcode rc = transfer_configure(t);
    if (!rc)
        return 0;
    error_named(err, -EIO, "Transport", "%s", curl_easy_strerror(rc));
    transfer_close(t);
    *t = (struct transfer){0};
    return -EIO;
}

/* What a request's flags change. Over HTTP/2 those of a lane share a connection, and wait for it to be opened. */
static CURLcode transfer_set_flags(struct transfer *t, unsigned flags)
{
    const bool fresh = flags & COBENCH_URL_FRESH, http2 = flags & COBENCH_URL_HTTP2;
    const struct {
        CURLoption option;
        long value;
    } changes[] = {
        {CURLOPT_HTTP_VERSION, http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1},
        {CURLOPT_PIPEWAIT, http2 && !fresh},
        {CURLOPT_FRESH_CONNECT, fresh},
        {CURLOPT_FORBID_REUSE, fresh},
        {CURLOPT_SSL_SESSIONID_CACHE, !fresh}, /* a whole handshake */
    };
    CURLcode rc = CURLE_OK;
    for (size_t i = 0; !rc && i < sizeof changes / sizeof *changes; i++)
        rc = curl_easy_setopt(t->easy, changes[i].option, changes[i].value);
    t->flags = flags;
    return rc;
}

/* Makes ready for the next request. Does not touch the body of the last one, which its reader may still hold. */
static int transfer_aim(struct transfer *t, const struct cobench_request *ask, struct cobench_error *err)
{
    if (strncasecmp(ask->url, "http://", 7) != 0 && strncasecmp(ask->url, "https://", 8) != 0)
        return error_say_url(
            err, ask->url,
            &(struct fault){.rc = -EINVAL, .type = "BadUrl", .message = "not an absolute http or https URL"});
    t->length = 0;
    t->body_code = 0;
    t->socket_errno = 0;
    t->lengths_differ = false;
    t->detail[0] = '\0';
    if (ask->flags & COBENCH_URL_HTTP2 && !(curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_HTTP2))
        return error_named(err, -ENOSYS, "Impossible", "this libcurl has no HTTP/2");
    CURLcode rc = ask->flags == t->flags ? CURLE_OK : transfer_set_flags(t, ask->flags);
    if (!rc)
        rc = curl_easy_setopt(t->easy, CURLOPT_URL, ask->url);
    return rc ? transfer_error(t, rc, err) : 0;
}

/* libcurl counts a connection when it starts one: without a reply only those that came about are counted. */
static void transfer_count(const struct transfer *t, CURLcode result)
{
    long opened = 0;
    curl_off_t connect_us = 0;

    if (curl_easy_getinfo(t->easy, CURLINFO_NUM_CONNECTS, &opened) != CURLE_OK || opened <= 0)
        return;
    if (result && (curl_easy_getinfo(t->easy, CURLINFO_CONNECT_TIME_T, &connect_us) != CURLE_OK || connect_us == 0))
        return;
    atomic_fetch_add_explicit(t->state->connections, (uint64_t)opened, memory_order_relaxed);
}

/* Ends a transfer: 0 with *reply filled in, or a negative errno with *err. */
static int transfer_end(const struct transfer *t, CURLcode result, struct cobench_reply *reply,
                        struct cobench_error *err)
{
    long status = 0, version = 0;

    transfer_count(t, result);
    if (!result)
        result = curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    if (!result)
        result = curl_easy_getinfo(t->easy, CURLINFO_HTTP_VERSION, &version);
    if (result)
        return transfer_error(t, result, err);
    if (t->flags & COBENCH_URL_HTTP2 && version != CURL_HTTP_VERSION_2)
        return error_named(err, -EPROTO, "BadReply", "the server does not speak HTTP/2");
    *reply = (struct cobench_reply){.status = (int)status, .body = t->length ? t->body : NULL, .length = t->length};
    return 0;
}

/* -- once a process ------------------------------------------------------------------------------------------------- */

static const char *curl_describe(void) { return curl_version(); }

static int curl_open(const struct transport_options *options, void **out, struct cobench_error *err)
{
    struct state *state = calloc(1, sizeof *state);

    if (!state)
        return error_named(err, -ENOMEM, "Transport", "out of memory");
    /* The flags do not matter any more: libcurl sets its TLS library up in any case. */
    const CURLcode rc = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (rc) {
        free(state);
        return error_named(err, -EIO, "Transport", "%s", curl_easy_strerror(rc));
    }
    /* Rounded up, because 0 means no timeout to libcurl. */
    state->timeout_ms = (long)((options->timeout_ns + NS_PER_MS - 1) / NS_PER_MS);
    state->connections = options->connections;
    *out = state;
    return 0;
}

static void curl_close(void *state)
{
    if (!state)
        return;
    curl_global_cleanup();
    free(state);
}

/* -- blocking ------------------------------------------------------------------------------------------------------- */

static int client_open(void *state, void **out, struct cobench_error *err)
{
    struct transfer *t = calloc(1, sizeof *t);

    if (!t)
        return error_named(err, -ENOMEM, "Transport", "out of memory");
    const int rc = transfer_open(t, state, err);
    if (rc) {
        free(t);
        return rc;
    }
    *out = t;
    return 0;
}

static int client_get(void *client, const struct cobench_request *ask, struct cobench_reply *reply,
                      struct cobench_error *err)
{
    struct transfer *t = client;
    const int rc = transfer_aim(t, ask, err);

    if (rc)
        return rc;
    return transfer_end(t, curl_easy_perform(t->easy), reply, err);
}

static void client_close(void *client)
{
    if (!client)
        return;
    transfer_close(client);
    free(client);
}

/* -- on a loop ------------------------------------------------------------------------------------------------------ */

struct mux;

/* One multi handle and the timer it asks for. */
struct lane {
    struct mux *mux;
    CURLM *multi;
    struct loop_timer timer;
};

/* A request slot. */
struct exchange {
    struct transfer transfer; /* first: libcurl's private pointer is this exchange too */
    struct lane *lane;
    bool busy;
    transport_done_fn done;
    void *arg;
    struct exchange *next; /* in the stack of idle ones */
};

struct mux {
    struct loop *loop;
    const struct loop_ops *ops;
    unsigned lane_count, exchange_count;
    struct lane *lanes;
    struct exchange *exchanges;
    struct exchange *idle;
};

/* Ends one request and tells its owner. The exchange is idle before the owner hears of it, so that it can be used for
 * the next request at once: nothing is received, hence no body overwritten, before the loop turns. */
static void exchange_end(struct exchange *x, CURLcode result)
{
    struct mux *mux = x->lane->mux;
    struct cobench_reply reply = {0};
    struct cobench_error err = {0};
    const transport_done_fn done = x->done;
    void *arg = x->arg;
    int rc = transfer_end(&x->transfer, result, &reply, &err);

    const CURLMcode removed = curl_multi_remove_handle(x->lane->multi, x->transfer.easy);
    x->busy = false;
    if (!removed) {
        x->next = mux->idle;
        mux->idle = x;
    } else if (!rc) {
        rc = error_named(&err, -EIO, "Transport", "%s", curl_multi_strerror(removed));
    }
    done(arg, rc ? NULL : &reply, rc, rc ? &err : NULL);
}

/* A lane whose multi has failed: nobody will hear from it again, so its requests end here. */
static void lane_fail(struct lane *lane, CURLMcode rc)
{
    const struct mux *mux = lane->mux;

    for (unsigned i = 0; i < mux->exchange_count; i++) {
        struct exchange *x = &mux->exchanges[i];
        if (!x->busy || x->lane != lane)
            continue;
        snprintf(x->transfer.detail, sizeof x->transfer.detail, "libcurl multi: %s", curl_multi_strerror(rc));
        exchange_end(x, CURLE_ABORTED_BY_CALLBACK);
    }
}

/* Lets libcurl act on one socket or on its timer, then ends the requests it has finished. */
static void lane_act(struct lane *lane, curl_socket_t fd, int events)
{
    int left = 0;
    CURLMsg *message;
    const CURLMcode rc = curl_multi_socket_action(lane->multi, fd, events, &left);

    while ((message = curl_multi_info_read(lane->multi, &left))) {
        char *owner = NULL;
        if (message->msg != CURLMSG_DONE ||
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &owner) != CURLE_OK)
            continue;
        exchange_end((struct exchange *)(void *)owner, message->data.result);
    }
    if (rc)
        lane_fail(lane, rc);
}

static void lane_ready(void *arg, int fd, unsigned events)
{
    lane_act(arg, fd,
             (events & LOOP_READ ? CURL_CSELECT_IN : 0) | (events & LOOP_WRITE ? CURL_CSELECT_OUT : 0) |
                 (events & LOOP_ERROR ? CURL_CSELECT_ERR : 0));
}

static void lane_timeout(void *arg) { lane_act(arg, CURL_SOCKET_TIMEOUT, 0); }

/* libcurl's socket callback: what to watch a socket for. */
static int lane_watch(CURL *easy, curl_socket_t fd, int what, void *arg, void *of_socket)
{
    struct lane *lane = arg;
    const unsigned events = what == CURL_POLL_REMOVE
                                ? 0
                                : (what & CURL_POLL_IN ? LOOP_READ : 0u) | (what & CURL_POLL_OUT ? LOOP_WRITE : 0u);

    (void)easy;
    (void)of_socket;
    return lane->mux->ops->watch(lane->mux->loop, fd, events, lane_ready, lane) ? -1 : 0;
}

/* libcurl's timer callback. */
static int lane_timer(CURLM *multi, long timeout_ms, void *arg)
{
    struct lane *lane = arg;
    struct mux *mux = lane->mux;

    (void)multi;
    if (timeout_ms < 0) {
        mux->ops->timer_cancel(mux->loop, &lane->timer);
        return 0;
    }
    return mux->ops->timer_set(mux->loop, &lane->timer, clock_now_ns() + timeout_ms * NS_PER_MS) ? -1 : 0;
}

static int lane_open(struct lane *lane, struct mux *mux, long connections, struct cobench_error *err)
{
    lane->mux = mux;
    lane->timer.fire = lane_timeout;
    lane->timer.arg = lane;
    lane->multi = curl_multi_init();
    if (!lane->multi)
        return error_named(err, -ENOMEM, "Transport", "libcurl: out of memory for a multi handle");

    CURLMcode rc = curl_multi_setopt(lane->multi, CURLMOPT_SOCKETFUNCTION, lane_watch);
    if (!rc)
        rc = curl_multi_setopt(lane->multi, CURLMOPT_SOCKETDATA, lane);
    if (!rc)
        rc = curl_multi_setopt(lane->multi, CURLMOPT_TIMERFUNCTION, lane_timer);
    if (!rc)
        rc = curl_multi_setopt(lane->multi, CURLMOPT_TIMERDATA, lane);
    if (!rc)
        rc = curl_multi_setopt(lane->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX); /* HTTP/2 only */
    if (!rc)
        rc = curl_multi_setopt(lane->multi, CURLMOPT_MAX_CONCURRENT_STREAMS, (long)LANE_MAX);
    /* Left to itself the pool's size follows the requests of the moment, and warm connections are closed. */
    if (!rc)
        rc = curl_multi_setopt(lane->multi, CURLMOPT_MAXCONNECTS, connections);
    return rc ? error_named(err, -EIO, "Transport", "%s", curl_multi_strerror(rc)) : 0;
}

static void mux_close(void *arg)
{
    struct mux *mux = arg;

    if (!mux)
        return;
    for (unsigned i = 0; i < mux->exchange_count; i++) {
        struct exchange *x = &mux->exchanges[i];
        if (x->busy)
            (void)curl_multi_remove_handle(x->lane->multi, x->transfer.easy); /* its end is the same either way */
        transfer_close(&x->transfer);
    }
    /* Closing a multi closes its connections, which still stops watches and the timer through the callbacks. */
    for (unsigned i = 0; i < mux->lane_count; i++) {
        if (mux->lanes[i].multi)
            (void)curl_multi_cleanup(mux->lanes[i].multi);
        mux->ops->timer_cancel(mux->loop, &mux->lanes[i].timer);
    }
    free(mux->exchanges);
    free(mux->lanes);
    free(mux);
}

/* Opens the lanes, then the exchanges, dealt to the lanes in turn. On failure mux_close takes back what there is. */
static int mux_fill(struct mux *mux, struct state *state, unsigned in_flight, struct cobench_error *err)
{
    const unsigned lanes = (in_flight + LANE_MAX - 1) / LANE_MAX;

    mux->lanes = calloc(lanes, sizeof *mux->lanes);
    mux->exchanges = calloc(in_flight, sizeof *mux->exchanges);
    if (!mux->lanes || !mux->exchanges)
        return error_named(err, -ENOMEM, "Transport", "out of memory for the requests in flight");
    for (unsigned i = 0; i < lanes; i++) {
        mux->lane_count++;
        int rc = lane_open(&mux->lanes[i], mux, (long)((in_flight + lanes - 1) / lanes), err);
        if (rc)
            return rc;
    }
    for (unsigned i = 0; i < in_flight; i++) {
        struct exchange *x = &mux->exchanges[i];
        int rc = transfer_open(&x->transfer, state, err);
        if (rc)
            return rc;
        mux->exchange_count++;
        x->lane = &mux->lanes[i % lanes];
        x->next = mux->idle;
        mux->idle = x;
    }
    return 0;
}

static int mux_open(void *state, struct loop *loop, const struct loop_ops *ops, unsigned in_flight, void **out,
                    struct cobench_error *err)
{
    struct mux *mux = calloc(1, sizeof *mux);

    if (!mux)
        return error_named(err, -ENOMEM, "Transport", "out of memory");
    mux->loop = loop;
    mux->ops = ops;
    const int rc = mux_fill(mux, state, in_flight ? in_flight : 1, err);
    if (rc) {
        mux_close(mux);
        return rc;
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
    const int rc = transfer_aim(&x->transfer, ask, err);
    if (rc)
        return rc;
    const CURLMcode added = curl_multi_add_handle(x->lane->multi, x->transfer.easy);
    if (added)
        return error_named(err, -EIO, "Transport", "%s", curl_multi_strerror(added));
    mux->idle = x->next;
    x->busy = true;
    x->done = done;
    x->arg = done_arg;
    return 0;
}

const struct transport cobench_transport = {
    .version = TRANSPORT_VERSION,
    .name = "libcurl",
    .describe = curl_describe,
    .open = curl_open,
    .close = curl_close,
    .client_open = client_open,
    .client_get = client_get,
    .client_close = client_close,
    .mux_open = mux_open,
    .mux_get = mux_get,
    .mux_close = mux_close,
};
