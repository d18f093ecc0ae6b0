# SPDX-License-Identifier: MIT
"""`fetch`, then `count` of a given size: the knob between IO and CPU."""

from py_impl.contract import MIXED, URL
from py_impl.tasks.lib.counting import COUNT_PARAM, count_matches
from py_impl.tasks.lib.web import WEB_PARAMS, Web, request  # noqa: F401  (the task's)

NAME = "mixed"
ABOUT = "fetch a URL, then count: the knob between IO and CPU"
KIND = MIXED
ASKS = URL
JOBS = 50
PARAMS = (*WEB_PARAMS, COUNT_PARAM)


class Mixed(Web):
    """What of the web is asked for, and how much is counted after it."""

    __slots__ = ("count",)

    def __init__(self, params, jobs):
        super().__init__(params, jobs)
        self.count = params["count"]


def open(params, jobs):
    return Mixed(params, jobs)


def run(mixed, worker, job, reply):
    fetched = mixed.verdict(reply)
    return (count_matches(mixed.count) << 32) + fetched
