# SPDX-License-Identifier: MIT
"""
asyncio streams, with the part of HTTP/1.1 that a GET needs: status line, headers, bodies by Content-Length, in chunks or
up to the end of the connection. Connections are kept alive and used again, the last one first; asyncio sets
TCP_NODELAY itself. One client serves all jobs of a loop.
"""

from __future__ import annotations

import asyncio
import socket

from py_impl.contract import BAD_REPLY, CONNECTION_CLOSED, SHORT_BODY, TRANSPORT, URL_FRESH, Reply, RequestFailed
from py_impl.transport.failures import failure, timed_out
from py_impl.transport.urls import BODY_MAX, BODYLESS, HEADERS_MAX, TOO_LONG, USER_AGENT, Place, Places, trust, without_http2

TYPE_CHECKING = False
if TYPE_CHECKING:
    from py_impl.contract import Request
    from py_impl.transport import Options

PIECE_BYTES = 1 << 18


class TooLong(Exception):
    """The body of a reply."""


class Stale(Exception):
    """A kept connection ended before anything of the answer came."""


class Client:
    def __init__(self, options: Options) -> None:
        self._timeout_s = options.timeout_s
        self._connected = options.connected
        self._places = Places()
        self._idle: dict[Place, list[Connection]] = {}
        self._addresses: dict[Place, asyncio.Future] = {}

    async def close(self) -> None:
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()
        await asyncio.sleep(0)  # the transports close their sockets in the loop's next turn

    async def get(self, request: Request, job: int) -> Reply:
        """asyncio.timeout would be the way from 3.11 on; wait_for makes a task of its own for each request."""
        place, target = self._places.cut(request.url)
        without_http2(request.flags)
        late = False

        def expire() -> None:
            nonlocal late
            late = True
            task.cancel()

        task = asyncio.current_task()
        timer = asyncio.get_running_loop().call_later(self._timeout_s, expire)
        where = f"{place.host}:{place.port}"
        try:
            return await self._get(place, target, where, request.flags & URL_FRESH != 0)
        except asyncio.CancelledError:
            if not late:
                raise
            if hasattr(task, "uncancel"):
                task.uncancel()
            raise timed_out(where, self._timeout_s) from None
        except OSError as error:
            raise failure(error, where) from error
        finally:
            timer.cancel()

    async def _get(self, place: Place, target: str, where: str, fresh: bool) -> Reply:
        idle = self._idle.setdefault(place, [])
        connection = idle.pop() if idle and not fresh else None
        if connection is not None:
            try:
                return await self._ask(connection, place, target, where)
            except Stale:
                pass  # the server ended it meanwhile: that is no answer, so ask again
        connection = await self._open(place)
        try:
            return await self._ask(connection, place, target, where, fresh)
        except Stale:
            raise RequestFailed(CONNECTION_CLOSED, f"{where}: the connection was closed without an answer") from None

    async def _open(self, place: Place) -> Connection:
        options = {"ssl": trust(), "server_hostname": place.host} if place.secure else {}
        error: OSError | None = None
        for address in await self._resolve(place):
            try:
                streams = await asyncio.open_connection(address, place.port, **options)
            except OSError as refusal:
                error = refusal
                continue
            self._connected()
            return Connection(*streams)
        raise error or OSError("no address")

    async def _resolve(self, place: Place) -> list[str]:
        """The addresses of a place, asked for once: the loop would use a thread for each connection."""
        addresses = self._addresses.get(place)
        if addresses is None:
            loop = asyncio.get_running_loop()
            addresses = loop.create_task(_addresses(place.host, place.port))
            self._addresses[place] = addresses
        # Shielded: the one that asked first may time out, and others wait for the same answer.
        return await asyncio.shield(addresses)

    async def _ask(self, connection: Connection, place: Place, target: str, where: str, fresh: bool = False) -> Reply:
        try:
            reply, keep = await connection.get(target, place.header, where)
        except BaseException:  # cancellation too: half an answer is no use to the next
            connection.close()
            raise
        if keep and not fresh:
            self._idle[place].append(connection)
        else:
            connection.close()
        return reply


async def _addresses(host: str, port: int) -> list[str]:
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host)
        except OSError:
            continue
        return [host]
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(entry[4][0] for entry in found))


class Connection:
    __slots__ = ("_reader", "_writer")

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def close(self) -> None:
        self._writer.close()

    async def get(self, target: str, host: str, where: str) -> tuple[Reply, bool]:
        """The reply, and whether the connection can be used again. Stale if it ended before a byte of an answer."""
        self._writer.write(
            f"GET {target} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {USER_AGENT}\r\n\r\n".encode("ascii")
        )
        try:
            first = await self._reader.readline()
        except ConnectionError as error:
            raise Stale from error
        except ValueError as error:
            raise RequestFailed(BAD_REPLY, f"{where}: the status line is too long") from error
        if not first:
            raise Stale
        try:
            status, minor = _status(first)
            headers = await self._headers()
            while 100 <= status < 200 and status != 101:  # there is more to come
                status, minor = _status(await self._reader.readline())
                headers = await self._headers()
            body, keep = await self._body(status, headers)
        except asyncio.IncompleteReadError as error:
            raise RequestFailed(SHORT_BODY, f"{where}: the connection ended within the body") from error
        except EOFError as error:
            raise RequestFailed(CONNECTION_CLOSED, f"{where}: the connection ended within the headers") from error
        except TooLong as error:
            raise RequestFailed(TRANSPORT, f"{where}: {TOO_LONG}") from error
        except (ValueError, asyncio.LimitOverrunError) as error:
            raise RequestFailed(BAD_REPLY, f"{where}: {error}") from error
        options = headers.get("connection", "").lower().split(",")
        options = [option.strip() for option in options]
        keep = keep and ("close" not in options if minor >= 1 else "keep-alive" in options)
        return Reply(status, body), keep

    async def _headers(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        for _ in range(HEADERS_MAX):
            line = await self._reader.readline()
            if line in (b"\r\n", b"\n"):
                return headers
            if not line.endswith(b"\n"):
                raise EOFError
            name, colon, value = line.decode("latin-1").partition(":")
            if not colon or not name or name != name.strip():
                raise ValueError(f"{line[:80]!r} is no header")
            name, value = name.lower(), value.strip()
            if name in headers and name != "content-length":
                value = f"{headers[name]}, {value}"
            elif headers.get(name, value) != value:
                raise ValueError("two Content-Lengths")
            headers[name] = value
        raise ValueError("too many headers")

    async def _body(self, status: int, headers: dict[str, str]) -> tuple[bytes, bool]:
        """The body, and whether its end was told otherwise than by the end of the connection."""
        coding = headers.get("transfer-encoding", "").lower()
        if status in BODYLESS:
            return b"", True
        if coding == "chunked":
            return await self._chunks(), True
        if coding:
            raise ValueError(f"transfer coding '{coding}' is unknown")
        text = headers.get("content-length")
        if text is not None:
            return await self._reader.readexactly(_fits(_number(text, "0123456789", 10))), True
        pieces, size = [], 0
        while piece := await self._reader.read(PIECE_BYTES):
            pieces.append(piece)
            size = _fits(size + len(piece))
        return b"".join(pieces), False

    async def _chunks(self) -> bytes:
        pieces, total = [], 0
        while True:
            line = await self._whole_line()
            size = _number(line.partition(b";")[0].strip().decode("latin-1"), "0123456789abcdefABCDEF", 16)
            if size == 0:
                break
            total = _fits(total + size)
            pieces.append(await self._reader.readexactly(size))
            if await self._whole_line() not in (b"\r\n", b"\n"):
                raise ValueError("a chunk is longer than it says")
        while await self._whole_line() not in (b"\r\n", b"\n"):
            pass  # trailers
        return b"".join(pieces)

    async def _whole_line(self) -> bytes:
        line = await self._reader.readline()
        if not line.endswith(b"\n"):
            raise asyncio.IncompleteReadError(line, None)
        return line


def _fits(size: int) -> int:
    if size > BODY_MAX:
        raise TooLong
    return size


def _status(line: bytes) -> tuple[int, int]:
    """The status, and the minor version."""
    if not line.endswith(b"\n"):
        raise EOFError
    version, _, rest = line.rstrip(b"\r\n").partition(b" ")
    code = rest.partition(b" ")[0]
    if version not in (b"HTTP/1.1", b"HTTP/1.0") or len(code) != 3 or not code.isdigit():
        raise ValueError(f"{line[:80]!r} is no status line")
    return int(code), version[-1] - ord("0")


def _number(text: str, digits: str, base: int) -> int:
    if not text or text.strip(digits) or len(text) > 15:
        raise ValueError(f"'{text[:80]}' is no length")
    return int(text, base)
