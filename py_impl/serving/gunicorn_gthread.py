# SPDX-License-Identifier: MIT
"""gunicorn's workers with threads, which keep connections."""

from __future__ import annotations

from py_impl.serving.gunicorn_ import run_gunicorn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from py_impl.serving.site import Site

THREADS = 32  # a worker, as many as an executor of Python's has at most
CONNECTIONS = 100_000  # a worker, idle ones included: the limit of open files comes first


def serve(site: Site) -> None:
    keepalive = max(1, round(site.endpoint.run.request_timeout_s))
    run_gunicorn(site, site.endpoint.wsgi, worker_class="gthread", threads=THREADS, keepalive=keepalive, worker_connections=CONNECTIONS)
