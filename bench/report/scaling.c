/* SPDX-License-Identifier: MIT */
/* Sweeps as tables: gains over workers and the fitted laws. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/analysis/scaling.h"
#include "bench/report/cells.h"
#include "bench/report/document.h"
#include "bench/report/format.h"
#include "bench/util/text.h"

/* -- for people: a table per sweep, a column per number of workers ---------------------------------------------------------- */

static void read_variant(const void *row, int which, struct table_value *out)
{
    const struct scaling_curve *curve = row;
    (void)which;
    table_set_format(out, "%.100s:%.100s", curve->runtime, curve->model);
}

static void read_gain(const void *row, int which, struct table_value *out)
{
    const struct scaling_curve *curve = row;
    if ((size_t)which < curve->count)
        cells_set_ratio(out, curve->points[which].gain);
}

static void read_law(const void *row, int which, struct table_value *out)
{
    struct format_law text;
    table_set_format(out, "%s", format_law(&text, &((const struct scaling_curve *)row)->fits[which]));
}

/* Titles of the points' columns, one after the other; `*` where workers outnumber the CPUs. */
static void name_points(const struct scaling_curve *first, struct table_column *columns, char (*titles)[24])
{
    for (size_t p = 0; p < first->count; p++) {
        snprintf(titles[p], sizeof titles[p], "%lld%s", (long long)first->points[p].cell->group->workers,
                 first->points[p].beyond ? "*" : "");
        columns[1 + p] = (struct table_column){NULL, titles[p], UNIT_RATIO, false, 0, read_gain, (int)p};
    }
}

static int write_sweep(const struct scaling *scaling, const struct scaling_curve *first, struct writer *w)
{
    const size_t count = first->count + 3;
    struct table_column *columns = calloc(count, sizeof *columns);
    char(*titles)[24] = calloc(first->count + 1, sizeof *titles);
    const void **rows = calloc(scaling->count, sizeof *rows);
    char *title = text_format("%s: %s scaling, %lld job%s %s; gain over the runtime's own sync by workers",
                              first->sweep, first->scaling, (long long)first->jobs, first->jobs == 1 ? "" : "s",
                              scaling_is_weak(first->scaling) ? "for each worker" : "in all");
    const int rc = columns == NULL || titles == NULL || rows == NULL || title == NULL ? -ENOMEM : 0;
    struct table table = {.title = title, .columns = columns, .column_count = count, .rows = rows};
    if (rc == 0) {
        columns[0] = (struct table_column){NULL, "variant", UNIT_TEXT, false, 0, read_variant, 0};
        name_points(first, columns, titles);
        columns[count - 2] = (struct table_column){NULL, "Amdahl", UNIT_TEXT, false, 0, read_law, FIT_AMDAHL};
        columns[count - 1] = (struct table_column){NULL, "USL", UNIT_TEXT, false, 0, read_law, FIT_USL};
        for (size_t i = 0; i < scaling->count; i++)
            if (scaling_same_table(&scaling->curves[i], first))
                rows[table.row_count++] = &scaling->curves[i];
        write_table(w, &table);
    }
    free(title);
    free(rows);
    free(titles);
    free(columns);
    return rc;
}

static int write_for_people(const struct scaling *scaling, struct writer *w)
{
    int rc = 0;
    for (size_t i = 0; i < scaling->count && rc == 0; i++) {
        bool first = true;
        for (size_t k = 0; k < i; k++)
            first = first && !scaling_same_table(&scaling->curves[k], &scaling->curves[i]);
        if (first)
            rc = write_sweep(scaling, &scaling->curves[i], w);
    }
    write_paragraph(
        w, "* more workers than effective CPUs, which take turns. Amdahl: gain = N / (1 + s (N - 1)), s the serial "
           "part. USL: N / (1 + c (N - 1) + k N (N - 1)), c contention, k coherency. In brackets 95% intervals; "
           "\"off\": how far the points lie from the curve.");
    return rc;
}

/* -- for programs: a row per point, and a row per law ------------------------------------------------------------------------ */

struct point {
    const struct scaling_curve *curve;
    const struct scaling_point *at; /* of a point */
    const struct fit *fit;          /* of a law */
};

enum point_text {
    POINT_SWEEP,
    POINT_SCALING,
    POINT_TASK,
    POINT_RUNTIME,
    POINT_MODEL,
    POINT_GROUP,
    POINT_LAW,
    POINT_REASON
};

static void read_text(const void *row, int which, struct table_value *out)
{
    const struct point *p = row;
    const char *const texts[] = {
        [POINT_SWEEP] = p->curve->sweep,
        [POINT_SCALING] = p->curve->scaling,
        [POINT_TASK] = p->curve->group->task,
        [POINT_RUNTIME] = p->curve->runtime,
        [POINT_MODEL] = p->curve->model,
        [POINT_GROUP] = p->at != NULL ? p->at->cell->group->name : NULL,
        [POINT_LAW] = p->fit != NULL ? fit_law_name(p->fit->law) : NULL,
        [POINT_REASON] = p->fit != NULL && !p->fit->accepted ? p->fit->reason : NULL,
    };
    table_set_text(out, texts[which]);
}

enum point_number { POINT_WORKERS, POINT_JOBS, POINT_GAIN, POINT_BEYOND, POINT_CAPACITY };

static void read_point(const void *row, int which, struct table_value *out)
{
    const struct scaling_point *at = ((const struct point *)row)->at;
    const struct plan_group *group = at->cell->group;
    if (which == POINT_GAIN)
        table_set_interval(out, at->gain->ratio, at->gain->low, at->gain->high);
    else if (which == POINT_CAPACITY)
        table_set_number(out, at->capacity);
    else
        table_set_count(out, which == POINT_WORKERS ? group->workers : which == POINT_JOBS ? group->jobs : at->beyond);
}

enum law_number { LAW_ACCEPTED, LAW_RMS, LAW_SCALE, LAW_CONTENTION, LAW_COHERENCY, LAW_PEAK_WORKERS, LAW_PEAK_GAIN };

static void read_fit(const void *row, int which, struct table_value *out)
{
    const struct fit *fit = ((const struct point *)row)->fit;
    const bool usl = fit->law == FIT_USL;
    const struct fit_term *term = which == LAW_SCALE        ? &fit->scale
                                  : which == LAW_CONTENTION ? &fit->contention
                                  : which == LAW_COHERENCY  ? &fit->coherency
                                                            : NULL;
    if (term != NULL && (usl || which != LAW_COHERENCY))
        table_set_interval(out, term->value, term->low, term->high);
    else if (which == LAW_ACCEPTED)
        table_set_number(out, fit->accepted);
    else if (which == LAW_RMS)
        table_set_number(out, fit->rms);
    else if (usl && term == NULL)
        table_set_number(out, which == LAW_PEAK_GAIN ? fit->peak_gain : fit->peak_workers);
}

#define CURVE_COLUMNS                                                     \
    {"sweep", NULL, UNIT_TEXT, false, 0, read_text, POINT_SWEEP},         \
        {"scaling", NULL, UNIT_TEXT, false, 0, read_text, POINT_SCALING}, \
        {"task", NULL, UNIT_TEXT, false, 0, read_text, POINT_TASK},       \
        {"runtime", NULL, UNIT_TEXT, false, 0, read_text, POINT_RUNTIME}, \
    {                                                                     \
        "model", NULL, UNIT_TEXT, false, 0, read_text, POINT_MODEL        \
    }

static const struct table_column point_columns[] = {
    CURVE_COLUMNS,
    {"group", NULL, UNIT_TEXT, false, 0, read_text, POINT_GROUP},
    {"workers", NULL, UNIT_COUNT, false, 0, read_point, POINT_WORKERS},
    {"jobs", NULL, UNIT_COUNT, false, 0, read_point, POINT_JOBS},
    {"gain", NULL, UNIT_RATIO, true, 0, read_point, POINT_GAIN},
    {"beyond_cpus", NULL, UNIT_FLAG, false, 0, read_point, POINT_BEYOND},
    {"capacity", NULL, UNIT_REAL, false, 0, read_point, POINT_CAPACITY},
};

static const struct table_column law_columns[] = {
    CURVE_COLUMNS,
    {"law", NULL, UNIT_TEXT, false, 0, read_text, POINT_LAW},
    {"accepted", NULL, UNIT_FLAG, false, 0, read_fit, LAW_ACCEPTED},
    {"reason", NULL, UNIT_TEXT, false, 0, read_text, POINT_REASON},
    {"rms", NULL, UNIT_REAL, false, 0, read_fit, LAW_RMS},
    {"scale", NULL, UNIT_REAL, true, 0, read_fit, LAW_SCALE},
    {"contention", NULL, UNIT_REAL, true, 0, read_fit, LAW_CONTENTION},
    {"coherency", NULL, UNIT_REAL, true, 0, read_fit, LAW_COHERENCY},
    {"peak_workers", NULL, UNIT_REAL, false, 0, read_fit, LAW_PEAK_WORKERS},
    {"peak_gain", NULL, UNIT_REAL, false, 0, read_fit, LAW_PEAK_GAIN},
};

static int write_for_programs(const struct scaling *scaling, struct writer *w)
{
    size_t size = 1;
    for (size_t i = 0; i < scaling->count; i++)
        size += scaling->curves[i].count + FIT_LAWS;
    struct point *rows = calloc(size, sizeof *rows);
    if (rows == NULL)
        return -ENOMEM;
    struct table points = {.name = "scaling", .columns = point_columns, .rows = rows, .row_size = sizeof *rows};
    struct table laws = {.name = "laws", .columns = law_columns, .row_size = sizeof *rows};
    points.column_count = sizeof point_columns / sizeof *point_columns;
    laws.column_count = sizeof law_columns / sizeof *law_columns;
    for (size_t i = 0; i < scaling->count; i++)
        for (size_t p = 0; p < scaling->curves[i].count; p++)
            rows[points.row_count++] = (struct point){.curve = &scaling->curves[i],
                                                      .at = &scaling->curves[i].points[p]};
    struct point *fits = &rows[points.row_count];
    laws.rows = fits;
    for (size_t i = 0; i < scaling->count; i++)
        for (size_t law = 0; law < FIT_LAWS; law++)
            fits[laws.row_count++] = (struct point){.curve = &scaling->curves[i], .fit = &scaling->curves[i].fits[law]};
    write_table(w, &points);
    write_table(w, &laws);
    free(rows);
    return 0;
}

int document_write_scaling(const struct summary *summary, struct writer *w)
{
    struct scaling scaling;
    int rc = 0;
    scaling_make(&scaling, summary);
    if (w->format->for_programs)
        rc = write_for_programs(&scaling, w);
    else if (scaling.count > 0) {
        write_heading(w, 2, "Scaling");
        rc = write_for_people(&scaling, w);
    }
    scaling_free(&scaling);
    return rc;
}
