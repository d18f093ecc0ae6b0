/* SPDX-License-Identifier: MIT */
/*
 * The square of a group: a tile for each runtime and model with its ratio, coloured by how far it is from 1. The panel
 * "own" is what the model buys (over the runtime's own sync), "base" what language and model buy together.
 *
 * The data: for each panel P a block "P" (x, y, log2 of the ratio or NaN, the ratio or why there is none); "models"
 * (x, name) and "runtimes" (y, name).
 */
#include <math.h>

#include "bench/report/format.h"
#include "bench/report/plot/picture.h"
#include "bench/util/text.h"

#define LEAST_REACH  0.5 /* in powers of 2: noise must not look like a difference */
#define NAME_COLUMNS 7   /* of a runtime, for which the script has space by itself; each takes */
#define NAME_PIXELS  12

/* What has a column and a row of its own, in their order. */
struct square {
    struct string_list models, runtimes;
};

static void put_panel(struct picture *p, const struct summary *summary, const struct square *s, enum ratio_base base)
{
    const char *name = base == RATIO_OWN_SYNC ? "own" : "base";
    const enum ratio_time time = picture_time(summary, p->group, base);
    double reach = LEAST_REACH;
    picture_block(p, "%s", name);
    for (const struct summary_cell *c = NULL; (c = picture_next(summary, p->group, c)) != NULL;) {
        const struct ratio *r = &c->speedup[time][base];
        const double x = (double)picture_place(&s->models, c->cell->model);
        const double y = (double)(s->runtimes.count - 1 - picture_place(&s->runtimes, c->cell->runtime));
        struct format f, label;
        snprintf(label.text, sizeof label.text, "%s%s", r->unresolved ? "≈" : "", format_ratio(&f, r->ratio));
        picture_row(p, NULL, ratio_known(r) ? label.text : picture_why(c, r), x, y, log2(r->ratio));
        reach = fmax(reach, fabs(log2(r->ratio))); /* fmax leaves a NaN out */
    }
    picture_set(p, "%s_reach=%.6g; %s_work=%d", name, reach, name, time == RATIO_WORK);
}

void picture_square(struct pictures *out, const struct plan_group *group)
{
    const struct summary *summary = out->source->summary;
    if (!picture_compares(summary, group, RATIO_OWN_SYNC) && !picture_compares(summary, group, RATIO_PY_SYNC))
        return;
    struct square s = {picture_names(summary, group, true), picture_names(summary, group, false)};
    struct picture *p = picture_add(out, "square", group, NULL);
    put_panel(p, summary, &s, RATIO_OWN_SYNC);
    put_panel(p, summary, &s, RATIO_PY_SYNC);
    picture_block(p, "models");
    for (size_t i = 0; i < s.models.count; i++)
        picture_row(p, s.models.items[i], NULL, (double)i);
    picture_block(p, "runtimes");
    for (size_t i = 0; i < s.runtimes.count; i++)
        picture_row(p, s.runtimes.items[i], NULL, (double)(s.runtimes.count - 1 - i));
    int longest = 0;
    for (size_t i = 0; i < s.runtimes.count; i++)
        longest = format_columns(s.runtimes.items[i]) > longest ? format_columns(s.runtimes.items[i]) : longest;
    if (longest > NAME_COLUMNS)
        picture_set(p, "LEFT=%d", longest * NAME_PIXELS);
    picture_say(&p->alt, "%s: a tile for each of %zu runtimes and %zu models; %s", group->name, s.runtimes.count,
                s.models.count, picture_extremes(summary, group).text);
    string_list_free(&s.runtimes);
    string_list_free(&s.models);
}
