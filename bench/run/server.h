/* SPDX-License-Identifier: MIT */
/* A server under test, as the driver starts, watches and ends it (docs/interfaces.md, "Serving"); and idle connections to it. */
#ifndef BENCH_RUN_SERVER_H
#define BENCH_RUN_SERVER_H

#include <jansson.h>
#include <stdint.h>

#include "bench/process/service.h"
#include "bench/run/sample.h"
#include "bench/util/error.h"

/* To be begun as SERVER_NONE. */
struct server {
    struct service_process process;
    int said; /* the other end of its standard output; -1: closed */
    int port; /* of 127.0.0.1 */
    int64_t ready_ns;
};
#define SERVER_NONE                  \
    {                                \
        .process.in = -1, .said = -1 \
    }

/*
 * Starts the server of a cell and waits until it serves; `complaints`: the file of its stderr. 0, -EPROTO where it does not come
 * so far (err says why; *impossible where that is for want of something here), or as supervisor_run where the driver cannot go
 * on. server_end in every case.
 */
int server_start(const struct bench *b, const struct plan_cell *cell, const char *complaints, struct server *out,
                 bool *impossible, struct error *err);
/* CPU time of all its processes so far; -1: not known. */
int64_t server_cpu_ns(const struct server *server);
/* Memory (PSS) of all its processes; -1: not known. */
int64_t server_bytes(const struct server *server);
/* Ends it with all its processes. *last: what it said then, an object to be released; NULL: nothing. */
void server_end(struct server *server, json_t **last);

/* Connections that have been answered once and are kept. Zeroed: none. */
struct idle {
    int *fds;
    int64_t count;
};
/* Opens more until there are `count`, each of which asks once and waits for the answer. 0; -EPROTO: no more than idle->count
 * could be had, err says why; -EINTR. */
int idle_open(struct idle *idle, int port, int64_t count, struct error *err);
/* How many of them the server has not closed. */
int64_t idle_held(const struct idle *idle);
void idle_close(struct idle *idle);

#endif
