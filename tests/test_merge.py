# SPDX-License-Identifier: MIT
"""`cobench merge` on made-up runs: each round stays a round, interrupted runs give their whole ones, a cell that failed
anywhere is failed, and what is no run of the same plan is refused."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import make_run

ROOT = Path(__file__).resolve().parent.parent
BUILD = (ROOT / os.environ.get("COBENCH_BUILD", "build")).resolve()
PLAN_SCHEMA = json.loads((ROOT / "common" / "schema" / "plan.schema.json").read_text())
CELLS = make_run.CELLS


def cobench(*args: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([BUILD / "cobench", *map(str, args)], env=os.environ | environment, text=True, capture_output=True,
                          timeout=60, check=False, cwd=ROOT)


def merge(out: Path, *runs: Path, force: bool = False) -> dict[str, Any]:
    done = cobench("merge", "--out", out, *runs, *(["--force"] if force else []))
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert f"are in {out}; cobench report shows them" in done.stdout
    return json.loads((out / "summary.json").read_text())


def refuse(out: Path, *args: str | Path, status: int = 1) -> str:
    before = sorted(out.parent.iterdir()) if out.parent.is_dir() else []
    done = cobench("merge", "--out", out, *args)
    assert (done.returncode, done.stdout) == (status, "") and done.stderr.count("\n") == 1
    assert (sorted(out.parent.iterdir()) if out.parent.is_dir() else []) == before  # nothing is left behind
    return done.stderr


def make(folder: Path, day: int, rounds: int = 6, cells: list[make_run.Cell] | None = None, **more: Any) -> Path:
    """A run of the given day, its seed too."""
    make_run.write(folder, make_run.GROUPS, CELLS if cells is None else cells, rounds, day,
                   plan={"created": f"2026-01-{day:02}T00:00:00Z", "budget_s": None, "precision": None, "tasks_dir": None}
                   | more.pop("plan", {}), **more)
    return folder


def lines(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "samples.jsonl").read_text().splitlines()]


def timed(run: Path) -> list[dict[str, Any]]:
    return [line for line in lines(run) if line["pass"] == "timed"]


def sound_cells() -> list[make_run.Cell]:
    return [cell for cell in CELLS if cell.status == "ok" and cell.fails_in_round is None]


def test_each_round_stays_its_own(tmp_path: Path) -> None:
    cells = sound_cells()
    a, b, c = (make(tmp_path / name, day, rounds, cells) for name, day, rounds in (("a", 1, 6), ("b", 2, 4), ("c", 3, 7)))
    summary = merge(tmp_path / "m", c, a, b)  # the order on the command line does not matter
    expected = [line | {"round": line["round"] + before} for run, before in ((a, 0), (b, 6), (c, 10)) for line in timed(run)]
    assert timed(tmp_path / "m") == expected
    assert [line for line in lines(tmp_path / "m") if line["pass"] == "verify"] == lines(a)[:len(cells)]
    plan = json.loads((tmp_path / "m" / "plan.json").read_text())
    jsonschema.validate(plan, PLAN_SCHEMA)
    assert [(part["run"], part["seed"], part["rounds"]) for part in plan["merged"]] == [("a", 1, 6), ("b", 2, 4), ("c", 3, 7)]
    assert summary["rounds"] == 17 and summary["interrupted"] is False and summary["forced"] == []
    assert all(cell["rounds"] == 17 for cell in summary["cells"])
    assert (tmp_path / "m" / "machine.json").read_bytes() == (a / "machine.json").read_bytes()
    done = cobench("report", tmp_path / "m", "--no-plots")
    assert done.returncode == 0 and "merged from 3 runs" in " ".join(done.stdout.split())


def test_the_ratio_is_that_of_the_pairs(tmp_path: Path) -> None:
    """The second run on a machine half as fast: pairs within rounds do not see it, two pooled samples would."""
    cells = sound_cells()
    slow = [make_run.replace(cell, work=2 * cell.work, boot=2 * cell.boot) for cell in cells]
    merged = merge(tmp_path / "m", make(tmp_path / "a", 1, 8, cells), make(tmp_path / "b", 2, 8, slow))
    single = merge(tmp_path / "n", make(tmp_path / "c", 3, 8, cells), make(tmp_path / "d", 4, 8, cells))
    for one, other in zip(merged["cells"], single["cells"]):
        ratio, same = (cell["speedup"]["whole"]["own_sync"] for cell in (one, other))
        assert ratio["ratio"] == pytest.approx(same["ratio"], rel=0.2 if one["model"] == "thread-pool" else 0.03)


def test_interrupted_runs_give_their_whole_rounds(tmp_path: Path) -> None:
    cells = sound_cells()
    a, b = make(tmp_path / "a", 1, 6, cells), make(tmp_path / "b", 2, 6, cells)
    text = (b / "samples.jsonl").read_text().splitlines(keepends=True)
    (b / "samples.jsonl").write_text("".join(text[:len(cells) * 4 - 1]) + text[-1][:40])  # round 3 lacks one, then half a line
    summary = merge(tmp_path / "m", a, b)
    assert summary["rounds"] == 8 and summary["interrupted"] is False
    assert {line["round"] for line in timed(tmp_path / "m")} == set(range(1, 9))
    assert len(timed(tmp_path / "m")) == 8 * len(cells)
    # one that was cut off in the verify pass gives none, and does no harm
    c = make(tmp_path / "c", 3, 6, cells)
    (c / "samples.jsonl").write_text("".join(text[:3]))
    done = cobench("merge", "--out", tmp_path / "n", a, b, c)
    assert done.returncode == 0 and "c: 0 rounds" in done.stdout


def test_nothing_whole_is_an_error(tmp_path: Path) -> None:
    runs = [make(tmp_path / str(day), day) for day in (1, 2)]
    for run in runs:
        text = (run / "samples.jsonl").read_text().splitlines(keepends=True)
        (run / "samples.jsonl").write_text("".join(text[:len(CELLS) + 2]))
    assert "none of these runs has a whole round" in refuse(tmp_path / "m", *runs)


def test_a_cell_that_failed_in_any_is_failed(tmp_path: Path) -> None:
    cells = sound_cells()
    broken = [make_run.replace(cell, fails_in_round=3, reason="job 5: wrong") if number == 3 else cell
              for number, cell in enumerate(cells)]
    gone = [make_run.replace(cell, status="impossible", reason="no room") if number == 4 else cell
            for number, cell in enumerate(cells)]
    runs = [make(tmp_path / name, day, 6, of) for name, day, of in (("a", 1, cells), ("b", 2, broken), ("c", 3, gone))]
    summary = merge(tmp_path / "m", *runs)
    assert summary["rounds"] == 18  # the others have all of their rounds
    by_cell = {number: [line for line in lines(tmp_path / "m") if line["cell"] == number] for number in range(len(cells))}
    assert [(line["pass"], line["status"], line["reason"]) for line in by_cell[3]] == [
        ("verify", "refused", "b, round 3: job 5: wrong")]
    assert [(line["pass"], line["status"], line["reason"]) for line in by_cell[4]] == [("verify", "impossible", "c: no room")]
    assert all(len(by_cell[number]) == 19 for number in by_cell if number not in (3, 4))
    notes = [cell["note"] for cell in summary["cells"] if cell["note"]]
    assert notes == ["refused: b, round 3: job 5: wrong", "not possible here: c: no room"]


def test_groups_that_had_enough_earlier(tmp_path: Path) -> None:
    """Under a precision each group has its own number of rounds."""
    cells = sound_cells()
    asked = {"rounds": None, "budget_s": 60.0, "precision": 0.02}
    a, b = make(tmp_path / "a", 1, 8, cells, plan=asked), make(tmp_path / "b", 2, 6, cells, plan=asked)
    kept = [line for line in lines(a) if not (cells[line["cell"]].group == 1 and line["round"] > 5)]
    (a / "samples.jsonl").write_text("".join(json.dumps(line) + "\n" for line in kept))
    for run, rounds in ((a, (8, 5)), (b, (6, 6))):
        (run / "events.jsonl").write_text("".join(
            json.dumps({"event": 1, "what": "stopped", "at": 1.0, "group": group, "rounds": n, "why": "precise"}) + "\n"
            for group, n in enumerate(rounds)))
    summary = merge(tmp_path / "m", a, b)
    assert summary["rounds"] == 14 and summary["interrupted"] is False
    assert {cell["rounds"] for cell in summary["cells"] if cell["group"] == 0} == {14}
    assert {cell["rounds"] for cell in summary["cells"] if cell["group"] == 1} == {11}
    assert [stop["rounds"] for stop in summary["stopping"]] == [14, 11]


def test_what_happened_to_a_part_happened_to_the_whole(tmp_path: Path) -> None:
    a, b = make(tmp_path / "a", 1, cells=sound_cells()), make(tmp_path / "b", 2, cells=sound_cells())
    event = {"event": 1, "what": "neighbour", "at": 5.5, "pid": 7, "user": "x", "from": 5.0, "until": 6.0}
    (b / "events.jsonl").write_text(json.dumps(event) + "\n")
    merge(tmp_path / "m", a, b)
    assert [json.loads(line) for line in (tmp_path / "m" / "events.jsonl").read_text().splitlines()] == [event]


def test_merged_runs_can_be_merged(tmp_path: Path) -> None:
    cells = sound_cells()
    a, b, c = (make(tmp_path / name, day, 6, cells) for name, day in (("a", 1), ("b", 2), ("c", 3)))
    merge(tmp_path / "bc", b, c)
    merge(tmp_path / "all", tmp_path / "bc", a)
    merge(tmp_path / "once", a, b, c)
    assert (tmp_path / "all" / "samples.jsonl").read_bytes() == (tmp_path / "once" / "samples.jsonl").read_bytes()
    plans = [json.loads((tmp_path / name / "plan.json").read_text()) for name in ("all", "once")]
    assert plans[0]["merged"] == plans[1]["merged"]
    assert "is there twice" in refuse(tmp_path / "no", tmp_path / "bc", c, status=2)
    assert "is there twice" in refuse(tmp_path / "no", a, a, status=2)


# -- what is refused -----------------------------------------------------------------------------------------------------------


def edit(run: Path, name: str, **changes: Any) -> None:
    value = json.loads((run / name).read_text())
    (run / name).write_text(json.dumps(value | changes))


def test_other_plans_are_refused(tmp_path: Path) -> None:
    a = make(tmp_path / "a", 1)
    fewer = make(tmp_path / "fewer", 2, cells=CELLS[:-1])
    assert "a has 18 cells, fewer has 17" in refuse(tmp_path / "m", a, fewer)
    for number, (key, value, says) in enumerate([
            ("groups", [make_run.GROUPS[0] | {"params": {"size": "5"}}, make_run.GROUPS[1]], "groups 0 params size: 2000000 -> 5"),
            ("groups", [make_run.GROUPS[0] | {"workers": 4}, make_run.GROUPS[1]], "groups 0 workers: 2 -> 4")]):
        other = make(tmp_path / f"other{number}", 3 + number)
        edit(other, "plan.json", **{key: value})
        assert says in refuse(tmp_path / "m", a, other, "--force")


def test_other_machines_are_refused_unless_forced(tmp_path: Path) -> None:
    cells = sound_cells()
    a = make(tmp_path / "a", 1, cells=cells)
    other = make(tmp_path / "b", 2, cells=cells, machine={"kernel": "7.0", "hosts": {"c": {"compiler": "cc 14"}, "py": {}},
                                                          "load1": 9.0}, plan={"timeout_s": 30.0})
    said = refuse(tmp_path / "m", a, other)
    for difference in ("b: kernel: was", "compiler: was", "timeout_s: was 60.0, is 30.0", "--force"):
        assert difference in said
    assert "load1" not in said
    summary = merge(tmp_path / "m", a, other, force=True)
    assert len(summary["forced"]) == 3 and summary["forced"][0].startswith("b: timeout_s")
    assert "kernel: was" in " ".join(cobench("report", tmp_path / "m", "--no-plots").stdout.split())
    again = merge(tmp_path / "n", tmp_path / "m", make(tmp_path / "c", 3, cells=cells))
    assert again["forced"] == summary["forced"]  # the mark stays


def test_other_results_are_refused(tmp_path: Path) -> None:
    a, b = make(tmp_path / "a", 1), make(tmp_path / "b", 2)
    text = (b / "samples.jsonl").read_text().replace("00112233445566aa", "00112233445566ab")
    (b / "samples.jsonl").write_text(text)
    assert "count c:sync gave other results in b than in a" in refuse(tmp_path / "m", a, b, "--force")


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    a, b = make(tmp_path / "a", 1), make(tmp_path / "b", 2)
    (tmp_path / "m").mkdir()
    assert f"cannot make {tmp_path / 'm'}: File exists" in refuse(tmp_path / "m", a, b)
    assert list((tmp_path / "m").iterdir()) == []
    assert "cannot make" in refuse(tmp_path / "a" / "plan.json" / "m", a, b)


def test_usage_and_broken_runs(tmp_path: Path) -> None:
    a, b = make(tmp_path / "a", 1), make(tmp_path / "b", 2)
    assert "two runs or more are needed" in refuse(tmp_path / "m", a, status=2)
    assert "no run at" in refuse(tmp_path / "m", a, tmp_path / "nowhere")
    (b / "samples.jsonl").write_text("nonsense\n")
    assert f"merge: {b}: samples.jsonl line 1" in refuse(tmp_path / "m", a, b)
    done = cobench("merge", "--nonsense", a, b)
    assert done.returncode == 2 and "unrecognized option" in done.stderr


def test_its_own_place(tmp_path: Path) -> None:
    cells = sound_cells()
    (tmp_path / "py_impl").mkdir()
    for name, day in (("one", 1), ("two", 2)):
        make(tmp_path / "results" / name, day, cells=cells)
    (tmp_path / "results" / "latest").symlink_to("two")
    done = cobench("merge", "one", "latest", COBENCH_ROOT=str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    (made,) = [path for path in (tmp_path / "results").iterdir() if path.name.endswith("-made-up-made-up-merged")]
    assert str(made) in done.stdout and os.readlink(tmp_path / "results" / "latest") == "two"
    assert [part["run"] for part in json.loads((made / "plan.json").read_text())["merged"]] == ["one", "two"]
    done = cobench("run", "--resume", made, COBENCH_ROOT=str(tmp_path))
    assert done.returncode == 2 and "is a merged run" in done.stderr
