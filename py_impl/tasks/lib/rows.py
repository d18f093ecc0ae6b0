# SPDX-License-Identifier: MIT
"""
What `query`, `lookup` and `update` share: a table of rows 0 to count - 1 of a PostgreSQL server, `id` and `value`, made before the run and
the same for any run with the same parameters, so that several may be under way at once; and the number that a job's
statements answer with. The schema cobench has all that is left of them.
"""

from __future__ import annotations

from py_impl.contract import INT, SQL, SQL_FIRST, Param, Reply, Request


class NoRow(Exception):
    """There is none with a number in the reply."""


def rows_param(standard: str) -> Param:
    return Param("rows", INT, standard, "how many rows the table has; job i takes row i mod rows", 1, 1_000_000)


DELAY_PARAM = Param("delay", INT, "20", "how long the server sleeps for each answer (pg_sleep), in milliseconds", 0, 3_600_000)


class Rows:
    """The table cobench.NAME_COUNT, of whose rows `value` is an SQL expression of id."""

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


class Selected(Rows):
    """For jobs that select the value of their row, for whose answer the server sleeps."""

    __slots__ = ()

    def __init__(self, count: int, delay_ms: int) -> None:
        super().__init__("query", count, "id * 2654435761 % 4294967296")
        sleep = f" AND pg_sleep({delay_ms // 1000}.{delay_ms % 1000:03}) IS NOT NULL" if delay_ms > 0 else ""
        self.statements = (f"SELECT value FROM {self.table} WHERE id = $1{sleep}",)


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
