# SPDX-License-Identifier: MIT
"""The command that a page prints to make its run again: the plan it makes is the plan of the run."""

import html
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from driver import Run, cobench

SUITE = """[suite]
rounds = 1
runtimes = c, py

[group "large & slow"]
task = count
jobs = 4
workers = jobs
set.size = 1001
runtimes = py
models = processes
start-method = spawn

[group points]
task = null
jobs = 2, 6
workers = 1, 4
runtimes = c
models = threads
"""

C_POOL = ("--runtime", "c", "--model", "thread-pool")
ONE = ("--rounds", "1")
SETS = {
    "no seed": ("--task", "null", *C_POOL, *ONE, "--margin", "0%"),
    "weak": ("--task", "count", *C_POOL, "--set", "size=1000", "--jobs", "1,3", "--workers", "1,2", "--scaling", "weak", *ONE),
    "open loop": ("--task", "wait", *C_POOL, "--set", "delay=1", "--jobs", "4", "--rate", "123.4", "--arrivals", "poisson", *ONE),
    "text to quote": ("--task", "wordcount", *C_POOL, "--jobs", "2", "--set", "word=it's&<b>", "--seed", "7", *ONE),
}  # fmt: skip


def measure(results: Path, *words: object) -> Path:
    return Run(results, "--quiet", *words).folder


def command(run: Path) -> str:
    """As it stands under "Make it again"; the first of the two blocks is for tables and pictures."""
    page = (run / "index.html").read_text()
    blocks = re.findall(r"<pre tabindex=\"0\"><code>(.*?)</code>", page[page.index('id="again"'):], flags=re.DOTALL)
    return html.unescape(blocks[-1]).strip()


def plan(run: Path) -> dict[str, Any]:
    made = json.loads((run / "plan.json").read_text())
    return {key: value for key, value in made.items() if key not in {"created", "argv"}}


def check(tmp_path: Path, *words: object) -> None:
    run = measure(tmp_path / "run", *words)
    line = shlex.split(command(run))
    assert line[:2] == ["build/cobench", "run"]
    assert plan(measure(tmp_path / "again", *line[2:])) == plan(run)


@pytest.mark.parametrize("name", sorted(SETS))
def test_the_printed_command_makes_the_same_plan(tmp_path: Path, name: str) -> None:
    check(tmp_path, *SETS[name])


def test_a_suite_file(tmp_path: Path) -> None:
    (tmp_path / "own.ini").write_text(SUITE)
    check(tmp_path, "--suite", tmp_path / "own.ini")


def test_a_run_of_before_says_that_it_is_unknown(tmp_path: Path) -> None:
    run = measure(tmp_path, *SETS["no seed"])
    made = json.loads((run / "plan.json").read_text())
    del made["argv"]
    (run / "plan.json").write_text(json.dumps(made))
    assert cobench("report", "--quiet", "--no-plots", run).returncode == 0
    assert command(run) == "# unknown: this run does not keep its command line"
