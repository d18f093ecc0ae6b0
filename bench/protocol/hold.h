/* SPDX-License-Identifier: MIT */
/* The driver's side of a host's --hold: the host says that its last job has ended and stands still until it is let go. */
#ifndef BENCH_PROTOCOL_HOLD_H
#define BENCH_PROTOCOL_HOLD_H

#include <stdbool.h>

#include "bench/util/error.h"

struct hold {
    int host_read, host_write; /* the host's two ends; -1: closed */
    int read, write;           /* the driver's; -1: closed */
};

/* Opens both pipes. */
int hold_open(struct hold *hold, struct error *err);
/* Closes the host's ends here, once it has them: so that each side sees the other's end. */
void hold_given(struct hold *hold);
/* Whether the host holds now. False from then on, and where there is no hold. */
bool hold_heard(struct hold *hold);
/* Lets the host go. */
void hold_release(struct hold *hold);
void hold_close(struct hold *hold);

#endif
