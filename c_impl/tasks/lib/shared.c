/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* MAP_ANONYMOUS, MAP_NORESERVE */
#include "tasks/lib/shared.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

int shared_open(size_t size, void **memory, struct cobench_error *err)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) {
        const int rc = -errno;
        snprintf(err->message, sizeof err->message, "cannot map %zu bytes to be shared: %s", size, strerror(-rc));
        return rc;
    }
    *memory = at;
    return 0;
}

void shared_close(void *memory, size_t size)
{
    if (memory)
        munmap(memory, size);
}
