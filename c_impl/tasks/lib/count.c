/* SPDX-License-Identifier: MIT */
/* The kernel of `count`: looks at every integer, as its Python counterpart does. */
#include "tasks/lib/count.h"

uint64_t count_upto(uint64_t size)
{
    uint64_t found = 0;
    for (uint64_t k = 0; k < size; k++)
        if ((k % 2 == 0 || k % 3 == 0 || k % 5 == 0) && ((k ^ 0x42) & 3) == 3)
            found++;
    return found;
}
