/* SPDX-License-Identifier: MIT */
/* The bytes that a job gets. */
#include "bench/origin/body.h"

#include "common/slots.h"

void body_write(unsigned char *to, size_t size, uint32_t job)
{
    uint64_t counter = (uint64_t)job << 32;
    while (size > 0) {
        const uint64_t word = splitmix64(counter++);
        const size_t here = size < 8 ? size : 8;
        /* By shifts, so that the lowest byte comes first on every machine; compilers make one store of it. */
        for (size_t k = 0; k < here; k++)
            to[k] = (unsigned char)(word >> (8 * k));
        to += here;
        size -= here;
    }
}
