/* SPDX-License-Identifier: MIT */
/* Claims: read, measured, judged. */
#include "bench/analysis/claims.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/util/text.h"

/* -- reading ---------------------------------------------------------------------------------------------------------- */

struct reader {
    const char *label;
    struct error *err;
    size_t row; /* from 1; 0: not in a row */
};

static int wrong(const struct reader *r, const char *what)
{
    if (r->row > 0)
        return error_set(r->err, -EPROTO, "%s: row %zu: %s", r->label, r->row, what);
    return error_set(r->err, -EPROTO, "%s: %s", r->label, what);
}

static int text_of(const struct reader *r, const json_t *object, const char *key, const char **out)
{
    *out = json_string_value(json_object_get(object, key));
    if (*out != NULL)
        return 0;
    char what[80];
    snprintf(what, sizeof what, "\"%s\" is missing or no text", key);
    return wrong(r, what);
}

static int source_read(const struct reader *r, const json_t *json, struct claim_source *out)
{
    const json_t *cores = json_object_get(json, "cores");
    if (text_of(r, json, "name", &out->name) != 0 || text_of(r, json, "note", &out->note) != 0)
        return -EPROTO;
    out->cores = json_is_integer(cores) && json_integer_value(cores) > 0 ? json_number_value(cores) : NAN;
    return 0;
}

static const struct claim_source *source_find(const struct claims *claims, const char *key)
{
    const json_t *sources = json_object_get(claims->file, "sources");
    for (size_t i = 0; i < claims->source_count; i++) {
        const char *name = json_string_value(json_object_get(json_array_get(sources, i), "key"));
        if (name != NULL && key != NULL && strcmp(name, key) == 0)
            return &claims->sources[i];
    }
    return NULL;
}

/* "GROUP RUNTIME:MODEL" of {"group", "variant"}; NULL in *out where there is none. */
static int cell_name(const struct reader *r, const json_t *row, const char *key, char **out)
{
    const json_t *cell = json_object_get(row, key);
    const char *group = json_string_value(json_object_get(cell, "group"));
    const char *variant = json_string_value(json_object_get(cell, "variant"));
    if (cell == NULL)
        return 0;
    if (group == NULL || variant == NULL || strchr(variant, ':') == NULL)
        return wrong(r, "\"base\" and \"variant\" need a \"group\" and a \"variant\" such as py:threads");
    *out = text_format("%s %s", group, variant);
    return *out == NULL ? error_set(r->err, -ENOMEM, "out of memory") : 0;
}

static int bounds_read(const struct reader *r, const json_t *row, struct claim *out)
{
    const json_t *low = json_object_get(row, "low"), *high = json_object_get(row, "high");
    out->low = json_number_value(low);
    out->high = json_is_null(high) ? INFINITY : json_number_value(high);
    if (!(out->low > 0 && out->high >= out->low))
        return wrong(r, "\"low\" and \"high\" are no ratios (high null: or more)");
    return 0;
}

static int claim_read(const struct reader *r, const struct claims *claims, const json_t *row, struct claim *out)
{
    out->source = source_find(claims, json_string_value(json_object_get(row, "source")));
    if (out->source == NULL)
        return wrong(r, "\"source\" names none of the sources");
    int rc = text_of(r, row, "says", &out->says);
    if (rc == 0)
        rc = text_of(r, row, "time", &out->time);
    if (rc == 0 && strcmp(out->time, "work") != 0 && strcmp(out->time, "whole") != 0)
        rc = wrong(r, "\"time\" is neither work nor whole");
    if (rc == 0)
        rc = bounds_read(r, row, out);
    if (rc == 0)
        rc = cell_name(r, row, "base", &out->base);
    if (rc == 0)
        rc = cell_name(r, row, "variant", &out->variant);
    if (rc != 0)
        return rc;
    out->by_cores = json_is_true(json_object_get(row, "by_cores"));
    out->why = json_string_value(json_object_get(row, "unmeasured"));
    out->measured = ratio_none(RATIO_NOT_RUN);
    out->scaled_low = out->low;
    out->scaled_high = out->high;
    out->limit.gain = NAN;
    out->verdict = CLAIM_UNMEASURED;
    if ((out->base == NULL) != (out->variant == NULL) || (out->base == NULL) != (out->why != NULL))
        return wrong(r, "either \"base\" and \"variant\" or \"unmeasured\" is needed");
    return 0;
}

int claims_parse(json_t *file, const char *label, struct claims *out, struct error *err)
{
    struct reader r = {.label = label, .err = err};
    const json_t *sources = json_object_get(file, "sources"), *rows = json_object_get(file, "rows");
    *out = (struct claims){.file = file};
    int rc = text_of(&r, file, "about", &out->about);
    if (rc == 0 && json_integer_value(json_object_get(file, "claims")) != 1)
        rc = wrong(&r, "no file of claims that this cobench knows (\"claims\": 1)");
    if (rc == 0 && (!json_is_array(sources) || !json_is_array(rows)))
        rc = wrong(&r, "\"sources\" or \"rows\" is missing or no array");
    if (rc == 0) {
        out->sources = calloc(json_array_size(sources) + 1, sizeof *out->sources);
        out->items = calloc(json_array_size(rows) + 1, sizeof *out->items);
        if (out->sources == NULL || out->items == NULL)
            rc = error_set(err, -ENOMEM, "out of memory");
    }
    for (; rc == 0 && out->source_count < json_array_size(sources); out->source_count++)
        rc = source_read(&r, json_array_get(sources, out->source_count), &out->sources[out->source_count]);
    while (rc == 0 && out->count < json_array_size(rows)) {
        struct claim *item = &out->items[out->count];
        r.row = ++out->count;
        rc = claim_read(&r, out, json_array_get(rows, r.row - 1), item);
    }
    if (rc != 0)
        claims_free(out);
    return rc;
}

int claims_read(const char *path, struct claims *out, struct error *err)
{
    json_error_t problem;
    json_t *file = json_load_file(path, JSON_REJECT_DUPLICATES, &problem);
    const char *slash = strrchr(path, '/');
    if (file == NULL)
        return error_set(err, -EPROTO, "%s:%d: %s", path, problem.line, problem.text);
    return claims_parse(file, slash == NULL ? path : slash + 1, out, err);
}

void claims_free(struct claims *claims)
{
    for (size_t i = 0; i < claims->count; i++) {
        free(claims->items[i].base);
        free(claims->items[i].variant);
    }
    free(claims->items);
    free(claims->sources);
    json_decref(claims->file);
    *claims = (struct claims){.file = NULL};
}

/* -- measuring -------------------------------------------------------------------------------------------------------- */

/* The cell of the run that "GROUP RUNTIME:MODEL" names. */
static const struct summary_cell *cell_find(const struct summary *summary, const char *name)
{
    for (size_t i = 0; i < summary->cell_count; i++) {
        const struct summary_cell *c = &summary->cells[i];
        char *own = text_format("%s %s:%s", c->group->name, c->cell->runtime, c->cell->model);
        const bool same = own != NULL && strcmp(own, name) == 0;
        free(own);
        if (same)
            return c;
    }
    return NULL;
}

static int measure(struct claim *claim, const struct summary_cell *base, const struct summary_cell *variant,
                   double margin)
{
    struct pairs pairs;
    const size_t rows = base->cell->count > variant->cell->count ? base->cell->count : variant->cell->count;
    if (pairs_open(&pairs, rows) != 0)
        return -ENOMEM;
    pairs_collect(&pairs, base->cell, variant->cell, strcmp(claim->time, "work") == 0 ? sample_work : sample_whole);
    claim->measured = ratio_of(&pairs);
    const int rc = ratio_test(&claim->measured, &pairs, margin);
    pairs_close(&pairs);
    return rc;
}

/* The gain of `cores` cores for a claimed gain on `claimed_cores`, by Amdahl's law; in proportion where the claim is that
 * nothing was serial (a gain of as much as the cores); the claim itself where there is nothing to scale (1 or less). */
static double claim_scale(double gain, double claimed_cores, double cores)
{
    if (!(gain > 1) || !(claimed_cores > 1) || !(cores >= 1) || !isfinite(gain))
        return gain;
    if (gain >= claimed_cores)
        return gain / claimed_cores * cores;
    const double serial = (claimed_cores / gain - 1) / (claimed_cores - 1);
    return cores / (1 + serial * (cores - 1));
}

/* -- judging ---------------------------------------------------------------------------------------------------------- */

static void scale(struct claim *claim, double cpus)
{
    if (!claim->by_cores || !isfinite(claim->source->cores) || !(cpus > 0))
        return;
    claim->scaled_low = claim_scale(claim->low, claim->source->cores, cpus);
    claim->scaled_high = claim_scale(claim->high, claim->source->cores, cpus);
    claim->scaled = true;
}

static enum claim_verdict compare(const struct claim *claim)
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

static int judge(struct claim *claim, const json_t *row, const struct summary *summary)
{
    const char *cannot = json_string_value(json_object_get(row, "cannot"));
    scale(claim, json_number_value(json_object_get(summary->results->plan, "effective_cpus")));
    if (claim->base != NULL) {
        const struct summary_cell *base = cell_find(summary, claim->base),
                                  *variant = cell_find(summary, claim->variant);
        if (base == NULL || variant == NULL) {
            claim->why = "its cells are not in this run";
        } else {
            if (measure(claim, base, variant, summary->results->margin) != 0)
                return -ENOMEM;
            /* Of another language or another size no number of CPUs is the limit. */
            if (base->group == variant->group && strcmp(base->cell->runtime, variant->cell->runtime) == 0)
                claim->limit = limit_of(summary, variant);
            if (!ratio_known(&claim->measured))
                claim->why = variant->note != NULL ? variant->note : "no common round";
        }
    }
    if (cannot != NULL) {
        claim->verdict = CLAIM_CANNOT;
        claim->why = cannot;
    } else if (!ratio_known(&claim->measured)) {
        claim->verdict = CLAIM_UNMEASURED;
    } else {
        claim->verdict = claim->by_cores && !claim->scaled ? CLAIM_CORES : compare(claim);
    }
    return 0;
}

int claims_judge(struct claims *claims, const struct summary *summary)
{
    const json_t *rows = json_object_get(claims->file, "rows");
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < claims->count; i++)
        rc = judge(&claims->items[i], json_array_get(rows, i), summary);
    return rc;
}

int claims_of_run(const char *folder, const struct summary *summary, struct claims *out, struct error *err)
{
    const char *name = json_string_value(json_object_get(summary->results->plan, "claims"));
    if (name == NULL)
        return -ENOENT;
    if (strchr(name, '/') != NULL) /* a plan may come from anywhere */
        return error_set(err, -EPROTO, "plan.json: \"claims\" is no name of a file");
    char *path = text_format("%s/%s.json", folder, name);
    int rc = path == NULL ? error_set(err, -ENOMEM, "out of memory") : claims_read(path, out, err);
    free(path);
    if (rc == 0 && claims_judge(out, summary) != 0) {
        claims_free(out);
        rc = error_set(err, -ENOMEM, "out of memory");
    }
    return rc;
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
