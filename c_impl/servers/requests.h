/* SPDX-License-Identifier: MIT */
/*
 * A server as a dispenser (host/dispenser.h): requests hand out the jobs. `take` is where a worker waits for connections and
 * requests, `done` writes the answer, and `feed` says that the server is ready and then when it is time to end. The run's task is a
 * struct served's, and its workers' places are of the jobs worker * places and up.
 */
#ifndef SERVERS_REQUESTS_H
#define SERVERS_REQUESTS_H

#include "host/dispenser.h"
#include "servers/connection.h"

extern const struct dispenser_kind dispenser_requests;

/* Of the way SERVER_HANDED, on the one thread that starts workers. Waits for a connection and keeps it for `worker`, which is then to
 * be opened: 1; 0: it is time to end; or a negative errno with the reason in err. */
int requests_accept(void *state, unsigned worker, struct cobench_error *err);
/* There can be no such worker: its connection gets status 500 and that line, and is closed. */
void requests_fail(void *state, unsigned worker, const char *why);

#endif
