/* SPDX-License-Identifier: MIT */
/*
 * How blocks are read for a loop: the seam between block.c, which knows the file and who asked, and its engines: threads.c, and
 * io_uring, a plug-in that exports one constant `const struct block_engine cobench_block_engine` (c_impl/plugins/block_uring.c).
 */
#ifndef TRANSPORT_BLOCK_ENGINE_H
#define TRANSPORT_BLOCK_ENGINE_H

#include "host/transport.h"

/* A request under way, or a free place for one. */
struct block {
    int fd;
    size_t length, size; /* of the request; of the buffer */
    uint64_t offset;
    unsigned char *buffer;
    ssize_t got; /* bytes, or a negative errno */
    transport_done_fn done;
    void *arg;
    struct block *next; /* in the stack of free ones, or the engine's own */
};

#define BLOCK_ENGINE_VERSION 1u
#define BLOCK_ENGINE_SYMBOL  "cobench_block_engine"

struct block_engine {
    uint32_t version; /* BLOCK_ENGINE_VERSION */
    const char *name;
    /* For up to so many at once. `event`, an eventfd, becomes readable when there is one to take. 0, or a negative errno with the
     * reason in err. */
    int (*open)(unsigned in_flight, int event, void **engine, struct cobench_error *err);
    /* Begins to read, at the latest with `flush`. */
    void (*ask)(void *engine, struct block *block);
    void (*flush)(void *engine);
    /* One that has been read; NULL: there is none. */
    struct block *(*take)(void *engine);
    /* Waits for what is being read. */
    void (*close)(void *engine);
};

extern const struct block_engine block_threads;

/* Reads it, by blocking, and fills in `got`. */
void block_read(struct block *block);

#endif
