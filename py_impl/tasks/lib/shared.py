# SPDX-License-Identifier: MIT
"""Memory that the threads of a process and the processes forked from it have in common."""

from __future__ import annotations

from mmap import mmap


def shared_words(count: int, form: str = "Q") -> memoryview:
    """So many numbers of that format (of struct), all zero: of a task's `open`."""
    size = count * memoryview(bytes(8)).cast(form).itemsize
    return memoryview(mmap(-1, size or 1))[:size].cast(form)
