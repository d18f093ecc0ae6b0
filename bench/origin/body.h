/* SPDX-License-Identifier: MIT */
/* The bytes that a job gets, over whichever protocol. */
#ifndef ORIGIN_BODY_H
#define ORIGIN_BODY_H

#include <stddef.h>
#include <stdint.h>

/* The first `size` bytes of the body of `job`: byte k is byte k mod 8, lowest first, of splitmix64((job << 32) + k / 8).
 * They depend on the job's number only, so that a client can tell a wrong body from a right one without asking anybody. */
void body_write(unsigned char *to, size_t size, uint32_t job);

#endif
