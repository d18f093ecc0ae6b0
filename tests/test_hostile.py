# SPDX-License-Identifier: MIT
"""Whole runs of functions that go wrong in every way a user's may: each cell says what happened, the run goes on to its last
cell, and nothing is left running."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from driver import Run
from hosts import TEST_TASKS

IN = {"py": TEST_TASKS / "hostile.py", "c": TEST_TASKS / "hostile.so"}
PROCESSES = "processes", "process-pool"
BLOCKS = ("--model", "process-pool", "--timeout", 1)  # of what is only over with its time
CLOSED = (r"the host wrote no record, it ended with exit status \d+.*; all jobs were done, so that it may have|in job 3$|took a worker for dead"
          "|exited with status 1 while running job 3|nothing to check against|all jobs had ended, but not")
TIME = "time ran out after 1 s|timed out after 1 s|not tried, as job 3 did not return in "
RUNNING = r"(in job 3|while job \d and \d more were running)$"
LEFT = "it left 100 processes running|all jobs had ended, but not their workers or what those started"

# What it does, in which languages, what else is said to the run, what every cell says, and those of the process models.
CASES = [
    ("segfault", ("py", "c"), (), r"the process was ended by signal 11 \(SIGSEGV\) " + RUNNING, r"killed by signal 11 \(SIGSEGV\) while running job 3"),
    ("leaves", ("py",), (), "job 3: SystemExit: 0", None),
    ("leaves", ("c",), (), "the function ended the process with exit status 0 " + RUNNING, "exited with status 0 while running job 3"),
    ("ends", ("py", "c"), (), "the function ended the process with exit status 0 " + RUNNING, "exited with status 0 while running job 3"),
    ("forks", ("py", "c"), ("--model", "thread-pool,processes,process-pool"), LEFT, None),
    ("closes", ("py", "c"), ("--model", "thread-pool,process-pool", "--timeout", 3), CLOSED, None),
    ("endless", ("py", "c"), BLOCKS, TIME, None),
    ("deaf", ("py", "c"), BLOCKS, TIME, None),
    ("changes", ("py",), ("--model", "thread-pool"), r"the function gives another result each time: (py|embed):sync, job 0 gave \d+, but \d+ in the run before; 4 more differ", None),
]  # fmt: skip


def run(results: Path, task: str, *words: object, status: int = 1) -> Run:
    return Run(results, "--task", task, "--jobs", 5, "--workers", 2, "--rounds", 1, "--timeout", 20, *words, status=status)


def running(marker: str) -> list[str]:
    """The commands of processes that have it among their words."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it has just ended
        found += [words] if marker in words else []
    return found


@pytest.mark.parametrize("name, language, words, says, processes_say",
                         [pytest.param(name, language, *case, id=f"{name}-{language}")
                          for name, languages, *case in CASES for language in languages])
def test_what_a_function_does_stands_in_its_cells(name, language, words, says, processes_say, tmp_path):
    results = tmp_path / "results"
    done = run(results, f"{IN[language]}:{name}", *words)
    assert running(str(results)) == [] and running(f"hostile.{'py' if language == 'py' else 'so'}:{name}") == []
    cells = [cell for cell in done.cells if name != "changes" or not cell["model"] == "sync"]
    assert len({(cell["runtime"], cell["model"]) for cell in done.cells}) == len(done.cells) >= 4
    for cell in cells:
        wanted = processes_say if cell["model"] in PROCESSES and processes_say else says
        assert re.search(wanted, cell["note"] or ""), (cell["runtime"], cell["model"], cell["note"])


def test_the_rest_is_left_out_where_two_models_never_returned(tmp_path):
    done = run(tmp_path, f"{IN['py']}:endless", "--runtime", "py", "--timeout", 1)
    said = [cell["note"] for cell in done.cells]
    assert sum("time ran out" in note or "timed out" in note for note in said) == 2 < len(said)
    assert sum("not tried, as job 3 did not return in py:sync and py:" in note for note in said) == len(said) - 2


def test_a_value_that_cannot_be_pickled_fails_where_it_would_have_to_be(tmp_path):
    done = run(tmp_path, f"{IN['py']}:unsendable", "--model", "thread-pool,processes,process-pool")
    for cell in done.cells:
        wrong = cell["runtime"] == "py" and cell["model"] in PROCESSES
        assert ("Can't pickle" in (cell["note"] or "")) == wrong, cell


@pytest.mark.parametrize("name", ("floods", "prints"))
def test_what_it_prints_is_nowhere(name, tmp_path):
    done = run(tmp_path, f"{IN['py']}:{name}", "--runtime", "py", "--model", "process-pool", status=0)
    assert {sample["status"] for sample in done.samples} == {"ok"}
    assert "of the function" not in done.done.stdout + done.done.stderr
    assert sum(path.stat().st_size for path in done.folder.rglob("*") if path.is_file()) < 10 << 20


@pytest.mark.parametrize("where, status, says", [
    ("def setup(): ", 1, "setup() raised ValueError: no stock"),
    ("def teardown(): ", 1, "teardown() raised ValueError: no stock"),
    ("", 2, "does not load: ValueError: no stock"),
])
def test_what_raises_around_the_function(where, status, says, tmp_path):
    file = tmp_path / "own.py"
    file.write_text(f"def own(job): return job\n{where}raise ValueError('no stock')\n")
    done = run(tmp_path / "results", f"{file}:own", "--runtime", "py", "--model", "threads,process-pool", status=status)
    if status == 2:
        assert says in done.done.stderr
    else:
        assert all(says in cell["note"] for cell in done.cells)
