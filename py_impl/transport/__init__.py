# SPDX-License-Identifier: MIT
"""
The transports: how this host waits for a reply. Each knows no task and no model; either has a class Client. The built-in
ones need the standard library alone; the others (--client) stand on a library that may not be there.
"""

from __future__ import annotations

from importlib import import_module

from py_impl.errors import Impossible
from py_impl.library import library

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

BUILT_IN = "default"


class Offer:
    """A row of the table of clients."""

    __slots__ = ("blocking", "looping", "loops", "fds")

    def __init__(self, blocking: str | None, looping: str | None = None, loops: tuple[str, ...] = (), fds: int = 1) -> None:
        self.blocking = blocking  # the module for models that block; None: there is none
        self.looping = looping  # likewise for those that wait on an event loop
        self.loops = loops  # and on which
        self.fds = fds  # descriptors a connection


ON_ASYNCIO = ("asyncio", "uvloop")

CLIENTS = {
    BUILT_IN: Offer("blocking", "streams", ON_ASYNCIO),
    "pycurl": Offer("pycurl_", fds=3),  # its socket and two to wake it, as in the C host
    "urllib3": Offer("urllib3_"),
    "requests": Offer("requests_"),
    "httpx": Offer("httpx_", "httpx_async", (*ON_ASYNCIO, "trio")),
    "aiohttp": Offer(None, "aiohttp_", ON_ASYNCIO),
}


def load(client: str, loop: str | None) -> ModuleType:
    """The transport of a client, on a loop or (None) for models that block; Impossible where there is none here."""
    offer = CLIENTS[client]
    if loop is None and offer.blocking is None:
        raise Impossible(f"client {client} waits on an event loop, and this model blocks")
    if loop is not None and loop not in offer.loops:
        able = [name for name, other in CLIENTS.items() if loop in other.loops]
        raise Impossible(f"client {client} {'waits by blocking' if offer.looping is None else 'does not run on ' + loop}; "
                         f"{loop} takes {', '.join(able)}")  # fmt: skip
    if client != BUILT_IN:
        library(client)
    return import_module("py_impl.transport." + (offer.blocking if loop is None else offer.looping))
