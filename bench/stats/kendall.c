/* SPDX-License-Identifier: MIT */
/* Kendall's distribution, built up value by value. */
#include "bench/stats/kendall.h"

#include <string.h>

/* The m-th value to be put in is out of order with 0 to m - 1 of those before it, all alike. */
void kendall_fill(size_t n, double p[KENDALL_PAIRS_MAX + 1])
{
    double before[KENDALL_PAIRS_MAX + 1];
    memset(p, 0, (KENDALL_PAIRS_MAX + 1) * sizeof *p);
    p[0] = 1;
    for (size_t m = 2; m <= n; m++) {
        double sum = 0;
        memcpy(before, p, sizeof before);
        for (size_t k = 0; k <= m * (m - 1) / 2; k++) {
            sum += before[k] - (k >= m ? before[k - m] : 0);
            p[k] = sum / (double)m;
        }
    }
}

double kendall_cdf(size_t n, size_t k)
{
    double p[KENDALL_PAIRS_MAX + 1], sum = 0;
    kendall_fill(n, p);
    for (size_t i = 0; i <= k && i <= KENDALL_PAIRS_MAX; i++)
        sum += p[i];
    return sum < 1 ? sum : 1;
}
