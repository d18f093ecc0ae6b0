/* SPDX-License-Identifier: MIT */
/*
 * The control groups of this process and what they limit, in the hierarchies of version 1, of version 2 and where both
 * are mounted. A group's limit holds for all below it, so a limit is looked for from the process's own group up to the
 * highest one that can be seen: inside a container that is the container's own.
 */
#ifndef COMMON_CGROUP_H
#define COMMON_CGROUP_H

#include <stdbool.h>
#include <stddef.h>

enum { CGROUP_PATH_SIZE = 4352 };

/* One hierarchy: that of version 2, or the one of version 1 that has a controller. */
struct cgroup_kind {
    const char *controller; /* "cpu" */
    bool unified;           /* version 2; then the controller does not matter */
};

/* Pure: this process's group from the text of a /proc/self/cgroup, "/" or longer. False: it is in none of the kind. */
bool cgroup_parse_self(const char *text, const struct cgroup_kind *kind, char path[CGROUP_PATH_SIZE]);
/* Pure: where the hierarchy is mounted and which group stands there, from the text of a /proc/self/mountinfo. */
bool cgroup_parse_mount(const char *text, const struct cgroup_kind *kind, char mount[CGROUP_PATH_SIZE],
                        char top[CGROUP_PATH_SIZE]);
/* Pure: CPUs from "QUOTA PERIOD" ("max 100000" and "-1 100000": no limit). No limit, or no sense: -1. */
double cgroup_parse_quota(const char *text);

/* A group's folder, without the root it lies below. */
typedef void cgroup_look(const char *root, const char *folder, void *arg);
/* Calls `look` with each folder that can hold a limit of `controller` over this process, its own group's first, then
 * upwards, in each hierarchy. Returns how many folders that was; 0: nothing can be seen. */
size_t cgroup_walk(const char *root, const char *controller, cgroup_look *look, void *arg);

enum cgroup_quota { CGROUP_UNKNOWN, CGROUP_UNLIMITED, CGROUP_LIMITED };
/* The CPUs that the quotas over this process pay for, the least of all groups: *cpus where it is CGROUP_LIMITED. */
enum cgroup_quota cgroup_cpus(const char *root, double *cpus);

#endif
