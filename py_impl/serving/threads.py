# SPDX-License-Identifier: MIT
"""socketserver.ThreadingMixIn: the connection that is accepted gets a thread."""

from __future__ import annotations

import socketserver
import sys
import time

from py_impl.serving.http_server import RETRY_S, Handler, hang_up

NO_THREAD = 429, b""  # never sent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from py_impl.serving.site import Site


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True

    def __init__(self, site: Site) -> None:
        super().__init__(("", 0), Handler, bind_and_activate=False)
        self.socket.close()
        self.socket, self.endpoint = site.socket, site.endpoint

    def get_request(self) -> tuple:
        try:
            return super().get_request()
        except OSError:
            time.sleep(RETRY_S)
            raise

    def shutdown_request(self, request) -> None:
        self.endpoint.leave()
        hang_up(request)

    def handle_error(self, request, client_address) -> None:
        """A connection that broke, or for which there is no thread; the others go on."""
        if isinstance(sys.exc_info()[1], RuntimeError):
            self.endpoint.found(NO_THREAD)


def serve(site: Site) -> None:
    def worker() -> None:
        site.endpoint.open()
        site.up()
        Server(site).serve_forever()

    site.forked(worker)
