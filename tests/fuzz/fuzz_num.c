/* SPDX-License-Identifier: MIT */
/* Numbers from text (common/num.c). An integer is accepted exactly where a plain reading digit by digit gives one
 * within the range, and is that one. A fraction is finite, in range, and printed with 17 digits it reads as itself; a
 * percentage is a hundredth of the number before its sign, a duration the number before its unit times that. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/num.h"
#include "support.h"

/* [+-]digits, by hand; false: it is none, or one beyond 64 bits. */
static bool read_plainly(const char *text, int64_t *out)
{
    const bool negative = *text == '-';
    __int128 sum = 0;
    if (*text == '-' || *text == '+')
        text++;
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (!isdigit((unsigned char)*text))
            return false;
        sum = sum * 10 + (*text - '0');
        if (sum > (__int128)INT64_MAX + 1)
            sum = (__int128)INT64_MAX + 2; /* too large already; more digits change nothing */
    }
    sum = negative ? -sum : sum;
    if (sum < INT64_MIN || sum > INT64_MAX)
        return false;
    *out = (int64_t)sum;
    return true;
}

/* Whether it was read; else it is refused in one of two ways. */
static bool is_read(int rc)
{
    FUZZ_MUST(rc == 0 || rc == -EINVAL || rc == -ERANGE);
    return rc == 0;
}

static void check_integer(const char *text)
{
    static const struct {
        int64_t min, max;
    } ranges[] = {{INT64_MIN, INT64_MAX}, {0, 100}, {-5, -1}, {1, 100000000}};
    int64_t plain = 0;
    const bool is_one = read_plainly(text, &plain);
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        int64_t n = 0;
        const bool expected = is_one && plain >= ranges[i].min && plain <= ranges[i].max;
        FUZZ_MUST(is_read(num_parse_i64(text, ranges[i].min, ranges[i].max, &n)) == expected);
        FUZZ_MUST(!expected || n == plain);
    }
}

static void check_fraction(const char *text)
{
    double x = 0, again = 0;
    char printed[64];
    if (!is_read(num_parse_double(text, -1e300, 1e300, &x)))
        return;
    FUZZ_MUST(isfinite(x) && x >= -1e300 && x <= 1e300);
    snprintf(printed, sizeof printed, "%.17g", x);
    FUZZ_MUST(num_parse_double(printed, x, x, &again) == 0);
    FUZZ_MUST(again == x);
}

static void check_percentage(const char *text)
{
    double fraction = 0, percent = 0;
    if (!is_read(num_parse_percent(text, 0.001, 0.5, &fraction)))
        return;
    FUZZ_MUST(fraction >= 0.0009999 && fraction <= 0.5000001);
    char *number = strdup(text);
    FUZZ_MUST(number != NULL && number[strlen(number) - 1] == '%');
    number[strlen(number) - 1] = '\0';
    FUZZ_MUST(num_parse_double(number, 0, 100, &percent) == 0);
    FUZZ_MUST(fabs(percent / 100 - fraction) <= 1e-15);
    free(number);
}

static void check_duration(const char *text)
{
    double seconds = 0, number = 0;
    if (!is_read(num_parse_duration(text, 1, 86400, &seconds)))
        return;
    FUZZ_MUST(seconds >= 1 - 1e-9 && seconds <= 86400 + 1e-9);
    char *digits = strdup(text);
    FUZZ_MUST(digits != NULL);
    const char unit = digits[strlen(digits) - 1];
    digits[strlen(digits) - 1] = '\0';
    FUZZ_MUST(num_parse_double(digits, 0, 86400, &number) == 0);
    FUZZ_MUST(seconds == number * (unit == 'h' ? 3600 : unit == 'm' ? 60 : 1));
    free(digits);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    check_integer(text);
    check_fraction(text);
    check_percentage(text);
    check_duration(text);
    free(text);
    return 0;
}
