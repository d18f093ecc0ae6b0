/* SPDX-License-Identifier: MIT */
/* Runs that measure at the same time. A run's file is empty: its name has the pid and when it began, in microseconds since
 * the epoch, its owner is the user, and the time of its last change is its end once nobody holds its lock. */
#define _GNU_SOURCE /* flock */
#include "bench/machine/concurrent_runs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bench/util/alloc.h"
#include "bench/util/text.h"

#define FOLDER "/tmp/cobench-runs"

static int64_t microseconds(struct timespec t) { return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000; }

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return microseconds(now);
}

/* The folder that all users share: anybody may add a file, nobody may take away another's. */
static bool shared_folder(const char *path)
{
    struct stat st;
    if (mkdir(path, 01777) == 0 && chmod(path, 01777) != 0) /* mkdir heeds the umask */
        return false;
    return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* The file gets its name once it is locked. */
static bool put_file(struct concurrent_runs *n)
{
    char *fresh = text_format("%s/.new-%d-%" PRId64, n->folder, (int)getpid(), n->began_us);
    n->fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    const bool done = n->fd >= 0 && fchmod(n->fd, 0644) == 0 && flock(n->fd, LOCK_EX | LOCK_NB) == 0 &&
                      rename(fresh, n->path) == 0;
    if (n->fd >= 0 && !done)
        (void)unlink(fresh); /* whatever stays of it is not read */
    free(fresh);
    return done;
}

/* Reads the file of another. False: it is none of ours, or it has gone. `alive`, or until_us is its end. */
static bool read_file(int folder, const char *name, struct concurrent_run *out)
{
    struct stat st;
    int length = 0;
    if (sscanf(name, "run-%d-%" SCNd64 "%n", &out->pid, &out->began_us, &length) != 2 || name[length] != '\0')
        return false;
    const int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return false;
    const bool is_file = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    out->alive = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    close(fd); /* and with it the lock, where it was to be had */
    out->user = st.st_uid;
    out->until_us = out->alive ? now_us() : microseconds(st.st_mtim);
    return is_file;
}

/* One that is there now, or was there while this run was. */
static int take(struct concurrent_runs *n, const struct concurrent_run *run, struct error *err)
{
    for (size_t i = 0; i < n->count; i++) {
        struct concurrent_run *known = &n->items[i];
        if (known->pid != run->pid || known->began_us != run->began_us)
            continue;
        known->alive = run->alive;
        if (run->until_us > known->until_us) /* the file of a killed one says no end */
            known->until_us = run->until_us;
        return 0;
    }
    n->items = array_grow(n->items, n->count, sizeof *n->items);
    n->items[n->count] = *run;
    n->items[n->count].from_us = run->began_us > n->began_us ? run->began_us : n->began_us;
    return n->tell(n->arg, &n->items[n->count++], false, err);
}

/* `last`: this run ends, and with it the time together with those that go on. */
static int poll_all(struct concurrent_runs *n, bool last, struct error *err)
{
    DIR *dir = n->fd < 0 ? NULL : opendir(n->folder);
    const char *mine = n->path + strlen(n->folder) + 1;
    int rc = 0;
    if (dir == NULL)
        return 0;
    for (size_t i = 0; i < n->count; i++)
        n->items[i].alive = false;
    for (const struct dirent *entry; rc == 0 && (entry = readdir(dir)) != NULL;) {
        struct concurrent_run run = {.over = false};
        if (strcmp(entry->d_name, mine) == 0 || !read_file(dirfd(dir), entry->d_name, &run))
            continue;
        if (run.alive || run.until_us > n->began_us)
            rc = take(n, &run, err);
        else
            (void)unlinkat(dirfd(dir), entry->d_name, 0); /* another user's stays, sticky folders see to that */
    }
    closedir(dir);
    for (size_t i = 0; rc == 0 && i < n->count; i++)
        if (!n->items[i].over && (last || !n->items[i].alive)) {
            n->items[i].over = true;
            rc = n->tell(n->arg, &n->items[i], true, err);
        }
    return rc;
}

int concurrent_runs_poll(struct concurrent_runs *n, struct error *err) { return poll_all(n, false, err); }

int concurrent_runs_open(struct concurrent_runs *n, concurrent_runs_tell *tell, void *arg, struct error *err)
{
    const char *given = getenv("COBENCH_RUNS");
    *n = (struct concurrent_runs){.fd = -1, .tell = tell, .arg = arg, .began_us = now_us()};
    n->folder = xstrdup(given != NULL && *given != '\0' ? given : FOLDER);
    n->path = text_format("%s/run-%d-%" PRId64, n->folder, (int)getpid(), n->began_us);
    if (shared_folder(n->folder) && put_file(n))
        return poll_all(n, false, err);
    if (n->fd >= 0)
        close(n->fd);
    n->fd = -1;
    return 0;
}

int concurrent_runs_close(struct concurrent_runs *n, struct error *err)
{
    const int rc = poll_all(n, true, err);
    if (n->fd >= 0 && (n->count == 0 || futimens(n->fd, NULL) != 0))
        (void)unlink(n->path); /* nobody was there to find it, or it cannot say its end */
    if (n->fd >= 0)
        close(n->fd);
    free(n->path);
    free(n->folder);
    free(n->items);
    *n = (struct concurrent_runs){.fd = -1};
    return rc;
}
