/* SPDX-License-Identifier: MIT */
/* The origin's HTTP/2 server, on nghttp2: GET /body/JOB, as over HTTP/1.1. Used by one thread. */
#ifndef ORIGIN_H2_H
#define ORIGIN_H2_H

#include <event2/listener.h>

struct bufferevent;
struct counters;
struct event_base;
struct h2;

/* `make` makes the connection of a descriptor that was accepted, over TLS; one that cannot be made is NULL. Callback of a
 * listener with the h2 as its argument: h2_accepted. */
struct h2 *h2_new(struct event_base *base, struct counters *counters,
                  struct bufferevent *(*make)(struct event_base *base, evutil_socket_t fd, void *arg), void *arg);
void h2_accepted(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from, int length, void *h2);
/* Closes all connections. NULL is all right. */
void h2_free(struct h2 *h2);

#endif
