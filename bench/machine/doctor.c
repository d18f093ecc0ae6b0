/* SPDX-License-Identifier: MIT */
/* What on this machine disturbs a measurement: one row for each fact of machine.json, then what moves while it is watched. */
#include "bench/machine/doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/machine/interference.h"
#include "bench/process/proctree.h"
#include "bench/util/alloc.h"
#include "bench/util/json.h"
#include "bench/util/text.h"
#include "common/clock.h"

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
    d->items = array_grow(d->items, d->count, sizeof *d->items);
    d->items[d->count++] = (struct doctor_finding){.area = d->area,
                                                   .verdict = verdict,
                                                   .name = name,
                                                   .advice = todo,
                                                   .found = xstrdup(found),
                                                   .said = todo == NULL ? xstrdup(found)
                                                                        : text_format("%s -> %s", found, todo)};
}

enum doctor_verdict doctor_note_if(bool bad) { return bad ? DOCTOR_NOTE : DOCTOR_OK; }

void doctor_free(struct doctor *d)
{
    for (size_t i = 0; i < d->count; i++) {
        free(d->items[i].found);
        free(d->items[i].said);
    }
    free(d->items);
    json_decref(d->interpreters);
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

/* A fact, and what is bad: a text, all texts but those with | between them, or a number above or below a limit. */
static const struct {
    const char *fact, *name;
    enum { IS, IS_NOT, ABOVE, BELOW } bad;
    const char *texts;
    double limit, unit; /* shown in units, with so many digits behind the point */
    int digits;
    const char *before, *after, *advice;
    bool quiet; /* say nothing where it is unknown or there is none */
} table[] = {
    {"governor", "governor", IS_NOT, "performance",
     .advice = "the clock follows the load, or the host of a virtual "
               "machine decides: cpupower frequency-set -g performance"},
    {"turbo", "turbo", IS, "on",
     .advice =
         "the clock falls when more CPUs work: echo 1 > /sys/devices/system/cpu/intel_pstate/no_turbo, or echo 0 > "
         "/sys/devices/system/cpu/cpufreq/boost"},
    {"smt", "SMT", IS, "on",
     .advice = "work on two CPUs of one core shares it, and they are worth less than two: echo off > "
               "/sys/devices/system/cpu/smt/control, or taskset to one CPU per core"},
    {"virtualisation", "virtual", IS_NOT, "none",
     .advice = "other guests share its CPUs and caches; steal shows a part of that, control rows the rest"},
    {"aslr", "ASLR", IS_NOT, "off|off for this process",
     .advice = "each command has another layout, which the rounds average over; setarch -R cobench run ... keeps one"},
    /* Good are those that are read without entering the kernel. */
    {"clocksource", "clock", IS_NOT,
     "tsc|kvm-clock|arch_sys_counter|hyperv_clocksource_tsc_page|riscv_clocksource|timebase",
     .advice =
         "reading it is slow: echo tsc > /sys/devices/system/clocksource/clocksource0/current_clocksource, if the "
         "kernel trusts it"},
    {"cpu_kinds", "CPU kinds", ABOVE, NULL, 1, 1, 0, "", "",
     "work on a slower CPU takes longer, and rounds differ by where it ran: taskset to CPUs of one kind", true},
    {"cpu_weight", "CPU weight", BELOW, NULL, 100, 1, 0, "", ", where 100 is usual",
     "other control groups go first when the CPUs are busy: run in a group of the usual weight", true},
    {"numa_nodes", "NUMA", ABOVE, NULL, 1, 1, 0, "nodes: ", "",
     "memory of another node is slower: numactl --cpunodebind=0 --membind=0", false},
    {"steal_share", "steal", ABOVE, NULL, 0.001, 0.01, 2, "", "% of all CPU time since boot",
     "somebody else's work ran on these CPUs; samples it hits are marked. A machine of one's own has none", false},
    {"memory_available_bytes", "memory", BELOW, NULL, 512 * MB, MB, 0, "", " MB available",
     "200 interpreters at once need about 1 GB; close what is not needed", false},
    {"memory_limit_bytes", "memory limit", BELOW, NULL, 1024 * MB, MB, 0, "at most ", " MB in this control group",
     "the kernel kills what goes beyond it: run in a group with more (MemoryMax=)", true},
    {"swap_used_bytes", "swap", ABOVE, NULL, 0, MB, 0, "", " MB in use",
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
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const json_t *value = json_object_get(facts, table[i].fact);
        const char *text = json_string_value(value), *name = table[i].name, *advice = table[i].advice;
        const double x = json_number_value(value), limit = table[i].limit;
        if (json_is_number(value))
            doctor_add(d, doctor_note_if(table[i].bad == ABOVE ? x > limit : x < limit), name, advice, "%s%.*f%s",
                       table[i].before, table[i].digits, x / table[i].unit, table[i].after);
        else if (text != NULL && !fact_is_unknown(value) && table[i].texts != NULL)
            doctor_add(d, doctor_note_if(is_one_of(text, table[i].texts) == (table[i].bad == IS)), name, advice, "%s",
                       text);
        else if (!table[i].quiet)
            doctor_add(d, DOCTOR_NOTE, name, NULL, FACT_UNKNOWN);
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
    const double quota = number_of(facts, "quota_cpus"), usable = number_of(facts, "effective_cpus");
    char digits[TEXT_NUMBER_SIZE];
    doctor_add(d, doctor_note_if(usable < 3), "CPUs",
               usable <= 1 ? "on one CPU no model gains on work that computes"
                           : "few: the origin, hyperfine and whatever else runs take their part of them",
               "%s usable", text_number(digits, usable));
    if (affinity > 0 && affinity < cpus)
        doctor_add(d, DOCTOR_NOTE, "affinity",
                   "taskset or a cpuset keeps it there; what runs on the others still shares caches and memory",
                   "%.0f of %.0f CPUs", affinity, cpus);
    if (quota > 0)
        doctor_add(d, doctor_note_if(quota < affinity), "quota",
                   "work that uses more is stopped until the next period (mostly 100 ms): run where there is none, or "
                   "with --workers below it",
                   "%s CPUs, by a control group", text_number(digits, quota));
    else if (fact_is_unknown(json_object_get(facts, "quota_cpus")))
        doctor_add(d, DOCTOR_NOTE, "quota", NULL, "unknown: no control group can be seen");
}

/* -- what moves ------------------------------------------------------------------------------------------------------- */

/* ": python3 (1234) 0.98, gcc (99) 0.4": who used the most CPUs; "" where nobody did. */
static void busiest(struct proctree polls[2], double ticks, char *out, size_t size)
{
    size_t used = 0;
    *out = '\0';
    proctree_busiest(&polls[0], &polls[1]);
    for (size_t i = 0; i < polls[1].count && i < 3 && used < size; i++) {
        const struct proctree_entry *top = &polls[1].entries[i];
        const double cpus = (double)top->ticks / ticks;
        char digits[TEXT_NUMBER_SIZE];
        if (cpus >= 0.05) /* less is not worth a name */
            used += (size_t)snprintf(out + used, size - used, "%s%s (%d) %s", used > 0 ? ", " : ": ", top->name,
                                     (int)top->pid, text_number(digits, cpus));
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
        doctor_add(d, DOCTOR_NOTE, "load", NULL, FACT_UNKNOWN);
    } else {
        const double cpus = (double)between.others_ns / (double)between.wall_ns;
        busiest(busy, (double)between.wall_ns / (double)watch->tick_ns, names, sizeof names);
        doctor_add(d, doctor_note_if(cpus > INTERFERENCE_LOAD_SHARE * (double)between.cpus), "load",
                   "stop it or wait: samples taken meanwhile are marked", "%.2f of %lld CPUs in use%s", cpus,
                   (long long)between.cpus, names);
    }
    proctree_free(&busy[0]);
    proctree_free(&busy[1]);
}

/* What has been counted so far. */
static void counted(struct doctor *d, const struct interference_watch *watch)
{
    struct interference_counters now;
    interference_take(watch, &now);
    if (now.throttled > 0)
        doctor_add(d, DOCTOR_NOTE, "throttling", "samples it hits are marked",
                   "its quota stopped this control group %lld times so far", (long long)now.throttled);
    if (now.oom_kills > 0)
        doctor_add(d, DOCTOR_NOTE, "memory kills", "the memory, or this control group's limit, does not suffice",
                   "the kernel killed %lld of this control group's processes so far", (long long)now.oom_kills);
    if (now.hot < 0)
        doctor_add(d, DOCTOR_OK, "heat", NULL, "no counter of thermal throttling here");
    else
        doctor_add(d, doctor_note_if(now.hot > 0), "heat",
                   "let it cool between suites, or lower the highest clock: cpupower frequency-set -u ...",
                   "CPUs throttled themselves %lld times since boot", (long long)now.hot);
}

void doctor_machine(struct doctor *d, const char *root, const json_t *facts)
{
    const double load = number_of(facts, "load1");
    struct interference_watch watch;
    d->area = DOCTOR_DISTURBS;
    check_cpus(d, facts);
    check_facts(d, facts);
    interference_open(root, &watch);
    if (*root == '\0')
        load_now(d, &watch);
    else if (load >= 0)
        doctor_add(d, DOCTOR_OK, "load", NULL, "%.2f in the last minute", load);
    else
        doctor_add(d, DOCTOR_NOTE, "load", NULL, FACT_UNKNOWN);
    counted(d, &watch);
    interference_close(&watch);
}
