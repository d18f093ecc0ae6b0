/* SPDX-License-Identifier: MIT */
/* The names of disturbances. */
#include "bench/protocol/interference_kind.h"

#include <stdio.h>
#include <string.h>

const char *interference_name(enum interference_kind kind)
{
    static const char *const names[] = {[INTERFERENCE_STEAL] = "steal",
                                        [INTERFERENCE_QUOTA] = "quota",
                                        [INTERFERENCE_HEAT] = "heat",
                                        [INTERFERENCE_LOAD] = "load"};
    return names[kind];
}

const char *interference_text(unsigned kinds, char out[INTERFERENCE_TEXT_SIZE])
{
    size_t used = 0;
    out[0] = '\0';
    for (unsigned k = 0; k < INTERFERENCE_KINDS; k++)
        if (kinds & (1u << k))
            used += (size_t)snprintf(out + used, INTERFERENCE_TEXT_SIZE - used, "%s%s", used > 0 ? " " : "",
                                     interference_name((enum interference_kind)k));
    return out;
}

unsigned interference_parse(const char *text, size_t length)
{
    unsigned kinds = 0;
    for (size_t at = 0, end; at < length; at = end + 1) {
        for (end = at; end < length && text[end] != ' '; end++)
            ;
        for (unsigned k = 0; k < INTERFERENCE_KINDS; k++) {
            const char *name = interference_name((enum interference_kind)k);
            if (strlen(name) == end - at && memcmp(name, text + at, end - at) == 0)
                kinds |= 1u << k;
        }
    }
    return kinds;
}
