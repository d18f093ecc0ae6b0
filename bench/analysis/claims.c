/* SPDX-License-Identifier: MIT */
/* Claims: read, measured, judged. */
#include "bench/analysis/claims.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/util/alloc.h"
#include "bench/util/json.h"
#include "bench/util/text.h"

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* -- reading ---------------------------------------------------------------------------------------------------------- */

/* A whole source with the key; NULL: there is none. */
static const json_t *find_source(const json_t *sources, const char *key)
{
    static const struct json_shape shape[] = {{"key", "s"}, {"name", "s"}, {"note", "s"}, {NULL, NULL}};
    const json_t *source;
    size_t i;
    json_array_foreach(sources, i, source)
    {
        if (json_misshapen(source, shape) == NULL && strcmp(text_of(source, "key"), key) == 0)
            return source;
    }
    return NULL;
}

static bool is_cell(const json_t *cell)
{
    static const struct json_shape shape[] = {{"group", "s"}, {"variant", "s"}, {NULL, NULL}};
    return json_misshapen(cell, shape) == NULL;
}

/* What is wrong with a row, to be freed; NULL: nothing. */
static char *claim_read(const json_t *sources, const json_t *row, struct claim *out)
{
    static const struct json_shape shape[] = {{"source", "s"}, {"says", "s"},   {"time", "s"},
                                              {"low", "ir"},   {"high", "irn"}, {NULL, NULL}};
    const char *wrong = json_misshapen(row, shape);
    if (wrong != NULL)
        return text_format("\"%s\" is missing or of another type", wrong);
    const json_t *source = find_source(sources, text_of(row, "source")), *high = json_object_get(row, "high"),
                 *base = json_object_get(row, "base"), *variant = json_object_get(row, "variant");
    const double cores = json_number_value(json_object_get(source, "cores"));
    *out = (struct claim){.source = text_of(source, "name"),
                          .note = text_of(source, "note"),
                          .says = text_of(row, "says"),
                          .time = text_of(row, "time"),
                          .cores = cores >= 1 ? cores : NAN,
                          .low = json_number_value(json_object_get(row, "low")),
                          .high = json_is_null(high) ? INFINITY : json_number_value(high),
                          .by_cores = json_is_true(json_object_get(row, "by_cores")),
                          .measured = ratio_none(RATIO_NOT_RUN),
                          .limit.gain = NAN,
                          .why = text_of(row, "unmeasured")};
    if (source == NULL)
        return xstrdup("\"source\" names none of the sources");
    if (strcmp(out->time, "work") != 0 && strcmp(out->time, "whole") != 0)
        return xstrdup("\"time\" is neither work nor whole");
    if (!(out->low > 0 && out->high >= out->low))
        return xstrdup("\"low\" and \"high\" are no ratios (high null: or more)");
    if (out->why == NULL ? !is_cell(base) || !is_cell(variant) : base != NULL || variant != NULL)
        return xstrdup(
            "either \"base\" and \"variant\", each with a \"group\" and a \"variant\" such as py:threads, or "
            "\"unmeasured\" is needed");
    return NULL;
}

/* -- measuring -------------------------------------------------------------------------------------------------------- */

/* The cell of the run that {"group", "variant"} names. */
static const struct summary_cell *find_cell(const struct summary *summary, const json_t *name)
{
    for (size_t i = 0; i < summary->cell_count; i++) {
        const struct summary_cell *c = &summary->cells[i];
        char *variant = text_format("%s:%s", c->cell->runtime, c->cell->model);
        const bool same = strcmp(c->group->name, text_of(name, "group")) == 0 &&
                          strcmp(variant, text_of(name, "variant")) == 0;
        free(variant);
        if (same)
            return c;
    }
    return NULL;
}

static void measure(struct claim *claim, const json_t *row, const struct summary *summary)
{
    const struct summary_cell *base = find_cell(summary, json_object_get(row, "base")),
                              *variant = find_cell(summary, json_object_get(row, "variant"));
    if (base == NULL || variant == NULL) {
        claim->why = "its cells are not in this run";
        return;
    }
    claim->measured = ratio_between(base->cell, variant->cell,
                                    strcmp(claim->time, "work") == 0 ? COLUMN(work_ns) : COLUMN(whole_ns),
                                    summary->results->margin);
    /* Of another language or another size no number of CPUs is the limit. */
    if (base->group == variant->group && strcmp(base->cell->runtime, variant->cell->runtime) == 0)
        claim->limit = limit_of(summary, variant);
    if (!ratio_known(&claim->measured))
        claim->why = variant->note != NULL ? variant->note : "no common round";
}

/* The gain of `cores` cores for a claimed gain on `claimed_cores`, by Amdahl's law; in proportion where the claim is that
 * nothing was serial (a gain of as much as the cores); the claim itself where there is nothing to scale (1 or less). */
static double scale(double gain, double claimed_cores, double cores)
{
    if (!(gain > 1) || !(claimed_cores > 1) || !(cores >= 1) || !isfinite(gain))
        return gain;
    if (gain >= claimed_cores)
        return gain / claimed_cores * cores;
    const double serial = (claimed_cores / gain - 1) / (claimed_cores - 1);
    return cores / (1 + serial * (cores - 1));
}

/* -- judging ---------------------------------------------------------------------------------------------------------- */

static enum claim_verdict verdict_of(const struct claim *claim)
{
    /* Too few rounds for an interval: the estimate alone. */
    const bool full = claim->measured.state == RATIO_FULL;
    const double low = full ? claim->measured.low : claim->measured.ratio;
    const double high = full ? claim->measured.high : claim->measured.ratio;
    const double least = claim->scaled_low / (1 + CLAIM_TOLERANCE), most = claim->scaled_high * (1 + CLAIM_TOLERANCE);
    if (low > most)
        return CLAIM_MORE;
    if (high < least)
        return CLAIM_LESS;
    return !claim->measured.unresolved || (low >= least && high <= most) ? CLAIM_HOLDS : CLAIM_UNRESOLVED;
}

static void judge(struct claim *claim, const json_t *row, const struct summary *summary)
{
    const double cpus = json_number_value(json_object_get(summary->results->plan, "effective_cpus"));
    const char *cannot = text_of(row, "cannot");
    claim->scaled = claim->by_cores && isfinite(claim->cores) && cpus > 0;
    claim->scaled_low = claim->scaled ? scale(claim->low, claim->cores, cpus) : claim->low;
    claim->scaled_high = claim->scaled ? scale(claim->high, claim->cores, cpus) : claim->high;
    if (claim->why == NULL)
        measure(claim, row, summary);
    if (cannot != NULL) {
        claim->verdict = CLAIM_CANNOT;
        claim->why = cannot;
    } else if (claim->why != NULL) {
        claim->verdict = CLAIM_UNMEASURED;
    } else if (claim->by_cores && !claim->scaled) {
        claim->verdict = CLAIM_CORES;
        claim->why = "its source does not tell its cores: not judged";
    } else {
        claim->verdict = verdict_of(claim);
    }
}

/* -- the whole -------------------------------------------------------------------------------------------------------- */

int claims_parse(json_t *file, const char *label, const struct summary *summary, struct claims *out, struct error *err)
{
    static const struct json_shape shape[] = {
        {"claims", "i"}, {"about", "s"}, {"sources", "a"}, {"rows", "a"}, {NULL, NULL}};
    const json_t *rows = json_object_get(file, "rows");
    const char *missing = json_misshapen(file, shape);
    int rc = 0;
    *out = (struct claims){.file = file, .about = text_of(file, "about")};
    if (missing != NULL)
        rc = error_set(err, -EPROTO, "%s: \"%s\" is missing or of another type", label, missing);
    else if (json_integer_value(json_object_get(file, "claims")) != 1)
        rc = error_set(err, -EPROTO, "%s: no file of claims that this cobench knows (\"claims\": 1)", label);
    out->items = xcalloc(json_array_size(rows), sizeof *out->items);
    while (rc == 0 && out->count < json_array_size(rows)) {
        const json_t *row = json_array_get(rows, out->count);
        struct claim *claim = &out->items[out->count++];
        char *wrong = claim_read(json_object_get(file, "sources"), row, claim);
        if (wrong != NULL)
            rc = error_set(err, -EPROTO, "%s: row %zu: %s", label, out->count, wrong);
        else
            judge(claim, row, summary);
        free(wrong);
    }
    if (rc != 0)
        claims_free(out);
    return rc;
}

int claims_read(const char *path, const struct summary *summary, struct claims *out, struct error *err)
{
    json_error_t problem;
    json_t *file = json_load_file(path, JSON_REJECT_DUPLICATES, &problem);
    const char *slash = strrchr(path, '/');
    if (file == NULL && problem.line < 0)
        return error_set(err, -EPROTO, "%s", problem.text);
    if (file == NULL)
        return error_set(err, -EPROTO, "%s:%d: %s", path, problem.line, problem.text);
    return claims_parse(file, slash == NULL ? path : slash + 1, summary, out, err);
}

int claims_of_run(const char *root, const struct summary *summary, struct claims *out, struct error *err)
{
    const char *name = text_of(summary->results->plan, "claims");
    if (name == NULL)
        return -ENOENT;
    if (strchr(name, '/') != NULL) /* a plan may come from anywhere */
        return error_set(err, -EPROTO, "plan.json: \"claims\" is no name of a file");
    char *path = text_format("%s/bench/claims/%s.json", root, name);
    const int rc = claims_read(path, summary, out, err);
    free(path);
    return rc;
}

void claims_free(struct claims *claims)
{
    free(claims->items);
    json_decref(claims->file);
    *claims = (struct claims){.file = NULL};
}

const char *claim_verdict_name(enum claim_verdict verdict)
{
    static const char *const names[] = {
        [CLAIM_HOLDS] = "holds here",      [CLAIM_MORE] = "more here", [CLAIM_LESS] = "less here",
        [CLAIM_CANNOT] = "cannot be",      [CLAIM_CORES] = "by cores", [CLAIM_UNMEASURED] = "not measured",
        [CLAIM_UNRESOLVED] = "unresolved",
    };
    return names[verdict];
}
