# SPDX-License-Identifier: MIT
"""Jobs that need the results of jobs, in the C hosts: who runs them, who waits, and what is said where nobody can go on."""

from __future__ import annotations

import random
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from hosts import C, EMBED, MODELS, PLUGINS, PROCESSES, TEST_TASKS, Host, Outcome, check_a_run
from py_impl import slots

EDGES = TEST_TASKS / "edges.so"
HELPING = ("threads", "thread-pool", *PROCESSES)
BLOCKING = (*HELPING, *(model for model in ("openmp",) if model in C.models))
# Those that finish whatever needs what, unless in a circle, with any number of workers.
FREE = (("sync", "block"), ("async", "block"), *((model, "help") for model in HELPING))


def run(folder: Path, edges: list[tuple[int, int]], jobs: int, model: str, join: str = "block", workers: int = 2, *words: object,
        host: Host = C) -> Outcome:  # fmt: skip
    text = " ".join(f"{job}>{needed}" for job, needed in edges)
    return host.run(folder, "--task", EDGES, "--set", f"edges={text}", "--jobs", jobs, "--model", model, "--workers", workers,
                 "--join", join, "--timeout", 40, *words)  # fmt: skip


def results(edges: list[tuple[int, int]], jobs: int) -> list[int]:
    needs = {job: [needed for other, needed in edges if other == job] for job in range(jobs)}
    known = [0] * jobs
    for job in TopologicalSorter(needs).static_order():
        known[job] = job
        for needed in needs[job]:
            known[job] = (known[job] * 31 + known[needed]) % 2**64
    return known


def check(done: Outcome, edges: list[tuple[int, int]], jobs: int) -> None:
    assert (done.status, done.stderr) == (0, "")
    assert done.results == results(edges, jobs)
    rows = done.rows
    assert {(row["state"], row["runs"], row["command"]) for row in rows} == {(slots.DONE, 1, 0)}
    assert max(row["end_ns"] for row in rows) == done.record["phases"]["work"]
    for job, needed in edges:
        assert rows[needed]["end_ns"] <= rows[job]["replied_ns"] <= rows[job]["end_ns"]
    asked = {job for job, _ in edges}
    assert all((row["replied_ns"] != 0) == (job in asked) for job, row in enumerate(rows))


def tree(jobs: int) -> list[tuple[int, int]]:
    return [(job, needed) for job in range(jobs) for needed in (2 * job + 1, 2 * job + 2) if needed < jobs]


def any_graph(jobs: int, seed: int, backwards: bool) -> list[tuple[int, int]]:
    """Without a circle; backwards: each needs jobs of lower numbers alone."""
    draw = random.Random(seed)
    order = list(range(jobs))
    if not backwards:
        draw.shuffle(order)
    return [(order[at], order[other]) for at in range(1, jobs) for other in draw.sample(range(at), min(at, draw.randrange(4)))]


@pytest.mark.parametrize("model, join", FREE)
@pytest.mark.parametrize("workers", (1, 2, 5))
def test_any_graph(tmp_path, model, join, workers):
    edges = any_graph(60, workers, backwards=False)
    done = run(tmp_path, edges, 60, model, join, workers)
    check(done, edges, 60)
    assert done.record["knobs"].get("join") == (join if model in HELPING else None)


@pytest.mark.parametrize("model", BLOCKING)
def test_workers_that_block(tmp_path, model):
    for workers in (1, 2, 5):
        edges = any_graph(60, workers, backwards=True)
        check(run(tmp_path, edges, 60, model, "block", workers), edges, 60)
    edges = any_graph(12, 1, backwards=False)
    check(run(tmp_path, edges, 12, model, "block", 12), edges, 12)


@pytest.mark.parametrize("model, join", FREE)
def test_a_tree(tmp_path, model, join):
    check(run(tmp_path, tree(1023), 1023, model, join), tree(1023), 1023)


def test_a_chain_needs_no_stack(tmp_path):
    """Of 2,000 jobs, each of which waits for the next: in one thread with a small stack."""
    chain = [(job, job + 1) for job in range(1999)]
    for model, join in (("sync", "block"), ("thread-pool", "help"), ("async", "block")):
        check(run(tmp_path, chain, 2000, model, join, 1, "--stack-size", 65536), chain, 2000)


def test_jobs_that_ask_on(tmp_path):
    """A delay behind the results, and twice the same result."""
    edges = [(0, 2), (0, 2), (0, 1), (1, 2)]
    for model, join in FREE:
        done = run(tmp_path, edges, 3, model, join, 2, "--set", "delay=5")
        check(done, edges, 3)
        ends = [row["end_ns"] for row in done.rows]
        assert ends[0] - ends[1] >= 5_000_000 and ends[1] - ends[2] >= 5_000_000


# -- what goes wrong with a job -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model, join", FREE)
def test_a_needed_job_that_failed(tmp_path, model, join):
    done = run(tmp_path, [(0, 3), (3, 5), (1, 2)], 6, model, join, 2, "--set", "fails=5")
    assert done.status == 1 and done.record["failed_jobs"] == 3 and "dependencies" not in done.record
    assert sorted(done.failed) == [(0, "NeededFailed"), (3, "NeededFailed"), (5, "Planted")]
    messages = {failure["job"]: failure["message"] for failure in done.record["failures"]}
    assert messages[0] == "job 3, which it needs, failed" and messages[3] == "job 5, which it needs, failed"
    assert [row["state"] for row in done.rows] == [slots.FAILED, slots.DONE, slots.DONE, slots.FAILED, slots.DONE, slots.FAILED]


@pytest.mark.parametrize("model, join", FREE)
@pytest.mark.parametrize("edge, message", [
    ((2, 2), "asked for job 2, which is itself"), ((2, 9), "asked for job 9: there are jobs 0 to 3"),
    ((2, 2**64 - 1), f"asked for job {2**64 - 1}: there are jobs 0 to 3"),
])  # fmt: skip
def test_a_job_that_there_is_not(tmp_path, model, join, edge, message):
    done = run(tmp_path, [(1, 0), edge], 4, model, join)
    assert done.status == 1 and done.failed == [(2, "EINVAL")]
    assert done.record["failures"][0]["message"] == message


@pytest.mark.parametrize("model, join", FREE)
def test_jobs_are_asked_for_once(tmp_path, model, join):
    done = run(tmp_path, [(0, 1)], 2, model, join, 2, "--set", "again=1")
    assert done.status == 1 and done.failed == [(0, "EINVAL")]
    assert done.record["failures"][0]["message"] == "asked for jobs in its step 1: only its first one may"


@pytest.mark.parametrize("model", PROCESSES)
@pytest.mark.parametrize("join", ("block", "help"))
def test_a_worker_that_dies(tmp_path, model, join):
    """Those that wait for its jobs are told, whether it ran them for itself or for another."""
    done = run(tmp_path, [(0, 4), (1, 4), (2, 4)], 6, model, join, 4, "--set", "crashes=4", "--set", "busy=50")
    failed = dict(done.failed)
    assert done.status == 1 and failed[4] == "Crash"
    assert all(failed[job] in ("NeededFailed", "Crash") for job in (0, 1, 2))
    states = [row["state"] for row in done.rows]
    assert states[:3] == [slots.FAILED] * 3 and states[4] == slots.FAILED and states[3] == slots.DONE


# -- nobody can go on -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", BLOCKING)
@pytest.mark.parametrize("jobs, workers, reason", [
    (16, 4, "4 of 4 workers wait for jobs 8 to 11, which no worker is free to run; at least 9 workers"),
    (16, 2, "2 of 2 workers wait for jobs 8 and 9, which no worker is free to run; at least 9 workers"),
    (6, 1, "1 of 1 worker waits for job 3, which no worker is free to run; at least 4 workers"),
])  # fmt: skip
def test_a_pool_whose_jobs_wait_for_its_jobs(tmp_path, model, jobs, workers, reason):
    edges = [(job, jobs // 2 + job) for job in range(jobs // 2)]
    done = run(tmp_path, edges, jobs, model, "block", workers)
    helps = ", --join help" if model in HELPING else ""
    assert done.status == 1 and done.reason == f"deadlock: {reason}{helps} or async may do"
    assert done.failed == [(job, "Deadlock") for job in range(workers)]
    assert [failure["message"] for failure in done.record["failures"]] == [f"waits for job {jobs // 2 + job}" for job in range(workers)]
    assert {row["command"] for row in done.rows[:workers]} == {jobs // 2 + job + 1 for job in range(workers)}
    check(run(tmp_path, edges, jobs, model, "block", jobs // 2 + 1), edges, jobs)


def test_what_is_waited_for_is_named(tmp_path):
    done = run(tmp_path, [(0, 5), (1, 9), (2, 5), (3, 7), (4, 20)], 24, "thread-pool", "block", 5)
    assert done.reason.startswith("deadlock: 5 of 5 workers wait for jobs 5, 7, 9 and 1 more, which no worker is free to run; at least 6 ")
    done = run(tmp_path, [(0, 1), (1, 12), (2, 13)], 24, "thread-pool", "block", 3)
    assert done.reason.startswith("deadlock: 3 of 3 workers wait for jobs 12 and 13, which no worker is free to run; at least 13 ")


@pytest.mark.parametrize("model, join", (*FREE, *((model, "block") for model in BLOCKING)))
@pytest.mark.parametrize("edges, reason", [
    ([(3, 5), (5, 3)], "job 3 waits for job 5, which waits for job 3"),
    ([(0, 4), (4, 7), (7, 2), (2, 4)], "job 2 waits for job 4, which waits for job 7, which waits for job 2"),
])  # fmt: skip
def test_a_circle(tmp_path, model, join, edges, reason):
    done = run(tmp_path, edges, 8, model, join, 8)
    assert done.status == 1 and done.reason == f"deadlock: {reason}"
    assert {kind for _, kind in done.failed} == {"Deadlock"} and {job for job, _ in done.failed} >= {job for _, job in edges}


def test_a_long_circle(tmp_path):
    done = run(tmp_path, [(job, (job + 1) % 20) for job in range(20)], 20, "async", "block", 2)
    assert done.reason.endswith(", which waits for job 8, and so on, in a circle of 20 jobs")


@pytest.mark.parametrize("model, join", (*FREE, *((model, "block") for model in BLOCKING)))
def test_a_job_that_takes_its_time_is_no_deadlock(tmp_path, model, join):
    """All others wait for it, through a few looks of the watchdog, whether it computes or waits for something else."""
    edges = [(1, 0), (2, 1), (3, 2)]
    check(run(tmp_path, edges, 4, model, join, 4, "--set", "busy=800", "--set", "slow=0"), edges, 4)
    check(run(tmp_path, edges, 4, model, join, 4, "--set", "delay=250"), edges, 4)


def test_a_dead_worker_is_no_free_one(tmp_path):
    """One of two died, and with it nobody is there to run what the other waits for."""
    done = run(tmp_path, [(1, 5)], 6, "process-pool", "block", 2, "--set", "crashes=0", "--set", "busy=50", "--set", "slow=0")
    assert done.status == 1 and done.failed == [(0, "Crash"), (1, "Deadlock")]
    assert done.reason == ("deadlock: 1 of 1 worker waits for job 5, which no worker is free to run; at least 5 workers, --join help or "
                           "async may do")  # fmt: skip


# -- the graph ------------------------------------------------------------------------------------------------------------


def test_work_and_path(tmp_path):
    """As by hand from the slots: what a job takes from when it has what it needs, and the longest way along these."""
    edges = [(0, 1), (0, 2), (1, 3), (2, 3), (4, 3), (4, 5)]
    done = run(tmp_path, edges, 7, "sync", "block", 2, "--set", "busy=10")
    check(done, edges, 7)
    own = [row["end_ns"] - (row["replied_ns"] or row["start_ns"]) for row in done.rows]
    paths: dict[int, int] = {}
    for job in (3, 5, 6, 1, 2, 4, 0):
        paths[job] = own[job] + max((paths[needed] for other, needed in edges if other == job), default=0)
    assert done.record["dependencies"] == {"edges": 6, "work_ns": sum(own), "path_ns": max(paths.values())}
    assert all(10_000_000 <= ns for ns in own) and paths[0] == max(paths.values())


def test_a_delay_is_work_of_the_job_that_asked_for_it(tmp_path):
    done = run(tmp_path, [(0, 1)], 2, "sync", "block", 1, "--set", "delay=30")
    graph = done.record["dependencies"]
    assert graph["edges"] == 1 and graph["path_ns"] == graph["work_ns"] >= 30_000_000


@pytest.mark.parametrize("model, join", FREE)
def test_who_has_the_graph(tmp_path, model, join):
    assert ("dependencies" in run(tmp_path, [(0, 1)], 2, model, join).record) is (model == "sync")
    assert "dependencies" not in C.run(tmp_path, "--task", "null", "--model", model, "--jobs", 2).record


# -- with an interpreter inside -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model, join", (*FREE, *((model, "block") for model in EMBED.models if model == "interpreters")))
def test_embedded(tmp_path, model, join):
    edges = any_graph(40, 3, backwards=model == "interpreters")
    check(run(tmp_path, edges, 40, model, join, 3, host=EMBED), edges, 40)
    done = run(tmp_path, [(0, 3), (3, 5)], 6, model, join, 6, "--set", "fails=5", host=EMBED)
    assert sorted(done.failed) == [(0, "NeededFailed"), (3, "NeededFailed"), (5, "Planted")]
    done = run(tmp_path, [(3, 5), (5, 3)], 6, model, join, 6, host=EMBED)
    assert done.status == 1 and done.reason == "deadlock: job 3 waits for job 5, which waits for job 3"


@pytest.mark.parametrize("model", HELPING)
def test_an_embedded_pool_whose_jobs_wait_for_its_jobs(tmp_path, model):
    edges = [(job, 4 + job) for job in range(4)]
    done = run(tmp_path, edges, 8, model, "block", 2, host=EMBED)
    assert done.status == 1 and done.reason.startswith("deadlock: 2 of 2 workers wait for jobs 4 and 5, which no worker is free to run; ")
    check(run(tmp_path, edges, 8, model, "block", 5, host=EMBED), edges, 8)


# -- where it cannot be ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model, words, why", [
    ("async-threads", (), "async-threads has no way to wait for them"), ("mpi", (), "mpi has no way to wait for them"),
    ("thread-pool", ("--dispenser", "queue"), "only the dispenser counter leaves them to who needs them"),
    ("process-pool", ("--dispenser", "pipe"), "only the dispenser counter leaves them to who needs them"),
    ("async", ("--dispenser", "queue"), "only the dispenser counter leaves them to who needs them"),
    ("thread-pool", ("--rate", 100), "they cannot arrive at a rate (--rate)"),
])  # fmt: skip
def test_what_jobs_that_need_jobs_cannot_have(tmp_path, model, words, why):
    done = run(tmp_path, [(0, 1)], 2, model, "block", 2, *words)
    assert done.status == 77 and done.reason == f"task 'edges': its jobs ask for the results of others: {why}"


def test_the_plugins(tmp_path):
    for model in PLUGINS:
        if model in C.models:
            assert run(tmp_path, [(0, 1)], 2, model).status == (77 if model == "uring" else 0)


def test_no_server_has_other_jobs():
    done = C.call("serve", "--task", EDGES, "--model", "thread-pool", "--jobs", 4)
    assert done.returncode == 77 and "task 'edges' asks for the results of other jobs, which no server has" in done.stderr


@pytest.mark.parametrize("model", [model for model in MODELS if model in C.models])
def test_a_run_like_any_other(tmp_path, model):
    done = run(tmp_path, [(0, 1), (1, 2)], 8, model, "block", 3)
    rows = done.rows
    if model in ("threads", "processes"):
        assert {row["worker"] for row in rows} == set(range(8))
    check_a_run(done, model, "fork", 3)
