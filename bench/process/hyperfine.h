/* SPDX-License-Identifier: MIT */
/* hyperfine: one call times one command once. */
#ifndef BENCH_PROCESS_HYPERFINE_H
#define BENCH_PROCESS_HYPERFINE_H

#include <stddef.h>
#include <stdint.h>

#include "bench/util/error.h"
#include "bench/util/text.h"

struct timing {
    int64_t wall_ns;
    int64_t user_ns, system_ns; /* with reaped children; -1: not said */
    int exit;                   /* 128 + n after signal n; -1: not said */
};

/*
 * Pure: the JSON of hyperfine 1.x (`times`, `exit_codes`) and 2.0 (`measurements`), of one command run once.
 * 0, or -EINVAL with err saying what is not as it should be.
 */
int hyperfine_parse(const char *text, size_t length, struct timing *out, struct error *err);
/* The call that times `command` and writes `json`: words to be freed. */
void hyperfine_argv(struct string_list *out, const struct string_list *command, const char *json);

#endif
