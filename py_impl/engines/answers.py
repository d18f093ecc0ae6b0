# SPDX-License-Identifier: MIT
"""
How an engine's worker, which shares nothing with the host, answers for a job: with a message (dispensers/message.py) of its
slot, and of what failed or what a function returned. It goes the engine's own way, as what the job's call returns.
"""

from __future__ import annotations

import mmap
import os
import pickle
import time
from itertools import islice

from py_impl.contract import COMMAND, WORKER_PROCESS
from py_impl.dispenser import window
from py_impl.dispensers.message import pack_done, pack_failure, unpack_done
from py_impl.dispensers.work import take_job
from py_impl.errors import Impossible
from py_impl.one_slot import OneSlot, OwnState
from py_impl.run import Run
from py_impl.slots import FAILED, FIELDS, RUNNING, SLOT
from py_impl.worker import Worker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

WORKER, STAMPS = FIELDS.index("worker"), tuple(map(FIELDS.index, ("start_ns", "end_ns", "replied_ns")))
WINDOW_BYTES = 64 << 20  # of payloads in flight


# -- in a worker ------------------------------------------------------------------------------------------------------


class Tally:
    """
    How often each job was started, how often its worker died of it, and what each worker runs. Shared by the host and all that is
    forked from it.
    """

    def __init__(self, jobs: int, workers: int) -> None:
        self.starts, self.deaths = mmap.mmap(-1, jobs), mmap.mmap(-1, jobs)
        self._current = memoryview(mmap.mmap(-1, 8 * (workers + 1))).cast("q")  # a job's number and 1; 0: none

    def start(self, worker: int, job: int) -> None:
        self._current[worker] = job + 1
        self.starts[job] = min(255, self.starts[job] + 1)

    def end(self, worker: int) -> None:
        self._current[worker] = 0

    def died(self, worker: int) -> None:
        if self._current[worker]:
            job, self._current[worker] = self._current[worker] - 1, 0
            self.deaths[job] = min(255, self.deaths[job] + 1)
        else:
            self._current[-1] += 1

    def idle_deaths(self) -> int:
        return self._current[-1]

    def running(self) -> list[tuple[int, int]]:
        """(job, worker)"""
        return [(after - 1, worker) for worker, after in enumerate(self._current[:-1].tolist()) if after]


class Answerer:
    """A worker in a process of its own. What opening the task's worker raises comes through here."""

    def __init__(self, run: Run, number: int, tally: Tally | None = None) -> None:
        run.slots, run.shared = OneSlot(), OwnState(run.shared)
        self._run, self._number, self._tally = run, number, tally
        self._worker = Worker(run, number, WORKER_PROCESS)
        self._calls = hasattr(run.task, "call")
        self._payload = run.payload()

    def answer(self, job: int, item: object) -> bytes:
        """Runs the job. `item`: a function's, else the payload."""
        if self._tally is not None:
            self._tally.start(self._number, job)
        tail = self._work(job, item)
        if self._run.slots.states[job] == FAILED:
            tail = pack_failure(*self._run.shared.failure)
        answer = pack_done(self._number, ((job, self._run.slots.take(), tail),))
        if self._tally is not None:
            self._tally.end(self._number)
        return answer

    def _work(self, job: int, item: object) -> bytes:
        """A function's value, pickled."""
        if self._calls:
            return self._pickled(job, self._worker.call_jobs((job,), (item,))[0])
        if len(item) != self._payload:
            self._lost(job, ValueError(f"{len(item)} bytes came where {self._payload} were expected"))
        else:
            self._worker.run_jobs((job,))
        return b""

    def _pickled(self, job: int, value: object) -> bytes:
        if self._run.slots.states[job] == FAILED:
            return b""
        try:
            return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
        except Exception as error:  # whatever an object's own way of it may raise
            self._lost(job, error)
            return b""

    def _lost(self, job: int, error: Exception) -> None:
        self._run.slots.states[job] = FAILED
        self._run.shared.failed(job, self._number, type(error).__name__, f"between worker and manager: {error}", None)

    def close(self) -> None:
        self._worker.close()
        self._run.leave_process()


def open_away(state: dict[str, object], number: int) -> Answerer:
    """In a process that is none of the host's: loads and opens the task by what Run.away() says of it."""
    run = Run()
    run.__setstate__(state)
    run.load()
    return Answerer(run, number)


# -- in the host ------------------------------------------------------------------------------------------------------


def refuse_command(run: Run) -> None:
    if run.task.ASKS == COMMAND:
        raise Impossible("a command is no job of an engine: its task would have to start the program itself")


class Answers:
    """What the host has of an engine's jobs: which are under way, and their slots when they have been answered."""

    def __init__(self, run: Run) -> None:
        refuse_command(run)
        self.run = run
        self.offset_ns: Callable[[int], int] | None = None  # how far a worker's clock is ahead; None: all are on this machine
        self.in_flight: set[int] = set()
        self.tally: Tally | None = None if run.hosts else Tally(run.jobs, run.workers)  # of workers that are forked from here
        run.catch_up = self.catch_up
        self.token = os.urandom(8).hex()  # of this run, in names that others see
        self._calls = hasattr(run.task, "call")
        run.sends = run.receives = self._calls
        size = run.payload()
        self._payload = bytes(size)
        self.carries = self._calls or size > 0  # more than a job's number
        self.window = max(4 * run.workers, min(window(run.workers), WINDOW_BYTES // max(1, size)))

    def draw(self, most: int) -> list[int]:
        """The next jobs to hand over, as many as there are. In an open loop each when it is due: then `most` should be 1."""
        jobs = list(islice(self.run.dispenser, most))
        self.in_flight.update(jobs)
        return jobs

    def item(self, job: int) -> object:
        return self.run.task.item(job) if self._calls else self._payload

    def take(self, message: bytes) -> None:
        """An answer. One for a job that was given up is too late."""
        for job, slot, tail in unpack_done(message)[1]:
            if job in self.in_flight:
                self.in_flight.remove(job)
                take_job(self.run, job, self._here(slot), tail)

    def _here(self, slot: bytes) -> bytes:
        """With its stamps on this machine's clock. None starts before the gate, whatever clocks say."""
        if self.offset_ns is None:
            return slot
        fields = list(SLOT.unpack(slot))
        if offset := self.offset_ns(fields[WORKER]):
            for stamp in STAMPS:
                fields[stamp] = max(fields[stamp] - offset, self.run.ready_ns) if fields[stamp] else 0
        return SLOT.pack(*fields)

    def note(self, job: int | None, kind: str, why: str) -> None:
        self.run.shared.failed(job, None, kind, why, None)

    def lose(self, job: int, kind: str, why: str) -> None:
        """Gives a job up."""
        self.in_flight.discard(job)
        self.run.slots.fail(job)
        self.note(job, kind, why)

    def twice(self, job: int, kind: str, why: str) -> None:
        """A job was started twice, and not because its first worker had died."""
        if self.run.slots.runs[job] < 2:
            self.run.slots.runs[job] += 1
        self.note(job, kind, why)

    def catch_up(self) -> None:
        """When the time runs out: the slots get to know what is running, or where nobody here knows, what has not been answered."""
        running = [(job, 0) for job in list(self.in_flight)] if self.tally is None else self.tally.running()
        for job, worker in running:
            self.run.slots.workers[job], self.run.slots.states[job] = worker, RUNNING

    def over(self) -> None:
        """All have been answered. A function's work ends when its last value has arrived."""
        if self._calls:
            self.run.work_ns = time.monotonic_ns()
