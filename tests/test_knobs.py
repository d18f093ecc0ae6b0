# SPDX-License-Identifier: MIT
"""Knobs: each is really in force where the jobs run, the record says so, and the driver makes rows of their values."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from driver import Run, cobench
from hosts import C, EMBED, EXT, HOSTS, PLUGINS, PY, TEST_TASKS, Host, check_a_run, children_of

LOOK = '''
import ctypes, os, sys, time

def interval(job):
    return round(sys.getswitchinterval() * 1e9)

def stack_size(job):
    libc, attributes, size = ctypes.CDLL(None), ctypes.create_string_buffer(256), ctypes.c_size_t()
    libc.pthread_self.restype = ctypes.c_void_p
    libc.pthread_getattr_np(ctypes.c_void_p(libc.pthread_self()), attributes)
    libc.pthread_attr_getstacksize(attributes, ctypes.byref(size))
    return size.value

def served(job):
    until = time.process_time() + 0.02
    while time.process_time() < until:
        pass
    with open(f"/proc/{os.getppid()}/cmdline") as file:
        return int("forkserver" in file.read())
'''


@pytest.fixture
def look(tmp_path: Path) -> Path:
    path = tmp_path / "look.py"
    path.write_text(LOOK)
    return path


@pytest.mark.parametrize("host", HOSTS, ids=str)
def test_the_list_has_what_run_takes(host: Host, tmp_path: Path):
    for knob in host.listing()["knobs"]:
        assert set(knob["models"]) <= {*host.listed, *PLUGINS}
        model = next(model for model in reversed(knob["models"]) if model in host.models)
        done = host.run(tmp_path, "--task", "null", "--model", model, "--jobs", 2, f"--{knob['name']}", knob["default"])
        assert done.status == 0 and done.record["knobs"][knob["name"]] == knob["default"]
        assert host.run(tmp_path, "--task", "null", "--model", model, f"--{knob['name']}", "wrong").status == 2


@pytest.mark.parametrize("host, model, method", [
    (PY, "threads", "fork"), (PY, "thread-pool", "fork"), (PY, "process-pool", "spawn"), (PY, "processes", "fork"),
    (EMBED, "thread-pool", "fork"), (EMBED, "process-pool", "fork"), (EMBED, "process-pool", "spawn"),
], ids=str)  # fmt: skip
def test_switch_interval(host, model, method, look):
    words = ("--task", f"{look}:interval", "--model", model, "--jobs", 3, "--workers", 2, "--start-method", method)
    done = host.run(look.parent, *words, "--switch-interval", "0.002")
    assert done.status == 0 and done.results == [2_000_000] * 3
    assert "thread" not in model or done.record["knobs"]["switch-interval"] == "0.002"
    assert host.run(look.parent, *words).results == [5_000_000] * 3
    assert done.record["python"]["switch_interval_ns"] == (2_000_000 if method == "fork" or host is PY else None)


@pytest.mark.parametrize("host, model", [
    (host, model) for host in HOSTS for model in ("threads", "thread-pool", "native-pool") if model in host.models], ids=str)  # fmt: skip
def test_stack_size(host, model, look):
    task = f"{look}:stack_size" if host in (PY, EMBED) else f"{TEST_TASKS}/functions.so:stack_size"
    words = ("--task", task, "--model", model, "--jobs", 3, "--workers", 2)
    done = host.run(look.parent, *words, "--stack-size", 1 << 20)
    assert done.status == 0 and {size >> 12 for size in done.results} <= {255, 256, 257}  # the guard page counts or does not
    assert done.record["knobs"]["stack-size"] == str(1 << 20)
    assert not {size >> 12 for size in host.run(look.parent, *words).results} & {255, 256, 257}


@pytest.mark.parametrize("model", [model for model in ("thread-pool", "openmp", "async-threads") if model in C.models])
def test_pin(model, tmp_path):
    """Thread i of three on CPU i, counted round."""
    words = ("--task", f"{TEST_TASKS}/functions.so:cpu_mask", "--model", model, "--jobs", 20, "--workers", 3)
    cpus = sorted(os.sched_getaffinity(0))
    done = C.run(tmp_path, *words, "--pin", "cores")
    assert done.status == 0 and done.record["knobs"]["pin"] == "cores"
    assert [row["result"] for row in done.rows] == [1 << cpus[row["worker"] % len(cpus)] for row in done.rows]
    assert C.run(tmp_path, *words).results == [sum(1 << cpu for cpu in cpus)] * 20


@pytest.mark.parametrize("model", ("processes", "process-pool"))
def test_forkserver(model, look):
    """The server forks the workers, which have none of the task; their CPU time is the host's as under the other methods."""
    words = ("--model", model, "--workers", 2, "--jobs", 4, "--start-method", "forkserver")
    done = PY.run(look.parent, "--task", f"{look}:served", *words)
    assert (done.status, done.stderr, done.record["start_method"], done.results) == (0, "", "forkserver", [1] * 4)
    assert done.record["usage"]["user_ns"] + done.record["usage"]["system_ns"] > 4 * 20_000_000
    assert PY.run(look.parent, "--task", f"{look}:served", *words, "--start-method", "fork").status == 2  # given twice
    done = EXT.run(look.parent, "--task", "count", "--set", "size=1000", *words)
    check_a_run(done, model, "forkserver", 2)


@pytest.mark.parametrize("host", (C, EMBED), ids=str)
def test_no_forkserver_in_c(host, tmp_path):
    words = ("--task", "null", "--jobs", 2, "--start-method", "forkserver")
    done = host.run(tmp_path, *words, "--model", "process-pool")
    assert done.status == 77 and done.reason.startswith("start method forkserver has no counterpart in C")
    assert host.run(tmp_path, *words, "--model", "threads").status == 0  # which it does not change


@pytest.mark.parametrize("host, model", [
    (host, model) for host in HOSTS for model in ("thread-pool", "process-pool", "native-pool") if model in host.models], ids=str)  # fmt: skip
@pytest.mark.parametrize("cold", ("on", "off"))
def test_cold(host, model, cold, tmp_path):
    """At the gate a cold pool has no worker yet."""
    process, gate = host.start_and_hold(tmp_path, "--task", "null", "--model", model, "--workers", 3, "--jobs", 9, "--cold", cold)
    workers = len(children_of(process.pid)) if model == "process-pool" else len(os.listdir(f"/proc/{process.pid}/task")) - 2
    assert workers == (0 if cold == "on" else 3)  # without the first thread and the watchdog's
    os.write(gate, b"g")
    os.close(gate)
    assert process.wait(30) == 0
    process.stderr.close()


def test_rows_of_a_run(tmp_path):
    words = ("--task", "null", "--runtime", "c,py", "--model", "process-pool", "--jobs", 4, "--rounds", 1, "--workers", 2)
    run = Run(tmp_path, *words, "--start-method", "fork,forkserver", "--cold=on,off")
    names = [f"{c['runtime']}:{c['model']}" for c in run.cells]
    rows = ["process-pool", "process-pool+forkserver", "process-pool+cold=off"]
    assert names == [f"{runtime}:{model}" for runtime in ("c", "py") for model in ("sync", *rows)]
    assert run.cell("py", rows[1])["start_method"] == "forkserver" and run.cell("py", rows[1])["verified"]
    assert "no counterpart in C" in run.cell("c", rows[1])["note"]
    used = {s["name"]: s.get("knobs") for s in run.samples}
    assert used["null py:process-pool+cold=off"].items() >= {"start-method": "fork", "cold": "off", "chunk": "1"}.items()
    assert used["null py:process-pool+forkserver"].items() >= {"start-method": "forkserver", "cold": "on", "chunk": "1"}.items()
    assert "null c:process-pool+forkserver" not in {s["name"] for s in run.samples if s["status"] == "ok"}
    table = cobench("report", run.folder).stdout
    assert "process-pool+cold=off" in table and "ideal 2.00x · cold on\n" in table
    again = cobench("compare", run.folder, run.folder, "--format", "csv").stdout
    assert again.count("process-pool+cold=off") == 2
    assert cobench("run", "--resume", run.folder, "--rounds", 2, "--no-plots").returncode == 0
    assert {s["round"] for s in run.samples if s["name"] == "null py:process-pool+cold=off"} == {0, 1, 2}


def test_what_the_driver_lists():
    listed = cobench("list", "knobs").stdout
    assert "start-method" in listed and "fork spawn forkserver" in listed and "Knobs" in listed
    # in each part of a table that is too wide, which of those with one name it is; and what tasks have to ask for
    assert listed.count("\nclient (c) ") == listed.count("\nclient (ext py) ") == 3 and "start-method (" not in listed
    assert any(line.split()[:6] == ["client", "(c)", "url", "sql", "block", "sync"] for line in listed.splitlines())
