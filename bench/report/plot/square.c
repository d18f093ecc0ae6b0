/* SPDX-License-Identifier: MIT */
/*
 * The square of a group: a tile for each runtime and model with its ratio, coloured by how far it is from 1. The panel
 * "own" is what the model buys (over the runtime's own sync), "base" what language and model buy together.
 *
 * The data: "P_tiles" (x, y, log2 of the ratio, label), "P_gaps" (x, y, why there is none) for each panel P, and "models"
 * (x, name), "runtimes" (y, name).
 */
#include <errno.h>
#include <math.h>

#include "bench/report/format.h"
#include "bench/report/plot/rows.h"
#include "bench/util/text.h"

#define LEAST_REACH 0.5 /* in powers of 2: noise must not look like a difference */

static const char *const panel_names[RATIO_BASES] = {[RATIO_OWN_SYNC] = "own", [RATIO_PY_SYNC] = "base"};

/* What has a column and a row of its own, in their order. */
struct square {
    struct string_list models, runtimes;
};

static void put_tiles(struct picture *p, const struct summary *summary, const struct square *s, enum ratio_base base,
                      bool known)
{
    const enum ratio_time time = picture_time(summary, p->group, base);
    double reach = LEAST_REACH;
    picture_block(p, "%s_%s", panel_names[base], known ? "tiles" : "gaps");
    for (const struct summary_cell *c = NULL; (c = picture_next(summary, p->group, c)) != NULL;) {
        const struct ratio *r = &c->speedup[time][base];
        const double x = (double)picture_place(&s->models, c->cell->model);
        const double y = (double)(s->runtimes.count - 1 - picture_place(&s->runtimes, c->cell->runtime));
        struct format f, label;
        if (ratio_known(r) != known)
            continue;
        if (!known) {
            picture_row(p, NULL, picture_why(c, r), x, y);
            continue;
        }
        snprintf(label.text, sizeof label.text, "%s%s", r->unresolved ? "≈" : "", format_ratio(&f, r->ratio));
        picture_row(p, NULL, label.text, x, y, log2(r->ratio));
        reach = fmax(reach, fabs(log2(r->ratio)));
    }
    if (known)
        picture_set(p, "%s_reach=%.6g; %s_work=%d", panel_names[base], reach, panel_names[base], time == RATIO_WORK);
}

static void put_square(struct picture *p, const struct summary *summary, const struct square *s)
{
    for (size_t panel = 0; panel < 2 * RATIO_BASES; panel++)
        put_tiles(p, summary, s, (enum ratio_base)(panel / 2), panel % 2 == 0);
    picture_block(p, "models");
    for (size_t i = 0; i < s->models.count; i++)
        picture_row(p, s->models.items[i], NULL, (double)i);
    picture_block(p, "runtimes");
    for (size_t i = 0; i < s->runtimes.count; i++)
        picture_row(p, s->runtimes.items[i], NULL, (double)(s->runtimes.count - 1 - i));
    picture_set(p, "longest=%d", picture_longest(&s->models));
    picture_say(p, &p->alt, "%s: a tile for each of %zu runtimes and %zu models; %s", p->group->name, s->runtimes.count,
                s->models.count, picture_extremes(summary, p->group).text);
}

void picture_square(struct pictures *out, const struct picture_source *source, const struct plan_group *group)
{
    const struct summary *summary = source->summary;
    struct square s = {.models = {NULL, 0}};
    if (!picture_has_ratio(summary, group))
        return;
    if (picture_names(&s.models, summary, group, true) != 0 || picture_names(&s.runtimes, summary, group, false) != 0)
        out->rc = -ENOMEM;
    struct picture *p = out->rc == 0 ? picture_add(out, summary, "square", group, NULL) : NULL;
    if (p != NULL)
        put_square(p, summary, &s);
    string_list_free(&s.runtimes);
    string_list_free(&s.models);
}
