/* SPDX-License-Identifier: MIT */
/* Numbers from text. strtoll and strtod do the work; what they let pass (blanks, a sign alone, hexadecimals, trailing
 * text, the locale's comma) is refused here. */
#define _GNU_SOURCE /* strtod_l, newlocale: the decimal point must not follow the user's locale */
#include "common/num.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int num_parse_i64(const char *text, int64_t min, int64_t max, int64_t *out)
{
    const char *digits = text + (*text == '-' || *text == '+');
    if (*digits == '\0' || digits[strspn(digits, "0123456789")] != '\0')
        return -EINVAL;
    errno = 0;
    const long long value = strtoll(text, NULL, 10);
    if (errno != 0 || value < min || value > max)
        return -ERANGE;
    *out = value;
    return 0;
}

int num_parse_double(const char *text, double min, double max, double *out)
{
    if (*text == '\0' || text[strspn(text, "0123456789.eE+-")] != '\0')
        return -EINVAL;
    const locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (c == (locale_t)0)
        return -errno;
    char *end = NULL;
    const double value = strtod_l(text, &end, c);
    freelocale(c);
    if (end == text || *end != '\0')
        return -EINVAL;
    if (!isfinite(value) || value < min || value > max)
        return -ERANGE;
    *out = value;
    return 0;
}

int num_parse_percent(const char *text, double min, double max, double *out)
{
    char number[64];
    const size_t length = strlen(text);
    if (length < 2 || length > sizeof number || text[length - 1] != '%')
        return -EINVAL;
    memcpy(number, text, length - 1);
    number[length - 1] = '\0';
    double percent = 0;
    const int rc = num_parse_double(number, 100 * min, 100 * max, &percent);
    if (rc == 0)
        *out = percent / 100;
    return rc;
}

int num_parse_duration(const char *text, double min_s, double max_s, double *out)
{
    static const struct {
        char unit;
        double seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}};
    char number[64];
    const size_t length = strlen(text);
    if (length < 2 || length > sizeof number)
        return -EINVAL;
    memcpy(number, text, length - 1);
    number[length - 1] = '\0';
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        double value = 0;
        if (text[length - 1] != units[i].unit)
            continue;
        const int rc = num_parse_double(number, min_s / units[i].seconds, max_s / units[i].seconds, &value);
        if (rc == 0)
            *out = value * units[i].seconds;
        return rc;
    }
    return -EINVAL;
}
