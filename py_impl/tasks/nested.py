# SPDX-License-Identifier: MIT
"""
Each job of the first half waits for one of the second half, as a job does that submits another to its own pool and waits for it.
All of the first half are in the queue before any of the second: a pool of fewer workers than that half has jobs has nobody left to
run what all of them wait for.
"""

from py_impl.contract import CPU, RESULTS
from py_impl.tasks.lib.needs import Needs, ask, run  # noqa: F401  (one is the task's)
from py_impl.tasks.lib.steps import steps_param

NAME = "nested"
ABOUT = "each job of the first half waits for one of the second: a pool inside a pool"
KIND = CPU
ASKS = RESULTS
JOBS = 16
PARAMS = (steps_param("1000"),)


def open(params, jobs):
    return Needs(jobs, params["steps"])


def request(needs, worker, job):
    half = needs.jobs // 2
    return ask((half + job,) if job < half else ())
