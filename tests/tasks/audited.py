# SPDX-License-Identifier: MIT
"""As audited.c."""

import mmap

from py_impl.contract import CHOICE, CPU, INT, NOTHING, Audit, Param

NAME = "audited"
ABOUT = "a task with an audit, for tests"
KIND = CPU
ASKS = NOTHING
JOBS = 8
PARAMS = (
    Param("lost", INT, "0", "jobs", 0, 1000),
    Param("waits", INT, "0", "us", 0, 1_000_000_000),
    Param("mode", CHOICE, "ok", "what goes wrong", choices=("ok", "fail", "empty", "job", "long")),
)


class Planted(Exception):
    pass


class Audited:
    def __init__(self, params, jobs):
        self.lost, self.waits, self.mode, self.jobs = params["lost"], params["waits"], params["mode"], jobs
        self.changed = mmap.mmap(-1, jobs)


def open(params, jobs):
    return Audited(params, jobs)


def close(state):
    state.changed.close()


def worker_open(state, flags):
    return [0]  # its last job


def run(state, worker, job, reply):
    worker[0] = job
    if state.mode == "job" and job == 0:
        raise Planted
    state.changed[job] = job >= state.lost
    return job


def waited(state, worker):
    return (worker[0] + 1) * state.waits * 1000


def audit(state):
    if state.mode == "fail":
        raise Planted("the audit itself")
    if state.mode == "empty":
        return Audit(0, 0)
    wrong = bytes(state.changed).count(0)
    return Audit(wrong, state.jobs, "x" * 200 if state.mode == "long" else f"{wrong} bytes\nare not set" if wrong else "")
