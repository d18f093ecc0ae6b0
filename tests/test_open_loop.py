# SPDX-License-Identifier: MIT
"""The open loop: jobs that arrive on a schedule, in every runtime and model, and what the driver makes of them."""

from __future__ import annotations

import pytest

from c_host import C, EMBED
from py_host import EXT, MODELS, PY
from py_impl.arrivals import offsets

HOSTS = {host.runtime: host for host in (C, EMBED, EXT, PY)}
VARIANTS = [(runtime, model) for runtime in HOSTS for model in MODELS] + [("ext", "native-pool")]
SPAWNED = [(runtime, model) for runtime in HOSTS for model in ("processes", "process-pool")]


def due_offsets(done) -> list[int]:
    return [row["due_ns"] - done.record["phases"]["ready"] for row in done.rows]


def run_wait(host, folder, model, *words, jobs=12, workers=12, delay=5):
    done = host.run(folder, "--task", "wait", "--model", model, "--jobs", jobs, "--workers", workers, "--set", f"delay={delay}",
                    *words)  # fmt: skip
    assert done.status == 0, done.stderr
    return done


def check_schedule(done, rate: float, kind: str, seed: int) -> None:
    """Every job due to the nanosecond, none started before, every delay waited for from its start."""
    assert due_offsets(done) == list(offsets(len(done.rows), rate, kind, seed))
    for row in done.rows:
        assert row["start_ns"] >= row["due_ns"]
        assert row["end_ns"] - row["start_ns"] >= 5_000_000


# -- the hosts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("runtime, model, method", [(*v, "fork") for v in VARIANTS] + [(*v, "spawn") for v in SPAWNED])
def test_jobs_arrive_on_schedule(tmp_path, runtime, model, method):
    """The same schedule in C and in Python."""
    kind, seed = ("poisson", 9007199254740991) if model != "sync" else ("fixed", 0)
    done = run_wait(HOSTS[runtime], tmp_path, model, "--rate", "333.3", "--arrivals", kind, "--arrivals-seed", seed,
                    "--start-method", method)  # fmt: skip
    check_schedule(done, 333.3, kind, seed)


@pytest.mark.parametrize("runtime, model", VARIANTS)
def test_a_late_job_starts_at_once(tmp_path, runtime, model):
    """Two workers cannot keep 1,000 jobs of 5 ms a second: never more than two at once, and none waits for nothing."""
    done = run_wait(HOSTS[runtime], tmp_path, model, "--rate", 1000, workers=2)
    check_schedule(done, 1000.0, "fixed", 0)
    events = sorted([(row["start_ns"], 1) for row in done.rows] + [(row["end_ns"], -1) for row in done.rows])
    running = most = 0
    for _, change in events:
        running += change
        most = max(most, running)
    assert most <= (1 if model == "sync" else 2)
    assert done.rows[-1]["start_ns"] > done.rows[-1]["due_ns"] + 5_000_000  # 12 jobs of 5 ms, two at once, in 11 ms


@pytest.mark.parametrize("kind", ("fixed", "poisson"))
@pytest.mark.parametrize("rate", ("1000000", "123456.789", "7e4"))
def test_the_two_languages_have_one_schedule(tmp_path, kind, rate):
    """Thousands of them: any difference in the last bit of a logarithm or a quotient would show."""
    words = ("--rate", rate, "--arrivals", kind, "--arrivals-seed", 20_26)
    done = run_wait(C, tmp_path, "async", *words, jobs=5000, workers=5000, delay=0)
    assert due_offsets(done) == list(offsets(5000, float(rate), kind, 2026))


@pytest.mark.parametrize("runtime", HOSTS)
def test_a_closed_loop_has_no_schedule(tmp_path, runtime):
    assert {row["due_ns"] for row in run_wait(HOSTS[runtime], tmp_path, "thread-pool").rows} == {0}


@pytest.mark.parametrize("runtime", HOSTS)
@pytest.mark.parametrize("model", ("sync", "async"))
def test_a_failed_job_does_not_hold_up_the_others(tmp_path, stub, runtime, model):
    url = stub.fault("missing")
    done = HOSTS[runtime].run(tmp_path, "--task", "fetch", "--model", model, "--jobs", 5, "--url", url, "--rate", 100)
    assert done.status == 1 and done.record["failed_jobs"] == 5
    assert due_offsets(done) == list(offsets(5, 100.0, "fixed", 0))


@pytest.mark.parametrize("runtime", HOSTS)
@pytest.mark.parametrize("words, reason", [
    (("--rate", "0"), "--rate=0: must be 0.001..1000000"),
    (("--rate", "1e7"), "--rate=1e7: must be 0.001..1000000"),
    (("--rate", "fast"), "--rate: 'fast' is not a number of jobs a second"),
    (("--rate", "nan"), "--rate: 'nan' is not a number of jobs a second"),
    (("--rate", "5", "--arrivals", "uniform"), "--arrivals=uniform: must be one of fixed, poisson"),
    (("--rate", "5", "--arrivals-seed", "x"), "--arrivals-seed: 'x' is not a whole number"),
    (("--arrivals", "fixed"), "--arrivals and --arrivals-seed need --rate"),
    (("--rate", "0.001", "--jobs", "1000"), "--rate: 1000 jobs at 0.001 a second take more than 86400 s"),
])  # fmt: skip
def test_usage(tmp_path, runtime, words, reason):
    done = HOSTS[runtime].run(tmp_path, "--task", "wait", "--model", "sync", *words)
    assert done.status == 2
    assert reason in done.stderr and done.record["reason"].startswith(reason)


@pytest.mark.parametrize("runtime", HOSTS)
def test_a_task_that_waits_for_nothing_is_refused(tmp_path, runtime):
    done = HOSTS[runtime].run(tmp_path, "--task", "count", "--model", "sync", "--rate", 5)
    assert done.status == 2
    assert done.record["reason"].startswith("--rate: task 'count' waits for nothing; only one that asks for a delay or a URL")
