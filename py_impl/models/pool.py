# SPDX-License-Identifier: MIT
"""
What the pools have in common whose workers are not threads of the host's own interpreter: processes, interpreters. Each worker
has the task open and the slots mapped before the gate, and knows its number.
"""

from __future__ import annotations

import os
import time
from collections import deque
from concurrent.futures import BrokenExecutor, Executor
from itertools import islice

from py_impl.contract import WORKER_ISOLATED, WORKER_PROCESS
from py_impl.dispenser import submit_each, window
from py_impl.errors import Usage
from py_impl.run import Run
from py_impl.worker import Worker, open_worker


# -- in the host ------------------------------------------------------------------------------------------------------


def drain(run: Run, executor: Executor) -> None:
    if hasattr(run.task, "call"):
        return drain_values(run, executor)
    submit_each(run.dispenser, executor, run_job, run.workers)


def drain_values(run: Run, executor: Executor) -> None:
    """A function's inputs and values travel by pickle, as in people's code. The work ends when the last value is here."""
    waiting: deque = deque()
    run.sends = run.receives = True
    between = "interpreters" if run.isolated else "processes"

    def take() -> None:
        jobs, future = waiting.popleft()
        try:
            run.kept.append((jobs, future.result()))
        except BrokenExecutor:
            raise
        except Exception as error:  # an input or a value that cannot be pickled
            for job in jobs:
                run.slots.fail(job)
                run.shared.failed(job, None, type(error).__name__, f"between the {between}: {error}", None)

    while jobs := list(islice(run.dispenser, run.knobs["chunk"])):
        if len(waiting) >= window(run.workers):
            take()
        waiting.append((jobs, executor.submit(call_jobs, jobs, run.task.items(jobs))))
    while waiting:
        take()
    run.work_ns = time.monotonic_ns()


# -- in a worker ------------------------------------------------------------------------------------------------------


class Own:
    """What this process or interpreter owns as a worker of the pool."""

    run: Run
    here = None
    go = None
    trouble: Exception | None = None  # the pool would make no more of it than "broken"
    worker: Worker | None = None


own = Own()


def enter(run: Run, here, go) -> None:
    own.run, own.here, own.go = run, here, go
    try:
        run.enter_process()
    except (Usage, OSError) as error:  # of the task, which this worker loads and opens for itself, and its files
        own.trouble = error


def warm(number: int) -> int:
    if own.trouble is not None:
        own.run.worker_failed(number, own.trouble)
    else:
        own.worker = open_worker(own.run, number, WORKER_ISOLATED if own.run.isolated else WORKER_PROCESS)
        own.run.slots.prefault()
    own.here.release()
    own.go.acquire()
    return os.getpid()


def run_job(job: int) -> None:
    own.worker.run_jobs((job,))


def call_jobs(jobs: list[int], items: list[object]) -> list[object]:
    return own.worker.call_jobs(jobs, items)


def cool(_: int) -> None:
    own.here.release()
    own.go.acquire()
    own.worker.close()
    own.run.leave_process()
