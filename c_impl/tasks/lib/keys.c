/* SPDX-License-Identifier: MIT */
#include "keys.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The key that a worker asks about. */
struct worker {
    char key[72];
    char *words[3];
};

int keys_open(const struct keys_kind *kind, uint64_t count, size_t size, void **state)
{
    struct keys *keys = malloc(sizeof *keys);
    if (!keys)
        return -ENOMEM;
    *keys = (struct keys){.kind = kind, .count = count, .size = size};
    snprintf(keys->prefix, sizeof keys->prefix, "cobench:%s:%zu:", kind->name, size);
    snprintf(keys->count_text, sizeof keys->count_text, "%" PRIu64, count);
    snprintf(keys->size_text, sizeof keys->size_text, "%zu", size);
    *state = keys;
    return 0;
}

int keys_prepare(void *state, unsigned step, struct cobench_request *ask, struct cobench_error *err)
{
    struct keys *keys = state;
    char *const words[] = {
        (char *)"EVAL", (char *)keys->kind->script, (char *)"0", keys->count_text, keys->prefix, keys->size_text, NULL};
    (void)err;
    if (step > 0)
        return 0;
    memcpy(keys->words, words, sizeof words);
    ask->ask = COBENCH_ASK_CACHE;
    ask->words = keys->words;
    return 0;
}

int keys_worker_open(void *state, unsigned flags, void **worker, struct cobench_error *err)
{
    const struct keys *keys = state;
    struct worker *w = malloc(sizeof *w);
    (void)flags, (void)err;
    if (!w)
        return -ENOMEM;
    *w = (struct worker){.words = {(char *)keys->kind->verb, w->key, NULL}};
    *worker = w;
    return 0;
}

void keys_worker_close(void *state, void *worker)
{
    (void)state;
    free(worker);
}

int keys_request(void *state, void *worker, uint64_t job, struct cobench_request *ask, struct cobench_error *err)
{
    const struct keys *keys = state;
    struct worker *w = worker;
    (void)err;
    snprintf(w->key, sizeof w->key, "%s%" PRIu64, keys->prefix, job % keys->count);
    ask->ask = COBENCH_ASK_CACHE;
    ask->words = w->words;
    return 0;
}
