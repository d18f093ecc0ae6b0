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
BOTH = {"py": "py,embed", "c": "c,ext"}  # the runtimes of a language
PROCESSES = "processes", "process-pool"
BLOCKS = ("--model", "process-pool", "--timeout", 1)  # of what is only over with its time
CLOSED = (r"the host wrote no record, it ended with exit status \d+.*; (all jobs were done, so that it may have|\d of 5 jobs were done$)|in job 3$|took a worker for dead"
          "|exited with status 1 while (running job 3|it ran no job)|nothing to check against|all jobs had ended, but not")
TIME = "time ran out after 1 s|timed out after 1 s|not tried, as job 3 did not return in "
RUNNING = r"(in job 3|while job \d and \d more were running)$"
LEFT = "it left 100 processes running|all jobs had ended, but not their workers or what those started"

# What it does, in which languages, what else is said to the run, what every cell says, and those of the process models.
CASES = [
    ("segfault", ("py", "c"), (), r"the process was ended by signal 11 \(SIGSEGV\) " + RUNNING, r"killed by signal 11 \(SIGSEGV\) while running job 3"),
    ("leaves", ("py",), (), r"job 3: called sys.exit\(0\) \(line \d+\)", None),
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
    done = run(results, f"{IN[language]}:{name}", "--runtime", BOTH[language], *words)
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
        assert ("between the processes: Can't " in (cell["note"] or "")) == wrong, cell  # "pickle"; "get" in CPython 3.13


@pytest.mark.parametrize("name", ("floods", "prints"))
def test_what_it_prints_is_nowhere(name, tmp_path):
    done = run(tmp_path, f"{IN['py']}:{name}", "--runtime", "py", "--model", "process-pool", status=0)
    assert {sample["status"] for sample in done.samples} == {"ok"}
    assert "of the function" not in done.done.stdout + done.done.stderr
    assert sum(path.stat().st_size for path in done.folder.rglob("*") if path.is_file()) < 10 << 20


SIGNATURE = "; it has to be uint64_t f(uint64_t job), with --inputs int f(const char *line, size_t length, uint64_t *result)"
TOLD = [
    ("own.py:own", 2, "def own(job): return job\nimport no_such_module", "line 2 of own.py imports 'no_such_module', which this Python"),
    ("own.py", 2, "def own(job): return job", "NAME is missing or no str; to run a function of it, name it: "),
    ("own.py:own", 1, "def own(): return 1", "TypeError: own() takes 0 positional arguments but 1 was given; it is called with one"),
    ("own.py:own", 1, "def own(job):\n    raise ValueError('bad')", "the py host: a first call of own: ValueError: bad (line 2)\n"),
    ("own.py:own", 1, "import os\ndef own(job): os._exit(3)", "a first call of own: it ended the process with exit status 3\n"),
    ("own.c", 2, "int own(int job) { return job; }", "has no symbol 'cobench_task'; to run a function of it, name it: FILE:SYMBOL"),
    ("own.c:own", 1, "int own(char *text) { return text[0]; }", "the process was ended by signal 11" + SIGNATURE),
    ("own.c:own", 1, "int own(char *a, int b) { return 7; }", "a first call of own: own returned 7" + SIGNATURE),
]  # fmt: skip


@pytest.mark.parametrize("task, status, text, says", TOLD)
def test_a_function_that_cannot_be_called_is_told_at_once(task, status, text, says, tmp_path):
    (tmp_path / task.partition(":")[0]).write_text(text + "\n")
    inputs = ("--inputs", tmp_path / "own.c") if "returned" in says else ()
    done = run(tmp_path / "results", f"{tmp_path}/{task}", *inputs, status=status)
    assert says in done.done.stderr and not (tmp_path / "results").exists()


def test_a_command_without_its_inputs_is_told_by_a_host_that_runs_it(tmp_path):
    done = Run(tmp_path / "results", "--command", "cat {input}", status=2)
    assert "the c host: the command's {input} needs --inputs FILE\n" in done.done.stderr


@pytest.mark.parametrize("where, status, says", [
    ("def setup(): ", 1, "setup() raised ValueError: no stock"),
    ("def teardown(): ", 1, "teardown() raised ValueError: no stock"),
    ("", 2, "does not load: ValueError: no stock"),
])
def test_what_raises_around_the_function(where, status, says, tmp_path):
    file = tmp_path / "own.py"
    file.write_text(f"def own(job): return job\n{where}raise ValueError('no stock')\n")
    done = run(tmp_path / "results", f"{file}:own", "--runtime", "py", "--model", "threads,process-pool", status=status)
    if "teardown" not in where:
        assert says in done.done.stderr and not (tmp_path / "results").exists()
    else:
        assert all(says in cell["note"] for cell in done.cells)
