# SPDX-License-Identifier: MIT
"""Figures from a run of the driver: it verifies, interleaves and writes samples.jsonl; here they are paired by round."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from servers import Failed


@dataclass(frozen=True)
class Run:
    """The timed samples of one run: by cell "group runtime:model" (" control", " capacity" behind it), then by round."""

    samples: dict[str, dict[int, dict]]
    copies: dict[str, int]  # of the capacity cells

    def column(self, cell: str, field: str) -> dict[int, float]:
        if cell not in self.samples:
            raise Failed(f"the run has no cell '{cell}' (it has: {', '.join(sorted(self.samples))})")
        return {number: float(sample[field]) for number, sample in self.samples[cell].items()}

    def milliseconds(self, cell: str, field: str = "work_ns") -> list[float]:
        return [ns / 1e6 for ns in self.column(cell, field).values()]

    def pairs(self, cell: str, other: str, field: str = "work_ns") -> tuple[list[float], list[float]]:
        """The two cells' samples of the rounds that both have."""
        mine, theirs = self.column(cell, field), self.column(other, field)
        rounds = sorted(mine.keys() & theirs.keys())
        return [mine[number] for number in rounds], [theirs[number] for number in rounds]

    def of_capacity(self, cell: str, capacity: str) -> tuple[list[float], list[float]]:
        """
        Numerator and denominator of a cell's speedup as a part of the capacity:
        (sync / cell) / (copies * sync / slowest copy) = slowest copy / (copies * cell).
        """
        slowest, own = self.pairs(capacity, cell)
        return slowest, [self.copies[capacity] * ns for ns in own]


def _cell_name(plan: dict, cell: dict) -> str:
    suffix = {"model": "", "control": " control", "capacity": " capacity"}[cell["role"]]
    return f"{plan['groups'][cell['group']]['name']} {cell['runtime']}:{cell['model']}{suffix}"


def read(folder: Path) -> Run:
    plan = json.loads((folder / "plan.json").read_text())
    names = [_cell_name(plan, cell) for cell in plan["cells"]]
    samples: dict[str, dict[int, dict]] = {}
    for line in (folder / "samples.jsonl").read_text().splitlines():
        sample = json.loads(line)
        if sample["status"] != "ok":
            raise Failed(f"{names[sample['cell']]}: {sample['status']}: {sample['reason']}")
        if sample["pass"] == "timed":
            samples.setdefault(names[sample["cell"]], {})[sample["round"]] = sample
    return Run(samples, {name: cell["copies"] for name, cell in zip(names, plan["cells"])})


def drive(build: Path, suite: str, rounds: int, seed: int, *options: str) -> Run:
    """Runs a suite of this folder; its progress goes to this program's standard error."""
    path = Path(__file__).resolve().parent / suite
    with tempfile.TemporaryDirectory(prefix="cobench-figures-") as results:
        command = [build / "cobench", "run", "--suite", path, "--rounds", str(rounds), "--seed", str(seed), "--results",
                   results, "--no-plots", "--quiet", *options]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=sys.stderr,
                              timeout=7200, check=False)
        folders = [entry for entry in Path(results).iterdir() if not entry.is_symlink() and not entry.name.startswith(".")]
        if not folders:
            raise Failed(f"cobench run --suite {suite} ended with status {done.returncode} and left no run")
        return read(folders[0])
