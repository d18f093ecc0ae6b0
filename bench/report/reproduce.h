/* SPDX-License-Identifier: MIT */
/*
 * The commands that measure a run's groups once more, made from its plan alone: every option of `cobench run` that changed
 * what was run or how it is judged stands in them, spelled out, so that they mean the same whatever has become of the suite
 * since. The points of a sweep are one command. What is not the same: a group is named after its task, and the order of
 * cells in a round, which the seed draws for each group by its number. Pure.
 */
#ifndef BENCH_REPORT_REPRODUCE_H
#define BENCH_REPORT_REPRODUCE_H

#include "bench/store/results.h"
#include "bench/util/text.h"

/* Adds a line for a shell for each command, in the order of the plan. 0 or -ENOMEM. */
int again_commands(const struct results *results, struct string_list *lines);

#endif
