# SPDX-License-Identifier: MIT
"""httpx on an event loop, asyncio's or trio's: an httpx.AsyncClient. anyio, on which httpx stands, ends a request in time on both."""

from __future__ import annotations

from contextlib import AsyncExitStack, suppress
from importlib import import_module

import anyio
import httpx
import sniffio

from py_impl.contract import Reply, RequestFailed
from py_impl.transport.client import Attempt, Body, Looping
from py_impl.transport.httpx_ import CONNECTED, H2, KINDS, options, protocol_kind


class Client(Looping):
    KINDS = KINDS
    HTTP2 = H2

    def open(self) -> None:
        """Within the loop: here, and not in the first job, is imported what httpx needs for this one."""
        with anyio.fail_after(1), suppress(ImportError):  # where httpcore, from 0.17 on, has it by itself
            import_module("httpcore.backends." + sniffio.current_async_library())
        self._clients = [httpx.AsyncClient(**options(http2)) for http2 in (False, True)[: 1 + H2]]

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()

    async def ask(self, url: str, attempt: Attempt) -> Reply:
        async def trace(event: str, _: object) -> None:
            if event == CONNECTED:
                attempt.opened()

        try:
            with anyio.fail_after(attempt.left()):
                async with AsyncExitStack() as stack:
                    client = self._clients[attempt.http2]
                    if attempt.alone:  # one of its own is closed with its connection
                        client = await stack.enter_async_context(httpx.AsyncClient(**options(attempt.http2)))
                    response = await stack.enter_async_context(client.stream("GET", url, timeout=None, extensions={"trace": trace}))
                    body = Body(response.status_code, response.headers, attempt)
                    async for piece in response.aiter_raw():
                        body.add(piece)
        except httpx.RemoteProtocolError as error:
            raise RequestFailed(protocol_kind(error), str(error)) from error
        return body.reply()
