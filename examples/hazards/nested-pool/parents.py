"""Jobs that wait for others of their own pool: when all its threads wait, no one is left to run what they wait for."""

from concurrent.futures import ThreadPoolExecutor

POOL = ThreadPoolExecutor(2)


def child(job):
    return sum(i * i for i in range(job + 20_000))


def parent(job):
    return POOL.submit(child, job).result()


def nested(job):
    return POOL.submit(parent, job).result()


def flat(job):
    """The parent runs where it is called, and only what waits for nothing is in the pool."""
    return parent(job)
