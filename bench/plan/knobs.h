/* SPDX-License-Identifier: MIT */
/*
 * Knobs: what a host can vary that is no model. Which there are, their values and the models that each touches, the hosts
 * say (`"knobs"` of their lists). A choice is a text NAME=V1[,V2...], of the command line or of a suite: all cells run with
 * the first value, and each further one is a row more, "MODEL+VALUE", for the models that the knob touches. A value may be
 * "default", the host's own, and the list "all", each of a fixed set, the default first.
 */
#ifndef BENCH_PLAN_KNOBS_H
#define BENCH_PLAN_KNOBS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "bench/protocol/catalog.h"
#include "bench/util/error.h"
#include "bench/util/text.h"

/* What a knob is looked up for. */
struct knobs_of {
    const struct catalog *catalog;
    size_t host;
    const char *model, *asks; /* asks: the task's */
};

/* One row of a model. */
struct knobs_row {
    char *suffix;  /* what its name has behind the model's: "+spawn", "+chunk=4"; of the first row NULL */
    json_t *knobs; /* name -> value, what departs from the host's defaults; a reference; NULL: nothing */
    char *why;     /* the host has no such value: why the row cannot run; NULL: it can */
};

/* Adds the choices of `more` whose knobs are not among those of `into`; of two for one knob the last counts. */
void knobs_merge(struct string_list *into, const struct string_list *more);
/* -EINVAL where no host has the knob (err begins with `refusal`, "... (known: a, b", or NULL: an option), or none the value. */
int knobs_check(const struct catalog *catalog, const char *choice, const char *refusal, struct error *err);
/* Whether the knob of a choice changes what the model does here. */
bool knobs_touch(const struct knobs_of *of, const char *choice);
/* The rows of a model, of which the first is always there. To be freed with what is in them. */
size_t knobs_rows(const struct knobs_of *of, const struct string_list *chosen, struct knobs_row **out);

#endif
