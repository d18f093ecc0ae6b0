/* SPDX-License-Identifier: MIT */
/*
 * The table for a terminal. Four ratios with intervals do not fit in 80 columns beside the times, so a group is two
 * tables on one grid, each with one question: what the model buys, and what language and model buy together. Where
 * there is room for all (see WIDE) they are one.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/findings.h"
#include "bench/report/format.h"
#include "bench/report/machine_line.h"
#include "bench/report/render.h"
#include "bench/report/rounds.h"
#include "bench/report/break_even.h"
#include "bench/report/latency.h"
#include "bench/report/marginal_cost.h"
#include "bench/report/scaling.h"
#include "bench/report/screen.h"
#include "bench/util/text.h"
#include "bench/report/warnings.h"

enum {
    NAME_WIDTH = 18,
    TIME_WIDTH = SCREEN_TIME_WIDTH,
    MEMORY_WIDTH = 9, /* with its mark */
    RATIO_WIDTH = SCREEN_RATIO_WIDTH,
    VERIFIED_WIDTH = 8,
    LATE_WIDTH = 10,
    TITLE_WIDTH = SCREEN_TITLE_WIDTH,
};
/* name, three times, memory, verified, four ratios */
#define WIDE (NAME_WIDTH + 3 * TIME_WIDTH + MEMORY_WIDTH + VERIFIED_WIDTH + 4 * RATIO_WIDTH)

struct terminal {
    const struct summary *summary;
    FILE *out;
    int width;
    bool colour;
};

static struct screen screen_of(const struct terminal *t) { return (struct screen){t->out, t->width, t->colour}; }

static void style(const struct terminal *t, enum style style)
{
    const struct screen screen = screen_of(t);
    screen_style(&screen, style);
}

static void put(const struct terminal *t, enum style s, const char *text, int width)
{
    const struct screen screen = screen_of(t);
    screen_put(&screen, s, text, width);
}

static void put_titled(const struct terminal *t, enum style s, const char *title, const char *text)
{
    const struct screen screen = screen_of(t);
    screen_put_titled(&screen, s, title, text);
}

/* -- columns ---------------------------------------------------------------------------------------------------------------- */

typedef void put_column(const struct terminal *t, const struct summary_cell *cell);

struct column {
    const char *title;
    int width; /* negative: right-aligned */
    put_column *put;
};

static void put_whole(const struct terminal *t, const struct summary_cell *cell)
{
    struct format f;
    put(t, STYLE_PLAIN, format_time(&f, cell->median_s), -TIME_WIDTH);
}

static void put_work(const struct terminal *t, const struct summary_cell *cell)
{
    struct format f;
    put(t, STYLE_PLAIN, format_time(&f, cell->work_s), -TIME_WIDTH);
}

static void put_cpu(const struct terminal *t, const struct summary_cell *cell)
{
    struct format f;
    put(t, STYLE_PLAIN, format_time(&f, cell->cpu_s), -TIME_WIDTH);
}

static void put_memory(const struct terminal *t, const struct summary_cell *cell)
{
    struct format f;
    char text[32];
    snprintf(text, sizeof text, "%s%s", summary_memory_is_least(cell) ? "≥" : "",
             format_bytes(&f, (double)cell->cell->peak_pss_bytes));
    put(t, STYLE_PLAIN, text, -MEMORY_WIDTH);
}

static void put_latency(const struct terminal *t, const struct summary_cell *cell, enum latency_point point)
{
    struct format f;
    put(t, STYLE_PLAIN, format_time(&f, cell->latency_s[point]), -TIME_WIDTH);
}

static void put_p50(const struct terminal *t, const struct summary_cell *cell) { put_latency(t, cell, LATENCY_P50); }

static void put_p90(const struct terminal *t, const struct summary_cell *cell) { put_latency(t, cell, LATENCY_P90); }

static void put_p99(const struct terminal *t, const struct summary_cell *cell) { put_latency(t, cell, LATENCY_P99); }

static void put_max(const struct terminal *t, const struct summary_cell *cell) { put_latency(t, cell, LATENCY_MAX); }

static void put_late(const struct terminal *t, const struct summary_cell *cell)
{
    struct format f;
    put(t, STYLE_PLAIN, format_time(&f, cell->open_loop.late_s[LATENCY_P50]), -LATE_WIDTH);
}

static void put_done(const struct terminal *t, const struct summary_cell *cell)
{
    struct format f;
    put(t, STYLE_PLAIN, render_latency_rate(&f, cell->open_loop.achieved), -LATE_WIDTH);
}

static void put_kept(const struct terminal *t, const struct summary_cell *cell)
{
    const bool missed = cell->open_loop.behind;
    put(t, missed ? STYLE_WARN : STYLE_PLAIN, missed ? "no" : "yes", -TIME_WIDTH);
}

static void put_verified(const struct terminal *t, const struct summary_cell *cell)
{
    put(t, cell->verified ? STYLE_PLAIN : STYLE_WARN, cell->verified ? "yes" : "no", -VERIFIED_WIDTH);
}

static void put_ratio(const struct terminal *t, const struct summary_cell *cell, enum ratio_time time,
                      enum ratio_base base)
{
    const struct screen screen = screen_of(t);
    screen_put_ratio(&screen, &cell->speedup[time][base], screen_doubt(&cell->speedup[time][base]));
}

static void put_work_own(const struct terminal *t, const struct summary_cell *cell)
{
    put_ratio(t, cell, RATIO_WORK, RATIO_OWN_SYNC);
}

static void put_whole_own(const struct terminal *t, const struct summary_cell *cell)
{
    put_ratio(t, cell, RATIO_WHOLE, RATIO_OWN_SYNC);
}

static void put_work_py(const struct terminal *t, const struct summary_cell *cell)
{
    put_ratio(t, cell, RATIO_WORK, RATIO_PY_SYNC);
}

static void put_whole_py(const struct terminal *t, const struct summary_cell *cell)
{
    put_ratio(t, cell, RATIO_WHOLE, RATIO_PY_SYNC);
}

struct table {
    const char *question; /* NULL: none */
    struct column columns[12];
};

static const struct table narrow_tables[] = {
    {"What the model buys: speedup over the runtime's own sync",
     {{"whole", -TIME_WIDTH, put_whole},
      {"work", -TIME_WIDTH, put_work},
      {"    work speedup", RATIO_WIDTH, put_work_own},
      {"    whole speedup", RATIO_WIDTH, put_whole_own}}},
    {"Language and model together: speedup over " SUMMARY_BASELINE_RUNTIME ":sync",
     {{"CPU", -TIME_WIDTH, put_cpu},
      {"checked", -VERIFIED_WIDTH, put_verified},
      {"    work speedup", RATIO_WIDTH, put_work_py},
      {"    whole speedup", RATIO_WIDTH, put_whole_py}}},
    {NULL, {{0}}},
};

static const struct table wide_tables[] = {
    {"Speedups over the runtime's own sync (what the model buys) and over " SUMMARY_BASELINE_RUNTIME
     ":sync (language and model together)",
     {{"whole", -TIME_WIDTH, put_whole},
      {"work", -TIME_WIDTH, put_work},
      {"CPU", -TIME_WIDTH, put_cpu},
      {"memory", -MEMORY_WIDTH, put_memory},
      {"checked", -VERIFIED_WIDTH, put_verified},
      {"    work / own sync", RATIO_WIDTH, put_work_own},
      {"    whole / own sync", RATIO_WIDTH, put_whole_own},
      {"    work / " SUMMARY_BASELINE_RUNTIME ":sync", RATIO_WIDTH, put_work_py},
      {"    whole / " SUMMARY_BASELINE_RUNTIME ":sync", RATIO_WIDTH, put_whole_py}}},
    {NULL, {{0}}},
};

#define LATENCIES                                                                                \
    {"p50", -TIME_WIDTH, put_p50}, {"p90", -TIME_WIDTH, put_p90}, {"p99", -TIME_WIDTH, put_p99}, \
    {                                                                                            \
        "max", -TIME_WIDTH, put_max                                                              \
    }

/* Beside the speedups, where there is something to wait for. */
static const struct table closed_table = {RENDER_LATENCY_CLOSED, {LATENCIES}};

/* Instead of them. */
static const struct table open_tables[] = {
    {RENDER_LATENCY_OPEN,
     {LATENCIES,
      {"late p50", -LATE_WIDTH, put_late},
      {"done", -LATE_WIDTH, put_done},
      {"kept", -TIME_WIDTH, put_kept}}},
    {"What it cost",
     {{"whole", -TIME_WIDTH, put_whole},
      {"work", -TIME_WIDTH, put_work},
      {"CPU", -TIME_WIDTH, put_cpu},
      {"memory", -MEMORY_WIDTH, put_memory},
      {"checked", -VERIFIED_WIDTH, put_verified}}},
    {NULL, {{0}}},
};

/* -- one table ---------------------------------------------------------------------------------------------------------------- */

/* The longest name, as far as there is room beside the columns. */
static int name_width(const struct terminal *t, const struct table *table)
{
    int room = t->width, longest = NAME_WIDTH;
    for (const struct column *c = table->columns; c->put != NULL; c++)
        room -= abs(c->width);
    for (size_t i = 0; i < t->summary->cell_count; i++) {
        const struct result_cell *cell = t->summary->cells[i].cell;
        const int columns = format_columns(cell->runtime) + 1 + format_columns(cell->model);
        longest = columns > longest ? columns : longest;
    }
    return longest < room ? longest : room > NAME_WIDTH ? room : NAME_WIDTH;
}

static int put_row(const struct terminal *t, const struct table *table, const struct summary_cell *cell, int name)
{
    char *variant = format_variant(cell->cell);
    if (variant == NULL)
        return -ENOMEM;
    put(t, STYLE_PLAIN, variant, name);
    free(variant);
    if (!cell->verified || cell->rounds == 0) {
        fputs("  ", t->out);
        put(t, STYLE_WARN, cell->note != NULL ? cell->note : "no timed round", t->width - name - 2);
    } else {
        for (const struct column *c = table->columns; c->put != NULL; c++)
            c->put(t, cell);
    }
    fputc('\n', t->out);
    return 0;
}

static int put_table(const struct terminal *t, const struct table *table, const struct result_group *group)
{
    const int name = name_width(t, table);
    fputc('\n', t->out);
    put(t, STYLE_BOLD, table->question, 0);
    fputc('\n', t->out);
    style(t, STYLE_DIM);
    format_put(t->out, "variant", name);
    for (const struct column *c = table->columns; c->put != NULL; c++)
        format_put(t->out, c->title, c->width);
    style(t, STYLE_PLAIN);
    fputc('\n', t->out);
    int rc = 0;
    for (size_t i = 0; i < t->summary->cell_count && rc == 0; i++)
        if (t->summary->cells[i].group == group)
            rc = put_row(t, table, &t->summary->cells[i], name);
    return rc;
}

/* -- above the tables ------------------------------------------------------------------------------------------------------- */

static int put_heading(const struct terminal *t, const struct result_group *group)
{
    char *params = format_params(group);
    char *shape = format_shape(group);
    const int rc = params == NULL || shape == NULL ? -ENOMEM : 0;
    if (rc == 0) {
        struct format_wrap wrap = {.out = t->out, .indent = 0, .width = t->width, .at = 0};
        fputc('\n', t->out);
        for (int i = 0; i < t->width; i++)
            fputs("─", t->out);
        fputc('\n', t->out);
        style(t, STYLE_BOLD);
        format_put_wrapped(&wrap, group->name);
        style(t, STYLE_PLAIN);
        wrap.indent = 2;
        if (strcmp(group->name, group->task) != 0) {
            format_put_wrapped(&wrap, "· task");
            format_put_wrapped(&wrap, group->task);
        }
        format_put_wrapped(&wrap, "·");
        format_put_wrapped(&wrap, group->kind);
        format_put_wrapped(&wrap, "·");
        format_put_wrapped(&wrap, params);
        format_put_wrapped(&wrap, *params != '\0' ? "·" : "");
        format_put_wrapped(&wrap, shape);
        fputc('\n', t->out);
    }
    free(shape);
    free(params);
    return rc;
}

/* "name   1.00x [0.99,1.01]", or the note in place of the ratio. */
static void put_above(const struct terminal *t, const char *title, const char *name, const struct ratio *ratio,
                      const char *note)
{
    struct format f;
    fputs("  ", t->out);
    put(t, STYLE_DIM, title, TITLE_WIDTH);
    put(t, STYLE_PLAIN, name, NAME_WIDTH);
    fputc(' ', t->out);
    if (note != NULL)
        put(t, STYLE_WARN, note, t->width - TITLE_WIDTH - NAME_WIDTH - 3);
    else
        put(t, STYLE_PLAIN, format_speedup(&f, ratio), 0);
}

static void put_controls(const struct terminal *t, const struct result_group *group)
{
    const char *title = "control";
    for (size_t i = 0; i < t->summary->control_count; i++) {
        const struct summary_control *c = &t->summary->controls[i];
        if (c->group != group)
            continue;
        char name[64];
        struct format f;
        snprintf(name, sizeof name, "%.40s:sync / twin%s", c->cell->runtime, group->rate > 0 ? " p50" : "");
        put_above(t, title, name, &c->ratio, c->note);
        if (isfinite(c->low99))
            fprintf(t->out, "  99%% %s", format_interval(&f, c->low99, c->high99));
        if (c->flagged)
            put(t, STYLE_WARN, "  FLAGGED", 0);
        fputc('\n', t->out);
        title = "";
    }
}

static void put_capacities(const struct terminal *t, const struct result_group *group)
{
    const char *title = "capacity";
    for (size_t i = 0; i < t->summary->capacity_count; i++) {
        const struct summary_capacity *c = &t->summary->capacities[i];
        if (c->group != group)
            continue;
        if (c->cell == NULL) {
            put_titled(t, STYLE_DIM, title, c->note);
        } else {
            char name[64];
            snprintf(name, sizeof name, "%lld x %.40s:sync", (long long)c->cell->copies, c->cell->runtime);
            put_above(t, title, name, &c->ratio, c->note);
            fputc('\n', t->out);
        }
        title = "";
    }
}

/* What variants do, then why numbers are doubtful. */
static int put_notes(const struct terminal *t, const struct result_group *group)
{
    struct string_list found = {NULL, 0}, notes = {NULL, 0};
    int rc = findings_of_variants(&found, t->summary, group);
    if (rc == 0)
        rc = notes_make(&notes, t->summary, group);
    if (found.count + notes.count > 0)
        fputc('\n', t->out);
    for (size_t i = 0; i < found.count; i++)
        put_titled(t, STYLE_BOLD, i == 0 ? "found" : "", found.items[i]);
    for (size_t i = 0; i < notes.count; i++)
        put_titled(t, STYLE_WARN, i == 0 ? "?" : "", notes.items[i]);
    string_list_free(&found);
    string_list_free(&notes);
    return rc;
}

static int put_group(const struct terminal *t, const struct result_group *group)
{
    const struct table *tables = group->rate > 0 ? open_tables : t->width >= WIDE ? wide_tables : narrow_tables;
    int rc = put_heading(t, group);
    put_controls(t, group);
    put_capacities(t, group);
    for (; rc == 0 && tables->question != NULL; tables++)
        rc = put_table(t, tables, group);
    if (rc == 0 && group->rate == 0 && render_latency_speaks(group))
        rc = put_table(t, &closed_table, group);
    if (rc == 0)
        render_break_even_text(t->summary, group, t->width, t->out);
    return rc != 0 ? rc : put_notes(t, group);
}

/* -- the whole ----------------------------------------------------------------------------------------------------------------- */

static int put_title(const struct terminal *t)
{
    const struct results *r = t->summary->results;
    char text[400], rounds[240];
    struct string_list phrases = {NULL, 0};
    struct format_wrap wrap = {.out = t->out, .indent = 0, .width = t->width, .at = 0};
    render_rounds_text(r, rounds, sizeof rounds);
    snprintf(text, sizeof text, "%.64s: %s, seed %lld, %.32s", r->suite, rounds, (long long)r->seed, r->created);
    style(t, STYLE_BOLD);
    format_put_wrapped(&wrap, text);
    style(t, STYLE_PLAIN);
    wrap.indent = 2;
    const char *url = json_string_value(json_object_get(r->plan, "url"));
    int rc = url == NULL ? 0 : string_list_addf(&phrases, "asking %s", url);
    if (rc == 0)
        rc = machine_line(r->machine, &phrases);
    for (size_t i = 0; i < phrases.count && rc == 0; i++) {
        format_put_wrapped(&wrap, "·");
        format_put_wrapped(&wrap, phrases.items[i]);
    }
    string_list_free(&phrases);
    fputc('\n', t->out);
    return rc;
}

static int put_warnings(const struct terminal *t)
{
    struct warnings warnings;
    if (warnings_make(&warnings, t->summary) != 0)
        return -ENOMEM;
    if (warnings.count > 0) {
        fputc('\n', t->out);
        put(t, STYLE_WARN, "Before any number:", 0);
        fputc('\n', t->out);
    }
    for (size_t i = 0; i < warnings.count; i++)
        put_titled(t, STYLE_WARN, warning_title(warnings.items[i].kind), warnings.items[i].text);
    warnings_free(&warnings);
    return 0;
}

static void put_legend(const struct terminal *t)
{
    static const struct {
        const char *title, *text;
    } lines[] = {
        {"whole",
         "the command from start to exit (hyperfine); work: from the opening of the gate to the end of the last "
         "job; both are medians. CPU: user and system, with children, median."},
        {"speedup", "baseline / variant, above 1 is faster: the pseudo-median of the paired rounds and its exact 95% "
                    "signed-rank interval."},
        {"control", "the same command twice a round: must hold 1. capacity: copies of sync at once, what this machine "
                    "can do in parallel on this work."},
        {"checked", "each result of each sample was checked."},
        {"verdict",
         "▲ faster, ▼ slower: the interval clears 1 by the margin, and the p-value, adjusted by Holm over the "
         "column, is below 5%. = no difference shown."},
        {"?", "doubtful: the note below the table has the reason. What is invalid is not shown."},
    };
    fputc('\n', t->out);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        put_titled(t, STYLE_DIM, lines[i].title, lines[i].text);
    if (render_latency_any(t->summary))
        put_titled(t, STYLE_DIM, "latency", RENDER_LATENCY_LEGEND);
    if (t->width >= WIDE)
        put_titled(t, STYLE_DIM, "memory",
                   "the most that all processes of the command together had (PSS), seen every few milliseconds and at "
                   "the last "
                   "job's end, in a run of its own; ≥ where the work was over before anybody looked.");
}

static int put_scaling(const struct terminal *t)
{
    struct scaling scaling;
    const int rc = scaling_make(&scaling, t->summary);
    render_scaling_text(&scaling, t->width, t->out);
    scaling_free(&scaling);
    return rc;
}

static int put_prices(const struct terminal *t)
{
    struct prices prices;
    const int rc = prices_make(&prices, t->summary);
    render_prices_text(&prices, t->width, t->out);
    prices_free(&prices);
    return rc;
}

static int put_all(const struct terminal *t)
{
    int rc = put_title(t);
    if (rc == 0)
        rc = put_warnings(t);
    for (size_t g = 0; g < t->summary->results->group_count && rc == 0; g++)
        if (result_group_compares(&t->summary->results->groups[g]))
            rc = put_group(t, &t->summary->results->groups[g]);
    if (rc == 0)
        rc = put_scaling(t);
    if (rc == 0)
        rc = put_prices(t);
    if (rc == 0 && results_compare(t->summary->results)) /* else there is nothing to explain */
        put_legend(t);
    return rc;
}

int render_terminal(const struct summary *summary, const struct render_terminal_options *options, FILE *out)
{
    char *text = NULL;
    size_t length = 0;
    struct terminal t = {
        .summary = summary,
        .out = open_memstream(&text, &length),
        .width = options->width < 80 ? 80 : options->width,
        .colour = options->colour,
    };
    if (t.out == NULL)
        return -ENOMEM;
    int rc = put_all(&t);
    if (fclose(t.out) != 0 && rc == 0)
        rc = -ENOMEM;
    if (rc == 0)
        screen_put_trimmed(out, text);
    free(text);
    return rc;
}
