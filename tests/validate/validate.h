/* SPDX-License-Identifier: MIT */
/* `make validate-statistics`: sections that each print figures, and whether each figure holds. */
#ifndef VALIDATE_H
#define VALIDATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a section is given, and what it leaves. */
struct validation {
    uint64_t seed;
    size_t trials; /* of each simulated figure */
    size_t shorts; /* figures that did not hold */
};

/* A share of trials and what is asked of it: from `least` to `most`, both shares; 0 and 1: it is only shown. */
struct figure {
    size_t hits, trials;
    double least, most;
};

/* Prints "PASS  text: 95.1% +- 0.2% (at least 94.0%)", or SHORT and counts it, or only the share. */
void figure_print(struct validation *v, struct figure figure, const char *text, ...)
    __attribute__((format(printf, 3, 4)));

/* A section prints its figures. Where it cannot be run it ends the program. */
typedef void section_run(struct validation *v);
section_run section_intervals, section_medians, section_series, section_verdicts, section_stopping, section_sharing,
    section_gate;

#endif
