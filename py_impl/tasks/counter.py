# SPDX-License-Identifier: MIT
"""
The smallest thing that jobs can change in common. An addition reads, adds and writes; where another's write falls between, it is
lost, and the audit finds how many were. With `pause` a job waits between its read and its write, and loses the same without any
thread. (CPython's lock changes hands where a loop goes back, or a function of Python's is called: since 3.10 not in `+=` itself.)
"""

from py_impl.contract import CHOICE, CPU, DELAY, INT, WORKER_PROCESS, Audit, NotPossible, Param, Request, slice_of
from py_impl.tasks.lib.locks import Locks
from py_impl.tasks.lib.shared import shared_words

NAME = "counter"
ABOUT = "additions to a counter that all workers share"
KIND = CPU
ASKS = DELAY
JOBS = 8
SPLITS = True
PARAMS = (
    Param("adds", INT, "1000000", "additions, shared by the jobs", 1, 1_000_000_000_000),
    Param("lock", CHOICE, "one", "what keeps others out: one lock, atomic additions, or a counter for each worker, in a cache line of its own or side by side",
          choices=("none", "one", "atomic", "own", "adjacent")),
    Param("pause", INT, "0", "how long a job waits between reading the counter and writing it, in milliseconds; with lock=none only", 0, 3_600_000),
)  # fmt: skip

# The words of what is shared, behind which stand the cells: with `pause` what each job has read, else a counter for each worker.
COUNT, WORKERS, CELLS = 0, 8, 16
LINE_WORDS = 8  # in a cache line

_NOTHING = Request()


class Counter:
    __slots__ = ("adds", "jobs", "lock", "stride", "pause", "words", "locks")

    def __init__(self, params, jobs):
        self.adds, self.jobs, self.lock = params["adds"], jobs, params["lock"]
        self.stride = LINE_WORDS if self.lock == "own" else 1  # words from a cell to the next
        self.pause = Request(DELAY, delay_ns=params["pause"] * 1_000_000) if params["pause"] else _NOTHING
        self.words = shared_words(CELLS + jobs * self.stride)
        self.locks = Locks("counter", 1, jobs)


class Worker:
    __slots__ = ("user", "own")

    def __init__(self, counter, flags):
        self.user = counter.locks.user(flags)
        words, locks = counter.words, counter.locks
        with (locks.of_processes if flags & WORKER_PROCESS else locks.of_threads)[0]:
            number = words[WORKERS]
            words[WORKERS] = number + 1
        if number >= counter.jobs:  # in the place of one that died
            raise RuntimeError(f"more workers than the {counter.jobs} jobs")
        self.own = CELLS + number * counter.stride


def open(params, jobs):
    if params["pause"] and params["lock"] != "none":
        raise ValueError("pause: with lock=none only, as no lock is held while a job waits")
    if params["lock"] == "atomic":
        raise NotPossible("lock=atomic: Python has no atomic addition to memory that processes share")
    return Counter(params, jobs)


def worker_open(counter, flags):
    return Worker(counter, flags)


def request(counter, worker, job):
    if counter.pause is not _NOTHING:
        counter.words[CELLS + job] = counter.words[COUNT]
    return counter.pause


def add_each(words, place, adds):
    for _ in range(adds):
        words[place] += 1


def add_locked(words, user, adds):
    take, give = user.take, user.give
    for _ in range(adds):
        take(0)
        words[COUNT] += 1
        give(0)


def run(counter, worker, job, reply):
    start, end = slice_of(counter.adds, job, counter.jobs)
    words, user = counter.words, worker.user
    user.job, user.waited_ns = job, 0
    if counter.pause is not _NOTHING:
        words[COUNT] = words[CELLS + job] + end - start
    elif counter.lock == "none":
        add_each(words, COUNT, end - start)
    elif counter.lock == "one":
        add_locked(words, user, end - start)
    else:
        add_each(words, worker.own, end - start)
    return end - start


def waited(counter, worker):
    return worker.user.waited_ns


def audit(counter):
    words, adds = counter.words, counter.adds
    count = words[COUNT]
    if counter.lock in ("own", "adjacent"):
        count += sum(words[CELLS :: counter.stride])
    return Audit(abs(adds - count), adds, f"the counter is {count} after {adds} additions" if count != adds else "")
