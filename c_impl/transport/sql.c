/* SPDX-License-Identifier: MIT */
/*
 * The transport on libpq, the only file that knows it: statements for a PostgreSQL server. A link is one connection, and the
 * requests on it in the order of their answers. A blocking worker has one link; a loop has one for each request that it may
 * have under way, and with the client `pipeline` a single one, in libpq's pipeline mode, on which they all go out at once, each with all
 * of its statements. Whoever waits, poll here or the loop, the same steps follow when the socket is ready. A connection
 * that was lost is opened again for the next request.
 */
#include <libpq-fe.h>

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "host/error.h"
#include "host/transport.h"

#define KEY_TYPE  20u /* bigint: its OID in pg_type.dat */
#define KEY_BYTES 24
#define REFUSED   (-EBUSY) /* of a request: nothing of it was run */

struct state {
    const char *url;
    bool pipeline;
    int64_t timeout_ns;
    _Atomic uint64_t *connections;
    char settings[80];  /* of each connection */
    const char **first; /* COBENCH_SQL_FIRST: a copy, as the task may be closed and opened again; NULL: nothing */
    char first_key[KEY_BYTES];
};

struct link;

/* A request until its last answer is there, or a free place for one. */
struct request {
    struct link *link;
    const char *const *statements;
    char key[KEY_BYTES];
    unsigned at;    /* the statement that is answered next; in a pipeline 0 */
    bool preparing; /* it is prepared first; in a pipeline: one or more are */
    int64_t deadline_ns;
    PGresult *row; /* what gave the rows; the last request's own until there is one */
    int rows;      /* of this request: 0, none yet */
    int rc;        /* its first failure */
    struct cobench_error err;
    transport_done_fn done; /* NULL: nobody waits to be called */
    void *arg;
    struct request *next; /* behind it on the link, or in the stack of free ones */
};

struct mux {
    struct loop *loop;
    const struct loop_ops *ops;
    unsigned link_count, request_count;
    struct link *links;
    struct request *requests, *idle;
};

struct link {
    const struct state *state;
    struct mux *mux; /* NULL: waited for by poll, as every link is until it is open */
    PGconn *conn;    /* NULL: lost */
    bool connected;
    bool kept; /* a request has been answered on this connection */
    int fd;
    unsigned events; /* what its socket is waited for */
    struct request *first, **end;
    struct request own; /* behind one that left a transaction open; at first what opens the link */
    bool own_waits;     /* it is under way */
    /* What was asked for last, the first so many of which are prepared, under names with that number. What is asked for once on
     * a connection is not. */
    const char *const *known;
    bool known_again;
    unsigned prepared, number;
    struct loop_timer timer; /* of the first one's deadline */
};

static const char *const FIRST[] = {"SELECT 1", NULL}; /* so that the server's process has been at work, too */
static const char *const ROLLBACK[] = {"ROLLBACK", NULL};

/* -- errors --------------------------------------------------------------------------------------------------------- */

/* The first line of what libpq or the server says. */
static int fail(struct cobench_error *err, int rc, const char *type, const char *words)
{
    error_clear(err);
    return error_named(err, rc, type, "%.*s", (int)strcspn(words, "\n"), words);
}

/* Named as in py_impl/transport/sql.py. */
static int fail_result(struct cobench_error *err, const PGresult *result)
{
    const char *code = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *words = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    char line[sizeof err->message];

    if (!code || !words)
        return fail(err, -ECONNRESET, "ConnectionClosed", PQresultErrorMessage(result));
    snprintf(line, sizeof line, "%s: %s", code, words);
    if (strncmp(code, "57P", 3) == 0) /* the server ends, or has not begun */
        return fail(err, -ECONNRESET, "ConnectionClosed", line);
    if (strcmp(code, "25P02") ==
        0) /* the transaction is aborted: by an earlier request, where this is the first that is said */
        return fail(err, REFUSED, "SqlError", line);
    if (strcmp(code, "57014") == 0) /* statement_timeout */
        return fail(err, -ETIMEDOUT, "Timeout", line);
    return fail(err, -EPROTO, "SqlError", line);
}

/* -- a link's socket ------------------------------------------------------------------------------------------------ */

static void link_ready(void *arg, int fd, unsigned events);

/* What its socket is waited for from now on; libpq may have changed it for another one. */
static void link_watch(struct link *l, unsigned events)
{
    const int fd = PQsocket(l->conn);
    if (l->mux && l->fd >= 0 && l->fd != fd)
        l->mux->ops->watch(l->mux->loop, l->fd, 0, NULL, NULL);
    if (l->mux && (l->fd != fd || l->events != events || !l->connected))
        l->mux->ops->watch(l->mux->loop, fd, events, link_ready, l); /* out of memory: the request's time runs out */
    l->fd = fd;
    l->events = events;
}

static void link_close(struct link *l)
{
    if (l->mux && l->fd >= 0)
        l->mux->ops->watch(l->mux->loop, l->fd, 0, NULL, NULL);
    if (l->mux)
        l->mux->ops->timer_cancel(l->mux->loop, &l->timer);
    PQfinish(l->conn);
    l->conn = NULL;
    l->fd = -1;
    l->connected = l->kept = false;
    l->known = NULL;
}

/* Begins to. 0, or a negative errno with the reason in err. */
static int link_connect(struct link *l, struct cobench_error *err)
{
    static const char *const names[] = {"dbname", "options", "fallback_application_name", NULL};
    const char *const values[] = {l->state->url, l->state->settings, "cobench", NULL};

    l->conn = PQconnectStartParams(names, values, 1);
    if (PQstatus(l->conn) == CONNECTION_BAD) {
        fail(err, -ECONNREFUSED, "ConnectionRefused", PQerrorMessage(l->conn));
        link_close(l);
        return -ECONNREFUSED;
    }
    link_watch(l, LOOP_WRITE);
    return 0;
}

static void link_flush(struct link *l) { link_watch(l, LOOP_READ | (PQflush(l->conn) > 0 ? LOOP_WRITE : 0u)); }

/* -- requests ------------------------------------------------------------------------------------------------------- */

static bool statements_same(const char *const *a, const char *const *b)
{
    if (a == b)
        return true;
    while (*a && *b && strcmp(*a, *b) == 0)
        a++, b++;
    return *a == *b; /* NULL */
}

/* As psycopg and asyncpg do, a statement that comes again is prepared, so that the server plans it once. */
static void link_know(struct link *l, const struct request *r)
{
    l->known_again = l->known && statements_same(l->known, r->statements);
    l->known = r->statements;
    if (l->known_again)
        return;
    l->prepared = 0;
    l->number++;
}

static bool statement_send(struct link *l, struct request *r, unsigned i)
{
    const char *statement = r->statements[i], *key = r->key;
    const int keys = strstr(statement, "$1") != NULL;
    const Oid type = KEY_TYPE;
    char name[48];
    if (r->statements != l->known || !l->known_again)
        return PQsendQueryParams(l->conn, statement, keys, &type, &key, NULL, NULL, 0);
    snprintf(name, sizeof name, "cobench_%u_%u", l->number, i);
    if (i >= l->prepared) {
        l->prepared = i + 1;
        r->preparing = true;
        const bool sent = PQsendPrepare(l->conn, name, statement, keys, &type);
        if (!sent || !l->state->pipeline)
            return sent;
    }
    return PQsendQueryPrepared(l->conn, name, keys, &key, NULL, NULL, 0);
}

/* All of it in a pipeline, else its next statement. */
static int request_send(struct link *l, struct request *r, struct cobench_error *err)
{
    bool sent = true;
    if (l->state->pipeline) {
        for (unsigned i = 0; sent && r->statements[i]; i++)
            sent = statement_send(l, r, i);
        sent = sent && PQpipelineSync(l->conn);
    } else {
        sent = statement_send(l, r, r->at);
    }
    if (!sent)
        return fail(err, -ECONNRESET, "ConnectionClosed", PQerrorMessage(l->conn));
    link_flush(l);
    return 0;
}

/* Its place is free before its owner hears of it, and may be taken for the next one at once: until the loop turns nothing is
 * received, hence no row cleared. */
static void request_end(struct request *r)
{
    struct mux *mux = r->link->mux;
    struct cobench_reply reply = {.status = r->rows};
    if (!r->done)
        return;
    if (r->rows > 0 && PQnfields(r->row) > 0 && !PQgetisnull(r->row, 0, 0)) {
        reply.body = (const unsigned char *)PQgetvalue(r->row, 0, 0);
        reply.length = (size_t)PQgetlength(r->row, 0, 0);
    }
    if (mux) {
        r->next = mux->idle;
        mux->idle = r;
    }
    r->done(r->arg, r->rc ? NULL : &reply, r->rc, r->rc ? &r->err : NULL);
}

/* Its deadline is the link's. */
static void link_hurry(struct link *l)
{
    if (l->mux && l->first)
        l->mux->ops->timer_set(l->mux->loop, &l->timer,
                               l->first->deadline_ns); /* without memory for it the host's own ends the run */
    else if (l->mux)
        l->mux->ops->timer_cancel(l->mux->loop, &l->timer);
}

/* 0, or a negative errno with the reason in err and nothing begun. */
static int link_submit(struct link *l, struct request *r, struct cobench_error *err)
{
    int rc = 0;
    r->at = 0;
    r->rows = r->rc = 0;
    r->next = NULL;
    r->preparing = false;
    if (r->statements != ROLLBACK)
        link_know(l, r);
    if (!l->conn)
        rc = link_connect(l, err);
    else if (l->connected && (!l->first || l->state->pipeline))
        rc = request_send(l, r, err);
    if (rc)
        return rc;
    *l->end = r;
    l->end = &r->next;
    if (l->first == r)
        link_hurry(l);
    return 0;
}

/* -- what comes back ------------------------------------------------------------------------------------------------ */

/* The connection is no more. Requests that only found out that the server had ended a kept one are asked again, on another;
 * else they end with why. */
static void link_lose(struct link *l, int rc, const struct cobench_error *why)
{
    struct cobench_error err = *why;
    struct request *r = l->first, *next;
    const bool again = r && r != &l->own && l->kept && rc == -ECONNRESET && r->at == 0 && r->rows == 0 &&
                       (r->rc == 0 || r->rc == rc);

    link_close(l);
    l->first = NULL;
    l->end = &l->first;
    l->own_waits = false;
    const bool begun = again && (rc = link_connect(l, &err)) == 0;
    for (; r; r = next) {
        next = r->next;
        if (begun && r != &l->own) {
            (void)link_submit(l, r, &err); /* which nothing is sent of yet */
            continue;
        }
        if (r->rc == 0 || again) {
            r->rc = rc;
            r->err = err;
        }
        request_end(r);
    }
}

static void link_lost(struct link *l)
{
    struct cobench_error err;
    fail(&err, 0, "ConnectionClosed", PQerrorMessage(l->conn));
    link_lose(l, -ECONNRESET, &err);
}

static void link_late(void *arg)
{
    struct link *l = arg;
    struct cobench_error err;
    char words[64];
    snprintf(words, sizeof words, "no complete answer within %g s", (double)l->state->timeout_ns / 1e9);
    fail(&err, 0, "Timeout", words);
    link_lose(l, -ETIMEDOUT, &err);
}

/* What puts an end to a transaction, or opens the link. */
static int own_submit(struct link *l, struct cobench_error *err)
{
    l->own.deadline_ns = clock_now_ns() + l->state->timeout_ns;
    return link_submit(l, &l->own, err);
}

/* The first request has its last answer. It leaves the connection to the next one without a transaction. In a pipeline others may be
 * behind it already, which an aborted transaction refuses: those are asked again. */
static void link_next(struct link *l)
{
    struct request *r = l->first;
    const PGTransactionStatusType left = PQtransactionStatus(l->conn); /* where a pipeline goes on: active */
    const bool unfinished = left == PQTRANS_INTRANS || left == PQTRANS_INERROR || (left == PQTRANS_ACTIVE && r->rc);
    struct cobench_error unsaid; /* of a connection that is broken, which shows when it is read */

    l->kept = true;
    l->first = r->next;
    if (!l->first)
        l->end = &l->first;
    if (r == &l->own)
        l->own_waits = false;
    if (r->rc && r->preparing)
        l->known = NULL; /* who knows what is */
    if (unfinished && !l->own_waits)
        l->own_waits = own_submit(l, &unsaid) == 0;
    else if (l->first && !l->state->pipeline)
        (void)request_send(l, l->first, &unsaid);
    link_hurry(l);
    if (r->rc == REFUSED) {
        const int rc = link_submit(l, r, &r->err);
        if (rc == 0)
            return;
        r->rc = rc;
    }
    request_end(r);
}

static void request_take(struct request *r, PGresult *result)
{
    const ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_TUPLES_OK && PQntuples(result) > 0) {
        PQclear(r->row);
        r->row = result;
        r->rows = PQntuples(result);
        return;
    }
    if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH)
        r->rc = fail(&r->err, -ENOTSUP, "SqlError", "COPY is nothing that can be asked for");
    else if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && status != PGRES_EMPTY_QUERY && r->rc == 0)
        r->rc = fail_result(&r->err, result);
    PQclear(result);
}

static void statement_next(struct link *l, struct request *r)
{
    struct cobench_error unsaid; /* as in link_next */
    r->preparing = false;
    (void)request_send(l, r, &unsaid);
}

/* All that has come. */
static void link_answers(struct link *l)
{
    while (l->first && !PQisBusy(l->conn)) {
        struct request *r = l->first;
        PGresult *result = PQgetResult(l->conn); /* NULL: there is no more of this statement */
        const bool synced = result && PQresultStatus(result) == PGRES_PIPELINE_SYNC;
        if (result && !synced) {
            request_take(r, result);
            if (r->rc == -ENOTSUP)
                link_lose(l, r->rc, &r->err);
        } else {
            PQclear(result);
            if (!synced && PQstatus(l->conn) == CONNECTION_BAD)
                link_lost(l);
            else if (!synced && r->rc == 0 && !l->state->pipeline && (r->preparing || r->statements[++r->at]))
                statement_next(l, r);
            else if (synced || !l->state->pipeline)
                link_next(l);
        }
        if (!l->connected)
            return; /* lost */
    }
}

static void link_connected(struct link *l)
{
    struct cobench_error unsaid; /* as above */
    l->connected = PQsetnonblocking(l->conn, 1) == 0 && (!l->state->pipeline || PQenterPipelineMode(l->conn));
    if (!l->connected) {
        link_lost(l);
        return;
    }
    atomic_fetch_add_explicit(l->state->connections, 1, memory_order_relaxed);
    link_watch(l, LOOP_READ);
    for (struct request *r = l->first; r; r = l->state->pipeline ? r->next : NULL)
        (void)request_send(l, r, &unsaid);
}

static void link_progress(struct link *l)
{
    struct cobench_error err;
    const PostgresPollingStatusType status = PQconnectPoll(l->conn);
    if (status == PGRES_POLLING_OK) {
        link_connected(l);
    } else if (status == PGRES_POLLING_FAILED) {
        fail(&err, 0, "ConnectionRefused", PQerrorMessage(l->conn));
        link_lose(l, -ECONNREFUSED, &err);
    } else {
        link_watch(l, status == PGRES_POLLING_READING ? LOOP_READ : LOOP_WRITE);
    }
}

static void link_ready(void *arg, int fd, unsigned events)
{
    struct link *l = arg;
    (void)fd, (void)events;
    if (!l->connected) {
        link_progress(l);
        return;
    }
    (void)PQconsumeInput(l->conn); /* what came before the connection broke is still there to be read */
    link_answers(l);
    if (l->connected && PQstatus(l->conn) == CONNECTION_BAD)
        link_lost(l);
    else if (l->connected && l->events & LOOP_WRITE)
        link_flush(l);
}

/* -- blocking ------------------------------------------------------------------------------------------------------- */

/* Until all that was asked for on this link has ended. */
static void link_drive(struct link *l)
{
    while (l->first) {
        struct pollfd polled = {
            .fd = l->fd,
            .events = (short)((l->events & LOOP_READ ? POLLIN : 0) | (l->events & LOOP_WRITE ? POLLOUT : 0)),
        };
        const int64_t left_ns = l->first->deadline_ns - clock_now_ns();
        const int ready = left_ns > 0 ? poll(&polled, 1, (int)((left_ns + NS_PER_MS - 1) / NS_PER_MS)) : 0;
        if (ready > 0)
            link_ready(l, l->fd, 0);
        else if (ready == 0)
            link_late(l); /* else EINTR */
    }
}

static int link_begin(struct link *l, const struct state *state, struct cobench_error *err)
{
    *l = (struct link){.state = state, .fd = -1, .timer = {.fire = link_late, .arg = l}};
    l->end = &l->first;
    l->own = (struct request){.link = l, .statements = FIRST};
    return own_submit(l, err);
}

/* Waits until it is open, and warm: what is asked first, is so twice, upon which it is prepared. */
static int link_open(struct link *l, struct cobench_error *err)
{
    int rc = 0;
    link_drive(l);
    for (int times = 2; l->state->first && times > 0 && rc == 0 && l->own.rc == 0; times--) {
        l->own.statements = (const char *const *)l->state->first;
        memcpy(l->own.key, l->state->first_key, sizeof l->own.key);
        rc = own_submit(l, err);
        link_drive(l);
    }
    l->own.statements = ROLLBACK;
    if (rc == 0 && l->own.rc)
        *err = l->own.err;
    return rc ? rc : l->own.rc;
}

static void link_end(struct link *l)
{
    link_close(l);
    PQclear(l->own.row);
}

/* Of a server that cannot be had, or has no connection left: a limit of this machine. */
static int absent(int rc) { return rc == -ENOMEM ? rc : -ENOSYS; }

struct client {
    struct state *state;
    struct link link;
    struct request request;
    struct cobench_reply reply;
};

static void client_told(void *arg, const struct cobench_reply *reply, int rc, const struct cobench_error *error)
{
    struct client *c = arg;
    (void)rc, (void)error; /* which stay in the request */
    if (reply)
        c->reply = *reply;
}

static void client_close(void *client)
{
    struct client *c = client;
    link_end(&c->link);
    PQclear(c->request.row);
    free(c);
}

static int client_open(void *state, void **out, struct cobench_error *err)
{
    struct client *c = calloc(1, sizeof *c);
    if (!c)
        return -ENOMEM;
    int rc = link_begin(&c->link, state, err);
    rc = rc ? rc : link_open(&c->link, err);
    if (rc) {
        client_close(c);
        return absent(rc);
    }
    c->state = state;
    c->request = (struct request){.link = &c->link, .done = client_told, .arg = c};
    *out = c;
    return 0;
}

static void request_ask(struct request *r, const struct cobench_request *ask)
{
    r->deadline_ns = clock_now_ns() + r->link->state->timeout_ns;
    r->statements = ask->statements;
    snprintf(r->key, sizeof r->key, "%" PRId64, ask->key);
}

static void first_free(struct state *state)
{
    for (unsigned i = 0; state->first && state->first[i]; i++)
        free((char *)state->first[i]);
    free(state->first);
    state->first = NULL;
}

static int first_keep(struct state *state, const struct request *r)
{
    unsigned count = 0;
    while (r->statements[count])
        count++;
    first_free(state);
    state->first = calloc(count + 1, sizeof *state->first);
    for (unsigned i = 0; state->first && i < count; i++)
        if (!(state->first[i] = strdup(r->statements[i])))
            first_free(state);
    memcpy(state->first_key, r->key, sizeof state->first_key);
    return state->first ? 0 : -ENOMEM;
}

static int client_get(void *client, const struct cobench_request *ask, struct cobench_reply *reply,
                      struct cobench_error *err)
{
    struct client *c = client;
    request_ask(&c->request, ask);
    const int rc = link_submit(&c->link, &c->request, err);
    if (rc)
        return rc;
    link_drive(&c->link);
    if (c->request.rc)
        *err = c->request.err;
    else
        *reply = c->reply;
    if (c->request.rc == 0 && ask->flags & COBENCH_SQL_FIRST)
        return first_keep(c->state, &c->request);
    return c->request.rc;
}

/* -- on a loop ------------------------------------------------------------------------------------------------------ */

static void mux_close(void *arg)
{
    struct mux *mux = arg;
    for (unsigned i = 0; i < mux->link_count; i++)
        link_end(&mux->links[i]);
    for (unsigned i = 0; mux->requests && i < mux->request_count; i++)
        PQclear(mux->requests[i].row);
    free(mux->links);
    free(mux->requests);
    free(mux);
}

/* All connections at once, and then each until it is open. */
static int mux_connect(struct mux *mux, const struct state *state, unsigned links, struct cobench_error *err)
{
    int rc = 0;
    for (; rc == 0 && mux->link_count < links; mux->link_count++)
        rc = link_begin(&mux->links[mux->link_count], state, err);
    for (unsigned i = 0; rc == 0 && i < links; i++)
        rc = link_open(&mux->links[i], err);
    return rc;
}

/* From here on the loop waits. */
static void mux_watch(struct mux *mux)
{
    for (unsigned i = 0; i < mux->link_count; i++) {
        struct link *l = &mux->links[i];
        l->mux = mux;
        l->fd = -1;
        link_watch(l, LOOP_READ);
    }
    for (unsigned i = mux->request_count; i-- > 0;) {
        struct request *r = &mux->requests[i];
        *r = (struct request){.link = &mux->links[i % mux->link_count], .next = mux->idle};
        mux->idle = r;
    }
}

static int mux_open(void *state, struct loop *loop, const struct loop_ops *ops, unsigned in_flight, void **out,
                    struct cobench_error *err)
{
    const unsigned links = ((const struct state *)state)->pipeline ? 1 : in_flight;
    struct mux *mux = calloc(1, sizeof *mux);
    if (!mux)
        return -ENOMEM;
    *mux = (struct mux){.loop = loop, .ops = ops, .request_count = in_flight};
    mux->links = calloc(links, sizeof *mux->links);
    mux->requests = calloc(in_flight, sizeof *mux->requests);
    const int rc = mux->links && mux->requests ? mux_connect(mux, state, links, err) : -ENOMEM;
    if (rc) {
        mux_close(mux);
        return absent(rc);
    }
    mux_watch(mux);
    *out = mux;
    return 0;
}

static int mux_get(void *arg, const struct cobench_request *ask, transport_done_fn done, void *done_arg,
                   struct cobench_error *err)
{
    struct mux *mux = arg;
    struct request *r = mux->idle;
    if (!r)
        return fail(err, -EBUSY, "Transport", "more requests in flight than were asked for");
    mux->idle = r->next;
    r->done = done;
    r->arg = done_arg;
    request_ask(r, ask);
    const int rc = link_submit(r->link, r, err);
    if (rc) {
        r->next = mux->idle;
        mux->idle = r;
    }
    return rc;
}

/* -- once a process ------------------------------------------------------------------------------------------------- */

static const char *sql_describe(void)
{
    static char text[32];
    snprintf(text, sizeof text, "libpq/%d.%d", PQlibVersion() / 10000, PQlibVersion() % 10000);
    return text;
}

static int sql_open(const struct transport_options *options, void **out, struct cobench_error *err)
{
    struct state *state = malloc(sizeof *state);
    (void)err;
    if (!state)
        return -ENOMEM;
    *state = (struct state){.url = options->service,
                            .pipeline = options->client == CLIENT_PIPELINE,
                            .timeout_ns = options->timeout_ns,
                            .connections = options->connections};
    /* The server gives up a statement by itself, which for it goes on where only the client does. */
    snprintf(state->settings, sizeof state->settings, "-c statement_timeout=%" PRId64 " -c client_min_messages=error",
             (options->timeout_ns + NS_PER_MS - 1) / NS_PER_MS);
    *out = state;
    return 0;
}

static void sql_close(void *state)
{
    first_free(state);
    free(state);
}

const struct transport cobench_transport = {
    .version = TRANSPORT_VERSION,
    .name = "libpq",
    .describe = sql_describe,
    .open = sql_open,
    .close = sql_close,
    .client_open = client_open,
    .client_get = client_get,
    .client_close = client_close,
    .mux_open = mux_open,
    .mux_get = mux_get,
    .mux_close = mux_close,
};
