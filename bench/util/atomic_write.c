/* SPDX-License-Identifier: MIT */
/* Files that appear by rename. Everything is rendered to memory first, so that a full disk leaves the old file or none. */
#define _DEFAULT_SOURCE /* flock */
#include "bench/util/atomic_write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/util/files.h"
#include "bench/util/text.h"

/* The lock is on the plan, which no one replaces; the journal's is the run's, the folder's that of its maker. */
int atomic_write_lock(const char *folder)
{
    char *path = text_format("%s/plan.json", folder);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    free(path);
    int rc = 0;
    while (fd >= 0 && (rc = flock(fd, LOCK_EX)) != 0 && errno == EINTR)
        ;
    if (rc == 0)
        return fd;
    close(fd);
    return -1;
}

void atomic_write_unlock(int fd)
{
    if (fd >= 0)
        close(fd);
}

static int file_sync(const char *path)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? -EIO : -errno; /* not written at all */
    struct stat st;
    int rc = fstat(fd, &st) != 0 || fsync(fd) != 0 ? -errno : 0;
    if (rc == 0 && st.st_size == 0)
        rc = -EIO;
    close(fd); /* nothing was written through it */
    return rc;
}

static int give_name(const char *folder, const char *temporary, const char *path)
{
    return rename(temporary, path) != 0 ? -errno : dir_sync(folder);
}

int atomic_write_bytes(const char *folder, const char *name, const char *bytes, size_t length, struct error *err)
{
    char *path = text_format("%s/%s", folder, name), *temporary = text_format("%s/.%s.new", folder, name);
    (void)unlink(temporary); /* left by a crash; where it cannot go, file_create says so */
    int rc = file_create(temporary, bytes, length);
    if (rc == 0)
        rc = give_name(folder, temporary, path);
    if (rc != 0) {
        (void)unlink(temporary);
        error_set(err, rc, "cannot write %s/%s: %s", folder, name, strerror(-rc));
    }
    free(temporary);
    free(path);
    return rc;
}

int atomic_write_printed(const char *folder, const char *name, atomic_write_print *print, const void *what,
                         struct error *err)
{
    char *bytes;
    size_t length;
    FILE *memory = text_open(&bytes, &length);
    print(what, memory);
    text_close(memory);
    const int rc = atomic_write_bytes(folder, name, bytes, length, err);
    free(bytes);
    return rc;
}

int atomic_write_file(const char *folder, const char *from, const char *name, struct error *err)
{
    char *path = text_format("%s/%s", folder, name), *temporary = text_format("%s/%s", folder, from);
    int rc = file_sync(temporary);
    if (rc == 0)
        rc = give_name(folder, temporary, path);
    if (rc != 0)
        error_set(err, rc, "cannot make %s/%s: %s", folder, name, rc == -EIO ? "it came out empty" : strerror(-rc));
    free(temporary);
    free(path);
    return rc;
}
