/* SPDX-License-Identifier: MIT */
/* Where this host lives, from /proc/self/exe: argv[0] would follow neither PATH nor links. */
#include "host/home.h"

#include "host/error.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int home_path(const char *rest, char **out, struct cobench_error *err)
{
    char exe[PATH_MAX];
    const ssize_t length = readlink("/proc/self/exe", exe, sizeof exe - 1);
    if (length < 0) {
        const int rc = -errno;
        return error_fill(err, rc, "/proc/self/exe cannot be read: %s", strerror(-rc));
    }
    exe[length] = '\0';
    char *slash = strrchr(exe, '/');
    if (!slash)
        return error_fill(err, -ENOENT, "the host's own executable has no folder: '%s'", exe);
    *slash = '\0';
    const size_t size = strlen(exe) + strlen(rest) + 2;
    char *path = malloc(size);
    if (!path)
        return error_fill(err, -ENOMEM, "out of memory");
    snprintf(path, size, "%s/%s", exe, rest);
    *out = path;
    return 0;
}
