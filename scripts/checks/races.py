# SPDX-License-Identifier: MIT
"""
Which variants of the tasks that change something in common race, as ThreadSanitizer sees it: those that are meant to, with the line
that does, and no other. Of a build with -fsanitize=thread, as `make tsan` makes it:

    COBENCH_BUILD=build/tsan python3 scripts/checks/races.py
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = (ROOT / os.environ.get("COBENCH_BUILD", "build/tsan")).resolve()
MODELS = ("threads", "thread-pool")
LIMIT_S = 120
TRIES = 5  # of one that races: on a busy machine a single worker may have done all jobs before the other began
REPORT = "WARNING: ThreadSanitizer: data race"

# Of each task its settings, and the values of `lock`, true where they race.
TASKS = {
    "bank": (("transfers=20000", "hold=200"),
             {"none": True, "one": False, "striped": False, "atomic": False, "ordered": False, "unordered": False}),
    "counter": (("adds=200000",), {"none": True, "one": False, "atomic": False, "own": False, "adjacent": False}),
    "cache": (("entries=4", "reads=200000", "writes=300"),
              {"none": True, "mutex": False, "rwlock": False, "copies": False, "swap": False}),
}  # fmt: skip


def reports(task: str, model: str, lock: str, settings: tuple[str, ...]) -> tuple[str, int]:
    """What ThreadSanitizer says of one run, and the run's status: of one in which two wait for each other's locks 1."""
    words = [word for setting in (*settings, f"lock={lock}") for word in ("--set", setting)]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [BUILD / "cobench-host", "run", "--task", task, "--model", model, "--workers", "2", "--jobs", "4", *words, "--slots",
             f"{folder}/slots", "--record", f"{folder}/record"],
            env=os.environ | {"TSAN_OPTIONS": "exitcode=66"}, stderr=subprocess.PIPE, text=True, timeout=LIMIT_S, check=False,
        )  # fmt: skip
    return done.stderr, done.returncode


def trouble(task: str, lock: str, races: bool, said: str, status: int) -> str | None:
    """What is not as it has to be; None if nothing."""
    if races:
        return None if REPORT in said and f"{task}.c:" in said and status == 66 else "no race is reported in it"
    if "ThreadSanitizer" in said:
        return "a report: " + said[said.index("ThreadSanitizer") :].splitlines()[0]
    return None if status == 0 or (status, lock) == (1, "unordered") else f"status {status}"


def main() -> int:
    wrong = 0
    for task, (settings, locks) in TASKS.items():
        for lock, races in locks.items():
            for model in MODELS:
                for _ in range(TRIES if races else 1):
                    found = trouble(task, lock, races, *reports(task, model, lock, settings))
                    if found is None:
                        break
                wrong += found is not None
                print(f"{task:8} {lock:10} {model:12} {'FAIL: ' + found if found else 'races' if races else 'no race'}", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
