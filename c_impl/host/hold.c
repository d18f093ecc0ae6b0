/* SPDX-License-Identifier: MIT */
/* The hold at the last job's end. The jobs that have ended are counted on the board, where run_account needs them
 * anyway. */
#include "host/hold.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

#include "host/board.h"
#include "host/run.h"
#include "host/worker.h"

void hold_announce(struct run *run)
{
    const char byte = 'h';
    ssize_t n;
    if (!run->hold || atomic_exchange(&run->board->held, 1) != 0)
        return;
    do
        n = write(run->hold->write, &byte, 1);
    while (n < 0 && errno == EINTR); /* a driver that has gone shows at the other descriptor */
}

/* Until the driver lets go, has gone, or has taken too long. */
static void hold_wait(const struct hold *hold)
{
    const int64_t until = clock_now_ns() + HOLD_LIMIT_NS;
    struct pollfd fd = {.fd = hold->read, .events = POLLIN};
    int64_t left = HOLD_LIMIT_NS;
    while (left > 0 && poll(&fd, 1, (int)(left / NS_PER_MS) + 1) < 0 && errno == EINTR)
        left = until - clock_now_ns();
}

/* Puts the worker's jobs onto the board. Whether all of the run have ended. */
static bool hold_arrive(struct worker *w)
{
    struct board *board = w->run->board;
    board_ended(board, w->ended, w->last_end_ns);
    w->ended = 0;
    return atomic_load(&board->ended) == w->run->jobs;
}

void hold_all(struct worker *w)
{
    if (!w->run->hold)
        return;
    if (hold_arrive(w))
        hold_announce(w->run);
    hold_wait(w->run->hold);
}

void hold_last(struct worker *w)
{
    if (!w->run->hold || !hold_arrive(w))
        return;
    hold_announce(w->run);
    hold_wait(w->run->hold);
}
