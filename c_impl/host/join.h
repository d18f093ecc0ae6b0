/* SPDX-License-Identifier: MIT */
/*
 * Jobs that need the results of jobs (COBENCH_ASK_JOBS): who runs them, who waits, and whether the waiting can ever end.
 *
 * A job is claimed by whoever runs it, as the slot's state goes from EMPTY to RUNNING: it may be one that a worker has drawn, or one
 * that another job waits for. What a job waits for stands in its slot (`awaits`), so that the watchdog, another thread or process,
 * sees who waits for whom.
 *
 * This knows slots and no workers: worker.c and loop_worker.c do what it says.
 */
#ifndef HOST_JOIN_H
#define HOST_JOIN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cobench/task.h"
#include "common/slots.h"

struct shared_state;

/* What a worker does whose job waits. The first two are the choices of the knob `join`. */
enum join_way {
    JOIN_BLOCK, /* nothing */
    JOIN_HELP, /* runs what it waits for where nobody has begun it, or else what that waits for; never another job, which might be
                   one that waits for a job further down on the same stack */
    JOIN_ALONE, /* is the only one: runs what it waits for */
    JOIN_LOOP,  /* is a loop, and has other jobs */
};

/* What the jobs of a run needed of each other. */
struct join_graph {
    uint64_t edges;  /* results that were asked for */
    int64_t work_ns; /* of all jobs, from when what each needed was there to its end */
    int64_t path_ns; /* the longest sum of these along the dependencies */
};

struct join_board;

struct join {
    enum join_way way;
    struct shared_state *shared;
    struct slot *slots; /* of all jobs, shared */
    uint64_t jobs;
    _Atomic unsigned places;  /* JOIN_BLOCK: workers that are there, each of which has one job until it has ended */
    struct join_board *board; /* JOIN_HELP: what the jobs need that have been begun, shared; else NULL */
    int64_t *paths;           /* JOIN_ALONE: by job, the longest path that ends with it; else NULL */
    struct join_graph graph;  /* then of the jobs that are done */
};

/* Before any worker, and any fork. 0 or a negative errno with the reason in err; to be closed either way. */
int join_open(struct join *join, enum join_way way, unsigned workers, struct shared_state *shared, struct slot *slots,
              uint64_t jobs, struct cobench_error *err);
void join_close(struct join *join);

/* Whether the job is now the caller's to run, which nobody has begun. */
bool join_claim(const struct join *join, uint64_t job);

static inline uint32_t join_state(const struct join *join, uint64_t job)
{
    return __atomic_load_n(&join->slots[job].state, __ATOMIC_ACQUIRE);
}

static inline bool join_ended(const struct join *join, uint64_t job) { return join_state(join, job) >= SLOT_DONE; }

/* Says in the slot of `job` that it waits for `needed`, or for none any more. */
void join_await(const struct join *join, uint64_t job, uint64_t needed);
void join_await_none(const struct join *join, uint64_t job);

/* Blocks until the job `needed` has ended, for which `job` waits. */
void join_wait(const struct join *join, uint64_t job, uint64_t needed);

/* Wakes who is blocked so. After the job's state says that it has ended, by whoever wrote that. */
void join_wake(const struct join *join, uint64_t job);

/* A worker has ended and takes no more jobs. */
void join_leave(struct join *join);

/* The model starts no more workers: the jobs that nobody has begun fail, so that who waits for them goes on. */
void join_abandon(const struct join *join);

/* Whether the job may ask for these: 0, or -EINVAL with the reason in err. */
int join_check(const struct join *join, uint64_t job, const struct cobench_request *ask, struct cobench_error *err);

/* That a job which it needs has failed, as the failure of the one that needs it: its rc. */
int join_needed_failed(uint64_t needed, struct cobench_error *err);

/* Says what the job needs, for those who would help. With each job that is begun, where nothing is needed, too (NULL). */
void join_publish(const struct join *join, uint64_t job, const struct cobench_request *ask);

/* Puts the results in the place of the numbers of these jobs, which are all done. */
void join_results(const struct join *join, uint64_t *numbers, size_t count);

/* -- the jobs that a worker has begun, each one needed by those below it ----------------------------------------------- */

struct join_frame {
    uint64_t job;
    size_t first, count; /* its part of the stack's numbers: what it needs */
    size_t ended, begun; /* so many of these from the first on are known to have ended, to have been begun */
};

/* A job that the one on top waits for by way of `root`, which it needs itself. */
struct join_seen {
    uint64_t job, root;
};

/* Of zeros at first. */
struct join_stack {
    struct join_frame *frames;
    uint64_t *numbers;      /* of the frames, one behind the other */
    struct join_seen *seen; /* by a search for something to help with */
    size_t depth, used;
    size_t frames_room, numbers_room, seen_room;
};

void join_stack_close(struct join_stack *stack);

/* Puts the job on top, with what it asks for. 0 or a negative errno with the reason in err. */
int join_push(const struct join *join, struct join_stack *stack, uint64_t job, const struct cobench_request *ask,
              struct cobench_error *err);
void join_pop(struct join_stack *stack);
static inline struct join_frame *join_top(const struct join_stack *stack) { return &stack->frames[stack->depth - 1]; }

enum join_step {
    JOIN_READY,  /* all that the job on top needs is done */
    JOIN_FAILED, /* *job, which it needs, has failed */
    JOIN_BEGIN,  /* *job has been claimed, to be run first */
    JOIN_WAIT,   /* nothing but to wait for *job (join_wait) */
};

/* What is to be done for the job on top. */
enum join_step join_next(const struct join *join, struct join_stack *stack, uint64_t *job);

/* Of a ready one: the reply, whose body lies in the stack until the job is taken off it. Returns the longest path of what it
 * needed, 0 where they are not kept. */
int64_t join_reply(const struct join *join, struct join_stack *stack, struct cobench_reply *reply);

/* Adds a job that has ended to the graph, where that is kept: what it needed, since when that was there. */
void join_note(struct join *join, uint64_t job, size_t edges, int64_t below_ns, int64_t since_ns);

/* -- the watch --------------------------------------------------------------------------------------------------------- */

/* What one look found, for the next one. Of zeros at first. */
struct join_look {
    uint64_t witness; /* a job that ran and did not wait: as long as that is so nothing stands still */
    uint64_t mark;    /* of who waits for whom, where nothing can go on; 0: something can */
};

/* Looks once. Whether it and the look before found the same, and nothing in it can ever go on: each job that runs waits for one that
 * has not ended, and there is no place left, or some wait for each other in a circle. By any one thread, again and again. What two looks
 * find alike was so all the time between them, for no job that blocks waits for another twice; and a circle stays one: there is no false
 * alarm. */
bool join_is_stuck(const struct join *join, struct join_look *look);

/* Then why, in one line: "4 of 4 workers wait for jobs 8 to 11, ...". `can_help`: the model has the knob. */
void join_explain(const struct join *join, bool can_help, char *line, size_t size);

#endif
