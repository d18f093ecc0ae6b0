/* SPDX-License-Identifier: MIT */
/* Folders in the making. */
#define _DEFAULT_SOURCE /* flock */
#include "bench/store/draft.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/util/files.h"
#include "bench/util/text.h"

#define TRIES          100 /* drafts that were swept away before they were locked */
#define RANDOM_LETTERS 6

/* Whether the folder behind `fd` has this name: not removed and not renamed. */
static bool has_name(int fd, const char *path)
{
    struct stat folder, named;
    return fstat(fd, &folder) == 0 && lstat(path, &named) == 0 && folder.st_dev == named.st_dev &&
           folder.st_ino == named.st_ino;
}

static int open_folder(const char *path) { return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC); }

/* Where the file system has no locks nobody can sweep either. */
static void lock(int fd)
{
    while (flock(fd, LOCK_EX) != 0 && errno == EINTR)
        ;
}

/* -EAGAIN: a sweep came between the folder and its lock. */
static int make(const char *parent, struct draft *out)
{
    *out = (struct draft){.path = text_format("%s/.new-%ld-XXXXXX", parent, (long)getpid()), .fd = -1};
    if (out->path == NULL)
        return -ENOMEM;
    if (mkdtemp(out->path) == NULL) {
        const int rc = -errno;
        free(out->path); /* it names no folder */
        out->path = NULL;
        return rc;
    }
    out->fd = open_folder(out->path);
    if (out->fd < 0)
        return errno == ENOENT ? -EAGAIN : -errno;
    lock(out->fd);
    if (!has_name(out->fd, out->path))
        return -EAGAIN;
    return fchmod(out->fd, 0755) == 0 ? 0 : -errno;
}

int draft_open(const char *parent, struct draft *out)
{
    int rc = make(parent, out);
    for (int i = 1; rc == -EAGAIN && i < TRIES; i++) {
        draft_close(out);
        rc = make(parent, out);
    }
    return rc;
}

void draft_close(struct draft *draft)
{
    if (draft->path != NULL)
        dir_remove_flat(draft->path); /* does nothing where it was renamed */
    if (draft->fd >= 0)
        close(draft->fd); /* and with it the lock */
    free(draft->path);
    *draft = (struct draft){.fd = -1};
}

static bool is_draft(const char *name)
{
    long pid;
    int end = 0;
    return sscanf(name, ".new-%ld-%n", &pid, &end) == 1 && end > 0 && strlen(name + end) == RANDOM_LETTERS;
}

/* The maker may rename the folder before the lock is to be had here; then the lock is on what is no draft any more. */
static void sweep_one(const char *path)
{
    const int fd = open_folder(path);
    if (fd < 0)
        return;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0 && has_name(fd, path))
        dir_remove_flat(path);
    close(fd); /* and with it the lock */
}

void draft_sweep(const char *parent)
{
    DIR *dir = opendir(parent);
    for (const struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        char *path = is_draft(entry->d_name) ? text_format("%s/%s", parent, entry->d_name) : NULL;
        if (path != NULL)
            sweep_one(path);
        free(path);
    }
    if (dir != NULL)
        closedir(dir);
}
