/* SPDX-License-Identifier: MIT */
/* Fitted laws in words. */
#include "bench/report/scaling_text.h"

#include <math.h>

#include "bench/report/format.h"

static const char *term_text(struct format *f, const struct fit_term *term)
{
    snprintf(f->text, sizeof f->text, "%.3g [%.3g,%.3g]", term->value, term->low, term->high);
    return f->text;
}

const char *scaling_law_text(struct scaling_law_text *out, const struct fit *fit)
{
    struct format a, b, c;
    const size_t room = sizeof out->text;
    if (!fit->accepted)
        snprintf(out->text, room, "not fitted: %s", fit->reason);
    else if (fit->law == FIT_AMDAHL)
        snprintf(out->text, room, "serial part %s; %.1f%% off", term_text(&a, &fit->contention), 100 * fit->rms);
    else if (isfinite(fit->peak_workers))
        snprintf(out->text, room, "contention %s, coherency %s, peak %s at %.0f workers; %.1f%% off",
                 term_text(&a, &fit->contention), term_text(&b, &fit->coherency), format_ratio(&c, fit->peak_gain),
                 fit->peak_workers, 100 * fit->rms);
    else
        snprintf(out->text, room, "contention %s, coherency %s, no peak; %.1f%% off", term_text(&a, &fit->contention),
                 term_text(&b, &fit->coherency), 100 * fit->rms);
    return out->text;
}
