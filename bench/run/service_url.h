/* SPDX-License-Identifier: MIT */
/* Where a service is: unix:///run/redis.sock, redis://user:word@host:6379/0, tcp://[::1]:8786. */
#ifndef BENCH_RUN_SERVICE_URL_H
#define BENCH_RUN_SERVICE_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/un.h>

#include "bench/util/error.h"

#define SERVICE_PATH_SIZE (sizeof((struct sockaddr_un *)0)->sun_path)

struct service_address {
    char path[SERVICE_PATH_SIZE]; /* of a Unix socket; "": none, but a host: */
    char host[256], port[6];
};

/* Pure. `port`: where the URL has none; NULL: it needs one. -EINVAL with a line in err that does not repeat the URL. */
int service_url_parse(const char *url, const char *port, struct service_address *out, struct error *err);
/* The URL as it may be shown and kept, its password "***"; of a text without one a copy. To be freed. Pure. */
char *service_url_public(const char *url);
/* Its user, `user` bytes, and behind a colon its password, `password` bytes: 0 where there is none. Pure. */
const char *service_url_user(const char *url, size_t *user, size_t *password);
/* A port that nobody listens on at an address, now. */
bool service_url_free_port(const char *address, char port[6]);
/*
 * Connects, says `hello` (NULL: nothing) and reads the answer's beginning, up to a line that begins with `mark` or one that
 * is an error's ("-"), into `reply`. 0, or a negative errno, -ETIMEDOUT after 5 s for each step.
 */
int service_url_ask(const struct service_address *address, const char *hello, const char *mark, char *reply,
                    size_t size);

#endif
