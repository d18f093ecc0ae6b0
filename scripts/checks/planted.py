# SPDX-License-Identifier: MIT
"""A project folder whose hosts are the real ones, but for what is planted in them: cobench finds it by the place of its own
program. What runs behind a host (tamper.py) is described in the folder's plant.json."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TAMPER = HERE / "tamper.py"
LIMIT_S = 300
# What stands for a runtime's host in the build folder; ext and py share the interpreter.
PROGRAMS = {"c": "cobench-host", "embed": "cobench-host-embed", "ext": "python", "py": "python"}


@dataclass(frozen=True)
class Outcome:
    """What a run left."""

    status: int
    said: str
    plan: dict[str, Any]
    samples: list[dict[str, Any]]
    summary: dict[str, Any]
    table: str

    def cell(self, runtime: str, model: str) -> dict[str, Any]:
        return next(c for c in self.summary["cells"] if (c["runtime"], c["model"]) == (runtime, model))

    def of(self, runtime: str, model: str) -> list[dict[str, Any]]:
        """The samples of one variant."""
        cells = self.plan["cells"]
        ids = [i for i, c in enumerate(cells) if (c["runtime"], c["model"], c["role"]) == (runtime, model, "model")]
        return [s for s in self.samples if s["cell"] in ids]

    def reasons(self, runtime: str, model: str) -> str:
        return "; ".join(s["reason"] for s in self.of(runtime, model) if s["reason"])


class Project:
    """A folder with a driver of its own; everything else in it is a link, or planted."""

    def __init__(self, folder: Path, build: Path) -> None:
        self.folder, self.real = folder, build
        self.build = folder / "build"
        self.build.mkdir(parents=True)
        (folder / "py_impl").symlink_to(ROOT / "py_impl")
        for entry in build.iterdir():
            if entry.name not in ("cobench", "python"):
                (self.build / entry.name).symlink_to(entry)
        shutil.copy2(build / "cobench", self.build / "cobench")
        shutil.copy2(build / "python", self.build / "python")

    def replace(self, program: str, target: Path) -> None:
        """Another program in the place of one."""
        (self.build / program).unlink()
        (self.build / program).symlink_to(target)

    def tamper(self, runtime: str, plant: dict[str, Any]) -> None:
        """Lets tamper.py run a runtime's host, with what `plant` says to do to its runs."""
        program = PROGRAMS[runtime]
        real = (self.real / "python").read_text().strip() if program == "python" else str(self.real / program)
        script = self.folder / f"tampered-{program}"
        words = [sys.executable, "-s", "-E", str(TAMPER), str(self.folder), real]
        script.write_text("#!/bin/sh\nexec " + " ".join(f"'{w}'" for w in words) + ' "$@"\n')
        script.chmod(0o755)
        (self.folder / "plant.json").write_text(json.dumps(plant | {"runtime": runtime}))
        if program == "python":
            (self.build / "python").write_text(f"{script}\n")
        else:
            self.replace(program, script)

    def command(self, *args: object) -> list[str]:
        return [str(self.build / "cobench"), "run", "--no-plots", "--table", "--results", str(self.folder / "results"), *map(str, args)]

    def start(self, *args: object, before: Sequence[str] = (), **more: Any) -> subprocess.Popen[str]:
        env = {k: v for k, v in os.environ.items() if not k.startswith("COBENCH_")}
        return subprocess.Popen([*before, *self.command(*args)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, env=env, **more)

    def finish(self, process: subprocess.Popen[str]) -> Outcome:
        try:
            table, said = process.communicate(timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            process.terminate()
            process.communicate(timeout=LIMIT_S)
            raise
        folders = [f for f in (self.folder / "results").glob("*") if not f.is_symlink()]
        if len(folders) != 1:
            raise RuntimeError(f"no run was made (exit status {process.returncode}): {said.strip()}")
        return Outcome(process.returncode, said, json.loads((folders[0] / "plan.json").read_text()),
                       [json.loads(line) for line in (folders[0] / "samples.jsonl").read_text().splitlines()],
                       json.loads((folders[0] / "summary.json").read_text()), table)

    def run(self, *args: object, **more: Any) -> Outcome:
        return self.finish(self.start(*args, **more))
