/* SPDX-License-Identifier: MIT */
/* What can be set in a suite file and on the command line alike: one table of what a value may be, where both refuse in
 * the same words. */
#ifndef BENCH_PLAN_SETTING_H
#define BENCH_PLAN_SETTING_H

#include <stdbool.h>
#include <stddef.h>

#define WORKERS_MAX   100000
#define TIMEOUT_MAX_S 86400.0
#define MARGIN_MAX    0.9

/* Behind each, what it is set in. */
enum setting_kind {
    SETTING_FLAG,         /* bool: set by being there */
    SETTING_TEXT,         /* char * */
    SETTING_CLAIMS,       /* char *: a file of bench/claims */
    SETTING_URL,          /* char * */
    SETTING_SCALING,      /* char *: one of a few words, as the next two */
    SETTING_ARRIVALS,     /* char * */
    SETTING_START_METHOD, /* char * */
    SETTING_FORMAT,       /* char *: from here on of the command line only */
    SETTING_JUDGE,        /* char * */
    SETTING_TIME,         /* char * */
    SETTING_ADDED,        /* struct string_list: one more */
    SETTING_NAMES,        /* struct string_list: with commas between them, as the next two */
    SETTING_JOBS,         /* struct string_list */
    SETTING_WORKERS,      /* struct string_list */
    SETTING_DRAWINGS,     /* struct string_list */
    SETTING_ROUNDS,       /* int64_t */
    SETTING_SEED,         /* int64_t */
    SETTING_WIDTH,        /* int64_t: columns */
    SETTING_SECONDS,      /* double */
    SETTING_RATE,         /* double: jobs a second */
    SETTING_BUDGET,       /* double: seconds */
    SETTING_PRECISION,    /* double: a share, as the next */
    SETTING_MARGIN,       /* double */
    SETTING_SLOWER        /* double */
};

struct setting {
    const char *key;
    enum setting_kind kind;
    size_t at; /* where in the struct that the table is of */
};

/* Why a value was refused: "--budget", "90", "not a time such as 90s" in the words of a file or of a command line. */
struct setting_refusal {
    const char *value; /* of a list the one that is wrong */
    const char *why;   /* "not ..." or "neither ..." */
};

/* Sets what is at `into`. 0, or -EINVAL: *refusal says why, borrowed from `value` and `into`. */
int setting_take(enum setting_kind kind, const char *value, void *into, struct setting_refusal *refusal);
/* Whether a value (of a list: one of it) may be. Pure. */
bool setting_allows(enum setting_kind kind, const char *value);
/* Frees what it owns in `of`. */
void setting_free(const struct setting *setting, void *of);

#endif
