# SPDX-License-Identifier: MIT
"""psycopg, blocking: one connection, on which each statement commits by itself unless it is between BEGIN and COMMIT."""

from __future__ import annotations

from functools import lru_cache
from math import ceil

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.types.numeric import Int8

from py_impl.contract import Reply, Request, RequestFailed
from py_impl.errors import Impossible
from py_impl.transport.sql import Answers, explained, first, keep_first, refused, statement_timeout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from py_impl.transport import Options

IDLE = TransactionStatus.IDLE


@lru_cache(1024)
def formatted(statement: str) -> tuple[str, int]:
    """With psycopg's placeholders in the place of $1, and how many they are."""
    keys = statement.count("$1")
    return (statement.replace("%", "%%").replace("$1", "%s") if keys else statement), keys


def settings(options: Options) -> dict[str, object]:
    """Of psycopg.connect."""
    return {"conninfo": options.service, "autocommit": True, "options": "-c statement_timeout=" + statement_timeout(options),
            "connect_timeout": ceil(options.timeout_s), "fallback_application_name": "cobench"}  # fmt: skip


def said(error: psycopg.Error) -> RequestFailed:
    lost = error.sqlstate is None and isinstance(error, psycopg.OperationalError)
    return explained(error.sqlstate, error.diag.message_primary or error, lost)


class Client:
    def __init__(self, options: Options) -> None:
        self._options = options
        self._settings = settings(options)
        try:
            self._open()
            for request in first:
                self.get(request, 0)
        except RequestFailed as error:
            raise Impossible(str(error)) from error

    def _open(self) -> None:
        try:
            self._connection: psycopg.Connection | None = psycopg.connect(**self._settings)
        except psycopg.Error as error:
            raise refused(error) from error
        self._cursor = self._connection.cursor()
        self._options.connected()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def get(self, request: Request, job: int) -> Reply:
        answers, key = Answers(self._connection is not None), Int8(request.key)
        if self._connection is None:
            self._open()
        try:
            for statement in request.statements:
                text, keys = formatted(statement)
                self._cursor.execute(text, (key,) * keys if keys else None)
                result = self._cursor.pgresult
                answers.add(result.ntuples, result.get_value(0, 0) if result.ntuples else None)
            keep_first(request)
            return answers.reply
        except psycopg.Error as error:
            failed = said(error)
            if not answers.none_came(failed):
                raise failed from error
        finally:
            self._mend()
        return self.get(request, job)

    def _mend(self) -> None:
        """Leaves no transaction to the next request."""
        try:
            if self._connection.pgconn.transaction_status != IDLE:
                self._connection.rollback()
        except psycopg.Error:
            self._connection.close()
        if self._connection.closed:
            self._connection = None
