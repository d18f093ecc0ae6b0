# SPDX-License-Identifier: MIT
"""Goes wrong at one job in a way that is asked for, so that the tests can see what a host makes of it."""

import os
import signal
import time

from py_impl.contract import CHOICE, CPU, INT, NOTHING, Param

NAME = "faulty"
ABOUT = "a task that goes wrong on purpose, for tests"
KIND = CPU
ASKS = NOTHING
JOBS = 8
PARAMS = (
    Param("mode", CHOICE, "ok", "what goes wrong", choices=("ok", "fail", "crash", "hang", "exit", "wrong")),
    Param("at", INT, "0", "at which job", 0, 1_000_000),
)


class PlantedError(Exception):
    pass


def open(params, jobs):
    return params["mode"], params["at"]


def run(state, worker, job, reply):
    mode, at = state
    if job == at:
        if mode == "fail":
            raise PlantedError("planted failure")
        if mode == "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        if mode == "hang":
            time.sleep(3600)
        if mode == "exit":
            os._exit(3)
        if mode == "wrong":
            return job * 3 + 2
    return job * 3 + 1
