/* SPDX-License-Identifier: MIT */
/* How cobench writes a fitted law: the same in every table and sentence. */
#ifndef BENCH_REPORT_SCALING_TEXT_H
#define BENCH_REPORT_SCALING_TEXT_H

#include "bench/stats/usl.h"

struct scaling_law_text {
    char text[320];
};

/* "contention 0.02 [0.01,0.03], coherency 0.001 [0,0.002], peak 8.1x at 31 workers; 1.2% off", or why there is no fit. */
const char *scaling_law_text(struct scaling_law_text *out, const struct fit *fit);

#endif
