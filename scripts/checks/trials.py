# SPDX-License-Identifier: MIT
"""
Does the interval of the same command against itself hold 1 on this machine? `cobench run` of a short task's `sync` and
its A/A control, which are the same command, in interleaved rounds; the interval is that of the run's summary. In half of
the trials processes of our own burn the CPUs in bursts. The same samples are then analysed as if all of one command had
been timed before all of the other. The last section of `make validate-statistics`; four minutes.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = (ROOT / os.environ.get("COBENCH_BUILD", "build")).resolve()
sys.path.insert(0, str(ROOT / "scripts" / "figures"))

import signed_rank  # noqa: E402

# Many enough that chance alone is short (under 93% where the truth is 95.8%, which is what 12 rounds attain) in 1 of 250.
TRIALS, ROUNDS, LEAST = 400, 12, 0.93
# Burns and rests for 30 to 300 ms until its parent is gone: a burst may be shorter or longer than a trial.
BURN = """
import os, random, time
parent = os.getppid()
while os.getppid() == parent:
    end = time.monotonic() + random.uniform(0.03, 0.3)
    while time.monotonic() < end: pass
    time.sleep(random.uniform(0.03, 0.3))
"""


@contextlib.contextmanager
def load(burners: int) -> Iterator[None]:
    processes = [subprocess.Popen([sys.executable, "-c", BURN]) for _ in range(burners)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def trial(results: Path, seed: int) -> tuple[bool, bool, float]:
    """Whether the interval holds 1, whether that of the block order does, and the half-width of the log ratio."""
    words = ["--task", "count", "--set", "size=100000", "--runtime", "c", "--model", "sync", "--workers", "1", "--rounds",
             str(ROUNDS), "--seed", str(seed), "--results", str(results), "--quiet", "--no-plots"]  # fmt: skip
    subprocess.run([BUILD / "cobench", "run", *words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    folder = results / "latest"
    (control,) = (row for row in json.loads((folder / "summary.json").read_text())["checks"] if row["check"] == "control")
    cells = [c["id"] for c in json.loads((folder / "plan.json").read_text())["cells"] if c["role"] in ("model", "control")]
    samples = map(json.loads, (folder / "samples.jsonl").read_text().splitlines())
    taken = sorted((s["round"], s["order"], s["whole_ns"]) for s in samples if s["pass"] == "timed" and s["cell"] in cells)
    times = [ns for _, _, ns in taken]
    block = signed_rank.ratio(times[:ROUNDS], times[ROUNDS:])
    low, high = control["ratio_low"], control["ratio_high"]
    return low <= 1 <= high, block.low <= 1 <= block.high, math.log(high / low) / 2


def show(name: str, found: list[tuple[bool, bool, float]], least: float = 0) -> bool:
    count = len(found)
    share, block = (sum(row[k] for row in found) / count for k in (0, 1))
    width = math.expm1(sum(row[2] for row in found) / count)
    verdict = "     " if not least else "PASS " if share >= least else "SHORT"
    asked = f" (at least {least:.0%})" if least else ""
    print(f"{verdict}  {name}: the interval holds 1 (mean half-width {width:.1%}): {share:.1%}{asked} of {count}")
    print(f"       {name}: the same samples in block order: {block:.1%} of {count}", flush=True)
    return share >= least


def main() -> int:
    begun, found = time.monotonic(), []
    print("\n== trials: on this machine: does the interval of the same command against itself hold 1?", flush=True)
    for half in range(2):
        with load(min(os.cpu_count() or 1, 4) if half else 0):
            for seed in range(half * TRIALS // 2, (half + 1) * TRIALS // 2):
                with tempfile.TemporaryDirectory() as results:
                    found.append(trial(Path(results), seed))
    show("no load of ours", found[: TRIALS // 2])
    show("a load in bursts", found[TRIALS // 2 :])
    held = show("all trials", found, LEAST)
    print(f"       {TRIALS} trials of {ROUNDS} rounds in {time.monotonic() - begun:.0f} s")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
