/* SPDX-License-Identifier: MIT */
/* As work.py, in C. */
#include <stdint.h>

uint64_t computes(uint64_t job);

/* Each turn needs the one before, so that two CPUs do twice as much; about 20 ms. */
uint64_t computes(uint64_t job)
{
    uint64_t value = job;
    for (int i = 0; i < 12000000; i++)
        value = value * 6364136223846793005u + 1442695040888963407u;
    return value;
}
