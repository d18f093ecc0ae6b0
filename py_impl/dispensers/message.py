# SPDX-License-Identifier: MIT
"""
What crosses between the manager, who hands out the jobs, and a worker that it reaches by messages: the counterpart of
common/message.h, which says what is in them. Items and values of a Python function cross by pickle: an item as its job's
payload, a value as its tail.
"""

from __future__ import annotations

from struct import Struct, error

from py_impl.slots import SLOT_BYTES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_COUNT = Struct("<I")
_JOB = Struct("<QI")  # job, length of its payload
_DONE = Struct("<II")  # worker, count
_ENDED = Struct(f"<Q{SLOT_BYTES}sI")  # job, slot, length of its tail

STOP = _COUNT.pack(0)
FILLED = bytes(SLOT_BYTES)  # in the place of a slot: the worker shares the manager's, and has filled in its job's


def pack_jobs(jobs: Iterable[tuple[int, bytes]]) -> bytes:
    """Jobs and their payloads."""
    parts = [b""]
    for job, payload in jobs:
        parts += _JOB.pack(job, len(payload)), payload
    parts[0] = _COUNT.pack(len(parts) // 2)
    return b"".join(parts)


def unpack_jobs(message: bytes) -> list[tuple[int, memoryview]]:
    """Empty: no more are to come. ValueError where it is no such message."""
    return [(job, tail) for job, tail in _unpack(message, 0, _COUNT, _JOB)]


def pack_done(worker: int, jobs: Iterable[tuple[int, bytes, bytes]]) -> bytes:
    """Jobs that have ended, their slots (or FILLED) and tails. No job: the worker is up."""
    parts = [b""]
    for job, slot, tail in jobs:
        parts += _ENDED.pack(job, slot, len(tail)), tail
    parts[0] = _DONE.pack(worker, len(parts) // 2)
    return b"".join(parts)


def pack_trouble(worker: int, why: str) -> bytes:
    """In the place of the message that it is up."""
    return _DONE.pack(worker, 0) + why.encode(errors="replace")


def unpack_done(message: bytes) -> tuple[int, list[tuple[int, bytes, memoryview]], str]:
    """The worker, the jobs that have ended, and why it cannot work. ValueError where it is no such message."""
    if len(message) < _DONE.size:
        raise ValueError(f"no message: {len(message)} bytes")
    worker, count = _DONE.unpack_from(message)
    if count == 0:
        return worker, [], message[_DONE.size :].decode(errors="replace")
    return worker, list(_unpack(message, 4, _COUNT, _ENDED)), ""


def pack_failure(kind: str, message: str, line: int | None) -> bytes:
    """The tail of a job that failed."""
    return b"\0".join((kind.encode(errors="replace"), b"%d" % (line or 0), message.encode(errors="replace")))


def unpack_failure(tail: bytes) -> tuple[str, str, int | None]:
    kind, line, message = bytes(tail).split(b"\0", 2)
    return kind.decode(errors="replace"), message.decode(errors="replace"), int(line) or None


def _unpack(message: bytes, at: int, count: Struct, part: Struct):
    """The fields of each part, the last of which is the length of what follows it, and that."""
    view = memoryview(message)
    try:
        (left,) = count.unpack_from(message, at)
        at += count.size
        for _ in range(left):
            *fields, length = part.unpack_from(message, at)
            at += part.size
            yield *fields, view[at : at + length]
            at += length
    except error as why:
        raise ValueError(f"no message: {why}") from why
    if at != len(message):
        raise ValueError(f"no message: {len(message)} bytes where {at} were expected")
