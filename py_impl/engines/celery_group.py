# SPDX-License-Identifier: MIT
"""Celery (celery_.py), whose jobs are sent as one `group` and waited for together."""

from __future__ import annotations

from py_impl.engines.celery_ import Engine, work
from py_impl.errors import Impossible
from py_impl.run import Run


def run(run: Run) -> None:
    if run.schedule is not None:
        raise Impossible("a group is sent as one: its jobs cannot arrive at a rate")
    work(run, Engine.in_groups)
