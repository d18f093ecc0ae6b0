/* SPDX-License-Identifier: MIT */
/* The CPUs this process can really use. The driver and the C host both ask here; py_impl/machine.py is the Python counterpart. */
#ifndef COMMON_CPUS_H
#define COMMON_CPUS_H

/* How many CPUs the affinity mask of the calling thread holds; at least 1. */
int cpus_affinity(void);
/* Keeps the calling thread on one CPU of its mask: the one that has n others before it, counted round. 0 or a negative errno. */
int cpus_pin(unsigned n);
/* The affinity's count, cut by the quotas of the control groups (common/cgroup.h) below `root`. At least 0.01. */
double cpus_effective(const char *root);

#endif
