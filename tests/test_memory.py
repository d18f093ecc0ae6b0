# SPDX-License-Identifier: MIT
"""A known amount of memory is found again within 5%, by the driver, under every runtime: held by threads, by forked
workers that share it and by workers that each have their own; in runs that are polled and in runs too short for that."""

import shutil
from pathlib import Path

import pytest

from driver import Run
from hosts import BUILD

WORKERS = 3
MB = 64  # what others begin or end to share with a host meanwhile, such as libpython, is a few per cent of it at most
POOLS = ("thread-pool", "process-pool")


@pytest.fixture(scope="module")
def tasks(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("tasks")
    for suffix in (".so", ".py"):
        shutil.copy(BUILD / "test-tasks" / f"hoard{suffix}", folder)
    return folder


def summary(results: Path, tasks: Path, *words: object) -> dict[str, dict]:
    """The cells of a run by "runtime:model"."""
    run = Run(results, "--quiet", "--rounds", 1, "--tasks", tasks, "--task", "hoard", "--jobs", WORKERS, "--workers", WORKERS, *words)
    return {f"{cell['runtime']}:{cell['model']}": cell for cell in run.cells}


def expect(variant: str, whose: str) -> int:
    """How many times MB there are at once."""
    model = variant.partition(":")[2]
    return 1 if whose == "all" or model in ("sync", "async") else WORKERS


def check(found: dict[str, dict], empty: dict[str, dict], whose: str) -> None:
    for variant, cell in found.items():
        times = (cell["peak_pss_bytes"] - empty[variant]["peak_pss_bytes"]) / (MB << 20)
        assert times == pytest.approx(expect(variant, whose), rel=0.05), variant


def test_in_the_hold_of_pools(tasks, tmp_path):
    """No job takes any time, so that nothing but the hold can see what the workers have."""
    words = ("--model", ",".join(POOLS))
    empty = summary(tmp_path / "empty", tasks, *words)
    assert len(empty) == 4 * 3
    for whose in ("all", "worker"):
        full = summary(tmp_path / whose, tasks, *words, "--set", f"mb={MB}", "--set", f"whose={whose}")
        check(full, empty, whose)


def test_while_jobs_wait(tasks, tmp_path):
    """Models that start a thread or a process for each job have their peak in the middle of the work."""
    words = ("--model", "threads,processes,async", "--runtime", "c,py", "--set", "delay=250")
    empty = summary(tmp_path / "empty", tasks, *words)
    assert len(empty) == 2 * 4
    for whose in ("all", "worker"):
        full = summary(tmp_path / whose, tasks, *words, "--set", f"mb={MB}", "--set", f"whose={whose}")
        check(full, empty, whose)
        assert all(cell["memory_samples"] > 0 for cell in full.values())


def test_a_cell_shorter_than_the_sampling_says_so(tmp_path):
    """The samples are counted by the record's own stamps: none lies within the work of eight empty jobs."""
    run = Run(tmp_path, "--quiet", "--rounds", 1, "--task", "null", "--runtime", "c", "--model", "sync")
    (cell,), first, timed = run.cells, run.samples[0], run.samples[-1]
    assert cell["memory_samples"] == 0 and cell["peak_pss_bytes"] > 0
    assert "| ≥" in (run.folder / "summary.md").read_text()
    assert first["memory"]["looks"] >= 1 and first["memory"]["looks_in_work"] == 0
    assert 0 < first["memory"]["held_pss_bytes"] <= first["peak_pss_bytes"]
    assert timed["pass"] == "timed" and timed["memory"] is None  # nobody samples it there, and no pause holds it
