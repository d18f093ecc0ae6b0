/* SPDX-License-Identifier: MIT */
/*
 * A connection of a server's: what has come over it and is not used yet, and what has not gone yet. Its socket does not block; who
 * has it waits. It answers by itself what no job answers: what is no request (400, 413, 431), another target (404) or method (405).
 * One thread at a time.
 */
#ifndef SERVERS_CONNECTION_H
#define SERVERS_CONNECTION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "servers/http.h"

/* Of one worker, in memory that all processes share. */
struct served_count {
    _Alignas(64) _Atomic uint64_t requests; /* answered with 200 */
    _Atomic uint64_t refused;               /* answered with 400 to 499, or closed at once */
    _Atomic uint64_t errors;                /* answered with 500 */
};

/* What a worker has for all its connections. */
struct connection_worker {
    const struct http_reader *reader;
    struct served_count *count;
    time_t second; /* of `date` */
    char date[32];
    char input[16384];
};

struct connection {
    int fd;
    uint32_t events; /* for which a set of descriptors watches it, of <sys/epoll.h> */
    bool busy;       /* its request is with a job */
    bool queued;     /* it has another one, and is in a list of such */
    bool last;       /* to be closed when all has gone */
    bool waited;     /* it was in the middle of a request at since_ns */
    _Atomic int64_t
        since_ns; /* since when it is idle, or its request incomplete; while it is busy or queued INT64_MAX */
    struct http_request request;
    char *rest; /* what came behind the request, `rest_length` bytes from rest_at; NULL: nothing */
    size_t rest_at, rest_length;
    char *unsent; /* likewise; NULL: all has gone */
    size_t unsent_at, unsent_length;
    struct connection *next; /* in that list */
};

enum connection_state {
    CONNECTION_READS,   /* to be called again when there is something to read */
    CONNECTION_WRITES,  /* when it can be written to */
    CONNECTION_REQUEST, /* there is a request for a job */
    CONNECTION_OVER     /* to be freed */
};

/* Takes the socket over, also where it fails: NULL. */
struct connection *connection_new(const struct connection_worker *w, int fd);
/* Closes it. */
void connection_free(struct connection *c);

/* Goes on as far as it can without waiting: writes what has not gone, and reads on to the next request for a job, of which *number is
 * what it says. */
enum connection_state connection_next(struct connection *c, struct connection_worker *w, uint64_t *number);

/* Nobody works on it from now on, or a job does. The former is the last that a thread does to a connection that another one may
 * then find, which reads since_ns (memory_order_acquire) first of all. */
void connection_waits(struct connection *c);
void connection_works(struct connection *c);

/* Answers the request: status 200 with the body, another one likewise, 408 with none. Never CONNECTION_REQUEST. */
enum connection_state connection_answer(struct connection *c, struct connection_worker *w, int status,
                                        const char *body);

#endif
