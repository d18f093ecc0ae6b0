# SPDX-License-Identifier: MIT
"""httpx on an event loop, asyncio's or trio's: an httpx.AsyncClient. anyio, on which httpx stands, ends a request in time on both."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module

import anyio
import httpx
import sniffio

from py_impl.contract import Reply, RequestFailed
from py_impl.transport.client import Attempt, Body, Looping
from py_impl.transport.httpx_ import CONNECTED, KINDS, OPTIONS, protocol_kind


class Client(Looping):
    KINDS = KINDS

    def open(self) -> None:
        """Within the loop: here, and not in the first job, is imported what httpx needs for this one."""
        with anyio.fail_after(1), suppress(ImportError):  # where httpcore, from 0.17 on, has it by itself
            import_module("httpcore.backends." + sniffio.current_async_library())
        self._client = httpx.AsyncClient(**OPTIONS)

    async def close(self) -> None:
        await self._client.aclose()

    async def ask(self, url: str, attempt: Attempt) -> Reply:
        async def trace(event: str, _: object) -> None:
            if event == CONNECTED:
                attempt.opened()

        try:
            with anyio.fail_after(attempt.left()):
                async with self._client.stream("GET", url, timeout=None, extensions={"trace": trace}) as response:
                    body = Body(response.status_code, response.headers, attempt)
                    async for piece in response.aiter_raw():
                        body.add(piece)
        except httpx.RemoteProtocolError as error:
            raise RequestFailed(protocol_kind(error), str(error)) from error
        return body.reply()
