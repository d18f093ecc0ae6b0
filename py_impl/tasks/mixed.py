# SPDX-License-Identifier: MIT
"""`fetch`, then `count` of a given size: the knob between IO and CPU."""

from py_impl.contract import INT, MIXED, URL, Param
from py_impl.tasks.lib.counting import count_matches
from py_impl.tasks.lib.web import WEB_PARAMS, Web

NAME = "mixed"
ABOUT = "fetch a URL, then count: the knob between IO and CPU"
KIND = MIXED
ASKS = URL
JOBS = 50
PARAMS = WEB_PARAMS + (Param("count", INT, "200000", "integers counted after each answer", 0, 4_000_000_000),)


def open(params, jobs):
    return Web(params, jobs), params["count"]


def request(state, worker, job):
    return state[0].request(job)


def run(state, worker, job, reply):
    web, size = state
    fetched = web.verdict(reply)
    return (count_matches(size) << 32) + fetched
