# SPDX-License-Identifier: MIT
"""The checks of scripts/checks that take long, in a short form: that they run, and that they find what they look for."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from hosts import BUILD, ROOT

REFERENCE = ROOT / "results" / "reference"


def check(name, *args):
    return subprocess.run([sys.executable, ROOT / "scripts" / "checks" / name, *args], capture_output=True, text=True, timeout=600,
                          env=os.environ, check=False)


def test_a_run_outlives_kill_9():
    done = check("kill_resume.py", "--tries", "5")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "PASS: 5 of 5" in done.stdout


def test_what_the_driver_holds():
    done = check("driver.py", "--only", "memory", "--samples", "3000")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "PASS   memory: " in done.stdout


def test_advice_is_held_against_what_is_known(tmp_path):
    """A call of its own blocks a loop, which no noise hides; a wrong answer of an earlier call counts as one."""
    state = tmp_path / "state"
    state.write_text('{"tiny": [["tiny: In Python take threads"]]}')
    done = check("advice.py", "--tries", "1", "--only", "blocks,tiny", "--state", state)
    assert done.returncode == 1, done.stdout + done.stderr
    assert re.search(r"^tiny +sync +0 of 1\nblocks its loop +threads or thread-pool +1 of 1$", done.stdout, re.MULTILINE), done.stdout
    assert "WRONG tiny: tiny: In Python take threads\nSHORT: all 2 were right in 0 of 1 tries" in done.stdout


def test_hazards_are_named_and_only_they():
    done = check("hazards.py", "--tries", "1", "--runs", "6", "--only", "deadlocks,cures,alarms")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("PASS") == 16 and done.stdout.endswith("all as it should be\n"), done.stdout


def test_a_race_that_is_not_reported_is_seen():
    """By a build without ThreadSanitizer; `make tsan` has the other."""
    done = check("races.py")
    rows = [line.split(maxsplit=3) for line in done.stdout.splitlines()]
    assert done.returncode == 1 and len(rows) > 10, done.stdout + done.stderr
    assert all(said == ("FAIL: no race is reported in it" if lock == "none" else "no race") for _, lock, _, said in rows), done.stdout


def shown_block(start):
    """The fenced block of the README or of what it leaves to docs/measuring.md that begins so."""
    text = "".join((ROOT / name).read_text() for name in ("README.md", "docs/measuring.md"))
    blocks = re.findall(r"^```(?:sh)?\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    (found,) = [block for block in blocks if block.startswith(start)]
    return [line for line in found.splitlines() if line]


@pytest.mark.parametrize("run, start, command", [("quick", "distance · cpu", "report --no-plots"), ("both", "count · cpu", "report --no-plots"),
    ("quick", "quick: 10 rounds", "report --no-plots --brief"), ("quote", "quote: 11 to 12 rounds", "report --no-plots --brief"), ("quick", "In Python take process-pool", "advise")])  # fmt: skip
def test_the_tables_shown_are_those_of_their_runs(tmp_path, run, start, command):
    copy = shutil.copytree(REFERENCE / run, tmp_path / run)
    done = subprocess.run([BUILD / "cobench", *command.split(), "--width", "80", copy], capture_output=True, text=True,
                          timeout=60, check=True)  # fmt: skip
    assert set(shown_block(start)) <= set(done.stdout.splitlines())


def test_the_open_loop_shown_is_the_committed_one(tmp_path):
    folder = shutil.copytree(REFERENCE / "open-loop", tmp_path / "open-loop")
    for loop in ("closed", "open"):  # the summaries are those of the samples
        subprocess.run([BUILD / "cobench", "report", "--no-plots", "--quiet", folder / loop], timeout=60, check=True)
    done = check("open_loop.py", "--from", folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "".join(line + "\n" for line in shown_block(" " * 20)) in done.stdout


def table_rows(markdown):
    """The rows of all tables, by the titles of their columns."""
    rows, titles = [], None
    for line in markdown.splitlines():
        fields = [field.strip() for field in line.strip("|").split("|")]
        if not line.startswith("|"):
            titles = None
        elif titles is None:
            titles = fields
        elif not line.startswith("|--"):
            rows.append(dict(zip(titles, fields)))
    return rows


def test_the_claims_shown_are_the_committed_ones(tmp_path):
    copy = shutil.copytree(REFERENCE / "published", tmp_path / "published")
    subprocess.run([BUILD / "cobench", "report", "--no-plots", "--quiet", copy], timeout=60, check=True)
    made = (copy / "claims.md").read_text()
    assert made == (REFERENCE / "published" / "claims.md").read_text()
    section = (ROOT / "docs" / "claims.md").read_text().split("## What others published, measured again")[1].split("\n## ")[0]
    columns = ("claim", "claimed", "measured here", "limit", "verdict")
    assert [[row.get(name, "-") for name in columns] for row in table_rows(section)] == \
           [[row.get(name, "-") for name in columns] for row in table_rows(made)]  # fmt: skip


def test_free_threading_and_interpreters_are_checked_where_there_are_any():
    done = check("pythons.py", "--runs", "1", "--only", "embed:interpreters", BUILD)
    if sys.version_info < (3, 12) and not (BUILD / "pythons").exists():
        assert (done.returncode, done.stdout) == (77, "no build here is free-threaded or has interpreters with locks of their own: "
                                                      "there is nothing to check\n")  # fmt: skip
    else:
        assert done.returncode == 0 and re.search(r"^PASS   3\.\S+ \S+ +0 of 1 failed$", done.stdout, re.M), done.stdout
