# SPDX-License-Identifier: MIT
"""
Are free threading and interpreters with locks of their own sound here? Runs the hosts of each build N times a model: the model
`interpreters` wherever it can run, and every model where the interpreter is a free-threaded one. A crash, a hang, a job that is
not done once, a result that is not the C host's, or a lock that was switched on again is a failure.

    python3 scripts/checks/pythons.py [--runs 1000] [--only embed:interpreters,...] BUILD...
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from py_impl import slots  # noqa: E402

TASKS = (("null", "--jobs", "200"), ("count", "--jobs", "8", "--set", "size=20000"), ("wordcount", "--jobs", "8"),
         ("factorize", "--jobs", "8", "--set", "divide=1000"), ("wait", "--jobs", "8", "--set", "delay=1"))  # fmt: skip
TIMEOUT_S = 60  # of one run, which takes 0.1 to 0.5 s; twice that and it is killed
NAMED = 20  # failures in full


@dataclass(frozen=True)
class Variant:
    name: str  # of a build's interpreter, and runtime:model
    program: tuple[str, ...]
    model: str
    build: Path
    lock: bool  # may be on


def listing(program: tuple[str, ...], build: Path) -> dict:
    done = subprocess.run([*program, "list", "--json"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=TIMEOUT_S,
                          env=os.environ | {"COBENCH_BUILD": str(build)})
    return json.loads(done.stdout)


def variants(build: Path) -> list[Variant]:
    """What there is to run in a build: of its own interpreter, and of those that `make PYTHONS=` added."""
    added = sorted((build / "pythons").iterdir()) if (build / "pythons").is_dir() else []
    return [variant for of in (build / "python", *added) for variant in variants_of(build, of)]


def variants_of(build: Path, of: Path) -> list[Variant]:
    python = (of.read_text().strip(), "-s", "-E", "-m")
    embed = build / ("cobench-host-embed" if of.name == "python" else f"cobench-host-embed-{of.name}")
    if not embed.exists():
        return []  # one without headers has nothing of its own
    found = []
    for runtime, program in (("embed", (str(embed),)), ("ext", (*python, "py_impl.ext")), ("py", (*python, "py_impl"))):
        offer = listing(program, build)
        lock = offer["build"]["gil"] == "yes"
        name = f"{offer['build']['python']}{'' if lock else 't'} {runtime}"
        found += [Variant(f"{name}:{model['name']}", program, model["name"], build, lock) for model in offer["models"]
                  if not model["extra"] and (model["name"] == "interpreters" or not lock)]
    return found


def results(path: Path) -> list[int]:
    """Of a slots file in which every job was done once."""
    rows = [dict(zip(slots.FIELDS, row)) for row in slots.SLOT.iter_unpack(path.read_bytes()[slots.HEADER_BYTES :])]
    wrong = sum((row["state"], row["runs"]) != (slots.DONE, 1) for row in rows)
    if wrong:
        raise ValueError(f"{wrong} of {len(rows)} jobs were not done, or not once")
    return [row["result"] for row in rows]


def run_once(program: tuple[str, ...], model: str, task: tuple[str, ...], build: Path, folder: Path, workers: int) -> tuple[list[int], dict]:
    """The results and the record; ValueError with what is wrong."""
    words = [*program, "run", "--task", *task, "--model", model, "--workers", str(workers), "--timeout", str(TIMEOUT_S),
             "--slots", str(folder / "slots"), "--record", str(folder / "record")]  # fmt: skip
    try:
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=2 * TIMEOUT_S,
                              env=os.environ | {"COBENCH_BUILD": str(build)})
    except subprocess.TimeoutExpired:
        raise ValueError(f"still there after {2 * TIMEOUT_S} s") from None
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        raise ValueError(f"exit status {done.returncode}: {said[0] if said else ''}")
    return results(folder / "slots"), json.loads((folder / "record").read_text())


def check(variant: Variant, task: tuple[str, ...], right: list[int], folder: Path, workers: int) -> None:
    found, record = run_once(variant.program, variant.model, task, variant.build, folder, workers)
    if found != right:
        raise ValueError("wrong results")
    if record["python"]["gil"] and not variant.lock:
        raise ValueError("the lock was on at the end")


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", nargs="+", type=lambda text: Path(text).resolve())
    parser.add_argument("--runs", type=int, default=1000, help="of each variant")
    parser.add_argument("--only", help="RUNTIME:MODEL,...")
    given = parser.parse_args(argv)
    every = [variant for build in given.build for variant in variants(build)
             if given.only is None or variant.name.partition(" ")[2] in given.only.split(",")]  # fmt: skip
    if not every:
        print("no build here is free-threaded or has interpreters with locks of their own: there is nothing to check")
        return 77
    failures: Counter[str] = Counter()
    told: list[str] = []
    choose = random.Random(1)
    with tempfile.TemporaryDirectory(prefix="cobench-pythons-") as name:
        folder = Path(name)
        host = (str(given.build[0] / "cobench-host"),)
        right = {task: run_once(host, "sync", task, given.build[0], folder, 1)[0] for task in TASKS}
        for number in range(1, given.runs + 1):
            for variant in every:
                task = choose.choice(TASKS)
                try:
                    check(variant, task, right[task], folder, choose.randint(2, 4))
                except ValueError as error:
                    failures[variant.name] += 1
                    told.append(f"{variant.name}, {task[0]}, run {number}: {error}")
                    print(f"\nFAILED {told[-1]}", flush=True)
            print(f"\r{number} of {given.runs} runs of {len(every)} variants, {failures.total()} failed", end="", flush=True)
    print()
    for variant in every:
        print(f"{'SHORT' if failures[variant.name] else 'PASS '}  {variant.name:<30} {failures[variant.name]} of {given.runs} failed")
    for line in told[:NAMED]:
        print(line)
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
