/* SPDX-License-Identifier: MIT */
/*
 * What a server serves: a task, behind another that has the server's delay before each job and looks up which job a request is
 * for. Of the run, a job is a place for a request under way, as its slot is used again for one after the other; of the task, it is
 * the number that the request says.
 */
#ifndef SERVERS_SERVED_H
#define SERVERS_SERVED_H

#include <stdint.h>

#include "cobench/task.h"

struct server;

struct served {
    const struct server *server;
    const char *listen; /* "unix:PATH"; NULL: a port of 127.0.0.1 */
    int64_t delay_ns;
    uint64_t jobs;                    /* n of the task */
    const struct cobench_task *inner; /* the task */
    void *state;                      /* its state */
    struct cobench_task task;         /* whose state is this structure, and its `self` too */
    uint64_t *numbers; /* by place, of the requests in this process: the task's job. Written before the job is taken */
};

/* Fills in `task` and the table for so many places. The rest is there. 0 or -ENOMEM. */
int served_open(struct served *served, uint64_t places);
void served_close(struct served *served);

#endif
