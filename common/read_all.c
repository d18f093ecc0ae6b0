/* SPDX-License-Identifier: MIT */
/* A file read to its end. */
#include "common/read_all.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

int read_all(int fd, size_t max, char **text, size_t *length)
{
    size_t capacity = 0, used = 0;
    char *buffer = NULL;
    int rc = 0;
    for (;;) {
        if (used == capacity) {
            capacity = capacity == 0 ? 4096 : capacity * 2;
            char *bigger = used > max ? NULL : realloc(buffer, capacity + 1);
            if (bigger == NULL) {
                rc = used > max ? -EFBIG : -ENOMEM;
                break;
            }
            buffer = bigger;
        }
        const ssize_t got = read(fd, buffer + used, capacity - used);
        if (got == 0)
            break;
        if (got > 0)
            used += (size_t)got;
        else if (errno != EINTR && (rc = -errno) != 0)
            break;
    }
    if (rc == 0 && used > max)
        rc = -EFBIG;
    if (rc != 0) {
        free(buffer);
        return rc;
    }
    buffer[used] = '\0';
    *text = buffer;
    *length = used;
    return 0;
}
