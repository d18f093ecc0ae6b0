/* SPDX-License-Identifier: MIT */
/* Limits of this machine, from getrlimit, the scheduler and the cgroup files of both versions. */
#define _GNU_SOURCE /* sched_getaffinity, CPU_COUNT_S */
#include "host/limits.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "common/num.h"
#include "host/error.h"
#include "host/run.h"

enum {
    FILES_BLOCKING = 3, /* of a client: its socket and what libcurl wakes itself with */
    FILES_LOOP = 1,     /* of a request on a loop */
    FILES_SLACK = 32,   /* libraries, epoll, what was open at the start */
    CPUS_MAX = 16384,
    PATH_ROOM = 4300,
};

void limits_raise(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_cur == files.rlim_max)
        return;
    files.rlim_cur = files.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &files) < 0)
        return;
}

/* The number of descriptors open now, 0 where unknown. */
static uint64_t files_open(void)
{
    DIR *dir = opendir("/proc/self/fd");
    if (!dir)
        return 0;
    uint64_t count = 0;
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

int limits_check_files(const struct model *model, unsigned workers, struct cobench_error *err)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) < 0)
        return error_fill(err, -errno, "the limit of open files cannot be read: %s", strerror(errno));
    const uint64_t here = model->one_at_a_time || model->uses_processes ? 1 : workers;
    const uint64_t each = model->uses_loop ? FILES_LOOP : FILES_BLOCKING;
    const uint64_t need = here * each + files_open() + FILES_SLACK;
    if (files.rlim_cur == RLIM_INFINITY || need <= files.rlim_cur)
        return 0;
    return error_fill(err, -EMFILE,
                      "%u workers under %s need %llu open files in one process, the limit is %llu (RLIMIT_NOFILE)", workers,
                      model->name, (unsigned long long)need, (unsigned long long)files.rlim_cur);
}

/* The first line of a small file, without the line feed; false where it cannot be read. */
static bool line_read(const char *path, char *line, int size)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    const bool got = fgets(line, size, file) != NULL;
    fclose(file);
    if (got)
        line[strcspn(line, "\n")] = '\0';
    return got;
}

/*
 * Calls `look` with each folder of this process's cgroup that can hold a limit: from its own up to the root, in the
 * unified hierarchy or in the one of `controller`. Inside a container the path may not exist; the root does.
 */
static void cgroup_walk(const char *controller, void (*look)(const char *folder, void *arg), void *arg)
{
    FILE *file = fopen("/proc/self/cgroup", "re");
    char line[PATH_ROOM], folder[PATH_ROOM + 64];
    if (!file)
        return;
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        char *names = strchr(line, ':');
        char *path = names ? strchr(names + 1, ':') : NULL;
        if (!path)
            continue;
        *names++ = *path++ = '\0';
        const bool unified = *names == '\0';
        char wanted[64], had[PATH_ROOM];
        snprintf(wanted, sizeof wanted, ",%s,", controller);
        snprintf(had, sizeof had, ",%.4000s,", names);
        if (!unified && !strstr(had, wanted))
            continue;
        for (;;) {
            snprintf(folder, sizeof folder, "/sys/fs/cgroup%s%s%s", unified ? "" : "/", unified ? "" : controller, path);
            look(folder, arg);
            char *slash = strrchr(path, '/');
            if (!slash || path[0] == '\0')
                break;
            *slash = '\0';
        }
    }
    fclose(file);
}

static bool number_read(const char *folder, const char *name, int64_t *out)
{
    char path[PATH_ROOM + 128], line[64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return line_read(path, line, sizeof line) && num_parse_i64(line, 1, INT64_MAX, out) == 0;
}

/* Lowers *arg (unsigned) to the CPUs that a cgroup's quota pays for, rounded up. */
static void quota_look(const char *folder, void *arg)
{
    unsigned *cpus = arg;
    char path[PATH_ROOM + 128], line[64];
    int64_t quota, period;

    snprintf(path, sizeof path, "%s/cpu.max", folder);
    if (line_read(path, line, sizeof line)) { /* version 2: "max 100000" or "150000 100000" */
        char *blank = strchr(line, ' ');
        if (!blank)
            return;
        *blank = '\0';
        if (num_parse_i64(line, 1, INT64_MAX, &quota) || num_parse_i64(blank + 1, 1, INT64_MAX, &period))
            return;
    } else if (!number_read(folder, "cpu.cfs_quota_us", &quota) || !number_read(folder, "cpu.cfs_period_us", &period)) {
        return;
    }
    const int64_t paid = quota / period + (quota % period != 0);
    if (paid < (int64_t)*cpus)
        *cpus = (unsigned)paid;
}

unsigned limits_cpus(void)
{
    unsigned cpus = 1;
    const size_t bytes = CPU_ALLOC_SIZE(CPUS_MAX);
    cpu_set_t *set = CPU_ALLOC(CPUS_MAX);
    if (set && sched_getaffinity(0, bytes, set) == 0)
        cpus = (unsigned)CPU_COUNT_S(bytes, set);
    CPU_FREE(set);
    cgroup_walk("cpu", quota_look, &cpus);
    return cpus > 0 ? cpus : 1;
}

/* Lowers *arg (int64_t) to a cgroup's limit of tasks. */
static void pids_look(const char *folder, void *arg)
{
    int64_t *least = arg, max;
    if (number_read(folder, "pids.max", &max) && max < *least)
        *least = max;
}

int limits_explain_start(int code, const char *what, uint64_t started, struct cobench_error *err)
{
    struct rlimit processes;
    char user[32] = "unknown", threads[32] = "unknown", group[32] = "none";
    int64_t pids = INT64_MAX;

    if (getrlimit(RLIMIT_NPROC, &processes) == 0) {
        if (processes.rlim_cur == RLIM_INFINITY)
            snprintf(user, sizeof user, "none");
        else
            snprintf(user, sizeof user, "%llu", (unsigned long long)processes.rlim_cur);
    }
    line_read("/proc/sys/kernel/threads-max", threads, sizeof threads);
    cgroup_walk("pids", pids_look, &pids);
    if (pids < INT64_MAX)
        snprintf(group, sizeof group, "%lld", (long long)pids);
    return error_fill(err, code, "cannot start %s beside %llu others: %s (limits: RLIMIT_NPROC %s, threads-max %s, cgroup pids.max %s)",
                      what, (unsigned long long)started, strerror(-code), user, threads, group);
}
