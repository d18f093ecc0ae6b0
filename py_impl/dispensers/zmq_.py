# SPDX-License-Identifier: MIT
"""
`zmq`: PUSH and PULL of pyzmq, over abstract Unix sockets between processes, inproc between threads. A PUSH takes turns and
hands out a message or two ahead: what it has handed to a worker no other gets.
"""

from __future__ import annotations

import os

from py_impl.dispensers.message import STOP
from py_impl.dispensers.work import POLL_S, Receiver, Sender
from py_impl.library import library

TYPE_CHECKING = False
if TYPE_CHECKING:
    from py_impl.run import Run

AHEAD = 1  # messages that may wait for a worker at each end


class Manager(Sender):
    def __init__(self, run: Run, pool) -> None:
        super().__init__(run)
        self.pool = pool
        self.zmq = zmq = library("zmq")
        self.address = f"{'inproc://' if pool.context is None else 'ipc://@'}cobench-{os.urandom(8).hex()}-"
        self.context = context = zmq.Context.instance()
        context.max_sockets = 3 * run.workers + 16
        self.looping = False  # all workers take from one socket
        self.push, self.pull = context.socket(zmq.PUSH), context.socket(zmq.PULL)
        self.push.linger = 0
        self.push.sndhwm = AHEAD
        self.pull.bind(self.address + "done")
        self.either = zmq.Poller()  # an answer, or room for a message
        self.either.register(self.pull, zmq.POLLIN)
        self.either.register(self.push, zmq.POLLOUT)

    def end(self, number: int) -> End:
        # Not the other way round: one that has not connected yet would be left out of the first turns.
        self.push.connect(f"{self.address}{number}")
        return End(number, self.address)

    def lanes(self) -> list[LoopEnd]:
        self.looping = True
        end = self.end(0)
        return [LoopEnd(end)] * self.run.workers

    def feed(self) -> None:
        for message in self.messages():
            self.send(message)
        while self.out:
            self.collect(self.pull)
        self.finished()

    def send(self, message: bytes) -> None:
        while True:
            try:
                return self.push.send(message, self.zmq.NOBLOCK)
            except self.zmq.Again:
                self.collect(self.either)

    def collect(self, until: object) -> None:
        """Waits, and takes the answers that are there."""
        if not until.poll(1000 * POLL_S):
            self.pool.check()
        try:
            while True:
                self.take(self.pull.recv(self.zmq.NOBLOCK))
        except self.zmq.Again:
            pass

    def stop(self, numbers: list[int]) -> None:
        """To each by a socket of its own, as the turns leave out who was full."""
        for number in numbers:
            with self.context.socket(self.zmq.PUSH) as push:
                push.connect(f"{self.address}{0 if self.looping else number}")
                push.send(STOP)

    def close(self) -> None:
        self.push.close()
        self.pull.close()


class End(Receiver):
    def __init__(self, number: int, address: str) -> None:
        self.number, self.address = number, address

    def open(self, run: Run) -> None:
        super().open(run)
        zmq = library("zmq")
        context = zmq.Context.instance()
        self.pull, self.push = context.socket(zmq.PULL), context.socket(zmq.PUSH)
        self.pull.rcvhwm = AHEAD
        self.pull.bind(f"{self.address}{self.number}")
        self.push.connect(self.address + "done")

    def take(self, answer: bytes | None) -> bytes:
        if answer is not None:
            self.push.send(answer)
        return self.pull.recv()

    def close(self) -> None:
        self.pull.close()
        self.push.close()


class LoopEnd(End):
    def __init__(self, end: End) -> None:
        super().__init__(end.number, end.address)

    async def open(self, run: Run) -> None:
        super().open(run)
        from zmq.asyncio import Socket

        self.pull, self.push = Socket.from_socket(self.pull), Socket.from_socket(self.push)

    async def take(self, answer: bytes | None) -> bytes:
        if answer is not None:
            await self.push.send(answer)
        return await self.pull.recv()

    async def close(self) -> None:
        super().close()
