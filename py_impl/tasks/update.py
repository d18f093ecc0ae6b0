# SPDX-License-Identifier: MIT
"""
A transaction that locks a row and counts it one up. What it comes to depends on who else counts; the result is which row it
was. That nobody changed the row between the lock and the count, the count itself checks: the transaction remembers what it has seen.
"""

from py_impl.contract import IO, SQL
from py_impl.tasks.lib.rows import Rows, number, prepare, request, rows_param  # noqa: F401  (two are the task's)

NAME = "update"
ABOUT = "lock a row in PostgreSQL and count it one up, in a transaction"
KIND = IO
ASKS = SQL
JOBS = 50
PARAMS = (rows_param("10"),)


class LostUpdate(Exception):
    """The row was changed while it was locked."""


def open(params, jobs):
    rows = Rows("update", params["rows"], "0")
    rows.statements = (
        "BEGIN",
        f"SELECT set_config('cobench.seen', value::text, true) FROM {rows.table} WHERE id = $1 FOR UPDATE",
        f"UPDATE {rows.table} SET value = value + 1 WHERE id = $1"
        " RETURNING CASE WHEN value = current_setting('cobench.seen')::bigint + 1 THEN id ELSE -1 END",
        "COMMIT",
    )
    return rows


def run(rows, worker, job, reply):
    row = number(reply)
    if row < 0:
        raise LostUpdate("the row was changed while it was locked")
    return row
