/* SPDX-License-Identifier: MIT */
/* The report, content only: the writers lay it out. */
#include "bench/report/document.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/analysis/ranking.h"
#include "bench/report/findings.h"
#include "bench/report/format.h"
#include "bench/util/alloc.h"
#include "bench/util/json.h"

/* -- the run -------------------------------------------------------------------------------------------------------------- */

/* The most rounds of any cell of the group. */
static int64_t group_rounds(const struct results *results, size_t group)
{
    size_t most = 0;
    for (size_t c = 0; c < results->cell_count; c++)
        if (results->cells[c].group == group && results->cells[c].count > most)
            most = results->cells[c].count;
    return (int64_t)most;
}

char *head_title(const struct results *r)
{
    const bool fixed = results_fixed_rounds(r);
    const int64_t most = r->rounds;
    int64_t least = most;
    char asked[160], to[32] = "";
    for (const struct result_cell *c = r->cells; !fixed && c < r->cells + r->cell_count; c++)
        if (c->role == ROLE_MODEL && c->status == CELL_OK && (int64_t)c->count < least)
            least = (int64_t)c->count;
    if (most > least)
        snprintf(to, sizeof to, " to %lld", (long long)most);
    stopping_text(&r->asked, asked, sizeof asked);
    return text_format("%s: %lld%s round%s%s%s%s, seed %lld, %s", r->suite, (long long)least, to, most == 1 ? "" : "s",
                       fixed ? "" : " (", fixed ? "" : asked, fixed ? "" : ")", (long long)r->seed, r->created);
}

/* -- its machine ------------------------------------------------------------------------------------------------------ */

/* "AMD EPYC, 4 CPUs of 2 cores, 1.5 usable": the cores where they are fewer, what is usable where it is less. */
static void add_cpus(const json_t *machine, struct string_list *out)
{
    const char *model = json_string_value(json_object_get(machine, "cpu_model"));
    const json_int_t cpus = json_integer_value(json_object_get(machine, "cpus")),
                     cores = json_integer_value(json_object_get(machine, "cores"));
    const double usable = json_number_value(json_object_get(machine, "effective_cpus"));
    char count[48] = "CPUs unknown", of_cores[48] = "", less[48] = "", digits[TEXT_NUMBER_SIZE];
    if (cpus > 0)
        snprintf(count, sizeof count, "%lld CPU%s", (long long)cpus, cpus == 1 ? "" : "s");
    if (cores > 0 && cores < cpus)
        snprintf(of_cores, sizeof of_cores, " of %lld cores", (long long)cores);
    if (usable > 0 && (cpus <= 0 || usable < (double)cpus))
        snprintf(less, sizeof less, ", %s usable", text_number(digits, usable));
    string_list_addf(out, "%s, %s%s%s", model == NULL ? "CPU unknown" : model, count, of_cores, less);
}

char *head_machine(const struct results *r)
{
    static const struct {
        const char *words, *fact;
    } rows[] = {
        {"Linux ", "kernel"}, {"on ", "virtualisation"}, {"governor ", "governor"}, {"turbo ", "turbo"},
        {"", "compiler"},     {"CPython ", "python"},    {"libcurl ", "libcurl"},   {"gnuplot ", "gnuplot"},
    };
    const char *url = json_string_value(json_object_get(r->plan, "url")), *tool;
    const char *host = json_string_value(json_object_get(r->machine, "hostname"));
    const char *commit = json_string_value(json_object_get(r->machine, "git_commit"));
    struct string_list phrases = {NULL, 0};
    json_t *version;
    if (url != NULL)
        string_list_addf(&phrases, "asking %s", url);
    if (host != NULL)
        string_list_add(&phrases, host);
    add_cpus(r->machine, &phrases);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *text = json_string_value(json_object_get(r->machine, rows[i].fact));
        if (text != NULL && strcmp(text, "none") != 0) /* "on none" says nothing that the silence does not */
            string_list_addf(&phrases, "%s%s", rows[i].words, text);
    }
    json_object_foreach(json_object_get(r->machine, "tools"), tool, version) if (json_is_string(version))
        string_list_addf(&phrases, "%s %s", tool, json_string_value(version));
    if (commit != NULL && strcmp(commit, FACT_UNKNOWN) != 0)
        string_list_addf(&phrases, "commit %.10s%s", commit,
                         json_is_true(json_object_get(r->machine, "git_dirty")) ? " with changes" : "");
    char *line = string_list_join(&phrases, " · ");
    string_list_free(&phrases);
    return line;
}

/* -- both of them ------------------------------------------------------------------------------------------------------ */

/* Why each group's rounds were enough. */
static json_t *stopping_json(const struct summary *summary)
{
    const struct results *r = summary->results;
    const char *whole = results_fixed_rounds(r) && !summary->interrupted ? "rounds" : NULL;
    json_t *array = json_array();
    for (size_t g = 0; g < r->group_count; g++)
        json_array_append_new(array, json_pack("{sI sI ss? so}", "group", (json_int_t)g, "rounds",
                                               (json_int_t)group_rounds(r, g), "why",
                                               r->groups[g].why != NULL ? r->groups[g].why : whole, "half_width",
                                               json_number(precision_reached(summary, g))));
    return array;
}

static json_t *asked_json(const struct stopping *asked)
{
    return json_pack("{so so so}", "rounds", asked->rounds > 0 ? json_integer(asked->rounds) : json_null(), "budget_s",
                     asked->budget_s > 0 ? json_real(asked->budget_s) : json_null(), "precision",
                     asked->precision > 0 ? json_real(asked->precision) : json_null());
}

void head_write(const struct summary *summary, struct writer *w)
{
    const struct results *r = summary->results;
    char *title = head_title(r), *machine = head_machine(r);
    write_heading(w, 1, title);
    if (!w->brief)
        write_paragraph(w, machine);
    free(machine);
    free(title);
    write_fact(w, "summary", json_integer(2));
    write_fact(w, "suite", json_string(r->suite));
    write_fact(w, "created", json_string(r->created));
    write_fact(w, "seed", json_integer((json_int_t)r->seed));
    write_fact(w, "rounds", json_integer((json_int_t)r->rounds));
    write_fact(w, "margin", json_real(r->margin));
    write_fact(w, "interrupted", json_boolean(summary->interrupted));
    write_fact(w, "asked", asked_json(&r->asked));
    write_fact(w, "stopping", stopping_json(summary));
    write_fact(w, "forced", events_forced(&r->events));
    write_fact(w, "concurrent_runs", events_neighbours(&r->events));
    write_fact(w, "machine", json_incref(r->machine));
    write_fact(w, "groups", json_incref(json_object_get(r->plan, "groups")));
}

/* -- checks: controls, and capacities and critical paths without what only controls have -------------------------------- */

enum check_kind { KIND_CONTROL, KIND_CAPACITY, KIND_PATH };

static enum check_kind check_kind(const struct summary_check *c)
{
    return c->cell == NULL || c->cell->role == ROLE_CAPACITY ? KIND_CAPACITY
           : c->cell->role == ROLE_MODEL                     ? KIND_PATH
                                                             : KIND_CONTROL;
}

static void read_check_name(const void *row, int which, struct table_value *out)
{
    const struct summary_check *c = row;
    (void)which;
    if (c->cell == NULL)
        table_set_text(out, "capacity");
    else if (check_kind(c) == KIND_PATH)
        table_set_format(out, "work / critical path %.60s:%.60s", c->cell->runtime, c->cell->model);
    else if (check_kind(c) == KIND_CAPACITY)
        table_set_format(out, "capacity %lld x %.60s:%.60s", (long long)c->cell->copies, c->cell->runtime,
                         c->cell->model);
    else
        table_set_format(out, "A/A control %.60s:%.60s%s", c->cell->runtime, c->cell->model,
                         c->group->rate > 0 ? " p50" : "");
}

enum check_text { CHECK_GROUP, CHECK_KIND, CHECK_RUNTIME, CHECK_OF, CHECK_SAID };

static void read_check_text(const void *row, int which, struct table_value *out)
{
    static const char *const kinds[] = {[KIND_CONTROL] = "control", [KIND_CAPACITY] = "capacity", [KIND_PATH] = "path"};
    const struct summary_check *c = row;
    const char *const texts[] = {
        [CHECK_GROUP] = c->group->name,
        [CHECK_KIND] = kinds[check_kind(c)],
        [CHECK_RUNTIME] = c->cell != NULL ? c->cell->runtime : NULL,
        [CHECK_OF] = check_kind(c) != KIND_CONTROL ? "work"
                     : c->group->rate > 0          ? "latency_p50"
                                                   : "whole",
        [CHECK_SAID] = c->flagged ? "missed 1" : c->note,
    };
    table_set_text(out, texts[which]);
}

enum check_number { CHECK_ROUNDS, CHECK_COPIES, CHECK_FLAGGED };

static void read_check_number(const void *row, int which, struct table_value *out)
{
    const struct summary_check *c = row;
    const enum check_kind kind = check_kind(c);
    const double numbers[] = {
        [CHECK_ROUNDS] = (double)c->ratio.rounds,
        [CHECK_COPIES] = kind == KIND_CAPACITY && c->cell != NULL ? (double)c->cell->copies : NAN,
        [CHECK_FLAGGED] = kind == KIND_CONTROL ? c->flagged : NAN,
    };
    table_set_number(out, numbers[which]);
}

static void read_check_ratio(const void *row, int confidence, struct table_value *out)
{
    const struct summary_check *c = row;
    struct format f;
    if (confidence == 99)
        table_set_format(out, "%s", isfinite(c->low99) ? format_interval(&f, c->low99, c->high99) : "");
    else if (ratio_known(&c->ratio))
        table_set_interval(out, c->ratio.ratio, c->ratio.low, c->ratio.high);
    else
        table_set_text(out, c->note != NULL ? "-" : format_ratio_state(c->ratio.state));
}

#define AT(member) ((int)offsetof(struct summary_check, member))
static const struct table_column check_columns[] = {
    {NULL, "check", UNIT_TEXT, false, 0, read_check_name, 0},
    {"group", "task", UNIT_TEXT, false, CELLS_ALL, read_check_text, CHECK_GROUP},
    {"check", NULL, UNIT_TEXT, false, 0, read_check_text, CHECK_KIND},
    {"runtime", NULL, UNIT_TEXT, false, 0, read_check_text, CHECK_RUNTIME},
    {"of", NULL, UNIT_TEXT, false, 0, read_check_text, CHECK_OF},
    {"copies", NULL, UNIT_COUNT, false, 0, read_check_number, CHECK_COPIES},
    {"ratio", "ratio, 95%", UNIT_RATIO, true, 0, read_check_ratio, 95},
    {NULL, "99%", UNIT_TEXT, false, 0, read_check_ratio, 99},
    {"low99", NULL, UNIT_REAL, false, 0, table_read_real, AT(low99)},
    {"high99", NULL, UNIT_REAL, false, 0, table_read_real, AT(high99)},
    {"rounds", NULL, UNIT_COUNT, false, 0, read_check_number, CHECK_ROUNDS},
    {"flagged", NULL, UNIT_FLAG, false, 0, read_check_number, CHECK_FLAGGED},
    {"note", NULL, UNIT_TEXT, false, 0, table_read_text, AT(note)},
    {NULL, "note", UNIT_TEXT, false, 0, read_check_text, CHECK_SAID},
};

void document_write_checks(const struct summary *summary, const struct plan_group *group, struct writer *w)
{
    struct summary_check *rows = xcalloc(summary->control_count + summary->capacity_count + summary->path_count,
                                         sizeof *rows);
    struct table table = {.name = "checks",
                          .columns = check_columns,
                          .column_count = sizeof check_columns / sizeof *check_columns,
                          .rows = rows,
                          .row_size = sizeof *rows,
                          .view = group == NULL ? CELLS_ALL : CELLS_SPEEDUP};
    for (size_t i = 0; i < summary->control_count; i++)
        if (group == NULL || summary->controls[i].group == group)
            rows[table.row_count++] = summary->controls[i];
    for (size_t i = 0; i < summary->capacity_count; i++)
        if (group == NULL || summary->capacities[i].group == group)
            rows[table.row_count++] = summary->capacities[i];
    for (size_t i = 0; i < summary->path_count; i++)
        if (group == NULL || summary->paths[i].group == group)
            rows[table.row_count++] = summary->paths[i];
    write_table(w, &table);
    free(rows);
}

/* -- a group ---------------------------------------------------------------------------------------------------------- */

void document_write_group_heading(const struct plan_group *group, struct writer *w)
{
    char *text = format_group(group);
    write_heading(w, 2, text);
    free(text);
}

/* "c:threads from 3 jobs, py:threads never" of the variants that have one. */
static void write_break_even(const struct summary *summary, const struct plan_group *group, struct writer *w)
{
    struct string_list found = {NULL, 0};
    for (size_t i = 0; i < summary->cell_count; i++) {
        const struct summary_cell *c = &summary->cells[i];
        const struct break_even b = c->group == group ? break_even_of(summary, c) : (struct break_even){.jobs = 0};
        if (b.state == BREAK_EVEN_FROM)
            string_list_addf(&found, "%s:%s from %lld job%s", c->cell->runtime, c->cell->model, (long long)b.jobs,
                             b.jobs == 1 ? "" : "s");
        else if (b.state == BREAK_EVEN_NEVER)
            string_list_addf(&found, "%s:%s never", c->cell->runtime, c->cell->model);
    }
    char *all = format_names(&found, found.count);
    if (*all != '\0')
        write_item(w, "pays", all);
    free(all);
}

/* What variants do, from how many jobs on they pay, and why numbers are doubtful. */
static void write_notes(const struct summary *summary, const struct plan_group *group, struct writer *w)
{
    struct string_list found = {NULL, 0}, notes = {NULL, 0};
    findings_of_variants(&found, summary, group);
    notes_make(&notes, summary, group);
    for (size_t i = 0; i < found.count; i++)
        write_item(w, "found", found.items[i]);
    write_break_even(summary, group, w);
    for (size_t i = 0; i < notes.count; i++)
        write_item(w, "?", notes.items[i]);
    string_list_free(&found);
    string_list_free(&notes);
}

static void write_group(const struct summary *summary, const struct plan_group *group, struct writer *w)
{
    const bool open = group->rate > 0;
    document_write_group_heading(group, w);
    if (plan_compares(group))
        document_write_checks(summary, group, w);
    if (open)
        cells_write(summary, group, CELLS_LATENCY, w);
    cells_write(summary, group, open || !plan_compares(group) ? CELLS_COST : CELLS_SPEEDUP, w);
    if (!open && cells_wait(group))
        cells_write(summary, group, CELLS_LATENCY, w);
    write_notes(summary, group, w);
}

/* -- the answer: sentences, and the ratios of all models in one square ---------------------------------------------------- */

/* More rows than this: only the runtimes that the sentences are about. */
enum { SQUARE_MOST = 8, MODELS_MOST = 24 };
/* Columns of a name, also where some rows say of which times they are: what 80 leave beside the usual models. */
enum { NAME_MOST = 23, NAME_MOST_OF = 15 };

/* A runtime in a group. */
struct square_row {
    const struct summary *summary;
    const struct plan_group *group;
    const char *name, *runtime,
        *of; /* name: the group's, in its first row; of: which times; where all are those of the work NULL */
    const char *const *models;
    const struct summary_cell *taken;
    enum ranking_by by;
    int name_most; /* columns */
};

/* Cut where it is long, but for what stands in brackets, which tells it from the others: "my_own_func… (2 workers)". */
static void read_square_name(const void *row, int which, struct table_value *out)
{
    const struct square_row *r = row;
    const char *tail = r->name == NULL ? NULL : strrchr(r->name, '(');
    const int room = r->name_most - (tail == NULL ? 0 : 1 + format_columns(tail));
    char *text;
    size_t length;
    (void)which;
    table_set_text(out, r->name);
    if (r->name == NULL || format_columns(r->name) <= r->name_most)
        return;
    FILE *stream = text_open(&text, &length);
    format_put(stream, r->name, room > 2 ? room : 2, false);
    fprintf(stream, "%s%s", tail == NULL ? "" : " ", tail == NULL ? "" : tail);
    text_close(stream);
    table_set_made(out, text);
}

static void read_square(const void *row, int which, struct table_value *out)
{
    const struct square_row *r = row;
    const struct summary_cell *c = r->summary->cells, *end = c + r->summary->cell_count;
    struct format f;
    while (c < end && (c->group != r->group || strcmp(c->cell->runtime, r->runtime) != 0 ||
                       strcmp(c->cell->model, r->models[which]) != 0))
        c++;
    if (c == end)
        return;
    if (!c->verified || c->rounds == 0)
        table_set_text(out, c->cell->status == CELL_IMPOSSIBLE ? "not here" : cell_word(c->cell));
    else if (r->by == RANKING_BY_P99)
        table_set_format(out, "%s%s%s", c == r->taken ? "* " : "  ", format_time(&f, c->latency_s[LATENCY_P99]),
                         c->open_loop.behind ? "?" : "");
    else if (!plan_compares(c->group))
        table_set_format(out, "%s%s", c == r->taken ? "* " : "  ",
                         format_time(&f, r->by == RANKING_BY_WORK ? c->work_s : c->median_s));
    else
        cells_set_ratio(
            out,
            &c->speedup[r->by == RANKING_BY_WORK ? RATIO_WORK : RATIO_WHOLE]
                       [c->cell->baseline && results_several(r->summary->results) ? RATIO_PY_SYNC : RATIO_OWN_SYNC]);
    out->low = out->high = NAN;
    out->sign = c == r->taken ? "*" : NULL;
}

/* What handing over costs has tables of its own (ladder_write). */
static bool in_square(const struct summary_cell *cell, const struct ladder *ladder)
{
    return !plan_prices(cell->group) && !ladder_has(ladder, cell->group);
}

static size_t square_rows(const struct summary *summary, const struct ladder *ladder, bool brief,
                          const char *const *models, struct square_row *rows)
{
    static const char *const of[] = {
        [RANKING_BY_WORK] = "work", [RANKING_BY_WHOLE] = "command", [RANKING_BY_P99] = "p99"};
    struct square_row *row = rows;
    for (const struct summary_cell *c = summary->cells; c < summary->cells + summary->cell_count; c++) {
        struct ranking ranking;
        if (!ranking_begins(summary, c) || !in_square(c, ladder) || findings_nothing_worked(summary, c->group, NULL) ||
            (brief && !findings_are_brief(summary, c->group, c->cell->runtime)))
            continue;
        ranking_open(&ranking, summary, c->group, c->cell->runtime);
        *row = (struct square_row){.summary = summary,
                                   .group = c->group,
                                   .name = c->group->name,
                                   .runtime = c->cell->runtime,
                                   .of = of[ranking.by],
                                   .models = models,
                                   .taken = choice_of(&ranking).take,
                                   .by = ranking.by};
        if (row > rows && row[-1].group == c->group)
            row->name = NULL;
        ranking_close(&ranking);
        row++;
    }
    return (size_t)(row - rows);
}

static size_t square_models(const struct summary *summary, const struct ladder *ladder, const char **models)
{
    size_t count = 0;
    for (const struct summary_cell *c = summary->cells; c < summary->cells + summary->cell_count; c++) {
        /* Where it would be 1 in every row; of several interpreters it is over that of the first. */
        bool seen = (c->cell->baseline && c->group->rate == 0 && !results_several(summary->results)) ||
                    strcmp(c->cell->runtime, RUNTIME_PROGRAM) == 0 || !in_square(c, ladder);
        for (size_t i = 0; i < count; i++)
            seen |= strcmp(models[i], c->cell->model) == 0;
        if (!seen && count < MODELS_MOST)
            models[count++] = c->cell->model;
    }
    return count;
}

static void write_square_legend(const struct square_row *rows, size_t count, struct writer *w)
{
    const struct results *results = rows->summary->results;
    bool by[] = {[RANKING_BY_WORK] = false, [RANKING_BY_WHOLE] = false, [RANKING_BY_P99] = false};
    struct string_list words = {NULL, 0};
    const char *baseline = NULL;
    bool times = false, several = false;
    for (size_t i = 0; i < count; i++)
        if (rows[i].group->rate == 0 && !plan_compares(rows[i].group)) {
            times = true;
        } else {
            by[rows[i].by] = true;
            several |= baseline != NULL && strcmp(baseline, plan_baseline(rows[i].group)) != 0;
            baseline = plan_baseline(rows[i].group);
        }
    if (baseline == NULL || several)
        baseline = "sync";
    if (by[RANKING_BY_WORK] || by[RANKING_BY_WHOLE])
        string_list_addf(&words, "x: times as fast as %s%s%s, %s", baseline,
                         strcmp(baseline, "sync") == 0 ? ", one job after another" : "",
                         several ? " (or as the row's baseline, where one stands)" : "",
                         !by[RANKING_BY_WHOLE] ? "without start-up"
                         : by[RANKING_BY_WORK] ? "without start-up (in rows \"command\" with it)"
                                               : "with start-up");
    if (by[RANKING_BY_WORK] || by[RANKING_BY_WHOLE])
        string_list_add(&words, "between: 95% interval");
    if ((by[RANKING_BY_WORK] || by[RANKING_BY_WHOLE]) && results_several(results))
        string_list_addf(&words, "%s: over %s:%s, so that the two multiplied compare interpreters", baseline,
                         results->common, baseline);
    if (times)
        string_list_add(&words, "times without start-up (in rows \"command\" with it): there is nothing to divide by");
    if (by[RANKING_BY_P99])
        string_list_add(&words, "p99: 99% of the jobs take less");
    string_list_add(&words, "*: take this one; ?: doubtful (the report says why).");
    char *text = string_list_join(&words, "; ");
    write_paragraph(w, text);
    free(text);
    string_list_free(&words);
}

static void write_square(const struct summary *summary, struct writer *w)
{
    const char *models[MODELS_MOST];
    struct table_column columns[MODELS_MOST + 3] = {
        {NULL, "task", UNIT_TEXT, false, 0, read_square_name, 0},
        {NULL, "in", UNIT_TEXT, false, 0, table_read_text, offsetof(struct square_row, runtime)},
        {NULL, "time of", UNIT_TEXT, false, 0, table_read_text, offsetof(struct square_row, of)},
    };
    struct square_row *rows = xcalloc(summary->cell_count, sizeof *rows);
    struct table table = {.columns = columns, .column_count = 3, .rows = rows, .row_size = sizeof *rows};
    struct ladder ladder;
    ladder_make(&ladder, summary);
    const size_t count = square_models(summary, &ladder, models);
    for (size_t i = 0; i < count; i++)
        columns[table.column_count++] = (struct table_column){NULL, models[i],   UNIT_RATIO, false,
                                                              0,    read_square, (int)i};
    table.row_count = square_rows(summary, &ladder, false, models, rows);
    if (table.row_count > SQUARE_MOST)
        table.row_count = square_rows(summary, &ladder, true, models, rows);
    bool of = false;
    for (size_t i = 0; i < table.row_count; i++)
        of |= rows[i].by != RANKING_BY_WORK;
    for (size_t i = 0; i < table.row_count; i++) {
        rows[i].name_most = of ? NAME_MOST_OF : NAME_MOST;
        rows[i].of = of ? rows[i].of : NULL;
    }
    if (table.row_count > 0 && count > 0) {
        write_table(w, &table);
        write_square_legend(rows, table.row_count, w);
    }
    ladder_free(&ladder);
    free(rows);
}

static void write_answer(const struct summary *summary, struct writer *w)
{
    struct findings findings;
    findings_make(&findings, summary);
    for (size_t i = 0; i < findings.count; i++) {
        const struct findings_line *line = &findings.items[i];
        if (line->point)
            continue;
        struct string_list first = {line->said.items, line->brief};
        char *said = string_list_join(&first, ". "), *text = text_format("%s: %s.", line->name, said);
        write_item(w, NULL, text);
        free(text);
        free(said);
    }
    findings_free(&findings);
    write_square(summary, w);
}

/* -- the whole -------------------------------------------------------------------------------------------------------- */

void document_write_legend(struct writer *w)
{
    static const char *const lines[][2] = {
        {"whole",
         "the command from start to exit, as hyperfine times it; work: from when all workers are up and warm to "
         "the end of the last job; CPU: user and system, with children. Medians of the rounds."},
        {"speedup", "baseline / variant, above 1 is faster: the pseudo-median of the paired rounds with its exact 95% "
                    "signed-rank interval."},
        {"▲ ▼ =",
         "faster, slower: the interval clears 1 by the margin, and the p-value, adjusted for as many ratios as the "
         "column has (Holm), is below 5%; = no difference shown. A number with a ? is doubtful: its reason stands "
         "below the table."},
        {"checks",
         "an A/A control is the same command twice a round and must hold 1; the capacity is what copies of sync "
         "gain at once: what this machine can do in parallel on this work."},
        {"memory", "the most that all processes of the command had together (PSS: what they share counts once), in a "
                   "run of its own; ≥ where the work was over before it could be read."},
        {"latency",
         "medians of the rounds' percentiles. Closed loop: a worker that waits asks for nothing meanwhile, so "
         "that a stall costs only the few jobs it meets. Open loop: jobs arrive at their rate whatever happens."},
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        write_item(w, lines[i][0], lines[i][1]);
}

/* Of all gains, or of those that leave open what to take. */
struct within {
    size_t all, within, open, decided;
};

/* How many gains would be within 10% if there were `left_s` more for them, and how many of the open ones decided: narrow, or
 * clear of 1. */
static struct within count_within(const struct summary *summary, double left_s)
{
    struct stopping_cell *cells = xcalloc(summary->results->cell_count, sizeof *cells);
    struct within out = {.all = 0};
    summary_share(summary, cells);
    stopping_share(cells, summary->results->cell_count, left_s);
    for (const struct summary_cell *c = summary->cells; c < summary->cells + summary->cell_count; c++) {
        const struct stopping_cell *cell = &cells[c->cell - summary->results->cells];
        const struct ratio *work = &c->speedup[RATIO_WORK][RATIO_OWN_SYNC];
        const struct ratio *gain = work->state == RATIO_FULL ? work : &c->speedup[RATIO_WHOLE][RATIO_OWN_SYNC];
        if (!isfinite(cell->width))
            continue;
        const double width = stopping_width(cell), margin = summary->results->margin;
        const bool narrow = width <= RATIO_UNRESOLVED, open = ranking_is_open(gain) && !ranking_cannot_gain(c);
        out.all++;
        out.within += narrow;
        out.open += open;
        out.decided += open && (narrow || gain->ratio > (1 + width) * (1 + margin));
    }
    free(cells);
    return out;
}

/* What a longer budget would buy: the least that brings half of the others there, or the longest that is looked at. */
static void write_budget(const struct summary *summary, struct writer *w)
{
    const struct results *r = summary->results;
    const double spent_s = (double)r->spent_ns / 1e9;
    char budget[48], longer[240] = "", decides[80] = "";
    const struct within now = count_within(summary, 0);
    struct within then;
    double budget_s = r->asked.budget_s;
    do {
        budget_s *= 2;
        then = count_within(summary, budget_s - spent_s);
    } while (budget_s < 16 * r->asked.budget_s && 2 * (then.within - now.within) < now.all - now.within);
    stopping_option_text(budget_s, budget, sizeof budget);
    if (now.open > 0)
        snprintf(decides, sizeof decides, " and decide %zu of %zu that are open", then.decided, now.open);
    if (then.within > now.within)
        snprintf(longer, sizeof longer, "; --budget %s would make that about %zu%s", budget, then.within, decides);
    char *text = text_format("%zu of %zu gains are within 10%%%s", now.within, now.all, longer);
    if (now.all > 0)
        write_item(w, "precision", text);
    free(text);
}

/* In brief: so many warnings, and so much of each. */
enum { BRIEF_WARNINGS = 4, BRIEF_TEXT = 200 };

/* Ends it at a blank, where it is long. */
static void cut(char *text)
{
    char *end = text + (strlen(text) > BRIEF_TEXT ? BRIEF_TEXT : 0);
    while (end > text && *end != ' ')
        end--;
    if (end > text)
        strcpy(end, " ...");
}

void write_warnings(const struct summary *summary, struct writer *w)
{
    struct warnings warnings;
    warnings_make(&warnings, summary);
    if (warnings.count > 0 && !w->brief)
        write_heading(w, 3, "What was wrong with this run");
    const size_t most = w->brief && warnings.count > BRIEF_WARNINGS ? BRIEF_WARNINGS : warnings.count;
    for (size_t i = 0; i < most; i++) {
        if (w->brief)
            cut(warnings.items[i].text);
        write_item(w, warning_title(warnings.items[i].kind), warnings.items[i].text);
    }
    if (most < warnings.count) {
        char *text = text_format("%zu more, by cobench report", warnings.count - most);
        write_item(w, "and", text);
        free(text);
    }
    warnings_free(&warnings);
}

void document_write(const struct summary *summary, struct writer *w)
{
    const struct results *r = summary->results;
    bool tables = false;
    head_write(summary, w);
    if (w->format->for_programs) {
        cells_write(summary, NULL, 0, w);
        document_write_checks(summary, NULL, w);
    } else {
        write_answer(summary, w);
        ladder_write(summary, w);
        write_warnings(summary, w);
        if (w->brief && r->asked.budget_s > 0 && r->asked.precision <= 0 && !summary->interrupted)
            write_budget(summary, w);
    }
    if (!w->brief) {
        for (size_t g = 0; !w->format->for_programs && g < r->group_count; g++)
            if (!plan_prices(&r->groups[g]) && !plan_serves(&r->groups[g])) {
                write_group(summary, &r->groups[g], w);
                tables = true;
            }
        serving_write(summary, w);
        shared_state_write(summary, w);
        document_write_hosts(summary, w);
        document_write_scaling(summary, w);
        marginal_cost_write(summary, w);
        if (w->format->for_programs)
            ladder_write(summary, w);
        if (tables) {
            write_heading(w, 2, "How to read it");
            document_write_legend(w);
        }
    }
    write_end(w);
}
