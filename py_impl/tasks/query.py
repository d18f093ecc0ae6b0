# SPDX-License-Identifier: MIT
"""The value of a row by its key."""

from py_impl.contract import INT, IO, SQL, Param
from py_impl.tasks.lib.rows import Rows, number, prepare, request, rows_param  # noqa: F401  (two are the task's)

NAME = "query"
ABOUT = "select one row by its key from PostgreSQL"
KIND = IO
ASKS = SQL
JOBS = 50
PARAMS = (
    rows_param("10000"),
    Param("delay", INT, "20", "how long the server sleeps for each answer (pg_sleep), in milliseconds", 0, 3_600_000),
)


def open(params, jobs):
    rows, delay = Rows("query", params["rows"], "id * 2654435761 % 4294967296"), params["delay"]
    sleep = f" AND pg_sleep({delay // 1000}.{delay % 1000:03}) IS NOT NULL" if delay > 0 else ""
    rows.statements = (f"SELECT value FROM {rows.table} WHERE id = $1{sleep}",)
    return rows


def run(rows, worker, job, reply):
    return number(reply)
