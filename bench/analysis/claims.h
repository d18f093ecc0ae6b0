/* SPDX-License-Identifier: MIT */
/*
 * What others published beside what a run measured. A file of claims (bench/claims/NAME.json) gives each as a ratio
 * base / variant, and says which cells of the run measure the same thing. Times on another machine are not compared.
 *
 * A claim that grows with the number of cores is scaled to this machine by Amdahl's law where its source tells its
 * cores: s = (N / C - 1) / (N - 1) from the claimed gain C on N cores, then N' / (1 + s (N' - 1)) for N' effective CPUs
 * here. Where it does not tell them, the claim is shown and not judged. Pure but for claims_read.
 */
#ifndef BENCH_ANALYSIS_CLAIMS_H
#define BENCH_ANALYSIS_CLAIMS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "bench/util/error.h"
#include "bench/analysis/ratio.h"
#include "bench/analysis/summary.h"

/* A published number is one run on one machine: so much off it counts as the same. */
#define CLAIM_TOLERANCE 0.10

enum claim_verdict {
    CLAIM_HOLDS,      /* the measured interval meets the claim, taken with its tolerance */
    CLAIM_MORE,       /* it lies above */
    CLAIM_LESS,       /* below */
    CLAIM_UNRESOLVED, /* it meets the claim, but is so wide (over 10% either way) that it would meet others too */
    CLAIM_CANNOT,     /* what was published was no measurement of what it says; the reason stands beside it */
    CLAIM_CORES,      /* it depends on a number of cores that its source does not tell */
    CLAIM_UNMEASURED, /* nothing here measures it, or its cells are not in the run or have failed: `why` */
};

struct claim_source {
    const char *name, *note;
    double cores; /* NaN: not told */
};

struct claim {
    const struct claim_source *source;
    const char *says;
    double low, high;               /* the published ratio; high is infinite for "or more" */
    bool by_cores;                  /* it grows with the number of cores */
    double scaled_low, scaled_high; /* for the effective CPUs here; the published ones where not by_cores */
    bool scaled;                    /* they are others than published */
    const char *time;               /* "work" or "whole" */
    char *base, *variant;           /* "requests py:sync"; NULL: nothing measures it */
    struct ratio measured;
    struct limit limit; /* here; NaN: not known */
    enum claim_verdict verdict;
    const char *why; /* of CLAIM_CANNOT and CLAIM_UNMEASURED; else NULL */
};

struct claims {
    json_t *file; /* what the strings are borrowed from */
    const char *about;
    struct claim_source *sources;
    size_t source_count;
    struct claim *items;
    size_t count;
};

/* Reads the file. claims_free is needed after 0 only; -EPROTO where it is none. */
int claims_read(const char *path, struct claims *out, struct error *err);
/* Pure: takes over `file` in every case. `label` names it in errors. */
int claims_parse(json_t *file, const char *label, struct claims *out, struct error *err);
/*
 * The claims that the run's plan names, read from FOLDER/NAME.json and judged. -ENOENT without a word in err where it
 * names none.
 */
int claims_of_run(const char *folder, const struct summary *summary, struct claims *out, struct error *err);
/* Fills in what the run measured. 0 or -ENOMEM. */
int claims_judge(struct claims *claims, const struct summary *summary);
void claims_free(struct claims *claims);

/* "holds here", "more here" and so on. */
const char *claim_verdict_name(enum claim_verdict verdict);

#endif
