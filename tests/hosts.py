# SPDX-License-Identifier: MIT
"""Runs the hosts of all four runtimes as the driver does, and reads what they leave behind."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Iterable

import jsonschema

ROOT = Path(__file__).resolve().parent.parent
BUILD = (ROOT / os.environ.get("COBENCH_BUILD", "build")).resolve()
# What the Makefile asks before it gives the origin TLS and HTTP/2.
ORIGIN_HAS_TLS = subprocess.run(["pkg-config", "--exists", "libevent_openssl", "openssl", "libnghttp2"]).returncode == 0
SCRAPES = (BUILD / "tasks" / "scrape.so").exists()
WITHOUT_LIBXML = "an optional library is missing: libxml2, of which the C hosts' task scrape is made"
WITHOUT_TLS = "an optional library is missing: libssl-dev or libnghttp2-dev, of which this build's origin has none"
TASKS, TEST_TASKS = ROOT / "tests" / "tasks", BUILD / "test-tasks"
PROCESSES = ("processes", "process-pool")
MODELS = ("sync", "threads", "thread-pool", *PROCESSES, "async")
LOOPS = ("async", "async-threads", "uring")
PLUGINS = ("uring", "openmp")  # models of the C host that need what not every machine has; without it: test_c_host.py
ENGINES = ("mpi",)  # models of all hosts that have tests of their own
TASK_SYSTEMS = ("celery", "celery-group", "dask")  # of the Python host, likewise
SECONDS = 60
os.environ.setdefault("COBENCH_ROOT", str(ROOT))  # for a build outside of the project
sys.path.insert(0, str(ROOT))

from lag import Lag  # noqa: E402
from py_impl import slots  # noqa: E402
from py_impl.machine import effective_cpus  # noqa: E402

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

    @property
    def reason(self) -> str:
        return self.record["reason"]

    @property
    def failed(self) -> list[tuple[int, str]]:
        """The failures that are listed: job and type."""
        return [(failure["job"], failure["type"]) for failure in self.record["failures"]]

    @property
    def most_at_once(self) -> int:
        edges = sorted([(row["start_ns"], 1) for row in self.rows] + [(row["end_ns"], -1) for row in self.rows])
        return max(sum(step for _, step in edges[: i + 1]) for i in range(len(edges)))


def outcome(folder: Path, status: int, stderr: str, stdout: str = "") -> Outcome:
    path, record = folder / "record", None
    if path.exists() and path.stat().st_size:
        text = path.read_text(encoding="ascii")
        assert text.count("\n") == 1 and text.endswith("\n")
        record = json.loads(text)
        jsonschema.validate(record, SCHEMAS["record"])
        assert record["exit"] == status
    return Outcome(status, stderr, stdout, record, folder / "slots")


class Host:
    def __init__(self, runtime: str, name: str, program: list[object], models: tuple[str, ...], faulty: Path, also=()) -> None:
        self.runtime = runtime
        self.name = name  # before what it complains of
        self.program = list(map(str, program))
        self.models = models
        self.listed = (*models, *also)
        self.faulty = faulty  # the task that goes wrong
        self.ways = [(model, "fork") for model in models] + [(model, "spawn") for model in PROCESSES]

    def __repr__(self) -> str:
        return self.runtime

    def call(self, *words: object, **options) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*self.program, *map(os.fsencode, map(str, words))], cwd=ROOT, capture_output=True, text=True,
                              timeout=SECONDS, **options)  # fmt: skip

    def run_words(self, folder: Path, *words: object) -> list[str]:
        return ["run", *map(str, words), "--slots", str(folder / "slots"), "--record", str(folder / "record")]

    def run(self, folder: Path, *words: object, **options) -> Outcome:
        """`HOST run` with a slots file and a record in `folder`; the record is checked against its schema."""
        done = self.call(*self.run_words(folder, *words), **options)
        return outcome(folder, done.returncode, done.stderr, done.stdout)

    def listing(self, *words: object) -> dict:
        done = self.call("list", "--json", *words, check=True)
        offer = json.loads(done.stdout)
        jsonschema.validate(offer, SCHEMAS["list"])
        return offer

    def start(self, folder: Path, *words: object, **options) -> subprocess.Popen[str]:
        return subprocess.Popen([*self.program, *self.run_words(folder, *words)], cwd=ROOT, stderr=subprocess.PIPE, text=True,
                                **options)  # fmt: skip

    def start_and_hold(self, folder: Path, *words: object) -> tuple[subprocess.Popen[str], int]:
        """A process that waits at its gate, and where a byte opens it."""
        to_host, from_host = os.pipe(), os.pipe()
        process = self.start(folder, *words, "--gate", f"{to_host[0]},{from_host[1]}", pass_fds=(to_host[0], from_host[1]))
        os.close(to_host[0])
        os.close(from_host[1])
        assert os.read(from_host[0], 1)
        os.close(from_host[0])
        return process, to_host[1]

    def start_and_hang(self, folder: Path, model: str) -> tuple[subprocess.Popen[str], int]:
        """One whose only job is running and hangs."""
        process, gate = self.start_and_hold(folder, "--task", self.faulty, "--model", model, "--workers", 2, "--jobs", 1,
                                            "--set", "mode=hang")  # fmt: skip
        os.write(gate, b"g")
        wait_until(lambda: outcome(folder, 0, "").rows[0]["state"] == slots.RUNNING)
        return process, gate


def python(*words: str) -> list[object]:
    return [sys.executable, "-s", "-E", "-m", *words]


def with_plugins() -> tuple[str, ...]:
    """Those that run here: a plug-in may not be built, and a kernel forbid its system calls."""
    host = Host("c", "cobench-host", [BUILD / "cobench-host"], PLUGINS, TEST_TASKS / "faulty.so")
    with tempfile.TemporaryDirectory() as folder:
        return tuple(model for model in PLUGINS if (BUILD / "plugins" / f"{model}.so").exists()
                     and host.run(Path(folder), "--task", "null", "--model", model).status != 77)  # fmt: skip


def models_since(*version: int) -> tuple[str, ...]:
    """With interpreters where this CPython, for which the hosts are built, can."""
    return (*MODELS, "interpreters") if sys.version_info >= version else MODELS


C = Host("c", "cobench-host", [BUILD / "cobench-host"], (*MODELS, "async-threads", *with_plugins()), TEST_TASKS / "faulty.so",
         ENGINES)
# The same code under an interpreter: what differs is how many threads there are, and they are tried with the others.
EMBED = Host("embed", "cobench-host-embed", [BUILD / "cobench-host-embed"], (*models_since(3, 12, 2), "async-threads"),
             TEST_TASKS / "faulty.so", (*PLUGINS, "interpreters", *ENGINES))  # fmt: skip
PY = Host("py", "py_impl", python("py_impl"), models_since(3, 14), TASKS / "faulty.py", ("interpreters", *ENGINES, *TASK_SYSTEMS))
EXT = Host("ext", "py_impl", python("py_impl.ext"), (*models_since(3, 14), "native-pool"), TEST_TASKS / "faulty.so",
           ("interpreters", *ENGINES, *TASK_SYSTEMS))  # fmt: skip
HOSTS = (C, EMBED, EXT, PY)


def call_python(code: str, *words: str, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-s", "-E", *options, "-c", code, *words], cwd=ROOT, text=True, capture_output=True,
                          timeout=SECONDS)  # fmt: skip


def python_task(host: Host, folder: Path, asks: str = "null", run: str = "return job", **functions: str) -> Path:
    """A task in Python with the functions given, for `py` or for `embed`, there as the counterpart of the built-in task `asks`."""
    lines = ["from py_impl.contract import *", "NAME, ABOUT, KIND, ASKS, JOBS, PARAMS = 'mine', 'x', CPU, NOTHING, 4, ()",
             "def run(state, worker, job, reply):", "    " + run]  # fmt: skip
    for head, body in functions.items():
        arguments = {"open": "params, jobs", "close": "state", "worker_open": "state, flags",
                     "worker_close": "state, worker", "request": "state, worker, job"}[head]  # fmt: skip
        lines += [f"def {head}({arguments}):", "    " + body]
    lines += [f"from py_impl.tasks.{asks} import PARAMS" if asks == "null" else f"from py_impl.tasks.{asks} import ASKS, KIND, PARAMS"]
    path = folder / "mine.py"
    path.write_text("\n".join(lines) + "\n")
    return path if host is PY else shutil.copy(BUILD / "tasks" / f"{asks}.so", folder / "mine.so")


def workers_of(model: str, jobs: int, workers: int) -> int:
    loops = min(effective_cpus(), workers)
    return {"sync": 1, "async": 1, "uring": 1, "async-threads": loops, "threads": jobs, "processes": jobs}.get(model, workers)


def opens_of(model: str, method: str, jobs: int, workers: int) -> int:
    """How often a task is opened: in the host, or in each process, or in each interpreter of the host's."""
    return workers_of(model, jobs, workers) if method == "spawn" else workers + 1 if model == "interpreters" else 1


def wait_until(holds, seconds: float = 30) -> None:
    """Polls a file, say: there is nothing to wait on."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not so after {seconds} s"
        time.sleep(0.005)


def alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def children_of(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def check_a_run(done: Outcome, model: str, method: str, workers: int) -> None:
    """Every job was done once, within the phases, by workers that there were, and by each of them where each has one job."""
    assert (done.status, done.stderr) == (0, "")
    rows, phases = done.rows, done.record["phases"]
    assert {(row["state"], row["runs"]) for row in rows} == {(slots.DONE, 1)}
    assert phases["start"] <= phases["ready"] <= min(row["start_ns"] for row in rows)
    assert max(row["end_ns"] for row in rows) == phases["work"] <= phases["end"]
    assert done.record["start_method"] == (method if model in PROCESSES else None)
    numbers = {row["worker"] for row in rows}
    assert numbers == set(range(len(rows))) if model in ("threads", "processes") else numbers <= set(range(workers))


def check_the_end(process: subprocess.Popen[str], running: Iterable[int], number: int) -> None:
    """The signal ends the host and, within a second, all that run for it."""
    running = tuple(running)
    with Lag() as lag:
        process.send_signal(number)
        _, stderr = process.communicate(timeout=20)
        while any(map(alive, running)) and lag.within(1):
            time.sleep(0.01)
        assert not any(map(alive, running)) and lag.within(1)
    assert process.returncode == -number and stderr == ""
