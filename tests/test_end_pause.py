# SPDX-License-Identifier: MIT
"""--end-pause: every host, under every model, stands still at the last job's end with its workers alive, until it is let go."""

import os
import pickle
import select
import signal
from pathlib import Path

import pytest

from hosts import C, EMBED, HOSTS, PY, SECONDS, children_of, outcome
from py_impl import slots

WORKERS = 3
over_hosts = pytest.mark.parametrize("host", HOSTS, ids=repr)


class Paused:
    """A host that has said that its last job ended."""

    def __init__(self, host, folder: Path, *words: object, byte: bool = True) -> None:
        to_host, from_host = os.pipe(), os.pipe()
        self.folder = folder
        pause = f"{to_host[0]},{from_host[1]}"
        self.process = host.start(folder, *words, "--end-pause", pause, pass_fds=(to_host[0], from_host[1]))
        os.close(to_host[0])
        os.close(from_host[1])
        self.go, self.said = to_host[1], from_host[0]
        if byte:
            assert select.select([self.said], [], [], SECONDS)[0] and os.read(self.said, 1) == b"h"

    def tasks(self) -> tuple[int, int]:
        """Its threads, and the processes below it."""
        pid = self.process.pid
        threads = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("Threads")]
        return int(threads[0].split()[1]), len(children_of(pid))

    def end(self, byte: bytes = b"g"):
        if byte:
            os.write(self.go, byte)
        os.close(self.go)
        _, stderr = self.process.communicate(timeout=SECONDS)
        os.close(self.said)
        return outcome(self.folder, self.process.returncode, stderr)


@pytest.mark.parametrize("model, method, carried", [
    ("sync", "fork", {}), ("thread-pool", "fork", {}), ("processes", "fork", {"received_bytes"}),
    ("processes", "spawn", {"sent_bytes", "received_bytes"}), ("process-pool", "fork", {"sent_bytes", "received_bytes"}),
])  # fmt: skip
def test_what_crosses_between_processes_is_weighed(model, method, carried, tmp_path):
    (tmp_path / "own.py").write_text("def twice(line):\n    return line * 2 if line != 'c' else 1 / 0\n")
    (tmp_path / "lines.txt").write_text("a\n" + 1000 * "b" + "\nc\n")
    words = ("--task", f"{tmp_path}/own.py:twice", "--inputs", tmp_path / "lines.txt", "--model", model, "--start-method", method,
             "--jobs", 6, "--workers", 2)  # fmt: skip
    usage = Paused(PY, tmp_path, *words).end().record["usage"]
    weights = {"sent_bytes": 2 * sum(len(pickle.dumps(text)) for text in ("a", 1000 * "b")),
               "received_bytes": 2 * sum(len(pickle.dumps(text)) for text in ("aa", 2000 * "b"))}  # fmt: skip
    assert {key: usage[key] for key in weights if key in usage} == {key: weights[key] for key in carried}
    assert not weights.keys() & PY.run(tmp_path, *words).record["usage"].keys()


@pytest.mark.parametrize("host, model, method", [(host, *way) for host in HOSTS for way in host.ways], ids=str)
def test_all_jobs_have_ended_and_the_workers_are_there(host, model, method, tmp_path):
    paused = Paused(host, tmp_path, "--task", "null", "--model", model, "--jobs", 20, "--workers", WORKERS,
                "--start-method", method)  # fmt: skip
    rows = outcome(tmp_path, 0, "").rows
    assert {row["state"] for row in rows} == {slots.DONE}
    threads, below = paused.tasks()
    if model in ("thread-pool", "native-pool", "openmp"):
        assert threads >= (model != "openmp") + WORKERS  # OpenMP's first thread is the one that calls
    elif model == "threads":
        assert threads >= 2
    elif model == "process-pool":
        assert below >= WORKERS
    elif model == "processes":
        assert below >= 1
    done = paused.end()
    assert done.status == 0, done.stderr
    assert done.rows == rows
    phases = done.record["phases"]
    assert phases["work"] == max(row["end_ns"] for row in rows)  # the end pause is no part of the work


@over_hosts
@pytest.mark.parametrize("model", ("sync", "thread-pool", "process-pool"))
def test_a_driver_that_has_gone_is_not_waited_for(host, model, tmp_path):
    paused = Paused(host, tmp_path, "--task", "null", "--model", model, "--workers", WORKERS)
    assert paused.end(byte=b"").status == 0


@over_hosts
def test_a_driver_that_hears_nothing_is_no_failure(host, tmp_path):
    paused = Paused(host, tmp_path, "--task", "null", "--model", "sync", byte=False)
    os.close(paused.said)
    paused.said = os.open("/dev/null", os.O_RDONLY)
    assert paused.end(byte=b"").status == 0


@over_hosts
def test_the_time_runs_out_in_the_end_pause_too(host, tmp_path):
    """A driver that looks for ever: the host's own deadline ends it."""
    paused = Paused(host, tmp_path, "--task", "null", "--model", "thread-pool", "--timeout", 3)
    _, stderr = paused.process.communicate(timeout=SECONDS)
    done = outcome(tmp_path, paused.process.returncode, stderr)
    assert done.status == 1 and "3 s" in done.record["reason"]
    paused.process = None
    os.close(paused.go)
    os.close(paused.said)


@pytest.mark.parametrize("host", (C, EMBED), ids=repr)
def test_a_worker_that_dies_does_not_keep_the_others(host, tmp_path):
    """One of the pool never comes to the end pause: the driver is told all the same, and lets go."""
    paused = Paused(host, tmp_path, "--task", "wait", "--set", "delay=3000", "--jobs", 2, "--workers", 2, "--model",
                "process-pool", byte=False)  # fmt: skip
    while len(running := [row for row in rows(tmp_path) if row["state"] == slots.RUNNING]) < 2:
        assert paused.process.poll() is None
    os.kill(children_of(paused.process.pid)[0], signal.SIGKILL)
    assert select.select([paused.said], [], [], SECONDS)[0] and os.read(paused.said, 1) == b"h"
    done = paused.end()
    assert done.status == 1 and "was killed by signal 9" in done.record["reason"]
    assert len(running) == 2


def rows(folder: Path) -> list[dict]:
    path = folder / "slots"
    return outcome(folder, 0, "").rows if path.exists() and path.stat().st_size > slots.HEADER_BYTES else []


@over_hosts
@pytest.mark.parametrize("text, reason", [
    ("3", "--end-pause: '3' is not two descriptors, R,W"), ("900,901", "--end-pause: 900 is no open descriptor"),
])  # fmt: skip
def test_what_the_option_refuses(host, text, reason, tmp_path):
    done = host.run(tmp_path, "--task", "null", "--model", "sync", "--end-pause", text)
    assert done.status == 2 and done.record["reason"] == reason
