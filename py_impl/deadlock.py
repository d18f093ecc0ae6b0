# SPDX-License-Identifier: MIT
"""
Deadlocks of jobs that wait for jobs, as the slots show them from outside: all jobs that run wait, in a circle, or with all workers for
jobs that none of them is free to begin. c_impl/host/join.c has the same words.
"""

from __future__ import annotations

from py_impl.slots import DONE, EMPTY, RUNNING

KIND = "Deadlock"  # of the failures
CIRCLE_NAMED, LISTED = 8, 3  # jobs in a message

TYPE_CHECKING = False
if TYPE_CHECKING:
    from py_impl.slots import Slots


class Lookout:
    def __init__(self, slots: Slots, workers: int, blocks: bool, can_help: bool) -> None:
        self._slots = slots
        self._workers = workers
        self._blocks = blocks  # a job that waits keeps its worker from all others
        self._can_help = can_help  # the model has the knob
        self._witness = 0  # a job that ran and did not wait: as long as that is so nothing stands still
        self._seen: dict[int, int] | None = None

    def look(self) -> tuple[str, dict[int, int]] | None:
        """
        The deadlock, and for which job each waits; None: there is none, or it has been seen but once. The slots are not read at one
        instant; but what two looks find alike was so all the time between them, as no job that blocks waits for another twice, and
        in a circle each one waits for good.
        """
        waiting = self._standstill()
        again, self._seen = waiting is not None and waiting == self._seen, waiting
        if not again:
            return None
        circle = find_circle(waiting)
        return "deadlock: " + (circle_words(circle) if circle else self._starved_words(waiting)), waiting

    def _standstill(self) -> dict[int, int] | None:
        """For which job each of the running ones waits, where none can go on."""
        states = self._slots.states
        if states[self._witness] == RUNNING and self._awaited(self._witness) is None:
            return None
        waiting = {}
        for job, state in enumerate(states.tolist()):
            if state == RUNNING:
                other = self._awaited(job)
                if other is None:
                    self._witness = job
                    return None
                waiting[job] = other
        full = self._blocks and len(waiting) >= self._workers
        return waiting if full or find_circle(waiting) else None

    def _awaited(self, job: int) -> int | None:
        """The job that it waits for. None: it does not, or that has ended."""
        other = self._slots.commands[job] - 1
        return other if other >= 0 and self._slots.states[other] < DONE else None

    def _starved_words(self, waiting: dict[int, int]) -> str:
        states = self._slots.states.tolist()
        needed = sorted({job for job in waiting.values() if states[job] == EMPTY})
        enough = self._workers + needed[0] - states.index(EMPTY) + 1  # jobs begin in their order
        s = "s" * (self._workers > 1)
        return (
            f"{len(waiting)} of {self._workers} worker{s} wait{'s' * (not s)} for {jobs_words(needed)}, which no worker is free to run; "
            f"at least {enough} workers{', --join help' * self._can_help} or async may do"
        )


def find_circle(waiting: dict[int, int]) -> list[int]:
    """Jobs each of which waits for the next, and the last for the first; empty: there are no such."""
    done: set[int] = set()
    for job in waiting:
        path: dict[int, None] = {}
        while job in waiting and job not in done and job not in path:
            path[job] = None
            job = waiting[job]
        if job in path:
            way = list(path)
            return way[way.index(job) :]
        done.update(path)
    return []


def circle_words(circle: list[int]) -> str:
    """From the lowest on."""
    at = circle.index(min(circle))
    jobs = circle[at:] + circle[: at + 1]
    words = f"job {jobs[0]} waits for " + ", which waits for ".join(f"job {job}" for job in jobs[1 : CIRCLE_NAMED + 1])
    return words + f", and so on, in a circle of {len(circle)} jobs" * (len(circle) > CIRCLE_NAMED)


def jobs_words(jobs: list[int]) -> str:
    """Of one or more, in their order."""
    if len(jobs) == 1:
        return f"job {jobs[0]}"
    if len(jobs) > 2 and jobs[-1] - jobs[0] == len(jobs) - 1:
        return f"jobs {jobs[0]} to {jobs[-1]}"
    if len(jobs) > LISTED:
        return f"jobs {', '.join(map(str, jobs[:LISTED]))} and {len(jobs) - LISTED} more"
    return f"jobs {', '.join(map(str, jobs[:-1]))} and {jobs[-1]}"


def waits_for(job: int) -> str:
    return f"waits for job {job}"
