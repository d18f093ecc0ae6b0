/* SPDX-License-Identifier: MIT */
/* A group that is there for its price: what one more costs, of each variant. */
#include "bench/report/findings_parts.h"

#include <math.h>
#include <string.h>

#include "bench/report/format.h"
#include "bench/report/marginal_cost_text.h"

/* "12.3 kB ±4% of memory and 31 µs ±2% of the whole command with c:async" */
static void put_price(FILE *out, const struct price *row)
{
    struct price_text memory, whole;
    if (isnan(row->memory_bytes.estimate) && isnan(row->whole_s.estimate)) {
        fprintf(out, "no price with %s:%s (%s)", row->runtime, row->model, row->note);
        return;
    }
    fprintf(out, "%s of memory and %s of the whole command with %s:%s",
            price_text(&memory, &row->memory_bytes, format_bytes), price_text(&whole, &row->whole_s, format_time),
            row->runtime, row->model);
}

void headline_put_prices(FILE *out, const struct headline_subject *subject)
{
    size_t count = 0;
    fputs("one more costs ", out);
    for (size_t i = 0; i < subject->prices->count; i++) {
        const struct price *row = &subject->prices->rows[i];
        if (strcmp(row->piece, subject->piece) != 0)
            continue;
        if (count++ >= HEADLINE_NAMES_MOST)
            continue;
        fputs(count == 1 ? "" : "; ", out);
        put_price(out, row);
    }
    if (count > HEADLINE_NAMES_MOST)
        fprintf(out, "; %zu more are in the table", count - HEADLINE_NAMES_MOST);
}
