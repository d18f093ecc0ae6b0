# SPDX-License-Identifier: MIT
"""
What `query` and `update` share: a table of rows 0 to count - 1 of a PostgreSQL server, `id` and `value`, made before the run and
the same for any run with the same parameters, so that several may be under way at once; and the number that a job's
statements answer with. The schema cobench has all that is left of them.
"""

from __future__ import annotations

from py_impl.contract import INT, SQL, SQL_FIRST, Param, Reply, Request


class NoRow(Exception):
    """There is none with a number in the reply."""


def rows_param(standard: str) -> Param:
    return Param("rows", INT, standard, "how many rows the table has; job i takes row i mod rows", 1, 1_000_000)


class Rows:
    """The table of the task `name`, of whose rows `value` is an SQL expression of id."""

    __slots__ = ("count", "table", "prepare", "statements")

    def __init__(self, name: str, count: int, value: str) -> None:
        self.count = count
        self.table = table = f"cobench.{name}_{count}"
        self.statements: tuple[str, ...] = ()  # a job's, the task's to fill in
        # One after the other, where several runs begin at once: PostgreSQL's IF NOT EXISTS alone does not see to that.
        self.prepare = (
            "BEGIN", "SELECT pg_advisory_xact_lock(3620106979)", "CREATE SCHEMA IF NOT EXISTS cobench",
            f"CREATE TABLE IF NOT EXISTS {table} (id bigint PRIMARY KEY, value bigint NOT NULL)",
            f"INSERT INTO {table} SELECT id, {value} FROM generate_series(0, {count - 1}) AS id"
            f" WHERE NOT EXISTS (SELECT FROM {table})", "COMMIT",
        )  # fmt: skip


def prepare(rows: Rows, step: int) -> Request | None:
    """A task's `prepare`, where its state is a Rows, as of the next."""
    if step == 0:
        return Request(SQL, statements=rows.prepare)
    return Request(SQL, flags=SQL_FIRST, statements=rows.statements, key=-1) if step == 1 else None  # of a row that there is not


def request(rows: Rows, worker: object, job: int) -> Request:
    return Request(SQL, statements=rows.statements, key=job % rows.count)


def number(reply: Reply) -> int:
    """The one that came back, which may be negative."""
    try:
        if reply.status == 1:
            return int(reply.body)
    except ValueError:
        pass
    raise NoRow(f"{reply.status} rows and the value '{reply.body.decode('utf-8', 'replace')[:23]}' where a row with a number was expected")
