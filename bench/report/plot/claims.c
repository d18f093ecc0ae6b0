/* SPDX-License-Identifier: MIT */
/*
 * What others published beside what was measured here, a row a claim.
 *
 * The data: "claims" (y; low and high of what is claimed; low where that cannot be; low scaled to the CPUs here; ratio, low
 * and high as measured; the limit here; text; verdict), NaN where there is none.
 */
#include <math.h>

#include "bench/report/format.h"
#include "bench/report/plot/picture.h"

#define OR_MORE      1.5 /* how far the bar of "or more" reaches */
#define AXIS_SPACE   1.3
#define NAME_COLUMNS 62

static void put_claim(struct picture *p, const struct claim *c, double y, struct picture_axis *axis)
{
    const bool can = c->verdict != CLAIM_CANNOT;
    const double row[] = {y,
                          can ? c->low : NAN,
                          isfinite(c->high) ? c->high : c->low * OR_MORE,
                          can ? NAN : c->low,
                          can && c->scaled ? c->scaled_low : NAN,
                          c->measured.ratio,
                          picture_low(&c->measured),
                          picture_high(&c->measured),
                          c->limit.gain};
    char name[200];
    snprintf(name, sizeof name, "%.*s%s", NAME_COLUMNS, c->says, format_columns(c->says) > NAME_COLUMNS ? "…" : "");
    picture_row_of(p, name, claim_verdict_name(c->verdict), row, sizeof row / sizeof *row);
    for (size_t i = 1; i < sizeof row / sizeof *row; i++)
        picture_stretch(axis, row[i]);
}

void picture_claims(struct pictures *out, const struct plan_group *group)
{
    const struct claims *claims = out->source->claims;
    struct picture_axis axis = {1, 1};
    size_t counts[CLAIM_UNMEASURED + 1] = {0};
    if (claims == NULL || claims->count == 0)
        return;
    struct picture *p = picture_add(out, "claims", group, NULL);
    picture_block(p, "claims");
    for (size_t i = 0; i < claims->count; i++) {
        put_claim(p, &claims->items[i], (double)(claims->count - 1 - i), &axis);
        counts[claims->items[i].verdict]++;
    }
    picture_set(p, "low=%.6g; high=%.6g", axis.low / AXIS_SPACE, axis.high * AXIS_SPACE);
    picture_say(&p->title, "Claimed and measured");
    picture_say(&p->subtitle, "%s", claims->about);
    picture_say(
        &p->alt,
        "%zu published claims beside what was measured here: %zu hold, %zu are more here, %zu less, %zu cannot be",
        claims->count, counts[CLAIM_HOLDS], counts[CLAIM_MORE], counts[CLAIM_LESS], counts[CLAIM_CANNOT]);
}
