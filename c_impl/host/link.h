/* SPDX-License-Identifier: MIT */
/*
 * Messages between the ranks of a job of MPI's, behind pointers (c_impl/engines/mpi.c), so that the library is loaded in ranks
 * only. One thread of each rank. What goes wrong here ends the whole job: MPI's own handler of errors does that, and says why.
 */
#ifndef HOST_LINK_H
#define HOST_LINK_H

#include <stddef.h>
#include <stdint.h>

#define LINK_VERSION   1u
#define LINK_SYMBOL    "cobench_link"
#define LINK_BYTES_MAX (1u << 30) /* bytes of a message */

struct link {
    uint32_t version; /* LINK_VERSION */
    /* Joins the job. Returns this process's rank. */
    int (*open)(void);
    void (*close)(void);
    /* Returns when `bytes` may be written again. */
    void (*send)(int to, const void *bytes, size_t length);
    /* Waits for the next message from any rank, of at most `size` bytes. Returns its length. */
    size_t (*receive)(void *bytes, size_t size);
};

#endif
