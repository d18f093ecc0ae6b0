/* SPDX-License-Identifier: MIT */
/*
 * A run from its first sample to its last. Verifying, the baselines that judge the others come first in each group and
 * are compared with each other; whoever has nothing to be checked against is not timed.
 */
#include "bench/run/runner.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/store/job_samples.h"
#include "bench/util/text.h"
#include "common/clock.h"

#define RESULTS_KEPT_MAX (4u << 20) /* jobs: above, a mismatch is found but its job is not named */
#define CELL_NAME_ROOM   200

static int no_memory(struct error *err) { return error_set(err, -ENOMEM, "out of memory"); }

void runner_close(struct runner *r)
{
    const size_t count = r->references == NULL ? 0 : r->bench->plan->group_count * r->bench->catalog->runtime_count;
    for (size_t i = 0; i < count; i++) {
        free(r->references[i].reason);
        free(r->references[i].results);
    }
    free(r->references);
    free(r->cells);
    rounds_close(&r->rounds);
    r->references = NULL;
    r->cells = NULL;
}

/* Keeps how long a sample took. */
static void note_time(struct runner *r, size_t cell, int64_t ns) { r->cells[cell].last_ns = ns; }

/* Takes over what the journal has. */
static void take_up(struct runner *r)
{
    const struct results *before = r->before;
    r->samples = before->samples;
    r->rounds_done = before->last_round > 0 ? before->last_round - 1 : 0; /* the last one may be a part */
    for (size_t c = 0; c < before->cell_count; c++) {
        const struct result_cell *had = &before->cells[c];
        r->cells[c] = (struct runner_cell){
            .verified = had->verified, .ended = had->status > CELL_OK, .last_round = had->last_round};
        for (size_t i = 0; i < had->count; i++)
            if (had->samples[i].took_ns > 0)
                r->cells[c].last_ns = had->samples[i].took_ns;
    }
}

int runner_open(const struct bench *bench, const struct runner_place *place, struct runner *out, struct error *err)
{
    const struct plan *plan = bench->plan;
    *out = (struct runner){
        .bench = bench,
        .folder = place->folder,
        .journal = place->journal,
        .progress = place->progress,
        .concurrent = place->concurrent,
        .before = place->before,
        .cells = calloc(plan->cell_count, sizeof *out->cells),
        .references = calloc(plan->group_count * bench->catalog->runtime_count, sizeof *out->references)};
    int rc = out->cells == NULL || out->references == NULL ? no_memory(err) : 0;
    if (rc == 0)
        rc = rounds_open(&out->rounds, plan, place->folder, place->before, place->progress, err);
    out->rounds.widest = place->widest;
    if (rc != 0)
        runner_close(out);
    else if (place->before != NULL)
        take_up(out);
    return rc;
}

/* -- one sample into the journal ---------------------------------------------------------------------------------- */

static void tell_failure(struct runner *r, size_t cell, const struct sample_taken *s)
{
    char name[CELL_NAME_ROOM];
    plan_cell_name(r->bench->plan, cell, name, sizeof name);
    progress_note(r->progress, s->status != CELL_IMPOSSIBLE, "%s: %s: %s", name, cell_status_name(s->status),
                  s->reason == NULL ? "" : s->reason);
}

/* Writes the sample down; one that is not ok ends its cell. */
static int commit(struct runner *r, const struct sample_taken *s, struct sample_place place, struct error *err)
{
    json_t *line = sample_json(s, &place);
    if (line == NULL)
        return no_memory(err);
    int rc = json_object_set_new(line, "spent_ns", json_integer(rounds_spent_ns(&r->rounds))) == 0 ? 0 : no_memory(err);
    if (rc == 0)
        rc = journal_append(r->journal, line, err);
    json_decref(line);
    if (rc != 0)
        return rc;
    r->samples++;
    struct runner_cell *cell = &r->cells[place.cell];
    cell->verified = true;
    cell->last_round = place.round;
    if (s->status != CELL_OK) {
        cell->ended = true;
        tell_failure(r, place.cell, s);
    }
    if (s->service_died)
        return error_set(err, -EPIPE, "the origin has ended by itself; what was measured before is kept");
    return 0;
}

/* -- references --------------------------------------------------------------------------------------------------- */

/* A baseline that judges, in one group: its sample, and its cell where the plan has it. One that was verified before the
 * run was taken up is run again for its results; its sample is not written down a second time. */
struct judge {
    size_t runtime; /* its place in the catalog */
    size_t cell;    /* or the plan's cell_count: it runs for its results only */
    bool again;
    struct sample_taken sample;
};

/* The runtime that judges `runtime`'s results in `group`: the host's judge, or the runtime itself where the judge does
 * not have the task. */
static size_t judge_of(const struct runner *r, size_t runtime, size_t group)
{
    const struct catalog *c = r->bench->catalog;
    const struct catalog_runtime *judge = catalog_runtime(c, host_table[c->runtimes[runtime].host].judge);
    if (judge == NULL || (r->bench->plan->groups[group].entry->hosts & (1u << judge->host)) == 0)
        return runtime;
    return (size_t)(judge - c->runtimes);
}

static size_t runtime_place(const struct runner *r, const struct catalog_runtime *runtime)
{
    return (size_t)(runtime - r->bench->catalog->runtimes);
}

static struct reference *reference_of(const struct runner *r, size_t group, size_t runtime)
{
    return &r->references[group * r->bench->catalog->runtime_count + runtime];
}

/* Whether some cell of the group is judged by the runtime. */
static bool is_judge(const struct runner *r, size_t group, size_t runtime)
{
    const struct plan *p = r->bench->plan;
    for (size_t c = 0; c < p->cell_count; c++)
        if (p->cells[c].group == group && p->cells[c].impossible == NULL &&
            judge_of(r, runtime_place(r, p->cells[c].entry), group) == runtime)
            return true;
    return false;
}

static int reference_make(struct runner *r, size_t group, const struct judge *j, const char *model, struct error *err)
{
    struct reference *ref = reference_of(r, group, j->runtime);
    snprintf(ref->name, sizeof ref->name, "%s:%s", r->bench->catalog->runtimes[j->runtime].name, model);
    ref->status = j->sample.status;
    ref->digest = j->sample.digest;
    if (ref->status != CELL_OK)
        return text_set(&ref->reason, j->sample.reason) == 0 ? 0 : no_memory(err);
    if (j->sample.slots.jobs <= RESULTS_KEPT_MAX && (ref->results = slots_results(&j->sample.slots)) == NULL)
        return no_memory(err);
    return 0;
}

/* What is judged by these results has to be judged by the same ones throughout. */
static int check_again(struct runner *r, const struct judge *j, struct error *err)
{
    const struct result_cell *had = &r->before->cells[j->cell];
    char name[CELL_NAME_ROOM], digest[17];
    plan_cell_name(r->bench->plan, j->cell, name, sizeof name);
    if (j->sample.status != CELL_OK)
        return error_set(err, -EBADMSG, "%s worked when the run began and now does not: %s: %s", name,
                         cell_status_name(j->sample.status), j->sample.reason);
    snprintf(digest, sizeof digest, "%016" PRIx64, j->sample.digest);
    if (strcmp(digest, had->digest) != 0)
        return error_set(err, -EBADMSG, "%s gives other results than when the run began", name);
    return 0;
}

/* One that left no results failed: what it judges fails for the same reason as before, and it is not tried again. */
static int judge_failed(struct runner *r, struct judge *j, struct error *err)
{
    const struct result_cell *had = &r->before->cells[j->cell];
    return sample_none(had->status, had->reason, &j->sample) == 0 ? 0 : no_memory(err);
}

/* The sample of a judge: from a run of its command, or from the journal. */
static int judge_sample(struct runner *r, const struct plan_cell *cell, struct judge *j, struct error *err)
{
    if (j->again && r->before->cells[j->cell].status > CELL_OK && r->before->cells[j->cell].digest[0] == '\0')
        return judge_failed(r, j, err);
    int rc = sample_take(r->bench, cell, (struct sample_how){.timed = false}, &j->sample, err);
    if (rc == 0 && j->again && (rc = check_again(r, j, err)) != 0)
        sample_free(&j->sample);
    return rc;
}

/* The model whose results a runtime judges by: its baseline; where there is none in the group, as sync would take for
 * ever, that of the group's first cell, or of the runtime's own. NULL: the host has none. */
static const char *judge_model(const struct runner *r, size_t group, const struct catalog_runtime *runtime)
{
    const struct plan *p = r->bench->plan;
    const char *first = NULL, *own = NULL;
    for (size_t c = 0; c < p->cell_count && !plan_compares(&p->groups[group]); c++) {
        if (p->cells[c].group != group || !plan_judges(p, c))
            continue;
        const struct catalog_model *known = catalog_model(r->bench->catalog, p->cells[c].model);
        if (first == NULL && known != NULL && (known->hosts & (1u << runtime->host)) != 0)
            first = p->cells[c].model;
        if (p->cells[c].entry == runtime)
            own = p->cells[c].model;
    }
    const struct catalog_model *baseline = catalog_baseline(r->bench->catalog, runtime->host);
    return own != NULL ? own : first != NULL ? first : baseline != NULL ? baseline->name : NULL;
}

/* Runs the judging cell of one runtime for its results. */
static int judge_take(struct runner *r, size_t group, struct judge *j, struct error *err)
{
    const struct plan *p = r->bench->plan;
    const struct catalog_runtime *runtime = &r->bench->catalog->runtimes[j->runtime];
    const char *model = judge_model(r, group, runtime);
    if (model == NULL)
        return error_set(err, -EPROTO, "the %s host has no baseline model", host_table[runtime->host].name);
    const struct plan_cell alone = {
        .group = group, .runtime = runtime->name, .entry = runtime, .model = model, .baseline = true, .copies = 1};
    j->cell = 0;
    while (j->cell < p->cell_count &&
           !(p->cells[j->cell].group == group && p->cells[j->cell].entry == runtime && plan_judges(p, j->cell)))
        j->cell++;
    j->again = j->cell < p->cell_count && r->cells[j->cell].verified;
    int rc = judge_sample(r, &alone, j, err);
    if (rc == 0 && (rc = reference_make(r, group, j, model, err)) != 0)
        sample_free(&j->sample);
    return rc;
}

/* -- time to come ------------------------------------------------------------------------------------------------- */

/* How long a sample of the cell takes: as its last one; before its first as the others do. 0: nobody has had one yet. */
static int64_t expected_ns(const struct runner *r, size_t cell, int64_t usual_ns)
{
    if (r->cells[cell].ended)
        return 0;
    return r->cells[cell].last_ns > 0 ? r->cells[cell].last_ns : usual_ns;
}

/* The mean over the cells that had a sample. */
static int64_t usual_ns(const struct runner *r)
{
    int64_t sum = 0, count = 0;
    for (size_t c = 0; c < r->bench->plan->cell_count; c++)
        if (r->cells[c].last_ns > 0) {
            sum += r->cells[c].last_ns;
            count++;
        }
    return count == 0 ? 0 : sum / count;
}

/* What the next round takes, of all groups that go on. */
static int64_t round_ns(const struct runner *r)
{
    const struct plan *p = r->bench->plan;
    const int64_t usual = usual_ns(r);
    int64_t sum = 0;
    for (size_t c = 0; c < p->cell_count; c++)
        if (rounds_group_goes_on(&r->rounds, p->cells[c].group))
            sum += expected_ns(r, c, usual);
    return sum;
}

/* What is still to come, verifying included, after rounds_done rounds and `begun_ns` of the next; -1: not known yet. With
 * a budget it is at most what is left of that. */
static int64_t time_left(const struct runner *r, int64_t begun_ns)
{
    const struct plan *p = r->bench->plan;
    const int64_t usual = usual_ns(r), budget = rounds_budget_left_ns(&r->rounds);
    int64_t left = -begun_ns;
    bool known = usual > 0;
    for (size_t c = 0; c < p->cell_count; c++) {
        const int64_t rounds = rounds_to_come(&r->rounds, p->cells[c].group, r->rounds_done);
        known = known && rounds >= 0;
        left += expected_ns(r, c, usual) * ((rounds > 0 ? rounds : 0) + !r->cells[c].verified);
    }
    left = left < 0 ? 0 : left;
    if (!known)
        return budget;
    return budget >= 0 && budget < left ? budget : left;
}

/* -- verifying ---------------------------------------------------------------------------------------------------- */

static int verify_commit(struct runner *r, size_t cell, struct sample_taken *s, int64_t begun, struct error *err)
{
    const struct plan_cell *c = &r->bench->plan->cells[cell];
    const size_t judge = judge_of(r, runtime_place(r, c->entry), c->group);
    if (c->impossible == NULL && sample_judge(s, reference_of(r, c->group, judge)) != 0)
        return no_memory(err);
    note_time(r, cell, clock_now_ns() - begun);
    return commit(r, s, (struct sample_place){.order = r->samples, .cell = cell}, err);
}

/* Writes a judge's sample down where it has a cell that is not in the journal yet. `each`: how long it took. */
static int judge_commit(struct runner *r, size_t group, struct judge *j, int64_t each, struct error *err)
{
    if (j->again)
        return 0;
    if (j->cell < r->bench->plan->cell_count)
        return verify_commit(r, j->cell, &j->sample, clock_now_ns() - each, err);
    if (j->sample.status != CELL_OK)
        progress_note(r->progress, true, "%s %s: %s", r->bench->plan->groups[group].name,
                      reference_of(r, group, j->runtime)->name, j->sample.reason);
    return 0;
}

/* The baselines that judge, each against its own judge. */
static int verify_judges(struct runner *r, size_t group, struct error *err)
{
    const size_t runtimes = r->bench->catalog->runtime_count;
    struct judge *judges = calloc(runtimes, sizeof *judges);
    size_t count = 0;
    int rc = judges == NULL ? no_memory(err) : 0;
    const int64_t begun = clock_now_ns();
    for (size_t t = 0; rc == 0 && t < runtimes; t++) {
        if (!is_judge(r, group, t))
            continue;
        judges[count].runtime = t;
        rc = judge_take(r, group, &judges[count], err);
        count += rc == 0;
    }
    const int64_t each = count == 0 ? 0 : (clock_now_ns() - begun) / (int64_t)count;
    for (size_t i = 0; i < count; i++) {
        if (rc == 0)
            rc = judge_commit(r, group, &judges[i], each, err);
        sample_free(&judges[i].sample);
    }
    free(judges);
    return rc;
}

static int verify_cell(struct runner *r, size_t cell, struct error *err)
{
    const struct plan_cell *c = &r->bench->plan->cells[cell];
    const int64_t begun = clock_now_ns();
    struct sample_taken s;
    int rc;
    if (c->impossible != NULL)
        rc = sample_none(CELL_IMPOSSIBLE, c->impossible, &s) == 0 ? 0 : no_memory(err);
    else
        rc = sample_take(r->bench, c, (struct sample_how){.timed = false}, &s, err);
    if (rc != 0)
        return rc;
    rc = verify_commit(r, cell, &s, begun, err);
    sample_free(&s);
    return rc;
}

/* Whether verify_judges has seen to the cell. */
static bool verified_as_judge(const struct runner *r, size_t cell)
{
    const struct plan_cell *c = &r->bench->plan->cells[cell];
    return plan_judges(r->bench->plan, cell) && c->impossible == NULL &&
           is_judge(r, c->group, runtime_place(r, c->entry));
}

static int verify_group(struct runner *r, size_t group, struct error *err)
{
    const struct plan *p = r->bench->plan;
    char where[CELL_NAME_ROOM + 40], name[CELL_NAME_ROOM];
    snprintf(where, sizeof where, "verifying %s", p->groups[group].name);
    progress_at(r->progress, where, time_left(r, 0));
    int rc = verify_judges(r, group, err);
    for (size_t c = 0; rc == 0 && c < p->cell_count; c++) {
        if (p->cells[c].group != group || r->cells[c].verified || verified_as_judge(r, c))
            continue;
        plan_cell_name(p, c, name, sizeof name);
        snprintf(where, sizeof where, "verifying %s", name);
        progress_at(r->progress, where, time_left(r, 0));
        rc = verify_cell(r, c, err);
    }
    return rc;
}

/* Whether a sample of the group may still come. */
static bool group_goes_on(const struct runner *r, size_t group)
{
    const struct plan *p = r->bench->plan;
    for (size_t c = 0; c < p->cell_count; c++)
        if (p->cells[c].group == group &&
            (!r->cells[c].verified || (!r->cells[c].ended && rounds_group_goes_on(&r->rounds, group))))
            return true;
    return false;
}

int runner_verify(struct runner *r, struct error *err)
{
    int rc = 0;
    for (size_t g = 0; rc == 0 && g < r->bench->plan->group_count; g++)
        if (group_goes_on(r, g))
            rc = verify_group(r, g, err);
    return rc != 0 ? rc : concurrent_runs_poll(r->concurrent, err);
}

/* -- rounds ------------------------------------------------------------------------------------------------------- */

/* For the pictures of single rounds. */
static int keep_jobs(const struct runner *r, const struct sample_taken *s, struct sample_place place, struct error *err)
{
    const json_t *gate = json_object_get(s->phases, "ready");
    if (s->status != CELL_OK || r->bench->plan->cells[place.cell].role != ROLE_MODEL || s->slots.slots == NULL ||
        !json_is_integer(gate))
        return 0;
    return jobs_write(r->folder, place.cell, place.round, &s->slots, json_integer_value(gate), err);
}

static int time_cell(struct runner *r, size_t cell, struct sample_place place, struct error *err)
{
    const struct plan_cell *c = &r->bench->plan->cells[cell];
    struct sample_taken s;
    int rc = sample_take(r->bench, c, (struct sample_how){.timed = true, .round = place.round}, &s, err);
    if (rc != 0)
        return rc;
    if (sample_judge(&s, reference_of(r, c->group, judge_of(r, runtime_place(r, c->entry), c->group))) != 0)
        rc = no_memory(err);
    else
        rc = commit(r, &s, place, err);
    if (rc == 0)
        rc = keep_jobs(r, &s, place, err);
    sample_free(&s);
    return rc;
}

/* Where the order goes on in a round that the journal has a part of. */
static int64_t first_place(const struct runner *r, int64_t round)
{
    return r->before != NULL && r->before->last_round == round ? r->before->last_order + 1 : 0;
}

static void tell_place(struct runner *r, int64_t round, size_t cell, int64_t begun_ns)
{
    const int64_t cap = r->bench->plan->stopping.rounds;
    char where[CELL_NAME_ROOM + 60], name[CELL_NAME_ROOM], of[32] = "";
    plan_cell_name(r->bench->plan, cell, name, sizeof name);
    if (cap > 0)
        snprintf(of, sizeof of, " of %lld", (long long)cap);
    snprintf(where, sizeof where, "round %lld%s: %s", (long long)round, of, name);
    progress_at(r->progress, where, time_left(r, begun_ns));
}

static int run_round(struct runner *r, int64_t round, size_t *order, struct error *err)
{
    const struct plan *p = r->bench->plan;
    int64_t place = first_place(r, round), spent = 0;
    int rc = 0;
    for (size_t g = 0; rc == 0 && g < p->group_count; g++) {
        size_t count;
        if (!rounds_group_goes_on(&r->rounds, g))
            continue;
        if (plan_order(p, round, g, order, &count) != 0)
            return no_memory(err);
        for (size_t i = 0; rc == 0 && i < count; i++) {
            const size_t cell = order[i];
            if (r->cells[cell].ended || r->cells[cell].last_round >= round)
                continue;
            const int64_t begun = clock_now_ns();
            tell_place(r, round, cell, spent);
            rc = time_cell(r, cell,
                           (struct sample_place){.round = round, .order = place++, .cell = cell, .timed = true}, err);
            note_time(r, cell, clock_now_ns() - begun);
            spent += r->cells[cell].last_ns;
        }
    }
    return rc;
}

/* Whether there is a cell to time at all. */
static bool any_goes_on(const struct runner *r)
{
    const struct plan *p = r->bench->plan;
    for (size_t c = 0; c < p->cell_count; c++)
        if (!r->cells[c].ended && rounds_group_goes_on(&r->rounds, p->cells[c].group))
            return true;
    return false;
}

/* A round is looked at before the next one begins. Of a run that is taken up the last round may be a part only, and
 * those before it were looked at then. */
int runner_rounds(struct runner *r, struct error *err)
{
    size_t *order = malloc(r->bench->plan->cell_count * sizeof *order);
    int rc = order == NULL ? no_memory(err) : 0;
    while (rc == 0 && any_goes_on(r)) {
        rounds_tell_room(&r->rounds, r->rounds_done, round_ns(r));
        rc = run_round(r, r->rounds_done + 1, order, err);
        r->rounds_done += rc == 0;
        if (rc == 0)
            rc = concurrent_runs_poll(r->concurrent, err);
        if (rc == 0)
            rc = rounds_look(&r->rounds, r->rounds_done, round_ns(r), err);
    }
    free(order);
    progress_clear(r->progress);
    return rc;
}
