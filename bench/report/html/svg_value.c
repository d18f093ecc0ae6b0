/* SPDX-License-Identifier: MIT */
/* Values of attributes in fewer bytes. */
#include "bench/report/html/svg_value.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/util/text.h"

/* A number with decimals, without those that are zeros, and in pixels with one at most from 10 on. Returns its length in
 * `text`; *out is moved on. */
static size_t put_number(const char *text, bool pixels, char **out)
{
    const size_t whole = strspn(text, "0123456789");
    const size_t length = text[whole] == '.' ? whole + 1 + strspn(text + whole + 1, "0123456789") : whole;
    char digits[64], rounded[64];
    const char *kept = text;
    size_t count = length;
    if (length > whole && length < sizeof digits) {
        snprintf(digits, sizeof digits, "%.*s", (int)length, text);
        snprintf(rounded, sizeof rounded, "%.1f", strtod(digits, NULL));
        kept = pixels && whole > 1 ? rounded : digits;
        count = strlen(kept);
        while (kept[count - 1] == '0')
            count--;
        count -= kept[count - 1] == '.';
    }
    memcpy(*out, kept, count);
    *out += count;
    return length;
}

char *svg_value_shorten(const char *value, bool pixels)
{
    int red, green, blue;
    if (sscanf(value, "rgb(%d,%d,%d)", &red, &green, &blue) == 3)
        return text_format("#%02x%02x%02x", (unsigned)red & 0xff, (unsigned)green & 0xff, (unsigned)blue & 0xff);
    char *result = malloc(strlen(value) + 1), *out = result;
    if (result == NULL)
        return NULL;
    if (*value == '#') /* a colour, whose digits are no number */
        return strcpy(result, value);
    for (const char *at = value; *at != '\0';)
        if (isspace((unsigned char)*at)) {
            at += strspn(at, " \t\r\n\v\f");
            if (out > result && *at != '\0')
                *out++ = ' ';
        } else if (isdigit((unsigned char)*at)) {
            at += put_number(at, pixels, &out);
        } else {
            *out++ = *at++;
        }
    *out = '\0';
    return result;
}
