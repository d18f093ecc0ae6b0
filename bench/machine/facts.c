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
#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#include "bench/machine/versions.h"
#include "bench/process/proc_text.h"
#include "bench/util/json.h"
#include "common/procfs.h"

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

/* The name a hypervisor gives itself in CPUID leaf 0x40000000; "" where there is none or no such instruction. */
static void cpuid_signature(char out[13])
{
    out[0] = '\0';
#if defined(__x86_64__) || defined(__i386__)
    unsigned eax, ebx, ecx, edx;
    if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) == 0 || (ecx & (1u << 31)) == 0)
        return;
    __cpuid(0x40000000, eax, ebx, ecx, edx);
    memcpy(out, &ebx, 4);
    memcpy(out + 4, &ecx, 4);
    memcpy(out + 8, &edx, 4);
    out[12] = '\0';
#endif
}

/* By how its signature, or what the firmware says of the machine's maker, begins; NULL: none of them. */
static const char *hypervisor_name(const char *text)
{
    static const struct {
        const char *says, *name;
    } table[] = {
        {"QEMU", "kvm or qemu"},
        {"TCGTCGTCGTCG", "qemu"},
        {"KVM", "kvm"},
        {"OpenStack", "kvm"},
        {"Amazon EC2", "amazon"},
        {"Google", "google"},
        {"VMware", "vmware"},
        {"VBox", "virtualbox"},
        {"innotek", "virtualbox"},
        {"Xen", "xen"},
        {"Microsoft Hv", "hyper-v"},
        {"Virtual Machine", "hyper-v"},
        {"Parallels", "parallels"},
        {" lrpepyh  vr", "parallels"},
        {"bhyve", "bhyve"},
        {"ACRNACRNACRN", "acrn"},
        {"Apple Virtualization", "apple"},
        {"Bochs", "bochs"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strncmp(text, table[i].says, strlen(table[i].says)) == 0)
            return table[i].name;
    return NULL;
}

/*
 * "none" only where x86's CPU flags are there and do not name a hypervisor: a hypervisor that does not want to be seen
 * is not. Other machines' firmware may name one; that it does not means nothing.
 */
static void virtualisation_fact(const char *root, json_t *facts)
{
    static const char *const firmware[] = {"/sys/class/dmi/id/product_name", "/sys/class/dmi/id/sys_vendor"};
    char *cpuinfo = procfs_read(root, "/proc/cpuinfo"), signature[13] = "", flags[8192];
    const bool listed = cpuinfo != NULL && proc_value(cpuinfo, "flags", flags, sizeof flags);
    if (*root == '\0')
        cpuid_signature(signature);
    const bool guest = signature[0] != '\0' || (listed && strstr(flags, " hypervisor") != NULL);
    const char *name = hypervisor_name(signature);
    for (size_t i = 0; name == NULL && (guest || !listed) && i < sizeof firmware / sizeof *firmware; i++) {
        char *line = procfs_line(root, firmware[i]);
        name = line == NULL ? NULL : hypervisor_name(line);
        free(line);
    }
    if (name == NULL && (guest || listed))
        name = guest ? "a hypervisor of unknown name" : "none";
    fact_text(facts, "virtualisation", name);
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
}

json_t *machine_facts(const char *root)
{
    json_t *facts = json_object();
    if (facts == NULL)
        return NULL;
    fact_text(facts, "architecture", NULL);
    file_facts(root, facts);
    swap_fact(root, facts);
    load_facts(root, facts);
    virtualisation_fact(root, facts);
    if (*root == '\0')
        system_calls_facts(facts);
    machine_cpu_facts(root, facts);
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

static json_t *hosts_json(const struct catalog *c)
{
    json_t *hosts = json_object();
    for (size_t h = 0; h < host_count; h++)
        if (json_object_set(hosts, host_table[h].name, json_object_get(c->lists[h], "build")) != 0)
            break;
    return hosts;
}

json_t *machine_json(const struct catalog *catalog, json_t *versions)
{
    json_t *facts = machine_facts(""), *machine = json_pack("{si}", "machine", 1);
    json_t *build = json_pack("{ss ss ss sO so}", "cobench", COBENCH_VERSION, "compiler", own_compiler, "cflags",
                              COBENCH_CFLAGS, "tools", versions, "hosts", hosts_json(catalog));
    if (facts != NULL)
        versions_of_hosts(catalog, facts);
    if (json_object_update(machine, facts) != 0 || json_object_update(machine, build) != 0) {
        json_decref(machine);
        machine = NULL;
    }
    json_decref(build);
    json_decref(facts);
    return machine;
}
