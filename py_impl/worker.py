# SPDX-License-Identifier: MIT
"""
A worker: one thread, process or event loop that runs jobs. Opens the task's worker and, where the task asks for
what has a transport, a client of it; stamps the slots; turns every failure of a job into an entry of the shared state, so that nothing a
task does comes out of here. One thread at a time uses a worker.
"""

from __future__ import annotations

import time
from time import monotonic_ns

from py_impl import lock
from py_impl.contract import DELAY, NOTHING, RESULTS, Reply, Request
from py_impl.failure import explain
from py_impl.slots import DONE, FAILED, RUNNING, mark

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from py_impl.run import Run
    from py_impl.slots import Slots

_NO_REQUEST = Request()


class Worker:
    """
    `run_jobs(jobs)` runs one job after the other, waiting by blocking, and returns when the last ended. Of a function
    `call_jobs(jobs, items)` does so and returns the values, None where it failed.
    """

    __slots__ = ("run", "number", "task_worker", "client", "run_jobs", "call_jobs", "_task_run", "_task_request", "_task_more")

    def __init__(self, run: Run, number: int, flags: int = 0) -> None:
        """Use open_worker: what the task's worker_open raises comes through here."""
        self.run = run
        self.number = number
        self.client = None
        opener = getattr(run.task, "worker_open", None)
        self.task_worker = None if opener is None else opener(run.state, flags)
        if run.transport is not None and run.clients is None:
            self.client = run.transport.Client(run.transport_options())
        elif run.join is not None:
            self.client = run.join
        if hasattr(run.task, "call"):
            self.call_jobs = self._calling()
            self.run_jobs = self._keeping
            return
        self._task_run = self._noting_waits(run.task.waited) if hasattr(run.task, "waited") else run.task.run
        self._task_more = getattr(run.task, "more", None)
        self._task_request = None if run.task.ASKS == NOTHING else getattr(run.task, "request", None)
        self.run_jobs: Callable[[Iterable[int]], int] = (
            self._joining if run.join is not None else self._straight() if self._task_request is None
            else self._asking if run.clients is None else self._sharing)  # fmt: skip

    async def connect(self) -> None:
        """On a loop, before the gate: what connections its client has to a service."""
        connect = getattr(self.client, "connect", None)
        if connect is not None:
            try:
                await connect(self.run.connections or self.run.workers)
            except Exception as error:  # whatever a transport may raise
                self.run.worker_failed(self.number, error)

    async def close_on_loop(self) -> None:
        if self.client is not None:
            await self.client.close()
        self.close()

    def close(self) -> None:
        """Closes all but an event loop's client, which has to be awaited."""
        if self.client is not None and not self.run.looping:
            self.client.close()
        closer = getattr(self.run.task, "worker_close", None)
        if closer is not None:
            try:
                closer(self.run.state, self.task_worker)
            except (Exception, SystemExit) as error:  # whatever a task may raise
                self.run.worker_failed(self.number, error)
        if lock.FREE_THREADED and lock.is_on():
            self.run.shared.locked(lock.by())

    # In the two that follow every name and call counts, as a job may be a single one itself.

    def _straight(self) -> Callable[[Iterable[int]], int]:
        """run_jobs for a task that asks for nothing."""
        slots, number, failed, running, done = self.run.slots, self.number, self._failed, RUNNING, DONE
        results, starts, ends, workers, states, runs = _fields(slots)
        task_run, state, task_worker, clock = self._task_run, self.run.state, self.task_worker, monotonic_ns

        def run_jobs(jobs: Iterable[int]) -> int:
            end_ns = 0
            for job in jobs:
                runs[job] += 1
                workers[job] = number
                states[job] = running
                starts[job] = clock()
                try:
                    result = task_run(state, task_worker, job, None)
                except BaseException as error:  # SystemExit too: a task does not end the host
                    end_ns = failed(job, error)
                    continue
                end_ns = clock()
                try:
                    results[job] = result
                except (TypeError, ValueError):
                    end_ns = failed(job, _bad_result(result))
                    continue
                ends[job] = end_ns
                states[job] = done
            return end_ns

        return run_jobs

    def _noting_waits(self, waited: Callable[[object, object], int]) -> Callable[[object, object, int, Reply | None], int]:
        """The task's run, of which also a job that fails says how long it has waited for locks."""
        task_run, note = self.run.task.run, self.run.slots.note_wait

        def run(state: object, worker: object, job: int, reply: Reply | None) -> int:
            try:
                return task_run(state, worker, job, reply)
            finally:
                note(job, waited(state, worker))

        return run

    def _keeping(self, jobs: Iterable[int]) -> None:
        """run_jobs for a function: its values are kept until all jobs have ended."""
        jobs = list(jobs)
        self.run.kept.append((jobs, self.call_jobs(jobs, self.run.task.items(jobs))))

    def _calling(self) -> Callable[[Iterable[int], Iterable[object]], list[object]]:
        """call_jobs."""
        failed, call, clock = self._failed, self.run.task.blocking, monotonic_ns
        starts, ends, marks, runs = self.run.slots.starts, self.run.slots.ends, self.run.slots.marks, self.run.slots.runs
        running, done = mark(self.number, RUNNING), mark(self.number, DONE)

        def call_jobs(jobs: Iterable[int], items: Iterable[object]) -> list[object]:
            values = []
            for job, item in zip(jobs, items):
                marks[job] = running
                starts[job] = clock()
                try:
                    value = call(item)
                except BaseException as error:  # as above
                    failed(job, error)
                    value = None
                else:
                    ends[job] = clock()
                    marks[job] = done
                values.append(value)
            for job in jobs:  # behind the last one's end
                runs[job] += 1
            return values

        return call_jobs

    async def await_job(self, job: int, item: object) -> object:
        """A function's job on an event loop: its value, None where it failed."""
        self.begin(job)
        task = self.run.task
        try:
            if task.is_async:
                value = await task.call(item)
            elif self.run.knobs["offload"]:
                value = await self.run.loop.to_thread(task.call, item)
            else:
                value = task.call(item)
        except BaseException as error:  # as above
            self._failed(job, error)
            return None
        self._end(job, 0)
        return value

    def _asking(self, jobs: Iterable[int]) -> int:
        """run_jobs for a task that asks for something."""
        return max(map(self._ask, jobs))

    def _sharing(self, jobs: Iterable[int]) -> int:
        """The same with one of the clients that the workers share."""
        clients, end_ns = self.run.clients, 0
        for job in jobs:
            request = self.begin(job)
            if request is None:
                end_ns = monotonic_ns()
                continue
            self.client = clients.get()
            self.waited(job)
            end_ns = self.complete(job, request)
            clients.put(self.client)
            self.client = None
        return end_ns

    def _ask(self, job: int) -> int:
        return self.complete(job, self.begin(job))

    def _joining(self, jobs: Iterable[int]) -> int:
        """run_jobs for a task whose jobs need the results of others."""
        return self.run.join.run_jobs(self, jobs)

    def complete(self, job: int, request: Request | None) -> int:
        """Waits for what the job asks for and computes, once it has begun."""
        if request is None:
            return monotonic_ns()
        reply, step = None, 0
        while request.ask != NOTHING:
            try:
                if request.ask == DELAY:
                    reply = time.sleep(request.delay_ns / 1e9)
                else:
                    reply = self.client.get(request, job)
            except Exception as error:  # whatever a transport may raise
                return self._failed(job, error)
            request = self.replied(job, step, reply)
            if request is None:
                return monotonic_ns()
            step += 1
        return self.finish(job, reply)

    # -- the parts of a job, for models that wait on an event loop ------------------------------------------------------

    def begin(self, job: int) -> Request | None:
        """Stamps the start and asks: what the job waits for; None where it has failed already."""
        slots = self.run.slots
        slots.runs[job] += 1
        slots.workers[job] = self.number
        slots.states[job] = RUNNING
        slots.starts[job] = monotonic_ns()
        if self.run.task.ASKS == NOTHING or self._task_request is None:
            return _NO_REQUEST
        try:
            request = self._task_request(self.run.state, self.task_worker, job)
            self._check(request)
        except BaseException as error:  # as above
            self._failed(job, error)
            return None
        return request

    def waited(self, job: int) -> None:
        """Stamps that it has a connection, for which it had to wait."""
        self.run.slots.note_wait(job, monotonic_ns() - self.run.slots.starts[job])

    def replied(self, job: int, step: int, reply: Reply | None) -> Request | None:
        """
        Stamps that what was asked for is there, of jobs that ask for jobs that these are: what the job waits for next; None where it
        has failed.
        """
        if reply is not None or self.run.task.ASKS != RESULTS:
            self.run.slots.replies[job] = monotonic_ns()
        if self._task_more is None:
            return _NO_REQUEST
        try:
            request = self._task_more(self.run.state, self.task_worker, job, step, reply) or _NO_REQUEST
            self._check(request)
            if request.ask == RESULTS:
                raise ValueError(f"asked for jobs in its step {step + 1}: only its first one may")
        except BaseException as error:  # as above
            self._failed(job, error)
            return None
        return request

    def finish(self, job: int, reply: Reply | None) -> int:
        """Computes, and stamps the end."""
        try:
            result = self._task_run(self.run.state, self.task_worker, job, reply)
        except BaseException as error:  # as above
            return self._failed(job, error)
        return self._end(job, result)

    def abandon(self, job: int, error: BaseException) -> int:
        """Ends a job whose reply never came."""
        return self._failed(job, error)

    def _end(self, job: int, result: object) -> int:
        end_ns = monotonic_ns()
        slots = self.run.slots
        try:
            slots.results[job] = result
        except (TypeError, ValueError):
            return self._failed(job, _bad_result(result))
        slots.ends[job] = end_ns
        slots.states[job] = DONE
        return end_ns

    def _check(self, request: Request) -> None:
        if request.ask == NOTHING or (request.ask == DELAY and request.delay_ns >= 0):
            return
        if request.ask == DELAY:
            raise ValueError(f"asks for a delay of {request.delay_ns} ns")
        if request.ask != self.run.task.ASKS:
            raise ValueError(f"asks for '{request.ask}' where ASKS is '{self.run.task.ASKS}'")

    def _failed(self, job: int, error: BaseException) -> int:
        end_ns = self.run.slots.ends[job] = monotonic_ns()
        self.run.slots.states[job] = FAILED
        kind, message, line = explain(error, getattr(self.run.task, "__file__", None))
        self.run.shared.failed(job, self.number, kind, message, line)
        return end_ns


def open_worker(run: Run, number: int, flags: int = 0, job: int | None = None) -> Worker | None:
    """
    A worker, or None after its failure is noted. `number` goes into the slots, `flags` are those of the task's
    worker_open, `job` is the one job where it runs no other.
    """
    try:
        return Worker(run, number, flags)
    except (Exception, SystemExit) as error:  # whatever a task may raise
        run.worker_failed(number, error, job)
        return None


def _fields(slots: Slots) -> tuple[memoryview, ...]:
    return slots.results, slots.starts, slots.ends, slots.workers, slots.states, slots.runs


def _bad_result(result: object) -> Exception:
    if isinstance(result, int):
        return OverflowError("the result is not in 0..2^64-1")
    return TypeError(f"the result is of type {type(result).__name__}, not int")
