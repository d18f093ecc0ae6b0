/* SPDX-License-Identifier: MIT */
/* `cache`: a map that all jobs share, read mostly. An entry is two words that have to agree, each in an array of its own, so that
 * a read which comes between the two writes of another is torn. What keeps that from happening differs in who pays for it: with a
 * mutex everyone; with a reader-writer lock readers, who count themselves; with a copy of the map for each worker those who write,
 * and change all of them; with a swap too, as they copy the map, change the copy and put it in the old one's place, and readers
 * take no lock at all. */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "cobench/task.h"
#include "tasks/lib/locks.h"
#include "tasks/lib/shared.h"

/* The rows of params and the choices of `lock`, by their places. */
enum { ENTRIES, READS, WRITES, LOCK };
enum { LOCK_NONE, LOCK_MUTEX, LOCK_RWLOCK, LOCK_COPIES, LOCK_SWAP };

#define COPIES_MAX 16u /* further workers share them */
#define MUTEX      0u  /* which of the locks it is; of `copies` each has one, by its number */
#define LINE_WORDS 8u  /* words of 64 bits in a cache line */

/* What all workers change, zeros at first: entries that agree. */
struct shared {
    pthread_rwlock_t rwlock;
    uint64_t workers;                      /* how many have opened; under rwlock */
    uint64_t copies;                       /* of the map that are in use; under rwlock */
    _Alignas(64) _Atomic uint64_t version; /* the current map is version % 2; written under MUTEX */
    _Alignas(64) uint64_t words[]; /* the maps, one behind the other, and then of each job how many torn reads it saw */
};

struct cache {
    uint64_t entries, reads, writes, jobs, lock;
    uint64_t half, maps; /* words of a map's first array; how many maps there are */
    size_t size;         /* of what is shared, in bytes */
    struct shared *shared;
    struct locks locks;
};

struct cache_worker {
    struct locks_user user;
    uint32_t copy;
};

/* One entry, by one job. */
struct access {
    struct cache *cache;
    struct cache_worker *worker;
    uint64_t entry, word; /* word: to be written */
    uint64_t torn;        /* seen so far */
    struct cobench_error *err;
};

static uint64_t *map_of(const struct cache *c, uint64_t number) { return c->shared->words + number * 2 * c->half; }

static uint64_t *torn_of(const struct cache *c) { return map_of(c, c->maps); }

static void entry_read(struct access *a, const uint64_t *map)
{
    a->torn += map[a->entry] != map[a->cache->half + a->entry];
}

static void entry_write(const struct access *a, uint64_t *map)
{
    map[a->entry] = a->word;
    map[a->cache->half + a->entry] = a->word;
}

/* -- the ways of reading and writing an entry ---------------------------------------------------------------------------- */

static int take(struct access *a, uint32_t lock)
{
    return locks_take(&a->cache->locks, lock, &a->worker->user, a->err);
}

static void give(struct access *a, uint32_t lock) { locks_give(&a->cache->locks, lock); }

static int none_read(struct access *a)
{
    entry_read(a, map_of(a->cache, 0));
    return 0;
}

static int none_write(struct access *a)
{
    entry_write(a, map_of(a->cache, 0));
    return 0;
}

static int mutex_read(struct access *a)
{
    const int rc = take(a, MUTEX);
    if (rc)
        return rc;
    entry_read(a, map_of(a->cache, 0));
    give(a, MUTEX);
    return 0;
}

static int mutex_write(struct access *a)
{
    const int rc = take(a, MUTEX);
    if (rc)
        return rc;
    entry_write(a, map_of(a->cache, 0));
    give(a, MUTEX);
    return 0;
}

/* Takes it by `blocking` where `trying` does not get it, and says how long that was. */
static int rwlock_take(struct access *a, int (*trying)(pthread_rwlock_t *), int (*blocking)(pthread_rwlock_t *))
{
    pthread_rwlock_t *lock = &a->cache->shared->rwlock;
    int rc = trying(lock);
    if (rc == EBUSY) {
        const int64_t begun = clock_now_ns();
        rc = blocking(lock);
        a->worker->user.waited_ns += (uint64_t)(clock_now_ns() - begun);
    }
    return -rc;
}

static int rwlock_read(struct access *a)
{
    const int rc = rwlock_take(a, pthread_rwlock_tryrdlock, pthread_rwlock_rdlock);
    if (rc)
        return rc;
    entry_read(a, map_of(a->cache, 0));
    return -pthread_rwlock_unlock(&a->cache->shared->rwlock);
}

static int rwlock_write(struct access *a)
{
    const int rc = rwlock_take(a, pthread_rwlock_trywrlock, pthread_rwlock_wrlock);
    if (rc)
        return rc;
    entry_write(a, map_of(a->cache, 0));
    return -pthread_rwlock_unlock(&a->cache->shared->rwlock);
}

static int copies_read(struct access *a)
{
    const int rc = take(a, a->worker->copy);
    if (rc)
        return rc;
    entry_read(a, map_of(a->cache, a->worker->copy));
    give(a, a->worker->copy);
    return 0;
}

/* One writer after the other, so that all copies come to the same. */
static int copies_write(struct access *a)
{
    int rc = rwlock_take(a, pthread_rwlock_trywrlock, pthread_rwlock_wrlock);
    if (rc)
        return rc;
    for (uint32_t i = 0; rc == 0 && i < a->cache->shared->copies; i++) {
        rc = take(a, i);
        if (rc == 0) {
            entry_write(a, map_of(a->cache, i));
            give(a, i);
        }
    }
    pthread_rwlock_unlock(&a->cache->shared->rwlock);
    return rc;
}

/*
 * A map is overwritten from the second swap behind its own on. A reader that has seen a word of that sees the version of the first
 * of these swaps too, as each word is released and acquired, and reads again.
 */
static int swap_read(struct access *a)
{
    const struct cache *c = a->cache;
    for (;;) {
        const uint64_t version = atomic_load_explicit(&c->shared->version, memory_order_acquire);
        const uint64_t *map = map_of(c, version % 2);
        const uint64_t first = __atomic_load_n(&map[a->entry], __ATOMIC_ACQUIRE);
        const uint64_t second = __atomic_load_n(&map[c->half + a->entry], __ATOMIC_ACQUIRE);
        if (atomic_load_explicit(&c->shared->version, memory_order_relaxed) == version) {
            a->torn += first != second;
            return 0;
        }
    }
}

static int swap_write(struct access *a)
{
    const struct cache *c = a->cache;
    const int rc = take(a, MUTEX);
    if (rc)
        return rc;
    const uint64_t version = atomic_load_explicit(&c->shared->version, memory_order_relaxed);
    const uint64_t *old = map_of(c, version % 2);
    uint64_t *map = map_of(c, (version + 1) % 2);
    for (uint64_t i = 0; i < 2 * c->half; i++)
        __atomic_store_n(&map[i], old[i], __ATOMIC_RELEASE);
    __atomic_store_n(&map[a->entry], a->word, __ATOMIC_RELEASE);
    __atomic_store_n(&map[c->half + a->entry], a->word, __ATOMIC_RELEASE);
    atomic_store_explicit(&c->shared->version, version + 1, memory_order_release);
    give(a, MUTEX);
    return 0;
}

/* By the choices of `lock`. */
static const struct way {
    int (*read)(struct access *);
    int (*write)(struct access *);
} ways[] = {
    [LOCK_NONE] = {none_read, none_write},       [LOCK_MUTEX] = {mutex_read, mutex_write},
    [LOCK_RWLOCK] = {rwlock_read, rwlock_write}, [LOCK_COPIES] = {copies_read, copies_write},
    [LOCK_SWAP] = {swap_read, swap_write},
};

/* -- the task ------------------------------------------------------------------------------------------------------------ */

static int rwlock_open(pthread_rwlock_t *lock)
{
    pthread_rwlockattr_t how;
    int rc = pthread_rwlockattr_init(&how);
    if (rc)
        return -rc;
    rc = pthread_rwlockattr_setpshared(&how, PTHREAD_PROCESS_SHARED);
    if (rc == 0)
        rc = pthread_rwlock_init(lock, &how);
    pthread_rwlockattr_destroy(&how);
    return -rc;
}

static int cache_open(const struct cobench_open *how, void **state, struct cobench_error *err)
{
    const struct cobench_value *values = how->values;
    struct cache *c = calloc(1, sizeof *c);
    if (!c)
        return -ENOMEM;
    *c = (struct cache){.entries = (uint64_t)values[ENTRIES].number,
                        .reads = (uint64_t)values[READS].number,
                        .writes = (uint64_t)values[WRITES].number,
                        .jobs = how->jobs,
                        .lock = (uint64_t)values[LOCK].number,
                        .maps = values[LOCK].number == LOCK_COPIES ? COPIES_MAX
                                : values[LOCK].number == LOCK_SWAP ? 2
                                                                   : 1};
    c->half = (c->entries + LINE_WORDS - 1) / LINE_WORDS * LINE_WORDS;
    c->size = sizeof *c->shared + (c->maps * 2 * c->half + c->jobs) * sizeof(uint64_t);
    void *shared = NULL;
    int rc = locks_open(&c->locks, "map", COPIES_MAX, how->jobs, err);
    if (rc) {
        free(c);
        return rc;
    }
    rc = shared_open(c->size, &shared, err);
    c->shared = shared;
    if (rc == 0)
        rc = rwlock_open(&c->shared->rwlock);
    if (rc == 0) {
        *state = c;
        return 0;
    }
    shared_close(c->shared, c->size);
    locks_close(&c->locks);
    free(c);
    return rc;
}

static void cache_close(void *state)
{
    struct cache *c = state;
    pthread_rwlock_destroy(&c->shared->rwlock);
    shared_close(c->shared, c->size);
    locks_close(&c->locks);
    free(c);
}

/* A worker reads its own copy, which is what the first one is now. */
static int copy_choose(struct cache *c, struct cache_worker *w)
{
    const int rc = pthread_rwlock_wrlock(&c->shared->rwlock);
    if (rc)
        return -rc;
    w->copy = (uint32_t)(c->shared->workers++ % COPIES_MAX);
    if (w->copy >= c->shared->copies) {
        memcpy(map_of(c, w->copy), map_of(c, 0), 2 * c->half * sizeof(uint64_t));
        c->shared->copies = w->copy + 1;
    }
    return -pthread_rwlock_unlock(&c->shared->rwlock);
}

static int cache_worker_open(void *state, unsigned flags, void **worker, struct cobench_error *err)
{
    (void)flags, (void)err;
    struct cache *c = state;
    struct cache_worker *w = aligned_alloc(64, 64); /* a cache line, as its neighbours' are none of its business */
    if (!w)
        return -ENOMEM;
    *w = (struct cache_worker){.copy = 0};
    const int rc = c->lock == LOCK_COPIES ? copy_choose(c, w) : 0;
    if (rc)
        free(w);
    else
        *worker = w;
    return rc;
}

/* Which entry an access is to, and whether it writes, follows from its number: by Knuth's multiplicative hashing, so that it is
 * as cheap in Python. */
static int cache_run(void *state, void *worker, uint64_t job, const struct cobench_reply *reply, uint64_t *result,
                     struct cobench_error *err)
{
    struct cache *c = state;
    struct access a = {.cache = c, .worker = worker, .err = err};
    const struct way *way = &ways[c->lock];
    uint64_t from, to, sum = 0;
    int rc = 0;
    (void)reply;
    a.worker->user = (struct locks_user){.job = job};
    cobench_slice(c->reads, job, c->jobs, &from, &to);
    for (uint64_t number = from; rc == 0 && number < to; number++) {
        const uint64_t hash = number * UINT64_C(0x9e3779b97f4a7c15);
        a.entry = (hash >> 32) % c->entries;
        a.word = number + 1;
        rc = (hash >> 12) % 1000 < c->writes ? way->write(&a) : way->read(&a);
        sum += a.entry;
    }
    torn_of(c)[job] = a.torn;
    *result = sum;
    return rc;
}

/* Whether an entry is left torn, or in the copies differs from one to the next. */
static bool entry_wrong(const struct cache *c, uint64_t entry)
{
    const uint64_t first = c->lock == LOCK_SWAP ? c->shared->version % 2 : 0;
    const uint64_t last = c->lock == LOCK_COPIES ? c->shared->copies : first + 1;
    const uint64_t word = map_of(c, first)[entry];
    for (uint64_t i = first; i < last; i++)
        if (map_of(c, i)[entry] != word || map_of(c, i)[c->half + entry] != word)
            return true;
    return false;
}

static int cache_audit(void *state, struct cobench_audit *audit, struct cobench_error *err)
{
    const struct cache *c = state;
    uint64_t seen = 0, left = 0;
    (void)err;
    for (uint64_t job = 0; job < c->jobs; job++)
        seen += torn_of(c)[job];
    for (uint64_t entry = 0; entry < c->entries; entry++)
        left += entry_wrong(c, entry);
    audit->wrong = seen + left;
    audit->of = c->reads;
    if (audit->wrong > 0)
        snprintf(audit->finding, sizeof audit->finding,
                 "%" PRIu64 " reads saw half of a write, and %" PRIu64 " entries are left torn", seen, left);
    return 0;
}

static const struct cobench_param params[] = {
    {.key = "entries",
     .type = COBENCH_PARAM_INT,
     .fallback = "1024",
     .min = 1,
     .max = 1000000,
     .about = "entries of the map, two words of 8 bytes each"},
    {.key = "reads",
     .type = COBENCH_PARAM_INT,
     .fallback = "1000000",
     .min = 1,
     .max = 1000000000000,
     .about = "accesses to the map, shared by the jobs"},
    {.key = "writes",
     .type = COBENCH_PARAM_INT,
     .fallback = "10",
     .min = 0,
     .max = 1000,
     .about = "how many of 1000 accesses write in the place of reading"},
    {.key = "lock",
     .type = COBENCH_PARAM_CHOICE,
     .fallback = "mutex",
     .choices = "none|mutex|rwlock|copies|swap",
     .about = "what keeps others out: a mutex, a reader-writer lock, a copy of the map for each worker, or a new map "
              "for each write"},
    {.key = NULL},
};

const struct cobench_task cobench_task = {
    .contract = COBENCH_CONTRACT_VERSION,
    .kind = COBENCH_KIND_CPU,
    .asks = COBENCH_ASK_NOTHING,
    .name = "cache",
    .about = "a map that all workers share, read mostly",
    .default_jobs = 8,
    .splits = 1,
    .params = params,
    .open = cache_open,
    .close = cache_close,
    .worker_open = cache_worker_open,
    .worker_close = locks_worker_close,
    .run = cache_run,
    .waited = locks_waited,
    .audit = cache_audit,
};
