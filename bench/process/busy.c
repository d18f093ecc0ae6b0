/* SPDX-License-Identifier: MIT */
/* Which processes use the CPUs. */
#include "bench/process/busy.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/util/text.h"
#include "common/num.h"
#include "common/procfs.h"

/* "PID (NAME) STATE ..."; user and system time are the 14th and 15th field. The name may hold blanks and brackets. */
int busy_parse(const char *text, struct busy_process *out)
{
    const char *begin = strchr(text, '('), *end = strrchr(text, ')');
    long long user, system;
    int pid;
    if (begin == NULL || end == NULL || end < begin || sscanf(text, "%d", &pid) != 1 || pid <= 0 ||
        sscanf(end + 1, " %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %lld %lld", &user, &system) != 2 || user < 0 ||
        system < 0 || user > INT64_MAX / 2 || system > INT64_MAX / 2)
        return -EINVAL;
    *out = (struct busy_process){.pid = pid, .ticks = user + system};
    const size_t length = (size_t)(end - begin - 1);
    for (size_t i = 0; i < length && i + 1 < sizeof out->name; i++)
        out->name[i] = isprint((unsigned char)begin[1 + i]) ? begin[1 + i] : '?';
    return 0;
}

static int look_add(struct busy_snapshot *look, const struct busy_process *process)
{
    if (look->count == look->room) {
        const size_t room = look->room == 0 ? 256 : look->room * 2;
        struct busy_process *bigger = realloc(look->items, room * sizeof *bigger);
        if (bigger == NULL)
            return -ENOMEM;
        look->items = bigger;
        look->room = room;
    }
    look->items[look->count++] = *process;
    return 0;
}

static int by_pid(const void *a, const void *b)
{
    const pid_t x = ((const struct busy_process *)a)->pid, y = ((const struct busy_process *)b)->pid;
    return (x > y) - (x < y);
}

static int by_ticks(const void *a, const void *b)
{
    const int64_t x = ((const struct busy_process *)a)->ticks, y = ((const struct busy_process *)b)->ticks;
    return (x < y) - (x > y);
}

int busy_read(const char *root, struct busy_snapshot *out)
{
    *out = (struct busy_snapshot){.items = NULL};
    char *path = text_format("%s/proc", root);
    DIR *proc = path == NULL ? NULL : opendir(path);
    int rc = path == NULL ? -ENOMEM : proc == NULL ? -errno : 0;
    for (const struct dirent *d; rc == 0 && (d = readdir(proc)) != NULL;) {
        int64_t pid;
        struct busy_process process;
        if (num_parse_i64(d->d_name, 1, INT32_MAX, &pid) != 0 || (*root == '\0' && pid == getpid()))
            continue;
        char *stat = text_format("/proc/%lld/stat", (long long)pid),
             *text = stat == NULL ? NULL : procfs_read(root, stat);
        if (text != NULL && busy_parse(text, &process) == 0) /* it may have ended meanwhile */
            rc = look_add(out, &process);
        free(text);
        free(stat);
    }
    if (proc != NULL)
        closedir(proc);
    free(path);
    if (out->count > 0)
        qsort(out->items, out->count, sizeof *out->items, by_pid);
    return rc;
}

size_t busy_between(const struct busy_snapshot *before, const struct busy_snapshot *after, struct busy_process *out,
                    size_t max)
{
    struct busy_process *used = calloc(after->count + 1, sizeof *used);
    size_t count = 0;
    for (size_t i = 0; used != NULL && i < after->count; i++) {
        const struct busy_process *was = before->count == 0 ? NULL
                                                            : bsearch(&after->items[i], before->items, before->count,
                                                                      sizeof *before->items, by_pid);
        struct busy_process now = after->items[i];
        now.ticks -= was == NULL || was->ticks > now.ticks ? 0 : was->ticks;
        if (now.ticks > 0)
            used[count++] = now;
    }
    if (count > 0)
        qsort(used, count, sizeof *used, by_ticks);
    count = count < max ? count : max;
    if (count > 0)
        memcpy(out, used, count * sizeof *out);
    free(used);
    return count;
}

void busy_free(struct busy_snapshot *look)
{
    free(look->items);
    *look = (struct busy_snapshot){.items = NULL};
}
