/* SPDX-License-Identifier: MIT */
/* How much of everything a run may use. */
#define _GNU_SOURCE /* RLIMIT_NPROC */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "bench/machine/doctor.h"
#include "bench/util/files.h"
#include "bench/util/text.h"
#include "common/cgroup.h"
#include "common/num.h"
#include "common/procfs.h"

enum {
    FILES_WANTED = 1024, /* 300 blocking clients of the C host, or 1,000 on a loop */
    TASKS_WANTED = 1000, /* threads or processes at once */
    PORTS_WANTED = 10000,
};
#define ROOM_WANTED (256ull << 20) /* bytes: slots of 4 million jobs; as in files.c */

static void look_files(struct doctor *d)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) {
        doctor_add(d, DOCTOR_NOTE, "open files", "unknown: %s", strerror(errno));
        return;
    }
    const bool few = files.rlim_max != RLIM_INFINITY && files.rlim_max < FILES_WANTED;
    if (files.rlim_max == RLIM_INFINITY)
        doctor_add(d, DOCTOR_OK, "open files", "no limit");
    else
        doctor_add(d, few ? DOCTOR_NOTE : DOCTOR_OK, "open files", "%llu a process",
                   (unsigned long long)files.rlim_max);
    if (few)
        doctor_advise(d,
                      "cells whose requests need more cannot run here; raise the hard limit: ulimit -Hn %d as root, or "
                      "LimitNOFILE=",
                      FILES_WANTED);
}

/* The least limit of tasks of the control groups: *arg, int64_t, negative: none yet. */
static void pids_look(const char *root, const char *folder, void *arg)
{
    int64_t *least = arg, max;
    char *path = text_format("%s/pids.max", folder), *line = path == NULL ? NULL : procfs_line(root, path);
    if (line != NULL && num_parse_i64(line, 1, INT64_MAX, &max) == 0 && (*least < 0 || max < *least))
        *least = max;
    free(line);
    free(path);
}

static void look_processes(struct doctor *d)
{
    struct rlimit limit;
    int64_t least = -1, threads;
    cgroup_walk("", "pids", pids_look, &least);
    if (getrlimit(RLIMIT_NPROC, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && geteuid() != 0 &&
        (least < 0 || (int64_t)limit.rlim_cur < least))
        least = (int64_t)limit.rlim_cur;
    char *line = procfs_line("", "/proc/sys/kernel/threads-max");
    if (line != NULL && num_parse_i64(line, 1, INT64_MAX, &threads) == 0 && (least < 0 || threads < least))
        least = threads;
    free(line);
    if (least < 0) {
        doctor_add(d, DOCTOR_OK, "processes", "no limit that shows");
        return;
    }
    const bool few = least < TASKS_WANTED;
    doctor_add(d, few ? DOCTOR_NOTE : DOCTOR_OK, "processes", "%lld, threads among them", (long long)least);
    if (few)
        doctor_advise(
            d, "models with a thread or process a job may stop there; ulimit -u, kernel.threads-max and the control "
               "group's pids.max set it");
}

/* What is free in the file system of `path`; false: it cannot be asked. */
static bool free_bytes(const char *path, unsigned long long *out)
{
    struct statvfs vfs;
    if (statvfs(path, &vfs) != 0)
        return false;
    *out = (unsigned long long)vfs.f_bavail * vfs.f_frsize;
    return true;
}

static void look_shm(struct doctor *d)
{
    unsigned long long bytes;
    if (!dir_exists("/dev/shm") || access("/dev/shm", W_OK) != 0 || !free_bytes("/dev/shm", &bytes)) {
        doctor_add(d, DOCTOR_NOTE, "/dev/shm", "not there, or not writable");
        doctor_advise(d, "Python's models with processes need it: mount -t tmpfs -o size=1g tmpfs /dev/shm");
        return;
    }
    doctor_add(d, bytes < ROOM_WANTED ? DOCTOR_NOTE : DOCTOR_OK, "/dev/shm", "%llu MB free", bytes >> 20);
    if (bytes < ROOM_WANTED)
        doctor_advise(d, "results go through the temporary folder instead; mount -o remount,size=1g /dev/shm");
}

static void look_temporary(struct doctor *d)
{
    const char *given = getenv("TMPDIR");
    const char *folder = given != NULL && *given == '/' ? given : "/tmp";
    unsigned long long bytes;
    if (access(folder, W_OK) != 0 || !free_bytes(folder, &bytes)) {
        doctor_add(d, DOCTOR_NOTE, "temp folder", "%s: %s", folder, strerror(errno));
        doctor_advise(d, "TMPDIR names another; it is used where /dev/shm has no room");
        return;
    }
    doctor_add(d, bytes < ROOM_WANTED ? DOCTOR_NOTE : DOCTOR_OK, "temp folder", "%s, %llu MB free", folder,
               bytes >> 20);
    if (bytes < ROOM_WANTED)
        doctor_advise(d, "TMPDIR names another");
}

/* Where runs are kept: the folder, or where it is not there yet the one above it. */
static void look_results(struct doctor *d, const struct paths *paths)
{
    char *results = text_format("%s/results", paths->root);
    const char *folder = results == NULL || !dir_exists(results) ? paths->root : results;
    if (access(folder, W_OK) == 0) {
        doctor_add(d, DOCTOR_OK, "results", "%s", results == NULL ? folder : results);
    } else {
        doctor_add(d, DOCTOR_MISSING, "results", "%s: %s", folder, strerror(errno));
        doctor_advise(d, "cobench run --results DIR keeps them elsewhere");
    }
    free(results);
}

static void look_ports(struct doctor *d)
{
    char *line = procfs_line("", "/proc/sys/net/ipv4/ip_local_port_range");
    int first, last;
    if (line == NULL || sscanf(line, "%d %d", &first, &last) != 2 || last < first) {
        doctor_add(d, DOCTOR_NOTE, "ports", "unknown");
    } else {
        const bool few = last - first + 1 < PORTS_WANTED;
        doctor_add(d, few ? DOCTOR_NOTE : DOCTOR_OK, "ports", "%d for connections (%d to %d)", last - first + 1, first,
                   last);
        if (few)
            doctor_advise(d, "sysctl net.ipv4.ip_local_port_range='32768 60999'");
    }
    free(line);
}

/* A connection to a socket of our own: 0 or an errno. */
static int connect_to_self(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
              client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int rc = 0;
    if (server < 0 || client < 0 || bind(server, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(server, 1) != 0 || getsockname(server, (struct sockaddr *)&address, &length) != 0 ||
        connect(client, (struct sockaddr *)&address, length) != 0)
        rc = errno;
    if (server >= 0)
        close(server);
    if (client >= 0)
        close(client);
    return rc;
}

static void look_loopback(struct doctor *d)
{
    const int rc = connect_to_self();
    if (rc == 0) {
        doctor_add(d, DOCTOR_OK, "loopback", "127.0.0.1 answers");
    } else {
        doctor_add(d, DOCTOR_MISSING, "loopback", "127.0.0.1: %s", strerror(rc));
        doctor_advise(d, "the origin is asked there: ip link set lo up");
    }
}

static void look_proc(struct doctor *d)
{
    char *stat = procfs_read("", "/proc/self/stat");
    if (stat != NULL) {
        doctor_add(d, DOCTOR_OK, "/proc", "mounted");
    } else {
        doctor_add(d, DOCTOR_MISSING, "/proc", "not mounted: nothing could find and end the processes of a command");
        doctor_advise(d, "mount -t proc proc /proc");
    }
    free(stat);
}

void doctor_look_limits(struct doctor *d, const struct hosts_source *source)
{
    d->area = DOCTOR_LIMITS;
    look_proc(d);
    look_files(d);
    look_processes(d);
    look_shm(d);
    look_temporary(d);
    look_results(d, source->paths);
    look_ports(d);
    look_loopback(d);
}
