/* SPDX-License-Identifier: MIT */
/* A plain manager and its workers in MPI, the job a number: `mpirun -n 3 mpi_null JOBS` prints the nanoseconds from when all
 * are up to the last result. What `make figures` holds the engine mpi against. */
#include <mpi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { TAG_JOB, TAG_STOP };

static void work(void)
{
    uint64_t job;
    MPI_Status status;
    for (;;) {
        MPI_Recv(&job, 1, MPI_UINT64_T, 0, MPI_ANY_TAG, MPI_COMM_WORLD, &status);
        if (status.MPI_TAG == TAG_STOP)
            return;
        MPI_Send(&job, 1, MPI_UINT64_T, 0, TAG_JOB, MPI_COMM_WORLD);
    }
}

/* One job at a time to each. Returns the sum of the results. */
static uint64_t manage(uint64_t jobs, int workers)
{
    uint64_t next = 0, done, sum = 0;
    MPI_Status status;
    for (int rank = 1; rank <= workers && next < jobs; rank++, next++)
        MPI_Send(&next, 1, MPI_UINT64_T, rank, TAG_JOB, MPI_COMM_WORLD);
    for (uint64_t i = 0; i < jobs; i++) {
        MPI_Recv(&done, 1, MPI_UINT64_T, MPI_ANY_SOURCE, TAG_JOB, MPI_COMM_WORLD, &status);
        sum += done;
        if (next < jobs) {
            MPI_Send(&next, 1, MPI_UINT64_T, status.MPI_SOURCE, TAG_JOB, MPI_COMM_WORLD);
            next++;
        }
    }
    return sum;
}

int main(int argc, char **argv)
{
    const uint64_t jobs = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
    int rank, ranks, bad = 0;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank > 0) {
        work();
    } else {
        const double begun = MPI_Wtime();
        const uint64_t sum = manage(jobs, ranks - 1);
        const double taken = MPI_Wtime() - begun;
        bad = jobs == 0 || sum != jobs * (jobs - 1) / 2;
        for (int other = 1; other < ranks; other++)
            MPI_Send(&sum, 1, MPI_UINT64_T, other, TAG_STOP, MPI_COMM_WORLD);
        printf("%.0f\n", taken * 1e9);
    }
    MPI_Finalize();
    return bad;
}
