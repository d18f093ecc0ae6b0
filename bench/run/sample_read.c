/* SPDX-License-Identifier: MIT */
/*
 * What a sample's command left: hyperfine's JSON, records, slots. A sample keeps the first thing that was found wrong; in
 * this order: the deadline, no record or a wrong one, what the record says, the exit status, processes left running, the
 * slots, and (sample_compare) the results.
 */
#define _GNU_SOURCE /* sigabbrev_np: a crash is named as people know it */
#include "bench/run/sample_read.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "bench/process/hyperfine.h"
#include "bench/protocol/record.h"
#include "bench/run/host_argv.h"
#include "bench/util/files.h"

#define COMPLAINT_MAX (64u << 10)
#define RECORD_MAX    (1u << 20)

/* -- what went wrong ---------------------------------------------------------------------------------------------- */

/* Keeps the first reason. 0 or -ENOMEM. */
static int blame(struct sample_taken *s, enum cell_status status, const char *format, ...)
{
    if (s->status != CELL_OK)
        return 0;
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    text_one_line(text);
    s->status = status;
    return text_set(&s->reason, text);
}

/* ": " and the last line of what the command said on stderr (of a traceback it is the one that matters), or "". */
static void last_complaint(const struct attempt *a, char *out, size_t room)
{
    char *text = NULL;
    size_t length;
    *out = '\0';
    if (file_read_end(a->complaints, COMPLAINT_MAX, &text, &length) != 0)
        return;
    const char *line = text_last_line(text);
    if (*line != '\0')
        snprintf(out, room, ": %s", line);
    free(text);
}

static void exit_text(int rc, char *out, size_t room)
{
    const char *signal = rc > 128 ? sigabbrev_np(rc - 128) : NULL;
    if (rc < 0)
        snprintf(out, room, "its exit status is not known");
    else if (rc > 128)
        snprintf(out, room, "it was ended by signal %d (%s%s)", rc - 128, signal ? "SIG" : "",
                 signal ? signal : "unknown");
    else
        snprintf(out, room, "it ended with exit status %d", rc);
}

/* -- what it left ------------------------------------------------------------------------------------------------- */

/* What hyperfine measured. */
static int read_timing(struct attempt *a, struct sample_taken *s)
{
    char *text = NULL, said[300];
    size_t length;
    struct error why;
    struct timing t;
    a->exit = -1;
    last_complaint(a, said, sizeof said);
    int rc = file_read(a->json, RECORD_MAX, &text, &length);
    if (rc != 0)
        return blame(s, CELL_FAILED, "hyperfine wrote no result%s", said);
    rc = hyperfine_parse(text, length, &t, &why);
    free(text);
    if (rc != 0)
        return blame(s, CELL_FAILED, "%s%s", why.text, said);
    s->whole_ns = t.wall_ns;
    a->exit = t.exit;
    return 0;
}

static json_t *keep(const json_t *value)
{
    return value == NULL || json_is_null(value) ? NULL : json_incref((json_t *)(uintptr_t)value);
}

static int64_t add_known(int64_t sum, int64_t part)
{
    if (part < 0 || sum < 0)
        return part < 0 ? sum : part;
    return sum > INT64_MAX - part ? INT64_MAX : sum + part;
}

/* Takes over what a record says. Of several copies: times and usage are summed, work is the slowest's, the rest the
 * first's. */
static void take_record(struct sample_taken *s, const struct record *r, const struct memory *memory, int64_t copy,
                        bool single)
{
    const int64_t work = r->work_ns >= 0 && r->ready_ns >= 0 ? r->work_ns - r->ready_ns : -1;
    s->work_ns = work > s->work_ns ? work : s->work_ns;
    s->user_ns = add_known(s->user_ns, r->user_ns);
    s->system_ns = add_known(s->system_ns, r->system_ns);
    s->failed_jobs = add_known(s->failed_jobs, r->failed_jobs);
    if (s->failures == NULL && json_array_size(r->failures) > 0)
        s->failures = keep(r->failures);
    if (copy == 0)
        s->python = keep(r->python);
    if (single) {
        s->phases = keep(r->phases);
        s->connections = keep(r->connections);
        if (work >= 0 && s->looks >= 0)
            s->looks_in_work = (int64_t)memory_samples_within(memory, r->ready_ns, r->work_ns);
    }
    usage_add(&s->usage, r->usage);
}

static bool same(const char *a, const char *b) { return a != NULL && strcmp(a, b) == 0; }

/* Whether the record is of this cell at all. */
static int check_identity(const struct attempt *a, const struct record *r, struct sample_taken *s)
{
    const struct plan_group *g = &a->b->plan->groups[a->cell->group];
    if (r->status == RECORD_USAGE) /* then it may not know what it was to run */
        return 0;
    if (!same(r->runtime, a->cell->runtime) || !same(r->task, g->task) || !same(r->model, a->cell->model))
        return blame(s, CELL_FAILED, "the record is of %s %s:%s", r->task == NULL ? "?" : r->task, r->runtime,
                     r->model == NULL ? "?" : r->model);
    if (r->status == RECORD_DONE && (r->jobs != g->jobs || r->workers != g->workers))
        return blame(s, CELL_FAILED, "the record is of %" PRId64 " jobs and %" PRId64 " workers", r->jobs, r->workers);
    return 0;
}

/* Whether a host that says that it cannot run left its slots file empty: it made it and could not reserve its bytes. */
static bool left_unreserved(const struct attempt *a, int64_t copy)
{
    struct stat st;
    char path[SAMPLE_PATH_SIZE];
    sample_file(a->b->scratch, "slots", a->cell, copy, path);
    return stat(path, &st) == 0 && st.st_size == 0;
}

static int check_record(const struct attempt *a, const struct record *r, int64_t copy, struct sample_taken *s)
{
    const char *reason = r->reason == NULL ? "no reason given" : r->reason;
    const double took_s = (double)(r->end_ns - r->start_ns) / 1e9;
    s->unreserved |= r->status == RECORD_IMPOSSIBLE && left_unreserved(a, copy);
    const int rc = check_identity(a, r, s);
    if (rc != 0 || r->status == RECORD_DONE)
        return rc;
    if (r->status == RECORD_IMPOSSIBLE && copy > 0 &&
        s->status == CELL_FAILED) { /* the first gave up at the gate for it */
        free(s->reason);
        s->reason = NULL;
        s->status = CELL_OK;
    }
    if (r->status == RECORD_IMPOSSIBLE)
        return blame(s, CELL_IMPOSSIBLE, "%s", reason);
    return blame(s, took_s >= a->b->plan->timeout_s ? CELL_TIMEOUT : CELL_FAILED, "%s", reason);
}

static int read_record(const struct attempt *a, int64_t copy, struct sample_taken *s)
{
    char path[SAMPLE_PATH_SIZE], said[300], ended[80], *text = NULL;
    size_t length;
    struct error why;
    struct record r;
    sample_file(a->b->scratch, "record", a->cell, copy, path);
    int rc = file_read(path, RECORD_MAX, &text, &length);
    if (rc != 0 || length == 0) { /* where it was killed before it could write, the file may be there and empty */
        free(text);
        last_complaint(a, said, sizeof said);
        exit_text(a->exit, ended, sizeof ended);
        return blame(s, CELL_FAILED, "the host wrote no record, %s%s", ended, a->place->timed ? "" : said);
    }
    rc = record_parse(text, length, &r, &why);
    free(text);
    if (rc != 0)
        return blame(s, CELL_FAILED, "%s", why.text);
    take_record(s, &r, &a->memory, copy, a->cell->role != ROLE_CAPACITY);
    rc = check_record(a, &r, copy, s);
    record_free(&r);
    return rc;
}

static int open_slots(const struct attempt *a, int64_t copy, struct slots_view *view, struct error *why)
{
    char path[SAMPLE_PATH_SIZE];
    sample_file(a->b->scratch, "slots", a->cell, copy, path);
    return slots_open(path, (uint64_t)a->b->plan->groups[a->cell->group].jobs, view, why);
}

/* Every job done once, inside the work that the record claims. The phases of copies are not kept. */
static int check_slots(const struct sample_taken *s, const struct slots_view *view, struct error *why)
{
    const json_t *ready = json_object_get(s->phases, "ready"), *work = json_object_get(s->phases, "work");
    const int rc = slots_check(view, why);
    if (rc != 0 || !json_is_integer(ready) || !json_is_integer(work))
        return rc;
    return slots_check_times(view, json_integer_value(ready), json_integer_value(work), why);
}

/* Whether the jobs came as the plan has it, and what became of it. */
static int read_open_loop(const struct attempt *a, const struct slots_view *view, struct sample_taken *s)
{
    const struct arrivals arrivals = plan_arrivals(a->b->plan, a->cell->group, a->place->round);
    struct error why;
    if (arrivals.rate == 0 || s->status != CELL_OK)
        return 0;
    const int64_t gate_ns = json_integer_value(json_object_get(s->phases, "ready"));
    if (open_loop_check(view, &arrivals, gate_ns, &why) != 0)
        return blame(s, CELL_REFUSED, "%s", why.text);
    s->opened = true;
    open_loop_measure(view, &s->open_loop);
    return 0;
}

/* A copy whose results are not the first one's. */
static int blame_copy(const struct slots_view *view, int64_t copy, struct sample_taken *s)
{
    struct error why = {.text = ""};
    uint64_t *first = slots_results(&s->slots);
    (void)slots_tell_difference(view, first, "the first", &why); /* the digests differ, so that something does */
    free(first);
    return blame(s, CELL_REFUSED, "%s (copy %" PRId64 ")", why.text, copy + 1);
}

/* The slots of one copy, and the same digest in every copy. */
static int read_slots(const struct attempt *a, int64_t copy, struct sample_taken *s)
{
    struct slots_view view;
    struct error why;
    int rc = open_slots(a, copy, &view, &why);
    if (rc != 0)
        return blame(s, CELL_FAILED, "%s", why.text);
    if (check_slots(s, &view, &why) != 0) {
        rc = blame(s, CELL_REFUSED, "%s", why.text);
    } else {
        const uint64_t digest = slots_digest(&view);
        if (s->has_digest && digest != s->digest)
            rc = blame_copy(&view, copy, s);
        s->has_digest = true;
        s->digest = digest;
    }
    if (copy > 0)
        slots_close(&view);
    else
        s->slots = view;
    if (rc != 0 || s->status != CELL_OK ||
        a->cell->role == ROLE_CAPACITY) /* stamps that were refused are not counted with */
        return rc;
    slots_latency(&view, &s->latency);
    rc = read_open_loop(a, &view, s);
    slots_count_in_flight(&view, &s->flight);
    return rc;
}

/* At a deadline there is no record; the slots may say how far it came. */
static int blame_deadline(const struct attempt *a, struct sample_taken *s)
{
    struct slots_view view;
    struct error why = {.text = ""};
    if (open_slots(a, 0, &view, &why) == 0) {
        if (slots_check(&view, &why) == 0)
            error_set(&why, 0, "all jobs were done");
        slots_close(&view);
    } else {
        error_set(&why, 0, "no job was begun");
    }
    return blame(s, CELL_TIMEOUT, "no end within %g s, so it was killed; %s", a->b->plan->timeout_s + KILL_GRACE_S,
                 why.text);
}

static int read_results(const struct attempt *a, struct sample_taken *s)
{
    if (a->end.timed_out)
        return blame_deadline(a, s);
    int rc = 0;
    for (int64_t k = 0; rc == 0 && k < a->cell->copies; k++)
        rc = read_record(a, k, s);
    if (rc == 0 && a->exit != 0) {
        char ended[80], said[300];
        exit_text(a->exit, ended, sizeof ended);
        last_complaint(a, said, sizeof said);
        rc = blame(s, CELL_FAILED, "the record says done, but %s%s", ended, a->place->timed ? "" : said);
    }
    if (rc == 0 && a->end.leftover < 0)
        rc = blame(s, CELL_FAILED, "/proc cannot be read, so that what it left running is not known");
    if (rc == 0 && a->end.leftover > 0)
        rc = blame(s, CELL_FAILED, "it left %d process%s running", a->end.leftover, a->end.leftover == 1 ? "" : "es");
    for (int64_t k = 0; rc == 0 && s->status == CELL_OK && k < a->cell->copies; k++)
        rc = read_slots(a, k, s);
    return rc;
}

int sample_read(struct attempt *a, struct sample_taken *s)
{
    int rc = 0;
    if (!a->end.timed_out && a->place->timed)
        rc = read_timing(a, s);
    else if (!a->end.timed_out)
        a->exit = WIFSIGNALED(a->end.status) ? 128 + WTERMSIG(a->end.status) : WEXITSTATUS(a->end.status);
    s->exit = a->exit;
    return rc == 0 && s->status == CELL_OK ? read_results(a, s) : rc;
}

int sample_compare(struct sample_taken *s, const struct reference *reference)
{
    if (s->status != CELL_OK)
        return 0;
    if (reference->reason != NULL)
        return blame(s, reference->status == CELL_IMPOSSIBLE ? CELL_IMPOSSIBLE : CELL_FAILED,
                     "nothing to check against: %s: %s", reference->name, reference->reason);
    if (s->digest == reference->digest)
        return 0;
    struct error why;
    if (reference->results != NULL && s->slots.slots != NULL &&
        slots_tell_difference(&s->slots, reference->results, reference->name, &why) == 0)
        return blame(s, CELL_REFUSED, "%s", why.text);
    return blame(s, CELL_REFUSED, "the results are not those of %s", reference->name);
}
