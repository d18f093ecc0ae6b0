/* SPDX-License-Identifier: MIT */
/* Facts about the CPUs: what they are, how many, how they are driven, and how many of them this process may use. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/util/json_facts.h"
#include "bench/process/proc_text.h"
#include "bench/util/text.h"
#include "common/cgroup.h"
#include "common/cpus.h"
#include "common/num.h"
#include "common/procfs.h"

#define CPU "/sys/devices/system/cpu"

/* "on" or "off" from a file that says `on` or its opposite; NULL: it does not. */
static const char *read_switch(const char *root, const char *path, const char *on, const char *off)
{
    char *line = procfs_line(root, path);
    const char *text = line == NULL ? NULL : strcmp(line, on) == 0 ? "on" : strcmp(line, off) == 0 ? "off" : NULL;
    free(line);
    return text;
}

/* -- packages, cores, threads ------------------------------------------------------------------------------------- */

/* Each CPU lists the CPUs of its core and of its package, itself included: the first of such a list is counted. */
struct topology {
    const char *root;
    int64_t cpus, cores, packages;
    bool whole; /* every CPU said so */
};

static void keep_first(int64_t number, void *arg)
{
    int64_t *first = arg;
    if (*first < 0)
        *first = number;
}

/* The first number of a CPU's list; -1: it has none. */
static int64_t first_of(const char *root, int64_t cpu, const char *list)
{
    char path[128];
    int64_t first = -1;
    snprintf(path, sizeof path, CPU "/cpu%lld/topology/%s", (long long)cpu, list);
    char *line = procfs_line(root, path);
    if (line == NULL || !proc_list_each(line, keep_first, &first))
        first = -1;
    free(line);
    return first;
}

static void look_at_cpu(int64_t cpu, void *arg)
{
    struct topology *t = arg;
    const int64_t core = first_of(t->root, cpu, "thread_siblings_list");
    const int64_t package = first_of(t->root, cpu, "core_siblings_list");
    t->cpus++;
    t->cores += core == cpu;
    t->packages += package == cpu;
    t->whole = t->whole && core >= 0 && package >= 0;
}

/* `online`: the kernel's list of CPUs, NULL: unknown. */
static void topology_facts(const char *root, const char *online, json_t *facts)
{
    struct topology t = {.root = root, .whole = true};
    const bool known = online != NULL && proc_list_each(online, look_at_cpu, &t) && t.whole && t.cores > 0;
    fact_count(facts, "sockets", known && t.packages > 0 ? t.packages : -1);
    fact_count(facts, "cores", known ? t.cores : -1);
    const char *smt = read_switch(root, CPU "/smt/active", "1", "0");
    fact_text(facts, "smt", smt != NULL ? smt : !known ? NULL : t.cpus > t.cores ? "on" : "off");
}

/* -- how they are driven ------------------------------------------------------------------------------------------ */

/* What each CPU says, each answer once. */
struct answers {
    const char *root, *name;
    struct string_list words;
};

static void ask_cpu(int64_t cpu, void *arg)
{
    struct answers *a = arg;
    char path[128];
    snprintf(path, sizeof path, CPU "/cpu%lld/%s", (long long)cpu, a->name);
    char *line = procfs_line(a->root, path);
    if (line != NULL && !string_list_have(&a->words, line))
        (void)string_list_add(&a->words, line); /* without memory the fact is unknown or short of one */
    free(line);
}

/* "performance", or "performance, powersave" where CPUs differ. */
static void frequency_fact(const char *root, const char *online, const char *file, const char *fact, json_t *facts)
{
    struct answers a = {.root = root, .name = file};
    if (online != NULL)
        (void)proc_list_each(online, ask_cpu, &a); /* a list that breaks off has had its say */
    char *text = a.words.count == 0 ? NULL : string_list_join(&a.words, ", ");
    fact_text(facts, fact, text);
    free(text);
    string_list_free(&a.words);
}

/* How many kinds of CPUs there are: by what the scheduler takes them to be worth, or by their highest clocks. */
static void kinds_fact(const char *root, const char *online, json_t *facts)
{
    static const char *const files[] = {"cpu_capacity", "cpufreq/cpuinfo_max_freq"};
    size_t kinds = 0;
    for (size_t i = 0; online != NULL && i < sizeof files / sizeof *files; i++) {
        struct answers a = {.root = root, .name = files[i]};
        (void)proc_list_each(online, ask_cpu, &a);
        kinds = a.words.count > kinds ? a.words.count : kinds;
        string_list_free(&a.words);
    }
    fact_count(facts, "cpu_kinds", kinds > 0 ? (int64_t)kinds : -1);
}

static void turbo_fact(const char *root, json_t *facts)
{
    const char *text = read_switch(root, CPU "/intel_pstate/no_turbo", "0", "1");
    fact_text(facts, "turbo", text != NULL ? text : read_switch(root, CPU "/cpufreq/boost", "1", "0"));
}

/* -- how many ----------------------------------------------------------------------------------------------------- */

static int64_t count_online(const char *root, const char *online)
{
    const int64_t listed = online == NULL ? -1 : proc_list_count(online);
    return listed < 0 && *root == '\0' ? sysconf(_SC_NPROCESSORS_ONLN) : listed;
}

/* Lowers *arg (int64_t, negative: none yet) to the weight of one control group; version 1 counts in shares of 1024. */
static void weight_look(const char *root, const char *folder, void *arg)
{
    static const struct {
        const char *file;
        int64_t usual;
    } files[] = {{"cpu.weight", 100}, {"cpu.shares", 1024}};
    int64_t *least = arg, value;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *path = text_format("%s/%s", folder, files[i].file), *line = path == NULL ? NULL : procfs_line(root, path);
        if (line != NULL && num_parse_i64(line, 1, INT32_MAX, &value) == 0) {
            value = value * 100 / files[i].usual;
            *least = *least < 0 || value < *least ? value : *least;
        }
        free(line);
        free(path);
    }
}

static void usable_facts(const char *root, json_t *facts)
{
    double quota;
    int64_t weight = -1;
    const enum cgroup_quota kind = cgroup_cpus(root, &quota);
    cgroup_walk(root, "cpu", weight_look, &weight);
    fact_count(facts, "cpu_weight", weight);
    fact_count(facts, "affinity_cpus", cpus_affinity());
    if (kind == CGROUP_LIMITED)
        fact_real(facts, "quota_cpus", quota);
    else
        fact_text(facts, "quota_cpus", kind == CGROUP_UNLIMITED ? "none" : NULL);
    fact_real(facts, "effective_cpus", cpus_effective(root));
}

static void model_fact(const char *cpuinfo, json_t *facts)
{
    /* x86, and what ARM, POWER, s390 and RISC-V say in its place. */
    static const char *const keys[] = {"model name", "Model", "cpu model", "cpu", "Processor", "uarch"};
    char text[256];
    for (size_t i = 0; cpuinfo != NULL && i < sizeof keys / sizeof *keys; i++)
        if (proc_value(cpuinfo, keys[i], text, sizeof text)) {
            fact_text(facts, "cpu_model", text);
            return;
        }
    fact_text(facts, "cpu_model", NULL);
}

void machine_cpu_facts(const char *root, json_t *facts)
{
    char *online = procfs_line(root, CPU "/online"), *cpuinfo = procfs_read(root, "/proc/cpuinfo");
    char *nodes = procfs_line(root, "/sys/devices/system/node/online");
    char *clock = procfs_line(root, "/sys/devices/system/clocksource/clocksource0/current_clocksource");
    model_fact(cpuinfo, facts);
    fact_count(facts, "cpus", count_online(root, online));
    topology_facts(root, online, facts);
    fact_count(facts, "numa_nodes", nodes == NULL ? -1 : proc_list_count(nodes));
    usable_facts(root, facts);
    frequency_fact(root, online, "cpufreq/scaling_governor", "governor", facts);
    frequency_fact(root, online, "cpufreq/scaling_driver", "frequency_driver", facts);
    kinds_fact(root, online, facts);
    turbo_fact(root, facts);
    fact_text(facts, "clocksource", clock);
    free(clock);
    free(nodes);
    free(cpuinfo);
    free(online);
}
