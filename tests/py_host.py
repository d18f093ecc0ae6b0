# SPDX-License-Identifier: MIT
"""Runs the Python host, for either of its runtimes, as the driver does, and reads what it leaves behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = (ROOT / os.environ.get("COBENCH_BUILD", "build")).resolve()
TASKS = ROOT / "tests" / "tasks"
FAULTY = str(TASKS / "faulty.py")
MODELS = ("sync", "threads", "thread-pool", "processes", "process-pool", "async")
SECONDS = 60

sys.path.insert(0, str(ROOT))

import jsonschema  # noqa: E402

from py_impl import slots  # noqa: E402

SCHEMAS = {
    name: json.loads((ROOT / "common" / "schema" / f"{name}.schema.json").read_text()) for name in ("record", "list")
}


class Outcome:
    def __init__(self, status: int, stderr: str, stdout: str, record: dict | None, slots_path: Path) -> None:
        self.status = status
        self.stderr = stderr
        self.stdout = stdout
        self.record = record
        self.slots_path = slots_path

    @property
    def rows(self) -> list[dict]:
        data = self.slots_path.read_bytes()
        return [
            dict(zip(slots.FIELDS, slots.SLOT.unpack_from(data, at)))
            for at in range(slots.HEADER_BYTES, len(data), slots.SLOT_BYTES)
        ]

    @property
    def results(self) -> list[int]:
        return [row["result"] for row in self.rows]


def check_a_run(done: Outcome, model: str, method: str, workers: int) -> None:
    """Every job was done once, within the phases, by workers that there were, and by each of them where each has one job."""
    assert (done.status, done.stderr) == (0, "")
    rows, phases = done.rows, done.record["phases"]
    assert {(row["state"], row["runs"]) for row in rows} == {(slots.DONE, 1)}
    assert phases["start"] <= phases["ready"] <= min(row["start_ns"] for row in rows)
    assert max(row["end_ns"] for row in rows) <= phases["work"] <= phases["end"]
    assert done.record["start_method"] == (method if model in ("processes", "process-pool") else None)
    numbers = {row["worker"] for row in rows}
    assert numbers == set(range(len(rows))) if model in ("threads", "processes") else numbers <= set(range(workers))


def check_a_failed_job(done: Outcome, name: str, line: int | None) -> None:
    """Job 5 of 8 failed as tests/tasks/faulty plants it, and the others ran."""
    assert done.status == 1 and done.record["status"] == "failed"
    assert done.record["reason"] == "job 5: PlantedError: planted failure"
    assert done.stderr == f"{name}: {done.record['reason']}\n"
    (failure,) = done.record["failures"]
    assert {**failure, "worker": None} == {
        "job": 5, "worker": None, "type": "PlantedError", "message": "planted failure", "line": line,
    }  # fmt: skip
    assert done.record["failed_jobs"] == 1
    assert [row["result"] for row in done.rows] == [0 if i == 5 else 3 * i + 1 for i in range(8)]
    assert [row["state"] for row in done.rows] == [slots.FAILED if i == 5 else slots.DONE for i in range(8)]


def program(module: str) -> list[str]:
    return [sys.executable, "-s", "-E", "-m", module]


def command(folder: Path, *words: object, module: str = "py_impl") -> list[str]:
    files = ["--slots", str(folder / "slots"), "--record", str(folder / "record")]
    return [*program(module), "run", *map(str, words), *files]


def run(folder: Path, *words: object, module: str = "py_impl", **options) -> Outcome:
    """`py_impl run` with a slots file and a record in `folder`; the record is held to its schema."""
    done = subprocess.run(
        command(folder, *words, module=module), cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, **options
    )
    return outcome(folder, done.returncode, done.stderr, done.stdout)


def outcome(folder: Path, status: int, stderr: str, stdout: str = "") -> Outcome:
    path, record = folder / "record", None
    if path.exists() and path.stat().st_size:
        text = path.read_text(encoding="ascii")
        assert text.count("\n") == 1 and text.endswith("\n")
        record = json.loads(text)
        jsonschema.validate(record, SCHEMAS["record"])
        assert record["exit"] == status
    return Outcome(status, stderr, stdout, record, folder / "slots")


def listing(*words: object, module: str = "py_impl") -> dict:
    done = subprocess.run(
        [*program(module), "list", "--json", *map(str, words)],
        cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=True,
    )  # fmt: skip
    offer = json.loads(done.stdout)
    jsonschema.validate(offer, SCHEMAS["list"])
    return offer


class Host:
    """One of the two: what a test that holds for both needs to know of it."""

    def __init__(self, runtime: str, module: str, models: tuple[str, ...], faulty: str) -> None:
        self.runtime = runtime
        self.module = module
        self.models = models
        self.faulty = faulty  # the path of the task that goes wrong

    def run(self, folder: Path, *words: object, **options) -> Outcome:
        return run(folder, *words, module=self.module, **options)

    def command(self, folder: Path, *words: object) -> list[str]:
        return command(folder, *words, module=self.module)

    def listing(self, *words: object) -> dict:
        return listing(*words, module=self.module)


PY = Host("py", "py_impl", MODELS, FAULTY)
EXT = Host("ext", "py_impl.ext", (*MODELS, "native-pool"), str(BUILD / "test-tasks" / "faulty.so"))


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat").read_text()
    return stat.rpartition(")")[2].split()[0] != "Z"
