/* SPDX-License-Identifier: MIT */
/* A run's folder from its path or its name. */
#include "bench/cmd/find_run.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "bench/util/alloc.h"
#include "bench/util/files.h"
#include "bench/util/text.h"

static bool is_run(const char *folder)
{
    char *plan = text_format("%s/plan.json", folder);
    const bool is = file_exists(plan);
    free(plan);
    return is;
}

int find_run(const struct paths *paths, const char *results, const char *name, char **path, struct error *err)
{
    char *folder = results != NULL ? xstrdup(results) : text_format("%s/results", paths->root);
    char *named = text_format("%s/%s", folder, name == NULL ? "latest" : name);
    const bool is_path = name != NULL && is_run(name);
    int rc = 0;
    if (is_path || is_run(named))
        *path = xstrdup(is_path ? name : named);
    else if (name == NULL)
        rc = error_set(err, -ENOENT, "there is no run yet at %s; `cobench run` makes one", named);
    else
        rc = error_set(err, -ENOENT, "no run at %s, nor in %s (a folder with plan.json is expected)", name, folder);
    free(named);
    free(folder);
    return rc;
}
