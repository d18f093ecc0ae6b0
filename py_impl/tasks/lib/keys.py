# SPDX-License-Identifier: MIT
"""
What `get` and `incr` share: keys of a Redis server, made before the run by one script, the same for any run with the same
parameters, so that several may be under way at once. What is left of them expires after a day.
"""

from __future__ import annotations

from py_impl.contract import CACHE, INT, Param, Request

KEYS_PARAM = Param("keys", INT, "1000", "how many keys there are; job i takes key i mod keys", 1, 1_000_000)


class Keys:
    """`verb` stands in front of each; `script` makes them, and gets count, prefix and size."""

    __slots__ = ("verb", "script", "count", "size", "prefix")

    def __init__(self, name: str, verb: bytes, script: bytes, count: int, size: int) -> None:
        self.verb, self.script, self.count, self.size = verb, script, count, size
        self.prefix = b"cobench:%s:%d:" % (name.encode(), size)


def prepare(keys: Keys, step: int) -> Request | None:
    """A task's `prepare`, where its state is a Keys, as of the next."""
    if step > 0:
        return None
    return Request(CACHE, words=[b"EVAL", keys.script, b"0", b"%d" % keys.count, keys.prefix, b"%d" % keys.size])


def request(keys: Keys, worker: object, job: int) -> Request:
    return Request(CACHE, words=[keys.verb, b"%s%d" % (keys.prefix, job % keys.count)])
