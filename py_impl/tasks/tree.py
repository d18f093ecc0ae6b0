# SPDX-License-Identifier: MIT
"""
Fork and join over a binary tree: each job waits for its two children, the leaves for nobody. `steps` is the grain, what each of
them computes besides.
"""

from py_impl.contract import CPU, RESULTS
from py_impl.tasks.lib.needs import Needs, ask, run  # noqa: F401  (one is the task's)
from py_impl.tasks.lib.steps import steps_param

NAME = "tree"
ABOUT = "fork and join: each job waits for its two children in a binary tree"
KIND = CPU
ASKS = RESULTS
JOBS = 1023
PARAMS = (steps_param("25000"),)


def open(params, jobs):
    return Needs(jobs, params["steps"])


def request(needs, worker, job):
    return ask(tuple(range(2 * job + 1, min(2 * job + 3, needs.jobs))))
