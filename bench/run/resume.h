/* SPDX-License-Identifier: MIT */
/* Going on with a run that was cut off: how far it came, and whether programs and machine are still the same. */
#ifndef BENCH_RUN_RESUME_H
#define BENCH_RUN_RESUME_H

#include <stdbool.h>

#include "bench/util/error.h"
#include "bench/store/journal.h"
#include "bench/store/results.h"
#include "bench/util/text.h"

struct resume {
    char *folder; /* absolute */
    struct results results;
    size_t sound; /* cells that were verified and have not failed */
};

/*
 * Opens the run's journal for writing (nobody else may be writing to it) and reads what the folder holds. Both
 * resume_close and journal_close are needed after 0 only.
 */
int resume_open(const char *folder, struct resume *out, struct journal *journal, struct error *err);
void resume_close(struct resume *resume);
/*
 * Gives the run `rounds` rounds in all, in its plan.json too; its samples stay as they are. -EINVAL where it has as many,
 * or where not a number of rounds but a budget or a precision decides.
 */
int resume_extend(struct resume *resume, int64_t rounds, struct error *err);
/* Whether every sample of the plan is there. */
bool resume_finished(const struct resume *resume);
/*
 * Compares the machine.json of now with the run's. 0 where they agree. Where they do not, `differences` gets a line
 * each, and -EPERM is returned unless `force`: then an event is written down, which marks the summary.
 */
int resume_check(const struct resume *resume, const json_t *machine, bool force, struct string_list *differences,
                 struct error *err);

#endif
