/* SPDX-License-Identifier: MIT */
/* `fib`: function calls. Left alone, a compiler unrolls several levels of the recursion into one function. With noipa it
 * makes one real call a node: fib(n - 1) is called, and the sum with fib(n - 2) becomes the next turn of a loop. (Were
 * that a call as well, as it is in the Python counterpart, the C side would take about 1.6 times as long.) */
#include "cobench/task.h"

#ifdef __clang__
#define ONE_REAL_CALL __attribute__((noinline))
#else
#define ONE_REAL_CALL __attribute__((noipa))
#endif

ONE_REAL_CALL static uint64_t fib(uint64_t n)
{
    if (n < 2)
        return n;
    return fib(n - 1) + fib(n - 2);
}

static int fib_open(const struct cobench_open *how, void **state, struct cobench_error *err)
{
    (void)err;
    *state = (void *)(uintptr_t)&how->values[0]; /* the values outlive `close` */
    return 0;
}

static int fib_run(void *state, void *worker, uint64_t job, const struct cobench_reply *reply, uint64_t *result,
                   struct cobench_error *err)
{
    (void)worker, (void)job, (void)reply, (void)err;
    const struct cobench_value *size = state;
    *result = fib((uint64_t)size->number);
    return 0;
}

static const struct cobench_param fib_params[] = {
    {.key = "size",
     .type = COBENCH_PARAM_INT,
     .fallback = "35",
     .min = 0,
     .max = 60,
     .about = "which Fibonacci number"},
    {.key = NULL},
};

extern const struct cobench_task cobench_task;
const struct cobench_task cobench_task = {
    .contract = COBENCH_CONTRACT_VERSION,
    .kind = COBENCH_KIND_CPU,
    .asks = COBENCH_ASK_NOTHING,
    .name = "fib",
    .about = "naive recursive Fibonacci, one real call a node",
    .default_jobs = 8,
    .params = fib_params,
    .open = fib_open,
    .run = fib_run,
};
