/* SPDX-License-Identifier: MIT */
/* Small files of /proc and /sys. */
#include "common/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/read_all.h"

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

char *procfs_read(const char *root, const char *path)
{
    char *text = NULL;
    size_t length;
    const int fd = root_open(root, path);
    if (fd < 0)
        return NULL;
    (void)read_all(fd, PROCFS_MAX, &text, &length); /* where it fails the text stays NULL */
    close(fd);                                      /* it was only read */
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
