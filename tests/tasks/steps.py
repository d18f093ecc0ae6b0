# SPDX-License-Identifier: MIT
"""As steps.c."""

from py_impl.contract import DELAY, INT, IO, URL, Param, Request
from py_impl.tasks.lib.web import fill

NAME = "steps"
ABOUT = "a task that asks several times, for tests"
KIND = IO
ASKS = URL
JOBS = 4
PARAMS = (Param("url", URL, None, "where to ask"), Param("fails", INT, "0", "the job; 0: none", 0, 1000))


class Planted(Exception):
    pass


class Steps:
    def __init__(self, params, jobs):
        self.parts, self.fails, self.sums = fill(params["url"], params), params["fails"], {}

    def ask(self, job):
        return Request(URL, url=str(job).join(self.parts))


def open(params, jobs):
    return Steps(params, jobs)


def prepare(steps, step):
    return steps.ask(1000 + step) if step < 2 else None


def request(steps, worker, job):
    return steps.ask(job)


def more(steps, worker, job, step, reply):
    if job > 0 and step == 0:
        steps.sums[job] = reply.body[0]
        return Request(DELAY, 1_000_000)
    if job > 0 and step == 1:
        if reply is not None or job == steps.fails:
            raise Planted
        return steps.ask(job - 1)
    return None


def run(steps, worker, job, reply):
    return steps.sums.get(job, 0) * 1000 + reply.body[0]
