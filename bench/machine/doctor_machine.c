/* SPDX-License-Identifier: MIT */
/* What the facts of machine.json mean for a measurement, a line each, and how to calm it. */
#include <string.h>

#include "bench/machine/doctor.h"
#include "bench/util/json_facts.h"

static const char *text_of(const json_t *facts, const char *name)
{
    const char *text = json_string_value(json_object_get(facts, name));
    return text == NULL ? FACT_UNKNOWN : text;
}

/* A number, or -1 where it is unknown. */
static double number_of(const json_t *facts, const char *name)
{
    const json_t *value = json_object_get(facts, name);
    return json_is_number(value) ? json_number_value(value) : -1;
}

static bool is_unknown(const char *text) { return strcmp(text, FACT_UNKNOWN) == 0; }

static void judge_cpus(struct doctor *d, const json_t *facts)
{
    const double cpus = number_of(facts, "cpus"), affinity = number_of(facts, "affinity_cpus");
    const double quota = number_of(facts, "quota_cpus"), usable = number_of(facts, "effective_cpus");
    doctor_add(d, usable < 3 ? DOCTOR_NOTE : DOCTOR_OK, "CPUs", "%.3g usable", usable);
    if (usable < 2)
        doctor_advise(d, "on one CPU no model gains on work that computes");
    else if (usable < 3)
        doctor_advise(d, "few: the origin, hyperfine and whatever else runs take their part of them");
    if (affinity > 0 && affinity < cpus) {
        doctor_add(d, DOCTOR_NOTE, "affinity", "%.0f of %.0f CPUs", affinity, cpus);
        doctor_advise(d, "taskset or a cpuset keeps it there; what runs on the others still shares caches and memory");
    }
    if (quota > 0) {
        doctor_add(d, quota < affinity ? DOCTOR_NOTE : DOCTOR_OK, "quota", "%.3g CPUs, by a control group", quota);
        if (quota < affinity)
            doctor_advise(
                d, "work that uses more is stopped until the next period (mostly 100 ms): run where there is none, or "
                   "with --workers below it");
    } else if (is_unknown(text_of(facts, "quota_cpus"))) {
        doctor_add(d, DOCTOR_NOTE, "quota", "unknown: no control group can be seen");
    }
}

static void judge_governor(struct doctor *d, const json_t *facts)
{
    const char *governor = text_of(facts, "governor");
    const bool good = strcmp(governor, "performance") == 0;
    doctor_add(d, good ? DOCTOR_OK : DOCTOR_NOTE, "governor", "%s", governor);
    if (is_unknown(governor))
        doctor_advise(d, "the machine does not say; of a virtual machine its host decides");
    else if (!good)
        doctor_advise(d, "the clock follows the load: cpupower frequency-set -g performance");
}

static void judge_turbo(struct doctor *d, const json_t *facts)
{
    const char *turbo = text_of(facts, "turbo");
    const bool on = strcmp(turbo, "on") == 0;
    doctor_add(d, on || is_unknown(turbo) ? DOCTOR_NOTE : DOCTOR_OK, "turbo", "%s", turbo);
    if (on)
        doctor_advise(d,
                      "the clock falls when more CPUs work: echo 1 > /sys/devices/system/cpu/intel_pstate/no_turbo, or "
                      "echo 0 > /sys/devices/system/cpu/cpufreq/boost");
    else if (is_unknown(turbo))
        doctor_advise(d, "the machine does not say; the capacity rows show what it comes to");
}

static void judge_smt(struct doctor *d, const json_t *facts)
{
    const char *smt = text_of(facts, "smt");
    const bool on = strcmp(smt, "on") == 0;
    doctor_add(d, on || is_unknown(smt) ? DOCTOR_NOTE : DOCTOR_OK, "SMT", "%s", smt);
    if (on)
        doctor_advise(
            d, "two CPUs of one core are worth less than two: echo off > /sys/devices/system/cpu/smt/control, or "
               "taskset to one CPU a core");
}

static void judge_numa(struct doctor *d, const json_t *facts)
{
    const double nodes = number_of(facts, "numa_nodes");
    if (nodes < 0) {
        doctor_add(d, DOCTOR_NOTE, "NUMA", "unknown");
        return;
    }
    doctor_add(d, nodes > 1 ? DOCTOR_NOTE : DOCTOR_OK, "NUMA", "%.0f node%s", nodes, nodes == 1 ? "" : "s");
    if (nodes > 1)
        doctor_advise(d, "memory of another node is slower: numactl --cpunodebind=0 --membind=0");
}

static void judge_virtual(struct doctor *d, const json_t *facts)
{
    const char *name = text_of(facts, "virtualisation");
    const double steal = number_of(facts, "steal_share");
    const bool none = strcmp(name, "none") == 0;
    doctor_add(d, none ? DOCTOR_OK : DOCTOR_NOTE, "virtual", "%s", name);
    if (!none && !is_unknown(name))
        doctor_advise(d, "neighbours share its CPUs and caches; steal shows a part of that, control rows the rest");
    if (steal < 0)
        doctor_add(d, DOCTOR_NOTE, "steal", "unknown");
    else
        doctor_add(d, steal > 0.001 ? DOCTOR_NOTE : DOCTOR_OK, "steal", "%.2g%% of all CPU time since boot",
                   100 * steal);
    if (steal > 0.001)
        doctor_advise(
            d, "somebody else's work ran on these CPUs; samples it hits are marked. A machine of one's own has none");
}

static void judge_aslr(struct doctor *d, const json_t *facts)
{
    const char *aslr = text_of(facts, "aslr");
    const bool off = strncmp(aslr, "off", 3) == 0;
    doctor_add(d, off ? DOCTOR_OK : DOCTOR_NOTE, "ASLR", "%s", aslr);
    if (!off && !is_unknown(aslr))
        doctor_advise(
            d, "each command has another layout, which the rounds average over; setarch -R cobench run ... keeps one");
}

static void judge_clock(struct doctor *d, const json_t *facts)
{
    /* Those that are read without entering the kernel. */
    static const char *const fast[] = {
        "tsc", "kvm-clock", "arch_sys_counter", "hyperv_clocksource_tsc_page", "riscv_clocksource", "timebase"};
    const char *clock = text_of(facts, "clocksource");
    bool good = false;
    for (size_t i = 0; i < sizeof fast / sizeof *fast; i++)
        good |= strcmp(clock, fast[i]) == 0;
    doctor_add(d, good ? DOCTOR_OK : DOCTOR_NOTE, "clock", "%s", clock);
    if (!good && !is_unknown(clock))
        doctor_advise(d, "reading it is slow: echo tsc > "
                         "/sys/devices/system/clocksource/clocksource0/current_clocksource, if the kernel trusts it");
}

static void judge_memory(struct doctor *d, const json_t *facts)
{
    const double all = number_of(facts, "memory_bytes"), available = number_of(facts, "memory_available_bytes");
    const double swapped = number_of(facts, "swap_used_bytes"), mega = 1 << 20;
    if (all < 0 || available < 0) {
        doctor_add(d, DOCTOR_NOTE, "memory", "unknown");
    } else {
        const bool little = available < 512 * mega;
        doctor_add(d, little ? DOCTOR_NOTE : DOCTOR_OK, "memory", "%.0f MB available of %.0f MB", available / mega,
                   all / mega);
        if (little)
            doctor_advise(d, "200 interpreters at once need about 1 GB; close what is not needed");
    }
    if (swapped > 0) {
        doctor_add(d, DOCTOR_NOTE, "swap", "%.0f MB in use", swapped / mega);
        doctor_advise(d, "coming back from it takes milliseconds: swapoff -a, where the memory suffices");
    } else {
        doctor_add(d, swapped < 0 ? DOCTOR_NOTE : DOCTOR_OK, "swap", "%s", swapped < 0 ? "unknown" : "not in use");
    }
}

void doctor_judge_machine(struct doctor *d, const json_t *facts)
{
    d->area = DOCTOR_DISTURBS;
    judge_cpus(d, facts);
    judge_governor(d, facts);
    judge_turbo(d, facts);
    judge_smt(d, facts);
    judge_numa(d, facts);
    judge_virtual(d, facts);
    judge_aslr(d, facts);
    judge_clock(d, facts);
    judge_memory(d, facts);
}
