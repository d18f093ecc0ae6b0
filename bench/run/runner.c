/* SPDX-License-Identifier: MIT */
/*
 * A run from its first sample to its last. Verifying, the references (the baselines whose results the others are
 * compared with) come first in each group and are compared with each other. A cell whose reference has no results is timed
 * all the same, and its samples say that they are unchecked.
 */
#include "bench/run/runner.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/store/job_samples.h"
#include "bench/util/alloc.h"
#include "bench/util/text.h"
#include "common/clock.h"

#define RESULTS_KEPT_MAX (4u << 20) /* jobs: above, a mismatch is found but its job is not named */
/* So much longer a reference may take that was out of time, for its results alone. */
#define RESULTS_LONGER_S 60.0

void runner_close(struct runner *r)
{
    const size_t count = r->bench->plan->group_count * r->bench->catalog->runtime_count;
    for (size_t i = 0; i < count; i++) {
        free(r->references[i].reason);
        free(r->references[i].results);
        free(r->references[i].changes);
    }
    string_list_free(&r->told);
    free(r->references);
    free(r->cells);
    rounds_close(&r->rounds);
}

/* Takes over what the journal has. */
static void go_on_from(struct runner *r, const struct results *before)
{
    r->samples = before->samples;
    r->rounds_done = before->last_round > 0 ? before->last_round - 1 : 0; /* the last one may be a part */
    for (size_t c = 0; c < before->cell_count; c++) {
        const struct result_cell *had = &before->cells[c];
        r->cells[c] = (struct runner_cell){
            .verified = had->verified, .ended = had->status > CELL_OK, .stuck = -1, .last_round = had->last_round};
        for (size_t i = 0; i < had->count; i++)
            if (had->samples[i].took_ns > 0)
                r->cells[c].last_ns = had->samples[i].took_ns;
    }
}

void runner_open(struct runner *r, struct rounds_decide look)
{
    const struct plan *plan = r->bench->plan;
    r->cells = xcalloc(plan->cell_count, sizeof *r->cells);
    r->references = xcalloc(plan->group_count * r->bench->catalog->runtime_count, sizeof *r->references);
    rounds_open(&r->rounds, plan, r->folder, r->before, r->progress);
    r->rounds.look = look;
    if (r->before != NULL)
        go_on_from(r, r->before);
}

/* -- whose results a cell's are compared with ---------------------------------------------------------------------- */

/* The runtime whose baseline is the reference of `runtime` in `group`: catalog_reference, or itself where that one does not
 * have the task. Its place in the catalog. */
static size_t reference_runtime(const struct runner *r, const struct catalog_runtime *runtime, size_t group)
{
    const struct catalog *c = r->bench->catalog;
    const struct catalog_runtime *other = catalog_reference(c, runtime);
    const bool has_task = other != NULL && (r->bench->plan->groups[group].entry->hosts & (1u << other->host)) != 0;
    return (size_t)((has_task ? other : runtime) - c->runtimes);
}

static struct reference *reference_of(const struct runner *r, size_t group, size_t runtime)
{
    return &r->references[group * r->bench->catalog->runtime_count + runtime];
}

/* Whether some cell of the group is compared with the runtime's baseline. */
static bool is_needed(const struct runner *r, size_t group, size_t runtime)
{
    const struct plan *p = r->bench->plan;
    for (size_t c = 0; c < p->cell_count; c++)
        if (p->cells[c].group == group && p->cells[c].impossible == NULL &&
            reference_runtime(r, p->cells[c].entry, group) == runtime)
            return true;
    return false;
}

/* The model that the reference of a runtime without cells runs: that of another's; else its baseline. NULL: the host has
 * none. */
static const struct catalog_model *reference_model(const struct runner *r, size_t group,
                                                   const struct catalog_runtime *runtime)
{
    const struct plan *p = r->bench->plan;
    for (size_t c = 0; c < p->cell_count; c++)
        if (p->cells[c].group == group && plan_reference(p, group, p->cells[c].runtime) == c &&
            (p->cells[c].known->hosts & (1u << runtime->host)) != 0)
            return p->cells[c].known;
    return catalog_baseline(r->bench->catalog, runtime->host);
}

/* The command whose results are a runtime's reference; its model is NULL where the host has none. */
static struct plan_cell reference_cell(const struct runner *r, size_t group, size_t runtime)
{
    const struct plan *p = r->bench->plan;
    const struct catalog_runtime *entry = &r->bench->catalog->runtimes[runtime];
    const size_t own = plan_reference(p, group, entry->name);
    const struct catalog_model *known = own < p->cell_count ? p->cells[own].known : reference_model(r, group, entry);
    return (struct plan_cell){.group = group,
                              .runtime = entry->name,
                              .entry = entry,
                              .task = p->groups[group].entry,
                              .known = known,
                              .model = own < p->cell_count ? p->cells[own].model
                                       : known != NULL     ? known->name
                                                           : NULL,
                              .knobs = own < p->cell_count ? p->cells[own].knobs : NULL,
                              .baseline = true,
                              .copies = 1};
}

static void reference_make(struct reference *out, const struct plan_cell *cell, const struct sample_taken *sample)
{
    snprintf(out->name, sizeof out->name, "%s:%s", cell->runtime, cell->model);
    free(out->reason);
    out->reason = NULL;
    out->status = sample->status;
    out->digest = sample->digest;
    if (out->status != CELL_OK)
        text_set(&out->reason, sample->reason);
    else if (sample->slots.jobs <= RESULTS_KEPT_MAX)
        out->results = slots_results(&sample->slots);
}

/* What a sample with results is compared with: where that was out of time it gets more of it, once. */
static int reference_for(struct runner *r, const struct plan_cell *cell, struct reference **out, struct error *err)
{
    const size_t runtime = reference_runtime(r, cell->entry, cell->group);
    struct reference *ref = reference_of(r, cell->group, runtime);
    *out = ref;
    if (ref->status != CELL_TIMEOUT || ref->longer)
        return 0;
    const struct plan_cell alone = reference_cell(r, cell->group, runtime);
    const struct sample_place verifying = {.timed = false};
    struct plan plan = *r->bench->plan;
    struct bench bench = *r->bench;
    struct sample_taken sample;
    bench.plan = &plan;
    plan.timeout_s = fmin(plan.timeout_s + RESULTS_LONGER_S, TIMEOUT_MAX_S);
    progress_note(r->progress, false, "%s %s: once more for its results, which others need, within %g s",
                  plan.groups[cell->group].name, ref->name, plan.timeout_s);
    const int rc = sample_take(&bench, &alone, &verifying, &sample, err);
    if (rc != 0)
        return rc;
    ref->longer = true;
    reference_make(ref, &alone, &sample);
    sample_free(&sample);
    return events_append(r->folder, "longer",
                         json_pack("{sI ss sf}", "group", (json_int_t)cell->group, "reference", ref->name, "seconds",
                                   plan.timeout_s - r->bench->plan->timeout_s),
                         err);
}

/* Once, where something differs from it: whether it differs from itself, too. */
static int reference_repeat(struct runner *r, const struct plan_cell *cell, struct reference *ref, struct error *err)
{
    const struct plan_cell alone = reference_cell(r, cell->group, reference_runtime(r, cell->entry, cell->group));
    struct sample_taken sample;
    struct error why = {.text = ""};
    if (ref->reason != NULL || ref->repeated)
        return 0;
    ref->repeated = true;
    const int rc = sample_take(r->bench, &alone, &(const struct sample_place){.timed = false}, &sample, err);
    if (rc != 0)
        return rc;
    if (sample.status == CELL_OK && sample.digest != ref->digest) {
        if (ref->results != NULL && sample.slots.slots != NULL)
            (void)slots_tell_difference(&sample.slots, ref->results, "the run before", &why);
        ref->changes = text_format("the %s gives another result each time%s%s%s%s",
                                   r->bench->catalog->function != NULL ? "function" : "task",
                                   why.text[0] != '\0' ? ": " : "", why.text[0] != '\0' ? ref->name : "",
                                   why.text[0] != '\0' ? ", " : "", why.text);
    }
    sample_free(&sample);
    return 0;
}

/* -- one sample into the journal ---------------------------------------------------------------------------------- */

static void tell_failure(struct runner *r, size_t cell, const struct sample_taken *s)
{
    char name[CELL_NAME_SIZE];
    bool told = r->bench->plan->cells[cell].left_out != NULL; /* it was said before all */
    for (size_t i = 0; !r->progress->quiet && s->reason != NULL && i < r->told.count && !told; i++)
        told = text_tells_same(r->told.items[i], s->reason); /* of another model; the end names them all */
    if (told)
        return;
    if (s->reason != NULL)
        string_list_add(&r->told, s->reason);
    plan_cell_name(r->bench->plan, cell, name, sizeof name);
    progress_note(r->progress, s->status != CELL_IMPOSSIBLE, "%s: %s: %s", name, cell_status_name(s->status),
                  s->reason == NULL ? "" : s->reason);
}

/* For the pictures of single rounds. */
static int keep_jobs(const struct runner *r, const struct sample_taken *s, struct sample_place place, struct error *err)
{
    const json_t *gate = json_object_get(s->phases, "ready");
    if (!place.timed || s->status != CELL_OK || r->bench->plan->cells[place.cell].role != ROLE_MODEL ||
        s->slots.slots == NULL || !json_is_integer(gate))
        return 0;
    const struct plan_group *group = &r->bench->plan->groups[r->bench->plan->cells[place.cell].group];
    return jobs_write(r->folder, place.cell, place.round, &s->slots, json_integer_value(gate), plan_needs_jobs(group),
                      err);
}

static int compared(struct runner *r, struct sample_taken *s, const struct plan_cell *cell, struct error *err)
{
    struct reference *reference;
    if (s->status != CELL_OK || s->reason != NULL) /* a program of the user's own may leave nothing to compare */
        return 0;
    int rc = reference_for(r, cell, &reference, err);
    if (rc != 0)
        return rc;
    if (s->digest != reference->digest)
        rc = reference_repeat(r, cell, reference, err);
    if (rc == 0)
        sample_compare(s, reference);
    return rc;
}

/* Compares the sample, begun `took_ns` ago, with its reference and writes it down; one that is not ok ends its cell. */
static int commit(struct runner *r, struct sample_taken *s, struct sample_place place, int64_t took_ns,
                  struct error *err)
{
    char name[CELL_NAME_SIZE];
    int rc = compared(r, s, &r->bench->plan->cells[place.cell], err);
    if (rc != 0)
        return rc;
    json_t *line = sample_json(s, &place);
    plan_cell_name(r->bench->plan, place.cell, name, sizeof name);
    json_object_set_new(line, "name", json_string(name));
    json_object_set_new(line, "spent_ns", json_integer(rounds_spent_ns(&r->rounds)));
    rc = journal_append(r->journal, line, err);
    json_decref(line);
    if (rc != 0)
        return rc;
    r->samples++;
    r->cells[place.cell] = (struct runner_cell){.verified = true,
                                                .ended = s->status != CELL_OK,
                                                .stuck = s->stuck,
                                                .stuck_alone = s->stuck_alone,
                                                .last_round = place.round,
                                                .last_ns = took_ns};
    if (s->status != CELL_OK)
        tell_failure(r, place.cell, s);
    return keep_jobs(r, s, place, err);
}

/* What the tasks of a cell's host are written in. */
static enum language work_of(const struct runner *r, const struct plan_cell *cell)
{
    return r->bench->catalog->hosts.rows[cell->entry->host].kind->work;
}

/* Why a cell is not tried: a job did not return in two others of its language, in one of which it ran alone. To be freed;
 * NULL: it is tried. */
static char *never_returns(const struct runner *r, size_t cell)
{
    const struct plan *p = r->bench->plan;
    const struct plan_cell *own = &p->cells[cell], *first = NULL;
    int64_t job = -1;
    bool alone = false;
    for (size_t c = 0; own->program == NULL && c < p->cell_count; c++) {
        const struct plan_cell *other = &p->cells[c];
        const struct runner_cell *had = &r->cells[c];
        if (other->program != NULL || other->group != own->group || other->role != ROLE_MODEL || had->stuck < 0 ||
            !had->ended || work_of(r, other) != work_of(r, own) || (first != NULL && had->stuck != job))
            continue;
        alone = alone || had->stuck_alone;
        if (first != NULL && alone)
            return text_format("not tried, as job %lld did not return in %s:%s and %s:%s", (long long)job,
                               first->runtime, first->model, other->runtime, other->model);
        first = other;
        job = had->stuck;
    }
    return NULL;
}

/* Takes the sample of one cell, for either pass. */
static int run_cell(struct runner *r, struct sample_place place, struct error *err)
{
    const struct plan_cell *c = &r->bench->plan->cells[place.cell];
    const int64_t begun = clock_now_ns();
    char *lost = c->impossible == NULL && !place.timed ? never_returns(r, place.cell) : NULL;
    struct sample_taken s;
    int rc = 0;
    if (c->impossible != NULL || lost != NULL)
        sample_none(lost != NULL ? CELL_TIMEOUT : CELL_IMPOSSIBLE, lost != NULL ? lost : c->impossible, &s);
    else
        rc = (plan_serves(&r->bench->plan->groups[c->group]) ? serve_take : sample_take)(r->bench, c, &place, &s, err);
    free(lost);
    if (rc != 0)
        return rc;
    rc = commit(r, &s, place, clock_now_ns() - begun, err);
    sample_free(&s);
    return rc;
}

/* -- references, run for their results ----------------------------------------------------------------------------- */

/* One that was verified before the run was resumed is run again for its results; its sample is not written down a second
 * time. */
struct reference_run {
    size_t runtime; /* its place in the catalog */
    size_t cell;    /* or the plan's cell_count: it runs for its results only */
    bool again;
    struct sample_taken sample;
};

/* What is compared with these results has to be compared with the same ones throughout. */
static int check_again(struct runner *r, const struct reference_run *run, struct error *err)
{
    char name[CELL_NAME_SIZE], digest[17];
    plan_cell_name(r->bench->plan, run->cell, name, sizeof name);
    if (run->sample.status != CELL_OK)
        return error_set(err, -EBADMSG, "%s worked when the run began and now does not: %s: %s", name,
                         cell_status_name(run->sample.status), run->sample.reason);
    snprintf(digest, sizeof digest, "%016" PRIx64, run->sample.digest);
    if (strcmp(digest, r->before->cells[run->cell].digest) != 0)
        return error_set(err, -EBADMSG, "%s gives other results than when the run began", name);
    return 0;
}

/* From a run of its command. One that left no results is not tried again: what is compared with it is unchecked for the
 * same reason as before. */
static int reference_sample(struct runner *r, const struct plan_cell *cell, struct reference_run *run,
                            struct error *err)
{
    const struct result_cell *had = run->again ? &r->before->cells[run->cell] : NULL;
    if (had != NULL && had->status > CELL_OK && had->digest[0] == '\0') {
        sample_none(had->status, had->reason, &run->sample);
        return 0;
    }
    const struct sample_place verifying = {.timed = false};
    int rc = sample_take(r->bench, cell, &verifying, &run->sample, err);
    if (rc == 0 && had != NULL && (rc = check_again(r, run, err)) != 0)
        sample_free(&run->sample);
    return rc;
}

static int reference_take(struct runner *r, size_t group, struct reference_run *run, struct error *err)
{
    const struct plan *p = r->bench->plan;
    const struct plan_cell alone = reference_cell(r, group, run->runtime);
    if (alone.model == NULL)
        return error_set(err, -EPROTO, "the %s host has no baseline model",
                         r->bench->catalog->hosts.rows[alone.entry->host].name);
    run->cell = plan_reference(p, group, alone.entry->name);
    run->again = run->cell < p->cell_count && r->cells[run->cell].verified;
    const int rc = reference_sample(r, &alone, run, err);
    if (rc == 0)
        reference_make(reference_of(r, group, run->runtime), &alone, &run->sample);
    return rc;
}

/* -- time to come ------------------------------------------------------------------------------------------------- */

/* The mean over the cells that had a sample. */
static int64_t usual_ns(const struct runner *r)
{
    int64_t sum = 0, count = 0;
    for (size_t c = 0; c < r->bench->plan->cell_count; c++) {
        sum += r->cells[c].last_ns;
        count += r->cells[c].last_ns > 0;
    }
    return count == 0 ? 0 : sum / count;
}

/* How long a sample of the cell takes: as its last one; before its first as the others do. 0: nobody has had one yet. */
static int64_t expected_ns(const struct runner *r, size_t cell, int64_t usual)
{
    const int64_t last_ns = r->cells[cell].last_ns;
    return r->cells[cell].ended ? 0 : last_ns > 0 ? last_ns : usual;
}

/* What the next round takes, of all cells that go on. */
static int64_t round_ns(const struct runner *r)
{
    const struct plan *p = r->bench->plan;
    const int64_t usual = usual_ns(r);
    int64_t sum = 0;
    for (size_t c = 0; c < p->cell_count; c++)
        if (rounds_to_come(&r->rounds, c, r->rounds_done) != 0)
            sum += expected_ns(r, c, usual);
    return sum;
}

/* What is still to come, verifying included, after rounds_done rounds and `begun_ns` of the next; -1: not known yet. With
 * a budget it is at most what is left of that, or what the rounds take that there are in any case. */
static int64_t time_left(const struct runner *r, int64_t begun_ns)
{
    const struct plan *p = r->bench->plan;
    const int64_t usual = usual_ns(r);
    int64_t budget = rounds_budget_left_ns(&r->rounds);
    const int64_t least = rounds_least(&r->rounds, r->rounds_done, round_ns(r)) - r->rounds_done;
    int64_t left = -begun_ns, sure = -begun_ns;
    bool known = usual > 0;
    for (size_t c = 0; c < p->cell_count; c++) {
        const int64_t rounds = rounds_to_come(&r->rounds, c, r->rounds_done);
        known = known && rounds >= 0;
        left += expected_ns(r, c, usual) * ((rounds > 0 ? rounds : 0) + !r->cells[c].verified);
        sure += expected_ns(r, c, usual) * ((least > 0 && rounds != 0 ? least : 0) + !r->cells[c].verified);
    }
    left = left < 0 ? 0 : left;
    if (budget >= 0 && budget < sure) /* of what must be done even if it is over */
        budget = sure;
    if (!known)
        return budget;
    return budget >= 0 && budget < left ? budget : left;
}

/* -- verifying ---------------------------------------------------------------------------------------------------- */

/* Writes a reference's sample down where it has a cell that is not in the journal yet. */
static int reference_commit(struct runner *r, size_t group, struct reference_run *run, int64_t took_ns,
                            struct error *err)
{
    if (run->again)
        return 0;
    if (run->cell < r->bench->plan->cell_count)
        return commit(r, &run->sample, (struct sample_place){.order = r->samples, .cell = run->cell}, took_ns, err);
    if (run->sample.status != CELL_OK)
        progress_note(r->progress, true, "%s %s: %s", r->bench->plan->groups[group].name,
                      reference_of(r, group, run->runtime)->name, run->sample.reason);
    return 0;
}

/* The references of a group, each compared with its own. */
static int verify_references(struct runner *r, size_t group, struct error *err)
{
    const size_t runtimes = r->bench->catalog->runtime_count;
    struct reference_run *runs = xcalloc(runtimes, sizeof *runs);
    size_t count = 0;
    int rc = 0;
    const int64_t begun = clock_now_ns();
    for (size_t t = 0; rc == 0 && t < runtimes; t++) {
        if (!is_needed(r, group, t))
            continue;
        runs[count].runtime = t;
        rc = reference_take(r, group, &runs[count], err);
        count += rc == 0;
    }
    const int64_t each = count == 0 ? 0 : (clock_now_ns() - begun) / (int64_t)count;
    for (size_t i = 0; i < count; i++) {
        if (rc == 0)
            rc = reference_commit(r, group, &runs[i], each, err);
        sample_free(&runs[i].sample);
    }
    free(runs);
    return rc;
}

/* Whether verify_references has seen to the cell. */
static bool verified_as_reference(const struct runner *r, size_t cell)
{
    const struct plan_cell *c = &r->bench->plan->cells[cell];
    return plan_reference(r->bench->plan, c->group, c->runtime) == cell &&
           is_needed(r, c->group, (size_t)(c->entry - r->bench->catalog->runtimes));
}

static void tell_verifying(struct runner *r, const char *what)
{
    char where[CELL_NAME_SIZE + 40];
    snprintf(where, sizeof where, "verifying %s", what);
    progress_at(r->progress, where, time_left(r, 0));
}

static int verify_group(struct runner *r, size_t group, struct error *err)
{
    const struct plan *p = r->bench->plan;
    char name[CELL_NAME_SIZE];
    tell_verifying(r, p->groups[group].name);
    int rc = verify_references(r, group, err);
    for (size_t c = 0; rc == 0 && c < p->cell_count; c++) {
        if (p->cells[c].group != group || r->cells[c].verified || verified_as_reference(r, c))
            continue;
        plan_cell_name(p, c, name, sizeof name);
        tell_verifying(r, name);
        rc = run_cell(r, (struct sample_place){.order = r->samples, .cell = c}, err);
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

/* Where the order goes on in a round that the journal has a part of. */
static int64_t first_place(const struct runner *r, int64_t round)
{
    return r->before != NULL && r->before->last_round == round ? r->before->last_order + 1 : 0;
}

static void tell_place(struct runner *r, int64_t round, size_t cell, int64_t begun_ns)
{
    const int64_t cap = r->bench->plan->stopping.rounds;
    char where[CELL_NAME_SIZE + 60], name[CELL_NAME_SIZE], of[32] = "";
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
        if (!rounds_group_goes_on(&r->rounds, g))
            continue;
        const size_t count = plan_order(p, round, g, order);
        for (size_t i = 0; rc == 0 && i < count; i++) {
            const size_t cell = order[i];
            if (r->cells[cell].ended || r->cells[cell].last_round >= round ||
                rounds_to_come(&r->rounds, cell, round - 1) == 0)
                continue;
            tell_place(r, round, cell, spent);
            rc = run_cell(r, (struct sample_place){.round = round, .order = place++, .cell = cell, .timed = true}, err);
            spent += r->cells[cell].last_ns;
        }
    }
    return rc;
}

static bool any_goes_on(const struct runner *r)
{
    size_t g = 0;
    while (g < r->bench->plan->group_count && !group_goes_on(r, g))
        g++;
    return g < r->bench->plan->group_count;
}

/* A round is looked at before the next one begins. Of a resumed run the last round may be a part only, and
 * those before it were looked at then. */
int runner_rounds(struct runner *r, struct error *err)
{
    size_t *order = xcalloc(r->bench->plan->cell_count, sizeof *order);
    int rc = 0;
    while (rc == 0 && any_goes_on(r)) {
        rounds_tell_fitting(&r->rounds, r->rounds_done, round_ns(r));
        rc = run_round(r, r->rounds_done + 1, order, err);
        r->rounds_done += rc == 0;
        if (rc == 0)
            rc = concurrent_runs_poll(r->concurrent, err);
        if (rc == 0)
            rc = rounds_settle(&r->rounds, r->rounds_done, err);
        if (rc == 0)
            rc = rounds_decide(&r->rounds, r->rounds_done, round_ns(r), err);
    }
    free(order);
    progress_clear(r->progress);
    return rc;
}
