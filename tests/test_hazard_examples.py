# SPDX-License-Identifier: MIT
"""The commands of examples/hazards/*/README.md: the fault shows, and with the cure it is gone."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hosts import BUILD, ROOT

sys.path.insert(0, str(ROOT / "scripts"))
import examples  # noqa: E402

FOLDER = examples.FOLDER / "hazards"
LIMIT_S = 120

# By folder and command: each group's cells that are not sound, as RUNTIME:MODEL, and what is said.
SHOWN = {
    "race": [({"no lock": {"py:thread-pool", "py:process-pool"}, "lock of threads": {"py:process-pool"}, "lock of processes": set()},
              r"lost changes: .*py:thread-pool \([\d,]+ of 400,000\)")],
    "await": [({"unsafe": {"py:async"}}, r"job \d+ gave 1, but \d+ in py:sync"), ({"safe": set()}, None), ({"at_once": set()}, None)],
    "lock-order": [({"unordered": {"py:thread-pool"}}, r"every thread waits for a lock .* job 0 at line \d+ of transfer.py"),
                   ({"ordered": set()}, None)],
    "nested-pool": [({"nested": {"py:thread-pool"}}, r"every thread waits for a lock .* at line \d+ of parents.py"), ({"flat": set()}, None),
                    ({"nested": {f"{runtime}:thread-pool" for runtime in ("c", "embed", "ext", "py")}}, r"2 of 2 workers wait for jobs 8 and 9, which no worker is free to run")],
    "fork": [({"log": {"py:processes", "py:process-pool"}}, r"was forked while another thread held the lock .* at line \d+ of background.py")],
    "pool-in-pool": [({"pooled": set()}, r"jobs compute in threads of their own.*: \d+ at once on \d+ CPU"), ({"plain": set()}, None)],
    "blocked-loop": [({"blocking": set()}, r"job \d+ kept the loop for \d+ ms without an await \(line \d+ of calls.py\)"), ({"offloaded": set()}, None)],
    "queue": [({"unbounded": set()}, r"the queue of WRITER only grew"), ({"bounded": set()}, None)],
}  # fmt: skip


def test_each_folder_is_in_the_table_and_in_the_list():
    folders = {path.parent.name for path in FOLDER.glob("*/README.md")}
    listed = re.findall(r"^\| \[([\w-]+)\]\(\1\) \|", (FOLDER / "README.md").read_text(), re.MULTILINE)
    assert folders == SHOWN.keys() == set(listed)
    for readme in FOLDER.glob("*/README.md"):
        links = re.findall(r"\]\(([^)]+)\)", readme.read_text())
        assert links and all((readme.parent / link).exists() for link in links)


def lines(name: str) -> list[str]:
    return examples.commands(FOLDER / name / "README.md").splitlines()


def typed(folder: Path, line: str, results: Path) -> tuple[int, str]:
    """Its status, and what it prints, in one line."""
    often = " --switch-interval 0.0005" * (folder.name == "race")  # a thread that is not switched away from loses nothing
    line = line.replace("cobench run", f"cobench run --results {results} --rounds 1 --no-plots{often}")
    done = subprocess.run(["bash", "-c", line], cwd=folder, env=os.environ | {"PATH": f"{BUILD}:{os.environ['PATH']}"}, text=True,
                          capture_output=True, timeout=LIMIT_S)  # fmt: skip
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def unsound(results: Path) -> dict[str, set[str]]:
    """By group, the cells that failed, gave other results or lost something."""
    (folder,) = results.glob("[0-9]*")
    found: dict[str, set[str]] = {}
    for line in (folder / "samples.jsonl").read_text().splitlines():
        sample = json.loads(line)
        group, cell = re.fullmatch(r"(.+) (\w+:\S+)(?: \(\w+\))?", sample["name"]).groups()
        cells = found.setdefault(group, set())
        if sample["status"] != "ok" or sample.get("audit", {"wrong": 0})["wrong"]:
            cells.add(cell)
    return found


@pytest.mark.parametrize("name, at", [(name, at) for name in SHOWN for at in range(len(SHOWN[name]))], ids=str)
def test_the_fault_shows_and_is_cured(name, at, tmp_path):
    assert len(lines(name)) == len(SHOWN[name])
    folder = Path(shutil.copytree(FOLDER / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__")))
    status, text = typed(folder, lines(name)[at], tmp_path / "results")
    cells, words = SHOWN[name][at]
    assert unsound(tmp_path / "results") == cells, text
    assert words is None or re.search(words, text), text
