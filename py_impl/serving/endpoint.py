# SPDX-License-Identifier: MIT
"""
What every server answers with: `GET /work?job=J` runs job J. As plain calls, as a coroutine, and as the WSGI and ASGI functions that the
servers of others take. A worker (worker.py) belongs to the thread that answers, as the contract wants it.
"""

from __future__ import annotations

import threading
import time

from py_impl.contract import DELAY, WORKER_PROCESS
from py_impl.failure import failure_words
from py_impl.one_slot import OneSlot, OwnState
from py_impl.run import Run
from py_impl.slots import DONE
from py_impl.worker import Worker, open_worker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from py_impl.serving.tally import Tally

    Answer = tuple[int, bytes]  # status and body

TYPE = "text/plain"
NOT_FOUND = 404, b"not found\n"
REASONS = {200: "200 OK", 404: "404 Not Found", 500: "500 Internal Server Error"}


class Endpoint:
    def __init__(self, run: Run, delay_s: float, threads: bool, tally: Tally) -> None:
        """Of `run` everything is set up but its slots, which each thread has of its own."""
        self.run = run
        self.delay_s = delay_s
        self.tally = tally
        self._flags = 0 if threads else WORKER_PROCESS
        self._own = threading.local()

    def worker(self) -> Worker | None:
        """That of this thread, opened with the first call; None where it does not open."""
        worker = getattr(self._own, "worker", None)
        if worker is None:
            run = Run()
            run.__dict__.update(self.run.__dict__)
            run.slots, run.shared = OneSlot(), OwnState(self.run.shared)
            self._own.state = run.shared
            worker = self._own.worker = open_worker(run, 0, self._flags)
        return worker

    def open(self) -> None:
        """In a process whose only thread answers, before it does; the process ends where its worker does not open."""
        if self.worker() is None:
            raise SystemExit(1)

    def leave(self) -> None:
        """In a thread that ends while others go on."""
        worker = getattr(self._own, "worker", None)
        if worker is not None:
            worker.close()

    def job(self, method: str, path: str, query: str) -> int | None:
        """Which one a request is for; None: for none."""
        key, _, digits = query.partition("=")
        if method != "GET" or path != "/work" or key != "job" or not (digits.isascii() and digits.isdigit() and len(digits) < 20):
            return None
        return int(digits) % self.run.jobs

    def answer(self, method: str, path: str, query: str) -> Answer:
        job = self.job(method, path, query)
        return self.found(NOT_FOUND if job is None else self._work(job))

    def _work(self, job: int) -> Answer:
        if self.delay_s:
            time.sleep(self.delay_s)
        worker = self.worker()
        if worker is None:
            return self._failure()
        if not hasattr(self.run.task, "call"):
            worker.run_jobs((job,))
            return self._result(worker)
        return self._value(worker, worker.call_jobs((job,), self.run.task.items((job,)))[0])

    async def awaited(self, method: str, path: str, query: str) -> Answer:
        """`answer` on an event loop."""
        job = self.job(method, path, query)
        return self.found(NOT_FOUND if job is None else await self._await_work(job))

    async def _await_work(self, job: int) -> Answer:
        if self.delay_s:
            await self.run.loop.sleep(self.delay_s)
        worker = self.worker()
        if worker is None:
            return self._failure()
        if hasattr(self.run.task, "call"):
            return self._value(worker, await worker.await_job(job, self.run.task.item(job)))
        request = worker.begin(job)
        if request is not None:
            if request.ask == DELAY:
                await self.run.loop.sleep(request.delay_ns / 1e9)
            worker.finish(job, None)
        return self._result(worker)

    def _value(self, worker: Worker, value: object) -> Answer:
        """Of a function: as `settle` does with what it keeps."""
        from py_impl.digest import NothingDone, digest

        slots = worker.run.slots
        if slots.states[0] == DONE:
            try:
                slots.results[0] = digest(value)
            except (NothingDone, RecursionError) as error:
                worker.abandon(0, error)
        return self._result(worker)

    def _result(self, worker: Worker) -> Answer:
        """Of the job that this thread has just ended: nothing else has written into the worker's only slot since."""
        if worker.run.slots.states[0] == DONE:
            return 200, b"%d" % worker.run.slots.results[0]
        return self._failure()

    def _failure(self) -> Answer:
        """This thread's last one."""
        return 500, (failure_words(*self._own.state.failure) + "\n").encode()

    def found(self, answer: Answer) -> Answer:
        """An answer, counted."""
        self.tally.add(answer)
        return answer

    # -- for servers of others -------------------------------------------------------------------------------------------

    def wsgi(self, environ: dict[str, object], start_response: Callable) -> Iterable[bytes]:
        status, body = self.answer(environ["REQUEST_METHOD"], environ["PATH_INFO"], environ["QUERY_STRING"])
        start_response(REASONS[status], [("Content-Type", TYPE), ("Content-Length", str(len(body)))])
        return (body,)

    async def asgi(self, scope: dict[str, object], receive: Callable, send: Callable[[dict], Awaitable[None]]) -> None:
        status, body = await self.awaited(scope["method"], scope["path"], scope["query_string"].decode("latin-1"))
        headers = [(b"content-type", TYPE.encode()), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
