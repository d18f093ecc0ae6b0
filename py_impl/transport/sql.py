# SPDX-License-Identifier: MIT
"""
What the clients of PostgreSQL share: what a failure is called, as in c_impl/transport/sql.c, and when a request is asked
again. The server ends a statement in time by itself (statement_timeout): a client that only went away would leave it running.
"""

from __future__ import annotations

import asyncio
from math import ceil

from py_impl.contract import CONNECTION_CLOSED, CONNECTION_REFUSED, SQL, SQL_ERROR, SQL_FIRST, TIMEOUT, Reply, Request, RequestFailed
from py_impl.errors import Impossible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from py_impl.transport import Options


first: list[Request] = []  # of `prepare`, with SQL_FIRST; none in a process that has not inherited it


def keep_first(request: Request) -> None:
    if request.flags & SQL_FIRST:
        first[:] = [Request(SQL, statements=request.statements, key=request.key)]


def statement_timeout(options: Options) -> str:
    """Milliseconds."""
    return str(ceil(options.timeout_s * 1000))


def refused(error: Exception) -> RequestFailed:
    """No connection could be opened."""
    return RequestFailed(CONNECTION_REFUSED, str(error).partition("\n")[0] or type(error).__name__)


def explained(state: str | None, words: object, lost: bool) -> RequestFailed:
    """What the server says; without an SQLSTATE what the library does, `lost` where that is of the connection."""
    line = (f"{state}: " if state else "") + str(words).partition("\n")[0]
    if lost or (state and state.startswith(("08", "57P"))):  # the connection is no more; the server ends, or has not begun
        return RequestFailed(CONNECTION_CLOSED, line)
    return RequestFailed(TIMEOUT if state == "57014" else SQL_ERROR, line)


class Answers:
    """Of the statements of one request."""

    __slots__ = ("count", "reply", "_kept")

    def __init__(self, kept: bool) -> None:
        self.count = 0
        self.reply = Reply(0, b"")
        self._kept = kept  # the connection was there before

    def add(self, rows: int, body: bytes | None) -> None:
        self.count += 1
        if rows:
            self.reply = Reply(rows, body or b"")

    def none_came(self, failed: RequestFailed) -> bool:
        """Whether the request only found out that the server had ended its connection: then it is asked again, on another."""
        return self._kept and self.count == 0 and failed.kind == CONNECTION_CLOSED


class Looping:
    """
    On an event loop: a connection for each request that may be under way. A client adds, each awaited, `open() -> connection`
    (RequestFailed), `shut(connection)`, `run(connection, request, answers)` and `mended(connection) -> connection`, without a transaction,
    or None where it is lost; and `said(error)` of ERRORS, which `run` may raise.
    """

    ERRORS: tuple[type[Exception], ...] = ()

    def __init__(self, options: Options) -> None:
        self.options = options
        self._idle: list[object | None] = []  # None: lost

    async def connect(self, in_flight: int) -> None:
        try:
            self._idle += await asyncio.gather(*(self.open() for _ in range(in_flight)))
            await asyncio.gather(*(self.get(request, 0) for request in first * in_flight))
        except RequestFailed as error:
            raise Impossible(str(error)) from error

    async def close(self) -> None:
        for connection in filter(None, self._idle):
            await self.shut(connection)

    async def get(self, request: Request, job: int) -> Reply:
        connection = self._idle.pop()
        answers = Answers(connection is not None)
        try:
            connection = connection or await self.open()
            try:
                await self.run(connection, request, answers)
                keep_first(request)
                return answers.reply
            except self.ERRORS as error:
                failed = self.said(error)
                if not answers.none_came(failed):
                    raise failed from error
            finally:
                connection = await self.mended(connection)
        finally:
            self._idle.append(connection)
        return await self.get(request, job)
