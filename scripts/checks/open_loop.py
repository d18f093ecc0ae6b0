# SPDX-License-Identifier: MIT
"""
Does a stall show? One origin that stands still for 200 ms once, asked twice by the same variants: in a closed loop, in which
whoever waits asks nothing meanwhile, and in an open one, in which jobs come at a rate and latency counts from when each
was to start. Prints both p99 and ends with status 1 where the closed one shows the stall or the open one hides it.

The numbers: 4 workers meet the stall with 4 of 800 jobs, which is 0.5% and above the p99; at 400 jobs a second 80 arrive
during it, which is 10%.

    python3 scripts/checks/open_loop.py                                     measures
    python3 scripts/checks/open_loop.py --save FOLDER                       and keeps the two runs, as FOLDER/closed and FOLDER/open
    python3 scripts/checks/open_loop.py --from results/reference/open-loop  says the same of two runs that were kept
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = (ROOT / os.environ.get("COBENCH_BUILD", "build")).resolve()
JOBS, WORKERS, RATE = 800, 4, 400
STALL_MS, STALL_AT = 200, 300
LIMIT_S = 600
KEPT = ("machine.json", "plan.json", "samples.jsonl", "summary.json", "summary.csv", "summary.md")


@dataclass(frozen=True)
class Row:
    """One variant in both loops: its cells of summary.json."""

    variant: str
    closed: dict[str, Any]
    open: dict[str, Any]

    @property
    def shown(self) -> bool:
        """The stall is in both maxima; in the p99 of the open loop alone."""
        half = STALL_MS / 2000
        return self.closed["latency_max_s"] > half and self.open["latency_p99_s"] > max(half, 2 * self.closed["latency_p99_s"])


def measure(results: Path, url: str, args: argparse.Namespace, *loop: str) -> None:
    """One run. The tables go nowhere; what went wrong comes out."""
    subprocess.run(
        [BUILD / "cobench", "run", "--quiet", "--no-plots", "--task", "fetch", "--runtime", args.runtime, "--model", args.model,
         "--jobs", str(JOBS), "--workers", str(WORKERS), "--set", "delay=1", "--set", "size=64", "--url", url, "--rounds",
         str(args.rounds), "--seed", "1", "--results", results, *loop],
        check=True, timeout=LIMIT_S,
    )  # fmt: skip


def measure_both(folder: Path, args: argparse.Namespace) -> None:
    """The runs in folder/closed and folder/open, as far as they are to be kept."""
    with tempfile.TemporaryDirectory() as place:
        origin = subprocess.Popen([BUILD / "cobench-origin"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            url = f"{origin.stdout.readline().rstrip()}&pause={STALL_MS}&at={STALL_AT}"
            measure(Path(place) / "closed", url, args)
            measure(Path(place) / "open", url, args, "--rate", str(RATE), "--arrivals", args.arrivals)
        finally:
            origin.communicate(timeout=30)
        for loop in ("closed", "open"):
            (folder / loop).mkdir(parents=True, exist_ok=True)
            for name in KEPT:
                shutil.copy(Path(place) / loop / "latest" / name, folder / loop)


def cells(folder: Path, loop: str) -> dict[str, dict]:
    """variant -> its cell of summary.json."""
    summary = json.loads((folder / loop / "summary.json").read_text())
    assert all(cell["loop"] == loop for cell in summary["cells"])
    return {f"{cell['runtime']}:{cell['model']}": cell for cell in summary["cells"]}


def rows(folder: Path) -> list[Row]:
    """One for each variant but sync, of which the stall is one job and the rate may be too much."""
    closed, opened = cells(folder, "closed"), cells(folder, "open")
    return [
        Row(name, cell, opened[name])
        for name, cell in closed.items()
        if cell["model"] != "sync"
    ]


def show(found: list[Row]) -> None:
    print(f"an origin that stands still for {STALL_MS} ms once; {JOBS} jobs on {WORKERS} workers, in the open loop at {RATE}/s")
    print(f"{'':18}{'closed loop':>27}{'open loop':>27}")
    print(f"{'ms':18}{'p50':>9}{'p99':>9}{'max':>9}{'p50':>9}{'p99':>9}{'max':>9}{'done':>9}")
    for row in found:
        numbers = [1000 * loop[f"latency_{point}_s"] for loop in (row.closed, row.open) for point in ("p50", "p99", "max")]
        achieved = row.open["achieved_rate"]
        done = "?" if achieved is None else f"{achieved:.0f}/s"
        print(f"{row.variant:18}" + "".join(f"{number:9.2f}" for number in numbers) + f"{done:>9}")


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runtime", default="c,py", help="as of cobench run (default %(default)s)")
    parser.add_argument("--model", default="thread-pool,async", help="likewise (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="the numbers are medians over them (default %(default)s)")
    parser.add_argument("--arrivals", choices=("fixed", "poisson"), default="fixed")
    parser.add_argument("--save", type=Path, metavar="FOLDER", help="keep the two runs there")
    parser.add_argument("--from", dest="kept", type=Path, metavar="FOLDER", help="measure nothing: take the runs that were kept there")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.kept or args.save or Path(scratch)
        if args.kept is None:
            measure_both(folder, args)
        found = rows(folder)
    show(found)
    bad = [row.variant for row in found if not row.shown]
    if bad:
        print(f"not as it should be: {', '.join(bad)}", file=sys.stderr)
    else:
        print("the closed loop's p99 hides the stall, the open loop's shows it")
    return 1 if bad or not found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
