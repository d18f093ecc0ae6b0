/* SPDX-License-Identifier: MIT */
/*
 * Memory that is there or ends the command: "cobench: out of memory", exit status 1. Samples are in the journal by then and
 * the supervisor, a process of its own that asks for none of this, ends what still runs and removes the scratch folder; so
 * nobody above has a case for it. jansson is given xmalloc by main().
 */
#ifndef BENCH_UTIL_ALLOC_H
#define BENCH_UTIL_ALLOC_H

#include <stddef.h>

/* As their namesakes in C; never NULL, whatever the size. */
void *xmalloc(size_t size) __attribute__((malloc));
void *xcalloc(size_t count, size_t size) __attribute__((malloc));
void *xrealloc(void *items, size_t size);
char *xstrdup(const char *text) __attribute__((malloc));
char *xstrndup(const char *text, size_t length) __attribute__((malloc));

/* Says so and ends the command. */
void out_of_memory(void) __attribute__((noreturn));

/*
 * Makes place for an item behind the `count` there are; the array may move. How many fit follows from the count, the next
 * power of two, so that nothing but the count has to be kept.
 */
void *array_grow(void *items, size_t count, size_t size);

#endif
