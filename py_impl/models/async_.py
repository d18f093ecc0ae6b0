# SPDX-License-Identifier: MIT
"""
asyncio, or the loop that --loop names: `workers` coroutines on one loop draw the jobs and wait side by side; what a job
computes runs on the loop's thread. The loop is one worker, number 0. In an open loop a coroutine that has drawn a job first
waits until it is due.
"""

from __future__ import annotations

from time import monotonic_ns

from py_impl.contract import DELAY, NOTHING
from py_impl.run import Run
from py_impl.worker import Worker, open_worker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from py_impl.contract import Request


def run(run: Run) -> None:
    run.loop.run(serve(run))


async def serve(run: Run) -> None:
    worker = await arrive(run)
    if run.join is not None:
        run.join.enter(run.loop, run.workers)
    run.gate()
    lanes = [(lane if run.join is None else joining_lane)(run, worker, run.dispenser) for _ in range(run.workers)]
    await run.loop.side_by_side(lanes)
    run.end_pause_all()
    await worker.close_on_loop()


async def arrive(run: Run) -> Worker:
    """The loop's worker, with its connections."""
    worker = open_worker(run, 0)
    if run.connections:
        run.free_connections = run.loop.semaphore(run.connections)
    if worker is not None:
        await worker.connect()
    run.check_workers()
    return worker


async def lane(run: Run, worker: Worker, jobs: Iterable[int], handed: bool = False) -> None:
    """One of the jobs in flight, and after it the next. With `handed` they are due."""
    shared = run.free_connections
    for job in jobs:
        if run.schedule is not None and not handed:
            await due(run, run.due(job))
        if hasattr(run.task, "call"):
            run.kept.append(((job,), (await worker.await_job(job, run.task.item(job)),)))
            continue
        request = worker.begin(job)
        if request is None:
            continue
        if shared is not None:
            await shared.acquire()
            worker.waited(job)
        await complete(run, worker, job, request)
        if shared is not None:
            shared.release()


async def complete(run: Run, worker: Worker, job: int, request: Request | None) -> None:
    """As the worker's, by awaiting."""
    reply, step = None, 0
    while request is not None and request.ask != NOTHING:
        try:
            if request.ask == DELAY:
                reply = await run.loop.sleep(request.delay_ns / 1e9)
            else:
                reply = await worker.client.get(request, job)
        except Exception as error:  # whatever a transport may raise
            worker.abandon(job, error)
            return
        request = worker.replied(job, step, reply)
        step += 1
    if request is not None:
        worker.finish(job, reply)


async def joining_lane(run: Run, worker: Worker, jobs: Iterator[int]) -> None:
    """The same of jobs that need others. One that has to wait gives up its place, which another lane has from there on."""
    join = run.join
    while True:
        await join.places.take()
        job = next(jobs, None)
        if job is None:
            join.places.give()
            return
        request = join.begin(worker, job)
        if join.lacks(request):
            await run.loop.side_by_side([join_job(run, worker, job, request), joining_lane(run, worker, jobs)])
            return
        await join_job(run, worker, job, request)


async def join_job(run: Run, worker: Worker, job: int, request: Request | None) -> None:
    await complete(run, worker, job, request)
    run.join.ended(job)
    run.join.places.give()


async def due(run: Run, due_ns: int) -> None:
    """asyncio's own timers may be early by the resolution of its clock."""
    while (left_ns := due_ns - monotonic_ns()) > 0:
        await run.loop.sleep(left_ns / 1e9)
