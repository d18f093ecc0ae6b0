/* SPDX-License-Identifier: MIT */
/*
 * Processes of a command that somebody has stopped (SIGSTOP, a terminal's Ctrl-Z, a debugger), found by looking at the
 * states in /proc while a sample takes longer than it should. What is stopped between two looks is not seen.
 */
#ifndef BENCH_PROCESS_STOPS_H
#define BENCH_PROCESS_STOPS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "bench/process/proctree.h"

#define STOPS_MAX 16 /* processes named; more are stopped together with these, mostly */

struct stop {
    pid_t pid;
    char name[PROCTREE_NAME_MAX];
    int64_t seen_ns;  /* when it was last seen stopped */
    int64_t total_ns; /* between looks that both saw it stopped, so at least so long */
};

/* Zeroed: nothing seen yet. */
struct stops {
    struct proctree tree;
    struct stop items[STOPS_MAX];
    size_t count;
    int64_t looked_ns; /* the last look; 0: none yet */
};

/* Looks at `root` and all below it. A /proc that cannot be read shows nothing. */
void stops_look(struct stops *stops, pid_t root, int64_t now_ns);
/* Pure: takes in one look, already made. */
void stops_note(struct stops *stops, const struct proctree *tree, pid_t root, int64_t now_ns);
/* The longest of the stops, at least 1 ns; 0 where none was seen. */
int64_t stops_longest(const struct stops *stops);
/* "process 1234 (cobench-host) was stopped for at least 120 ms". */
void stops_text(const struct stop *stop, char *out, size_t room);
void stops_free(struct stops *stops);

#endif
