# SPDX-License-Identifier: MIT
"""
Blocks of a file, by os.pread; past the page cache by os.preadv into memory that is aligned. A client opens the file once, with its
first request. A read cannot be given up: the time limit of a request is none here. c_impl/transport/block.c takes the same steps.
"""

from __future__ import annotations

import os
from mmap import mmap

from py_impl.contract import BLOCK_DIRECT, SHORT_BLOCK, TRANSPORT, Reply, Request, RequestFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from py_impl.transport import Options


class File:
    """Any thread may read."""

    def __init__(self) -> None:
        self._fd: int | None = None

    def close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)

    def open(self, request: Request) -> None:
        """That of the first request; the others' is the same."""
        if self._fd is not None:
            return
        direct = request.flags & BLOCK_DIRECT
        try:
            self._fd = os.open(request.path, os.O_RDONLY | os.O_CLOEXEC | (os.O_DIRECT if direct else 0))
        except OSError as error:
            how = " with O_DIRECT" if direct else ""
            raise RequestFailed("NotOpened", f"'{request.path}' cannot be opened{how}: {error.strerror}") from error

    def read(self, request: Request, buffer: mmap | None = None) -> Reply:
        """`buffer`: of that length at least; None: one of its own where it needs one."""
        length, offset = request.length, request.offset
        try:
            if request.flags & BLOCK_DIRECT:
                buffer = memoryview(buffer or mmap(-1, length))[:length]
                data = buffer[: os.preadv(self._fd, (buffer,), offset)]
            else:
                data = os.pread(self._fd, length, offset)
        except OSError as error:
            raise RequestFailed(TRANSPORT, f"reading {length} bytes at {offset} failed: {error.strerror}") from error
        if len(data) < length:
            raise RequestFailed(SHORT_BLOCK, f"{len(data)} bytes of {length} at {offset}")
        return Reply(0, data)


class Client:
    def __init__(self, options: Options) -> None:
        self._file = File()
        self._buffer: mmap | None = None

    def close(self) -> None:
        self._file.close()

    def get(self, request: Request, job: int) -> Reply:
        self._file.open(request)
        if request.flags & BLOCK_DIRECT and (self._buffer is None or len(self._buffer) < request.length):
            self._buffer = mmap(-1, request.length)
        return self._file.read(request, self._buffer)
