/* SPDX-License-Identifier: MIT */
/* The sentences, and which groups get which. Nothing is called won that the intervals do not show. */
#include "bench/report/findings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/analysis/ranking.h"
#include "bench/analysis/scaling.h"
#include "bench/protocol/slots.h"
#include "bench/report/format.h"
#include "bench/util/alloc.h"

/* So many names are spelled out. */
enum { NAMES_MOST = 4 };

/* -- what all sentences share ---------------------------------------------------------------------------------------------- */

/* "1.90x", with its interval where that is wide: "1.55x, between 1.30x and 1.67x". */
static void put_ratio(FILE *out, const struct ratio *ratio)
{
    struct format f, low, high;
    if (ratio->state != RATIO_FULL) {
        fputs(format_speedup(&f, ratio), out);
        return;
    }
    fprintf(out, "%s%s", format_ratio(&f, ratio->ratio), ratio_level(ratio) == LEVEL_DOUBTFUL ? "?" : "");
    if (ratio->unresolved)
        fprintf(out, ", between %s and %s", format_ratio(&low, ratio->low), format_ratio(&high, ratio->high));
}

/* Whether jobs wait as long as a service takes: several on the way share wake-ups, and gain more than their number. */
static bool shares_wakeups(const struct plan_group *group)
{
    return strcmp(group->asks, "sql") == 0 || strcmp(group->asks, "cache") == 0 || strcmp(group->asks, "block") == 0;
}

/* "1.90x of 1.98x possible": as was measured, else what would be ideal. That a gain lies above the ideal by chance (sync's waits
 * are a little too long, too) is only believed up to a tenth. */
static void put_gain(FILE *out, const struct summary *summary, const struct summary_cell *cell,
                     const struct ratio *gain)
{
    const struct limit limit = limit_of(summary, cell);
    struct format f;
    put_ratio(out, gain);
    if (limit.measured || limit.gain > 1)
        fprintf(out, "%s of %s %s", gain->unresolved ? "," : "", format_ratio(&f, limit.gain),
                limit.path ? "that the jobs' needs of each other allow" : "possible");
    if (!limit.measured && limit.gain > 1 && gain->low > limit.gain * (1 + RATIO_UNRESOLVED))
        fputs(shares_wakeups(cell->group) ? ", more than waits alone give: requests sent at once share wake-ups"
                                          : ", more than can be: look for the mistake",
              out);
}

/* The verdict has told of the last ones, and a warning of the run tells of those that are about all of it. */
static void put_doubt(FILE *out, enum doubt doubt)
{
    const bool told = doubt == DOUBT_UNCHECKED || doubt == DOUBT_CONTROL || doubt == DOUBT_DISTURBED;
    if (doubt != DOUBT_NONE && doubt < DOUBT_TOO_FEW_ROUNDS && !told)
        fprintf(out, "; doubtful: %s", doubt_text(doubt));
}

/* The names after `before`, nothing of none; frees them. */
static void put_names(FILE *out, const char *before, struct string_list *names)
{
    const size_t count = names->count;
    char *text = format_names(names, NAMES_MOST);
    if (count > 0)
        fprintf(out, "%s%s", before, text);
    free(text);
}

/* -- an open loop: the schedule decides how long the work takes, so there is no gain ------------------------------------------- */

/* "take async, 99% of the jobs are done within 151 ms [150 ms, 153 ms]" */
static void put_p99(FILE *out, const struct summary_cell *cell)
{
    struct format time, low, high;
    const struct summary_interval *ci = &cell->latency_ci_s[LATENCY_P99];
    fprintf(out, "take %s, 99%% of the jobs are done within %s", cell->cell->model,
            format_time(&time, cell->latency_s[LATENCY_P99]));
    if (isfinite(ci->low))
        fprintf(out, " [%s, %s]", format_time(&low, ci->low), format_time(&high, ci->high));
    fputs(cell->doubt != DOUBT_NONE ? "?" : "", out);
}

/* Who did not keep the rate; nothing where all did. */
static void put_late(FILE *out, const struct ranking *ranking)
{
    struct string_list late = {NULL, 0};
    struct format f;
    for (size_t i = 0; i < ranking->summary->cell_count; i++) {
        const struct summary_cell *c = &ranking->summary->cells[i];
        if (c->group == ranking->group && c->verified && c->rounds > 0 && c->open_loop.behind)
            string_list_addf(&late, "%s:%s (%s)", c->cell->runtime, c->cell->model,
                             format_rate(&f, c->open_loop.achieved));
    }
    char *before = text_format("A rate of %s was too high for ", format_rate(&f, ranking->group->rate));
    put_names(out, before, &late);
    free(before);
}

/* -- of either: what to take in each runtime -------------------------------------------------------------------------------- */

void findings_put_runtime(FILE *out, const char *runtime)
{
    static const char *const words[][2] = {{"c", "C"},
                                           {"py", "Python"},
                                           {"ext", "Python that calls C"},
                                           {"embed", "C that runs Python"},
                                           {"cython", "Python with Cython"},
                                           {"numba", "Python with Numba"}};
    const size_t known = sizeof words / sizeof *words;
    size_t i = 0;
    while (i < known && !runtime_is(runtime, words[i][0]))
        i++;
    if (i < known && strcmp(runtime, words[i][0]) == 0)
        fprintf(out, "In %s ", words[i][1]);
    else
        fprintf(out, "In %s (%s) ", i < known ? words[i][1] : "the runtime", runtime);
}

bool findings_are_brief(const struct summary *summary, const struct plan_group *group, const char *runtime)
{
    bool any = false;
    for (size_t i = 0; i < summary->cell_count; i++)
        any |= summary->cells[i].group == group &&
               (runtime_is(summary->cells[i].cell->runtime, "c") || runtime_is(summary->cells[i].cell->runtime, "py"));
    return !any ||
           !(runtime_is(runtime, "embed") || runtime_is(runtime, "ext") || runtime_is(runtime, RUNTIME_PROGRAM));
}

/* ", 42.9x Python's sync": in work that does not take as long in any language, as waiting does. */
static void put_language(FILE *out, const struct ranking *ranking, const struct summary_cell *cell)
{
    const struct ratio *all = ranking_gain(ranking, cell) + (RATIO_PY_SYNC - RATIO_OWN_SYNC);
    const char *common = ranking->summary->results->common, *baseline = plan_baseline(cell->group);
    struct format f;
    if (all->state != RATIO_FULL || strcmp(cell->cell->runtime, common) == 0 || strcmp(cell->group->kind, "io") == 0)
        return;
    fprintf(out, ", %s ", format_ratio(&f, all->ratio));
    if (!results_several(ranking->summary->results))
        fprintf(out, "Python's %s", baseline);
    else
        fprintf(out, "%s:%s", common, baseline);
}

/* "take threads: 1.90x of 1.98x possible, 42.9x Python's sync" */
static void put_taken(FILE *out, const struct ranking *ranking, const struct summary_cell *take)
{
    fprintf(out, "take %s: ", take->cell->model);
    put_gain(out, ranking->summary, take, ranking_gain(ranking, take));
    put_language(out, ranking, take);
}

/* "async took the least, 2.95 s, 16949 jobs/s": of models that are compared with each other only. */
static void put_least(FILE *out, const struct ranking *ranking, const struct choice *choice)
{
    const double took = ranking_value(ranking, choice->take), rate = (double)choice->take->group->jobs / took;
    struct format f;
    fprintf(out, choice->runner_up != NULL ? "%s took the least, " : "only %s was measured, ",
            choice->take->cell->model);
    fprintf(out, "%s, %.*f jobs/s", format_time(&f, took), rate < 100, rate);
}

static bool has_few_rounds(const struct ratio *gain)
{
    return gain->verdict == VERDICT_TOO_FEW_ROUNDS || gain->state == RATIO_NO_INTERVAL;
}

/* Why it is not known whether a model gains; NULL: it is known. */
static const char *undecided(const struct summary_cell *cell, const struct ratio *gain)
{
    if (has_few_rounds(gain))
        return "too few rounds";
    if (!ranking_is_open(gain))
        return NULL;
    return is_disturbed(cell) ? "the machine was disturbed" : "the times vary too much";
}

/* " (nearest: threads, 1.31x?, between 1.06x and 1.58x, which among 24 ratios may be chance)" */
static void put_nearest(FILE *out, const struct ranking *ranking, const struct summary_cell *next)
{
    const struct ratio *gain = ranking_gain(ranking, next);
    struct format f;
    fprintf(out, " (nearest: %s, ", next->cell->model);
    if (gain->state == RATIO_NO_INTERVAL)
        fputs(format_ratio(&f, gain->ratio), out);
    else
        put_ratio(out, gain);
    if (gain->verdict == VERDICT_UNRESOLVED &&
        interval_clears(gain->low, gain->high, ranking->summary->results->margin))
        fprintf(out, ", which among %zu ratios may be chance", gain->family);
    fputc(')', out);
}

/* Whether the ranking leaves out what is not safe. */
static bool leaves_unsafe(const struct ranking *ranking)
{
    bool any = false;
    for (const struct summary_cell *c = ranking->summary->cells;
         c < ranking->summary->cells + ranking->summary->cell_count; c++)
        any |= c->group == ranking->group && strcmp(c->cell->runtime, ranking->runtime) == 0 && !cell_is_safe(c);
    return any;
}

/* Where no gain is shown: what sync is not beaten by. */
static void put_not_taken(FILE *out, const struct ranking *ranking, const struct choice *choice)
{
    const struct summary_cell *next = choice->runner_up;
    const char *baseline = plan_baseline(ranking->group);
    struct format f;
    if (!choice->take->cell->baseline)
        fprintf(out, "no gain can be told, as %s has no times; %s took the least, %s", baseline,
                choice->take->cell->model, format_time(&f, ranking_value(ranking, choice->take)));
    else if (next == NULL && leaves_unsafe(ranking)) {
        fprintf(out, "stay with %s: under what else was measured jobs can lose each other's changes", baseline);
    } else if (next == NULL) {
        fprintf(out, "only %s was measured", baseline);
        put_language(out, ranking, choice->take);
    } else {
        const struct ratio *gain = ranking_gain(ranking, next);
        const char *why = undecided(next, gain);
        if (has_few_rounds(gain)) /* which is no reason for one model or the other */
            fprintf(out, "nothing is decided, %s", why);
        else if (why != NULL)
            fprintf(out, "stay with %s for now: nothing is decided, %s", baseline, why);
        else
            fprintf(out, "stay with %s: no model is shown to %s%s", baseline,
                    gain->verdict == VERDICT_FASTER ? "gain as much as 5%" : "be faster",
                    is_disturbed(next) ? ", but the machine was disturbed" : "");
        put_nearest(out, ranking, next);
    }
}

/* The others among which the choice fell by simplicity; the model that measured best is one of them. And those that would be,
 * if they were shown to gain as well. */
static void put_not_told_apart(FILE *out, const struct ranking *ranking, const struct choice *choice)
{
    struct string_list names[2] = {{NULL, 0}};
    for (size_t i = 0; i <= ranking->level; i++)
        if (ranking->cells[i] != choice->take)
            string_list_add(&names[choice->gains && !ranking_gains(ranking, ranking->cells[i])],
                            ranking->cells[i]->cell->model);
    const bool some = names[0].count > 0, any = some || names[1].count > 0;
    put_names(out, " (no clear difference: ", &names[0]);
    put_names(out, some ? "; not shown to gain: " : " (not shown to gain: ", &names[1]);
    fputs(any ? ")" : "", out);
}

bool findings_nothing_worked(const struct summary *summary, const struct plan_group *group, const char *runtime)
{
    for (const struct summary_cell *c = summary->cells; c < summary->cells + summary->cell_count; c++)
        if ((group == NULL || c->group == group) && (runtime == NULL || strcmp(c->cell->runtime, runtime) == 0) &&
            c->cell->status <= CELL_OK)
            return false;
    return true;
}

static void put_nothing(FILE *out, const struct ranking *ranking)
{
    fputs(findings_nothing_worked(ranking->summary, ranking->group, ranking->runtime) ? "no model worked"
          : ranking->group->rate > 0                                                  ? "no model kept the rate"
                                                                                      : "nothing was measured",
          out);
}

void findings_put_answer(FILE *out, const struct ranking *ranking)
{
    const struct choice choice = choice_of(ranking);
    findings_put_runtime(out, ranking->runtime);
    if (choice.take == NULL) {
        put_nothing(out, ranking);
        return;
    }
    if (ranking->group->rate > 0)
        put_p99(out, choice.take);
    else if (!plan_compares(ranking->group))
        put_least(out, ranking, &choice);
    else if (choice.gains)
        put_taken(out, ranking, choice.take);
    else
        put_not_taken(out, ranking, &choice);
    if (choice.gains || ranking->group->rate > 0 || !plan_compares(ranking->group))
        put_not_told_apart(out, ranking, &choice);
    put_doubt(out, ranking->group->rate > 0 ? choice.take->doubt
                   : choice.gains           ? ranking_gain(ranking, choice.take)->doubt
                                            : DOUBT_NONE);
}

/* -- what does not help, and why ------------------------------------------------------------------------------------------ */

enum reason {
    REASON_LOCK,
    REASON_ONE_THREAD,
    REASON_CHANCE,
    REASON_LOCK_CHANCE,
    REASON_TURNS,
    REASON_CONTENDS,
    REASON_BLOCKS,
    REASON_NONE,
    REASON_SLOWER,
    REASONS
};

/* That Python's lock is the reason is only said where C's threads gain: a lock of the task's own looks the same. */
static bool is_locked(const struct summary *summary, const struct summary_cell *cell)
{
    bool gains = false;
    for (const struct summary_cell *c = summary->cells; c < summary->cells + summary->cell_count; c++)
        gains |= c->group == cell->group && runtime_is(c->cell->runtime, "c") &&
                 model_flow(c->cell->model) == FLOW_THREADS &&
                 c->speedup[RATIO_WORK][RATIO_OWN_SYNC].verdict == VERDICT_FASTER;
    return gains && cell_has_lock(cell->cell) && model_flow(cell->cell->model) == FLOW_THREADS;
}

static enum reason reason_of(const struct ranking *ranking, const struct summary_cell *cell)
{
    const bool computes = strcmp(cell->group->kind, "io") != 0, one = model_flow(cell->cell->model) == FLOW_ONE;
    const struct ratio *gain = ranking_gain(ranking, cell);
    const enum verdict verdict = gain->verdict;
    const bool cannot = ranking_cannot_gain(cell);
    if (!cell_is_safe(cell)) /* which has sentences of its own */
        return REASONS;
    if (cannot && verdict != VERDICT_NO_DIFFERENCE && gain->ratio >= 1 + RANKING_WORTH)
        return one ? REASON_CHANCE : REASON_LOCK_CHANCE;
    if (verdict != VERDICT_NO_DIFFERENCE && verdict != VERDICT_SLOWER && !(cannot && verdict == VERDICT_UNRESOLVED))
        return REASONS;
    if (one && cell->finding == FINDING_BLOCKS)
        return REASON_BLOCKS;
    if (computes && one)
        return REASON_ONE_THREAD;
    if (computes && is_locked(ranking->summary, cell))
        return REASON_LOCK;
    if (cell->finding == FINDING_TAKES_TURNS || verdict == VERDICT_UNRESOLVED)
        return REASON_TURNS;
    if (cell->finding == FINDING_CONTENDS)
        return REASON_CONTENDS;
    return verdict == VERDICT_SLOWER ? REASON_SLOWER : REASON_NONE;
}

/* Of the runtimes that are spoken of in brief; nothing where all helps. */
static void put_no_help(FILE *out, const struct ranking *group)
{
    static const char *const why[REASONS] = {
        [REASON_LOCK] = " (Python's lock: one computes at a time)",
        [REASON_ONE_THREAD] = " (one thread)",
        [REASON_CHANCE] = " (one thread: its gain is chance or a mistake)",
        [REASON_LOCK_CHANCE] = " (one computes at a time: its gain is chance or a mistake)",
        [REASON_TURNS] = " (take turns: a lock, such as Python's)",
        [REASON_CONTENDS] = " (busy, and yet no faster)",
        [REASON_BLOCKS] = " (the job blocks the loop)",
        [REASON_NONE] = "",
        [REASON_SLOWER] = " (slower)"};
    const struct summary *summary = group->summary;
    struct string_list names[REASONS + 1] = {{NULL, 0}};
    const char *before = "No help: ";
    for (const struct summary_cell *c = summary->cells; c < summary->cells + summary->cell_count; c++) {
        struct ranking ranking;
        if (c->group != group->group || !findings_are_brief(summary, c->group, c->cell->runtime) ||
            strcmp(c->cell->runtime, RUNTIME_PROGRAM) == 0)
            continue;
        ranking_open(&ranking, summary, c->group, c->cell->runtime);
        string_list_addf(&names[reason_of(&ranking, c)], "%s:%s", c->cell->runtime, c->cell->model);
        ranking_close(&ranking);
    }
    for (int reason = 0; reason < REASONS; reason++)
        if (names[reason].count > 0) {
            put_names(out, before, &names[reason]);
            fputs(why[reason], out);
            before = "; ";
        }
    string_list_free(&names[REASONS]);
}

/* -- hazards: what lost something, what could, and what stood still ------------------------------------------------------- */

/* "Lost changes: c:threads (12,345 of 2,000,000), py:threads (7 of 200,000)" */
static void put_lost(FILE *out, const struct ranking *group)
{
    const struct summary *summary = group->summary;
    struct string_list names = {NULL, 0};
    for (const struct summary_cell *c = summary->cells; c < summary->cells + summary->cell_count; c++) {
        struct format wrong, of;
        if (c->group == group->group && c->audit == AUDIT_LOST)
            string_list_addf(&names, "%s:%s (%s of %s)", c->cell->runtime, c->cell->model,
                             format_count(&wrong, c->cell->audit.wrong), format_count(&of, c->cell->audit.of));
    }
    put_names(out, "Never to be taken, as they lost changes: ", &names);
}

static void put_unproven(FILE *out, const struct ranking *group)
{
    const struct summary *summary = group->summary;
    struct string_list names = {NULL, 0};
    for (const struct summary_cell *c = summary->cells; c < summary->cells + summary->cell_count; c++)
        if (c->group == group->group && c->audit == AUDIT_UNPROVEN)
            string_list_addf(&names, "%s:%s", c->cell->runtime, c->cell->model);
    put_names(out, "Lost none this time, which proves nothing: ", &names);
}

/* "Deadlock: c:thread-pool, py:thread-pool: 2 of 2 workers wait for ...", with the reason of the first, which begins with that word
 * or "job 0: Deadlock". */
static void put_deadlock(FILE *out, const struct ranking *group)
{
    static const char word[] = "eadlock: ";
    const struct summary *summary = group->summary;
    struct string_list names = {NULL, 0};
    const char *reason = NULL;
    for (const struct summary_cell *c = summary->cells; c < summary->cells + summary->cell_count; c++) {
        if (c->group != group->group || c->cell->status != CELL_FAILED || !c->cell->deadlock)
            continue;
        string_list_addf(&names, "%s:%s", c->cell->runtime, c->cell->model);
        reason = reason == NULL ? c->cell->reason : reason;
    }
    put_names(out, "Deadlock: ", &names);
    const char *said = reason != NULL ? strstr(reason, word) : NULL;
    if (reason != NULL)
        fprintf(out, ": %s", said != NULL ? said + strlen(word) : reason);
}

/* -- a sweep over workers: the greatest gain ------------------------------------------------------------------------------ */

/* Of all points of a table; NULL: no model was shown to gain. */
static const struct scaling_point *greatest_gain(const struct scaling *scaling, const struct scaling_curve *table)
{
    const struct scaling_point *best = NULL;
    for (size_t i = 0; i < scaling->count; i++)
        for (size_t p = 0; scaling_same_table(&scaling->curves[i], table) && p < scaling->curves[i].count; p++) {
            const struct scaling_point *point = &scaling->curves[i].points[p];
            if (point->gain->verdict == VERDICT_FASTER && cell_is_safe(point->cell) &&
                (best == NULL || point->gain->ratio > best->gain->ratio))
                best = point;
        }
    return best;
}

static void put_sweep(FILE *out, const struct summary *summary, const struct scaling *scaling,
                      const struct scaling_curve *table)
{
    const struct scaling_point *best = greatest_gain(scaling, table);
    const char *name = results_baseline_name(summary->results);
    fprintf(out, "%s scaling, %lld job%s%s: ", table->scaling, (long long)table->jobs, table->jobs == 1 ? "" : "s",
            scaling_is_weak(table->scaling) ? " for each worker" : "");
    if (best == NULL) {
        fprintf(out, "no model shown to gain over its %s with any number of workers", name);
        return;
    }
    fprintf(out, "the greatest gain over its %s is that of %s:%s with %lld worker%s, ", name, best->cell->cell->runtime,
            best->cell->cell->model, (long long)best->cell->group->workers, best->cell->group->workers == 1 ? "" : "s");
    put_gain(out, summary, best->cell, best->gain);
    put_doubt(out, best->cell->doubt);
}

/* -- the whole ------------------------------------------------------------------------------------------------------------- */

static struct findings_line *line_add(struct findings *out, const char *name)
{
    out->items = array_grow(out->items, out->count, sizeof *out->items);
    struct findings_line *line = &out->items[out->count++];
    *line = (struct findings_line){.name = name, .brief = 1};
    return line;
}

/* Takes `text`; nothing is said by "". */
static void line_say(struct findings_line *line, char *text)
{
    if (*text != '\0')
        string_list_add(&line->said, text);
    free(text);
}

char *findings_text(findings_put *put, const struct ranking *ranking)
{
    char *text;
    size_t length;
    FILE *out = text_open(&text, &length);
    put(out, ranking);
    text_close(out);
    return text;
}

/* In the order of the plan, those that are spoken of in brief or the others. */
static void add_answers(struct findings_line *line, const struct summary *summary, const struct plan_group *group,
                        bool brief)
{
    for (const struct summary_cell *c = summary->cells; c < summary->cells + summary->cell_count; c++) {
        struct ranking ranking;
        if (c->group != group || !ranking_begins(summary, c) ||
            findings_are_brief(summary, group, c->cell->runtime) != brief)
            continue;
        ranking_open(&ranking, summary, group, c->cell->runtime);
        line_say(line, findings_text(findings_put_answer, &ranking));
        ranking_close(&ranking);
    }
}

/* "The program mine takes 0.52 s as a whole command, against py:sync 1.90x?", or what happened to it. */
static char *program_text(const struct summary *summary, const struct summary_cell *cell)
{
    const struct summary_cell *base = summary_sync_of(summary, cell);
    const struct ratio *ratio = &cell->speedup[RATIO_WHOLE][RATIO_OWN_SYNC];
    struct format f;
    char *text;
    size_t length;
    FILE *out = text_open(&text, &length);
    fprintf(out, "The program %s ", cell->cell->model);
    if (!cell->verified || cell->rounds == 0) {
        fprintf(out, "has no times (%s)", cell->note != NULL ? cell->note : "it was not timed");
    } else {
        fprintf(out, "takes %s as a whole command", format_time(&f, cell->median_s));
        if (base != NULL && ratio_known(ratio)) {
            fprintf(out, ", against %s:%s ", base->cell->runtime, base->cell->model);
            put_ratio(out, ratio);
        }
        fputs(cell->cell->reason != NULL ? "; its results are unchecked" : "", out);
    }
    text_close(out);
    return text;
}

static void add_programs(struct findings_line *line, const struct summary *summary, const struct plan_group *group)
{
    for (const struct summary_cell *c = summary->cells; c < summary->cells + summary->cell_count; c++)
        if (c->group == group && strcmp(c->cell->runtime, RUNTIME_PROGRAM) == 0)
            line_say(line, program_text(summary, c));
}

static const char *language_of(const char *runtime)
{
    return runtime_is(runtime, "c") || runtime_is(runtime, "ext") ? "C" : "Python";
}

/* "C and Python disagree: job 5 gave 1 in C, 25 in Python", of a cell whose results are not those of the other language; ""
 * where there is none. To be freed. */
static char *disagreement(const struct summary *summary, const struct plan_group *group)
{
    for (const struct summary_cell *c = summary->cells; c < summary->cells + summary->cell_count; c++) {
        struct slots_difference d;
        if (c->group != group || c->cell->status != CELL_REFUSED || c->cell->reason == NULL ||
            !slots_read_difference(c->cell->reason, &d))
            continue;
        const char *me = language_of(c->cell->runtime), *it = language_of(d.where);
        if (strcmp(me, it) != 0)
            return text_format("C and Python disagree: job %llu gave %llu in C, %llu in Python", d.job,
                               *me == 'C' ? d.result : d.expected, *me == 'C' ? d.expected : d.result);
    }
    return xstrdup("");
}

/* "All with dispenser redis", but for the rows of further values; "" where all is as usual. To be freed. */
static char *knobs_text(const struct plan_group *group)
{
    struct string_list words = {NULL, 0};
    const char *key;
    json_t *value;
    json_object_foreach(group->knobs, key, value) string_list_addf(&words, "%s %s", key, json_string_value(value));
    char *list = string_list_join(&words, ", ");
    char *text = words.count > 0 ? text_format("All with %s", list) : xstrdup("");
    free(list);
    string_list_free(&words);
    return text;
}

static void add_group(struct findings *out, const struct summary *summary, const struct plan_group *group, bool point)
{
    const struct ranking all = {.summary = summary, .group = group};
    struct findings_line *line = line_add(out, group->name);
    line->point = point;
    line_say(line, disagreement(summary, group));
    if (findings_nothing_worked(summary, group, NULL)) {
        if (line->said.count == 0)
            string_list_add(&line->said, "No model worked");
        line_say(line, findings_text(put_deadlock, &all));
        line->brief = line->said.count;
        return;
    }
    line_say(line, knobs_text(group));
    add_answers(line, summary, group, true);
    line_say(line, findings_text(group->rate > 0 ? put_late : put_no_help, &all));
    line_say(line, findings_text(put_lost, &all));
    line_say(line, findings_text(put_unproven, &all));
    line_say(line, findings_text(put_deadlock, &all));
    add_programs(line, summary, group);
    line->brief = line->said.count;
    add_answers(line, summary, group, false);
    findings_of_variants(&line->said, summary, group);
}

/* The price of the suite's group that this is the first point of. */
static void add_price(struct findings *out, const struct summary *summary, const struct plan_group *group)
{
    for (const struct plan_group *g = summary->results->groups; g < group; g++)
        if (plan_prices(g) && strcmp(g->sweep, group->sweep) == 0)
            return;
    line_say(line_add(out, group->sweep), marginal_cost_text(summary, group->sweep));
}

/* What serves a group best; `group` NULL: where native work pays. */
static void add_served(struct findings *out, const struct serving *serving, const struct plan_group *group)
{
    struct findings_line *line = line_add(out, group != NULL ? group->name : "native work");
    if (group != NULL)
        serving_say(serving, group, &line->said);
    else
        serving_say_native(serving, &line->said);
    line->brief = line->said.count;
}

void findings_make(struct findings *out, const struct summary *summary)
{
    struct scaling scaling;
    struct ladder ladder;
    struct serving serving;
    const struct scaling_curve *last = NULL;
    bool said = false;
    *out = (struct findings){.items = NULL};
    if (summary->results->group_count > 1 && findings_nothing_worked(summary, NULL, NULL)) {
        string_list_add(&line_add(out, summary->results->suite)->said, "No model worked");
        return;
    }
    scaling_make(&scaling, summary);
    ladder_make(&ladder, summary);
    serving_make(&serving, summary);
    for (size_t g = 0; g < summary->results->group_count; g++) {
        const struct plan_group *group = &summary->results->groups[g];
        if (plan_prices(group)) {
            add_price(out, summary, group);
            continue;
        }
        if (plan_serves(group)) {
            add_served(out, &serving, group);
            continue;
        }
        const struct scaling_curve *table = scaling_table(&scaling, group);
        if (table != NULL && table != last) { /* the sweep before its first point */
            char *text;
            size_t length;
            FILE *stream = text_open(&text, &length);
            put_sweep(stream, summary, &scaling, table);
            text_close(stream);
            line_say(line_add(out, group->sweep), text);
        }
        last = table;
        const bool rung = ladder.count > 0 && ladder_has(&ladder, group);
        if (rung && !said) {
            struct findings_line *line = line_add(out, "handing over");
            ladder_say(&ladder, &line->said);
            line->brief = line->said.count;
            said = true;
        }
        add_group(out, summary, group, table != NULL || rung);
    }
    if (serving.native_count > 0)
        add_served(out, &serving, NULL);
    serving_free(&serving);
    ladder_free(&ladder);
    scaling_free(&scaling);
}

void findings_free(struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++)
        string_list_free(&findings->items[i].said);
    free(findings->items);
    *findings = (struct findings){.items = NULL};
}
