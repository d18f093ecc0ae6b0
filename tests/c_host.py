# SPDX-License-Identifier: MIT
"""Runs the C host as the driver does, and reads what it leaves behind."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import jsonschema

from py_host import ROOT, SCHEMAS, SECONDS, Outcome, outcome

BUILD = (ROOT / os.environ.get("COBENCH_BUILD", "build")).resolve()
HOST = BUILD / "cobench-host"
TEST_TASKS = BUILD / "test-tasks"
FAULTY = TEST_TASKS / "faulty.so"


def command(folder: Path, *words: object) -> list[str]:
    files = ["--slots", str(folder / "slots"), "--record", str(folder / "record")]
    return [str(HOST), "run", *map(str, words), *files]


def run(folder: Path, *words: object, **options) -> Outcome:
    """`cobench-host run` with a slots file and a record in `folder`; the record is held to its schema."""
    words = [os.fsencode(word) for word in command(folder, *words)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, **options)
    return outcome(folder, done.returncode, done.stderr)


def listing(*words: object) -> dict:
    done = subprocess.run(
        [str(HOST), "list", "--json", *map(str, words)], cwd=ROOT, capture_output=True, text=True, timeout=SECONDS,
        check=True,
    )  # fmt: skip
    offer = json.loads(done.stdout)
    jsonschema.validate(offer, SCHEMAS["list"])
    return offer
