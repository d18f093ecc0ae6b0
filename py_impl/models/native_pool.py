# SPDX-License-Identifier: MIT
"""
One call: the C host's own thread pool runs all jobs, with its dispenser, its workers and its transport, and fills the
same slots. What a Python service gains by handing a whole batch to C.
"""

from __future__ import annotations

from py_impl.errors import Failed, Impossible
from py_impl.run import Run


def run(run: Run) -> None:
    gate = run.gate_fds or (-1, -1)
    pause = (run.end_pause.read, run.end_pause.write) if run.end_pause is not None else (-1, -1)
    timeout_ns = round(run.request_timeout_s * 1e9)
    run.catch_up = lambda: note(run, run.task.pool_found(run.state))
    found = run.task.pool(run.state, run.slots.map, run.workers, timeout_ns, *gate, *pause, run.schedule is not None,
                          run.knobs["stack-size"], run.knobs["cold"], run.service_asked(), run.connections)
    run.catch_up = None
    note(run, found)
    if found["code"]:
        raise (Impossible if found["limit"] else Failed)(found["reason"])


def note(run: Run, found: dict[str, object] | None) -> None:
    """What C has found out so far, in the places where the record is made from."""
    if found is None:
        return
    run.ready_ns = found["ready_ns"] or None
    run.ready_cpu_ns = found["ready_cpu_ns"] or None
    run.work_ns = found["work_ns"] or None
    for failure in found["failures"]:
        run.shared.failed(*failure)
    for _ in range(found["connections"]):
        run.shared.connected()
