# SPDX-License-Identifier: MIT
"""
Both sides of what crosses in messages: the manager packs jobs and takes what comes back, a worker runs what came. A function's
items and values are pickled one by one, so that what cannot be is that job's failure alone.
"""

from __future__ import annotations

from itertools import islice
from time import monotonic_ns

from py_impl.dispenser import wait_until
from py_impl.dispensers import is_function
from py_impl.dispensers.message import FILLED, pack_done, pack_jobs, unpack_done, unpack_failure, unpack_jobs
from py_impl.errors import Failed
from py_impl.slots import DONE, FAILED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from multiprocessing.connection import Connection

    from py_impl.run import Run
    from py_impl.worker import Worker

LOST = object()
# The host's ends of pipes, of which a forked worker closes its copies: else no other would ever hear that the host has gone.
ends_of_host: list[Connection] = []
POLL_S = 0.2  # how long a manager waits before it looks whether a worker is lost


class Sender:
    """The manager's side."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.chunk = 1 if run.looping else run.knobs["chunk"]  # jobs in a message
        self.out: set[int] = set()  # jobs handed out that have not ended
        self.function = is_function(run)
        if self.function:
            run.sends = run.receives = True
        else:
            self.filler = bytes(run.payload())

    def messages(self) -> Iterator[bytes]:
        for jobs in self.in_time() if self.run.schedule is not None and self.chunk > 1 else self.in_order():
            if message := self.pack(jobs):
                yield message

    def in_order(self) -> Iterator[list[int]]:
        """`chunk` jobs each."""
        while jobs := list(islice(self.run.dispenser, self.chunk)):
            yield jobs

    def in_time(self) -> Iterator[list[int]]:
        """In an open loop at most so many, of those that are due."""
        jobs: list[int] = []
        for job in range(self.run.jobs):
            due_ns = self.run.due(job)
            if len(jobs) == self.chunk or jobs and due_ns > monotonic_ns():
                yield jobs
                jobs = []
            wait_until(due_ns)
            jobs.append(job)
        yield jobs

    def pack(self, jobs: list[int]) -> bytes | None:
        """None: none of them could be pickled."""
        parts = [(job, pickled(self.run, job)) for job in jobs] if self.function else [(job, self.filler) for job in jobs]
        parts = [part for part in parts if part[1] is not None]
        self.out.update(job for job, _ in parts)
        return pack_jobs(parts) if parts else None

    def take(self, message: bytes) -> int:
        """A worker's answer: what it says goes into the slots and the shared state. Its number."""
        worker, jobs, why = unpack_done(message)
        if why:
            raise Failed(f"worker {worker} does not open: {why}")
        for job, slot, tail in jobs:
            if job in self.out:
                self.out.remove(job)
                take_job(self.run, job, slot, tail)
            else:
                self.repeated(job, worker, slot)
        return worker

    def repeated(self, job: int, worker: int, slot: bytes) -> None:
        """The answer for a job that is not out."""
        raise Failed(f"worker {worker} answered for job {job}, which nobody had handed to it")

    def finished(self) -> None:
        """The work of a function ends when the last value is here."""
        if self.function:
            self.run.work_ns = monotonic_ns()


def pickled(run: Run, job: int) -> bytes | None:
    """What a function is called with; None where that is the job's failure."""
    from pickle import dumps

    try:
        return dumps(run.task.item(job))
    except Exception as error:  # whatever a user's class may raise
        lost(run, job, error)
        return None


def take_job(run: Run, job: int, slot: bytes, tail: bytes) -> None:
    if slot != FILLED:
        run.slots.copy(job, slot)
        if run.hosts:  # whose clocks are compared with ours, as well as that can be: none starts before the gate
            run.slots.starts[job] = max(run.slots.starts[job], run.ready_ns)
        if run.slots.states[job] == FAILED:
            run.shared.failed(job, run.slots.workers[job], *unpack_failure(tail))
    if tail and run.slots.states[job] == DONE:
        from pickle import loads

        try:
            run.kept.append(((job,), (loads(tail),)))
        except Exception as error:  # a value that does not come out of its pickle
            lost(run, job, error)


def lost(run: Run, job: int, error: Exception) -> None:
    run.slots.fail(job)
    run.shared.failed(job, None, type(error).__name__, f"between manager and worker: {error}", None)


class WorkerEnd:
    """A worker's side."""

    def open(self, run: Run) -> None:
        self.run = run

    def sent(self) -> None:
        pass

    def close(self) -> None:
        pass


class Receiver(WorkerEnd):
    """One that takes messages; subclasses say how these come."""

    number = 0

    def open(self, run: Run) -> None:
        super().open(run)
        self.function = is_function(run)
        self.length = 0 if self.function else run.payload()

    def take(self, answer: bytes | None) -> bytes:
        """Sends the answer to the last message, if there was one, and waits for the next."""
        raise NotImplementedError

    def serve(self, worker: Worker) -> None:
        message = self.take(None)
        while jobs := unpack_jobs(message):
            message = self.take(self.answer(worker, jobs))

    def answer(self, worker: Worker, parts: list[tuple[int, memoryview]]) -> bytes:
        """Runs the jobs of a message."""
        if self.function:
            return call(self.run, worker, self.number, parts)
        for job, payload in parts:
            self.check(job, payload)
        jobs = [job for job, _ in parts]
        worker.run_jobs(jobs)
        return pack_done(self.number, [(job, FILLED, b"") for job in jobs])

    def check(self, job: int, payload: memoryview) -> None:
        if len(payload) != self.length:
            raise Failed(f"job {job} came with {len(payload)} bytes where {self.length} were expected")


def call(run: Run, worker: Worker, number: int, parts: list[tuple[int, bytes]]) -> bytes:
    """Calls a function with pickled items: its values, as they go back."""
    items = {job: item for job, pickled in parts if (item := unpickled(run, job, pickled)) is not LOST}
    values = dict(zip(items, worker.call_jobs(list(items), list(items.values()))))
    return pack_values(run, number, [job for job, _ in parts], values)


def unpickled(run: Run, job: int, item: bytes) -> object:
    """What a function is called with; LOST where that is the job's failure."""
    from pickle import loads

    try:
        return loads(item)
    except Exception as error:  # whatever a user's class may raise
        lost(run, job, error)
        return LOST


def pack_values(run: Run, number: int, jobs: Iterable[int], values: dict[int, object]) -> bytes:
    """Of those that have none there is an answer, too."""
    return pack_done(number, [(job, FILLED, value_tail(run, job, values.get(job))) for job in jobs])


def value_tail(run: Run, job: int, value: object) -> bytes:
    from pickle import dumps

    if run.slots.states[job] != DONE:
        return b""
    try:
        return dumps(value)
    except Exception as error:  # one that cannot be pickled
        lost(run, job, error)
        return b""
