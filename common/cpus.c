/* SPDX-License-Identifier: MIT */
/* Effective CPUs. */
#define _GNU_SOURCE /* sched_getaffinity, CPU_COUNT_S */
#include "common/cpus.h"

#include <sched.h>
#include <unistd.h>

#include "common/cgroup.h"

/* The kernel refuses a mask smaller than its own, whose size nothing tells. */
int cpus_affinity(void)
{
    for (int cpus = 1024; cpus <= 1 << 20; cpus *= 4) {
        cpu_set_t *set = CPU_ALLOC((size_t)cpus);
        if (set == NULL)
            break;
        const size_t size = CPU_ALLOC_SIZE((size_t)cpus);
        const int count = sched_getaffinity(0, size, set) == 0 ? CPU_COUNT_S(size, set) : 0;
        CPU_FREE(set);
        if (count > 0)
            return count;
    }
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 1;
}

double cpus_effective(const char *root)
{
    const double cpus = cpus_affinity();
    double quota;
    if (cgroup_cpus(root, &quota) != CGROUP_LIMITED || quota >= cpus)
        return cpus;
    return quota < 0.01 ? 0.01 : quota;
}
