/* SPDX-License-Identifier: MIT */
/*
 * What a thread pool that only draws tickets is measured against: an OpenMP loop with schedule(dynamic, 1) that calls
 * the same task from the same shared object and fills the same slots, with the same stamps, as the C host does.
 *
 *     openmp_null slots  TASK.so JOBS WORKERS SLOTS   the loop; SLOTS is created or truncated
 *     openmp_null bare   TASK.so JOBS WORKERS         the loop with nothing but the call
 *     openmp_null digest SLOTS                        of a slots file any host wrote
 *
 * `slots` and `bare` print the work time in nanoseconds, `digest` the digest in hexadecimal. Only tasks that ask for
 * nothing and have no parameters can run here. Exit status 1 with one line on stderr if anything fails.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <omp.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cobench/task.h"
#include "common/clock.h"
#include "common/num.h"
#include "common/slots.h"

#define JOBS_MAX    100000000
#define WORKERS_MAX 1024

struct loop {
    const struct cobench_task *task;
    void *state;    /* of task->open */
    void **workers; /* of task->worker_open, one a thread */
    struct slot *slots;
    int64_t jobs;
    int threads;
    atomic_bool failed;
};

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "openmp_null: %s: %s\n", what, why);
    return -1;
}

/* -- slots ---------------------------------------------------------------------------------------------------------- */

static size_t slots_bytes(int64_t jobs) { return SLOTS_HEADER_BYTES + (size_t)jobs * sizeof(struct slot); }

/* Creates the file with its blocks reserved and every page touched, as a host does before its gate opens. */
static int slots_create(const char *path, int64_t jobs, char **map)
{
    const struct slots_header header = {.version = SLOTS_VERSION,
                                        .header_bytes = SLOTS_HEADER_BYTES,
                                        .slot_bytes = sizeof(struct slot),
                                        .jobs = (uint64_t)jobs};
    const size_t bytes = slots_bytes(jobs);
    const int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int result = -1;
    if (fd < 0)
        return fail(path, strerror(errno));
    const int rc = posix_fallocate(fd, 0, (off_t)bytes);
    if (rc != 0) {
        fail(path, strerror(rc));
        goto out;
    }
    *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (*map == MAP_FAILED) {
        *map = NULL;
        fail(path, strerror(errno));
        goto out;
    }
    memset(*map, 0, bytes);
    memcpy(*map, &header, sizeof header);
    memcpy(*map, SLOTS_MAGIC, sizeof header.magic);
    result = 0;
out:
    if (close(fd) != 0 && result == 0)
        result = fail(path, strerror(errno));
    return result;
}

static int slots_digest(const struct slot *slots, uint64_t jobs, uint64_t *digest)
{
    *digest = 0;
    for (uint64_t i = 0; i < jobs; i++) {
        if (slots[i].state != SLOT_DONE || slots[i].runs != 1 || slots[i].end_ns < slots[i].start_ns) {
            fprintf(stderr, "openmp_null: job %" PRIu64 " was run %" PRIu32 " times and is in state %" PRIu32 "\n", i,
                    slots[i].runs, slots[i].state);
            return -1;
        }
        *digest += splitmix64(i ^ splitmix64(slots[i].result));
    }
    return 0;
}

static int digest_print(const char *path)
{
    struct stat what;
    int result = -1;
    char *map = MAP_FAILED;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail(path, strerror(errno));
    if (fstat(fd, &what) != 0 || (size_t)what.st_size < SLOTS_HEADER_BYTES) {
        fail(path, "no slots file");
        goto out;
    }
    map = mmap(NULL, (size_t)what.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) {
        fail(path, strerror(errno));
        goto out;
    }
    const struct slots_header *header = (const struct slots_header *)map;
    if (memcmp(header->magic, SLOTS_MAGIC, sizeof header->magic) != 0 || header->version != SLOTS_VERSION ||
        header->jobs > JOBS_MAX || slots_bytes((int64_t)header->jobs) != (size_t)what.st_size) {
        fail(path, "no slots file of this version");
        goto out;
    }
    uint64_t digest;
    if (slots_digest((const struct slot *)(map + SLOTS_HEADER_BYTES), header->jobs, &digest) == 0 &&
        printf("%016" PRIx64 "\n", digest) > 0)
        result = 0;
out:
    if (map != MAP_FAILED)
        munmap(map, (size_t)what.st_size);
    close(fd);
    return result;
}

/* -- the loops ------------------------------------------------------------------------------------------------------ */

static bool job_run(const struct loop *loop, int64_t job, uint64_t *result)
{
    struct cobench_error err;
    /* As the host does it: zeroing all of it for each job would slow this loop and flatter the pools. */
    err.type[0] = err.message[0] = '\0';
    err.line = 0;
    return loop->task->run(loop->state, loop->workers[omp_get_thread_num()], (uint64_t)job, NULL, result, &err) == 0;
}

static void job_slot(struct loop *loop, int64_t job)
{
    struct slot *slot = &loop->slots[job];
    uint64_t result = 0;
    slot->start_ns = clock_now_ns();
    slot->worker = omp_get_thread_num();
    slot->state = SLOT_RUNNING;
    __atomic_fetch_add(&slot->runs, 1, __ATOMIC_RELAXED);
    const bool good = job_run(loop, job, &result);
    slot->result = result;
    slot->end_ns = clock_now_ns();
    slot->state = good ? SLOT_DONE : SLOT_FAILED;
    if (!good)
        atomic_store(&loop->failed, true);
}

/* Starts the team before the clock, as a pool's threads are started before its gate. */
static void workers_open(struct loop *loop)
{
#pragma omp parallel num_threads(loop->threads)
    {
        struct cobench_error err = {.line = 0};
        if (omp_get_num_threads() != loop->threads ||
            (loop->task->worker_open != NULL &&
             loop->task->worker_open(loop->state, 0, &loop->workers[omp_get_thread_num()], &err) != 0))
            atomic_store(&loop->failed, true);
    }
}

static int64_t slots_loop(struct loop *loop)
{
    const int64_t begin = clock_now_ns();
#pragma omp parallel for schedule(dynamic, 1) num_threads(loop->threads)
    for (int64_t job = 0; job < loop->jobs; job++)
        job_slot(loop, job);
    return clock_now_ns() - begin;
}

static int64_t bare_loop(struct loop *loop)
{
    const int64_t begin = clock_now_ns();
#pragma omp parallel for schedule(dynamic, 1) num_threads(loop->threads)
    for (int64_t job = 0; job < loop->jobs; job++) {
        uint64_t result;
        if (!job_run(loop, job, &result))
            atomic_store(&loop->failed, true);
    }
    return clock_now_ns() - begin;
}

static int task_load(const char *path, struct loop *loop)
{
    struct cobench_error err = {.line = 0};
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        return fail(path, dlerror());
    loop->task = dlsym(library, COBENCH_TASK_SYMBOL);
    if (loop->task == NULL || loop->task->contract != COBENCH_CONTRACT_VERSION)
        return fail(path, "no task of this contract");
    if (loop->task->asks != COBENCH_ASK_NOTHING || (loop->task->params != NULL && loop->task->params->key != NULL))
        return fail(path, "asks for something or has parameters");
    const struct cobench_open how = {.task = loop->task, .values = NULL, .jobs = (uint64_t)loop->jobs};
    if (loop->task->open != NULL && loop->task->open(&how, &loop->state, &err) != 0)
        return fail(path, err.message);
    return 0;
}

/* Runs one loop and prints its work time. What it opened goes with the process. */
static int loop_print(struct loop *loop, const char *task, const char *slots)
{
    char *map = NULL;
    uint64_t digest;
    loop->workers = calloc((size_t)loop->threads, sizeof *loop->workers);
    if (loop->workers == NULL)
        return fail(task, strerror(ENOMEM));
    if (task_load(task, loop) != 0 || (slots != NULL && slots_create(slots, loop->jobs, &map) != 0))
        return -1;
    workers_open(loop);
    if (map != NULL)
        loop->slots = (struct slot *)(map + SLOTS_HEADER_BYTES);
    const int64_t work_ns = map != NULL ? slots_loop(loop) : bare_loop(loop);
    if (atomic_load(&loop->failed))
        return fail(task, "a job or a worker failed");
    if (map != NULL && slots_digest(loop->slots, (uint64_t)loop->jobs, &digest) != 0)
        return -1;
    return printf("%" PRId64 "\n", work_ns) > 0 ? 0 : -1;
}

int main(int argc, char **argv)
{
    struct loop loop = {.threads = 0};
    int64_t threads = 0;
    int result = -1;
    const bool slots = argc == 6 && strcmp(argv[1], "slots") == 0;
    if (argc == 3 && strcmp(argv[1], "digest") == 0)
        result = digest_print(argv[2]);
    else if (!slots && !(argc == 5 && strcmp(argv[1], "bare") == 0))
        fail("usage", "openmp_null slots TASK.so JOBS WORKERS SLOTS | bare TASK.so JOBS WORKERS | digest SLOTS");
    else if (num_parse_i64(argv[3], 1, JOBS_MAX, &loop.jobs) != 0 ||
             num_parse_i64(argv[4], 1, WORKERS_MAX, &threads) != 0)
        fail("usage", "JOBS is a number in 1..100000000, WORKERS in 1..1024");
    else {
        loop.threads = (int)threads;
        result = loop_print(&loop, argv[2], slots ? argv[5] : NULL);
    }
    return result == 0 && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
