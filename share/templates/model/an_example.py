# SPDX-License-Identifier: MIT
"""`workers` threads, started when the gate is open, that take jobs from a queue until there are no more."""

from __future__ import annotations

import threading
from queue import SimpleQueue

from py_impl.errors import Impossible
from py_impl.machine import start_limits
from py_impl.run import Run
from py_impl.worker import open_worker


def run(run: Run) -> None:
    jobs = SimpleQueue()
    ended = threading.Semaphore(0)  # released by each thread that has no more jobs
    over = threading.Event()

    def thread(number: int) -> None:
        worker = open_worker(run, number)  # None: why is noted
        try:
            if worker is not None:
                worker.run_jobs(iter(jobs.get, None))
        finally:
            ended.release()
        over.wait()
        if worker is not None:
            worker.close()

    threads = [threading.Thread(target=thread, args=(number,), daemon=True) for number in range(run.workers)]
    run.gate()  # what is before it is set-up, what is after it is work
    try:
        for each in threads:
            each.start()
    except RuntimeError as error:
        raise Impossible(f"cannot start {run.workers} threads: {error} ({start_limits()})") from error
    for job in run.dispenser:
        jobs.put(job)
    for _ in threads:
        jobs.put(None)
    for _ in threads:
        ended.acquire()
    run.end_pause_all()
    over.set()
    for each in threads:
        each.join()
