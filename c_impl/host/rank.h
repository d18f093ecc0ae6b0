/* SPDX-License-Identifier: MIT */
/*
 * The ranks of a model that is an engine (models/mpi.c): `HOST rank HOME WORDS...`, which mpirun starts so many times, WORDS being
 * those of the host's own `run`. Rank 0 is the manager. It hands out the jobs and fills the host's slots and shared state, which it
 * maps as rank 0 is on the host's machine; every other rank is a worker, with the task open and slots of its own for the jobs that it
 * has been handed. Messages are those of common/message.h: one with jobs to a worker that is free, one with results back.
 *
 * HOME is where the host can be found, PID,SHARED,READ,WRITE: its process, the descriptor of its shared state, and those of two
 * pipes, each to be opened below /proc/PID/fd. Through these the manager and the host tell each other, a byte at a time:
 */
#ifndef HOST_RANK_H
#define HOST_RANK_H

#include "cobench/task.h"

/* The manager. */
#define RANK_UP     'r' /* all workers are up */
#define RANK_NOT_UP 'x' /* one of them is not: why stands in the shared state */
#define RANK_OVER   'd' /* the last job has ended */
/* The host. Whatever else comes, or the end of the file, is to give up. */
#define RANK_GO    'g'
#define RANK_CLOSE 'c'

struct run;

/* Whether ranks can do this run here: 0, or a negative errno with the reason in err. */
int rank_check(const struct run *run, struct cobench_error *err);

/* argv[0] is "rank". Returns the exit status. */
int rank_command(const char *program, int argc, char **argv);

#endif
