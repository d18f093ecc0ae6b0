# SPDX-License-Identifier: MIT
"""Jobs that need the results of others, in the Python host: each model waits in its own way, and says so where that can never end."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from hosts import EXT, PY, TASKS, TEST_TASKS, Outcome, call_python
from py_impl import slots
from py_impl.deadlock import Lookout, circle_words, find_circle, jobs_words
from test_end_pause import Paused

TASK = TASKS / "edges.py"
THREADS, POOLS = ("threads", "thread-pool"), ("thread-pool", "process-pool")
BLOCKING = (*THREADS, "processes", "process-pool")
HELP = ("--join", "help")
# Each way of waiting: the model, and its knobs.
BLOCK = [(model,) for model in BLOCKING]
HELPING = [(model, *HELP) for model in BLOCKING]
SPAWNED = [(model, "--start-method", method) for model in ("processes", "process-pool") for method in ("spawn", "forkserver")]
FREE = [("sync",), ("async",), *HELPING]  # these finish with any number of workers
each = lambda ways: pytest.mark.parametrize("way", ways, ids=lambda way: "+".join(way).replace("--", ""))  # noqa: E731

Needs = dict[int, list[int]]


def tree(jobs: int) -> Needs:
    return {job: [child for child in (2 * job + 1, 2 * job + 2) if child < jobs] for job in range((jobs - 1) // 2)}


def nested(jobs: int) -> Needs:
    return {job: [jobs // 2 + job] for job in range(jobs // 2)}


def scattered(jobs: int, seed: int) -> Needs:
    """Each needs some of those behind it."""
    rng = random.Random(seed)
    return {job: rng.sample(range(job + 1, jobs), min(rng.randrange(4), jobs - job - 1)) for job in range(jobs)}


def results(jobs: int, needs: Needs) -> list[int]:
    known: dict[int, int] = {}
    for job in reversed(range(jobs)):  # all need higher numbers
        known[job] = job
        for other in needs.get(job, ()):
            known[job] = (known[job] * 31 + known[other]) % 2**64
    return [known[job] for job in range(jobs)]


def run(folder: Path, way: tuple[str, ...], needs: Needs, jobs: int, workers: int, *words: object) -> Outcome:
    return PY.run(folder, *words_of(way, needs, jobs, workers), *words)


def words_of(way: tuple[str, ...], needs: Needs, jobs: int, workers: int) -> tuple[object, ...]:
    edges = " ".join(f"{job}>{other}" for job, needed in needs.items() for other in needed)
    return ("--task", TASK, "--model", *way, "--jobs", jobs, "--workers", workers, "--set", f"edges={edges}", "--timeout", 40)


def check(done: Outcome, jobs: int, needs: Needs) -> None:
    """All were done once, with what they needed, which was there when they went on."""
    assert (done.status, done.stderr) == (0, "")
    rows = done.rows
    assert {(row["state"], row["runs"], row["command"]) for row in rows} == {(slots.DONE, 1, 0)}
    assert done.results == results(jobs, needs)
    for job, needed in needs.items():
        if needed:
            assert max(rows[other]["end_ns"] for other in needed) <= rows[job]["replied_ns"]
    assert max(row["end_ns"] for row in rows) == done.record["phases"]["work"]


def run_c(folder: Path, way: tuple[str, ...], needs: Needs, jobs: int, workers: int, *words: object) -> Outcome:
    """The task's counterpart in C, in this host."""
    _, _, *rest = words_of(way, needs, jobs, workers)
    return EXT.run(folder, "--task", TEST_TASKS / "edges.so", *rest, *words)


def below(needs: Needs, job: int) -> set[int]:
    found, left = set(), list(needs.get(job, ()))
    while left:
        if (other := left.pop()) not in found:
            found.add(other)
            left += needs.get(other, ())
    return found


# -- they finish ------------------------------------------------------------------------------------------------------


@each(FREE)
@pytest.mark.parametrize("workers", (1, 2, 5))
def test_with_any_number_of_workers(way, workers, tmp_path):
    for jobs, needs in ((31, tree(31)), (16, nested(16))):
        check(run(tmp_path, way, needs, jobs, workers), jobs, needs)


@each([*BLOCK, *SPAWNED])
def test_with_enough_workers_that_block(way, tmp_path):
    """Of a tree of 15 the first eight jobs have begun before the last one does that is no leaf."""
    check(run(tmp_path, way, tree(15), 15, 8), 15, tree(15))
    check(run(tmp_path, way, nested(8), 8, 5), 8, nested(8))


@each([way + HELP for way in SPAWNED])
def test_help_among_processes_that_inherit_nothing(way, tmp_path):
    check(run(tmp_path, way, tree(15), 15, 2), 15, tree(15))


@each([*FREE, *BLOCK])
def test_any_graph(way, tmp_path):
    workers = 40 if way in BLOCK else 3
    for seed in range(3):
        needs = scattered(40, seed)
        check(run(tmp_path, way, needs, 40, workers), 40, needs)


@each([*HELPING, ("sync",)])
def test_who_helps_runs_nothing_but_what_the_waiting_job_needs(way, tmp_path):
    jobs, needs = 40, scattered(40, 7)
    done = run(tmp_path, way, needs, jobs, 3)
    check(done, jobs, needs)
    rows = done.rows
    helped = 0
    for job in range(jobs):
        for other in range(jobs):
            if other != job and rows[other]["worker"] == rows[job]["worker"] and \
                    rows[job]["start_ns"] <= rows[other]["start_ns"] and rows[other]["end_ns"] <= rows[job]["replied_ns"]:  # fmt: skip
                helped += 1
                assert other in below(needs, job)
    assert helped > 0


@each([("sync",), ("thread-pool", *HELP), ("process-pool", *HELP), ("async",)])
def test_a_chain_longer_than_pythons_stack(way, tmp_path):
    jobs = 3000
    needs = {job: [job + 1] for job in range(jobs - 1)}
    check(run(tmp_path, way, needs, jobs, 2), jobs, needs)


@pytest.mark.parametrize("loop", ("asyncio", "uvloop", "trio"))
@pytest.mark.parametrize("workers", (1, 3))
def test_on_a_loop_a_waiting_job_gives_its_place_up(loop, workers, tmp_path):
    if loop != "asyncio" and call_python(f"import {loop}").returncode != 0:
        pytest.skip(f"an optional library is missing: python3-{loop}")
    done = run(tmp_path, ("async", "--loop", loop), tree(31), 31, workers, "--set", "delay=1")
    check(done, 31, tree(31))
    # Those that have what they need are in flight, from then on.
    rows = [row for row in done.rows if row["replied_ns"]]
    steps = sorted([(row["replied_ns"], 1) for row in rows] + [(row["end_ns"], -1) for row in rows])
    most = max(sum(step for _, step in steps[: i + 1]) for i in range(len(steps)))
    assert 1 <= most <= workers


@each([("threads",), ("thread-pool",), ("processes",), ("process-pool",), ("thread-pool", *HELP), ("process-pool", *HELP), ("async",)])
def test_waiting_for_long_is_no_deadlock(way, tmp_path):
    """Three of four wait for the one that computes, while the watchdog looks more than once."""
    needs = {0: [3], 1: [3], 2: [3]}
    done = run(tmp_path, way, needs, 4, 4, "--set", "slow=3", "--set", "busy=300")
    assert done.status == 0, done.stderr
    assert done.results == results(4, needs)
    assert done.rows[0]["replied_ns"] - done.rows[0]["start_ns"] > 100_000_000


# -- what does not come out -------------------------------------------------------------------------------------------


@each([*FREE, *BLOCK, *SPAWNED])
def test_a_job_whose_need_failed_fails(way, tmp_path):
    done = run(tmp_path, way, {0: [1], 1: [2], 3: [4]}, 5, 5, "--set", "fails=2")
    assert done.status == 1 and done.record["failed_jobs"] == 3
    assert sorted(done.failed) == [(0, "NeededFailed"), (1, "NeededFailed"), (2, "Planted")]
    assert {row["message"] for row in done.record["failures"]} == {
        "", "job 2, which it needs, failed", "job 1, which it needs, failed"}  # fmt: skip
    assert done.results[3:] == [3 * 31 + 4, 4]


@each([*FREE, *BLOCK])
@pytest.mark.parametrize("needs, words, message", [
    ({1: [7]}, (), "asked for job 7: there are jobs 0 to 3"), ({1: [1]}, (), "asked for job 1, which is itself"),
    ({1: [-1]}, (), "asked for job -1: there are jobs 0 to 3"),
    ({1: [2]}, ("--set", "again=1"), "asked for jobs in its step 1: only its first one may"),
])  # fmt: skip
def test_what_cannot_be_asked_for(way, needs, words, message, tmp_path):
    done = run(tmp_path, way, needs, 4, 3, *words)
    assert done.status == 1 and done.failed == [(1, "ValueError")]
    assert done.record["failures"][0]["message"] == message
    assert [row["state"] for row in done.rows] == [slots.DONE, slots.FAILED, slots.DONE, slots.DONE]


@pytest.mark.parametrize("way", [("processes",), ("processes", *HELP)], ids=("block", "help"))
def test_a_worker_that_is_gone_is_not_waited_for(way, tmp_path):
    """Nor is one that waits ever taken for a command, whose process is in the same place of the slot."""
    done = run(tmp_path, way, {0: [2], 1: [3]}, 4, 3, "--set", "crashes=2")
    assert done.status == 1
    # Where it helped it was killed with the job that it ran the other one for.
    assert sorted(done.failed) in [[(0, "NeededFailed"), (2, "Crash")], [(0, "Crash"), (2, "Crash")]][: len(way)]
    assert (done.results[1], done.results[3]) == (1 * 31 + 3, 3)


# -- deadlocks --------------------------------------------------------------------------------------------------------

NESTED = "deadlock: 2 of 2 workers wait for jobs 8 and 9, which no worker is free to run; at least 9 workers, --join help or async may do"


@each([*BLOCK, *SPAWNED])
def test_a_pool_that_waits_for_itself(way, tmp_path):
    done = run(tmp_path, way, nested(16), 16, 2)
    assert (done.status, done.reason, done.stderr) == (1, NESTED, f"py_impl: {NESTED}\n")
    assert sorted(done.failed) == [(0, "Deadlock"), (1, "Deadlock")] and done.record["failed_jobs"] == 2
    assert [row["message"] for row in done.record["failures"]] == ["waits for job 8", "waits for job 9"]
    assert [row["command"] for row in done.rows[:2]] == [9, 10]
    assert run(tmp_path, way, nested(16), 16, 9).status == 0  # as it said


@each(BLOCK)
def test_some_wait_for_jobs_that_wait_themselves(way, tmp_path):
    done = run(tmp_path, way, tree(31), 31, 4)
    assert (done.status, done.reason) == (1, "deadlock: 4 of 4 workers wait for jobs 5 and 7, which no worker is free to run; at least 6"
                                             " workers, --join help or async may do")  # fmt: skip


def test_one_worker(tmp_path):
    assert run(tmp_path, ("thread-pool",), nested(4), 4, 1).reason == (
        "deadlock: 1 of 1 worker waits for job 2, which no worker is free to run; at least 3 workers, --join help or async may do")


@each([*FREE, *BLOCK])
def test_a_circle(way, tmp_path):
    done = run(tmp_path, way, {3: [5], 5: [3]}, 8, 8)
    assert (done.status, done.reason) == (1, "deadlock: job 3 waits for job 5, which waits for job 3")
    assert {kind for _, kind in done.failed} == {"Deadlock"} and done.record["failed_jobs"] == 2
    assert "dependencies" not in done.record


@each([*FREE, *BLOCK])
@pytest.mark.parametrize("needs, slow, reason", [
    ({0: [1, 2], 2: [0]}, 1, "job 0 waits for job 2, which waits for job 0"),
    ({1: [0, 2], 2: [1]}, 0, "job 1 waits for job 2, which waits for job 1"),
])  # fmt: skip
def test_a_circle_that_closes_late(way, needs, slow, reason, tmp_path):
    """A job waits for the slow one at first, and only then for another, which has waited for it all the time."""
    done = run(tmp_path, way, needs, 3, 3, "--set", f"slow={slow}", "--set", "busy=300")
    assert (done.status, done.reason) == (1, "deadlock: " + reason)


def test_words():
    assert [jobs_words(jobs) for jobs in ([8], [8, 9], [8, 9, 10], [3, 5, 9], [1, 3, 5, 7, 9])] == [
        "job 8", "jobs 8 and 9", "jobs 8 to 10", "jobs 3, 5 and 9", "jobs 1, 3, 5 and 2 more"]  # fmt: skip
    assert circle_words([5, 3]) == "job 3 waits for job 5, which waits for job 3"
    assert circle_words(list(range(9))) == (
        "job 0 waits for " + ", which waits for ".join(f"job {job}" for job in range(1, 9)) + ", and so on, in a circle of 9 jobs")
    assert find_circle({0: 1, 1: 2, 4: 3, 3: 4}) == [4, 3]
    assert find_circle({0: 1, 1: 2, 2: 9}) == []


class Slots:
    """As the lookout reads them."""

    def __init__(self, states: list[int], awaits: list[int]) -> None:
        self.states = memoryview(bytearray(4 * len(states))).cast("I")
        self.commands = memoryview(bytearray(8 * len(awaits))).cast("Q")
        self.set(states, awaits)

    def set(self, states: list[int], awaits: list[int]) -> None:
        for job, (state, awaited) in enumerate(zip(states, awaits)):
            self.states[job], self.commands[job] = state, awaited


E, R, D = slots.EMPTY, slots.RUNNING, slots.DONE


@pytest.mark.parametrize("blocks, workers, looks, found", [
    # Twice the same: all workers wait for jobs that nobody has begun.
    (True, 2, [([R, R, E, E], [3, 4, 0, 0])] * 2, True),
    # One of them has got what it waits for, or does not wait; one worker is free; who waits runs the others itself.
    (True, 2, [([R, R, D, E], [3, 4, 0, 0])] * 2, False),
    (True, 2, [([R, R, E, E], [3, 0, 0, 0])] * 2, False),
    (True, 3, [([R, R, E, E], [3, 4, 0, 0])] * 2, False),
    (False, 2, [([R, R, E, E], [3, 4, 0, 0])] * 2, False),
    # Each look finds all waiting, but not for the same.
    (True, 2, [([R, R, E, E], [3, 4, 0, 0]), ([R, R, E, E], [4, 4, 0, 0])], False),
    (True, 2, [([R, R, E, E], [3, 4, 0, 0]), ([R, R, D, E], [3, 4, 0, 0]), ([R, R, E, E], [3, 4, 0, 0])], False),
    # A circle: who helps waits in vain, too; but not while others run that do not wait.
    (False, 4, [([R, R, D, E], [2, 1, 0, 0])] * 2, True),
    (False, 4, [([R, R, R, E], [2, 1, 0, 0])] * 2, False),
    # Nothing runs.
    (True, 2, [([D, D, E, E], [0, 0, 0, 0])] * 2, False),
])  # fmt: skip
def test_two_looks_alike(blocks, workers, looks, found):
    fake = Slots(*looks[0])
    lookout = Lookout(fake, workers, blocks, True)
    answers = []
    for states, awaits in looks:
        fake.set(states, awaits)
        answers.append(lookout.look())
    assert answers[:-1] == [None] * (len(looks) - 1)
    assert (answers[-1] is not None) == found


# -- tasks in C -------------------------------------------------------------------------------------------------------


@each([*FREE, *BLOCK, ("native-pool",)])
def test_tasks_in_c(way, tmp_path):
    check(run_c(tmp_path, way, tree(15), 15, 8), 15, tree(15))
    done = run_c(tmp_path, way, {0: [1], 1: [2], 3: [4]}, 5, 5, "--set", "fails=2")
    assert done.status == 1 and done.record["failed_jobs"] == 3
    assert sorted(done.failed) == [(0, "NeededFailed"), (1, "NeededFailed"), (2, "Planted")]


@each([*BLOCK, ("native-pool",)])
def test_deadlocks_of_tasks_in_c(way, tmp_path):
    """native-pool's workers are C's, whose waits this host's watchdog sees all the same."""
    done = run_c(tmp_path, way, nested(16), 16, 2)
    assert (done.status, done.reason) == (1, NESTED.replace(", --join help", "") if way == ("native-pool",) else NESTED)
    assert sorted(done.failed) == [(0, "Deadlock"), (1, "Deadlock")] and done.record["failed_jobs"] == 2
    done = run_c(tmp_path, way, {3: [5], 5: [3]}, 8, 8)
    assert (done.status, done.reason) == (1, "deadlock: job 3 waits for job 5, which waits for job 3")


# -- what depends on what ---------------------------------------------------------------------------------------------


def test_dependencies_of_a_chain(tmp_path):
    """Nothing of it can run at the same time: the path is all the work, waits of the jobs' own included."""
    known = run(tmp_path, ("sync",), {0: [1], 1: [2], 2: [3]}, 4, 1, "--set", "delay=20").record["dependencies"]
    assert known["edges"] == 3 and known["work_ns"] == known["path_ns"] >= 3 * 20_000_000


def test_dependencies_of_jobs_that_need_nothing(tmp_path):
    done = run(tmp_path, ("sync",), {0: [], 1: []}, 4, 1)
    own = [row["end_ns"] - row["start_ns"] for row in done.rows]
    assert done.record["dependencies"] == {"edges": 0, "work_ns": sum(own), "path_ns": max(own)}


def test_dependencies_of_a_tree(tmp_path):
    """Three levels of seven jobs, of 20 ms each but for the leaves."""
    done = run(tmp_path, ("sync",), tree(7), 7, 1, "--set", "delay=20")
    known, rows = done.record["dependencies"], done.rows
    assert known["edges"] == 6
    own = [row["end_ns"] - (row["replied_ns"] or row["start_ns"]) for row in rows]  # the delay comes behind what it needed
    assert known["work_ns"] >= sum(own) and 40_000_000 <= known["path_ns"] <= known["work_ns"] - 20_000_000
    assert "dependencies" not in run(tmp_path, ("async",), tree(7), 7, 1).record
    assert "dependencies" not in PY.run(tmp_path, "--task", "null", "--model", "sync").record


# -- where they cannot run --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words, part", [
    (("--model", "dask"), "dask has no way to wait for them"), (("--model", "mpi"), "mpi has no way to wait for them"),
    (("--model", "thread-pool", "--dispenser", "counter"), "only the dispenser default leaves them to who needs them"),
    (("--model", "async", "--dispenser", "queue"), "only the dispenser default leaves them to who needs them"),
    (("--model", "async", "--rate", 100), "they cannot arrive at a rate (--rate)"),
])  # fmt: skip
def test_refusals(words, part, tmp_path):
    done = PY.run(tmp_path, "--task", TASK, *words)
    assert (done.status, done.reason) == (77, f"task 'edges': its jobs ask for the results of others: {part}")


def test_refusals_of_the_other_commands():
    served = PY.call("serve", "--task", TASK, "--model", "threads", "--jobs", 4)
    assert served.returncode == 77 and "asks for the results of other jobs, which no server has" in served.stderr
    away = PY.call("worker", "--task", TASK, "--jobs", 4, "--queue", "x", "--worker", 0, "--service", "redis=redis://127.0.0.1:1")
    assert away.returncode == 77 and "others, which their manager has" in away.stderr


@each([(model, *knobs) for model in BLOCKING for knobs in ((), HELP)])
def test_the_end_pause_comes(way, tmp_path):
    """Also where some jobs were none of a worker's own."""
    done = Paused(PY, tmp_path, *words_of(way, tree(7), 7, 4)).end()
    check(done, 7, tree(7))
