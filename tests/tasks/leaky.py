# SPDX-License-Identifier: MIT
"""Asks for URLs and holds all descriptors of its process but a few, as a task that leaks them does, so that the tests can
see what a host makes of a connection that gets none."""

import os

from py_impl.contract import INT, IO, URL, Param, Request

NAME = "leaky"
ABOUT = "a task that holds all descriptors but a few, for tests"
KIND = IO
ASKS = URL
JOBS = 16
PARAMS = (
    Param("url", URL, None, "where to ask"),
    Param("spare", INT, "4", "how many are left", 0, 1_000_000),
)


class Leaky:
    def __init__(self, url, spare):
        self.url = url
        self.held = []
        try:
            while True:
                self.held.append(os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC))
        except OSError:
            pass  # there are none left
        for _ in range(min(spare, len(self.held))):
            os.close(self.held.pop())


def open(params, jobs):
    return Leaky(params["url"], params["spare"])


def close(state):
    for fd in state.held:
        os.close(fd)


def request(state, worker, job):
    return Request(URL, 0, state.url)


def run(state, worker, job, reply):
    return reply.status
