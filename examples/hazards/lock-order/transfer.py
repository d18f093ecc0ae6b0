"""Two locks, which one job takes in one order and the next in the other: each may get one, and wait for the other for ever."""

import time
from threading import Lock

ACCOUNTS = (Lock(), Lock())


def transfer(first, second):
    with ACCOUNTS[first]:
        time.sleep(0.005)
        with ACCOUNTS[second]:
            return first + second


def unordered(job):
    return transfer(job % 2, 1 - job % 2)


def ordered(job):
    return transfer(0, 1)
