/* SPDX-License-Identifier: MIT */
#include "tasks/lib/delay.h"

#define NS_PER_MS INT64_C(1000000)

void delay_ask(const struct cobench_value *delay, struct cobench_request *ask)
{
    ask->ask = COBENCH_ASK_DELAY;
    ask->delay_ns = delay->number * NS_PER_MS;
}

int delay_run(void *state, void *worker, uint64_t job, const struct cobench_reply *reply, uint64_t *result,
              struct cobench_error *err)
{
    (void)state, (void)worker, (void)reply, (void)err;
    *result = job;
    return 0;
}
