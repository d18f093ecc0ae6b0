/* SPDX-License-Identifier: MIT */
/* Which groups get which sentence, and what single variants were found to do. */
#include "bench/report/findings.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/findings_parts.h"
#include "bench/report/format.h"

/* -- variants -------------------------------------------------------------------------------------------------------------- */

/* "py:threads", and of off-CPU work " (31%)". */
static int variant_add(struct string_list *names, const struct summary_cell *cell)
{
    if (cell->finding == FINDING_OFF_CPU)
        return string_list_addf(names, "%s:%s (%.0f%%)", cell->cell->runtime, cell->cell->model,
                                100 * cell->off_cpu_share);
    return string_list_addf(names, "%s:%s", cell->cell->runtime, cell->cell->model);
}

static int add_finding(struct string_list *out, const struct summary *summary, const struct plan_group *group,
                       enum finding finding)
{
    static const char *const texts[FINDINGS] = {
        [FINDING_NEVER_OVERLAPS] = "never had two jobs in flight at once, though the workers would have allowed it",
        [FINDING_TAKES_TURNS] =
            "took turns: jobs were in flight together, and yet one at a time went on (a lock, such as "
            "Python's, does that)",
        [FINDING_CONTENDS] = "kept the CPUs busy without a gain: far more CPU time than sync for the same work "
                             "(contention, false sharing, one hot cache line)",
        [FINDING_OFF_CPU] = "was off the CPU for part of the time its jobs were in flight: it slept, was stopped or "
                            "throttled, or waited for a lock or a CPU",
    };
    struct string_list names = {NULL, 0};
    int rc = 0;
    for (size_t i = 0; i < summary->cell_count && rc == 0; i++)
        if (summary->cells[i].group == group && summary->cells[i].finding == finding)
            rc = variant_add(&names, &summary->cells[i]);
    char after[200];
    snprintf(after, sizeof after, " %s", texts[finding]);
    return format_add_names(out, rc, &names, SIZE_MAX, ", ", "", after);
}

int findings_of_variants(struct string_list *out, const struct summary *summary, const struct plan_group *group)
{
    int rc = 0;
    for (enum finding finding = FINDING_NONE + 1; finding < FINDINGS && rc == 0; finding++)
        rc = add_finding(out, summary, group, finding);
    return rc;
}

/* -- the whole ------------------------------------------------------------------------------------------------------------- */

enum kind { KIND_GROUP, KIND_OPEN_LOOP, KIND_SWEEP, KIND_PRICE };

static const struct {
    findings_put *text, *best;
    const char *best_title;
} kinds[] = {
    [KIND_GROUP] = {findings_put_group, findings_put_group_best, "The best model of each runtime, over its own sync"},
    [KIND_OPEN_LOOP] = {findings_put_open_loop, findings_put_open_loop_best, "The lowest p99 of each runtime"},
    [KIND_SWEEP] = {findings_put_sweep, findings_put_sweep_best,
                    "The greatest gain of each runtime, over its own sync"},
    [KIND_PRICE] = {findings_put_cost, NULL, ""},
};

/* What `put` prints, to be freed; NULL: no memory. */
static char *printed(findings_put *put, const struct findings_subject *subject)
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

/* Appends one; `name` and `point` as in struct findings_line. */
static int line_add(struct findings *out, enum kind kind, const char *name, bool point,
                    const struct findings_subject *subject)
{
    struct findings_line *more = realloc(out->items, (out->count + 1) * sizeof *more);
    if (more == NULL)
        return -ENOMEM;
    out->items = more;
    struct findings_line *mine = &more[out->count++]; /* from here on findings_free frees it */
    *mine = (struct findings_line){.name = name, .point = point, .best_title = kinds[kind].best_title};
    mine->text = printed(kinds[kind].text, subject);
    mine->best = printed(kinds[kind].best, subject);
    return mine->text == NULL || mine->best == NULL ? -ENOMEM : 0;
}

/* The price of the suite's group that this is the first point of. */
static int add_price(struct findings *out, const struct findings_subject *all, const struct plan_group *group)
{
    for (const struct plan_group *g = all->summary->results->groups; g < group; g++)
        if (!plan_compares(g) && strcmp(g->sweep, group->sweep) == 0)
            return 0;
    struct findings_subject subject = *all;
    subject.piece = group->sweep;
    return line_add(out, KIND_PRICE, group->sweep, false, &subject);
}

/* A group, and before the first point of a sweep the sweep. *last is the table of the group before. */
static int add_group(struct findings *out, const struct findings_subject *all, const struct plan_group *group,
                     const struct scaling_curve **last)
{
    struct findings_subject subject = *all;
    struct ranking ranking;
    int rc = 0;
    subject.table = scaling_table(all->scaling, group);
    if (subject.table != NULL && subject.table != *last)
        rc = line_add(out, KIND_SWEEP, group->sweep, false, &subject);
    *last = subject.table;
    if (rc == 0) {
        rc = ranking_open(&ranking, all->summary, group);
        subject.ranking = &ranking;
        if (rc == 0)
            rc = line_add(out, group->rate > 0 ? KIND_OPEN_LOOP : KIND_GROUP, group->name, subject.table != NULL,
                          &subject);
        if (rc == 0)
            rc = findings_of_variants(&out->items[out->count - 1].variants, all->summary, group);
        ranking_close(&ranking);
    }
    return rc;
}

int findings_make(struct findings *out, const struct summary *summary)
{
    struct scaling scaling = {.curves = NULL};
    struct prices prices = {.rows = NULL};
    const struct scaling_curve *last = NULL;
    *out = (struct findings){.items = NULL};
    int rc = scaling_make(&scaling, summary);
    if (rc == 0)
        rc = prices_make(&prices, summary);
    const struct findings_subject all = {.summary = summary, .scaling = &scaling, .prices = &prices};
    for (size_t g = 0; g < summary->results->group_count && rc == 0; g++) {
        const struct plan_group *group = &summary->results->groups[g];
        rc = plan_compares(group) ? add_group(out, &all, group, &last) : add_price(out, &all, group);
    }
    prices_free(&prices);
    scaling_free(&scaling);
    if (rc != 0)
        findings_free(out);
    return rc;
}

void findings_free(struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        free(findings->items[i].text);
        free(findings->items[i].best);
        string_list_free(&findings->items[i].variants);
    }
    free(findings->items);
    *findings = (struct findings){.items = NULL};
}
