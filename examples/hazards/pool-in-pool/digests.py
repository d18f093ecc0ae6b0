"""A job that starts as many threads as there are CPUs, in a pool of as many workers: threads for the square of them."""

import os
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

DATA = bytes(200_000)
PARTS = range(32)


def part(number):
    return sha256(number.to_bytes(8, "big") + DATA).digest()


def pooled(job):
    with ThreadPoolExecutor(4 * os.cpu_count()) as pool:
        return list(pool.map(part, PARTS))


def plain(job):
    return list(map(part, PARTS))
