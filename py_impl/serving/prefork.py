# SPDX-License-Identifier: MIT
"""The oldest of them: processes that wait in accept, and each has one connection until that is closed."""

from __future__ import annotations

import time

from py_impl.serving.http_server import RETRY_S, Handler, hang_up

TYPE_CHECKING = False
if TYPE_CHECKING:
    from py_impl.serving.site import Site


def serve(site: Site) -> None:
    def worker() -> None:
        site.endpoint.open()
        site.up()
        while True:
            try:
                connection, address = site.socket.accept()
            except OSError:
                time.sleep(RETRY_S)
                continue
            try:
                Handler(connection, address, site)
            except OSError:
                pass  # it broke
            hang_up(connection)

    site.forked(worker)
