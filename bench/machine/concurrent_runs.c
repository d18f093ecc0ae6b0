/* SPDX-License-Identifier: MIT */
/* Runs that measure at the same time. A run's file is one line of a fixed length, so that it is read whole or not at all:
 * pid, user, and when it began and ended, in microseconds since the epoch; an end of 0: not yet. */
#define _GNU_SOURCE /* flock, mkostemp */
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

#define FOLDER      "/tmp/cobench-runs"
#define LINE_FORMAT "%10d %10u %18" PRId64 " %18" PRId64 "\n"
#define LINE_LENGTH 60

/* What a file says. */
struct sign {
    int pid;
    unsigned user;
    int64_t began_us, ended_us;
    bool alive;
};

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* -- this run's file ---------------------------------------------------------------------------------------------- */

/* The folder that all users share: anybody may add a file, nobody may take away another's. */
static char *shared_folder(void)
{
    const char *given = getenv("COBENCH_RUNS");
    const char *path = given != NULL && *given != '\0' ? given : FOLDER;
    struct stat st;
    if (mkdir(path, 01777) == 0 && chmod(path, 01777) != 0) /* mkdir heeds the umask */
        return NULL;
    if (lstat(path, &st) != 0 || !S_ISDIR(st.st_mode))
        return NULL;
    return strdup(path);
}

static bool write_sign(const struct concurrent_runs *n, int64_t began_us, int64_t ended_us)
{
    char line[LINE_LENGTH + 20];
    const int length = snprintf(line, sizeof line, LINE_FORMAT, (int)getpid(), (unsigned)getuid(), began_us, ended_us);
    return length == LINE_LENGTH && pwrite(n->fd, line, LINE_LENGTH, 0) == LINE_LENGTH;
}

/* The file gets its name once it is locked and whole. */
static bool put_sign(struct concurrent_runs *n, int64_t began_us)
{
    char *fresh = text_format("%s/.new-XXXXXX", n->folder);
    bool done = false;
    if (fresh != NULL && (n->fd = mkostemp(fresh, O_CLOEXEC)) >= 0) {
        done = fchmod(n->fd, 0644) == 0 && flock(n->fd, LOCK_EX | LOCK_NB) == 0 && write_sign(n, began_us, 0) &&
               (n->path = text_format("%s/run-%d-%s", n->folder, (int)getpid(), fresh + strlen(fresh) - 6)) != NULL &&
               rename(fresh, n->path) == 0;
        if (!done)
            (void)unlink(fresh); /* whatever stays of it is not read */
    }
    free(fresh);
    return done;
}

static void forget(struct concurrent_runs *n)
{
    if (n->fd >= 0)
        close(n->fd); /* a sign lost costs a warning, no more */
    free(n->path);
    free(n->folder);
    n->fd = -1;
    n->path = n->folder = NULL;
}

/* -- the others' -------------------------------------------------------------------------------------------------- */

/* Reads one file. False: it is none of ours, or it has gone. */
static bool read_sign(int folder, const char *name, struct sign *out)
{
    char line[LINE_LENGTH + 1];
    struct stat st;
    const int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return false;
    const bool whole = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && read(fd, line, LINE_LENGTH) == LINE_LENGTH;
    out->alive = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    close(fd); /* and with it the lock, where it was to be had */
    line[LINE_LENGTH] = '\0';
    return whole &&
           sscanf(line, "%d %u %" SCNd64 " %" SCNd64, &out->pid, &out->user, &out->began_us, &out->ended_us) == 4;
}

static struct concurrent_run *find(struct concurrent_runs *n, const struct sign *s)
{
    for (size_t i = 0; i < n->count; i++)
        if (n->items[i].pid == s->pid && n->items[i].began_us == s->began_us)
            return &n->items[i];
    return NULL;
}

static int add(struct concurrent_runs *n, const struct sign *s, struct concurrent_run **out, struct error *err)
{
    struct concurrent_run *more = array_grow(n->items, n->count, sizeof *more);
    if (more == NULL)
        return error_set(err, -ENOMEM, "out of memory");
    n->items = more;
    *out = &more[n->count++];
    **out = (struct concurrent_run){.pid = (pid_t)s->pid,
                                    .user = (uid_t)s->user,
                                    .began_us = s->began_us,
                                    .from_us = s->began_us > n->began_us ? s->began_us : n->began_us};
    return n->tell(n->arg, *out, false, err);
}

/* One that is there now, or was there while this run was. */
static int take_sign(struct concurrent_runs *n, const struct sign *s, struct error *err)
{
    struct concurrent_run *other = find(n, s);
    const bool met = s->alive || s->ended_us > n->began_us || (s->ended_us == 0 && s->began_us > n->began_us);
    if (other == NULL && !met)
        return 0;
    const int rc = other == NULL ? add(n, s, &other, err) : 0;
    if (rc != 0)
        return rc;
    other->seen = s->alive;
    if (s->alive || other->until_us == 0)
        other->until_us = s->ended_us > 0 ? s->ended_us : now_us();
    return 0;
}

/* Goes through the files of the others. *alive: how many runs are measuring. With `alive` NULL it takes the files of ended
 * runs away instead; another user's stay, sticky folders see to that. */
static int each_sign(struct concurrent_runs *n, DIR *dir, size_t *alive, struct error *err)
{
    const char *mine = n->path + strlen(n->folder) + 1;
    int rc = 0;
    rewinddir(dir);
    for (const struct dirent *entry; rc == 0 && (entry = readdir(dir)) != NULL;) {
        struct sign s;
        if (strncmp(entry->d_name, "run-", 4) != 0 || strcmp(entry->d_name, mine) == 0 ||
            !read_sign(dirfd(dir), entry->d_name, &s))
            continue;
        if (alive != NULL) {
            *alive += s.alive;
            rc = take_sign(n, &s, err);
        } else if (!s.alive) {
            (void)unlinkat(dirfd(dir), entry->d_name, 0);
        }
    }
    return rc;
}

int concurrent_runs_poll(struct concurrent_runs *n, struct error *err)
{
    DIR *dir = n->path == NULL ? NULL : opendir(n->folder);
    size_t alive = 0;
    if (dir == NULL)
        return 0;
    for (size_t i = 0; i < n->count; i++)
        n->items[i].seen = false;
    int rc = each_sign(n, dir, &alive, err);
    if (rc == 0 && alive == 0) /* nobody else can have met those that have ended */
        rc = each_sign(n, dir, NULL, err);
    closedir(dir);
    for (size_t i = 0; rc == 0 && i < n->count; i++)
        if (!n->items[i].seen && !n->items[i].over) {
            n->items[i].over = true;
            rc = n->tell(n->arg, &n->items[i], true, err);
        }
    return rc;
}

int concurrent_runs_open(struct concurrent_runs *n, concurrent_runs_tell *tell, void *arg, struct error *err)
{
    *n = (struct concurrent_runs){.fd = -1, .tell = tell, .arg = arg, .folder = shared_folder(), .began_us = now_us()};
    if (n->folder == NULL || !put_sign(n, n->began_us)) {
        forget(n);
        return 0;
    }
    return concurrent_runs_poll(n, err);
}

int concurrent_runs_close(struct concurrent_runs *n, struct error *err)
{
    int rc = concurrent_runs_poll(n, err);
    for (size_t i = 0; rc == 0 && i < n->count; i++)
        if (!n->items[i].over) {
            n->items[i].until_us = now_us();
            rc = n->tell(n->arg, &n->items[i], true, err);
        }
    if (n->path != NULL && (n->count == 0 || !write_sign(n, n->began_us, now_us())))
        (void)unlink(n->path); /* nobody was there to find it, or it cannot say its end */
    forget(n);
    free(n->items);
    n->items = NULL;
    n->count = 0;
    return rc;
}
