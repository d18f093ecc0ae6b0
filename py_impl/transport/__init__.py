# SPDX-License-Identifier: MIT
"""
The transports: how this host waits for what is asked for. Each knows no task and no model, and has a class Client:

    Client(options)                 one a worker, or one for all jobs of a loop; raises where a service does not take it
    connect(in_flight)              on a loop only, awaited, and only where there is one to a service: before the gate
    get(request, job) -> Reply      blocking, or awaited on a loop; RequestFailed where none came
    close()                         likewise

A connection to a service is opened before the gate: by a blocking client as it is made, on a loop by `connect`, as many as may be
in flight. Those of URLs need the standard library alone, unless --client names one that stands on a library; what other libraries
are needed may not be there.
"""

from __future__ import annotations

from importlib import import_module

from py_impl.contract import BLOCK, CACHE, COMMAND, SQL, URL
from py_impl.errors import Impossible, Usage
from py_impl.library import library

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from py_impl.slots import Slots

BUILT_IN = "default"


class Options:
    """What a client is made with."""

    __slots__ = ("timeout_s", "connected", "service", "slots")

    def __init__(self, timeout_s: float, connected: Callable[[], None], service: str | None = None, slots: Slots | None = None) -> None:
        self.timeout_s = timeout_s  # for a whole request
        self.connected = connected  # to be called for every connection opened
        self.service = service  # the URL of the service that the ask needs; None: it needs none
        self.slots = slots  # where commands are noted; None: nowhere


class Offer:
    """A row of the table of clients."""

    __slots__ = ("blocking", "looping", "loops", "fds", "library")

    def __init__(
        self, blocking: str | None, looping: str | None = None, loops: tuple[str, ...] = (), fds: int = 1, library: str | None = None,
    ) -> None:  # fmt: skip
        self.blocking = blocking  # the module for models that block; None: there is none
        self.looping = looping  # likewise for those that wait on an event loop
        self.loops = loops  # and on which
        self.fds = fds  # descriptors a connection
        self.library = library  # the module that it stands on; None: the standard library


ON_ASYNCIO = ("asyncio", "uvloop")

# What is asked for, by whom. A client other than the default has its name for one ask only.
CLIENTS = {
    URL: {
        BUILT_IN: Offer("blocking", "streams", ON_ASYNCIO),
        "pycurl": Offer("pycurl_", fds=3, library="pycurl"),  # its socket and two to wake it, as in the C host
        "urllib3": Offer("urllib3_", library="urllib3"),
        "requests": Offer("requests_", library="requests"),
        "httpx": Offer("httpx_", "httpx_async", (*ON_ASYNCIO, "trio"), library="httpx"),
        "aiohttp": Offer(None, "aiohttp_", ON_ASYNCIO, library="aiohttp"),
    },
    COMMAND: {BUILT_IN: Offer("commands", "commands_async", ("asyncio",), fds=7)},  # its end, its pipes, and others while it starts
    SQL: {
        BUILT_IN: Offer("psycopg_", "psycopg_async", ON_ASYNCIO, library="psycopg"),
        "asyncpg": Offer(None, "asyncpg_", ON_ASYNCIO, library="asyncpg"),
    },
    CACHE: {BUILT_IN: Offer("cache", "cache_async", ON_ASYNCIO, library="redis")},
    BLOCK: {BUILT_IN: Offer("block", "block_async", ON_ASYNCIO, fds=0)},
}


def load(ask: str, client: str, loop: str | None) -> ModuleType:
    """The transport of a client, on a loop or (None) for models that block; Impossible where there is none here."""
    clients = CLIENTS[ask]
    if client not in clients:
        raise Usage(f"client {client}: the task asks for {ask}, which {' and '.join(clients)} can")
    offer = clients[client]
    if loop is None and offer.blocking is None:
        raise Impossible(f"client {client} waits on an event loop, and this model blocks")
    if loop is not None and loop not in offer.loops:
        able = [name for name, other in clients.items() if loop in other.loops]
        raise Impossible(f"client {client} {'waits by blocking' if offer.looping is None else 'does not run on ' + loop}; "
                         f"{loop} takes {', '.join(able) or 'none'}")  # fmt: skip
    if offer.library is not None:
        library(offer.library)
    return import_module("py_impl.transport." + (offer.blocking if loop is None else offer.looping))
