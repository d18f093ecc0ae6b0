# SPDX-License-Identifier: MIT
"""The results of locked.c without its computing, to check them against."""

from py_impl.contract import CPU, INT, NOTHING, Param

NAME = "locked"
ABOUT = "a task that lets one job go on at a time, for tests"
KIND = CPU
ASKS = NOTHING
JOBS = 8
PARAMS = (
    Param("steps", INT, "1000000", "steps", 0, 1_000_000_000),
    Param("locks", INT, "1", "1: one job at a time", 0, 1),
    Param("hot", INT, "0", "1: the others spin", 0, 1),
    Param("sleep", INT, "0", "milliseconds a job", 0, 1000),
)


def run(state, worker, job, reply):
    return job
