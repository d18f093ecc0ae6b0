/* SPDX-License-Identifier: MIT */
/* Facts about what lies around the CPUs: the system, memory, load, a hypervisor. */
#define _GNU_SOURCE /* personality's ADDR_NO_RANDOMIZE */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/utsname.h>
#include <unistd.h>
#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#include "bench/machine/facts.h"
#include "bench/util/json.h"
#include "bench/process/proc_text.h"
#include "common/procfs.h"

/* -- memory ------------------------------------------------------------------------------------------------------- */

static int64_t memory_bytes(const char *root, const char *meminfo)
{
    const int64_t bytes = meminfo == NULL ? -1 : proc_bytes(meminfo, "MemTotal");
    const long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    return bytes < 0 && *root == '\0' && pages > 0 && size > 0 ? (int64_t)pages * size : bytes;
}

void machine_memory_facts(const char *root, json_t *facts)
{
    char *meminfo = procfs_read(root, "/proc/meminfo");
    const char *text = meminfo == NULL ? "" : meminfo;
    const int64_t swap = proc_bytes(text, "SwapTotal"), unused = proc_bytes(text, "SwapFree");
    fact_count(facts, "memory_bytes", memory_bytes(root, meminfo));
    fact_count(facts, "memory_available_bytes", proc_bytes(text, "MemAvailable"));
    fact_count(facts, "swap_bytes", swap);
    fact_count(facts, "swap_used_bytes", swap >= 0 && unused >= 0 && unused <= swap ? swap - unused : -1);
    free(meminfo);
}

/* -- load --------------------------------------------------------------------------------------------------------- */

static void load_facts(const char *root, json_t *facts)
{
    char *load_text = procfs_read(root, "/proc/loadavg"), *stat_text = procfs_read(root, "/proc/stat");
    struct proc_load load;
    struct proc_stat stat;
    proc_parse_load(load_text == NULL ? "" : load_text, &load);
    proc_parse_stat(stat_text == NULL ? "" : stat_text, &stat);
    fact_real(facts, "load1", load.load[0]);
    fact_real(facts, "load5", load.load[1]);
    fact_real(facts, "load15", load.load[2]);
    fact_real(facts, "steal_share", stat.all > 0 ? (double)stat.steal / (double)stat.all : -1);
    free(stat_text);
    free(load_text);
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

struct maker {
    const char *says, *name;
};

/* By how the text begins; NULL: none of them. */
static const char *maker_name(const struct maker *table, const char *text)
{
    for (; table->says != NULL; table++)
        if (strncmp(text, table->says, strlen(table->says)) == 0)
            return table->name;
    return NULL;
}

/* What the firmware says of the machine's maker. */
static const char *firmware_name(const char *root)
{
    static const struct maker makers[] = {{"QEMU", "kvm or qemu"},
                                          {"KVM", "kvm"},
                                          {"Amazon EC2", "amazon"},
                                          {"Google", "google"},
                                          {"VMware", "vmware"},
                                          {"innotek", "virtualbox"},
                                          {"Xen", "xen"},
                                          {"Parallels", "parallels"},
                                          {"OpenStack", "kvm"},
                                          {"Bochs", "bochs"},
                                          {"Virtual Machine", "hyper-v"},
                                          {"Apple Virtualization", "apple"},
                                          {NULL, NULL}};
    static const char *const files[] = {"/sys/class/dmi/id/product_name", "/sys/class/dmi/id/sys_vendor"};
    const char *name = NULL;
    for (size_t i = 0; name == NULL && i < sizeof files / sizeof *files; i++) {
        char *line = procfs_line(root, files[i]);
        name = line == NULL ? NULL : maker_name(makers, line);
        free(line);
    }
    return name;
}

/* Whether the word stands in a list with blanks. */
static bool has_word(const char *list, const char *word)
{
    const size_t length = strlen(word);
    for (const char *at = list; (at = strstr(at, word)) != NULL; at += length)
        if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    return false;
}

/*
 * "none" only where x86's CPU flags are there and do not name a hypervisor: a hypervisor that does not want to be seen
 * is not. Other machines' firmware may name one; that it does not means nothing.
 */
static void virtualisation_fact(const char *root, json_t *facts)
{
    static const struct maker signatures[] = {{"KVMKVMKVM", "kvm"},           {"VMwareVMware", "vmware"},
                                              {"Microsoft Hv", "hyper-v"},    {"XenVMMXenVMM", "xen"},
                                              {"VBoxVBoxVBox", "virtualbox"}, {"bhyve bhyve", "bhyve"},
                                              {"TCGTCGTCGTCG", "qemu"},       {" lrpepyh  vr", "parallels"},
                                              {"ACRNACRNACRN", "acrn"},       {NULL, NULL}};
    char *cpuinfo = procfs_read(root, "/proc/cpuinfo"), signature[13] = "", flags[8192];
    const bool listed = cpuinfo != NULL && proc_value(cpuinfo, "flags", flags, sizeof flags);
    const bool guest = listed && has_word(flags, "hypervisor");
    const char *name = NULL;
    if (*root == '\0')
        cpuid_signature(signature);
    if (signature[0] != '\0' && (name = maker_name(signatures, signature)) == NULL)
        name = "a hypervisor of unknown name";
    if (name == NULL && (guest || !listed))
        name = firmware_name(root);
    if (name == NULL && listed)
        name = guest ? "a hypervisor of unknown name" : "none";
    fact_text(facts, "virtualisation", name);
    free(cpuinfo);
}

/* -- the rest ----------------------------------------------------------------------------------------------------- */

/* Whether addresses are laid out at random, for the system and for this process (setarch -R turns it off for one). */
static void aslr_fact(const char *root, json_t *facts)
{
    char *line = procfs_line(root, "/proc/sys/kernel/randomize_va_space");
    const int own = *root == '\0' ? personality(0xffffffff) : -1;
    const char *text = line == NULL             ? NULL
                       : strcmp(line, "0") == 0 ? "off"
                       : strcmp(line, "1") == 0 ? "partial"
                       : strcmp(line, "2") == 0 ? "full"
                                                : NULL;
    fact_text(facts, "aslr", own != -1 && (own & ADDR_NO_RANDOMIZE) != 0 ? "off for this process" : text);
    free(line);
}

static void name_facts(const char *root, json_t *facts)
{
    struct utsname u;
    char *release = procfs_read(root, "/etc/os-release"), system[256];
    char *kernel = *root == '\0' ? NULL : procfs_line(root, "/proc/sys/kernel/osrelease");
    char *host = *root == '\0' ? NULL : procfs_line(root, "/proc/sys/kernel/hostname");
    const bool here = *root == '\0' && uname(&u) == 0;
    fact_text(facts, "hostname", here ? u.nodename : host);
    fact_text(facts, "kernel", here ? u.release : kernel);
    fact_text(facts, "architecture", here ? u.machine : NULL);
    fact_text(facts, "system",
              release != NULL && proc_value(release, "PRETTY_NAME", system, sizeof system) ? system : NULL);
    free(host);
    free(kernel);
    free(release);
}

void machine_system_facts(const char *root, json_t *facts)
{
    name_facts(root, facts);
    virtualisation_fact(root, facts);
    aslr_fact(root, facts);
    load_facts(root, facts);
}
