/* SPDX-License-Identifier: MIT */
/*
 * What others published beside what was measured here, a row a claim.
 *
 * The data: "claimed" (y, low, high), "scaled" (y, low, high) of those that were scaled to the CPUs here, "cannot" (y,
 * ratio) of those that cannot be, "measured" (y, ratio, low, high), "limits" (y, limit), "names" (y, text), each where
 * there is any.
 */
#include "bench/report/plot/pictures.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "bench/analysis/claims.h"
#include "bench/report/format.h"
#include "bench/util/text.h"

enum block { CLAIMED, SCALED, CANNOT, MEASURED, LIMITS, BLOCKS };
static const char *const block_names[BLOCKS] = {"claimed", "scaled", "cannot", "measured", "limits"};
#define OR_MORE      1.5 /* how far the bar of "or more" reaches */
#define NAME_COLUMNS 62

struct board {
    const struct claims *claims;
    size_t counts[BLOCKS];
    double low, high;
};

static bool has(const struct claim *c, enum block block)
{
    switch (block) {
    case CLAIMED:
        return c->verdict != CLAIM_CANNOT;
    case SCALED:
        return c->scaled && c->verdict != CLAIM_CANNOT;
    case CANNOT:
        return c->verdict == CLAIM_CANNOT;
    case MEASURED:
        return ratio_known(&c->measured);
    default:
        return isfinite(c->limit.gain);
    }
}

static double reach_of(double low, double high) { return isfinite(high) ? high : low * OR_MORE; }

static void stretch(struct board *b, double value)
{
    if (!isfinite(value) || value <= 0)
        return;
    b->low = fmin(b->low, value);
    b->high = fmax(b->high, value);
}

static void measure(struct board *b)
{
    b->low = b->high = 1;
    for (size_t i = 0; i < b->claims->count; i++) {
        const struct claim *c = &b->claims->items[i];
        const double all[] = {c->low,          reach_of(c->low, c->high), c->scaled_low, c->measured.ratio,
                              c->measured.low, c->measured.high,          c->limit.gain};
        for (size_t k = 0; k < sizeof all / sizeof *all; k++)
            stretch(b, all[k]);
        for (size_t k = 0; k < BLOCKS; k++)
            b->counts[k] += has(c, (enum block)k);
    }
}

static void put_row(const struct claim *c, enum block block, size_t y, FILE *out)
{
    const bool full = c->measured.state == RATIO_FULL;
    fprintf(out, "%zu ", y);
    switch (block) {
    case CLAIMED:
        fprintf(out, "%.6g %.6g\n", c->low, reach_of(c->low, c->high));
        break;
    case SCALED:
        fprintf(out, "%.6g %.6g\n", c->scaled_low, reach_of(c->scaled_low, c->scaled_high));
        break;
    case CANNOT:
        fprintf(out, "%.6g\n", c->low);
        break;
    case MEASURED:
        fprintf(out, "%.6g %.6g %.6g\n", c->measured.ratio, full ? c->measured.low : c->measured.ratio,
                full ? c->measured.high : c->measured.ratio);
        break;
    default:
        fprintf(out, "%.6g\n", c->limit.gain);
        break;
    }
}

static int print(const void *what, FILE *out)
{
    const struct board *b = what;
    for (size_t k = 0; k < BLOCKS; k++) {
        if (b->counts[k] == 0)
            continue;
        fprintf(out, "\n\n# %s\n", block_names[k]);
        for (size_t i = 0; i < b->claims->count; i++)
            if (has(&b->claims->items[i], (enum block)k))
                put_row(&b->claims->items[i], (enum block)k, b->claims->count - 1 - i, out);
    }
    fputs("\n\n# names\n", out);
    for (size_t i = 0; i < b->claims->count; i++) {
        const struct claim *c = &b->claims->items[i];
        char name[200];
        snprintf(name, sizeof name, "%.*s%s", NAME_COLUMNS, c->says, format_columns(c->says) > NAME_COLUMNS ? "…" : "");
        fprintf(out, "%zu ", b->claims->count - 1 - i);
        picture_put_name(out, name);
        fprintf(out, " \"%s\"\n", claim_verdict_name(c->verdict));
    }
    return 0;
}

static char *settings(const struct board *b)
{
    return text_format("rows=%zu; low=%.6g; high=%.6g; claimed=%zu; scaled=%zu; cannot=%zu; measured=%zu; limits=%zu",
                       b->claims->count, b->low / 1.3, b->high * 1.3, b->counts[CLAIMED], b->counts[SCALED],
                       b->counts[CANNOT], b->counts[MEASURED], b->counts[LIMITS]);
}

static char *alt(const struct claims *claims)
{
    size_t counts[CLAIM_UNMEASURED + 1] = {0};
    for (size_t i = 0; i < claims->count; i++)
        counts[claims->items[i].verdict]++;
    return text_format(
        "%zu published claims beside what was measured here: %zu hold, %zu are more here, %zu less, %zu cannot be",
        claims->count, counts[CLAIM_HOLDS], counts[CLAIM_MORE], counts[CLAIM_LESS], counts[CLAIM_CANNOT]);
}

static int board_add(struct pictures *out, const struct summary *summary, const struct claims *claims)
{
    struct board b = {.claims = claims};
    struct picture *p = pictures_add(out, summary, "claims", NULL);
    if (p == NULL)
        return -ENOMEM;
    measure(&b);
    picture_take(p, &p->title, text_format("Claimed and measured"));
    picture_take(p, &p->subtitle, text_format("%s", claims->about));
    picture_set_data(p, "claims.c", print, &b);
    picture_take(p, &p->settings, settings(&b));
    picture_take(p, &p->alt, alt(claims));
    p->empty = claims->count == 0;
    return p->rc;
}

int picture_claims(struct pictures *out, const struct picture_source *source, struct error *err)
{
    struct claims claims;
    int rc = claims_of_run(source->claims_dir, source->summary, &claims, err);
    if (rc != 0)
        return rc == -ENOENT ? 0 : rc;
    rc = board_add(out, source->summary, &claims);
    claims_free(&claims);
    return rc;
}
