# SPDX-License-Identifier: MIT
"""A thread for each job, at most `workers` at once. What a thread opens (the task's worker, a connection) it closes."""

from __future__ import annotations

import threading

from py_impl.errors import Impossible
from py_impl.machine import start_limits
from py_impl.run import Run
from py_impl.worker import open_worker


class JobThread(threading.Thread):
    """A thread of this model's own: a task may have others, which are none of ours to wait for."""


def run(run: Run) -> None:
    free = threading.Semaphore(run.workers)

    def thread(job: int) -> None:
        try:
            worker = open_worker(run, job, job=job)
            if worker is not None:
                worker.run_jobs((job,))
                run.end_pause_last()
                worker.close()
        finally:
            free.release()

    run.gate()
    for job in run.dispenser:
        free.acquire()
        if run.join is not None and not run.join.claim(job, job):
            free.release()
            continue
        try:
            # Daemons: should the host give up, nobody waits for those that are left.
            JobThread(target=thread, args=(job,), daemon=True).start()
        except RuntimeError as error:
            raise Impossible(f"cannot start a thread for job {job}: {error} ({start_limits()})") from error
    for _ in range(run.workers):
        free.acquire()
    for left in threading.enumerate():
        if isinstance(left, JobThread):
            left.join()
