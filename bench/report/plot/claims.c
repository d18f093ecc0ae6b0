/* SPDX-License-Identifier: MIT */
/*
 * What others published beside what was measured here, a row a claim.
 *
 * The data: "names" (y, text, verdict) of all; "claimed" (y, low, high); "scaled" (y, low) of those that were scaled to
 * the CPUs here; "cannot" (y, ratio) of those that cannot be; "measured" (y, ratio, low, high); "limits" (y, limit).
 */
#include <math.h>

#include "bench/report/format.h"
#include "bench/report/plot/picture.h"

#define OR_MORE      1.5 /* how far the bar of "or more" reaches */
#define AXIS_SPACE   1.3
#define NAME_COLUMNS 62

enum block { NAMES, CLAIMED, SCALED, CANNOT, MEASURED, LIMITS, BLOCKS };
static const char *const block_names[BLOCKS] = {"names", "claimed", "scaled", "cannot", "measured", "limits"};

static double reach_of(double low, double high) { return isfinite(high) ? high : low * OR_MORE; }

static void put_claim(struct picture *p, enum block block, const struct claim *c, double y)
{
    static const size_t widths[BLOCKS] = {[CLAIMED] = 2, [SCALED] = 1, [CANNOT] = 2, [MEASURED] = 3, [LIMITS] = 1};
    const bool can = c->verdict != CLAIM_CANNOT;
    const double reach = reach_of(c->low, c->high);
    const double rows[BLOCKS][4] = {
        [CLAIMED] = {y, can ? c->low : NAN, reach},
        [SCALED] = {y, can && c->scaled ? c->scaled_low : NAN},
        [CANNOT] = {y, can ? NAN : c->low, reach},
        [MEASURED] = {y, c->measured.ratio, picture_low(&c->measured), picture_high(&c->measured)},
        [LIMITS] = {y, c->limit.gain}};
    char name[200];
    snprintf(name, sizeof name, "%.*s%s", NAME_COLUMNS, c->says, format_columns(c->says) > NAME_COLUMNS ? "…" : "");
    if (block == NAMES)
        picture_row(p, name, claim_verdict_name(c->verdict), y);
    else if (isfinite(rows[block][1]))
        picture_row_of(p, NULL, NULL, rows[block], 1 + widths[block]);
}

void picture_claims(struct pictures *out, const struct plan_group *group)
{
    const struct claims *claims = out->source->claims;
    struct picture_axis axis = {1, 1};
    size_t counts[CLAIM_UNMEASURED + 1] = {0};
    if (claims == NULL || claims->count == 0)
        return;
    struct picture *p = picture_add(out, "claims", group, NULL);
    for (size_t k = 0; k < BLOCKS; k++) {
        picture_block(p, "%s", block_names[k]);
        for (size_t i = 0; i < claims->count; i++)
            put_claim(p, (enum block)k, &claims->items[i], (double)(claims->count - 1 - i));
    }
    for (size_t i = 0; i < claims->count; i++) {
        const struct claim *c = &claims->items[i];
        const double all[] = {c->low,          reach_of(c->low, c->high), c->scaled_low, c->measured.ratio,
                              c->measured.low, c->measured.high,          c->limit.gain};
        for (size_t k = 0; k < sizeof all / sizeof *all; k++)
            picture_stretch(&axis, all[k]);
        counts[c->verdict]++;
    }
    picture_set(p, "low=%.6g; high=%.6g", axis.low / AXIS_SPACE, axis.high * AXIS_SPACE);
    picture_say(&p->title, "Claimed and measured");
    picture_say(&p->subtitle, "%s", claims->about);
    picture_say(
        &p->alt,
        "%zu published claims beside what was measured here: %zu hold, %zu are more here, %zu less, %zu cannot be",
        claims->count, counts[CLAIM_HOLDS], counts[CLAIM_MORE], counts[CLAIM_LESS], counts[CLAIM_CANNOT]);
}
