/* SPDX-License-Identifier: MIT */
/*
 * The origin's HTTP/1.1 server, on libevent's evhttp and one event loop; used by one thread. It stands in for the network:
 * it answers when it was asked to, with the bytes it was asked for, and misbehaves where it was asked to.
 */
#ifndef ORIGIN_SERVER_H
#define ORIGIN_SERVER_H

#include <netinet/in.h>
#include <stdint.h>

#include <event2/listener.h>

struct bufferevent;
struct event_base;
struct server;

/* What /stat tells, over all its ports. */
struct counters {
    uint64_t requests, open_connections;
};

/* An event base whose timers keep the promise of `delay`: never early, and late by less than a millisecond on an idle
 * machine. NULL: the system gives no epoll descriptor. */
struct event_base *server_base_new(void);

/* Listens on address and port (0: a free one) on a base that outlives it. 0, or the negative errno of socket, bind or listen;
 * server_close in either case. */
int server_open(struct event_base *base, struct in_addr address, uint16_t port, struct server **out);
/* Listens on a free port too, whose connections `make` makes: over TLS. As server_open. */
int server_open_secure(struct server *server, struct in_addr address,
                       struct bufferevent *(*make)(struct event_base *base, void *arg), void *arg);
/* Closes all connections. */
void server_close(struct server *server);
/* The ports it listens on, or a negative errno. */
int server_port(const struct server *server);
int server_port_secure(const struct server *server);
struct counters *server_counters(struct server *server);

/* A listener as the server has them: no delay on its connections, and a pause where none can be accepted. NULL: errno says why. */
struct evconnlistener *listener_open(struct event_base *base, evconnlistener_cb accepted, void *arg,
                                     struct in_addr address, uint16_t port);
/* Its port, or a negative errno. */
int listener_port(struct evconnlistener *listener);

#endif
