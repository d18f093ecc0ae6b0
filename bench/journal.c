/* SPDX-License-Identifier: MIT */
/* samples.jsonl: append, fsync. */
#include "bench/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/files.h"
#include "bench/text.h"

int journal_create(const char *path, struct journal *out, struct error *err)
{
    *out = (struct journal){.fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666)};
    if (out->fd < 0 || text_set(&out->path, path) != 0) {
        const int code = out->fd < 0 ? -errno : -ENOMEM;
        journal_close(out);
        return error_set(err, code, "%s: %s", path, strerror(-code));
    }
    return 0;
}

int journal_append(struct journal *journal, const json_t *line, struct error *err)
{
    char *text = json_dumps(line, JSON_COMPACT);
    if (text == NULL)
        return error_set(err, -ENOMEM, "out of memory");
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
