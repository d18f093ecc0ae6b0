# SPDX-License-Identifier: MIT
"""
A worker: one thread, process or event loop that runs jobs. Opens the task's worker and, where the task asks for URLs,
a client of the transport; stamps the slots; turns every failure of a job into an entry of the shared state, so that nothing a
task does comes out of here. One thread at a time uses a worker.
"""

from __future__ import annotations

import time
from struct import error as struct_error
from time import monotonic_ns

from py_impl.contract import COMMAND, DELAY, NOTHING, Reply, Request
from py_impl.failure import explain
from py_impl.slots import (
    DONE, END, END_AT, FAILED, HEADER_BYTES, REPLIED, REPLIED_AT, RUNNING, RUNS, RUNS_AT, SLOT_BYTES, START, START_AT,
)  # fmt: skip

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from py_impl.run import Run

_NO_REQUEST = Request()


class Worker:
    """`run_job(job)` runs one job, waiting by blocking, and returns when it ended."""

    __slots__ = ("run", "number", "task_worker", "client", "run_job", "call_job", "_task_request")

    def __init__(self, run: Run, number: int, flags: int = 0) -> None:
        """Use open_worker: what the task's worker_open raises comes through here."""
        self.run = run
        self.number = number
        self.client = None
        opener = getattr(run.task, "worker_open", None)
        self.task_worker = None if opener is None else opener(run.state, flags)
        if run.task.ASKS == COMMAND:
            self.client = run.transport.Client(run.slots)
        elif run.transport is not None:
            self.client = run.transport.Client(run.request_timeout_s, run.shared.connected)
        if hasattr(run.task, "call"):
            self.call_job = self._calling()
            self.run_job = self._keeping()
            return
        self._task_request = None if run.task.ASKS == NOTHING else getattr(run.task, "request", None)
        self.run_job: Callable[[int], int] = self._straight() if self._task_request is None else self._asking

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

    def _straight(self) -> Callable[[int], int]:
        """run_job for a task that asks for nothing: one closure, as every call counts in a job that is one itself."""
        slots, number, failed = self.run.slots.map, self.number, self._failed
        task_run, state, task_worker = self.run.task.run, self.run.state, self.task_worker
        runs_before, stamp_start, stamp_end = RUNS.unpack_from, START.pack_into, END.pack_into

        def run_job(job: int) -> int:
            at = HEADER_BYTES + job * SLOT_BYTES
            runs = runs_before(slots, at + RUNS_AT)[0] + 1
            start_ns = monotonic_ns()
            stamp_start(slots, at + START_AT, start_ns, 0, number, RUNNING, runs)
            try:
                result = task_run(state, task_worker, job, None)
            except BaseException as error:  # SystemExit too: a task does not end the host
                return failed(job, start_ns, error)
            end_ns = monotonic_ns()
            try:
                stamp_end(slots, at + END_AT, result, start_ns, end_ns, number, DONE)
            except struct_error:
                return failed(job, start_ns, _bad_result(result))
            return end_ns

        return run_job

    def _keeping(self) -> Callable[[int], None]:
        """run_job for a function: its value is kept until all jobs have ended."""
        keep, call_job, item = self.run.kept.append, self.call_job, self.run.task.item
        return lambda job: keep((job, call_job(job, item(job))))

    def _calling(self) -> Callable[[int, object], object]:
        """call_job, which gives a function's value for job and input; None where it failed."""
        slots, number, failed, call = self.run.slots.map, self.number, self._failed, self.run.task.blocking
        runs_before, stamp_start, stamp_end = RUNS.unpack_from, START.pack_into, END.pack_into

        def call_job(job: int, item: object) -> object:
            at = HEADER_BYTES + job * SLOT_BYTES
            runs = runs_before(slots, at + RUNS_AT)[0] + 1
            start_ns = monotonic_ns()
            stamp_start(slots, at + START_AT, start_ns, 0, number, RUNNING, runs)
            try:
                value = call(item)
            except BaseException as error:  # as above
                failed(job, start_ns, error)
                return None
            stamp_end(slots, at + END_AT, 0, start_ns, monotonic_ns(), number, DONE)
            return value

        return call_job

    async def await_job(self, job: int, item: object) -> None:
        """The same on an event loop, with the value kept."""
        from asyncio import to_thread  # which this model has imported

        start_ns, _ = self.begin(job)
        task = self.run.task
        try:
            if task.is_async:
                value = await task.call(item)
            elif self.run.offload:
                value = await to_thread(task.call, item)
            else:
                value = task.call(item)
        except BaseException as error:  # as above
            self._failed(job, start_ns, error)
            return
        at = HEADER_BYTES + job * SLOT_BYTES
        END.pack_into(self.run.slots.map, at + END_AT, 0, start_ns, monotonic_ns(), self.number, DONE)
        self.run.kept.append((job, value))

    def _asking(self, job: int) -> int:
        """run_job for a task that asks for something."""
        start_ns, request = self.begin(job)
        if request is None:
            return monotonic_ns()
        reply = None
        if request.ask != NOTHING:
            try:
                if request.ask == DELAY:
                    time.sleep(request.delay_ns / 1e9)
                elif request.ask == COMMAND:
                    reply = self.client.get(request, job)
                else:
                    reply = self.client.get(request.url)
            except Exception as error:  # whatever a transport may raise
                return self._failed(job, start_ns, error)
            self.replied(job)
        return self.finish(job, start_ns, reply)

    # -- the parts of a job, for models that wait on an event loop ------------------------------------------------------

    def begin(self, job: int) -> tuple[int, Request | None]:
        """Stamps the start and asks. The start, and what the job waits for; None where it has failed already."""
        at = HEADER_BYTES + job * SLOT_BYTES
        runs = RUNS.unpack_from(self.run.slots.map, at + RUNS_AT)[0] + 1
        start_ns = monotonic_ns()
        START.pack_into(self.run.slots.map, at + START_AT, start_ns, 0, self.number, RUNNING, runs)
        if self.run.task.ASKS == NOTHING or self._task_request is None:
            return start_ns, _NO_REQUEST
        try:
            request = self._task_request(self.run.state, self.task_worker, job)
            self._check(request)
        except BaseException as error:  # as above
            self._failed(job, start_ns, error)
            return start_ns, None
        return start_ns, request

    def replied(self, job: int) -> None:
        """Stamps that what was asked for is there."""
        REPLIED.pack_into(self.run.slots.map, HEADER_BYTES + job * SLOT_BYTES + REPLIED_AT, monotonic_ns())

    def finish(self, job: int, start_ns: int, reply: Reply | None) -> int:
        """Computes, and stamps the end."""
        at = HEADER_BYTES + job * SLOT_BYTES
        try:
            result = self.run.task.run(self.run.state, self.task_worker, job, reply)
        except BaseException as error:  # as above
            return self._failed(job, start_ns, error)
        end_ns = monotonic_ns()
        try:
            END.pack_into(self.run.slots.map, at + END_AT, result, start_ns, end_ns, self.number, DONE)
        except struct_error:
            return self._failed(job, start_ns, _bad_result(result))
        return end_ns

    def abandon(self, job: int, start_ns: int, error: BaseException) -> int:
        """Ends a job whose reply never came."""
        return self._failed(job, start_ns, error)

    def _check(self, request: Request) -> None:
        if request.ask == NOTHING or (request.ask == DELAY and request.delay_ns >= 0):
            return
        if request.ask == DELAY:
            raise ValueError(f"asks for a delay of {request.delay_ns} ns")
        if request.ask != self.run.task.ASKS:
            raise ValueError(f"asks for '{request.ask}' where ASKS is '{self.run.task.ASKS}'")

    def _failed(self, job: int, start_ns: int, error: BaseException) -> int:
        end_ns = monotonic_ns()
        at = HEADER_BYTES + job * SLOT_BYTES
        END.pack_into(self.run.slots.map, at + END_AT, 0, start_ns, end_ns, self.number, FAILED)
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


def _bad_result(result: object) -> Exception:
    if isinstance(result, int):
        return OverflowError("the result is not in 0..2^64-1")
    return TypeError(f"the result is of type {type(result).__name__}, not int")
