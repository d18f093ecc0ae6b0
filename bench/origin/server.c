/* SPDX-License-Identifier: MIT */
/*
 * The origin's HTTP server. evhttp parses and writes HTTP; here is what is asked for, when it is answered, and who is
 * still there to hear it. While a request waits, evhttp neither reads nor writes its connection, so nothing is freed
 * behind our back; all that can end it is our timer, our watch for a client that has gone, or server_close.
 */
#include "bench/origin/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <event2/http.h>
#include <event2/listener.h>

#include "bench/origin/body.h"
#include "bench/origin/page.h"
#include "bench/origin/query.h"
#include "bench/util/alloc.h"
#include "common/clock.h"

#define BODY_PREFIX      "/body/"
#define PAGE_PREFIX      "/page/"
#define HEADERS_MAX      16384
#define REQUEST_BODY_MAX 4096
/* A benchmark may leave warm connections alone for long; evhttp's own 50 s would close them under its feet. */
#define IDLE_TIMEOUT_S 3600
/* From here on a client that goes away while it waits is noticed, and one that shuts down its sending half counts as
 * gone: the two look alike from here. Below, the timer frees the connection soon enough. */
#define WATCH_FROM_MS   1000
#define ACCEPT_PAUSE_US 10000

/* A connection that has asked something. Kept by descriptor and used again, so that a request costs no allocation. */
struct client {
    struct server *server;
    struct evhttp_connection *connection; /* NULL: no such connection is open */
    struct evhttp_request *waiting;       /* the request that is not yet answered, or NULL */
    struct event timer;
    struct event gone;
    bool watched; /* `gone` is pending */
    struct query query;
};

/* One that is listened on, as it is or over TLS. */
struct port {
    struct evhttp *http;
    struct evconnlistener *listener; /* owned by http once bound */
};

struct server {
    struct event_base *base;
    struct port plain, secure;
    struct client **clients; /* by descriptor; NULL where there never was one */
    size_t clients_length;
    struct counters counters;
};

struct event_base *server_base_new(void)
{
    struct event_config *config = event_config_new();
    /*
     * Precise timers: the coarse clock steps by up to 4 ms. No cached time: a delay would count from the start of the
     * loop's round and so be early for the last requests of a full one. The changelist saves a system call or two a
     * request (no descriptor is duplicated here, which it could not bear); no other thread, so no locks.
     */
    event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER | EVENT_BASE_FLAG_NO_CACHE_TIME |
                                      EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST | EVENT_BASE_FLAG_NOLOCK);
    struct event_base *base = event_base_new_with_config(config);
    event_config_free(config);
    return base;
}

/* -- connections ---------------------------------------------------------------------------------------------------- */

static void client_rest(struct client *client)
{
    evtimer_del(&client->timer);
    if (client->watched)
        event_del(&client->gone);
    client->watched = false;
    client->waiting = NULL;
}

static void client_closed(struct evhttp_connection *connection, void *arg)
{
    struct client *client = arg;
    (void)connection;
    client_rest(client);
    client->connection = NULL;
    client->server->counters.open_connections--;
}

static void client_due(evutil_socket_t fd, short what, void *arg);

static void client_gone(evutil_socket_t fd, short what, void *arg)
{
    struct client *client = arg;
    (void)fd, (void)what;
    evhttp_connection_free(client->connection); /* calls client_closed and frees the request */
}

/* The client behind a connection, entered at its first request. */
static struct client *client_of(struct server *server, struct evhttp_connection *connection)
{
    const evutil_socket_t fd = bufferevent_getfd(evhttp_connection_get_bufferevent(connection));
    const size_t length = server->clients_length;
    if ((size_t)fd >= length) {
        server->clients_length = 2 * (size_t)fd + 1;
        server->clients = xrealloc(server->clients, server->clients_length * sizeof *server->clients);
        memset(server->clients + length, 0, (server->clients_length - length) * sizeof *server->clients);
    }
    struct client *client = server->clients[fd];
    if (client == NULL) {
        client = server->clients[fd] = xcalloc(1, sizeof *client);
        client->server = server;
        evtimer_assign(&client->timer, server->base, client_due, client);
        event_assign(&client->gone, server->base, fd, EV_CLOSED, client_gone, client);
    }
    if (client->connection == NULL) {
        client->connection = connection;
        server->counters.open_connections++;
        evhttp_connection_set_closecb(connection, client_closed, client);
    }
    return client;
}

/* -- answers -------------------------------------------------------------------------------------------------------- */

static void header_add(struct evhttp_request *request, const char *key, const char *value)
{
    evhttp_add_header(evhttp_request_get_output_headers(request), key, value);
}

static void text_send(struct evhttp_request *request, int status, const char *type, const char *text)
{
    header_add(request, "Content-Type", type);
    evbuffer_add(evhttp_request_get_output_buffer(request), text, strlen(text));
    evhttp_send_reply(request, status, NULL, NULL);
}

/* The body goes into evhttp's own buffer, without a copy. A short one still announces its full length, and the close is what
 * tells the client. */
static void body_send(struct evhttp_request *request, const struct query *query)
{
    struct evbuffer *out = evhttp_request_get_output_buffer(request);
    struct evbuffer_iovec space;
    char length[24];
    if (query->page) {
        header_add(request, "Content-Type", "text/html; charset=utf-8");
        page_add(out, query);
        evhttp_send_reply(request, (int)query->status, NULL, NULL);
        return;
    }
    header_add(request, "Content-Type", "application/octet-stream");
    if (query->sent != query->size) {
        snprintf(length, sizeof length, "%" PRId64, query->size);
        header_add(request, "Content-Length", length);
        header_add(request, "Connection", "close");
    }
    if (query->sent > 0) {
        evbuffer_reserve_space(out, (ev_ssize_t)query->sent, &space, 1);
        body_write(space.iov_base, (size_t)query->sent, query->job);
        space.iov_len = (size_t)query->sent;
        evbuffer_commit_space(out, &space, 1);
    }
    evhttp_send_reply(request, (int)query->status, NULL, NULL);
}

static void client_due(evutil_socket_t fd, short what, void *arg)
{
    struct client *client = arg;
    struct evhttp_request *request = client->waiting;
    (void)fd, (void)what;
    client_rest(client);
    body_send(request, &client->query);
}

/* -- requests ------------------------------------------------------------------------------------------------------- */

/* Lets the request wait: for its delay, or for ever if it stalls. */
static void client_wait(struct client *client, struct evhttp_request *request)
{
    const struct query *query = &client->query;
    const struct timeval delay = {.tv_sec = query->delay_ms / 1000, .tv_usec = query->delay_ms % 1000 * 1000};
    client->waiting = request;
    client->watched = query->stall == 1 || query->delay_ms >= WATCH_FROM_MS;
    if (client->watched)
        event_add(&client->gone, NULL);
    if (query->stall == 0)
        evtimer_add(&client->timer, &delay);
}

static void body_request(struct client *client, struct evhttp_request *request, bool page, const char *job,
                         const char *query)
{
    if (query_parse(job, query, &client->query) != 0) {
        char line[sizeof client->query.problem + 1];
        snprintf(line, sizeof line, "%s\n", client->query.problem);
        text_send(request, HTTP_BADREQUEST, "text/plain; charset=utf-8", line);
        return;
    }
    client->query.page = page;
    /* As while its memory is collected or its disk is slow: asleep in the event loop it accepts, reads and answers nothing. */
    if (client->query.pause_ms > 0)
        (void)clock_sleep_until(clock_now_ns() + client->query.pause_ms * NS_PER_MS);
    if (client->query.delay_ms == 0 && client->query.stall == 0)
        body_send(request, &client->query);
    else
        client_wait(client, request);
}

static void stat_request(const struct server *server, struct evhttp_request *request)
{
    char text[160];
    struct timespec cpu = {0};
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu); /* its own: there is one */
    snprintf(text, sizeof text, "{\"requests\":%" PRIu64 ",\"open_connections\":%" PRIu64 ",\"cpu_ns\":%" PRId64 "}\n",
             server->counters.requests, server->counters.open_connections,
             (int64_t)cpu.tv_sec * NS_PER_S + cpu.tv_nsec);
    text_send(request, HTTP_OK, "application/json", text);
}

static void request_arrived(struct evhttp_request *request, void *arg)
{
    struct server *server = arg;
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
    const char *path = uri == NULL ? "" : evhttp_uri_get_path(uri);
    struct client *client = client_of(server, evhttp_request_get_connection(request));
    server->counters.requests++;
    if (strncmp(path, BODY_PREFIX, strlen(BODY_PREFIX)) == 0)
        body_request(client, request, false, path + strlen(BODY_PREFIX), evhttp_uri_get_query(uri));
    else if (strncmp(path, PAGE_PREFIX, strlen(PAGE_PREFIX)) == 0)
        body_request(client, request, true, path + strlen(PAGE_PREFIX), evhttp_uri_get_query(uri));
    else if (strcmp(path, "/stat") == 0)
        stat_request(server, request);
    else if (strcmp(path, "/") == 0 || *path == '\0')
        text_send(request, HTTP_OK, "text/plain; charset=utf-8",
                  "cobench-origin: "
                  "/body/JOB?size=BYTES&delay=MS[&status=N][&short=BYTES][&stall=1][&pause=MS[&at=JOB]], "
                  "/page/JOB?items=N&links=N&delay=MS, /stat\n");
    else
        text_send(request, HTTP_NOTFOUND, "text/plain; charset=utf-8",
                  "there are /, /stat, /body/JOB and /page/JOB here\n");
}

/* -- the listener --------------------------------------------------------------------------------------------------- */

static void accept_resume(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    evconnlistener_enable(arg);
}

/* Out of descriptors, mostly. The connection stays in the backlog, so trying again at once would only spin. The
 * listener's own argument belongs to evhttp by now and is not used. */
static void accept_failed(struct evconnlistener *listener, void *arg)
{
    const struct timeval pause = {.tv_usec = ACCEPT_PAUSE_US};
    (void)arg;
    if (event_base_once(evconnlistener_get_base(listener), -1, EV_TIMEOUT, accept_resume, listener, &pause) == 0)
        evconnlistener_disable(listener);
}

struct evconnlistener *listener_open(struct event_base *base, evconnlistener_cb accepted, void *arg,
                                     struct in_addr address, uint16_t port)
{
    const struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = address};
    const int one = 1;
    struct evconnlistener *listener = evconnlistener_new_bind(
        base, accepted, arg, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE, SOMAXCONN,
        (const struct sockaddr *)&where, sizeof where);
    /* On Linux accepted sockets inherit it: one call instead of one a connection. */
    if (listener != NULL &&
        setsockopt(evconnlistener_get_fd(listener), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) != 0) {
        evconnlistener_free(listener);
        return NULL;
    }
    if (listener != NULL)
        evconnlistener_set_error_cb(listener, accept_failed);
    return listener;
}

int listener_port(struct evconnlistener *listener)
{
    struct sockaddr_in where;
    socklen_t length = sizeof where;
    if (getsockname(evconnlistener_get_fd(listener), (struct sockaddr *)&where, &length) != 0)
        return -errno;
    return ntohs(where.sin_port);
}

static int port_open(struct server *server, struct port *port, struct in_addr address, uint16_t number)
{
    port->http = evhttp_new(server->base);
    evhttp_set_allowed_methods(port->http, EVHTTP_REQ_GET);
    evhttp_set_max_headers_size(port->http, HEADERS_MAX);
    evhttp_set_max_body_size(port->http, REQUEST_BODY_MAX);
    evhttp_set_timeout(port->http, IDLE_TIMEOUT_S);
    evhttp_set_gencb(port->http, request_arrived, server);
    port->listener = listener_open(server->base, NULL, NULL, address, number);
    if (port->listener == NULL)
        return -errno;
    evhttp_bind_listener(port->http, port->listener);
    return 0;
}

int server_open(struct event_base *base, struct in_addr address, uint16_t port, struct server **out)
{
    struct server *server = *out = xcalloc(1, sizeof *server);
    server->base = base;
    return port_open(server, &server->plain, address, port);
}

int server_open_secure(struct server *server, struct in_addr address,
                       struct bufferevent *(*make)(struct event_base *base, void *arg), void *arg)
{
    const int rc = port_open(server, &server->secure, address, 0);
    if (rc == 0)
        evhttp_set_bevcb(server->secure.http, make, arg);
    return rc;
}

void server_close(struct server *server)
{
    if (server->secure.http != NULL)
        evhttp_free(server->secure.http);
    evhttp_free(server->plain.http); /* and the listener, and by client_closed every timer */
    for (size_t fd = 0; fd < server->clients_length; fd++)
        free(server->clients[fd]);
    free(server->clients);
    free(server);
}

int server_port(const struct server *server) { return listener_port(server->plain.listener); }

int server_port_secure(const struct server *server) { return listener_port(server->secure.listener); }

struct counters *server_counters(struct server *server) { return &server->counters; }
