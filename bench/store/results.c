/* SPDX-License-Identifier: MIT */
/* Reads a run's folder back. Every value is checked for its type and range before it is used as one, for a journal may
 * come from another version, another machine or a text editor. */
#include "bench/store/results.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/protocol/interference_kind.h"
#include "bench/util/alloc.h"
#include "bench/util/files.h"
#include "bench/util/json_line.h"
#include "bench/plan/plan.h"
#include "bench/util/text.h"

#define NOT_KNOWN INT64_C(-1)
#define ROUND_MAX INT64_C(1000000)
#define ORDER_MAX INT64_C(1000000)
#define TEXT_MAX  (SIZE_MAX / 4) /* bytes of a file: a journal may be long */

/* The line of samples.jsonl that is read. */
struct place {
    size_t line;
    struct error *err;
};

static int wrong(const struct place *at, const char *what)
{
    return error_set(at->err, -EPROTO, "samples.jsonl line %zu: %s", at->line, what);
}

static int wrong_field(const struct place *at, const char *key, const char *expected)
{
    return error_set(at->err, -EPROTO, "samples.jsonl line %zu: \"%s\" is missing or not %s", at->line, key, expected);
}

static int64_t difference(int64_t later, int64_t earlier)
{
    return later == NOT_KNOWN || earlier == NOT_KNOWN || later < earlier ? NOT_KNOWN : later - earlier;
}

/* -- plan.json and machine.json ----------------------------------------------------------------------------------------- */

static int object_parse(const char *name, const struct results_text *text, json_t **out, struct error *err)
{
    json_error_t problem;
    *out = json_loadb(text->bytes, text->length, JSON_REJECT_DUPLICATES, &problem);
    if (json_is_object(*out))
        return 0;
    return *out == NULL ? error_set(err, -EPROTO, "%s line %d: %s", name, problem.line, problem.text)
                        : error_set(err, -EPROTO, "%s: not an object", name);
}

/* The A/A controls belong to their baselines. */
static void match_controls(struct results *results)
{
    for (struct result_cell *a = results->cells; a < results->cells + results->cell_count; a++)
        for (struct result_cell *b = results->cells; b < results->cells + results->cell_count; b++)
            if (a->baseline && b->role == ROLE_CONTROL && a->group == b->group && strcmp(a->runtime, b->runtime) == 0)
                a->again = b;
}

/* Where several interpreters are there without py, it is the first of them. */
static const char *common_runtime(const struct plan *p)
{
    const char *first = NULL;
    for (const struct plan_cell *c = p->cells; c < p->cells + p->cell_count; c++) {
        if (runtime_is(c->runtime, BASELINE_RUNTIME))
            return c->runtime;
        if (first == NULL && strpbrk(c->runtime, "0123456789") != NULL)
            first = c->runtime;
    }
    return first != NULL ? first : BASELINE_RUNTIME;
}

static int read_plan(struct results *results, struct error *err)
{
    struct plan *p = &results->settled;
    int rc = plan_read(results->plan, NULL, p, err);
    if (rc != 0)
        return rc;
    results->suite = p->suite;
    results->created = p->created;
    results->common = common_runtime(p);
    results->seed = p->seed;
    results->asked = p->stopping;
    results->margin = p->margin;
    results->groups = p->groups;
    results->group_count = p->group_count;
    results->cell_count = p->cell_count;
    results->cells = xcalloc(p->cell_count, sizeof *results->cells);
    for (size_t c = 0; c < p->cell_count; c++)
        results->cells[c] = (struct result_cell){.group = p->cells[c].group,
                                                 .runtime = p->cells[c].runtime,
                                                 .model = p->cells[c].model,
                                                 .start_method = plan_start_method(&p->cells[c]),
                                                 .role = p->cells[c].role,
                                                 .baseline = p->cells[c].baseline,
                                                 .copies = p->cells[c].copies,
                                                 .peak_pss_bytes = NOT_KNOWN,
                                                 .memory_looks = NOT_KNOWN,
                                                 .service_peak_bytes = NOT_KNOWN,
                                                 .service_cpus = NOT_KNOWN,
                                                 .sent_bytes = NOT_KNOWN,
                                                 .received_bytes = NOT_KNOWN,
                                                 .compile_ns = NOT_KNOWN,
                                                 .edges = NOT_KNOWN};
    match_controls(results);
    const char *wrong = p->hosts == NULL ? NULL : placement_parse(p->hosts, &results->placement);
    return wrong == NULL ? 0 : error_set(err, -EPROTO, "plan.json: \"hosts\": %s", wrong);
}

/* -- samples.jsonl ------------------------------------------------------------------------------------------------------ */

/* An integer in 0..max that has to be there. */
static int line_int(const struct place *at, const struct json_field *line, const char *key, int64_t max,
                    const char *expected, int64_t *out)
{
    const struct json_field *field = json_field_get(line, key);
    if (field == NULL || field->kind != JSON_INTEGER || field->integer < 0 || field->integer > max)
        return wrong_field(at, key, expected);
    *out = field->integer;
    return 0;
}

/* A time or a count that may be null or absent. */
static int64_t line_optional(const struct json_field *object, const char *key)
{
    const struct json_field *field = json_field_get(object, key);
    return field == NULL || field->kind != JSON_INTEGER || field->integer < 0 ? NOT_KNOWN : field->integer;
}

static void points_read(const struct json_field *object, int64_t out[LATENCY_POINTS])
{
    static const char *const points[] = {"p50", "p90", "p99", "max"};
    for (size_t i = 0; i < LATENCY_POINTS; i++)
        out[i] = line_optional(object, points[i]);
}

static void open_loop_read(const struct json_field *object, struct sample_open_loop *out)
{
    const struct json_field *kept = json_field_get(object, "kept");
    const struct json_field *drift = json_field_get(object, "drift_ns"); /* may be below 0 */
    *out = (struct sample_open_loop){.span_ns = line_optional(object, "span_ns"),
                                     .ends_ns = line_optional(object, "ends_ns"),
                                     .drift_ns = drift != NULL && drift->kind == JSON_INTEGER ? drift->integer : 0,
                                     .missed = kept != NULL && kept->kind == JSON_FALSE};
    points_read(json_field_get(object, "late_ns"), out->late_ns);
}

/* User and system time together. */
static int64_t cpu_read(const struct json_field *object)
{
    const int64_t user = line_optional(object, "user_ns");
    const int64_t system = line_optional(object, "system_ns");
    return user == NOT_KNOWN || system == NOT_KNOWN || user > INT64_MAX - system ? NOT_KNOWN : user + system;
}

static void times_read(const struct json_field *line, struct sample *sample)
{
    const struct json_field *phases = json_field_get(line, "phases");
    const struct json_field *origin = json_field_get(line, "origin");
    const struct json_field *services = json_field_get(line, "services");
    const struct json_field *usage = json_field_get(line, "usage");
    sample->whole_ns = line_optional(line, "whole_ns");
    sample->work_ns = line_optional(line, "work_ns");
    sample->cpu_ns = cpu_read(line);
    sample->work_cpu_ns = difference(cpu_read(usage), line_optional(usage, "ready_cpu_ns"));
    sample->ready_ns = difference(line_optional(phases, "ready"), line_optional(phases, "start"));
    sample->end_ns = difference(line_optional(phases, "end"), line_optional(phases, "work"));
    points_read(json_field_get(line, "latency_ns"), sample->latency_ns);
    open_loop_read(json_field_get(line, "open_loop"), &sample->open_loop);
    sample->connections = line_optional(line, "connections");
    sample->origin_cpu_ns = line_optional(origin, "cpu_ns");
    sample->origin_wait_ns = line_optional(origin, "wait_ns");
    sample->origin_wall_ns = line_optional(origin, "wall_ns");
    sample->service_cpu_ns = line_optional(services, "cpu_ns");
    sample->service_wait_ns = line_optional(services, "wait_ns");
    sample->in_flight_max = line_optional(line, "in_flight_max");
    sample->busy_ns = line_optional(line, "busy_ns");
    sample->connection_wait_ns = line_optional(line, "connection_wait_ns");
    sample->most_waited_ns = line_optional(line, "most_waited_ns");
    sample->most_waited_busy_ns = line_optional(line, "most_waited_busy_ns");
    const struct json_field *dependencies = json_field_get(line, "dependencies");
    sample->needed_work_ns = line_optional(dependencies, "work_ns");
    sample->needed_path_ns = line_optional(dependencies, "path_ns");
    const struct json_field *by = json_field_get(line, "disturbed_by");
    const bool disturbed = by != NULL && by->kind == JSON_STRING;
    sample->disturbances = disturbed ? interference_parse(by->text, by->text_length) : 0;
}

const char *cell_status_name(enum cell_status status)
{
    static const char *const names[CELL_STATUSES] = {
        [CELL_OK] = "ok",           [CELL_REFUSED] = "refused",       [CELL_FAILED] = "failed",
        [CELL_TIMEOUT] = "timeout", [CELL_IMPOSSIBLE] = "impossible",
    };
    return names[status];
}

static int status_read(const struct place *at, const struct json_field *line, enum cell_status *status)
{
    const struct json_field *name = json_field_get(line, "status");
    for (*status = CELL_OK; *status < CELL_STATUSES; ++*status)
        if (json_field_is(name, cell_status_name(*status)))
            return 0;
    return wrong_field(at, "status", "ok, refused, failed, timeout or impossible");
}

/* The first thing that went wrong with a cell is its reason; later samples do not make it good again. An ok sample's is why
 * it is unchecked. */
static void cell_note_status(struct result_cell *cell, enum cell_status status, const struct json_field *reason)
{
    if (cell->status > CELL_OK)
        return;
    cell->status = status;
    const bool given = reason != NULL && reason->kind == JSON_STRING;
    if (status == CELL_OK && (!given || cell->reason != NULL))
        return;
    free(cell->reason);
    cell->reason = given ? json_field_copy(reason) : xstrdup("no reason given");
    text_one_line(cell->reason);
}

/* What every sample has to have. */
struct head {
    int64_t cell, round, order;
    enum cell_status status;
    bool timed;
};

static int head_read(const struct place *at, const struct results *results, const struct json_field *line,
                     struct head *out)
{
    int64_t version = 0;
    const struct json_field *pass = json_field_get(line, "pass");
    if (line_int(at, line, "sample", INT64_MAX, "an integer", &version) != 0)
        return -EPROTO;
    if (version != 1)
        return wrong(at, "a version of the sample that this cobench does not know (it knows 1)");
    if (line_int(at, line, "cell", (int64_t)results->cell_count - 1, "the number of a cell of the plan", &out->cell) !=
            0 ||
        line_int(at, line, "round", ROUND_MAX, "in 0..1000000", &out->round) != 0 ||
        status_read(at, line, &out->status) != 0)
        return -EPROTO;
    if (pass == NULL || pass->kind != JSON_STRING)
        return wrong_field(at, "pass", "a text");
    out->timed = json_field_is(pass, "timed");
    out->order = line_optional(line, "order");
    return out->order > ORDER_MAX ? wrong_field(at, "order", "in 0..1000000") : 0;
}

/* Whether it can be the plan's: of a round that there is to be, the next of its cell, and under its cell's name, which
 * journals of before do not have. */
static int belongs(const struct place *at, const struct results *results, const struct json_field *line,
                   const struct head *head)
{
    char name[CELL_NAME_SIZE];
    const struct result_cell *cell = &results->cells[head->cell];
    const int64_t asked = results->asked.rounds;
    const struct json_field *named = json_field_get(line, "name");
    plan_cell_name(&results->settled, (size_t)head->cell, name, sizeof name);
    if (named != NULL && !json_field_is(named, name))
        return error_set(at->err, -EPROTO, "samples.jsonl line %zu: it is of '%.*s', and the plan's cell %lld is '%s'",
                         at->line, named->kind == JSON_STRING ? (int)named->text_length : 0, named->text,
                         (long long)head->cell, name);
    if ((head->round > 0) != head->timed || (asked > 0 && head->round > asked))
        return wrong_field(at, "round", "one that the plan has");
    if (head->timed ? head->round <= cell->last_round : cell->verified)
        return wrong(at, "its cell has a sample of that round already, or of a later one");
    return 0;
}

/* No time and no count is below 0. */
static int check_signs(const struct place *at, const struct json_field *line)
{
    static const char may[] = "drift_ns";
    for (size_t i = 1; i <= line->inside; i++)
        if (line[i].kind == JSON_INTEGER && line[i].integer < 0 &&
            (line[i].key_length != strlen(may) || memcmp(line[i].key, may, strlen(may)) != 0))
            return error_set(at->err, -EPROTO, "samples.jsonl line %zu: \"%.*s\" is below 0", at->line,
                             (int)line[i].key_length, line[i].key);
    return 0;
}

static int64_t greater(int64_t a, int64_t b) { return a > b ? a : b; }

/* How far the run has come with this sample. */
static void note_progress(struct results *results, struct result_cell *cell, const struct json_field *line,
                          const struct head *head)
{
    if (!head->timed) {
        const struct json_field *digest = json_field_get(line, "digest");
        const bool known = digest != NULL && digest->kind == JSON_STRING;
        snprintf(cell->digest, sizeof cell->digest, "%.*s", known ? (int)digest->text_length : 0,
                 known ? digest->text : "");
        cell->verified = true;
        return;
    }
    results->last_round = head->round;
    results->last_order = head->order;
    cell->last_round = greater(cell->last_round, head->round);
}

/* Whether Python's lock was on during the work. */
static void lock_read(const struct json_field *python, struct result_cell *cell)
{
    const struct json_field *gil = json_field_get(python, "gil"), *by = json_field_get(python, "gil_switched_on_by");
    const struct json_field *build = json_field_get(python, "free_threaded");
    const bool free_threaded = build != NULL && build->kind == JSON_TRUE;
    if (gil != NULL && gil->kind == JSON_FALSE && cell->lock == LOCK_UNKNOWN)
        cell->lock = LOCK_OFF;
    if (gil != NULL && gil->kind == JSON_TRUE)
        cell->lock = free_threaded ? LOCK_SWITCHED_ON : LOCK_ON;
    if (by != NULL && by->kind == JSON_STRING && cell->lock_by == NULL) {
        cell->lock_by = json_field_copy(by);
        text_one_line(cell->lock_by);
    }
}

/* What the workers of each host did; times that are not known count as none. */
static void nodes_read(const struct results *results, const struct json_field *nodes, int64_t work_ns,
                       struct result_cell *cell)
{
    static const char *const keys[] = {"jobs", "busy_ns", "last_ns"};
    if (nodes == NULL || results->placement.count == 0)
        return;
    if (cell->nodes == NULL)
        cell->nodes = xcalloc(results->placement.count, sizeof *cell->nodes);
    for (size_t h = 0; h < results->placement.count; h++) {
        struct result_node *node = &cell->nodes[h];
        int64_t *const sums[] = {&node->jobs, &node->busy_ns, &node->last_ns};
        const struct json_field *said = json_field_get(nodes, results->placement.hosts[h].name);
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
            *sums[i] += greater(line_optional(said, keys[i]), 0);
        node->longest_ns = greater(node->longest_ns, line_optional(said, "longest_ns"));
        node->work_ns += greater(work_ns, 0);
        node->samples++;
    }
}

/* The audit of one run; a finding is kept of the one that found the most. */
static void audit_read(const struct json_field *line, struct result_audit *out)
{
    const struct json_field *audit = json_field_get(line, "audit"), *finding = json_field_get(audit, "finding");
    const int64_t wrong = line_optional(audit, "wrong"), of = line_optional(audit, "of");
    if (wrong < 0 || of < 1)
        return;
    out->faulty += wrong > 0;
    if (out->runs++ == 0 || wrong > out->wrong) {
        out->wrong = wrong;
        out->of = of;
        free(out->finding);
        out->finding = wrong > 0 ? json_field_copy(finding) : NULL;
        if (out->finding != NULL)
            text_one_line(out->finding);
    }
}

static void hazard_note(struct result_cell *cell, const struct json_field *said)
{
    struct result_hazard *h = cell->hazards, *end = h + cell->hazard_count;
    while (h < end && (strlen(h->kind) != said->key_length || memcmp(h->kind, said->key, said->key_length) != 0))
        h++;
    if (h == end) {
        cell->hazards = array_grow(cell->hazards, cell->hazard_count, sizeof *cell->hazards);
        h = &cell->hazards[cell->hazard_count++];
        *h = (struct result_hazard){.kind = xstrndup(said->key, said->key_length), .text = json_field_copy(said)};
        text_one_line(h->kind);
        text_one_line(h->text);
    }
    h->samples++;
}

/* What can go wrong with work of this kind, and did. */
static void hazards_read(const struct json_field *line, struct result_cell *cell)
{
    const struct json_field *said = json_field_get(line, "hazards"), *deadlock = json_field_get(line, "deadlock");
    cell->deadlock |= deadlock != NULL && deadlock->kind == JSON_TRUE;
    cell->edges = greater(cell->edges, line_optional(json_field_get(line, "dependencies"), "edges"));
    audit_read(line, &cell->audit);
    for (size_t i = 1; said != NULL && said->kind == JSON_OBJECT && i <= said->inside; i++)
        if (said[i].kind == JSON_STRING)
            hazard_note(cell, &said[i]);
}

/* What it has of a server, to be freed; NULL: nothing. */
static struct serving_sample *serving_of(const struct json_field *line)
{
    const struct json_field *object = json_field_get(line, "serving");
    struct serving_sample *out = object != NULL ? xcalloc(1, sizeof *out) : NULL;
    if (out != NULL)
        serving_read(object, out);
    return out;
}

static int line_read(const struct place *at, struct results *results, const struct json_field *line)
{
    struct head head;
    if (head_read(at, results, line, &head) != 0 || belongs(at, results, line, &head) != 0 ||
        check_signs(at, line) != 0)
        return -EPROTO;
    const int64_t spent = line_optional(line, "spent_ns"), took = difference(spent, results->spent_ns);
    results->spent_ns = greater(results->spent_ns, spent);
    struct result_cell *cell = &results->cells[head.cell];
    note_progress(results, cell, line, &head);
    cell_note_status(cell, head.status, json_field_get(line, "reason"));
    cell->peak_pss_bytes = greater(cell->peak_pss_bytes, line_optional(line, "peak_pss_bytes"));
    cell->service_peak_bytes = greater(cell->service_peak_bytes,
                                       line_optional(json_field_get(line, "services"), "peak_bytes"));
    cell->service_cpus = greater(cell->service_cpus, line_optional(json_field_get(line, "services"), "cpus"));
    cell->memory_looks = greater(cell->memory_looks, line_optional(json_field_get(line, "memory"), "looks_in_work"));
    lock_read(json_field_get(line, "python"), cell);
    hazards_read(line, cell);
    const struct json_field *usage = json_field_get(line, "usage");
    cell->sent_bytes = greater(cell->sent_bytes, line_optional(usage, "sent_bytes"));
    cell->received_bytes = greater(cell->received_bytes, line_optional(usage, "received_bytes"));
    cell->compile_ns = greater(cell->compile_ns, line_optional(usage, "compile_ns"));
    struct serving_sample *serving = serving_of(line);
    if (head.status == CELL_OK && !head.timed) {
        cell->idle = serving;
        return 0;
    }
    if (head.status != CELL_OK) {
        free(serving);
        return 0;
    }
    struct sample sample = {.serving = serving, .round = (int32_t)head.round, .order = (int32_t)head.order};
    times_read(line, &sample);
    nodes_read(results, json_field_get(line, "nodes"), sample.work_ns, cell);
    sample.took_ns = greater(took, sample.whole_ns); /* journals of before there was spent_ns */
    cell->samples = array_grow(cell->samples, cell->count, sizeof *cell->samples);
    cell->samples[cell->count++] = sample;
    return 0;
}

/* A last line without its end was cut short by a crash. */
static int samples_read(const struct results_text *text, struct results *results, struct error *err)
{
    struct place at = {.err = err};
    struct json_line parsed = {.fields = NULL};
    const char *line = text->bytes, *stop = line + text->length, *end;
    int rc = 0;
    while (rc == 0 && line < stop && (end = memchr(line, '\n', (size_t)(stop - line))) != NULL) {
        json_error_t problem;
        at.line++;
        rc = json_line_parse(&parsed, line, (size_t)(end + 1 - line), &problem) == 0
                 ? line_read(&at, results, parsed.fields)
                 : wrong(&at, problem.text);
        line = end + 1;
    }
    results->samples = (int64_t)at.line;
    results->whole_bytes = line - text->bytes;
    json_line_free(&parsed);
    return rc;
}

/* -- rounds -------------------------------------------------------------------------------------------------------------- */

bool results_fixed_rounds(const struct results *results)
{
    return results->asked.budget_s <= 0 && results->asked.precision <= 0;
}

int64_t results_rounds_due(const struct results *results, const struct result_cell *cell)
{
    const int64_t stopped = results->groups[cell->group].stopped;
    if (stopped == 0)
        return results_fixed_rounds(results) ? results->rounds : -1;
    return cell->planned > 0 && cell->planned < stopped ? cell->planned : stopped;
}

/* Each cell's of a group, or those of the group for all. */
static void planned_read(struct results *results, size_t group, json_int_t rounds, const json_t *each)
{
    for (size_t c = 0, at = 0; c < results->cell_count; c++)
        if (results->cells[c].group == group) {
            const json_int_t own = json_integer_value(json_array_get(each, at++));
            results->cells[c].planned = own > 0 ? own : rounds;
        }
}

/* What was settled of which group while the run went on. */
static void settled_read(struct results *results, const json_t *line)
{
    const json_t *group = json_object_get(line, "group");
    const json_int_t g = json_is_integer(group) ? json_integer_value(group) : -1;
    const json_int_t rounds = json_integer_value(json_object_get(line, "rounds"));
    const char *what = json_string_value(json_object_get(line, "what"));
    const char *why = json_string_value(json_object_get(line, "why"));
    if (g < 0 || (size_t)g >= results->group_count || rounds < 1)
        return;
    if (strcmp(what, "planned") == 0)
        planned_read(results, (size_t)g, rounds, json_object_get(line, "cells"));
    if (strcmp(what, "stopped") == 0 && why != NULL) {
        results->groups[g].stopped = rounds;
        results->groups[g].why = why;
    }
}

/* Which groups have enough rounds, and how many it came to. */
static void rounds_read(struct results *results)
{
    size_t i;
    const json_t *line;
    json_array_foreach(results->events.lines, i, line) settled_read(results, line);
    results->rounds = results_fixed_rounds(results) ? results->asked.rounds : 0;
    for (size_t c = 0; c < results->cell_count; c++)
        if (!results_fixed_rounds(results) && results->cells[c].last_round > results->rounds)
            results->rounds = results->cells[c].last_round;
}

int results_parse(struct results *results, const struct results_texts *texts, struct error *err)
{
    *results = (struct results){.last_order = -1};
    int rc = object_parse("plan.json", &texts->plan, &results->plan, err);
    if (rc == 0)
        rc = object_parse("machine.json", &texts->machine, &results->machine, err);
    if (rc == 0)
        rc = read_plan(results, err);
    if (rc == 0)
        rc = samples_read(&texts->samples, results, err);
    if (rc == 0)
        rc = events_parse(texts->events.bytes, texts->events.length, &results->events, err);
    if (rc == 0)
        rounds_read(results);
    else
        results_free(results);
    return rc;
}

int results_load(struct results *results, const char *run_dir, struct error *err)
{
    static const char *const names[] = {"plan.json", "machine.json", "samples.jsonl", "events.jsonl"};
    enum { FILES = sizeof names / sizeof *names, EVENTS = FILES - 1 };
    char *bytes[FILES] = {NULL};
    struct results_text texts[FILES] = {{NULL, 0}};
    int rc = 0;
    *results = (struct results){.plan = NULL};
    for (size_t i = 0; rc == 0 && i < FILES; i++) {
        char *path = text_format("%s/%s", run_dir, names[i]);
        rc = access(path, F_OK) == 0 && !file_exists(path) ? -EPROTO /* a FIFO would be waited for */
                                                           : file_read(path, TEXT_MAX, &bytes[i], &texts[i].length);
        texts[i].bytes = bytes[i] == NULL ? "" : bytes[i];
        if (rc == -ENOENT && i == EVENTS)
            rc = 0;
        if (rc != 0)
            error_set(err, rc, "%s: %s", path, rc == -EPROTO ? "not a regular file" : strerror(-rc));
        free(path);
    }
    if (rc == 0)
        rc = results_parse(results, &(struct results_texts){texts[0], texts[1], texts[2], texts[3]}, err);
    for (size_t i = 0; i < FILES; i++)
        free(bytes[i]);
    return rc;
}

void results_free(struct results *results)
{
    for (size_t i = 0; i < results->cell_count; i++) {
        free(results->cells[i].reason);
        free(results->cells[i].lock_by);
        free(results->cells[i].idle);
        free(results->cells[i].audit.finding);
        for (size_t k = 0; k < results->cells[i].hazard_count; k++) {
            free(results->cells[i].hazards[k].kind);
            free(results->cells[i].hazards[k].text);
        }
        free(results->cells[i].hazards);
        for (size_t k = 0; k < results->cells[i].count; k++)
            free(results->cells[i].samples[k].serving);
        free(results->cells[i].samples);
        free(results->cells[i].nodes);
    }
    free(results->cells);
    plan_free(&results->settled);
    events_free(&results->events);
    json_decref(results->machine);
    json_decref(results->plan);
    *results = (struct results){0};
}

bool results_compare(const struct results *results)
{
    for (size_t g = 0; g < results->group_count; g++)
        if (plan_compares(&results->groups[g]))
            return true;
    return false;
}

bool results_serve(const struct results *results)
{
    for (size_t g = 0; g < results->group_count; g++)
        if (!plan_serves(&results->groups[g]))
            return false;
    return results->group_count > 0;
}

const char *results_baseline_name(const struct results *results)
{
    size_t g = 0;
    while (g + 1 < results->group_count && !plan_compares(&results->groups[g]))
        g++;
    return plan_baseline(&results->groups[g]);
}

bool results_several(const struct results *results) { return strcmp(results->common, BASELINE_RUNTIME) != 0; }

const struct result_cell *results_baseline(const struct results *results, size_t group, const char *runtime)
{
    const bool program = strcmp(runtime, RUNTIME_PROGRAM) == 0;
    const struct result_cell *best = NULL;
    int most = -1;
    for (size_t i = 0; i < results->cell_count; i++) {
        const struct result_cell *cell = &results->cells[i];
        const int rank = 2 * (cell->status == CELL_OK) + runtime_is(cell->runtime, BASELINE_RUNTIME);
        if (cell->group == group && cell->baseline && cell->role == ROLE_MODEL && rank > most &&
            (program || strcmp(cell->runtime, runtime) == 0)) {
            best = cell;
            most = rank;
        }
    }
    return best;
}

size_t results_disturbed(const struct result_cell *cell, unsigned kinds)
{
    size_t count = 0;
    for (size_t i = 0; i < cell->count; i++)
        count += (cell->samples[i].disturbances & kinds) != 0;
    return count;
}
