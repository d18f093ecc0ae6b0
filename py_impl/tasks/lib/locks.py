# SPDX-License-Identifier: MIT
"""
Locks that threads and forked processes share, for tasks whose jobs change something in common. They are those of `threading` and of
`multiprocessing`, and know which job holds them and which job waits for which: so a job can say how long it has waited for locks,
and a circle of jobs each of which waits for what the next one holds, in which a run would hang, is the failure of one of them,
Deadlock. The counterpart in C is c_impl/tasks/lib/locks.h.
"""

from __future__ import annotations

import os
from _thread import allocate_lock
from time import monotonic_ns

from py_impl.contract import WORKER_PROCESS, NotPossible
from py_impl.tasks.lib.shared import shared_words

LOOK_S = 0.1  # a job that has waited that long looks for a circle, and again each time
CIRCLE_MAX = 64  # jobs; one of more is not found


class Deadlock(Exception):
    """The job waits for a lock that is not given back before this job gives back one of its own."""


class Locks:
    """`count` locks, all free; made in the task's `open`, before it is known whether its workers are threads or processes."""

    __slots__ = ("noun", "holders", "awaits", "of_threads", "of_processes")

    def __init__(self, noun: str, count: int, jobs: int) -> None:
        self.noun = noun  # what a message calls one of them: "account"
        self.holders = shared_words(count)  # of each the job that has it, and 1; 0: none has
        self.awaits = shared_words(jobs, "I")  # of each job the lock that it waits for, and 1; 0: it waits for none
        self.of_threads = [allocate_lock() for _ in range(count)]
        self.of_processes = process_locks(count)

    def user(self, flags: int) -> User:
        """Who takes them, for a task's worker_open."""
        return User(self, self.of_processes if flags & WORKER_PROCESS else self.of_threads)

    def circle(self, job: int, number: int) -> list[tuple[int, int]]:
        """
        Of a job that waits for lock `number`: the circle of jobs, each with the lock that it waits for and the next one holds; none: [].
        What a single walk sees need not have been so at one moment: a job may have given a lock back before it began to wait for
        another. As many walks as the circle has jobs, all alike, are proof. This job waits throughout. So the last one, which waits
        for what this one holds, has been stuck since the first walk; what it is seen to hold in the second it will keep, so that
        the one before it has been stuck since then; and so on, to the front.
        """
        found = self._walk(job, number)
        alike = all(self._walk(job, number) == found for _ in range(1, len(found)))
        return found if alike else []

    def _walk(self, job: int, number: int) -> list[tuple[int, int]]:
        at, found = job, []
        while len(found) < CIRCLE_MAX:
            found.append((at, number))
            at = self.holders[number] - 1
            if at == job:
                return found
            number = self.awaits[at] - 1 if at >= 0 else -1
            if number < 0:
                return []
        return []

    def told(self, circle: list[tuple[int, int]]) -> str:
        (job, number), last = circle[0], circle[-1][1]
        noun = self.noun
        return f"job {job} holds {noun} {last} and waits for {noun} {number}" + "".join(
            f", which job {job} holds, which waits for {noun} {number}" for job, number in circle[1:])


class User:
    """A worker of a task that takes them."""

    __slots__ = ("job", "waited_ns", "_locks", "_each", "_holders")

    def __init__(self, locks: Locks, each: list) -> None:
        self.job = 0  # the task's `run` fills it in,
        self.waited_ns = 0  # and empties this: how long the job has waited for locks
        self._locks = locks
        self._each = each
        self._holders = locks.holders

    def take(self, number: int) -> None:
        """Waits for it where another job has it. Deadlock: it waits for one of this job's, and is not taken."""
        if not self._each[number].acquire(False):
            self._wait(number)
        self._holders[number] = self.job + 1

    def give(self, number: int) -> None:
        self._holders[number] = 0
        self._each[number].release()

    def _wait(self, number: int) -> None:
        locks, job, lock, begun = self._locks, self.job, self._each[number], monotonic_ns()
        locks.awaits[job] = number + 1
        try:
            while not lock.acquire(True, LOOK_S):
                circle = locks.circle(job, number)
                if circle:
                    raise Deadlock(locks.told(circle))
        finally:
            locks.awaits[job] = 0
            self.waited_ns += monotonic_ns() - begun


def waited(state: object, user: User) -> int:
    """A task's `waited`, where its worker is a User."""
    return user.waited_ns


def process_locks(count: int) -> list:
    """
    multiprocessing.Lock's own semaphores. They are made before it is known whether anyone will use them, and multiprocessing takes
    longer to import than all the rest.
    """
    from _multiprocessing import SemLock

    # As the locks of a pool are named, by which the driver removes what a host that was killed has left; else gone at once.
    prefix = os.path.basename(os.environ.get("COBENCH_SCRATCH", "cobench"))
    kind = 1  # a semaphore and no recursive lock, as multiprocessing.synchronize has it
    try:
        return [SemLock(kind, 1, 1, f"/{prefix}-{os.urandom(6).hex()}", True) for _ in range(count)]
    except OSError as error:
        raise NotPossible(f"cannot make semaphores in /dev/shm: {error.strerror}") from error
