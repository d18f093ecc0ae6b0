# SPDX-License-Identifier: MIT
"""`pipe`: a multiprocessing.Pipe for each worker, a message for it and one back."""

from __future__ import annotations

import selectors
from multiprocessing.connection import Connection, Pipe

from py_impl.dispensers.message import STOP
from py_impl.dispensers.work import POLL_S, Receiver, Sender, ends_of_host

TYPE_CHECKING = False
if TYPE_CHECKING:
    from py_impl.run import Run


class Manager(Sender):
    def __init__(self, run: Run, pool) -> None:
        super().__init__(run)
        self.pool = pool
        self.pipes: dict[int, Connection] = {}
        self.answers = selectors.DefaultSelector()

    def end(self, number: int) -> End:
        self.pipes[number], of_worker = Pipe()
        ends_of_host.append(self.pipes[number])
        self.answers.register(self.pipes[number], selectors.EVENT_READ, number)
        return End(number, of_worker, self.pool.context is not None)

    def feed(self) -> None:
        free = list(self.pipes)
        for message in self.messages():
            while not free:
                self.collect(free)
            self.send(free.pop(), message)
        while self.out:
            self.collect(free)
        self.finished()

    def send(self, number: int, message: bytes) -> None:
        try:
            self.pipes[number].send_bytes(message)
        except OSError:  # nobody is there any more
            self.pool.check(wait=True)
            raise

    def collect(self, free: list[int]) -> None:
        """Takes the answers that are there, or waits for one."""
        ready = self.answers.select(POLL_S)
        for key, _ in ready:
            try:
                message = key.fileobj.recv_bytes()
            except (EOFError, OSError):
                self.pool.check(wait=True)
                raise
            free.append(self.take(message))
        if not ready:
            self.pool.check()

    def stop(self, numbers: list[int]) -> None:
        for number in numbers:
            self.send(number, STOP)

    def close(self) -> None:
        self.answers.close()
        for pipe in self.pipes.values():
            pipe.close()


class End(Receiver):
    def __init__(self, number: int, pipe: Connection, crosses: bool) -> None:
        self.number, self.pipe, self.crosses = number, pipe, crosses

    def take(self, answer: bytes | None) -> bytes:
        if answer is not None:
            self.pipe.send_bytes(answer)
        return self.pipe.recv_bytes()

    def sent(self) -> None:
        if self.crosses:
            self.pipe.close()

    def close(self) -> None:
        self.pipe.close()
