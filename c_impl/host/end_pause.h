/* SPDX-License-Identifier: MIT */
/*
 * The end pause (--end-pause): the host stands still at the last job's end, so that whoever drives it can read the memory of all
 * that is alive then. Nobody waits where a run has none, and nothing of it lies between two jobs.
 *
 * All who wait poll the same descriptor, and nobody reads from it: so one byte of the driver's, or its end of file,
 * releases threads and processes alike.
 */
#ifndef HOST_END_PAUSE_H
#define HOST_END_PAUSE_H

#include "common/clock.h"

struct run;
struct worker;

/* No driver needs as long to read it: one that is stuck does not keep a host for longer. */
#define END_PAUSE_LIMIT_NS (10 * NS_PER_S)

/* The descriptors of --end-pause. */
struct end_pause {
    int read;  /* the pause is over when there is something to read, or its end of file */
    int write; /* one byte when the last job has ended */
};

/* A worker that will get no more jobs, before it closes, in a model whose workers live until the last job's end: it
 * waits there for all the others and for the driver. */
void end_pause_all(struct worker *w);

/* The same in a model whose workers live for one job: only the one whose job was the last to end waits. */
void end_pause_last(struct worker *w);

/* The whole of it by the one process that knows that all jobs have ended, their workers being others'. */
void end_pause_host(struct run *run);

/* Has the driver read the memory now, because a worker that died can no more say that its jobs have ended. */
void end_pause_announce(struct run *run);

#endif
