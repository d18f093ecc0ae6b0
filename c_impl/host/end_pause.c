/* SPDX-License-Identifier: MIT */
/* The pause at the last job's end. The jobs that have ended are counted in the shared state, where run_account needs them
 * anyway. */
#include "host/end_pause.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

#include "host/shared_state.h"
#include "host/run.h"
#include "host/worker.h"

void end_pause_announce(struct run *run)
{
    const char byte = 'h';
    ssize_t n;
    if (!run->end_pause || atomic_exchange(&run->shared->paused, 1) != 0)
        return;
    do
        n = write(run->end_pause->write, &byte, 1);
    while (n < 0 && errno == EINTR); /* a driver that has gone shows at the other descriptor */
}

/* Until the driver lets go, has gone, or has taken too long. */
static void end_pause_wait(const struct end_pause *pause)
{
    const int64_t until = clock_now_ns() + END_PAUSE_LIMIT_NS;
    struct pollfd fd = {.fd = pause->read, .events = POLLIN};
    int64_t left = END_PAUSE_LIMIT_NS;
    while (left > 0 && poll(&fd, 1, (int)(left / NS_PER_MS) + 1) < 0 && errno == EINTR)
        left = until - clock_now_ns();
}

void end_pause_host(struct run *run)
{
    if (!run->end_pause)
        return;
    end_pause_announce(run);
    end_pause_wait(run->end_pause);
}

/* Puts the worker's jobs into the shared state. Whether all of the run have ended. */
static bool end_pause_arrive(struct worker *w)
{
    struct shared_state *shared = w->run->shared;
    shared_state_ended(shared, w->ended, w->last_end_ns);
    w->ended = 0;
    return atomic_load(&shared->ended) == w->run->jobs;
}

void end_pause_all(struct worker *w)
{
    if (!w->run->end_pause)
        return;
    if (end_pause_arrive(w))
        end_pause_announce(w->run);
    end_pause_wait(w->run->end_pause);
}

void end_pause_last(struct worker *w)
{
    if (!w->run->end_pause || !end_pause_arrive(w))
        return;
    end_pause_announce(w->run);
    end_pause_wait(w->run->end_pause);
}
