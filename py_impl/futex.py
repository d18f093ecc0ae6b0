# SPDX-License-Identifier: MIT
"""
Futexes: how processes wait for one another at a word of memory that they share, of which Python has nothing itself. Of Linux; a few
instructions and one system call where nobody waits.
"""

from __future__ import annotations

import ctypes
import os

from py_impl.errors import Impossible

# By os.uname().machine: its number, which the C library has no function for.
SYSCALLS = {"x86_64": 202, "aarch64": 98, "riscv64": 98, "ppc64le": 221, "s390x": 238, "i686": 240, "armv7l": 240}
WAIT, WAKE = 0, 1  # of any process that has mapped the word
EVERYBODY = 2**31 - 1
LOST_WAKE_S = 10  # a process that was killed between a job's end and its wake has told nobody

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mmap import mmap


class Futex:
    """The words of 4 bytes of a file that is mapped shared, by their places in it."""

    def __init__(self, file: mmap) -> None:
        machine = os.uname().machine
        if machine not in SYSCALLS:
            raise Impossible(f"worker processes wait for one another's jobs by futexes, whose number on {machine} is not known here")
        self._memory = ctypes.c_char.from_buffer(file)
        self._start = ctypes.addressof(self._memory)
        self._call = ctypes.CDLL(None).syscall
        self._call.argtypes = [ctypes.c_long, ctypes.c_void_p, ctypes.c_int, ctypes.c_uint32, ctypes.c_void_p]
        self._call.restype = ctypes.c_long
        self._number = SYSCALLS[machine]
        self._most = (ctypes.c_long * 2)(LOST_WAKE_S, 0)  # a timespec

    def wait(self, at: int, seen: int) -> None:
        """Until somebody calls `wake`, or for no reason; not at all where the word is not what was seen."""
        self._call(self._number, self._start + 4 * at, WAIT, seen, self._most)

    def wake(self, at: int) -> None:
        """All who wait at the word, once it has changed."""
        self._call(self._number, self._start + 4 * at, WAKE, EVERYBODY, None)
