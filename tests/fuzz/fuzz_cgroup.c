/* SPDX-License-Identifier: MIT */
/* The files that say which control groups a process is in and what they limit (common/cgroup.c); driver and C host
 * read them. A path that is found begins with a slash and fits; version 2's group does not depend on a controller; a
 * quota is a positive number of CPUs or none. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/cgroup.h"
#include "support.h"

static void check_self(const char *text, const struct cgroup_kind *kind)
{
    char path[CGROUP_PATH_SIZE], again[CGROUP_PATH_SIZE];
    const bool found = cgroup_parse_self(text, kind, path);
    FUZZ_MUST(!found || (path[0] == '/' && strlen(path) < CGROUP_PATH_SIZE && strchr(path, '\n') == NULL));
    if (!kind->unified)
        return;
    const struct cgroup_kind other = {.controller = "pids", .unified = true};
    FUZZ_MUST(cgroup_parse_self(text, &other, again) == found);
    FUZZ_MUST(!found || strcmp(path, again) == 0);
}

static void check_mount(const char *text, const struct cgroup_kind *kind)
{
    char mount[CGROUP_PATH_SIZE], top[CGROUP_PATH_SIZE];
    if (!cgroup_parse_mount(text, kind, mount, top))
        return;
    FUZZ_MUST(mount[0] == '/' && strlen(mount) < CGROUP_PATH_SIZE);
    FUZZ_MUST(top[0] == '/' && strlen(top) < CGROUP_PATH_SIZE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct cgroup_kind kinds[] = {{"cpu", false}, {"cpu", true}};
    char *text = fuzz_text(data, size);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        check_self(text, &kinds[i]);
        check_mount(text, &kinds[i]);
    }
    const double cpus = cgroup_parse_quota(text);
    FUZZ_MUST(cpus == -1.0 || (cpus > 0.0 && cpus <= 9.3e18));
    free(text);
    return 0;
}
