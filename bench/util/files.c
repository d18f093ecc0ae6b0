/* SPDX-License-Identifier: MIT */
/* Whole files in and out, and the folders the driver makes for itself. */
#define _GNU_SOURCE /* flock */
#include "bench/util/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "bench/util/text.h"
#include "common/read_all.h"

#define SCRATCH_SIZE   (256ull << 20) /* bytes: 4 million jobs' slots */
#define SCRATCH_PREFIX "cobench-"
#define SWEEP_AGE_S    60

int file_read(const char *path, size_t max, char **text, size_t *length)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    const int rc = read_all(fd, max, text, length);
    close(fd); /* it was only read */
    return rc;
}

int file_read_end(const char *path, size_t max, char **text, size_t *length)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0)
        return -errno;
    int rc = fstat(fd, &st) != 0 ? -errno : 0;
    if (rc == 0 && st.st_size > (off_t)max && lseek(fd, st.st_size - (off_t)max, SEEK_SET) < 0)
        rc = -errno;
    if (rc == 0)
        rc = read_all(fd, 2 * max, text, length); /* whoever still writes adds no more than that */
    close(fd);                                    /* it was only read */
    return rc;
}

int file_write_all(int fd, const void *bytes, size_t length)
{
    const char *at = bytes;
    while (length > 0) {
        const ssize_t wrote = write(fd, at, length);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return -errno;
        at += wrote;
        length -= (size_t)wrote;
    }
    return 0;
}

int file_create(const char *path, const char *text, size_t length)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return -errno;
    int rc = file_write_all(fd, text, length);
    if (rc == 0 && fsync(fd) != 0)
        rc = -errno;
    if (close(fd) != 0 && rc == 0)
        rc = -errno;
    return rc;
}

bool file_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

bool dir_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

char *program_find(const char *name, const char *directory)
{
    const char *path = strchr(name, '/') != NULL ? "" : getenv("PATH");
    for (const char *at = path != NULL ? path : "/bin:/usr/bin"; at != NULL; at = strchr(at, ':'), at += at != NULL) {
        const int length = (int)strcspn(at, ":");
        const bool absolute = *(length > 0 ? at : name) == '/';
        char *file = text_format("%s%s%.*s%s%s", absolute ? "" : directory, absolute ? "" : "/", length, at,
                                 length > 0 ? "/" : "", name);
        if (file_exists(file) && access(file, X_OK) == 0)
            return file;
        free(file);
    }
    return NULL;
}

bool file_is_terminal(int fd)
{
    const char *name = getenv("TERM");
    return name != NULL && *name != '\0' && strcmp(name, "dumb") != 0 && isatty(fd) == 1;
}

int dir_sync(const char *path)
{
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    const int rc = fsync(fd) == 0 ? 0 : -errno;
    close(fd); /* nothing was written through it */
    return rc;
}

static void clear_flat(const char *path)
{
    DIR *dir = opendir(path);
    if (dir == NULL)
        return;
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            (void)unlinkat(dirfd(dir), entry->d_name, 0); /* what stays makes rmdir fail, and that is all right */
    closedir(dir);
}

void dir_clear(const char *path)
{
    DIR *dir = opendir(path);
    if (dir == NULL)
        return;
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            unlinkat(dirfd(dir), entry->d_name, 0) != 0) {
            char *folder = text_format("%s/%s", path, entry->d_name);
            dir_remove_tree(folder);
            free(folder);
        }
    closedir(dir);
}

void dir_remove_flat(const char *path)
{
    clear_flat(path);
    (void)rmdir(path);
}

int dir_try_space(const char *path)
{
    char *name = text_format("%s/space", path);
    const int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int rc = fd < 0 ? -errno : -EINTR;
    while (fd >= 0 && rc == -EINTR)
        rc = -posix_fallocate(fd, 0, DIR_SPARE);
    if (fd >= 0) {
        close(fd); /* nothing was written */
        (void)unlink(name);
    }
    free(name);
    return rc;
}

/* Semaphores that a spawned pool of the Python host has made under the folder's name, and could not remove itself. */
static void remove_semaphores(const char *name)
{
    const size_t length = strlen(name);
    DIR *dir = opendir("/dev/shm");
    if (dir == NULL)
        return;
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
        if (strncmp(entry->d_name, "sem.", 4) == 0 && strncmp(entry->d_name + 4, name, length) == 0)
            (void)unlinkat(dirfd(dir), entry->d_name, 0);
    closedir(dir);
}

static int remove_entry(const char *path, const struct stat *st, int flag, struct FTW *at)
{
    (void)st, (void)flag, (void)at;
    (void)remove(path);
    return 0;
}

void dir_remove_tree(const char *path)
{
    enum { FOLDERS_OPEN = 16 };
    (void)nftw(path, remove_entry, FOLDERS_OPEN, FTW_DEPTH | FTW_PHYS);
}

void dir_remove_scratch(const char *path)
{
    dir_remove_tree(path);
    remove_semaphores(strrchr(path, '/') + 1);
}

/* Nobody holds its lock, and it is older than a folder can be that is about to be locked. */
void dir_sweep(const char *parent)
{
    static const size_t length = sizeof SCRATCH_PREFIX "XXXXXX" - 1;
    DIR *dir = opendir(parent);
    if (dir == NULL)
        return;
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        struct stat st;
        if (strncmp(entry->d_name, SCRATCH_PREFIX, strlen(SCRATCH_PREFIX)) != 0 || strlen(entry->d_name) < length ||
            strchr(".", entry->d_name[length]) == NULL)
            continue;
        const int fd = openat(dirfd(dir), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd >= 0 && fstat(fd, &st) == 0 && st.st_uid == geteuid() && time(NULL) - st.st_mtime > SWEEP_AGE_S &&
            flock(fd, LOCK_EX | LOCK_NB) == 0) {
            char *path = text_format("%s/%s", parent, entry->d_name);
            dir_remove_scratch(path);
            free(path);
        }
        if (fd >= 0)
            close(fd);
    }
    closedir(dir);
}

void dir_lock(const char *path)
{
    const int lock = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock >= 0)
        (void)flock(lock, LOCK_EX | LOCK_NB); /* nobody else knows the name */
}

/* 0 or a negative errno: there can be no folder, or it has no space. What else may be wrong shows when it is used. */
static int make_in(const char *parent, char **path)
{
    dir_sweep(parent);
    char *name = text_format("%s/" SCRATCH_PREFIX "XXXXXX", parent);
    int rc = mkdtemp(name) == NULL ? -errno : 0;
    if (rc == 0)
        dir_lock(name);
    const int space = rc == 0 ? dir_try_space(name) : 0;
    if (space == -ENOSPC || space == -EDQUOT) {
        dir_remove_flat(name);
        rc = space;
    }
    if (rc == 0)
        *path = name;
    else
        free(name);
    return rc;
}

int dir_make_scratch(char **path)
{
    struct statvfs vfs;
    const char *temp = getenv("TMPDIR");
    if (statvfs("/dev/shm", &vfs) == 0 && (unsigned long long)vfs.f_bavail * vfs.f_frsize >= SCRATCH_SIZE &&
        make_in("/dev/shm", path) == 0)
        return 0;
    if (temp != NULL && *temp == '/' && make_in(temp, path) == 0)
        return 0;
    return make_in("/tmp", path);
}
