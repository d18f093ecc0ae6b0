# SPDX-License-Identifier: MIT
"""psycopg on an event loop: AsyncConnections, each as the blocking client's, with one cursor."""

from __future__ import annotations

import psycopg
from psycopg.types.numeric import Int8

from py_impl.contract import Request
from py_impl.transport.psycopg_ import IDLE, formatted, said, settings
from py_impl.transport.sql import Answers, Looping, refused


class Client(Looping):
    ERRORS = (psycopg.Error,)
    said = staticmethod(said)

    async def open(self) -> psycopg.AsyncCursor:
        try:
            connection = await psycopg.AsyncConnection.connect(**settings(self.options))
        except psycopg.Error as error:
            raise refused(error) from error
        self.options.connected()
        return connection.cursor()

    async def shut(self, cursor: psycopg.AsyncCursor) -> None:
        await cursor.connection.close()

    async def run(self, cursor: psycopg.AsyncCursor, request: Request, answers: Answers) -> None:
        key = Int8(request.key)
        for statement in request.statements:
            text, keys = formatted(statement)
            await cursor.execute(text, (key,) * keys if keys else None)
            result = cursor.pgresult
            answers.add(result.ntuples, result.get_value(0, 0) if result.ntuples else None)

    async def mended(self, cursor: psycopg.AsyncCursor) -> psycopg.AsyncCursor | None:
        connection = cursor.connection
        try:
            if connection.pgconn.transaction_status != IDLE:
                await connection.rollback()
        except psycopg.Error:
            await connection.close()
        return None if connection.closed else cursor
