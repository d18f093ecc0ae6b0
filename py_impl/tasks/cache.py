# SPDX-License-Identifier: MIT
"""
A map that all jobs share, read mostly. An entry is two words that have to agree, each in an array of its own, so that a read which
comes between the two writes of another is torn. What keeps that from happening differs in who pays for it: with a mutex everyone;
with a reader-writer lock readers, who count themselves; with a copy of the map for each worker those who write, and change all of
them; with a swap too, as they copy the map, change the copy and put it in the old one's place, and readers take no lock at all.
"""

import os
from time import monotonic_ns

from py_impl.contract import CHOICE, CPU, INT, NOTHING, WORKER_PROCESS, Audit, NotPossible, Param, slice_of
from py_impl.tasks.lib.locks import Locks
from py_impl.tasks.lib.shared import shared_words

NAME = "cache"
ABOUT = "a map that all workers share, read mostly"
KIND = CPU
ASKS = NOTHING
JOBS = 8
SPLITS = True
PARAMS = (
    Param("entries", INT, "1024", "entries of the map, two words of 8 bytes each", 1, 1_000_000),
    Param("reads", INT, "1000000", "accesses to the map, shared by the jobs", 1, 1_000_000_000_000),
    Param("writes", INT, "10", "how many of 1000 accesses write in the place of reading", 0, 1000),
    Param("lock", CHOICE, "mutex", "what keeps others out: a mutex, a reader-writer lock, a copy of the map for each worker, or a new map for each write",
          choices=("none", "mutex", "rwlock", "copies", "swap")),
)  # fmt: skip

COPIES_MAX = 16  # further workers share them
MUTEX = 0  # which of the locks it is; of `copies` each has one, by its number
# Behind them two that one worker may take and another give back, which those that know their holder do not allow for: that of
# who is counted, and the one that the first reader takes for all and a writer for himself.
COUNTING, ROOM = COPIES_MAX, COPIES_MAX + 1

# The words of what is shared, behind which stand the maps and then of each job how many torn reads it saw.
WORKERS, COPIES, READERS, VERSION, WORDS = 0, 1, 2, 8, 16  # VERSION: the current map is version % 2; written under MUTEX

IN_ORDER = ("x86_64", "i686")  # machines on which nobody sees one's writes, or reads those of another, in another order


class Cache:
    __slots__ = ("entries", "reads", "writes", "jobs", "lock", "maps", "torn", "words", "locks")

    def __init__(self, params, jobs):
        self.entries, self.reads, self.writes, self.jobs, self.lock = params["entries"], params["reads"], params["writes"], jobs, params["lock"]
        self.maps = {"copies": COPIES_MAX, "swap": 2}.get(self.lock, 1)
        self.torn = WORDS + self.maps * 2 * self.entries
        self.words = shared_words(self.torn + jobs)
        self.locks = Locks("map", COPIES_MAX + 2, jobs)


class Worker:
    __slots__ = ("user", "words", "entries", "counting", "room", "copy")

    def __init__(self, cache, flags):
        self.words, self.entries = cache.words, cache.entries
        self.user = cache.locks.user(flags)
        locks = cache.locks.of_processes if flags & WORKER_PROCESS else cache.locks.of_threads
        self.counting, self.room = locks[COUNTING], locks[ROOM]
        with self.room:
            self.copy = self._choose_copy() if cache.lock == "copies" else 0

    def _choose_copy(self):
        """A worker reads its own copy, which is what the first one is now."""
        words, size = self.words, 2 * self.entries
        copy = words[WORKERS] % COPIES_MAX
        words[WORKERS] += 1
        if copy >= words[COPIES]:
            place = WORDS + copy * size
            words[place : place + size] = words[WORDS : WORDS + size]
            words[COPIES] = copy + 1
        return copy

    def take(self, lock):
        """One of the two that do not know their holder."""
        if not lock.acquire(False):
            begun = monotonic_ns()
            lock.acquire()
            self.user.waited_ns += monotonic_ns() - begun


def entry_read(worker, place):
    """Whether it is torn."""
    return worker.words[place] != worker.words[place + worker.entries]


def entry_write(worker, place, word):
    worker.words[place] = word
    worker.words[place + worker.entries] = word


# -- the ways of reading and writing an entry


def none_read(worker, entry):
    return entry_read(worker, WORDS + entry)


def none_write(worker, entry, word):
    entry_write(worker, WORDS + entry, word)


def mutex_read(worker, entry):
    worker.user.take(MUTEX)
    torn = entry_read(worker, WORDS + entry)
    worker.user.give(MUTEX)
    return torn


def mutex_write(worker, entry, word):
    worker.user.take(MUTEX)
    entry_write(worker, WORDS + entry, word)
    worker.user.give(MUTEX)


def rwlock_read(worker, entry):
    """The standard library has no such lock: this is made of two others, as people's code does it."""
    words = worker.words
    worker.take(worker.counting)
    words[READERS] += 1
    if words[READERS] == 1:
        worker.take(worker.room)
    worker.counting.release()
    torn = entry_read(worker, WORDS + entry)
    worker.take(worker.counting)
    words[READERS] -= 1
    if words[READERS] == 0:
        worker.room.release()
    worker.counting.release()
    return torn


def rwlock_write(worker, entry, word):
    worker.take(worker.room)
    entry_write(worker, WORDS + entry, word)
    worker.room.release()


def copies_read(worker, entry):
    worker.user.take(worker.copy)
    torn = entry_read(worker, WORDS + worker.copy * 2 * worker.entries + entry)
    worker.user.give(worker.copy)
    return torn


def copies_write(worker, entry, word):
    """One writer after the other, so that all copies come to the same."""
    worker.take(worker.room)
    for copy in range(worker.words[COPIES]):
        worker.user.take(copy)
        entry_write(worker, WORDS + copy * 2 * worker.entries + entry, word)
        worker.user.give(copy)
    worker.room.release()


def swap_read(worker, entry):
    """A map is overwritten from the second swap behind its own on: whoever read a word of that finds that the version has changed."""
    words = worker.words
    while True:
        version = words[VERSION]
        torn = entry_read(worker, WORDS + version % 2 * 2 * worker.entries + entry)
        if words[VERSION] == version:
            return torn


def swap_write(worker, entry, word):
    worker.user.take(MUTEX)
    words, size = worker.words, 2 * worker.entries
    version = words[VERSION]
    old, new = WORDS + version % 2 * size, WORDS + (version + 1) % 2 * size
    words[new : new + size] = words[old : old + size]
    entry_write(worker, new + entry, word)
    words[VERSION] = version + 1
    worker.user.give(MUTEX)


WAYS = {
    "none": (none_read, none_write), "mutex": (mutex_read, mutex_write), "rwlock": (rwlock_read, rwlock_write),
    "copies": (copies_read, copies_write), "swap": (swap_read, swap_write),
}  # fmt: skip


# -- the task


def open(params, jobs):
    if params["lock"] == "swap" and os.uname().machine not in IN_ORDER:
        raise NotPossible("lock=swap: needs a processor that reads and writes in order, as Python can ask none to")
    return Cache(params, jobs)


def worker_open(cache, flags):
    return Worker(cache, flags)


def run(cache, worker, job, reply):
    """Which entry an access is to, and whether it writes, follows from its number, by Knuth's multiplicative hashing."""
    read, write = WAYS[cache.lock]
    entries, writes, torn, total = cache.entries, cache.writes, 0, 0
    worker.user.job, worker.user.waited_ns = job, 0
    for number in range(*slice_of(cache.reads, job, cache.jobs)):
        hashed = number * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF
        entry = (hashed >> 32) % entries
        if (hashed >> 12) % 1000 < writes:
            write(worker, entry, number + 1)
        else:
            torn += read(worker, entry)
        total += entry
    cache.words[cache.torn + job] = torn
    return total


def waited(cache, worker):
    return worker.user.waited_ns


def audit(cache):
    words, size = cache.words, 2 * cache.entries
    seen = sum(words[cache.torn :])
    first = words[VERSION] % 2 if cache.lock == "swap" else 0
    copies = words[COPIES] if cache.lock == "copies" else 1
    maps = [words[WORDS + copy * size : WORDS + (copy + 1) * size] for copy in range(first, first + copies)]
    left = sum(len({words[place] for words in maps for place in (entry, cache.entries + entry)}) > 1 for entry in range(cache.entries))
    finding = f"{seen} reads saw half of a write, and {left} entries are left torn"
    return Audit(seen + left, cache.reads, finding if seen + left else "")
