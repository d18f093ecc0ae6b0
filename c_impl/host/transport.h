/* SPDX-License-Identifier: MIT */
/*
 * The transport: how a host waits for what is asked for: the reply to a URL (build/transport/curl.so), the end of a command
 * (command.so), a row (sql.so). A shared object that exports one constant `const struct transport cobench_transport`, loaded
 * only where a task asks for such. Knows no task and no model. A connection belongs to the client or mux that opened it and
 * is kept alive between its requests.
 */
#ifndef HOST_TRANSPORT_H
#define HOST_TRANSPORT_H

#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>

#include "cobench/task.h"
#include "host/knobs.h"
#include "host/loop.h"

#define TRANSPORT_VERSION 2u
#define TRANSPORT_SYMBOL  "cobench_transport"

struct transport_options {
    int64_t timeout_ns;            /* of one request, from its start to the last byte of the reply */
    _Atomic uint64_t *connections; /* count every opened connection here */
    unsigned client;               /* enum client_choice: which way of asking, of those that this transport has */
    const char *service;     /* the URL of the service that the ask needs, outlives the state; NULL: it needs none */
    const sigset_t *signals; /* that commands get back; NULL: as they are */
    /* Not 0: the run is being ended and no command may be started. NULL: commands stay in the host's group, and whoever
     * ends that ends them. */
    const _Atomic uint32_t *ending;
};

/* Called on the loop's thread when a request has ended: reply (borrowed until it returns), or NULL with code (negative
 * errno) and error. It may submit the next request. */
typedef void (*transport_done_fn)(void *arg, const struct cobench_reply *reply, int rc,
                                  const struct cobench_error *error);

struct transport {
    uint32_t version; /* TRANSPORT_VERSION */
    const char *name; /* "libcurl" */
    /* Library version and TLS backend as text, e.g. "libcurl/7.88.1 OpenSSL/3.0.17"; static storage. */
    const char *(*describe)(void);

    /* Once a process, before workers; what it sets up survives a fork. */
    int (*open)(const struct transport_options *options, void **state, struct cobench_error *err);
    void (*close)(void *state);

    /* Blocking: one client a worker, used by one thread at a time. `ask->ask` is what it was loaded for. To a service open
     * connects, so that it is done before the gate. The reply's body stays valid until the client's next get or close. Any HTTP
     * status is a reply; only what gave no reply is an error. */
    int (*client_open)(void *state, void **client, struct cobench_error *err);
    int (*client_get)(void *client, const struct cobench_request *ask, struct cobench_reply *reply,
                      struct cobench_error *err);
    void (*client_close)(void *client);

    /* On a loop: up to `in_flight` requests at once, over as many connections, which to a service open makes, by blocking. What
     * get is to remember of `ask` it copies, but for what is valid until the task's close. close cancels what is still under way
     * without calling back. */
    int (*mux_open)(void *state, struct loop *loop, const struct loop_ops *ops, unsigned in_flight, void **mux,
                    struct cobench_error *err);
    int (*mux_get)(void *mux, const struct cobench_request *ask, transport_done_fn done, void *arg,
                   struct cobench_error *err);
    void (*mux_close)(void *mux);
};

/* Loads the transport that the client (enum client_choice) asks by, which stands beside the host (plugin.h). 0, or -ELIBACC with
 * the reason in err: this cannot be asked for here; -EINVAL: the client asks for something else. */
int transport_load(enum cobench_ask ask, unsigned client, const struct transport **out, void **handle,
                   struct cobench_error *err);

#endif
