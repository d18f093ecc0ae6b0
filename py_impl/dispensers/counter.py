# SPDX-License-Identifier: MIT
"""
`counter`: the next job's number, under a lock (threading.Lock, or that of a multiprocessing.Value). In an open loop who has
drawn a job waits until it is due. A function's values come from worker processes by a queue.
"""

from __future__ import annotations

from py_impl.dispenser import wait_until
from py_impl.dispensers.values import Values
from py_impl.dispensers.work import WorkerEnd, pack_values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from py_impl.run import Run
    from py_impl.worker import Worker


class Number:
    """What a multiprocessing.Value is to processes."""

    def __init__(self) -> None:
        from threading import Lock

        self.value, self.lock = 0, Lock()

    def get_lock(self):
        return self.lock


class Manager:
    def __init__(self, run: Run, pool) -> None:
        self.jobs = run.jobs
        self.next = Number() if pool.context is None else pool.context.Value("Q", 0)
        self.values = Values(run, pool)

    def end(self, number: int) -> End:
        return End(number, self.next, self.values.queue)

    def feed(self) -> None:
        self.values.collect(self.jobs)

    def stop(self, numbers: list[int]) -> None:
        """They see it for themselves."""

    def close(self) -> None:
        self.values.close()


class End(WorkerEnd):
    def __init__(self, number: int, next, values) -> None:
        self.number, self.next, self.values = number, next, values

    def serve(self, worker: Worker) -> None:
        run, number = self.run, self.next
        lock, jobs, scheduled = number.get_lock(), run.jobs, run.schedule is not None
        run_jobs = worker.run_jobs if self.values is None else lambda jobs: self.send(worker, jobs)
        while True:
            with lock:
                job = number.value
                number.value = job + 1
            if job >= jobs:
                return
            if scheduled:
                wait_until(run.due(job))
            run_jobs((job,))

    def send(self, worker: Worker, jobs: tuple[int]) -> None:
        values = worker.call_jobs(jobs, self.run.task.items(jobs))
        self.values.put(pack_values(self.run, self.number, jobs, dict(zip(jobs, values))))
