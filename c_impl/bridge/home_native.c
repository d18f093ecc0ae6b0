/* SPDX-License-Identifier: MIT */
/* Where the host's parts live when they run inside another program (python3): beside the folder of the extension module
 * itself. Stands in for host/home.c. */
#define _GNU_SOURCE /* dladdr */
#include "host/home.h"

#include "host/error.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int home_path(const char *rest, char **out, struct cobench_error *err)
{
    Dl_info info;
    /* A function's address as an object's: the one way dladdr can be asked, and POSIX has them alike. */
    if (dladdr((void *)(uintptr_t)home_path, &info) == 0 || info.dli_fname == NULL)
        return error_fill(err, -ENOENT, "the extension module cannot be located");
    const char *slash = strrchr(info.dli_fname, '/');
    const size_t folder = slash != NULL ? (size_t)(slash - info.dli_fname) : 1;
    const size_t size = folder + strlen("/../") + strlen(rest) + 1;
    char *path = malloc(size);
    if (path == NULL)
        return error_fill(err, -ENOMEM, "out of memory");
    snprintf(path, size, "%.*s/../%s", (int)folder, slash != NULL ? info.dli_fname : ".", rest);
    *out = path;
    return 0;
}
