/* SPDX-License-Identifier: MIT */
/* Arrays that grow by one item at a time. */
#ifndef BENCH_UTIL_ARRAY_H
#define BENCH_UTIL_ARRAY_H

#include <stdint.h>
#include <stdlib.h>

/*
 * Makes place for an item behind the `count` there are; the array may move. NULL: no memory, and it is as it was. How
 * many fit follows from the count, the next power of two, so that nothing but the count has to be kept.
 */
static inline void *array_grow(void *items, size_t count, size_t size)
{
    if (items != NULL && (count & (count - 1)) != 0)
        return items;
    const size_t capacity = count == 0 ? 1 : count * 2;
    return capacity > SIZE_MAX / 2 / size ? NULL : realloc(items, capacity * size);
}

#endif
