/* SPDX-License-Identifier: MIT */
/* How many connections the origin can hold: it inherits the driver's hard limit of open files and raises its own to it. */
#include "bench/run/origin_room.h"

#include <errno.h>
#include <sys/resource.h>

#include "bench/util/text.h"

#define ORIGIN_FILES 16 /* what it has open beside its connections, and a few more */

int origin_room_check(struct origin *origin, struct plan *plan)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_max == RLIM_INFINITY)
        return 0;
    const long long limit = (long long)files.rlim_max, room = limit > ORIGIN_FILES ? limit - ORIGIN_FILES : 0;
    for (size_t i = 0; i < plan->cell_count; i++) {
        struct plan_cell *cell = &plan->cells[i];
        const struct plan_group *group = &plan->groups[cell->group];
        /* A baseline and its twin have one connection. */
        if (cell->baseline || cell->role != ROLE_MODEL || !group->needs_url || group->workers <= room ||
            cell->impossible != NULL)
            continue;
        if (origin->room == NULL &&
            (origin->room = text_format("the origin can hold %lld connections (RLIMIT_NOFILE is %lld; a higher "
                                        "`ulimit -Hn` or fewer workers would do)",
                                        room, limit)) == NULL)
            return -ENOMEM;
        cell->impossible = origin->room;
    }
    return 0;
}
