/* SPDX-License-Identifier: MIT */
/* The clients that workers share: those that are free, as a stack, so that the next job finds the warmest. */
#include "host/clients.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "host/error.h"
#include "host/transport.h"

struct clients {
    const struct transport *transport;
    pthread_mutex_t lock;
    pthread_cond_t given; /* one is free */
    unsigned free;
    void *stack[];
};

int clients_open(struct run *run, struct clients **out, struct cobench_error *err)
{
    struct clients *clients = calloc(1, sizeof *clients + run->connections * sizeof *clients->stack);
    int rc = 0;
    if (!clients)
        return error_fill(err, -ENOMEM, "out of memory for %u connections", run->connections);
    clients->transport = run->transport;
    pthread_mutex_init(&clients->lock, NULL);
    pthread_cond_init(&clients->given, NULL);
    error_clear(err);
    for (; rc == 0 && clients->free < run->connections; clients->free += rc == 0)
        rc = run->transport->client_open(run->transport_state, &clients->stack[clients->free], err);
    if (rc)
        clients_close(clients);
    else
        *out = clients;
    return rc;
}

void clients_close(struct clients *clients)
{
    if (!clients)
        return;
    while (clients->free > 0)
        clients->transport->client_close(clients->stack[--clients->free]);
    pthread_cond_destroy(&clients->given);
    pthread_mutex_destroy(&clients->lock);
    free(clients);
}

void *clients_take(struct clients *clients)
{
    pthread_mutex_lock(&clients->lock);
    while (clients->free == 0)
        pthread_cond_wait(&clients->given, &clients->lock);
    void *client = clients->stack[--clients->free];
    pthread_mutex_unlock(&clients->lock);
    return client;
}

void clients_give(struct clients *clients, void *client)
{
    pthread_mutex_lock(&clients->lock);
    clients->stack[clients->free++] = client;
    pthread_cond_signal(&clients->given);
    pthread_mutex_unlock(&clients->lock);
}
