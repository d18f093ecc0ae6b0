/* SPDX-License-Identifier: MIT */
/* `factorize`: division. The divisors of a number, by trial of every candidate. */
#include "cobench/task.h"

static const uint64_t numbers[] = {
    1111111, 2222222, 3333333, 4444444, 5555555, 6666666, 7777777, 8888888, 9999999, 6123123,
    9123434, 1432543, 1000000, 2000000, 3000000, 4000000, 5000000, 6000000, 7000000, 8000000,
    9000000, 7433123, 7343123, 2423435, 5000999, 6432523, 3414341, 7985345, 7098145, 7901123,
};
enum { NUMBERS = sizeof numbers / sizeof *numbers };

static uint64_t divisor_sum(uint64_t number)
{
    uint64_t total = 0;
    for (uint64_t candidate = 1; candidate <= number; candidate++)
        if (number % candidate == 0)
            total += candidate;
    return total;
}

static int factorize_open(const struct cobench_open *how, void **state, struct cobench_error *err)
{
    (void)err;
    *state = (void *)(uintptr_t)&how->values[0]; /* the values outlive `close` */
    return 0;
}

static int factorize_run(void *state, void *worker, uint64_t job, const struct cobench_reply *reply, uint64_t *result,
                         struct cobench_error *err)
{
    (void)worker, (void)reply, (void)err;
    const struct cobench_value *divide = state;
    const uint64_t number = numbers[job % NUMBERS] / (uint64_t)divide->number;
    *result = divisor_sum(number < 1 ? 1 : number);
    return 0;
}

static const struct cobench_param factorize_params[] = {
    {.key = "divide",
     .type = COBENCH_PARAM_INT,
     .fallback = "1",
     .min = 1,
     .max = 1000000,
     .about = "divisor that makes the 30 fixed 7-digit numbers smaller"},
    {.key = NULL},
};

extern const struct cobench_task cobench_task;
const struct cobench_task cobench_task = {
    .contract = COBENCH_CONTRACT_VERSION,
    .kind = COBENCH_KIND_CPU,
    .asks = COBENCH_ASK_NOTHING,
    .name = "factorize",
    .about = "sum of the divisors of a number, by trial of every candidate",
    .default_jobs = 30,
    .params = factorize_params,
    .open = factorize_open,
    .run = factorize_run,
};
