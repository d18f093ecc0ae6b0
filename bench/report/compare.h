/* SPDX-License-Identifier: MIT */
/* What a comparison says in sentences, the same in every format: the answer, what to know before any number, what else
 * is not the same in both runs. */
#ifndef BENCH_REPORT_COMPARE_H
#define BENCH_REPORT_COMPARE_H

#include <stddef.h>

#include "bench/analysis/compare.h"

enum story_kind {
    STORY_ANSWER,  /* first one sentence that counts, then a line each of what is slower, faster, not known */
    STORY_GATE,    /* what --fail-if-slower came to; none where it was not asked for */
    STORY_WARNING, /* what to know before any number */
    STORY_CHANGED, /* of the machines and the plans */
    STORY_KINDS,
};

struct story_line {
    enum story_kind kind;
    const char *title; /* "" or at most 10 columns */
    char *text;        /* names are as the plans and journals have them */
};

struct story {
    struct story_line *lines; /* in the order of enum story_kind */
    size_t count;
};

/* 0 or -ENOMEM; then *story is empty. */
int story_make(struct story *story, const struct compare *compare);
void story_free(struct story *story);

#endif
