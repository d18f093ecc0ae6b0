/* SPDX-License-Identifier: MIT */
/* The folder of a run. */
#define _DEFAULT_SOURCE /* flock */
#include "bench/store/run_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bench/util/alloc.h"
#include "bench/util/files.h"
#include "bench/util/text.h"

#define SAME_SECOND    1000 /* runs of the same suite begun in the same second */
#define TRIES          100  /* temporary folders that were swept away before they were locked */
#define RANDOM_LETTERS 6

void run_folder_time(char *out, size_t room)
{
    const time_t now = time(NULL);
    struct tm utc;
    if (gmtime_r(&now, &utc) == NULL || strftime(out, room, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
        snprintf(out, room, "unknown");
}

/* -- the temporary folder ---------------------------------------------------------------------------------------- */

/* Whether the folder behind `fd` has this name: not removed and not renamed. */
static bool has_name(int fd, const char *path)
{
    struct stat folder, named;
    return fstat(fd, &folder) == 0 && lstat(path, &named) == 0 && folder.st_dev == named.st_dev &&
           folder.st_ino == named.st_ino;
}

static int open_folder(const char *path) { return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC); }

/* -EAGAIN: a sweep came between the folder and its lock. */
static int temporary_make(const char *parent, struct temporary *out)
{
    *out = (struct temporary){.path = text_format("%s/.new-%ld-XXXXXX", parent, (long)getpid()), .fd = -1};
    if (mkdtemp(out->path) == NULL) {
        const int rc = -errno;
        free(out->path); /* it names no folder */
        out->path = NULL;
        return rc;
    }
    out->fd = open_folder(out->path);
    if (out->fd < 0)
        return errno == ENOENT ? -EAGAIN : -errno;
    while (flock(out->fd, LOCK_EX) != 0 && errno == EINTR) /* where there are no locks nobody can sweep either */
        ;
    if (!has_name(out->fd, out->path))
        return -EAGAIN;
    const mode_t mask = umask(0); /* mkdtemp heeds it, and no more than 0700 */
    umask(mask);
    return fchmod(out->fd, 0777 & ~mask) == 0 ? 0 : -errno;
}

int temporary_open(const char *parent, struct temporary *out)
{
    int rc = temporary_make(parent, out);
    for (int i = 1; rc == -EAGAIN && i < TRIES; i++) {
        temporary_close(out);
        rc = temporary_make(parent, out);
    }
    return rc;
}

void temporary_close(struct temporary *temporary)
{
    if (temporary->path != NULL)
        dir_remove_flat(temporary->path); /* does nothing where it was renamed */
    if (temporary->fd >= 0)
        close(temporary->fd); /* and with it the lock */
    free(temporary->path);
    *temporary = (struct temporary){.fd = -1};
}

static bool is_temporary(const char *name)
{
    long pid;
    int end = 0;
    return sscanf(name, ".new-%ld-%n", &pid, &end) == 1 && end > 0 && strlen(name + end) == RANDOM_LETTERS;
}

/* The maker may rename the folder before the lock is to be had here; then the lock is on what has its own name. */
static void sweep_one(const char *path)
{
    const int fd = open_folder(path);
    if (fd < 0)
        return;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0 && has_name(fd, path))
        dir_remove_flat(path);
    close(fd); /* and with it the lock */
}

void temporary_sweep(const char *parent)
{
    DIR *dir = opendir(parent);
    for (const struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        if (!is_temporary(entry->d_name))
            continue;
        char *path = text_format("%s/%s", parent, entry->d_name);
        sweep_one(path);
        free(path);
    }
    if (dir != NULL)
        closedir(dir);
}

/* -- its files and its name --------------------------------------------------------------------------------------- */

/* mkdir -p. */
static int make_dirs(const char *path)
{
    char *at = xstrdup(path);
    int rc = 0;
    for (size_t end = 1; rc == 0 && end <= strlen(path); end++) {
        if (path[end] != '/' && path[end] != '\0')
            continue;
        at[end] = '\0';
        if (mkdir(at, 0777) != 0 && errno != EEXIST)
            rc = -errno;
        at[end] = path[end];
    }
    free(at);
    return rc == 0 && !dir_exists(path) ? -ENOTDIR : rc;
}

static int write_text(const char *folder, const char *name, const char *text, size_t length)
{
    char *path = text_format("%s/%s", folder, name);
    const int rc = file_create(path, text, length);
    free(path);
    return rc;
}

static int write_json(const char *folder, const char *name, const json_t *value)
{
    char *text = json_dumps(value, JSON_INDENT(1));
    const size_t length = strlen(text);
    text[length] = '\n'; /* in the place of the NUL */
    const int rc = write_text(folder, name, text, length + 1);
    free(text);
    return rc;
}

/* Letters, digits and the like; the rest becomes '-', but for colons, which go: they are awkward in paths. */
static char *folder_name(const struct run_folder_facts *f)
{
    static const char kept[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-";
    char *name = text_format("%s-%s-%.60s", f->created, f->host, f->suite), *out = name;
    for (const char *in = name; *in != '\0'; in++)
        if (*in != ':')
            *out++ = strchr(kept, *in) != NULL ? *in : '-';
    *out = '\0';
    return name;
}

/* Renames to the first name that is free; *path gets it. */
static int settle(const char *results, const char *temporary, const char *name, char **path)
{
    for (int i = 1; i <= SAME_SECOND; i++) {
        char *target = i == 1 ? text_format("%s/%s", results, name) : text_format("%s/%s-%d", results, name, i);
        struct stat st;
        if (lstat(target, &st) != 0 && rename(temporary, target) == 0) {
            (void)dir_sync(results); /* not every file system can; the rename was whole either way */
            *path = target;
            return 0;
        }
        const int rc = errno;
        const bool taken = rc == EEXIST || rc == ENOTEMPTY || lstat(target, &st) == 0;
        free(target);
        if (!taken)
            return -rc;
    }
    return -EEXIST;
}

/* The folder that holds `path`, to be freed. */
static char *parent_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? xstrdup(".") : slash == path ? xstrdup("/") : text_format("%.*s", (int)(slash - path), path);
}

int run_folder_make(const struct run_folder_facts *facts, char **path, struct error *err)
{
    struct temporary temporary = {.fd = -1};
    char *name = folder_name(facts);
    int rc = make_dirs(facts->results);
    if (rc == 0) {
        temporary_sweep(facts->results);
        rc = temporary_open(facts->results, &temporary);
    }
    if (rc == 0)
        rc = write_text(temporary.path, "samples.jsonl", "", 0);
    if (rc == 0)
        rc = write_json(temporary.path, "machine.json", facts->machine);
    if (rc == 0)
        rc = write_json(temporary.path, "plan.json", facts->plan);
    if (rc == 0)
        rc = settle(facts->results, temporary.path, name, path);
    temporary_close(&temporary);
    free(name);
    return rc == 0 ? 0
                   : error_set(err, rc, "cannot make a folder for this run in %s: %s", facts->results, strerror(-rc));
}

void run_folder_sweep(const char *path)
{
    char *results = parent_of(path);
    temporary_sweep(results);
    free(results);
}

/* Names begin with the time of their making. */
static bool points_at_newer(const char *link, const char *name)
{
    char target[1024];
    const ssize_t length = readlink(link, target, sizeof target - 1);
    if (length <= 0)
        return false;
    target[length] = '\0';
    const char *slash = strrchr(target, '/');
    return strcmp(slash == NULL ? target : slash + 1, name) > 0 && access(link, F_OK) == 0;
}

/* Makes the link in a temporary folder: renamed, it takes the old one's place; and where it is not, it goes with the folder. */
static int point_at(const char *results, const char *link, const char *name)
{
    struct temporary temporary;
    int rc = temporary_open(results, &temporary);
    if (rc == 0) {
        char *fresh = text_format("%s/latest", temporary.path);
        rc = symlink(name, fresh) != 0 || rename(fresh, link) != 0 ? -errno : 0;
        free(fresh);
    }
    temporary_close(&temporary);
    return rc;
}

int run_folder_publish(const char *path, struct error *err)
{
    const char *slash = strrchr(path, '/'), *name = slash == NULL ? path : slash + 1;
    char *results = parent_of(path), *link = text_format("%s/latest", results);
    const int rc = points_at_newer(link, name) ? 0 : point_at(results, link, name);
    if (rc != 0)
        error_set(err, rc, "cannot point %s/latest at the run: %s", results, strerror(-rc));
    free(link);
    free(results);
    return rc;
}
