# SPDX-License-Identifier: MIT
"""
What every server answers with: `GET /work?job=J` runs job J. As plain calls, as a coroutine, and as the WSGI and ASGI functions that the
servers of others take. A worker (worker.py) belongs to the thread that answers, as the contract wants it.
"""

from __future__ import annotations

import threading
import time

from py_impl.contract import NOTHING, WORKER_PROCESS
from py_impl.errors import Failed
from py_impl.failure import failure_words
from py_impl.models.async_ import lane
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
        self._threads = threads
        self._is_function = hasattr(run.task, "call")
        self._waits = self._is_function or run.task.ASKS != NOTHING
        self.waits = self._waits or delay_s > 0  # then an event loop awaits its answers
        self._own = threading.local()

    def worker(self) -> Worker | None:
        """That of this thread, opened with the first call; None where it does not open."""
        worker = getattr(self._own, "worker", None)
        if worker is None:
            run = Run()
            run.__dict__.update(self.run.__dict__)
            # That of a thread is opened by a request, whose answer says why it was not: no failure of the server.
            run.slots, run.shared, run.kept = OneSlot(), OwnState(None if self._threads else self.run.shared), []
            self._own.state = run.shared
            worker = self._own.worker = open_worker(run, 0, 0 if self._threads else WORKER_PROCESS)
        return worker

    def open(self) -> None:
        """In each process, before it answers: what all its jobs need. SystemExit where there is none, which is noted."""
        if not self._threads:
            if self.worker() is None:
                raise SystemExit(1)
        elif self.run.connections:
            try:
                self.run.open_clients()
            except Failed as error:
                self.run.worker_failed(None, error)
                raise SystemExit(1) from error

    async def await_open(self) -> None:
        """`open` on an event loop, with its connections, for which jobs wait."""
        self.open()
        worker = self.worker()
        if self.run.connections:
            worker.run.free_connections = self.run.loop.semaphore(self.run.connections)
            await worker.connect()
            if self.run.shared.read()[0]:
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
        worker.run_jobs((job,))
        return self._result(worker)

    async def awaited(self, method: str, path: str, query: str) -> Answer:
        """`answer` on an event loop."""
        job = self.job(method, path, query)
        if job is None:
            return self.found(NOT_FOUND)
        if self.delay_s:
            await self.run.loop.sleep(self.delay_s)
        worker = self.worker()
        if self._waits:
            await lane(worker.run, worker, (job,))
        else:
            worker.run_jobs((job,))
        return self.found(self._result(worker))

    def _result(self, worker: Worker) -> Answer:
        """Of the job that this thread has just ended: nothing else has written into the worker's only slot since."""
        slots = worker.run.slots
        if self._is_function:  # as `settle` does
            from py_impl.digest import NothingDone, digest

            _, (value,) = worker.run.kept.pop()
            if slots.states[0] == DONE:
                try:
                    slots.results[0] = digest(value)
                except (NothingDone, RecursionError) as error:
                    worker.abandon(0, error)
        return (200, b"%d" % slots.results[0]) if slots.states[0] == DONE else self._failure()

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
