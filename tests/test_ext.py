# SPDX-License-Identifier: MIT
"""What only the runtime ext can do wrong, C tasks under the Python host's models; test_hosts.py has the rest."""

import os
import shutil
import signal

import pytest

from hosts import BUILD, EXT, PROCESSES, TEST_TASKS, call_python
from py_impl import slots

CALLS, MEET = (TEST_TASKS / f"{name}.so" for name in ("calls", "meet"))
run = EXT.run


def test_a_build_without_the_module(tmp_path):
    (tmp_path / "tasks").mkdir()
    shutil.copy(BUILD / "tasks" / "null.so", tmp_path / "tasks")
    environment = {**os.environ, "COBENCH_BUILD": str(tmp_path)}
    done = run(tmp_path, "--task", "null", "--model", "sync", env=environment)
    assert done.status == 77 and done.record["status"] == "impossible"
    assert done.reason.startswith("there is no module 'native' for this interpreter in")
    assert done.stderr == f"py_impl: {done.reason}\n"
    shown = EXT.call("list", "--json", env=environment)
    assert (shown.returncode, shown.stdout, shown.stderr) == (77, "", done.stderr)


def test_the_native_pool_waits_side_by_side(tmp_path, stub):
    done = run(tmp_path, "--task", "fetch", "--model", "native-pool", "--jobs", 8, "--workers", 4, "--url", stub.template,
               "--set", "delay=100")  # fmt: skip
    assert done.status == 0, done.stderr
    assert done.record["connections"] == stub.connections == done.most_at_once == 4


def test_many_jobs_go_through_the_native_pool(tmp_path):
    done = run(tmp_path, "--task", "null", "--model", "native-pool", "--jobs", 200_000, "--workers", 2)
    assert done.status == 0 and done.results == list(range(200_000))


@pytest.mark.parametrize("model", ("threads", "thread-pool", "native-pool"))
def test_c_runs_without_the_lock(tmp_path, model):
    """Four jobs, none of which ends before all are in C: with the GIL held by one, the others would never come."""
    done = run(tmp_path, "--task", MEET, "--model", model, "--jobs", 4, "--workers", 4)
    assert done.status == 0, done.stderr
    assert done.results == [0, 1, 2, 3]


@pytest.mark.parametrize("model", ("sync", "async"))
def test_one_thread_cannot_meet_itself(tmp_path, model):
    """That the test above could fail."""
    done = run(tmp_path, "--task", MEET, "--model", model, "--jobs", 2, "--set", "patience=20")
    assert done.status == 1 and done.failed == [(0, "ETIMEDOUT")]


@pytest.mark.parametrize("method", ("fork", "spawn"))
@pytest.mark.parametrize("model", PROCESSES)
def test_a_crash_in_a_worker_process_is_named(tmp_path, model, method):
    words = ["--set", f"log={tmp_path / 'log'}", "--set", f"signal={int(signal.SIGSEGV)}", "--start-method", method]
    done = run(tmp_path, "--task", CALLS, "--model", model, "--workers", 2, *words)
    assert done.status == 1 and done.rows[0]["state"] == slots.FAILED
    assert done.failed[0] == (0, "Crash")
    assert done.record["failures"][0]["message"] == "worker was killed by signal 11 (SIGSEGV) while running job 0"
    if model == "processes":
        assert done.record["failed_jobs"] == 1 and done.results[1:] == [1, 2, 3]


@pytest.mark.parametrize("model", [model for model in EXT.models if model not in PROCESSES])
def test_a_task_that_exits_takes_the_host_along(tmp_path, model):
    """C's _exit ends the process under anyone's feet: an empty record is the sign of it."""
    done = run(tmp_path, "--task", EXT.faulty, "--model", model, "--workers", 2, "--set", "mode=exit")
    assert (done.status, done.record) == (3, None)


def test_a_hang_in_the_native_pool(tmp_path):
    """What C has found out so far is in the record: the gate's stamp, and the job that failed before."""
    done = run(tmp_path, "--task", MEET, "--model", "native-pool", "--jobs", 3, "--workers", 2, "--timeout", 1)
    assert done.status == 1
    assert done.reason == "the time ran out after 1 s; still running: job 0, 1"
    assert done.failed == [(0, "Timeout"), (1, "Timeout")]
    phases = done.record["phases"]
    assert phases["start"] <= phases["ready"] <= min(row["start_ns"] for row in done.rows[:2])
    assert phases["work"] is None and done.rows[2]["state"] == slots.EMPTY


def test_failures_before_a_hang_in_the_native_pool(tmp_path):
    done = run(tmp_path, "--task", MEET, "--model", "native-pool", "--jobs", 3, "--workers", 1, "--timeout", 1,
               "--set", "patience=600")  # fmt: skip
    assert done.failed == [(0, "ETIMEDOUT"), (1, "Timeout")] and done.record["failed_jobs"] == 2


def test_a_file_that_is_no_shared_object(tmp_path):
    path = tmp_path / "text.so"
    path.write_text("text")
    done = run(tmp_path, "--task", path, "--model", "sync")
    assert done.status == 2 and done.reason.startswith(f"task '{path}' does not load: ImportError: {path}: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("opens", ("host", "host, ext; ext.native()"))
def test_importing_the_host_costs_little(opens):
    """Start-up is part of what is timed: none of the expensive modules may come in by the way."""
    code = (f"import sys; from py_impl import {opens}; import py_impl.models.sync, py_impl.slots, py_impl.shared_state;"
            "print(sorted({'typing', 're', 'enum', 'json', 'argparse', 'threading', 'dataclasses', 'inspect', 'asyncio',"
            "'multiprocessing', 'socket', 'tempfile', 'importlib.util'} & set(sys.modules)))")  # fmt: skip
    done = call_python(code)
    assert done.stdout == "[]\n", done.stdout + done.stderr
