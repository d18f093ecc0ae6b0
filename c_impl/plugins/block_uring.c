/* SPDX-License-Identifier: MIT */
/*
 * Blocks read by io_uring: a ring of the mux's own, whose completions an eventfd tells the loop. What is asked for while others
 * are taken goes to the kernel with one call.
 */
#include <errno.h>
#include <liburing.h>
#include <stdio.h>
#include <stdlib.h>

#include "transport/block/engine.h"

#define IN_FLIGHT_MAX 32768u /* IORING_MAX_ENTRIES of the kernel */

struct ring {
    struct io_uring ring;
    unsigned under_way;
};

static int ring_open(unsigned in_flight, int event, void **out, struct cobench_error *err)
{
    (void)err;
    if (in_flight >= IN_FLIGHT_MAX)
        return -E2BIG;
    struct ring *ring = calloc(1, sizeof *ring);
    if (!ring)
        return -ENOMEM;
    int rc = io_uring_queue_init(in_flight + 1, &ring->ring, 0);
    if (rc == 0 && (rc = io_uring_register_eventfd(&ring->ring, event)) != 0)
        io_uring_queue_exit(&ring->ring);
    if (rc)
        free(ring);
    else
        *out = ring;
    return rc;
}

/* There is a free place: there are as many as there are blocks. */
static void ring_ask(void *engine, struct block *block)
{
    struct ring *ring = engine;
    struct io_uring_sqe *sqe = io_uring_get_sqe(&ring->ring);
    io_uring_prep_read(sqe, block->fd, block->buffer, (unsigned)block->length, block->offset);
    io_uring_sqe_set_data(sqe, block);
    ring->under_way++;
}

/* As the completions have room for all, the kernel only ever wants to be asked again. */
static void ring_flush(void *engine)
{
    struct ring *ring = engine;
    int rc;
    do
        rc = io_uring_submit(&ring->ring);
    while (rc == -EINTR || rc == -EAGAIN || (rc > 0 && io_uring_sq_ready(&ring->ring) > 0));
}

static struct block *ring_take(void *engine)
{
    struct ring *ring = engine;
    struct io_uring_cqe *cqe;
    if (io_uring_peek_cqe(&ring->ring, &cqe))
        return NULL;
    struct block *block = io_uring_cqe_get_data(cqe);
    block->got = cqe->res;
    io_uring_cqe_seen(&ring->ring, cqe);
    ring->under_way--;
    return block;
}

static void ring_close(void *engine)
{
    struct ring *ring = engine;
    struct io_uring_cqe *cqe;
    while (ring->under_way > 0 && io_uring_wait_cqe(&ring->ring, &cqe) == 0)
        (void)ring_take(ring);
    io_uring_queue_exit(&ring->ring);
    free(ring);
}

const struct block_engine cobench_block_engine = {
    .version = BLOCK_ENGINE_VERSION,
    .name = "io_uring",
    .open = ring_open,
    .ask = ring_ask,
    .flush = ring_flush,
    .take = ring_take,
    .close = ring_close,
};
