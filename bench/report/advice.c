/* SPDX-License-Identifier: MIT */
/* The decision for each task and runtime: a table for programs, sentences for people. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/document.h"
#include "bench/report/findings.h"
#include "bench/report/format.h"
#include "bench/util/alloc.h"

/* A gain of so much of what is possible is all that this machine gives. */
#define NEARLY_ALL 0.9

/* Times sync: a model whose jobs take so much longer, spread over its workers, pays for handing them over. */
#define FAR_LONGER 1.5

/* NaN: not known, or of no meaning here. */
enum number {
    GAINS,
    TOLD_APART,
    POSSIBLE,      /* the most it could gain */
    PARALLELISM,   /* of jobs that need each other: the work over its critical path */
    MEMORY,        /* what it takes more than sync, per worker */
    START_UP,      /* the whole command less the work */
    START_UP_SYNC, /* the same of sync */
    PAYS,          /* from so many jobs on */
    JOB,           /* one of sync */
    JOB_LEAST,     /* shorter ones, as many as here, save less than starting up costs */
    JOB_MORE,      /* sync is to be taken, as handing a shorter one over costs more than that saves */
    JOB_REACHES, /* the length from which on handing jobs over leaves 90% of what is possible (bench/analysis/ladder.h) */
    SHARE,       /* of its time that a job computes */
    SHARE_MOST, /* with more a model that computes one job at a time cannot gain as much */
    NUMBERS
};

struct advice {
    struct ranking ranking;
    struct choice choice;
    const char *group, *take, *runner_up, *compared;
    const struct summary_cell *handed; /* the variant that JOB_REACHES is of */
    const struct ladder *ladder;
    bool bound; /* the jobs' needs of each other allow no more than POSSIBLE */
    double number[NUMBERS];
};

static bool can_compute_at_once(const struct summary_cell *cell)
{
    const enum model_flow flow = model_flow(cell->cell->model);
    return flow == FLOW_OTHER || (flow == FLOW_THREADS && !cell_has_lock(cell->cell));
}

static void add_gain(struct advice *a, const struct summary_cell *take, const struct summary_cell *sync)
{
    const struct break_even pays = break_even_of(a->ranking.summary, take);
    const double gain = sync->work_s / take->work_s, more = a->number[START_UP] - a->number[START_UP_SYNC];
    const double share = (sync->cpu_s - a->number[START_UP_SYNC]) / sync->work_s;
    const double most = 1 / ranking_gain(&a->ranking, take)->ratio;
    const struct limit limit = limit_of(a->ranking.summary, take);
    a->number[POSSIBLE] = limit.gain;
    a->bound = limit.path;
    a->number[PAYS] = pays.state == BREAK_EVEN_FROM ? (double)pays.jobs : NAN;
    if (more > 0 && gain > 1)
        a->number[JOB_LEAST] = more / ((double)take->group->jobs * (1 - 1 / gain));
    if (!can_compute_at_once(take) && strcmp(take->group->kind, "cpu") != 0 && share >= 0 && share < most) {
        a->number[SHARE] = share;
        a->number[SHARE_MOST] = most;
    }
}

/*
 * Where the model nearest to sync takes far longer than it, each job costs so much more that `workers` of them at once save
 * nothing: model = (job + more) / workers. That is even for jobs of more / (workers - 1).
 */
static void add_no_gain(struct advice *a, const struct summary_cell *sync)
{
    const struct summary *summary = a->ranking.summary;
    const double jobs = (double)sync->group->jobs, cpus = summary_cpus(summary);
    const double workers = fmin((double)sync->group->workers, cpus > 0 ? cpus : 1);
    double least = INFINITY;
    for (const struct summary_cell *c = summary->cells; c < summary->cells + summary->cell_count; c++)
        if (c->group == sync->group && strcmp(c->cell->runtime, sync->cell->runtime) == 0 && c->verified &&
            can_compute_at_once(c))
            least = fmin(least, c->work_s / jobs); /* which skips a NaN */
    if (workers > 1 && least > FAR_LONGER * a->number[JOB] && isfinite(least))
        a->number[JOB_MORE] = (workers * least - a->number[JOB]) / (workers - 1);
}

/* Of the model to take, or where that is sync of the one nearest to it; of none that ran with another dispenser, say, as its name
 * does not tell. */
static void add_ladder(struct advice *a)
{
    a->handed = a->choice.gains ? a->choice.take : a->choice.runner_up;
    const struct ladder_rung *rung = NULL;
    if (a->handed != NULL && a->handed->group->knobs == NULL)
        rung = ladder_find(a->ladder, a->handed->cell->runtime, a->handed->cell->model);
    if (rung != NULL && strcmp(a->handed->group->kind, "cpu") == 0)
        a->number[JOB_REACHES] = rung->most_s.estimate;
}

static void advice_make(struct advice *a, const struct summary *summary, const struct summary_cell *first)
{
    static const char *const by[] = {"work", "whole", "latency_p99"};
    for (int i = 0; i < NUMBERS; i++)
        a->number[i] = NAN;
    ranking_open(&a->ranking, summary, first->group, first->cell->runtime);
    a->choice = choice_of(&a->ranking);
    const struct summary_cell *take = a->choice.take, *sync = summary_sync_of(summary, first);
    a->group = first->group->name;
    a->compared = by[a->ranking.by];
    a->take = take != NULL ? take->cell->model : NULL;
    add_ladder(a);
    a->number[GAINS] = a->choice.gains;
    a->number[PARALLELISM] = summary_parallelism(summary, first);
    if (a->choice.runner_up != NULL) {
        a->runner_up = a->choice.runner_up->cell->model;
        a->number[TOLD_APART] = a->choice.told_apart;
    }
    if (take == NULL || sync == NULL)
        return;
    a->number[START_UP] = take->median_s - take->work_s;
    a->number[START_UP_SYNC] = sync->median_s - sync->work_s;
    if (first->group->baseline == NULL)
        a->number[JOB] = sync->work_s / (double)first->group->jobs;
    if (take->cell->peak_pss_bytes >= 0 && sync->cell->peak_pss_bytes >= 0 && take != sync)
        a->number[MEMORY] = (double)(take->cell->peak_pss_bytes - sync->cell->peak_pss_bytes) /
                            (double)first->group->workers;
    if (a->choice.gains && first->group->baseline == NULL)
        add_gain(a, take, sync);
    else if (take == sync)
        add_no_gain(a, sync);
}

/* -- the words -------------------------------------------------------------------------------------------------------- */

/* "1.90x as fast as sync, 95% interval 1.67x to 1.92x"; to be freed. */
static char *ratio_text(const struct ranking *ranking, const struct summary_cell *cell)
{
    const struct ratio *ratio = ranking_gain(ranking, cell);
    struct format f, low, high;
    if (ratio->state != RATIO_FULL)
        return xstrdup(format_speedup(&f, ratio));
    return text_format("%s as fast as %s, 95%% interval %s to %s", format_ratio(&f, ratio->ratio),
                       plan_baseline(cell->group), format_ratio(&low, ratio->low), format_ratio(&high, ratio->high));
}

static void gain_words(const struct advice *a, struct string_list *out)
{
    char *text = a->choice.gains ? ratio_text(&a->ranking, a->choice.take) : NULL;
    if (text != NULL)
        string_list_add(out, text);
    free(text);
}

static void runner_up_words(const struct advice *a, struct string_list *out)
{
    const struct summary_cell *next = a->choice.runner_up;
    const bool times = a->ranking.group->rate > 0 || !plan_compares(a->ranking.group);
    struct format f;
    if (next == NULL)
        return;
    const char *how = a->choice.told_apart         ? "shown to be slower"
                      : !a->choice.gains && !times ? "not shown to be faster"
                                                   : "no clear difference";
    char *ratio = ratio_text(&a->ranking, next);
    if (next->cell->baseline && !times) /* whose ratio is 1 by definition */
        string_list_addf(out, "%s, %s", a->runner_up, how);
    else
        string_list_addf(out, "%s: %s; %s", a->runner_up,
                         times ? format_time(&f, ranking_value(&a->ranking, next)) : ratio, how);
    free(ratio);
}

static void price_words(const struct advice *a, struct string_list *out)
{
    const struct summary_cell *take = a->choice.take;
    struct format f, g;
    if (take == NULL || take->cell->baseline)
        return;
    if (a->number[MEMORY] > 0)
        string_list_addf(out, "%s%s more memory than %s for each of %lld worker%s",
                         summary_memory_is_least(take) ? "at least " : "", format_bytes(&f, a->number[MEMORY]),
                         plan_baseline(take->group), (long long)take->group->workers,
                         take->group->workers == 1 ? "" : "s");
    else if (isfinite(a->number[MEMORY]))
        string_list_addf(out, "no more memory than %s", plan_baseline(take->group));
    if (isfinite(a->number[START_UP]))
        string_list_addf(out, "%s to start and end (%s: %s)", format_time(&f, a->number[START_UP]),
                         plan_baseline(take->group), format_time(&g, a->number[START_UP_SYNC]));
    if (a->number[PAYS] > 1) /* one job gains nothing, whatever the lines say */
        string_list_addf(out, "faster than sync, start-up counted in, from %.0f jobs on", a->number[PAYS]);
}

static void change_words(const struct advice *a, struct string_list *out)
{
    const struct plan_group *group = a->ranking.group;
    const double *n = a->number, cpus = summary_cpus(a->ranking.summary);
    const double reached = a->choice.gains ? ranking_gain(&a->ranking, a->choice.take)->ratio / n[POSSIBLE] : NAN;
    const bool computes = strcmp(group->kind, "io") != 0;
    struct format f, g;
    if (isfinite(n[JOB_LEAST]))
        string_list_addf(out, "jobs shorter than %s (here %s): %lld of them save less than starting up costs",
                         format_time(&f, n[JOB_LEAST]), format_time(&g, n[JOB]), (long long)group->jobs);
    if (isfinite(n[JOB_MORE]))
        string_list_addf(
            out, "jobs longer than %s (here %s): for shorter ones, handing them to others costs more than it saves",
            format_time(&f, n[JOB_MORE]), format_time(&g, n[JOB]));
    if (n[JOB] < n[JOB_REACHES])
        string_list_addf(
            out,
            "jobs longer than %s (here %s): handing shorter ones over by %s leaves less than 90%% of what is "
            "possible (ladder of %.10s)",
            format_time(&f, n[JOB_REACHES]), format_time(&g, n[JOB]), a->handed->cell->model, a->ladder->created);
    if (isfinite(n[SHARE]))
        string_list_addf(out,
                         "jobs that compute for more than %.0f%% of their time (here %.0f%%): one computes at a time",
                         100 * n[SHARE_MOST], 100 * n[SHARE]);
    else if (a->bound && reached >= NEARLY_ALL)
        string_list_addf(out, "jobs that need each other less: it gains %.0f%% of what their critical path allows",
                         fmin(100, 100 * reached));
    else if (computes && reached >= NEARLY_ALL && reached <= 1 / NEARLY_ALL) /* more is a mistake */
        string_list_addf(out, "more CPUs than %.3g: it gains %.0f%% of what these allow", cpus,
                         fmin(100, 100 * reached));
    if (computes && cpus > 0 && cpus < 2)
        string_list_add(out, "a second CPU: here is but one");
    if (a->choice.runner_up != NULL && !a->choice.told_apart)
        string_list_addf(out, "more rounds: they may tell %s from %s", a->choice.runner_up->cell->model,
                         a->choice.take->cell->model);
}

/* What is not to be taken, however fast. */
static void unsafe_words(const struct advice *a, struct string_list *out)
{
    const struct summary *summary = a->ranking.summary;
    for (const struct summary_cell *c = summary->cells; c < summary->cells + summary->cell_count; c++) {
        struct format wrong, of;
        if (c->group != a->ranking.group || strcmp(c->cell->runtime, a->ranking.runtime) != 0)
            continue;
        if (c->audit == AUDIT_LOST)
            string_list_addf(out, "%s: lost %s of %s changes", c->cell->model,
                             format_count(&wrong, c->cell->audit.wrong), format_count(&of, c->cell->audit.of));
        else if (c->audit == AUDIT_UNPROVEN)
            string_list_addf(out, "%s: lost none this time, which proves nothing", c->cell->model);
        else if (c->cell->status == CELL_FAILED && c->cell->deadlock)
            string_list_addf(out, "%s: %s", c->cell->model, c->cell->reason);
    }
}

static void unmeasured_words(const struct advice *a, struct string_list *out)
{
    const struct summary *summary = a->ranking.summary;
    const struct plan_group *group = a->ranking.group;
    for (const struct summary_cell *c = summary->cells; c < summary->cells + summary->cell_count; c++)
        if (c->group == group && strcmp(c->cell->runtime, a->ranking.runtime) == 0 && (!c->verified || c->rounds == 0))
            string_list_addf(out, "%s (%s)", c->cell->model, cell_word(c->cell));
    if (a->choice.take != NULL && a->choice.take->cell->peak_pss_bytes < 0)
        string_list_add(out, "its memory");
    string_list_addf(out, "any other than %lld job%s on %lld worker%s", (long long)group->jobs,
                     group->jobs == 1 ? "" : "s", (long long)group->workers, group->workers == 1 ? "" : "s");
    if (group->rate == 0 && strcmp(group->asks, "nothing") != 0)
        string_list_add(out, "latency where jobs arrive at a rate of their own (run --rate)");
}

static const struct {
    const char *title;
    void (*words)(const struct advice *a, struct string_list *out);
} said[] = {{NULL, NULL},           {"gain", gain_words},         {"runner-up", runner_up_words},
            {"price", price_words}, {"changes it", change_words}, {"unmeasured", unmeasured_words},
            {"never", unsafe_words}};

static char *words_of(const struct advice *a, size_t which)
{
    struct string_list words = {NULL, 0};
    if (said[which].words == NULL)
        return findings_text(findings_put_answer, &a->ranking);
    said[which].words(a, &words);
    char *text = string_list_join(&words, "; ");
    string_list_free(&words);
    return text;
}

/* -- the table for programs ------------------------------------------------------------------------------------------- */

static void read_words(const void *row, int which, struct table_value *out)
{
    char *text = words_of(row, (size_t)which);
    table_set_made(out, text);
}

static void read_number(const void *row, int which, struct table_value *out)
{
    const struct advice *a = row;
    const struct ratio *gain = a->choice.gains ? ranking_gain(&a->ranking, a->choice.take) : NULL;
    if (which < NUMBERS)
        table_set_number(out, a->number[which]);
    else if (gain != NULL)
        table_set_interval(out, gain->ratio, gain->low, gain->high);
}

static const struct table_column columns[] = {
    {"group", NULL, UNIT_TEXT, false, 0, table_read_text, offsetof(struct advice, group)},
    {"runtime", NULL, UNIT_TEXT, false, 0, table_read_text, offsetof(struct advice, ranking.runtime)},
    {"take", NULL, UNIT_TEXT, false, 0, table_read_text, offsetof(struct advice, take)},
    {"runner_up", NULL, UNIT_TEXT, false, 0, table_read_text, offsetof(struct advice, runner_up)},
    {"compared", NULL, UNIT_TEXT, false, 0, table_read_text, offsetof(struct advice, compared)},
    {"gains", NULL, UNIT_FLAG, false, 0, read_number, GAINS},
    {"told_apart", NULL, UNIT_FLAG, false, 0, read_number, TOLD_APART},
    {"gain", NULL, UNIT_RATIO, true, 0, read_number, NUMBERS},
    {"possible", NULL, UNIT_REAL, false, 0, read_number, POSSIBLE},
    {"parallelism", NULL, UNIT_REAL, false, 0, read_number, PARALLELISM},
    {"memory_per_worker_bytes", NULL, UNIT_REAL, false, 0, read_number, MEMORY},
    {"start_up_s", NULL, UNIT_SECONDS, false, 0, read_number, START_UP},
    {"start_up_sync_s", NULL, UNIT_SECONDS, false, 0, read_number, START_UP_SYNC},
    {"pays_from_jobs", NULL, UNIT_COUNT, false, 0, read_number, PAYS},
    {"job_s", NULL, UNIT_SECONDS, false, 0, read_number, JOB},
    {"job_least_s", NULL, UNIT_SECONDS, false, 0, read_number, JOB_LEAST},
    {"job_more_s", NULL, UNIT_SECONDS, false, 0, read_number, JOB_MORE},
    {"job_reaches_s", NULL, UNIT_SECONDS, false, 0, read_number, JOB_REACHES},
    {"cpu_share", NULL, UNIT_SHARE, false, 0, read_number, SHARE},
    {"cpu_share_most", NULL, UNIT_SHARE, false, 0, read_number, SHARE_MOST},
    {"answer", NULL, UNIT_TEXT, false, 0, read_words, 0},
    {"price", NULL, UNIT_TEXT, false, 0, read_words, 3},
    {"changes", NULL, UNIT_TEXT, false, 0, read_words, 4},
    {"not_measured", NULL, UNIT_TEXT, false, 0, read_words, 5},
    {"never", NULL, UNIT_TEXT, false, 0, read_words, 6},
};

/* -- the whole -------------------------------------------------------------------------------------------------------- */

static void write_words(const struct advice *a, struct writer *w)
{
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        char *text = words_of(a, i);
        if (said[i].title == NULL)
            write_heading(w, 3, text);
        else if (*text != '\0')
            write_item(w, said[i].title, text);
        free(text);
    }
}

void advice_write(const struct summary *summary, const struct ladder *ladder, struct writer *w)
{
    struct advice *rows = xcalloc(summary->cell_count, sizeof *rows), *row = rows;
    if (w->format->for_programs) {
        write_fact(w, "cobench_advice", json_integer(1));
        write_fact(w, "suite", json_string(summary->results->suite));
        write_fact(w, "created", json_string(summary->results->created));
    } else {
        head_write(summary, w);
    }
    for (const struct summary_cell *c = summary->cells; c < summary->cells + summary->cell_count; c++) {
        if (plan_prices(c->group) || !ranking_begins(summary, c))
            continue;
        row->ladder = ladder;
        advice_make(row, summary, c);
        if (row == rows || row[-1].ranking.group != c->group)
            document_write_group_heading(c->group, w);
        write_words(row++, w);
    }
    const struct table table = {.name = "advice",
                                .columns = columns,
                                .column_count = sizeof columns / sizeof *columns,
                                .rows = rows,
                                .row_size = sizeof *rows,
                                .row_count = (size_t)(row - rows)};
    if (w->format->for_programs)
        write_table(w, &table);
    else if (row == rows)
        write_paragraph(w, "This run compares no models; cobench report has what it measured.");
    if (!w->format->for_programs)
        write_warnings(summary, w);
    while (row > rows)
        ranking_close(&(--row)->ranking);
    free(rows);
    write_end(w);
}
