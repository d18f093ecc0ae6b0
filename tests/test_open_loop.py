# SPDX-License-Identifier: MIT
"""The open loop: jobs that arrive on a schedule, in every runtime and model, and what the driver makes of them."""

import argparse
import sys

import pytest

from driver import Run, cobench
from hosts import C, HOSTS, ROOT
from py_impl.arrivals import offsets

sys.path.insert(0, str(ROOT / "scripts" / "checks"))

import open_loop  # noqa: E402

WAYS = [(host, *way) for host in HOSTS for way in host.ways]
over_hosts = pytest.mark.parametrize("host", HOSTS, ids=repr)


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


@pytest.mark.parametrize("host, model, method", WAYS, ids=str)
def test_jobs_arrive_on_schedule(tmp_path, host, model, method):
    """The same schedule in C and in Python."""
    kind, seed = ("poisson", 9007199254740991) if model != "sync" else ("fixed", 0)
    done = run_wait(host, tmp_path, model, "--rate", "333.3", "--arrivals", kind, "--arrivals-seed", seed,
                    "--start-method", method)  # fmt: skip
    check_schedule(done, 333.3, kind, seed)


@pytest.mark.parametrize("host, model", [(host, model) for host in HOSTS for model in host.models], ids=str)
def test_a_late_job_starts_at_once(tmp_path, host, model):
    """Two workers cannot keep 1,000 jobs of 5 ms a second: never more than two at once, and none waits for nothing."""
    done = run_wait(host, tmp_path, model, "--rate", 1000, workers=2)
    check_schedule(done, 1000.0, "fixed", 0)
    assert done.most_at_once <= (1 if model == "sync" else 2)
    assert done.rows[-1]["start_ns"] > done.rows[-1]["due_ns"] + 5_000_000  # 12 jobs of 5 ms, two at once, in 11 ms


@pytest.mark.parametrize("kind", ("fixed", "poisson"))
@pytest.mark.parametrize("rate", ("1000000", "123456.789", "7e4"))
def test_the_two_languages_have_one_schedule(tmp_path, kind, rate):
    """Thousands of them: any difference in the last bit of a logarithm or a quotient would show."""
    words = ("--rate", rate, "--arrivals", kind, "--arrivals-seed", 20_26)
    done = run_wait(C, tmp_path, "async", *words, jobs=5000, workers=5000, delay=0)
    assert due_offsets(done) == list(offsets(5000, float(rate), kind, 2026))


@over_hosts
def test_a_closed_loop_has_no_schedule(tmp_path, host):
    assert {row["due_ns"] for row in run_wait(host, tmp_path, "thread-pool").rows} == {0}


@over_hosts
@pytest.mark.parametrize("model", ("sync", "async"))
def test_a_failed_job_does_not_hold_up_the_others(tmp_path, stub, host, model):
    url = stub.fault("missing")
    done = host.run(tmp_path, "--task", "fetch", "--model", model, "--jobs", 5, "--url", url, "--rate", 100)
    assert done.status == 1 and done.record["failed_jobs"] == 5
    assert due_offsets(done) == list(offsets(5, 100.0, "fixed", 0))


@over_hosts
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
def test_usage(tmp_path, host, words, reason):
    done = host.run(tmp_path, "--task", "wait", "--model", "sync", *words)
    assert done.status == 2
    assert reason in done.stderr and done.record["reason"].startswith(reason)


@over_hosts
def test_a_task_that_waits_for_nothing_is_refused(tmp_path, host):
    done = host.run(tmp_path, "--task", "count", "--model", "sync", "--rate", 5)
    assert done.status == 2
    assert done.record["reason"].startswith("--rate: task 'count' waits for nothing; only one that asks for a delay or a URL")


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> Run:
    """Jobs of 1 ms at 40 a second, which everybody keeps: also sync."""
    run = Run(tmp_path_factory.mktemp("kept") / "results", "--task", "wait", "--set", "delay=1", "--jobs", 40, "--rate", 40,
              "--arrivals", "poisson", "--table", "--seed", 5, "--rounds", 2, "--runtime", "c,ext,py", "--model", "async,native-pool")  # fmt: skip
    return run


def test_the_plan_and_the_journal_say_the_loop(kept):
    (group,) = kept.json("plan")["groups"]
    assert (group["rate"], group["arrivals"]) == (40.0, "poisson")
    for sample in kept.samples:
        loop = sample["open_loop"]
        assert sample["status"] == "ok" and sample["loop"] == "open"
        assert loop["achieved_rate"] == pytest.approx(39e9 / loop["ends_ns"])
        assert loop["offered_rate"] == pytest.approx(39e9 / loop["span_ns"])
        assert 0 <= loop["late_ns"]["p50"] <= loop["late_ns"]["p90"] <= loop["late_ns"]["p99"] <= loop["late_ns"]["max"]
        assert sample["latency_ns"]["p50"] >= 1_000_000 and sample["latency_ns"]["max"] >= loop["late_ns"]["max"]


def test_all_cells_of_a_round_have_one_schedule(kept):
    spans = {}
    for sample in kept.samples:
        spans.setdefault(sample["round"], set()).add(sample["open_loop"]["span_ns"])
    assert [len(found) for found in spans.values()] == [1, 1, 1]
    assert len(set.union(*spans.values())) == 3  # and each round its own
    span = next(iter(spans[1]))
    seeds = [seed for seed in range(3)]  # any fixed seed has another length
    assert all(span != list(offsets(40, 40.0, "poisson", seed))[-1] - next(offsets(40, 40.0, "poisson", seed)) for seed in seeds)


def test_an_open_loop_has_latencies_and_no_speedups(kept):
    for runtime, model in (("c", "async"), ("ext", "native-pool"), ("py", "sync")):
        cell = kept.cell(runtime, model)
        assert cell["loop"] == "open" and cell["latency_p50_s"] >= 0.001
        assert {cell[f"{time}_{base}_sync"] for time in ("work", "whole") for base in ("own", "py")} == {None}
        assert cell["break_even"] is None and cell["finding"] is None
        assert (cell["rate"], cell["arrivals"]) == (40, "poisson")
    summary = kept.json("summary")
    assert [row["of"] for row in summary["checks"]] == 3 * ["latency_p50"] + ["work"]
    assert summary["checks"][3]["note"].startswith("an open loop")


def test_every_table_names_the_loop(kept, tmp_path):
    assert "Latency, open loop: from when a job was to start to its end" in kept.done.stdout
    assert "40 jobs at 40/s, poisson arrivals, on 40 workers" in kept.done.stdout
    assert all(len(line) <= 80 for line in kept.done.stdout.splitlines())
    markdown = (kept.folder / "summary.md").read_text()
    assert "Latency, open loop" in markdown and "rate kept" in markdown and "Speedup over" not in markdown
    header, *rows = (kept.folder / "summary.csv").read_text().splitlines()
    columns = header.split(",")
    for row in rows:
        fields = dict(zip(columns, row.split(",")))
        assert (fields["loop"], fields["rate"], fields["arrivals"]) == ("open", "40", "poisson")
        assert float(fields["latency_p99_s"]) >= float(fields["late_p99_s"]) >= 0


def test_a_closed_loop_says_so(tmp_path):
    run = Run(tmp_path / "results", "--task", "wait", "--set", "delay=1", "--jobs", 4, "--rounds", 1, "--runtime", "c", "--model", "async")
    assert {sample["loop"] for sample in run.samples} == {"closed"} and "open_loop" not in run.samples[0]
    cell = run.cell("c", "async")
    assert cell["loop"] == "closed" and cell["rate"] is None and cell["achieved_rate"] is None
    latency = "Latency, closed loop: from a job's start to its end"
    said = " ".join(run.done.stdout.split())
    assert latency not in said and "- wait: In C nothing is decided, too few rounds (nearest: async, " in said
    assert latency in cobench("run", "--resume", run.folder, "--no-plots", "--table").stdout
    assert "Latency, closed loop" in (run.folder / "summary.md").read_text()


def test_a_rate_that_cannot_be_kept_is_told(tmp_path):
    """20 ms a job, one at a time, is 50 a second at the most; 200 come."""
    run = Run(tmp_path / "results", "--task", "wait", "--set", "delay=20", "--jobs", 60, "--rate", 200, "--rounds", 1, "--runtime", "c",
              "--model", "thread-pool", "--workers", 1, "--table")  # fmt: skip
    for model in ("sync", "thread-pool"):
        cell = run.cell("c", model)
        assert cell["doubt"] == "rate-not-kept" and cell["rate_kept"] is False
        assert cell["achieved_rate"] <= 50.1 and cell["drift_s"] > 0.5
    assert "all variants: the rate was too high" in run.done.stdout


@pytest.mark.parametrize("words, said", [
    (("--task", "count", "--rate", 5), "cobench: --rate: task 'count' waits for nothing; only one that asks for a delay or a URL"),
    (("--suite", "quick", "--rate", 5), "waits for nothing"),
    (("--task", "wait", "--rate", 0), "cobench: --rate '0': not a number of jobs a second from 0.001 to 1000000"),
    (("--task", "wait", "--rate", 5, "--arrivals", "late"), "cobench: --arrivals 'late': neither fixed nor poisson"),
    (("--task", "wait", "--arrivals", "fixed"), "cobench: group 'wait': arrivals need a rate"),
    (("--task", "wait", "--rate", 0.1), "cobench: group 'wait': 50 jobs at 0.1 a second take 500 s, but a command may take 120 s"),
])  # fmt: skip
def test_what_the_driver_refuses(tmp_path, words, said):
    run = Run(tmp_path / "results", *words, status=2)
    assert said in run.done.stderr and len(run.done.stderr.splitlines()) == 1
    assert not (tmp_path / "results").exists()


def test_a_stall_is_in_the_p99_of_the_open_loop_alone(tmp_path):
    """The origin stands still for 200 ms once. `make check-open-loop` prints the numbers."""
    args = argparse.Namespace(runtime="c", model="thread-pool,async", rounds=1, arrivals="fixed")
    open_loop.measure_both(tmp_path, args)
    rows = open_loop.rows(tmp_path)
    assert len(rows) == 2
    for row in rows:
        said = f"{row.variant}: closed {row.closed}, open {row.open}"
        print(said)
        assert row.shown, said


def test_the_jobs_of_the_median_round_stay(tmp_path):
    """1,500 jobs, of which every second row is kept: the one that took longest is in the quantiles all the same."""
    run = Run(tmp_path / "results", "--task", "wait", "--set", "delay=0", "--jobs", 1500, "--rate", 20000, "--rounds", 3, "--runtime", "c",
              "--model", "async")  # fmt: skip
    cells = run.json("plan")["cells"]
    (cell,) = (c["id"] for c in cells if (c["model"], c["role"]) == ("async", "model"))
    (kept,) = (run.folder / "jobs").glob(f"{cell}-*.csv")
    timed = sorted((s["latency_ns"]["p99"], s["round"]) for s in run.samples if s["cell"] == cell and s["pass"] == "timed")
    assert kept.name == f"{cell}-{timed[1][1]}.csv"
    latency = next(s["latency_ns"] for s in run.samples if s["cell"] == cell and s["round"] == timed[1][1])
    head, *lines = kept.read_text().splitlines()
    assert head == "# jobs 1500 every 2"
    quantiles = dict(line.split()[2:] for line in lines if line.startswith("# latency"))
    for share, point in (("0.5000", "p50"), ("0.9000", "p90"), ("0.9900", "p99"), ("1.0000", "max")):
        assert float(quantiles[share]) == pytest.approx(latency[point] / 1000, abs=0.06)
    assert sum(not line.startswith("#") for line in lines) == 750
