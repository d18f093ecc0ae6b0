/* SPDX-License-Identifier: MIT */
/* Loading the transport, only where a task asks for what it waits for. */
#include "host/transport.h"

#include <errno.h>

#include "host/contract.h"
#include "host/error.h"
#include "host/plugin.h"

/* Who asks for what. */
static const struct row {
    enum cobench_ask ask;
    enum client_choice client;
    const char *file, *without;
} rows[] = {
    {COBENCH_ASK_URL, CLIENT_DEFAULT, "transport/curl.so",
     "URLs cannot be asked for here, the transport does not load"},
    {COBENCH_ASK_URL, CLIENT_HTTP, "transport/http.so",
     "client http cannot be had here (it is built where libhttp-parser-dev is installed)"},
    {COBENCH_ASK_COMMAND, CLIENT_DEFAULT, "transport/command.so",
     "commands cannot be asked for here, the transport does not load"},
    {COBENCH_ASK_SQL, CLIENT_DEFAULT, "transport/sql.so",
     "SQL cannot be asked for here (its transport is built where libpq-dev is installed)"},
    {COBENCH_ASK_SQL, CLIENT_PIPELINE, "transport/sql.so",
     "SQL cannot be asked for here (its transport is built where libpq-dev is installed)"},
    {COBENCH_ASK_CACHE, CLIENT_DEFAULT, "transport/cache.so",
     "a cache cannot be asked here (its transport is built where libhiredis-dev is installed)"},
    {COBENCH_ASK_BLOCK, CLIENT_DEFAULT, "transport/block.so",
     "blocks of files cannot be asked for here, the transport does not load"},
    {COBENCH_ASK_BLOCK, CLIENT_THREADS, "transport/block.so",
     "blocks of files cannot be asked for here, the transport does not load"},
};

int transport_load(enum cobench_ask ask, unsigned client, const struct transport **out, void **handle,
                   struct cobench_error *err)
{
    const void *transport = NULL;
    for (const struct row *row = rows; row < rows + sizeof rows / sizeof *rows; row++) {
        if (row->ask != ask || row->client != client)
            continue;
        const struct plugin plugin = {row->file, TRANSPORT_SYMBOL, TRANSPORT_VERSION, row->without};
        const int rc = plugin_load(&plugin, &transport, handle, err);
        if (rc == 0)
            *out = transport;
        return rc;
    }
    return error_fill(err, -EINVAL, "--client: no such one asks for what the task does (%s)", contract_ask_name(ask));
}
