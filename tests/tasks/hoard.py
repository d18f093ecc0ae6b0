# SPDX-License-Identifier: MIT
"""
Keeps a known amount of memory while its jobs wait, so that the tests can see whether it is found again: all of it in
`open`, before the workers exist, or as much in each worker.
"""

from py_impl.contract import CHOICE, DELAY, INT, IO, Param, Request

NAME = "hoard"
ABOUT = "keep a known amount of memory, for tests"
KIND = IO
ASKS = DELAY
JOBS = 3
PARAMS = (
    Param("mb", INT, "0", "how much, in MiB", 0, 4096),
    Param("whose", CHOICE, "all", "one for all or one each", choices=("all", "worker")),
    Param("delay", INT, "0", "how long each job waits, in milliseconds", 0, 3_600_000),
)


def hoard(params):
    return bytearray(b"\x01" * 4096) * (params["mb"] << 8)  # written, so that it is there


def open(params, jobs):
    return params, hoard(params) if params["whose"] == "all" else None


def worker_open(state, flags):
    params, _ = state
    return hoard(params) if params["whose"] == "worker" else None


def request(state, worker, job):
    return Request(DELAY, delay_ns=state[0]["delay"] * 1_000_000)


def run(state, worker, job, reply):
    return job
