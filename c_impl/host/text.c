/* SPDX-License-Identifier: MIT */
/* Any bytes as a JSON string: paths and words need not be UTF-8, JSON has to be. */
#include "host/text.h"

#include <stdlib.h>
#include <string.h>

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

/* The length of the UTF-8 sequence at `s`, 0 if it is none (RFC 3629: no overlong forms, no surrogates). */
static size_t sequence_length(const unsigned char *s)
{
    const size_t length = s[0] < 0x80                   ? 1
                          : s[0] >= 0xc2 && s[0] < 0xe0 ? 2
                          : (s[0] & 0xf0) == 0xe0       ? 3
                          : s[0] >= 0xf0 && s[0] < 0xf5 ? 4
                                                        : 0;
    for (size_t i = 1; i < length; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
        (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return length;
}

json_t *text_json(const char *text)
{
    if (!text)
        return json_null();
    json_t *plain = json_string(text);
    if (plain)
        return plain;
    char *clean = malloc(strlen(text) * strlen(replacement) + 1), *to = clean;
    if (!clean)
        return NULL;
    while (*text) {
        const size_t length = sequence_length((const unsigned char *)text);
        memcpy(to, length ? text : replacement, length ? length : strlen(replacement));
        to += length ? length : strlen(replacement);
        text += length ? length : 1;
    }
    *to = '\0';
    json_t *json = json_string(clean);
    free(clean);
    return json;
}
