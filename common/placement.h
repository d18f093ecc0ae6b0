/* SPDX-License-Identifier: MIT */
/*
 * Which worker is on which host: "a:2,b:4", a name and how many workers it takes. Workers are numbered host by host in the
 * order of the text. Fewer than there is room for fill the first hosts; more are shared out in whole turns of it, and the
 * rest again from the first on. `py_impl/remote.py` states the same rule and a test compares the two.
 */
#ifndef COMMON_PLACEMENT_H
#define COMMON_PLACEMENT_H

#include <stdbool.h>
#include <stddef.h>

#define PLACEMENT_HOSTS_MAX 256
#define PLACEMENT_NAME_SIZE 128
#define PLACEMENT_SLOTS_MAX 100000u
#define PLACEMENT_ADDRESS   46 /* INET6_ADDRSTRLEN */

struct placement {
    size_t count;
    unsigned slots; /* of all hosts */
    struct placement_host {
        char name[PLACEMENT_NAME_SIZE];
        unsigned slots;
    } hosts[PLACEMENT_HOSTS_MAX];
};

/* Reads "a:2,b:4"; a name alone takes one. NULL, or what is wrong with it: static text. */
const char *placement_parse(const char *text, struct placement *out);
/* How many of `workers` are on host `h`; *first (NULL is all right): the number of the first of them. */
unsigned placement_workers(const struct placement *placement, unsigned workers, size_t h, unsigned *first);
/* The host of a worker, 0..workers-1; `count` for another number. */
size_t placement_host_of(const struct placement *placement, unsigned workers, unsigned worker);
/* Whether a name is this machine's, so that nothing has to be launched to reach it: localhost, or as the machine calls itself. */
bool placement_is_here(const char *name);

/*
 * This machine's address as the hosts reach it, that from which the first one that is not this machine is reached, and its
 * network ("10.7.0.0/24", for what listens or looks for interfaces by that). All are this machine: 127.0.0.1. NULL, or why
 * there is none: static text.
 */
const char *placement_address(const struct placement *placement, char address[PLACEMENT_ADDRESS],
                              char network[PLACEMENT_ADDRESS + 4]);
/* Whether a host answers: it takes or refuses a connection within `wait_ms`. False too where its name is unknown. */
bool placement_answers(const char *name, int wait_ms);

#endif
