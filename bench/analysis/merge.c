/* SPDX-License-Identifier: MIT */
/* Merging: read and check the parts (they are held against the first), choose their whole rounds, write the journal. */
#define _XOPEN_SOURCE 700 /* realpath */
#include "bench/analysis/merge.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/store/json_diff.h"
#include "bench/machine/checksums.h"
#include "bench/store/journal.h"
#include "bench/store/run_folder.h"

#define DIFFERENCES_SHOWN 3 /* of groups and cells, in the one line of an error */

static int no_memory(struct error *err) { return error_set(err, -ENOMEM, "merge: no memory"); }

/* -- the parts ------------------------------------------------------------------------------------------------------------ */

static int part_open(struct merge_part *part, const char *path, struct error *err)
{
    struct error why;
    char *real = realpath(path, NULL);
    const char *slash = real == NULL ? NULL : strrchr(real, '/');
    *part = (struct merge_part){.path = path};
    int rc = text_set(&part->name, slash != NULL ? slash + 1 : path) != 0 ? no_memory(err) : 0;
    free(real);
    if (rc == 0 && (rc = results_load(&part->results, path, &why)) != 0)
        error_set(err, rc, "merge: %.200s: %.700s", path, why.text);
    return rc;
}

static void part_close(struct merge_part *part)
{
    results_free(&part->results);
    free(part->new_round);
    free(part->name);
}

/* What a run was merged from; of one that was not, NULL. */
static const json_t *merged_of(const struct merge_part *part)
{
    const json_t *merged = json_object_get(part->results.plan, "merged");
    return json_is_array(merged) && json_array_size(merged) > 0 ? merged : NULL;
}

/* When its first round was begun: a merged run is as old as the oldest in it. */
static const char *begun(const struct merge_part *part)
{
    const char *first = json_string_value(json_object_get(json_array_get(merged_of(part), 0), "created"));
    return first != NULL ? first : part->results.created;
}

static int by_begin(const void *a, const void *b) { return strcmp(begun(a), begun(b)); }

/* {"run", "created", "seed", "rounds"} of each run that is in a part, with the rounds that it had there. */
static json_t *origins_of(const struct merge_part *part)
{
    const json_t *merged = merged_of(part);
    if (merged != NULL)
        return json_deep_copy(merged);
    return json_pack("[{ss ss sI sI}]", "run", part->name, "created", part->results.created, "seed",
                     (json_int_t)part->results.seed, "rounds", (json_int_t)part->rounds);
}

static bool same_origin(const json_t *a, const json_t *b)
{
    return json_equal(json_object_get(a, "created"), json_object_get(b, "created")) &&
           json_equal(json_object_get(a, "seed"), json_object_get(b, "seed"));
}

/* All runs that are in any part; NULL: no memory. */
static json_t *origins_all(const struct merge *merge)
{
    json_t *all = json_array();
    for (size_t i = 0; i < merge->count && all != NULL; i++) {
        json_t *own = origins_of(&merge->parts[i]);
        if (own == NULL || json_array_extend(all, own) != 0) {
            json_decref(all);
            all = NULL;
        }
        json_decref(own);
    }
    return all;
}

/* No sample may count twice. */
static int check_twice(const struct merge *merge, struct error *err)
{
    json_t *all = origins_all(merge);
    int rc = all == NULL ? no_memory(err) : 0;
    for (size_t i = 0; rc == 0 && i < json_array_size(all); i++)
        for (size_t j = 0; rc == 0 && j < i; j++)
            if (same_origin(json_array_get(all, i), json_array_get(all, j)))
                rc = error_set(err, -EINVAL, "merge: the run of %s with the seed %lld is there twice",
                               json_string_value(json_object_get(json_array_get(all, i), "created")),
                               (long long)json_integer_value(json_object_get(json_array_get(all, i), "seed")));
    json_decref(all);
    return rc;
}

/* -- are they runs of one plan? ------------------------------------------------------------------------------------------- */

/* "group 0 params size: 5 -> 7; ..." of those arrays of two plans; -EPERM where there is any. */
static int check_array(const struct merge *merge, const struct merge_part *part, const char *key, struct error *err)
{
    const json_t *a = json_object_get(merge->parts[0].results.plan, key), *b = json_object_get(part->results.plan, key);
    const size_t count_a = json_array_size(a), count_b = json_array_size(b);
    struct differences all = {NULL, 0};
    struct string_list lines = {NULL, 0};
    int rc = 0;
    if (count_a != count_b)
        return error_set(err, -EPERM, "merge: not one plan: %s has %zu %s, %s has %zu", merge->parts[0].name, count_a,
                         key, part->name, count_b);
    for (size_t i = 0; i < count_a && rc == 0 && all.count < DIFFERENCES_SHOWN; i++) {
        char prefix[40];
        snprintf(prefix, sizeof prefix, "%s %zu", key, i);
        rc = differences_add(&all, prefix, json_array_get(a, i), json_array_get(b, i));
    }
    for (size_t i = 0; i < all.count && i < DIFFERENCES_SHOWN && rc == 0; i++) {
        char *text[2];
        rc = difference_text(&all.items[i], text);
        if (rc == 0)
            rc = string_list_addf(&lines, "%s: %s -> %s", all.items[i].key, text[0], text[1]);
        free(text[0]);
        free(text[1]);
    }
    char *said = rc == 0 ? string_list_join(&lines, "; ") : NULL;
    if (rc != 0 || said == NULL)
        rc = no_memory(err);
    else if (lines.count > 0)
        rc = error_set(err, -EPERM, "merge: not one plan: %s and %s differ: %.600s", merge->parts[0].name, part->name,
                       said);
    free(said);
    string_list_free(&lines);
    differences_free(&all);
    return rc;
}

/* The plan in one line, but for what may differ: when to stop, and with it the rounds. */
static int note_plan(struct merge *merge, const struct merge_part *part)
{
    static const char *const may_differ[] = {"rounds", "budget_s", "precision"};
    struct differences all;
    int rc = differences_of_plans(merge->parts[0].results.plan, part->results.plan, &all);
    for (size_t i = 0; i < all.count && rc == 0; i++) {
        char *text[2];
        bool may = false;
        for (size_t k = 0; k < sizeof may_differ / sizeof *may_differ; k++)
            may |= strcmp(all.items[i].key, may_differ[k]) == 0;
        if (may)
            continue;
        rc = difference_text(&all.items[i], text);
        if (rc == 0)
            rc = string_list_addf(&merge->differences, "%s: %s: was %s, is %s", part->name, all.items[i].key, text[0],
                                  text[1]);
        free(text[0]);
        free(text[1]);
    }
    differences_free(&all);
    return rc;
}

static int note_machine(struct merge *merge, const struct merge_part *part)
{
    struct string_list lines = {NULL, 0};
    int rc = checksums_compare(merge->parts[0].results.machine, part->results.machine, &lines);
    for (size_t i = 0; i < lines.count && rc == 0; i++)
        rc = string_list_addf(&merge->differences, "%s: %s", part->name, lines.items[i]);
    string_list_free(&lines);
    return rc;
}

/* The same cell must have given the same results. */
static int check_digests(const struct merge *merge, const struct merge_part *part, struct error *err)
{
    const struct results *first = &merge->parts[0].results, *own = &part->results;
    for (size_t i = 0; i < own->cell_count; i++) {
        const struct result_cell *a = &first->cells[i], *b = &own->cells[i];
        if (a->digest[0] != '\0' && b->digest[0] != '\0' && strcmp(a->digest, b->digest) != 0)
            return error_set(err, -EPERM, "merge: %s %s:%s gave other results in %s than in %s",
                             own->groups[b->group].name, b->runtime, b->model, part->name, merge->parts[0].name);
    }
    return 0;
}

static int check_part(struct merge *merge, const struct merge_part *part, struct error *err)
{
    int rc = check_array(merge, part, "groups", err);
    if (rc == 0)
        rc = check_array(merge, part, "cells", err);
    if (rc == 0)
        rc = check_digests(merge, part, err);
    if (rc == 0 && (note_plan(merge, part) != 0 || note_machine(merge, part) != 0))
        rc = no_memory(err);
    return rc;
}

static int check_parts(struct merge *merge, bool force, struct error *err)
{
    int rc = check_twice(merge, err);
    for (size_t i = 1; i < merge->count && rc == 0; i++)
        rc = check_part(merge, &merge->parts[i], err);
    if (rc != 0 || merge->differences.count == 0 || force)
        return rc;
    char *all = string_list_join(&merge->differences, "; ");
    rc = error_set(err, -EPERM, "merge: not one plan on one machine (--force merges all the same): %.800s",
                   all == NULL ? "?" : all);
    free(all);
    return rc;
}

/* -- whole rounds --------------------------------------------------------------------------------------------------------- */

/* The part in which a cell went wrong; NULL: it is sound in all of them, or was not reached. */
static const struct merge_part *failed_in(const struct merge *merge, size_t cell)
{
    for (size_t i = 0; i < merge->count; i++)
        if (merge->parts[i].results.cells[cell].status > CELL_OK)
            return &merge->parts[i];
    return NULL;
}

static bool has_round(const struct result_cell *cell, int64_t round)
{
    size_t low = 0, high = cell->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (cell->samples[middle].round < round)
            low = middle + 1;
        else
            high = middle;
    }
    return low < cell->count && cell->samples[low].round == round;
}

/* A group that had enough before is not due any more. */
static bool is_whole(const struct merge *merge, const struct merge_part *part, int64_t round)
{
    const struct results *r = &part->results;
    bool any = false;
    for (size_t i = 0; i < r->cell_count; i++) {
        const int64_t stopped = r->groups[r->cells[i].group].stopped;
        if (failed_in(merge, i) != NULL || (stopped > 0 && round > stopped))
            continue;
        if (!has_round(&r->cells[i], round))
            return false;
        any = true;
    }
    return any;
}

static int choose_rounds(struct merge *merge, struct error *err)
{
    for (size_t i = 0; i < merge->count; i++) {
        struct merge_part *part = &merge->parts[i];
        for (size_t c = 0; c < part->results.cell_count; c++)
            if (part->results.cells[c].last_round > part->last)
                part->last = part->results.cells[c].last_round;
        part->new_round = calloc((size_t)part->last + 1, sizeof *part->new_round);
        if (part->new_round == NULL)
            return no_memory(err);
        for (int64_t round = 1; round <= part->last; round++)
            if (is_whole(merge, part, round)) {
                part->new_round[round] = (int32_t)++merge->rounds;
                part->rounds++;
            }
    }
    return merge->rounds > 0
               ? 0
               : error_set(err, -ENODATA,
                           "merge: none of these runs has a whole round of cells that work in all of them");
}

int merge_open(struct merge *out, char *const *paths, size_t count, bool force, struct error *err)
{
    *out = (struct merge){.parts = calloc(count + 1, sizeof *out->parts)};
    int rc = out->parts == NULL ? no_memory(err) : 0;
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = part_open(&out->parts[out->count++], paths[i], err);
    if (rc == 0) {
        qsort(out->parts, out->count, sizeof *out->parts, by_begin);
        rc = check_parts(out, force, err);
    }
    if (rc == 0)
        rc = choose_rounds(out, err);
    if (rc != 0)
        merge_close(out);
    return rc;
}

void merge_close(struct merge *merge)
{
    for (size_t i = 0; i < merge->count; i++)
        part_close(&merge->parts[i]);
    free(merge->parts);
    string_list_free(&merge->differences);
    *merge = (struct merge){.parts = NULL};
}

/* -- the journal ---------------------------------------------------------------------------------------------------------- */

/* What the lines of the parts become. */
struct writer {
    const struct merge *merge;
    json_t **verify; /* of each cell: the line that stands for it */
    FILE *out;       /* NULL: verify lines are collected; else timed ones are written */
};

typedef int take_line(struct writer *writer, const struct merge_part *part, json_t *line);

/* Calls `take` for each whole line. Results_load has read the same file, so that its lines are known to be good. */
static int each_line(struct writer *writer, const struct merge_part *part, take_line *take)
{
    char *path = text_format("%s/samples.jsonl", part->path), *line = NULL;
    FILE *in = path == NULL ? NULL : fopen(path, "re");
    size_t room = 0;
    ssize_t length;
    int rc = path == NULL ? -ENOMEM : in == NULL ? -errno : 0;
    while (rc == 0 && (length = getline(&line, &room, in)) > 0 && line[length - 1] == '\n') {
        json_t *json = json_loadb(line, (size_t)length, 0, NULL);
        rc = json_is_object(json) ? take(writer, part, json) : -EIO; /* it has changed meanwhile */
        json_decref(json);
    }
    if (rc == 0 && ferror(in))
        rc = -EIO;
    if (in != NULL)
        fclose(in); /* it was only read */
    free(line);
    free(path);
    return rc;
}

static bool line_is(const json_t *line, const char *key, const char *value)
{
    const char *text = json_string_value(json_object_get(line, key));
    return text != NULL && strcmp(text, value) == 0;
}

/* The line of what went wrong, as one of the verify pass: a cell that failed in any run has no times in the merged one. */
static int make_failed(const struct merge_part *part, json_t *line)
{
    const char *reason = json_string_value(json_object_get(line, "reason"));
    const json_int_t round = json_integer_value(json_object_get(line, "round"));
    char *text = round > 0 ? text_format("%s, round %lld: %s", part->name, (long long)round,
                                         reason != NULL ? reason : "no reason given")
                           : text_format("%s: %s", part->name, reason != NULL ? reason : "no reason given");
    const int rc = text == NULL || json_object_set_new(line, "reason", json_string(text)) != 0 ||
                           json_object_set_new(line, "pass", json_string("verify")) != 0 ||
                           json_object_set_new(line, "round", json_integer(0)) != 0 ||
                           json_object_set_new(line, "whole_ns", json_null()) != 0
                       ? -ENOMEM
                       : 0;
    free(text);
    return rc;
}

/* The first failure of a cell stands for it, else its first verify sample. */
static int take_verify(struct writer *writer, const struct merge_part *part, json_t *line)
{
    const size_t cell = (size_t)json_integer_value(json_object_get(line, "cell"));
    const struct merge_part *failed = failed_in(writer->merge, cell);
    const bool is_ok = line_is(line, "status", "ok");
    if (writer->verify[cell] != NULL || (failed == NULL ? !line_is(line, "pass", "verify") : failed != part || is_ok))
        return 0;
    writer->verify[cell] = json_incref(line);
    return failed == NULL ? 0 : make_failed(part, line);
}

static int write_line(FILE *out, const json_t *line)
{
    char *text = json_dumps(line, JSON_COMPACT);
    if (text == NULL)
        return -ENOMEM;
    const int rc = fprintf(out, "%s\n", text) < 0 ? -errno : 0;
    free(text);
    return rc;
}

static int take_timed(struct writer *writer, const struct merge_part *part, json_t *line)
{
    const size_t cell = (size_t)json_integer_value(json_object_get(line, "cell"));
    const json_int_t round = json_integer_value(json_object_get(line, "round"));
    if (!line_is(line, "pass", "timed") || failed_in(writer->merge, cell) != NULL || round < 1 || round > part->last ||
        part->new_round[round] == 0)
        return 0;
    if (json_object_set_new(line, "round", json_integer(part->new_round[round])) != 0)
        return -ENOMEM;
    return write_line(writer->out, line);
}

static int write_samples(struct writer *writer)
{
    const struct merge *merge = writer->merge;
    const size_t cells = merge->parts[0].results.cell_count;
    int rc = 0;
    for (size_t i = 0; i < merge->count && rc == 0; i++)
        rc = each_line(writer, &merge->parts[i], take_verify);
    for (size_t i = 0; i < cells && rc == 0; i++)
        if (writer->verify[i] != NULL)
            rc = write_line(writer->out, writer->verify[i]);
    for (size_t i = 0; i < merge->count && rc == 0; i++)
        rc = each_line(writer, &merge->parts[i], take_timed);
    return rc;
}

static int fill_samples(const struct merge *merge, const char *folder, struct error *err)
{
    const size_t cells = merge->parts[0].results.cell_count;
    char *path = text_format("%s/samples.jsonl", folder);
    struct writer writer = {.merge = merge, .verify = calloc(cells + 1, sizeof(json_t *))};
    int rc = path == NULL || writer.verify == NULL ? -ENOMEM : 0;
    if (rc == 0 && (writer.out = fopen(path, "we")) == NULL)
        rc = -errno;
    if (rc == 0)
        rc = write_samples(&writer);
    if (rc == 0 && (fflush(writer.out) != 0 || fsync(fileno(writer.out)) != 0))
        rc = -errno;
    if (writer.out != NULL && fclose(writer.out) != 0 && rc == 0)
        rc = -errno;
    for (size_t i = 0; i < cells && writer.verify != NULL; i++)
        json_decref(writer.verify[i]);
    free(writer.verify);
    if (rc != 0)
        error_set(err, rc, "merge: %s: %s", path == NULL ? folder : path, strerror(-rc));
    free(path);
    return rc;
}

/* -- the rest of the folder ----------------------------------------------------------------------------------------------- */

static int add_texts(json_t *out, const json_t *texts)
{
    size_t i;
    const json_t *text;
    int rc = 0;
    json_array_foreach(texts, i,
                       text) if (rc == 0 && json_array_append_new(out, json_string(json_string_value(text))) != 0)
        rc = -ENOMEM;
    return rc;
}

/* What was forced here, and what had been forced in any part. */
static json_t *forced_all(const struct merge *merge)
{
    json_t *all = json_array();
    int rc = all == NULL ? -ENOMEM : 0;
    for (size_t i = 0; i < merge->count && rc == 0; i++) {
        json_t *own = events_forced(&merge->parts[i].results.events);
        rc = own == NULL ? -ENOMEM : add_texts(all, own);
        json_decref(own);
    }
    for (size_t i = 0; i < merge->differences.count && rc == 0; i++)
        rc = json_array_append_new(all, json_string(merge->differences.items[i])) != 0 ? -ENOMEM : 0;
    if (rc == 0)
        return all;
    json_decref(all);
    return NULL;
}

/* How many of the taken rounds a group has: all, but where a precision or a budget ended it earlier. */
static int64_t rounds_of(const struct merge *merge, size_t group)
{
    int64_t rounds = 0;
    for (size_t i = 0; i < merge->count; i++) {
        const struct merge_part *part = &merge->parts[i];
        const int64_t stopped = part->results.groups[group].stopped;
        for (int64_t round = 1; round <= part->last; round++)
            rounds += part->new_round[round] != 0 && (stopped == 0 || round <= stopped);
    }
    return rounds;
}

/* What happened to the parts happened to the merged run, but for what is said anew of all of it. */
static bool is_carried(const json_t *event)
{
    return !line_is(event, "what", "forced") && !line_is(event, "what", "planned") &&
           !line_is(event, "what", "stopped");
}

static int carry_events(const struct merge *merge, const char *folder, struct error *err)
{
    char *path = text_format("%s/events.jsonl", folder);
    struct journal journal = {.fd = -1};
    int rc = path == NULL ? no_memory(err) : 0;
    for (size_t i = 0; i < merge->count && rc == 0; i++) {
        size_t k;
        const json_t *event;
        json_array_foreach(merge->parts[i].results.events.lines, k, event)
        {
            if (rc != 0 || !is_carried(event))
                continue;
            if (journal.fd < 0)
                rc = journal_open(path, &journal, err);
            if (rc == 0)
                rc = journal_append(&journal, event, err);
        }
    }
    journal_close(&journal);
    free(path);
    return rc;
}

static int fill_events(const struct merge *merge, const char *folder, struct error *err)
{
    json_t *forced = forced_all(merge);
    int rc = forced == NULL ? no_memory(err) : carry_events(merge, folder, err);
    if (rc == 0 && json_array_size(forced) > 0)
        rc = events_append(folder, "forced", json_pack("{sO}", "differences", forced), err);
    json_decref(forced);
    for (size_t g = 0; g < merge->parts[0].results.group_count && rc == 0; g++) {
        const int64_t rounds = rounds_of(merge, g);
        const char *why = merge->parts[0].results.groups[g].why;
        if (rounds < merge->rounds)
            rc = events_append(folder, "stopped",
                               json_pack("{sI sI ss}", "group", (json_int_t)g, "rounds", (json_int_t)rounds, "why",
                                         why != NULL ? why : "rounds"),
                               err);
    }
    return rc;
}

static int fill(const void *what, const char *folder, struct error *err)
{
    const int rc = fill_samples(what, folder, err);
    return rc != 0 ? rc : fill_events(what, folder, err);
}

/* The first part's plan, with the rounds there are and where they came from; NULL: no memory. */
static json_t *merged_plan(const struct merge *merge, const char *created)
{
    json_t *plan = json_deep_copy(merge->parts[0].results.plan), *origins = origins_all(merge);
    json_t *more = origins == NULL ? NULL
                                   : json_pack("{ss sI sn sn so}", "created", created, "rounds",
                                               (json_int_t)merge->rounds, "budget_s", "precision", "merged", origins);
    if (plan == NULL || more == NULL || json_object_update(plan, more) != 0) {
        json_decref(plan);
        plan = NULL;
    }
    json_decref(more);
    return plan;
}

int merge_write(const struct merge *merge, const char *path, const char *results, char **folder, struct error *err)
{
    const struct results *first = &merge->parts[0].results;
    const char *host = json_string_value(json_object_get(first->machine, "hostname"));
    char created[32];
    run_folder_time(created, sizeof created);
    char *suite = text_format("%s-merged", first->suite);
    json_t *plan = merged_plan(merge, created);
    const struct run_folder_facts facts = {.results = results,
                                           .created = created,
                                           .host = host != NULL ? host : "unknown",
                                           .suite = suite,
                                           .machine = first->machine,
                                           .plan = plan,
                                           .path = path,
                                           .fill = fill,
                                           .what = merge};
    const int rc = suite == NULL || plan == NULL ? no_memory(err) : run_folder_make(&facts, folder, err);
    json_decref(plan);
    free(suite);
    return rc;
}
