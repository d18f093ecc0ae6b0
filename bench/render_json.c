/* SPDX-License-Identifier: MIT */
/* summary.json, as docs/run-directory.md has it. What is not known is null. */
#include <errno.h>
#include <jansson.h>
#include <math.h>

#include "bench/render.h"

/* Digits of a real: nanoseconds of a second, and more than any ratio deserves. */
#define DIGITS 9

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *count(double value)
{
    return value >= 0 ? json_integer((json_int_t)value) : json_null();
}

static json_t *text(const char *value)
{
    return value != NULL ? json_string(value) : json_null();
}

static json_t *ratio(const struct ratio *r)
{
    if (!ratio_known(r))
        return json_null();
    return json_pack("{s:o, s:o, s:o}", "ratio", number(r->ratio), "low", number(r->low), "high", number(r->high));
}

static json_int_t group_id(const struct summary *summary, const struct result_group *group)
{
    return group - summary->results->groups;
}

/* Appends `value`, which may be NULL for want of memory. */
static int append(json_t *array, json_t *value)
{
    return json_array_append_new(array, value) == 0 ? 0 : -ENOMEM;
}

static json_t *control(const struct summary *summary, const struct summary_control *c)
{
    return json_pack("{s:I, s:s, s:o, s:o, s:o, s:o, s:o, s:I, s:b, s:o}", "group", group_id(summary, c->group), "runtime",
                     c->cell->runtime, "ratio", number(c->ratio.ratio), "low", number(c->ratio.low), "high",
                     number(c->ratio.high), "low99", number(c->low99), "high99", number(c->high99), "rounds",
                     (json_int_t)c->ratio.rounds, "flagged", c->flagged, "note", text(c->note));
}

static json_t *capacity(const struct summary *summary, const struct summary_capacity *c)
{
    return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:I, s:o}", "group", group_id(summary, c->group), "runtime",
                     text(c->cell ? c->cell->runtime : NULL), "copies",
                     c->cell ? json_integer(c->cell->copies) : json_null(), "ratio", number(c->ratio.ratio), "low",
                     number(c->ratio.low), "high", number(c->ratio.high), "rounds", (json_int_t)c->ratio.rounds, "note",
                     text(c->note));
}

static json_t *marks(const struct summary_cell *cell)
{
    json_t *array = json_array();
    for (unsigned i = 0; summary_mark_name(i) != NULL; i++)
        if (cell->marks & (1u << i))
            json_array_append_new(array, json_string(summary_mark_name(i)));
    return array;
}

static json_t *phases(const struct summary_cell *cell)
{
    return json_pack("{s:o, s:o, s:o, s:o}", "start", number(cell->phase_s[PHASE_START]), "ready",
                     number(cell->phase_s[PHASE_READY]), "work", number(cell->phase_s[PHASE_WORK]), "end",
                     number(cell->phase_s[PHASE_END]));
}

static json_t *latency(const struct summary_cell *cell)
{
    if (!isfinite(cell->latency_s[LATENCY_P50]))
        return json_null();
    return json_pack("{s:o, s:o, s:o, s:o}", "p50", number(cell->latency_s[LATENCY_P50]), "p90",
                     number(cell->latency_s[LATENCY_P90]), "p99", number(cell->latency_s[LATENCY_P99]), "max",
                     number(cell->latency_s[LATENCY_MAX]));
}

static json_t *speedup(const struct summary_cell *cell, enum ratio_time time)
{
    return json_pack("{s:o, s:o}", "own_sync", ratio(&cell->speedup[time][RATIO_OWN_SYNC]), "py_sync",
                     ratio(&cell->speedup[time][RATIO_PY_SYNC]));
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
    return json_pack("{s:o, s:o, s:o, s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:{s:o, s:o}}", "median_s", number(c->median_s),
                     "work_s", number(c->work_s), "cpu_s", number(c->cpu_s), "peak_pss_bytes",
                     count((double)c->cell->peak_pss_bytes), "rounds", (json_int_t)c->rounds, "connections",
                     count(c->connections), "latency_s", latency(c), "origin_share", number(c->origin_share), "marks",
                     marks(c), "phases_s", phases(c), "speedup", "work", speedup(c, RATIO_WORK), "whole",
                     speedup(c, RATIO_WHOLE));
}

static json_t *cell(const struct summary *summary, const struct summary_cell *c)
{
    json_t *head = cell_head(summary, c);
    json_t *body = cell_body(c);
    if (head == NULL || body == NULL || json_object_update(head, body) != 0) {
        json_decref(head);
        head = NULL;
    }
    json_decref(body);
    return head;
}

static json_t *whole(const struct summary *summary, json_t *controls, json_t *capacities, json_t *cells)
{
    const struct results *r = summary->results;
    return json_pack("{s:i, s:s, s:s, s:I, s:I, s:f, s:b, s:O, s:O, s:O, s:O, s:O}", "summary", 1, "suite", r->suite,
                     "created", r->created, "seed", (json_int_t)r->seed, "rounds", (json_int_t)r->rounds, "margin",
                     r->margin, "interrupted", summary->interrupted, "machine", r->machine, "groups",
                     json_object_get(r->plan, "groups"), "control", controls, "capacity", capacities, "cells", cells);
}

int render_json(const void *what, FILE *out)
{
    const struct summary *summary = what;
    int code = 0;
    json_t *controls = json_array(), *capacities = json_array(), *cells = json_array(), *all = NULL;
    for (size_t i = 0; i < summary->control_count && code == 0; i++)
        code = append(controls, control(summary, &summary->controls[i]));
    for (size_t i = 0; i < summary->capacity_count && code == 0; i++)
        code = append(capacities, capacity(summary, &summary->capacities[i]));
    for (size_t i = 0; i < summary->cell_count && code == 0; i++)
        code = append(cells, cell(summary, &summary->cells[i]));
    if (code == 0 && (all = whole(summary, controls, capacities, cells)) == NULL)
        code = -ENOMEM;
    if (code == 0) {
        if (json_dumpf(all, out, JSON_INDENT(2) | JSON_REAL_PRECISION(DIGITS)) != 0 && !ferror(out))
            code = -ENOMEM;
        fputc('\n', out);
    }
    json_decref(all);
    json_decref(controls);
    json_decref(capacities);
    json_decref(cells);
    return code;
}
