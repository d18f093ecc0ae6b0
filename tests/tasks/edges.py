# SPDX-License-Identifier: MIT
"""The counterpart of edges.c: jobs that need each other as the parameter says, for tests."""

from __future__ import annotations

import os
import signal
import time

from py_impl.contract import CPU, DELAY, INT, RESULTS, TEXT, Param, Reply, Request

NAME = "edges"
ABOUT = "jobs that need each other as told, for tests"
KIND = CPU
ASKS = RESULTS
JOBS = 16
PARAMS = (
    Param("edges", TEXT, "", "who needs whom"),
    Param("busy", INT, "0", "how long a job computes, in milliseconds", -1, 1_000_000),
    Param("slow", INT, "-1", "only this job does; -1: all", -1, 1_000_000),
    Param("delay", INT, "0", "how long a job waits that has what it needs, in milliseconds", -1, 1_000_000),
    Param("fails", INT, "-1", "the job that does", -1, 1_000_000),
    Param("crashes", INT, "-1", "the job that kills its process", -1, 1_000_000),
    Param("again", INT, "0", "1: asks for jobs a second time", -1, 1_000_000),
)


class Planted(Exception):
    pass


class State:
    def __init__(self, params: dict[str, object], jobs: int) -> None:
        self.params = params
        self.jobs = jobs
        self.needs: dict[int, tuple[int, ...]] = {}
        for edge in params["edges"].decode().split():
            job, needed = map(int, edge.split(">"))
            self.needs[job] = (*self.needs.get(job, ()), needed)
        self.sums = list(range(jobs))


def open(params: dict[str, object], jobs: int) -> State:
    return State(params, jobs)


def request(state: State, worker: None, job: int) -> Request:
    needs = state.needs.get(job)
    return Request(RESULTS, jobs=needs) if needs else Request()


def more(state: State, worker: None, job: int, step: int, reply: Reply | None) -> Request | None:
    if reply is not None:
        for result in memoryview(reply.body).cast("B").cast("Q"):
            state.sums[job] = (state.sums[job] * 31 + result) % 2**64
    if step == 0 and state.params["delay"] > 0:
        return Request(DELAY, delay_ns=state.params["delay"] * 1_000_000)
    return Request(RESULTS, jobs=(state.jobs,)) if state.params["again"] > 0 else None


def run(state: State, worker: None, job: int, reply: Reply | None) -> int:
    if state.params["slow"] in (-1, job):
        until = time.monotonic() + state.params["busy"] / 1000
        while time.monotonic() < until:
            pass
    if state.params["crashes"] == job:
        os.kill(os.getpid(), signal.SIGKILL)
    if state.params["fails"] == job:
        raise Planted
    return state.sums[job]
