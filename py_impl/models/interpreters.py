# SPDX-License-Identifier: MIT
"""
InterpreterPoolExecutor: each thread of the pool has an interpreter with a lock of its own, with the task opened and the slots
mapped in it before the gate. Only job numbers cross, and a function's inputs and values. As in the other pools, `workers` jobs
that wait for one another make it start all its threads.
"""

from __future__ import annotations

import os
import sys

from py_impl.errors import Failed, Impossible
from py_impl.machine import start_limits
from py_impl.models import INTERPRETERS
from py_impl.models.pool import cool, drain, warm
from py_impl.run import Run

# In a new interpreter, which knows nothing of the host's command line.
ENTER = """
import pickle, sys
sys.path[:] = {path!r}
from py_impl.models.pool import enter
enter(*pickle.loads({run!r}))
"""


class Signal:
    """A semaphore that interpreters can share: a byte in a pipe for each release."""

    def __init__(self) -> None:
        self.read, self.write = os.pipe()

    def acquire(self) -> None:
        os.read(self.read, 1)

    def release(self) -> None:
        os.write(self.write, b".")


def run(run: Run) -> None:
    if sys.version_info < INTERPRETERS:
        raise Impossible("CPython {}.{} or later is needed for an InterpreterPoolExecutor; this is {}.{}.{}".format(
            *INTERPRETERS, *sys.version_info[:3]))
    run.gate_cold()
    import pickle
    from concurrent.futures import InterpreterPoolExecutor

    run.isolated = True
    here, go = Signal(), Signal()
    enter = ENTER.format(path=sys.path, run=pickle.dumps((run, here, go)))
    executor = InterpreterPoolExecutor(run.workers, initializer=exec, initargs=(enter,))
    # What raises from here on leaves the pool as it is: the host waits for no thread of it.
    everyone(run, executor, warm, here, go)
    run.check_workers()
    run.gate()
    drain(run, executor)
    run.end_pause_all()
    everyone(run, executor, cool, here, go)
    executor.shutdown()


def everyone(run: Run, executor, function, here: Signal, go: Signal) -> None:
    """Has every worker call `function` once: none goes on before all have come."""
    try:
        futures = [executor.submit(function, number) for number in range(run.workers)]
    except RuntimeError as error:
        raise Impossible(f"cannot start {run.workers} threads: {error} ({start_limits()})") from error
    for future in futures:
        future.add_done_callback(lambda _: here.release())  # also of one whose interpreter did not start
    for _ in futures:
        here.acquire()
    for future in futures:
        if future.done():
            raise Failed(f"an interpreter does not start: {future.exception()}")
    for _ in futures:
        go.release()
    for future in futures:
        future.result()
    for _ in futures:
        here.acquire()  # those of the callbacks
