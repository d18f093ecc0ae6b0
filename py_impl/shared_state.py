# SPDX-License-Identifier: MIT
"""
The shared state: where workers, threads or processes, leave what the record says beside the slots: failures, the
connections opened, that Python's lock was on in a free-threaded build, and what was seen of hazards. An anonymous file that everyone appends to: each entry is one write, so nothing is ever locked and
a worker killed at any instant leaves it whole. Entries are marshalled, as marshal is the one serialiser that
costs no import.
"""

from __future__ import annotations

import io
import marshal
import os

# Failures beyond this much text are not kept one by one: the record lists eight, and the slots tell how many.
LIMIT_BYTES = 4 << 20

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_CONNECTION = marshal.dumps(None)  # one byte


class SharedFile:
    """An anonymous file of one process, its home, that others append to as well."""

    __slots__ = ("fd", "home")

    def __init__(self) -> None:
        anonymous = os.memfd_create("cobench")
        self.__setstate__((os.getpid(), anonymous))
        os.close(anonymous)

    def __getstate__(self) -> tuple[int, int]:
        return self.home, self.fd

    def __setstate__(self, state: tuple[int, int]) -> None:
        """In a process that was not forked from its home, or in another interpreter there."""
        self.home, fd = state
        self.fd = os.open(f"/proc/{self.home}/fd/{fd}", os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)


class SharedState(SharedFile):
    __slots__ = ()

    def connected(self) -> None:
        os.write(self.fd, _CONNECTION)

    def failed(self, job: int | None, worker: int | None, kind: str, message: str, line: int | None) -> None:
        if os.fstat(self.fd).st_size < LIMIT_BYTES:
            os.write(self.fd, marshal.dumps((job, worker, kind, message, line)))

    def locked(self, by: str) -> None:
        """A worker found the lock on, by the import of that module (empty: not known)."""
        os.write(self.fd, marshal.dumps(by))

    def hazard(self, kind: str, amount: int, text: str) -> None:
        """A worker or the host has seen one; of several of a kind the one of the greatest amount is told."""
        os.write(self.fd, marshal.dumps([kind, amount, text]))

    def take(self) -> bytes:
        """All entries, to be appended elsewhere."""
        return os.pread(self.fd, os.fstat(self.fd).st_size, 0)

    def _entries(self) -> Iterator[object]:
        data = os.pread(self.fd, os.fstat(self.fd).st_size, 0)
        stream = io.BytesIO(data)
        while stream.tell() < len(data):
            yield marshal.load(stream)

    def read(self) -> tuple[list[dict[str, object]], int]:
        """The failures and the number of connections, so far."""
        failures, connections = [], 0
        for entry in self._entries():
            if entry is None:
                connections += 1
            elif isinstance(entry, tuple):
                failures.append(dict(zip(("job", "worker", "type", "message", "line"), entry)))
        return failures, connections

    def locked_by(self) -> str | None:
        """What a worker that found the lock on said; None: none did."""
        return max((entry for entry in self._entries() if isinstance(entry, str)), default=None)

    def hazards(self) -> list[dict[str, str]]:
        worst: dict[str, list] = {}
        for entry in self._entries():
            if isinstance(entry, list) and entry[1] > worst.get(entry[0], (None, -1))[1]:
                worst[entry[0]] = entry
        return [{"kind": kind, "text": text} for kind, _, text in worst.values()]

    def close(self) -> None:
        os.close(self.fd)
