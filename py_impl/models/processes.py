# SPDX-License-Identifier: MIT
"""A process for each job, at most `workers` at once, each reaped as it ends."""

from __future__ import annotations

import multiprocessing
import selectors

from py_impl.contract import WORKER_PROCESS
from py_impl.errors import Impossible, Usage
from py_impl.machine import start_limits
from py_impl.models.crash import crashed
from py_impl.run import Run
from py_impl.slots import EMPTY, RUNNING
from py_impl.worker import open_worker


def run(run: Run) -> None:
    context = multiprocessing.get_context(run.start_method)
    if run.start_method == "spawn":
        run.watchdog.start_tracker()
    with selectors.DefaultSelector() as ends:
        run.gate()
        for job in run.dispenser:
            if len(ends.get_map()) >= run.workers:
                reap(run, ends)
            process = context.Process(target=child, args=(run, job))
            try:
                run.watchdog.start(process.start)
            except OSError as error:
                raise Impossible(f"cannot start a process for job {job}: {error.strerror} ({start_limits()})") from error
            ends.register(process.sentinel, selectors.EVENT_READ, (process, job))
        while ends.get_map():
            reap(run, ends)


def child(run: Run, job: int) -> None:
    """The life of a worker process."""
    try:
        run.enter_process()
    except Usage as error:  # the task, which this process loads and opens for itself
        run.worker_failed(job, error.__cause__ or error, job)
        return
    worker = open_worker(run, job, WORKER_PROCESS, job)
    if worker is not None:
        worker.run_job(job)
        run.end_pause_last()
        worker.close()
    run.leave_process()


def reap(run: Run, ends: selectors.BaseSelector) -> None:
    """Waits for at least one process to end, and takes away all that have."""
    for key, _ in ends.select():
        process, job = key.data
        ends.unregister(process.sentinel)
        process.join()
        if process.exitcode != 0 or run.slots.state(job) in (EMPTY, RUNNING):
            run.watchdog.note(lambda process=process, job=job: crashed(run, process.exitcode, job, [job]))
        process.close()
