/* SPDX-License-Identifier: MIT */
/* The models of serving: how connections and requests get to workers. */
#ifndef SERVERS_SERVERS_H
#define SERVERS_SERVERS_H

#include <stdbool.h>

#include "host/models.h"

/* Who waits for what. */
enum server_way {
    SERVER_FORKED,   /* each worker accepts a connection and stays with it to its end */
    SERVER_HANDED,   /* each worker is made for one connection */
    SERVER_POOL,     /* the workers wait for all connections together, and each takes a request at a time */
    SERVER_ON_A_LOOP /* each worker waits for connections of its own, and has many requests under way */
};

struct server {
    const char *name;
    const char *about;   /* one line */
    const char *workers; /* "one", "cpus", "requests" or "connections": docs/interfaces.md */
    bool holds;          /* an idle connection has no worker of its own */
    enum server_way way;
    const struct model *model; /* how its workers are run */
};

/* In the order of the list; ends with a row whose name is NULL. */
extern const struct server servers[];

/* How many requests a worker may have under way at once. */
unsigned server_places(const struct server *server);

/* What runs those that no model of jobs does. */
extern const struct model model_connection_threads, model_server_loops;

#endif
