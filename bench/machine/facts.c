/* SPDX-License-Identifier: MIT */
/* machine.json: a table of the facts that stand in one file each, the few that have to be worked out, how this program
 * was built, and what the hosts say of themselves. */
#define _GNU_SOURCE /* personality's ADDR_NO_RANDOMIZE */
#include "bench/machine/facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "bench/machine/hosts.h"
#include "bench/process/proc_text.h"
#include "bench/util/alloc.h"
#include "bench/util/json.h"
#include "bench/util/text.h"
#include "common/cgroup.h"
#include "common/cpus.h"
#include "common/num.h"
#include "common/procfs.h"

/* A control group of version 1 without a limit of memory says a number near 2^63. */
#define GROUP_UNLIMITED (INT64_MAX / 256)

#ifdef __clang__
static const char own_compiler[] = "clang " __clang_version__;
#else
static const char own_compiler[] = "gcc " __VERSION__;
#endif

/* -- facts that stand in one file --------------------------------------------------------------------------------- */

static json_t *first_line(const char *text, const char *unused)
{
    (void)unused;
    const size_t length = strcspn(text, "\n");
    return length == 0 ? NULL : json_stringn(text, length);
}

static json_t *value_of_key(const char *text, const char *key)
{
    char value[256];
    return proc_value(text, key, value, sizeof value) ? json_string(value) : NULL;
}

static json_t *bytes_of_key(const char *text, const char *key)
{
    const int64_t bytes = proc_bytes(text, key);
    return bytes < 0 ? NULL : json_integer(bytes);
}

static json_t *list_length(const char *text, const char *unused)
{
    (void)unused;
    const int64_t count = proc_list_parse(text, NULL);
    return count < 0 ? NULL : json_integer(count);
}

/* What the first line stands for, by a list like "0=off|1=on"; a line that is not in it says nothing. */
static json_t *word_for_line(const char *text, const char *words)
{
    const size_t length = strcspn(text, "\n");
    for (const char *at = words; at != NULL; at = strchr(at, '|'), at += at != NULL)
        if (strncmp(at, text, length) == 0 && at[length] == '=')
            return json_stringn(at + length + 1, strcspn(at + length + 1, "|"));
    return NULL;
}

/* Where a fact has several rows, the first that says something counts. */
static const struct {
    const char *fact, *path;
    json_t *(*read)(const char *text, const char *key);
    const char *key;
} files[] = {
    {"hostname", "/proc/sys/kernel/hostname", first_line, NULL},
    {"kernel", "/proc/sys/kernel/osrelease", first_line, NULL},
    {"system", "/etc/os-release", value_of_key, "PRETTY_NAME"},
    /* x86, and what ARM, POWER, s390 and RISC-V say in its place. */
    {"cpu_model", "/proc/cpuinfo", value_of_key, "model name"},
    {"cpu_model", "/proc/cpuinfo", value_of_key, "Model"},
    {"cpu_model", "/proc/cpuinfo", value_of_key, "cpu model"},
    {"cpu_model", "/proc/cpuinfo", value_of_key, "cpu"},
    {"cpu_model", "/proc/cpuinfo", value_of_key, "Processor"},
    {"cpu_model", "/proc/cpuinfo", value_of_key, "uarch"},
    {"cpus", "/sys/devices/system/cpu/online", list_length, NULL},
    {"numa_nodes", "/sys/devices/system/node/online", list_length, NULL},
    {"smt", "/sys/devices/system/cpu/smt/active", word_for_line, "0=off|1=on"},
    {"turbo", "/sys/devices/system/cpu/intel_pstate/no_turbo", word_for_line, "0=on|1=off"},
    {"turbo", "/sys/devices/system/cpu/cpufreq/boost", word_for_line, "0=off|1=on"},
    {"clocksource", "/sys/devices/system/clocksource/clocksource0/current_clocksource", first_line, NULL},
    {"aslr", "/proc/sys/kernel/randomize_va_space", word_for_line, "0=off|1=partial|2=full"},
    {"memory_bytes", "/proc/meminfo", bytes_of_key, "MemTotal"},
    {"memory_available_bytes", "/proc/meminfo", bytes_of_key, "MemAvailable"},
    {"swap_bytes", "/proc/meminfo", bytes_of_key, "SwapTotal"},
};

static void file_facts(const char *root, json_t *facts)
{
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const json_t *before = json_object_get(facts, files[i].fact);
        if (before != NULL && !fact_is_unknown(before))
            continue;
        char *text = procfs_read(root, files[i].path);
        json_t *value = text == NULL ? NULL : files[i].read(text, files[i].key);
        (void)json_object_set_new(facts, files[i].fact, value != NULL ? value : json_string(FACT_UNKNOWN));
        free(text);
    }
}

/* -- a hypervisor ------------------------------------------------------------------------------------------------- */

/* "none" only where x86's CPU flags are there and do not name a hypervisor: one that does not want to be seen is not. */
static void virtualisation_fact(const char *root, json_t *facts)
{
    char *cpuinfo = procfs_read(root, "/proc/cpuinfo"), *name = procfs_line(root, "/sys/class/dmi/id/product_name");
    char flags[8192], *text = NULL;
    if (cpuinfo != NULL && proc_value(cpuinfo, "flags", flags, sizeof flags))
        text = strstr(flags, " hypervisor") == NULL ? xstrdup("none")
               : name == NULL                       ? xstrdup("a virtual machine")
                                                    : text_format("a virtual machine (%s)", name);
    fact_text(facts, "virtualisation", text);
    free(text);
    free(name);
    free(cpuinfo);
}

/* -- the rest ----------------------------------------------------------------------------------------------------- */

static void load_facts(const char *root, json_t *facts)
{
    static const char *const names[] = {"load1", "load5", "load15"};
    char *load_text = procfs_read(root, "/proc/loadavg"), *stat_text = procfs_read(root, "/proc/stat");
    double load[3];
    struct proc_stat stat;
    proc_parse_load(load_text == NULL ? "" : load_text, load);
    proc_parse_stat(stat_text == NULL ? "" : stat_text, &stat);
    for (size_t i = 0; i < 3; i++)
        fact_real(facts, names[i], load[i]);
    fact_real(facts, "steal_share", stat.all > 0 ? (double)stat.steal / (double)stat.all : -1);
    free(stat_text);
    free(load_text);
}

static void swap_fact(const char *root, json_t *facts)
{
    char *text = procfs_read(root, "/proc/meminfo");
    const int64_t swap = text == NULL ? -1 : proc_bytes(text, "SwapTotal");
    const int64_t unused = text == NULL ? -1 : proc_bytes(text, "SwapFree");
    fact_count(facts, "swap_used_bytes", unused >= 0 && unused <= swap ? swap - unused : -1);
    free(text);
}

/* What this process finds out by asking the kernel, where no file says it. */
static void system_calls_facts(json_t *facts)
{
    struct utsname u;
    const int own = personality(0xffffffff); /* setarch -R turns random layout off for one process */
    if (uname(&u) == 0)
        fact_text(facts, "architecture", u.machine);
    if (fact_is_unknown(json_object_get(facts, "cpus")))
        fact_count(facts, "cpus", sysconf(_SC_NPROCESSORS_ONLN));
    if (own != -1 && (own & ADDR_NO_RANDOMIZE) != 0)
        fact_text(facts, "aslr", "off for this process");
    const char *arenas = getenv("MALLOC_ARENA_MAX"); /* which the hosts inherit */
    fact_text(facts, "malloc_arena_max", arenas != NULL ? arenas : "unset");
}

/* -- CPUs and control groups: how many there are, of what kinds, how they are driven, and which may be used ---------- */

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
        if (line != NULL)
            string_list_add_once(&answers, line);
        free(line);
    }
    char *text = answers.count == 0 ? NULL : string_list_join(&answers, ", ");
    fact_text(facts, fact, text);
    free(text);
    string_list_free(&answers);
}

/* What control groups say of one thing in a file of each version, and the least of it so far; -1: none says any. */
struct group_limit {
    const char *files[2];
    int64_t usual[2]; /* values are put on the scale on which version 2's usual one is 100; 0: as they are */
    int64_t least;
};

static void lower_limit(const char *root, const char *folder, void *arg)
{
    struct group_limit *limit = arg;
    int64_t value;
    for (size_t i = 0; i < 2; i++) {
        char *path = text_format("%s/%s", folder, limit->files[i]), *line = procfs_line(root, path);
        if (line != NULL && num_parse_i64(line, 1, GROUP_UNLIMITED, &value) == 0) {
            value = limit->usual[i] > 0 ? value * 100 / limit->usual[i] : value;
            limit->least = limit->least < 0 || value < limit->least ? value : limit->least;
        }
        free(line);
        free(path);
    }
}

int64_t machine_memory_limit(const char *root)
{
    struct group_limit limit = {{"memory.max", "memory.limit_in_bytes"}, {0, 0}, -1};
    return cgroup_walk(root, "memory", lower_limit, &limit) == 0 ? -1 : limit.least < 0 ? 0 : limit.least;
}

static void group_facts(const char *root, json_t *facts)
{
    struct group_limit weight = {{"cpu.weight", "cpu.shares"}, {100, 1024}, -1};
    const bool grouped = cgroup_walk(root, "cpu", lower_limit, &weight) > 0;
    const int64_t memory = machine_memory_limit(root);
    double quota;
    const enum cgroup_quota kind = cgroup_cpus(root, &quota);
    if (kind == CGROUP_LIMITED)
        fact_real(facts, "quota_cpus", quota);
    else
        fact_text(facts, "quota_cpus", kind == CGROUP_UNLIMITED ? "none" : NULL);
    fact_count(facts, "cpu_weight", weight.least);
    if (weight.least < 0 && grouped)
        fact_text(facts, "cpu_weight", "none");
    fact_count(facts, "memory_limit_bytes", memory);
    if (memory == 0)
        fact_text(facts, "memory_limit_bytes", "none");
}

static void cpu_facts(const char *root, json_t *facts)
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

json_t *machine_facts(const char *root)
{
    json_t *facts = json_object();
    fact_text(facts, "architecture", NULL);
    file_facts(root, facts);
    swap_fact(root, facts);
    load_facts(root, facts);
    virtualisation_fact(root, facts);
    if (*root == '\0')
        system_calls_facts(facts);
    cpu_facts(root, facts);
    return facts;
}

void machine_short_name(char *out, size_t size)
{
    struct utsname u;
    snprintf(out, size, "%s", uname(&u) == 0 && u.nodename[0] != '\0' ? u.nodename : "unknown");
    for (char *p = out; *p != '\0'; p++)
        if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", *p) == NULL ||
            (p == out && *p == '.'))
            *p = '-';
}

json_t *machine_json(const struct catalog *catalog, json_t *versions)
{
    json_t *machine = json_pack("{si}", "machine", 1), *facts = machine_facts(""), *hosts = json_object();
    for (size_t h = 0; h < catalog->hosts.count; h++)
        json_object_set(hosts, catalog->hosts.rows[h].name, json_object_get(catalog->lists[h], "build"));
    json_t *build = json_pack("{ss ss ss sO so}", "cobench", COBENCH_VERSION, "compiler", own_compiler, "cflags",
                              COBENCH_CFLAGS, "tools", versions, "hosts", hosts);
    hosts_facts(catalog, facts);
    json_object_update(machine, facts);
    json_object_update(machine, build);
    json_decref(build);
    json_decref(facts);
    return machine;
}
