# SPDX-License-Identifier: MIT
"""A counter of a cache, one up. What it comes to depends on who else counts; the result is which counter it was."""

from py_impl.contract import CACHE, IO
from py_impl.tasks.lib.keys import KEYS_PARAM, Keys, prepare, request  # noqa: F401  (the task's)

NAME = "incr"
ABOUT = "count one up in a cache"
KIND = IO
ASKS = CACHE
JOBS = 50
PARAMS = (KEYS_PARAM,)

SCRIPT = b"for k = 0, ARGV[1] - 1 do redis.call('SET', ARGV[2] .. k, 0, 'EX', 86400) end"


class BadCount(Exception):
    pass


def open(params, jobs):
    return Keys(NAME, b"INCR", SCRIPT, params["keys"], 1)


def run(keys, worker, job, reply):
    if not b"1" <= reply.body[:1] <= b"9":
        raise BadCount(f"counted up to '{reply.body[:99].decode('latin-1')}'")
    return job % keys.count
