# SPDX-License-Identifier: MIT
"""
Are the hazards named, and only they? Four checks of real runs, in C and in Python:

    deadlocks   `nested`, whose 8 parents wait for 8 children, with 2 workers that block: named within a second, each time
    cures       the same in `async`, with --join help and with 9 workers: done, with the results of `sync`
    alarms      `tree` and `pipeline` in models that can do them, with tiny jobs: done, each time
    bank        a million transfers without a lock by two workers lose some each time; with a lock none ever, in any model

    python3 scripts/checks/hazards.py [--tries 20] [--runs 1000] [--only deadlocks,alarms]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = (ROOT / os.environ.get("COBENCH_BUILD", "build")).resolve()
sys.path.insert(0, str(ROOT))

from py_impl import slots  # noqa: E402

HOSTS = {"c": (str(BUILD / "cobench-host"),), "py": (sys.executable, "-s", "-E", "-m", "py_impl")}
TIMEOUT_S, LIMIT_S = 60, 120  # of one run: when the host ends it, and when it is killed
WITHIN_S = 1.0
PARENTS = 8
NESTED = ("--task", "nested", "--jobs", str(2 * PARENTS))
LOCKED = re.compile(r"deadlock: 2 of 2 workers wait for jobs 8 (to|and) 9, which no worker is free to run; "
                    r"at least 9 workers, --join help or async may do")
POOLS = ("thread-pool", "process-pool")


@dataclass(frozen=True)
class Done:
    status: int
    record: dict
    results: list[int]

    @property
    def why(self) -> str:
        return self.record.get("reason") or f"exit status {self.status}"

    @property
    def work_s(self) -> float:
        """From the gate to the record."""
        phases = self.record["phases"]
        return (phases["end"] - phases["ready"]) / 1e9


@dataclass
class Check:
    folder: Path
    tries: int
    runs: int
    short: list[str] = field(default_factory=list)

    def run(self, host: str, *words: object) -> Done:
        record, file = self.folder / "record", self.folder / "slots"
        record.unlink(missing_ok=True)
        command = [*HOSTS[host], "run", *map(str, words), "--timeout", str(TIMEOUT_S), "--slots", file, "--record", record]
        done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT_S, check=False,
                              env=os.environ | {"COBENCH_BUILD": str(BUILD)})  # fmt: skip
        told = json.loads(record.read_text()) if record.exists() else {"reason": done.stderr.strip() or "no record"}
        data = file.read_bytes() if done.returncode == 0 else b""
        found = [slots.SLOT.unpack_from(data, at)[0] for at in range(slots.HEADER_BYTES, len(data), slots.SLOT_BYTES)]
        return Done(done.returncode, told, found)

    def say(self, what: str, right: int, of: int, more: str = "") -> None:
        """One line; what was right less often than tried is short."""
        if right < of:
            self.short.append(what)
        print(f"{'PASS ' if right == of else 'SHORT'}  {what:<62} {right:>5} of {of}{more and f'   {more}'}", flush=True)

    def count(self, what: str, tries: int, attempt: Callable[[], str]) -> None:
        """How many of so many attempts had nothing to say against them."""
        wrong = [fault for fault in (attempt() for _ in range(tries)) if fault]
        self.say(what, tries - len(wrong), tries, wrong[0] if wrong else "")


def check_deadlocks(check: Check) -> None:
    for host in HOSTS:
        for model in POOLS:
            took, named, other = [0.0], 0, ""
            for _ in range(check.tries):
                done = check.run(host, *NESTED, "--model", model, "--workers", 2)
                if done.status == 1 and LOCKED.fullmatch(done.why):
                    took.append(done.work_s)
                    named += done.work_s <= WITHIN_S
                else:
                    other = done.why
            check.say(f"{host}:{model} of 2, nested: named", named, check.tries, other or f"at the latest after {max(took):.2f} s")


def finished(check: Check, host: str, right: Sequence[int], *words: object) -> str:
    done = check.run(host, *words)
    return done.why if done.status != 0 else "" if done.results == right else "wrong results"


def check_cures(check: Check) -> None:
    right = check.run("c", *NESTED, "--model", "sync").results
    ways = [("async", 2, ()), *((model, 2, ("--join", "help")) for model in POOLS), *((model, PARENTS + 1, ()) for model in POOLS)]
    for host in HOSTS:
        for model, workers, words in ways:
            what = f"{host}:{model} of {workers} {' '.join(words)}".rstrip() + ", nested: done"
            given = (*NESTED, "--model", model, "--workers", workers, *words)
            check.count(what, check.tries, lambda: finished(check, host, right, *given))


# In these `tree` can be done by any number of workers, `pipeline`, whose jobs need earlier ones, in all.
TREE_WAYS = (("sync",), ("async",), ("thread-pool", "--join", "help"), ("process-pool", "--join", "help"), ("threads", "--join", "help"))
PIPELINE_WAYS = (*TREE_WAYS, ("thread-pool",), ("process-pool",), ("threads",), ("processes",))
ALARMS = (("tree", TREE_WAYS, (("steps=0",), ("steps=100",), ("steps=3000",))),
          ("pipeline", PIPELINE_WAYS, (("steps=10", "delay=0"), ("steps=0", "delay=30"), ("bound=1", "delay=100"))))  # fmt: skip


def check_alarms(check: Check) -> None:
    choose = random.Random(1)
    right: dict[tuple[str, ...], list[int]] = {}

    def attempt(task: str, ways: Sequence[tuple[str, ...]], sets: Sequence[tuple[str, ...]]) -> str:
        host, way = choose.choice(sorted(HOSTS)), choose.choice(ways)
        params = (word for pair in choose.choice(sets) for word in ("--set", pair))
        words = ("--task", task, "--jobs", choose.choice(("15", "60", "127")), *params)
        if words not in right:
            right[words] = check.run("c", *words, "--model", "sync").results
        fault = finished(check, host, right[words], *words, "--model", *way, "--workers", choose.randint(2, 8))
        return fault and f"{host}:{' '.join(way)}: {fault}"

    for row in ALARMS:
        check.count(f"{row[0]}: done, no alarm", check.runs, lambda: attempt(*row))


# -- bank -----------------------------------------------------------------------------------------------------------------

LOCKS = ("one", "striped", "atomic", "ordered")
MILLION, FEWER = 1_000_000, 20_000


def models_of(host: str) -> Iterator[str]:
    done = subprocess.run([*HOSTS[host], "list", "--json"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=LIMIT_S,
                          env=os.environ | {"COBENCH_BUILD": str(BUILD)})  # fmt: skip
    return (row["name"] for row in json.loads(done.stdout)["models"])


def bank(lock: str, transfers: int) -> tuple[str, ...]:
    return "--task", "bank", "--set", f"lock={lock}", "--set", f"transfers={transfers}"


def check_bank(check: Check) -> None:
    for host, model in (("c", "thread-pool"), ("c", "process-pool")):
        lost: list[int] = []

        def loses() -> str:
            # Work enough that no worker has done it all before the other one begins, on a busy machine too.
            done = check.run(host, *bank("none", MILLION), "--set", "hold=100", "--model", model, "--workers", 2)
            lost.append(done.record.get("audit", {}).get("wrong", 0))
            return done.why if done.status != 0 else "" if lost[-1] > 0 else "lost none"

        check.count(f"{host}:{model} of 2, bank without a lock: loses", check.tries, loses)
        print(f"       {'':<62} {min(lost):,} to {max(lost):,} of {2 * MILLION:,} changes lost", flush=True)
    for host in HOSTS:
        for model in models_of(host):
            check_locks(check, host, model)


def check_locks(check: Check, host: str, model: str) -> None:
    """All of them in one row; what cannot be here is said, once for each reason."""
    here, reasons = [], {}
    for lock in LOCKS:
        words = (*bank(lock, MILLION if host == "c" else FEWER), "--model", model, "--workers", 2)
        first = check.run(host, *words)
        if first.status == 77:
            reasons.setdefault(first.why, []).append(lock)
        else:
            here.append((lock, words))
    for why, locks in reasons.items():
        print(f"       {host}:{model}, bank, {', '.join(locks)}: not here: {why}", flush=True)

    def keeps() -> str:
        for lock, words in here:
            done = check.run(host, *words)
            fault = done.why if done.status != 0 else done.record["audit"]["finding"]
            if fault:
                return f"{lock}: {fault}"
        return ""

    if here:
        check.count(f"{host}:{model}, bank, {', '.join(lock for lock, _ in here)}: loses none", check.tries, keeps)


CHECKS = {"deadlocks": check_deadlocks, "cures": check_cures, "alarms": check_alarms, "bank": check_bank}


def names(text: str) -> list[str]:
    wrong = [name for name in text.split(",") if name not in CHECKS]
    if wrong:
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(wrong)} (known: {', '.join(CHECKS)})")
    return text.split(",")


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tries", type=int, default=20, help="of each row (default %(default)s)")
    parser.add_argument("--runs", type=int, default=1000, help="of tree and of pipeline (default %(default)s)")
    parser.add_argument("--only", type=names, default=list(CHECKS), metavar="CHECK,...", help="these checks")
    given = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="cobench-hazards-") as folder:
        check = Check(Path(folder), given.tries, given.runs)
        for name in given.only:
            CHECKS[name](check)
    print(f"short: {', '.join(check.short)}" if check.short else "all as it should be")
    return 1 if check.short else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
