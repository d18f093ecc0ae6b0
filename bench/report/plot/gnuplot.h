/* SPDX-License-Identifier: MIT */
/* Runs gnuplot, found on PATH, without a shell. */
#ifndef BENCH_REPORT_PLOT_GNUPLOT_H
#define BENCH_REPORT_PLOT_GNUPLOT_H

#include <stdint.h>
#include <sys/types.h>

#include "bench/util/error.h"

struct gnuplot_call {
    const char *settings; /* gnuplot statements with numbers only, run before the script */
    const char *script;
    const char *arguments[9]; /* ARG1 to ARG9 of the script; NULL ends them */
};

/* A gnuplot under way. */
struct gnuplot_job {
    pid_t pid;
    int said;            /* what it says comes out here */
    char *script;        /* for messages */
    int64_t deadline_ns; /* then it is killed */
};

/* Starts one. gnuplot_wait is needed after 0 only. Not for a process that reaps all its children elsewhere. */
int gnuplot_start(const struct gnuplot_call *call, struct gnuplot_job *out, struct error *err);
/*
 * Waits for it. 0, or a negative errno with err filled in: -ENOSYS gnuplot is not installed; -EIO it failed, wrote a
 * warning to its stderr, or took longer than a minute.
 */
int gnuplot_wait(struct gnuplot_job *job, struct error *err);

#endif
