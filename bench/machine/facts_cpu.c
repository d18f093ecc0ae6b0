/* SPDX-License-Identifier: MIT */
/* Facts about the CPUs: what they are, how many, how they are driven, and how many of them this process may use. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/machine/facts.h"
#include "bench/util/json.h"
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

/* The line of a CPU's file, to be freed; NULL: it has none. */
static char *cpu_line(const char *root, int64_t cpu, const char *file)
{
    char path[128];
    snprintf(path, sizeof path, CPU "/cpu%lld/%s", (long long)cpu, file);
    return procfs_line(root, path);
}

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
    int64_t first = -1;
    char *line = cpu_line(root, cpu, list);
    if (line == NULL || !proc_list_each(line, keep_first, &first))
        first = -1;
    free(line);
    return first;
}

static void read_topology(int64_t cpu, void *arg)
{
    struct topology *t = arg;
    const int64_t core = first_of(t->root, cpu, "topology/thread_siblings_list");
    const int64_t package = first_of(t->root, cpu, "topology/core_siblings_list");
    t->cpus++;
    t->cores += core == cpu;
    t->packages += package == cpu;
    t->whole = t->whole && core >= 0 && package >= 0;
}

/* `online`: the kernel's list of CPUs, NULL: unknown. */
static void topology_facts(const char *root, const char *online, json_t *facts)
{
    struct topology t = {.root = root, .whole = true};
    const bool known = online != NULL && proc_list_each(online, read_topology, &t) && t.whole && t.cores > 0;
    fact_count(facts, "sockets", known && t.packages > 0 ? t.packages : -1);
    fact_count(facts, "cores", known ? t.cores : -1);
    const char *smt = read_switch(root, CPU "/smt/active", "1", "0");
    fact_text(facts, "smt", smt != NULL ? smt : !known ? NULL : t.cpus > t.cores ? "on" : "off");
}

/* -- the CPUs that a run may use ---------------------------------------------------------------------------------- */

enum { KINDS_MAX = 8, SIBLINGS_MAX = 4096 };

struct usable {
    const char *root, *file; /* what tells the kinds apart */
    int64_t kinds[KINDS_MAX];
    size_t kind_count;
    int64_t on_core[SIBLINGS_MAX]; /* by a core's first CPU: how many of the core's CPUs may be used */
    bool siblings_known;
};

/* Of one kind are CPUs within a tenth of each other: those of one design may differ by a step of their best clock. */
static void add_kind(int64_t cpu, void *arg)
{
    struct usable *u = arg;
    int64_t value = -1;
    char *line = cpu_line(u->root, cpu, u->file);
    const bool known = line != NULL && num_parse_i64(line, 1, INT32_MAX, &value) == 0;
    free(line);
    for (size_t i = 0; known && i < u->kind_count; i++)
        if (value * 10 >= u->kinds[i] * 9 && value * 9 <= u->kinds[i] * 10)
            return;
    if (known && u->kind_count < KINDS_MAX)
        u->kinds[u->kind_count++] = value;
}

static void add_to_core(int64_t cpu, void *arg)
{
    struct usable *u = arg;
    const int64_t core = first_of(u->root, cpu, "topology/thread_siblings_list");
    if (core < 0 || core >= SIBLINGS_MAX)
        return; /* offline, mostly: the list of what may be used has such too */
    u->siblings_known = true;
    u->on_core[core]++;
}

/* "cpu_kinds": more than one on hybrid CPUs. "smt_siblings_shared": how many CPUs share their core with another one. */
static void kind_facts(const char *root, const char *online, json_t *facts)
{
    static const char *const files[] = {"cpu_capacity", "cpufreq/cpuinfo_max_freq"};
    struct usable *u = calloc(1, sizeof *u);
    char *status = procfs_read(root, "/proc/self/status"), allowed[4096];
    const bool said = status != NULL && proc_value(status, "Cpus_allowed_list", allowed, sizeof allowed);
    const char *list = said ? allowed : online;
    int64_t shared = -1;
    for (size_t i = 0; u != NULL && list != NULL && u->kind_count == 0 && i < sizeof files / sizeof *files; i++) {
        *u = (struct usable){.root = root, .file = files[i]};
        (void)proc_list_each(list, add_kind, u); /* a list that breaks off has had its say */
    }
    if (u != NULL && list != NULL && proc_list_each(list, add_to_core, u) && u->siblings_known) {
        shared = 0;
        for (size_t i = 0; i < SIBLINGS_MAX; i++)
            shared += u->on_core[i] > 1 ? u->on_core[i] : 0;
    }
    fact_count(facts, "cpu_kinds", u == NULL || u->kind_count == 0 ? -1 : (int64_t)u->kind_count);
    fact_count(facts, "smt_siblings_shared", shared);
    free(status);
    free(u);
}

/* What the control groups say of who goes first when the CPUs are busy. */
struct weights {
    int64_t least; /* on the scale of version 2, whose usual weight is 100; -1: no group has one */
    int64_t others;
};

/* Whether a group has processes: version 2 says it of all below it, version 1 of the group alone. */
static bool group_populated(const char *root, const char *folder)
{
    char *events_path = text_format("%s/cgroup.events", folder), *procs_path = text_format("%s/cgroup.procs", folder);
    char *events = events_path == NULL ? NULL : procfs_read(root, events_path);
    char *procs = events != NULL || procs_path == NULL ? NULL : procfs_line(root, procs_path);
    const bool populated = procs != NULL || (events != NULL && strstr(events, "populated 1") != NULL);
    free(procs);
    free(events);
    free(procs_path);
    free(events_path);
    return populated;
}

/* The groups beside this one that have processes; beside the highest that can be seen stand no groups. */
static int64_t count_siblings(const char *root, const char *folder)
{
    const char *name = strrchr(folder, '/') + 1;
    char *parent = text_format("%s%.*s", root, (int)(name - folder), folder);
    char *procs = parent == NULL ? NULL : procfs_read(parent, "cgroup.procs");
    DIR *dir = procs == NULL ? NULL : opendir(parent);
    int64_t count = 0;
    for (const struct dirent *d; dir != NULL && (d = readdir(dir)) != NULL;) {
        char *other = text_format("%.*s%s", (int)(name - folder), folder, d->d_name);
        count += d->d_name[0] != '.' && strcmp(d->d_name, name) != 0 && other != NULL && group_populated(root, other);
        free(other);
    }
    if (dir != NULL)
        closedir(dir);
    free(procs);
    free(parent);
    return count;
}

/* Version 1 counts in shares. */
static void add_weight(const char *root, const char *folder, void *arg)
{
    static const struct {
        const char *file;
        int64_t usual;
    } files[] = {{"cpu.weight", 100}, {"cpu.shares", 1024}};
    struct weights *w = arg;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *path = text_format("%s/%s", folder, files[i].file), *line = path == NULL ? NULL : procfs_line(root, path);
        int64_t weight;
        if (line != NULL && num_parse_i64(line, 1, INT32_MAX, &weight) == 0) {
            weight = weight * 100 / files[i].usual;
            w->least = w->least < 0 || weight < w->least ? weight : w->least;
            w->others += count_siblings(root, folder);
        }
        free(line);
        free(path);
    }
}

static void weight_facts(const char *root, json_t *facts)
{
    struct weights w = {.least = -1};
    const bool grouped = cgroup_walk(root, "cpu", add_weight, &w) > 0;
    if (w.least >= 0)
        fact_count(facts, "cpu_weight", w.least);
    else
        fact_text(facts, "cpu_weight", grouped ? "none" : NULL);
    fact_count(facts, "cpu_weight_competitors", w.least >= 0 ? w.others : -1);
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
    char *line = cpu_line(a->root, cpu, a->name);
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

static void usable_facts(const char *root, json_t *facts)
{
    double quota;
    const enum cgroup_quota kind = cgroup_cpus(root, &quota);
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
    kind_facts(root, online, facts);
    weight_facts(root, facts);
    frequency_fact(root, online, "cpufreq/scaling_governor", "governor", facts);
    frequency_fact(root, online, "cpufreq/scaling_driver", "frequency_driver", facts);
    turbo_fact(root, facts);
    fact_text(facts, "clocksource", clock);
    free(clock);
    free(nodes);
    free(cpuinfo);
    free(online);
}
