/* SPDX-License-Identifier: MIT */
/* What moves on the machine while nothing of ours runs: two looks, half a second apart. */
#define _XOPEN_SOURCE 700 /* glob */
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/process/busy.h"
#include "bench/machine/doctor.h"
#include "bench/machine/interference.h"
#include "bench/util/text.h"
#include "common/clock.h"
#include "common/procfs.h"

#define LOOK_NS    (500 * NS_PER_MS)
#define BUSY_LEAST 0.05 /* of a CPU: less is not worth a name */
enum { BUSY_NAMED = 3 };

/* -- load --------------------------------------------------------------------------------------------------------- */

struct window {
    struct interference_counters looks[2];
    struct busy_snapshot busy[2];
    struct interference between;
    int64_t tick_ns;
};

static void window_take(const struct interference_watch *watch, struct window *w)
{
    const struct timespec wait = clock_timespec(LOOK_NS);
    (void)busy_read("", &w->busy[0]); /* without /proc there is nobody to name */
    interference_take(watch, &w->looks[0]);
    nanosleep(&wait, NULL); /* a signal ends it early, which is all right */
    interference_take(watch, &w->looks[1]);
    (void)busy_read("", &w->busy[1]);
    interference_between(watch, w->looks, 0, &w->between);
    w->tick_ns = watch->tick_ns;
}

/* "python3 (1234) 0.98, gcc (99) 0.4": who used the most CPUs; "" where nobody did. */
static void busiest(const struct window *w, char *out, size_t room)
{
    struct busy_process top[BUSY_NAMED];
    const size_t count = busy_between(&w->busy[0], &w->busy[1], top, BUSY_NAMED);
    size_t used = 0;
    *out = '\0';
    for (size_t i = 0; i < count && used < room; i++) {
        const double cpus = (double)top[i].ticks * (double)w->tick_ns / (double)w->between.wall_ns;
        if (cpus >= BUSY_LEAST)
            used += (size_t)snprintf(out + used, room - used, "%s%s (%d) %.2g", used > 0 ? ", " : "", top[i].name,
                                     (int)top[i].pid, cpus);
    }
}

static void judge_load(struct doctor *d, const struct window *w)
{
    const struct interference *s = &w->between;
    char names[400];
    if (s->others_ns < 0 || s->wall_ns <= 0) {
        doctor_add(d, DOCTOR_NOTE, "load", "unknown");
        return;
    }
    const double cpus = (double)s->others_ns / (double)s->wall_ns;
    const bool much = cpus > INTERFERENCE_LOAD_SHARE * (double)s->cpus;
    busiest(w, names, sizeof names);
    doctor_add(d, much ? DOCTOR_NOTE : DOCTOR_OK, "load", "%.2f of %lld CPUs in use%s%s", cpus, (long long)s->cpus,
               *names == '\0' ? "" : ": ", names);
    if (much)
        doctor_advise(d, "stop it or wait: samples taken meanwhile are marked");
}

static void judge_steal(struct doctor *d, const struct window *w)
{
    const struct interference *s = &w->between;
    if (s->steal_ns <= s->tick_ns || s->wall_ns <= 0)
        return; /* what was stolen since boot is a finding of its own */
    doctor_add(d, DOCTOR_NOTE, "steal now", "%.0f%% of half a second", 100 * (double)s->steal_ns / (double)s->wall_ns);
    doctor_advise(d, "the hypervisor's other guests are at work: wait, or take a machine of one's own");
}

/* -- throttling, other runs, a battery ---------------------------------------------------------------------------- */

static void judge_throttling(struct doctor *d, const struct interference_counters *look)
{
    if (look->throttle.times > 0) {
        doctor_add(d, DOCTOR_NOTE, "throttling", "its quota stopped this control group %lld times so far",
                   (long long)look->throttle.times);
        doctor_advise(d, "samples it hits are marked");
    }
    if (look->hot > 0) {
        doctor_add(d, DOCTOR_NOTE, "heat", "CPUs throttled themselves %lld times since boot", (long long)look->hot);
        doctor_advise(d, "let it cool between suites, or lower the highest clock: cpupower frequency-set -u ...");
    } else {
        doctor_add(d, DOCTOR_OK, "heat", "%s",
                   look->hot < 0 ? "no counter of thermal throttling here" : "never throttled since boot");
    }
}

static void look_for_runs(struct doctor *d, const struct busy_snapshot *look)
{
    const struct busy_process *other = NULL;
    size_t count = 0;
    for (size_t i = 0; i < look->count; i++)
        if (strcmp(look->items[i].name, "cobench") == 0 || strcmp(look->items[i].name, "hyperfine") == 0) {
            other = &look->items[i];
            count++;
        }
    if (count == 0)
        return;
    doctor_add(d, DOCTOR_NOTE, "other runs", "%s (%d)%s", other->name, (int)other->pid, count > 1 ? " and more" : "");
    doctor_advise(d, "two measurements at once measure each other: wait for its end");
}

/* A file of a power supply that says `text`. */
static bool supply_says(const char *folder, const char *file, const char *text)
{
    char *path = text_format("%s/%s", folder, file), *line = path == NULL ? NULL : procfs_line("", path);
    const bool same = line != NULL && strcmp(line, text) == 0;
    free(line);
    free(path);
    return same;
}

static void look_at_power(struct doctor *d, const char *root)
{
    char *pattern = text_format("%s/sys/class/power_supply/*", root);
    glob_t found = {.gl_pathc = 0};
    bool discharging = false;
    if (pattern != NULL && glob(pattern, 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++)
            discharging |= supply_says(found.gl_pathv[i], "type", "Battery") &&
                           supply_says(found.gl_pathv[i], "status", "Discharging");
        globfree(&found);
    }
    free(pattern);
    if (discharging) {
        doctor_add(d, DOCTOR_NOTE, "battery", "in use");
        doctor_advise(d, "the clock may follow it: plug the machine in");
    }
}

void doctor_look_around(struct doctor *d, const char *root, const json_t *facts)
{
    struct interference_watch watch;
    struct window w = {.tick_ns = 0};
    d->area = DOCTOR_DISTURBS;
    if (interference_open(root, &watch) != 0) {
        d->no_memory = true;
        return;
    }
    if (*root == '\0') {
        window_take(&watch, &w);
        judge_load(d, &w);
        judge_steal(d, &w);
        look_for_runs(d, &w.busy[1]);
    } else {
        const json_t *load = json_object_get(facts, "load1");
        interference_take(&watch, &w.looks[1]);
        if (json_is_number(load))
            doctor_add(d, DOCTOR_OK, "load", "%.2f in the last minute", json_number_value(load));
        else
            doctor_add(d, DOCTOR_NOTE, "load", "unknown");
    }
    judge_throttling(d, &w.looks[1]);
    look_at_power(d, root);
    busy_free(&w.busy[0]);
    busy_free(&w.busy[1]);
    interference_close(&watch);
}
