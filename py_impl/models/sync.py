# SPDX-License-Identifier: MIT
"""One loop, one job after the other: what the other models are compared with."""

from __future__ import annotations

from py_impl.run import Run
from py_impl.worker import open_worker


def run(run: Run) -> None:
    worker = open_worker(run, 0)
    run.check_workers()
    run.gate()
    run.work_ns = worker.run_jobs(run.dispenser)
    run.end_pause_all()
    worker.close()
