/* SPDX-License-Identifier: MIT */
/* A file read to its end, whatever stat says of its size: that is 0 or 4096 of most in /proc and /sys. */
#ifndef COMMON_READ_ALL_H
#define COMMON_READ_ALL_H

#include <stddef.h>

/* What is left of `fd` with a NUL behind it, to be freed. 0, -EFBIG where that is more than `max` bytes, or another
 * negative errno. */
int read_all(int fd, size_t max, char **text, size_t *length);

#endif
