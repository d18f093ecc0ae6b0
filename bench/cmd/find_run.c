/* SPDX-License-Identifier: MIT */
/* A run's folder from its path or its name. */
#include "bench/cmd/find_run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/util/files.h"
#include "bench/util/text.h"

int run_find(const struct paths *places, const char *name, char **path, struct error *err)
{
    char *found = dir_exists(name) ? text_format("%s", name) : text_format("%s/results/%s", places->root, name);
    if (found == NULL)
        return error_set(err, -ENOMEM, "no memory");
    if (!dir_exists(found)) {
        error_set(err, -ENOENT, "there is no such run, nor is there %s", found);
        free(found);
        return -ENOENT;
    }
    *path = found;
    return 0;
}
