/* SPDX-License-Identifier: MIT */
/* Loading a part of the host on demand: the set-up of libcurl alone costs more than many a run. */
#include "host/plugin.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>

#include "host/error.h"
#include "host/home.h"

int plugin_load(const struct plugin *plugin, const void **out, void **handle, struct cobench_error *err)
{
    char *path = NULL;
    int rc = home_path(plugin->file, &path, err);
    void *library = NULL;

    if (rc)
        return rc;
    /* Lazily: libcurl brings thirty libraries of which a run calls little, and binding it all costs most of a ms. */
    library = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
    if (!library) {
        rc = error_fill(err, -ELIBACC, "%s: %s", plugin->without, dlerror());
        goto out;
    }
    const void *found = dlsym(library, plugin->symbol);
    if (!found || *(const uint32_t *)found != plugin->version) {
        rc = error_fill(err, -ELIBACC, "'%s' has no %s of version %u", path, plugin->symbol, plugin->version);
        goto out;
    }
    *out = found;
    *handle = library;
    library = NULL;
out:
    plugin_unload(library);
    free(path);
    return rc;
}

void plugin_unload(void *handle)
{
    if (handle)
        dlclose(handle);
}
