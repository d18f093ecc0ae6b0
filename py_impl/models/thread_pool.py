# SPDX-License-Identifier: MIT
"""
ThreadPoolExecutor. The pool is warm before the gate: `workers` jobs that wait for one another at a barrier make it start
all its threads, and each opens its thread's worker. (A barrier in the pool's initializer would deadlock, since the pool
starts a thread only where none is idle.)
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from py_impl.dispenser import submit_each
from py_impl.errors import Impossible
from py_impl.machine import start_limits
from py_impl.run import Run
from py_impl.worker import Worker, open_worker


class Pool(threading.local):
    """What a thread of the pool owns."""

    worker: Worker | None = None


def run(run: Run) -> None:
    run.gate_cold()
    own = Pool()
    barrier = threading.Barrier(run.workers)

    def warm(number: int) -> None:
        own.worker = open_worker(run, number)
        barrier.wait()

    def cool(_: int) -> None:
        barrier.wait()
        if own.worker is not None:
            own.worker.close()

    def run_job(job: int) -> None:
        own.worker.run_jobs((job,))

    with ThreadPoolExecutor(run.workers) as executor:
        try:
            everyone(executor, warm, run.workers)
        except RuntimeError as error:
            barrier.abort()
            raise Impossible(f"cannot start {run.workers} threads: {error} ({start_limits()})") from error
        run.check_workers()
        run.gate()
        submit_each(run.dispenser, executor, run_job, run.workers)
        run.end_pause_all()
        everyone(executor, cool, run.workers)


def everyone(executor: ThreadPoolExecutor, function, workers: int) -> None:
    for future in [executor.submit(function, number) for number in range(workers)]:
        future.result()
