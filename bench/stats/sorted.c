/* SPDX-License-Identifier: MIT */
/* Sorted copies: every statistic here begins with one, and all refuse the same values. */
#include "bench/stats/sorted.h"

#include <errno.h>
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int stats_sorted_new(const double *x, size_t n, double **out)
{
    if (n == 0)
        return -EINVAL;
    for (size_t i = 0; i < n; i++)
        if (!isfinite(x[i]))
            return -EDOM;
    double *copy = malloc(n * sizeof *copy);
    if (copy == NULL)
        return -ENOMEM;
    memcpy(copy, x, n * sizeof *copy);
    gsl_sort(copy, 1, n);
    *out = copy;
    return 0;
}

size_t stats_sorted_run(const double *sorted, size_t n, size_t first)
{
    size_t end = first + 1;
    while (end < n && sorted[end] <= sorted[first])
        end++;
    return end;
}
