/* SPDX-License-Identifier: MIT */
/* The hosts that workers are on besides this machine (--hosts): asked through the launcher before a run what programs they
 * have and what they are, and afterwards whether they can still be reached. */
#ifndef BENCH_MACHINE_NODES_H
#define BENCH_MACHINE_NODES_H

#include <jansson.h>

#include "bench/machine/hosts.h"
#include "bench/util/text.h"
#include "common/placement.h"

struct nodes {
    struct placement placement;         /* no hosts: all is on this machine */
    struct string_list launcher;        /* its words */
    char address[PLACEMENT_ADDRESS];    /* of this machine, as the hosts reach it */
    bool answered[PLACEMENT_HOSTS_MAX]; /* a connection was taken or refused when the run began */
};

/* From what the plan says (bench/plan/hostfile.h); NULL: no hosts. -ENOPKG: this machine does not reach them. nodes_close in
 * every case. */
int nodes_open(const char *hosts, const char *launcher, struct nodes *out, struct error *err);
void nodes_close(struct nodes *nodes);

/*
 * Asks each host (`cobench node`) for its facts and its programs' checksums: 0 and an object host -> facts with "slots", or
 * -ENOPKG with err naming a host that does not answer in time or has other programs than `sums`, this machine's, which are
 * those of `tasks_dir` and `more` too (bench/machine/checksums.h). -EINTR: the driver was told to stop.
 */
int nodes_ask(struct nodes *nodes, const struct hosts_source *source, const struct string_list *more,
              const json_t *sums, json_t **out, struct error *err);
/* What `cobench node` prints of the machine it runs on; NULL with err: why there is nothing to print. */
json_t *nodes_describe(const struct paths *paths, const char *tasks_dir, const struct string_list *more,
                       struct error *err);
/* The hosts that answered when the run began and now do not, "host b cannot be reached", to be freed; NULL: all answer. */
char *nodes_lost(const struct nodes *nodes);

#endif
