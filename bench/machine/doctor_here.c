/* SPDX-License-Identifier: MIT */
/* What a run needs here: tools, hosts and their tasks, and how much of everything it may use. What is missing or broken is
 * a finding, not an end. */
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
#include "bench/machine/versions.h"
#include "bench/process/capture.h"
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
#define BYTES_WANTED (256ull << 20) /* slots of 4 million jobs; as in files.c */

/* What is said of everything that make builds. */
#define BUILD_IT "./scripts/setup.sh bench installs what it needs, builds it and runs the suite"

static bool must_end(int rc) { return rc == -EINTR || rc == -EPIPE; }

static enum doctor_verdict note_if(bool bad) { return bad ? DOCTOR_NOTE : DOCTOR_OK; }

static enum doctor_verdict missing_if(bool bad) { return bad ? DOCTOR_MISSING : DOCTOR_OK; }

/* -- tools ------------------------------------------------------------------------------------------------------------ */

/* 0, or an errno where the driver must end. */
static int tool(struct doctor *d, const struct hosts_source *source, const char *name, struct error *err)
{
    const bool needed = strcmp(name, "hyperfine") == 0;
    const struct capture how = {.supervisor = source->supervisor, .scratch = source->scratch};
    char *version = NULL;
    const int rc = capture_version(&how, name, &version, err);
    if (!must_end(rc))
        doctor_add(d, needed ? missing_if(rc != 0) : note_if(rc != 0), name,
                   needed ? "apt-get install hyperfine, or ./scripts/setup.sh bench"
                          : "apt-get install gnuplot-nox fonts-dejavu-core, or ./scripts/setup.sh bench",
                   "%s%s",
                   rc == 0         ? version
                   : rc == -ENOPKG ? "not installed"
                                   : err->text,
                   rc == 0 || needed ? "" : ": a run has tables and no pictures");
    free(version);
    return must_end(rc) ? rc : 0;
}

/* Whether a program is on PATH. */
static bool on_path(const char *name)
{
    const char *at = getenv("PATH");
    bool found = false;
    while (at != NULL && !found) {
        const size_t length = strcspn(at, ":");
        char *path = text_format("%.*s/%s", (int)length, at, name);
        found = path != NULL && access(path, X_OK) == 0;
        free(path);
        at = at[length] == ':' ? at + length + 1 : NULL;
    }
    return found;
}

/* What no run needs. */
static void optional_tools(struct doctor *d)
{
    static const struct {
        const char *program, *advice, *purpose;
    } tools[] = {
        {"git", "apt-get install git", "machine.json says which commit ran"},
        {"clang", "apt-get install clang", "make fuzz-smoke builds its targets with it"},
        {"nginx", "apt-get install nginx", "make test holds the transports against an independent server"},
        {"wrk", "apt-get install wrk", "make figures puts the origin under load"},
        {"chromium", "apt-get install chromium", "opens a run's page as its reader would"},
        {"rsvg-convert", "apt-get install librsvg2-bin", "looks at the SVG pictures as another program draws them"},
    };
    for (size_t i = 0; i < sizeof tools / sizeof *tools; i++) {
        const bool there = on_path(tools[i].program);
        doctor_add(d, note_if(!there), tools[i].program, tools[i].advice, "%s%s",
                   there ? "installed" : "not installed, and no run needs it: ", there ? "" : tools[i].purpose);
    }
}

/* -- hosts ------------------------------------------------------------------------------------------------------------ */

/* A file of build/ that has to be there and to run. */
static void program(struct doctor *d, const char *name, const char *advice, const char *path)
{
    const bool there = access(path, X_OK) == 0;
    doctor_add(d, missing_if(!there), name, advice, "%s%s%s", path, there ? "" : ": ", there ? "" : strerror(errno));
}

static void python_and_origin(struct doctor *d, const struct paths *paths)
{
    static const char advice[] = "apt-get install python3 python3-dev, then make; " BUILD_IT;
    char *origin = text_format("%s/cobench-origin", paths->build);
    if (paths->python == NULL)
        doctor_add(d, DOCTOR_MISSING, "python", advice, "%s/python does not say which interpreter to run",
                   paths->build);
    else
        program(d, "python", advice, paths->python);
    program(d, "origin", "make; " BUILD_IT, origin == NULL ? "cobench-origin" : origin);
    free(origin);
}

static const char *or_empty(const char *text) { return text == NULL ? "" : text; }

static void host_found(struct doctor *d, size_t h, const json_t *list)
{
    const json_t *build = json_object_get(list, "build"), *text;
    const char *python = json_string_value(json_object_get(build, "python"));
    const char *compiler = json_string_value(json_object_get(build, "compiler"));
    const char *gil = json_string_value(json_object_get(build, "gil"));
    const size_t tasks = json_array_size(json_object_get(list, "tasks"));
    doctor_add(d, missing_if(tasks == 0), host_table[h].name, "make; " BUILD_IT, "%zu models, %zu tasks; %s%s%s%s",
               json_array_size(json_object_get(list, "models")), tasks, python != NULL ? "CPython " : "",
               python != NULL ? python : or_empty(compiler),
               python == NULL || gil == NULL ? "" : ", GIL: ", python == NULL ? "" : or_empty(gil));
    size_t i;
    json_array_foreach(json_object_get(list, "errors"), i, text)
    {
        doctor_add(d, DOCTOR_NOTE, host_table[h].name, "the other tasks can run; make builds the built-in ones anew",
                   "%s", or_empty(json_string_value(text)));
    }
}

/* The library that the C host loads for URLs, in the words of the transport that loaded it. */
static void transport(struct doctor *d, const json_t *list)
{
    char version[64], tls[64];
    const char *text = json_string_value(json_object_get(json_object_get(list, "build"), "libcurl"));
    if (text != NULL && versions_parse_curl(text, version, tls))
        doctor_add(d, DOCTOR_OK, "libcurl", NULL, "%s, TLS: %s", version, tls);
    else
        doctor_add(d, DOCTOR_MISSING, "libcurl", "apt-get install libcurl4-openssl-dev, then make; " BUILD_IT,
                   "the C hosts' transport does not load: no task that asks for a URL can run");
}

static int hosts(struct doctor *d, const struct hosts_source *source, struct error *err)
{
    struct catalog catalog = {.runtimes = NULL};
    int rc = 0;
    for (size_t h = 0; h < host_count && !must_end(rc); h++) {
        err->text[0] = '\0';
        rc = hosts_ask(source, h, &catalog, err);
        if (rc == 0)
            host_found(d, h, catalog.lists[h]);
        else if (!must_end(rc))
            doctor_add(d, DOCTOR_MISSING, host_table[h].name, "make; " BUILD_IT, "%s", err->text);
        if (rc == 0 && strcmp(host_table[h].name, "c") == 0)
            transport(d, catalog.lists[h]);
    }
    /* Tasks whose tables differ between the languages are refused by every run that names them. */
    for (size_t i = 0; i < catalog.task_count && !must_end(rc); i++)
        if (catalog.tasks[i].differ != NULL)
            doctor_add(d, DOCTOR_NOTE, "task", "make builds the built-in tasks anew", "%s is refused: %s",
                       catalog.tasks[i].name, catalog.tasks[i].differ);
    catalog_free(&catalog);
    return must_end(rc) ? rc : 0;
}

int doctor_installed(struct doctor *d, const struct hosts_source *source, struct error *err)
{
    d->area = DOCTOR_INSTALLED;
    int rc = tool(d, source, "hyperfine", err);
    if (rc == 0)
        rc = tool(d, source, "gnuplot", err);
    if (rc != 0)
        return rc;
    python_and_origin(d, source->paths);
    rc = hosts(d, source, err);
    if (rc == 0) {
        optional_tools(d);
        err->text[0] = '\0'; /* all of it is in the findings */
    }
    return rc;
}

/* -- limits ----------------------------------------------------------------------------------------------------------- */

/* "64 and more" or "no limit": `value` negative where there is none. */
static void limit(struct doctor *d, const char *name, const char *advice, int64_t value, int64_t wanted)
{
    if (value < 0)
        doctor_add(d, DOCTOR_OK, name, NULL, "no limit that shows");
    else
        doctor_add(d, note_if(value < wanted), name, advice, "at most %lld", (long long)value);
}

/* The lesser of a limit (negative: none) and the number in a file. */
static int64_t least_of(int64_t least, const char *root, const char *path)
{
    int64_t max;
    char *line = procfs_line(root, path);
    if (line != NULL && num_parse_i64(line, 1, INT64_MAX, &max) == 0 && (least < 0 || max < least))
        least = max;
    free(line);
    return least;
}

/* Of a control group: *arg, int64_t. */
static void least_pids(const char *root, const char *folder, void *arg)
{
    int64_t *least = arg;
    char *path = text_format("%s/pids.max", folder);
    *least = path == NULL ? *least : least_of(*least, root, path);
    free(path);
}

static void descriptors_and_processes(struct doctor *d)
{
    struct rlimit given;
    int64_t files = -1, tasks = -1;
    if (getrlimit(RLIMIT_NOFILE, &given) == 0 && given.rlim_max != RLIM_INFINITY)
        files = (int64_t)given.rlim_max;
    limit(d, "open files",
          "cells whose requests need more cannot run here; raise the hard limit: ulimit -Hn 1024 as root, or "
          "LimitNOFILE=",
          files, FILES_WANTED);
    cgroup_walk("", "pids", least_pids, &tasks);
    if (getrlimit(RLIMIT_NPROC, &given) == 0 && given.rlim_cur != RLIM_INFINITY && geteuid() != 0 &&
        (tasks < 0 || (int64_t)given.rlim_cur < tasks))
        tasks = (int64_t)given.rlim_cur;
    limit(
        d, "processes",
        "models with a thread or process per job may stop there; ulimit -u, kernel.threads-max and the control group's "
        "pids.max set it",
        least_of(tasks, "", "/proc/sys/kernel/threads-max"), TASKS_WANTED);
}

/* A folder for what a run writes meanwhile, and what is free in its file system. */
static void disk_space(struct doctor *d, const char *name, const char *folder, const char *advice)
{
    struct statvfs vfs;
    if (access(folder, W_OK) != 0 || statvfs(folder, &vfs) != 0) {
        doctor_add(d, DOCTOR_NOTE, name, advice, "%s: %s", folder, strerror(errno));
        return;
    }
    const unsigned long long bytes = (unsigned long long)vfs.f_bavail * vfs.f_frsize;
    doctor_add(d, note_if(bytes < BYTES_WANTED), name, advice, "%s, %llu MB free", folder, bytes >> 20);
}

/* Where runs are kept: the folder, or where it is not there yet the one above it. */
static void results(struct doctor *d, const struct paths *paths)
{
    char *wanted = text_format("%s/results", paths->root);
    const char *folder = wanted == NULL || !dir_exists(wanted) ? paths->root : wanted;
    const bool there = access(folder, W_OK) == 0;
    doctor_add(d, missing_if(!there), "results", "cobench run --results DIR keeps them elsewhere", "%s%s%s", folder,
               there ? "" : ": ", there ? "" : strerror(errno));
    free(wanted);
}

static void ports(struct doctor *d)
{
    char *line = procfs_line("", "/proc/sys/net/ipv4/ip_local_port_range");
    int first, last;
    if (line == NULL || sscanf(line, "%d %d", &first, &last) != 2 || last < first)
        doctor_add(d, DOCTOR_NOTE, "ports", NULL, "unknown");
    else
        doctor_add(d, note_if(last - first + 1 < PORTS_WANTED), "ports",
                   "sysctl net.ipv4.ip_local_port_range='32768 60999'", "%d for connections (%d to %d)",
                   last - first + 1, first, last);
    free(line);
}

/* A connection to a socket of our own. */
static void loopback(struct doctor *d)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
              client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool answers = server >= 0 && client >= 0 && bind(server, (struct sockaddr *)&address, sizeof address) == 0 &&
                         listen(server, 1) == 0 && getsockname(server, (struct sockaddr *)&address, &length) == 0 &&
                         connect(client, (struct sockaddr *)&address, length) == 0;
    doctor_add(d, missing_if(!answers), "loopback", "the origin is asked there: ip link set lo up", "127.0.0.1%s%s",
               answers ? " answers" : ": ", answers ? "" : strerror(errno));
    if (server >= 0)
        close(server);
    if (client >= 0)
        close(client);
}

void doctor_limits(struct doctor *d, const struct hosts_source *source)
{
    const char *given = getenv("TMPDIR");
    char *stat = procfs_read("", "/proc/self/stat");
    d->area = DOCTOR_LIMITS;
    doctor_add(d, missing_if(stat == NULL), "/proc", "mount -t proc proc /proc", "%s",
               stat != NULL ? "mounted" : "not mounted: nothing could find and end the processes of a command");
    free(stat);
    descriptors_and_processes(d);
    disk_space(d, "/dev/shm", "/dev/shm",
               "Python's models with processes need it, and results go through the temporary folder instead: mount -t "
               "tmpfs -o size=1g tmpfs /dev/shm (remount where it is full)");
    disk_space(d, "temp folder", given != NULL && *given == '/' ? given : "/tmp",
               "TMPDIR names another; it is used where /dev/shm has no space");
    results(d, source->paths);
    ports(d);
    loopback(d);
}
