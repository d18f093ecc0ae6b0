/* SPDX-License-Identifier: MIT */
/*
 * One sample, from the command to the verdict. A sample keeps the first thing that was found wrong; in this order: the
 * deadline, no record or a wrong one, what the record says, the exit status, processes left running, the slots, and
 * (sample_compare) the results.
 */
#define _GNU_SOURCE /* sigabbrev_np: a crash is named as people know it */
#include "bench/run/sample.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/util/files.h"
#include "bench/protocol/end_pause.h"
#include "bench/process/memory.h"
#include "bench/run/disk_space.h"
#include "bench/run/host_argv.h"
#include "bench/util/text.h"
#include "bench/process/hyperfine.h"
#include "bench/protocol/record.h"
#include "common/clock.h"

#define KILL_GRACE_S     2.0 /* a host ends by its own --timeout first, and names the jobs still running */
#define LOOK_INTERVAL_NS (3 * NS_PER_MS)
#define COMPLAINT_MAX    (64u << 10)
#define RECORD_MAX       (1u << 20)
#define SAMPLE_VERSION   1

/* A command under way. */
struct attempt {
    const struct bench *b;
    const struct plan_cell *cell;
    const struct sample_place *place;
    char *json, *complaints; /* paths: what hyperfine writes; the command's stderr */
    struct string_list argv;
    struct memory memory;
    struct supervisor_end end;
    int64_t began_ns, ended_ns;
    int exit; /* of the host, or of `cobench copies`; 128 + n after signal n; -1: hyperfine did not say */
};

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

/* -- running ------------------------------------------------------------------------------------------------------ */

/* Waits for the command and looks at its memory meanwhile, once more while it pauses at the last job's end. */
static int wait_watching(struct attempt *a, pid_t pid, struct end_pause *pause, struct sample_taken *s,
                         struct error *err)
{
    int rc = -EAGAIN;
    while (rc == -EAGAIN) {
        const int64_t begun = clock_now_ns();
        const bool held = end_pause_reached(pause);
        const int64_t bytes = memory_sample(&a->memory, pid);
        if (held) {
            s->held_pss_bytes = bytes;
            end_pause_release(pause);
        }
        const int64_t cost = clock_now_ns() - begun; /* at most half a CPU for looking */
        rc = supervisor_wait(a->b->supervisor, cost > LOOK_INTERVAL_NS ? cost : LOOK_INTERVAL_NS, &a->end, err);
    }
    s->peak_pss_bytes = a->memory.peak;
    s->looks = (int64_t)a->memory.count;
    return rc;
}

static int run_command(struct attempt *a, struct sample_taken *s, struct error *err)
{
    char *env[] = {host_env(a->b->paths), NULL};
    const int complaints = open(a->complaints, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    const bool pauses = !a->place->timed && sample_pauses(a->cell);
    struct end_pause pause = {-1, -1, -1, -1};
    int rc = env[0] == NULL                               ? error_set(err, -ENOMEM, "out of memory")
             : pauses && end_pause_open(&pause, err) != 0 ? -EMFILE
             : complaints < 0 ? error_set(err, -errno, "%s: %s", a->complaints, strerror(errno))
                              : 0;
    const struct supervisor_command command = {
        .argv = a->argv.items,
        .cwd = a->b->paths->root,
        .env = env,
        .in = -1,
        .out = -1,
        .err = complaints,
        .talks = pauses,
        .talk = {pause.host_read, pause.host_write},
        .deadline_ns = (int64_t)((a->b->plan->timeout_s + KILL_GRACE_S) * (double)NS_PER_S)};
    pid_t pid;
    a->began_ns = clock_now_ns();
    if (rc == 0)
        rc = supervisor_start(a->b->supervisor, &command, &pid, err);
    end_pause_handed_over(&pause);
    if (rc == 0)
        rc = a->place->timed ? supervisor_wait(a->b->supervisor, -1, &a->end, err)
                             : wait_watching(a, pid, &pause, s, err);
    a->ended_ns = clock_now_ns();
    if (rc == -EINTR && supervisor_stop(a->b->supervisor, &a->end, err) == 0)
        error_set(err, -EINTR, "interrupted");
    end_pause_close(&pause);
    if (complaints >= 0)
        close(complaints);
    free(env[0]);
    return rc;
}

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

static int read_exit(struct attempt *a, struct sample_taken *s)
{
    if (a->end.timed_out)
        return 0;
    if (a->place->timed)
        return read_timing(a, s);
    a->exit = WIFSIGNALED(a->end.status) ? 128 + WTERMSIG(a->end.status) : WEXITSTATUS(a->end.status);
    return 0;
}

/* -- reading what it left ----------------------------------------------------------------------------------------- */

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
 * first's. 0 or -ENOMEM. */
static int take_record(struct sample_taken *s, const struct record *r, const struct memory *memory, int64_t copy,
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
    return usage_add(&s->usage, r->usage);
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
static int note_unreserved(const struct attempt *a, int64_t copy, struct sample_taken *s)
{
    struct stat st;
    char *path = sample_file(a->b->scratch, "slots", a->cell, copy);
    if (path == NULL)
        return -ENOMEM;
    s->unreserved |= stat(path, &st) == 0 && st.st_size == 0;
    free(path);
    return 0;
}

static int check_record(const struct attempt *a, const struct record *r, int64_t copy, struct sample_taken *s)
{
    const char *reason = r->reason == NULL ? "no reason given" : r->reason;
    const double took_s = (double)(r->end_ns - r->start_ns) / 1e9;
    int rc = r->status == RECORD_IMPOSSIBLE ? note_unreserved(a, copy, s) : 0;
    if (rc == 0)
        rc = check_identity(a, r, s);
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
    char *path = sample_file(a->b->scratch, "record", a->cell, copy), *text = NULL;
    char said[300], ended[80];
    size_t length;
    struct error why;
    struct record r;
    if (path == NULL)
        return -ENOMEM;
    int rc = file_read(path, RECORD_MAX, &text, &length);
    free(path);
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
    rc = take_record(s, &r, &a->memory, copy, a->cell->role != ROLE_CAPACITY);
    if (rc == 0)
        rc = check_record(a, &r, copy, s);
    record_free(&r);
    return rc;
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
    return open_loop_measure(view, &s->open_loop);
}

/* A copy whose results are not the first one's. */
static int blame_copy(const struct slots_view *view, int64_t copy, struct sample_taken *s)
{
    struct error why = {.text = ""};
    uint64_t *first = slots_results(&s->slots);
    if (first == NULL)
        return -ENOMEM;
    (void)slots_tell_difference(view, first, "the first", &why); /* the digests differ, so that something does */
    free(first);
    return blame(s, CELL_REFUSED, "%s (copy %" PRId64 ")", why.text, copy + 1);
}

/* The slots of one copy, and the same digest in every copy. */
static int read_slots(const struct attempt *a, int64_t copy, struct sample_taken *s)
{
    struct slots_view view;
    struct error why;
    char *path = sample_file(a->b->scratch, "slots", a->cell, copy);
    if (path == NULL)
        return -ENOMEM;
    int rc = slots_open(path, (uint64_t)a->b->plan->groups[a->cell->group].jobs, &view, &why);
    free(path);
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
    rc = slots_latency(&view, &s->latency);
    if (rc == 0)
        rc = read_open_loop(a, &view, s);
    return rc != 0 ? rc : slots_count_in_flight(&view, &s->flight);
}

/* At a deadline there is no record; the slots may say how far it came. */
static int blame_deadline(const struct attempt *a, struct sample_taken *s)
{
    struct slots_view view;
    struct error why = {.text = ""};
    char *path = sample_file(a->b->scratch, "slots", a->cell, 0);
    if (path == NULL)
        return -ENOMEM;
    if (slots_open(path, (uint64_t)a->b->plan->groups[a->cell->group].jobs, &view, &why) == 0) {
        if (slots_check(&view, &why) == 0)
            error_set(&why, 0, "all jobs were done");
        slots_close(&view);
    } else {
        error_set(&why, 0, "no job was begun");
    }
    free(path);
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

/* -- taking ------------------------------------------------------------------------------------------------------- */

static void sample_blank(struct sample_taken *s)
{
    struct timespec now;
    *s = (struct sample_taken){.status = CELL_OK,
                               .whole_ns = -1,
                               .exit = -1,
                               .work_ns = -1,
                               .user_ns = -1,
                               .system_ns = -1,
                               .failed_jobs = -1,
                               .peak_pss_bytes = -1,
                               .looks = -1,
                               .looks_in_work = -1,
                               .held_pss_bytes = -1,
                               .flight = {-1, -1},
                               .latency = {-1, -1, -1, -1},
                               .origin_cpu_ns = -1,
                               .origin_wait_ns = -1,
                               .origin_wall_ns = -1};
    interference_unknown(&s->around);
    clock_gettime(CLOCK_REALTIME, &now);
    s->at = (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* What the machine and the origin did meanwhile. `looks`: the first has been taken. */
static void note_interference(const struct attempt *a, struct interference_counters looks[2], struct origin_use origin,
                              struct sample_taken *s)
{
    const struct origin_use origin_now = origin.cpu_ns < 0 ? origin : origin_use(a->b->origin);
    if (origin.cpu_ns >= 0 && origin_now.cpu_ns >= origin.cpu_ns) {
        s->origin_cpu_ns = origin_now.cpu_ns - origin.cpu_ns;
        s->origin_wait_ns = origin_now.wait_ns - origin.wait_ns;
        s->origin_wall_ns = a->ended_ns - a->began_ns;
    }
    s->service_died = a->end.service_died;
    interference_take(a->b->watch, &looks[1]);
    const int64_t origin_ns = s->origin_cpu_ns < 0 ? 0 : s->origin_cpu_ns;
    interference_between(a->b->watch, looks, a->end.cpu_ns < 0 ? -1 : a->end.cpu_ns + origin_ns, &s->around);
}

/* What happened to the sample from outside. 0 or -ENOMEM. */
static int note_disturbances(struct sample_taken *s)
{
    if (s->disturbed == NULL && (s->disturbed = json_array()) == NULL)
        return -ENOMEM;
    return interference_find(&s->around, s->disturbed, &s->disturbances);
}

static int attempt_take(struct attempt *a, struct sample_taken *s, struct error *err)
{
    const bool uses_origin = a->b->origin != NULL && a->b->plan->groups[a->cell->group].needs_url;
    struct interference_counters looks[2];
    interference_take(a->b->watch, &looks[0]);
    const struct origin_use origin = uses_origin ? origin_use(a->b->origin) : (struct origin_use){-1, -1};
    int rc = run_command(a, s, err);
    if (rc != 0)
        return rc;
    note_interference(a, looks, origin, s);
    rc = read_exit(a, s);
    if (rc == 0 && s->status == CELL_OK)
        rc = read_results(a, s);
    if (rc == 0)
        rc = note_disturbances(s);
    s->exit = a->exit;
    if (rc != 0)
        return error_set(err, rc, "out of memory");
    const bool may_lack_room = s->status == CELL_FAILED || s->status == CELL_IMPOSSIBLE;
    return may_lack_room ? room_check(a->b, a->cell, s->unreserved, err) : 0;
}

int sample_take(const struct bench *b, const struct plan_cell *cell, const struct sample_place *place,
                struct sample_taken *out, struct error *err)
{
    struct attempt a = {.b = b,
                        .cell = cell,
                        .place = place,
                        .json = text_format("%s/hyperfine.json", b->scratch),
                        .complaints = text_format("%s/stderr", b->scratch),
                        .memory = {.peak = -1},
                        .exit = -1};
    sample_blank(out);
    dir_clear_flat(b->scratch); /* files of the sample before must not be taken for this one's, nor their room */
    int rc = a.json == NULL || a.complaints == NULL ? -ENOMEM : 0;
    if (rc == 0)
        rc = host_argv(b, cell, place->round, place->timed ? a.json : NULL, &a.argv);
    rc = rc != 0 ? error_set(err, rc, "out of memory") : attempt_take(&a, out, err);
    string_list_free(&a.argv);
    memory_free(&a.memory);
    free(a.json);
    free(a.complaints);
    if (rc != 0)
        sample_free(out);
    return rc;
}

int sample_none(enum cell_status status, const char *reason, struct sample_taken *out)
{
    sample_blank(out);
    out->status = status;
    return text_set(&out->reason, reason);
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

void sample_free(struct sample_taken *s)
{
    free(s->reason);
    s->reason = NULL;
    json_decref(s->failures);
    json_decref(s->phases);
    json_decref(s->usage);
    json_decref(s->connections);
    json_decref(s->python);
    json_decref(s->disturbed);
    s->failures = s->phases = s->usage = s->connections = s->python = s->disturbed = NULL;
    slots_close(&s->slots);
}

/* -- as JSON ------------------------------------------------------------------------------------------------------ */

static json_t *number(int64_t n) { return n < 0 ? json_null() : json_integer(n); }

static json_t *latency_json(const struct slots_latency *l)
{
    if (l->max < 0)
        return json_null();
    return json_pack("{sI sI sI sI}", "p50", (json_int_t)l->p50, "p90", (json_int_t)l->p90, "p99", (json_int_t)l->p99,
                     "max", (json_int_t)l->max);
}

static json_t *origin_json(const struct sample_taken *s)
{
    if (s->origin_cpu_ns < 0)
        return json_null();
    return json_pack("{sI so sI sn}", "cpu_ns", (json_int_t)s->origin_cpu_ns, "wait_ns", number(s->origin_wait_ns),
                     "wall_ns", (json_int_t)s->origin_wall_ns, "requests");
}

static json_t *memory_json(const struct sample_taken *s)
{
    if (s->looks < 0)
        return json_null();
    return json_pack("{sI so so}", "looks", (json_int_t)s->looks, "looks_in_work", number(s->looks_in_work),
                     "held_pss_bytes", number(s->held_pss_bytes));
}

/* "loop" and, of an open one, "open_loop". 0 or -1. */
static int loop_add(const struct sample_taken *s, json_t *line)
{
    const int rc = json_object_set_new(line, "loop",
                                       s->latency.max < 0 ? json_null() : json_string(s->opened ? "open" : "closed"));
    return rc != 0 || !s->opened ? rc : json_object_set_new(line, "open_loop", open_loop_json(&s->open_loop));
}

json_t *sample_json(const struct sample_taken *s, const struct sample_place *place)
{
    char digest[17];
    snprintf(digest, sizeof digest, "%016" PRIx64, s->digest);
    /* A reason can hold bytes of a program's stderr that are no UTF-8. */
    json_t *reason = s->reason == NULL ? json_null() : json_string(s->reason);
    if (reason == NULL)
        reason = json_string("the reason given is not valid UTF-8");
    json_t *line = json_pack(
        "{si ss sI sI sI ss so sf so so so so so sO? sO? sO? sO? sI so ss? so so so so so so so}", "sample",
        SAMPLE_VERSION, "pass", place->timed ? "timed" : "verify", "round", (json_int_t)place->round, "order",
        (json_int_t)place->order, "cell", (json_int_t)place->cell, "status", cell_status_name(s->status), "reason",
        reason, "at", s->at, "whole_ns", number(s->whole_ns), "exit", number(s->exit), "work_ns", number(s->work_ns),
        "user_ns", number(s->user_ns), "system_ns", number(s->system_ns), "phases", s->phases, "usage", s->usage,
        "connections", s->connections, "python", s->python, "failed_jobs",
        (json_int_t)(s->failed_jobs < 0 ? 0 : s->failed_jobs), "failures",
        s->failures == NULL ? json_array() : json_incref(s->failures), "digest", s->has_digest ? digest : NULL,
        "latency_ns", latency_json(&s->latency), "peak_pss_bytes", number(s->peak_pss_bytes), "memory", memory_json(s),
        "origin", origin_json(s), "in_flight_max", number(s->flight.most), "busy_ns", number(s->flight.busy_ns),
        "disturbed", s->disturbed == NULL ? json_array() : json_incref(s->disturbed));
    char kinds[INTERFERENCE_TEXT_SIZE];
    json_t *by = s->disturbances == 0 ? json_null() : json_string(interference_text(s->disturbances, kinds));
    if (line != NULL && (loop_add(s, line) != 0 || interference_add(&s->around, line) != 0 ||
                         json_object_set(line, "disturbed_by", by) != 0)) {
        json_decref(line);
        line = NULL;
    }
    json_decref(by);
    return line;
}
