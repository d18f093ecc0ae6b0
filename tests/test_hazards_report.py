# SPDX-License-Identifier: MIT
"""Hazards from the hosts to the report: updates that are lost, pools that stand still, jobs that need each other. The same of a made-up
run, with every number known, is in tests/test_report.py."""

import json

import pytest

from driver import Run, cobench

SUITE = """
[suite]
about = for a test
rounds = 2
runtimes = c
timeout = 60

[group bank-none]
task = bank
workers = 2
set.lock = none
set.transfers = 300000
set.hold = 20
models = thread-pool, process-pool

[group bank-one]
task = bank
workers = 2
set.lock = one
set.transfers = 300000
set.hold = 20
models = thread-pool, process-pool

[group nested]
task = nested
workers = 2
set.steps = 100000
models = thread-pool, async
join = block, help

[group pipeline]
task = pipeline
jobs = 30
workers = 8
models = thread-pool
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("hazards")
    (folder / "hazards.ini").write_text(SUITE)
    return Run(folder / "results", "--suite", folder / "hazards.ini", "--quiet", status=1)  # a deadlock is a cell that failed


def test_what_was_lost_is_in_the_journal_and_the_table(run: Run) -> None:
    shared = {(row["group"], row["model"]): row for row in run.json("summary")["shared_state"]}
    assert {row["verdict"] for (group, model), row in shared.items() if group == "bank-one" or model == "sync"} == {"sound"}
    unguarded = [shared["bank-none", model] for model in ("thread-pool", "process-pool")]
    assert {row["verdict"] for row in unguarded} <= {"lost", "unproven"} and "lost" in {row["verdict"] for row in unguarded}
    assert all(row["of"] == 600000 and row["runs"] == 3 and (row["wrong"] > 0) == (row["verdict"] == "lost") for row in unguarded)
    guarded = [shared["bank-one", model] for model in ("thread-pool", "process-pool")]
    assert all((row["lock_wait_share"] is None) == (row["lock_wait_most"] is None) for row in guarded)
    assert all(0 < row["lock_wait_most"] <= 1 for row in guarded if row["lock_wait_most"] is not None)
    waits = [s for s in run.samples if s.get("connection_wait_ns") and s["busy_ns"]]
    assert waits and all(s["most_waited_ns"] / s["most_waited_busy_ns"] >= s["connection_wait_ns"] / s["busy_ns"] * 0.99 for s in waits)
    names = {cell["id"]: cell for cell in run.json("plan")["cells"]}
    audited = {names[s["cell"]]["group"] for s in run.samples if "audit" in s}
    assert audited == {0, 1} and all("audit" not in s for s in run.samples if names[s["cell"]]["role"] == "capacity")


def test_what_lost_is_not_taken_and_a_deadlock_is_named(run: Run) -> None:
    rows = {row["group"]: row for row in json.loads(cobench("advise", run.folder, "--json").stdout)["advice"]}
    assert rows["bank-none"]["take"] == "sync" and "thread-pool: lost " in rows["bank-none"]["never"]
    stuck = next(cell for cell in run.cells if (cell["group"], cell["model"]) == ("nested", "thread-pool"))
    assert stuck["note"].startswith("deadlock: 2 of 2 workers wait for jobs 8 and 9, which no worker is free to run")
    assert not stuck["verified"] and "thread-pool: deadlock: 2 of 2" in rows["nested"]["never"]
    said = " ".join(cobench("report", run.folder, "--no-plots").stdout.split())
    assert "Deadlock: c:thread-pool: 2 of 2 workers wait" in said and "Never to be taken, as they lost changes: c:" in said


def test_jobs_that_need_each_other_bound_the_gain(run: Run) -> None:
    """Eight pairs of a job and the one that it needs: an eighth of the work has to come one after the other, more where others took
    the CPU in the middle of a pair. Of them one at a time is in flight under sync, though each runs in the middle of the other."""
    (path,) = (row for row in run.json("summary")["checks"] if (row["group"], row["check"]) == ("nested", "path"))
    assert 1 < path["ratio"] <= 8.0001 and path["rounds"] == 2
    cells = {(cell["group"], cell["model"]): cell for cell in run.cells}
    assert cells["nested", "sync"]["in_flight_max"] == 1 and cells["nested", "thread-pool+help"]["in_flight_max"] <= 2
    assert all("dependencies" in s for s in run.samples if s["name"].endswith(("nested c:sync", "pipeline c:sync")) and s["status"] == "ok")


def test_a_stage_of_a_pipeline_is_in_flight_while_it_takes_its_time(run: Run) -> None:
    """Ten items of 1, 2 and 1 ms: whatever the delays, sync has one stage in flight for nearly all of its work; its `delay` is not in
    milliseconds of each job, so that sync is not left out for it."""
    cells = {(cell["group"], cell["model"]): cell for cell in run.cells}
    sync, pool = cells["pipeline", "sync"], cells["pipeline", "thread-pool"]
    assert sync["verified"] and sync["in_flight_max"] == 1 and 0.7 < sync["in_flight_mean"] <= 1
    assert pool["verified"] and pool["in_flight_max"] >= 2 and pool["in_flight_mean"] > sync["in_flight_mean"]
