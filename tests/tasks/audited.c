/* SPDX-License-Identifier: MIT */
/* Changes something in common, a byte for each job in memory that all workers share, and audits it: the first `lost` jobs change nothing.
 * Says that each job has waited for locks, its number and one times `waits` microseconds. `mode` is what the audit itself does wrong,
 * or that job 0 fails. */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "cobench/task.h"

enum { LOST, WAITS, MODE };
enum { OK, FAIL, EMPTY, JOB, LONG };

struct audited {
    int64_t lost, waits, mode;
    uint64_t jobs;
    unsigned char *changed; /* by job */
};

static int audited_open(const struct cobench_open *how, void **state, struct cobench_error *err)
{
    struct audited *a = malloc(sizeof *a);
    (void)err;
    if (!a)
        return -ENOMEM;
    *a = (struct audited){.lost = how->values[LOST].number,
                          .waits = how->values[WAITS].number,
                          .mode = how->values[MODE].number,
                          .jobs = how->jobs,
                          .changed = mmap(NULL, how->jobs, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)};
    if (a->changed == MAP_FAILED)
        abort();
    *state = a;
    return 0;
}

static void audited_close(void *state)
{
    struct audited *a = state;
    munmap(a->changed, a->jobs);
    free(a);
}

static int audited_worker_open(void *state, unsigned flags, void **worker, struct cobench_error *err)
{
    (void)state, (void)flags, (void)err;
    *worker = calloc(1, sizeof(uint64_t)); /* its last job */
    return *worker ? 0 : -ENOMEM;
}

static void audited_worker_close(void *state, void *worker)
{
    (void)state;
    free(worker);
}

static int audited_run(void *state, void *worker, uint64_t job, const struct cobench_reply *reply, uint64_t *result,
                       struct cobench_error *err)
{
    struct audited *a = state;
    (void)reply;
    *(uint64_t *)worker = job;
    if (a->mode == JOB && job == 0) {
        snprintf(err->type, sizeof err->type, "Planted");
        return -EPROTO;
    }
    a->changed[job] = job >= (uint64_t)a->lost;
    *result = job;
    return 0;
}

static uint64_t audited_waited(void *state, void *worker)
{
    const struct audited *a = state;
    return (*(const uint64_t *)worker + 1) * (uint64_t)a->waits * 1000;
}

static int audited_audit(void *state, struct cobench_audit *audit, struct cobench_error *err)
{
    const struct audited *a = state;
    if (a->mode == FAIL) {
        snprintf(err->type, sizeof err->type, "Planted");
        snprintf(err->message, sizeof err->message, "the audit itself");
        return -EPROTO;
    }
    if (a->mode == EMPTY)
        return 0;
    audit->of = a->jobs;
    for (uint64_t job = 0; job < a->jobs; job++)
        audit->wrong += !a->changed[job];
    if (a->mode == LONG)
        for (size_t i = 0; i + 1 < sizeof audit->finding; i++)
            audit->finding[i] = 'x';
    else if (audit->wrong > 0)
        snprintf(audit->finding, sizeof audit->finding, "%llu bytes\nare not set", (unsigned long long)audit->wrong);
    return 0;
}

static const struct cobench_param audited_params[] = {
    [LOST] = {.key = "lost", .type = COBENCH_PARAM_INT, .fallback = "0", .min = 0, .max = 1000, .about = "jobs"},
    [WAITS] = {.key = "waits", .type = COBENCH_PARAM_INT, .fallback = "0", .min = 0, .max = 1000000000, .about = "us"},
    [MODE] = {.key = "mode",
              .type = COBENCH_PARAM_CHOICE,
              .fallback = "ok",
              .choices = "ok|fail|empty|job|long",
              .about = "what goes wrong"},
    {.key = NULL},
};

extern const struct cobench_task cobench_task;
const struct cobench_task cobench_task = {
    .contract = COBENCH_CONTRACT_VERSION,
    .kind = COBENCH_KIND_CPU,
    .asks = COBENCH_ASK_NOTHING,
    .name = "audited",
    .about = "a task with an audit, for tests",
    .default_jobs = 8,
    .params = audited_params,
    .open = audited_open,
    .close = audited_close,
    .worker_open = audited_worker_open,
    .worker_close = audited_worker_close,
    .run = audited_run,
    .waited = audited_waited,
    .audit = audited_audit,
};
