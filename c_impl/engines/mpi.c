/* SPDX-License-Identifier: MIT */
/*
 * Open MPI, the only file that knows it. Its own blocking calls poll for as long as they wait, so that a manager between two workers
 * on two CPUs takes a third of the machine from them. Here a rank polls, too, and gives its CPU to whoever wants it after each time
 * (mpi_yield_when_idle), but sleeps when it has waited for longer than a short job takes: a sixteenth of the time waited, so that
 * whoever hands it a message loses no more than that by it.
 */
#define _GNU_SOURCE /* prctl */
#include <mpi.h>
#include <stdbool.h>
#include <sys/prctl.h>

#include "common/clock.h"
#include "host/link.h"

#define TAG        1
#define POLLS      100u              /* without a message, before the first sleep */
#define POLLED_NS  (50 * NS_PER_US)  /* about what they take */
#define SLEPT_PART 16                /* of the time waited */
#define SLEPT_NS   (200 * NS_PER_US) /* at most */

static int link_open(void)
{
    int rank;
    MPI_Init(NULL, NULL);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    (void)prctl(PR_SET_TIMERSLACK, 1000ul); /* ns; by default a sleep takes 50 us longer */
    return rank;
}

static void link_close(void) { MPI_Finalize(); }

static void link_send(int to, const void *bytes, size_t length)
{
    MPI_Send(bytes, (int)length, MPI_BYTE, to, TAG, MPI_COMM_WORLD);
}

static size_t link_receive(void *bytes, size_t size)
{
    MPI_Request request;
    MPI_Status status;
    int there = 0, length = 0;
    int64_t since = 0;
    MPI_Irecv(bytes, (int)size, MPI_BYTE, MPI_ANY_SOURCE, TAG, MPI_COMM_WORLD, &request);
    for (unsigned polls = 0;; polls++) {
        MPI_Test(&request, &there, &status);
        if (there)
            break;
        if (polls < POLLS)
            continue;
        const int64_t now = clock_now_ns();
        since = since ? since : now - POLLED_NS;
        const int64_t part = (now - since) / SLEPT_PART;
        (void)clock_sleep_until(now + (part < SLEPT_NS ? part : SLEPT_NS));
    }
    MPI_Get_count(&status, MPI_BYTE, &length);
    return (size_t)length;
}

const struct link cobench_link = {
    .version = LINK_VERSION,
    .open = link_open,
    .close = link_close,
    .send = link_send,
    .receive = link_receive,
};
