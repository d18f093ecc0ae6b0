# SPDX-License-Identifier: MIT
"""A server of asyncio streams and h11 as people write one, for figure 26: what py_impl's asyncio server is held against. `serve` and what
stands behind it on the command line are ignored; it prints its port and ends with its standard input, as a host that serves does."""

import asyncio
import json
import sys

import h11

BODY = b"0"


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    connection = h11.Connection(h11.SERVER)
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            try:
                connection.receive_data(await reader.read(65536))
            except ConnectionResetError:
                return
        elif isinstance(event, h11.EndOfMessage):
            head = h11.Response(status_code=200, headers=[("Content-Type", "text/plain"), ("Content-Length", str(len(BODY)))])
            writer.write(connection.send(head) + connection.send(h11.Data(data=BODY)) + connection.send(h11.EndOfMessage()))
            await writer.drain()
            connection.start_next_cycle()
        elif isinstance(event, h11.ConnectionClosed):
            writer.close()
            return


async def main() -> None:
    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=4096)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await asyncio.to_thread(sys.stdin.read)


asyncio.run(main())
