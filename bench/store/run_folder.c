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
#include "common/clock.h"

#define COPIED_MAX     (1u << 30)
#define SAME_SECOND    1000     /* runs of the same suite begun in the same second */
#define SWEEP_MS       1000     /* nobody sweeps for longer; who holds the lock then holds it for something else */
#define TEMPORARY_LINK "latest" /* as long as the number of a temporary folder */

void run_folder_time(char *out, size_t size)
{
    const time_t now = time(NULL);
    struct tm utc;
    if (gmtime_r(&now, &utc) == NULL || strftime(out, size, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
        snprintf(out, size, "unknown");
}

/* -- temporary names ---------------------------------------------------------------------------------------------- */

static bool is_temporary(const char *name)
{
    long pid;
    int end = 0;
    return sscanf(name, ".new-%ld-%n", &pid, &end) == 1 && end > 0 && strlen(name + end) == strlen(TEMPORARY_LINK);
}

static void sweep(const char *results)
{
    DIR *dir = opendir(results);
    for (const struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        struct stat st;
        char *path = text_format("%s/%s", results, entry->d_name);
        const bool left = is_temporary(entry->d_name) && lstat(path, &st) == 0;
        if (left && S_ISDIR(st.st_mode))
            dir_remove_flat(path);
        if (left && S_ISLNK(st.st_mode))
            (void)unlink(path);
        free(path);
    }
    if (dir != NULL)
        closedir(dir);
}

/* Whoever makes something under a temporary name holds a shared lock on `results` meanwhile. So where the exclusive one is
 * to be had, whatever has such a name was left by a process that was killed, and is swept away. The descriptor that holds
 * the lock; where the file system has no locks nobody sweeps either. */
static int hold(const char *results)
{
    const int fd = open(results, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
        sweep(results);
    const struct timespec ms = clock_timespec(NS_PER_MS);
    for (int i = 0; fd >= 0 && i < SWEEP_MS && flock(fd, LOCK_SH | LOCK_NB) != 0; i++)
        nanosleep(&ms, NULL);
    return fd;
}

static void let_go(int fd)
{
    if (fd >= 0)
        close(fd);
}

static int make_temporary(const char *results, char **path)
{
    int rc = -EEXIST;
    for (int i = 0; rc == -EEXIST && i < SAME_SECOND; i++) {
        free(*path);
        *path = text_format("%s/.new-%ld-%06d", results, (long)getpid(), i);
        rc = mkdir(*path, 0777) == 0 ? 0 : -errno;
    }
    return rc;
}

char *run_folder_beside(const char *path, const char *suite)
{
    char *full = realpath(path, NULL), *slash = full != NULL ? strrchr(full, '/') : NULL, *last = NULL;
    char *end = text_format("-%s", suite);
    if (slash != NULL)
        *slash = '\0';
    DIR *dir = slash != NULL ? opendir(*full != '\0' ? full : "/") : NULL;
    for (const struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;)
        if (*entry->d_name != '.' && (text_ends_with(entry->d_name, end) || strcmp(entry->d_name, suite) == 0) &&
            (last == NULL || strcmp(entry->d_name, last) > 0))
            text_set(&last, entry->d_name);
    if (dir != NULL)
        closedir(dir);
    char *found = last != NULL ? text_format("%s/%s", full, last) : NULL;
    free(last);
    free(end);
    free(full);
    return found;
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

static int copy_files(const struct string_list *files, const char *folder)
{
    int rc = 0;
    for (size_t i = 0; files != NULL && rc == 0 && i < files->count; i++) {
        char *bytes = NULL;
        size_t length = 0;
        rc = file_read(files->items[i], COPIED_MAX, &bytes, &length);
        if (rc == 0)
            rc = write_text(folder, strrchr(files->items[i], '/') + 1, bytes, length);
        free(bytes);
    }
    return rc;
}

int run_folder_make(const struct run_folder_facts *facts, char **path, struct error *err)
{
    char *name = folder_name(facts), *temporary = NULL;
    int rc = make_dirs(facts->results);
    const int lock = hold(facts->results);
    if (rc == 0)
        rc = make_temporary(facts->results, &temporary);
    if (rc == 0) {
        rc = write_text(temporary, "samples.jsonl", "", 0);
        if (rc == 0)
            rc = write_json(temporary, "machine.json", facts->machine);
        if (rc == 0)
            rc = write_json(temporary, "plan.json", facts->plan);
        if (rc == 0)
            rc = copy_files(facts->files, temporary);
        if (rc == 0)
            rc = settle(facts->results, temporary, name, path);
        if (rc != 0)
            dir_remove_flat(temporary);
    }
    let_go(lock);
    free(temporary);
    free(name);
    return rc == 0 ? 0
                   : error_set(err, rc, "cannot make a folder for this run in %s: %s", facts->results, strerror(-rc));
}

void run_folder_sweep(const char *path)
{
    char *results = parent_of(path);
    let_go(hold(results));
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

/* Under a temporary name first: renamed, it takes the old one's place. */
static int point_at(const char *results, const char *link, const char *name)
{
    const int lock = hold(results);
    char *fresh = text_format("%s/.new-%ld-%s", results, (long)getpid(), TEMPORARY_LINK);
    const int rc = symlink(name, fresh) != 0 || rename(fresh, link) != 0 ? -errno : 0;
    if (rc != 0)
        (void)unlink(fresh);
    let_go(lock);
    free(fresh);
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
