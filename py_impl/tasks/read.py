# SPDX-License-Identifier: MIT
"""
A block somewhere in a file, past the page cache or out of it. The file is made once, where there is none of that size, and stays for
later runs: each 4 KiB of it are their own number, 512 times over, by which a block is known for the right one.
"""

import errno
import os
from struct import pack, unpack_from

from py_impl.contract import BLOCK, BLOCK_DIRECT, INT, IO, PATH, NotPossible, Param, Request

NAME = "read"
ABOUT = "read a block somewhere in a file"
KIND = IO
ASKS = BLOCK
JOBS = 50
PARAMS = (
    Param("folder", PATH, "/var/tmp", "where the file is; it is made there once, and stays"),
    Param("size", INT, "64", "its size in MiB", 16, 1_048_576),
    Param("block", INT, "4096", "bytes of a block, a multiple of 4096", 4096, 16_777_216),
    Param("direct", INT, "0", "1: past the page cache (O_DIRECT); 0: out of it", 0, 1),
)

UNIT = 4096  # bytes that are one number
CHUNK = 1 << 20
AHEAD = 128 << 10  # as much as Linux reads ahead at once
GOLDEN = 0x9E3779B97F4A7C15  # 2^64 by the golden ratio: its multiples are spread evenly (Knuth 6.4)
MASK = (1 << 64) - 1


class WrongBlock(Exception):
    pass


class File:
    __slots__ = ("path", "size", "block", "blocks", "flags")

    def __init__(self, params: dict[str, object]) -> None:
        self.path = f"{params['folder']}/cobench-blocks-{params['size']}"
        self.size = params["size"] << 20
        self.block = params["block"]
        self.blocks = self.size // self.block
        self.flags = BLOCK_DIRECT if params["direct"] else 0

    def offset(self, job: int) -> int:
        return ((job * GOLDEN & MASK) >> 32) % self.blocks * self.block

    def is_there(self) -> bool:
        try:
            return os.stat(self.path).st_size == self.size
        except FileNotFoundError:
            return False

    def make(self) -> None:
        """Under another name until it is whole, as several runs may want it at once."""
        from tempfile import mkstemp  # once, and it costs more than all the rest

        fd, making = mkstemp(prefix=os.path.basename(self.path) + ".", dir=os.path.dirname(self.path))
        try:
            with os.fdopen(fd, "wb") as file:
                for first in range(0, self.size // UNIT, CHUNK // UNIT):
                    file.write(b"".join(pack("=Q", number) * (UNIT // 8) for number in range(first, first + CHUNK // UNIT)))
                file.flush()
                os.fsync(fd)
                os.fchmod(fd, 0o644)
            os.rename(making, self.path)
        except BaseException:
            os.unlink(making)
            raise

    def ready(self) -> None:
        """Has it in the page cache, or sees that it can be read past it."""
        direct = os.O_DIRECT if self.flags else 0
        try:
            fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | direct)
        except OSError as error:
            if direct and error.errno == errno.EINVAL:
                raise NotPossible(f"the file system of '{self.path}' has no O_DIRECT") from error
            raise
        for at in () if direct else range(0, self.size, AHEAD):
            os.posix_fadvise(fd, at, AHEAD, os.POSIX_FADV_WILLNEED)
        os.close(fd)


def open(params, jobs):
    if params["block"] % UNIT:
        raise ValueError(f"block: must be a multiple of {UNIT}")
    file = File(params)
    try:
        if not file.is_there():
            file.make()
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise NotPossible(f"cannot make '{file.path}': {error.strerror}") from error
        raise
    file.ready()
    return file


def request(file, worker, job):
    return Request(BLOCK, flags=file.flags, path=file.path, offset=file.offset(job), length=file.block)


def run(file, worker, job, reply):
    """The numbers of its first and its last 4 KiB."""
    offset = file.offset(job)
    first, last = unpack_from("=Q", reply.body)[0], unpack_from("=Q", reply.body, file.block - 8)[0]
    if first != offset // UNIT or last != (offset + file.block) // UNIT - 1:
        raise WrongBlock(f"at {offset} is another block, or another file (remove '{file.path}')")
    return first << 32 | last
