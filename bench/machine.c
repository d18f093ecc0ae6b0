/* SPDX-License-Identifier: MIT */
/* Facts about this machine, from /proc, /sys and uname. */
#define _GNU_SOURCE /* sched_getaffinity, CPU_COUNT_S */
#include "bench/machine.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "bench/files.h"
#include "bench/text.h"
#include "common/clock.h"
#include "common/num.h"

#define FILE_MAX (4u << 20)

#ifdef __clang__
static const char own_compiler[] = "clang " __clang_version__;
#else
static const char own_compiler[] = "gcc " __VERSION__;
#endif

static char *read_text(const char *path)
{
    char *text = NULL;
    size_t length;
    return file_read(path, FILE_MAX, &text, &length) == 0 ? text : NULL;
}

/* -- effective CPUs ----------------------------------------------------------------------------------------------- */

static double affinity_cpus(void)
{
    for (int room = 1024; room <= 1 << 20; room *= 4) {
        cpu_set_t *set = CPU_ALLOC((size_t)room);
        if (set == NULL)
            break;
        const size_t size = CPU_ALLOC_SIZE((size_t)room);
        const int count = sched_getaffinity(0, size, set) == 0 ? CPU_COUNT_S(size, set) : 0;
        CPU_FREE(set);
        if (count > 0)
            return count;
    }
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (double)online : 1.0;
}

double machine_parse_cpu_max(const char *text)
{
    double quota, period;
    char first[32], second[32];
    if (sscanf(text, "%31s %31s", first, second) != 2 || num_parse_double(first, 1.0, 1e15, &quota) != 0 ||
        num_parse_double(second, 1.0, 1e15, &period) != 0)
        return -1.0;
    return quota / period;
}

/* The quota of one cgroup folder, of either version; -1: none. */
static double folder_quota(const char *folder)
{
    double cpus = -1.0;
    char *v2 = text_format("%s/cpu.max", folder), *v1 = text_format("%s/cpu.cfs_quota_us", folder);
    char *v1_period = text_format("%s/cpu.cfs_period_us", folder);
    char *text = v2 == NULL ? NULL : read_text(v2);
    if (text != NULL) {
        cpus = machine_parse_cpu_max(text);
        free(text);
    } else if (v1 != NULL && v1_period != NULL) {
        char *quota = read_text(v1), *period = read_text(v1_period);
        char *both = quota == NULL || period == NULL ? NULL : text_format("%s %s", quota, period);
        if (both != NULL)
            cpus = machine_parse_cpu_max(both); /* v1 says -1 for no limit, which is out of range there */
        free(both);
        free(period);
        free(quota);
    }
    free(v1_period);
    free(v1);
    free(v2);
    return cpus;
}

/* The least quota from MOUNT/path upwards to MOUNT. A path the mount does not show (a namespace) is skipped. */
static double mount_quota(const char *mount, const char *path)
{
    double least = -1.0;
    char *folder = text_format("%s%s", mount, path);
    const size_t stop = strlen(mount);
    while (folder != NULL) {
        const double cpus = folder_quota(folder);
        if (cpus > 0.0 && (least < 0.0 || cpus < least))
            least = cpus;
        char *slash = strrchr(folder, '/');
        if (strlen(folder) <= stop || slash == NULL)
            break;
        *slash = '\0';
    }
    free(folder);
    return least;
}

/* Whether the list "cpu,cpuacct" holds "cpu". */
static bool has_controller(const char *list, const char *name)
{
    const size_t length = strlen(name);
    for (const char *at = list; *at != '\0'; at += strcspn(at, ",") + (at[strcspn(at, ",")] == ','))
        if (strcspn(at, ",") == length && strncmp(at, name, length) == 0)
            return true;
    return false;
}

/* Where the hierarchy of version 2 (v2) or of v1's cpu controller is mounted: a line of /proc/self/mountinfo is
 * "id parent dev root MOUNT options ... - TYPE source SUPEROPTIONS". */
static bool find_mount(bool v2, char *mount, size_t room)
{
    char *text = read_text("/proc/self/mountinfo"), *rest = NULL;
    bool found = false;
    for (char *line = text == NULL ? NULL : strtok_r(text, "\n", &rest); line != NULL && !found;
         line = strtok_r(NULL, "\n", &rest)) {
        char at[1024], type[64], options[512];
        const char *dash = strstr(line, " - ");
        if (dash == NULL || sscanf(line, "%*s %*s %*s %*s %1023s", at) != 1 ||
            sscanf(dash, " - %63s %*s %511s", type, options) != 2)
            continue;
        found = v2 ? strcmp(type, "cgroup2") == 0 : strcmp(type, "cgroup") == 0 && has_controller(options, "cpu");
        if (found)
            snprintf(mount, room, "%s", at);
    }
    free(text);
    return found;
}

/* Lines of /proc/self/cgroup: "0::/path" (v2), "5:cpu,cpuacct:/path" (v1). */
static double cgroup_cpus(void)
{
    char *text = read_text("/proc/self/cgroup"), *rest = NULL;
    double least = -1.0;
    for (char *line = text == NULL ? NULL : strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        char *controllers = strchr(line, ':');
        char *path = controllers == NULL ? NULL : strchr(controllers + 1, ':');
        char mount[1024];
        if (path == NULL)
            continue;
        *path++ = '\0';
        const bool v2 = controllers[1] == '\0';
        if (!(v2 || has_controller(controllers + 1, "cpu")) || !find_mount(v2, mount, sizeof mount))
            continue;
        const double cpus = mount_quota(mount, strcmp(path, "/") == 0 ? "" : path);
        if (cpus > 0.0 && (least < 0.0 || cpus < least))
            least = cpus;
    }
    free(text);
    return least;
}

double machine_effective_cpus(void)
{
    const double cpus = affinity_cpus(), quota = cgroup_cpus();
    const double least = quota > 0.0 && quota < cpus ? quota : cpus;
    return least < 0.01 ? 0.01 : least;
}

/* -- load --------------------------------------------------------------------------------------------------------- */

double machine_load1(void)
{
    char *text = read_text("/proc/loadavg");
    double load = -1.0;
    if (text != NULL) {
        text[strcspn(text, " \n")] = '\0';
        if (num_parse_double(text, 0.0, 1e9, &load) != 0)
            load = -1.0;
    }
    free(text);
    return load;
}

int64_t machine_steal_ns(void)
{
    char *text = read_text("/proc/stat");
    long long ticks;
    const long per_second = sysconf(_SC_CLK_TCK);
    const bool known = text != NULL && per_second > 0 &&
                       sscanf(text, "cpu %*s %*s %*s %*s %*s %*s %*s %lld", &ticks) == 1;
    free(text);
    return known ? (int64_t)ticks * (NS_PER_S / per_second) : -1;
}

/* -- machine.json ------------------------------------------------------------------------------------------------- */

void machine_short_name(char *out, size_t room)
{
    struct utsname u;
    snprintf(out, room, "%s", uname(&u) == 0 && u.nodename[0] != '\0' ? u.nodename : "unknown");
    for (char *p = out; *p != '\0'; p++)
        if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", *p) == NULL ||
            (p == out && *p == '.'))
            *p = '-';
}

static json_t *text_or_unknown(const char *text)
{
    json_t *value = text == NULL || *text == '\0' ? NULL : json_string(text);
    return value != NULL ? value : json_string("unknown");
}

/* A file's first line. */
static json_t *line_fact(const char *path)
{
    char *text = read_text(path);
    if (text != NULL)
        text_one_line(text);
    json_t *value = text_or_unknown(text);
    free(text);
    return value;
}

/* What stands behind "key<blanks>: " or "key=" in a file like /proc/cpuinfo or /etc/os-release, without quotes. */
static json_t *keyed_fact(const char *path, const char *key)
{
    char *text = read_text(path), *rest = NULL;
    json_t *value = NULL;
    for (char *line = text == NULL ? NULL : strtok_r(text, "\n", &rest); line != NULL && value == NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        const size_t length = strlen(key);
        char *at = line + length;
        if (strncmp(line, key, length) != 0 || strchr("=: \t", *at) == NULL)
            continue;
        at += strspn(at, "=: \t\"");
        at[strcspn(at, "\"\n")] = '\0';
        value = text_or_unknown(at);
    }
    free(text);
    return value != NULL ? value : json_string("unknown");
}

static json_t *memory_fact(void)
{
    const long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    return pages > 0 && size > 0 ? json_integer((json_int_t)pages * size) : json_string("unknown");
}

static json_t *cpus_fact(void)
{
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? json_integer(online) : json_string("unknown");
}

static json_t *load_fact(void)
{
    const double load = machine_load1();
    return load >= 0.0 ? json_real(load) : json_string("unknown");
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
    struct utsname u;
    const bool named = uname(&u) == 0;
    return json_pack(
        "{si so so so so so so sf so so so so so so ss so ss ss sO so}", "machine", 1, "hostname",
        text_or_unknown(named ? u.nodename : NULL), "kernel", text_or_unknown(named ? u.release : NULL),
        "architecture", text_or_unknown(named ? u.machine : NULL), "system", keyed_fact("/etc/os-release", "PRETTY_NAME"),
        "cpu_model", keyed_fact("/proc/cpuinfo", "model name"), "cpus", cpus_fact(), "effective_cpus",
        machine_effective_cpus(), "memory_bytes", memory_fact(), "governor",
        line_fact("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"), "boost",
        line_fact("/sys/devices/system/cpu/cpufreq/boost"), "smt", line_fact("/sys/devices/system/cpu/smt/active"),
        "clocksource", line_fact("/sys/devices/system/clocksource/clocksource0/current_clocksource"), "load1",
        load_fact(), "compiler",
        own_compiler,
        "hypervisor", line_fact("/sys/hypervisor/type"), "cobench", COBENCH_VERSION, "cflags", COBENCH_CFLAGS, "tools",
        versions, "hosts", hosts_json(catalog));
}
