/* SPDX-License-Identifier: MIT */
/* Sweeps as tables: gains over workers and the fitted laws; what one more worker costs. */
#include "bench/analysis/scaling.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/document.h"
#include "bench/report/findings.h"
#include "bench/report/format.h"
#include "bench/util/alloc.h"

/* A curve; for programs one of its points, or one of its laws. */
struct row {
    const struct scaling_curve *curve;
    const struct scaling_point *at;
    const struct fit *fit;
};

enum text { SWEEP, SCALING, TASK, RUNTIME, MODEL, GROUP, LAW, REASON, VARIANT };

static void read_text(const void *row, int which, struct table_value *out)
{
    const struct row *r = row;
    const char *const texts[VARIANT] = {
        [SWEEP] = r->curve->sweep,
        [SCALING] = r->curve->scaling,
        [TASK] = r->curve->group->task,
        [RUNTIME] = r->curve->runtime,
        [MODEL] = r->curve->model,
        [GROUP] = r->at != NULL ? r->at->cell->group->name : NULL,
        [LAW] = r->fit != NULL ? fit_law_name(r->fit->law) : NULL,
        [REASON] = r->fit != NULL && !r->fit->accepted ? r->fit->reason : NULL,
    };
    if (which == VARIANT)
        table_set_variant(out, r->curve->runtime, r->curve->model);
    else
        table_set_text(out, texts[which]);
}

/* -- for people: a table per sweep, a column per number of workers ---------------------------------------------------------- */

static void read_gain(const void *row, int which, struct table_value *out)
{
    const struct scaling_curve *curve = ((const struct row *)row)->curve;
    if ((size_t)which < curve->count)
        cells_set_ratio(out, curve->points[which].gain);
}

/* "contention 0.02 [0.01,0.03], coherency 0.001 [0.0005,0.002], peak 8.10x at 31 workers; 1.2% off", or why there is no fit. */
static void read_law(const void *row, int which, struct table_value *out)
{
    const struct scaling_curve *curve = ((const struct row *)row)->curve;
    const struct fit *fit = &curve->fits[which];
    const struct fit_term *s = &fit->contention, *k = &fit->coherency;
    const double most = (double)curve->points[curve->count - 1].cell->group->workers;
    char peak[80] = "no peak shown";
    struct format f;
    if (isfinite(fit->peak_workers))
        snprintf(peak, sizeof peak, "peak %s at %.0f worker%s%s", format_ratio(&f, fit->peak_gain), fit->peak_workers,
                 fit->peak_workers < 1.5 ? "" : "s", fit->peak_workers > most ? " (more than measured)" : "");
    if (!fit->accepted)
        table_set_format(out, "not fitted: %s", fit->reason);
    else if (fit->law == FIT_AMDAHL)
        table_set_format(out, "serial part %.3g [%.3g,%.3g]; %.1f%% off", s->value, s->low, s->high, 100 * fit->rms);
    else
        table_set_format(out, "contention %.3g [%.3g,%.3g], coherency %.3g [%.3g,%.3g], %s; %.1f%% off", s->value,
                         s->low, s->high, k->value, k->low, k->high, peak, 100 * fit->rms);
}

/* `*` where workers outnumber the CPUs. */
static void write_sweep(const struct scaling *scaling, const struct scaling_curve *first, struct writer *w)
{
    const size_t count = first->count + 3;
    struct table_column *columns = xcalloc(count, sizeof *columns);
    char(*titles)[24] = xcalloc(first->count, sizeof *titles);
    struct row *rows = xcalloc(scaling->count, sizeof *rows);
    char *title = text_format("%s: %s scaling, %lld job%s %s; gain over the runtime's own %s by workers", first->sweep,
                              first->scaling, (long long)first->jobs, first->jobs == 1 ? "" : "s",
                              scaling_is_weak(first->scaling) ? "for each worker" : "in all",
                              plan_baseline(first->points[0].cell->group));
    struct table table = {
        .title = title, .columns = columns, .column_count = count, .rows = rows, .row_size = sizeof *rows};
    columns[0] = (struct table_column){NULL, "variant", UNIT_TEXT, false, 0, read_text, VARIANT};
    for (size_t p = 0; p < first->count; p++) {
        snprintf(titles[p], sizeof titles[p], "%lld%s", (long long)first->points[p].cell->group->workers,
                 first->points[p].beyond ? "*" : "");
        columns[1 + p] = (struct table_column){NULL, titles[p], UNIT_RATIO, false, 0, read_gain, (int)p};
    }
    columns[count - 2] = (struct table_column){NULL, "Amdahl", UNIT_TEXT, false, 0, read_law, FIT_AMDAHL};
    columns[count - 1] = (struct table_column){NULL, "USL", UNIT_TEXT, false, 0, read_law, FIT_USL};
    for (size_t i = 0; i < scaling->count; i++)
        if (scaling_same_table(&scaling->curves[i], first))
            rows[table.row_count++].curve = &scaling->curves[i];
    write_table(w, &table);
    free(title);
    free(rows);
    free(titles);
    free(columns);
}

static void write_for_people(const struct scaling *scaling, struct writer *w)
{
    if (scaling->count == 0)
        return;
    write_heading(w, 2, "Scaling");
    for (size_t i = 0; i < scaling->count; i++) {
        size_t first = 0;
        while (!scaling_same_table(&scaling->curves[first], &scaling->curves[i]))
            first++;
        if (first == i)
            write_sweep(scaling, &scaling->curves[i], w);
    }
    write_paragraph(
        w, "* more workers than effective CPUs, which take turns. Amdahl: gain = N / (1 + s (N - 1)), s the serial "
           "part. USL: N / (1 + c (N - 1) + k N (N - 1)), c contention, k coherency. In brackets 95% intervals; "
           "\"off\": how far the points lie from the curve.");
}

/* -- for programs: a row per point, and a row per law ------------------------------------------------------------------------ */

enum point { WORKERS, JOBS, BEYOND, CAPACITY, GAIN };

static void read_point(const void *row, int which, struct table_value *out)
{
    const struct scaling_point *at = ((const struct row *)row)->at;
    const struct plan_group *group = at->cell->group;
    const double numbers[] = {[WORKERS] = (double)group->workers,
                              [JOBS] = (double)group->jobs,
                              [BEYOND] = at->beyond,
                              [CAPACITY] = at->capacity};
    if (which == GAIN)
        table_set_interval(out, at->gain->ratio, at->gain->low, at->gain->high);
    else
        table_set_number(out, numbers[which]);
}

/* What a fit has as it is: numbers, and terms with an interval. */
#define AT(member) ((int)offsetof(struct fit, member))

static void read_fit(const void *row, int which, struct table_value *out)
{
    table_read_real(((const struct row *)row)->fit, which, out);
}

static void read_term(const void *row, int which, struct table_value *out)
{
    const struct fit_term *term = (const void *)((const char *)((const struct row *)row)->fit + which);
    table_set_interval(out, term->value, term->low, term->high);
}

static void read_accepted(const void *row, int which, struct table_value *out)
{
    (void)which;
    table_set_number(out, ((const struct row *)row)->fit->accepted);
}

#define CURVE_COLUMNS                                               \
    {"sweep", NULL, UNIT_TEXT, false, 0, read_text, SWEEP},         \
        {"scaling", NULL, UNIT_TEXT, false, 0, read_text, SCALING}, \
        {"task", NULL, UNIT_TEXT, false, 0, read_text, TASK},       \
        {"runtime", NULL, UNIT_TEXT, false, 0, read_text, RUNTIME}, \
    {                                                               \
        "model", NULL, UNIT_TEXT, false, 0, read_text, MODEL        \
    }

static const struct table_column point_columns[] = {
    CURVE_COLUMNS,
    {"group", NULL, UNIT_TEXT, false, 0, read_text, GROUP},
    {"workers", NULL, UNIT_COUNT, false, 0, read_point, WORKERS},
    {"jobs", NULL, UNIT_COUNT, false, 0, read_point, JOBS},
    {"gain", NULL, UNIT_RATIO, true, 0, read_point, GAIN},
    {"beyond_cpus", NULL, UNIT_FLAG, false, 0, read_point, BEYOND},
    {"capacity", NULL, UNIT_REAL, false, 0, read_point, CAPACITY},
};

static const struct table_column law_columns[] = {
    CURVE_COLUMNS,
    {"law", NULL, UNIT_TEXT, false, 0, read_text, LAW},
    {"accepted", NULL, UNIT_FLAG, false, 0, read_accepted, 0},
    {"reason", NULL, UNIT_TEXT, false, 0, read_text, REASON},
    {"rms", NULL, UNIT_REAL, false, 0, read_fit, AT(rms)},
    {"scale", NULL, UNIT_REAL, true, 0, read_term, AT(scale)},
    {"contention", NULL, UNIT_REAL, true, 0, read_term, AT(contention)},
    {"coherency", NULL, UNIT_REAL, true, 0, read_term, AT(coherency)},
    {"peak_workers", NULL, UNIT_REAL, false, 0, read_fit, AT(peak_workers)},
    {"peak_gain", NULL, UNIT_REAL, false, 0, read_fit, AT(peak_gain)},
};

static void write_for_programs(const struct scaling *scaling, struct writer *w)
{
    size_t size = 0, count = 0;
    for (size_t i = 0; i < scaling->count; i++)
        size += scaling->curves[i].count + FIT_LAWS;
    struct row *rows = xcalloc(size, sizeof *rows);
    struct table table = {.name = "scaling",
                          .columns = point_columns,
                          .column_count = sizeof point_columns / sizeof *point_columns,
                          .rows = rows,
                          .row_size = sizeof *rows};
    for (size_t i = 0; i < scaling->count; i++)
        for (size_t p = 0; p < scaling->curves[i].count; p++)
            rows[count++] = (struct row){.curve = &scaling->curves[i], .at = &scaling->curves[i].points[p]};
    table.row_count = count;
    write_table(w, &table);
    for (size_t i = 0; i < scaling->count; i++)
        for (size_t law = 0; law < FIT_LAWS; law++)
            rows[count++] = (struct row){.curve = &scaling->curves[i], .fit = &scaling->curves[i].fits[law]};
    write_table(w, &(struct table){.name = "laws",
                                   .columns = law_columns,
                                   .column_count = sizeof law_columns / sizeof *law_columns,
                                   .rows = rows + table.row_count,
                                   .row_size = sizeof *rows,
                                   .row_count = count - table.row_count});
    free(rows);
}

void document_write_scaling(const struct summary *summary, struct writer *w)
{
    struct scaling scaling;
    scaling_make(&scaling, summary);
    if (w->format->for_programs)
        write_for_programs(&scaling, w);
    else
        write_for_people(&scaling, w);
    scaling_free(&scaling);
}

/* -- what one more worker costs ---------------------------------------------------------------------------------------- */

#define PRICE(member) ((int)offsetof(struct price, member))

enum price_text { PRICE_TASK, PRICE_NOTE, PRICE_VARIANT };

static void read_price(const void *row, int which, struct table_value *out)
{
    const struct price *p = row;
    if (which == PRICE_VARIANT)
        table_set_variant(out, p->runtime, p->model);
    else
        table_set_text(out, which == PRICE_TASK ? p->group->task : p->note[0] != '\0' ? p->note : NULL);
}

enum cost_count { COST_POINTS, COST_FROM, COST_TO, COST_WORKERS };

static void read_count(const void *row, int which, struct table_value *out)
{
    const struct price *p = row;
    if (which == COST_WORKERS)
        table_set_format(out, "%lld..%lld", (long long)p->from, (long long)p->to);
    else
        table_set_count(out, which == COST_POINTS ? (long long)p->points : which == COST_FROM ? p->from : p->to);
}

static void read_cost(const void *row, int which, struct table_value *out)
{
    const struct stats_interval *each = (const void *)((const char *)row + which);
    table_set_interval(out, each->estimate, each->low, each->high);
    if (isfinite(each->low) ? each->low <= 0 && each->high >= 0 : each->estimate <= 0)
        table_set_text(out, "none shown");
}

static const struct table_column cost_columns[] = {
    {"piece", "one more", UNIT_TEXT, false, 0, table_read_text, PRICE(piece)},
    {"task", NULL, UNIT_TEXT, false, 0, read_price, PRICE_TASK},
    {NULL, "variant", UNIT_TEXT, false, 0, read_price, PRICE_VARIANT},
    {"runtime", NULL, UNIT_TEXT, false, 0, table_read_text, PRICE(runtime)},
    {"model", NULL, UNIT_TEXT, false, 0, table_read_text, PRICE(model)},
    {"start_method", NULL, UNIT_TEXT, false, 0, table_read_text, PRICE(start_method)},
    {"points", NULL, UNIT_COUNT, false, 0, read_count, COST_POINTS},
    {NULL, "workers", UNIT_TEXT, false, 0, read_count, COST_WORKERS},
    {"workers_from", NULL, UNIT_COUNT, false, 0, read_count, COST_FROM},
    {"workers_to", NULL, UNIT_COUNT, false, 0, read_count, COST_TO},
    {"memory_bytes", "memory each", UNIT_BYTES, true, 0, read_cost, PRICE(memory_bytes)},
    {"setup_s", "set-up each", UNIT_SECONDS, true, 0, read_cost, PRICE(setup_s)},
    {"whole_s", "whole each", UNIT_SECONDS, true, 0, read_cost, PRICE(whole_s)},
    {"note", "note", UNIT_TEXT, false, 0, read_price, PRICE_NOTE},
};

static const char *cost_text(const struct price *p, int at, enum table_unit unit, char out[TABLE_VALUE_SIZE])
{
    const struct table_column column = {.unit = unit};
    struct table_value value = {.number = NAN, .low = NAN, .high = NAN};
    read_cost(p, at, &value);
    return table_text(&column, &value, false, out, TABLE_VALUE_SIZE);
}

char *marginal_cost_text(const struct summary *summary, const char *piece)
{
    enum { NAMES_MOST = 4 };
    struct string_list costs = {NULL, 0};
    struct prices prices;
    prices_make(&prices, summary);
    for (size_t i = 0; i < prices.count; i++) {
        const struct price *p = &prices.rows[i];
        char memory[TABLE_VALUE_SIZE], whole[TABLE_VALUE_SIZE];
        if (strcmp(p->piece, piece) == 0 && isnan(p->memory_bytes.estimate) && isnan(p->whole_s.estimate))
            string_list_addf(&costs, "with %s:%s not known (%s)", p->runtime, p->model, p->note);
        else if (strcmp(p->piece, piece) == 0)
            string_list_addf(&costs, "with %s:%s %s of memory and %s of the whole command", p->runtime, p->model,
                             cost_text(p, PRICE(memory_bytes), UNIT_BYTES, memory),
                             cost_text(p, PRICE(whole_s), UNIT_SECONDS, whole));
    }
    char *list = format_names(&costs, NAMES_MOST), *text = text_format("one more costs %s", list);
    free(list);
    prices_free(&prices);
    return text;
}

void marginal_cost_write(const struct summary *summary, struct writer *w)
{
    struct prices prices;
    prices_make(&prices, summary);
    const struct table table = {.name = "marginal_cost",
                                .columns = cost_columns,
                                .column_count = sizeof cost_columns / sizeof *cost_columns,
                                .rows = prices.rows,
                                .row_size = sizeof *prices.rows,
                                .row_count = prices.count};
    if (prices.count > 0)
        write_heading(w, 2, "What one more costs");
    write_table(w, &table);
    if (prices.count > 0)
        write_paragraph(
            w, "What one more worker with its job adds: the Theil-Sen slope over the number of workers with its 95% "
               "interval (none below 5 numbers of workers; \"none shown\": the interval holds 0). memory: the peak "
               "of all processes of the command together (PSS); the kernel's own memory (page tables, stacks, "
               "sockets) and the origin's side of a connection are not in it. set-up: until the work begins; "
               "whole: the whole command.");
    prices_free(&prices);
}
