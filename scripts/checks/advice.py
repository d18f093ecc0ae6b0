# SPDX-License-Identifier: MIT
"""
Is the advice right? Runs workloads whose best model is known beforehand, from what models are and not from having measured
them, and compares what `cobench advise` says of each with that. A try is right where all of them are.

    python3 scripts/checks/advice.py [--tries 20] [--only tiny,waits] [--state FILE] [--keep DIR]

With --state the answers of an earlier call are gone on from; with --keep the runs stay. Exit status 0 if at least 19 of 20
tries were right, else 1.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

BUILD = Path(os.environ.get("COBENCH_BUILD", "build")).resolve()
WORK = Path(__file__).resolve().with_suffix("")
MAY_MISS = 20  # one in so many tries
LIMIT_S = 900
LINES, LINE = 24, "The quick brown fox " * 50_000 + "\n"  # 1 MB each


@dataclass(frozen=True)
class Workload:
    name: str
    best: str  # models; several where theory cannot tell them apart
    why: str
    function: str = ""  # of work.py; of work.c where the runtime is c. "": the name
    runtime: str = "py"
    options: tuple[str, ...] = ()
    one_cpu: bool = False
    lines: bool = False  # called with these, not with the job's number

# fmt: off
WORKLOADS = (
    Workload("computes in Python", "process-pool",
             "one thread computes at a time; a pool starts fewer processes than one a job", "computes"),
    Workload("computes in C", "threads thread-pool",
             "two CPUs, no lock, nothing to send; starting a thread is nothing beside 20 ms", "computes", "c"),
    Workload("hashes a buffer", "threads thread-pool", "hashlib lets go of the lock; processes add nothing", "hashes"),
    Workload("waits", "async", "one thread waits for any number; nothing is simpler"),
    Workload("waits long, computes little", "async",
             "computes 2% of a job: 16 jobs leave a loop idle three quarters of the time", "waits_long_computes_little"),
    Workload("waits little, computes long", "process-pool",
             "the waits of one thread hide a sixth, a second CPU half", "waits_little_computes_long"),
    Workload("tiny", "sync", "whatever hands a job over takes longer than the job"),
    Workload("huge payload", "sync",
             "1 MB to a process and back costs as much as the job; threads take turns", "shouts", lines=True),
    Workload("one lock around it", "process-pool", "threads wait for the lock; each process has one of its own", "hashes_under_a_lock"),
    Workload("one CPU", "sync", "nothing can run at the same time", "computes", one_cpu=True),
    Workload("2 ms", "process-pool", "a pool hands a job over in a tenth of that; starting a process takes longer", "takes_2_ms"),
    Workload("2 s", "process-pool processes", "as computing in Python; starting a process is nothing beside it", "takes_2_s",
             options=("--model", "threads,process-pool", "--rounds", "7", "--jobs", "2")),
    Workload("blocks its loop", "threads thread-pool", "nobody else gets on in a loop that blocks; a sleep needs no lock", "blocks"),
)
# fmt: on


def command(work: Workload, folder: Path) -> list[str | Path]:
    name = work.function or work.name
    words: list[str | Path] = [BUILD / "cobench", "run", "--quiet", "--no-plots", "--results", folder, "--runtime", work.runtime]
    words += ["--task", f"{WORK}/work.{'c' if work.runtime == 'c' else 'py'}:{name}"]
    if "--rounds" not in work.options:
        words += ["--rounds", "10"]
    if work.lines:
        inputs = folder / "lines.txt"
        inputs.write_text(LINE * LINES)
        words += ["--inputs", inputs]
    if work.one_cpu:
        words[:0] = ["taskset", "-c", str(min(os.sched_getaffinity(0)))]
    return [*words, *work.options]


def ask(work: Workload, folder: Path) -> list[dict]:
    """What is advised, of each group."""
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(command(work, folder), capture_output=True, text=True, timeout=LIMIT_S, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{work.name}: the run failed: {done.stderr}")
    said = subprocess.run([BUILD / "cobench", "advise", "--json", folder / "latest"], capture_output=True, text=True, timeout=LIMIT_S, check=True)
    return json.loads(said.stdout)["advice"]


def wrong_answers(work: Workload, folder: Path) -> list[str]:
    """In every group one of the best is to be taken."""
    try:
        advice = ask(work, folder)
    except subprocess.TimeoutExpired:
        return [f"no answer within {LIMIT_S} s"]
    wrong = [f"{a['group']}: {a['answer']}" for a in advice if a["take"] not in work.best.split()]
    return wrong if advice else ["nothing was advised"]


def go_on(works: list[Workload], state: dict[str, list[list[str]]], args: argparse.Namespace, folder: Path) -> None:
    """Try by try, so that the machine's moods are everybody's."""
    for number in range(args.tries):
        for at, work in enumerate(works):
            answers = state.setdefault(work.name, [])
            if len(answers) > number:
                continue
            if sys.stderr.isatty():
                print(f"\r\033[Ktry {number + 1} of {args.tries}, {at + 1} of {len(works)}: {work.name}", end="", file=sys.stderr, flush=True)
            answers.append(wrong_answers(work, folder / str(number) / work.name.replace(" ", "-")))
            for answer in answers[-1]:
                print(f"\ntry {number + 1}, {work.name}: {answer}", file=sys.stderr, flush=True)
            if args.state:
                args.state.write_text(json.dumps(state))


def report(works: list[Workload], state: dict[str, list[list[str]]]) -> int:
    tries = min(len(state.get(work.name, [])) for work in works)
    right = sum(not any(state[work.name][i] for work in works) for i in range(tries))
    enough = tries > 0 and right >= tries - tries // MAY_MISS
    print(f"\n{'workload':<31}{'expected':<25}right of tries")
    for work in works:
        answers = state.get(work.name, [])
        print(f"{work.name:<31}{' or '.join(work.best.split()):<25}{sum(not a for a in answers)} of {len(answers)}")
    for work in works:
        for answer in sum(state.get(work.name, []), []):
            print(f"WRONG {work.name}: {answer}")
    print(f"{'PASS' if enough else 'SHORT'}: all {len(works)} were right in {right} of {tries} tries")
    return 0 if enough else 1


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tries", type=int, default=20)
    parser.add_argument("--only", help="names with commas between them, or parts of names")
    parser.add_argument("--state", type=Path, help="a file that keeps the answers")
    parser.add_argument("--keep", type=Path, help="a folder that keeps the runs")
    args = parser.parse_args(argv)
    works = [w for w in WORKLOADS if args.only is None or any(part in w.name for part in args.only.split(","))]
    if not works:
        parser.error(f"--only: known are {', '.join(w.name for w in WORKLOADS)}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the run in progress is ended too
    state = json.loads(args.state.read_text()) if args.state and args.state.exists() else {}
    with tempfile.TemporaryDirectory(prefix="advice-") as folder:
        try:
            go_on(works, state, args, args.keep or Path(folder))
        except KeyboardInterrupt:
            pass
    return report(works, state)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
