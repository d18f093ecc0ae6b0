/* SPDX-License-Identifier: MIT */
/* Prices in words. */
#include "bench/report/marginal_cost_text.h"

#include <math.h>

bool price_shown(const struct stats_interval *price)
{
    if (isfinite(price->low))
        return price->low > 0 || price->high < 0;
    return price->estimate > 0;
}

const char *price_text(struct price_text *out, const struct stats_interval *price, price_unit *unit)
{
    const size_t room = sizeof out->text;
    const double half = 100 * fmax(price->high - price->estimate, price->estimate - price->low) / fabs(price->estimate);
    struct format f;
    if (isnan(price->estimate))
        snprintf(out->text, room, "-");
    else if (!price_shown(price))
        snprintf(out->text, room, "none shown");
    else if (isnan(half))
        snprintf(out->text, room, "%s", unit(&f, price->estimate));
    else if (half < 1)
        snprintf(out->text, room, "%s ±<1%%", unit(&f, price->estimate));
    else if (half > 99)
        snprintf(out->text, room, "%s ±>99%%", unit(&f, price->estimate));
    else
        snprintf(out->text, room, "%s ±%.0f%%", unit(&f, price->estimate), half);
    return out->text;
}
