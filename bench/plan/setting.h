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

/* In the order of what each is set in; setting.c has what its value may be. */
enum setting_kind {
    SETTING_FLAG, /* bool: set by being there */
    SETTING_TEXT, /* char *, to SETTING_TIME */
    SETTING_CLAIMS,
    SETTING_URL,
    SETTING_SCALING,
    SETTING_ARRIVALS,
    SETTING_FORMAT,
    SETTING_TABLE,
    SETTING_JUDGE,
    SETTING_TIME,
    SETTING_BEHIND,
    SETTING_ADDED, /* struct string_list: one more */
    SETTING_NAMES, /* struct string_list, to SETTING_DRAWINGS: with commas between */
    SETTING_JOBS,
    SETTING_WORKERS,
    SETTING_SHARES,
    SETTING_DRAWINGS,
    SETTING_ROUNDS, /* int64_t, to SETTING_WIDTH */
    SETTING_SEED,
    SETTING_DELAY,
    SETTING_IDLE,
    SETTING_WIDTH,
    SETTING_SECONDS, /* double, to SETTING_SLOWER */
    SETTING_RATE,
    SETTING_BUDGET,
    SETTING_PRECISION,
    SETTING_MARGIN,
    SETTING_SLOWER
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
