/* SPDX-License-Identifier: MIT */
/*
 * A folder in the making: PARENT/.new-PID-XXXXXX, from which what is whole gets its own name by rename. Its maker holds a
 * lock on it for as long as it is a draft, so that one a killed process left behind can be told from one being made,
 * whatever process has the same number by now.
 */
#ifndef BENCH_STORE_DRAFT_H
#define BENCH_STORE_DRAFT_H

struct draft {
    char *path; /* NULL: closed */
    int fd;     /* holds the lock */
};

/* Makes one. 0 or a negative errno. draft_close in every case. */
int draft_open(const char *parent, struct draft *out);
/* Removes the folder and the files in it, unless it was renamed, and lets go of the lock. */
void draft_close(struct draft *draft);
/* Removes the drafts in `parent` that nobody is making any more. One whose lock is not to be had, also because the file
 * system has no locks or another user owns it, stays. */
void draft_sweep(const char *parent);

#endif
