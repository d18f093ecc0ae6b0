/* SPDX-License-Identifier: MIT */
/*
 * The slots file, version 1: one slot a job, filled by a host while it runs and read by the driver after it has ended.
 * Numbers are in the machine's own byte order; all times are CLOCK_MONOTONIC nanoseconds. `py_impl/slots.py` states
 * the same layout and a test compares the two.
 *
 * The host creates the file with its full size, reserves its blocks (so that a full disk is an error at once and not a
 * SIGBUS later), maps it shared in every worker and touches every page before the gate opens. Only the worker that runs
 * a job writes its slot, but for `runs`, which is added to atomically so that a job run twice cannot hide, and `due_ns`,
 * which is the dispenser's.
 */
#ifndef COBENCH_SLOTS_H
#define COBENCH_SLOTS_H

#include <stdint.h>

#define SLOTS_MAGIC        "cobslots" /* 8 bytes, without the NUL */
#define SLOTS_VERSION      1u
#define SLOTS_HEADER_BYTES 4096u /* slot i starts at SLOTS_HEADER_BYTES + i * sizeof(struct slot) */

#define SLOT_COMMAND_OVER UINT64_MAX

enum slot_state { SLOT_EMPTY = 0, SLOT_RUNNING = 1, SLOT_DONE = 2, SLOT_FAILED = 3 };

struct slots_header {
    char magic[8];
    uint32_t version;
    uint32_t header_bytes;
    uint32_t slot_bytes;
    uint32_t reserved;
    uint64_t jobs;
};

/* 64 bytes, so that no two jobs share a cache line. */
struct slot {
    uint64_t result;  /* of `run`; 0 unless DONE */
    int64_t start_ns; /* before `request` */
    int64_t end_ns;   /* after `run`; 0 while RUNNING */
    int32_t worker;   /* 0..workers-1 in pools; the job's number in models that start one worker a job */
    uint32_t state;   /* enum slot_state */
    uint32_t runs;    /* how often the job was started: exactly 1 in a sound run */
    /* For a connection, where workers share fewer than they are, or for locks (cobench_task.waited); part of the time from its start. */
    uint32_t waited_us;
    /* 0 in a closed loop. In an open one how long after the gate the job is to arrive, until it is handed out; from then on the
     * instant. */
    int64_t due_ns;
    /* When the last reply or the end of the last delay was in hand, of a task that asks for jobs when these were there; 0 where
     * nothing was asked. */
    int64_t replied_ns;
    union {
        uint64_t command; /* the process of the job's command; SLOT_COMMAND_OVER when it has ended, 0: none yet */
        uint64_t awaits;  /* of a job that asked for jobs: the one that it waits for, and 1; 0: it waits for none */
    };
};

_Static_assert(sizeof(struct slot) == 64, "a slot is one cache line");
_Static_assert(sizeof(struct slots_header) <= SLOTS_HEADER_BYTES, "the header fits");

/* Finaliser of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, OOPSLA 2014), with the
 * golden-gamma increment: the digest of a run is the sum mod 2^64 over jobs i of splitmix64(i ^ splitmix64(result_i)). */
static inline uint64_t splitmix64(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

#endif
