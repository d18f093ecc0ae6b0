"""an_example: what a job waits for and computes, in Python; an_example.c is the same in C. cobench-task(7) has the contract."""

from py_impl.contract import DELAY, INT, MIXED, Param, Request, slice_of

NAME = "an_example"
ABOUT = "wait, then sum squares"
KIND = MIXED
ASKS = DELAY
JOBS = 8
SPLITS = True
PARAMS = (
    Param("size", INT, "2000000", "squares summed, by all jobs together", 0, 1_000_000_000),
    Param("delay", INT, "5", "ms that each job waits first", 0, 60_000),
)

SQUARES = 256


class Shared:
    """What the jobs share; nothing changes it once it is open."""

    def __init__(self, params, jobs):
        self.size, self.jobs = params["size"], jobs
        self.request = Request(DELAY, delay_ns=params["delay"] * 1_000_000)


def open(params, jobs):
    return Shared(params, jobs)


def close(shared):
    pass


def worker_open(shared, flags):
    """What a worker (a thread, a process, a loop) has to itself: no lock is needed."""
    return [i * i for i in range(SQUARES)]


def worker_close(shared, squares):
    pass


def request(shared, squares, job):
    """What the job waits for. The host does the waiting: never sleep or ask a server here."""
    return shared.request


def run(shared, squares, job, reply):
    """What the job computes; `reply` is what a URL answered."""
    total = 0
    for i in range(*slice_of(shared.size, job, shared.jobs)):
        total += squares[i % SQUARES]
    return total
