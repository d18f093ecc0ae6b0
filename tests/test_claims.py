# SPDX-License-Identifier: MIT
"""Claims: compared with a made-up run, shown in three formats; and the published variant that cannot be, refused."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from hosts import BUILD, ROOT

COBENCH = BUILD / "cobench"
RUN = ROOT / "tests" / "data" / "run-small"


def cobench(*args, cwd=ROOT):
    return subprocess.run([COBENCH, *map(str, args)], capture_output=True, text=True, cwd=cwd, timeout=120,
                          env={**os.environ, "LC_ALL": "C"})  # fmt: skip


def cell(group, variant):
    return {"group": group, "variant": variant}


def claims_file(path: Path, *rows) -> Path:
    sources = [{"key": "six", "name": "six cores", "cores": 6, "note": "told"},
               {"key": "some", "name": "some | machine", "cores": None, "note": "not told"}]  # fmt: skip
    full = [{"source": "six", "time": "whole", "says": f"claim {i}"} | row for i, row in enumerate(rows)]
    path.write_text(json.dumps({"claims": 1, "about": "for tests", "sources": sources, "rows": full}))
    return path


def verdicts_of(tmp_path, *rows):
    done = cobench("claims", RUN, "--file", claims_file(tmp_path / "c.json", *rows), "--format", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["rows"]


POOL = {"base": cell("count", "c:sync"), "variant": cell("count", "c:thread-pool")}  # about 1.84x as a whole


@pytest.mark.parametrize("low, high, verdict", [(1.8, 1.9, "holds here"), (1.0, 1.1, "more here"), (5, 6, "less here"),
                                                (1.5, None, "holds here"), (3, None, "less here")])  # fmt: skip
def test_a_claim_is_held_against_the_interval(tmp_path, low, high, verdict):
    (row,) = verdicts_of(tmp_path, POOL | {"low": low, "high": high})
    assert row["verdict"] == verdict
    assert 1.7 < row["measured_low"] < row["measured"] < row["measured_high"] < 1.95
    assert row["limit_is"] == "capacity" and 1.7 < row["limit"] < 2.0


def test_a_claim_by_cores_is_scaled_or_not_compared(tmp_path):
    told, untold, linear = verdicts_of(tmp_path, POOL | {"low": 4.05, "high": 4.05, "by_cores": True},
                                  POOL | {"source": "some", "low": 4.05, "high": 4.05, "by_cores": True},
                                  POOL | {"low": 6, "high": 6, "by_cores": True})  # fmt: skip
    serial = (6 / 4.05 - 1) / 5  # Amdahl
    assert told["scaled_low"] == pytest.approx(2 / (1 + serial))
    assert told["verdict"] == "holds here"
    assert (untold["verdict"], untold["scaled_low"]) == ("by cores", 4.05)
    assert linear["scaled_low"] == pytest.approx(2)


def test_what_is_not_measured_says_why(tmp_path):
    rows = verdicts_of(tmp_path, {"low": 2, "high": 2, "unmeasured": "no such thing"},
                  {"low": 2, "high": 2, "base": cell("count", "c:sync"), "variant": cell("nowhere", "c:async")},
                  {"low": 2, "high": 2, "base": cell("fetch", "c:sync"), "variant": cell("fetch", "c:process-pool")},
                  POOL | {"low": 17, "high": 17, "cannot": "nobody looked"})  # fmt: skip
    assert [r["verdict"] for r in rows] == ["not measured"] * 3 + ["cannot be"]
    assert rows[0]["why"] == "no such thing" and rows[1]["why"] == "its cells are not in this run"
    assert "open files" in rows[2]["why"] and rows[2]["measured"] is None
    assert rows[3]["why"] == "nobody looked" and rows[3]["measured"] > 1


def test_two_groups_may_be_compared(tmp_path):
    (row,) = verdicts_of(tmp_path, {"low": 1, "high": 100, "base": cell("fetch", "c:sync"), "variant": cell("count", "c:sync")})
    assert row["rounds"] >= 6 and row["limit"] is None


@pytest.mark.parametrize("format", ["terminal", "md"])
def test_the_tables_hold_what_the_json_holds(tmp_path, format):
    rows = [POOL | {"low": 4.05, "high": 4.05, "by_cores": True}, POOL | {"low": 17, "high": 17, "cannot": "nobody looked"},
            {"source": "some", "low": 10, "high": 15, "unmeasured": "a <b> thing"}]  # fmt: skip
    done = cobench("claims", RUN, "--file", claims_file(tmp_path / "c.json", *rows), "--format", format)
    assert done.returncode == 0, done.stderr
    for wanted in ("4.05x", "holds here", "cannot be", "nobody looked", "10.0-15.0x", "not measured", "6 cores"):
        assert wanted in done.stdout, wanted
    if format == "md":
        assert "a &lt;b> thing" in done.stdout and "some \\| machine" in done.stdout
    else:
        assert max(map(len, done.stdout.splitlines())) <= 80
        assert not [line for line in done.stdout.splitlines() if line != line.rstrip()]


@pytest.mark.parametrize("text, said", [
    ("{", "c.json:1: "), ('{"claims": 2, "about": "x", "sources": [], "rows": []}', 'no file of claims that this cobench knows'),
    ('{"claims": 1, "about": "x", "sources": []}', '"rows" is missing or of another type'),
    ('{"claims": 1, "about": "x", "sources": [], "rows": [{"source": "a"}]}', 'row 1: "says" is missing'),
])  # fmt: skip
def test_a_broken_file_is_refused(tmp_path, text, said):
    (tmp_path / "c.json").write_text(text)
    done = cobench("claims", RUN, "--file", tmp_path / "c.json")
    assert done.returncode == 2 and said in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize("change, said", [
    ({"source": "seven"}, '"source" names none'), ({"time": "half"}, "neither work nor whole"), ({"low": 3}, "are no ratios"),
    ({"low": 0}, "are no ratios"), ({"unmeasured": "and measured"}, 'or "unmeasured" is needed'),
    ({"variant": {"group": "count"}}, 'or "unmeasured" is needed'),
])  # fmt: skip
def test_a_wrong_row_is_refused(tmp_path, change, said):
    path = claims_file(tmp_path / "c.json", POOL | {"low": 2, "high": 2}, POOL | {"low": 2, "high": 2} | change)
    done = cobench("claims", RUN, "--file", path)
    assert done.returncode == 2 and "c.json: row 2: " in done.stderr and said in done.stderr and done.stdout == ""


def test_a_missing_file_is_one_line(tmp_path):
    done = cobench("claims", RUN, "--file", tmp_path / "none.json")
    assert done.returncode == 2 and "unable to open" in done.stderr and "-1" not in done.stderr.replace(str(tmp_path), "")


def test_a_run_without_claims_says_so():
    done = cobench("claims", RUN)
    assert done.returncode == 2
    assert done.stderr.startswith("cobench: claims: the suite ") and "names no claims; --file" in done.stderr


@pytest.mark.parametrize("name", ["published", "broker"])
def test_every_published_claim_has_its_cells(name):
    """The suite measures what the file of claims names: no row is left over for a misspelt group."""
    claims = json.loads((ROOT / "bench" / "claims" / f"{name}.json").read_text())
    suite = (ROOT / "bench" / "suites" / f"{name}.ini").read_text()
    groups = {}
    for part in suite.split("[group ")[1:]:
        name, rest = part.split("]", 1)
        keys = dict(line.split(" = ", 1) for line in rest.splitlines() if " = " in line and not line.startswith(";"))
        groups[name] = {f"{r}:{m}" for r in keys["runtimes"].split(", ") for m in [*keys["models"].split(", "), "sync"]}
    for row in claims["rows"]:
        for end in ("base", "variant"):
            if end in row:
                assert row[end]["variant"] in groups[row[end]["group"]], row["says"]


# The published variant: jobs of a pool that all end in a TypeError, since a function of one argument is given two.
POOLED = '''
from py_impl.contract import CPU, NOTHING, WORKER_PROCESS

NAME, ABOUT, KIND, ASKS, JOBS, PARAMS = "pooled", "right in one process, wrong in a pool", CPU, NOTHING, 8, ()


def distance(points):
    return sum(range(points))


def worker_open(state, flags):
    return flags


def run(state, worker, job, reply):
    if worker & WORKER_PROCESS:
        return distance(1000, job)
    return distance(1000)
'''


def test_the_claim_that_cannot_be_is_refused_here(tmp_path):
    """Our harness does not time a pool whose jobs all die: it names the error and exits 1."""
    tasks = tmp_path / "tasks"
    tasks.mkdir()
    (tasks / "pooled.py").write_text(POOLED)
    done = cobench("run", "--tasks", tasks, "--task", "pooled", "--runtime", "py", "--model", "processes,process-pool",
                   "--rounds", 1, "--results", tmp_path / "r", "--no-plots")  # fmt: skip
    assert done.returncode == 1
    (run,) = [p for p in (tmp_path / "r").iterdir() if not p.is_symlink()]
    cells = {c["model"]: c for c in json.loads((run / "summary.json").read_text())["cells"]}
    assert cells["sync"]["verified"]
    for model in ("processes", "process-pool"):
        assert not cells[model]["verified"] and cells[model]["work_own_sync"] is None
        assert "TypeError" in cells[model]["note"] and "positional argument" in cells[model]["note"]
