/* SPDX-License-Identifier: MIT */
/* What on this machine disturbs a measurement: one row for each fact of machine.json, then what moves while it is watched. */
#define _XOPEN_SOURCE 700 /* glob */
#include "bench/machine/doctor.h"

#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/machine/interference.h"
#include "bench/process/proctree.h"
#include "bench/util/json.h"
#include "bench/util/text.h"
#include "common/clock.h"
#include "common/procfs.h"

#define POLL_NS (500 * NS_PER_MS)

/* -- the list --------------------------------------------------------------------------------------------------------- */

void doctor_add(struct doctor *d, enum doctor_verdict verdict, const char *name, const char *advice, const char *format,
                ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    text_one_line(text);
    const char *found = text_is_utf8(text, strlen(text)) ? text : "not valid UTF-8",
               *todo = verdict == DOCTOR_OK ? NULL : advice;
    struct doctor_finding finding = {.area = d->area, .verdict = verdict, .name = name, .advice = todo};
    struct doctor_finding *more = realloc(d->items, (d->count + 1) * sizeof *more);
    if (more != NULL)
        d->items = more;
    finding.found = text_format("%s", found);
    finding.said = todo == NULL ? text_format("%s", found) : text_format("%s -> %s", found, todo);
    d->no_memory |= more == NULL || finding.found == NULL || finding.said == NULL;
    if (more != NULL) {
        more[d->count++] = finding;
    } else {
        free(finding.found);
        free(finding.said);
    }
}

void doctor_free(struct doctor *d)
{
    for (size_t i = 0; i < d->count; i++) {
        free(d->items[i].found);
        free(d->items[i].said);
    }
    free(d->items);
    *d = (struct doctor){.items = NULL};
}

bool doctor_possible(const struct doctor *d)
{
    for (size_t i = 0; i < d->count; i++)
        if (d->items[i].verdict == DOCTOR_MISSING)
            return false;
    return true;
}

/* -- facts ------------------------------------------------------------------------------------------------------------ */

#define MB 1048576.0

/* A fact that is a text, and the texts that are good, or the one that is bad. */
static const struct {
    const char *fact, *name, *good, *bad, *advice;
    const char *unknown; /* the advice where the machine does not say; NULL: none */
} texts[] = {
    {"governor", "governor", "performance", NULL, "the clock follows the load: cpupower frequency-set -g performance",
     "the machine does not say; of a virtual machine its host decides"},
    {"turbo", "turbo", NULL, "on",
     "the clock falls when more CPUs work: echo 1 > /sys/devices/system/cpu/intel_pstate/no_turbo, or echo 0 > "
     "/sys/devices/system/cpu/cpufreq/boost",
     "the machine does not say; the capacity rows show what it comes to"},
    {"smt", "SMT", NULL, "on",
     "work on two CPUs of one core shares it, and they are worth less than two: echo off > "
     "/sys/devices/system/cpu/smt/control, or taskset to one CPU per core",
     NULL},
    {"virtualisation", "virtual", "none", NULL,
     "other guests share its CPUs and caches; steal shows a part of that, control rows the rest", NULL},
    {"aslr", "ASLR", "off|off for this process", NULL,
     "each command has another layout, which the rounds average over; setarch -R cobench run ... keeps one", NULL},
    /* Good are those that are read without entering the kernel. */
    {"clocksource", "clock", "tsc|kvm-clock|arch_sys_counter|hyperv_clocksource_tsc_page|riscv_clocksource|timebase",
     NULL,
     "reading it is slow: echo tsc > /sys/devices/system/clocksource/clocksource0/current_clocksource, if the kernel "
     "trusts it",
     NULL},
};

/* A fact that is a number, and the limit that it is bad above or below of. */
static const struct {
    const char *fact, *name;
    enum { ABOVE, BELOW } bad;
    double limit, unit; /* shown in units, with so many digits behind the point */
    int digits;
    const char *before, *after, *advice;
    bool quiet; /* say nothing where it is unknown */
} numbers[] = {
    {"cpu_kinds", "CPU kinds", ABOVE, 1, 1, 0, "", "",
     "work on a slower CPU takes longer, and rounds differ by where it ran: taskset to CPUs of one kind", true},
    {"cpu_weight", "CPU weight", BELOW, 100, 1, 0, "", ", where 100 is usual",
     "other control groups go first when the CPUs are busy: run in a group of the usual weight", true},
    {"numa_nodes", "NUMA", ABOVE, 1, 1, 0, "nodes: ", "",
     "memory of another node is slower: numactl --cpunodebind=0 --membind=0", false},
    {"steal_share", "steal", ABOVE, 0.001, 0.01, 2, "", "% of all CPU time since boot",
     "somebody else's work ran on these CPUs; samples it hits are marked. A machine of one's own has none", false},
    {"memory_available_bytes", "memory", BELOW, 512 * MB, MB, 0, "", " MB available",
     "200 interpreters at once need about 1 GB; close what is not needed", false},
    {"swap_used_bytes", "swap", ABOVE, 0, MB, 0, "", " MB in use",
     "coming back from it takes milliseconds: swapoff -a, where the memory suffices", false},
};

/* Whether `text` is one of those with | between them. */
static bool is_one_of(const char *text, const char *list)
{
    const size_t length = strlen(text);
    for (const char *at = list; at != NULL; at = strchr(at, '|'), at += at != NULL)
        if (strcspn(at, "|") == length && strncmp(at, text, length) == 0)
            return true;
    return false;
}

static void check_facts(struct doctor *d, const json_t *facts)
{
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *text = json_string_value(json_object_get(facts, texts[i].fact));
        const bool known = text != NULL && !fact_is_unknown(json_object_get(facts, texts[i].fact));
        const bool good = known &&
                          (texts[i].good != NULL ? is_one_of(text, texts[i].good) : strcmp(text, texts[i].bad) != 0);
        doctor_add(d, good ? DOCTOR_OK : DOCTOR_NOTE, texts[i].name, known ? texts[i].advice : texts[i].unknown, "%s",
                   known ? text : FACT_UNKNOWN);
    }
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        const json_t *value = json_object_get(facts, numbers[i].fact);
        const double x = json_number_value(value);
        const bool bad = numbers[i].bad == ABOVE ? x > numbers[i].limit : x < numbers[i].limit;
        if (json_is_number(value))
            doctor_add(d, bad ? DOCTOR_NOTE : DOCTOR_OK, numbers[i].name, numbers[i].advice, "%s%.*f%s",
                       numbers[i].before, numbers[i].digits, x / numbers[i].unit, numbers[i].after);
        else if (!numbers[i].quiet)
            doctor_add(d, DOCTOR_NOTE, numbers[i].name, NULL, FACT_UNKNOWN);
    }
}

static double number_of(const json_t *facts, const char *name)
{
    const json_t *value = json_object_get(facts, name);
    return json_is_number(value) ? json_number_value(value) : -1;
}

/* How many CPUs there are to use, and what takes the others away. */
static void check_cpus(struct doctor *d, const json_t *facts)
{
    const double cpus = number_of(facts, "cpus"), affinity = number_of(facts, "affinity_cpus");
    const json_t *none = json_object_get(facts, "quota_cpus");
    const double quota = number_of(facts, "quota_cpus"), usable = number_of(facts, "effective_cpus");
    doctor_add(d, usable < 3 ? DOCTOR_NOTE : DOCTOR_OK, "CPUs",
               usable <= 1 ? "on one CPU no model gains on work that computes"
                           : "few: the origin, hyperfine and whatever else runs take their part of them",
               "%.3g usable", usable);
    if (affinity > 0 && affinity < cpus)
        doctor_add(d, DOCTOR_NOTE, "affinity",
                   "taskset or a cpuset keeps it there; what runs on the others still shares caches and memory",
                   "%.0f of %.0f CPUs", affinity, cpus);
    if (quota > 0)
        doctor_add(d, quota < affinity ? DOCTOR_NOTE : DOCTOR_OK, "quota",
                   "work that uses more is stopped until the next period (mostly 100 ms): run where there is none, or "
                   "with --workers below it",
                   "%.3g CPUs, by a control group", quota);
    else if (json_string_value(none) == NULL || strcmp(json_string_value(none), "none") != 0)
        doctor_add(d, DOCTOR_NOTE, "quota", NULL, "unknown: no control group can be seen");
}

/* -- what moves ------------------------------------------------------------------------------------------------------- */

/* "python3 (1234) 0.98, gcc (99) 0.4": who used the most CPUs; "" where nobody did. */
static void busiest(struct proctree polls[2], double ticks, char *out, size_t size)
{
    size_t used = 0;
    *out = '\0';
    proctree_busiest(&polls[0], &polls[1]);
    for (size_t i = 0; i < polls[1].count && i < 3 && used < size; i++) {
        const struct proctree_entry *top = &polls[1].entries[i];
        const double cpus = (double)top->ticks / ticks;
        if (cpus >= 0.05) /* less is not worth a name */
            used += (size_t)snprintf(out + used, size - used, "%s%s (%d) %.2g", used > 0 ? ", " : ": ", top->name,
                                     (int)top->pid, cpus);
    }
}

static void other_runs(struct doctor *d, const struct proctree *poll)
{
    for (size_t i = 0; i < poll->count; i++) {
        const struct proctree_entry *entry = &poll->entries[i];
        if (entry->pid == getpid() || (strcmp(entry->name, "cobench") != 0 && strcmp(entry->name, "hyperfine") != 0))
            continue;
        doctor_add(d, DOCTOR_NOTE, "other runs", "two measurements at once measure each other: wait for its end",
                   "%s (%d)", entry->name, (int)entry->pid);
        return;
    }
}

/* Of this machine: what others use in half a second. */
static void load_now(struct doctor *d, const struct interference_watch *watch)
{
    const struct timespec wait = clock_timespec(POLL_NS);
    struct interference_counters polls[2];
    struct proctree busy[2] = {{.entries = NULL}, {.entries = NULL}};
    struct interference between;
    char names[400];
    (void)proctree_read(&busy[0]); /* without /proc there is nobody to name */
    interference_take(watch, &polls[0]);
    nanosleep(&wait, NULL); /* a signal ends it early, which is all right */
    interference_take(watch, &polls[1]);
    (void)proctree_read(&busy[1]);
    interference_between(watch, polls, 0, &between);
    if (between.others_ns < 0 || between.wall_ns <= 0) {
        doctor_add(d, DOCTOR_NOTE, "load", NULL, "unknown");
    } else {
        const double cpus = (double)between.others_ns / (double)between.wall_ns;
        busiest(busy, (double)between.wall_ns / (double)watch->tick_ns, names, sizeof names);
        doctor_add(d, cpus > INTERFERENCE_LOAD_SHARE * (double)between.cpus ? DOCTOR_NOTE : DOCTOR_OK, "load",
                   "stop it or wait: samples taken meanwhile are marked", "%.2f of %lld CPUs in use%s", cpus,
                   (long long)between.cpus, names);
    }
    other_runs(d, &busy[0]);
    proctree_free(&busy[0]);
    proctree_free(&busy[1]);
}

static void throttling(struct doctor *d, const struct interference_watch *watch)
{
    struct interference_counters now;
    interference_take(watch, &now);
    if (now.throttle.times > 0)
        doctor_add(d, DOCTOR_NOTE, "throttling", "samples it hits are marked",
                   "its quota stopped this control group %lld times so far", (long long)now.throttle.times);
    if (now.hot < 0)
        doctor_add(d, DOCTOR_OK, "heat", NULL, "no counter of thermal throttling here");
    else
        doctor_add(d, now.hot > 0 ? DOCTOR_NOTE : DOCTOR_OK, "heat",
                   "let it cool between suites, or lower the highest clock: cpupower frequency-set -u ...",
                   "CPUs throttled themselves %lld times since boot", (long long)now.hot);
}

static void battery(struct doctor *d, const char *root)
{
    char *pattern = text_format("%s/sys/class/power_supply/*/status", root);
    glob_t found = {.gl_pathc = 0};
    bool discharging = false;
    if (pattern != NULL && glob(pattern, 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++) {
            char *line = procfs_line("", found.gl_pathv[i]);
            discharging |= line != NULL && strcmp(line, "Discharging") == 0;
            free(line);
        }
        globfree(&found);
    }
    free(pattern);
    if (discharging)
        doctor_add(d, DOCTOR_NOTE, "battery", "the clock may follow it: plug the machine in", "in use");
}

void doctor_machine(struct doctor *d, const char *root, const json_t *facts)
{
    struct interference_watch watch;
    d->area = DOCTOR_DISTURBS;
    check_cpus(d, facts);
    check_facts(d, facts);
    if (interference_open(root, &watch) != 0) {
        d->no_memory = true;
        return;
    }
    if (*root == '\0')
        load_now(d, &watch);
    else if (number_of(facts, "load1") >= 0)
        doctor_add(d, DOCTOR_OK, "load", NULL, "%.2f in the last minute", number_of(facts, "load1"));
    else
        doctor_add(d, DOCTOR_NOTE, "load", NULL, FACT_UNKNOWN);
    throttling(d, &watch);
    battery(d, root);
    interference_close(&watch);
}
