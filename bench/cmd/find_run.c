/* SPDX-License-Identifier: MIT */
/* A run's folder from its path or its name. */
#include "bench/cmd/find_run.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "bench/util/files.h"
#include "bench/util/text.h"

/* Also where memory is out: then it is none. */
static bool is_run(const char *folder)
{
    char *plan = folder == NULL ? NULL : text_format("%s/plan.json", folder);
    const bool is = plan != NULL && file_exists(plan);
    free(plan);
    return is;
}

int find_run(const struct paths *paths, const char *results, const char *name, char **path, struct error *err)
{
    char *folder = results != NULL ? text_format("%s", results) : text_format("%s/results", paths->root);
    char *named = folder == NULL ? NULL : text_format("%s/%s", folder, name == NULL ? "latest" : name);
    int rc = named == NULL ? error_set(err, -ENOMEM, "out of memory") : 0;
    *path = NULL;
    if (rc == 0 && name != NULL && is_run(name))
        rc = (*path = text_format("%s", name)) == NULL ? error_set(err, -ENOMEM, "out of memory") : 0;
    else if (rc == 0 && is_run(named)) {
        *path = named;
        named = NULL;
    } else if (rc == 0 && name == NULL)
        rc = error_set(err, -ENOENT, "there is no run yet at %s; `cobench run` makes one", named);
    else if (rc == 0)
        rc = error_set(err, -ENOENT, "no run at %s, nor in %s (a folder with plan.json is expected)", name, folder);
    free(named);
    free(folder);
    return rc;
}
