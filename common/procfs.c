/* SPDX-License-Identifier: MIT */
/* Small files of /proc and /sys. Their sizes are not known beforehand: stat says 0 or 4096 of most. */
#include "common/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int root_open(const char *root, const char *path)
{
    const size_t length = strlen(root) + strlen(path) + 1;
    char *whole = malloc(length);
    if (whole == NULL)
        return -1;
    stpcpy(stpcpy(whole, root), path);
    int fd;
    do
        fd = open(whole, O_RDONLY | O_CLOEXEC);
    while (fd < 0 && errno == EINTR);
    free(whole);
    return fd;
}

/* Makes it twice as large; false: too long, or no memory. */
static bool grow(char **text, size_t *capacity)
{
    char *bigger = *capacity >= PROCFS_MAX ? NULL : realloc(*text, *capacity * 2 + 1);
    if (bigger == NULL)
        return false;
    *text = bigger;
    *capacity *= 2;
    return true;
}

char *procfs_read(const char *root, const char *path)
{
    size_t capacity = 4096, used = 0;
    const int fd = root_open(root, path);
    char *text = fd < 0 ? NULL : malloc(capacity + 1);
    bool good = text != NULL;
    while (good) {
        if (used == capacity && !grow(&text, &capacity)) {
            good = false;
            break;
        }
        const ssize_t got = read(fd, text + used, capacity - used);
        if (got == 0)
            break;
        if (got > 0)
            used += (size_t)got;
        else
            good = errno == EINTR;
    }
    if (fd >= 0)
        close(fd); /* it was only read */
    if (!good) {
        free(text);
        return NULL;
    }
    text[used] = '\0';
    return text;
}

char *procfs_line(const char *root, const char *path)
{
    char *text = procfs_read(root, path);
    if (text == NULL)
        return NULL;
    text[strcspn(text, "\n")] = '\0';
    if (*text != '\0')
        return text;
    free(text);
    return NULL;
}
