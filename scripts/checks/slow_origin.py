#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""An origin that saturates: it answers as cobench-origin does, in Python and one request after the other, with 2 ms of
computing for each. Ends when its standard input does."""

import asyncio
import re
import sys
import time

BUSY_S = 0.002


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while line := await reader.readline():
            while (await reader.readline()).strip():
                pass
            size = int(re.search(rb"[?&]size=(\d+)", line).group(1))
            until = time.thread_time() + BUSY_S
            while time.thread_time() < until:
                pass
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size)
            await writer.drain()
    except ConnectionError:
        pass  # the client has gone
    finally:
        writer.close()


async def main() -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/body/{{job}}?size={{size}}&delay={{delay}}", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
