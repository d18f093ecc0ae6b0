/* SPDX-License-Identifier: MIT */
/* Gains over workers as a table, then what the laws make of them. */
#include "bench/report/scaling.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "bench/report/format.h"
#include "bench/util/html.h"
#include "bench/util/json_number.h"
#include "bench/util/markdown.h"
#include "bench/report/html/html.h"
#include "bench/report/scaling_text.h"

enum { NAME_WIDTH = 18, POINT_WIDTH = 8, LAW_WIDTH = 8 };

/* -- what both texts say ---------------------------------------------------------------------------------------------- */

static bool first_of_table(const struct scaling *scaling, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (scaling_same_table(&scaling->curves[k], &scaling->curves[i]))
            return false;
    return true;
}

static void describe(const struct scaling_curve *curve, char *out, size_t room)
{
    snprintf(out, room, "%s scaling: %lld job%s %s; work time over the runtime's own sync", curve->scaling,
             (long long)curve->jobs, curve->jobs == 1 ? "" : "s",
             scaling_is_weak(curve->scaling) ? "for each worker" : "in all, on more and more workers");
}

static bool any_beyond(const struct scaling *scaling, const struct scaling_curve *like)
{
    for (size_t i = 0; i < scaling->count; i++)
        for (size_t p = 0; scaling_same_table(&scaling->curves[i], like) && p < scaling->curves[i].count; p++)
            if (scaling->curves[i].points[p].beyond)
                return true;
    return false;
}

static const char *law_title(enum fit_law law)
{
    static const char *const titles[FIT_LAWS] = {[FIT_AMDAHL] = "Amdahl", [FIT_USL] = "USL"};
    return titles[law];
}

static const char *gain_text(struct format *f, const struct ratio *gain)
{
    return ratio_known(gain) ? format_ratio(f, gain->ratio) : "-";
}

static const char legend[] =
    "* more workers than effective CPUs, which take turns. Amdahl: gain = N / (1 + s (N - 1)), s the serial part. "
    "USL: N / (1 + c (N - 1) + k N (N - 1)), c contention, k coherency. In brackets 95% intervals; \"off\": how far "
    "the "
    "points lie from the curve.";

/* -- terminal --------------------------------------------------------------------------------------------------------- */

static void put_variant(const struct scaling_curve *curve, int width, FILE *out)
{
    char name[160];
    snprintf(name, sizeof name, "%.70s:%.70s", curve->runtime, curve->model);
    format_put(out, name, width);
}

/* How many points stand beside each other; a longer sweep goes on below. */
static size_t points_across(int width) { return (size_t)((width - NAME_WIDTH) / POINT_WIDTH); }

static void put_points_head(const struct scaling_curve *curve, size_t from, size_t to, FILE *out)
{
    format_put(out, "workers", NAME_WIDTH);
    for (size_t p = from; p < to; p++) {
        char text[32];
        snprintf(text, sizeof text, "%lld%s", (long long)curve->points[p].cell->group->workers,
                 curve->points[p].beyond ? "*" : " ");
        format_put(out, text, -POINT_WIDTH);
    }
    fputc('\n', out);
}

static void put_points(const struct scaling_curve *curve, size_t from, size_t to, FILE *out)
{
    put_variant(curve, NAME_WIDTH, out);
    for (size_t p = from; p < to && p < curve->count; p++) {
        struct format f;
        const struct ratio *gain = curve->points[p].gain;
        format_put(out, gain_text(&f, gain), -(POINT_WIDTH - 1));
        fputs(ratio_known(gain) && gain->unresolved ? "≈" : " ", out);
    }
    fputc('\n', out);
}

static void put_laws(const struct scaling_curve *curve, int width, FILE *out)
{
    for (enum fit_law law = 0; law < FIT_LAWS; law++) {
        struct scaling_law_text text;
        struct format_wrap wrap = {
            .out = out, .indent = NAME_WIDTH + LAW_WIDTH, .width = width, .at = NAME_WIDTH + LAW_WIDTH};
        if (law == 0)
            put_variant(curve, NAME_WIDTH, out);
        else
            format_put(out, "", NAME_WIDTH);
        format_put(out, law_title(law), LAW_WIDTH);
        format_put_wrapped(&wrap, scaling_law_text(&text, &curve->fits[law]));
        fputc('\n', out);
    }
}

static void put_table(const struct scaling *scaling, const struct scaling_curve *first, int width, FILE *out)
{
    char title[200];
    struct format_wrap wrap = {.out = out, .indent = 0, .width = width, .at = 0};
    describe(first, title, sizeof title);
    fputc('\n', out);
    format_put_wrapped(&wrap, first->sweep);
    wrap.indent = 2;
    format_put_wrapped(&wrap, "·");
    format_put_wrapped(&wrap, title);
    fputc('\n', out);
    const size_t across = points_across(width);
    for (size_t from = 0; from < first->count; from += across) {
        const size_t to = from + across < first->count ? from + across : first->count;
        put_points_head(first, from, to, out);
        for (size_t i = 0; i < scaling->count; i++)
            if (scaling_same_table(&scaling->curves[i], first))
                put_points(&scaling->curves[i], from, to, out);
    }
    fputc('\n', out);
    for (size_t i = 0; i < scaling->count; i++)
        if (scaling_same_table(&scaling->curves[i], first))
            put_laws(&scaling->curves[i], width, out);
}

void render_scaling_text(const struct scaling *scaling, int width, FILE *out)
{
    if (scaling->count == 0)
        return;
    fputs("\nScaling: gain over the number of workers\n", out);
    for (size_t i = 0; i < scaling->count; i++)
        if (first_of_table(scaling, i))
            put_table(scaling, &scaling->curves[i], width, out);
    struct format_wrap wrap = {.out = out, .indent = 2, .width = width, .at = 2};
    fputs("\n  ", out);
    format_put_wrapped(&wrap, legend);
    fputc('\n', out);
}

/* -- Markdown --------------------------------------------------------------------------------------------------------- */

static void put_markdown_head(const struct scaling_curve *curve, FILE *out)
{
    fputs("\n| workers |", out);
    for (size_t p = 0; p < curve->count; p++)
        fprintf(out, " %lld%s |", (long long)curve->points[p].cell->group->workers,
                curve->points[p].beyond ? "\\*" : "");
    fputs("\n|---|", out);
    for (size_t p = 0; p < curve->count; p++)
        fputs("---|", out);
    fputc('\n', out);
}

static void put_markdown_variant(const struct scaling_curve *curve, FILE *out)
{
    fputs("| ", out);
    markdown_put_variant(out, curve->runtime, curve->model);
    fputs(" |", out);
}

static void put_markdown_table(const struct scaling *scaling, const struct scaling_curve *first, FILE *out)
{
    char title[200];
    describe(first, title, sizeof title);
    fputs("\n### ", out);
    markdown_put(out, first->sweep);
    fprintf(out, "\n\n%c%s%s.\n", title[0] - 'a' + 'A', title + 1,
            any_beyond(scaling, first) ? " (\\* more workers than effective CPUs)" : "");
    put_markdown_head(first, out);
    for (size_t i = 0; i < scaling->count; i++) {
        const struct scaling_curve *curve = &scaling->curves[i];
        if (!scaling_same_table(curve, first))
            continue;
        put_markdown_variant(curve, out);
        for (size_t p = 0; p < curve->count; p++) {
            struct format f;
            fputc(' ', out);
            markdown_put(out, format_speedup(&f, curve->points[p].gain));
            fputs(" |", out);
        }
        fputc('\n', out);
    }
    fputs("\n| variant | Amdahl's law | USL |\n|---|---|---|\n", out);
    for (size_t i = 0; i < scaling->count; i++) {
        if (!scaling_same_table(&scaling->curves[i], first))
            continue;
        put_markdown_variant(&scaling->curves[i], out);
        for (enum fit_law law = 0; law < FIT_LAWS; law++) {
            struct scaling_law_text text;
            fputc(' ', out);
            markdown_put(out, scaling_law_text(&text, &scaling->curves[i].fits[law]));
            fputs(" |", out);
        }
        fputc('\n', out);
    }
}

void render_scaling_markdown(const struct scaling *scaling, FILE *out)
{
    if (scaling->count == 0)
        return;
    fputs("\n## Scaling\n", out);
    for (size_t i = 0; i < scaling->count; i++)
        if (first_of_table(scaling, i))
            put_markdown_table(scaling, &scaling->curves[i], out);
    fputc('\n', out);
    markdown_put(out, legend);
    fputc('\n', out);
}

/* -- HTML ------------------------------------------------------------------------------------------------------------- */

static void put_html_variant(const struct scaling_curve *curve, FILE *out)
{
    fputs("<tr><th scope=\"row\">", out);
    html_put_variant(out, curve->runtime, curve->model);
    fputs("</th>", out);
}

/* `number` makes the tables' ids different. */
static void put_html_table(const struct scaling *scaling, const struct scaling_curve *first, size_t number, FILE *out)
{
    char title[200], id[40];
    describe(first, title, sizeof title);
    html_put_in(out, "h3", first->sweep);
    snprintf(id, sizeof id, "scaling-%zu", number);
    title[0] = (char)toupper((unsigned char)title[0]);
    html_table_begin(out, id, "sortable", title);
    fputs("<thead><tr><th scope=\"col\">Variant</th>", out);
    for (size_t p = 0; p < first->count; p++)
        fprintf(out, "<th scope=\"col\">%lld%s</th>", (long long)first->points[p].cell->group->workers,
                first->points[p].beyond ? "*" : "");
    fputs("<th scope=\"col\">Amdahl's law</th><th scope=\"col\">USL</th></tr></thead>\n<tbody>\n", out);
    for (size_t i = 0; i < scaling->count; i++) {
        const struct scaling_curve *curve = &scaling->curves[i];
        if (!scaling_same_table(curve, first))
            continue;
        put_html_variant(curve, out);
        for (size_t p = 0; p < curve->count; p++)
            html_put_ratio(out, curve->points[p].gain);
        for (enum fit_law law = 0; law < FIT_LAWS; law++) {
            struct scaling_law_text text;
            fputs("<td class=\"t\">", out);
            html_put(out, scaling_law_text(&text, &curve->fits[law]));
            fputs("</td>", out);
        }
        fputs("</tr>\n", out);
    }
    fputs("</tbody>\n", out);
    html_table_end(out);
}

void render_scaling_html(const struct scaling *scaling, FILE *out)
{
    if (scaling->count == 0)
        return;
    fputs("<section aria-labelledby=\"scaling\">\n<h2 id=\"scaling\">Scaling</h2>\n", out);
    for (size_t i = 0; i < scaling->count; i++)
        if (first_of_table(scaling, i))
            put_html_table(scaling, &scaling->curves[i], i, out);
    html_put_in(out, "p", legend);
    fputs("\n</section>\n", out);
}

/* -- JSON ------------------------------------------------------------------------------------------------------------- */

static json_t *term_json(const struct fit_term *term)
{
    return isfinite(term->value) ? json_pack("{s:f, s:o, s:o}", "value", term->value, "low", json_number(term->low),
                                             "high", json_number(term->high))
                                 : json_null();
}

static json_t *fit_json(const struct fit *fit)
{
    json_t *json = json_pack("{s:b, s:s?, s:o, s:o, s:o}", "accepted", fit->accepted, "reason",
                             fit->accepted ? NULL : fit->reason, "rms", json_number(fit->rms), "scale",
                             term_json(&fit->scale), fit->law == FIT_AMDAHL ? "serial" : "contention",
                             term_json(&fit->contention));
    if (json == NULL || fit->law == FIT_AMDAHL)
        return json;
    if (json_object_set_new(json, "coherency", term_json(&fit->coherency)) != 0 ||
        json_object_set_new(json, "peak_workers", json_number(fit->peak_workers)) != 0 ||
        json_object_set_new(json, "peak_gain", json_number(fit->peak_gain)) != 0) {
        json_decref(json);
        return NULL;
    }
    return json;
}

static json_t *point_json(const struct scaling_point *point, const struct summary *summary)
{
    const struct ratio *gain = point->gain;
    return json_pack("{s:I, s:I, s:I, s:o, s:o, s:o, s:b, s:o}", "group",
                     (json_int_t)(point->cell->group - summary->results->groups), "workers",
                     (json_int_t)point->cell->group->workers, "jobs", (json_int_t)point->cell->group->jobs, "gain",
                     json_number(gain->ratio), "low", json_number(gain->low), "high", json_number(gain->high),
                     "beyond_cpus", point->beyond, "capacity", json_number(point->capacity));
}

static json_t *curve_json(const struct scaling_curve *curve, const struct summary *summary)
{
    json_t *points = json_array(), *fits = json_object();
    int rc = points == NULL || fits == NULL ? -1 : 0;
    for (size_t p = 0; rc == 0 && p < curve->count; p++)
        rc = json_array_append_new(points, point_json(&curve->points[p], summary));
    for (enum fit_law law = 0; rc == 0 && law < FIT_LAWS; law++)
        rc = json_object_set_new(fits, fit_law_name(law), fit_json(&curve->fits[law]));
    if (rc != 0) {
        json_decref(points);
        json_decref(fits);
        return NULL;
    }
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:o, s:o}", "sweep", curve->sweep, "scaling", curve->scaling,
                     "task", curve->group->task, "runtime", curve->runtime, "model", curve->model,
                     scaling_is_weak(curve->scaling) ? "jobs_a_worker" : "jobs", (json_int_t)curve->jobs, "points",
                     points, "fits", fits);
}

json_t *render_scaling_json(const struct scaling *scaling, const struct summary *summary)
{
    json_t *curves = json_array();
    for (size_t i = 0; curves != NULL && i < scaling->count; i++)
        if (json_array_append_new(curves, curve_json(&scaling->curves[i], summary)) != 0) {
            json_decref(curves);
            return NULL;
        }
    return curves;
}
