# SPDX-License-Identifier: MIT
"""
http.client: one connection, kept alive between requests to the same place. http.client sets TCP_NODELAY itself. A
client belongs to the thread or process that opened it.
"""

from __future__ import annotations

import http.client
import socket
from http.client import HTTPConnection, HTTPException, HTTPResponse, IncompleteRead, RemoteDisconnected
from time import monotonic

from py_impl.contract import BAD_REPLY, CONNECTION_CLOSED, SHORT_BODY, TRANSPORT, URL_FRESH, Reply, RequestFailed
from py_impl.transport.failures import failure, timed_out
from py_impl.transport.urls import BODY_MAX, HEADERS_MAX, TOO_LONG, USER_AGENT, Place, Places, trust, without_http2

TYPE_CHECKING = False
if TYPE_CHECKING:
    from py_impl.contract import Request
    from py_impl.transport import Options

PIECE_BYTES = 1 << 18

http.client._MAXHEADERS = HEADERS_MAX  # 100 by default; its own tests set it, too

# Name resolution encodes every host so, and the first use imports the codec: here, once, not in the first job of every
# worker process.
"localhost".encode("idna")


class Client:
    def __init__(self, options: Options) -> None:
        self._timeout_s = options.timeout_s
        self._connected = options.connected
        self._places = Places()
        self._place: Place | None = None
        self._connection: HTTPConnection | None = None

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def get(self, request: Request, job: int) -> Reply:
        place, target = self._places.cut(request.url)
        without_http2(request.flags)
        if request.flags & URL_FRESH:
            self.close()
        where = f"{place.host}:{place.port}"
        deadline = monotonic() + self._timeout_s
        try:
            reply = self._get(place, target, deadline)
        except RequestFailed:
            self.close()
            raise
        except (TimeoutError, socket.timeout) as error:  # two classes before 3.10
            self.close()
            raise timed_out(where, self._timeout_s) from error
        except IncompleteRead as error:
            self.close()
            if _is_bad_chunk(error):
                raise RequestFailed(BAD_REPLY, f"{where}: {error.__context__}") from error
            raise RequestFailed(SHORT_BODY, f"{where}: the connection ended within the body") from error
        except RemoteDisconnected as error:
            self.close()
            raise RequestFailed(CONNECTION_CLOSED, f"{where}: the connection was closed without an answer") from error
        except OSError as error:
            self.close()
            raise failure(error, where) from error
        except (HTTPException, ValueError) as error:
            self.close()
            raise RequestFailed(BAD_REPLY, f"{where}: {type(error).__name__}: {error}") from error
        if request.flags & URL_FRESH:
            self.close()
        return reply

    def _get(self, place: Place, target: str, deadline: float) -> Reply:
        kept = self._connection is not None and self._place is place
        if kept:
            try:
                return self._ask(target, deadline)
            except ConnectionError:
                pass  # the server ended the kept connection meanwhile: that is no answer, so ask again
        self._open(place, deadline)
        return self._ask(target, deadline)

    def _open(self, place: Place, deadline: float) -> None:
        self.close()
        self._place = place
        if place.secure:
            from http.client import HTTPSConnection  # ssl only where it is needed

            self._connection = HTTPSConnection(place.host, place.port, timeout=_left(deadline), context=trust())
        else:
            self._connection = HTTPConnection(place.host, place.port, timeout=_left(deadline))
        self._connection.connect()
        self._connected()

    def _ask(self, target: str, deadline: float) -> Reply:
        connection = self._connection
        connection.sock.settimeout(_left(deadline))
        connection.putrequest("GET", target, skip_host=True, skip_accept_encoding=True)
        connection.putheader("Host", self._place.header)
        connection.putheader("User-Agent", USER_AGENT)
        connection.endheaders()
        # A reply that ends the connection takes the socket away from it.
        socket_ = connection.sock
        response = connection.getresponse()
        body = _body(response, socket_, deadline)
        if body is None:
            raise RequestFailed(TRANSPORT, f"{connection.host}:{connection.port}: {TOO_LONG}")
        closing = response.will_close
        response.close()
        if closing:
            self.close()
        return Reply(response.status, body)


def _body(response: HTTPResponse, socket_: socket.socket, deadline: float) -> bytes | None:
    """The body, None where it is too long. It comes in pieces, so that one that trickles in does not outlast the deadline."""
    if len(set(response.headers.get_all("Content-Length", ()))) > 1:
        raise HTTPException("two Content-Lengths")
    pieces, left = [], BODY_MAX - (response.length or 0)
    while left >= 0:
        socket_.settimeout(_left(deadline))
        piece = response.read1(PIECE_BYTES)
        if not piece:
            break
        pieces.append(piece)
        if response.length is None:
            left -= len(piece)
        if response.length == 0:
            break
    if left < 0:
        return None
    if response.length:  # still to come; None where the body ends with the connection
        raise IncompleteRead(b"")
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _is_bad_chunk(error: IncompleteRead) -> bool:
    """http.client says the same of a chunk's length that is no number and of a connection that ends in place of one."""
    return isinstance(error.__context__, ValueError) and not str(error.__context__).endswith(": b''")


def _left(deadline: float) -> float:
    left = deadline - monotonic()
    if left <= 0:
        raise TimeoutError
    return left
