# SPDX-License-Identifier: MIT
"""
The slots file, version 1: the same layout as common/slots.h, one slot of 64 bytes a job behind a page of header.
Every worker maps the file shared; only the worker that runs a job writes its slot, and who hands it out its due_ns.
"""

from __future__ import annotations

import errno
import mmap
import os
import sys
from _signal import SIGKILL
from struct import Struct

from py_impl.errors import Impossible, Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

MAGIC = b"cobslots"
VERSION = 1
HEADER_BYTES = 4096
SLOT_BYTES = 64
EMPTY, RUNNING, DONE, FAILED = range(4)
COMMAND_OVER = 2**64 - 1

HEADER = Struct("=8sIIIIQ")  # magic version header_bytes slot_bytes reserved jobs
SLOT = Struct("=QqqiIIIqqQ")  # result start end worker state runs waited due replied command
FIELDS = ("result", "start_ns", "end_ns", "worker", "state", "runs", "waited_us", "due_ns", "replied_ns", "command")

_ENDING_AT = 20  # reserved in the header; this host's own
_TOUCH_AT = 35 if sys.byteorder == "little" else 32  # the highest byte of runs, which is 0 whoever writes it
_WAITED_MAX = 2**32 - 1


class Slots:
    """
    The mapped file, by its fields: `starts[job]` is start_ns of that job's slot. As items of memoryviews they cost a job half of
    what packing them does.
    """

    __slots__ = ("path", "jobs", "map", "results", "starts", "ends", "workers", "states", "marks", "runs", "dues", "replies", "commands", "waits")

    def __init__(self, path: str, jobs: int, fd: int) -> None:
        self.path = path
        self.jobs = jobs
        self.map = mmap.mmap(fd, HEADER_BYTES + jobs * SLOT_BYTES)
        self.results, self.starts, self.ends = self._field("Q", 0), self._field("q", 8), self._field("q", 16)
        self.workers, self.states, self.runs = self._field("i", 24), self._field("I", 28), self._field("I", 32)
        self.marks = self._field("q", 24)  # worker and state in one
        self.dues, self.replies, self.commands = self._field("q", 40), self._field("q", 48), self._field("Q", 56)
        self.waits = self._field("I", 36)

    def _field(self, code: str, at: int) -> memoryview:
        size = Struct("=" + code).size
        return memoryview(self.map).cast(code)[(HEADER_BYTES + at) // size :: SLOT_BYTES // size]

    def prefault(self) -> None:
        """Touches every page for this process, so that no job pays for it. Other workers may be running."""
        first = HEADER_BYTES + _TOUCH_AT
        pages = len(range(first, len(self.map), mmap.PAGESIZE))
        self.map[first :: mmap.PAGESIZE] = bytes(pages)

    def fail(self, job: int) -> None:
        """Marks a job whose worker is gone. Only for the host, once nobody else writes that slot."""
        self.states[job] = FAILED

    def copy(self, job: int, slot: bytes) -> None:
        """Takes over what a worker has written that does not have this file. Only for the host."""
        self.results[job], self.starts[job], self.ends[job], self.workers[job], self.states[job], runs, _, _, self.replies[job], _ = (
            SLOT.unpack(slot))
        self.runs[job] += runs

    def note_wait(self, job: int, waited_ns: int) -> None:
        """That a job has waited so long, for its connection or for locks."""
        self.waits[job] = min(self.waits[job] + waited_ns // 1000, _WAITED_MAX)

    def note_command(self, job: int, process: int) -> None:
        """The process that a job's command is; COMMAND_OVER when it has ended."""
        self.commands[job] = process

    def kill_command(self, job: int) -> bool:
        """With its group, where it runs. False: there is no process yet."""
        process = self.commands[job]
        if process not in (0, COMMAND_OVER):
            try:
                os.killpg(process, SIGKILL)
            except OSError:
                pass  # it has just ended
        return process != 0

    def end(self) -> None:
        """From here on no command is started."""
        self.map[_ENDING_AT] = 1

    def ending(self) -> bool:
        return self.map[_ENDING_AT] != 0

    def schedule(self, offsets: Iterable[int]) -> None:
        """Writes down how long after the gate each job is due. Before any worker exists."""
        for at, offset in enumerate(offsets):
            self.dues[at] = offset

    def due(self, job: int, gate_ns: int) -> int:
        """The instant at which a job is due, which is written down. Once a job, by who hands it out."""
        self.dues[job] += gate_ns
        return self.dues[job]

    def running(self) -> list[tuple[int, int]]:
        """(job, worker) of the jobs that have started and not ended."""
        return [(job, self.workers[job]) for job, state in enumerate(self.states.tolist()) if state == RUNNING]

    def failed(self) -> int:
        """How many jobs failed or were cut off."""
        return sum(state in (FAILED, RUNNING) for state in self.states.tolist())

    def all_done(self) -> bool:
        return set(self.states.tolist()) == {DONE}

    def all_ended(self) -> bool:
        return not set(self.states.tolist()) & {EMPTY, RUNNING}

    def last_end_ns(self) -> int:
        return max(self.ends.tolist())


def reserve(fd: int, size: int) -> None:
    """Gives the file its blocks. Where the disk has too few it is left empty."""
    try:
        os.posix_fallocate(fd, 0, size)
    except OSError:
        os.ftruncate(fd, 0)
        raise


def mark(worker: int, state: int) -> int:
    """What goes into `marks`."""
    return Struct("=q").unpack(Struct("=iI").pack(worker, state))[0]


def create(path: str, jobs: int) -> Slots:
    """Creates or truncates the file at its full size, with its blocks reserved, and touches every page."""
    size = HEADER_BYTES + jobs * SLOT_BYTES
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise Usage(f"--slots: cannot create '{path}': {error.strerror}") from error
    try:
        reserve(fd, size)
        slots = Slots(path, jobs, fd)
    except OSError as error:
        if error.errno == errno.ENODEV:
            raise Usage(f"--slots: '{path}' is no file that can be mapped") from error
        raise Impossible(f"no space for the slots file '{path}' of {size} bytes: {error.strerror}") from error
    finally:
        os.close(fd)
    HEADER.pack_into(slots.map, 0, MAGIC, VERSION, HEADER_BYTES, SLOT_BYTES, 0, jobs)
    slots.prefault()
    return slots


def attach(path: str, jobs: int) -> Slots:
    """Maps the file that another process has created."""
    fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        return Slots(path, jobs, fd)
    finally:
        os.close(fd)
