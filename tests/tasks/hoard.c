/* SPDX-License-Identifier: MIT */
/* Keeps a known amount of memory while its jobs wait, so that the tests can see whether it is found again: all of it in
 * `open`, before the workers exist, or as much in each worker. */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "cobench/task.h"
#include "tasks/lib/delay.h"

struct hoard {
    size_t size;
    const struct cobench_value *delay;
    int each; /* each worker has its own */
    void *shared;
};

/* Mapped for itself, so that all of it goes back. */
static void *hoard_new(size_t size, int *rc)
{
    void *memory = size == 0 ? NULL : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *rc = memory == MAP_FAILED ? -errno : 0;
    if (memory && *rc == 0)
        memset(memory, 1, size);
    return *rc ? NULL : memory;
}

static void hoard_free(void *memory, size_t size)
{
    if (memory)
        munmap(memory, size);
}

static int hoard_open(const struct cobench_open *how, void **state, struct cobench_error *err)
{
    (void)err;
    int rc = 0;
    struct hoard *hoard = malloc(sizeof *hoard);
    if (!hoard)
        return -ENOMEM;
    *hoard = (struct hoard){.size = (size_t)how->values[0].number << 20,
                            .each = how->values[1].number == 1,
                            .delay = &how->values[2]}; /* the values outlive `close` */
    if (!hoard->each)
        hoard->shared = hoard_new(hoard->size, &rc);
    if (rc)
        free(hoard);
    else
        *state = hoard;
    return rc;
}

static void hoard_close(void *state)
{
    struct hoard *hoard = state;
    hoard_free(hoard->shared, hoard->size);
    free(hoard);
}

static int hoard_worker_open(void *state, unsigned flags, void **worker, struct cobench_error *err)
{
    (void)flags, (void)err;
    const struct hoard *hoard = state;
    int rc = 0;
    *worker = hoard->each ? hoard_new(hoard->size, &rc) : NULL;
    return rc;
}

static void hoard_worker_close(void *state, void *worker) { hoard_free(worker, ((const struct hoard *)state)->size); }

static int hoard_request(void *state, void *worker, uint64_t job, struct cobench_request *ask,
                         struct cobench_error *err)
{
    (void)worker, (void)job, (void)err;
    delay_ask(((const struct hoard *)state)->delay, ask);
    return 0;
}

static const struct cobench_param hoard_params[] = {
    {.key = "mb", .type = COBENCH_PARAM_INT, .fallback = "0", .min = 0, .max = 4096, .about = "how much, in MiB"},
    {.key = "whose",
     .type = COBENCH_PARAM_CHOICE,
     .fallback = "all",
     .choices = "all|worker",
     .about = "one for all or one each"},
    DELAY_PARAM("0"),
    {.key = NULL},
};

extern const struct cobench_task cobench_task;
const struct cobench_task cobench_task = {
    .contract = COBENCH_CONTRACT_VERSION,
    .kind = COBENCH_KIND_IO,
    .asks = COBENCH_ASK_DELAY,
    .name = "hoard",
    .about = "keep a known amount of memory, for tests",
    .default_jobs = 3,
    .params = hoard_params,
    .open = hoard_open,
    .close = hoard_close,
    .worker_open = hoard_worker_open,
    .worker_close = hoard_worker_close,
    .request = hoard_request,
    .run = delay_run,
};
