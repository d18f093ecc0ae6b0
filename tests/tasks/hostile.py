# SPDX-License-Identifier: MIT
"""Functions that do, most of them at job 3, what a user's function had better not. Those in C: tests/tasks/hostile.c."""

import os
import signal
import sys
import time


def segfault(job):
    return job if job != 3 else signal.raise_signal(signal.SIGSEGV)


def leaves(job):
    return job if job != 3 else sys.exit(0)


def ends(job):
    return job if job != 3 else os._exit(0)


def forks(job):
    for _ in range(100 if job == 3 else 0):
        if os.fork() == 0:
            time.sleep(300)
            os._exit(0)
    return job


def endless(job):
    while job == 3:
        pass
    return job


def floods(job):
    for _ in range(64 if job == 3 else 0):
        os.write(1, bytes(1 << 20))
        os.write(2, bytes(1 << 20))
    return job


def closes(job):
    if job == 3:
        os.closerange(0, 4096)
    return job


def deaf(job):
    if job == 3:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
        time.sleep(300)
    return job


def changes(job):
    return time.monotonic_ns()


def unsendable(job):
    return lambda: job


def prints(job):
    print("of the function", job)
    print("of the function", job, file=sys.stderr)
    return job
