/* SPDX-License-Identifier: MIT */
/* Parts of the host that stand beside it as shared objects, because of a library that few runs need: the transports, and
 * what is in c_impl/plugins. Each exports one constant whose first member is its version, a uint32_t. */
#ifndef HOST_PLUGIN_H
#define HOST_PLUGIN_H

#include <stdint.h>

#include "cobench/task.h"

struct plugin {
    const char *file; /* beside the host: "transport/curl.so" */
    const char *symbol;
    uint32_t version;
    const char *without; /* what does not go without it, for the message */
};

/* *out: the constant. *handle: for plugin_unload, which takes NULL too. 0, or -ELIBACC with the reason in err: it is not here,
 * or what it needs is not. */
int plugin_load(const struct plugin *plugin, const void **out, void **handle, struct cobench_error *err);
void plugin_unload(void *handle);

#endif
