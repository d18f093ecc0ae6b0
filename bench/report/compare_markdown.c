/* SPDX-License-Identifier: MIT */
/* A comparison in Markdown, as for a comment on a change. Everything that comes from a file or a name is escaped. */
#include <errno.h>
#include <stdlib.h>

#include "bench/report/format.h"
#include "bench/util/escape.h"
#include "bench/report/compare_formats.h"

static void put_lines(const struct compare_view *view, enum story_kind kind, const char *heading, FILE *out)
{
    bool first = true;
    for (size_t i = 0; i < view->story->count; i++) {
        const struct story_line *line = &view->story->lines[i];
        if (line->kind != kind)
            continue;
        if (*line->title == '\0') {
            fputs("\n**", out);
            markdown_put(out, line->text);
            fputs(".**\n", out);
            continue;
        }
        if (first)
            fprintf(out, "%s\n", heading);
        first = false;
        fprintf(out, "- **%s**: ", line->title);
        markdown_put(out, line->text);
        fputc('\n', out);
    }
}

static void put_runs(const struct compare_view *view, FILE *out)
{
    fputs("\n| | run | suite | rounds | seed | created | machine |\n|---|---|---|--:|--:|---|---|\n", out);
    for (enum compare_side side = 0; side < COMPARE_SIDES; side++) {
        const struct results *r = view->compare->results[side];
        const char *host = json_string_value(json_object_get(r->machine, "hostname"));
        fprintf(out, "| %s | ", side == COMPARE_A ? "A" : "B");
        markdown_put(out, view->name[side]);
        fputs(" | ", out);
        markdown_put(out, r->suite);
        fprintf(out, " | %lld | %lld | ", (long long)r->rounds, (long long)r->seed);
        markdown_put(out, r->created);
        fputs(" | ", out);
        markdown_put(out, host != NULL ? host : "unknown");
        fputs(" |\n", out);
    }
}

static void put_change(const struct compare_change *change, FILE *out)
{
    struct format f;
    fputs(" | ", out);
    markdown_put(out, format_speedup(&f, &change->ratio));
    if (change->ratio.verdict != VERDICT_NONE)
        fprintf(out, " %s", format_verdict(change->ratio.verdict));
    if (change->ratio.doubt != DOUBT_NONE)
        fprintf(out, " (%s)", doubt_name(change->ratio.doubt));
}

static void put_row(const struct compare_row *row, FILE *out)
{
    struct format f;
    char *name = compare_name(row->cell[COMPARE_B]);
    fputs("| ", out);
    markdown_put(out, name != NULL ? name : "-");
    free(name);
    for (int t = 0; t < RATIO_TIMES; t++) {
        const enum ratio_time time = t == 0 ? RATIO_WHOLE : RATIO_WORK;
        for (enum compare_side side = 0; side < COMPARE_SIDES; side++)
            fprintf(out, " | %s", format_time(&f, row->median_s[time][side]));
        put_change(&row->time[time], out);
    }
    put_change(&row->speedup[RATIO_WHOLE], out);
    put_change(&row->speedup[RATIO_WORK], out);
    fputs(" |\n", out);
}

static void put_open_row(const struct compare_row *row, FILE *out)
{
    struct format f;
    char *name = compare_name(row->cell[COMPARE_B]);
    fputs("| ", out);
    markdown_put(out, name != NULL ? name : "-");
    free(name);
    for (enum compare_latency k = 0; k < COMPARE_LATENCIES; k++) {
        for (enum compare_side side = 0; side < COMPARE_SIDES; side++)
            fprintf(out, " | %s", format_time(&f, row->latency_s[k][side]));
        put_change(&row->latency[k], out);
    }
    for (enum compare_side side = 0; side < COMPARE_SIDES; side++)
        fprintf(out, " | %s", !(row->latency_s[COMPARE_P50][side] > 0) ? "-" : row->missed[side] ? "no" : "yes");
    fputs(" |\n", out);
}

static void put_table_head(const struct plan_group *group, FILE *out)
{
    if (group->rate > 0)
        fputs("| variant | p50 A | p50 B | p50 A / B | p99 A | p99 B | p99 A / B | rate kept A | rate kept B |\n"
              "|---|--:|--:|---|--:|--:|---|---|---|\n",
              out);
    else
        fputs("| variant | whole A | whole B | whole A / B | work A | work B | work A / B | whole speedup B / A | work "
              "speedup B / A |\n|---|--:|--:|---|--:|--:|---|---|---|\n",
              out);
}

static int put_group(const struct compare *c, const struct plan_group *group, FILE *out)
{
    bool first = true;
    char *params = format_params(group), *shape = format_shape(group);
    const int rc = params == NULL || shape == NULL ? -ENOMEM : 0;
    for (size_t i = 0; i < c->row_count && rc == 0; i++) {
        if (c->rows[i].group[COMPARE_B] != group)
            continue;
        if (first) {
            fputs("\n## ", out);
            markdown_put(out, group->name);
            fputs("\n\nTask ", out);
            markdown_put(out, group->task);
            fputs(*params != '\0' ? ", " : "", out);
            markdown_put(out, params);
            fprintf(out, "; %s.\n\n", shape);
            put_table_head(group, out);
        }
        first = false;
        (group->rate > 0 ? put_open_row : put_row)(&c->rows[i], out);
    }
    free(shape);
    free(params);
    return rc;
}

int render_compare_markdown(const struct compare_view *view, FILE *out)
{
    const struct compare *c = view->compare;
    int rc = 0;
    fputs("# B against A\n", out);
    put_lines(view, STORY_ANSWER, "", out);
    put_lines(view, STORY_GATE, "", out);
    put_runs(view, out);
    put_lines(view, STORY_WARNING, "\n**Before any number:**\n", out);
    put_lines(view, STORY_CHANGED, "\n**What else is not the same, A -> B:**\n", out);
    for (size_t g = 0; g < c->results[COMPARE_B]->group_count && rc == 0; g++)
        rc = put_group(c, &c->results[COMPARE_B]->groups[g], out);
    fprintf(
        out,
        "\nTimes are medians. A ratio above 1 is better in B; its 95%% interval is the rank-sum one of two samples "
        "(time), for the\nrounds of two runs are no pairs; a speedup is over %s, by the pairs of each run. ▲ better, ▼ "
        "worse: the interval clears 1 by %.4g%%,\nand the p-value, adjusted by Holm over the column in all groups, is "
        "below 5%%. = no difference shown.\n",
        c->options.base == RATIO_OWN_SYNC ? "the runtime's own sync" : SUMMARY_BASELINE_RUNTIME ":sync",
        100 * c->margin);
    return rc;
}
