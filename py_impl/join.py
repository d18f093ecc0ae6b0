# SPDX-License-Identifier: MIT
"""
Jobs that need the results of other jobs: what runs them, and waits for them in the place of a transport's client. A worker blocks until
what its job needs has ended (Block), runs it meanwhile where nobody has begun it (Help), or is the only one and always does (Alone);
on an event loop the job awaits it (OnLoop). Imported only where a task asks for jobs.

A waiting worker that helps begins no job but those that the one on top of its stack needs, be it by way of others: each job of the stack
would wait for those above it anyway. A job is claimed by who begins it: its slot's state goes from EMPTY to RUNNING under the lock. While
it waits for job k its slot says so, `awaits` = k + 1, by which a deadlock is seen (deadlock.py).
"""

from __future__ import annotations

import time
from _thread import allocate_lock
from collections import deque
from struct import pack

from py_impl.contract import NEEDED_FAILED, RESULTS, Reply, RequestFailed
from py_impl.deadlock import KIND, circle_words, waits_for
from py_impl.errors import Failed
from py_impl.slots import DONE, EMPTY, FAILED, HEADER_BYTES, RUNNING, SLOT_BYTES, mark

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from py_impl.contract import Request
    from py_impl.models import Model
    from py_impl.run import Run
    from py_impl.shared_state import SharedState
    from py_impl.slots import Slots
    from py_impl.worker import Worker

# Where in the slots file, in words of 4 bytes, the state of job 0 is, and how far the next job's.
STATE, SLOT = (HEADER_BYTES + 28) // 4, SLOT_BYTES // 4


def choose(run: Run, model: Model) -> Join | None:
    """Before any worker exists. None: the model's workers see to it themselves."""
    if model.native:
        return None
    if model.loop:
        join: Join = OnLoop(run.jobs, None)
    elif model.baseline:
        join = Alone(run.jobs, None)
    else:
        between = Processes(run.shared) if model.processes or model.isolated else Threads()
        join = (Help if run.knobs["join"] == "help" else Block)(run.jobs, between)
    join.attach(run.slots)
    return join


# -- how workers wait for one another -------------------------------------------------------------------------------------


class Threads:
    """Of one interpreter: at a word of the slots file until it changes, as by a futex."""

    one_memory = True

    def __init__(self) -> None:
        self.lock = allocate_lock()
        self._waiting: dict[int, list] = {}

    def attach(self, slots: Slots) -> None:
        self.words = memoryview(slots.map).cast("I")

    def wait(self, at: int, seen: int) -> None:
        """Until somebody calls `wake`, if the word is what was seen."""
        woken = allocate_lock()
        woken.acquire()
        with self.lock:
            if self.words[at] != seen:
                return
            self._waiting.setdefault(at, []).append(woken)
        woken.acquire()

    def wake(self, at: int) -> None:
        """All who wait at the word, once it has changed."""
        with self.lock:
            waiting = self._waiting.pop(at, ())
        for woken in waiting:
            woken.release()


class Processes:
    """Those that have mapped the file, and interpreters likewise: by a futex. Where it was pickled it is to be attached again."""

    one_memory = False

    def __init__(self, shared: SharedState) -> None:
        self._shared = shared
        self.lock = FileLock(shared)

    def __reduce__(self) -> tuple:
        return Processes, (self._shared,)

    def attach(self, slots: Slots) -> None:
        from py_impl.futex import Futex

        self.words = memoryview(slots.map).cast("I")
        futex = Futex(slots.map)
        self.wait, self.wake = futex.wait, futex.wake


class FileLock:
    """The kernel takes it from a process that is killed. Of the shared state's file, which all have open."""

    def __init__(self, shared: SharedState) -> None:
        from fcntl import LOCK_EX, LOCK_UN, lockf

        self._shared, self._lockf, self._take, self._give = shared, lockf, LOCK_EX, LOCK_UN

    def __enter__(self) -> None:
        self._lockf(self._shared.fd, self._take, 1)

    def __exit__(self, *_: object) -> None:
        self._lockf(self._shared.fd, self._give, 1)


# -- how a job waits ------------------------------------------------------------------------------------------------------


class Join:
    """What all have in common."""

    dependencies: dict[str, int] | None = None  # for the record, where they are known

    def __init__(self, jobs: int, between: Threads | Processes | None) -> None:
        self.jobs = jobs
        self.between = between

    def __reduce__(self) -> tuple:
        return type(self), (self.jobs, self.between)

    def attach(self, slots: Slots) -> None:
        """In each process or interpreter that runs jobs, before it does."""
        self.slots, self.states, self.awaits = slots, slots.states, slots.commands
        if self.between is not None:
            self.between.attach(slots)

    def claim(self, job: int, number: int) -> bool:
        """Whether the job is the worker's to run, as nobody else has begun it. Before it has, it may ask again."""
        return True

    def begin(self, worker: Worker, job: int) -> Request | None:
        """As the worker does; and what the job asks for can be."""
        request = worker.begin(job)
        if request is None or request.ask != RESULTS:
            return request
        try:
            for needed in request.jobs:
                if not isinstance(needed, int) or not 0 <= needed < self.jobs:
                    raise ValueError(f"asked for job {needed}: there are jobs 0 to {self.jobs - 1}")
                if needed == job:
                    raise ValueError(f"asked for job {job}, which is itself")
        except (TypeError, ValueError) as error:
            worker.abandon(job, error)
            return None
        return request

    def reply(self, needed: Sequence[int]) -> Reply:
        """Once all have ended."""
        for job in needed:
            if self.states[job] == FAILED:
                raise RequestFailed(NEEDED_FAILED, f"job {job}, which it needs, failed")
        results = self.slots.results
        return Reply(0, pack(f"={len(needed)}Q", *[results[job] for job in needed]))

    def wait(self, job: int, needed: int) -> None:
        """Blocks until a job has ended that this one needs."""
        words, at = self.between.words, STATE + needed * SLOT
        while (state := words[at]) < DONE:
            self.awaits[job] = needed + 1
            self.between.wait(at, state)

    def ended(self, job: int) -> None:
        """Called when a job has, by whoever ended it."""
        self.between.wake(STATE + job * SLOT)

    def close(self) -> None:
        """Of a worker's client."""


class Block(Join):
    """As people's code does: `future.result()` inside a job of the pool."""

    def run_jobs(self, worker: Worker, jobs: Iterable[int]) -> int:
        end_ns = 0
        for job in jobs:
            end_ns = worker.complete(job, self.begin(worker, job))
            self.ended(job)
        return end_ns

    def get(self, request: Request, job: int) -> Reply:
        for needed in request.jobs:
            self.wait(job, needed)
        self.awaits[job] = 0
        return self.reply(request.jobs)


class Frame:
    """A job on a worker's stack."""

    __slots__ = ("job", "request", "needs", "ended", "begun")

    def __init__(self, job: int, request: Request | None, needs: Sequence[int]) -> None:
        self.job = job
        self.request = request
        self.needs = needs
        self.ended = self.begun = 0  # so many of them, from the first on, are known to have


class Help(Join):
    """A worker that waits runs what its job needs, on top of it. The stack is a list, as Python's own is not deep."""

    def __init__(self, jobs: int, between: Threads | Processes | None) -> None:
        super().__init__(jobs, between)
        self.needs: dict[int, Sequence[int]] = {}  # of jobs that run, as far as it is known in this process

    def claim(self, job: int, number: int) -> bool:
        with self.between.lock:
            return self._claim(job, number)

    def _claim(self, job: int, number: int) -> bool:
        slots = self.slots
        if self.states[job] == EMPTY:
            slots.marks[job] = mark(number, RUNNING)
            return True
        return self.states[job] == RUNNING and slots.workers[job] == number and slots.runs[job] == 0

    def run_jobs(self, worker: Worker, jobs: Iterable[int]) -> int:
        end_ns = 0
        for job in jobs:
            if self.claim(job, worker.number):
                end_ns = self._run(worker, job)
        return end_ns

    def _run(self, worker: Worker, job: int) -> int:
        stack = [self._frame(worker, job)]
        while True:
            top = stack[-1]
            if not self._has_all(top):
                other = self.next(worker, stack)
                if other is not None:
                    stack.append(self._frame(worker, other))
                continue
            end_ns = worker.complete(top.job, top.request)
            self.ended(top.job)
            stack.pop()
            if not stack:
                return end_ns
            if worker.run.end_pause is not None:
                worker.run.end_pause.helped()

    def _frame(self, worker: Worker, job: int) -> Frame:
        request = self.begin(worker, job)
        needs = self.needs[job] = request.jobs if request is not None and request.ask == RESULTS else ()
        return Frame(job, request, needs)

    def _has_all(self, top: Frame) -> bool:
        """Whether all that the job needs has ended; else needs[ended] is the first that has not."""
        states, needs = self.states, top.needs
        while top.ended < len(needs) and states[needs[top.ended]] >= DONE:
            top.ended += 1
        if top.ended < len(needs):
            return False
        self.awaits[top.job] = 0
        return True

    def next(self, worker: Worker, stack: list[Frame]) -> int | None:
        """A job to be run first, which is claimed. None: there was nothing to do but wait, and what was waited for has ended."""
        top = stack[-1]
        other = self._claim_needed(worker, top)
        if other is None:
            self.wait(top.job, top.needs[top.ended])
        else:
            self.awaits[top.job] = other + 1
        return other

    def _claim_needed(self, worker: Worker, top: Frame) -> int | None:
        """
        A job that nobody has begun, of those that the one on top needs, or of what these need, and so on: the first that is found
        from the top, as the most work hangs from that. Where there is none there will be none: all of it is running.
        """
        while top.begun < len(top.needs):
            job = top.needs[top.begun]
            top.begun += 1
            if self.claim(job, worker.number):
                return job
        running = [job for job in top.needs[top.ended :] if self.states[job] < DONE]
        met = set(running)
        for job in running:
            for other in self._needs_of(worker, job):
                if other not in met and self.states[other] < DONE:
                    if self.claim(other, worker.number):
                        return other
                    met.add(other)
                    running.append(other)
        return None

    def _needs_of(self, worker: Worker, job: int) -> Sequence[int]:
        """Of a job that somebody has begun; of one in another process as the task says here."""
        while job not in self.needs and self.states[job] == RUNNING:
            if self.between.one_memory:
                time.sleep(0)  # its worker is about to say
                continue
            try:
                request = worker.run.task.request(worker.run.state, worker.task_worker, job)
                self.needs[job] = request.jobs if request.ask == RESULTS else ()
            except Exception:  # the job's failure, where it runs
                self.needs[job] = ()
        return self.needs.get(job, ())

    def get(self, request: Request, job: int) -> Reply:
        return self.reply(request.jobs)

    def ended(self, job: int) -> None:
        self.needs.pop(job, None)
        super().ended(job)


class Alone(Help):
    """The one worker there is: it runs all, and knows in the end what depended on what."""

    def __init__(self, jobs: int, between: None) -> None:
        super().__init__(jobs, between)
        self._since: dict[int, int] = {}  # when what a job needed was there
        self._paths: dict[int, int] = {}  # the longest that ends with a job
        self.dependencies = {"edges": 0, "work_ns": 0, "path_ns": 0}

    def claim(self, job: int, number: int) -> bool:
        return self._claim(job, number)

    def _has_all(self, top: Frame) -> bool:
        if not super()._has_all(top):
            return False
        self._since[top.job] = time.monotonic_ns() if top.needs else self.slots.starts[top.job]
        return True

    def next(self, worker: Worker, stack: list[Frame]) -> int | None:
        top = stack[-1]
        needed = top.needs[top.ended]
        self.awaits[top.job] = needed + 1
        if self.claim(needed, worker.number):
            return needed
        for frame in stack:
            worker.run.shared.failed(frame.job, worker.number, KIND, waits_for(self.awaits[frame.job] - 1), None)
        waiting = [frame.job for frame in stack]
        raise Failed("deadlock: " + circle_words(waiting[waiting.index(needed) :]))

    def ended(self, job: int) -> None:
        needs, since_ns = self.needs.pop(job), self._since.pop(job)
        own_ns = self.slots.ends[job] - since_ns
        path_ns = self._paths[job] = own_ns + max((self._paths[other] for other in needs), default=0)
        known = self.dependencies
        known["edges"] += len(needs)
        known["work_ns"] += own_ns
        known["path_ns"] = max(known["path_ns"], path_ns)


class Places:
    """Of so many jobs in flight. One that goes on has its place again before new ones begin."""

    def __init__(self, loop: object, free: int) -> None:
        self._event: Callable[[], object] = loop.event
        self._free = free
        self._going_on: deque = deque()
        self._new: deque = deque()

    async def take(self, *, first: bool = False) -> None:
        if self._free > 0:  # so nobody waits
            self._free -= 1
            return
        event = self._event()
        (self._going_on if first else self._new).append(event)
        await event.wait()

    def give(self) -> None:
        waiting = self._going_on or self._new
        if waiting:
            waiting.popleft().set()
        else:
            self._free += 1


class OnLoop(Join):
    """Of jobs on an event loop: one that waits gives up its place in flight, so that there is one for what it waits for."""

    def __init__(self, jobs: int, between: None) -> None:
        super().__init__(jobs, between)
        self._events: dict[int, object] = {}
        self.loop = self.places = None  # of the model, once it runs

    def enter(self, loop: object, workers: int) -> None:
        """Before the first job."""
        self.loop, self.places = loop, Places(loop, workers)

    def lacks(self, request: Request | None) -> bool:
        return request is not None and request.ask == RESULTS and any(self.states[job] < DONE for job in request.jobs)

    async def get(self, request: Request, job: int) -> Reply:
        if self.lacks(request):
            self.places.give()
            for needed in request.jobs:
                while self.states[needed] < DONE:
                    self.awaits[job] = needed + 1
                    if needed not in self._events:
                        self._events[needed] = self.loop.event()
                    await self._events[needed].wait()
            self.awaits[job] = 0
            await self.places.take(first=True)
        return self.reply(request.jobs)

    def ended(self, job: int) -> None:
        event = self._events.pop(job, None)
        if event is not None:
            event.set()

    async def close(self) -> None:
        """Likewise."""
