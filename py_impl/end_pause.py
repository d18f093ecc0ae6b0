# SPDX-License-Identifier: MIT
"""
The end pause (--end-pause): the host stands still at the last job's end, so that whoever drives it can read the memory of
all that is alive then. Imported only where there is one, and light, as it is a part of what is read; nothing of it lies
between two jobs.
"""

from __future__ import annotations

import os
import select

# No driver needs as long to read the memory: one that is stuck does not keep a host for longer.
LIMIT_S = 10.0


class EndPause:
    def __init__(self, read: int, write: int) -> None:
        self.read = read  # the pause is over when there is something to read, or its end of file
        self.write = write  # one byte when the last job has ended
        # A byte for each job that has ended; see last(). Appended to, as the offset that processes share is none they can
        # rely on: for such a file the kernel does not lock it.
        anonymous = os.memfd_create("cobench-tally")
        self.tally = os.open(f"/proc/self/fd/{anonymous}", os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
        os.close(anonymous)

    def __getstate__(self) -> list[object]:
        """For a process that is being spawned: it takes the descriptors along."""
        from multiprocessing.reduction import DupFd

        return [DupFd(fd) for fd in (self.read, self.write, self.tally)]

    def __setstate__(self, state: list[object]) -> None:
        self.read, self.write, self.tally = (fd.detach() for fd in state)

    def now(self) -> None:
        """All jobs have ended and nothing is closed yet: lets the driver read the memory, until it lets go or has gone."""
        try:
            os.write(self.write, b"h")
        except BrokenPipeError:
            return
        over = select.poll()
        over.register(self.read, select.POLLIN)
        over.poll(LIMIT_S * 1000)

    def helped(self) -> None:
        """A job has ended that a worker ran for one of its own."""
        os.write(self.tally, b".")

    def last(self, jobs: int) -> None:
        """
        Where a worker lives for one job, in each when that has ended: the last of them pauses. (Two at the same instant
        may both be the last.)
        """
        os.write(self.tally, b".")
        if os.fstat(self.tally).st_size == jobs:
            self.now()
