/* SPDX-License-Identifier: MIT */
/* Loading the transport. Only where a task asks for what it waits for: libcurl's set-up costs more than many a run. */
#include "host/transport.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>

#include "host/error.h"
#include "host/home.h"

int transport_load(enum cobench_ask ask, const struct transport **out, void **handle, struct cobench_error *err)
{
    char *path = NULL;
    int rc = home_path(ask == COBENCH_ASK_URL ? "transport/curl.so" : "transport/command.so", &path, err);
    void *library = NULL;

    if (rc)
        return rc;
    /* Lazily: libcurl brings thirty libraries of which a run calls little, and binding it all costs most of a ms. */
    library = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
    if (!library) {
        rc = error_fill(err, -ELIBACC, "%s cannot be asked for here, the transport does not load: %s",
                        ask == COBENCH_ASK_URL ? "URLs" : "commands", dlerror());
        goto out;
    }
    const struct transport *transport = dlsym(library, TRANSPORT_SYMBOL);
    if (!transport || transport->version != TRANSPORT_VERSION) {
        rc = error_fill(err, -ELIBACC, "'%s' is no transport of version %u", path, TRANSPORT_VERSION);
        goto out;
    }
    *out = transport;
    *handle = library;
    library = NULL;
out:
    transport_unload(library);
    free(path);
    return rc;
}

void transport_unload(void *handle)
{
    if (handle)
        dlclose(handle);
}
