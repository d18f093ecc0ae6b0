/* SPDX-License-Identifier: MIT */
/* Asks for URLs and holds all descriptors of its process but a few, as a task that leaks them does, so that the tests can
 * see what a host makes of a connection that gets none. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cobench/task.h"

enum { URL, SPARE };

struct leaky {
    const char *url;
    int *held;
    size_t count;
};

static void leaky_close(void *state)
{
    struct leaky *leaky = state;
    for (size_t i = 0; i < leaky->count; i++)
        close(leaky->held[i]);
    free(leaky->held);
    free(leaky);
}

/* Takes descriptors until there are none, then gives `spare` of them back. */
static int leaky_take(struct leaky *leaky, int64_t spare)
{
    for (size_t size = 0;; leaky->count++) {
        if (leaky->count == size) {
            size = size * 2 + 64;
            int *held = realloc(leaky->held, size * sizeof *held);
            if (!held)
                return -ENOMEM;
            leaky->held = held;
        }
        leaky->held[leaky->count] = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (leaky->held[leaky->count] < 0)
            break;
    }
    for (; spare > 0 && leaky->count > 0; spare--)
        close(leaky->held[--leaky->count]);
    return 0;
}

static int leaky_open(const struct cobench_open *how, void **state, struct cobench_error *err)
{
    (void)err;
    struct leaky *leaky = calloc(1, sizeof *leaky);
    if (!leaky)
        return -ENOMEM;
    leaky->url = how->values[URL].text;
    *state = leaky;
    return leaky_take(leaky, how->values[SPARE].number);
}

static int leaky_request(void *state, void *worker, uint64_t job, struct cobench_request *ask,
                         struct cobench_error *err)
{
    const struct leaky *leaky = state;
    (void)worker, (void)job, (void)err;
    ask->ask = COBENCH_ASK_URL;
    snprintf(ask->url, sizeof ask->url, "%s", leaky->url);
    return 0;
}

static int leaky_run(void *state, void *worker, uint64_t job, const struct cobench_reply *reply, uint64_t *result,
                     struct cobench_error *err)
{
    (void)state, (void)worker, (void)job, (void)err;
    *result = (uint64_t)reply->status;
    return 0;
}

static const struct cobench_param leaky_params[] = {
    [URL] = {.key = "url", .type = COBENCH_PARAM_URL, .about = "where to ask"},
    [SPARE] = {.key = "spare",
               .type = COBENCH_PARAM_INT,
               .fallback = "4",
               .min = 0,
               .max = 1000000,
               .about = "how many are left"},
    {.key = NULL},
};

extern const struct cobench_task cobench_task;
const struct cobench_task cobench_task = {
    .contract = COBENCH_CONTRACT_VERSION,
    .kind = COBENCH_KIND_IO,
    .asks = COBENCH_ASK_URL,
    .name = "leaky",
    .about = "a task that holds all descriptors but a few, for tests",
    .default_jobs = 16,
    .params = leaky_params,
    .open = leaky_open,
    .close = leaky_close,
    .request = leaky_request,
    .run = leaky_run,
};
