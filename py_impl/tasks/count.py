# SPDX-License-Identifier: MIT
"""Integer arithmetic and branches: the loop of lib/counting.py."""

from py_impl.contract import CPU, INT, NOTHING, Param
from py_impl.tasks.lib.counting import count_matches

NAME = "count"
ABOUT = "count the integers that pass a divisibility and a bit test"
KIND = CPU
ASKS = NOTHING
JOBS = 8
PARAMS = (Param("size", INT, "25000000", "integers looked at, from 0 on", 0, 4_000_000_000),)


def open(params, jobs):
    return params["size"]


def run(size, worker, job, reply):
    return count_matches(size)
