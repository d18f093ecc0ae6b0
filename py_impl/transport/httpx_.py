# SPDX-License-Identifier: MIT
"""httpx, blocking: an httpx.Client a worker. Its time-outs are for one read each, so that the last may end after the request's."""

from __future__ import annotations

import ssl

import httpx

from py_impl.contract import BAD_REPLY, CONNECTION_CLOSED, SHORT_BODY, TIMEOUT, Reply, RequestFailed
from py_impl.transport.client import HEADERS, Attempt, Blocking, Body

OPTIONS = {
    "headers": HEADERS,
    "verify": ssl.create_default_context(),  # made once: httpx would make one for every client
    "trust_env": False,
    "limits": httpx.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=None),
}
CONNECTED = "connection.connect_tcp.complete"
KINDS = ((httpx.TimeoutException, TIMEOUT), (httpx.ReadError, CONNECTION_CLOSED), (httpx.WriteError, CONNECTION_CLOSED))


def protocol_kind(error: httpx.RemoteProtocolError) -> str:
    """Its words are all that tells these from each other."""
    if str(error).startswith("Server disconnected"):
        return CONNECTION_CLOSED
    return SHORT_BODY if str(error).startswith("peer closed") else BAD_REPLY


class Client(Blocking):
    KINDS = KINDS

    def open(self) -> None:
        self._client = httpx.Client(**OPTIONS)

    def close(self) -> None:
        self._client.close()

    def ask(self, url: str, attempt: Attempt) -> Reply:
        def trace(event: str, _: object) -> None:
            if event == CONNECTED:
                attempt.opened()

        try:
            with self._client.stream("GET", url, timeout=attempt.left(), extensions={"trace": trace}) as response:
                body = Body(response.status_code, response.headers, attempt)
                for piece in response.iter_raw():
                    body.add(piece)
        except httpx.RemoteProtocolError as error:
            raise RequestFailed(protocol_kind(error), str(error)) from error
        return body.reply()
