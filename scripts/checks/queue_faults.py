# SPDX-License-Identifier: MIT
"""
What a queue in Redis and the engines meet, planted in runs of the hosts at a random instant: a worker that is killed or
stands still while it has jobs, a job that kills whoever runs it, a server that is killed (and comes back, or does not) or is
full. Found: the record calls it by its name, no job was lost or run twice without a word, and no process and no key is left.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from planted import ROOT

sys.path.insert(0, str(ROOT))
from py_impl import slots  # noqa: E402

if TYPE_CHECKING:
    from faults import Planter

JOBS, WORKERS = 120, 3
LIMIT_S = 60
DELAY = ("--task", "wait", "--set", "delay=20")
QUEUE = ("--model", "process-pool", "--dispenser", "redis")
CELERY, DASK = ("--model", "celery"), ("--model", "dask")
FAULTY = ("--task", "{faulty}", "--set", "mode=crash", "--set", "at={at}")
# Dask hands over many results at once: its jobs tell themselves that they ran.
NOTES = ("--task", "{folder}/notes.py:job")
NOTES_FILE = """import os, time
def job(job):
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "notes"), "a") as file: file.write(".")
    time.sleep(0.02)
    return job
"""


class Server:
    """A Redis server on a Unix socket; None of it is left after end()."""

    def __init__(self, program: str, folder: Path, *words: str) -> None:
        self.socket = folder / "redis.sock"
        self.words = [program, "--port", "0", "--unixsocket", str(self.socket), "--save", "", "--appendonly", "no", *words]
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(self.words, cwd=self.socket.parent, stdout=subprocess.DEVNULL)
        wait_until(lambda: self.ask("PING") == "PONG")

    def ask(self, *words: str) -> str:
        done = subprocess.run(["redis-cli", "-s", self.socket, *words], capture_output=True, text=True, timeout=20, check=False)
        return done.stdout.strip()

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


class Queue:
    """A host that runs over the server, in a session of its own."""

    def __init__(self, p: Planter, runtime: str, words: tuple[str, ...]) -> None:
        self.folder = p.folder
        python = [(p.build / "python").read_text().strip(), "-s", "-E", "-m"]
        host = {"c": [p.build / "cobench-host"], "embed": [p.build / "cobench-host-embed"], "ext": [*python, "py_impl.ext"],
                "py": [*python, "py_impl"]}[runtime]  # fmt: skip
        self.host = subprocess.Popen(
            [*host, "run", *words, "--workers", str(WORKERS), "--slots", p.folder / "slots", "--record", p.folder / "record"],
            cwd=ROOT, stderr=subprocess.DEVNULL, start_new_session=True, env=os.environ | {"COBENCH_BUILD": str(p.build)})

    def rows(self) -> list[tuple[int, ...]]:
        """What the slots have, by slots.FIELDS; none before the file is there."""
        with suppress(OSError):
            data = (self.folder / "slots").read_bytes()
            return [slots.SLOT.unpack_from(data, at) for at in range(slots.HEADER_BYTES, len(data), slots.SLOT_BYTES)]
        return []

    def wait_for(self, jobs: int) -> None:
        wait_until(lambda: self.host.poll() is not None or self.noted() >= jobs
                   or sum(row[4] >= slots.DONE for row in self.rows()) >= jobs)

    def noted(self) -> int:
        notes = self.folder / "notes"
        return notes.stat().st_size if notes.exists() else 0

    def workers(self) -> list[int]:
        """Dask's scheduler is the first of its supervisor's processes."""
        return leaves(self.host.pid)[self.noted() > 0 :]

    def left(self) -> list[int]:
        """Processes of its session."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                if int(fields[3]) == self.host.pid and fields[0] != "Z":
                    found.append(int(folder.name))
        return found


def leaves(pid: int) -> list[int]:
    """The processes below one that have none below them."""
    children = [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [leaf for child in children for leaf in leaves(child) or [child]]


def wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + LIMIT_S
    while not holds():
        if time.monotonic() > until:
            raise TimeoutError
        time.sleep(0.005)


def kill_worker(p: Planter, run: Queue, server: Server) -> None:
    os.kill(p.rng.choice(run.workers()), signal.SIGKILL)


def stop_worker(p: Planter, run: Queue, server: Server) -> None:
    os.kill(p.rng.choice(run.workers()), signal.SIGSTOP)


def restart(p: Planter, run: Queue, server: Server) -> None:
    server.end()
    time.sleep(p.rng.uniform(0, 1))
    server.start()


def end_server(p: Planter, run: Queue, server: Server) -> None:
    server.end()


# What happens: the server's words, the run's, what is done in the middle of it (None: nothing), the types one of which has to be
# there (none: all has to be well).
FAULTS: dict[str, tuple[tuple[str, ...], tuple[str, ...], Callable | None, set[str]]] = {
    "queue-dead": ((), (*QUEUE, *DELAY), kill_worker, {"Crash"}),
    "queue-stalled": ((), (*QUEUE, *DELAY, "--request-timeout", "1"), stop_worker, {"Stalled"}),
    "queue-poisoned": ((), (*QUEUE, *FAULTY), None, {"Poisoned"}),
    "queue-restarted": ((), (*QUEUE, *DELAY), restart, set()),
    "queue-gone": ((), (*QUEUE, *DELAY), end_server, {"BrokerLost"}),
    "queue-full": (("--maxmemory", "3mb"), (*QUEUE, "--task", "null", "--set", "payload=1000000"), None, {"BrokerFull"}),
    "celery-dead": ((), (*CELERY, *DELAY), kill_worker, {"Crash"}),
    "celery-stalled": ((), (*CELERY, *DELAY, "--request-timeout", "1"), stop_worker, {"Stalled"}),
    "celery-poisoned": ((), (*CELERY, *FAULTY), None, {"Poisoned"}),
    "celery-restarted": ((), (*CELERY, *DELAY), restart, {"BrokerLost"}),
    "celery-gone": ((), (*CELERY, *DELAY), end_server, {"BrokerLost"}),
    "celery-full": (("--maxmemory", "3mb"), (*CELERY, "--task", "null", "--set", "payload=1000000"), None, {"BrokerFull"}),
    "dask-dead": ((), (*DASK, *NOTES), kill_worker, {"Crash"}),
    "dask-poisoned": ((), (*DASK, *FAULTY), None, {"KilledWorker"}),
}


def plant(p: Planter, key: str) -> tuple[bool, str]:
    """Whether the fault was found, and how it was named. FileNotFoundError: there is no Redis server here."""
    program = shutil.which("redis-server")
    if program is None or shutil.which("redis-cli") is None:
        raise FileNotFoundError("an optional library is missing: redis-server (./scripts/setup.sh engines installs it)")
    of_server, words, do, types = FAULTS[key]
    runtime = p.rng.choice(("c", "embed", "ext", "py") if QUEUE[1] in words else ("ext", "py") if NOTES[1] not in words else ("py",))
    (p.folder / "notes.py").write_text(NOTES_FILE)
    faulty = ROOT / "tests/tasks/faulty.py" if runtime == "py" else p.build / "test-tasks/faulty.so"
    words = tuple(word.format(faulty=faulty, at=p.rng.randrange(JOBS), folder=p.folder) for word in words)
    server = Server(program, p.folder, *of_server)
    try:
        run = Queue(p, runtime, (*words, "--service", f"redis=unix://{server.socket}", "--jobs", str(JOBS), "--timeout", str(LIMIT_S)))
        if do is not None:
            run.wait_for(p.rng.randrange(1, JOBS // 2))
            do(p, run, server)
        status = run.host.wait(LIMIT_S + 20)
        keys = server.ask("KEYS", "cobench:*") if server.process.poll() is None else ""
        return judge(run, runtime, status, types, keys)
    finally:
        server.end()


def judge(run: Queue, runtime: str, status: int, types: set[str], keys: str) -> tuple[bool, str]:
    record = json.loads((run.folder / "record").read_text())
    named = {failure["type"] for failure in record["failures"]} | {str(record["reason"]).partition(":")[0]}
    rows = run.rows()
    unsound = [job for job, row in enumerate(rows) if row[4] != slots.DONE or row[5] != 1]
    left = run.left()
    found = status == record["exit"] == (1 if types else 0) and (types & named or not types)
    silent = bool(unsound) and status == 0
    more = f"{len(unsound)} job{'s' * (len(unsound) != 1)} not done once"
    more += f", left: processes {left} keys {keys}" if left or keys else ""
    sound = bool(found) and not silent and not left and not keys
    return sound, f"{runtime}: {record['reason'] or 'nothing to be named'}; {more}"
