# SPDX-License-Identifier: MIT
"""
What the clients that stand on a library share: what they add to the library's own way of asking, so that all keep to the
same contract. A request has one deadline; a reply that is too long, too short or nonsense is called what the built-in
clients call it; one that does not come because the server had ended a kept connection meanwhile is asked for again.
"""

from __future__ import annotations

import socket
from time import monotonic

from py_impl.contract import BAD_REPLY, CONNECTION_CLOSED, SHORT_BODY, TIMEOUT, TRANSPORT, URL_FRESH, URL_HTTP2, Reply, RequestFailed
from py_impl.transport.failures import failure, timed_out
from py_impl.transport.urls import BODY_MAX, BODYLESS, TOO_LONG, USER_AGENT, Places, without_http2

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from py_impl.contract import Request
    from py_impl.transport import Options

"localhost".encode("idna")  # as in blocking.py

PIECE_BYTES = 1 << 18
HEADERS = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
CLOSING = {**HEADERS, "Connection": "close"}  # of a request with a connection of its own


class Attempt:
    """One asking for a URL."""

    __slots__ = ("deadline", "alone", "http2", "fresh", "_connected")

    def __init__(self, deadline: float, connected: Callable[[], None], flags: int = 0) -> None:
        self.deadline = deadline
        self.alone = flags & URL_FRESH != 0  # it wants a connection of its own
        self.http2 = flags & URL_HTTP2 != 0
        self.fresh = False  # a connection was opened for it
        self._connected = connected

    def opened(self) -> None:
        self.fresh = True
        self._connected()

    def left(self) -> float:
        """Seconds."""
        left = self.deadline - monotonic()
        if left <= 0:
            raise TimeoutError
        return left


class Body:
    """The body of a reply, as it comes in pieces. `headers` do not care for the case of a name."""

    __slots__ = ("status", "_attempt", "_pieces", "_size", "_length")

    def __init__(self, status: int, headers: Mapping[str, str], attempt: Attempt) -> None:
        self.status = status
        self._attempt = attempt
        self._pieces: list[bytes] = []
        self._size = 0
        self._length = None
        lengths = headers.get("Content-Length")
        if lengths is not None and status not in BODYLESS and "Transfer-Encoding" not in headers:
            first, *others = {text.strip() for text in lengths.split(",")}
            if others or not first.isdecimal():
                raise RequestFailed(BAD_REPLY, "two Content-Lengths" if others else f"'{first[:80]}' is no length")
            self._length = int(first)
            self._fits(self._length)

    def add(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._size += len(piece)
        self._fits(self._size)
        self._attempt.left()

    def reply(self) -> Reply:
        if self._length is not None and self._size < self._length:
            raise RequestFailed(SHORT_BODY, "the connection ended within the body")
        return Reply(self.status, self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces))

    def _fits(self, size: int) -> None:
        if size > BODY_MAX:
            raise RequestFailed(TRANSPORT, TOO_LONG)


SYSTEM = ("builtins", "socket", "ssl")  # some libraries derive from OSError what is none


def explained(error: Exception, kinds: tuple[tuple[type, str], ...], where: str, seconds: float) -> RequestFailed:
    """
    What an exception that came out of a library is to be called. `kinds`: names for classes of it, the first that fits. A
    library wraps what happened: where it says no more, the system's own error behind it does.
    """
    if isinstance(error, RequestFailed):
        return RequestFailed(error.kind, f"{where}: {error}")
    found: OSError | None = None
    cause: BaseException | None = error
    while cause is not None:
        kind = next((kind for a_class, kind in kinds if isinstance(cause, a_class)), None)
        if kind == TIMEOUT or isinstance(cause, (TimeoutError, socket.timeout)):  # two classes before 3.10
            return timed_out(where, seconds)
        if kind is not None:
            return RequestFailed(kind, f"{where}: {cause}")
        if isinstance(cause, OSError) and type(cause).__module__ in SYSTEM and (found is None or cause.errno is not None):
            found = cause
        parts = getattr(cause, "exceptions", None)  # of a group: one address each
        cause = parts[0] if parts else cause.__cause__ or cause.__context__
    if found is not None:
        return failure(found, where)
    return RequestFailed(TRANSPORT, f"{where}: {type(error).__name__}: {error}")


class _Client:
    """
    A client adds `open`, which makes what it asks with, `close`, `ask(url, attempt) -> Reply` (these two awaited in Looping), and
    KINDS of `explained`; HTTP2 where it has that.
    """

    KINDS: tuple[tuple[type, str], ...] = ()
    HTTP2 = False

    def __init__(self, options: Options) -> None:
        self.timeout_s = options.timeout_s
        self._connected = options.connected
        self._places = Places()
        self.open()

    def _begin(self, request: Request) -> tuple[str, float]:
        place, _ = self._places.cut(request.url)
        if not self.HTTP2:
            without_http2(request.flags)
        return f"{place.host}:{place.port}", monotonic() + self.timeout_s

    def _stale(self, failed: RequestFailed, attempt: Attempt) -> bool:
        return failed.kind == CONNECTION_CLOSED and not attempt.fresh and monotonic() < attempt.deadline


class Blocking(_Client):
    def get(self, request: Request, job: int) -> Reply:
        where, deadline = self._begin(request)
        while True:
            attempt = Attempt(deadline, self._connected, request.flags)
            try:
                return self.ask(request.url, attempt)
            except Exception as error:  # whatever a library may raise
                failed = explained(error, self.KINDS, where, self.timeout_s)
                if not self._stale(failed, attempt):
                    raise failed from error


class Looping(_Client):
    async def get(self, request: Request, job: int) -> Reply:
        where, deadline = self._begin(request)
        while True:
            attempt = Attempt(deadline, self._connected, request.flags)
            try:
                return await self.ask(request.url, attempt)
            except Exception as error:  # as above
                failed = explained(error, self.KINDS, where, self.timeout_s)
                if not self._stale(failed, attempt):
                    raise failed from error
