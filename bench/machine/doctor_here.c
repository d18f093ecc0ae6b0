/* SPDX-License-Identifier: MIT */
/* What a run needs here: tools, hosts and their tasks, and how much of everything it may use. What is missing or broken is
 * a finding, not an end. */
#define _GNU_SOURCE /* RLIMIT_NPROC */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "bench/machine/doctor.h"
#include "bench/process/capture.h"
#include "bench/util/files.h"
#include "bench/util/text.h"
#include "common/cgroup.h"
#include "common/num.h"
#include "common/procfs.h"

enum {
    FILES_WANTED = 1024, /* 300 blocking clients of the C host, or 1,000 on a loop */
    TASKS_WANTED = 1000, /* threads or processes at once */
};
#define BYTES_WANTED (256ull << 20) /* slots of 4 million jobs; as in files.c */

/* What is said of everything that make builds. */
#define BUILD_IT "./scripts/setup.sh bench installs what it needs, builds it and runs the suite"

static bool must_end(int rc) { return rc == -EINTR || rc == -EPIPE; }

static enum doctor_verdict missing_if(bool bad) { return bad ? DOCTOR_MISSING : DOCTOR_OK; }

/* -- tools and hosts -------------------------------------------------------------------------------------------------- */

/* 0, or an errno where the driver must end. */
static int tool(struct doctor *d, const struct hosts_source *source, const char *name, struct error *err)
{
    const bool needed = strcmp(name, "hyperfine") == 0;
    const struct capture how = {.supervisor = source->supervisor, .scratch = source->scratch};
    char *version = NULL;
    const int rc = capture_version(&how, name, &version, err);
    if (must_end(rc))
        return rc;
    doctor_add(d, needed ? missing_if(rc != 0) : doctor_note_if(rc != 0), name,
               needed ? "apt-get install hyperfine, or ./scripts/setup.sh bench"
                      : "apt-get install gnuplot-nox fonts-dejavu-core, or ./scripts/setup.sh bench",
               "%s%s",
               rc == 0         ? version
               : rc == -ENOPKG ? "not installed"
                               : err->text,
               rc == 0 || needed ? "" : ": a run has tables and no pictures");
    free(version);
    return 0;
}

/* Something that has to be there to be used in one way (as of access). */
static void accessible(struct doctor *d, const char *name, const char *advice, const char *path, int how)
{
    const bool there = access(path, how) == 0;
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
        accessible(d, "python", advice, paths->python, X_OK);
    accessible(d, "origin", "make; " BUILD_IT, origin, X_OK);
    free(origin);
}

static void host_found(struct doctor *d, const struct host_row *host, const json_t *list)
{
    const char *python = NULL, *compiler = "", *gil = NULL;
    const size_t tasks = json_array_size(json_object_get(list, "tasks"));
    json_unpack((json_t *)(uintptr_t)list, "{s?{s?s s?s s?s}}", "build", "python", &python, "compiler", &compiler,
                "gil", &gil);
    doctor_add(d, missing_if(tasks == 0), host->kind->name, "make; " BUILD_IT, "%zu models, %zu tasks; %s%s%s%s",
               json_array_size(json_object_get(list, "models")), tasks, python != NULL ? "CPython " : "",
               python != NULL ? python : compiler,
               python == NULL || gil == NULL ? "" : ", GIL: ", python == NULL || gil == NULL ? "" : gil);
    size_t i;
    const json_t *text;
    json_array_foreach(json_object_get(list, "errors"), i, text)
    {
        doctor_add(d, DOCTOR_NOTE, host->kind->name, "the other tasks can run; make builds the built-in ones anew",
                   "%s", json_is_string(text) ? json_string_value(text) : "");
    }
}

/* The library that the C host loads for URLs, in the words of the transport that loaded it. */
static void transport(struct doctor *d, const json_t *list)
{
    const char *text = json_string_value(json_object_get(json_object_get(list, "build"), "libcurl"));
    if (text != NULL && strncmp(text, "libcurl/", 8) == 0)
        doctor_add(d, DOCTOR_OK, "libcurl", NULL, "%s", text);
    else
        doctor_add(d, DOCTOR_MISSING, "libcurl", "apt-get install libcurl4-openssl-dev, then make; " BUILD_IT,
                   "the C hosts' transport does not load: no task that asks for a URL can run");
}

static int hosts(struct doctor *d, const struct hosts_source *source, struct error *err)
{
    struct catalog catalog = {.runtimes = NULL};
    int rc = host_table_make(&catalog.hosts, NULL, NULL, err);
    for (size_t h = 0; h < catalog.hosts.count && !must_end(rc); h++) {
        const struct host_row *host = &catalog.hosts.rows[h];
        rc = hosts_ask(source, h, &catalog, err);
        if (rc == 0)
            host_found(d, host, catalog.lists[h]);
        else if (!must_end(rc))
            doctor_add(d, DOCTOR_MISSING, host->kind->name, "make; " BUILD_IT, "%s", err->text);
        if (rc == 0 && strcmp(host->kind->name, "c") == 0)
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

/* What few models and tasks stand on: programs and then, behind a "-", Python's modules. */
static const struct optional {
    const char *name, *advice, *all, *wanted;
} optionals[] = {
    {"engines", "./scripts/setup.sh engines", "brokers and engines are there",
     "redis-server mpirun - redis zmq mpi4py celery distributed"},
    {"services", "./scripts/setup.sh services", "databases and caches are there",
     "postgres redis-server - psycopg asyncpg redis"},
    {"servers", "./scripts/setup.sh servers", "servers of others are there", "nginx - h11 gunicorn flask uvicorn"},
};

static int optional(struct doctor *d, const struct hosts_source *source, const struct optional *what, struct error *err)
{
    static const char look[] =
        "import glob, importlib.util as u, shutil, sys; p, m = (w.split() for w in sys.argv[1].split(' - ')); "
        "print(', '.join([w for w in p if not (shutil.which(w) or glob.glob('/usr/lib/postgresql/*/bin/' + w) or "
        "glob.glob('/usr/sbin/' + w))] + [w for w in m if not u.find_spec(w)]))";
    const struct capture how = {.supervisor = source->supervisor, .scratch = source->scratch};
    char *missing = NULL;
    if (source->paths->python == NULL)
        return 0;
    const int rc = capture_output(
        &how, (const char *const[]){source->paths->python, "-I", "-c", look, what->wanted, NULL}, &missing, err);
    if (must_end(rc))
        return rc;
    if (rc == 0)
        missing[strcspn(missing, "\n")] = '\0';
    const bool all = rc == 0 && *missing == '\0';
    doctor_add(d, doctor_note_if(!all), what->name, what->advice, "%s%s%s",
               all       ? what->all
               : rc == 0 ? "not installed: "
                         : err->text,
               rc == 0 ? missing : "", all || rc != 0 ? "" : "; a cell that needs one says so");
    free(missing);
    return 0;
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
    for (size_t i = 0; rc == 0 && i < sizeof optionals / sizeof *optionals; i++)
        rc = optional(d, source, &optionals[i], err);
    if (rc == 0)
        err->text[0] = '\0'; /* all of it is in the findings */
    return rc;
}

/* -- interpreters ----------------------------------------------------------------------------------------------------- */

int doctor_interpreters(struct doctor *d, const struct hosts_source *source, struct error *err)
{
    static const char advice[] = "cobench run --python takes the others";
    size_t i;
    const json_t *row;
    d->area = DOCTOR_INTERPRETERS;
    const int rc = hosts_ask_pythons(source, &(struct string_list){NULL, 0}, &d->interpreters, err);
    if (must_end(rc))
        return rc;
    if (rc != 0)
        doctor_add(d, DOCTOR_NOTE, "interpreters", "cobench run --python takes them by their paths", "%s", err->text);
    err->text[0] = '\0';
    json_array_foreach(d->interpreters, i, row)
    {
        const char *label = "", *path = "", *about = "", *why = NULL;
        json_unpack((json_t *)(uintptr_t)row, "{s?s s?s s?s s?s}", "label", &label, "path", &path, "about", &about,
                    "why", &why);
        doctor_add(d, doctor_note_if(why != NULL), label, advice, "%s: %s", path, why != NULL ? why : about);
    }
    return 0;
}

/* -- limits ----------------------------------------------------------------------------------------------------------- */

/* `value` negative: there is none. */
static void limit(struct doctor *d, const char *name, const char *advice, int64_t value, int64_t wanted)
{
    if (value < 0)
        doctor_add(d, DOCTOR_OK, name, NULL, "no limit that shows");
    else
        doctor_add(d, doctor_note_if(value < wanted), name, advice, "at most %lld", (long long)value);
}

static int64_t least_of(int64_t least, int64_t max) { return max >= 0 && (least < 0 || max < least) ? max : least; }

/* The number in a file; -1: there is none. */
static int64_t number_in(const char *root, const char *path)
{
    int64_t max;
    char *line = procfs_line(root, path);
    if (line == NULL || num_parse_i64(line, 1, INT64_MAX, &max) != 0)
        max = -1;
    free(line);
    return max;
}

/* Of a control group: *arg, int64_t. */
static void least_pids(const char *root, const char *folder, void *arg)
{
    int64_t *least = arg;
    char *path = text_format("%s/pids.max", folder);
    *least = least_of(*least, number_in(root, path));
    free(path);
}

static void descriptors_and_processes(struct doctor *d)
{
    struct rlimit given;
    int64_t files = -1, tasks = number_in("", "/proc/sys/kernel/threads-max");
    if (getrlimit(RLIMIT_NOFILE, &given) == 0 && given.rlim_max != RLIM_INFINITY)
        files = (int64_t)given.rlim_max;
    limit(d, "open files",
          "cells whose requests need more cannot run here; raise the hard limit: ulimit -Hn 1024 as root, or "
          "LimitNOFILE=",
          files, FILES_WANTED);
    cgroup_walk("", "pids", least_pids, &tasks);
    if (getrlimit(RLIMIT_NPROC, &given) == 0 && given.rlim_cur != RLIM_INFINITY && geteuid() != 0)
        tasks = least_of(tasks, (int64_t)given.rlim_cur);
    limit(d, "processes",
          "models with a thread or process per job may stop there; ulimit -u, kernel.threads-max and the control "
          "group's pids.max set it",
          tasks, TASKS_WANTED);
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
    doctor_add(d, doctor_note_if(bytes < BYTES_WANTED), name, advice, "%s, %llu MB free", folder, bytes >> 20);
}

/* As the pools of the Python hosts do, makes a semaphore, which has to be there; the space for results can be elsewhere. */
static void shared_memory(struct doctor *d)
{
    static const char advice[] = "Python's process pools need it, and results go through the temporary folder instead: "
                                 "mount -t tmpfs -o size=1g tmpfs /dev/shm (remount where it is full)";
    char name[40];
    snprintf(name, sizeof name, "/cobench-%d", (int)getpid());
    sem_t *made = sem_open(name, O_CREAT | O_EXCL, 0600, 1);
    if (made == SEM_FAILED) {
        doctor_add(d, DOCTOR_MISSING, "/dev/shm", advice, "cannot make semaphores in /dev/shm: %s", strerror(errno));
        return;
    }
    sem_unlink(name);
    sem_close(made);
    disk_space(d, "/dev/shm", "/dev/shm", advice);
}

/* Where runs are kept: the folder, or where it is not there yet the nearest one above it. */
static void results(struct doctor *d, const struct paths *paths)
{
    char *wanted = paths_results(paths);
    for (char *slash; !dir_exists(wanted) && (slash = strrchr(wanted, '/')) != NULL;)
        *slash = '\0';
    accessible(d, "results", "cobench run --results DIR keeps them elsewhere",
               dir_exists(wanted) ? wanted
               : *wanted == '\0'  ? "/"
                                  : ".",
               W_OK);
    free(wanted);
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
    d->area = DOCTOR_LIMITS;
    accessible(d, "/proc", "mount -t proc proc /proc: processes of a command are found and ended by it",
               "/proc/self/stat", R_OK);
    descriptors_and_processes(d);
    shared_memory(d);
    disk_space(d, "temp folder", given != NULL && *given == '/' ? given : "/tmp",
               "TMPDIR names another; it is used where /dev/shm has no space");
    results(d, source->paths);
    loopback(d);
}
