# SPDX-License-Identifier: MIT
"""
Does the fit say of real runs what is known of them? Jobs that wait do not get in each other's way: over 1 to 64 workers the
Universal Scalability Law's contention has to come out near 0. Python threads that count share one lock: near 1, which is
Amdahl's law for work of which nothing goes on side by side.

Two sweeps are run, strong scaling in both, and what `summary.json` says of their fits is printed: contention with its 95%
interval, coherency, Amdahl's serial part beside them, how far the points lie off the curve. Near is within 0.05 of 0 and
within 0.1 of 1. A fit that was refused is SHORT, with its reason.

The numbers: 192 jobs are three for each of 64 workers, so that a pool's last jobs do not decide how long the work takes; a wait
of 5 ms is long beside what handing over a job costs. Counting takes 20 ms a job, several of the lock's 5 ms turns.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = (ROOT / os.environ.get("COBENCH_BUILD", "build")).resolve()
LIMIT_S = 900


@dataclass(frozen=True)
class Case:
    """A sweep, and what contention is to be expected of its models."""

    task: str
    runtime: str
    models: tuple[str, ...]
    jobs: int
    workers: str
    setting: str
    rounds: int
    expected: float
    near: float


CASES = (
    Case("wait", "c,py", ("thread-pool", "async"), 192, "1,4,16,32,64", "delay=5", rounds=3, expected=0, near=0.05),
    Case("count", "py", ("thread-pool",), 16, "1,2,3,4,6,8", "size=350000", rounds=6, expected=1, near=0.1),
)


def measure(folder: Path, case: Case, rounds: int) -> list[dict]:
    """The curves of summary.json: their points, and both laws. The tables go nowhere; what went wrong comes out."""
    subprocess.run(
        [BUILD / "cobench", "run", "--quiet", "--no-plots", "--task", case.task, "--runtime", case.runtime, "--model",
         ",".join(case.models), "--jobs", str(case.jobs), "--workers", case.workers, "--scaling", "strong", "--set", case.setting,
         "--rounds", str(rounds), "--seed", "1", "--results", folder],
        check=True, timeout=LIMIT_S,
    )  # fmt: skip
    summary = json.loads((folder / "latest" / "summary.json").read_text())
    curves: dict[tuple[str, str], dict] = {}
    for point in summary["scaling"]:
        curve = curves.setdefault((point["runtime"], point["model"]), {"gains": []})
        curve["gains"].append(point["gain"])
    for law in summary["laws"]:
        curves[law["runtime"], law["model"]][law["law"]] = law
    return list(curves.values())


def contention(law: dict) -> str:
    return f"{law['contention']:8.4f} [{law['contention_low']:7.4f},{law['contention_high']:7.4f}]"


def holds(case: Case, curve: dict) -> bool:
    """Prints one curve's line and says whether its contention is where it should be."""
    usl, amdahl = curve["usl"], curve["amdahl"]
    name = f"{case.task:6} {usl['runtime']}:{usl['model']:12}"
    gains = " ".join("-" if gain is None else f"{gain:.3g}" for gain in curve["gains"])
    if not usl["accepted"]:
        print(f"SHORT  {name} not fitted: {usl['reason']} (gains {gains})", flush=True)
        return False
    good = abs(usl["contention"] - case.expected) <= case.near
    serial = contention(amdahl) if amdahl["accepted"] else f"not fitted: {amdahl['reason']}"
    print(f"{'PASS ' if good else 'SHORT'}  {name} {contention(usl)} {usl['coherency']:10.2g}"
          f"{100 * usl['rms']:6.1f}%  {serial}  {gains}", flush=True)  # fmt: skip
    return good


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", choices=[case.task for case in CASES], help="that one only")
    parser.add_argument("--rounds", type=int, help="instead of a sweep's own number")
    args = parser.parse_args(argv)
    results = []
    for case in CASES:
        if args.task not in (None, case.task):
            continue
        print(f"{case.task}: {case.jobs} jobs, {case.setting}, on {case.workers} workers: contention within {case.near} of "
              f"{case.expected}", flush=True)  # fmt: skip
        with tempfile.TemporaryDirectory() as folder:
            curves = measure(Path(folder), case, args.rounds or case.rounds)
        variants = len(case.runtime.split(",")) * len(case.models)
        if len(curves) != variants:
            print(f"SHORT  {case.task}: {len(curves)} of {variants} curves")
            results.append(False)
        print(f"{'':29}{'contention':^26} {'coherency':>10}{'off':>7}  {'serial part (Amdahl)':^26}  gains")
        results += [holds(case, curve) for curve in curves]
    print(f"{sum(results)} of {len(results)} where they should be")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
