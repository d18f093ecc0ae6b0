/* SPDX-License-Identifier: MIT */
/* summary.md: warnings first, then a group at a time with all four ratios. Everything that comes from a file or a name
 * is escaped. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/findings.h"
#include "bench/report/format.h"
#include "bench/report/machine_line.h"
#include "bench/util/markdown.h"
#include "bench/report/render.h"
#include "bench/report/rounds.h"
#include "bench/report/break_even.h"
#include "bench/report/latency.h"
#include "bench/report/marginal_cost.h"
#include "bench/report/scaling.h"
#include "bench/report/warnings.h"

static int put_heading(FILE *out, const struct result_group *group)
{
    char *params = format_params(group);
    char *shape = format_shape(group);
    const int rc = params == NULL || shape == NULL ? -ENOMEM : 0;
    if (rc == 0) {
        fputs("\n## ", out);
        markdown_put(out, group->name);
        fputs("\n\nTask ", out);
        markdown_put(out, group->task);
        fputs(", ", out);
        markdown_put(out, group->kind);
        if (*params != '\0')
            fputs(", ", out);
        markdown_put(out, params);
        fprintf(out, "; %s.\n", shape);
    }
    free(shape);
    free(params);
    return rc;
}

static void put_above(FILE *out, const char *row, const char *name, const struct ratio *ratio, const char *note)
{
    struct format f;
    fprintf(out, "| %s | ", row);
    markdown_put(out, name);
    fputs(" | ", out);
    markdown_put(out, note != NULL ? note : format_speedup(&f, ratio));
}

static void put_controls(FILE *out, const struct summary *summary, const struct result_group *group)
{
    for (size_t i = 0; i < summary->control_count; i++) {
        const struct summary_control *c = &summary->controls[i];
        if (c->group != group)
            continue;
        char name[96];
        struct format f;
        snprintf(name, sizeof name, "%.64s:sync / its twin%s", c->cell->runtime,
                 group->rate > 0 ? ", p50 latency" : "");
        put_above(out, "control", name, &c->ratio, c->note);
        fputs(" | ", out);
        markdown_put(out, isfinite(c->low99) ? format_interval(&f, c->low99, c->high99) : "-");
        fprintf(out, " | %s |\n", c->flagged ? "**flagged**" : "");
    }
}

static void put_capacities(FILE *out, const struct summary *summary, const struct result_group *group)
{
    for (size_t i = 0; i < summary->capacity_count; i++) {
        const struct summary_capacity *c = &summary->capacities[i];
        char name[96] = "none";
        if (c->group != group)
            continue;
        if (c->cell != NULL)
            snprintf(name, sizeof name, "%lld copies of %.64s:sync", (long long)c->cell->copies, c->cell->runtime);
        put_above(out, "capacity", name, &c->ratio, c->note);
        fputs(" | - | |\n", out);
    }
}

/* The ratio, its verdict's sign and a ? where it is doubtful. */
static void put_judged(FILE *out, const struct ratio *ratio)
{
    struct format f;
    markdown_put(out, format_speedup(&f, ratio));
    if (ratio->verdict != VERDICT_NONE)
        fprintf(out, " %s", format_verdict(ratio->verdict));
}

static void put_row(FILE *out, const struct summary_cell *c)
{
    static const char blanks[] = " | ";
    struct format f;
    fputs("| ", out);
    markdown_put_variant(out, c->cell->runtime, c->cell->model);
    fprintf(out, " | %s", format_time(&f, c->median_s));
    fprintf(out, " | %s", format_time(&f, c->work_s));
    fprintf(out, " | %s", format_time(&f, c->cpu_s));
    fprintf(out, " | %s%s", summary_memory_is_least(c) ? "≥" : "", format_bytes(&f, (double)c->cell->peak_pss_bytes));
    for (enum ratio_base b = 0; b < RATIO_BASES && c->group->rate == 0; b++)
        for (enum ratio_time t = 0; t < RATIO_TIMES; t++) {
            fputs(blanks, out);
            put_judged(out, &c->speedup[t][b]);
        }
    fputs(c->verified ? " | yes" : " | **no**", out);
    if (c->note != NULL) {
        fputs(": ", out);
        markdown_put(out, c->note);
    }
    fprintf(out, " | %s | %s |\n", doubt_name(c->doubt) == NULL ? "" : doubt_name(c->doubt),
            finding_name(c->finding) == NULL ? "" : finding_name(c->finding));
}

static int put_notes(FILE *out, const struct summary *summary, const struct result_group *group)
{
    struct string_list lines = {NULL, 0};
    int rc = findings_of_variants(&lines, summary, group);
    if (rc == 0)
        rc = notes_make(&lines, summary, group);
    for (size_t i = 0; i < lines.count && rc == 0; i++) {
        fputs(i == 0 ? "\n- " : "- ", out);
        markdown_put(out, lines.items[i]);
        fputc('\n', out);
    }
    string_list_free(&lines);
    return rc;
}

static int put_group(FILE *out, const struct summary *summary, const struct result_group *group)
{
    int rc = put_heading(out, group);
    fputs("\n| row | | ratio, 95% interval | 99% interval | |\n|---|---|---|---|---|\n", out);
    put_controls(out, summary, group);
    put_capacities(out, summary, group);
    fputs(group->rate > 0
              ? "\n| variant | whole | work | CPU | peak memory | verified | doubt | finding "
                "|\n|---|--:|--:|--:|--:|---|---|---|\n"
              : "\n| variant | whole | work | CPU | peak memory | work / own sync | whole / own sync | work "
                "/ " SUMMARY_BASELINE_RUNTIME ":sync | whole / " SUMMARY_BASELINE_RUNTIME
                ":sync | verified | doubt | finding |\n"
                "|---|--:|--:|--:|--:|---|---|---|---|---|---|---|\n",
          out);
    for (size_t i = 0; i < summary->cell_count && rc == 0; i++)
        if (summary->cells[i].group == group)
            put_row(out, &summary->cells[i]);
    if (rc == 0)
        rc = put_notes(out, summary, group);
    if (rc == 0)
        render_break_even_markdown(summary, group, out);
    if (rc == 0)
        render_latency_markdown(summary, group, out);
    return rc;
}

static int put_warnings(FILE *out, const struct summary *summary)
{
    struct warnings warnings;
    if (warnings_make(&warnings, summary) != 0)
        return -ENOMEM;
    if (warnings.count > 0)
        fputs("\n**Before any number:**\n\n", out);
    for (size_t i = 0; i < warnings.count; i++) {
        fprintf(out, "- **%s**: ", warning_title(warnings.items[i].kind));
        markdown_put(out, warnings.items[i].text);
        fputc('\n', out);
    }
    warnings_free(&warnings);
    return 0;
}

static void put_legend(FILE *out, const struct summary *summary)
{
    if (render_latency_any(summary))
        fputs("\nLatencies are " RENDER_LATENCY_LEGEND "\n", out);
    fprintf(
        out,
        "\nWhole is the command from start to exit, as hyperfine times it; work is from the opening of the gate to the "
        "end of the\nlast job; CPU is user and system with children; all three are medians. Peak memory is the process "
        "tree's (PSS), seen\nevery few milliseconds and at the last job's end, in a run of its own; ≥ where the work "
        "was over "
        "before anybody looked.\nA speedup is baseline / variant, above 1 is faster: the pseudo-median over paired "
        "rounds with "
        "its exact 95%% signed-rank\ninterval. A control is the same command twice a round and must hold 1; the "
        "capacity "
        "is what copies of sync, run at\nonce, gain on this machine.\n\n▲ faster and ▼ slower: the interval clears 1 "
        "by "
        "%.3g%%, and the p-value, adjusted by Holm over the column, is below 5%%.\n= no difference shown. ? doubtful: "
        "the note below the table has the reason, and\n"
        "docs/statistics.md how often it is false.\n",
        100 * summary->results->margin);
}

static int put_prices(FILE *out, const struct summary *summary)
{
    struct prices prices;
    const int rc = prices_make(&prices, summary);
    render_prices_markdown(&prices, out);
    prices_free(&prices);
    return rc;
}

static int put_scaling(FILE *out, const struct summary *summary)
{
    struct scaling scaling;
    const int rc = scaling_make(&scaling, summary);
    render_scaling_markdown(&scaling, out);
    scaling_free(&scaling);
    return rc;
}

static int put_machine(FILE *out, const struct results *results)
{
    struct string_list phrases = {NULL, 0};
    const int rc = machine_line(results->machine, &phrases);
    char *line = rc == 0 && phrases.count > 0 ? string_list_join(&phrases, " · ") : NULL;
    if (line != NULL) {
        fputs("\nMeasured on ", out);
        markdown_put(out, line);
        fputs(".\n", out);
    }
    const bool lost = rc == 0 && phrases.count > 0 && line == NULL;
    free(line);
    string_list_free(&phrases);
    return lost ? -ENOMEM : rc;
}

int render_markdown(const void *what, FILE *out)
{
    const struct summary *summary = what;
    const struct results *r = summary->results;
    char rounds[240];
    render_rounds_text(r, rounds, sizeof rounds);
    fputs("# ", out);
    markdown_put(out, r->suite);
    fprintf(out, "\n\n%s, seed %lld, ", rounds, (long long)r->seed);
    markdown_put(out, r->created);
    const char *url = json_string_value(json_object_get(r->plan, "url"));
    if (url != NULL) {
        fputs(", asking ", out);
        markdown_put(out, url);
    }
    fputs(".\n", out);
    int rc = put_machine(out, r);
    if (rc == 0)
        rc = put_warnings(out, summary);
    for (size_t g = 0; g < r->group_count && rc == 0; g++)
        rc = put_group(out, summary, &r->groups[g]);
    if (rc == 0)
        rc = put_scaling(out, summary);
    if (rc == 0)
        rc = put_prices(out, summary);
    if (rc == 0)
        put_legend(out, summary);
    return rc;
}
