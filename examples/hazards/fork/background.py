"""A thread holds a lock while a process is forked: in the child the lock is held for ever, as the thread is not there."""

import time
from threading import Lock, Thread

LOCK = Lock()


def flush():
    while True:
        with LOCK:
            time.sleep(0.05)  # as a logger that writes what it has gathered
        time.sleep(0.001)


Thread(target=flush, daemon=True).start()


def log(job):
    with LOCK:
        return job
