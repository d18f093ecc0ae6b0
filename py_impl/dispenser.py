# SPDX-License-Identifier: MIT
"""
The dispenser: who hands out the next job, and when; the one seam between the models and the order of the work. An iterator
that one thread of the host draws from; a broker or another rank would be another iterator.
"""

from __future__ import annotations

import time

# Futures waiting at once: as many as keep every worker busy, so that a million jobs do not take a gigabyte.
WINDOW = 4096

TYPE_CHECKING = False  # typing itself costs more to import than this whole host
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Executor


def in_order(jobs: int) -> Iterator[int]:
    """0..jobs-1."""
    return iter(range(jobs))


def when_due(jobs: int, due: Callable[[int], int]) -> Iterator[int]:
    """The same in an open loop, each job as it arrives: so a pool is handed a job when there is one, as in a service."""
    for job in range(jobs):
        wait_until(due(job))
        yield job


def wait_until(due_ns: int) -> None:
    while (left_ns := due_ns - time.monotonic_ns()) > 0:
        time.sleep(left_ns / 1e9)


def window(workers: int) -> int:
    """How many futures of a pool may wait at once."""
    return max(WINDOW, 4 * workers)


def submit_each(jobs: Iterator[int], executor: Executor, run_job: Callable[[int], None], workers: int) -> None:
    """Hands each job to a pool as it is drawn, and returns when the last has ended."""
    from collections import deque  # which only pools need, and have imported

    waiting, most = deque(), window(workers)
    for job in jobs:
        if len(waiting) >= most:
            waiting.popleft().result()
        waiting.append(executor.submit(run_job, job))
    for future in waiting:
        future.result()
