# SPDX-License-Identifier: MIT
"""What threads may share, as functions of one's own: the same loop each time, with one thing in it that all of them touch."""

from threading import Lock

STEPS = 300_000


class Price:
    each = 1000


one = Price()
items: list[int] = []
counts: dict[int, int] = {}
lock = Lock()


def nothing(job: int) -> int:
    total = job
    for step in range(STEPS):
        total += step & 1000
    return total


def reads_one_object(job: int) -> int:
    total = job
    for step in range(STEPS):
        total += step & one.each
    return total


def appends_to_one_list(job: int) -> int:
    total = job
    for step in range(STEPS):
        items.append(step & 1000)
    return total


def updates_one_dict(job: int) -> int:
    total = job
    for step in range(STEPS):
        counts[step & 1000] = total
    return total


def takes_one_lock(job: int) -> int:
    total = job
    for step in range(STEPS):
        with lock:
            total += step & 1000
    return total
