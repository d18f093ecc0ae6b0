"""A task: workers add to a total that they share. A lock is no lock where each process has one of its own."""

from contextlib import nullcontext
from mmap import mmap
from multiprocessing import Lock as ProcessLock
from threading import Lock as ThreadLock

from py_impl.contract import CHOICE, CPU, NOTHING, Audit, Param

NAME, ABOUT, KIND, ASKS, JOBS = "race", "additions to a total that workers share", CPU, NOTHING, 8
PARAMS = (Param("lock", CHOICE, "none", "what keeps other workers out", choices=("none", "thread", "process")),)

ADDS = 50_000  # of each job
LOCKS = {"none": nullcontext, "thread": ThreadLock, "process": ProcessLock}


class Total:
    def __init__(self, lock, jobs):
        self.memory = memoryview(mmap(-1, 8)).cast("Q")  # in threads, and in processes forked from here
        self.lock, self.jobs = LOCKS[lock](), jobs


def open(params, jobs):
    return Total(params["lock"], jobs)


def plus_one(number):
    return number + 1


def run(total, worker, job, reply):
    for _ in range(ADDS):
        with total.lock:
            total.memory[0] = plus_one(total.memory[0])  # reads, calls, writes: another's write in between is lost
    return ADDS


def audit(total):
    made, found = ADDS * total.jobs, total.memory[0]
    return Audit(made - found, made, f"the total is {found} after {made} additions" if found != made else "")
