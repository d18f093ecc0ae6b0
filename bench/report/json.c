/* SPDX-License-Identifier: MIT */
/* summary.json, as docs/run-directory.md has it. What is not known is null. */
#include <errno.h>
#include <jansson.h>
#include <math.h>

#include "bench/analysis/ranking.h"
#include "bench/util/json_number.h"
#include "bench/report/render.h"
#include "bench/report/latency.h"
#include "bench/report/marginal_cost.h"
#include "bench/report/rounds.h"
#include "bench/report/scaling.h"

/* Digits of a real: nanoseconds of a second, and more than any ratio deserves. */
#define DIGITS 9

static json_t *count(double value) { return value >= 0 ? json_integer((json_int_t)value) : json_null(); }

static json_t *text(const char *value) { return value != NULL ? json_string(value) : json_null(); }

json_t *render_json_ratio(const struct ratio *r)
{
    if (!ratio_known(r))
        return json_null();
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "ratio", json_number(r->ratio), "low", json_number(r->low),
                     "high", json_number(r->high), "verdict", text(verdict_name(r->verdict)), "p", json_number(r->p),
                     "p_adjusted", json_number(r->p_adjusted), "doubt", text(doubt_name(r->doubt)));
}

static json_t *interval(const struct summary_interval *i)
{
    if (!isfinite(i->low))
        return json_null();
    return json_pack("{s:o, s:o}", "low", json_number(i->low), "high", json_number(i->high));
}

static json_t *outliers(const struct summary_cell *cell)
{
    json_t *array = json_array();
    for (size_t i = 0; i < cell->outlier_count; i++)
        json_array_append_new(array, json_integer(cell->outliers[i]));
    return array;
}

static json_int_t group_id(const struct summary *summary, const struct result_group *group)
{
    return group - summary->results->groups;
}

/* Appends `value`, which may be NULL for want of memory. */
static int append(json_t *array, json_t *value) { return json_array_append_new(array, value) == 0 ? 0 : -ENOMEM; }

static json_t *control(const struct summary *summary, const struct summary_control *c)
{
    return json_pack("{s:I, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:I, s:b, s:o}", "group", group_id(summary, c->group),
                     "runtime", c->cell->runtime, "of", c->group->rate > 0 ? "latency_p50" : "whole", "ratio",
                     json_number(c->ratio.ratio), "low", json_number(c->ratio.low), "high", json_number(c->ratio.high),
                     "low99", json_number(c->low99), "high99", json_number(c->high99), "rounds",
                     (json_int_t)c->ratio.rounds, "flagged", c->flagged, "note", text(c->note));
}

static json_t *capacity(const struct summary *summary, const struct summary_capacity *c)
{
    return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:I, s:o}", "group", group_id(summary, c->group), "runtime",
                     text(c->cell ? c->cell->runtime : NULL), "copies",
                     c->cell ? json_integer(c->cell->copies) : json_null(), "ratio", json_number(c->ratio.ratio), "low",
                     json_number(c->ratio.low), "high", json_number(c->ratio.high), "rounds",
                     (json_int_t)c->ratio.rounds, "note", text(c->note));
}

static json_t *phases(const struct summary_cell *cell)
{
    return json_pack("{s:o, s:o, s:o, s:o}", "start", json_number(cell->phase_s[PHASE_START]), "ready",
                     json_number(cell->phase_s[PHASE_READY]), "work", json_number(cell->phase_s[PHASE_WORK]), "end",
                     json_number(cell->phase_s[PHASE_END]));
}

static json_t *latency(const struct summary_cell *cell)
{
    if (!isfinite(cell->latency_s[LATENCY_P50]))
        return json_null();
    return json_pack("{s:o, s:o, s:o, s:o}", "p50", json_number(cell->latency_s[LATENCY_P50]), "p90",
                     json_number(cell->latency_s[LATENCY_P90]), "p99", json_number(cell->latency_s[LATENCY_P99]), "max",
                     json_number(cell->latency_s[LATENCY_MAX]));
}

static json_t *speedup(const struct summary_cell *cell, enum ratio_time time)
{
    return json_pack("{s:o, s:o}", "own_sync", render_json_ratio(&cell->speedup[time][RATIO_OWN_SYNC]), "py_sync",
                     render_json_ratio(&cell->speedup[time][RATIO_PY_SYNC]));
}

static json_t *cell_head(const struct summary *summary, const struct summary_cell *c)
{
    return json_pack("{s:I, s:s, s:s, s:s, s:I, s:I, s:O, s:o, s:b, s:o}", "group", group_id(summary, c->group), "task",
                     c->group->task, "runtime", c->cell->runtime, "model", c->cell->model, "workers",
                     (json_int_t)c->group->workers, "jobs", (json_int_t)c->group->jobs, "params", c->group->params,
                     "start_method", text(c->cell->start_method), "verified", c->verified, "note", text(c->note));
}

static json_t *cell_body(const struct summary_cell *c)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
                     "s:o, s:I, s:{s:o, s:o}}",
                     "median_s", json_number(c->median_s), "median_ci_s", interval(&c->median_ci_s), "work_s",
                     json_number(c->work_s), "work_ci_s", interval(&c->work_ci_s), "outliers", outliers(c), "cpu_s",
                     json_number(c->cpu_s), "peak_pss_bytes", count((double)c->cell->peak_pss_bytes), "memory_looks",
                     count((double)c->cell->memory_looks), "rounds", (json_int_t)c->rounds, "connections",
                     count(c->connections), "latency_s", latency(c), "origin_share", json_number(c->origin_share),
                     "origin_wait_share", json_number(c->origin_wait_share), "in_flight_max", count(c->in_flight_max),
                     "in_flight_mean", json_number(c->in_flight_mean), "cpus_used", json_number(c->cpus_used),
                     "off_cpu_share", json_number(c->off_cpu_share), "doubt", text(doubt_name(c->doubt)), "finding",
                     text(finding_name(c->finding)), "phases_s", phases(c), "disturbed_rounds",
                     (json_int_t)c->disturbed_rounds, "speedup", "work", speedup(c, RATIO_WORK), "whole",
                     speedup(c, RATIO_WHOLE));
}

static json_t *break_even(const struct summary *summary, const struct summary_cell *cell)
{
    const struct break_even found = break_even_of(summary, cell);
    if (found.state == BREAK_EVEN_UNKNOWN)
        return json_null();
    return json_pack("{s:s, s:o}", "state", break_even_name(found.state), "jobs",
                     found.state == BREAK_EVEN_FROM ? json_integer(found.jobs) : json_null());
}

static json_t *cell(const struct summary *summary, const struct summary_cell *c)
{
    json_t *head = cell_head(summary, c);
    json_t *body = cell_body(c);
    if (head == NULL || body == NULL || json_object_update(head, body) != 0 ||
        json_object_set_new(head, "break_even", break_even(summary, c)) != 0 || render_latency_json(c, head) != 0) {
        json_decref(head);
        head = NULL;
    }
    json_decref(body);
    return head;
}

/* The arrays of a summary, in the order they are written. */
struct arrays {
    json_t *controls, *capacities, *cells;
};

static json_t *whole(const struct summary *summary, const struct arrays *arrays)
{
    const struct results *r = summary->results;
    return json_pack("{s:i, s:s, s:s, s:I, s:I, s:f, s:b, s:O, s:O, s:O, s:O, s:O}", "summary", 1, "suite", r->suite,
                     "created", r->created, "seed", (json_int_t)r->seed, "rounds", (json_int_t)r->rounds, "margin",
                     r->margin, "interrupted", summary->interrupted, "machine", r->machine, "groups",
                     json_object_get(r->plan, "groups"), "control", arrays->controls, "capacity", arrays->capacities,
                     "cells", arrays->cells);
}

static int arrays_fill(const struct summary *summary, const struct arrays *arrays)
{
    int rc = 0;
    for (size_t i = 0; i < summary->control_count && rc == 0; i++)
        rc = append(arrays->controls, control(summary, &summary->controls[i]));
    for (size_t i = 0; i < summary->capacity_count && rc == 0; i++)
        rc = append(arrays->capacities, capacity(summary, &summary->capacities[i]));
    for (size_t i = 0; i < summary->cell_count && rc == 0; i++)
        rc = append(arrays->cells, cell(summary, &summary->cells[i]));
    return rc;
}

static int add_prices(json_t *all, const struct summary *summary)
{
    struct prices prices;
    int rc = prices_make(&prices, summary);
    if (rc == 0 && json_object_set_new(all, "prices", render_prices_json(&prices)) != 0)
        rc = -ENOMEM;
    prices_free(&prices);
    return rc;
}

/* How the run went besides its samples. */
static int add_course(json_t *all, const struct summary *summary)
{
    const struct results *r = summary->results;
    return json_object_set_new(all, "asked", render_asked_json(r)) != 0 ||
                   json_object_set_new(all, "stopping", render_stopping_json(summary)) != 0 ||
                   json_object_set_new(all, "forced", events_forced(&r->events)) != 0 ||
                   json_object_set_new(all, "neighbours", events_neighbours(&r->events)) != 0
               ? -ENOMEM
               : 0;
}

static int add_scaling(json_t *all, const struct summary *summary)
{
    struct scaling scaling;
    int rc = scaling_make(&scaling, summary);
    if (rc == 0 && json_object_set_new(all, "scaling", render_scaling_json(&scaling, summary)) != 0)
        rc = -ENOMEM;
    scaling_free(&scaling);
    return rc;
}

int render_json(const void *what, FILE *out)
{
    const struct summary *summary = what;
    const struct arrays arrays = {json_array(), json_array(), json_array()};
    int rc = arrays_fill(summary, &arrays);
    json_t *all = rc == 0 ? whole(summary, &arrays) : NULL;
    if (rc == 0 && all == NULL)
        rc = -ENOMEM;
    if (rc == 0)
        rc = add_course(all, summary);
    if (rc == 0)
        rc = add_scaling(all, summary);
    if (rc == 0)
        rc = add_prices(all, summary);
    if (rc == 0) {
        if (json_dumpf(all, out, JSON_INDENT(2) | JSON_REAL_PRECISION(DIGITS)) != 0 && !ferror(out))
            rc = -ENOMEM;
        fputc('\n', out);
    }
    json_decref(all);
    json_decref(arrays.controls);
    json_decref(arrays.capacities);
    json_decref(arrays.cells);
    return rc;
}
