# SPDX-License-Identifier: MIT
"""The task that does nothing: what a run of it takes is the model's own cost."""

from py_impl.contract import INT, NONE, NOTHING, PAYLOAD_MAX, Param

NAME = "null"
ABOUT = "nothing: what is left is the model's own cost"
KIND = NONE
ASKS = NOTHING
JOBS = 8
PARAMS = (Param("payload", INT, "0", "bytes that a job's message carries besides its number", 0, PAYLOAD_MAX),)


def payload(params, jobs):
    return params["payload"]


def run(state, worker, job, reply):
    return job
