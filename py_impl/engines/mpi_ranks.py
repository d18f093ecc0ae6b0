# SPDX-License-Identifier: MIT
"""
The ranks of the model mpi. Rank 0 is the manager: it has the executor, and on the host's machine the host's slots and shared state.
Every other rank is a worker, with the task open and a slot of its own, and shares nothing with either: what crosses is what
MPIPoolExecutor pickles, a call with jobs and payloads (or a function's inputs) and the messages of answers.py back.
"""

from __future__ import annotations

import mmap
import os
import pickle
import sys
import traceback
from collections import deque
from time import monotonic_ns

from py_impl.dispenser import in_order, when_due
from py_impl.engines.answers import Answerer, Answers, open_away
from py_impl.engines.mpi import CARRIED, GO, NOT_UP, OVER, UP
from py_impl.engines.supervisor import die_with
from py_impl.failure import explain
from py_impl.run import Run
from py_impl.shared_state import SharedState
from py_impl.slots import attach


CLOCK_TRIPS = 8


class Home:
    """The host, as the manager reaches it: by descriptors of its process."""

    def __init__(self, words: list[str]) -> None:
        self.process, *self.fds = map(int, words)  # those of the run, the shared state, what workers hold, and two pipes
        self.node = os.uname().nodename

    def open(self, which: int, flags: int) -> int:
        return os.open(f"/proc/{self.process}/fd/{self.fds[which]}", flags)

    def enter(self) -> tuple[bytes, tuple]:
        """In the manager: what all ranks set the run up from, and what it alone needs."""
        self.hear, self.writes = open(self.open(3, os.O_RDONLY)), self.open(4, os.O_WRONLY)
        with open(self.open(0, os.O_RDONLY), "rb") as file:
            return pickle.load(file), pickle.load(file)

    def tell(self, *words: object) -> None:
        os.write(self.writes, (" ".join(map(str, words)) + "\n").encode())

    def ask(self, *words: object) -> list[str]:
        """Tells the host something and waits for its answer."""
        self.tell(*words)
        return self.hear.readline().split()


class Own:
    """What this process owns as a worker."""

    answerer: Answerer | None = None
    number = 0
    held: memoryview | list[int] = []


own = Own()


def main() -> None:
    die_with(os.getppid())
    from mpi4py import MPI

    comm = MPI.COMM_WORLD
    try:
        if comm.rank == 0:
            manage(comm, Home(sys.argv[1:]))
        else:
            work(comm, Home(sys.argv[1:]))
    except BaseException:
        traceback.print_exc()
        comm.Abort(1)


def answer(jobs: list[int], items: list[object]) -> list[bytes]:
    """What the executor calls, in a worker."""
    answers = []
    for job, item in zip(jobs, items):
        own.held[own.number] = job + 1
        answers.append(own.answerer.answer(job, item))
        own.held[own.number] = 0
    return answers


def work(comm, home: Home) -> None:
    from mpi4py.futures import MPICommExecutor

    node, state, sys.path[:] = comm.bcast(None)
    own.number, trouble, state["shared"] = comm.rank - 1, None, SharedState()
    own.held = [0] * state["workers"]
    if node == home.node:
        own.held = memoryview(mmap.mmap(home.open(2, os.O_RDWR), 8 * state["workers"])).cast("Q")
    try:
        own.answerer = open_away(state, own.number)
    except (Exception, SystemExit) as error:  # whatever a task may raise
        trouble = explain(error, None)
    comm.gather(trouble)
    if comm.bcast(None):
        for _ in range(CLOCK_TRIPS):
            comm.recv()
            comm.send(monotonic_ns(), 0)
        with MPICommExecutor(comm, main=False):
            pass
    if own.answerer is not None:
        own.answerer.close()
    comm.gather(state["shared"].take())


def manage(comm, home: Home) -> None:
    from mpi4py.futures import MPICommExecutor

    common, (weighs, inputs) = home.enter()
    comm.bcast((home.node, *common))
    run, trouble = Run(), None
    run.__setstate__(common[0])
    run.shared = SharedState.__new__(SharedState)
    run.shared.__setstate__((home.process, home.fds[1]))
    run.slots = attach(run.slots_path, run.jobs)
    run.slots.prefault()
    run.dispenser = in_order(run.jobs) if run.schedule is None else when_due(run.jobs, run.due)
    try:
        run.load(inputs)
    except (Exception, SystemExit) as error:  # whatever a task may raise
        trouble = explain(error, None)
    troubles = comm.gather(trouble)
    for rank, trouble in enumerate(troubles):
        if trouble is not None:
            run.shared.failed(None, rank - 1 if rank else None, *trouble)
    if comm.bcast(not any(troubles)):
        ahead_ns = [clock_ahead(comm, rank) for rank in range(1, comm.size)]
        with MPICommExecutor(comm, main=False) as executor:
            executor.bootup()
            what, *ready_ns = home.ask(UP)
            if what == GO:
                run.ready_ns = int(ready_ns[0])
                drain(run, executor, ahead_ns)
                home.ask(OVER, run.work_ns or 0)
    else:
        home.ask(NOT_UP)
    for entries in comm.gather(b"")[1:]:
        os.write(run.shared.fd, entries)
    if weighs and run.kept:
        run.weigh()
    run.settle()
    home.tell(CARRIED, *(word for pair in run.carried.items() for word in pair))


def clock_ahead(comm, rank: int) -> int:
    """
    By how many ns a worker's clock is ahead, by the round trip that took least. Within that it may be the same clock, as on one
    kernel it is, and is left alone.
    """
    trips = []
    for _ in range(CLOCK_TRIPS):
        sent_ns = monotonic_ns()
        comm.send(None, rank)
        there_ns = comm.recv(source=rank)
        trip_ns = monotonic_ns() - sent_ns
        trips.append((trip_ns, there_ns - sent_ns - trip_ns // 2))
    trip_ns, ahead_ns = min(trips)
    return ahead_ns if abs(ahead_ns) > trip_ns else 0


def drain(run: Run, executor, ahead_ns: list[int]) -> None:
    answers, waiting = Answers(run), deque()
    if any(ahead_ns):
        answers.offset_ns = ahead_ns.__getitem__

    def take() -> None:
        jobs, future = waiting.popleft()
        try:
            messages = future.result()
        except Exception as error:  # an input that cannot be pickled
            for job in jobs:
                answers.lose(job, type(error).__name__, f"between the processes: {error}")
        else:
            for message in messages:
                answers.take(message)

    while jobs := answers.draw(run.knobs["chunk"]):
        if len(waiting) >= answers.window:
            take()
        waiting.append((jobs, executor.submit(answer, jobs, [answers.item(job) for job in jobs])))
    while waiting:
        take()
    answers.over()
