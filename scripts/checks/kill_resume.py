# SPDX-License-Identifier: MIT
"""
Does a run outlive SIGKILL? Starts a suite, kill_resume.ini, again and again, kills the driver at a random instant of it, and
checks each time: is every file that is there whole; is anything left running (found by a mark in the environment, which every
descendant inherits, or by where it works), or a folder with what is in it, or shared memory; does `cobench run --resume` bring the run to its end, also when that is
killed in turn; and has the final table every cell in every round exactly once, in the order an undisturbed run with the same
seed has?

    python3 scripts/checks/kill_resume.py [--tries 100] [--seed 1] [--suite FILE]
"""

from __future__ import annotations

import argparse
import collections
import fcntl
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = (ROOT / os.environ.get("COBENCH_BUILD", "build")).resolve()
SUITE = Path(__file__).with_suffix(".ini")
LIMIT_S = 120
GONE_LIMIT_S = 20
MARK = "COBENCH_KILL_MARK"


class Failed(Exception):
    """What was not as it has to be."""


@dataclass
class Figures:
    """What the tries came to."""

    suite: Path = SUITE
    run_s: float = 0  # how long an undisturbed run takes
    before: int = 0  # killed before the run's folder was there
    stages: collections.Counter[str] = field(default_factory=collections.Counter)
    kills: int = 0
    kills_of_resumed: int = 0
    torn: int = 0
    slowest_end_s: float = 0
    samples: int = 0


def running(mark: str) -> list[int]:
    """Processes with the mark, but for zombies, whose environment cannot be read; and those in a service's folder that nobody
    holds: PostgreSQL's write over their environment."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            folder = re.match(r"(/.*/cobench-\w{6}\.[a-z-]+)(/| |$)", os.readlink(entry / "cwd"))
            if mark.encode() in (entry / "environ").read_bytes() or (folder and (not Path(folder[1]).exists() or unlocked(Path(folder[1])))):
                found.append(int(entry.name))
        except OSError:
            continue  # it has gone, or is not ours
    return found


def unlocked(folder: Path) -> bool:
    """Whether no supervisor lives that made the folder."""
    try:
        fd = os.open(folder, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(fd)
    return True


def folders_left() -> set[Path]:
    """Scratch folders and those of services that nobody holds."""
    parents = [Path(parent) for parent in ("/dev/shm", tempfile.gettempdir(), "/var/tmp")]
    return {p for parent in parents for name in ("cobench-??????", "cobench-??????.*") for p in parent.glob(name) if unlocked(p)}


def memory_left() -> set[str]:
    """Segments of System V that nobody has attached, and PostgreSQL's of POSIX."""
    rows = [line.split() for line in Path("/proc/sysvipc/shm").read_text().splitlines()[1:]]
    return {f"shmid {row[1]}" for row in rows if row[6] == "0"} | {str(path) for path in Path("/dev/shm").glob("PostgreSQL.*")}


LEFT_BEFORE = folders_left() | memory_left()


def wait_until_gone(mark: str) -> float:
    begun = time.monotonic()
    while left := running(mark) or (folders_left() | memory_left()) - LEFT_BEFORE:
        if time.monotonic() - begun > GONE_LIMIT_S:
            raise Failed(f"left {GONE_LIMIT_S} s after the kill: {left}")
        time.sleep(0.002)
    return time.monotonic() - begun


def start(results: Path, mark: str, *args: str | Path) -> subprocess.Popen[bytes]:
    env = os.environ | {MARK: mark, "COBENCH_RUNS": str(results / "runs")}
    return subprocess.Popen([BUILD / "cobench", "run", "--quiet", "--no-plots", *args], env=env, stdout=subprocess.DEVNULL,
                            stderr=subprocess.PIPE)


def finish(process: subprocess.Popen[bytes]) -> None:
    said = process.communicate(timeout=LIMIT_S)[1].decode()
    if process.returncode != 0:
        raise Failed(f"exit status {process.returncode}: {said.strip()}")


def kill(process: subprocess.Popen[bytes], after_s: float) -> bool:
    """False: it had ended by then."""
    try:
        process.wait(after_s)
    except subprocess.TimeoutExpired:
        process.kill()
    process.communicate(timeout=LIMIT_S)
    return process.returncode == -9


def run_folder(results: Path) -> Path | None:
    folders = [p for p in results.iterdir() if p.name[0].isdigit()] if results.exists() else []
    return folders[0] if folders else None


def whole_lines(journal: Path, figures: Figures) -> list[dict]:
    """The samples; only the last line may be cut short."""
    text = journal.read_text()
    lines = text.split("\n")
    if lines.pop() != "":
        figures.torn += 1
    return [json.loads(line) for line in lines]


def check_folder(folder: Path, figures: Figures) -> list[dict]:
    """Every file that is there is whole; returns the samples."""
    for name in ("plan.json", "machine.json"):
        json.loads((folder / name).read_text())
    if (folder / "summary.json").exists():
        json.loads((folder / "summary.json").read_text())
    samples = whole_lines(folder / "samples.jsonl", figures)
    done = subprocess.run([BUILD / "cobench", "report", folder, "--quiet", "--no-plots"], capture_output=True, text=True,
                          timeout=LIMIT_S)
    if done.returncode != 0:
        raise Failed(f"the journal is not readable: {done.stderr.strip()}")
    return samples


def stage_of(samples: list[dict], wanted: int) -> str:
    if len(samples) == wanted:
        return "after the last sample"
    if not samples or samples[-1]["pass"] == "verify":
        return "while verifying"
    return "in the rounds"


def place(sample: dict) -> tuple[str, int, int, int]:
    return sample["pass"], sample["round"], sample["order"], sample["cell"]


def check_end(folder: Path, before: list[dict], undisturbed: list[tuple[str, int, int, int]], figures: Figures) -> None:
    samples = whole_lines(folder / "samples.jsonl", figures)
    if samples[:len(before)] != before:
        raise Failed("samples from before the kill have changed")
    places = [place(s) for s in samples]
    count = collections.Counter(places)
    lost, doubled = set(undisturbed) - set(count), [p for p, n in count.items() if n > 1]
    if lost or doubled or len(places) != len(undisturbed):
        raise Failed(f"lost: {sorted(lost)}, doubled: {doubled}, {len(places)} samples instead of {len(undisturbed)}")
    if places != undisturbed:
        raise Failed("the order is not that of an undisturbed run")
    summary = json.loads((folder / "summary.json").read_text())
    rounds = {c["rounds"] for c in summary["cells"] if c["verified"]}  # what cannot run here has none
    if summary["interrupted"] or rounds != {summary["rounds"]}:
        raise Failed(f"the final table has {sorted(rounds)} rounds a cell and not {summary['rounds']}")
    figures.samples += len(samples)


def kill_somewhere(results: Path, mark: str, dice: random.Random, figures: Figures) -> None:
    """Kills a run at a random instant. One that is over by then teaches how long a run takes now, and is tried again."""
    while True:
        begun = time.monotonic()
        process = start(results, mark, "--suite", figures.suite, "--seed", "1", "--results", results)
        if kill(process, dice.uniform(0, figures.run_s)):
            figures.kills += 1
            return
        figures.run_s = min(figures.run_s, time.monotonic() - begun)
        shutil.rmtree(results)


def one_try(results: Path, dice: random.Random, undisturbed: list[tuple[str, int, int, int]], figures: Figures) -> None:
    mark = uuid.uuid4().hex
    kill_somewhere(results, mark, dice, figures)
    figures.slowest_end_s = max(figures.slowest_end_s, wait_until_gone(mark))
    folder = run_folder(results)
    if folder is None:
        figures.before += 1
        return
    before = check_folder(folder, figures)
    figures.stages[stage_of(before, len(undisturbed))] += 1
    if dice.random() < 0.5:
        figures.kills_of_resumed += kill(start(results, mark, "--resume", folder), dice.uniform(0, figures.run_s / 2))
        figures.slowest_end_s = max(figures.slowest_end_s, wait_until_gone(mark))
        before = check_folder(folder, figures)
    finish(start(results, mark, "--resume", folder))
    check_end(folder, before, undisturbed, figures)
    wait_until_gone(mark)
    latest = results / "latest"
    if not latest.is_symlink() or latest.resolve() != folder.resolve():
        raise Failed("results/latest does not point at the run")


def undisturbed_run(results: Path, suite: Path) -> tuple[float, list[tuple[str, int, int, int]]]:
    begun = time.monotonic()
    finish(start(results, uuid.uuid4().hex, "--suite", suite, "--seed", "1", "--results", results))
    duration_s = time.monotonic() - begun
    folder = run_folder(results)
    if folder is None:
        raise Failed("the run left no folder")
    return duration_s, [place(s) for s in whole_lines(folder / "samples.jsonl", Figures())]


def report(figures: Figures, tries: int, failures: list[str], each: int) -> None:
    stages = ", ".join(f"{count} {stage}" for stage, count in sorted(figures.stages.items()))
    print(f"{tries} tries over a run of {figures.run_s:.1f} s and {each} samples: {figures.kills} drivers killed "
          f"({figures.before} before there was a folder; {stages}), {figures.kills_of_resumed} killed again after --resume")
    print(f"left: nothing; the last process or folder ended at most {1000 * figures.slowest_end_s:.0f} ms after the kill")
    print(f"lines cut short: {figures.torn}; samples in the final tables: {figures.samples}, none lost, none doubled, all in the "
          "order of an undisturbed run")
    for failure in failures:
        print(f"FAILED {failure}")
    print(f"{'PASS' if not failures else 'SHORT'}: {tries - len(failures)} of {tries}")


def alone() -> None:
    """As root goes on with processes, a /dev/shm, a /var/tmp and shared memory of its own, so that other runs leave nothing there."""
    script = "mount -t tmpfs -o mode=1777 none /dev/shm && mount -t tmpfs -o mode=1777 none /var/tmp"
    may = os.geteuid() == 0 and "COBENCH_ALONE" not in os.environ
    apart = ["unshare", "--mount", "--ipc", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c"]
    if may and subprocess.run([*apart, script], capture_output=True, timeout=LIMIT_S).returncode == 0:
        os.environ["COBENCH_ALONE"] = "1"
        os.execvp("unshare", [*apart, script + ' && exec "$@"', "sh", sys.executable, *sys.argv])


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tries", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1, help="of the instants")
    parser.add_argument("--suite", type=Path, default=SUITE)
    args = parser.parse_args(argv)
    alone()
    dice, figures, failures = random.Random(args.seed), Figures(args.suite), []
    with tempfile.TemporaryDirectory(prefix="cobench-kill-") as folder:
        figures.run_s, undisturbed = undisturbed_run(Path(folder) / "undisturbed", args.suite)
        for number in range(args.tries):
            try:
                one_try(Path(folder) / str(number), dice, undisturbed, figures)
            except (Failed, OSError, ValueError, subprocess.TimeoutExpired) as problem:
                failures.append(f"try {number}: {problem}")
            if sys.stderr.isatty():
                print(f"\r{number + 1} of {args.tries}", end="", file=sys.stderr, flush=True)
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr)
        report(figures, args.tries, failures, len(undisturbed))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
