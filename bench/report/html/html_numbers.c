/* SPDX-License-Identifier: MIT */
/* The tables of the page: every cell of the run in one, then controls and capacities, then the geometric means. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "bench/analysis/ranking.h"
#include "bench/report/format.h"
#include "bench/util/html.h"
#include "bench/report/html/html.h"

#define BASE SUMMARY_BASELINE_RUNTIME ":sync"

/* -- cells ------------------------------------------------------------------------------------------------------------------- */

/* A number as it is read, sorted by what it is. */
static void put_number(FILE *out, double value, const char *text)
{
    if (isfinite(value))
        fprintf(out, "<td class=\"n\" data-v=\"%.9g\">", value);
    else
        fputs("<td class=\"n\" data-v=\"\">", out);
    html_put(out, text);
    fputs("</td>", out);
}

static void put_break_even(FILE *out, const struct summary *summary, const struct summary_cell *cell)
{
    const struct break_even found = break_even_of(summary, cell);
    if (found.state == BREAK_EVEN_FROM)
        fprintf(out, "<td class=\"n\" data-v=\"%" PRId64 "\">%" PRId64 " jobs</td>", found.jobs, found.jobs);
    else
        fprintf(out, "<td class=\"n\" data-v=\"%s\">%s</td>", found.state == BREAK_EVEN_NEVER ? "1e300" : "",
                found.state == BREAK_EVEN_NEVER ? "never" : "-");
}

static void put_checked(FILE *out, const struct summary_cell *cell)
{
    const char *const texts[] = {doubt_name(cell->doubt), finding_name(cell->finding), cell->note};
    bool any = false;
    fputs(cell->verified ? "<td>yes</td><td class=\"t\">" : "<td><strong>no</strong></td><td class=\"t\">", out);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (texts[i] == NULL)
            continue;
        fputs(any ? "; " : "", out);
        html_put(out, texts[i]);
        any = true;
    }
    fputs("</td>", out);
}

static int put_row(FILE *out, const struct summary *summary, const struct summary_cell *cell)
{
    struct format f;
    const double peak = cell->cell->peak_pss_bytes < 0 ? NAN : (double)cell->cell->peak_pss_bytes;
    fputs("<tr data-task=\"", out);
    html_put(out, cell->group->name);
    fputs("\" data-runtime=\"", out);
    html_put(out, cell->cell->runtime);
    fputs("\"><th scope=\"row\">", out);
    html_put_variant(out, cell->cell->runtime, cell->cell->model);
    fputs("</th><td>", out);
    html_put(out, cell->group->name);
    fputs("</td>", out);
    put_number(out, cell->median_s, format_time(&f, cell->median_s));
    put_number(out, cell->work_s, format_time(&f, cell->work_s));
    put_number(out, cell->cpu_s, format_time(&f, cell->cpu_s));
    char *memory = text_format("%s%s", summary_memory_is_least(cell) ? "≥" : "", format_bytes(&f, peak));
    put_number(out, peak, memory == NULL ? "" : memory);
    for (enum ratio_base b = 0; b < RATIO_BASES; b++)
        for (enum ratio_time t = 0; t < RATIO_TIMES; t++)
            html_put_ratio(out, &cell->speedup[t][b]);
    put_break_even(out, summary, cell);
    put_checked(out, cell);
    fputs("</tr>\n", out);
    const bool lost = memory == NULL;
    free(memory);
    return lost ? -ENOMEM : 0;
}

static int put_cells(const struct summary *summary, FILE *out)
{
    int rc = 0;
    fputs("<form id=\"filter\" hidden>\n<label>Task <select name=\"task\" autocomplete=\"off\"><option "
          "value=\"\">all</option></select></label>\n"
          "<label>Runtime <select name=\"runtime\" autocomplete=\"off\"><option "
          "value=\"\">all</option></select></label>\n"
          "<output></output>\n</form>\n",
          out);
    html_table_begin(
        out, "numbers", "sortable",
        "Every cell: medians of whole command, work and CPU time, the most memory, and the speedups with their 95% "
        "intervals; above 1 is faster.");
    fputs("<thead><tr><th scope=\"col\">Variant</th><th scope=\"col\">Task</th><th scope=\"col\">Whole</th><th "
          "scope=\"col\">Work</th>"
          "<th scope=\"col\">CPU</th><th scope=\"col\">Peak memory</th><th scope=\"col\">Work / own sync</th>"
          "<th scope=\"col\">Whole / own sync</th><th scope=\"col\">Work / " BASE "</th><th scope=\"col\">Whole / " BASE
          "</th>"
          "<th scope=\"col\">Beats its sync from</th><th scope=\"col\">Checked</th><th scope=\"col\">Marks and "
          "notes</th></tr></thead>\n"
          "<tbody>\n",
          out);
    for (size_t i = 0; i < summary->cell_count && rc == 0; i++)
        rc = put_row(out, summary, &summary->cells[i]);
    fputs("</tbody>\n", out);
    html_table_end(out);
    return rc;
}

/* -- controls and capacities -------------------------------------------------------------------------------------------------- */

static void put_measure(FILE *out, const struct result_group *group, const char *name, const struct ratio *ratio,
                        const char *note)
{
    fputs("<tr><th scope=\"row\">", out);
    html_put(out, name);
    fputs("</th><td>", out);
    html_put(out, group->name);
    fputs("</td>", out);
    if (note == NULL) {
        html_put_ratio(out, ratio);
        return;
    }
    fputs("<td data-v=\"\">", out);
    html_put(out, note);
    fputs("</td>", out);
}

static void put_control(FILE *out, const struct summary_control *control)
{
    char name[96];
    struct format f;
    snprintf(name, sizeof name, "%.64s:sync / its twin", control->cell->runtime);
    put_measure(out, control->group, name, &control->ratio, control->note);
    fprintf(out, "<td class=\"r\">%s</td><td>%s</td></tr>\n",
            isfinite(control->low99) ? format_interval(&f, control->low99, control->high99) : "-",
            control->flagged ? "<strong>flagged</strong>" : "");
}

static void put_capacity(FILE *out, const struct summary_capacity *capacity)
{
    char name[96] = "no capacity";
    if (capacity->cell != NULL)
        snprintf(name, sizeof name, "%lld copies of %.64s:sync", (long long)capacity->cell->copies,
                 capacity->cell->runtime);
    put_measure(out, capacity->group, name, &capacity->ratio, capacity->note);
    fputs("<td class=\"r\">-</td><td></td></tr>\n", out);
}

static void put_measures(const struct summary *summary, FILE *out)
{
    fputs("<h3>Controls and capacities</h3>\n", out);
    html_table_begin(
        out, "controls", "sortable",
        "A control is the same command twice a round and must hold 1; a capacity is what copies of sync gain at once: "
        "what this machine can do in parallel on this work.");
    fputs("<thead><tr><th scope=\"col\">Row</th><th scope=\"col\">Task</th><th scope=\"col\">Ratio, 95% interval</th>"
          "<th scope=\"col\">99% interval</th><th scope=\"col\">Flag</th></tr></thead>\n<tbody>\n",
          out);
    for (size_t g = 0; g < summary->results->group_count; g++) {
        const struct result_group *group = &summary->results->groups[g];
        for (size_t i = 0; i < summary->control_count; i++)
            if (summary->controls[i].group == group)
                put_control(out, &summary->controls[i]);
        for (size_t i = 0; i < summary->capacity_count; i++)
            if (summary->capacities[i].group == group)
                put_capacity(out, &summary->capacities[i]);
    }
    fputs("</tbody>\n", out);
    html_table_end(out);
}

int render_html_numbers(const struct page *page, FILE *out)
{
    fputs("<section aria-labelledby=\"all-numbers\">\n<h2 id=\"all-numbers\">Numbers</h2>\n", out);
    const int rc = put_cells(page->summary, out);
    put_measures(page->summary, out);
    fputs("</section>\n", out);
    return rc;
}
