# SPDX-License-Identifier: MIT
"""What the workers of a server have answered, counted in memory that all its processes share."""

from __future__ import annotations

import mmap
import os
import threading

CELL = 512  # bytes a worker, so that no two share a cache line: four numbers, and the reason of its first failure
REQUESTS, REFUSED, ERRORS, DIED = range(4)
REASON, REASON_MAX = 32, CELL - 32 - 1


class Tally:
    def __init__(self, workers: int) -> None:
        self._map = mmap.mmap(-1, workers * CELL)
        self._counts = memoryview(self._map).cast("Q")
        self._workers = workers
        self._lock = threading.Lock()  # of the threads of one process; no two processes write into a cell
        self.number = 0  # which worker this process is

    def add(self, answer: tuple[int, bytes]) -> None:
        status, body = answer
        what = REQUESTS if status == 200 else ERRORS if status == 500 else REFUSED
        with self._lock:
            self._counts[self.number * CELL // 8 + what] += 1
            if what == ERRORS:
                self._note(self.number, body)

    def died(self, number: int, reason: str) -> None:
        """In the first process, of a worker that is gone."""
        self._counts[number * CELL // 8 + DIED] += 1
        self._note(number, reason.encode())

    def _note(self, number: int, reason: bytes) -> None:
        at = number * CELL + REASON
        if self._map[at] == 0:
            self._map[at : at + min(len(reason), REASON_MAX)] = reason[:REASON_MAX]

    def read(self) -> dict[str, object]:
        """As the last line has it."""
        counts = [self._counts[n * CELL // 8 : n * CELL // 8 + 4].tolist() for n in range(self._workers)]
        texts = (self._map[n * CELL + REASON : (n + 1) * CELL].partition(b"\0")[0] for n in range(self._workers))
        reasons = [text.decode("utf-8", "replace").strip() for text in texts if text]
        return {
            "requests": sum(count[REQUESTS] for count in counts),
            "per_worker": [count[REQUESTS] for count in counts],
            "refused": sum(count[REFUSED] for count in counts),
            "errors": sum(count[ERRORS] for count in counts),
            "died": sum(count[DIED] for count in counts),
            "reason": reasons[0] if reasons else None,
        }
