/* SPDX-License-Identifier: MIT */
/* What went on around a sample. */
#define _XOPEN_SOURCE 700 /* glob */
#include "bench/machine/interference.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench/util/text.h"
#include "common/cgroup.h"
#include "common/clock.h"
#include "common/num.h"
#include "common/procfs.h"

#define HEAT_MAX 32 /* each is a file, and a poll must stay cheap */

/* -- which files to read ------------------------------------------------------------------------------------------ */

/* "key 123" in a file of counters; -1: it has none. */
static int64_t count_in(const char *root, const char *path, const char *key)
{
    char *text = procfs_read(root, path);
    const int64_t count = text == NULL ? -1 : proc_count(text, key);
    free(text);
    return count;
}

/* Of a control group: its cpu.stat, where that counts throttling. */
static void add_throttle(const char *root, const char *folder, void *arg)
{
    char *path = text_format("%s/cpu.stat", folder);
    if (count_in(root, path, "nr_throttled") >= 0)
        string_list_add(arg, path);
    free(path);
}

/* Of the process's own control group: what counts those killed for want of memory, in groups above it too. */
static void add_kills(const char *root, const char *folder, void *arg)
{
    static const char *const names[] = {"memory.events", "memory.oom_control"}; /* of version 2, of version 1 */
    struct string_list *kills = arg;
    for (size_t i = 0; kills->count == 0 && i < sizeof names / sizeof *names; i++) {
        char *path = text_format("%s/%s", folder, names[i]);
        if (count_in(root, path, "oom_kill") >= 0)
            string_list_add(kills, path);
        free(path);
    }
}

/* Of each CPU core_throttle_count and package_throttle_count, the first HEAT_MAX there are. */
static void add_heat(const char *root, struct string_list *out)
{
    glob_t found = {.gl_pathc = 0};
    char *pattern = text_format("%s/sys/devices/system/cpu/cpu*/thermal_throttle/*_throttle_count", root);
    if (glob(pattern, 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc && i < HEAT_MAX; i++)
            string_list_add(out, found.gl_pathv[i] + strlen(root));
        globfree(&found);
    }
    free(pattern);
}

void interference_open(const char *root, struct interference_watch *out)
{
    char *online = procfs_line(root, "/sys/devices/system/cpu/online");
    const long ticks = sysconf(_SC_CLK_TCK), cpus = sysconf(_SC_NPROCESSORS_ONLN);
    *out = (struct interference_watch){.root = root,
                                       .cpus = online != NULL              ? proc_list_parse(online, NULL)
                                               : *root == '\0' && cpus > 0 ? cpus
                                                                           : -1,
                                       .tick_ns = ticks > 0 ? NS_PER_S / ticks : -1};
    cgroup_walk(root, "cpu", add_throttle, &out->throttle);
    cgroup_walk(root, "memory", add_kills, &out->kills);
    add_heat(root, &out->heat);
    free(online);
}

void interference_close(struct interference_watch *watch)
{
    string_list_free(&watch->throttle);
    string_list_free(&watch->kills);
    string_list_free(&watch->heat);
}

/* -- polling ------------------------------------------------------------------------------------------------------ */

static int64_t sum_known(int64_t sum, int64_t part) { return part < 0 ? sum : (sum < 0 ? 0 : sum) + part; }

/* Version 1 says throttled_time in nanoseconds, version 2 throttled_usec. */
static void poll_throttle(const struct interference_watch *watch, struct interference_counters *out)
{
    for (size_t i = 0; i < watch->throttle.count; i++) {
        const char *path = watch->throttle.items[i];
        const int64_t ns = count_in(watch->root, path, "throttled_time");
        const int64_t us = count_in(watch->root, path, "throttled_usec");
        out->throttled = sum_known(out->throttled, count_in(watch->root, path, "nr_throttled"));
        out->throttled_ns = sum_known(out->throttled_ns,
                                      ns >= 0 || us < 0 || us > INT64_MAX / NS_PER_US ? ns : us * NS_PER_US);
    }
}

static int64_t poll_heat(const struct interference_watch *watch)
{
    int64_t sum = -1, one;
    for (size_t i = 0; i < watch->heat.count; i++) {
        char *line = procfs_line(watch->root, watch->heat.items[i]);
        if (line != NULL && num_parse_i64(line, 0, INT32_MAX, &one) == 0)
            sum = sum_known(sum, one);
        free(line);
    }
    return sum;
}

static int64_t time_ns(struct timeval t) { return (int64_t)t.tv_sec * NS_PER_S + (int64_t)t.tv_usec * NS_PER_US; }

void interference_take(const struct interference_watch *watch, struct interference_counters *out)
{
    char *text = procfs_read(watch->root, "/proc/loadavg");
    double load[3];
    struct rusage own;
    getrusage(RUSAGE_SELF, &own); /* cannot fail with these arguments */
    proc_parse_load(text == NULL ? "" : text, load);
    free(text);
    *out = (struct interference_counters){
        .load1 = load[0],
        .throttled = -1,
        .throttled_ns = -1,
        .hot = poll_heat(watch),
        .oom_kills = watch->kills.count == 0 ? -1 : count_in(watch->root, watch->kills.items[0], "oom_kill"),
        .driver_ns = time_ns(own.ru_utime) + time_ns(own.ru_stime)};
    poll_throttle(watch, out);
    /* The clock and what is compared with it, last and together. */
    text = procfs_read(watch->root, "/proc/stat");
    out->at_ns = clock_now_ns();
    proc_parse_stat(text == NULL ? "" : text, &out->stat);
    free(text);
}

/* -- between two polls -------------------------------------------------------------------------------------------- */

/* A counter that went back (a group was made anew) says nothing. */
static int64_t gained(int64_t before, int64_t after) { return before < 0 || after < before ? -1 : after - before; }

static int64_t gained_ticks(const struct interference_watch *watch, int64_t before, int64_t after)
{
    const int64_t ticks = gained(before, after);
    return ticks < 0 || watch->tick_ns <= 0 || ticks > INT64_MAX / watch->tick_ns ? -1 : ticks * watch->tick_ns;
}

/*
 * What the CPUs did besides being idle, less what is our own. Idle time is counted exactly and shown in ticks, while
 * busy time is guessed at every tick of the kernel's clock: so it is the idle time that is subtracted. Where the columns
 * do not add up to the time that passed (a container with a /proc/stat of its own), nothing is known.
 */
static int64_t others_between(const struct interference_watch *watch, const struct interference_counters polls[2],
                              int64_t wall_ns, int64_t own_ns)
{
    const struct proc_stat *a = &polls[0].stat, *b = &polls[1].stat;
    const int64_t idle = gained_ticks(watch, a->idle, b->idle), wait = gained_ticks(watch, a->iowait, b->iowait);
    const int64_t steal = gained_ticks(watch, a->steal, b->steal), all = gained_ticks(watch, a->all, b->all);
    const int64_t driver = polls[1].driver_ns - polls[0].driver_ns;
    if (idle < 0 || wait < 0 || steal < 0 || all < 0 || own_ns < 0 || watch->cpus <= 0)
        return -1;
    const int64_t passed = wall_ns * watch->cpus, slack = passed / 2 + 10 * watch->tick_ns * watch->cpus;
    if (all < passed - slack || all > passed + slack)
        return -1;
    const int64_t others = passed - idle - wait - steal - driver - own_ns;
    return others > 0 ? others : 0;
}

void interference_unknown(struct interference *out)
{
    *out = (struct interference){-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
}

void interference_between(const struct interference_watch *watch, const struct interference_counters polls[2],
                          int64_t own_ns, struct interference *out)
{
    const struct interference_counters *a = &polls[0], *b = &polls[1];
    const int64_t least = a->stat.running < b->stat.running ? a->stat.running : b->stat.running;
    *out = (struct interference){.load1 = a->load1,
                                 .wall_ns = gained(a->at_ns, b->at_ns),
                                 .cpus = watch->cpus,
                                 .steal_ns = gained_ticks(watch, a->stat.steal, b->stat.steal),
                                 .tick_ns = watch->tick_ns,
                                 .runnable = least < 0    ? -1
                                             : least == 0 ? 0
                                                          : least - 1,
                                 .throttled = gained(a->throttled, b->throttled),
                                 .throttled_ns = gained(a->throttled_ns, b->throttled_ns),
                                 .hot = gained(a->hot, b->hot),
                                 .oom_kills = gained(a->oom_kills, b->oom_kills)};
    out->others_ns = out->wall_ns < 0 ? -1 : others_between(watch, polls, out->wall_ns, own_ns);
}

/* -- reasons ------------------------------------------------------------------------------------------------------ */

/* Why a sample counts as disturbed by one kind of interference, without the kind's name. False: it does not. */
typedef bool find_reason(const struct interference *s, char *text, size_t size);

/* A counter of ticks may have been a hair before its next step: one tick less is certain. */
static bool find_steal(const struct interference *s, char *text, size_t size)
{
    const double passed = (double)s->wall_ns * (double)s->cpus;
    if (s->steal_ns < 0 || s->wall_ns <= 0 || s->cpus <= 0 ||
        (double)(s->steal_ns - s->tick_ns) <= INTERFERENCE_STEAL_SHARE * passed)
        return false;
    snprintf(text, size, "%.0f%%", 100 * (double)s->steal_ns / passed);
    return true;
}

static bool find_quota(const struct interference *s, char *text, size_t size)
{
    const size_t used = (size_t)snprintf(text, size, "throttled it %lld time%s", (long long)s->throttled,
                                         s->throttled == 1 ? "" : "s");
    if (s->throttled_ns >= 0)
        snprintf(text + used, size - used, ", %.1f ms in all", (double)s->throttled_ns / (double)NS_PER_MS);
    return s->throttled > 0;
}

static bool find_heat(const struct interference *s, char *text, size_t size)
{
    snprintf(text, size, "throttled the CPU %lld time%s", (long long)s->hot, s->hot == 1 ? "" : "s");
    return s->hot > 0;
}

static bool find_load(const struct interference *s, char *text, size_t size)
{
    if (s->cpus <= 0 || s->wall_ns <= 0)
        return false;
    const double limit = INTERFERENCE_LOAD_SHARE * (double)s->cpus;
    char digits[TEXT_NUMBER_SIZE];
    if (s->wall_ns >= INTERFERENCE_SHORT_NS && s->others_ns >= 0) {
        snprintf(text, size, "of other processes %s of %lld CPUs",
                 text_number(digits, (double)s->others_ns / (double)s->wall_ns), (long long)s->cpus);
        return (double)(s->others_ns - 2 * s->tick_ns) > limit * (double)s->wall_ns;
    }
    snprintf(text, size, "of %lld other task%s, running before and after it", (long long)s->runnable,
             s->runnable == 1 ? "" : "s");
    return (double)s->runnable > limit && (s->others_ns < 0 || (double)s->others_ns > limit * (double)s->wall_ns);
}

void interference_find(const struct interference *s, json_t *reasons, unsigned *kinds)
{
    static find_reason *const finders[] = {[INTERFERENCE_STEAL] = find_steal,
                                           [INTERFERENCE_QUOTA] = find_quota,
                                           [INTERFERENCE_HEAT] = find_heat,
                                           [INTERFERENCE_LOAD] = find_load};
    char text[128];
    for (unsigned k = 0; k < INTERFERENCE_KINDS; k++) {
        if (!finders[k](s, text, sizeof text))
            continue;
        *kinds |= 1u << k;
        json_array_append_new(reasons, json_sprintf("%s %s", interference_name((enum interference_kind)k), text));
    }
}

static json_t *number(int64_t n) { return n < 0 ? json_null() : json_integer(n); }

void interference_add(const struct interference *s, json_t *line)
{
    json_object_set_new(line, "load1", s->load1 < 0 ? json_null() : json_real(s->load1));
    json_object_set_new(line, "steal_ns", number(s->steal_ns));
    json_object_set_new(line, "around",
                        json_pack("{so so so so so so}", "wall_ns", number(s->wall_ns), "others_ns",
                                  number(s->others_ns), "runnable", number(s->runnable), "throttled",
                                  number(s->throttled), "throttled_ns", number(s->throttled_ns), "heat",
                                  number(s->hot)));
}
