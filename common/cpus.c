/* SPDX-License-Identifier: MIT */
/* Effective CPUs. */
#define _GNU_SOURCE /* sched_getaffinity, CPU_COUNT_S */
#include "common/cpus.h"

#include <errno.h>
#include <sched.h>
#include <unistd.h>

#include "common/cgroup.h"

/* The calling thread's mask, for CPU_FREE; NULL where it cannot be had. The kernel refuses one smaller than its own, whose size
 * nothing tells. */
static cpu_set_t *mask_get(size_t *size)
{
    for (size_t cpus = 1024; cpus <= 1 << 20; cpus *= 4) {
        cpu_set_t *set = CPU_ALLOC(cpus);
        *size = CPU_ALLOC_SIZE(cpus);
        if (set == NULL || (sched_getaffinity(0, *size, set) == 0 && CPU_COUNT_S(*size, set) > 0))
            return set;
        CPU_FREE(set);
    }
    return NULL;
}

int cpus_affinity(void)
{
    size_t size;
    cpu_set_t *set = mask_get(&size);
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    const int count = set != NULL ? CPU_COUNT_S(size, set) : online > 0 ? (int)online : 1;
    CPU_FREE(set);
    return count;
}

int cpus_pin(unsigned n)
{
    size_t size, cpu = 0;
    cpu_set_t *set = mask_get(&size);
    if (set == NULL)
        return -ENOMEM;
    for (unsigned left = n % (unsigned)CPU_COUNT_S(size, set); left > 0 || !CPU_ISSET_S(cpu, size, set); cpu++)
        left -= CPU_ISSET_S(cpu, size, set) != 0;
    CPU_ZERO_S(size, set);
    CPU_SET_S(cpu, size, set);
    const int rc = sched_setaffinity(0, size, set) == 0 ? 0 : -errno;
    CPU_FREE(set);
    return rc;
}

double cpus_effective(const char *root)
{
    const double cpus = cpus_affinity();
    double quota;
    if (cgroup_cpus(root, &quota) != CGROUP_LIMITED || quota >= cpus)
        return cpus;
    return quota < 0.01 ? 0.01 : quota;
}
