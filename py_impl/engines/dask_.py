# SPDX-License-Identifier: MIT
"""
Dask: a scheduler and `workers` workers of `distributed`, each a process with one thread, on loopback, the client in the host. As a
Nanny would, the supervisor starts a worker again that has died. A job's task is called with its number and its item or payload, its
result is the answer (answers.py). With --service dask=ADDRESS scheduler and workers are somebody else's: they need this package and
what the task needs, which each of their threads opens at the first job.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import socket
import tempfile
import threading
import time
from collections import deque
from concurrent.futures import Future as Waited
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as WaitedTooLong
from contextlib import suppress
from functools import partial
from itertools import count
from signal import SIGTERM, signal

from py_impl.engines.answers import Answerer, Answers, Tally, open_away
from py_impl.engines.supervisor import Parts, Supervisor
from py_impl.errors import Failed, Impossible
from py_impl.library import library
from py_impl.models.crash import KIND
from py_impl.remote import ROOT, Remote, called
from py_impl.remote import address as address_of
from py_impl.run import Run
from py_impl.slots import DONE
from py_impl.watchdog import worker_signals

library("distributed")

import dask  # noqa: E402
from distributed import Client, Scheduler, Worker, WorkerPlugin, get_worker  # noqa: E402

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Coroutine

LOOPBACK = "127.0.0.1"
CONNECT_S = 10  # to somebody else's scheduler
LOST_S = 12  # for a host that is cut off to be missed: it has to have eleven
END_S = 5.0  # for workers on other hosts to end
ANSWER_S = 30.0  # for a host's agent to say that it is there
POLL_S = 1.0  # between polls of the supervisor


def keep_in_touch() -> None:
    """Of connections between hosts: a host that is cut off is missed after LOST_S, not after half a minute."""
    dask.config.set({"distributed.comm.timeouts.tcp": f"{LOST_S} s"})


def quiet() -> None:
    """What the library would say the record does."""
    for name in ("distributed", "distributed.client", "distributed.scheduler", "distributed.worker", "tornado", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


# -- in a worker --------------------------------------------------------------------------------------------------------


class Own(threading.local):
    """What a thread that runs jobs owns."""

    answerer: Answerer | None = None
    token = ""  # whose that is


own = Own()


def serve(run: Run, number: int, life: int, tally: Tally, address: str, folder: str) -> None:
    """A worker's process. Does not return."""
    worker_signals()
    run.enter_process()
    executor = ThreadPoolExecutor(1, "job")  # that of the worker: its one thread has the task open before there is any job
    trouble = executor.submit(open_here, run, number, tally).exception()
    if trouble is not None:
        run.worker_failed(number, trouble)
        while True:
            time.sleep(3600)  # until the host has seen it

    def end(*_: object) -> None:
        executor.submit(close_here).result()
        os._exit(0)

    async def serve() -> None:
        worker = Worker(address, name=f"{number}.{life}", nthreads=1, executor=executor, host=LOOPBACK, memory_limit=0,
                        local_directory=folder, dashboard_address=f"{LOOPBACK}:0")  # fmt: skip
        async with worker:
            await worker.finished()

    signal(SIGTERM, end)
    asyncio.run(serve())
    os._exit(1)


def open_here(run: Run, number: int, tally: Tally) -> None:
    own.answerer = Answerer(run, number, tally)


def close_here() -> None:
    own.answerer.close()


def run_job(job: int, item: object = b"") -> bytes:
    return own.answerer.answer(job, item)


def open_away_once(token: str) -> None:
    if own.token != token:
        own.answerer, own.token = get_worker().plugins[token].open(), token


def run_job_away(token: str, job: int, item: object = b"") -> bytes:
    """In a worker that is not ours."""
    open_away_once(token)
    return own.answerer.answer(job, item)


def serve_away(address: str, number: str) -> None:
    """The process of a worker on another host, where all files that it writes are in a folder of its own. Does not return."""
    quiet()
    keep_in_touch()
    host, port = address.rpartition("/")[2].rsplit(":", 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
        way.connect((host, int(port)))
        own_address = way.getsockname()[0]
    folder = tempfile.mkdtemp(prefix="cobench-dask-")

    def end(*_: object) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(0)

    async def serve() -> None:
        async with Worker(address, name=number, nthreads=1, host=own_address, memory_limit=0, local_directory=folder,
                          dashboard_address=f"{own_address}:0") as worker:  # fmt: skip
            await worker.finished()

    signal(SIGTERM, end)
    try:
        asyncio.run(serve())
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Carrier(WorkerPlugin):
    """Has each of somebody else's workers, those to come too, know the run."""

    def __init__(self, token: str, state: dict[str, object], numbers: dict[str, int]) -> None:
        self.name, self.state = token, state
        self.numbers = numbers  # of each one's first thread, by its address

    def setup(self, worker: Worker) -> None:
        self.next = count(self.numbers.get(worker.address, 0))

    def open(self) -> Answerer:
        """In a thread that runs jobs."""
        return open_away(self.state, next(self.next))


# -- in the scheduler's process -----------------------------------------------------------------------------------------


def schedule(tell: int, host: str = LOOPBACK) -> None:
    """Does not return. Writes its address to the descriptor `tell`."""
    worker_signals()
    if host != LOOPBACK:
        keep_in_touch()

    async def schedule() -> None:
        async with Scheduler(host=host, port=0, dashboard=False, dashboard_address=f"{host}:0") as scheduler:
            os.write(tell, scheduler.address.encode())
            os.close(tell)
            await scheduler.finished()

    asyncio.run(schedule())
    os._exit(1)


# -- in the host ------------------------------------------------------------------------------------------------------


def run(run: Run) -> None:
    run.gate_cold()
    quiet()
    dask.config.set({"distributed.diagnostics.nvml": False})
    address = run.services.get("dask")
    engine = Elsewhere(run) if run.hosts else Ours(run) if address is None else Theirs(run, address)
    engine.open()
    run.check_workers()
    run.gate()
    engine.work()
    run.end_pause_all()
    engine.close()


class Engine:
    """The client."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.answers = Answers(run)
        self.client: Client | None = None
        self.call = run_job
        self.batches: deque[tuple[list[int], list]] = deque()

    def connect(self, address: str) -> None:
        self.client = Client(address, timeout=CONNECT_S, set_as_default=False)

    def check(self) -> None:
        """Failed where the engine cannot go on."""

    def wait(self, what: Coroutine) -> object:
        """For what the client's loop does."""
        waited: Waited = asyncio.run_coroutine_threadsafe(what, self.client.loop.asyncio_loop)
        while True:
            try:
                return waited.result(POLL_S)
            except WaitedTooLong:
                self.check()

    def work(self) -> None:
        """Two batches are under way, so that there is always something to do; in an open loop each job is one."""
        answers = self.answers
        size = 1 if self.run.schedule is not None else answers.window // 2
        while jobs := answers.draw(size):
            self.submit(jobs)
            while len(answers.in_flight) >= answers.window:
                self.gather()
        while self.batches:
            self.gather()
        answers.over()

    def submit(self, jobs: list[int]) -> None:
        items = [list(map(self.answers.item, jobs))] if self.answers.carries else []
        keys = [f"job-{self.answers.token}-{job}" for job in jobs]
        self.batches.append((jobs, self.client.map(self.call, jobs, *items, key=keys)))

    def gather(self) -> None:
        """The oldest batch."""
        jobs, futures = self.batches.popleft()
        for answer in self.wait(self.client._gather(futures, errors="skip")):
            self.answers.take(answer)
        for job, future in zip(jobs, futures):
            if job in self.answers.in_flight:
                self.check()
                self.lose(job, future)

    def lose(self, job: int, future) -> None:
        """One that has no result: a KilledWorker, say, or nobody knows of it any more."""
        error = future.exception() if future.status == "error" else None
        if error is None:
            raise Failed(f"job {job} is {future.status}: the scheduler does not know of it any more")
        self.answers.lose(job, type(error).__name__, str(error))


def begin_scheduler(parts: Parts, host: str) -> str:
    """In the supervisor's process; its address, which the host hears, too."""
    read, write = os.pipe()
    parts.start("the Dask scheduler", partial(schedule, write, host))
    os.close(write)
    address = os.read(read, 256).decode()
    os.close(read)
    if not address:
        raise Failed("its scheduler has ended")
    parts.say(address)
    return address


class Ours(Engine):
    def open(self) -> None:
        run = self.run
        self.folder = tempfile.mkdtemp(prefix="cobench-dask-", dir=os.environ.get("COBENCH_SCRATCH"))
        self.lives = [0] * run.workers  # in the supervisor's process
        self.supervisor = Supervisor(run, self.begin, self.sweep)
        while (address := self.supervisor.hear(POLL_S)) is None:
            pass
        self.connect(address)
        while len(self.client.scheduler_info()["workers"]) < run.workers:
            self.wait_for_workers()

    def wait_for_workers(self) -> None:
        try:
            self.client.wait_for_workers(self.run.workers, POLL_S)
        except TimeoutError:
            self.check()
            self.run.check_workers()

    def begin(self, parts: Parts) -> None:
        address = begin_scheduler(parts, LOOPBACK)
        for number in range(self.run.workers):
            parts.start(f"worker {number}", partial(self.serve, number, address), partial(self.died, number))

    def serve(self, number: int, address: str) -> None:
        serve(self.run, number, self.lives[number], self.answers.tally, address, self.folder)

    def died(self, number: int) -> None:
        self.lives[number] += 1
        self.answers.tally.died(number)

    def sweep(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def check(self) -> None:
        self.supervisor.hear(0)

    def work(self) -> None:
        super().work()
        tally, states = self.answers.tally, self.run.slots.states
        starts, deaths = tally.starts, tally.deaths
        if tally.idle_deaths():
            self.answers.note(None, KIND, f"{tally.idle_deaths()} worker(s) died while they ran no job; others were started")
        for job in range(self.run.jobs):
            if deaths[job] and states[job] == DONE:
                self.answers.note(job, KIND, f"{deaths[job]} worker(s) died while running job {job}; Dask ran it again")
        for job in range(self.run.jobs):
            if starts[job] - deaths[job] > 1:
                self.answers.twice(job, "DoneTwice", f"job {job} was done twice: the first worker died with its result")

    def close(self) -> None:
        self.client.close()
        self.supervisor.end(gently=hasattr(self.run.task, "worker_close"))


class Theirs(Engine):
    def __init__(self, run: Run, address: str) -> None:
        super().__init__(run)
        self.answers.tally = None
        self.address = address
        self.call = partial(run_job_away, self.answers.token)

    def open(self) -> None:
        try:
            self.connect(self.address)
        except (OSError, ValueError) as error:
            raise Impossible(f"there is no Dask scheduler at {self.address}: {error}") from error
        numbers, threads = {}, 0
        for at, worker in self.client.scheduler_info()["workers"].items():
            numbers[at], threads = threads, threads + worker["nthreads"]
        if threads != self.run.workers:
            raise Impossible(f"the workers of the Dask scheduler at {self.address} have {threads} threads: --workers {threads}")
        try:
            self.client.register_worker_plugin(Carrier(self.answers.token, self.run.away(), numbers))
        except Exception as error:  # whatever their workers raise
            raise Impossible(f"the workers at {self.address} do not load py_impl: {error}") from error

    def close(self) -> None:
        self.client.unregister_worker_plugin(self.answers.token)
        self.client.close()


class Elsewhere(Theirs):
    """The scheduler is ours, its workers are on other hosts."""

    def __init__(self, run: Run) -> None:
        super().__init__(run, "")
        self.lost: set[int] = set()  # workers of which it has been said

    def open(self) -> None:
        run = self.run
        host = address_of(run.hosts)
        self.supervisor = Supervisor(run, partial(begin_scheduler, host=host), lambda: None)
        while (address := self.supervisor.hear(POLL_S)) is None:
            pass
        self.remote = Remote(run.hosts, run.launcher, run.workers, ROOT, called(serve_away, address, "{worker}"), ANSWER_S)
        self.answers.offset_ns = self.remote.offset_ns
        self.connect(address)
        while len(workers := self.client.scheduler_info()["workers"]) < run.workers:
            with suppress(TimeoutError):
                self.client.wait_for_workers(run.workers, POLL_S)
            self.check()
        self.client.register_worker_plugin(Carrier(self.answers.token, run.away(), {at: int(w["name"]) for at, w in workers.items()}))
        ready = [self.client.submit(open_away_once, self.answers.token, workers=[at], pure=False) for at in workers]
        self.wait(self.client._gather(ready))

    def check(self) -> None:
        self.supervisor.hear(0)
        for number, status, host in self.remote.ended():
            raise Failed(f"worker {number} on host {host} has ended with status {status}")

    def work(self) -> None:
        super().work()
        there = {int(worker["name"]) for worker in self.client.scheduler_info()["workers"].values()}
        for number in sorted(set(range(self.run.workers)) - there):
            self.answers.note(None, "WorkerLost", f"worker {number} on host {self.remote.of(number).name} was lost; Dask gave its jobs to others")

    def close(self) -> None:
        self.client.close()
        self.remote.end(END_S)
        self.supervisor.end(gently=False)
