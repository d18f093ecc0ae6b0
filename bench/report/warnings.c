/* SPDX-License-Identifier: MIT */
/* The warnings of a run, one function for each kind, and the notes of a group. Cells that share a cause share the sentence. */
#include "bench/report/findings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/protocol/interference_kind.h"
#include "bench/report/format.h"
#include "bench/stats/order.h"
#include "bench/util/alloc.h"
#include "common/clock.h"

/* So many are named one by one. */
enum { NAMES_MOST = 4, VARIANTS_MOST = 8 };

const char *warning_title(enum warning_kind kind)
{
    static const char *const titles[WARNINGS] = {
        [WARNING_INTERRUPTED] = "cut off", [WARNING_FORCED] = "forced",       [WARNING_CONCURRENT] = "other run",
        [WARNING_CONTROL] = "control",     [WARNING_FAILED] = "failed",       [WARNING_UNCHECKED] = "unchecked",
        [WARNING_HAZARD] = "hazard",       [WARNING_IMPOSSIBLE] = "not here", [WARNING_DISTURBED] = "disturbed",
        [WARNING_PRECISION] = "precision", [WARNING_FEW_ROUNDS] = "rounds",   [WARNING_BUILDS] = "builds",
        [WARNING_LOCK] = "lock",
    };
    return titles[kind];
}

/* Takes over `text`. */
static void warn(struct warnings *out, enum warning_kind kind, char *text)
{
    out->items = array_grow(out->items, out->count, sizeof *out->items);
    out->items[out->count++] = (struct warning){.kind = kind, .text = text};
}

static void warn_interrupted(struct warnings *out, const struct summary *summary)
{
    if (summary->interrupted && results_fixed_rounds(summary->results))
        warn(out, WARNING_INTERRUPTED,
             text_format("not every command was timed in all rounds that were planned: %lld",
                         (long long)summary->results->rounds));
    else if (summary->interrupted)
        warn(out, WARNING_INTERRUPTED, text_format("the run ended before its budget or its precision was reached"));
}

static void warn_forced(struct warnings *out, const struct summary *summary)
{
    json_t *differences = events_forced(&summary->results->events);
    const json_t *text;
    size_t i;
    json_array_foreach(differences, i, text)
        warn(out, WARNING_FORCED,
             text_format("not all of it was measured with the same programs, on the same machine: %s",
                         json_string_value(text)));
    json_decref(differences);
}

static void clock_text(const json_t *run, const char *key, char out[32])
{
    const time_t seconds = (time_t)json_number_value(json_object_get(run, key));
    struct tm utc;
    if (gmtime_r(&seconds, &utc) == NULL || strftime(out, 32, "%H:%M:%S UTC", &utc) == 0)
        strcpy(out, "?");
}

/* One sentence for all of them. */
static void warn_concurrent(struct warnings *out, const struct summary *summary)
{
    json_t *runs = events_neighbours(&summary->results->events);
    const size_t count = json_array_size(runs);
    const json_t *first = json_array_get(runs, 0), *last = json_array_get(runs, count - 1);
    char from[32], until[32];
    clock_text(first, "from", from);
    clock_text(last, "until", until);
    if (count == 1)
        warn(out, WARNING_CONCURRENT,
             text_format("another cobench run (pid %lld) was measuring here from %s to %s: each disturbs the other",
                         (long long)json_integer_value(json_object_get(first, "pid")), from, until));
    else if (count > 1)
        warn(out, WARNING_CONCURRENT,
             text_format("%zu other cobench runs were measuring here, the first from %s, the last until %s: each "
                         "disturbs the others",
                         count, from, until));
    json_decref(runs);
}

static void warn_controls(struct warnings *out, const struct summary *summary)
{
    struct string_list parts = {NULL, 0};
    for (size_t i = 0; i < summary->control_count; i++) {
        const struct summary_check *c = &summary->controls[i];
        struct format ratio, interval;
        if (c->flagged)
            string_list_addf(&parts, "%s %s:%s %s%s, 99%% %s", c->group->name, c->cell->runtime, c->cell->model,
                             c->group->rate > 0 ? "p50 " : "", format_ratio(&ratio, c->ratio.ratio),
                             format_interval(&interval, c->low99, c->high99));
    }
    if (parts.count == 0)
        return;
    char *all = string_list_join(&parts, "; ");
    warn(out, WARNING_CONTROL,
         text_format("the same command against itself did not come out at 1, so the machine was not steady: %s", all));
    free(all);
    string_list_free(&parts);
}

/* -- cells that have no numbers ---------------------------------------------------------------------------------------- */

static bool same_cause(const struct result_cell *a, const struct result_cell *b)
{
    return a->status == b->status && text_tells_same(a->reason, b->reason);
}

/* "py:sync"; what is run beside the models is named as such, but where its model is named already. */
static void name_cell(struct string_list *names, const struct result_cell *c)
{
    char *name = text_format("%s:%s", c->runtime, c->model);
    const char *what = c->role == ROLE_CONTROL ? " (A/A control)" : c->role == ROLE_CAPACITY ? " (capacity)" : "";
    char *whole = text_format("%s%s", name, what);
    if (!string_list_have(names, name))
        string_list_add_once(names, whole);
    free(whole);
    free(name);
}

/* One sentence for all cells of the plan that a cause took, controls and capacity rows too; `first` is the first of them. */
static char *cause_text(const struct results *results, const struct result_cell *first)
{
    static const char *const words[] = {[CELL_OK] = "",
                                        [CELL_REFUSED] = "refused, ",
                                        [CELL_FAILED] = "",
                                        [CELL_TIMEOUT] = "out of time, ",
                                        [CELL_IMPOSSIBLE] = ""};
    struct string_list names = {NULL, 0}, groups = {NULL, 0};
    for (const struct result_cell *c = first; c < results->cells + results->cell_count; c++) {
        if (c->reason == NULL || !same_cause(first, c))
            continue;
        name_cell(&names, c);
        string_list_add_once(&groups, results->groups[c->group].name);
    }
    char *where = format_names(&groups, NAMES_MOST), *who = format_names(&names, NAMES_MOST);
    char *text = text_format("%s: %s: %s%s", where, who, words[first->status], first->reason);
    free(who);
    free(where);
    return text;
}

static enum warning_kind kind_of(enum cell_status status)
{
    return status == CELL_OK ? WARNING_UNCHECKED : status == CELL_IMPOSSIBLE ? WARNING_IMPOSSIBLE : WARNING_FAILED;
}

static void warn_status(struct warnings *out, const struct results *results, enum warning_kind kind)
{
    for (size_t i = 0; i < results->cell_count; i++) {
        const struct result_cell *c = &results->cells[i];
        bool told = c->reason == NULL || kind_of(c->status) != kind;
        for (size_t k = 0; k < i && !told; k++)
            told = results->cells[k].reason != NULL && same_cause(&results->cells[k], c);
        if (!told)
            warn(out, kind, cause_text(results, c));
    }
}

/* -- what a host named of hazards in the work itself ------------------------------------------------------------------- */

/* What a cell's host said of it that is the same; NULL: nothing, or it is why the cell failed, and told as that. */
static const struct result_hazard *hazard_of(const struct result_cell *cell, const struct result_hazard *like)
{
    for (size_t i = 0; i < cell->hazard_count; i++) {
        const struct result_hazard *h = &cell->hazards[i];
        if (strcmp(h->kind, like->kind) == 0 && text_tells_same(h->text, like->text) &&
            (cell->reason == NULL || strstr(cell->reason, h->text) == NULL))
            return h;
    }
    return NULL;
}

/* One sentence for all cells of which the same is said; `first` is the first of them. */
static char *hazard_text(const struct results *results, const struct result_cell *first,
                         const struct result_hazard *hazard)
{
    struct string_list names = {NULL, 0}, groups = {NULL, 0};
    for (const struct result_cell *c = first; c < results->cells + results->cell_count; c++)
        if (hazard_of(c, hazard) != NULL) {
            name_cell(&names, c);
            string_list_add_once(&groups, results->groups[c->group].name);
        }
    char *where = format_names(&groups, NAMES_MOST), *who = format_names(&names, NAMES_MOST);
    char *text = text_format("%s: %s: %s", where, who, hazard->text);
    free(who);
    free(where);
    return text;
}

static void warn_hazards(struct warnings *out, const struct results *results)
{
    for (const struct result_cell *c = results->cells; c < results->cells + results->cell_count; c++)
        for (size_t i = 0; i < c->hazard_count; i++) {
            bool told = hazard_of(c, &c->hazards[i]) == NULL;
            for (const struct result_cell *before = results->cells; before < c; before++)
                told |= hazard_of(before, &c->hazards[i]) != NULL;
            if (!told)
                warn(out, WARNING_HAZARD, hazard_text(results, c, &c->hazards[i]));
        }
}

/* -- how well it was measured ------------------------------------------------------------------------------------------ */

/* One sentence for the run: where the machine is busy every cell has its part of it, and the tables say how much. */
static void warn_disturbed(struct warnings *out, const struct summary *summary)
{
    static const char *const causes[] = {[INTERFERENCE_STEAL] = "a hypervisor took time",
                                         [INTERFERENCE_QUOTA] = "a CPU quota throttled it",
                                         [INTERFERENCE_HEAT] = "the CPU throttled itself",
                                         [INTERFERENCE_LOAD] = "other processes used the CPUs"};
    size_t counts[INTERFERENCE_KINDS] = {0}, any = 0, all = 0;
    struct string_list parts = {NULL, 0};
    for (size_t i = 0; i < summary->results->cell_count; i++) {
        const struct result_cell *c = &summary->results->cells[i];
        for (unsigned k = 0; k < INTERFERENCE_KINDS; k++)
            counts[k] += results_disturbed(c, 1u << k);
        any += results_disturbed(c, ~0u);
        all += c->count;
    }
    if (any == 0)
        return;
    for (unsigned k = 0; k < INTERFERENCE_KINDS; k++)
        if (counts[k] > 0)
            string_list_addf(&parts, "%s in %zu", causes[k], counts[k]);
    char *why = format_names(&parts, INTERFERENCE_KINDS);
    warn(
        out, WARNING_DISTURBED,
        text_format("%zu of %zu timed samples were taken while the machine was disturbed: %s; they are marked and kept",
                    any, all, why));
    free(why);
}

/* A precision that was asked for and not reached. */
static void warn_precision(struct warnings *out, const struct summary *summary)
{
    const double asked = summary->results->asked.precision;
    for (size_t g = 0; asked > 0 && g < summary->results->group_count; g++) {
        const struct plan_group *group = &summary->results->groups[g];
        const double reached = precision_reached(summary, g);
        char got[TEXT_NUMBER_SIZE], wanted[TEXT_NUMBER_SIZE];
        if (reached > asked)
            warn(out, WARNING_PRECISION,
                 text_format("%s: its widest interval is %s%% to a side, and %s%% were asked for", group->name,
                             text_number(got, 100 * reached), text_number(wanted, 100 * asked)));
    }
}

/* How many ratios a column of a group has, where one of them is clear and the rounds are too few to say so; else 0. */
static size_t undecidable(const struct summary *summary, const struct plan_group *group, enum ratio_time t,
                          enum ratio_base b)
{
    size_t family = 0;
    bool too_few = false;
    for (size_t i = 0; i < summary->cell_count; i++) {
        const enum verdict verdict = summary->cells[i].speedup[t][b].verdict;
        family += summary->cells[i].group == group && verdict != VERDICT_NONE;
        too_few |= summary->cells[i].group == group && verdict == VERDICT_TOO_FEW_ROUNDS;
    }
    return too_few ? family : 0;
}

/* One sentence for all groups: the one that needs most decides. */
static void warn_undecidable(struct warnings *out, const struct summary *summary)
{
    struct string_list groups = {NULL, 0};
    size_t most = 0;
    for (size_t g = 0; g < summary->results->group_count; g++)
        for (int column = 0; column < RATIO_TIMES * RATIO_BASES; column++) {
            const struct plan_group *group = &summary->results->groups[g];
            const size_t family = undecidable(summary, group, (enum ratio_time)(column / RATIO_BASES),
                                              (enum ratio_base)(column % RATIO_BASES));
            most = family > most ? family : most;
            if (family > 0)
                string_list_add_once(&groups, group->name);
        }
    char *names = format_names(&groups, NAMES_MOST);
    if (most > 0)
        warn(out, WARNING_FEW_ROUNDS,
             text_format("%s: it takes %zu rounds to call one of so many variants (up to %zu) faster or slower", names,
                         ratio_rounds_needed(most), most));
    free(names);
}

static void warn_few_rounds(struct warnings *out, const struct summary *summary)
{
    const struct results *results = summary->results;
    const long long rounds = (long long)results->rounds;
    const bool compares = results_compare(results);
    bool serves = false;
    for (const struct plan_group *g = results->groups; g < results->groups + results->group_count; g++)
        serves = serves || plan_serves(g);
    if (!(compares || serves) || findings_nothing_worked(summary, NULL, NULL))
        return;
    if (rounds < STATS_MIN_95)
        warn(out, WARNING_FEW_ROUNDS,
             text_format("%lld: no intervals below %d, so no ratio here says how sure it is", rounds, STATS_MIN_95));
    else if (compares && rounds < STATS_MIN_99)
        warn(out, WARNING_FEW_ROUNDS,
             text_format("%lld: too few to judge by sync against itself whether the machine was steady (%d are needed)",
                         rounds, STATS_MIN_99));
    warn_undecidable(out, summary);
}

/* A free-threaded build that ran with the lock all the same. */
static void warn_lock(struct warnings *out, const struct summary *summary)
{
    struct string_list names = {NULL, 0}, modules = {NULL, 0};
    for (const struct result_cell *c = summary->results->cells;
         c < summary->results->cells + summary->results->cell_count; c++) {
        if (c->lock != LOCK_SWITCHED_ON)
            continue;
        string_list_add_once(&names, c->runtime);
        if (c->lock_by != NULL)
            string_list_add_once(&modules, c->lock_by);
    }
    const bool some = names.count > 0;
    char *who = format_names(&names, NAMES_MOST), *by = format_names(&modules, NAMES_MOST);
    if (some)
        warn(
            out, WARNING_LOCK,
            text_format("%s: Python's lock was on during the work, though the build is free-threaded: %s%s switched it "
                        "on, so that threads take turns",
                        who, *by != '\0' ? "the import of " : "an import", by));
    free(by);
    free(who);
}

/* Of several interpreters, those that are built in another way than the first. */
static void warn_builds(struct warnings *out, const struct summary *summary)
{
    const json_t *rows = json_object_get(summary->results->machine, "interpreters"), *row;
    struct string_list each = {NULL, 0};
    const char *first = NULL;
    bool differ = false;
    size_t i;
    json_array_foreach(rows, i, row)
    {
        const char *label = json_string_value(json_object_get(row, "label"));
        const char *built = json_string_value(json_object_get(row, "built"));
        if (label == NULL || built == NULL)
            continue;
        first = first == NULL ? built : first;
        differ = differ || strcmp(built, first) != 0;
        string_list_addf(&each, "%s: %s", label, built);
    }
    char *all = string_list_join(&each, "; ");
    if (differ)
        warn(out, WARNING_BUILDS,
             text_format("the interpreters are not built alike, so that a difference between them may be the build's "
                         "and not the version's: %s",
                         all));
    free(all);
    string_list_free(&each);
}

void warnings_make(struct warnings *warnings, const struct summary *summary)
{
    *warnings = (struct warnings){NULL, 0};
    warn_lock(warnings, summary);
    warn_interrupted(warnings, summary);
    warn_forced(warnings, summary);
    warn_concurrent(warnings, summary);
    warn_controls(warnings, summary);
    warn_status(warnings, summary->results, WARNING_FAILED);
    warn_hazards(warnings, summary->results);
    warn_status(warnings, summary->results, WARNING_UNCHECKED);
    warn_status(warnings, summary->results, WARNING_IMPOSSIBLE);
    warn_builds(warnings, summary);
    warn_disturbed(warnings, summary);
    warn_precision(warnings, summary);
    warn_few_rounds(warnings, summary);
}

void warnings_free(struct warnings *warnings)
{
    for (size_t i = 0; i < warnings->count; i++)
        free(warnings->items[i].text);
    free(warnings->items);
    *warnings = (struct warnings){NULL, 0};
}

/* -- notes -------------------------------------------------------------------------------------------------------------------- */

/* Is this the reason for a doubt about the cell or one of its ratios? */
static bool has_doubt(const struct summary_cell *cell, int doubt)
{
    bool has = (int)cell->doubt == doubt;
    for (enum ratio_time t = 0; t < RATIO_TIMES; t++)
        for (enum ratio_base b = 0; b < RATIO_BASES; b++)
            has |= ratio_level(&cell->speedup[t][b]) == LEVEL_DOUBTFUL && (int)cell->speedup[t][b].doubt == doubt;
    return cell->verified && has;
}

static bool has_finding(const struct summary_cell *cell, int finding) { return (int)cell->finding == finding; }

/* "c:async, py:async": the cells of a group that have it, of a doubt "all variants"; "" where none has. To be freed. */
static char *names_of(const struct summary *summary, const struct plan_group *group,
                      bool (*has)(const struct summary_cell *cell, int what), int what)
{
    struct string_list names = {NULL, 0};
    size_t all = 0;
    for (size_t i = 0; i < summary->cell_count; i++) {
        const struct summary_cell *c = &summary->cells[i];
        all += c->group == group;
        if (c->group == group && has(c, what))
            string_list_addf(&names, "%s:%s", c->cell->runtime, c->cell->model);
    }
    if (has == has_doubt && names.count == all && all > 1) {
        string_list_free(&names);
        string_list_add(&names, "all variants");
    }
    return format_names(&names, VARIANTS_MOST);
}

/* More than a pipe holds: the processes wait for each other over it. */
#define PAYLOAD_LARGE 65536

static void note_payload(struct string_list *out, const struct summary *summary, const struct plan_group *group)
{
    for (const struct summary_cell *c = summary->cells; c < summary->cells + summary->cell_count; c++) {
        const double sent = (double)c->cell->sent_bytes / (double)group->jobs;
        const double received = (double)c->cell->received_bytes / (double)group->jobs;
        struct format there, back;
        if (c->group == group && fmax(sent, received) > PAYLOAD_LARGE)
            string_list_addf(out, "%s:%s: each job sends %s to a process and %s back", c->cell->runtime, c->cell->model,
                             sent > 0 ? format_bytes(&there, sent) : "nothing",
                             received > 0 ? format_bytes(&back, received) : "nothing");
    }
}

/* Once a runtime: how parallel jobs that need each other's results are. */
static void note_needs(struct string_list *out, const struct summary *summary, const struct plan_group *group)
{
    for (const struct summary_check *c = summary->paths; c < summary->paths + summary->path_count; c++) {
        struct format ratio, count;
        if (c->group == group && c->cell->edges > 0)
            string_list_addf(out,
                             "%s: its jobs need %s results of each other; the work is %s its critical path, so that no "
                             "model can gain "
                             "more, on any number of CPUs",
                             c->cell->runtime, format_count(&count, c->cell->edges),
                             format_ratio(&ratio, c->ratio.ratio));
    }
}

/* Once a runtime: what is no part of any work time. */
static void note_compiling(struct string_list *out, const struct summary *summary, const struct plan_group *group)
{
    const char *told = "";
    for (const struct summary_cell *c = summary->cells; c < summary->cells + summary->cell_count; c++) {
        struct format once, each;
        if (c->group != group || c->cell->compile_ns < 0 || strcmp(told, c->cell->runtime) == 0)
            continue;
        told = c->cell->runtime;
        string_list_addf(out,
                         "%s: compiling the kernel took %s, once; each command loads it before its work begins (%s "
                         "from main to the gate)",
                         told, format_time(&once, (double)c->cell->compile_ns / NS_PER_S),
                         format_time(&each, c->phase_s[PHASE_READY]));
    }
}

/* The one parameter in which two groups of a task differ; NULL: there are more, or none. */
static const char *only_difference(const struct plan_group *a, const struct plan_group *b)
{
    const char *key, *found = NULL;
    json_t *value;
    if (strcmp(a->task, b->task) != 0 || a->jobs != b->jobs || a->workers != b->workers || a->rate != b->rate)
        return NULL;
    json_object_foreach(a->params, key, value)
    {
        if (json_equal(value, json_object_get(b->params, key)))
            continue;
        if (found != NULL)
            return NULL;
        found = key;
    }
    return found;
}

/* What it costs to open a connection for each job, over TLS with a handshake, where another group keeps its connections. */
static void note_connections(struct string_list *out, const struct summary *summary, const struct plan_group *group)
{
    const struct summary_cell *end = summary->cells + summary->cell_count;
    for (const struct summary_cell *c = summary->cells; c < end; c++) {
        if (c->group != group || !c->verified || !(c->connections >= (double)group->jobs) ||
            group->jobs <= group->workers)
            continue;
        for (const struct summary_cell *d = summary->cells; d < end; d++) {
            const char *key = d->group == group ? NULL : only_difference(group, d->group);
            struct format latency, cpu;
            if (key == NULL || !d->verified || !(d->connections < c->connections / 2) ||
                strcmp(c->cell->runtime, d->cell->runtime) != 0 || strcmp(c->cell->model, d->cell->model) != 0)
                continue;
            string_list_addf(
                out, "%s:%s: a connection for each job (%s=%s, not %s) costs it %s of latency (p50) and %s of CPU",
                c->cell->runtime, c->cell->model, key, json_string_value(json_object_get(group->params, key)),
                json_string_value(json_object_get(d->group->params, key)),
                format_time(&latency, c->latency_s[LATENCY_P50] - d->latency_s[LATENCY_P50]),
                format_time(&cpu, (c->cpu_s - d->cpu_s) / (double)group->jobs));
        }
    }
}

void findings_of_variants(struct string_list *out, const struct summary *summary, const struct plan_group *group)
{
    static const char *const texts[FINDINGS] = {
        [FINDING_NEVER_OVERLAPS] = "never had two jobs in flight at once, though the workers would have allowed it",
        [FINDING_BLOCKS] = "never had two jobs in flight at once, and hardly a CPU was used: the job itself blocks the "
                           "loop (a blocking call in a coroutine), or a lock is around all of it",
        [FINDING_TAKES_TURNS] =
            "took turns: jobs were in flight together, and yet one at a time went on (a lock, such as "
            "Python's, does that)",
        [FINDING_CONTENDS] = "kept the CPUs busy without a gain: far more CPU time than sync for the same work "
                             "(contention, false sharing, one hot cache line)",
        [FINDING_CLIENT] =
            "used a CPU itself for nearly all of the work time, far from the ideal: that may be the limit, "
            "not what it waits for",
        [FINDING_SERVER] = "came to the same rate, far from the ideal, and answers took longer by as much: the "
                           "server may be the limit, not the model",
        [FINDING_OFF_CPU] = "was off the CPU for part of the time its jobs were in flight: it slept, was stopped or "
                            "throttled, or waited for a lock or a CPU",
    };
    for (int finding = FINDING_NONE + 1; finding < FINDINGS; finding++) {
        char *who = names_of(summary, group, has_finding, finding);
        if (*who != '\0')
            string_list_addf(out, "%s %s", who, texts[finding]);
        free(who);
    }
    note_needs(out, summary, group);
    note_payload(out, summary, group);
    note_compiling(out, summary, group);
    note_connections(out, summary, group);
}

/* What the machine's CPUs are that the work shared (machine.json; what is not known is absent). */
static void note_cpus(struct string_list *notes, const struct summary *summary, const struct plan_group *group)
{
    const json_t *facts = summary->results->machine;
    const char *smt = json_string_value(json_object_get(facts, "smt"));
    const double cores = json_number_value(json_object_get(facts, "cores"));
    const json_t *weight = json_object_get(facts, "cpu_weight");
    if (strcmp(group->kind, "io") == 0 || group->workers < 2)
        return;
    if (json_integer_value(json_object_get(facts, "cpu_kinds")) > 1)
        string_list_add(notes, "the CPUs here are of more than one kind: work on a slower one takes longer");
    if (smt != NULL && strcmp(smt, "on") == 0 && cores > 0 && (double)group->workers > cores)
        string_list_addf(notes, "%lld workers on %.0f cores: two threads of one core (SMT) share what it can do",
                         (long long)group->workers, cores);
    if (json_is_integer(weight) && json_integer_value(weight) < 100)
        string_list_addf(notes, "this run's control group has a CPU weight of %lld, not 100: others may go first",
                         (long long)json_integer_value(weight));
}

static void note_longer(struct string_list *notes, const struct summary *summary, const struct plan_group *group)
{
    const json_t *line;
    size_t i;
    json_array_foreach(summary->results->events.lines, i, line)
    {
        const char *name = json_string_value(json_object_get(line, "reference"));
        if (strcmp(json_string_value(json_object_get(line, "what")), "longer") != 0 || name == NULL ||
            json_integer_value(json_object_get(line, "group")) != group - summary->results->groups)
            continue;
        char *text = text_format(
            "the reference %s was given %g s more: it was out of time, and others need its results", name,
            json_number_value(json_object_get(line, "seconds")));
        string_list_add_once(notes, text);
        free(text);
    }
}

void notes_make(struct string_list *notes, const struct summary *summary, const struct plan_group *group)
{
    for (int doubt = DOUBT_NONE + 1; doubt < DOUBTS; doubt++) {
        char *who = names_of(summary, group, has_doubt, doubt);
        if (*who != '\0')
            string_list_addf(notes, "%s: %s", who, doubt_text((enum doubt)doubt));
        free(who);
    }
    note_cpus(notes, summary, group);
    note_longer(notes, summary, group);
}
