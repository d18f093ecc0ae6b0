# SPDX-License-Identifier: MIT
"""
What tasks share whose jobs need the results of other jobs. A job's own result is made from theirs, so that one that ran too
early has a wrong one: `steps` rounds of SplitMix64 on the sum of its number and of what it needs.
"""

from __future__ import annotations

from py_impl.contract import NOTHING, RESULTS, Reply, Request
from py_impl.tasks.lib.steps import WORD, take_steps

ASK_NOTHING = Request(NOTHING)


class Needs:
    __slots__ = ("jobs", "steps")

    def __init__(self, jobs: int, steps: int) -> None:
        self.jobs = jobs
        self.steps = steps


def ask(jobs: tuple[int, ...]) -> Request:
    return Request(RESULTS, jobs=jobs) if jobs else ASK_NOTHING


def total(job: int, reply: Reply | None) -> int:
    """The job's number and the results in the reply, if there is one, modulo 2^64."""
    return job if reply is None else job + sum(memoryview(reply.body).cast("Q")) & WORD


def run(needs: Needs, worker: object, job: int, reply: Reply | None) -> int:
    """A task's `run`, where its state is a Needs."""
    return take_steps(total(job, reply), needs.steps)
