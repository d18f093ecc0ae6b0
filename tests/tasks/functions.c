/* SPDX-License-Identifier: MIT */
/* Bare functions, as a user would write them: no task. */
#define _DEFAULT_SOURCE /* usleep */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

uint64_t threefold(uint64_t job);
uint64_t nap(uint64_t job);
uint64_t mixed(uint64_t job);
int parse(const char *line, size_t length, uint64_t *result);

uint64_t threefold(uint64_t job) { return 3 * job; }

uint64_t nap(uint64_t job)
{
    usleep(20000);
    return job;
}

/* Waits for a millisecond and computes for 50. */
uint64_t mixed(uint64_t job)
{
    usleep(1000);
    const clock_t until = clock() + CLOCKS_PER_SEC / 20;
    while (clock() < until)
        continue;
    return job;
}

/* The number in a line that is not empty, and how long that is. The line ends with a NUL. */
int parse(const char *line, size_t length, uint64_t *result)
{
    *result = strtoull(line, NULL, 10) * 10 + length;
    return length == 0 ? -1 : 0;
}
