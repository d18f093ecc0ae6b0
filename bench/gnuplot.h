/* SPDX-License-Identifier: MIT */
/* Runs gnuplot, found on PATH, without a shell. */
#ifndef BENCH_GNUPLOT_H
#define BENCH_GNUPLOT_H

#include "bench/error.h"

struct gnuplot_call {
    const char *settings;    /* gnuplot statements with numbers only, run before the script */
    const char *script;
    const char *arguments[9]; /* ARG1 to ARG9 of the script; NULL ends them */
};

/*
 * 0, or a negative errno with err filled in: -ENOSYS gnuplot is not installed; -EIO it failed, wrote a warning to its
 * stderr, or took longer than a minute. Not for a process that reaps all its children elsewhere.
 */
int gnuplot_run(const struct gnuplot_call *call, struct error *err);

#endif
