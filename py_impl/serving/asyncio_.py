# SPDX-License-Identifier: MIT
"""asyncio's streams and the parser h11: a coroutine for each connection."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from time import monotonic

from py_impl.library import library
from py_impl.serving.endpoint import TYPE
from py_impl.serving.site import BACKLOG

TYPE_CHECKING = False
if TYPE_CHECKING:
    from py_impl.serving.endpoint import Endpoint
    from py_impl.serving.site import Site

PIECE = 65536  # bytes read at once
CONTENT_TYPE = (b"Content-Type", TYPE.encode())


class Connection:
    def __init__(self, endpoint: Endpoint, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.endpoint = endpoint
        self.reader = reader
        self.writer = writer
        self.h11 = library("h11")
        self.parser = self.h11.Connection(self.h11.SERVER)
        self.loop = asyncio.get_running_loop()
        self.busy = False  # a job is under way
        self.head = False  # a HEAD was asked, whose answer has no body
        self.heard = monotonic()  # when something came from or went to the client
        self.timer = self.loop.call_later(endpoint.run.request_timeout_s, self.look)

    def look(self) -> None:
        """One timer a connection, not one a request: closes what has been silent for too long, else looks again."""
        left_s = self.heard + self.endpoint.run.request_timeout_s - monotonic()
        if left_s <= 0 and not self.busy:
            self.writer.transport.abort()
        else:
            self.timer = self.loop.call_later(max(left_s, 0.01), self.look)

    async def converse(self) -> None:
        try:
            with suppress(OSError):  # the client is gone
                try:
                    await self.requests()
                except self.h11.RemoteProtocolError as error:
                    self.refuse(error.error_status_hint)
        finally:
            self.timer.cancel()
            self.writer.close()

    async def requests(self) -> None:
        """In which what is looked up for each request counts."""
        parser, next_event, read, awaited = self.parser, self.parser.next_event, self.reader.read, self.endpoint.awaited
        drain, unsent = self.writer.drain, self.writer.transport.get_write_buffer_size
        answered, waits = self.endpoint.answer, self.endpoint.waits
        need_data, request, end_of_message, closed = self.h11.NEED_DATA, self.h11.Request, self.h11.EndOfMessage, self.h11.ConnectionClosed
        method = target = ""
        while True:
            event = next_event()
            kind = type(event)
            if event is need_data:
                parser.receive_data(await read(PIECE))
                self.heard = monotonic()
            elif kind is request:
                method, target = event.method.decode("ascii"), event.target.decode("ascii")
            elif kind is end_of_message:
                path, _, query = target.partition("?")
                self.busy, self.head = True, method == "HEAD"
                answer = await awaited(method, path, query) if waits else answered(method, path, query)
                self.busy, self.heard = False, monotonic()
                self.send(answer)
                if unsent():
                    await drain()
                if parser.our_state is self.h11.MUST_CLOSE:
                    return
                self.head = False
                parser.start_next_cycle()
            elif kind is closed:
                return

    def refuse(self, status: int) -> None:
        if self.parser.our_state in (self.h11.IDLE, self.h11.SEND_RESPONSE):
            self.send(self.endpoint.found((status, b"")))

    def send(self, answer: tuple[int, bytes]) -> None:
        status, body = answer
        headers = [CONTENT_TYPE, (b"Content-Length", b"%d" % len(body))]
        send, h11 = self.parser.send, self.h11
        began = send(h11.Response(status_code=status, headers=headers))
        self.writer.write(began + (b"" if self.head else send(h11.Data(data=body))) + send(h11.EndOfMessage()))


def serve(site: Site) -> None:
    library("h11")

    async def loop() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # it says so where there is no descriptor for a connection
        await site.endpoint.await_open()  # first, as the port of a worker that takes another's place is known already
        server = await asyncio.start_server(
            lambda reader, writer: Connection(site.endpoint, reader, writer).converse(), sock=site.socket, backlog=BACKLOG
        )
        site.up()
        await server.serve_forever()

    site.forked(lambda: site.endpoint.run.loop.run(loop()))
