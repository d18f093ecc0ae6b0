/* SPDX-License-Identifier: MIT */
/* Blocks read by a few threads, for an event loop: what any kernel has. */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/error.h"
#include "transport/block/engine.h"

#define THREADS_MAX 32u

struct threads {
    pthread_mutex_t lock; /* of all that follows */
    pthread_cond_t asked;
    struct block *first, **last; /* to be read, in this order */
    struct block *read;          /* to be taken, in any */
    bool over;
    int event;
    unsigned count;
    pthread_t thread[THREADS_MAX];
};

static void *thread_main(void *arg)
{
    struct threads *threads = arg;
    static const uint64_t one = 1;
    pthread_mutex_lock(&threads->lock);
    for (;;) {
        while (!threads->over && !threads->first)
            pthread_cond_wait(&threads->asked, &threads->lock);
        if (threads->over)
            break;
        struct block *block = threads->first;
        threads->first = block->next;
        if (!threads->first)
            threads->last = &threads->first;
        pthread_mutex_unlock(&threads->lock);
        block_read(block);
        pthread_mutex_lock(&threads->lock);
        block->next = threads->read;
        threads->read = block;
        if (!block->next) /* else it has been told */
            (void)!write(threads->event, &one, sizeof one);
    }
    pthread_mutex_unlock(&threads->lock);
    return NULL;
}

static void threads_close(void *engine)
{
    struct threads *threads = engine;
    pthread_mutex_lock(&threads->lock);
    threads->over = true;
    pthread_cond_broadcast(&threads->asked);
    pthread_mutex_unlock(&threads->lock);
    for (unsigned i = 0; i < threads->count; i++)
        pthread_join(threads->thread[i], NULL);
    pthread_cond_destroy(&threads->asked);
    pthread_mutex_destroy(&threads->lock);
    free(threads);
}

static int threads_open(unsigned in_flight, int event, void **out, struct cobench_error *err)
{
    struct threads *threads = calloc(1, sizeof *threads);
    const unsigned wanted = in_flight < THREADS_MAX ? in_flight : THREADS_MAX;
    if (!threads)
        return -ENOMEM;
    threads->event = event;
    threads->last = &threads->first;
    pthread_mutex_init(&threads->lock, NULL); /* neither fails on Linux */
    pthread_cond_init(&threads->asked, NULL);
    for (; threads->count < wanted; threads->count++) {
        const int rc = pthread_create(&threads->thread[threads->count], NULL, thread_main, threads);
        if (rc) {
            threads_close(threads);
            return error_fill(err, -rc, "a thread that reads cannot be started: %s", strerror(rc));
        }
    }
    *out = threads;
    return 0;
}

static void threads_ask(void *engine, struct block *block)
{
    struct threads *threads = engine;
    block->next = NULL;
    pthread_mutex_lock(&threads->lock);
    *threads->last = block;
    threads->last = &block->next;
    pthread_cond_signal(&threads->asked);
    pthread_mutex_unlock(&threads->lock);
}

static void threads_flush(void *engine) { (void)engine; }

static struct block *threads_take(void *engine)
{
    struct threads *threads = engine;
    pthread_mutex_lock(&threads->lock);
    struct block *block = threads->read;
    if (block)
        threads->read = block->next;
    pthread_mutex_unlock(&threads->lock);
    return block;
}

const struct block_engine block_threads = {
    .version = BLOCK_ENGINE_VERSION,
    .name = "threads",
    .open = threads_open,
    .ask = threads_ask,
    .flush = threads_flush,
    .take = threads_take,
    .close = threads_close,
};
