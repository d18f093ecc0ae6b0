/* SPDX-License-Identifier: MIT */
/* The board's memory, and reading it; its layout is in run.h. Any thread or process of the run. */
#ifndef HOST_BOARD_H
#define HOST_BOARD_H

#include "host/run.h"

/* Anonymous memory shared with every child forked later, all zero. 0 or a negative errno. */
int board_open(struct board **out);
void board_close(struct board *board);

/* Adds a failure to the list; those beyond BOARD_FAILURES are dropped. Does not count it as a failed job. */
void board_note(struct board *board, const struct failure *failure);

/* Copies the failures that are completely written, in the order of their entry. Returns how many. */
unsigned board_failures(const struct board *board, struct failure out[static BOARD_FAILURES]);

/* What one worker adds when it has run its last job: how many it ended and when the last one did. */
void board_ended(struct board *board, uint64_t jobs, int64_t last_end_ns);

#endif
