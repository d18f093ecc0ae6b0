/* SPDX-License-Identifier: MIT */
/* Memory that is there or ends the command. */
#include "bench/util/alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void out_of_memory(void)
{
    static const char text[] = "cobench: out of memory\n";
    (void)!write(STDERR_FILENO, text, sizeof text - 1);
    _exit(EXIT_FAILURE); /* no exit handlers: they would write what stdio holds of files that are not whole */
}

static void *checked(void *p)
{
    if (p == NULL)
        out_of_memory();
    return p;
}

void *xmalloc(size_t size) { return checked(malloc(size > 0 ? size : 1)); }

void *xcalloc(size_t count, size_t size) { return checked(calloc(count > 0 ? count : 1, size)); }

void *xrealloc(void *items, size_t size) { return checked(realloc(items, size > 0 ? size : 1)); }

char *xstrdup(const char *text) { return checked(strdup(text)); }

char *xstrndup(const char *text, size_t length) { return checked(strndup(text, length)); }

void *array_grow(void *items, size_t count, size_t size)
{
    if (items != NULL && (count & (count - 1)) != 0)
        return items;
    const size_t capacity = count == 0 ? 1 : count * 2;
    return checked(capacity > SIZE_MAX / 2 / size ? NULL : realloc(items, capacity * size));
}
