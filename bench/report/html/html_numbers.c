/* SPDX-License-Identifier: MIT */
/* The tables of the page: every cell of the run, its checks, latencies, sweeps and marginal costs. */
#include "bench/report/cells.h"
#include "bench/report/document.h"
#include "bench/report/html/html.h"
#include "bench/report/html/html_writer.h"

static int put_cells(const struct summary *summary, unsigned view, const char *title, struct writer *w)
{
    struct cells cells;
    const int rc = cells_make(&cells, summary, NULL, view | CELLS_ALL);
    if (rc != 0)
        return rc;
    cells.table.title = title;
    write_table(w, &cells.table);
    cells_free(&cells);
    return 0;
}

int render_html_numbers(const struct page *page, FILE *out)
{
    const struct summary *summary = page->summary;
    struct writer w = html_writer(out);
    html_section(out, "all-numbers", "Numbers");
    fputs(
        "<form id=\"filter\" hidden><label>Only rows with <input type=\"search\" placeholder=\"fetch async\"></label> "
        "<output></output></form>\n",
        out);
    int rc = put_cells(summary, CELLS_SPEEDUP, "Every variant of every task: medians, and speedups with 95% intervals.",
                       &w);
    if (rc == 0)
        rc = put_cells(summary, CELLS_LATENCY, "Latency of the jobs that wait: medians of the rounds' percentiles.",
                       &w);
    if (rc == 0)
        rc = document_write_checks(summary, NULL, &w);
    if (rc == 0)
        rc = document_write_scaling(summary, &w);
    if (rc == 0)
        rc = document_write_marginal_cost(summary, &w);
    for (const char *const(*line)[2] = document_legend(); rc == 0 && (*line)[0] != NULL; line++)
        write_item(&w, (*line)[0], (*line)[1]);
    fputs("</section>\n", out);
    return rc;
}
