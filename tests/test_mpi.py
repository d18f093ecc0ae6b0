# SPDX-License-Identifier: MIT
"""The model mpi: a manager and workers as ranks of Open MPI. It is no row of the tests over all models: each of its runs takes half a second."""

import importlib.util
import os
import pickle
import shutil
import signal
from pathlib import Path

import pytest

from hosts import BUILD, C, EMBED, HOSTS, PY, Host, check_a_run, check_the_end, children_of, python_task
from py_impl import slots
from test_end_pause import Paused

LACKS = {C: None if (BUILD / "plugins" / "mpi.so").exists() else "libopenmpi", PY: None if importlib.util.find_spec("mpi4py") else "mpi4py"}


def over(*hosts: Host):
    def param(host: Host):
        lacks = (None if shutil.which("mpirun") else "mpirun") or LACKS[C if host in (C, EMBED) else PY]
        return pytest.param(host, id=repr(host), marks=pytest.mark.skipif(lacks is not None, reason=f"an optional library is missing: {lacks}"))

    return pytest.mark.parametrize("host", [param(host) for host in hosts])


MODEL = ("--model", "mpi")


@pytest.fixture
def scratch(tmp_path, monkeypatch) -> Path:
    """Where the driver has a host put what it removes afterwards."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setenv("COBENCH_SCRATCH", str(folder))
    return folder


def below(pid: int) -> list[int]:
    return [other for child in children_of(pid) for other in (child, *below(child))]


def faulty(host: Host, mode: str, *words: object) -> tuple[object, ...]:
    return ("--task", host.faulty, *MODEL, "--jobs", 6, "--workers", 2, "--set", f"mode={mode}", "--set", "at=2", *words)


@over(*HOSTS)
def test_each_job_is_done_once_and_nothing_is_left(host, tmp_path, scratch):
    done = host.run(tmp_path, "--task", "null", *MODEL, "--jobs", 100, "--workers", 3)
    check_a_run(done, "mpi", "fork", 3)
    assert done.results == list(range(100))
    assert list(scratch.iterdir()) == []


@over(C, PY)
@pytest.mark.parametrize("words", [("--set", "payload=100000"), ("--chunk", 4, "--set", "payload=1000")], ids=("payload", "chunk"))  # fmt: skip
def test_messages_of_many_jobs_and_large_ones(host, tmp_path, words):
    done = host.run(tmp_path, "--task", "null", *MODEL, "--jobs", 50, "--workers", 2, *words)
    check_a_run(done, "mpi", "fork", 2)
    assert done.results == list(range(50))


@over(C, PY)
def test_a_failed_job_is_named_and_the_others_run(host, tmp_path):
    done = host.run(tmp_path, *faulty(host, "fail"))
    assert done.status == 1 and done.reason.startswith("job 2: PlantedError: planted failure")
    assert done.failed == [(2, "PlantedError")] and done.record["failed_jobs"] == 1
    assert [row["result"] for row in done.rows if row["state"] == slots.DONE] == [1, 4, 10, 13, 16]


@over(*HOSTS)
@pytest.mark.parametrize("mode, how", [("crash", "was killed by signal 9 (SIGKILL)"), ("exit", "exited with status 3")], ids=("crash", "exit"))
def test_a_worker_that_dies_ends_the_job_and_is_named(host, tmp_path, scratch, mode, how):
    done = host.run(tmp_path, *faulty(host, mode))
    assert done.status == 1 and how in done.reason and "while running job 2" in done.reason
    assert (2, "Crash") in done.failed and list(scratch.iterdir()) == []


@over(C, PY)
def test_a_job_that_hangs_is_named(host, tmp_path, scratch):
    done = host.run(tmp_path, *faulty(host, "hang", "--timeout", 8))
    assert done.status == 1 and "job 2" in done.reason and (2, "Timeout") in done.failed
    assert list(scratch.iterdir()) == []


@over(C, PY)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_signals_end_all_ranks(host, tmp_path, scratch, number):
    process, gate = host.start_and_hold(tmp_path, *faulty(host, "hang"))
    ranks = below(process.pid)
    assert len(ranks) >= 4  # mpirun, the manager and two workers
    check_the_end(process, ranks, number)
    os.close(gate)


@over(C, PY)
def test_a_closed_gate_ends_all_ranks(host, tmp_path):
    process, gate = host.start_and_hold(tmp_path, "--task", "null", *MODEL)
    os.close(gate)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 1 and "the gate was closed before it opened" in stderr


@over(C, PY)
def test_workers_wait_in_the_end_pause(host, tmp_path):
    paused = Paused(host, tmp_path, "--task", "null", *MODEL, "--jobs", 20, "--workers", 3)
    assert len(below(paused.process.pid)) >= 5
    assert paused.end().status == 0


@over(C, PY)
def test_jobs_arrive_at_a_rate(host, tmp_path):
    done = host.run(tmp_path, "--task", "wait", *MODEL, "--jobs", 10, "--workers", 2, "--rate", 50, "--set", "delay=1")
    assert done.status == 0
    ready = done.record["phases"]["ready"]
    assert [row["due_ns"] for row in done.rows] == [ready + job * 20_000_000 for job in range(10)]
    assert all(row["start_ns"] >= row["due_ns"] for row in done.rows)


@over(C, PY)
def test_a_command_is_no_job_of_an_engine(host, tmp_path):
    words = ("--command", "true", *MODEL)
    assert host.run(tmp_path, *words).status == 77


@over(PY)
def test_a_functions_inputs_and_values_cross(host, tmp_path):
    (tmp_path / "own.py").write_text("import threading\ndef twice(line):\n    return threading.Lock() if line == 'b' else line * 2\n")
    (tmp_path / "lines.txt").write_text("a\nb\nc\n")
    words = ("--task", f"{tmp_path}/own.py:twice", "--inputs", tmp_path / "lines.txt", *MODEL, "--jobs", 6, "--workers", 2)
    done = Paused(host, tmp_path, *words).end()
    assert done.status == 1 and sorted(done.failed) == [(1, "TypeError"), (4, "TypeError")]
    assert "cannot pickle" in done.reason
    usage = done.record["usage"]
    assert usage["sent_bytes"] == 4 * len(pickle.dumps("a")) and usage["received_bytes"] == 4 * len(pickle.dumps("aa"))
    there = [row["result"] for row in done.rows if row["state"] == slots.DONE]
    alone = host.run(tmp_path, *words[:4], "--model", "sync", "--jobs", 6)
    assert there == [alone.results[job] for job in (0, 2, 3, 5)]


@pytest.mark.parametrize("text, rank", [
    ("mpirun noticed that process rank 2 with PID 7 on node a exited on signal 9 (Killed).", (2, -9)),
    ("  Process name: [[52,1],1]\n  Exit code:    3\n", (1, 3)),
    ("mpirun has exited due to process rank 1 with PID 0 on\nnode vm exiting improperly.", (1, 0)), ("", (None, 0)),
])  # fmt: skip
def test_what_mpirun_says_of_a_rank(text, rank):
    from py_impl.engines.mpi import culprit

    assert culprit(text) == rank


@over(EMBED, PY)
def test_a_task_that_does_not_open(host, tmp_path):
    task = python_task(host, tmp_path, open="raise ValueError('planted')")
    done = host.run(tmp_path, "--task", task, *MODEL, "--workers", 2)
    assert done.status == 2 and "does not open: ValueError: planted" in done.reason


@over(EMBED, PY)
def test_each_rank_has_its_own_interpreter(host, tmp_path):
    (tmp_path / "own.py").write_text("import os, time\ndef pid(job):\n    time.sleep(0.02)\n    return os.getpid()\n")
    done = host.run(tmp_path, "--task", f"{tmp_path}/own.py:pid", *MODEL, "--jobs", 10, "--workers", 2)
    assert done.status == 0 and len(set(done.results)) == 2


@over(C, PY)
def test_without_mpirun(host, tmp_path):
    done = host.run(tmp_path, "--task", "null", *MODEL, env=os.environ | {"PATH": str(tmp_path)})
    assert done.status == 77 and "there is no mpirun on PATH" in done.reason


def test_without_the_library(tmp_path):
    (tmp_path / "tasks").symlink_to(BUILD / "tasks")
    alone = Host("c", "cobench-host", [shutil.copy(BUILD / "cobench-host", tmp_path)], ("mpi",), C.faulty)
    done = alone.run(tmp_path, "--task", "null", *MODEL)
    assert done.status == 77 and done.reason.startswith("mpi cannot run here (it is built where libopenmpi-dev is installed")
