/* SPDX-License-Identifier: MIT */
/* A service's standard input is a pipe of which the driver has the other end: nothing is ever written to it. */
#define _GNU_SOURCE /* pipe2 */
#include "bench/process/service.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/process/proc_text.h"
#include "bench/process/proctree.h"
#include "bench/process/signals.h"
#include "bench/util/alloc.h"
#include "bench/util/files.h"
#include "common/clock.h"

#define PROC_MAX       8192
#define LINE_MAX_BYTES (256u << 10)

int service_start(struct supervisor *supervisor, struct supervisor_command command, struct service_process *out,
                  struct error *err)
{
    int in[2];
    *out = (struct service_process){.in = -1};
    if (pipe2(in, O_CLOEXEC) != 0)
        return error_set(err, -errno, "%s: %s", command.argv[0], strerror(errno));
    out->in = in[1];
    command.in = in[0];
    command.service = true;
    const int rc = supervisor_start(supervisor, &command, &out->pid, err);
    close(in[0]);
    return rc;
}

/* Byte by byte: what stands behind the line stays where it is. */
int service_line(int fd, int64_t limit_ns, char **line, struct error *err)
{
    const int64_t deadline = clock_now_ns() + limit_ns;
    char text[LINE_MAX_BYTES];
    for (size_t length = 0; length < sizeof text; length++) {
        const int64_t left = deadline - clock_now_ns();
        const int rc = signals_wait(fd, left > 0 ? left : 0);
        if (rc == -EINTR)
            return error_set(err, rc, "interrupted");
        if (rc != 0)
            return error_set(err, rc, rc == -EAGAIN ? "no answer in %lld s" : "it cannot be read",
                             (long long)(limit_ns / NS_PER_S));
        if (read(fd, &text[length], 1) != 1)
            return error_set(err, -EPIPE, "it ended without a word");
        if (text[length] == '\n') {
            *line = xstrndup(text, length);
            return 0;
        }
    }
    return error_set(err, -EPROTO, "its line is too long");
}

bool service_has_ended(const struct service_process *process)
{
    struct pollfd end = {.fd = process->in};
    return process->in >= 0 && poll(&end, 1, 0) > 0; /* nobody has the reading end */
}

/* Adds a thread's. */
static void add_thread(pid_t pid, const char *thread, struct service_use *sum)
{
    char path[300], *text = NULL;
    size_t length;
    long long cpu = 0, wait = 0;
    snprintf(path, sizeof path, "/proc/%d/task/%.20s/schedstat", (int)pid, thread);
    const bool known = file_read(path, PROC_MAX, &text, &length) == 0 && sscanf(text, "%lld %lld", &cpu, &wait) == 2;
    sum->cpu_ns = known ? sum->cpu_ns + cpu : -1;
    sum->wait_ns = known ? sum->wait_ns + wait : -1;
    free(text);
}

/* Of one process, but for its memory. */
static struct service_use threads_use(pid_t pid)
{
    char path[64];
    struct service_use sum = {-1, -1, -1};
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *dir = opendir(path);
    if (dir == NULL)
        return sum;
    sum.cpu_ns = sum.wait_ns = 0;
    for (const struct dirent *d; sum.cpu_ns >= 0 && (d = readdir(dir)) != NULL;)
        if (d->d_name[0] != '.')
            add_thread(pid, d->d_name, &sum);
    closedir(dir);
    return sum;
}

int64_t service_threads_ns(pid_t pid) { return threads_use(pid).cpu_ns; }

/* The CPU time of the children that a process has waited for, and of theirs; -1: it has ended. */
static int64_t ended_children_ns(pid_t pid)
{
    char path[64], *text = NULL;
    size_t length;
    long long user = -1, system = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    const char *after_name = file_read(path, PROC_MAX, &text, &length) == 0 ? strrchr(text, ')') : NULL;
    if (after_name == NULL ||
        sscanf(after_name + 1, " %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %lld %lld", &user, &system) != 2)
        user = -1;
    free(text);
    return user < 0 ? -1 : (user + system) * (NS_PER_S / sysconf(_SC_CLK_TCK));
}

static struct service_use tree_use(pid_t root)
{
    struct memory memory = {.peak = -1};
    struct service_use sum = {.wait_ns = -1, .peak_bytes = memory_sample(&memory, root)};
    sum.cpu_ns = ended_children_ns(root);
    for (size_t i = 0; sum.cpu_ns >= 0 && i < memory.tree.count; i++) {
        const pid_t pid = memory.tree.entries[i].pid;
        const int64_t cpu_ns = proctree_below(&memory.tree, pid, root) ? threads_use(pid).cpu_ns : -1;
        sum.cpu_ns += cpu_ns > 0 ? cpu_ns : 0;
    }
    memory_free(&memory);
    return sum;
}

struct service_use service_use(const struct service_process *process)
{
    char path[64], *text = NULL;
    size_t length;
    if (process->in < 0)
        return (struct service_use){-1, -1, -1};
    if (process->forks)
        return tree_use(process->pid);
    struct service_use sum = threads_use(process->pid);
    snprintf(path, sizeof path, "/proc/%d/status", (int)process->pid);
    if (file_read(path, PROC_MAX, &text, &length) == 0)
        sum.peak_bytes = proc_bytes(text, "VmHWM");
    free(text);
    return sum;
}

void service_mark(const struct service_process *process)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/clear_refs", (int)process->pid);
    const int fd = process->in >= 0 ? open(path, O_WRONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    (void)file_write_all(fd, "5", 1); /* the kernel's word for the peak; where it refuses, that of before counts */
    close(fd);
}

void service_close(struct service_process *process)
{
    if (process->in >= 0)
        close(process->in);
    process->in = -1;
}
