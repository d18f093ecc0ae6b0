# SPDX-License-Identifier: MIT
"""An HTTP request and the CRC-32 of what comes back."""

from py_impl.contract import IO, URL
from py_impl.tasks.lib.web import WEB_PARAMS, Web, request  # noqa: F401  (the task's)

NAME = "fetch"
ABOUT = "fetch a URL and take the body's CRC-32"
KIND = IO
ASKS = URL
JOBS = 50
PARAMS = WEB_PARAMS


def open(params, jobs):
    return Web(params, jobs)


def run(web, worker, job, reply):
    return web.verdict(reply)
