/* SPDX-License-Identifier: MIT */
/*
 * `bank`: transfers between accounts that all jobs share. A transfer reads two accounts, works for a while and writes both; what
 * another one writes to them in between is lost, unless a lock keeps it out. Each account counts its changes, and the audit holds
 * them against the transfers that there were, and the total against what it was. With `unordered` two transfers may each hold what
 * the other waits for (lib/locks.h finds that). What the balances come to depends on who was first, so a job's result is the
 * value that all its steps come to.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/slots.h"
#include "tasks/lib/locks.h"
#include "tasks/lib/shared.h"
#include "tasks/lib/steps.h"

#define OPENING INT64_C(1000000) /* what each account has at first */
#define STRIPES 4u               /* locks of `striped` */

enum { ACCOUNTS, TRANSFERS, LOCK, HOLD };
enum { LOCK_NONE, LOCK_ONE, LOCK_STRIPED, LOCK_ATOMIC, LOCK_ORDERED, LOCK_UNORDERED };

/* On a cache line of its own, so that it is the lock that two of them meet at. */
struct account {
    _Alignas(64) int64_t balance;
    uint64_t changes;
};

struct bank {
    uint64_t transfers, jobs, hold;
    uint32_t count;
    int lock;
    struct account *accounts; /* `count` of them, shared */
    struct locks locks;
};

struct transfer {
    uint32_t from, to;
    int64_t amount;
};

static void bank_close(void *state)
{
    struct bank *b = state;
    locks_close(&b->locks);
    shared_close(b->accounts, b->count * sizeof *b->accounts);
    free(b);
}

static int bank_open(const struct cobench_open *how, void **state, struct cobench_error *err)
{
    static const char *const nouns[] = {[LOCK_NONE] = "",   [LOCK_ONE] = "lock",        [LOCK_STRIPED] = "stripe",
                                        [LOCK_ATOMIC] = "", [LOCK_ORDERED] = "account", [LOCK_UNORDERED] = "account"};
    const struct cobench_value *v = how->values;
    struct bank *b = calloc(1, sizeof *b);
    void *accounts = NULL;
    if (!b)
        return -ENOMEM;
    b->transfers = (uint64_t)v[TRANSFERS].number;
    b->jobs = how->jobs;
    b->hold = (uint64_t)v[HOLD].number;
    b->count = (uint32_t)v[ACCOUNTS].number;
    b->lock = (int)v[LOCK].number;
    const uint32_t locks = b->lock == LOCK_ONE ? 1 : b->lock == LOCK_STRIPED ? STRIPES : b->count;
    int rc = shared_open(b->count * sizeof *b->accounts, &accounts, err);
    if (rc == 0) {
        b->accounts = accounts;
        rc = locks_open(&b->locks, nouns[b->lock], locks, how->jobs, err);
    }
    if (rc) {
        shared_close(accounts, b->count * sizeof *b->accounts);
        free(b);
        return rc;
    }
    for (uint32_t i = 0; i < b->count; i++)
        b->accounts[i].balance = OPENING;
    *state = b;
    return 0;
}

/* -- a transfer --------------------------------------------------------------------------------------------------------- */

/* Which locks it takes, in that order: how many. */
static unsigned locks_of(const struct bank *b, const struct transfer *t, uint32_t numbers[2])
{
    uint32_t first = t->from, second = t->to;
    if (b->lock == LOCK_NONE || b->lock == LOCK_ATOMIC)
        return 0;
    if (b->lock == LOCK_ONE)
        first = second = 0;
    if (b->lock == LOCK_STRIPED) {
        first %= STRIPES;
        second %= STRIPES;
    }
    const int swap = b->lock != LOCK_UNORDERED && second < first;
    numbers[0] = swap ? second : first;
    numbers[1] = swap ? first : second;
    return first == second ? 1 : 2;
}

/* Reads, works, writes. The fences are the compiler's: nothing keeps other threads out but a lock. */
static uint64_t transfer_plain(const struct bank *b, const struct transfer *t, uint64_t hold, uint64_t x)
{
    struct account *from = &b->accounts[t->from], *to = &b->accounts[t->to];
    const int64_t has = from->balance, gets = to->balance;
    const uint64_t taken = from->changes, given = to->changes;
    atomic_signal_fence(memory_order_seq_cst);
    x = steps_take(x, hold);
    atomic_signal_fence(memory_order_seq_cst);
    from->balance = has - t->amount;
    from->changes = taken + 1;
    to->balance = gets + t->amount;
    to->changes = given + 1;
    return x;
}

/* Each account is right at any time, and the two of them are not: in between the amount is nowhere. */
static uint64_t transfer_atomic(const struct bank *b, const struct transfer *t, uint64_t hold, uint64_t x)
{
    struct account *from = &b->accounts[t->from], *to = &b->accounts[t->to];
    __atomic_fetch_sub(&from->balance, t->amount, __ATOMIC_RELAXED);
    __atomic_fetch_add(&from->changes, 1, __ATOMIC_RELAXED);
    x = steps_take(x, hold);
    __atomic_fetch_add(&to->balance, t->amount, __ATOMIC_RELAXED);
    __atomic_fetch_add(&to->changes, 1, __ATOMIC_RELAXED);
    return x;
}

/* A transfer under its locks, of which it takes the second half-way through its work. What comes of `*x` is what it was before,
 * after `hold` steps. */
static int transfer_do(struct bank *b, const struct transfer *t, struct locks_user *user, uint64_t *x,
                       struct cobench_error *err)
{
    uint32_t numbers[2];
    const unsigned count = locks_of(b, t, numbers);
    uint64_t hold = b->hold;
    unsigned taken = 0;
    int rc = 0;
    for (; rc == 0 && taken < count; taken += rc == 0) {
        if (taken == 1) {
            *x = steps_take(*x, hold / 2);
            hold -= hold / 2;
        }
        rc = locks_take(&b->locks, numbers[taken], user, err);
    }
    if (rc == 0)
        *x = b->lock == LOCK_ATOMIC ? transfer_atomic(b, t, hold, *x) : transfer_plain(b, t, hold, *x);
    while (taken > 0)
        locks_give(&b->locks, numbers[--taken]);
    return rc;
}

/* Two different accounts and an amount of 1 to 100. */
static struct transfer transfer_of(uint64_t x, uint32_t accounts)
{
    const uint32_t from = (uint32_t)(x % accounts);
    const uint32_t away = 1 + (uint32_t)((x >> 32) % (accounts - 1));
    return (struct transfer){.from = from, .to = (from + away) % accounts, .amount = 1 + (int64_t)((x >> 16) % 100)};
}

static int bank_run(void *state, void *worker, uint64_t job, const struct cobench_reply *reply, uint64_t *result,
                    struct cobench_error *err)
{
    struct bank *b = state;
    struct locks_user *user = worker;
    uint64_t at, end, x = job;
    int rc = 0;
    (void)reply;
    *user = (struct locks_user){.job = job};
    cobench_slice(b->transfers, job, b->jobs, &at, &end);
    for (; rc == 0 && at < end; at++) {
        x = splitmix64(x);
        const struct transfer t = transfer_of(x, b->count);
        rc = transfer_do(b, &t, user, &x, err);
    }
    *result = x;
    return rc;
}

/* -- the audit ---------------------------------------------------------------------------------------------------------- */

static int bank_audit(void *state, struct cobench_audit *audit, struct cobench_error *err)
{
    const struct bank *b = state;
    const uint64_t made = 2 * b->transfers;
    uint64_t changes = 0;
    int64_t total = 0;
    (void)err;
    for (uint32_t i = 0; i < b->count; i++) {
        changes += b->accounts[i].changes;
        total += b->accounts[i].balance - OPENING;
    }
    const uint64_t lost = made - changes;
    audit->of = made;
    audit->wrong = lost || total == 0 ? lost : 1; /* of an account whose counts only are right */
    if (audit->wrong)
        snprintf(audit->finding, sizeof audit->finding,
                 "%" PRIu64 " of %" PRIu64 " changes of accounts are lost, and the total changed by %" PRId64, lost,
                 made, total);
    return 0;
}

static const struct cobench_param params[] = {
    [ACCOUNTS] = {"accounts", COBENCH_PARAM_INT, .fallback = "16", .min = 2, .max = 1000,
                  .about = "how many there are"},
    [TRANSFERS] = {"transfers", COBENCH_PARAM_INT, .fallback = "1000000", .min = 1, .max = INT64_C(4000000000),
                   .about = "how many all jobs together make"},
    [LOCK] = {"lock", COBENCH_PARAM_CHOICE, .fallback = "one", .choices = "none|one|striped|atomic|ordered|unordered",
              .about = "what keeps others out: one lock, 4 for a quarter of the accounts each, atomic additions, "
                       "one an account, taken in order or not"},
    [HOLD] = {"hold", COBENCH_PARAM_INT, .fallback = "10", .max = 1000000000,
              .about = "rounds of SplitMix64 in each transfer, under its locks, half of them before the second one, a "
                       "few ns each in C"},
    {.key = NULL}};

const struct cobench_task cobench_task = {
    .contract = COBENCH_CONTRACT_VERSION,
    .kind = COBENCH_KIND_CPU,
    .asks = COBENCH_ASK_NOTHING,
    .name = "bank",
    .about = "transfers between accounts that all jobs share",
    .default_jobs = 8,
    .splits = 1,
    .params = params,
    .open = bank_open,
    .close = bank_close,
    .worker_open = locks_worker_open,
    .worker_close = locks_worker_close,
    .run = bank_run,
    .waited = locks_waited,
    .audit = bank_audit,
};
