/* SPDX-License-Identifier: MIT */
/* Facts that are counted over all CPUs and control groups: cores, kinds of CPUs, how they are driven, and how many of
 * them this process may use. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/machine/facts.h"
#include "bench/process/proc_text.h"
#include "bench/util/json.h"
#include "bench/util/text.h"
#include "common/cgroup.h"
#include "common/cpus.h"
#include "common/num.h"
#include "common/procfs.h"

struct cpus {
    const char *root;
    int64_t *numbers; /* NULL: unknown */
    int64_t count;    /* -1: unknown */
};

/* The first line of a CPU's file, to be freed; NULL: it has none. */
static char *cpu_line(const char *root, int64_t cpu, const char *file)
{
    char path[128];
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%lld/%s", (long long)cpu, file);
    return procfs_line(root, path);
}

/* The number, or the first of the list, in a CPU's file; -1: it has none. */
static int64_t cpu_number(const char *root, int64_t cpu, const char *file)
{
    char *line = cpu_line(root, cpu, file);
    int64_t number = -1;
    if (line != NULL)
        line[strcspn(line, ",-")] = '\0';
    if (line == NULL || num_parse_i64(line, 0, INT32_MAX, &number) != 0)
        number = -1;
    free(line);
    return number;
}

/* Each CPU lists the CPUs of its core and of its package, itself included: the first of such a list is counted. */
static void topology_facts(const struct cpus *online, json_t *facts)
{
    int64_t cores = 0, packages = 0;
    bool known = online->count > 0; /* every CPU says so */
    for (int64_t i = 0; known && i < online->count; i++) {
        const int64_t cpu = online->numbers[i];
        const int64_t core = cpu_number(online->root, cpu, "topology/thread_siblings_list");
        const int64_t package = cpu_number(online->root, cpu, "topology/core_siblings_list");
        known = core >= 0 && package >= 0;
        cores += core == cpu;
        packages += package == cpu;
    }
    known = known && cores > 0;
    fact_count(facts, "sockets", known && packages > 0 ? packages : -1);
    fact_count(facts, "cores", known ? cores : -1);
    if (known && fact_is_unknown(json_object_get(facts, "smt")))
        fact_text(facts, "smt", online->count > cores ? "on" : "off");
}

/* How many kinds the CPUs are of by one of their files. Of one kind are CPUs within a tenth of each other: those of one
 * design may differ by a step of their best clock. */
static int64_t count_kinds(const struct cpus *cpus, const char *file)
{
    enum { KINDS_MAX = 8 };
    int64_t kinds[KINDS_MAX], count = 0;
    for (int64_t i = 0; i < cpus->count && count < KINDS_MAX; i++) {
        const int64_t value = cpu_number(cpus->root, cpus->numbers[i], file);
        int64_t k = 0;
        while (k < count && (value * 10 < kinds[k] * 9 || value * 9 > kinds[k] * 10))
            k++;
        if (value > 0 && k == count)
            kinds[count++] = value;
    }
    return count;
}

/* Of the CPUs that this process may use, or where that is not known of all. */
static void kinds_fact(const struct cpus *online, json_t *facts)
{
    struct cpus usable = {.root = online->root, .count = -1};
    char *status = procfs_read(online->root, "/proc/self/status"), allowed[4096];
    if (status != NULL && proc_value(status, "Cpus_allowed_list", allowed, sizeof allowed))
        usable.count = proc_list_parse(allowed, &usable.numbers);
    const struct cpus *cpus = usable.count > 0 ? &usable : online;
    int64_t kinds = count_kinds(cpus, "cpu_capacity");
    if (kinds == 0)
        kinds = count_kinds(cpus, "cpufreq/cpuinfo_max_freq");
    fact_count(facts, "cpu_kinds", kinds > 0 ? kinds : -1);
    free(usable.numbers);
    free(status);
}

/* "performance", or "performance, powersave" where CPUs differ. */
static void frequency_fact(const struct cpus *online, const char *file, const char *fact, json_t *facts)
{
    struct string_list answers = {NULL, 0};
    for (int64_t i = 0; i < online->count; i++) {
        char *line = cpu_line(online->root, online->numbers[i], file);
        if (line != NULL && !string_list_have(&answers, line))
            (void)string_list_add(&answers, line); /* without memory the fact is unknown or short of one */
        free(line);
    }
    char *text = answers.count == 0 ? NULL : string_list_join(&answers, ", ");
    fact_text(facts, fact, text);
    free(text);
    string_list_free(&answers);
}

/* *arg: the least weight so far, on the scale of version 2, whose usual weight is 100; -1: no group has one. */
static void least_weight(const char *root, const char *folder, void *arg)
{
    static const struct {
        const char *file;
        int64_t usual;
    } files[] = {{"cpu.weight", 100}, {"cpu.shares", 1024}};
    int64_t *least = arg, weight;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *path = text_format("%s/%s", folder, files[i].file), *line = path == NULL ? NULL : procfs_line(root, path);
        if (line != NULL && num_parse_i64(line, 1, INT32_MAX, &weight) == 0) {
            weight = weight * 100 / files[i].usual;
            *least = *least < 0 || weight < *least ? weight : *least;
        }
        free(line);
        free(path);
    }
}

static void group_facts(const char *root, json_t *facts)
{
    double quota;
    int64_t weight = -1;
    const enum cgroup_quota kind = cgroup_cpus(root, &quota);
    const bool grouped = cgroup_walk(root, "cpu", least_weight, &weight) > 0;
    if (kind == CGROUP_LIMITED)
        fact_real(facts, "quota_cpus", quota);
    else
        fact_text(facts, "quota_cpus", kind == CGROUP_UNLIMITED ? "none" : NULL);
    if (weight >= 0)
        fact_count(facts, "cpu_weight", weight);
    else
        fact_text(facts, "cpu_weight", grouped ? "none" : NULL);
}

void machine_cpu_facts(const char *root, json_t *facts)
{
    struct cpus online = {.root = root, .count = -1};
    char *list = procfs_line(root, "/sys/devices/system/cpu/online");
    if (list != NULL)
        online.count = proc_list_parse(list, &online.numbers);
    topology_facts(&online, facts);
    fact_count(facts, "affinity_cpus", cpus_affinity());
    group_facts(root, facts);
    fact_real(facts, "effective_cpus", cpus_effective(root));
    kinds_fact(&online, facts);
    frequency_fact(&online, "cpufreq/scaling_governor", "governor", facts);
    frequency_fact(&online, "cpufreq/scaling_driver", "frequency_driver", facts);
    free(online.numbers);
    free(list);
}
