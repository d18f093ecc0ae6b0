/* SPDX-License-Identifier: MIT */
/* What the two sides of the dispenser redis share: the keys, and what is told between the feeder and the workers of this host. */
#ifndef DISPENSERS_REDIS_H
#define DISPENSERS_REDIS_H

#include "redis/link.h"
#include "host/dispenser.h"

enum { KEY_SIZE = 64, KEYS_S = 600 /* what nobody renews or removes expires */ };

struct redis {
    const struct dispenser_options *how;
    struct redis_link link; /* of the feeder */
    char prefix[KEY_SIZE];  /* cobench:TOKEN: */
    _Atomic uint32_t *over; /* in memory that worker processes share: no jobs any more, whatever the server says */
    _Atomic uint8_t *lost;  /* for each worker: it died, and what it had has not gone to others yet */
    _Atomic uint32_t ended; /* all workers have */
    _Atomic uint32_t fed;   /* nothing goes to anybody any more */
    unsigned greeted;       /* workers on other hosts that are up */
    int wake;               /* an eventfd: one of the two above came */
};

/* The key of this queue that is called so. Returns `out`. */
const char *redis_key(const struct redis *r, const char *name, char out[KEY_SIZE]);
const char *redis_taken_key(const struct redis *r, unsigned worker, char out[KEY_SIZE]);

/* Publishes the manager's clock, which also says that the queue is there. 0 or what link_reply says. */
int redis_publish(struct redis *r, struct cobench_error *err);

/* dispenser_kind.feed */
int redis_feed(void *state, struct cobench_error *err);

#endif
