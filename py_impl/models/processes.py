# SPDX-License-Identifier: MIT
"""A process for each job, at most `workers` at once, each reaped as it ends."""

from __future__ import annotations

import multiprocessing
import selectors
import time
from contextlib import suppress

from py_impl.contract import WORKER_PROCESS
from py_impl.errors import Impossible, Usage
from py_impl.machine import start_limits
from py_impl.models.crash import crashed
from py_impl.run import Run
from py_impl.slots import EMPTY, RUNNING
from py_impl.worker import open_worker


TYPE_CHECKING = False
if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import BaseContext
    from multiprocessing.process import BaseProcess


def run(run: Run) -> None:
    context = multiprocessing.get_context(run.start_method)
    run.sends, run.receives = run.opens_in_workers, True  # a fork has its job's input
    if run.opens_in_workers:
        run.watchdog.start_tracker(run.start_method)
    with selectors.DefaultSelector() as ends:
        run.gate()
        for job in run.dispenser:
            if len(ends.get_map()) >= run.workers:
                reap(run, ends)
            if run.join is not None and not run.join.claim(job, job):
                continue
            try:
                process, values = start(run, context, job)
            except OSError as error:
                raise Impossible(f"cannot start a process for job {job}: {error.strerror} ({start_limits()})") from error
            run.pids[process.pid] = job
            ends.register(values or process.sentinel, selectors.EVENT_READ, (process, job, values))
        while ends.get_map():
            reap(run, ends)
    run.watchdog.stop_server()
    if hasattr(run.task, "call"):
        run.work_ns = time.monotonic_ns()


def start(run: Run, context: BaseContext, job: int) -> tuple[BaseProcess, Connection | None]:
    """A process for a job, and where a function's value will come from."""
    if not hasattr(run.task, "call"):
        process = context.Process(target=child, args=(run, job))
        run.watchdog.start(process.start)
        return process, None
    values, of_child = context.Pipe(duplex=False)
    with of_child:
        process = context.Process(target=child, args=(run, job, run.task.item(job), of_child))
        run.watchdog.start(process.start)
    return process, values


def child(run: Run, job: int, item: object = None, values: Connection | None = None) -> None:
    """The life of a worker process."""
    try:
        run.enter_process()
    except Usage as error:  # the task, which this process loads and opens for itself
        run.worker_failed(job, error.__cause__ or error, job)
        return
    worker = open_worker(run, job, WORKER_PROCESS, job)
    if worker is not None:
        if values is None:
            worker.run_jobs((job,))
        else:
            send_value(run, job, worker.call_jobs((job,), (item,))[0], values)
        run.end_pause_last()
        worker.close()
    run.leave_process()


def send_value(run: Run, job: int, value: object, values: Connection) -> None:
    try:
        values.send(value)
    except Exception as error:  # one that cannot be pickled
        lost_value(run, job, error)


def receive_value(run: Run, job: int, values: Connection) -> None:
    try:
        with suppress(EOFError), values:  # of a process that is gone
            run.kept.append(((job,), (values.recv(),)))
    except Exception as error:  # one that does not come out of its pickle
        lost_value(run, job, error)


def lost_value(run: Run, job: int, error: Exception) -> None:
    run.slots.fail(job)
    run.shared.failed(job, None, type(error).__name__, f"between the processes: {error}", None)


def reap(run: Run, ends: selectors.BaseSelector) -> None:
    """Waits for at least one process to end, and takes away all that have."""
    for key, _ in ends.select():
        process, job, values = key.data
        ends.unregister(key.fileobj)
        if values is not None:
            receive_value(run, job, values)
        process.join()
        del run.pids[process.pid]
        if process.exitcode != 0 or run.slots.states[job] in (EMPTY, RUNNING):
            jobs = {job, *(other for other, number in run.slots.running() if number == job)}  # and those that it helped with
            run.watchdog.note(lambda process=process, job=job, jobs=sorted(jobs): crashed(run, process.exitcode, job, jobs))
        process.close()
