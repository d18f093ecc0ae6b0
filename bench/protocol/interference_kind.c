/* SPDX-License-Identifier: MIT */
/* The names of disturbances. */
#include "bench/protocol/interference_kind.h"

#include <stdio.h>
#include <string.h>

const char *interference_name(enum interference_kind kind)
{
    static const char *const names[INTERFERENCE_KINDS] = {"steal", "quota", "heat", "load"};
    return names[kind];
}

const char *interference_text(unsigned kinds, char out[INTERFERENCE_TEXT_SIZE])
{
    char *end = out;
    out[0] = '\0';
    for (unsigned k = 0; k < INTERFERENCE_KINDS; k++)
        if (kinds & (1u << k))
            end += sprintf(end, "%s%s", end > out ? " " : "", interference_name((enum interference_kind)k));
    return out;
}

unsigned interference_parse(const char *text, size_t length)
{
    char copy[INTERFERENCE_TEXT_SIZE], *rest = NULL;
    unsigned kinds = 0;
    snprintf(copy, sizeof copy, "%.*s", (int)(length < sizeof copy ? length : sizeof copy - 1), text);
    for (const char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
        for (unsigned k = 0; k < INTERFERENCE_KINDS; k++)
            if (strcmp(word, interference_name((enum interference_kind)k)) == 0)
                kinds |= 1u << k;
    return kinds;
}
