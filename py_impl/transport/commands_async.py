# SPDX-License-Identifier: MIT
"""Commands on asyncio's own loop, by what asyncio.create_subprocess_exec stands on."""

from __future__ import annotations

from asyncio import SubprocessProtocol, get_running_loop

from py_impl.contract import Reply, Request
from py_impl.slots import COMMAND_OVER
from py_impl.transport import commands
from py_impl.transport.commands import STDERR, STDOUT, Printed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import Future, SubprocessTransport


class Client(commands.Client):
    async def close(self) -> None:
        """As the blocking one's."""

    async def get(self, request: Request, job: int) -> Reply:
        self.stay_if_ending(job)
        loop = get_running_loop()
        ended = loop.create_future()
        try:
            await loop.subprocess_exec(lambda: Protocol(self, job, ended), *request.words, **self.how(request))
        except OSError as error:
            raise self.not_started(request, job, error) from error
        printed, returncode = await ended
        return printed.reply(returncode)


class Protocol(SubprocessProtocol):
    def __init__(self, client: Client, job: int, ended: Future) -> None:
        self.client, self.job, self.ended = client, job, ended

    def connection_made(self, transport: SubprocessTransport) -> None:
        self.printed, self.transport = Printed(), transport
        self.client.note(self.job, transport.get_pid())

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self.printed.add(fd, data)

    def process_exited(self) -> None:
        self.client.note(self.job, COMMAND_OVER)
        self.client.end_group(self.transport.get_pid())
        self.client.stay_if_ending(self.job)
        self.pipes = {name: self.transport.get_pipe_transport(name) for name in (STDOUT, STDERR)}
        for pipe in self.pipes.values():
            if not pipe.is_closing():
                pipe.pause_reading()
        get_running_loop().call_soon(self.end)  # behind what has been read, which comes by call_soon, too

    def end(self) -> None:
        for name, pipe in self.pipes.items():
            if not pipe.is_closing():
                self.printed.drain(name, pipe.get_extra_info("pipe").fileno())
        self.transport.close()
        self.ended.set_result((self.printed, self.transport.get_returncode()))
