/* SPDX-License-Identifier: MIT */
/*
 * The origin over TLS, on two ports of its own: HTTP/1.1 by evhttp, HTTP/2 by nghttp2 (each is the only protocol of its port, as
 * libevent decides before the handshake who reads). Key and certificate are made for the run and kept in memory; whoever is to
 * trust them is given the certificate's file. No session can be resumed, so that each connection is a whole handshake.
 */
#ifndef ORIGIN_SECURE_H
#define ORIGIN_SECURE_H

#include <netinet/in.h>
#include <stddef.h>

struct event_base;
struct secure;
struct server;

#ifdef ORIGIN_TLS
/* The libraries and what they do here, ", OpenSSL 3.0.15 (P-256, no resumption), nghttp2 1.52.0"; static storage. */
const char *secure_describe(void);
/* Adds both ports to the server and writes the certificate (PEM; for `address`, 127.0.0.1 and localhost) into `file`. 0, or a
 * negative errno, -EPROTO where OpenSSL failed. To be closed before the server, in any case. */
int secure_open(struct event_base *base, struct server *server, struct in_addr address, const char *file,
                struct secure **out);
void secure_close(struct secure *secure);
/* The port of HTTP/2, or a negative errno. */
int secure_h2_port(const struct secure *secure);
#else /* a build without OpenSSL or nghttp2 serves without TLS only, which its template says */
static inline const char *secure_describe(void) { return ""; }
static inline int secure_open(struct event_base *base, struct server *server, struct in_addr address, const char *file,
                              struct secure **out)
{
    (void)base, (void)server, (void)address, (void)file;
    *out = NULL;
    return 0;
}
static inline void secure_close(struct secure *secure) { (void)secure; }
static inline int secure_h2_port(const struct secure *secure) { return secure == NULL ? 0 : -1; }
#endif

#endif
