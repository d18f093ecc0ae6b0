# SPDX-License-Identifier: MIT
"""The runtime ext: C tasks under the Python host's models, and all the ways in which C can go wrong there."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from c_host import C
from gated import check_a_closed_gate, check_the_end, check_the_gate, children_of, start_and_hang
from py_host import BUILD, EXT, PY, ROOT, SECONDS, Host, Outcome, check_a_failed_job, check_a_run, listing, program
from py_impl import slots

# What holds for both runtimes of the Python host; run here with the fixture `host` below.
from test_py_host import (  # noqa: F401
    SMALL, test_a_closed_gate_ends_the_host, test_a_job_that_hangs_is_named,
    test_a_worker_that_dies_is_named, test_bad_templates, test_connections_are_kept_and_counted,
    test_many_small_jobs_go_through_a_pool, test_no_room_for_slots, test_request_failures_are_named, test_results,
    test_texts_that_are_no_utf8_reach_the_record, test_the_gate_holds_the_work_back,
    test_too_few_descriptors_are_seen_beforehand, test_waiting_overlaps, test_wordcount, words,
)  # fmt: skip

TEST_TASKS = BUILD / "test-tasks"
FAULTY, CALLS, MEET = (TEST_TASKS / f"{name}.so" for name in ("faulty", "calls", "meet"))
PROCESSES = ("processes", "process-pool")
IN_PROCESS = tuple(model for model in EXT.models if model not in PROCESSES)


@pytest.fixture
def host() -> Host:
    return EXT


def run(folder: Path, *words: object, **options) -> Outcome:
    return EXT.run(folder, *words, **options)


def c_results(folder: Path, *words: object) -> list[int]:
    """The same by the C host, under sync."""
    place = folder / "c"
    place.mkdir(exist_ok=True)
    done = C.run(place, *words, "--model", "sync")
    assert done.status == 0, done.stderr
    return done.results


# -- what it says of itself ---------------------------------------------------------------------------------------------


def test_the_list_is_that_of_py_but_for_the_runtime():
    mine, counterpart = listing(module=EXT.module), listing(module=PY.module)
    assert mine["runtimes"] == ["ext"] and counterpart["runtimes"] == ["py"]
    assert tuple(model["name"] for model in mine["models"]) == EXT.models
    assert mine["models"][:-1] == counterpart["models"]
    for model in ("processes", "loop", "baseline"):
        assert mine["models"][-1][model] is False
    assert mine["errors"] == []
    assert sorted(mine["tasks"], key=lambda t: t["name"]) == sorted(counterpart["tasks"], key=lambda t: t["name"])
    assert (mine["host"], mine["version"], mine["build"]) == (counterpart["host"], counterpart["version"], counterpart["build"])


def test_list_names_files_that_do_not_load(tmp_path):
    for name in ("faulty", "no_symbol", "wrong_contract"):
        shutil.copy(TEST_TASKS / f"{name}.so", tmp_path)
    shutil.copy(FAULTY, tmp_path / "other.so")
    (tmp_path / "text.so").write_text("no shared object")
    (tmp_path / "cut.so").write_bytes(FAULTY.read_bytes()[:200])
    (tmp_path / "mine.py").write_text("not a task of this runtime")
    offer = listing("--tasks", tmp_path, module=EXT.module)
    assert [task["name"] for task in offer["tasks"]] == ["faulty"]
    errors = "\n".join(offer["errors"]).replace(str(tmp_path), "D")
    assert len(offer["errors"]) == 5
    for part in ("task 'D/cut.so' does not load: ImportError: D/cut.so: ", "task 'D/text.so' does not load: ImportError: ",
                 "task 'D/no_symbol.so' does not load: ImportError: there is no symbol 'cobench_task'",
                 "task 'D/wrong_contract.so' does not load: ImportError: it has contract version 1002, this host has 2",
                 "task 'other': calls itself 'faulty'"):  # fmt: skip
        assert part in errors, errors


def test_a_build_without_the_module(tmp_path):
    (tmp_path / "tasks").mkdir()
    shutil.copy(BUILD / "tasks" / "null.so", tmp_path / "tasks")
    environment = {**os.environ, "COBENCH_BUILD": str(tmp_path)}
    done = run(tmp_path, "--task", "null", "--model", "sync", env=environment)
    assert done.status == 77 and done.record["status"] == "impossible"
    assert done.record["reason"].startswith("there is no module 'native' for this interpreter in")
    assert done.stderr == f"py_impl: {done.record['reason']}\n"
    shown = subprocess.run([*program(EXT.module), "list", "--json"], cwd=ROOT, env=environment, text=True,
                           capture_output=True, timeout=SECONDS)  # fmt: skip
    assert (shown.returncode, shown.stdout, shown.stderr) == (77, "", done.stderr)


def test_importing_the_runtime_costs_little():
    """Start-up is part of what is timed."""
    code = ("import sys; from py_impl import host, ext; ext.native(); import py_impl.models.sync, py_impl.slots, py_impl.shared_state;"
            "print(sorted({'typing', 're', 'enum', 'json', 'argparse', 'threading', 'dataclasses', 'inspect', 'asyncio',"
            "'multiprocessing', 'socket', 'tempfile', 'importlib.util'} & set(sys.modules)))")  # fmt: skip
    done = subprocess.run([*program(EXT.module)[:3], "-c", code], cwd=ROOT, text=True, capture_output=True, timeout=SECONDS)
    assert done.stdout == "[]\n", done.stdout + done.stderr


# -- results ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model, method", [(m, "fork") for m in EXT.models] + [(m, "spawn") for m in PROCESSES])
@pytest.mark.parametrize("task", SMALL)
def test_every_task_under_every_model(tmp_path, stub, words, task, model, method):
    given = ["--task", task, "--workers", 3, "--jobs", 7 if method == "fork" else 4]
    for pair in SMALL[task]:
        given += ["--set", pair.format(words=words)]
    web = task in ("fetch", "mixed")
    if web:
        given += ["--url", stub.template]
    expected = c_results(tmp_path, *given)
    before = stub.connections
    done = run(tmp_path, *given, "--model", model, "--start-method", method)
    check_a_run(done, model, method, 3)
    assert done.results == expected
    rows, record = done.rows, done.record
    assert record["connections"] == (stub.connections - before if web else None)
    waits = task in ("wait", "fetch", "mixed")
    assert all((row["start_ns"] < row["replied_ns"] <= row["end_ns"]) == waits for row in rows)
    assert (record["host"], record["runtime"], record["model"], record["task"]) == ("py", "ext", model, task)
    # The kernel shares a process's time out to user and system by where its ticks fell: one of them can be 0.
    usage = record["usage"]
    assert usage["user_ns"] + usage["system_ns"] > 0 and usage["max_rss_bytes"] > 1 << 20


def test_the_native_pool_waits_side_by_side(tmp_path, stub):
    done = run(tmp_path, "--task", "fetch", "--model", "native-pool", "--jobs", 8, "--workers", 4, "--url", stub.template,
               "--set", "delay=100")  # fmt: skip
    assert done.status == 0, done.stderr
    assert done.record["connections"] == stub.connections == 4
    edges = sorted([(row["start_ns"], 1) for row in done.rows] + [(row["end_ns"], -1) for row in done.rows])
    depth = [sum(step for _, step in edges[: i + 1]) for i in range(len(edges))]
    assert max(depth) == 4


def test_many_jobs_go_through_the_native_pool(tmp_path):
    done = run(tmp_path, "--task", "null", "--model", "native-pool", "--jobs", 200_000, "--workers", 2)
    assert done.status == 0 and done.results == list(range(200_000))


# -- the lock -----------------------------------------------------------------------------------------------------------


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
    assert done.status == 1 and [(f["job"], f["type"]) for f in done.record["failures"]] == [(0, "ETIMEDOUT")]


# -- the order of calls ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model, method", [(m, "fork") for m in EXT.models] + [(m, "spawn") for m in PROCESSES])
def test_the_order_of_calls(tmp_path, model, method):
    """As the contract has it, with the fork hooks around every fork, and closed by the process that opened it only."""
    log = tmp_path / "log"
    done = run(tmp_path, "--task", CALLS, "--model", model, "--workers", 2, "--start-method", method, "--set", f"log={log}")
    assert done.status == 0, done.stderr
    notes = [(note[0], int(note[1:])) for note in log.read_text().split()]
    letters = [letter for letter, _ in notes]
    workers = {"sync": 1, "async": 1, "threads": 4, "processes": 4}.get(model, 2)
    forks = workers if (model in PROCESSES and method == "fork") else 0
    opens = workers if method == "spawn" else 1
    opened = "W" if model in PROCESSES else "w"
    assert sorted(letters) == sorted(["o", "c"] * opens + [opened, "x"] * workers + ["r"] * 4 + ["b", "p", "k"] * forks)
    assert letters[0] == "o" and letters[-1] == "c"
    for pid in {pid for _, pid in notes}:
        own = "".join(letter for letter, by in notes if by == pid)
        if method == "spawn":
            assert re.fullmatch("oWr+xc", own) or re.fullmatch("oWxc", own), own
        elif "k" in own:
            assert re.fullmatch("kWr*x", own), own
        elif forks:
            assert re.fullmatch("o(bp)*c", own), own


# -- jobs and workers that go wrong ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", EXT.models)
def test_a_failed_job_is_named_and_the_others_run(tmp_path, model):
    done = run(tmp_path, "--task", FAULTY, "--model", model, "--workers", 2, "--set", "mode=fail", "--set", "at=5")
    check_a_failed_job(done, "py_impl", None)


@pytest.mark.parametrize("number", (signal.SIGKILL, signal.SIGSEGV))
@pytest.mark.parametrize("model", IN_PROCESS)
def test_a_crash_in_a_thread_ends_the_host(tmp_path, model, number):
    """By the signal itself, which is what the driver names; the record is there and empty."""
    words = ["--set", f"log={tmp_path / 'log'}", "--set", f"signal={int(number)}"]
    done = run(tmp_path, "--task", CALLS, "--model", model, "--workers", 2, *words)
    assert done.status == -number and done.record is None
    assert (tmp_path / "record").read_bytes() == b""
    assert done.rows[0]["state"] == slots.RUNNING


@pytest.mark.parametrize("method", ("fork", "spawn"))
@pytest.mark.parametrize("model", PROCESSES)
def test_a_crash_in_a_worker_process_is_named(tmp_path, model, method):
    words = ["--set", f"log={tmp_path / 'log'}", "--set", f"signal={int(signal.SIGSEGV)}", "--start-method", method]
    done = run(tmp_path, "--task", CALLS, "--model", model, "--workers", 2, *words)
    assert done.status == 1 and done.rows[0]["state"] == slots.FAILED
    failure = done.record["failures"][0]
    assert (failure["job"], failure["type"]) == (0, "Crash")
    assert failure["message"] == "worker was killed by signal 11 (SIGSEGV) while running job 0"
    if model == "processes":
        assert done.record["failed_jobs"] == 1 and [row["result"] for row in done.rows[1:]] == [1, 2, 3]


@pytest.mark.parametrize("model", IN_PROCESS)
def test_a_task_that_exits_takes_the_host_along(tmp_path, model):
    """C's _exit ends the process under anyone's feet: an empty record is the sign of it."""
    done = run(tmp_path, "--task", FAULTY, "--model", model, "--workers", 2, "--set", "mode=exit")
    assert (done.status, done.record) == (3, None)


def test_a_hang_in_the_native_pool(tmp_path):
    """What C has found out so far is in the record: the gate's stamp, and the job that failed before."""
    done = run(tmp_path, "--task", MEET, "--model", "native-pool", "--jobs", 3, "--workers", 2, "--timeout", 1)
    assert done.status == 1
    assert done.record["reason"] == "the time ran out after 1 s; still running: job 0, 1"
    assert [(f["job"], f["type"]) for f in done.record["failures"]] == [(0, "Timeout"), (1, "Timeout")]
    phases = done.record["phases"]
    assert phases["start"] <= phases["ready"] <= min(row["start_ns"] for row in done.rows[:2])
    assert phases["work"] is None and done.rows[2]["state"] == slots.EMPTY


def test_failures_before_a_hang_in_the_native_pool(tmp_path):
    done = run(tmp_path, "--task", MEET, "--model", "native-pool", "--jobs", 3, "--workers", 1, "--timeout", 1,
               "--set", "patience=600")  # fmt: skip
    assert [(f["job"], f["type"]) for f in done.record["failures"]] == [(0, "ETIMEDOUT"), (1, "Timeout")]
    assert done.record["failed_jobs"] == 2


@pytest.mark.parametrize("method", ("fork", "spawn"))
@pytest.mark.parametrize("model", ("sync", "process-pool", "native-pool"))
def test_a_task_that_does_not_open(tmp_path, model, method):
    done = run(tmp_path, "--task", "wordcount", "--model", model, "--start-method", method, "--set", "file=/no/such")
    assert done.status == 2
    assert done.record["reason"] == (
        "task 'wordcount' does not open: ENOENT: /no/such cannot be read: No such file or directory"
    )


# -- usage --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words, reason", [
    (["--task", "x"], "task 'x' is unknown (known: count, distance, factorize,"),
    (["--task", "/no/such.so"], "task '/no/such.so': there is no such file"),
    (["--task", str(ROOT / "tests/tasks/faulty.py")], f"task '{ROOT}/tests/tasks/faulty.py' is no .so file"),
    (["--task", f"{TEST_TASKS}/no_symbol.so"],
     f"task '{TEST_TASKS}/no_symbol.so' does not load: ImportError: there is no symbol 'cobench_task'"),
    (["--task", f"{TEST_TASKS}/wrong_contract.so"],
     f"task '{TEST_TASKS}/wrong_contract.so' does not load: ImportError: it has contract version 1002, this host has 2"),
    (["--model", "x"], "model 'x' is unknown (known: sync, threads, thread-pool, processes, process-pool, async, native-pool)"),
    (["--set", "foo=1"], "unknown parameter 'foo' of task 'count' (it has: size)"),
    (["--set", "size=4000000001"], "--set size=4000000001: must be 0..4000000000"),
    (["--task", "fetch"], "parameter 'url' of task 'fetch' has to be given: where to ask;"),
])  # fmt: skip
def test_usage(tmp_path, words, reason):
    given = [word for name in ("--task", "--model") if name not in words
             for word in (name, {"--task": "count", "--model": "sync"}[name])]  # fmt: skip
    done = run(tmp_path, *given, *words)
    assert done.status == 2 and done.record["status"] == "usage"
    assert done.record["reason"].startswith(reason)
    assert done.stderr == f"py_impl: {done.record['reason']}\n"


def test_a_file_that_is_no_shared_object(tmp_path):
    path = tmp_path / "text.so"
    path.write_text("text")
    done = run(tmp_path, "--task", path, "--model", "sync")
    assert done.status == 2 and done.record["reason"].startswith(f"task '{path}' does not load: ImportError: {path}: ")
    assert done.stderr.count("\n") == 1


def test_python_tasks_and_c_tasks_do_not_mix(tmp_path):
    """A C task under `py` would carry the wrong name in every table."""
    done = PY.run(tmp_path, "--task", FAULTY, "--model", "sync")
    assert done.status == 2 and done.record["reason"] == f"task '{FAULTY}' is no .py file"


# -- limits, signals, the gate --------------------------------------------------------------------------------------------


def test_too_few_descriptors_for_the_native_pool(tmp_path, stub):
    """A blocking client of libcurl takes three."""
    import resource

    done = run(tmp_path, "--task", "fetch", "--model", "native-pool", "--url", stub.template, "--jobs", 100,
               preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (310, 310)))  # fmt: skip
    assert done.status == 77 and done.record["reason"].startswith(
        "the limit of 310 open files is too low: this run needs 324 (RLIMIT_NOFILE")
    assert stub.connections == 0


def test_threads_that_cannot_be_started_in_the_native_pool(tmp_path):
    import resource

    done = run(tmp_path, "--task", "wait", "--model", "native-pool", "--jobs", 200, "--set", "delay=100",
               preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20)))  # fmt: skip
    assert done.status == 77 and done.record["status"] == "impossible"
    assert "cannot start a thread beside" in done.record["reason"]


def test_the_gate_holds_the_native_pool_back(tmp_path):
    check_the_gate(EXT, tmp_path, "native-pool")


def test_a_closed_gate_ends_the_native_pool(tmp_path):
    check_a_closed_gate(EXT, tmp_path, "native-pool")


@pytest.mark.parametrize("number", (signal.SIGINT, signal.SIGTERM))
@pytest.mark.parametrize("model", EXT.models)
def test_signals_end_host_and_workers(tmp_path, model, number):
    process, gate = start_and_hang(EXT, tmp_path, model, FAULTY)
    running = children_of(process.pid)
    assert len(running) == (1 if model in PROCESSES else 0)
    check_the_end(process, gate, running, number)
