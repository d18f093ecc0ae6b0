# SPDX-License-Identifier: MIT
"""
`async` with a dispenser that --dispenser names: the coroutines of async_.py draw from a counter, an asyncio.Queue or a broker's
own client for event loops. Who hands messages out is a thread, as its waits would block the loop.
"""

from __future__ import annotations

from py_impl import dispensers
from py_impl.contract import RequestFailed
from py_impl.dispenser import in_order, when_due, window
from py_impl.dispensers.counter import Number
from py_impl.dispensers.message import FILLED, pack_done, unpack_jobs
from py_impl.dispensers.work import LOST, pack_values, unpickled
from py_impl.dispensers import is_function
from py_impl.errors import Failed, Impossible
from py_impl.models.async_ import arrive, due, lane
from py_impl.run import Run
from py_impl.worker import Worker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def run(run: Run) -> None:
    name, loop = run.knobs["dispenser"], run.knobs["loop"]
    if name == "pipe":
        raise Impossible("a multiprocessing.Pipe cannot be waited for on an event loop: it would stand still meanwhile")
    if loop == "trio" and name != "counter":
        raise Impossible(f"the dispenser {name} is asyncio's; the loop {loop} has none")
    run.loop.run(serve(run, name))


async def serve(run: Run, name: str) -> None:
    worker = await arrive(run)
    if name == "counter":
        number = Number()
        run.gate()
        await run.loop.side_by_side([lane(run, worker, draws(run, number)) for _ in range(run.workers)])
    elif name == "queue":
        from asyncio import Queue

        queue = Queue(window(run.workers))
        run.gate()
        await run.loop.side_by_side([fill(run, queue), *(queue_lane(run, worker, queue) for _ in range(run.workers))])
    else:
        await serve_messages(run, worker)
    run.end_pause_all()
    await worker.close_on_loop()


def draws(run: Run, number: Number) -> Iterator[int]:
    while True:
        with number.lock:
            job = number.value
            number.value = job + 1
        if job >= run.jobs:
            return
        yield job


async def fill(run: Run, queue) -> None:
    for job in in_order(run.jobs):
        if run.schedule is not None:
            await due(run, run.due(job))
        await queue.put(job)
    for _ in range(run.workers):
        await queue.put(None)


async def queue_lane(run: Run, worker: Worker, queue) -> None:
    while (job := await queue.get()) is not None:
        await lane(run, worker, (job,), handed=True)


# -- messages -------------------------------------------------------------------------------------------------------------


class Pool:
    """The loop, as a manager knows it."""

    context = None

    def __init__(self) -> None:
        self.trouble: Exception | None = None
        self.stalled: set[int] = set()

    def check(self, wait: bool = False) -> None:
        if self.trouble is not None:
            raise Failed("the loop is lost") from self.trouble

    def lost(self) -> list[int]:
        self.check()
        return []


async def serve_messages(run: Run, worker: Worker) -> None:
    pool = Pool()
    manager = dispensers.load(run, pool)
    run.watchdog.clean_up = getattr(manager, "clean_up", None)
    if run.schedule is not None:
        run.dispenser = when_due(run.jobs, run.due)

    def feed() -> None:
        manager.feed()
        manager.stop(list(range(run.workers)))

    ends = manager.lanes()
    try:
        for end in set(ends):
            await end.open(run)
        run.gate()
        await run.loop.side_by_side([run.loop.to_thread(feed), *(message_lane(run, worker, end, pool) for end in ends)])
    except RequestFailed as error:  # of a broker
        run.worker_failed(None, error)
        raise Failed(f"{error.kind}: {error}") from error
    finally:
        for end in set(ends):
            await end.close()
        manager.close()
        run.watchdog.clean_up = None


async def message_lane(run: Run, worker: Worker, end, pool: Pool) -> None:
    try:
        message = await end.take(None)
        while jobs := unpack_jobs(message):
            message = await end.take(await answer(run, worker, end, jobs))
    except Exception as error:  # of a broker, say
        pool.trouble = pool.trouble or error
        raise


async def answer(run: Run, worker: Worker, end, parts: list[tuple[int, memoryview]]) -> bytes:
    """As Receiver.answer: the jobs of a message, one after the other."""
    if is_function(run):
        values = {}
        for job, item in parts:
            if (item := unpickled(run, job, item)) is not LOST:
                values[job] = await worker.await_job(job, item)
        return pack_values(run, end.number, [job for job, _ in parts], values)
    for job, payload in parts:
        end.check(job, payload)
    jobs = [job for job, _ in parts]
    await lane(run, worker, jobs, handed=True)
    return pack_done(end.number, [(job, FILLED, b"") for job in jobs])
