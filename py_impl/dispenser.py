# SPDX-License-Identifier: MIT
"""
The dispenser: who hands out the next job, and when; the one seam between the models and the order of the work. An iterator
that one thread of the host draws from; a broker or another rank would be another iterator.
"""

from __future__ import annotations

import time

TYPE_CHECKING = False  # typing itself costs more to import than this whole host
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def in_order(jobs: int) -> Iterator[int]:
    """0..jobs-1."""
    return iter(range(jobs))


def when_due(jobs: int, due: Callable[[int], int]) -> Iterator[int]:
    """The same in an open loop, each job as it arrives: so a pool is handed a job when there is one, as in a service."""
    for job in range(jobs):
        due_ns = due(job)
        while (left_ns := due_ns - time.monotonic_ns()) > 0:
            time.sleep(left_ns / 1e9)
        yield job
