# SPDX-License-Identifier: MIT
"""The task that does nothing: what a run of it takes is the model's own cost."""

from py_impl.contract import NONE, NOTHING

NAME = "null"
ABOUT = "nothing: what is left is the model's own cost"
KIND = NONE
ASKS = NOTHING
JOBS = 8
PARAMS = ()


def run(state, worker, job, reply):
    return job
