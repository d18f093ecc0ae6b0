/* SPDX-License-Identifier: MIT */
/*
 * The origin's HTTP server, on libevent's evhttp and one event loop; used by one thread. It stands in for the network:
 * it answers when it was asked to, with the bytes it was asked for, and misbehaves where it was asked to.
 */
#ifndef ORIGIN_SERVER_H
#define ORIGIN_SERVER_H

#include <netinet/in.h>
#include <stdint.h>

struct event_base;
struct server;

/* An event base whose timers keep the promise of `delay`: never early, and late by less than a millisecond on an idle
 * machine. NULL: the system gives no epoll descriptor. */
struct event_base *server_base_new(void);

/* Listens on address and port (0: a free one) on a base that outlives it. 0, or the negative errno of socket, bind or listen;
 * server_close in either case. */
int server_open(struct event_base *base, struct in_addr address, uint16_t port, struct server **out);
/* Closes all connections. */
void server_close(struct server *server);
/* The port it listens on, or a negative errno. */
int server_port(const struct server *server);

#endif
