"""Jobs hand work to an executor faster than it gets it done: its queue grows as long as they do, and with it memory and delay."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore

WRITER = ThreadPoolExecutor(1)
ROOM = BoundedSemaphore(16)


def write(line):
    time.sleep(0.002)


def unbounded(job):
    time.sleep(0.01)
    for line in range(10):
        WRITER.submit(write, line)
    return job


def bounded(job):
    """Who has more to write than there is room for waits."""
    time.sleep(0.01)
    for line in range(10):
        ROOM.acquire()
        WRITER.submit(write, line).add_done_callback(lambda done: ROOM.release())
    return job
