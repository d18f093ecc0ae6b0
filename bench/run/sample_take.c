/* SPDX-License-Identifier: MIT */
/*
 * One sample: its command run, watched, and what it left read: hyperfine's JSON, records, slots. A sample keeps the first
 * thing that was found wrong; in this order: the deadline, no record or a wrong one, what the record says, the exit status,
 * processes left running, the slots, and (sample_compare) the results.
 */
#define _GNU_SOURCE /* sigabbrev_np: a crash is named as people know it */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/machine/facts.h"
#include "bench/process/hyperfine.h"
#include "bench/process/proctree.h"
#include "bench/protocol/end_pause.h"
#include "bench/run/sample.h"
#include "bench/util/alloc.h"
#include "bench/util/files.h"
#include "bench/util/text.h"
#include "common/clock.h"

#define LOOK_INTERVAL_NS (3 * NS_PER_MS)
#define TICK_NS          (10 * NS_PER_MS) /* in which /proc says user and system time */
#define KILL_GRACE_S     2.0              /* a host ends by its own --timeout first, and names the jobs still running */
#define COMPLAINT_MAX    (64u << 10)
#define RECORD_MAX       (1u << 20)

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
};

/* -- what went wrong ---------------------------------------------------------------------------------------------- */

/* Keeps the first reason. */
__attribute__((format(printf, 3, 4))) static void blame(struct sample_taken *s, enum cell_status status,
                                                        const char *format, ...)
{
    if (s->status != CELL_OK)
        return;
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    text_one_line(text);
    s->status = status;
    text_set(&s->reason, text);
}

/* ": " and the last line of what the command said on stderr (of a traceback it is the one that matters), or "". */
static void last_complaint(const struct attempt *a, char *out, size_t size)
{
    char *text = NULL;
    size_t length;
    *out = '\0';
    if (file_read_end(a->complaints, COMPLAINT_MAX, &text, &length) != 0)
        return;
    const char *line = text_last_line(text);
    if (*line != '\0')
        snprintf(out, size, ": %s", line);
    free(text);
}

/* How the host ended, and where it was not hyperfine's command what it said of it; to be freed. `where`: " in job 3", or
 * empty where that is not known. */
static char *ended_text(const struct attempt *a, const struct sample_taken *s, const char *where)
{
    const struct function *f = a->b->catalog->function;
    const int rc = (int)s->exit;
    const char *signal = rc > 128 ? sigabbrev_np(rc - 128) : NULL;
    char said[300] = "";
    if (!a->place->timed)
        last_complaint(a, said, sizeof said);
    if (rc < 0)
        return text_format("its exit status is not known%s", said);
    if (rc > 128)
        return text_format("%s was ended by signal %d (%s%s)%s%s", *where != '\0' ? "the process" : "it", rc - 128,
                           signal ? "SIG" : "", signal ? signal : "unknown", where, said);
    const char *who = *where == '\0' ? "it ended"
                      : f != NULL    ? "the function ended the process"
                                     : "the task ended the process";
    return text_format("%s with exit status %d%s%s", who, rc, where, said);
}

/* -- what it left ------------------------------------------------------------------------------------------------- */

/* What hyperfine measured. */
static void read_timing(const struct attempt *a, struct sample_taken *s)
{
    char *text = NULL, said[300];
    size_t length;
    struct error why;
    struct timing t;
    last_complaint(a, said, sizeof said);
    if (file_read(a->json, RECORD_MAX, &text, &length) != 0) {
        blame(s, CELL_FAILED, "hyperfine wrote no result%s", said);
    } else if (hyperfine_parse(text, length, &t, &why) != 0) {
        blame(s, CELL_FAILED, "%s%s", why.text, said);
    } else {
        s->whole_ns = t.wall_ns;
        s->exit = t.exit;
        s->user_ns = a->cell->program != NULL ? t.user_ns : -1;
        s->system_ns = a->cell->program != NULL ? t.system_ns : -1;
    }
    free(text);
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

/* By kind, as a line of the journal has them: what stands in an array there is not read. */
static json_t *hazards_by_kind(const json_t *hazards)
{
    json_t *out = json_object();
    const json_t *hazard;
    size_t i;
    json_array_foreach(hazards, i, hazard)
    {
        const char *kind = json_string_value(json_object_get(hazard, "kind"));
        const char *text = json_string_value(json_object_get(hazard, "text"));
        const char *before = json_string_value(json_object_get(out, kind));
        char *all = text_format("%s%s%s", before != NULL ? before : "", before != NULL ? "; " : "", text);
        json_object_set_new(out, kind, json_string(all));
        free(all);
    }
    return out;
}

/* Takes over what a record says. Of several copies: times and usage are summed, work is the slowest's, the rest the
 * first's. */
static void take_record(const struct attempt *a, const struct record *r, int64_t copy, struct sample_taken *s)
{
    const int64_t work = r->work_ns >= 0 && r->ready_ns >= 0 ? r->work_ns - r->ready_ns : -1;
    s->work_ns = work > s->work_ns ? work : s->work_ns;
    if (a->cell->program == NULL) { /* a program's are hyperfine's */
        s->user_ns = add_known(s->user_ns, r->user_ns);
        s->system_ns = add_known(s->system_ns, r->system_ns);
    }
    s->failed_jobs = add_known(s->failed_jobs, r->failed_jobs);
    if (s->failures == NULL && json_array_size(r->failures) > 0)
        s->failures = keep(r->failures);
    if (copy == 0) {
        s->python = keep(r->python);
        s->knobs = keep(r->knobs);
    }
    if (a->cell->role != ROLE_CAPACITY) {
        s->phases = keep(r->phases);
        s->connections = keep(r->connections);
        s->dependencies = keep(r->dependencies);
        s->audit = keep(r->audit);
        s->hazards = json_array_size(r->hazards) > 0 ? hazards_by_kind(r->hazards) : NULL;
        if (work >= 0 && s->looks >= 0)
            s->looks_in_work = (int64_t)memory_samples_within(&a->memory, r->ready_ns, r->work_ns);
    }
    s->deadlock |= record_failed_by(r, "Deadlock");
    usage_add(&s->usage, r->usage);
}

static bool same(const char *a, const char *b) { return a != NULL && strcmp(a, b) == 0; }

/* Whether the record is of this cell at all. */
static void check_identity(const struct attempt *a, const struct record *r, struct sample_taken *s)
{
    const struct plan_group *g = &a->b->plan->groups[a->cell->group];
    if (r->status == RECORD_USAGE) /* then it may not know what it was to run */
        return;
    if (a->cell->program != NULL && r->status == RECORD_DONE && r->jobs != g->jobs)
        blame(s, CELL_FAILED, "the record is of %" PRId64 " jobs", r->jobs);
    if (a->cell->program != NULL) /* whose names and workers are its own */
        return;
    const bool its_task = a->b->catalog->function != NULL || same(r->task, g->task); /* a function has its own name */
    if (!same(r->runtime, a->cell->entry->base) || !its_task || !same(r->model, plan_model(a->cell)))
        blame(s, CELL_FAILED, "the record is of %s %s:%s", r->task == NULL ? "?" : r->task, r->runtime,
              r->model == NULL ? "?" : r->model);
    const int64_t workers = g->workers < g->jobs ? g->workers : g->jobs; /* fewer jobs than a server's connections */
    if (r->status == RECORD_DONE && (r->jobs != g->jobs || r->workers != workers))
        blame(s, CELL_FAILED, "the record is of %" PRId64 " jobs and %" PRId64 " workers", r->jobs, r->workers);
}

/* Whether a host that says that it cannot run left its slots file empty: it made it and could not reserve its bytes. */
static bool left_unreserved(const struct attempt *a, int64_t copy)
{
    struct stat st;
    char path[SAMPLE_PATH_SIZE];
    sample_file(a->b->scratch, "slots", a->cell, copy, path);
    return stat(path, &st) == 0 && st.st_size == 0;
}

static void check_record(const struct attempt *a, const struct record *r, int64_t copy, struct sample_taken *s)
{
    const double took_s = (double)(r->end_ns - r->start_ns) / 1e9;
    const bool impossible = r->status == RECORD_IMPOSSIBLE;
    s->unreserved |= impossible && left_unreserved(a, copy);
    check_identity(a, r, s);
    if (impossible && copy > 0 && s->status == CELL_FAILED) /* the first gave up at the gate for it */
        s->status = CELL_OK;
    if (r->status != RECORD_DONE)
        blame(s,
              impossible                        ? CELL_IMPOSSIBLE
              : took_s >= a->b->plan->timeout_s ? CELL_TIMEOUT
                                                : CELL_FAILED,
              "%s", r->reason == NULL ? "no reason given" : r->reason);
}

static int open_slots(const struct attempt *a, int64_t copy, struct slots_view *view, struct error *why)
{
    char path[SAMPLE_PATH_SIZE];
    sample_file(a->b->scratch, "slots", a->cell, copy, path);
    return slots_open(path, (uint64_t)a->b->plan->groups[a->cell->group].jobs, view, why);
}

/* Without a record the slots know in which job the host ended. */
static void blame_end(const struct attempt *a, int64_t copy, struct sample_taken *s)
{
    struct slots_view view = {.slots = NULL};
    struct error unsaid;
    uint64_t job = 0, jobs = 0, running = 0, done = 0;
    char where[80] = "", after[100] = "";
    if (open_slots(a, copy, &view, &unsaid) == 0) {
        jobs = view.jobs;
        done = slots_count(&view, SLOT_DONE, &job);
        running = slots_count(&view, SLOT_RUNNING, &job);
        slots_close(&view);
    }
    if (running == 1)
        snprintf(where, sizeof where, " in job %" PRIu64, job);
    else if (running > 1)
        snprintf(where, sizeof where, " while job %" PRIu64 " and %" PRIu64 " more were running", job, running - 1);
    else if (done > 0 && done < jobs)
        snprintf(after, sizeof after, "; %" PRIu64 " of %" PRIu64 " jobs were done", done, jobs);
    else if (done > 0 && s->exit > 128)
        snprintf(where, sizeof where, " when all jobs were done");
    else if (done > 0)
        snprintf(after, sizeof after, "; all jobs were done, so that it may have closed the host's descriptors");
    char *ended = ended_text(a, s, where);
    blame(s, CELL_FAILED, "%s%s%s", *where == '\0' ? "the host wrote no record, " : "", ended, after);
    free(ended);
}

static void read_record(const struct attempt *a, int64_t copy, struct sample_taken *s)
{
    char path[SAMPLE_PATH_SIZE], *text = NULL;
    size_t length;
    struct error why;
    struct record r;
    sample_file(a->b->scratch, "record", a->cell, copy, path);
    /* Where it was killed before it could write, the file may be there and empty. */
    if (file_read(path, RECORD_MAX, &text, &length) != 0 || length == 0) {
        blame_end(a, copy, s);
    } else if (record_parse(text, length, &r, &why) != 0) {
        blame(s, CELL_FAILED, "%s", why.text);
    } else {
        take_record(a, &r, copy, s);
        check_record(a, &r, copy, s);
        record_free(&r);
    }
    free(text);
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
static void read_open_loop(const struct attempt *a, const struct slots_view *view, struct sample_taken *s)
{
    const struct arrivals arrivals = plan_arrivals(a->b->plan, a->cell->group, a->place->round);
    struct error why;
    if (arrivals.rate == 0)
        return;
    if (open_loop_check(view, &arrivals, json_integer_value(json_object_get(s->phases, "ready")), &why) != 0) {
        blame(s, CELL_REFUSED, "%s", why.text);
        return;
    }
    s->opened = true;
    open_loop_measure(view, &s->open_loop);
}

/* A copy whose results are not the first one's. */
static void blame_copy(const struct slots_view *view, int64_t copy, struct sample_taken *s)
{
    struct error why = {.text = "other results than the first"}; /* whose slots were refused, then */
    uint64_t *first = s->has_digest ? slots_results(&s->slots) : NULL;
    if (first != NULL)
        (void)slots_tell_difference(view, first, "the first", &why); /* the digests differ, so that something does */
    blame(s, CELL_REFUSED, "%s (copy %" PRId64 ")", why.text, copy + 1);
    free(first);
}

/* What the workers of each host did, where they are on several. */
static void read_hosts(const struct attempt *a, struct sample_taken *s)
{
    const struct placement *placement = &a->b->nodes->placement;
    const json_t *ready = json_object_get(s->phases, "ready");
    if (!bench_spreads(a->b, a->cell) || !json_is_integer(ready))
        return;
    struct slots_share *shares = xcalloc(placement->count, sizeof *shares);
    slots_by_host(&s->slots, placement, (unsigned)a->b->plan->groups[a->cell->group].workers, json_integer_value(ready),
                  shares);
    s->nodes = json_object();
    for (size_t h = 0; h < placement->count; h++)
        json_object_set_new(s->nodes, placement->hosts[h].name,
                            json_pack("{sI sI sI sI}", "jobs", (json_int_t)shares[h].jobs, "busy_ns",
                                      (json_int_t)shares[h].busy_ns, "last_ns", (json_int_t)shares[h].last_ns,
                                      "longest_ns", (json_int_t)shares[h].longest_ns));
    free(shares);
}

/* The slots of one copy, and the same digest in every copy. */
static void read_slots(const struct attempt *a, int64_t copy, struct sample_taken *s)
{
    struct slots_view view;
    struct error why;
    if (open_slots(a, copy, &view, &why) != 0) {
        blame(s, CELL_FAILED, "%s", why.text);
        return;
    }
    if (check_slots(s, &view, &why) != 0)
        blame(s, CELL_REFUSED, "%s", why.text);
    else if (copy > 0 && slots_digest(&view) != s->digest)
        blame_copy(&view, copy, s);
    if (copy > 0) {
        slots_close(&view);
        return;
    }
    s->slots = view;
    if (s->status != CELL_OK) /* stamps that were refused are not counted with */
        return;
    s->has_digest = true;
    s->digest = slots_digest(&view);
    if (a->cell->role == ROLE_CAPACITY)
        return;
    slots_latency(&view, &s->latency);
    read_open_loop(a, &view, s);
    slots_count_in_flight(&view, plan_needs_jobs(&a->b->plan->groups[a->cell->group]), &s->flight);
    read_hosts(a, s);
}

/* At a deadline there is no record; the slots may say how far it came. */
static void blame_deadline(const struct attempt *a, struct sample_taken *s)
{
    struct slots_view view;
    struct error why;
    if (open_slots(a, 0, &view, &why) != 0) {
        error_set(&why, 0, a->cell->program != NULL ? "it tells nothing of its jobs" : "no job was begun");
    } else {
        if (slots_check(&view, &why) == 0)
            error_set(&why, 0, "all jobs were done");
        slots_close(&view);
    }
    blame(s, CELL_TIMEOUT, "no end within %g s, so it was killed; %s", a->b->plan->timeout_s + KILL_GRACE_S, why.text);
}

/* Whether the sample left a file with something in it. */
static bool has_left(const struct attempt *a, const char *what)
{
    struct stat st;
    char path[SAMPLE_PATH_SIZE];
    sample_file(a->b->scratch, what, a->cell, 0, path);
    return stat(path, &st) == 0 && st.st_size > 0;
}

/* A program of the user's own need not write anything: then its results are not known. */
static void read_results(const struct attempt *a, struct sample_taken *s)
{
    const bool host = a->cell->program == NULL, record = host || has_left(a, "record"),
               slots = host || (record && has_left(a, "slots"));
    for (int64_t k = 0; record && k < a->cell->copies; k++)
        read_record(a, k, s);
    if (s->exit != 0) {
        char *ended = ended_text(a, s, "");
        blame(s, CELL_FAILED, "%s%s", record ? "the record says done, but " : "", ended);
        free(ended);
    }
    if (a->end.leftover < 0)
        blame(s, CELL_FAILED, "/proc cannot be read, so that what it left running is not known");
    if (a->end.leftover > 0)
        blame(s, CELL_FAILED, "it left %d process%s running", a->end.leftover, a->end.leftover == 1 ? "" : "es");
    for (int64_t k = 0; slots && s->status == CELL_OK && k < a->cell->copies; k++)
        read_slots(a, k, s);
    if (s->status == CELL_OK && !slots)
        text_set(&s->reason, record ? "it wrote a record and no slots, so that its results are not known"
                                    : "it wrote no record, so that only the whole command is known");
}

/* Of a sample that was out of time: the first job that ran for more than half of it, and whether no other was running. */
static void note_stuck(const struct attempt *a, struct sample_taken *s)
{
    const int64_t since_ns = a->ended_ns - (int64_t)(a->b->plan->timeout_s / 2 * (double)NS_PER_S);
    struct slots_view view;
    struct error unsaid;
    uint64_t job;
    if (open_slots(a, 0, &view, &unsaid) != 0)
        return;
    s->stuck_alone = slots_count(&view, SLOT_RUNNING, &job) == 1;
    for (uint64_t i = 0; s->stuck < 0 && i < view.jobs; i++)
        if (view.slots[i].state == SLOT_RUNNING && view.slots[i].start_ns < since_ns)
            s->stuck = (int64_t)i;
    slots_close(&view);
}

static void sample_read(const struct attempt *a, struct sample_taken *s)
{
    if (a->end.timed_out)
        blame_deadline(a, s);
    else if (a->place->timed)
        read_timing(a, s);
    else
        s->exit = WIFSIGNALED(a->end.status) ? 128 + WTERMSIG(a->end.status) : WEXITSTATUS(a->end.status);
    if (s->status == CELL_OK)
        read_results(a, s);
    if (s->status == CELL_TIMEOUT)
        note_stuck(a, s);
}

void sample_compare(struct sample_taken *s, const struct reference *reference)
{
    struct error why = {.text = ""};
    if (s->status != CELL_OK || s->reason != NULL) /* or there are no results */
        return;
    if (reference->reason != NULL)
        s->reason = text_format("nothing to check against: %s: %s", reference->name, reference->reason);
    else if (s->digest == reference->digest)
        return;
    else if (reference->changes != NULL)
        blame(s, CELL_REFUSED, "%s", reference->changes);
    else if (reference->results != NULL && s->slots.slots != NULL &&
             slots_tell_difference(&s->slots, reference->results, reference->name, &why) == 0)
        blame(s, CELL_REFUSED, "%s", why.text);
    else
        blame(s, CELL_REFUSED, "the results are not those of %s", reference->name);
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
            s->services = services_use(a->b->services, a->b->catalog, a->cell, false); /* with all that is connected */
            end_pause_release(pause);
        }
        const int64_t cost = clock_now_ns() - begun; /* at most half a CPU for looking */
        rc = supervisor_wait(a->b->supervisor, cost > LOOK_INTERVAL_NS ? cost : LOOK_INTERVAL_NS, &a->end, err);
    }
    s->peak_pss_bytes = a->memory.peak;
    s->looks = (int64_t)a->memory.count;
    return rc;
}

/* A program of the user's own that cannot be started is what happened to its cell. */
static int start(const struct attempt *a, const struct supervisor_command *command, pid_t *pid, struct sample_taken *s,
                 struct error *err)
{
    const int rc = supervisor_start(a->b->supervisor, command, pid, err);
    if (rc == 0 || rc == -EPIPE || a->cell->program == NULL)
        return rc;
    blame(s, CELL_FAILED, "it cannot be started: %s", err->text);
    err->text[0] = '\0';
    return 0;
}

static bool uses_origin(const struct attempt *a)
{
    return a->b->origin != NULL && a->b->plan->groups[a->cell->group].needs_url;
}

static int run_command(struct attempt *a, struct sample_taken *s, struct error *err)
{
    char *env[] = {host_env(a->b->paths), uses_origin(a) ? a->b->origin->trust : NULL, NULL};
    const int complaints = open(a->complaints, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    const bool pauses = !a->place->timed && sample_pauses(a->cell);
    struct end_pause pause = {-1, -1};
    int rc = complaints < 0 ? error_set(err, -errno, "%s: %s", a->complaints, strerror(errno)) : 0;
    if (rc == 0 && pauses && end_pause_open(&pause, err) != 0)
        rc = -EMFILE;
    const struct supervisor_command command = {
        .argv = a->argv.items,
        .cwd = a->cell->program != NULL ? a->b->plan->directory : a->b->paths->root,
        .env = env,
        .in = -1,
        .out = -1,
        .err = complaints,
        .talks = pauses,
        .talk = {pause.host, pause.host},
        .deadline_ns = (int64_t)((a->b->plan->timeout_s + KILL_GRACE_S) * (double)NS_PER_S)};
    pid_t pid;
    a->began_ns = clock_now_ns();
    if (rc == 0)
        rc = start(a, &command, &pid, s, err);
    end_pause_handed_over(&pause);
    if (rc == 0 && s->status == CELL_OK)
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

/* -- taking ------------------------------------------------------------------------------------------------------- */

/* What runs beside the command had so far, as far as its cell uses it. */
struct beside {
    struct service_use origin, services;
};

static struct beside look_beside(const struct attempt *a, bool first)
{
    return (struct beside){.origin = uses_origin(a) ? service_use(&a->b->origin->process)
                                                    : (struct service_use){-1, -1, -1},
                           .services = services_use(a->b->services, a->b->catalog, a->cell, first)};
}

/* One that forks says a little less than before where some of its processes ended meanwhile (bench/process/service.h). */
static bool goes_on(struct service_use before, struct service_use now)
{
    return before.cpu_ns >= 0 && now.cpu_ns >= before.cpu_ns - (now.wait_ns < 0 ? 2 * TICK_NS : 0);
}

/* What the machine, the origin and services did meanwhile. `looks`: the first has been taken. */
static void note_interference(const struct attempt *a, struct interference_counters looks[2], struct beside before,
                              struct sample_taken *s)
{
    const struct beside now = look_beside(a, false);
    int64_t beside_ns = 0;
    if (goes_on(before.origin, now.origin)) {
        s->origin_cpu_ns = now.origin.cpu_ns - before.origin.cpu_ns;
        s->origin_wait_ns = now.origin.wait_ns - before.origin.wait_ns;
        s->origin_wall_ns = a->ended_ns - a->began_ns;
        beside_ns += s->origin_cpu_ns;
    }
    if (goes_on(before.services, now.services)) {
        const int64_t held = s->services.peak_bytes, cpu_ns = now.services.cpu_ns - before.services.cpu_ns;
        s->services = now.services;
        s->services.cpu_ns = cpu_ns > 0 ? cpu_ns : 0;
        s->services.wait_ns -= now.services.wait_ns < 0 ? 0 : before.services.wait_ns;
        s->services.peak_bytes = held > now.services.peak_bytes ? held : now.services.peak_bytes;
        s->services_cpus = services_cpus(a->b->services, a->b->catalog, a->cell);
        beside_ns += s->services.cpu_ns;
    } else {
        s->services = (struct service_use){-1, -1, -1};
    }
    interference_take(a->b->watch, &looks[1]);
    interference_between(a->b->watch, looks, a->end.cpu_ns < 0 ? -1 : a->end.cpu_ns + beside_ns, &s->around);
}

/* Says of a sample that failed for want of memory under a control group's limit that it did. */
static void note_kills(struct sample_taken *s)
{
    if (s->around.oom_kills <= 0 || s->reason == NULL)
        return;
    const int64_t limit = machine_memory_limit("");
    char *said = s->reason, *whose = limit > 0 ? text_format(", whose limit is %lld MB", (long long)limit >> 20) : NULL;
    s->reason = text_format("%s; out of memory: the kernel killed %lld process%s of this control group%s", said,
                            (long long)s->around.oom_kills, s->around.oom_kills == 1 ? "" : "es",
                            whose == NULL ? "" : whose);
    free(whose);
    free(said);
}

/* Says of a sample that failed, of workers on several hosts, which of these have gone. */
static void note_lost(const struct attempt *a, struct sample_taken *s)
{
    char *said = s->reason;
    char *lost = said != NULL && s->status != CELL_OK && bench_spreads(a->b, a->cell) ? nodes_lost(a->b->nodes) : NULL;
    if (lost == NULL)
        return;
    s->reason = text_format("%s; %s", lost, said);
    free(lost);
    free(said);
}

/* What was started to run beside the commands and has ended by itself; NULL: nothing. */
static const char *ended_beside(const struct bench *b)
{
    return b->origin != NULL && service_has_ended(&b->origin->process) ? "the origin" : services_ended(b->services);
}

/* A sample during which what it uses ended says nothing of its cell, and is none. */
static int attempt_take(struct attempt *a, struct sample_taken *s, struct error *err)
{
    struct interference_counters looks[2];
    interference_take(a->b->watch, &looks[0]);
    const struct beside before = look_beside(a, true);
    const int rc = run_command(a, s, err);
    if (rc != 0)
        return rc;
    const char *ended = ended_beside(a->b);
    if (ended != NULL)
        return error_set(err, -EPIPE, "%s has ended by itself", ended);
    note_interference(a, looks, before, s);
    if (s->status == CELL_OK)
        sample_read(a, s);
    interference_find(&s->around, s->disturbed, &s->disturbances);
    note_kills(s);
    note_lost(a, s);
    const bool may_lack_room = s->status == CELL_FAILED || s->status == CELL_IMPOSSIBLE;
    return may_lack_room ? disk_space_check(a->b, a->cell, s->unreserved, err) : 0;
}

int sample_take(const struct bench *b, const struct plan_cell *cell, const struct sample_place *place,
                struct sample_taken *out, struct error *err)
{
    struct attempt a = {.b = b,
                        .cell = cell,
                        .place = place,
                        .json = text_format("%s/hyperfine.json", b->scratch),
                        .complaints = text_format("%s/stderr", b->scratch),
                        .memory = {.peak = -1}};
    sample_blank(out);
    dir_clear(b->scratch); /* files of the sample before must not be taken for this one's, nor take its space */
    host_argv(b, cell, place->round, place->timed ? a.json : NULL, &a.argv);
    const int rc = attempt_take(&a, out, err);
    string_list_free(&a.argv);
    memory_free(&a.memory);
    free(a.json);
    free(a.complaints);
    if (rc != 0)
        sample_free(out);
    return rc;
}
