/* SPDX-License-Identifier: MIT */
/* The board: what workers leave for the record besides their slots. Lock-free, so that a killed worker blocks nobody. */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "host/board.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>

int board_open(struct board **out)
{
    void *memory = mmap(NULL, sizeof(struct board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return -errno;
    *out = memory;
    return 0;
}

void board_close(struct board *board)
{
    if (board)
        munmap(board, sizeof *board);
}

void board_note(struct board *board, const struct failure *failure)
{
    const uint32_t place = atomic_fetch_add_explicit(&board->failure_claimed, 1, memory_order_relaxed);
    if (place >= BOARD_FAILURES)
        return;
    board->failures[place] = *failure;
    atomic_store_explicit(&board->failure_written[place], 1, memory_order_release);
}

unsigned board_failures(const struct board *board, struct failure out[static BOARD_FAILURES])
{
    unsigned count = 0;
    for (unsigned i = 0; i < BOARD_FAILURES; i++)
        if (atomic_load_explicit(&board->failure_written[i], memory_order_acquire))
            out[count++] = board->failures[i];
    return count;
}

void board_ended(struct board *board, uint64_t jobs, int64_t last_end_ns)
{
    atomic_fetch_add_explicit(&board->ended, jobs, memory_order_relaxed);
    int64_t known = atomic_load_explicit(&board->last_end_ns, memory_order_relaxed);
    while (known < last_end_ns && !atomic_compare_exchange_weak_explicit(&board->last_end_ns, &known, last_end_ns,
                                                                         memory_order_relaxed, memory_order_relaxed))
        ;
}
