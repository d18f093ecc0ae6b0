/* SPDX-License-Identifier: MIT */
/* One sample: its command run, watched, and read. */
#include "bench/run/sample_take.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/util/files.h"
#include "bench/machine/facts.h"
#include "bench/protocol/end_pause.h"
#include "bench/run/disk_space.h"
#include "bench/run/host_argv.h"
#include "bench/run/sample_read.h"
#include "bench/util/text.h"
#include "common/clock.h"

#define LOOK_INTERVAL_NS (3 * NS_PER_MS)

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
    struct end_pause pause = {-1, -1};
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
        .talk = {pause.host, pause.host},
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

/* -- taking ------------------------------------------------------------------------------------------------------- */

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

/* What happened to the sample from outside. */
static void note_disturbances(struct sample_taken *s)
{
    if (s->disturbed == NULL)
        s->disturbed = json_array();
    interference_find(&s->around, s->disturbed, &s->disturbances);
    note_kills(s);
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
    rc = sample_read(a, s);
    if (rc != 0)
        return error_set(err, rc, "out of memory");
    note_disturbances(s);
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
                        .memory = {.peak = -1},
                        .exit = -1};
    sample_blank(out);
    dir_clear_flat(b->scratch); /* files of the sample before must not be taken for this one's, nor take its space */
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
