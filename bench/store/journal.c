/* SPDX-License-Identifier: MIT */
/* JSON lines: append, fsync. */
#define _DEFAULT_SOURCE /* flock */
#include "bench/store/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/util/alloc.h"
#include "bench/util/files.h"

/* A lock that is not to be had for another reason (a file system without locks) keeps nobody from measuring. */
static int lock(int fd)
{
    int rc;
    do
        rc = flock(fd, LOCK_EX | LOCK_NB);
    while (rc != 0 && errno == EINTR);
    return rc != 0 && errno == EWOULDBLOCK ? -EBUSY : 0;
}

int journal_open(const char *path, struct journal *out, struct error *err)
{
    struct stat st;
    *out = (struct journal){.fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666)};
    int rc = out->fd < 0 || fstat(out->fd, &st) != 0 ? -errno : lock(out->fd);
    if (rc == 0) {
        out->path = xstrdup(path);
        out->length = st.st_size;
        return 0;
    }
    journal_close(out);
    return error_set(err, rc, "%s: %s", path, rc == -EBUSY ? "another cobench is writing to it" : strerror(-rc));
}

int journal_cut(struct journal *journal, int64_t length, struct error *err)
{
    if (length >= journal->length)
        return 0;
    if (ftruncate(journal->fd, (off_t)length) != 0 || fsync(journal->fd) != 0)
        return error_set(err, -errno, "%s: its last line is cut short and cannot be cut off: %s", journal->path,
                         strerror(errno));
    journal->length = length;
    return 0;
}

int journal_append(struct journal *journal, const json_t *line, struct error *err)
{
    char *text = json_dumps(line, JSON_COMPACT);
    const size_t length = strlen(text);
    text[length] = '\n'; /* in the place of the NUL */
    int rc = file_write_all(journal->fd, text, length + 1);
    free(text);
    if (rc == 0 && fsync(journal->fd) != 0)
        rc = -errno;
    if (rc == 0) {
        journal->length += (int64_t)length + 1;
        return 0;
    }
    if (ftruncate(journal->fd, (off_t)journal->length) != 0)
        return error_set(err, rc, "%s: %s, and its last line is cut short", journal->path, strerror(-rc));
    return error_set(err, rc, "%s: %s; what was written before is whole", journal->path, strerror(-rc));
}

void journal_close(struct journal *journal)
{
    if (journal->fd >= 0)
        close(journal->fd); /* every line was fsynced */
    free(journal->path);
    *journal = (struct journal){.fd = -1};
}
