/* an_example: what a job waits for and computes, in C; an_example.py is the same in Python. cobench/task.h has the contract. */
#include <errno.h>
#include <stdlib.h>

#include "cobench/task.h"

enum { SIZE, DELAY }; /* the rows of an_example_params */
enum { SQUARES = 256 };

/* What the jobs share; nothing changes it once it is open. */
struct an_example {
    uint64_t size, jobs;
    int64_t delay_ns;
};

static int an_example_open(const struct cobench_open *how, void **state, struct cobench_error *err)
{
    struct an_example *shared = malloc(sizeof *shared);
    (void)err;
    if (!shared)
        return -ENOMEM;
    *shared = (struct an_example){
        .size = (uint64_t)how->values[SIZE].number, .jobs = how->jobs, .delay_ns = how->values[DELAY].number * 1000000};
    *state = shared;
    return 0;
}

static void an_example_close(void *state) { free(state); }

/* What a worker (a thread, a process, a loop) has to itself: no lock is needed. */
static int an_example_worker_open(void *state, unsigned flags, void **worker, struct cobench_error *err)
{
    uint64_t *squares = malloc(SQUARES * sizeof *squares);
    (void)state, (void)flags, (void)err;
    if (!squares)
        return -ENOMEM;
    for (uint64_t i = 0; i < SQUARES; i++)
        squares[i] = i * i;
    *worker = squares;
    return 0;
}

static void an_example_worker_close(void *state, void *worker)
{
    (void)state;
    free(worker);
}

/* What the job waits for. The host does the waiting: never sleep or ask a server here. */
static int job_request(void *state, void *worker, uint64_t job, struct cobench_request *ask, struct cobench_error *err)
{
    const struct an_example *shared = state;
    (void)worker, (void)job, (void)err;
    ask->ask = COBENCH_ASK_DELAY;
    ask->delay_ns = shared->delay_ns;
    return 0;
}

/* What the job computes; `reply` is what a URL answered. */
static int job_run(void *state, void *worker, uint64_t job, const struct cobench_reply *reply, uint64_t *result,
                   struct cobench_error *err)
{
    const struct an_example *shared = state;
    const uint64_t *squares = worker;
    uint64_t from, to, sum = 0;
    (void)reply, (void)err;
    cobench_slice(shared->size, job, shared->jobs, &from, &to);
    for (uint64_t i = from; i < to; i++)
        sum += squares[i % SQUARES];
    *result = sum;
    return 0;
}

static const struct cobench_param an_example_params[] = {
    [SIZE] = {.key = "size",
              .type = COBENCH_PARAM_INT,
              .fallback = "2000000",
              .max = 1000000000,
              .about = "squares summed, by all jobs together"},
    [DELAY] = {.key = "delay",
               .type = COBENCH_PARAM_INT,
               .fallback = "5",
               .max = 60000,
               .about = "ms that each job waits first"},
    {.key = NULL},
};

extern const struct cobench_task cobench_task;
const struct cobench_task cobench_task = {
    .contract = COBENCH_CONTRACT_VERSION,
    .kind = COBENCH_KIND_MIXED,
    .asks = COBENCH_ASK_DELAY,
    .name = "an_example",
    .about = "wait, then sum squares",
    .default_jobs = 8,
    .splits = 1,
    .params = an_example_params,
    .open = an_example_open,
    .close = an_example_close,
    .worker_open = an_example_worker_open,
    .worker_close = an_example_worker_close,
    .request = job_request,
    .run = job_run,
};
