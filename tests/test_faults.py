# SPDX-License-Identifier: MIT
"""Each planted fault of `make check-faults` once (scripts/checks/faults.py), so that the check itself does not rot. How often
a fault is found is measured there, on a quiet machine; here some have another try, because this one may be busy."""

import os
import random
import re
import subprocess
import sys

import pytest

from hosts import BUILD, ROOT

sys.path.insert(0, str(ROOT / "scripts" / "checks"))
import faults  # noqa: E402

# Rows that have tests of their own, here or of the hosts; two of a queue's are enough to show that its check works.
LATER = ("slower", "pretends", "queue-stalled", "queue-poisoned", "queue-gone", "queue-full",
         *(row.key for row in faults.ROWS if row.key.startswith(("celery-", "dask-"))))  # fmt: skip
# The rows whose faults a busy machine can hide.
AGAIN = {"sleeps": 3, "hot": 3, "origin": 3, "nested-pool": 3, "unbounded-queue": 3}


def attempt(row, folder, seed):
    folder.mkdir()
    try:
        return row.attempt(faults.Planter(BUILD, folder, random.Random(seed)))
    except faults.NotHere as reason:
        pytest.skip(str(reason))


@pytest.mark.parametrize("row", [r for r in faults.ROWS if r.key not in LATER], ids=lambda r: r.key)
def test_a_planted_fault_is_named(row, tmp_path):
    named = []
    for k in range(AGAIN.get(row.key, 1)):
        done = attempt(row, tmp_path / str(k), f"{row.key} {k} {os.getpid()}")
        named.append(done.named)
        if done.found:
            return
    pytest.fail("; ".join(named))


def pretend(kind, folder):
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("one CPU: no capacity row")
    row = next(r for r in faults.ROWS if r.key == "pretends")
    seed = next(seed for seed in range(100) if random.Random(seed).choice(("pool", "task", "stamps")) == kind)
    return attempt(row, folder / "project", seed)


def test_a_pool_whose_threads_take_turns_is_called_serial(tmp_path):
    done = pretend("pool", tmp_path)
    assert done.found, done.named


@pytest.mark.parametrize("kind", ["task", "stamps"])
def test_turns_are_seen_in_the_cpu_time(kind, tmp_path):
    """Whether they are marked depends on how many CPUs a busy machine had to give; the numbers have to be there."""
    done = pretend(kind, tmp_path)
    assert done.found or re.search(f"{kind}: (not found|off-cpu), in flight 2, CPUs [0-9]", done.named), done.named


@pytest.mark.parametrize("model, runs", [("sync", 200), ("same", 200), ("slower", 206)])
def test_the_slower_model_does_three_percent_more(model, runs, tmp_path):
    log = tmp_path / "log"
    done = subprocess.run(
        [BUILD / "cobench-host-faulty", "run", "--task", BUILD / "test-tasks" / "calls.so", "--set", f"log={log}", "--jobs",
         "200", "--workers", "1", "--model", model, "--slots", tmp_path / "slots", "--record", tmp_path / "record"],
        capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert sum(call.startswith("r") for call in log.read_text().split()) == runs


def test_the_script_wants_known_names():
    done = subprocess.run([sys.executable, ROOT / "scripts/checks/faults.py", "--only", "slower,nosuch"], capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 2 and "unknown: nosuch" in done.stderr
