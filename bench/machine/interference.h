/* SPDX-License-Identifier: MIT */
/*
 * What went on around a sample that was none of its own: time stolen by a hypervisor, CPU time of other processes,
 * throttling. A few files are polled before and after it, each time well under a millisecond. A sample taken while the
 * machine was disturbed is marked and kept.
 */
#ifndef BENCH_MACHINE_INTERFERENCE_H
#define BENCH_MACHINE_INTERFERENCE_H

#include <jansson.h>
#include <stdint.h>

#include "bench/protocol/interference_kind.h"
#include "bench/process/proc_text.h"
#include "bench/util/text.h"

/* Stolen: more than this share of all CPUs' time. */
#define INTERFERENCE_STEAL_SHARE 0.05
/* Loaded: others used more than this share of the machine's CPUs. */
#define INTERFERENCE_LOAD_SHARE 0.10
/* The kernel counts both in ticks of 10 ms. In a sample shorter than this a count is not enough: other tasks must have
 * been running before it and after it besides. */
#define INTERFERENCE_SHORT_NS (100 * NS_PER_MS)

/* Which files to read: found once per run. */
struct interference_watch {
    const char *root;
    struct string_list throttle; /* cpu.stat of this process's control groups */
    struct string_list heat;     /* counters of thermal throttling, the first few of them */
    struct string_list kills; /* one at most: what counts processes of this control group killed for want of memory */
    int64_t cpus;             /* online; -1: unknown */
    int64_t tick_ns;
};
/* `root` ("": this machine) is borrowed. */
void interference_open(const char *root, struct interference_watch *out);
void interference_close(struct interference_watch *watch);

/* One poll. Negative: unknown. */
struct interference_counters {
    int64_t at_ns; /* CLOCK_MONOTONIC */
    struct proc_stat stat;
    int64_t throttled, throttled_ns; /* summed over the groups */
    int64_t hot, oom_kills;
    int64_t driver_ns; /* CPU time of this process */
    double load1;
};
void interference_take(const struct interference_watch *watch, struct interference_counters *out);

/* Of one sample; negative: unknown. */
struct interference {
    double load1; /* before it */
    int64_t wall_ns, cpus;
    int64_t steal_ns, tick_ns;
    int64_t others_ns;               /* CPU time of processes that are not the sample's, the origin's or the driver's */
    int64_t runnable;                /* tasks beside the driver that ran before it and after it, the lesser number */
    int64_t throttled, throttled_ns; /* by a quota: how often, for how long */
    int64_t hot;                     /* events of thermal throttling */
    int64_t oom_kills;               /* processes of this control group killed for want of memory */
};
void interference_unknown(struct interference *out);
/* Pure. `own_ns`: CPU time of the sample's processes and the origin between the two polls, -1: unknown. */
void interference_between(const struct interference_watch *watch, const struct interference_counters polls[2],
                          int64_t own_ns, struct interference *out);

/* Pure: appends to `reasons` why the sample counts as disturbed, each text beginning with its kind's name: "steal 12%",
 * and adds the kinds to *kinds (1 << kind). None: it does not. */
void interference_find(const struct interference *s, json_t *reasons, unsigned *kinds);
/* Adds "load1", "steal_ns" and "around" to a line of the journal. */
void interference_add(const struct interference *s, json_t *line);

#endif
