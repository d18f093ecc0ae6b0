# SPDX-License-Identifier: MIT
"""
Plain ways to hand jobs that do nothing to two workers, a function for each engine, as its documentation shows them: what `make
figures` holds cobench's dispensers, engines and clients against. `plain.py ENGINE JOBS [REDIS_SOCKET|URL]` prints the nanoseconds from
when the workers are up to the last result; mpi runs as `mpirun -n 3 PYTHON -m mpi4py.futures plain.py mpi JOBS`.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from multiprocessing import connection
from pathlib import Path

WORKERS = 2
PATIENCE_S = 30


def nothing(job: int) -> int:
    return job


def timed(jobs: int, hand_over: Callable[[Iterable[int]], Iterable[int]]) -> int:
    """Once over for the workers to be up, then what counts; every result has to be there."""
    list(hand_over(range(2 * WORKERS)))
    begun = time.perf_counter_ns()
    results = list(hand_over(range(jobs)))
    taken = time.perf_counter_ns() - begun
    if sorted(results) != list(range(jobs)):
        sys.exit("jobs are lost or doubled")
    return taken


def with_workers(work: Callable[..., None], arguments: Iterable[tuple], run: Callable[[], int]) -> int:
    started = [multiprocessing.Process(target=work, args=each, daemon=True) for each in arguments]
    for process in started:
        process.start()
    try:
        return run()
    finally:
        for process in started:
            process.kill()
            process.join()


def of_queue(jobs: int) -> int:
    todo: multiprocessing.Queue = multiprocessing.Queue()
    done: multiprocessing.Queue = multiprocessing.Queue()

    def work() -> None:
        while True:
            done.put(nothing(todo.get()))

    def hand_over(numbers: Iterable[int]) -> Iterable[int]:
        count = 0
        for number in numbers:
            todo.put(number)
            count += 1
        return [done.get(timeout=PATIENCE_S) for _ in range(count)]

    return with_workers(work, [()] * WORKERS, lambda: timed(jobs, hand_over))


def of_pipe(jobs: int) -> int:
    pipes = [multiprocessing.Pipe() for _ in range(WORKERS)]

    def work(end: connection.Connection) -> None:
        while True:
            end.send(nothing(end.recv()))

    def hand_over(numbers: Iterable[int]) -> Iterable[int]:
        left = iter(numbers)
        busy = set()
        for mine, _ in pipes:
            mine.send(next(left))
            busy.add(mine)
        while busy:
            for mine in connection.wait(busy, PATIENCE_S):
                yield mine.recv()
                following = next(left, None)
                if following is None:
                    busy.discard(mine)
                else:
                    mine.send(following)

    return with_workers(work, [(end,) for _, end in pipes], lambda: timed(jobs, hand_over))


def of_redis(jobs: int, socket: str) -> int:
    import redis

    def work() -> None:
        broker = redis.Redis(unix_socket_path=socket)
        while True:
            taken = broker.blpop(["todo"])
            broker.rpush("done", nothing(int(taken[1])))

    def hand_over(numbers: Iterable[int]) -> Iterable[int]:
        broker = redis.Redis(unix_socket_path=socket)
        count = 0
        for number in numbers:
            broker.rpush("todo", number)
            count += 1
        return [int(broker.blpop(["done"], PATIENCE_S)[1]) for _ in range(count)]

    return with_workers(work, [()] * WORKERS, lambda: timed(jobs, hand_over))


def of_mpi(jobs: int) -> int:
    from mpi4py.futures import MPIPoolExecutor

    with MPIPoolExecutor() as pool:
        pool.bootup()
        return timed(jobs, lambda numbers: pool.map(nothing, numbers))


def with_celery(socket: str, run: Callable[[Callable], int]) -> int:
    """With a worker of two processes; `run` gets the application's task."""
    os.environ["PLAIN_BROKER"] = f"redis+socket://{socket}"
    worker = subprocess.Popen(
        [sys.executable, "-s", "-m", "celery", "--app", "plain_celery", "--quiet", "worker", "--concurrency", str(WORKERS),
         "--loglevel", "ERROR", "--without-gossip", "--without-mingle", "--without-heartbeat"],
        cwd=Path(__file__).resolve().parent, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        import plain_celery

        return run(plain_celery.nothing)
    finally:
        worker.terminate()
        worker.wait(PATIENCE_S)


def of_celery(jobs: int, socket: str) -> int:
    def run(task) -> int:
        return timed(jobs, lambda numbers: [each.get(timeout=PATIENCE_S) for each in [task.delay(number) for number in numbers]])

    return with_celery(socket, run)


def of_celery_group(jobs: int, socket: str) -> int:
    def run(task) -> int:
        from celery import group

        return timed(jobs, lambda numbers: group(task.s(number) for number in numbers).apply_async().get(timeout=PATIENCE_S))

    return with_celery(socket, run)


def of_dask(jobs: int) -> int:
    from distributed import Client, LocalCluster

    with LocalCluster(n_workers=WORKERS, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        # pure=False: the second time over would otherwise be answered from the first.
        return timed(jobs, lambda numbers: client.gather(client.map(nothing, list(numbers), pure=False)))


def of_psycopg(jobs: int, url: str) -> int:
    """Look-ups by key on one connection, of the table that cobench's task `query` has made."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        return looked_up(jobs, lambda key: cursor.execute("SELECT value FROM cobench.query_10000 WHERE id = %s", (key,)).fetchone()[0])


def of_asyncpg(jobs: int, url: str) -> int:
    import asyncio

    import asyncpg

    async def look_up() -> int:
        parts = dict(part.split("=", 1) for part in url.partition("?")[2].split("&"))
        connection = await asyncpg.connect(host=parts["host"], user=parts["user"], database="postgres")
        begun, total = time.perf_counter_ns(), 0
        for key in range(jobs):
            total += await connection.fetchval("SELECT value FROM cobench.query_10000 WHERE id = $1", key % ROWS)
        taken = time.perf_counter_ns() - begun
        await connection.close()
        return checked(jobs, total, taken)

    return asyncio.run(look_up())


ROWS = 10_000


def looked_up(jobs: int, look_up: Callable[[int], int]) -> int:
    begun = time.perf_counter_ns()
    total = sum(look_up(key % ROWS) for key in range(jobs))
    return checked(jobs, total, time.perf_counter_ns() - begun)


def checked(jobs: int, total: int, taken: int) -> int:
    if total != sum(key % ROWS * 2654435761 % 2**32 for key in range(jobs)):
        sys.exit("what was looked up is not what is there")
    return taken


ENGINES: dict[str, Callable[..., int]] = {
    "queue": of_queue, "pipe": of_pipe, "redis": of_redis, "mpi": of_mpi, "celery": of_celery,
    "celery-group": of_celery_group, "dask": of_dask, "psycopg": of_psycopg, "asyncpg": of_asyncpg,
}

if __name__ == "__main__":
    multiprocessing.set_start_method("fork", force=True)
    print(ENGINES[sys.argv[1]](int(sys.argv[2]), *sys.argv[3:]))
