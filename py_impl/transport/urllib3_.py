# SPDX-License-Identifier: MIT
"""
urllib3: a PoolManager a worker. Its time-outs are for one read each; its connections are made here, so that all reads of a
request end by one deadline, and are counted.
"""

from __future__ import annotations

import http.client
import io
import threading
from http.client import HTTPException, IncompleteRead, RemoteDisconnected

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import InvalidChunkLength, InvalidHeader
from urllib3.util.ssl_ import create_urllib3_context

from py_impl.contract import BAD_REPLY, CONNECTION_CLOSED, SHORT_BODY, Reply
from py_impl.transport.client import CLOSING, HEADERS, PIECE_BYTES, Attempt, Blocking, Body
from py_impl.transport.urls import HEADERS_MAX

TLS = create_urllib3_context()  # made once: urllib3 would make one for every connection
TLS.load_default_certs()

http.client._MAXHEADERS = HEADERS_MAX  # as in the built-in client

now = threading.local()  # .attempt: the one that this thread is at; nobody else uses its connections


class Timed(io.RawIOBase):
    """What a socket's file reads from."""

    def __init__(self, file: io.BufferedReader, sock: object) -> None:
        self._file, self._sock = file, sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:
        self._sock.settimeout(now.attempt.left())
        return self._file.raw.readinto(buffer)

    def close(self) -> None:
        self._file.close()
        super().close()


class Response(http.client.HTTPResponse):
    def __init__(self, sock: object, *args: object, **options: object) -> None:
        super().__init__(sock, *args, **options)
        self.fp = io.BufferedReader(Timed(self.fp, sock))


class Counted:
    response_class = Response

    def connect(self) -> None:
        super().connect()
        now.attempt.opened()


class Plain(Counted, HTTPConnection):
    pass


class Secure(Counted, HTTPSConnection):
    pass


class PlainPool(HTTPConnectionPool):
    ConnectionCls = Plain


class SecurePool(HTTPSConnectionPool):
    ConnectionCls = Secure


KINDS = (
    (InvalidHeader, BAD_REPLY), (InvalidChunkLength, BAD_REPLY), (IncompleteRead, SHORT_BODY),
    (RemoteDisconnected, CONNECTION_CLOSED), (HTTPException, BAD_REPLY),
)  # fmt: skip
POOLS = {"http": PlainPool, "https": SecurePool}


class Client(Blocking):
    KINDS = KINDS

    def open(self) -> None:
        self._pools = urllib3.PoolManager(retries=False, ssl_context=TLS)
        self._pools.pool_classes_by_scheme = POOLS

    def close(self) -> None:
        self._pools.clear()

    def ask(self, url: str, attempt: Attempt) -> Reply:
        now.attempt = attempt
        headers = CLOSING if attempt.alone else HEADERS
        return read(self._pools.request("GET", url, headers=headers, redirect=False, preload_content=False, timeout=attempt.left()),
                    attempt)  # fmt: skip


def read(response: urllib3.HTTPResponse, attempt: Attempt) -> Reply:
    try:
        body = Body(response.status, response.headers, attempt)
        for piece in response.stream(PIECE_BYTES, decode_content=False):
            body.add(piece)
        reply = body.reply()
    except BaseException:
        response.close()  # and its connection: half an answer is no use to the next
        raise
    response.release_conn()
    return reply
