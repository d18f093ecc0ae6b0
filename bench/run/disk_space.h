/* SPDX-License-Identifier: MIT */
/* Disk space for what a sample writes into the scratch folder: the slots files and records of its hosts, hyperfine's JSON,
 * what was said on stderr. Where that folder's file system is full, the sample says nothing of its cell. */
#ifndef BENCH_RUN_DISK_SPACE_H
#define BENCH_RUN_DISK_SPACE_H

#include "bench/util/error.h"
#include "bench/run/sample.h"

/*
 * Called right after a sample that failed or was impossible, with its files still in place; `unreserved`: a host made its
 * slots file and could not have the bytes. 0, or -ENOSPC (-EDQUOT) where it may have been so because its files did not
 * fit: the run has to stop and can go on once there is space. Slots that the file system could not hold were it empty, or
 * that RLIMIT_FSIZE forbids, are no such case: they stay impossible.
 */
int disk_space_check(const struct bench *b, const struct plan_cell *cell, bool unreserved, struct error *err);

/* Whether `bytes` fit into a file system of `blocks` blocks of `block_bytes` that holds nothing else. Pure. */
bool disk_space_fits_empty(uint64_t bytes, uint64_t blocks, uint64_t block_bytes);

#endif
