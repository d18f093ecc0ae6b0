/* SPDX-License-Identifier: MIT */
/* What a short command prints: a tool's version, a commit. */
#ifndef BENCH_PROCESS_CAPTURE_H
#define BENCH_PROCESS_CAPTURE_H

#include "bench/util/error.h"
#include "bench/process/supervisor.h"

struct capture {
    struct supervisor *supervisor;
    const char *scratch; /* a folder to write in */
    const char *cwd;     /* NULL: the driver's */
    char *const *env;    /* as in struct supervisor_command */
    int64_t deadline_ns; /* 0: 20 s */
};

/*
 * Runs `argv` and gives its standard output, to be freed. -ENOENT and the like where it cannot be started, -ETIMEDOUT
 * where it had no end in time, -EPROTO where it ended with another status than 0 (err has its last complaint), -EINTR
 * where the driver was told to stop.
 */
int capture_output(const struct capture *how, const char *const *argv, char **out, struct error *err);
/* The version a tool prints: what follows its name on the first line of `TOOL --version`, "unknown" where that begins
 * otherwise; to be freed. -ENOPKG: it is not installed; else as capture_output. */
int capture_version(const struct capture *how, const char *tool, char **out, struct error *err);

#endif
