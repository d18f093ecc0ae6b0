# SPDX-License-Identifier: MIT
"""
`queue`: queue.SimpleQueue between threads, multiprocessing.Queue between processes, with a None for each worker behind the last
job. A function's values come from worker processes by a second one.
"""

from __future__ import annotations

import time

from py_impl.dispenser import window
from py_impl.dispensers.values import Values
from py_impl.dispensers.work import POLL_S, WorkerEnd, call, pickled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from py_impl.run import Run
    from py_impl.worker import Worker


class Manager:
    def __init__(self, run: Run, pool) -> None:
        self.run, self.pool, self.most = run, pool, window(run.workers)
        self.values = Values(run, pool)
        if pool.context is None:
            from queue import SimpleQueue

            self.queue = SimpleQueue()
        else:
            self.queue = pool.context.Queue(self.most)
            run.sends = self.values.queue is not None

    def end(self, number: int) -> End:
        return End(number, self.queue, self.values.queue)

    def feed(self) -> None:
        called = 0
        for job in self.run.dispenser:
            if self.values.queue is None:
                self.put(job)
            elif (item := pickled(self.run, job)) is not None:
                self.put((job, item))
                called += 1
        for _ in range(self.run.workers):
            self.put(None)
        self.values.collect(called)

    def put(self, what: object) -> None:
        """Waits where the queue is full. What goes to processes has to be sure to be pickled: another thread does that."""
        if self.pool.context is None:
            while self.queue.qsize() >= self.most:  # a SimpleQueue has no bound of its own
                time.sleep(0.001)
            self.queue.put(what)
            return
        from queue import Full

        while True:
            try:
                return self.queue.put(what, timeout=POLL_S)
            except Full:
                self.pool.check()

    def stop(self, numbers: list[int]) -> None:
        """The end is in the queue."""

    def close(self) -> None:
        self.values.close()
        if self.pool.context is not None:
            self.queue.cancel_join_thread()
            self.queue.close()


class End(WorkerEnd):
    def __init__(self, number: int, queue, values) -> None:
        self.number, self.queue, self.values = number, queue, values

    def serve(self, worker: Worker) -> None:
        if self.values is None:
            run_jobs = worker.run_jobs
            for job in iter(self.queue.get, None):
                run_jobs((job,))
            return
        for part in iter(self.queue.get, None):
            self.values.put(call(self.run, worker, self.number, (part,)))
