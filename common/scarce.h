/* SPDX-License-Identifier: MIT */
/* What this machine has run out of when a connection cannot be opened, said with the limit that was met.
 * py_impl/transport/failures.py says the same. */
#ifndef COBENCH_SCARCE_H
#define COBENCH_SCARCE_H

#include <stddef.h>

#define SCARCE_PORT       "NoFreePort"       /* EADDRNOTAVAIL */
#define SCARCE_DESCRIPTOR "NoFreeDescriptor" /* EMFILE, ENFILE */

/* Writes one sentence; returns the type, one of the above, or NULL where `os_errno` (positive) is something else. */
const char *scarce_connect(int os_errno, char *out, size_t size);

#endif
