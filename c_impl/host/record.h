/* SPDX-License-Identifier: MIT */
/* The record line: what a host says of one run, as common/schema/record.schema.json has it. */
#ifndef HOST_RECORD_H
#define HOST_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/join.h"
#include "host/knobs.h"
#include "host/runtime.h"
#include "host/shared_state.h"

enum record_status { RECORD_DONE, RECORD_FAILED, RECORD_USAGE, RECORD_IMPOSSIBLE };

struct record {
    const char *runtime;
    const char *task, *model;           /* NULL: unknown */
    uint64_t jobs;                      /* 0: unknown */
    unsigned workers;                   /* 0: unknown */
    const struct cobench_param *params; /* NULL: unknown or none */
    const struct cobench_value *values; /* one for each of `params` */
    const char *start_method;           /* NULL: does not apply */
    const struct knobs *knobs;          /* NULL: unknown */
    enum record_status status;
    char reason[640]; /* one line; not looked at when done */
    uint64_t failed_jobs;
    struct failure failures[FAILURES_MAX];
    unsigned failure_count;
    int64_t start_ns, ready_ns, work_ns, end_ns; /* 0: never came */
    int64_t ready_cpu_ns;                        /* likewise */
    int64_t connections;                         /* -1: asks for no URL */
    struct runtime_python python;
    const struct join_graph *dependencies; /* NULL: none are known */
    const char *hazard;                    /* of which kind the reason is; NULL: none */
    bool audited;                          /* all jobs were done, and the task has an audit */
    struct cobench_audit audit;
};

/* The exit status that belongs to a status. */
int record_exit(enum record_status status);

/* The line, with a line feed at its end and with this process's usage as it is now; to be freed by the caller. NULL:
 * no memory. */
char *record_text(const struct record *record);

/* Creates or truncates the file. A descriptor or a negative errno. */
int record_open(const char *path);

/* Writes the text at once and closes the descriptor. 0 or a negative errno. */
int record_write(int fd, const char *text);

#endif
