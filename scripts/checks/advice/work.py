# SPDX-License-Identifier: MIT
"""Functions whose best model is known beforehand; scripts/checks/advice.py says which and why."""

import asyncio
import hashlib
import threading
import time

BUFFER = bytes(24_000_000)
LOCK = threading.Lock()
MS = 10_000  # turns of `turn`, very roughly, take a millisecond


def turn(count: int, job: int) -> int:
    """Computes in Python and nothing else."""
    value = job
    for i in range(count):
        value = (value * 31 + i) & 0xFFFF_FFFF
    return value


def computes(job: int) -> int:
    return turn(25 * MS, job)


def takes_2_ms(job: int) -> int:
    return turn(2 * MS, job)


def takes_2_s(job: int) -> int:
    return turn(2000 * MS, job)


def tiny(job: int) -> int:
    return job * job & 0xFF


def hashes(job: int) -> str:
    return hashlib.sha256(BUFFER).hexdigest()


def hashes_under_a_lock(job: int) -> str:
    with LOCK:
        return hashlib.sha256(BUFFER).hexdigest()


def shouts(line: str) -> str:
    return line.upper()


async def waits(job: int) -> int:
    await asyncio.sleep(0.03)
    return job


async def waits_long_computes_little(job: int) -> int:
    await asyncio.sleep(0.03)
    return turn(MS // 2, job)


async def waits_little_computes_long(job: int) -> int:
    await asyncio.sleep(0.005)
    return turn(25 * MS, job)


async def blocks(job: int) -> int:
    time.sleep(0.03)
    return job
