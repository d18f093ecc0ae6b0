/* SPDX-License-Identifier: MIT */
/* Whether a sample's files fitted. Two things tell: a host that could not reserve its slots, and a folder that does not
 * take what the small files of a sample need at the most. */
#include "bench/run/sample.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>

#include "bench/util/files.h"
#include "common/slots.h"
#include "bench/util/text.h"

static uint64_t slots_bytes(const struct bench *b, const struct plan_cell *cell)
{
    return SLOTS_HEADER_BYTES + (uint64_t)b->plan->groups[cell->group].jobs * sizeof(struct slot);
}

bool disk_space_fits_empty(uint64_t bytes, uint64_t blocks, uint64_t block_bytes)
{
    if (blocks == 0 || block_bytes == 0) /* a tmpfs without a limit */
        return true;
    return blocks > UINT64_MAX / block_bytes || bytes <= blocks * block_bytes;
}

/* Whether freeing something could ever help. While a run verifies, the driver holds the slots of the references,
 * one of a runtime at the most. */
static bool could_fit(const struct bench *b, const struct plan_cell *cell)
{
    const uint64_t each = slots_bytes(b, cell);
    struct rlimit limit;
    struct statvfs vfs;
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < each)
        return false;
    const uint64_t files = (uint64_t)cell->copies + b->catalog->runtime_count;
    return statvfs(b->scratch, &vfs) != 0 ||
           disk_space_fits_empty(each * files + DIR_SPARE, vfs.f_blocks, vfs.f_frsize);
}

static int tell(const struct bench *b, const struct plan_cell *cell, int rc, struct error *err)
{
    const char *slash = strrchr(b->scratch, '/'); /* the folder itself is gone by the time someone reads this */
    const uint64_t needed = slots_bytes(b, cell) * (uint64_t)cell->copies + DIR_SPARE;
    struct statvfs vfs;
    char left[40] = "";
    if (statvfs(b->scratch, &vfs) == 0)
        snprintf(left, sizeof left, ", %llu kB are free", (unsigned long long)vfs.f_bavail * vfs.f_frsize / 1024);
    return error_set(err, rc, "%.*s: %s (a sample's files take up to %llu kB%s)",
                     slash == NULL ? 0 : (int)(slash - b->scratch), b->scratch, strerror(-rc),
                     (unsigned long long)(needed + 1023) / 1024, left);
}

int disk_space_check(const struct bench *b, const struct plan_cell *cell, bool unreserved, struct error *err)
{
    const int rc = dir_try_space(b->scratch);
    if (rc == -ENOSPC || rc == -EDQUOT)
        return tell(b, cell, rc, err);
    return unreserved && could_fit(b, cell) ? tell(b, cell, -ENOSPC, err) : 0;
}
