/* SPDX-License-Identifier: MIT */
/* Bisection over the doubles themselves: it ends at the value, to the last bit, and not near it. */
#include "bench/stats/bisect.h"

#include <stdint.h>
#include <string.h>

/* Doubles as integers of the same order, and back. */
static int64_t key_of_double(double value)
{
    int64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits >= 0 ? bits : INT64_MIN - bits;
}

static double double_of_key(int64_t key)
{
    const int64_t bits = key >= 0 ? key : INT64_MIN - key;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

double stats_bisect(stats_count_at_most *count, const void *values, double k, double low, double high)
{
    int64_t from = key_of_double(low), to = key_of_double(high);
    while (from < to) {
        const int64_t middle = (from & to) + ((from ^ to) >> 1); /* floor of the mean, without overflow */
        if (count(values, double_of_key(middle)) >= k)
            to = middle;
        else
            from = middle + 1;
    }
    return double_of_key(from);
}
