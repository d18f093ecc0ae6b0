# SPDX-License-Identifier: MIT
"""`serve`: a task behind an HTTP server (docs/interfaces.md, "Serving")."""

from __future__ import annotations

import json
from importlib import import_module

from py_impl import params
from py_impl.contract import COMMAND, CONNECTS, RESULTS, URL
from py_impl.errors import Impossible, Usage
from py_impl.machine import effective_cpus, reserve_fds
from py_impl.serving import ONE, SERVERS, Server
from py_impl.serving.endpoint import Endpoint
from py_impl.serving.site import Site
from py_impl.serving.tally import Tally
from py_impl.shared_state import SharedState

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from py_impl.run import Run

WORKERS_MAX = 100_000
DELAY_MAX_MS = 3_600_000
LOOP_CONNECTIONS = 10  # to a service, in each process: as many as a pool of asyncpg has


def choose(name: str) -> Server:
    for server in SERVERS:
        if server.name == name:
            return server
    raise Usage(f"server '{name}' is unknown (known: {', '.join(server.name for server in SERVERS)})")


def workers_of(server: Server, given: dict[str, object]) -> int:
    most = 1 if server.workers == ONE else WORKERS_MAX
    return params.parse_int("--workers", given["--workers"], 1, most) if "--workers" in given else min(most, effective_cpus())


def connections_of(server: Server, run: Run) -> int:
    """To a service, in each process, for which its jobs wait; 0: each thread has one."""
    connections = run.knobs["connections"]
    if run.task.ASKS not in CONNECTS:
        return 0
    if connections and not (server.loop or server.threads):
        raise Impossible(f"--connections {connections}: each process of {server.name} has a connection of its own")
    return connections or LOOP_CONNECTIONS * server.loop


def serve(run: Run, given: dict[str, object], say: Callable[[str], None]) -> None:
    """Until the server is told to end. `say` writes a line on stdout. Of `run` all is known but what prepare() sets up."""
    server = choose(given["--model"])
    if run.task.ASKS in (URL, COMMAND):
        raise Impossible(f"serve: task '{run.task.NAME}' asks for a {run.task.ASKS}")
    if run.task.ASKS == RESULTS:
        raise Impossible(f"serve: task '{run.task.NAME}' asks for the results of other jobs, which no server has")
    if server.loop and run.knobs["loop"] == "trio":
        raise Impossible(f"{server.name} runs on asyncio's loops, not on trio")
    workers = workers_of(server, given)
    delay_ms = params.parse_int("--delay", given.get("--delay", "0"), 0, DELAY_MAX_MS)
    connections = connections_of(server, run)
    reserve_fds(0, "")
    run.looping, run.shared = server.loop, SharedState()
    tally = Tally(workers)
    site = Site(Endpoint(run, delay_ms / 1000, server.threads, tally), workers, given.get("--listen"), say)
    try:
        run.prepare()
        run.turn_knobs()
        run.connections = connections  # from here on, as each process has its own
        import_module(server.module).serve(site)
    finally:
        site.close()
    run.close_task()
    say(json.dumps(tally.read()))
