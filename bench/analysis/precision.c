/* SPDX-License-Identifier: MIT */
/* The widest interval of a group. */
#include "bench/analysis/precision.h"

#include <math.h>

#include "bench/plan/stopping.h"

double precision_reached(const struct summary *summary, size_t group)
{
    double widest = NAN;
    for (size_t i = 0; i < summary->cell_count; i++) {
        const struct summary_cell *cell = &summary->cells[i];
        if (cell->cell->group != group)
            continue;
        for (size_t t = 0; t < RATIO_TIMES; t++)
            for (size_t b = 0; b < RATIO_BASES; b++) {
                const struct ratio *ratio = &cell->speedup[t][b];
                if (ratio->state == RATIO_FULL)
                    widest = fmax(widest, stopping_half_width(ratio->low, ratio->high)); /* fmax skips a NaN */
            }
    }
    return widest;
}
