# SPDX-License-Identifier: MIT
"""Blocks of a file on an event loop: asyncio has nothing for files, so that the threads of its executor read them (asyncio.to_thread)."""

from __future__ import annotations

from asyncio import to_thread

from py_impl.contract import Reply, Request
from py_impl.transport.block import File

TYPE_CHECKING = False
if TYPE_CHECKING:
    from py_impl.transport import Options


class Client:
    def __init__(self, options: Options) -> None:
        self._file = File()

    async def close(self) -> None:
        self._file.close()

    async def get(self, request: Request, job: int) -> Reply:
        self._file.open(request)
        return await to_thread(self._file.read, request)
