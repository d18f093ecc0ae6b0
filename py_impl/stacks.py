# SPDX-License-Identifier: MIT
"""
Where the threads of a process stand, asked for from outside: a signal has faulthandler write their stacks into an anonymous file, at
once and without Python's lock. A forked process inherits that, a program that is executed does not.
"""

from __future__ import annotations

import faulthandler
import os
import time

from py_impl.shared_state import SharedFile

SIGNAL = 62  # of real time, which nobody else uses
ANSWER_S = 0.5

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


class Stacks(SharedFile):
    __slots__ = ()

    def tell(self) -> None:
        """This process answers from here on, and those forked from it."""
        faulthandler.register(SIGNAL, file=self.fd, all_threads=True)

    def of(self, pid: int) -> list[tuple[int, list[tuple[str, int, str]]]]:
        """Of a process that answers: each thread's ident, and where it stands: file, line and function, the innermost first."""
        before = os.fstat(self.fd).st_size
        os.kill(pid, SIGNAL)
        text, end = b"", time.monotonic() + ANSWER_S
        while time.monotonic() < end:
            time.sleep(0.02)
            more = os.pread(self.fd, os.fstat(self.fd).st_size - before, before)
            if more and more == text:
                break
            text = more
        return list(threads_of(text.decode(errors="replace")))


def threads_of(text: str) -> Iterator[tuple[int, list[tuple[str, int, str]]]]:
    """What faulthandler has written."""
    ident, stack = 0, []
    for line in text.splitlines():
        words = line.split()
        if line.endswith("(most recent call first):"):
            if stack:
                yield ident, stack
            ident, stack = int(words[2 if words[0] == "Current" else 1], 16), []
        elif line.startswith('  File "'):
            file, _, rest = line[8:].rpartition('", line ')
            number, _, function = rest.partition(" in ")
            if number.isdigit():
                stack.append((file, int(number), function))
    if stack:
        yield ident, stack
