# SPDX-License-Identifier: MIT
"""
The models of serving: how requests over HTTP come to the job that answers them. Each knows no task. Those of cobench's own stand on
the standard library or h11; the others are the servers that people run, with a small application on them.
"""

from __future__ import annotations

ONE, CPUS, CONNECTIONS = "one", "cpus", "connections"  # what `workers` is of a server: see the schema of the list


class Server:
    """A row of the table. Its module is imported only where it is used."""

    __slots__ = ("name", "module", "about", "workers", "holds", "loop", "threads")

    def __init__(
        self, name: str, module: str, about: str, *, workers: str = ONE, holds: bool = False, loop: bool = False, threads: bool = False
    ) -> None:
        self.name = name
        self.module = "py_impl.serving." + module  # has serve(site: Site) -> None
        self.about = about
        self.workers = workers
        self.holds = holds  # an idle connection has neither a thread nor a process of its own
        self.loop = loop  # waits on an event loop
        self.threads = threads  # a process runs several jobs at once, each in a thread

    def describe(self) -> dict[str, object]:
        return {"name": self.name, "about": self.about, "workers": self.workers, "holds": self.holds, "fds": 1}


SERVERS = (
    Server("threads", "threads", "socketserver.ThreadingMixIn and http.server: a thread for each connection", threads=True),
    Server("prefork", "prefork", "http.server in processes forked beforehand, each with one connection at a time", workers=CONNECTIONS),
    Server("asyncio", "asyncio_", "asyncio streams and h11, one event loop", loop=True, holds=True),
    Server("asyncio-cores", "asyncio_", "the same with a process and a loop for each CPU", workers=CPUS, loop=True, holds=True),
    Server("gunicorn", "gunicorn_", "gunicorn's sync workers and a WSGI function: a connection for each request", workers=CPUS),
    Server("gunicorn-gthread", "gunicorn_gthread", "gunicorn's gthread workers of 32 threads and a WSGI function", workers=CPUS,
           holds=True, threads=True),
    Server("flask", "flask_", "Flask on gunicorn's sync workers", workers=CPUS),
    Server("uvicorn", "uvicorn_", "uvicorn and an ASGI function, a process and a loop for each CPU", workers=CPUS, loop=True, holds=True),
)  # fmt: skip
