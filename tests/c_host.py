# SPDX-License-Identifier: MIT
"""Runs the C hosts as the driver does, and reads what they leave behind."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import jsonschema

from py_host import BUILD, ROOT, SCHEMAS, SECONDS, Outcome, outcome

TEST_TASKS = BUILD / "test-tasks"
FAULTY = TEST_TASKS / "faulty.so"
os.environ.setdefault("COBENCH_ROOT", str(ROOT))  # for a build outside of the project


class Host:
    """A program made of the C host's sources."""

    def __init__(self, runtime: str, name: str) -> None:
        self.runtime = runtime
        self.name = name
        self.path = BUILD / name

    def command(self, folder: Path, *words: object) -> list[str]:
        files = ["--slots", str(folder / "slots"), "--record", str(folder / "record")]
        return [str(self.path), "run", *map(str, words), *files]

    def run(self, folder: Path, *words: object, **options) -> Outcome:
        """`HOST run` with a slots file and a record in `folder`; the record is held to its schema."""
        words = [os.fsencode(word) for word in self.command(folder, *words)]
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, **options)
        return outcome(folder, done.returncode, done.stderr, done.stdout)

    def listing(self, *words: object) -> dict:
        done = subprocess.run(
            [str(self.path), "list", "--json", *map(str, words)], cwd=ROOT, capture_output=True, text=True,
            timeout=SECONDS, check=True,
        )  # fmt: skip
        offer = json.loads(done.stdout)
        jsonschema.validate(offer, SCHEMAS["list"])
        return offer


C = Host("c", "cobench-host")
EMBED = Host("embed", "cobench-host-embed")
