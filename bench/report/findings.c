/* SPDX-License-Identifier: MIT */
/* Which groups get which sentence, and what the sentences share. */
#include "bench/report/findings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/format.h"
#include "bench/report/findings_parts.h"

/* -- what all sentences share ---------------------------------------------------------------------------------------------- */

void headline_put_names(FILE *out, const struct string_list *names)
{
    for (size_t i = 0; i < names->count && i < HEADLINE_NAMES_MOST; i++)
        fprintf(out, "%s%s", i == 0 ? "" : ", ", names->items[i]);
    if (names->count > HEADLINE_NAMES_MOST)
        fprintf(out, " and %zu more", names->count - HEADLINE_NAMES_MOST);
}

/* What was measured to be possible comes before what would be ideal. That a gain lies above the ideal by chance (sync's
 * waits are a little too long, too) is only believed up to a tenth. */
void headline_put_limit(FILE *out, const struct summary *summary, const struct summary_cell *cell,
                        const struct ratio *gain)
{
    const struct summary_capacity *capacity = summary_capacity_of(summary, cell);
    const bool measured = capacity != NULL && ratio_known(&capacity->ratio);
    const double limit = measured ? capacity->ratio.ratio : cell->group->ideal;
    struct format f;
    if (!measured && limit > 1 && gain->low > limit * (1 + RATIO_UNRESOLVED))
        fprintf(out, ", more than the ideal %s: look for the mistake", format_ratio(&f, limit));
    else if (measured || limit > 1)
        fprintf(out, ", %.0f%% of the %s %s", 100 * gain->ratio / limit, measured ? "measured capacity" : "ideal",
                format_ratio(&f, limit));
}

void headline_put_doubts(FILE *out, const struct summary_cell *cell)
{
    static const struct {
        enum mark mark;
        const char *text;
    } doubts[] = {
        {MARK_CONTROL_FLAGGED, "its control row missed 1, so that this may be noise"},
        {MARK_ABOVE_CAPACITY, "more than this machine can do in parallel: look for the mistake"},
        {MARK_ORIGIN_BOUND, "the origin was the limit, not the model"},
        {MARK_STOPPED, "a process was stopped from outside meanwhile"},
    };
    for (size_t i = 0; i < sizeof doubts / sizeof *doubts; i++)
        if (cell->marks & doubts[i].mark)
            fprintf(out, "; but %s", doubts[i].text);
}

/* -- the whole ------------------------------------------------------------------------------------------------------------- */

enum kind { KIND_GROUP, KIND_OPEN_LOOP, KIND_SWEEP, KIND_PRICE };

static const struct {
    headline_put *text, *best;
    const char *best_title;
} kinds[] = {
    [KIND_GROUP] = {headline_put_group, headline_put_group_best, "The best model of each runtime, over its own sync"},
    [KIND_OPEN_LOOP] = {headline_put_open_loop, headline_put_open_loop_best, "The lowest p99 of each runtime"},
    [KIND_SWEEP] = {headline_put_sweep, headline_put_sweep_best,
                    "The greatest gain of each runtime, over its own sync"},
    [KIND_PRICE] = {headline_put_prices, NULL, ""},
};

/* What `put` prints, to be freed; NULL: no memory. */
static char *printed(headline_put *put, const struct headline_subject *subject)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL)
        return NULL;
    if (put != NULL)
        put(out, subject);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

/* Appends one; `name` and `point` as in struct headline. */
static int headline_add(struct headlines *out, enum kind kind, const char *name, bool point,
                        const struct headline_subject *subject)
{
    struct headline *more = realloc(out->items, (out->count + 1) * sizeof *more);
    if (more == NULL)
        return -ENOMEM;
    out->items = more;
    struct headline *mine = &more[out->count++]; /* from here on headlines_free frees it */
    *mine = (struct headline){.name = name, .point = point, .best_title = kinds[kind].best_title};
    mine->text = printed(kinds[kind].text, subject);
    mine->best = printed(kinds[kind].best, subject);
    return mine->text == NULL || mine->best == NULL ? -ENOMEM : 0;
}

/* The price of the suite's group that this is the first point of. */
static int add_price(struct headlines *out, const struct headline_subject *all, const struct result_group *group)
{
    for (const struct result_group *g = all->summary->results->groups; g < group; g++)
        if (!result_group_compares(g) && strcmp(g->sweep, group->sweep) == 0)
            return 0;
    struct headline_subject subject = *all;
    subject.piece = group->sweep;
    return headline_add(out, KIND_PRICE, group->sweep, false, &subject);
}

/* A group, and before the first point of a sweep the sweep. *last is the table of the group before. */
static int add_group(struct headlines *out, const struct headline_subject *all, const struct result_group *group,
                     const struct scaling_curve **last)
{
    struct headline_subject subject = *all;
    struct contest contest;
    int rc = 0;
    subject.table = scaling_table(all->scaling, group);
    if (subject.table != NULL && subject.table != *last)
        rc = headline_add(out, KIND_SWEEP, group->sweep, false, &subject);
    *last = subject.table;
    if (rc == 0) {
        rc = contest_open(&contest, all->summary, group);
        subject.contest = &contest;
        if (rc == 0)
            rc = headline_add(out, group->rate > 0 ? KIND_OPEN_LOOP : KIND_GROUP, group->name, subject.table != NULL,
                              &subject);
        contest_close(&contest);
    }
    return rc;
}

int headlines_make(struct headlines *out, const struct summary *summary)
{
    struct scaling scaling = {.curves = NULL};
    struct prices prices = {.rows = NULL};
    const struct scaling_curve *last = NULL;
    *out = (struct headlines){.items = NULL};
    int rc = scaling_make(&scaling, summary);
    if (rc == 0)
        rc = prices_make(&prices, summary);
    const struct headline_subject all = {.summary = summary, .scaling = &scaling, .prices = &prices};
    for (size_t g = 0; g < summary->results->group_count && rc == 0; g++) {
        const struct result_group *group = &summary->results->groups[g];
        rc = result_group_compares(group) ? add_group(out, &all, group, &last) : add_price(out, &all, group);
    }
    prices_free(&prices);
    scaling_free(&scaling);
    if (rc != 0)
        headlines_free(out);
    return rc;
}

void headlines_free(struct headlines *headlines)
{
    for (size_t i = 0; i < headlines->count; i++) {
        free(headlines->items[i].text);
        free(headlines->items[i].best);
    }
    free(headlines->items);
    *headlines = (struct headlines){.items = NULL};
}
