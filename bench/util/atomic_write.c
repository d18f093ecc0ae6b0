/* SPDX-License-Identifier: MIT */
/* Files that appear by rename. Everything is rendered to memory before the first byte goes to the disk, so that a full
 * disk leaves the old file or none. */
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
    const int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    free(path);
    int rc = 0;
    while (fd >= 0 && (rc = flock(fd, LOCK_EX)) != 0 && errno == EINTR)
        ;
    if (fd >= 0 && rc != 0) {
        close(fd);
        return -1;
    }
    return fd;
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
        return -errno;
    struct stat st;
    int rc = fstat(fd, &st) != 0 || fsync(fd) != 0 ? -errno : 0;
    if (rc == 0 && st.st_size == 0)
        rc = -EIO;
    close(fd); /* nothing was written through it */
    return rc;
}

static int give_name(const char *folder, const char *temporary, const char *path)
{
    if (rename(temporary, path) != 0)
        return -errno;
    return dir_sync(folder);
}

int atomic_write_bytes(const char *folder, const char *name, const char *bytes, size_t length, struct error *err)
{
    int rc = -ENOMEM;
    char *path = text_format("%s/%s", folder, name);
    char *temporary = text_format("%s/.%s.new", folder, name);
    if (path != NULL && temporary != NULL) {
        (void)unlink(temporary); /* left by a crash; where it cannot go, file_create says so */
        rc = file_create(temporary, bytes, length);
        if (rc == 0)
            rc = give_name(folder, temporary, path);
        if (rc != 0)
            (void)unlink(temporary);
    }
    if (rc != 0)
        error_set(err, rc, "cannot write %s/%s: %s", folder, name, strerror(-rc));
    free(temporary);
    free(path);
    return rc;
}

int atomic_write_printed(const char *folder, const char *name, atomic_write_print *print, const void *what,
                         struct error *err)
{
    char *bytes = NULL;
    size_t length = 0;
    FILE *memory = open_memstream(&bytes, &length);
    if (memory == NULL)
        return error_set(err, -errno, "cannot make %s: %s", name, strerror(errno));
    int rc = print(what, memory);
    const int failed = ferror(memory);
    if ((fclose(memory) != 0 || failed) && rc == 0)
        rc = -ENOMEM;
    if (rc != 0)
        error_set(err, rc, "cannot make %s: %s", name, strerror(-rc));
    else
        rc = atomic_write_bytes(folder, name, bytes, length, err);
    free(bytes);
    return rc;
}

int atomic_write_file(const char *folder, const char *from, const char *name, struct error *err)
{
    int rc = -ENOMEM;
    char *path = text_format("%s/%s", folder, name);
    char *temporary = text_format("%s/%s", folder, from);
    if (path != NULL && temporary != NULL) {
        rc = file_sync(temporary);
        if (rc == -ENOENT)
            rc = -EIO; /* not written at all */
        if (rc == 0)
            rc = give_name(folder, temporary, path);
    }
    if (rc != 0)
        error_set(err, rc, "cannot make %s/%s: %s", folder, name, rc == -EIO ? "it came out empty" : strerror(-rc));
    free(temporary);
    free(path);
    return rc;
}
