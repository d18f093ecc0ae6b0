# SPDX-License-Identifier: MIT
"""asyncpg on an event loop. It prepares each statement, once a connection."""

from __future__ import annotations

import asyncio
from functools import lru_cache

import asyncpg

from py_impl.contract import Request, RequestFailed
from py_impl.transport.sql import Answers, Looping, explained, refused, statement_timeout


@lru_cache(1024)
def typed(statement: str) -> str:
    """asyncpg leaves it to the server what $1 is."""
    return statement.replace("$1", "$1::bigint")


def text(value: object) -> bytes:
    """As the server would have written it, of numbers and texts: asyncpg has it send values in binary."""
    return b"" if value is None else str(value).encode()


class Client(Looping):
    ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, asyncio.TimeoutError)

    async def open(self) -> asyncpg.Connection:
        options = self.options
        settings = {"application_name": "cobench", "statement_timeout": statement_timeout(options)}
        try:
            connection = await asyncpg.connect(options.service, timeout=options.timeout_s, server_settings=settings)
        except self.ERRORS as error:
            raise refused(error) from error
        options.connected()
        return connection

    async def shut(self, connection: asyncpg.Connection) -> None:
        await connection.close()

    async def run(self, connection: asyncpg.Connection, request: Request, answers: Answers) -> None:
        for statement in map(typed, request.statements):
            rows = await (connection.fetch(statement, request.key) if "$1" in statement else connection.fetch(statement))
            answers.add(len(rows), text(rows[0][0]) if rows else None)

    async def mended(self, connection: asyncpg.Connection) -> asyncpg.Connection | None:
        try:
            if connection.is_in_transaction():
                await connection.fetch("ROLLBACK")
        except self.ERRORS:
            connection.terminate()
        return None if connection.is_closed() else connection

    @staticmethod
    def said(error: Exception) -> RequestFailed:
        state = getattr(error, "sqlstate", None)
        return explained(state, error, state is None)
