/* SPDX-License-Identifier: MIT */
/* A comparison as JSON (common/schema/compare.schema.json). What is not known is null. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "bench/util/json.h"
#include "bench/report/compare_formats.h"

#define DIGITS 9 /* as in summary.json */

static json_t *text(const char *value) { return value != NULL ? json_string(value) : json_null(); }

static json_t *render_json_ratio(const struct ratio *r)
{
    if (!ratio_known(r))
        return json_null();
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "ratio", json_number(r->ratio), "low", json_number(r->low),
                     "high", json_number(r->high), "verdict", text(verdict_name(r->verdict)), "p", json_number(r->p),
                     "p_adjusted", json_number(r->p_adjusted), "doubt", text(doubt_name(r->doubt)));
}

/* -- rows ----------------------------------------------------------------------------------------------------------------- */

static json_t *cell_json(const struct plan_group *group, const struct result_cell *cell)
{
    static const char *const roles[] = {
        [ROLE_MODEL] = "model", [ROLE_CONTROL] = "control", [ROLE_CAPACITY] = "capacity"};
    return json_pack("{ss ss sO sI sI so so ss ss ss so}", "group", group->name, "task", group->task, "params",
                     group->params, "jobs", (json_int_t)group->jobs, "workers", (json_int_t)group->workers, "rate",
                     group->rate > 0 ? json_real(group->rate) : json_null(), "arrivals", text(group->arrivals),
                     "runtime", cell->runtime, "model", cell->model, "role", roles[cell->role], "start_method",
                     text(cell->start_method));
}

static json_t *side_json(const struct compare_row *row, enum compare_side side)
{
    const bool kept_known = compare_is_open(row) && row->cell[side]->status == CELL_OK && row->cell[side]->count > 0;
    return json_pack("{so so so so so sI so}", "median_s", json_number(row->median_s[RATIO_WHOLE][side]), "work_s",
                     json_number(row->median_s[RATIO_WORK][side]), "latency_p50_s",
                     json_number(row->latency_s[COMPARE_P50][side]), "latency_p99_s",
                     json_number(row->latency_s[COMPARE_P99][side]), "rate_kept",
                     kept_known ? json_boolean(!row->missed[side]) : json_null(), "rounds",
                     (json_int_t)row->cell[side]->count, "note", text(row->note[side]));
}

static json_t *change_json(const struct compare_change *change)
{
    if (change->ratio.state == RATIO_SELF) /* the baseline's speedup over itself cannot change */
        return json_null();
    json_t *out = render_json_ratio(&change->ratio);
    if (json_is_object(out) &&
        (json_object_set_new(out, "rounds_a", json_integer((json_int_t)change->rounds[COMPARE_A])) != 0 ||
         json_object_set_new(out, "rounds_b", json_integer((json_int_t)change->rounds[COMPARE_B])) != 0)) {
        json_decref(out);
        out = NULL;
    }
    return out;
}

static json_t *changes_json(const struct compare_change changes[RATIO_TIMES])
{
    return json_pack("{so so}", "whole", change_json(&changes[RATIO_WHOLE]), "work", change_json(&changes[RATIO_WORK]));
}

static json_t *latency_json(const struct compare_row *row)
{
    if (!compare_is_open(row))
        return json_null();
    return json_pack("{so so}", "p50", change_json(&row->latency[COMPARE_P50]), "p99",
                     change_json(&row->latency[COMPARE_P99]));
}

/* Of several changes that are judged the p-values are those of the one with the least. */
static json_t *gate_json(const struct compare *c, const struct compare_row *row)
{
    static const char *const names[] = {[GATE_NONE] = NULL,       [GATE_PASSES] = "passes", [GATE_SLOWER] = "slower",
                                        [GATE_BROKEN] = "broken", [GATE_RATE] = "rate",     [GATE_UNKNOWN] = "unknown"};
    const struct compare_change *change = compare_judged(c, row, 0);
    for (size_t k = 1; compare_judged(c, row, k) != NULL; k++)
        if (compare_judged(c, row, k)->gate_p < change->gate_p)
            change = compare_judged(c, row, k);
    if (names[row->gate] == NULL)
        return json_null();
    return json_pack("{ss so so}", "verdict", names[row->gate], "p", json_number(change->gate_p), "p_adjusted",
                     json_number(change->gate_p_adjusted));
}

static json_t *row_json(const struct compare *c, const struct compare_row *row)
{
    json_t *out = cell_json(row->group[COMPARE_B], row->cell[COMPARE_B]);
    json_t *more = json_pack("{so so so so so so}", "a", side_json(row, COMPARE_A), "b", side_json(row, COMPARE_B),
                             "time", changes_json(row->time), "speedup", changes_json(row->speedup), "latency",
                             latency_json(row), "gate", gate_json(c, row));
    if (out == NULL || more == NULL || json_object_update(out, more) != 0) {
        json_decref(out);
        out = NULL;
    }
    json_decref(more);
    return out;
}

static json_t *rows_json(const struct compare *c)
{
    json_t *out = json_array();
    for (size_t i = 0; i < c->row_count && out != NULL; i++)
        if (json_array_append_new(out, row_json(c, &c->rows[i])) != 0) {
            json_decref(out);
            out = NULL;
        }
    return out;
}

static json_t *lone_json(const struct compare *c, enum compare_side side)
{
    json_t *out = json_array();
    for (size_t i = 0; i < c->lone_count && out != NULL; i++)
        if (c->lone[i].side == side && json_array_append_new(out, cell_json(c->lone[i].group, c->lone[i].cell)) != 0) {
            json_decref(out);
            out = NULL;
        }
    return out;
}

/* -- above them ----------------------------------------------------------------------------------------------------------- */

static json_t *run_json(const struct compare_view *view, enum compare_side side)
{
    const struct results *r = view->compare->results[side];
    return json_pack("{ss ss ss sI sI so}", "run", view->name[side], "suite", r->suite, "created", r->created, "rounds",
                     (json_int_t)r->rounds, "seed", (json_int_t)r->seed, "hostname",
                     text(json_string_value(json_object_get(r->machine, "hostname"))));
}

/* A fact that is not there is null; jansson counts references in what is const here. */
static json_t *value_json(const json_t *value)
{
    return value != NULL ? json_incref((json_t *)(uintptr_t)value) : json_null();
}

static json_t *differences_json(const struct differences *differences)
{
    json_t *out = json_array();
    for (size_t i = 0; i < differences->count && out != NULL; i++) {
        const struct difference *d = &differences->items[i];
        if (json_array_append_new(out, json_pack("{ss so so}", "fact", d->key, "a", value_json(d->value[COMPARE_A]),
                                                 "b", value_json(d->value[COMPARE_B]))) != 0) {
            json_decref(out);
            out = NULL;
        }
    }
    return out;
}

static json_t *lines_json(const struct story *story, enum story_kind kind)
{
    json_t *out = json_array();
    for (size_t i = 0; i < story->count && out != NULL; i++) {
        const struct story_line *line = &story->lines[i];
        char *said = line->kind != kind     ? NULL
                     : *line->title == '\0' ? text_format("%s", line->text)
                                            : text_format("%s: %s", line->title, line->text);
        if (line->kind == kind && json_array_append_new(out, said == NULL ? NULL : json_string(said)) != 0) {
            json_decref(out);
            out = NULL;
        }
        free(said);
    }
    return out;
}

static json_t *middle_json(const struct compare_middle *middle)
{
    if (middle->cells == 0)
        return json_null();
    return json_pack("{so so so sI}", "ratio", json_number(middle->ratio), "least", json_number(middle->least), "most",
                     json_number(middle->most), "cells", (json_int_t)middle->cells);
}

static json_t *whole_gate_json(const struct compare *c)
{
    if (!(c->options.slower > 0))
        return json_null();
    return json_pack("{sf ss sb}", "limit", c->options.slower, "judges", c->options.by_speedup ? "speedup" : "time",
                     "fails", (int)c->gate_fails);
}

static json_t *head_json(const struct compare_view *view)
{
    const struct compare *c = view->compare;
    return json_pack("{si so so ss ss sf so so so sb so so}", "compare", 1, "a", run_json(view, COMPARE_A), "b",
                     run_json(view, COMPARE_B), "time", c->options.time == RATIO_WHOLE ? "whole" : "work", "base",
                     c->options.base == RATIO_OWN_SYNC ? "own_sync" : "py_sync", "margin", c->margin, "answer",
                     lines_json(view->story, STORY_ANSWER), "warnings", lines_json(view->story, STORY_WARNING), "gate",
                     whole_gate_json(c), "moved_alike", (int)compare_moved_alike(c), "middle_time",
                     middle_json(&c->middle_time), "middle_speedup", middle_json(&c->middle_speedup));
}

static json_t *body_json(const struct compare *c)
{
    return json_pack("{so so so so so so}", "plan", differences_json(&c->plan), "machine",
                     differences_json(&c->machine), "moving", differences_json(&c->moving), "only_a",
                     lone_json(c, COMPARE_A), "only_b", lone_json(c, COMPARE_B), "cells", rows_json(c));
}

int render_compare_json(const struct compare_view *view, FILE *out)
{
    json_t *all = head_json(view), *body = body_json(view->compare);
    int rc = all == NULL || body == NULL || json_object_update(all, body) != 0 ? -ENOMEM : 0;
    if (rc == 0) {
        if (json_dumpf(all, out, JSON_INDENT(2) | JSON_REAL_PRECISION(DIGITS)) != 0 && !ferror(out))
            rc = -ENOMEM;
        fputc('\n', out);
    }
    json_decref(body);
    json_decref(all);
    return rc;
}
