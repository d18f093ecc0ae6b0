/* SPDX-License-Identifier: MIT */
/* How long jobs took, in every format but the terminal's, whose columns stand with the others in render_terminal.c. */
#include "bench/report/latency.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "bench/util/csv.h"
#include "bench/util/html.h"
#include "bench/util/json_number.h"
#include "bench/util/markdown.h"
#include "bench/report/html/html.h"

static const char *const point_names[LATENCY_POINTS] = {"p50", "p90", "p99", "max"};

bool render_latency_speaks(const struct result_group *group) { return strcmp(group->asks, "nothing") != 0; }

bool render_latency_any(const struct summary *summary)
{
    for (size_t g = 0; g < summary->results->group_count; g++)
        if (render_latency_speaks(&summary->results->groups[g]))
            return true;
    return false;
}

const char *render_latency_rate(struct format *f, double rate)
{
    if (!isfinite(rate))
        return "?";
    snprintf(f->text, sizeof f->text, rate < 9999.5 ? "%.4g/s" : "%.0f/s", rate);
    return f->text;
}

/* -- JSON ------------------------------------------------------------------------------------------------------------- */

static json_t *intervals(const struct summary_cell *cell)
{
    json_t *all = json_object();
    for (size_t i = 0; all != NULL && i < LATENCY_POINTS; i++) {
        const struct summary_interval *ci = &cell->latency_ci_s[i];
        json_t *one = isfinite(ci->low) ? json_pack("{sf sf}", "low", ci->low, "high", ci->high) : json_null();
        if (json_object_set_new(all, point_names[i], one) != 0) {
            json_decref(all);
            return NULL;
        }
    }
    return all;
}

static json_t *open_loop(const struct summary_cell *cell)
{
    const struct summary_rate *o = &cell->open_loop;
    return json_pack("{sf ss? so so s{so so so so} so sI sb}", "rate", cell->group->rate, "arrivals",
                     cell->group->arrivals, "offered_rate", json_number(o->offered), "achieved_rate",
                     json_number(o->achieved), "late_s", "p50", json_number(o->late_s[LATENCY_P50]), "p90",
                     json_number(o->late_s[LATENCY_P90]), "p99", json_number(o->late_s[LATENCY_P99]), "max",
                     json_number(o->late_s[LATENCY_MAX]), "drift_s", json_number(o->drift_s), "rounds_missed",
                     (json_int_t)o->missed, "kept", !cell->open_loop.behind);
}

int render_latency_json(const struct summary_cell *cell, json_t *object)
{
    const bool open = cell->group->rate > 0;
    const bool known = isfinite(cell->latency_s[LATENCY_P50]);
    if (json_object_set_new(object, "loop", json_string(open ? "open" : "closed")) != 0 ||
        json_object_set_new(object, "latency_ci_s", known ? intervals(cell) : json_null()) != 0 ||
        json_object_set_new(object, "open_loop", open && known ? open_loop(cell) : json_null()) != 0)
        return -ENOMEM;
    return 0;
}

/* -- CSV -------------------------------------------------------------------------------------------------------------- */

void render_latency_csv(const struct summary_cell *cell, FILE *out)
{
    const bool open = cell->group->rate > 0;
    const struct summary_rate *o = &cell->open_loop;
    const double cis[] = {cell->latency_ci_s[LATENCY_P50].low, cell->latency_ci_s[LATENCY_P50].high,
                          cell->latency_ci_s[LATENCY_P99].low, cell->latency_ci_s[LATENCY_P99].high};
    const double rates[] = {
        o->offered,       o->achieved, o->late_s[LATENCY_P50], o->late_s[LATENCY_P99], o->late_s[LATENCY_MAX],
        (double)o->missed};
    fputs(open ? ",open" : ",closed", out);
    csv_put_number(out, open ? cell->group->rate : NAN);
    fputc(',', out);
    csv_put_text(out, cell->group->arrivals);
    for (size_t i = 0; i < sizeof cis / sizeof *cis; i++)
        csv_put_number(out, cis[i]);
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++)
        csv_put_number(out, open && cell->rounds > 0 ? rates[i] : NAN);
}

/* -- HTML ------------------------------------------------------------------------------------------------------------- */

static void put_html_time(FILE *out, double seconds, const struct summary_interval *ci)
{
    struct format time, low, high;
    if (isfinite(seconds))
        fprintf(out, "<td class=\"n\" data-v=\"%.9g\">%s", seconds, format_time(&time, seconds));
    else
        fputs("<td class=\"n\" data-v=\"\">-", out);
    if (ci != NULL && isfinite(ci->low))
        fprintf(out, " [%s, %s]", format_time(&low, ci->low), format_time(&high, ci->high));
    fputs("</td>", out);
}

static void put_html_open(FILE *out, const struct summary_cell *cell)
{
    const struct summary_rate *o = &cell->open_loop;
    struct format f;
    if (cell->group->rate <= 0) {
        fputs("<td>closed</td><td data-v=\"\">-</td><td data-v=\"\">-</td><td></td>", out);
        return;
    }
    fprintf(out, "<td>open, %s", render_latency_rate(&f, cell->group->rate));
    fprintf(out, " %s</td>", cell->group->arrivals == NULL ? "" : cell->group->arrivals);
    if (isfinite(o->achieved))
        fprintf(out, "<td class=\"n\" data-v=\"%.9g\">%s</td>", o->achieved, render_latency_rate(&f, o->achieved));
    else
        fputs("<td class=\"n\" data-v=\"\">?</td>", out);
    put_html_time(out, o->late_s[LATENCY_P99], NULL);
    fputs(cell->open_loop.behind ? "<td><strong>no</strong></td>" : "<td>yes</td>", out);
}

static void put_html_row(FILE *out, const struct summary_cell *cell)
{
    fputs("<tr><th scope=\"row\">", out);
    html_put_variant(out, cell->cell->runtime, cell->cell->model);
    fputs("</th>", out);
    html_put_in(out, "td", cell->group->name);
    for (size_t point = 0; point < LATENCY_POINTS; point++)
        put_html_time(out, cell->latency_s[point], &cell->latency_ci_s[point]);
    put_html_open(out, cell);
    fputs("</tr>\n", out);
}

/* Of a group that is there for its price the jobs wait for as long as it takes, and nobody asks how long. */
static bool has_row(const struct summary_cell *cell)
{
    return render_latency_speaks(cell->group) && result_group_compares(cell->group) && cell->verified &&
           cell->rounds > 0;
}

bool render_latency_html_any(const struct summary *summary)
{
    for (size_t i = 0; i < summary->cell_count; i++)
        if (has_row(&summary->cells[i]))
            return true;
    return false;
}

void render_latency_html(const struct summary *summary, FILE *out)
{
    if (!render_latency_html_any(summary))
        return;
    fputs("<section aria-labelledby=\"latency\">\n<h2 id=\"latency\">Latency</h2>\n", out);
    html_table_begin(
        out, "latencies", "sortable",
        "How long jobs took: medians of the rounds' percentiles with their 95% intervals. In a closed loop from a "
        "job's start, in an open loop from when it was to start; late: how long after that it did, the p99.");
    fputs("<thead><tr><th scope=\"col\">Variant</th><th scope=\"col\">Task</th><th scope=\"col\">p50</th><th "
          "scope=\"col\">p90</th>"
          "<th scope=\"col\">p99</th><th scope=\"col\">max</th><th scope=\"col\">Loop</th><th scope=\"col\">Done</th>"
          "<th scope=\"col\">Late</th><th scope=\"col\">Rate kept</th></tr></thead>\n<tbody>\n",
          out);
    for (size_t i = 0; i < summary->cell_count; i++)
        if (has_row(&summary->cells[i]))
            put_html_row(out, &summary->cells[i]);
    fputs("</tbody>\n", out);
    html_table_end(out);
    fputs("</section>\n", out);
}

/* -- Markdown --------------------------------------------------------------------------------------------------------- */

/* "12.3 ms [12.1,12.6]", without the interval where there is none. */
static void put_point(const struct summary_cell *cell, size_t point, FILE *out)
{
    struct format time, low, high;
    const struct summary_interval *ci = &cell->latency_ci_s[point];
    fprintf(out, " | %s", format_time(&time, cell->latency_s[point]));
    if (isfinite(ci->low))
        fprintf(out, " [%s, %s]", format_time(&low, ci->low), format_time(&high, ci->high));
}

static void put_open(const struct summary_cell *cell, FILE *out)
{
    struct format f;
    const struct summary_rate *o = &cell->open_loop;
    fprintf(out, " | %s", render_latency_rate(&f, o->achieved));
    fprintf(out, " | %s", format_time(&f, o->late_s[LATENCY_P50]));
    fprintf(out, " | %s", format_time(&f, o->late_s[LATENCY_P99]));
    fputs(cell->open_loop.behind ? " | **no**" : " | yes", out);
}

void render_latency_markdown(const struct summary *summary, const struct result_group *group, FILE *out)
{
    const bool open = group->rate > 0;
    if (!render_latency_speaks(group))
        return;
    fprintf(out, "\n%s:\n\n| variant | p50 | p90 | p99 | max |%s\n|---|--:|--:|--:|--:|%s\n",
            open ? RENDER_LATENCY_OPEN : RENDER_LATENCY_CLOSED, open ? " done | late p50 | late p99 | rate kept |" : "",
            open ? "--:|--:|--:|---|" : "");
    for (size_t i = 0; i < summary->cell_count; i++) {
        const struct summary_cell *cell = &summary->cells[i];
        if (cell->group != group || !cell->verified || cell->rounds == 0)
            continue;
        fputs("| ", out);
        markdown_put_variant(out, cell->cell->runtime, cell->cell->model);
        for (size_t point = 0; point < LATENCY_POINTS; point++)
            put_point(cell, point, out);
        if (open)
            put_open(cell, out);
        fputs(" |\n", out);
    }
}
