# SPDX-License-Identifier: MIT
"""
What does the driver itself cost? Three figures, each compared with what this project asks of itself:

  added     wall time a sample beyond that of the same hyperfine call made by a bare loop: at most 5 ms
  memory    the most the driver holds while it resumes a run of 100,000 samples, measures a round and reports: under 64 MB
  report    `cobench report` over these samples, without pictures: under 2 s

The loop and the driver take turns, so that a busy machine slows both alike, and medians are compared. The driver waits for
the disk once a sample (a line appended and fsynced) and the loop never, so what such a line takes by itself is told too: on
a disk that others write to it is most of what is added.

    python3 scripts/checks/driver.py [--only added|memory|report] [--samples 100000]
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = (ROOT / os.environ.get("COBENCH_BUILD", "build")).resolve()
ADDED_MS, MEMORY_MB, REPORT_S = 5.0, 64.0, 2.0
TURNS, ROUNDS, CALLS = 8, 15, 30  # a turn: a run of so many rounds of two cells, and a loop of so many calls
LINES, LINE_BYTES = 10, 1200  # a turn: so many lines as long as a sample's, each synced
LIMIT_S = 600


class Failed(Exception):
    """A program did not do what it was asked to."""


def run(folder: Path, *args: str | Path) -> None:
    done = subprocess.run([BUILD / "cobench", *args], capture_output=True, text=True, timeout=LIMIT_S, cwd=ROOT,
                          env=os.environ | {"COBENCH_RUNS": str(folder / "runs")})
    if done.returncode != 0:
        raise Failed(f"cobench {args[0]}: exit status {done.returncode}: {done.stderr.strip()}")


def the_run(results: Path) -> Path:
    (found,) = [p for p in results.iterdir() if p.name[0].isdigit()]
    return found


def verdict(name: str, value: float, unit: str, most: float, text: str) -> bool:
    holds = value <= most
    print(f"{'PASS ' if holds else 'SHORT'}  {name}: {value:.2f} {unit} (at most {most:g} {unit}): {text}", flush=True)
    return holds


# -- time a sample ----------------------------------------------------------------------------------------------------

def steps(moments: list[float]) -> list[float]:
    return [later - earlier for earlier, later in zip(moments, moments[1:])]


def quarter(values: list[float]) -> float:
    return statistics.quantiles(values, n=4)[0]


def driven(folder: Path, turn: int) -> list[float]:
    """Seconds from the start of a sample to the start of the next one, as the journal has them."""
    results = folder / f"turn-{turn}"
    run(folder, "run", "--quiet", "--no-plots", "--task", "null", "--runtime", "c", "--model", "sync", "--workers", "1",
        "--rounds", str(ROUNDS), "--results", results)
    samples = [json.loads(line) for line in (the_run(results) / "samples.jsonl").read_text().splitlines()]
    return steps([s["at"] for s in samples if s["pass"] == "timed"])


def looped(scratch: Path) -> list[float]:
    """The same for the same call in a bare loop."""
    host = [BUILD / "cobench-host", "run", "--task", "null", "--model", "sync", "--jobs", 8, "--workers", 1, "--start-method",
            "fork", "--timeout", "120.000", "--slots", scratch / "slots", "--record", scratch / "record"]
    call = ["hyperfine", "-N", "-i", "--runs", "1", "--warmup", "0", "--style", "none", "--export-json",
            str(scratch / "hyperfine.json"), shlex.join(map(str, host))]
    null = os.open(os.devnull, os.O_RDWR)
    moments = [time.monotonic()]
    for _ in range(CALLS):
        pid = os.posix_spawnp("hyperfine", call, os.environ,
                              file_actions=[(os.POSIX_SPAWN_DUP2, null, fd) for fd in (0, 1, 2)])
        status = os.waitpid(pid, 0)[1]
        if status != 0:
            raise Failed(f"hyperfine: wait status {status}")
        moments.append(time.monotonic())
    os.close(null)
    return steps(moments)


def synced(folder: Path) -> list[float]:
    """Seconds that a line takes which is appended and synced, where the journals are."""
    took = []
    fd = os.open(folder / "lines", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for _ in range(LINES):
        begun = time.monotonic()
        os.write(fd, b"x" * LINE_BYTES)
        os.fsync(fd)
        took.append(time.monotonic() - begun)
    os.close(fd)
    return took


def check_added(folder: Path) -> bool:
    shm = Path("/dev/shm")
    drive, loop, lines = [], [], []
    with tempfile.TemporaryDirectory(prefix="cobench-check-", dir=shm if shm.is_dir() else None) as scratch:
        for turn in range(TURNS):
            loop += looped(Path(scratch))
            drive += driven(folder, turn)
            lines += synced(folder)
    alone, sample = 1000 * statistics.median(loop), 1000 * statistics.median(drive)
    return verdict("added", sample - alone, "ms", ADDED_MS, f"a sample every {sample:.2f} ms ({len(drive)}), the hyperfine call "
                   f"alone {alone:.2f} ms ({len(loop)}), a synced line {1000 * statistics.median(lines):.2f} ms; medians. What else "
                   f"runs on this machine shows in the first more than in the second; the lower quartiles are "
                   f"{1000 * quarter(drive):.2f} and {1000 * quarter(loop):.2f} ms")


# -- many samples -----------------------------------------------------------------------------------------------------

def long_run(folder: Path, wanted: int) -> Path:
    """A run of the C host whose first rounds were measured, and the others copied until there are so many samples. The last
    round is still to come."""
    results = folder / "long"
    run(folder, "run", "--quiet", "--no-plots", "--task", "wait", "--set", "delay=6", "--jobs", "2", "--runtime", "c", "--rounds",
        "6", "--results", results)
    found = the_run(results)
    samples = [json.loads(line) for line in (found / "samples.jsonl").read_text().splitlines()]
    verify, timed = [s for s in samples if s["pass"] == "verify"], [s for s in samples if s["pass"] == "timed"]
    by_round = [[s for s in timed if s["round"] == r] for r in range(1, 7)]
    rounds = (wanted - len(verify)) // len(by_round[0]) + 1
    with (found / "samples.jsonl").open("w") as journal:
        for sample in verify:
            journal.write(json.dumps(sample, separators=(",", ":")) + "\n")
        for number in range(1, rounds + 1):
            for sample in by_round[number % 6]:
                jitter = (number * 7919 + sample["cell"] * 104729) % 1_000_003
                fresh = sample | {"round": number, "whole_ns": sample["whole_ns"] + jitter, "work_ns": sample["work_ns"] + jitter}
                journal.write(json.dumps(fresh, separators=(",", ":")) + "\n")
    plan = json.loads((found / "plan.json").read_text())
    plan["rounds"] = rounds + 1
    (found / "plan.json").write_text(json.dumps(plan, indent=1) + "\n")
    return found


def peak_mb(process: subprocess.Popen[bytes]) -> float:
    """The most that the process itself ever held, as the kernel counts it."""
    most = 0
    while process.poll() is None:
        try:
            for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    most = max(most, int(line.split()[1]))
        except OSError:
            break
        time.sleep(0.002)
    return most / 1024


def check_memory(folder: Path, long: Path) -> bool:
    process = subprocess.Popen([BUILD / "cobench", "run", "--resume", long, "--quiet", "--no-plots"], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, env=os.environ | {"COBENCH_RUNS": str(folder / "runs")})
    peak = peak_mb(process)
    if process.wait(LIMIT_S) != 0:
        raise Failed(f"cobench run --resume: exit status {process.returncode}")
    count = sum(1 for _ in (long / "samples.jsonl").open())
    return verdict("memory", peak, "MB", MEMORY_MB, f"taking up a run of {count} samples, its last round, and the report")


def check_report(long: Path) -> bool:
    walls = []
    for _ in range(5):
        begun = time.monotonic()
        done = subprocess.run([BUILD / "cobench", "report", long, "--quiet", "--no-plots"], capture_output=True, text=True,
                              timeout=LIMIT_S)
        walls.append(time.monotonic() - begun)
        if done.returncode != 0:
            raise Failed(f"cobench report: {done.stderr.strip()}")
    journal = long / "samples.jsonl"
    return verdict("report", statistics.median(walls), "s", REPORT_S, f"{sum(1 for _ in journal.open())} samples, "
                   f"{journal.stat().st_size / 1e6:.0f} MB; median of {len(walls)}")


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=["added", "memory", "report"])
    parser.add_argument("--samples", type=int, default=100_000)
    args = parser.parse_args(argv)
    only, holds = args.only, True
    try:
        with tempfile.TemporaryDirectory(prefix="cobench-check-") as name:
            folder = Path(name)
            if only in (None, "added"):
                holds &= check_added(folder)
            long = long_run(folder, args.samples) if only != "added" else folder
            if only in (None, "memory"):
                holds &= check_memory(folder, long)
            if only in (None, "report"):
                holds &= check_report(long)
    except (Failed, OSError, ValueError, subprocess.TimeoutExpired) as problem:
        print(f"driver.py: {problem}", file=sys.stderr)
        return 1
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
