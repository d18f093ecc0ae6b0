# SPDX-License-Identifier: MIT
"""A connection of the standard library's http.server."""

from __future__ import annotations

import socket
from contextlib import suppress
from http.server import BaseHTTPRequestHandler

from py_impl.serving.endpoint import TYPE

RETRY_S = 0.01  # accepting, where there is no descriptor for the connection


class Handler(BaseHTTPRequestHandler):
    """Of a server with an `endpoint`."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one write

    def setup(self) -> None:
        self.timeout = self.server.endpoint.run.request_timeout_s
        super().setup()

    def do_GET(self) -> None:
        if self.headers.defects or self.headers.get("Content-Length", "").strip("0123456789"):
            self.send_error(400)
            return
        path, _, query = self.path.partition("?")
        status, body = self.server.endpoint.answer("GET", path, query)
        self.send_response(status)
        self.send_header("Content-Type", TYPE)
        self.send_header("Content-Length", str(len(body)))
        if "Content-Length" in self.headers or "Transfer-Encoding" in self.headers:  # nobody reads the request's body, which is no request
            self.close_connection = True
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def send_error(self, code: int, *words: object) -> None:
        self.server.endpoint.found((code, b""))
        super().send_error(code, *words)

    def log_message(self, *words: object) -> None:
        """Nobody reads it."""


def hang_up(connection: socket.socket) -> None:
    """As socketserver does."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_WR)
    connection.close()
