/* SPDX-License-Identifier: MIT */
/*
 * Open MPI, the only file that knows it. Its own blocking calls poll for as long as they wait, at best with a sched_yield between: a
 * manager between two workers on two CPUs then takes a CPU from one that computes, or runs again when that has used up its time slice,
 * milliseconds later. So all waiting for messages is here (mpirun is told mpi_yield_when_idle 0). A rank polls and yields for as long as
 * a very short job takes; then it sleeps between two polls, for a sixteenth of the time waited, so that whoever hands it a message loses
 * no more by that. Where a yield has cost it a time slice it does without, in the next waits: one that wakes goes before those that
 * compute.
 */
#define _GNU_SOURCE /* prctl */
#include <mpi.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/prctl.h>

#include "common/clock.h"
#include "host/link.h"

#define TAG         1
#define EAGER       4096              /* bytes; longer ones wait for their receiver */
#define YIELDING_NS (10 * NS_PER_US)  /* before the first sleep */
#define LOST_NS     (200 * NS_PER_US) /* a yield that took so long was to somebody who computes */
#define SLEPT_PART  16                /* of the time waited */
#define SLEPT_NS    NS_PER_MS         /* at most */
#define WITHOUT_MIN 8u /* waits without a yield after one that was lost; twice as many after the next, and so on */
#define WITHOUT_MAX 1024u

static int link_open(void)
{
    int rank;
    MPI_Init(NULL, NULL);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    (void)prctl(PR_SET_TIMERSLACK, 1000ul); /* ns; by default a sleep takes 50 us longer */
    return rank;
}

static void link_close(void) { MPI_Finalize(); }

/* Between two polls. */
static void give_way(int64_t now_ns, int64_t waited_ns, unsigned *without)
{
    static unsigned next = WITHOUT_MIN;
    const int64_t part_ns = NS_PER_US + waited_ns / SLEPT_PART; /* at least so long that another one can run */
    if (*without > 0 || waited_ns > YIELDING_NS) {
        (void)clock_sleep_until(now_ns + (part_ns < SLEPT_NS ? part_ns : SLEPT_NS));
        return;
    }
    sched_yield();
    const bool lost = clock_now_ns() - now_ns > LOST_NS;
    *without = lost ? next : 0;
    next = !lost ? WITHOUT_MIN : next < WITHOUT_MAX ? 2 * next : WITHOUT_MAX;
}

static void wait_for(MPI_Request *request, MPI_Status *status)
{
    static unsigned without; /* so many waits are to come in which nothing is yielded */
    int64_t since_ns = 0;
    int there = 0;
    for (MPI_Test(request, &there, status); !there; MPI_Test(request, &there, status)) {
        const int64_t now_ns = clock_now_ns();
        since_ns = since_ns ? since_ns : now_ns;
        give_way(now_ns, now_ns - since_ns, &without);
    }
    without -= without > 0;
}

static void link_send(int to, const void *bytes, size_t length)
{
    MPI_Request request;
    if (length <= EAGER) {
        MPI_Send(bytes, (int)length, MPI_BYTE, to, TAG, MPI_COMM_WORLD);
        return;
    }
    MPI_Isend(bytes, (int)length, MPI_BYTE, to, TAG, MPI_COMM_WORLD, &request);
    wait_for(&request, MPI_STATUS_IGNORE);
}

static size_t link_receive(void *bytes, size_t size)
{
    MPI_Request request;
    MPI_Status status;
    int length = 0;
    MPI_Irecv(bytes, (int)size, MPI_BYTE, MPI_ANY_SOURCE, TAG, MPI_COMM_WORLD, &request);
    wait_for(&request, &status);
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
