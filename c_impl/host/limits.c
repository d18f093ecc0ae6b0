/* SPDX-License-Identifier: MIT */
/* Limits of this machine, from getrlimit, the scheduler and the control groups. */
#include "host/limits.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "common/cgroup.h"
#include "common/cpus.h"
#include "common/num.h"
#include "host/error.h"
#include "host/models.h"

enum {
    FILES_BLOCKING = 3, /* of a client: its socket and what libcurl wakes itself with */
    FILES_REQUEST = 1,  /* of a request on a loop */
    FILES_LOOP = 4,     /* of the loop: what it waits by, and what its libcurl wakes itself with */
    FILES_COMMAND = 5,  /* of a command: its end, its two pipes, and their other ends while it starts */
    FILES_SLACK = 32,   /* libraries, epoll, what was open at the start */
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

int limits_check_files(const struct model *model, enum cobench_ask ask, unsigned workers, struct cobench_error *err)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) < 0)
        return error_fill(err, -errno, "the limit of open files cannot be read: %s", strerror(errno));
    const bool alone = model->one_at_a_time || model->uses_processes || model->engine; /* in its process */
    const uint64_t here = alone ? 1 : workers;
    const uint64_t each = ask == COBENCH_ASK_COMMAND ? FILES_COMMAND
                          : model->uses_loop         ? FILES_REQUEST
                                                     : FILES_BLOCKING;
    const uint64_t need = here * each + limits_loops(model, workers) * FILES_LOOP + files_open() + FILES_SLACK;
    if (files.rlim_cur == RLIM_INFINITY || need <= files.rlim_cur)
        return 0;
    return error_fill(
        err, -EMFILE,
        "%u worker%s under %s need%s %llu open files in one process, the limit is %llu (RLIMIT_NOFILE; a higher "
        "`ulimit -Hn`%s would do)",
        workers, workers == 1 ? "" : "s", model->name, workers == 1 ? "s" : "", (unsigned long long)need,
        (unsigned long long)files.rlim_cur, alone ? "" : " or fewer workers");
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

unsigned limits_cpus(void) { return (unsigned)ceil(cpus_effective("")); }

unsigned limits_loops(const struct model *model, unsigned workers)
{
    const unsigned cpus = model->loop_a_cpu ? limits_cpus() : 1;
    return !model->uses_loop ? 0 : cpus < workers ? cpus : workers;
}

/* Lowers *arg (int64_t) to a control group's limit of tasks. */
static void pids_look(const char *root, const char *folder, void *arg)
{
    int64_t *least = arg, max;
    char path[2 * CGROUP_PATH_SIZE], line[64];
    snprintf(path, sizeof path, "%s%s/pids.max", root, folder);
    if (line_read(path, line, sizeof line) && num_parse_i64(line, 1, INT64_MAX, &max) == 0 && max < *least)
        *least = max;
}

int limits_explain_start(int rc, const char *what, uint64_t started, struct cobench_error *err)
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
    cgroup_walk("", "pids", pids_look, &pids);
    if (pids < INT64_MAX)
        snprintf(group, sizeof group, "%lld", (long long)pids);
    return error_fill(
        err, rc, "cannot start %s beside %llu others: %s (limits: RLIMIT_NPROC %s, threads-max %s, cgroup pids.max %s)",
        what, (unsigned long long)started, strerror(-rc), user, threads, group);
}
