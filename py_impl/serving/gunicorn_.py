# SPDX-License-Identifier: MIT
"""gunicorn, which forks its workers and ends by signals itself."""

from __future__ import annotations

import os
from signal import SIGTERM

from py_impl.library import library
from py_impl.serving.site import BACKLOG

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from py_impl.serving.site import Site

GRACE_S = 1


def serve(site: Site) -> None:
    run_gunicorn(site, site.endpoint.wsgi)


def run_gunicorn(site: Site, application: Callable, **settings: object) -> None:
    library("gunicorn")
    from gunicorn.app.base import BaseApplication

    numbers: dict[object, int] = {}  # of the workers that there are

    def before_fork(_: object, worker: object) -> None:
        site.endpoint.tally.number = numbers[worker] = min(set(range(site.workers)).difference(numbers.values()), default=0)

    def ended(arbiter: object, worker: object) -> None:
        number = numbers.pop(worker)
        if arbiter.LISTENERS:  # else it has ended them
            site.endpoint.tally.died(number, f"worker {number} ended")

    def opened(_: object) -> None:
        try:
            site.endpoint.open()
        except SystemExit:
            # Not by the status that gunicorn has for it: it may lose that, and then wait for the worker until its time-out.
            os.kill(site.pid, SIGTERM)
            os._exit(0)
        site.up()

    class Application(BaseApplication):
        def load_config(self) -> None:
            own = {
                "bind": f"fd://{os.dup(site.socket.fileno())}", "workers": site.workers, "backlog": BACKLOG, "loglevel": "critical",
                "timeout": round(site.endpoint.run.request_timeout_s) + 1, "graceful_timeout": GRACE_S, "pre_fork": before_fork,
                "child_exit": ended, "post_worker_init": opened,
            }  # fmt: skip
            for name, value in (own | settings).items():
                self.cfg.set(name, value)

        def load(self) -> Callable:
            return application

    site.attend()
    try:
        Application().run()
    except SystemExit as end:  # its first process and its workers end by it
        if os.getpid() != site.pid:
            os._exit(end.code or 0)
        site.check(f"gunicorn ended with status {end.code}" if end.code else None)
