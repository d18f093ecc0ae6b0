/* SPDX-License-Identifier: MIT */
/*
 * Workers on other hosts (--hosts, --launcher): starts an agent (host/agent.h) on each host that has any, tells how far its
 * clock is from this one's and which workers have ended, and ends them. Agents are descendants of this process, killed when
 * the thread that started them ends; on another machine they end with their standard input, which goes with it.
 * One thread at a time.
 */
#ifndef HOST_REMOTE_H
#define HOST_REMOTE_H

#include <stdint.h>
#include <sys/types.h>

#include "common/placement.h"
#include "cobench/task.h"

/* All borrowed. */
struct remote_plan {
    const struct placement *placement;
    const char *const *launcher; /* its words, with `{host}` in them; ends with NULL. Not used for this machine */
    unsigned workers;
    const char *directory;    /* where the command runs */
    const char *const *words; /* of the command, as the agent takes them; ends with NULL */
};

struct remote {
    struct remote_host {
        const char *name; /* borrowed from the placement */
        unsigned first, count;
        pid_t pid;
        int in, out;       /* of the agent's standard input and output; -1: closed */
        int64_t offset_ns; /* its CLOCK_MONOTONIC minus this machine's; 0 where both are one */
        char line[64];     /* of its output, as far as it has come */
        size_t length;
    } * hosts;
    size_t count;
};

/* A worker that has ended. */
struct remote_ended {
    unsigned worker; /* where one command stands for all workers of its host the first of them */
    int status;      /* 128 + N: by signal N; -1: its host's agent, or the way to it, is gone */
    const char *host;
};

/*
 * Starts the agents, waits until each has told its clock, by then at the latest (CLOCK_MONOTONIC), and has them start the command. 0 or a negative errno with
 * err saying which host; then nothing is left. remote_end is needed after 0 only.
 */
int remote_start(const struct remote_plan *plan, int64_t until_ns, struct remote *out, struct cobench_error *err);
/*
 * Writes a program that runs a shell's line on a host by the launcher, `PATH HOST LINE...`, which is how Open MPI asks for it
 * (plm_rsh_agent). 0 or a negative errno.
 */
int remote_script(const char *const *launcher, const char *path);
/* What is to be taken from a stamp of a worker's to have it on this machine's clock. */
int64_t remote_offset_ns(const struct remote *remote, unsigned worker);
/* The next worker that has ended: 1 with *out, 0: none so far, without waiting. */
int remote_next_ended(struct remote *remote, struct remote_ended *out);
/* Ends all: closes the agents' inputs, waits for them at most `within_ns`, kills what is left. */
void remote_end(struct remote *remote, int64_t within_ns);

#endif
