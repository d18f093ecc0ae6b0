# SPDX-License-Identifier: MIT
"""How a function's values come back from worker processes where no message does: by a multiprocessing.Queue."""

from __future__ import annotations

from time import monotonic_ns

from py_impl.dispensers import is_function
from py_impl.dispensers.work import POLL_S, take_job
from py_impl.dispensers.message import unpack_done

TYPE_CHECKING = False
if TYPE_CHECKING:
    from py_impl.run import Run


class Values:
    def __init__(self, run: Run, pool) -> None:
        self.run, self.pool = run, pool
        crosses = pool.context is not None and is_function(run)
        run.receives = run.receives or crosses
        self.queue = pool.context.Queue() if crosses else None  # None: they stay in this process

    def collect(self, left: int) -> None:
        """Takes those of so many jobs."""
        if self.queue is None:
            return
        from queue import Empty

        while left:
            try:
                _, jobs, _ = unpack_done(self.queue.get(timeout=POLL_S))
            except Empty:
                self.pool.check()
                continue
            for ended in jobs:
                take_job(self.run, *ended)
            left -= len(jobs)
        self.run.work_ns = monotonic_ns()

    def close(self) -> None:
        if self.queue is not None:
            self.queue.close()
