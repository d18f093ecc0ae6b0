/* SPDX-License-Identifier: MIT */
/* Loading the transport, only where a task asks for what it waits for. */
#include "host/transport.h"

#include "host/plugin.h"

int transport_load(enum cobench_ask ask, const struct transport **out, void **handle, struct cobench_error *err)
{
    const void *transport = NULL;
    struct plugin plugin = {"transport/curl.so", TRANSPORT_SYMBOL, TRANSPORT_VERSION,
                            "URLs cannot be asked for here, the transport does not load"};
    if (ask == COBENCH_ASK_COMMAND) {
        plugin.file = "transport/command.so";
        plugin.without = "commands cannot be asked for here, the transport does not load";
    }
    const int rc = plugin_load(&plugin, &transport, handle, err);
    if (rc == 0)
        *out = transport;
    return rc;
}
