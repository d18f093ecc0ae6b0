/* SPDX-License-Identifier: MIT */
/* The table of servers. */
#include "servers/servers.h"

#include <stddef.h>

#define PLACES_ON_A_LOOP 16384u

const struct server servers[] = {
    {"prefork", "a process a connection, forked beforehand", "connections", false, SERVER_FORKED, &model_process_pool},
    {"thread", "a thread a connection", "connections", false, SERVER_HANDED, &model_connection_threads},
    {"thread-pool", "a fixed number of threads, each taking a request at a time", "requests", true, SERVER_POOL,
     &model_thread_pool},
    {"epoll", "one event loop", "one", true, SERVER_ON_A_LOOP, &model_server_loops},
    {"epoll-cores", "an event loop a CPU, each with its own connections", "cpus", true, SERVER_ON_A_LOOP,
     &model_server_loops},
    {NULL, NULL, NULL, false, SERVER_FORKED, NULL},
};

unsigned server_places(const struct server *server) { return server->way == SERVER_ON_A_LOOP ? PLACES_ON_A_LOOP : 1; }
