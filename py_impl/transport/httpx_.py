# SPDX-License-Identifier: MIT
"""
httpx, blocking: an httpx.Client a worker, and another for HTTP/2, as each has one of the two. Its time-outs are for one read each,
so that the last may end after the request's.
"""

from __future__ import annotations

import ssl
from contextlib import ExitStack

import httpx

from py_impl.contract import BAD_REPLY, CONNECTION_CLOSED, SHORT_BODY, TIMEOUT, Reply, RequestFailed
from py_impl.transport.client import HEADERS, Attempt, Blocking, Body

OPTIONS = {
    "headers": HEADERS,
    "verify": ssl.create_default_context(),  # made once: httpx would make one for every client
    "trust_env": False,
    "limits": httpx.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=None),
}
try:
    import h2.connection  # noqa: F401  (here, and not in the first job)
except ImportError:
    H2 = False
else:
    H2 = True
CONNECTED = "connection.connect_tcp.complete"
KINDS = ((httpx.TimeoutException, TIMEOUT), (httpx.ReadError, CONNECTION_CLOSED), (httpx.WriteError, CONNECTION_CLOSED))


def options(http2: bool) -> dict[str, object]:
    """Of a client, blocking or not."""
    return {**OPTIONS, "http1": not http2, "http2": http2}


def protocol_kind(error: httpx.RemoteProtocolError) -> str:
    """Its words are all that tells these from each other."""
    if str(error).startswith("Server disconnected"):
        return CONNECTION_CLOSED
    return SHORT_BODY if str(error).startswith("peer closed") else BAD_REPLY


class Client(Blocking):
    KINDS = KINDS
    HTTP2 = H2

    def open(self) -> None:
        self._clients = [httpx.Client(**options(http2)) for http2 in (False, True)[: 1 + H2]]

    def close(self) -> None:
        for client in self._clients:
            client.close()

    def ask(self, url: str, attempt: Attempt) -> Reply:
        def trace(event: str, _: object) -> None:
            if event == CONNECTED:
                attempt.opened()

        try:
            with ExitStack() as stack:
                client = self._clients[attempt.http2]
                if attempt.alone:  # one of its own is closed with its connection
                    client = stack.enter_context(httpx.Client(**options(attempt.http2)))
                response = stack.enter_context(client.stream("GET", url, timeout=attempt.left(), extensions={"trace": trace}))
                body = Body(response.status_code, response.headers, attempt)
                for piece in response.iter_raw():
                    body.add(piece)
        except httpx.RemoteProtocolError as error:
            raise RequestFailed(protocol_kind(error), str(error)) from error
        return body.reply()
