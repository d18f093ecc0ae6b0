# SPDX-License-Identifier: MIT
"""`cobench compare` on made-up runs: every format against its golden file, the gate, what is matched, what is refused.

`UPDATE_GOLDEN=1 pytest tests/test_compare.py` writes the golden files anew; look at the difference before committing it.
"""

import csv
import io
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import make_run
from driver import check_golden, cobench
from hosts import ROOT

SMALL, CHANGED = "tests/data/run-small", "tests/data/run-changed"
SCHEMA = json.loads((ROOT / "common" / "schema" / "compare.schema.json").read_text())


def compare(*args: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return cobench("compare", *args, **environment)


def as_json(*args: str | Path, status: int = 0) -> dict[str, Any]:
    done = compare(*args, "--format", "json")
    assert (done.returncode, done.stderr) == (status, "")
    out = json.loads(done.stdout)
    jsonschema.validate(out, SCHEMA)
    return out


def both(comparison: dict[str, Any], where: str = "both") -> list[dict[str, Any]]:
    """The cells that both runs have, or only "A" or "B"."""
    return [c for c in comparison["cells"] if c["in"] == where]


def said(*args: str | Path, status: int = 0) -> str:
    """What people read, in one line."""
    done = compare(*args)
    assert (done.returncode, done.stderr) == (status, "")
    return " ".join(done.stdout.split())


def cell(comparison: dict[str, Any], task: str, runtime: str, model: str) -> dict[str, Any]:
    (found,) = [c for c in both(comparison) if (c["task"], c["runtime"], c["model"]) == (task, runtime, model)]
    return found


def make(folder: Path, factor: float = 1.0, rounds: int = 10, seed: int = 1, *, noise: float = 0.01,
         slow: tuple[str, str] | None = None, slow_factor: float = 1.0) -> Path:
    """A run of one group: three models of two runtimes, all `factor` slower, one of them `slow_factor` besides."""
    cells = []
    for runtime, work in (("c", 100.0), ("py", 900.0)):
        for model, gain in (("sync", 1.0), ("threads", 1.5), ("thread-pool", 1.6), ("async", 1.0)):
            own = slow_factor if (runtime, model) == slow else 1.0
            cells.append(make_run.Cell(0, runtime, model, work=work / gain * factor * own, boot=5 * factor * own, noise=noise))
    make_run.write(folder, make_run.GROUPS[:1], cells, rounds, seed)
    return folder


@pytest.mark.parametrize("format_, name", [("terminal", "compare.txt"), ("md", "compare.md"), ("adoc", "compare.adoc"),
                                           ("json", "compare.json"), ("csv", "compare.csv")])
def test_format(format_: str, name: str) -> None:
    done = compare(SMALL, CHANGED, "--format", format_, "--fail-if-slower", "10%")
    assert (done.returncode, done.stderr) == (1, "")
    check_golden(name, done.stdout)
    if format_ == "terminal":
        assert max(map(len, done.stdout.splitlines())) <= 80


def test_what_was_planted_comes_out() -> None:
    for time in ("whole", "work"):
        out = as_json(SMALL, CHANGED, "--time", time)
        slower, faster = cell(out, "count", "c", "thread-pool"), cell(out, "count", "py", "process-pool")
        assert out["time"] == time
        assert slower["time_verdict"] == slower["speedup_verdict"] == "slower"
        assert faster["time_verdict"] == faster["speedup_verdict"] == "faster"
        assert 1 / 1.25 == pytest.approx(slower["speedup"], rel=0.05) and 1 / 0.8 == pytest.approx(faster["speedup"], rel=0.05)
    for row, planted in ((slower, 1 / 1.25), (faster, 1 / 0.8)):
        assert row["speedup_low"] <= planted * 1.01 and planted * 0.99 <= row["speedup_high"]
    assert cell(out, "count", "py", "sync")["speedup"] == 1 and cell(out, "count", "py", "sync")["speedup_verdict"] is None
    assert cell(out, "fetch", "py", "thread-pool")["time"] is None  # too short
    assert [(c["runtime"], c["model"]) for c in both(out, "A")] == [("py", "thread-pool")]
    assert [(c["runtime"], c["model"]) for c in both(out, "B")] == [("c", "async")]
    assert {d["fact"]: (d["a"], d["b"]) for d in out["plan"]} == {"timeout_s": (60.0, 30.0)}
    machine = {d["fact"]: (d["a"], d["b"]) for d in out["machine"]}
    assert machine["kernel"] == ("6.1.0-example", "6.2.0-example") and machine["compiler"] == ("cc 12", "cc 13")
    assert "load1" not in machine  # never the same twice
    broken = cell(out, "count", "c", "process-pool")
    assert (broken["note_a"], broken["note_b"]) == (None, "refused: job 3: two results are swapped")
    assert broken["time"] is None
    out = as_json(SMALL, CHANGED, "--margin", "30%")
    assert out["margin"] == 0.3 and cell(out, "count", "c", "thread-pool")["time_verdict"] == "no difference shown"


def test_one_run_against_itself() -> None:
    out = as_json(SMALL, SMALL, "--fail-if-slower", "1%")
    assert both(out, "A") == both(out, "B") == out["plan"] == out["machine"] == []
    assert "A and B are one run" in said(SMALL, SMALL)
    for one in both(out):
        for change in ("time", "speedup"):
            assert one[change] in (None, 1) and one[f"{change}_verdict"] not in ("faster", "slower")


def test_a_slower_machine_is_told_from_a_slower_model(tmp_path: Path) -> None:
    base, machine = make(tmp_path / "a"), make(tmp_path / "b", factor=1.5, seed=2)
    out = as_json(base, machine)
    assert all(one["time_verdict"] == "slower" and one["time"] == pytest.approx(1 / 1.5, rel=0.1) for one in both(out))
    assert {one["speedup_verdict"] for one in both(out)} == {"no difference shown", None}
    text = said(base, machine)
    assert "time 8 slower, 0 faster, 0 with no difference shown, 0 not known: count " in text and " and 2 more" in text
    assert "speedup 0 slower, 0 faster, 6 with no difference shown, 0 not known A " in text
    model = make(tmp_path / "c", seed=3, slow=("c", "threads"), slow_factor=1.5)
    assert cell(as_json(base, model), "count", "c", "threads")["speedup_verdict"] == "slower"
    assert "1 slower, 0 faster, 5 with no difference shown, 0 not known: count c:threads ▼0.6" in said(base, model)


def test_numbers_of_cells_mean_nothing(tmp_path: Path) -> None:
    """The cells of B in another order, and its groups too."""
    shutil.copytree(ROOT / SMALL, tmp_path / "b")
    plan = json.loads((tmp_path / "b" / "plan.json").read_text())
    cells, groups = plan["cells"][::-1], plan["groups"][::-1]
    for number, one in enumerate(cells):
        one |= {"id": number, "group": len(groups) - 1 - one["group"]}
    for number, group in enumerate(groups):
        group |= {"id": number, "name": f"other {number}", "params": dict(reversed(group["params"].items()))}
    (tmp_path / "b" / "plan.json").write_text(json.dumps(plan | {"cells": cells, "groups": groups, "seed": 7}))
    lines = [json.loads(line) for line in (tmp_path / "b" / "samples.jsonl").read_text().splitlines()]
    (tmp_path / "b" / "samples.jsonl").write_text(
        "".join(json.dumps(line | {"cell": len(cells) - 1 - line["cell"]}) + "\n" for line in lines))
    out = as_json(SMALL, tmp_path / "b")
    assert both(out, "A") == both(out, "B") == [] and len(both(out)) == sum(one["role"] == "model" for one in cells)
    for one in both(out):
        assert one["time_a_s"] == one["time_b_s"] and one["note_a"] == one["note_b"]


def test_other_parameters_are_other_cells(tmp_path: Path) -> None:
    shutil.copytree(ROOT / SMALL, tmp_path / "b")
    plan = json.loads((tmp_path / "b" / "plan.json").read_text())
    plan["groups"][0]["params"]["size"] = "5"
    (tmp_path / "b" / "plan.json").write_text(json.dumps(plan))
    out = as_json(SMALL, tmp_path / "b")
    assert {c["task"] for c in both(out)} == {"fetch"}
    assert {c["params"] for c in both(out, "A")} == {"size=2000000"} and {c["params"] for c in both(out, "B")} == {"size=5"}


def make_open(folder: Path, seed: int = 1, *, p50: float = 1.0, p99: float = 1.0, kept: bool = True, rate: float = 100.0,
              rounds: int = 10) -> Path:
    """A run of `make` as an open loop in which c:threads has latencies so many times as long, and keeps its rate or not."""
    make(folder, seed=seed, rounds=rounds)
    plan = json.loads((folder / "plan.json").read_text())
    plan["groups"][0] |= {"kind": "io", "asks": "delay", "rate": rate, "arrivals": "fixed"}
    (folder / "plan.json").write_text(json.dumps(plan))
    lines = []
    for line in map(json.loads, (folder / "samples.jsonl").read_text().splitlines()):
        mine = plan["cells"][line["cell"]]
        planted = (mine["runtime"], mine["model"]) == ("c", "threads")
        if planted:
            line["latency_ns"]["p50"] = int(line["latency_ns"]["p50"] * p50)
            line["latency_ns"]["p99"] = int(line["latency_ns"]["p99"] * p99)
        line["loop"] = "open"
        line["open_loop"] = {"offered_rate": rate, "achieved_rate": rate, "span_ns": 70_000_000, "ends_ns": 70_000_000, "drift_ns": 0,
                             "late_ns": {"p50": 1000, "p90": 1000, "p99": 1000, "max": 1000}, "kept": kept or not planted}  # fmt: skip
        lines.append(json.dumps(line) + "\n")
    (folder / "samples.jsonl").write_text("".join(lines))
    return folder


def test_an_open_loop_is_compared_by_its_latencies(tmp_path: Path) -> None:
    a, b = make_open(tmp_path / "a"), make_open(tmp_path / "b", seed=2, p50=0.7, p99=1.5)
    out = as_json(a, b)
    planted, other = cell(out, "count", "c", "threads"), cell(out, "count", "py", "threads")
    assert {one[kind] for one in (planted, other) for kind in ("time", "speedup")} == {None}
    assert planted["latency_p50_verdict"] == "faster" and planted["latency_p99_verdict"] == "slower"
    assert planted["latency_p99_low"] <= 1 / 1.5 <= planted["latency_p99_high"]
    assert planted["latency_p99_b_s"] > 1.3 * planted["latency_p99_a_s"]
    assert planted["rate_kept_a"] is planted["rate_kept_b"] is True and planted["rate"] == 100.0
    assert other["latency_p50_verdict"] == other["latency_p99_verdict"] == "no difference shown"
    text = said(a, b)
    assert "p50 0 slower, 1 faster, 7 with no difference shown, 0 not known: count c:threads ▲" in text
    assert "p99 1 slower, 0 faster, 7 with no difference shown, 0 not known: count c:threads ▼0.6" in text
    assert "p99: A / B" in text and "time: A / B" not in text
    (row,) = [row for row in csv.DictReader(io.StringIO(compare(a, b, "--format", "csv").stdout))
              if (row["runtime"], row["model"]) == ("c", "threads")]
    assert None not in row and None not in row.values()
    assert float(row["latency_p99"]) == pytest.approx(planted["latency_p99"]) and row["rate_kept_b"] == "true"
    assert max(map(len, compare(a, b, "--width", "80").stdout.splitlines())) <= 80


def test_another_rate_is_another_cell(tmp_path: Path) -> None:
    a, b, closed = make_open(tmp_path / "a"), make_open(tmp_path / "b", rate=200.0), make(tmp_path / "closed")
    for other in (b, closed):
        out = as_json(a, other)
        assert both(out) == [] and len(both(out, "A")) == len(both(out, "B")) == 8
    assert all(one["latency_p50"] is None for one in as_json(closed, closed)["cells"])


def test_the_gate_of_an_open_loop(tmp_path: Path) -> None:
    a, same = make_open(tmp_path / "a"), make_open(tmp_path / "same", seed=2)
    assert compare(a, same, "--fail-if-slower", "5%").returncode == 0
    for name, planted in (("p50", {"p50": 1.5}), ("p99", {"p99": 1.5})):
        slow = make_open(tmp_path / name, seed=3, **planted)
        text = said(a, slow, "--fail-if-slower", "5%", status=1)
        assert f"5% fails, 8 cells judged slower count c:threads {name} latency" in text
        assert compare(slow, a, "--fail-if-slower", "5%").returncode == 0
    missed = make_open(tmp_path / "missed", seed=4, kept=False)
    assert "7 cells judged rate count c:threads" in said(a, missed, "--fail-if-slower", "5%", status=1)
    out = as_json(a, missed, "--fail-if-slower", "5%", status=1)
    assert [one["model"] for one in both(out) if one["gate"] == "rate"] == ["threads"]
    assert compare(missed, missed, "--fail-if-slower", "5%").returncode == 0  # it did not in A either
    assert "5% fails, 0 cells judged" in said(a, same, "--fail-if-slower", "5%", "--judge", "speedup", status=1)


def test_few_rounds_have_no_interval(tmp_path: Path) -> None:
    a, b = make(tmp_path / "a", rounds=3), make(tmp_path / "b", rounds=4, seed=2)
    out = as_json(a, b)
    one = both(out)[0]
    assert (one["rounds_a"], one["rounds_b"]) == (3, 4)
    assert one["time"] is not None and one["time_low"] is None and one["time_verdict"] is None
    assert "0 with no difference shown, 8 not known" in said(a, b)
    assert as_json(b, make(tmp_path / "c", rounds=4, seed=3))["cells"][0]["time_low"] is not None


def test_only(tmp_path: Path) -> None:
    out = as_json(SMALL, CHANGED, "--only", "count/c:*", "--only", "fetch/py:sync")
    assert {(c["task"], c["runtime"]) for c in both(out) + both(out, "B")} == {("count", "c"), ("fetch", "py")}
    assert both(out, "A") == []
    assert {c["task"] for c in as_json(SMALL, CHANGED, "--only", "fetch")["cells"]} == {"fetch"}
    done = compare(SMALL, CHANGED, "--only", "nothing")
    assert done.returncode == 2 and "--only: no cell" in done.stderr and done.stdout == ""


def test_names_do_not_reach_the_terminal_raw(tmp_path: Path) -> None:
    for name in ("a", "b"):
        shutil.copytree(ROOT / SMALL, tmp_path / name)
        plan = json.loads((tmp_path / name / "plan.json").read_text())
        plan["groups"][0] |= {"name": "a\x1b[2Jb|<i>", "params": {"size": "\x1b]0;x\x07"}}
        (tmp_path / name / "plan.json").write_text(json.dumps(plan | {"suite": f"\x1b[1m{name}"}))
        (tmp_path / name / "machine.json").write_text(json.dumps({"machine": 1, "kernel": f"\x1b{name}"}))
    for format_ in ("terminal", "md", "adoc"):
        done = compare(tmp_path / "a", tmp_path / "b", "--format", format_)
        assert done.returncode == 0 and "\x1b" not in done.stdout and "\x07" not in done.stdout
    assert "<i>" not in compare(tmp_path / "a", tmp_path / "b", "--format", "md").stdout


def test_the_gate_passes_and_fails(tmp_path: Path) -> None:
    a, same = make(tmp_path / "a"), make(tmp_path / "same", seed=2)
    slow = make(tmp_path / "slow", seed=3, slow=("py", "async"), slow_factor=1.3)
    assert "--fail-if-slower 5% passes, 8 cells judged" in said(a, same, "--fail-if-slower", "5%")
    assert "5% fails, 8 cells judged slower count py:async A " in said(a, slow, "--fail-if-slower", "5%", status=1)
    out = as_json(a, slow, "--fail-if-slower", "5%", status=1)
    assert [(c["runtime"], c["model"]) for c in both(out) if c["gate"] != "passes"] == [("py", "async")]
    assert compare(a, slow).returncode == 0
    assert compare(a, slow, "--fail-if-slower", "40%").returncode == 0
    assert compare(slow, a, "--fail-if-slower", "5%").returncode == 0  # faster is no fault
    assert compare(a, slow, "--fail-if-slower", "5%", "--only", "count/c:*").returncode == 0


def test_the_gate_by_speedup_forgives_the_machine(tmp_path: Path) -> None:
    a, machine = make(tmp_path / "a"), make(tmp_path / "machine", factor=1.4, seed=2)
    assert compare(a, machine, "--fail-if-slower", "5%").returncode == 1
    assert compare(a, machine, "--fail-if-slower", "5%", "--judge", "speedup").returncode == 0
    slow = make(tmp_path / "slow", factor=1.4, seed=3, slow=("c", "threads"), slow_factor=1.3)
    text = said(a, slow, "--fail-if-slower", "5%", "--judge", "speedup", status=1)
    assert "6 cells judged slower count c:threads A " in text


def test_what_could_not_be_compared_has_not_passed(tmp_path: Path) -> None:
    a, b = make(tmp_path / "a", rounds=3), make(tmp_path / "b", rounds=3, seed=2)
    assert "fails, 0 cells judged unknown count " in said(a, b, "--fail-if-slower", "5%", status=1)
    # 4 and 4 rounds have an interval, but 8 cells are too many for one of them to be called slower.
    a, b = make(tmp_path / "a4", rounds=4), make(tmp_path / "b4", rounds=4, seed=2, factor=3)
    assert compare(a, b, "--fail-if-slower", "5%").returncode == 1
    assert "broken count c:process-pool" in said(SMALL, CHANGED, "--fail-if-slower", "90%", status=1)


@pytest.mark.parametrize("args, says", [
    ([SMALL], "two runs are needed"),
    ([SMALL, CHANGED, SMALL], "one too many"),
    ([SMALL, CHANGED, "--fail-if-slower", "5"], "not a percentage from 0.01% to 1000%"),
    ([SMALL, CHANGED, "--fail-if-slower", "0%"], "not a percentage"),
    ([SMALL, CHANGED, "--margin", "91%"], "not a percentage from 0% to 90%"),
    ([SMALL, CHANGED, "--judge", "it"], "neither time nor speedup"),
    ([SMALL, CHANGED, "--time", "now"], "neither whole nor work"),
])
def test_usage(args: list[str], says: str) -> None:
    done = compare(*args)
    assert done.returncode == 2 and says in done.stderr and done.stdout == ""


@pytest.mark.parametrize("name, text, says", [
    ("plan.json", None, "a folder with plan.json is expected"),
    ("machine.json", "{", "machine.json line 1"),
    ("samples.jsonl", "nonsense\n", "samples.jsonl line 1"),
])
def test_a_broken_run_is_one_line(tmp_path: Path, name: str, text: str | None, says: str) -> None:
    broken = Path(shutil.copytree(ROOT / SMALL, tmp_path / "broken"))
    (broken / name).unlink()
    if text is not None:
        (broken / name).write_text(text)
    for runs in ((broken, SMALL), (SMALL, broken)):
        done = compare(*runs)
        assert done.returncode == 1 and done.stdout == ""
        assert done.stderr.startswith(f"cobench: compare: {broken}: ") and says in done.stderr and done.stderr.count("\n") == 1


def test_runs_by_name(tmp_path: Path) -> None:
    (tmp_path / "py_impl").mkdir()
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "latest").symlink_to(ROOT / SMALL)
    assert "latest: made-up" in compare("latest", CHANGED, COBENCH_ROOT=str(tmp_path)).stdout
    done = compare("earlier", CHANGED, COBENCH_ROOT=str(tmp_path))
    assert done.returncode == 1 and "no run at" in done.stderr and done.stderr.count("\n") == 1
