# SPDX-License-Identifier: MIT
"""The committed runs: what is made from them again leaves the tree clean, and numbers that differ are found
(scripts/checks/same_numbers.py)."""

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hosts import ROOT

SCRIPT = ROOT / "scripts" / "checks" / "same_numbers.py"
GROUPS = [{"id": 0, "name": "count"}]
OLD: dict[str, Any] = {
    "summary": 1, "groups": GROUPS, "geomeans": [{"ratio": 2.0}],
    "control": [{"group": 0, "runtime": "c", "ratio": 1.01, "low": 0.9, "high": 1.1}],
    "cells": [{
        "group": 0, "runtime": "c", "model": "threads", "median_s": 0.25, "outliers": [3, 8], "marks": ["drift"],
        "params": {"size": "5"}, "latency_s": {"p50": 0.1}, "break_even": {"state": "from", "jobs": 4},
        "speedup": {"work": {"own_sync": {"ratio": 1.5, "low": 1.4, "verdict": "unresolved", "marks": []}}},
    }],
}  # fmt: skip
NEW: dict[str, Any] = {
    "summary": 2, "groups": GROUPS,
    "checks": [{"check": "control", "group": "count", "runtime": "c", "ratio": 1.01, "ratio_low": 0.9, "ratio_high": 1.1}],
    "cells": [{
        "group": "count", "runtime": "c", "model": "threads", "params": "size=5", "median_s": 0.25, "outliers": "3 8",
        "latency_p50_s": 0.1, "work_own_sync": 1.5, "work_own_sync_low": 1.4, "work_own_sync_verdict": "too few rounds",
        "break_even": None, "break_even_jobs": None, "off_cpu_share": 0.2,
    }],
}  # fmt: skip


def run(tmp_path: Path, new: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    for name, content in (("old.json", OLD), ("new.json", new)):
        (tmp_path / name).write_text(json.dumps(content))
    command = [sys.executable, str(SCRIPT), str(tmp_path / "old.json"), str(tmp_path / "new.json")]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_same_numbers_under_other_names(tmp_path: Path) -> None:
    done = run(tmp_path, NEW)
    assert done.returncode == 0, done.stdout
    for line in ("renamed  cells.*.ratio -> cells.*.work_own_sync", "dropped  geomeans.N.ratio", " 0 different",
                 "changed  cells.*.break_even_jobs to None", "added    cells.*.off_cpu_share"):  # fmt: skip
        assert line in done.stdout


@pytest.mark.parametrize("table, key, value", [
    ("cells", "median_s", 0.2500001), ("cells", "work_own_sync_low", None), ("cells", "work_own_sync_verdict", "faster"),
    ("cells", "break_even_jobs", 5), ("cells", "outliers", "3"), ("checks", "ratio_high", 1.2),
])  # fmt: skip
def test_another_number_is_seen(tmp_path: Path, table: str, key: str, value: Any) -> None:
    new = copy.deepcopy(NEW)
    new[table][0][key] = value
    done = run(tmp_path, new)
    assert done.returncode == 1
    assert f".{key}: was" in done.stdout


def test_what_is_derived_from_a_committed_run_is_ignored_and_its_journal_is_not() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("no git tree")
    run = "results/reference/quick"
    derived = [f"{run}/index.html", f"{run}/plots/new.svg", f"{run}/plots/new.png"]
    command = ["git", "check-ignore", "--no-index", *derived, f"{run}/samples.jsonl", f"{run}/summary.csv"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.split() == derived
