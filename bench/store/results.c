/* SPDX-License-Identifier: MIT */
/* Reads a run's folder back. Every value is checked for its type and range before it is used as one, for a journal may
 * come from another version, another machine or a text editor. */
#include "bench/store/results.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/protocol/interference_kind.h"
#include "bench/util/files.h"
#include "bench/util/json_line.h"
#include "bench/plan/plan_json.h"
#include "bench/util/text.h"

#define NOT_KNOWN  INT64_C(-1)
#define ROUND_MAX  INT64_C(1000000)
#define ORDER_MAX  INT64_C(1000000)
#define OBJECT_MAX (64u << 20) /* of plan.json and machine.json, bytes */

/* Where in which file something is read, for messages. */
struct place {
    const char *file;
    size_t line; /* 0: the file is one value */
    struct error *err;
};

static int wrong(const struct place *at, const char *what)
{
    if (at->line > 0)
        return error_set(at->err, -EPROTO, "%s line %zu: %s", at->file, at->line, what);
    return error_set(at->err, -EPROTO, "%s: %s", at->file, what);
}

static int wrong_field(const struct place *at, const char *key, const char *expected)
{
    char text[128];
    snprintf(text, sizeof text, "\"%s\" is missing or not %s", key, expected);
    return wrong(at, text);
}

static int64_t difference(int64_t later, int64_t earlier)
{
    return later == NOT_KNOWN || earlier == NOT_KNOWN || later < earlier ? NOT_KNOWN : later - earlier;
}

/* -- plan.json and machine.json ----------------------------------------------------------------------------------------- */

static int object_parse(const char *name, const struct results_text *text, json_t **out, struct error *err)
{
    json_error_t problem = {.line = 1};
    json_t *value = json_loadb(text->bytes, text->length, JSON_REJECT_DUPLICATES, &problem);
    if (!json_is_object(value)) {
        json_decref(value);
        return error_set(err, -EPROTO, "%s line %d: %s", name, problem.line, value ? "not an object" : problem.text);
    }
    *out = value;
    return 0;
}

static int object_load(const char *run_dir, const char *name, json_t **out, struct error *err)
{
    char *path = text_format("%s/%s", run_dir, name), *bytes = NULL;
    struct results_text text = {NULL, 0};
    if (path == NULL)
        return error_set(err, -ENOMEM, "out of memory");
    int rc = file_read(path, OBJECT_MAX, &bytes, &text.length);
    text.bytes = bytes;
    if (rc != 0)
        error_set(err, rc, "%s: %s", path, strerror(-rc));
    else
        rc = object_parse(path, &text, out, err);
    free(bytes);
    free(path);
    return rc;
}

static int read_plan(struct results *results, struct error *err)
{
    struct plan *p = &results->settled;
    int rc = plan_read(results->plan, NULL, p, err);
    if (rc != 0)
        return rc;
    results->suite = p->suite;
    results->created = p->created;
    results->seed = p->seed;
    results->asked = p->stopping;
    results->margin = p->margin;
    results->groups = p->groups;
    results->group_count = p->group_count;
    results->cell_count = p->cell_count;
    results->cells = calloc(p->cell_count + 1, sizeof *results->cells);
    for (size_t c = 0; results->cells != NULL && c < p->cell_count; c++)
        results->cells[c] = (struct result_cell){.group = p->cells[c].group,
                                                 .runtime = p->cells[c].runtime,
                                                 .model = p->cells[c].model,
                                                 .start_method = p->groups[p->cells[c].group].start_method,
                                                 .role = p->cells[c].role,
                                                 .baseline = p->cells[c].baseline,
                                                 .copies = p->cells[c].copies,
                                                 .peak_pss_bytes = NOT_KNOWN,
                                                 .memory_looks = NOT_KNOWN};
    return results->cells == NULL ? error_set(err, -ENOMEM, "out of memory") : 0;
}

/* -- samples.jsonl ------------------------------------------------------------------------------------------------------ */

static int line_int(const struct place *at, const struct json_field *line, const char *key, int64_t *out)
{
    const struct json_field *field = json_field_get(line, key);
    if (field == NULL || field->kind != JSON_INTEGER)
        return wrong_field(at, key, "an integer");
    *out = field->integer;
    return 0;
}

/* A time or a count that may be null or absent; anything below 0 counts as not known too. */
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

static void sample_read(const struct json_field *line, struct sample *sample)
{
    const struct json_field *phases = json_field_get(line, "phases");
    const struct json_field *origin = json_field_get(line, "origin");
    const int64_t user = line_optional(line, "user_ns");
    const int64_t system = line_optional(line, "system_ns");
    sample->whole_ns = line_optional(line, "whole_ns");
    sample->work_ns = line_optional(line, "work_ns");
    sample->cpu_ns = user == NOT_KNOWN || system == NOT_KNOWN || user > INT64_MAX - system ? NOT_KNOWN : user + system;
    sample->ready_ns = difference(line_optional(phases, "ready"), line_optional(phases, "start"));
    sample->end_ns = difference(line_optional(phases, "end"), line_optional(phases, "work"));
    points_read(json_field_get(line, "latency_ns"), sample->latency_ns);
    open_loop_read(json_field_get(line, "open_loop"), &sample->open_loop);
    sample->connections = line_optional(line, "connections");
    sample->origin_cpu_ns = line_optional(origin, "cpu_ns");
    sample->origin_wait_ns = line_optional(origin, "wait_ns");
    sample->origin_wall_ns = line_optional(origin, "wall_ns");
    sample->in_flight_max = line_optional(line, "in_flight_max");
    sample->busy_ns = line_optional(line, "busy_ns");
    const struct json_field *by = json_field_get(line, "disturbed_by");
    const bool disturbed = by != NULL && by->kind == JSON_STRING;
    sample->disturbances = disturbed ? interference_parse(by->text, by->text_length) : 0;
}

/* Where the samples come in order, as they do, this appends; a sample of a round that is there replaces it. */
static int sample_add(struct result_cell *cell, const struct sample *sample)
{
    size_t at = cell->count;
    while (at > 0 && cell->samples[at - 1].round > sample->round)
        at--;
    if (at > 0 && cell->samples[at - 1].round == sample->round) {
        cell->samples[at - 1] = *sample;
        return 0;
    }
    if (cell->count == cell->room) {
        const size_t room = cell->room == 0 ? 16 : cell->room + cell->room / 2;
        struct sample *samples = realloc(cell->samples, room * sizeof *samples);
        if (samples == NULL)
            return -ENOMEM;
        cell->samples = samples;
        cell->room = room;
    }
    memmove(&cell->samples[at + 1], &cell->samples[at], (cell->count - at) * sizeof *cell->samples);
    cell->samples[at] = *sample;
    cell->count++;
    return 0;
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

/* The first thing that went wrong with a cell is its reason; later samples do not make it good again. */
static int cell_note_status(struct result_cell *cell, enum cell_status status, const struct json_field *reason)
{
    if (cell->status > CELL_OK)
        return 0;
    cell->status = status;
    if (status == CELL_OK)
        return 0;
    const bool given = reason != NULL && reason->kind == JSON_STRING;
    cell->reason = given ? json_field_copy(reason) : strdup("no reason given");
    if (cell->reason == NULL)
        return -ENOMEM;
    text_one_line(cell->reason);
    return 0;
}

/* How far the run has come with this sample; round 0: of the verify pass. */
static void note_progress(struct results *results, struct result_cell *cell, const struct json_field *line,
                          int64_t round)
{
    if (round == 0) {
        const struct json_field *digest = json_field_get(line, "digest");
        const bool known = digest != NULL && digest->kind == JSON_STRING;
        snprintf(cell->digest, sizeof cell->digest, "%.*s", known ? (int)digest->text_length : 0,
                 known ? digest->text : "");
        cell->verified = true;
        return;
    }
    results->last_round = round;
    results->last_order = line_optional(line, "order");
    if (round > cell->last_round)
        cell->last_round = round;
}

/* What every sample has to have: which cell it is of, in which round, and how it ended. */
static int line_head(const struct place *at, const struct results *results, const struct json_field *line,
                     int64_t *cell, int64_t *round, enum cell_status *status)
{
    int64_t version = 0;
    if (line_int(at, line, "sample", &version) != 0 || line_int(at, line, "cell", cell) != 0 ||
        line_int(at, line, "round", round) != 0 || status_read(at, line, status) != 0)
        return -EPROTO;
    const struct json_field *pass = json_field_get(line, "pass");
    if (pass == NULL || pass->kind != JSON_STRING)
        return wrong_field(at, "pass", "a text");
    if (version != 1)
        return wrong(at, "a version of the sample that this cobench does not know (it knows 1)");
    if (*cell < 0 || (size_t)*cell >= results->cell_count)
        return wrong_field(at, "cell", "the number of a cell of the plan");
    if (*round < 0 || *round > ROUND_MAX)
        return wrong_field(at, "round", "in 0..1000000");
    if (line_optional(line, "order") > ORDER_MAX)
        return wrong_field(at, "order", "in 0..1000000");
    return 0;
}

static int line_read(const struct place *at, struct results *results, const struct json_field *line)
{
    int64_t cell_id = 0, round = 0;
    enum cell_status status = CELL_UNSEEN;
    if (line_head(at, results, line, &cell_id, &round, &status) != 0)
        return -EPROTO;
    const bool timed = json_field_is(json_field_get(line, "pass"), "timed");
    const int64_t spent = line_optional(line, "spent_ns"), took = difference(spent, results->spent_ns);
    if (spent > results->spent_ns)
        results->spent_ns = spent;
    struct result_cell *cell = &results->cells[cell_id];
    note_progress(results, cell, line, timed ? round : 0);
    if (cell_note_status(cell, status, json_field_get(line, "reason")) != 0)
        return error_set(at->err, -ENOMEM, "out of memory");
    const int64_t peak = line_optional(line, "peak_pss_bytes");
    if (peak > cell->peak_pss_bytes)
        cell->peak_pss_bytes = peak;
    const int64_t looks = line_optional(json_field_get(line, "memory"), "looks_in_work");
    if (looks > cell->memory_looks)
        cell->memory_looks = looks;
    if (status != CELL_OK || !timed)
        return 0;
    struct sample sample = {.round = (int32_t)round, .order = (int32_t)line_optional(line, "order")};
    sample_read(line, &sample);
    sample.took_ns = took > sample.whole_ns ? took : sample.whole_ns; /* journals of before there was spent_ns */
    return sample_add(cell, &sample) == 0 ? 0 : error_set(at->err, -ENOMEM, "out of memory");
}

static int samples_read(FILE *file, struct results *results, struct error *err)
{
    struct place at = {.file = "samples.jsonl", .err = err};
    struct json_line parsed = {.fields = NULL};
    char *line = NULL;
    size_t room = 0;
    int rc = 0;
    ssize_t length;
    while (rc == 0 && (length = getline(&line, &room, file)) > 0) {
        at.line++;
        if (line[length - 1] != '\n')
            break; /* cut short by a crash */
        json_error_t problem;
        rc = json_line_parse(&parsed, line, (size_t)length, &problem);
        if (rc == 0)
            rc = line_read(&at, results, parsed.fields);
        else
            rc = rc == -ENOMEM ? error_set(err, rc, "out of memory") : wrong(&at, problem.text);
        results->samples++;
        results->whole_bytes += length;
    }
    if (rc == 0 && ferror(file))
        rc = error_set(err, -EIO, "samples.jsonl: cannot be read: %s", strerror(errno));
    json_line_free(&parsed);
    free(line);
    return rc;
}

/* -- rounds -------------------------------------------------------------------------------------------------------------- */

bool results_fixed_rounds(const struct results *results)
{
    return results->asked.budget_s <= 0 && results->asked.precision <= 0;
}

int64_t results_rounds_due(const struct results *results, size_t group)
{
    const int64_t stopped = results->groups[group].stopped;
    return stopped > 0 ? stopped : results_fixed_rounds(results) ? results->rounds : -1;
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
        results->groups[g].planned = rounds;
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

/* What comes behind plan.json and machine.json. */
static int read_journals(struct results *results, FILE *samples, const char *run_dir, const struct results_text *events,
                         struct error *err)
{
    int rc = read_plan(results, err);
    if (rc == 0)
        rc = samples_read(samples, results, err);
    if (rc == 0)
        rc = run_dir != NULL ? events_load(run_dir, &results->events, err)
                             : events_parse(events->bytes, events->length, &results->events, err);
    if (rc == 0)
        rounds_read(results);
    return rc;
}

int results_load(struct results *results, const char *run_dir, struct error *err)
{
    *results = (struct results){.last_order = -1};
    char *path = text_format("%s/samples.jsonl", run_dir);
    FILE *samples = NULL;
    int rc = path == NULL ? error_set(err, -ENOMEM, "out of memory") : 0;
    if (rc == 0)
        rc = object_load(run_dir, "plan.json", &results->plan, err);
    if (rc == 0)
        rc = object_load(run_dir, "machine.json", &results->machine, err);
    if (rc == 0 && (samples = fopen(path, "re")) == NULL)
        rc = error_set(err, -errno, "%s: %s", path, strerror(errno));
    if (rc == 0)
        rc = read_journals(results, samples, run_dir, NULL, err);
    if (samples != NULL)
        fclose(samples); /* it was only read */
    free(path);
    if (rc != 0)
        results_free(results);
    return rc;
}

int results_parse(struct results *results, const struct results_texts *texts, struct error *err)
{
    *results = (struct results){.last_order = -1};
    FILE *samples = fmemopen((void *)(uintptr_t)texts->samples.bytes, texts->samples.length, "r");
    if (samples == NULL)
        return error_set(err, -errno, "samples.jsonl: %s", strerror(errno));
    int rc = object_parse("plan.json", &texts->plan, &results->plan, err);
    if (rc == 0)
        rc = object_parse("machine.json", &texts->machine, &results->machine, err);
    if (rc == 0)
        rc = read_journals(results, samples, NULL, &texts->events, err);
    fclose(samples); /* it was only read */
    if (rc != 0)
        results_free(results);
    return rc;
}

void results_free(struct results *results)
{
    for (size_t i = 0; i < results->cell_count; i++) {
        free(results->cells[i].reason);
        free(results->cells[i].samples);
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

const struct result_cell *results_baseline(const struct results *results, size_t group, const char *runtime)
{
    for (size_t i = 0; i < results->cell_count; i++) {
        const struct result_cell *cell = &results->cells[i];
        if (cell->group == group && cell->baseline && cell->role == ROLE_MODEL && strcmp(cell->runtime, runtime) == 0)
            return cell;
    }
    return NULL;
}

size_t results_disturbed(const struct result_cell *cell, unsigned kinds)
{
    size_t count = 0;
    for (size_t i = 0; i < cell->count; i++)
        count += (cell->samples[i].disturbances & kinds) != 0;
    return count;
}
