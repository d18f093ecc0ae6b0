/* SPDX-License-Identifier: MIT */
/* Taking a sample: one command run, watched and read. */
#ifndef BENCH_RUN_SAMPLE_TAKE_H
#define BENCH_RUN_SAMPLE_TAKE_H

#include "bench/run/sample.h"

/*
 * Runs a cell once. The sample says all that went wrong with the cell. Returns 0, -EINTR when the driver was told to
 * stop, -ENOSPC or -EDQUOT where the scratch folder had no space for it (bench/run/disk_space.h), or another negative
 * errno where the driver cannot go on. sample_free is needed after 0 only.
 */
int sample_take(const struct bench *b, const struct plan_cell *cell, const struct sample_place *place,
                struct sample_taken *out, struct error *err);
#endif
