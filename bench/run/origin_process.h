/* SPDX-License-Identifier: MIT */
/* The loopback server that stands in for the network (build/cobench-origin), as the driver starts it. */
#ifndef BENCH_RUN_ORIGIN_PROCESS_H
#define BENCH_RUN_ORIGIN_PROCESS_H

#include "bench/plan/plan.h"
#include "bench/util/error.h"
#include "bench/process/service.h"
#include "bench/protocol/paths.h"

struct origin {
    struct service_process process; /* it ends when its input closes */
    char *url;                      /* the template it printed */
    char *folder;                   /* where its certificate is; the supervisor removes it */
    char *trust;                    /* the setting of the environment by which a command trusts that */
    char *limit;                    /* why some cells cannot run, if they cannot */
};

/* `address`: where it listens; NULL: on 127.0.0.1. Its folder is beside the scratch folder. */
int origin_start(struct supervisor *supervisor, const struct paths *paths, const char *address, const char *scratch,
                 struct origin *out, struct error *err);
/*
 * Makes those cells impossible that would open more connections to the origin at once than it can hold, one a worker: one
 * that gets none is not refused but waits, and a run would time out without a word on why.
 */
void origin_check_limit(struct origin *origin, struct plan *plan);
/* Lets go of it; the supervisor ends it. */
void origin_close(struct origin *origin);

#endif
