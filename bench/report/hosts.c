/* SPDX-License-Identifier: MIT */
/* What the workers of each host did, of the cells whose workers were on several. */
#include <math.h>
#include <stddef.h>
#include <stdlib.h>

#include "bench/report/document.h"
#include "bench/util/alloc.h"

#define STRAGGLES 1.25 /* a host whose jobs take so many times as long as those of the fastest one */

struct row {
    const struct summary_cell *cell;
    const char *host;
    double workers;
    double jobs, job_s, longest_s; /* jobs: a round */
    double busy, idle;             /* shares of its workers' time, and of the work after its last job */
    double times;                  /* its jobs' time over that of the fastest host */
    const char *fastest;
};

enum name { GROUP, RUNTIME, MODEL, VARIANT };

static void read_name(const void *row, int which, struct table_value *out)
{
    const struct row *r = row;
    const char *const texts[] = {
        [GROUP] = r->cell->group->name, [RUNTIME] = r->cell->cell->runtime, [MODEL] = r->cell->cell->model};
    if (which == VARIANT)
        table_set_variant(out, r->cell->cell->runtime, r->cell->cell->model);
    else
        table_set_text(out, texts[which]);
}

#define AT(member) ((int)offsetof(struct row, member))
static const struct table_column columns[] = {
    {"group", "task", UNIT_TEXT, false, 0, read_name, GROUP},
    {NULL, "variant", UNIT_TEXT, false, 0, read_name, VARIANT},
    {"runtime", NULL, UNIT_TEXT, false, 0, read_name, RUNTIME},
    {"model", NULL, UNIT_TEXT, false, 0, read_name, MODEL},
    {"host", "host", UNIT_TEXT, false, 0, table_read_text, AT(host)},
    {"workers", "workers", UNIT_COUNT, false, 0, table_read_real, AT(workers)},
    {"jobs", "jobs a round", UNIT_REAL, false, 0, table_read_real, AT(jobs)},
    {"job_s", "a job", UNIT_SECONDS, false, 0, table_read_real, AT(job_s)},
    {"longest_s", "longest", UNIT_SECONDS, false, 0, table_read_real, AT(longest_s)},
    {"busy", "busy", UNIT_SHARE, false, 0, table_read_real, AT(busy)},
    {"idle_at_end", "idle at the end", UNIT_SHARE, false, 0, table_read_real, AT(idle)},
    {"job_ratio", NULL, UNIT_REAL, false, 0, table_read_real, AT(times)},
};

static double over(int64_t part, double whole) { return whole > 0 ? (double)part / whole : NAN; }

static void fill_row(const struct placement *placement, const struct summary_cell *cell, size_t h, struct row *out)
{
    const struct result_node *node = &cell->cell->nodes[h];
    *out = (struct row){.cell = cell,
                        .host = placement->hosts[h].name,
                        .workers = placement_workers(placement, (unsigned)cell->group->workers, h, NULL),
                        .jobs = over(node->jobs, (double)node->samples),
                        .job_s = over(node->busy_ns, 1e9 * (double)node->jobs),
                        .longest_s = node->jobs > 0 ? (double)node->longest_ns / 1e9 : NAN};
    out->busy = over(node->busy_ns, out->workers * (double)node->work_ns);
    out->idle = node->jobs > 0 ? 1 - over(node->last_ns, (double)node->work_ns) : NAN;
}

/* Of one cell's rows. */
static void find_stragglers(struct row *rows, size_t count)
{
    const struct row *fastest = NULL;
    for (struct row *r = rows; r < rows + count; r++)
        if (isfinite(r->job_s) && (fastest == NULL || r->job_s < fastest->job_s))
            fastest = r;
    for (struct row *r = rows; r < rows + count; r++) {
        r->times = fastest != NULL ? r->job_s / fastest->job_s : NAN;
        r->fastest = fastest != NULL ? fastest->host : NULL;
    }
}

void document_write_hosts(const struct summary *summary, struct writer *w)
{
    const struct placement *placement = &summary->results->placement;
    struct row *rows = xcalloc(summary->cell_count * (placement->count + 1), sizeof *rows);
    struct table table = {.name = "hosts",
                          .columns = columns,
                          .column_count = sizeof columns / sizeof *columns,
                          .rows = rows,
                          .row_size = sizeof *rows};
    for (const struct summary_cell *c = summary->cells; c < summary->cells + summary->cell_count; c++) {
        if (c->cell->nodes == NULL)
            continue;
        for (size_t h = 0; h < placement->count; h++)
            fill_row(placement, c, h, &rows[table.row_count + h]);
        find_stragglers(&rows[table.row_count], placement->count);
        table.row_count += placement->count;
    }
    if (table.row_count > 0) {
        write_heading(w, 2, "Hosts");
        write_table(w, &table);
    }
    for (const struct row *r = rows; r < rows + table.row_count; r++) {
        char *text = text_format("%s %s:%s: host %s, whose jobs take %.3gx as long as those on %s",
                                 r->cell->group->name, r->cell->cell->runtime, r->cell->cell->model, r->host, r->times,
                                 r->fastest != NULL ? r->fastest : "");
        if (r->times >= STRAGGLES)
            write_item(w, "straggler", text);
        free(text);
    }
    free(rows);
}
