/* SPDX-License-Identifier: MIT */
/*
 * Fewer connections than workers (--connections): the blocking clients of a transport that the threads of one process lend one
 * another. A job has one from its request to its last reply. All but open and close from any thread.
 */
#ifndef HOST_CLIENTS_H
#define HOST_CLIENTS_H

#include "host/run.h"

struct clients;

/* As many as run->connections, opened by the calling thread. 0, or a negative errno with the reason in err. */
int clients_open(struct run *run, struct clients **out, struct cobench_error *err);
/* Every one has been given back. NULL is allowed. */
void clients_close(struct clients *clients);

/* Waits until one is free. */
void *clients_take(struct clients *clients);
void clients_give(struct clients *clients, void *client);

#endif
