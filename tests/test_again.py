# SPDX-License-Identifier: MIT
"""The commands that a page prints to make its run again: the plan they make is the plan of the run."""

from __future__ import annotations

import html
import http.server
import json
import re
import shlex
import shutil
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from py_host import BUILD, ROOT, SECONDS

SUITE = """[suite]
rounds = 1
timeout = 45
runtimes = c, py

[group small]
task = count
jobs = 3
set.size = 1000
models = thread-pool

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
    "margin and timeout": ("--task", "null,count", *C_POOL, "--jobs", "4", "--workers", "2", "--set", "size=1000", *ONE,
                           "--margin", "2.3%", "--timeout", "33.5", "--seed", "7"),
    "margin of nothing": ("--task", "null", *C_POOL, *ONE, "--margin", "0%"),
    "strong": ("--task", "null", *C_POOL, "--jobs", "2,8", "--workers", "1,jobs", *ONE),
    "weak": ("--task", "count", *C_POOL, "--set", "size=1000", "--jobs", "1,3", "--workers", "1,2", "--scaling", "weak", *ONE),
    "weak, a list of no product": ("--task", "count", *C_POOL, "--set", "size=1000", "--jobs", "2,3", "--workers", "jobs",
                                   "--scaling", "weak", *ONE),
    "jobs": ("--task", "null", *C_POOL, "--jobs", "5,2,9", "--workers", "2", *ONE),
    "prices": ("--task", "null", *C_POOL, "--workers", "3,1,2", "--scaling", "prices", "--jobs", "2", *ONE),
    "open loop": ("--task", "wait", *C_POOL, "--set", "delay=1", "--jobs", "4", "--rate", "123.4", "--arrivals", "poisson", *ONE),
    "spawn": ("--task", "null", "--runtime", "py", "--model", "process-pool", "--start-method", "spawn", "--jobs", "2", *ONE),
    "budget": ("--task", "null", *C_POOL, "--budget", "1.5s"),
    "rounds and precision": ("--task", "null", *C_POOL, "--rounds", "2", "--precision", "12.5%"),
    "text to quote": ("--task", "wordcount", *C_POOL, "--jobs", "2", "--set", "word=it's&<b>", *ONE),
}  # fmt: skip


def measure(results: Path, *words: object) -> Path:
    done = subprocess.run([BUILD / "cobench", "run", "--quiet", "--no-plots", "--results", results, *map(str, words)], cwd=ROOT,
                          capture_output=True, text=True, timeout=4 * SECONDS, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return (results / "latest").resolve()


def commands(run: Path) -> list[list[str]]:
    """As they stand under "Make it again"; the first of the three blocks is for tables and pictures."""
    page = (run / "index.html").read_text()
    blocks = re.findall(r"<pre tabindex=\"0\"><code>(.*?)</code>", page[page.index('id="again"'):], flags=re.DOTALL)
    made = [shlex.split(html.unescape(line)) for line in blocks[-1].splitlines()]
    assert made and all(words[:2] == ["build/cobench", "run"] for words in made)
    return [words[2:] for words in made]


def plans(*runs: Path) -> dict[str, Any]:
    """What the runs do, one after the other, but for what no command says: when, and what the suite and its groups are called."""
    whole: dict[str, Any] = {}
    groups: list[dict[str, Any]] = []
    cells: list[dict[str, Any]] = []
    for run in runs:
        plan = json.loads((run / "plan.json").read_text())
        for cell in plan.pop("cells"):
            cells.append({key: value for key, value in cell.items() if key != "id"} | {"group": len(groups) + cell["group"]})
        for group in plan.pop("groups"):
            groups.append({key: value for key, value in group.items() if key not in {"id", "name", "sweep"}})
        for key in ("created", "suite"):
            del plan[key]
        assert whole in ({}, plan)
        whole = plan
    return whole | {"groups": groups, "cells": cells}


def check(tmp_path: Path, *words: object, count: int | None = None, unlike: tuple[str, ...] = ()) -> None:
    """`unlike`: what of a group is allowed to differ."""
    run = measure(tmp_path / "run", *words)
    lines = commands(run)
    if count is not None:
        assert len(lines) == count, lines
    again = [measure(tmp_path / f"again-{number}", *line) for number, line in enumerate(lines)]
    first, second = plans(run), plans(*again)
    for group in first["groups"] + second["groups"]:
        for key in unlike:
            del group[key]
    assert first == second


@pytest.mark.parametrize("name", sorted(set(SETS) - {"weak, a list of no product"}))
def test_the_printed_command_makes_the_same_plan(tmp_path: Path, name: str) -> None:
    check(tmp_path, *SETS[name], count=2 if name == "margin and timeout" else 1)


def test_a_sweep_that_no_lists_make_is_a_command_a_point(tmp_path: Path) -> None:
    check(tmp_path, *SETS["weak, a list of no product"], count=2, unlike=("scaling",))


def test_a_suite_file(tmp_path: Path) -> None:
    (tmp_path / "own.ini").write_text(SUITE)
    check(tmp_path, "--suite", tmp_path / "own.ini", "--seed", 11, count=3)


def test_a_folder_of_tasks_and_a_runtime_that_lacks_one(tmp_path: Path) -> None:
    """Only Python has the task: C's cells say so in the plan, and --runtime c would be refused."""
    folder = tmp_path / "own tasks"
    folder.mkdir()
    shutil.copy(BUILD / "test-tasks" / "hoard.py", folder)
    run = measure(tmp_path / "run", "--tasks", folder, "--task", "hoard", "--model", "sync", "--jobs", 1, "--set", "mb=0", "--set",
                  "delay=0", *ONE)  # fmt: skip
    assert {cell["runtime"] for cell in json.loads((run / "plan.json").read_text())["cells"]} >= {"c", "py"}
    (line,) = commands(run)
    assert "--runtime" not in line and plans(measure(tmp_path / "again", *line)) == plans(run)


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        pass


def test_a_server_of_ones_own(tmp_path: Path) -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            check(tmp_path, "--task", "fetch", *C_POOL, "--jobs", 2, "--url", f"http://127.0.0.1:{server.server_port}/?a=1&b=2",
                  "--set", "check=status", "--set", "delay=0", *ONE, count=1)  # fmt: skip
        finally:
            server.shutdown()
            thread.join(SECONDS)
