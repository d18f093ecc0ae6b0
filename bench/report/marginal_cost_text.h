/* SPDX-License-Identifier: MIT */
/* How cobench writes a price: the same in every table and sentence. */
#ifndef BENCH_REPORT_MARGINAL_COST_TEXT_H
#define BENCH_REPORT_MARGINAL_COST_TEXT_H

#include "bench/report/format.h"
#include "bench/stats/signed_rank.h"

struct price_text {
    char text[4 * FORMAT_ROOM]; /* three values and a word */
};

typedef const char *price_unit(struct format *f, double value); /* format_bytes or format_time */

/* Whether the interval, or without one the slope, shows that one more costs anything. */
bool price_shown(const struct stats_interval *price);
/* "12.3 kB ±4%", with the wider half of the interval; "none shown", "-" where it is not known. */
const char *price_text(struct price_text *out, const struct stats_interval *price, price_unit *unit);

#endif
