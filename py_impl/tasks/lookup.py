# SPDX-License-Identifier: MIT
"""`query`, then `count` of a given size: what an endpoint does that asks its database and then computes."""

from py_impl.contract import MIXED, SQL
from py_impl.tasks.lib.counting import COUNT_PARAM, count_matches
from py_impl.tasks.lib.rows import DELAY_PARAM, Selected, number, prepare, request, rows_param  # noqa: F401  (two are the task's)

NAME = "lookup"
ABOUT = "select one row from PostgreSQL, then count: a query before the work"
KIND = MIXED
ASKS = SQL
JOBS = 50
PARAMS = (rows_param("10000"), DELAY_PARAM, COUNT_PARAM)


class Lookup(Selected):
    """What is selected, and how much is counted after it."""

    __slots__ = ("count_to",)

    def __init__(self, params, jobs):
        super().__init__(params["rows"], params["delay"])
        self.count_to = params["count"]


def open(params, jobs):
    return Lookup(params, jobs)


def run(lookup, worker, job, reply):
    return (count_matches(lookup.count_to) << 32) + number(reply)
