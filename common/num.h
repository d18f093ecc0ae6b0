/* SPDX-License-Identifier: MIT */
/* Numbers from text, the only place they are parsed: decimal, whole text, in range. Thread-safe, locale-free. */
#ifndef COBENCH_NUM_H
#define COBENCH_NUM_H

#include <stdint.h>

/* 0 and *out; -EINVAL: not a decimal integer, or text behind it; -ERANGE: outside min..max (or of 64 bits). */
int num_parse_i64(const char *text, int64_t min, int64_t max, int64_t *out);
/* The same for a decimal fraction such as "1.5" or "2e-3" with a point in every locale; never nan or inf. */
int num_parse_double(const char *text, double min, double max, double *out);
/* "2%" or "0.5%" as the fraction 0.02 or 0.005, which is what min and max are; without the sign it is -EINVAL, so that
 * nobody has to guess whether 2 was meant or 0.02. */
int num_parse_percent(const char *text, double min, double max, double *out);

/* "90s", "2m" or "1.5h" in seconds, min..max; without its unit it is -EINVAL. */
int num_parse_duration(const char *text, double min_s, double max_s, double *out);

#endif
