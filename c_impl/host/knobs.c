/* SPDX-License-Identifier: MIT */
/* The table of knobs. */
#include "host/knobs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/num.h"
#include "host/error.h"
#include "host/runtime.h"

static const struct knob rows[] = {
    {.name = "start-method",
     .kind = KNOB_CHOICE,
     .at = offsetof(struct knobs, start_method),
     .choices = "fork|spawn|forkserver",
     .fallback = "fork",
     .models = "processes|process-pool",
     .about = "how worker processes start: with the task open (fork), or opening it themselves"},
    {.name = "switch-interval",
     .kind = KNOB_REAL,
     .at = offsetof(struct knobs, switch_interval_s),
     .min = 1e-6,
     .max = 100,
     .fallback = "0.005",
     .models = "threads|thread-pool",
     .runtime = "embed",
     .about = "seconds after which a thread that computes is asked for the GIL (sys.setswitchinterval)"},
    {.name = "stack-size",
     .kind = KNOB_INT,
     .at = offsetof(struct knobs, stack_size),
     .min = 65536,
     .max = 1 << 30,
     .fallback = "0",
     .models = "threads|thread-pool|interpreters|async-threads",
     .about = "bytes of a thread's stack; 0: the system's"},
    {.name = "cold",
     .kind = KNOB_SWITCH,
     .at = offsetof(struct knobs, cold),
     .choices = "off|on",
     .fallback = "off",
     .models = "thread-pool|process-pool|interpreters|async-threads|mpi",
     .about = "set pools up inside the work time"},
    {.name = "pin",
     .kind = KNOB_SWITCH,
     .at = offsetof(struct knobs, pin),
     .choices = "off|cores",
     .fallback = "off",
     .models = "openmp|interpreters|async-threads|thread-pool",
     .about = "cores: keep each thread on one CPU, one after the other"},
    {.name = "dispenser",
     .kind = KNOB_CHOICE,
     .at = offsetof(struct knobs, dispenser),
     .choices = "counter|queue|pipe|redis|redis-aof|zmq",
     .fallback = "counter",
     .models = "thread-pool|process-pool|async",
     .services = "redis|redis-aof",
     .about = "how a job gets to its worker"},
    {.name = "client",
     .kind = KNOB_CHOICE,
     .at = offsetof(struct knobs, client),
     .choices = "default|http|pipeline|threads",
     .fallback = "default",
     .models = "sync|threads|thread-pool|processes|process-pool|async|async-threads|uring|openmp|interpreters",
     .asks = "url|sql|block",
     .choice_asks = "|url|sql|block",
     .about = "what asks: http, a light client for plain HTTP/1.1; pipeline, libpq's pipeline mode; threads, "
              "which read "
              "blocks for a loop"},
    {.name = "join",
     .kind = KNOB_CHOICE,
     .at = offsetof(struct knobs, join),
     .choices = "block|help",
     .fallback = "block",
     .models = "threads|thread-pool|processes|process-pool",
     .asks = "jobs",
     .about = "what a worker does whose job waits for other jobs; help: runs these meanwhile"},
    {.name = "connections",
     .kind = KNOB_INT,
     .at = offsetof(struct knobs, connections),
     .min = 1,
     .max = 100000,
     .fallback = "0",
     .models = "threads|thread-pool|async|async-threads|uring|openmp|interpreters",
     .asks = "url|sql|cache",
     .about = "connections that all workers share, and wait for; 0: each has its own"},
    {.name = "chunk",
     .kind = KNOB_INT,
     .at = offsetof(struct knobs, chunk),
     .min = 1,
     .max = 1000000,
     .fallback = "1",
     .models = "thread-pool|process-pool|mpi",
     .about = "jobs in a message of the dispensers that send some (pipe, redis, zmq), and of engines"},
};

const struct knob *knobs_row(size_t i)
{
    for (const struct knob *row = rows; row < rows + sizeof rows / sizeof *rows; row++)
        if ((!row->runtime || strcmp(row->runtime, runtime.name) == 0) && i-- == 0)
            return row;
    return NULL;
}

const struct knob *knobs_find(const char *name)
{
    const struct knob *row;
    for (size_t i = 0; (row = knobs_row(i)) != NULL; i++)
        if (strcmp(row->name, name) == 0)
            return row;
    return NULL;
}

/* The place of a word in "a|b|c"; -1: it has none. */
static int word_place(const char *words, const char *word)
{
    const size_t length = strlen(word);
    for (int at = 0;; at++) {
        const size_t span = strcspn(words, "|");
        if (span == length && strncmp(words, word, length) == 0)
            return at;
        if (words[span] == '\0')
            return -1;
        words += span + 1;
    }
}

bool knob_touches(const struct knob *row, const char *model) { return word_place(row->models, model) >= 0; }

/* "fork, spawn" of "fork|spawn". */
static void words_text(const char *words, char *out, size_t size)
{
    size_t at = 0;
    for (; *words && at + 3 < size; words++) {
        out[at++] = *words == '|' ? ',' : *words;
        if (*words == '|')
            out[at++] = ' ';
    }
    out[at] = '\0';
}

/* The default may lie outside of the range. */
static int number_take(const struct knob *row, const char *text, void *at, struct cobench_error *err)
{
    const bool any = strcmp(text, row->fallback) == 0;
    const double min = any ? 0 : row->min;
    const int rc = row->kind == KNOB_INT ? num_parse_i64(text, (int64_t)min, (int64_t)row->max, at)
                                         : num_parse_double(text, min, row->max, at);
    if (rc)
        return error_fill(err, -EINVAL, "--%s '%.100s': must be %.12g..%.12g", row->name, text, row->min, row->max);
    return 0;
}

int knobs_take(struct knobs *knobs, const struct knob *row, const char *text, struct cobench_error *err)
{
    void *at = (char *)knobs + row->at;
    char known[128];
    if (!row->choices)
        return number_take(row, text, at, err);
    const int place = word_place(row->choices, text);
    if (place < 0) {
        words_text(row->choices, known, sizeof known);
        return error_fill(err, -EINVAL, "--%s '%.100s': must be one of %s", row->name, text, known);
    }
    if (row->kind == KNOB_SWITCH)
        *(bool *)at = place > 0;
    else
        *(unsigned *)at = (unsigned)place;
    return 0;
}

struct knobs knobs_default(void)
{
    struct knobs knobs = {0};
    struct cobench_error err;
    for (const struct knob *row = rows; row < rows + sizeof rows / sizeof *rows; row++)
        (void)knobs_take(&knobs, row, row->fallback, &err); /* each is allowed: tests/unit/host_args.c */
    return knobs;
}

const char *knobs_text(const struct knobs *knobs, const struct knob *row, char out[KNOB_TEXT_SIZE])
{
    const void *at = (const char *)knobs + row->at;
    const char *words = row->choices;
    if (row->kind == KNOB_INT)
        snprintf(out, KNOB_TEXT_SIZE, "%lld", (long long)*(const int64_t *)at);
    else if (row->kind == KNOB_REAL)
        snprintf(out, KNOB_TEXT_SIZE, "%.12g", *(const double *)at);
    if (!words)
        return out;
    for (unsigned i = row->kind == KNOB_SWITCH ? *(const bool *)at : *(const unsigned *)at; i > 0; i--)
        words += strcspn(words, "|") + 1;
    snprintf(out, KNOB_TEXT_SIZE, "%.*s", (int)strcspn(words, "|"), words);
    return out;
}
