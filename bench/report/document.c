/* SPDX-License-Identifier: MIT */
/* The report, content only: the writers lay it out. */
#include "bench/report/document.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/analysis/ranking.h"
#include "bench/report/format.h"
#include "bench/report/findings.h"
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
    int64_t least = r->rounds, most = r->rounds;
    char asked[160], to[32] = "";
    for (size_t g = 0; !fixed && g < r->group_count; g++) {
        const int64_t rounds = group_rounds(r, g);
        least = rounds < least ? rounds : least;
        most = rounds > most ? rounds : most;
    }
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

static void head_write(const struct summary *summary, struct writer *w)
{
    const struct results *r = summary->results;
    char *title = head_title(r), *machine = head_machine(r);
    write_heading(w, 1, title);
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

/* -- checks: controls, and capacities without what only controls have --------------------------------------------------- */

static bool is_capacity(const struct summary_check *c) { return c->cell == NULL || c->cell->role == ROLE_CAPACITY; }

static void read_check_name(const void *row, int which, struct table_value *out)
{
    const struct summary_check *c = row;
    (void)which;
    if (c->cell == NULL)
        table_set_text(out, "capacity");
    else if (is_capacity(c))
        table_set_format(out, "capacity %lld x %.60s:sync", (long long)c->cell->copies, c->cell->runtime);
    else
        table_set_format(out, "A/A control %.60s:sync%s", c->cell->runtime, c->group->rate > 0 ? " p50" : "");
}

enum check_text { CHECK_GROUP, CHECK_KIND, CHECK_RUNTIME, CHECK_OF, CHECK_SAID };

static void read_check_text(const void *row, int which, struct table_value *out)
{
    const struct summary_check *c = row;
    const bool capacity = is_capacity(c);
    const char *const texts[] = {
        [CHECK_GROUP] = c->group->name,
        [CHECK_KIND] = capacity ? "capacity" : "control",
        [CHECK_RUNTIME] = c->cell != NULL ? c->cell->runtime : NULL,
        [CHECK_OF] = capacity             ? "work"
                     : c->group->rate > 0 ? "latency_p50"
                                          : "whole",
        [CHECK_SAID] = c->flagged ? "missed 1" : c->note,
    };
    table_set_text(out, texts[which]);
}

enum check_number { CHECK_ROUNDS, CHECK_COPIES, CHECK_FLAGGED };

static void read_check_number(const void *row, int which, struct table_value *out)
{
    const struct summary_check *c = row;
    const bool capacity = is_capacity(c);
    const double numbers[] = {
        [CHECK_ROUNDS] = (double)c->ratio.rounds,
        [CHECK_COPIES] = capacity && c->cell != NULL ? (double)c->cell->copies : NAN,
        [CHECK_FLAGGED] = capacity ? NAN : c->flagged,
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
    struct summary_check *rows = xcalloc(summary->control_count + summary->capacity_count, sizeof *rows);
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
    document_write_checks(summary, group, w);
    if (open)
        cells_write(summary, group, CELLS_LATENCY, w);
    cells_write(summary, group, open ? CELLS_COST : CELLS_SPEEDUP, w);
    if (!open && cells_wait(group))
        cells_write(summary, group, CELLS_LATENCY, w);
    write_notes(summary, group, w);
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
         "faster, slower: the interval clears 1 by the margin, and the p-value, adjusted by Holm over the column, "
         "is below 5%; = no difference shown. A number with a ? is doubtful: its reason stands below the table."},
        {"checks",
         "an A/A control is the same command twice a round and must hold 1; the capacity is what copies of sync "
         "gain at once: what this machine can do in parallel on this work."},
        {"memory",
         "the most that all processes of the command had together (PSS), in a run of its own; ≥ where the work "
         "was over before it could be read."},
        {"latency",
         "medians of the rounds' percentiles. Closed loop: a worker that waits asks for nothing meanwhile, so "
         "that a stall costs only the few jobs it meets. Open loop: jobs arrive at their rate whatever happens."},
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        write_item(w, lines[i][0], lines[i][1]);
}

static void write_warnings(const struct summary *summary, struct writer *w)
{
    struct warnings warnings;
    warnings_make(&warnings, summary);
    if (warnings.count > 0)
        write_heading(w, 3, "What was wrong with this run");
    for (size_t i = 0; i < warnings.count; i++)
        write_item(w, warning_title(warnings.items[i].kind), warnings.items[i].text);
    warnings_free(&warnings);
}

void document_write(const struct summary *summary, struct writer *w)
{
    const struct results *r = summary->results;
    head_write(summary, w);
    if (w->format->for_programs) {
        cells_write(summary, NULL, 0, w);
        document_write_checks(summary, NULL, w);
    } else {
        write_warnings(summary, w);
        for (size_t g = 0; g < r->group_count; g++)
            if (plan_compares(&r->groups[g]))
                write_group(summary, &r->groups[g], w);
    }
    document_write_scaling(summary, w);
    marginal_cost_write(summary, w);
    if (!w->format->for_programs && results_compare(r)) {
        write_heading(w, 2, "How to read it");
        document_write_legend(w);
    }
    write_end(w);
}
