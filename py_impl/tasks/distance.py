# SPDX-License-Identifier: MIT
"""Floating point: square roots over the job's slice of a range, summed in order so that both languages round alike."""

from math import sqrt

from py_impl.contract import CPU, INT, NOTHING, Param, slice_of

NAME = "distance"
ABOUT = "sum of square roots over the job's slice of a range"
KIND = CPU
ASKS = NOTHING
JOBS = 8
SPLITS = True
PARAMS = (Param("size", INT, "10000000", "points in all, shared by the jobs", 0, 1_000_000_000),)


def distance_sum(first: int, last: int) -> int:
    total = 0.0
    for p in range(first, last):
        d = p - 1e6
        total += sqrt(d * d)
    return int(total)


def open(params, jobs):
    return params["size"], jobs


def run(state, worker, job, reply):
    size, jobs = state
    first, last = slice_of(size, job, jobs)
    return distance_sum(first, last)
