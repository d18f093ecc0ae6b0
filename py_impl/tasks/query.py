# SPDX-License-Identifier: MIT
"""The value of a row by its key."""

from py_impl.contract import IO, SQL
from py_impl.tasks.lib.rows import DELAY_PARAM, Selected, number, prepare, request, rows_param  # noqa: F401  (two are the task's)

NAME = "query"
ABOUT = "select one row by its key from PostgreSQL"
KIND = IO
ASKS = SQL
JOBS = 50
PARAMS = (rows_param("10000"), DELAY_PARAM)


def open(params, jobs):
    return Selected(params["rows"], params["delay"])


def run(rows, worker, job, reply):
    return number(reply)
