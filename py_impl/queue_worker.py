# SPDX-License-Identifier: MIT
"""
`worker`: takes jobs of a queue in Redis that a manager elsewhere has made, in this host or in C, and answers with slots and
failures (docs/interfaces.md, "A queue in Redis"). It ends when it is told that there are no more jobs, or when the queue is
gone.
"""

from __future__ import annotations

import time

from py_impl.contract import WORKER_PROCESS, RequestFailed
from py_impl.dispensers.message import STOP, pack_done, pack_failure, pack_trouble
from py_impl.dispensers.redis_ import End, clock_offset, patiently
from py_impl.dispensers.work import LOST, unpickled, value_tail
from py_impl.errors import Failed, Impossible, Usage
from py_impl.one_slot import OneSlot, OwnState
from py_impl.run import Run
from py_impl.slots import FAILED
from py_impl.worker import Worker, open_worker

GONE_S = 3.0  # how long a queue may be without its manager's clock


class RemoteEnd(End):
    def __init__(self, number: int, url: str, prefix: str) -> None:
        super().__init__(number, url, prefix)
        self.seen = time.monotonic()  # when the queue was last known to be there

    def open(self, run: Run) -> None:
        super().open(run)
        clock = patiently(lambda: self.redis.get(self.keys.clock))
        if clock is None:
            raise Failed(f"there is no queue '{self.prefix}'")
        of_manager, noise = map(int, clock.split())
        own, own_noise = clock_offset(self.redis)
        self.shift_ns = own - of_manager if abs(own - of_manager) > noise + own_noise else 0

    def greet(self, why: str | None = None) -> None:
        """Says that it is up, or why it is not."""
        message = pack_done(self.number, []) if why is None else pack_trouble(self.number, why)
        patiently(lambda: self.redis.rpush(self.keys.done, message))

    def answer(self, worker: Worker, parts: list[tuple[int, memoryview]]) -> bytes:
        return pack_done(self.number, [(job, *self.run_job(worker, job, payload)) for job, payload in parts])

    def run_job(self, worker: Worker, job: int, payload: memoryview) -> tuple[bytes, bytes]:
        """A job's slot and tail."""
        slots, tail = self.run.slots, b""
        if not self.function:
            self.check(job, payload)
            worker.run_jobs((job,))
        elif (item := unpickled(self.run, job, payload)) is not LOST:
            tail = value_tail(self.run, job, worker.call_jobs((job,), (item,))[0])
        if slots.states[job] == FAILED:
            tail = pack_failure(*self.run.shared.failure)
        return slots.take(self.shift_ns), tail

    def close(self) -> None:
        patiently(lambda: self.redis.delete(self.taken))  # the last word, of which a manager may not know who took it
        super().close()

    def over(self) -> bool:
        now = time.monotonic()
        if patiently(lambda: self.redis.exists(self.keys.clock)):
            self.seen = now
        return now - self.seen > GONE_S


def serve(run: Run, number: int, prefix: str) -> None:
    """Until there are no more jobs. Of `run` all is known but what prepare() sets up."""
    run.slots, run.shared = OneSlot(), OwnState()
    end = RemoteEnd(number, run.services["redis"], prefix)
    try:
        end.open(run)
        try:
            run.prepare()
            run.turn_knobs()
            worker = open_worker(run, number, WORKER_PROCESS)
            if worker is None:
                raise Failed("worker does not open: {}: {}".format(*run.shared.failure))
        except (Usage, Impossible, Failed) as error:
            end.greet(str(error))
            raise
        end.greet()
        end.serve(worker)
        worker.close()
        run.close_task()
        end.close()
    except RequestFailed as error:  # of the server
        raise Failed(str(error)) from error
