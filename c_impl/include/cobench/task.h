/* SPDX-License-Identifier: MIT */
/*
 * The task contract: the one public header of cobench.
 *
 * A task is what one unit of work asks for and computes. It is a shared object that exports one constant
 * `const struct cobench_task cobench_task` (COBENCH_TASK_SYMBOL). The host runs it under every model and does all the
 * waiting: a task only *asks* (for a delay, a URL, a row) in `request` and computes in `run`. It must not sleep, block on
 * a socket, start threads or fork.
 *
 * Order of the calls, for one process:
 *
 *     payload                           before open, where jobs cross to their workers by messages
 *     open                              once, before any worker exists
 *     prepare                           once a run, until it asks for nothing more
 *       before_fork                     in the parent, before each fork() of a model that forks
 *       after_fork_parent / _child      in the parent and in the child, right after it
 *         worker_open                   in the thread or child process that will run jobs
 *           request, more, run, waited  for each job this worker draws, `more` with each reply, `run` with the last
 *         worker_close                  in the same thread
 *     audit                             once, after the last worker, where all jobs were done
 *     close                             once, after the last worker (in a forked child: never)
 *
 * Under the start method `spawn` every worker process calls `open` for itself; the parent does so, and closes again before
 * the first worker, only for a task that has `prepare`.
 *
 * Threads: `open`, `close` and the fork hooks are called by one thread while no other uses the state. `worker_open`,
 * `request`, `more`, `run` and `worker_close` of *different* workers run at the same time; the calls of one worker never
 * overlap. An event loop is one worker with many jobs between `request` and `run`.
 *
 * Errors: every function that returns int returns 0 or a negative errno, and may fill `err` with the detail. What it
 * opened it has closed again when it fails.
 */
#ifndef COBENCH_TASK_H
#define COBENCH_TASK_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Goes up with every change that an older host or task would misread. A host refuses a task of another version. */
#define COBENCH_CONTRACT_VERSION 5
#define COBENCH_TASK_SYMBOL      "cobench_task"

#define COBENCH_URL_MAX     2048        /* bytes, with the final NUL */
#define COBENCH_PAYLOAD_MAX (16u << 20) /* bytes */
#define COBENCH_BLOCK_MAX   (16u << 20) /* bytes */

/* What the work is, from which the default number of workers follows (all jobs for IO, the effective CPUs else; both
 * for MIXED). Names in JSON: "none" "cpu" "io" "mixed". */
enum cobench_kind { COBENCH_KIND_NONE, COBENCH_KIND_CPU, COBENCH_KIND_IO, COBENCH_KIND_MIXED };

/* What a job may ask its host for. Names in JSON: "nothing" "delay" "url" "command" (in the runtimes c and py) "sql" "cache"
 * "block" "jobs". The services that sql and cache need, PostgreSQL and Redis, are the host's to know. */
enum cobench_ask {
    COBENCH_ASK_NOTHING,
    COBENCH_ASK_DELAY,
    COBENCH_ASK_URL,
    COBENCH_ASK_COMMAND,
    COBENCH_ASK_SQL,
    COBENCH_ASK_CACHE,
    COBENCH_ASK_BLOCK,
    COBENCH_ASK_JOBS
};

/* Flags of a request. */
#define COBENCH_URL_FRESH    1u /* on a connection of its own, closed behind it */
#define COBENCH_URL_HTTP2    2u
#define COBENCH_SQL_FIRST    8u /* of `prepare`: asked first on each connection of a worker, too, which is warm then */
#define COBENCH_BLOCK_DIRECT 4u /* past the page cache (O_DIRECT): offset and length are multiples of 512 */

/*
 * Types of a parameter, names in JSON "int" "choice" "text" "path" "url":
 *   INT     decimal, within min..max
 *   CHOICE  one of `choices`
 *   TEXT    any bytes
 *   PATH    a file; the host replaces a leading '@' by the folder of cobench's own data files
 *   URL     where to ask; `{name}` stands for the value of the parameter `name`, `{job}` for the job's number
 */
enum cobench_param_type {
    COBENCH_PARAM_INT,
    COBENCH_PARAM_CHOICE,
    COBENCH_PARAM_TEXT,
    COBENCH_PARAM_PATH,
    COBENCH_PARAM_URL
};

/* One row of a task's parameter table. The same row, word for word, stands in the task's Python counterpart. */
struct cobench_param {
    const char *key;
    enum cobench_param_type type;
    const char *fallback; /* the default, as it would be typed; NULL: the user has to give one */
    int64_t min, max;     /* INT only */
    const char *choices;  /* CHOICE only: "crc|length|status" */
    const char *about;    /* one line, with the unit */
};

/* A resolved parameter, checked by the host against its row. */
struct cobench_value {
    const char *text; /* as typed (PATH: resolved); never NULL */
    int64_t number;   /* INT: the number; CHOICE: the place in `choices`; else 0 */
};

/* Detail of a failure. The host empties it before each call: line 0, both texts zero at their first byte. */
struct cobench_error {
    char type[64];     /* what kind, e.g. "ValueError", "ENOENT", "HttpStatus"; empty: the host names the errno */
    char message[320]; /* one line for a person */
    int line;          /* where in the task's source, 0 where unknown */
};

/* The type of an error of `open` that is none of the user's: this machine lacks what the task needs. Its cells are listed with
 * the message as their reason. */
#define COBENCH_NOT_POSSIBLE "NotPossible"

struct cobench_task;

struct cobench_open {
    const struct cobench_task *task;    /* the task itself, for bridges that serve many from one function */
    const struct cobench_value *values; /* one for each row of task->params, in that order; outlive `close` */
    uint64_t jobs;                      /* n: how many jobs the run has, at least 1 */
};

/* What one job asks for; the host empties it first: all zero, of the url its first byte. Pointers are to stay valid until the
 * worker's next call, those of SQL and BLOCK until `close`: their texts are the same for many jobs, and prepared or opened once. */
struct cobench_request {
    enum cobench_ask ask;
    unsigned flags;
    int64_t delay_ns;      /* DELAY: how long to wait */
    char *const *words;    /* COMMAND: program and arguments; CACHE: one command of Redis; NULL behind them */
    const char *directory; /* COMMAND: where it runs; NULL: where the host does */
    uint64_t *process;     /* COMMAND: the host's own */
    /* SQL: one or more statements, NULL behind them, run one after the other on one connection. `$1` in any of them is `key`,
     * a bigint. */
    const char *const *statements;
    int64_t key;
    const char *path; /* BLOCK: the file, the same for all jobs; each process of workers opens it once */
    uint64_t offset;  /* BLOCK: in bytes */
    size_t length;    /* BLOCK: 1..COBENCH_BLOCK_MAX; fewer bytes in the file are the job's failure, "ShortBlock" */
    /* JOBS, in `request` alone: the jobs of this run, 0..n-1, whose results it needs, none of which may need this one. Where
     * one of them fails, so does this, "NeededFailed". A task that asks for jobs may ask for delays in `more`. */
    const uint64_t *jobs;
    size_t job_count;
    char url[COBENCH_URL_MAX]; /* URL: absolute, http or https; last, as it is emptied by its first byte */
};

/* What came back. For DELAY and NOTHING `run` gets NULL instead. Borrowed: valid until `run` or `more` returns. What did not
 * come, an error that a service answers with and a command that did not end with status 0 are the job's failure and no reply. */
struct cobench_reply {
    int status; /* HTTP status; SQL: how many rows came of the last statement that gave any; CACHE: 0 for nil, else 1; else 0 */
    /* `length` bytes; not NUL-terminated; NULL only where length is 0. SQL: the first field of the first of these rows, as text,
     * empty for NULL or no row; CACHE: a string, or an integer in decimal digits; BLOCK: the bytes, aligned to 512; JOBS: the
     * results, a uint64_t each, in the order in which they were asked for. */
    const unsigned char *body;
    size_t length;
    uint64_t digest; /* COMMAND: of what it printed: how many bytes (modulo 2^32) << 32 | their CRC-32 */
};

/* What a task that changes something in common finds at the end. The host empties it first. */
struct cobench_audit {
    uint64_t wrong, of; /* so many of so many changes are lost, torn or doubled; `of` is at least 1 */
    char finding[160];  /* one line for a person: what was lost, what does not add up; empty where nothing is wrong */
};

/* Flags of worker_open. */
#define COBENCH_WORKER_PROCESS  1u /* this worker has a process of its own */
#define COBENCH_WORKER_ISOLATED 2u /* give this worker an interpreter of its own, with its own lock (bridges) */

struct cobench_task {
    uint32_t contract; /* COBENCH_CONTRACT_VERSION */
    enum cobench_kind kind;
    enum cobench_ask asks; /* the most any of its jobs asks for; decides whether a transport is loaded */
    const char *name;
    const char *about;     /* one line */
    uint64_t default_jobs; /* at least 1 */
    int splits; /* 1: the jobs share one given amount of work (cobench_slice), so that more jobs are smaller ones */
    const struct cobench_param *params; /* ends with a row whose key is NULL; may be NULL */
    const void *self;                   /* the task's own; hosts do not look at it */

    /* How many bytes each job's message carries besides its number, where it crosses to its worker by a message (a pipe, a broker):
     * 0..COBENCH_PAYLOAD_MAX, of zeros. Before `open`, by any thread. NULL: none. */
    size_t (*payload)(const struct cobench_open *how);

    /* All but `run` may be NULL. Without `open` the state is NULL, without `worker_open` the worker is NULL. */
    int (*open)(const struct cobench_open *how, void **state, struct cobench_error *err);
    void (*close)(void *state);
    void (*before_fork)(void *state);
    void (*after_fork_parent)(void *state);
    void (*after_fork_child)(void *state);
    int (*worker_open)(void *state, unsigned flags, void **worker, struct cobench_error *err);
    void (*worker_close)(void *state, void *worker);
    /* What the run needs to be there before its first worker opens (a table, keys): step 0, 1, ... until it leaves `ask` at
     * NOTHING. Blocking, in the first process, once a run; part of its set-up. What is not `asks` of the task is refused. */
    int (*prepare)(void *state, unsigned step, struct cobench_request *ask, struct cobench_error *err);
    /* Says what job `job` (0..n-1) waits for. Depends only on the parameters, job and n. */
    int (*request)(void *state, void *worker, uint64_t job, struct cobench_request *ask, struct cobench_error *err);
    /* Gets each reply that `run` would: where it fills in `ask`, job `job` waits again, and gets what came as the reply of the
     * next step (1, 2, ...; this first one is step 0); where it leaves NOTHING, `run` has this last one. What a job keeps
     * between its steps is with the worker, by the job's number; a job that fails has no `run`. */
    int (*more)(void *state, void *worker, uint64_t job, unsigned step, const struct cobench_reply *reply,
                struct cobench_request *ask, struct cobench_error *err);
    /* Computes the job's 64-bit result. */
    int (*run)(void *state, void *worker, uint64_t job, const struct cobench_reply *reply, uint64_t *result,
               struct cobench_error *err);
    /* How many ns the job that `run` has just computed has waited for locks. NULL: it takes none. */
    uint64_t (*waited)(void *state, void *worker);
    /*
     * Whether what the jobs have changed in common is as it has to be: its invariant. By the process that opened the task, when
     * all its workers have closed. A task that has it keeps what it changes in memory that `open` maps shared and anonymous: so
     * its workers are threads of this process, or forked from it, and a host refuses it under any other model (START_SPAWN,
     * other hosts, an interpreter for each). What it finds wrong is the run's finding and not its failure.
     */
    int (*audit)(void *state, struct cobench_audit *audit, struct cobench_error *err);
};

/*
 * Job `job`'s slice of `size` items when `jobs` jobs share them: items *from up to but not including *to. The slices
 * are disjoint, cover everything and differ by at most one item. floor(size * job / jobs), without overflow.
 */
static inline void cobench_slice(uint64_t size, uint64_t job, uint64_t jobs, uint64_t *from, uint64_t *to)
{
    const uint64_t whole = size / jobs, rest = size % jobs;
    *from = whole * job + (uint64_t)((unsigned __int128)rest * job / jobs);
    *to = whole * (job + 1) + (uint64_t)((unsigned __int128)rest * (job + 1) / jobs);
}

#ifdef __cplusplus
}
#endif
#endif
