/* SPDX-License-Identifier: MIT */
/*
 * What others published beside what a run measured: ratios base / variant (docs/claims.md).
 *
 * A claim that grows with the number of cores is scaled to this machine by Amdahl's law where its source tells its
 * cores: s = (N / C - 1) / (N - 1) from the claimed gain C on N cores, then N' / (1 + s (N' - 1)) for N' effective CPUs
 * here. Where it does not tell them, the claim is shown and not judged.
 */
#ifndef BENCH_ANALYSIS_CLAIMS_H
#define BENCH_ANALYSIS_CLAIMS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "bench/analysis/ratio.h"
#include "bench/analysis/summary.h"
#include "bench/util/error.h"

#define CLAIM_TOLERANCE 0.10 /* a published number is one run on one machine: so much off it counts as the same */

enum claim_verdict {
    CLAIM_HOLDS,      /* the measured interval meets the claim, taken with its tolerance */
    CLAIM_MORE,       /* it lies above */
    CLAIM_LESS,       /* below */
    CLAIM_UNRESOLVED, /* it meets the claim, but is so wide (over 10% either way) that it would meet others too */
    CLAIM_CANNOT,     /* what was published was no measurement of what it says */
    CLAIM_CORES,      /* it depends on a number of cores that its source does not tell */
    CLAIM_UNMEASURED, /* nothing here measures it, or its cells are not in the run or have failed */
};

struct claim {
    const char *source, *note, *says;
    const char *time;               /* "work" or "whole" */
    double cores;                   /* of the source; NaN: not told */
    double low, high;               /* the published ratio; high is infinite for "or more" */
    double scaled_low, scaled_high; /* for the effective CPUs here; the published ones where not scaled */
    bool by_cores, scaled;          /* it grows with the number of cores; it could be scaled to those here */
    struct ratio measured;
    struct limit limit; /* here; NaN: not known */
    enum claim_verdict verdict;
    const char *why; /* of the last three verdicts; else NULL */
};

struct claims {
    json_t *file; /* what the strings are borrowed from */
    const char *about;
    struct claim *items;
    size_t count;
};

/* Reads the file and judges its claims by a run. claims_free is needed after 0 only; -EPROTO where it is none. */
int claims_read(const char *path, const struct summary *summary, struct claims *out, struct error *err);
/* Pure: takes over `file` in every case. `label` names it in errors. */
int claims_parse(json_t *file, const char *label, const struct summary *summary, struct claims *out, struct error *err);
/* The claims that the run's plan names, from bench/claims/NAME.json below `root`. -ENOENT without a word in err where it names none. */
int claims_of_run(const char *root, const struct summary *summary, struct claims *out, struct error *err);
void claims_free(struct claims *claims);

/* "holds here", "more here" and so on. */
const char *claim_verdict_name(enum claim_verdict verdict);

#endif
