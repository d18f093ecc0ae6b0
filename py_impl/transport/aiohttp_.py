# SPDX-License-Identifier: MIT
"""aiohttp: a ClientSession on the loop, with as many connections as there are requests at once."""

from __future__ import annotations

import asyncio
import ssl
from contextvars import ContextVar

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from py_impl.contract import BAD_REPLY, CONNECTION_CLOSED, SHORT_BODY, TIMEOUT, Reply
from py_impl.transport.client import CLOSING, HEADERS, Attempt, Body, Looping

TLS = ssl.create_default_context()
KEPT_S = 86_400

now: ContextVar[Attempt] = ContextVar("attempt")  # of the task


class Connector(aiohttp.TCPConnector):
    async def _create_connection(self, *args: object) -> object:
        """The one place where connections are opened. Its traces would tell too, and cost every request several calls."""
        made = await super()._create_connection(*args)
        now.get().opened()
        return made


class Client(Looping):
    KINDS = (
        (asyncio.TimeoutError, TIMEOUT), (HttpProcessingError, BAD_REPLY), (aiohttp.ClientResponseError, BAD_REPLY),
        (aiohttp.ServerDisconnectedError, CONNECTION_CLOSED), (aiohttp.ClientPayloadError, SHORT_BODY),
    )  # fmt: skip

    def open(self) -> None:
        connector = Connector(limit=0, ssl=TLS, keepalive_timeout=KEPT_S)
        self._session = aiohttp.ClientSession(connector=connector, headers=HEADERS, auto_decompress=False)

    async def close(self) -> None:
        await self._session.close()

    async def ask(self, url: str, attempt: Attempt) -> Reply:
        now.set(attempt)
        timeout = aiohttp.ClientTimeout(total=attempt.left())
        headers = CLOSING if attempt.alone else None  # beside the session's
        async with self._session.get(URL(url, encoded=True), headers=headers, allow_redirects=False, timeout=timeout) as response:
            body = Body(response.status, response.headers, attempt)
            async for piece in response.content.iter_any():
                body.add(piece)
        return body.reply()
