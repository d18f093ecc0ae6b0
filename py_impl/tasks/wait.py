# SPDX-License-Identifier: MIT
"""Waiting and nothing else: what a model's waiting costs."""

from py_impl.contract import DELAY, INT, IO, Param, Request

NAME = "wait"
ABOUT = "wait for a delay, compute nothing"
KIND = IO
ASKS = DELAY
JOBS = 50
PARAMS = (Param("delay", INT, "150", "how long each job waits, in milliseconds", 0, 3_600_000),)


def open(params, jobs):
    return Request(DELAY, delay_ns=params["delay"] * 1_000_000)


def request(state, worker, job):
    return state


def run(state, worker, job, reply):
    return job
