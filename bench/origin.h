/* SPDX-License-Identifier: MIT */
/* The loopback server that stands in for the network (build/cobench-origin), as the driver starts and watches it. */
#ifndef BENCH_ORIGIN_H
#define BENCH_ORIGIN_H

#include <stdint.h>
#include <sys/types.h>

#include "bench/error.h"
#include "bench/guard.h"
#include "bench/places.h"

struct origin {
    pid_t pid;
    int stdin_fd; /* it ends when this closes */
    char *url;    /* the template it printed */
    char *room;   /* why some cells cannot run (bench/origin_room.h); NULL: none */
};

int origin_start(struct guard *guard, const struct places *places, struct origin *out, struct error *err);
/* What all its threads together have had so far, in ns; -1: cannot be read. */
struct origin_use {
    int64_t cpu_ns;
    int64_t wait_ns; /* ready to run, but no CPU was free */
};
struct origin_use origin_use(const struct origin *origin);
/* Lets go of it; the guard ends it. */
void origin_close(struct origin *origin);

#endif
