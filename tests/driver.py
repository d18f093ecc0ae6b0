# SPDX-License-Identifier: MIT
"""Runs `cobench` with the real hosts, and reads what it leaves behind."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from hosts import BUILD, ROOT

COBENCH = BUILD / "cobench"
GOLDEN = ROOT / "tests" / "golden"
LIMIT_S = 300


def cobench(*words: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([COBENCH, *map(str, words)], cwd=ROOT, env=os.environ | environment, text=True, capture_output=True,
                          timeout=LIMIT_S)  # fmt: skip


class Run:
    """`cobench run` and its folder."""

    def __init__(self, results: Path, *words: object, status: int = 0, before: tuple[str, ...] = (), **options: Any) -> None:
        self.done = subprocess.run([*before, COBENCH, "run", "--no-plots", "--results", results, *map(str, words)], cwd=ROOT,
                                   text=True, capture_output=True, timeout=LIMIT_S, **options)  # fmt: skip
        assert self.done.returncode == status, self.done.stderr
        runs = [results / "latest", *results.glob("[0-9]*")]  # a run that never got to time anything is not the latest
        self.folder = next((run.resolve() for run in runs if run.exists()), results)

    def json(self, name: str) -> dict[str, Any]:
        return json.loads((self.folder / f"{name}.json").read_text())

    @property
    def samples(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "samples.jsonl").read_text().splitlines()]

    @property
    def cells(self) -> list[dict[str, Any]]:
        """Those of the summary."""
        return self.json("summary")["cells"]

    def cell(self, runtime: str, model: str) -> dict[str, Any]:
        (cell,) = (c for c in self.cells if (c["runtime"], c["model"]) == (runtime, model))
        return cell


def check_golden(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()
