/* SPDX-License-Identifier: MIT */
/* Servers: which to take, in sentences; their throughput, latency, memory, and what happens beyond saturation, in tables. */
#include "bench/analysis/serving.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/document.h"
#include "bench/report/findings.h"
#include "bench/report/format.h"
#include "bench/util/alloc.h"

enum { NAMES_MOST = 4, TYPICAL_PERCENT = 70 };

/* -- rows ---------------------------------------------------------------------------------------------------------------- */

/* A server, of a table of single loads one of its loads. */
struct row {
    const struct serving_row *of;
    const struct serving_point *point;
    const struct serving_native *native;
};

enum text { GROUP, TASK, PARAMS, VARIANT, RUNTIME, MODEL, NOTE };

static void read_text(const void *row, int which, struct table_value *out)
{
    const struct summary_cell *cell = ((const struct row *)row)->of->cell;
    const char *const texts[] = {[GROUP] = cell->group->name,
                                 [TASK] = cell->group->task,
                                 [RUNTIME] = cell->cell->runtime,
                                 [MODEL] = cell->cell->model,
                                 [NOTE] = cell->note};
    if (which == PARAMS)
        table_set_made(out, format_params(cell->group));
    else if (which == VARIANT)
        table_set_variant(out, cell->cell->runtime, cell->cell->model);
    else
        table_set_text(out, texts[which]);
}

/* Of a load: the median over the rounds, of throughput and p99 with its interval. */
static void set_number(struct table_value *out, const struct serving_point *point, enum serving_point_number which)
{
    const struct summary_interval *ci = which == SERVING_RATE  ? &point->rate_ci
                                        : which == SERVING_P99 ? &point->p99_ci
                                                               : NULL;
    if (ci != NULL)
        table_set_interval(out, point->value[which], ci->low, ci->high);
    else
        table_set_number(out, point->value[which]);
}

static void read_number(const void *row, int which, struct table_value *out)
{
    set_number(out, ((const struct row *)row)->point, (enum serving_point_number)which);
}

static void read_percent(const void *row, int which, struct table_value *out)
{
    const struct serving_point *point = ((const struct row *)row)->point;
    (void)which;
    table_set_count(out, point->percent > 0 ? point->percent : -1);
}

static void read_loaded(const void *row, int which, struct table_value *out)
{
    const struct serving_point *point = ((const struct row *)row)->point;
    (void)which;
    if (point->percent > 0)
        table_set_format(out, "%lld%%", (long long)point->percent);
}

static void read_connections(const void *row, int which, struct table_value *out)
{
    (void)which;
    table_set_count(out, ((const struct row *)row)->of->cell->group->workers);
}

static bool loses_answers(const struct serving_row *row) { return row->unanswered > 0; }

/* Of the saturation; where there is none, why. */
static void read_saturation(const void *row, int which, struct table_value *out)
{
    const struct serving_row *r = ((const struct row *)row)->of;
    if (r->count > 0 && which == SERVING_RATE)
        set_number(out, &r->points[0], SERVING_RATE);
    else if (r->count > 0)
        table_set_number(out, r->points[0].value[which]);
    else if (which == SERVING_RATE)
        table_set_text(out,
                       r->cell->cell->status == CELL_IMPOSSIBLE ? "not here" : cell_status_word(r->cell->cell->status));
    out->doubtful = which == SERVING_RATE &&
                    (serving_client_bound(r) || loses_answers(r) || r->cell->doubt != DOUBT_NONE);
    out->sign = which == SERVING_RATE && r->fastest ? "*" : NULL;
}

static void read_against(const void *row, int which, struct table_value *out)
{
    const struct serving_row *r = ((const struct row *)row)->of;
    (void)which;
    if (r->fastest)
        table_set_number(out, 1);
    else if (ratio_known(&r->against))
        cells_set_ratio(out, &r->against);
}

#define AT(member) ((int)offsetof(struct serving_row, member))
static void read_real(const void *row, int at, struct table_value *out)
{
    table_read_real(((const struct row *)row)->of, at, out);
}

static const struct table_column server_columns[] = {
    {"group", NULL, UNIT_TEXT, false, 0, read_text, GROUP},
    {"task", NULL, UNIT_TEXT, false, 0, read_text, TASK},
    {"params", NULL, UNIT_TEXT, false, 0, read_text, PARAMS},
    {"connections", NULL, UNIT_COUNT, false, 0, read_connections, 0},
    {NULL, "server", UNIT_TEXT, false, 0, read_text, VARIANT},
    {"runtime", NULL, UNIT_TEXT, false, 0, read_text, RUNTIME},
    {"model", NULL, UNIT_TEXT, false, 0, read_text, MODEL},
    {"rate", "answers/s", UNIT_RATE, true, 0, read_saturation, SERVING_RATE},
    {"wrk_rate", "by wrk", UNIT_RATE, false, 0, read_real, AT(wrk_rate)},
    {"against_fastest", "of the fastest", UNIT_RATIO, true, 0, read_against, 0},
    {"p99_s", "p99", UNIT_SECONDS, false, 0, read_saturation, SERVING_P99},
    {"cpu_s", "CPU an answer", UNIT_SECONDS, false, 0, read_saturation, SERVING_CPU},
    {"client_cpus", "client's CPUs", UNIT_REAL, false, 0, read_saturation, SERVING_CLIENT},
    {"fair", "fair", UNIT_SHARE, false, 0, read_real, AT(fair)},
    {"ready_s", "up in", UNIT_SECONDS, false, 0, read_real, AT(ready_s)},
    {"bytes", "memory", UNIT_BYTES, false, 0, read_real, AT(bytes)},
    {"connection_bytes", "a connection", UNIT_BYTES, false, 0, read_real, AT(connection_bytes)},
    {"held", "held", UNIT_COUNT, false, 0, read_real, AT(held)},
    {"note", NULL, UNIT_TEXT, false, 0, read_text, NOTE},
};

static const struct table_column load_columns[] = {
    {"group", NULL, UNIT_TEXT, false, 0, read_text, GROUP},
    {NULL, "server", UNIT_TEXT, false, 0, read_text, VARIANT},
    {"runtime", NULL, UNIT_TEXT, false, 0, read_text, RUNTIME},
    {"model", NULL, UNIT_TEXT, false, 0, read_text, MODEL},
    {NULL, "loaded", UNIT_TEXT, false, 0, read_loaded, 0},
    {"percent", NULL, UNIT_COUNT, false, 0, read_percent, 0},
    {"offered", "offered", UNIT_RATE, false, 0, read_number, SERVING_OFFERED},
    {"answered", "answered", UNIT_RATE, true, 0, read_number, SERVING_RATE},
    {"timed_out", "out of time", UNIT_SHARE, false, 0, read_number, SERVING_TIMED_OUT},
    {"refused", "refused", UNIT_SHARE, false, 0, read_number, SERVING_REFUSED},
    {"p50_s", "p50", UNIT_SECONDS, false, 0, read_number, SERVING_P50},
    {"p99_s", "p99", UNIT_SECONDS, true, 0, read_number, SERVING_P99},
    {"p999_s", "p99.9", UNIT_SECONDS, false, 0, read_number, SERVING_P999},
    {"cpu_s", NULL, UNIT_SECONDS, false, 0, read_number, SERVING_CPU},
    {"client_cpus", NULL, UNIT_REAL, false, 0, read_number, SERVING_CLIENT},
};

/* -- tables -------------------------------------------------------------------------------------------------------------- */

static double rate_of(const struct serving_row *r) { return r->count > 0 ? r->points[0].value[SERVING_RATE] : -1; }

static int by_rate(const void *a, const void *b)
{
    const struct serving_row *x = ((const struct row *)a)->of, *y = ((const struct row *)b)->of;
    if (rate_of(x) > rate_of(y) || rate_of(x) < rate_of(y))
        return rate_of(x) > rate_of(y) ? -1 : 1;
    return x < y ? -1 : x > y; /* the plan's order */
}

/* A group's servers, the fastest first; `group` NULL: all in the plan's order. */
static size_t collect(const struct serving *serving, const struct plan_group *group, struct row *rows)
{
    size_t count = 0;
    for (size_t i = 0; i < serving->count; i++)
        if (group == NULL || serving->rows[i].cell->group == group)
            rows[count++].of = &serving->rows[i];
    if (group != NULL)
        qsort(rows, count, sizeof *rows, by_rate);
    return count;
}

static void write_servers(const struct serving *serving, const struct plan_group *group, struct writer *w)
{
    struct row *rows = xcalloc(serving->count, sizeof *rows);
    struct table table = {.name = "servers",
                          .title = "At saturation, in a closed loop, and what it costs",
                          .columns = server_columns,
                          .column_count = sizeof server_columns / sizeof *server_columns,
                          .rows = rows,
                          .row_size = sizeof *rows};
    table.row_count = collect(serving, group, rows);
    write_table(w, &table);
    free(rows);
}

/* The open loops: one row for each load of each server. */
static void write_loads(const struct serving *serving, const struct plan_group *group, struct writer *w)
{
    struct row *servers = xcalloc(serving->count, sizeof *servers),
               *rows = xcalloc(serving->count * SERVING_LOADS, sizeof *rows);
    struct table table = {.name = "serving",
                          .title = "At a rate, in an open loop: latency from when a request was due",
                          .columns = load_columns,
                          .column_count = sizeof load_columns / sizeof *load_columns,
                          .rows = rows,
                          .row_size = sizeof *rows};
    const size_t count = collect(serving, group, servers);
    for (size_t i = 0; i < count; i++)
        for (size_t k = w->format->for_programs ? 0 : 1; k < servers[i].of->count; k++)
            rows[table.row_count++] = (struct row){.of = servers[i].of, .point = &servers[i].of->points[k]};
    if (table.row_count > 0)
        write_table(w, &table);
    free(rows);
    free(servers);
}

enum native_number { NATIVE_RATE, PYTHON_RATE, NATIVE_RATIO };

static void read_native(const void *row, int which, struct table_value *out)
{
    const struct serving_native *n = ((const struct row *)row)->native;
    if (which == NATIVE_RATIO)
        cells_set_ratio(out, &n->ratio);
    else
        set_number(out, which == NATIVE_RATE ? &n->native->points[0] : &n->python->points[0], SERVING_RATE);
}

static void read_pair(const void *row, int which, struct table_value *out)
{
    const struct serving_native *n = ((const struct row *)row)->native;
    (void)which;
    table_set_format(out, "%.60s:%.60s over %.60s", n->native->cell->cell->runtime, n->native->cell->cell->model,
                     n->python->cell->cell->runtime);
}

static const struct table_column native_columns[] = {
    {"group", "endpoint", UNIT_TEXT, false, 0, read_text, GROUP},
    {"task", NULL, UNIT_TEXT, false, 0, read_text, TASK},
    {"params", NULL, UNIT_TEXT, false, 0, read_text, PARAMS},
    {"pair", "server", UNIT_TEXT, false, 0, read_pair, 0},
    {"native_rate", "native", UNIT_RATE, false, 0, read_native, NATIVE_RATE},
    {"python_rate", "Python", UNIT_RATE, false, 0, read_native, PYTHON_RATE},
    {"ratio", "native/Python", UNIT_RATIO, true, 0, read_native, NATIVE_RATIO},
};

static void write_natives(const struct serving *serving, struct writer *w)
{
    struct row *rows = xcalloc(serving->native_count, sizeof *rows);
    struct table table = {.name = "native",
                          .title = "The same server with its work native and in Python: answers a second at saturation",
                          .columns = native_columns,
                          .column_count = sizeof native_columns / sizeof *native_columns,
                          .rows = rows,
                          .row_size = sizeof *rows,
                          .row_count = serving->native_count};
    for (size_t i = 0; i < serving->native_count; i++)
        rows[i] = (struct row){.of = serving->natives[i].native, .native = &serving->natives[i]};
    if (table.row_count > 0)
        write_table(w, &table);
    free(rows);
}

/* Names the servers of a group of which something holds. */
static void write_doubt(const struct serving *serving, const struct plan_group *group,
                        bool (*holds)(const struct serving_row *row), const char *why, struct writer *w)
{
    struct string_list found = {NULL, 0};
    for (const struct serving_row *r = serving->rows; r < serving->rows + serving->count; r++)
        if (r->cell->group == group && holds(r))
            string_list_addf(&found, "%s:%s", r->cell->cell->runtime, r->cell->cell->model);
    const size_t count = found.count;
    char *names = format_names(&found, NAMES_MOST), *text = text_format("%s: %s", names, why);
    if (count > 0)
        write_item(w, "?", text);
    free(text);
    free(names);
}

static const char legend[] =
    "At saturation each connection asks again when it is answered; the rates are shares of what the server answered "
    "then, in the same round, and arrive by a Poisson process. Up to saturation the client has as many connections as "
    "the group, beyond it ten "
    "times as many, and gives a request up after a second. Fair: what a worker answered on average over what the "
    "busiest one did. Memory is that of all its processes (PSS) without a connection, what the kernel has for sockets "
    "not counted; a connection: what each idle one adds. * the fastest; ? doubtful.";

void serving_write(const struct summary *summary, struct writer *w)
{
    struct serving serving;
    serving_make(&serving, summary);
    if (serving.count > 0 && w->format->for_programs) {
        write_servers(&serving, NULL, w);
        write_loads(&serving, NULL, w);
    }
    for (size_t g = 0; g < summary->results->group_count && !w->format->for_programs; g++) {
        const struct plan_group *group = &summary->results->groups[g];
        if (!plan_serves(group))
            continue;
        document_write_group_heading(group, w);
        write_servers(&serving, group, w);
        write_loads(&serving, group, w);
        write_doubt(&serving, group, serving_client_bound,
                    "the client, which has one thread, was busy all the time: the server may have more to give", w);
        write_doubt(&serving, group, loses_answers, "at saturation not every request was answered", w);
    }
    write_natives(&serving, w);
    if (serving.count > 0 && !w->format->for_programs)
        write_paragraph(w, legend);
    serving_free(&serving);
}

/* -- in sentences -------------------------------------------------------------------------------------------------------- */

/* Who is not shown to be slower than the fastest, of one runtime or of all. */
static char *no_difference(const struct serving *serving, const struct serving_row *best, double margin)
{
    struct string_list names = {NULL, 0};
    for (const struct serving_row *r = serving->rows; r < serving->rows + serving->count; r++)
        if (r->cell->group == best->cell->group && r->count > 0 && r != best && !serving_is_less(&r->against, margin))
            string_list_addf(&names, "%s:%s", r->cell->cell->runtime, r->cell->cell->model);
    const size_t count = names.count;
    char *list = format_names(&names, NAMES_MOST),
         *text = count > 0 ? text_format(" (no clear difference: %s)", list) : xstrdup("");
    free(list);
    return text;
}

/* "Take c:epoll: 41200/s, 99% within 3.10 ms at 70% of that, 24.0 us of CPU an answer, 2.10 kB for each connection held" */
static char *take_text(const struct serving *serving, const struct serving_row *best, double margin)
{
    const struct serving_point *at = serving_at(best, TYPICAL_PERCENT);
    struct format rate, p99, cpu, bytes;
    char *others = no_difference(serving, best, margin), *text;
    size_t length;
    FILE *out = text_open(&text, &length);
    fprintf(out, "Take %s:%s: %s%s", best->cell->cell->runtime, best->cell->cell->model,
            format_rate(&rate, best->points[0].value[SERVING_RATE]), serving_client_bound(best) ? "?" : "");
    if (at != NULL)
        fprintf(out, ", 99%% within %s at %d%% of that", format_time(&p99, at->value[SERVING_P99]), TYPICAL_PERCENT);
    if (isfinite(best->points[0].value[SERVING_CPU]))
        fprintf(out, ", %s of CPU an answer", format_time(&cpu, best->points[0].value[SERVING_CPU]));
    if (isfinite(best->connection_bytes))
        fprintf(out, ", %s for each connection held", format_bytes(&bytes, best->connection_bytes));
    fputs(others, out);
    text_close(out);
    free(others);
    return text;
}

/* "In Python take asyncio: 4500/s, 0.110x of c:epoll" */
static char *runtime_text(const struct serving_row *row, const struct serving_row *best)
{
    const struct serving_point *at = serving_at(row, TYPICAL_PERCENT);
    struct format rate, ratio, p99;
    char *text;
    size_t length;
    FILE *out = text_open(&text, &length);
    findings_put_runtime(out, row->cell->cell->runtime);
    fprintf(out, "take %s: %s, %s of %s:%s", row->cell->cell->model,
            format_rate(&rate, row->points[0].value[SERVING_RATE]), format_ratio(&ratio, row->against.ratio),
            best->cell->cell->runtime, best->cell->cell->model);
    if (at != NULL)
        fprintf(out, ", 99%% within %s", format_time(&p99, at->value[SERVING_P99]));
    text_close(out);
    return text;
}

/* What the fastest comes to beyond its saturation; "" where that was not asked for. */
static char *beyond_text(const struct serving_row *best)
{
    const struct serving_point *over = NULL;
    struct format rate;
    for (size_t k = 1; k < best->count; k++)
        over = best->points[k].percent > 100 ? &best->points[k] : over;
    return over == NULL
               ? xstrdup("")
               : text_format("Asked for %lld%% of its saturation %s:%s answers %s, %.3g%% of the requests are in vain",
                             (long long)over->percent, best->cell->cell->runtime, best->cell->cell->model,
                             format_rate(&rate, over->value[SERVING_RATE]),
                             100 * (over->value[SERVING_TIMED_OUT] + over->value[SERVING_REFUSED]));
}

static void add(struct string_list *out, char *text)
{
    if (*text != '\0')
        string_list_add(out, text);
    free(text);
}

void serving_say(const struct serving *serving, const struct plan_group *group, struct string_list *out)
{
    const double margin = serving->margin;
    const struct serving_row *best = serving_fastest(serving, group, NULL);
    const char *last = NULL;
    if (best == NULL) {
        string_list_add(out, "No server worked");
        return;
    }
    add(out, take_text(serving, best, margin));
    for (const struct serving_row *r = serving->rows; r < serving->rows + serving->count; r++) {
        const char *runtime = r->cell->cell->runtime;
        const struct serving_row *first = serving_fastest(serving, group, runtime);
        if (r->cell->group != group || first == NULL || (last != NULL && strcmp(last, runtime) == 0))
            continue;
        last = runtime;
        if (strcmp(runtime, best->cell->cell->runtime) != 0)
            add(out, runtime_text(first, best));
    }
    add(out, beyond_text(best));
}

static bool same_pair(const struct serving_native *a, const struct serving_native *b)
{
    const struct result_cell *x = a->native->cell->cell, *y = b->native->cell->cell;
    return strcmp(x->runtime, y->runtime) == 0 && strcmp(x->model, y->model) == 0 &&
           strcmp(a->native->cell->group->task, b->native->cell->group->task) == 0;
}

/* "ext:asyncio pays from fib 15 on: 1.40x py:asyncio, 21.0x for fib 25"; of one pair of servers, its endpoints in the
 * plan's order. */
static char *native_text(const struct serving *serving, const struct serving_native *first)
{
    const struct serving_native *from = NULL, *last = first;
    const struct result_cell *native = first->native->cell->cell, *python = first->python->cell->cell;
    struct format f, g;
    for (const struct serving_native *n = first; n < serving->natives + serving->native_count; n++) {
        if (!same_pair(first, n))
            continue;
        last = n;
        if (!serving_is_more(&n->ratio, serving->margin))
            from = NULL;
        else if (from == NULL)
            from = n;
    }
    const char *whose = last->native->cell->group->name;
    if (from == NULL)
        return text_format("%s:%s is not shown to answer more than %s:%s: %s for %s", native->runtime, native->model,
                           python->runtime, python->model, format_ratio(&g, last->ratio.ratio), whose);
    if (from == last)
        return text_format("%s:%s pays for %s: %s %s:%s", native->runtime, native->model, whose,
                           format_ratio(&f, from->ratio.ratio), python->runtime, python->model);
    return text_format("%s:%s pays from %s on: %s %s:%s, %s for %s", native->runtime, native->model,
                       from->native->cell->group->name, format_ratio(&f, from->ratio.ratio), python->runtime,
                       python->model, format_ratio(&g, last->ratio.ratio), whose);
}

/* Whether the pair has no other endpoint, so that there is nothing to say of where it begins to pay. */
static bool is_alone(const struct serving *serving, const struct serving_native *of)
{
    for (const struct serving_native *n = serving->natives; n < serving->natives + serving->native_count; n++)
        if (n != of && same_pair(n, of))
            return false;
    return true;
}

/* "For work native work answers 1.79x (ext:flask) to 19.9x (c:epoll) as much as Python's", of all pairs that have this
 * endpoint alone; of one pair its own sentence. */
static char *range_text(const struct serving *serving, const struct plan_group *group)
{
    const struct serving_native *low = NULL, *high = NULL;
    struct format f, g;
    for (const struct serving_native *n = serving->natives; n < serving->natives + serving->native_count; n++) {
        if (n->native->cell->group != group || !is_alone(serving, n))
            continue;
        low = low == NULL || n->ratio.ratio < low->ratio.ratio ? n : low;
        high = high == NULL || n->ratio.ratio > high->ratio.ratio ? n : high;
    }
    if (low == high)
        return native_text(serving, low);
    const struct result_cell *least = low->native->cell->cell, *most = high->native->cell->cell;
    return text_format("For %s native work answers %s (%s:%s) to %s (%s:%s) as much as Python's", group->name,
                       format_ratio(&f, low->ratio.ratio), least->runtime, least->model,
                       format_ratio(&g, high->ratio.ratio), most->runtime, most->model);
}

void serving_say_native(const struct serving *serving, struct string_list *out)
{
    for (size_t i = 0; i < serving->native_count; i++) {
        const struct serving_native *n = &serving->natives[i];
        const bool alone = is_alone(serving, n);
        bool told = false;
        for (const struct serving_native *k = serving->natives; k < n; k++)
            told = told || same_pair(k, n) ||
                   (alone && is_alone(serving, k) && k->native->cell->group == n->native->cell->group);
        if (!told)
            add(out, alone ? range_text(serving, n->native->cell->group) : native_text(serving, n));
    }
}
