# SPDX-License-Identifier: MIT
"""
Does a run outlive the death of any of its processes? For hours: starts the suite soak.ini, kills one process of it at a
random instant (the driver, the supervisor, a host, a worker, hyperfine, the origin or gnuplot, chosen at random), sees how
that ends, goes on with `--resume` until the run is complete, and checks each time: is every file whole; was no sample lost,
doubled or changed; is nothing left running, in /dev/shm or in the temporary folder?

    python3 scripts/checks/soak.py [--hours 2] [--seed N] [--state FILE]

As root it has a /dev/shm and a temporary folder of its own. With --state the counts of an earlier call are gone on from.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

from kill_resume import BUILD, LIMIT_S, MARK, Failed, Figures, alone, check_folder, place, run_folder, running, wait_until_gone

SUITE = Path(__file__).with_suffix(".ini")
VICTIMS = ("driver", "supervisor", "host", "worker", "hyperfine", "origin", "gnuplot")
PATIENCE_S = 20  # for a victim to appear


def start(results: Path, mark: str, *args: str | Path, plots: bool = False) -> subprocess.Popen[bytes]:
    env = os.environ | {MARK: mark, "COBENCH_RUNS": str(results / "runs")}
    return subprocess.Popen([BUILD / "cobench", "run", "--quiet", *([] if plots else ["--no-plots"]), *args], env=env, stdout=subprocess.DEVNULL,
                            stderr=subprocess.PIPE)


def kind_of(pid: int, driver: int) -> str | None:
    """What a process of a run is; None: it has gone, or is something else."""
    if pid == driver:
        return "driver"
    try:
        name = Path(f"/proc/{pid}/comm").read_text().strip()
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        above = Path(f"/proc/{parent}/comm").read_text().strip() if parent > 1 else ""
    except (OSError, ValueError):
        return None
    if name in ("hyperfine", "gnuplot"):
        return name
    if name == "cobench-origin":
        return "origin"
    if name.startswith("cobench-supervi"):
        return "supervisor"
    if name.startswith("cobench-host") or b"py_impl" in words or b"py_impl.ext" in words:
        return "worker" if above == name else "host"
    return "worker" if b"multiprocessing" in b" ".join(words) else None


def strike(process: subprocess.Popen[bytes], mark: str, victim: str, dice: random.Random, run_s: float) -> bool:
    """Waits for a random instant and then for the victim. False: the run was over before."""
    try:
        process.wait(dice.uniform(0, 0.95) * run_s)
        return False
    except subprocess.TimeoutExpired:
        pass
    until = time.monotonic() + PATIENCE_S
    while process.poll() is None and time.monotonic() < until:
        here = [pid for pid in running(mark) if kind_of(pid, process.pid) == victim]
        if here:
            try:
                time.sleep(dice.uniform(0, 0.2) if victim == "gnuplot" else 0)
                os.kill(dice.choice(here), signal.SIGKILL)
            except ProcessLookupError:
                continue
            return True
    process.wait(LIMIT_S)
    return False


def check_end(folder: Path, before: list[dict], undisturbed: set[tuple], figures: Figures) -> int:
    """Every cell has each of its samples once, or a failure that says why not. How many cells have that."""
    samples = check_folder(folder, figures)
    if samples[:len(before)] != before:
        raise Failed("samples from before the kill have changed")
    count = collections.Counter((s["pass"], s["round"], s["cell"]) for s in samples)
    if doubled := [where for where, n in count.items() if n > 1]:
        raise Failed(f"doubled: {doubled}")
    bad = {s["cell"] for s in samples if s["status"] != "ok"}
    if lost := [where for where in undisturbed - set(count) if where[2] not in bad]:
        raise Failed(f"lost: {sorted(lost)}")
    if unreasoned := [s for s in samples if s["status"] != "ok" and not s["reason"]]:
        raise Failed(f"failed without a reason: {unreasoned[0]}")
    if json.loads((folder / "summary.json").read_text())["interrupted"]:
        raise Failed("the run is not complete")
    figures.samples += len(samples)
    return len(bad)


def litter() -> set[str]:
    return {str(p) for place_ in ("/dev/shm", tempfile.gettempdir()) for p in Path(place_).iterdir()}


def one_try(results: Path, victim: str, dice: random.Random, run_s: float, undisturbed: set[tuple],
            figures: Figures, counts: collections.Counter[str]) -> None:  # fmt: skip
    mark = uuid.uuid4().hex
    process = start(results, mark, "--suite", SUITE, "--seed", "1", "--results", results, plots=victim == "gnuplot")
    struck = strike(process, mark, victim, dice, run_s)
    process.communicate(timeout=LIMIT_S)
    figures.slowest_end_s = max(figures.slowest_end_s, wait_until_gone(mark))
    counts[f"{victim} {'killed' if struck else 'missed'}"] += 1
    folder = run_folder(results)
    if folder is None:
        counts["before there was a folder"] += 1
        return
    before = check_folder(folder, figures)
    for _ in range(3):
        process = start(results, mark, "--resume", folder)
        said = process.communicate(timeout=LIMIT_S)[1].decode()
        if process.returncode in (0, 1) and "goes on with it" not in said:
            break
    counts["cells that failed, and say why"] += check_end(folder, before, undisturbed, figures)
    wait_until_gone(mark)


def soak(args: argparse.Namespace, state: dict, folder: Path) -> None:
    counts, figures = collections.Counter(state["counts"]), Figures()
    figures.samples, figures.torn, figures.slowest_end_s = state["samples"], state["torn"], state["slowest_end_s"]
    dice = random.Random(args.seed + state["tries"])
    begun = time.monotonic()
    first = folder / "undisturbed"
    process = start(first, uuid.uuid4().hex, "--suite", SUITE, "--seed", "1", "--results", first)
    said = process.communicate(timeout=LIMIT_S)[1].decode()
    run_s = time.monotonic() - begun
    if process.returncode != 0:
        raise SystemExit(f"the undisturbed run failed: {said}")
    undisturbed = {(s["pass"], s["round"], s["cell"]) for s in check_folder(run_folder(first), Figures())}
    shutil.rmtree(first)
    clean, spent = litter(), state["hours"]
    while state["hours"] < args.hours:
        victim, results = dice.choice(VICTIMS), folder / str(state["tries"])
        try:
            one_try(results, victim, dice, run_s, undisturbed, figures, counts)
            if left := litter() - clean:
                clean |= left
                raise Failed(f"left in folders: {sorted(left)}")
            shutil.rmtree(results, ignore_errors=True)
        except (Failed, OSError, ValueError, subprocess.TimeoutExpired) as problem:
            state["failures"].append(f"try {state['tries']}, {victim}: {problem}")
            print(state["failures"][-1], file=sys.stderr, flush=True)
            for pid in running(MARK):
                os.kill(pid, signal.SIGKILL)
        state["tries"] += 1
        state["hours"] = spent + (time.monotonic() - begun) / 3600
        state |= {"counts": dict(counts), "samples": figures.samples, "torn": figures.torn, "slowest_end_s": figures.slowest_end_s}
        if args.state:
            args.state.write_text(json.dumps(state))
        if sys.stderr.isatty():
            print(f"\r\033[K{60 * state['hours']:.0f} of {60 * args.hours:.0f} minutes, {state['tries']} tries, "
                  f"{len(state['failures'])} failed", end="", file=sys.stderr, flush=True)  # fmt: skip


def report(state: dict) -> None:
    print(f"\n{state['hours']:.2f} hours, {state['tries']} tries:")
    for what, count in sorted(state["counts"].items()):
        print(f"  {count:6} {what}")
    print(f"  {state['samples']:6} samples in the runs that were brought to their end, none lost, none doubled; {state['torn']} "
          f"lines cut short; everything had ended {1000 * state['slowest_end_s']:.0f} ms after the driver at the latest")  # fmt: skip
    for failure in state["failures"]:
        print(f"FAILED {failure}")
    print(f"{'PASS' if not state['failures'] else 'SHORT'}: {state['tries'] - len(state['failures'])} of {state['tries']}")


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--state", type=Path, help="a file that keeps the counts")
    args = parser.parse_args(argv)
    alone()
    state = {"hours": 0.0, "tries": 0, "counts": {}, "samples": 0, "torn": 0, "slowest_end_s": 0.0, "failures": []}
    if args.state and args.state.exists():
        state = json.loads(args.state.read_text())
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        (Path(folder) / "tmp").mkdir()
        tempfile.tempdir = os.environ["TMPDIR"] = str(Path(folder) / "tmp")
        try:
            soak(args, state, Path(folder))
        except KeyboardInterrupt:
            pass
    report(state)
    return 1 if state["failures"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
