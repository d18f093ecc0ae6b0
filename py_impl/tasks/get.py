# SPDX-License-Identifier: MIT
"""One value of a cache by its key, and the CRC-32 of it."""

from zlib import crc32

from py_impl.contract import CACHE, INT, IO, BadLength, Param
from py_impl.tasks.lib.keys import KEYS_PARAM, Keys, prepare, request  # noqa: F401  (the task's)

NAME = "get"
ABOUT = "get a value from a cache by its key and take its CRC-32"
KIND = IO
ASKS = CACHE
JOBS = 50
PARAMS = (KEYS_PARAM, Param("size", INT, "64", "length of a value in bytes", 1, 1_048_576))

# The value of key k is so many letters, beginning with the k-th.
SCRIPT = (
    b"local s = string.rep('abcdefghijklmnopqrstuvwxyz', ARGV[3] / 26 + 2) "
    b"for k = 0, ARGV[1] - 1 do "
    b"redis.call('SET', ARGV[2] .. k, s:sub(k % 26 + 1, k % 26 + ARGV[3]), 'EX', 86400) end"
)


class NoSuchKey(Exception):
    pass


def open(params, jobs):
    return Keys(NAME, b"GET", SCRIPT, params["keys"], params["size"])


def run(keys, worker, job, reply):
    if reply.status == 0:
        raise NoSuchKey("the key is gone")
    if len(reply.body) != keys.size:
        raise BadLength(f"value of {len(reply.body)} bytes where {keys.size} were expected")
    return crc32(reply.body)
