# SPDX-License-Identifier: MIT
"""What the models that have worker processes say of one that is gone."""

from __future__ import annotations

from py_impl.contract import COMMAND
from py_impl.watchdog import signal_name
from py_impl.run import Run

KIND = "Crash"


def how(exitcode: int | None) -> str:
    if exitcode is None:
        return "is gone"
    if exitcode < 0:
        return f"was killed by signal {-exitcode} ({signal_name(-exitcode)})"
    return f"exited with status {exitcode}"


def crashed(run: Run, exitcode: int | None, number: int, jobs: list[int]) -> None:
    """Notes a worker's end; `jobs` are those it was running."""
    for job in jobs:
        if run.task.ASKS == COMMAND:
            run.slots.kill_command(job)
        run.slots.fail(job)
        if run.join is not None:
            run.join.ended(job)
        run.shared.failed(job, number, KIND, f"worker {how(exitcode)} while running job {job}", None)
    if not jobs:
        run.shared.failed(None, number, KIND, f"worker {how(exitcode)} while it ran no job", None)
