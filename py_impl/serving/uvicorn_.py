# SPDX-License-Identifier: MIT
"""uvicorn with what it finds: uvloop and httptools, else asyncio and h11. Its processes are forked, as its own supervisor starts them anew."""

from __future__ import annotations

from contextlib import suppress

from py_impl.errors import Impossible
from py_impl.library import library
from py_impl.serving.site import BACKLOG

TYPE_CHECKING = False
if TYPE_CHECKING:
    from py_impl.serving.site import Site


def serve(site: Site) -> None:
    uvicorn = library("uvicorn")
    for name in ("uvloop", "httptools", "h11"):
        with suppress(Impossible):
            library(name)

    class Server(uvicorn.Server):
        async def startup(self, sockets: list | None = None) -> None:
            await site.endpoint.await_open()  # first, as in asyncio_.py
            await super().startup(sockets=sockets)
            site.up()

    def worker() -> None:
        config = uvicorn.Config(
            site.endpoint.asgi, interface="asgi3", log_config=None, log_level="critical", access_log=False, lifespan="off", ws="none", backlog=BACKLOG,
            timeout_keep_alive=max(1, round(site.endpoint.run.request_timeout_s)),
        )  # fmt: skip
        Server(config).run(sockets=[site.socket])

    site.forked(worker)
