# SPDX-License-Identifier: MIT
"""
ProcessPoolExecutor. Each worker process has the task open before the gate, inherited (fork) or opened for itself
(spawn, forkserver), and only job numbers are pickled. As in the thread pool, `workers` jobs that wait for one another make the pool
start all its processes; each also tells its worker its number.
"""

from __future__ import annotations

import multiprocessing
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from py_impl.errors import Failed, Impossible
from py_impl.lock import FREE_THREADED
from py_impl.machine import start_limits
from py_impl.models.context import context_of
from py_impl.models.crash import KIND, crashed
from py_impl.models.pool import cool, drain, enter, warm
from py_impl.run import Run

# When an executor closes, each process writes its pid into a pipe of 64 KiB that nobody reads any more, about 20 bytes.
# With 4,000 processes it hangs, with 3,200 it does not.
WORKERS_MAX = 3000

NO_THREAD = "can't start new thread"


def run(run: Run) -> None:
    if run.workers > WORKERS_MAX:
        raise Impossible(f"{run.workers} workers: a ProcessPoolExecutor of more than {WORKERS_MAX} processes hangs when it closes")
    run.gate_cold()
    context = context_of(run)
    try:
        here, go = context.Semaphore(0), context.Semaphore(0)
        executor = ProcessPoolExecutor(run.workers, context, initializer=enter, initargs=(run, here, go))
    except OSError as error:
        raise Impossible(f"cannot make the pool's semaphores in /dev/shm: {error.strerror}") from error
    # What raises from here on leaves the pool as it is: the host ends its workers, and waits for no thread of it.
    pids = everyone(run, executor, warm, here, go)
    processes = {process.pid: process for process in multiprocessing.active_children()}
    run.pids = {pid: number for number, pid in enumerate(pids)}
    run.check_workers()
    run.gate()
    try:
        drain(run, executor)
    except BrokenProcessPool as error:
        if error.__cause__ is not None:  # the text of what came of a value that did not come out of its pickle
            why = str(error.__cause__).strip("'\n").splitlines()[-1]
            raise Failed(f"the pool broke at a value between the processes: {why}") from error
        executor.shutdown()
        run.watchdog.stop_server()
        exitcodes = {number: processes[pid].exitcode for number, pid in enumerate(pids)}
        run.watchdog.note(lambda: note_crash(run, exitcodes))
        return
    run.end_pause_all()
    if run.opens_in_workers or hasattr(run.task, "worker_close") or FREE_THREADED:
        everyone(run, executor, cool, here, go)
    executor.shutdown()
    run.watchdog.stop_server()


def everyone(run: Run, executor: ProcessPoolExecutor, function, here, go) -> list[object]:
    """Has every worker call `function` once: none goes on before all have come."""

    def submit() -> list:
        return [executor.submit(function, number) for number in range(run.workers)]

    lost = []

    def thread_lost(args) -> None:
        """The pool's own thread is gone, as it could not start another one: nobody would ever come."""
        lost.append(args.exc_value)
        for _ in range(run.workers):
            here.release()

    threading.excepthook = thread_lost
    try:
        futures = run.watchdog.start(submit)
    except (OSError, RuntimeError) as error:
        raise Impossible(f"cannot start {run.workers} processes and the pool's two threads: {error} ({start_limits()})") from error
    for future in futures:
        future.add_done_callback(lambda _: here.release())  # one that is broken before it came
    for _ in futures:
        here.acquire()
    if lost:
        raise no_threads(run, lost[0])
    try:
        if any(future.done() for future in futures):
            futures[0].result()
        for _ in futures:
            go.release()
        results = [future.result() for future in futures]
    except BrokenProcessPool as error:
        if NO_THREAD in str(error.__cause__):  # CPython 3.12 and later tell it so
            raise no_threads(run, NO_THREAD) from error
        raise Failed("a worker process died before it ran any job") from error
    for _ in futures:
        here.acquire()  # those of the callbacks
    return results


def no_threads(run: Run, why: object) -> Impossible:
    return Impossible(f"cannot start the threads of a pool of {run.workers} processes: {why} ({start_limits()})")


def note_crash(run: Run, exitcodes: dict[int, int | None]) -> None:
    """The pool ends all its workers by SIGTERM when one is gone: so it was one of those that ended in another way."""
    jobs: dict[int, list[int]] = {number: [] for number in exitcodes}
    for job, number in run.slots.running():
        jobs[number].append(job)
    culprits = [number for number, exitcode in exitcodes.items() if exitcode != -signal.SIGTERM]
    if not culprits:
        why = "the pool took a worker for dead and ended all; one that closes its descriptors looks so, or ends by SIGTERM"
        for job in (running := sum(jobs.values(), [])):
            run.slots.fail(job)
        run.shared.failed(running[0] if running else None, None, KIND, why, None)
        return
    for number in culprits:
        if exitcodes[number] != 0 or jobs[number]:
            crashed(run, exitcodes[number], number, jobs[number])
    for number in exitcodes.keys() - set(culprits):
        for job in jobs[number]:
            run.slots.fail(job)
            run.shared.failed(job, number, "Crash", f"the pool broke while job {job} was running", None)
