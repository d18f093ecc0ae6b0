/* SPDX-License-Identifier: MIT */
/* The names of disturbances. */
#include "bench/machine/disturbance.h"

#include <stdio.h>
#include <string.h>

const char *disturbance_name(enum disturbance kind)
{
    static const char *const names[] = {[DISTURBED_STEAL] = "steal",
                                        [DISTURBED_QUOTA] = "quota",
                                        [DISTURBED_HEAT] = "heat",
                                        [DISTURBED_LOAD] = "load",
                                        [DISTURBED_STOP] = "stop"};
    return names[kind];
}

const char *disturbance_text(unsigned kinds, char out[DISTURBANCE_ROOM])
{
    size_t used = 0;
    out[0] = '\0';
    for (unsigned k = 0; k < DISTURBANCES; k++)
        if (kinds & (1u << k))
            used += (size_t)snprintf(out + used, DISTURBANCE_ROOM - used, "%s%s", used > 0 ? " " : "",
                                     disturbance_name((enum disturbance)k));
    return out;
}

unsigned disturbance_parse(const char *text, size_t length)
{
    unsigned kinds = 0;
    for (size_t at = 0, end; at < length; at = end + 1) {
        for (end = at; end < length && text[end] != ' '; end++)
            ;
        for (unsigned k = 0; k < DISTURBANCES; k++) {
            const char *name = disturbance_name((enum disturbance)k);
            if (strlen(name) == end - at && memcmp(name, text + at, end - at) == 0)
                kinds |= 1u << k;
        }
    }
    return kinds;
}
