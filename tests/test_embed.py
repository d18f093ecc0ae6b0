# SPDX-License-Identifier: MIT
"""
The C host with an interpreter inside, where it differs from the one without (test_c_host.py holds for both): what a
Python task may do in it, and what it leaves behind.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from c_host import BUILD, EMBED
from lag import Lag
from py_host import MODELS, ROOT, alive, outcome
from py_impl import slots
from test_py_host import BAD_RUNS, MESSAGES, task_file

PROCESSES = ("processes", "process-pool")
THREADS = ("sync", "threads", "thread-pool", "async")
WAYS = [(model, "fork") for model in MODELS] + [(model, "spawn") for model in PROCESSES]


def pair(folder: Path, asks: str = "null", **functions: str) -> Path:
    """A plug-in and its Python counterpart: the table of the built-in task `asks`, and the functions given here."""
    path = task_file(folder, **functions)
    if asks != "null":
        with path.open("a") as file:
            file.write(f"from py_impl.tasks.{asks} import ASKS, KIND, PARAMS\n")
    return shutil.copy(BUILD / "tasks" / f"{asks}.so", folder / "mine.so")


def run(folder: Path, task: Path, model: str, *words: object, jobs: int = 4, method: str = "fork", **options):
    return EMBED.run(folder, "--task", task, "--model", model, "--jobs", jobs, "--workers", 2, "--start-method", method,
                     *words, **options)  # fmt: skip


# -- what a task may raise ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BAD_RUNS)
@pytest.mark.parametrize("model", MODELS)
def test_whatever_run_does_is_the_jobs_own(tmp_path, name, model):
    body, kind = BAD_RUNS[name]
    done = run(tmp_path, pair(tmp_path, run=body), model)
    assert done.status == 1 and done.record["failed_jobs"] == 4
    assert {failure["type"] for failure in done.record["failures"]} == {kind}
    assert done.stderr == f"{EMBED.name}: {done.record['reason']}\n"
    line = (tmp_path / "mine.py").read_text().split("\n").index("    " + body) + 1
    raised = kind not in ("TypeError", "OverflowError")  # the others are found when `run` is over
    assert {failure["line"] for failure in done.record["failures"]} == {line if raised else None}


@pytest.mark.parametrize("body, kind, message, reason", MESSAGES)
def test_what_is_said_of_an_exception(tmp_path, body, kind, message, reason):
    done = run(tmp_path, pair(tmp_path, run=body), "sync")
    (failure,) = done.record["failures"]
    assert (failure["type"], failure["message"], done.record["reason"]) == (kind, message, reason)


@pytest.mark.parametrize("method", ("fork", "spawn"))
@pytest.mark.parametrize("model", ("processes", "process-pool"))
def test_a_worker_that_exits_as_if_all_were_well(tmp_path, model, method):
    body = "import os; job == 2 and os._exit(0); return job"
    done = run(tmp_path, pair(tmp_path, run=body), model, method=method)
    (failure,) = done.record["failures"]
    assert (failure["job"], failure["type"]) == (2, "Crash")
    assert failure["message"].endswith("exited with status 0 while running job 2")


@pytest.mark.parametrize("model", ("sync", "thread-pool", "process-pool", "async"))
def test_a_hang_while_closing_is_said_as_that(tmp_path, model):
    done = run(tmp_path, pair(tmp_path, worker_close="import time; time.sleep(600)"), model, "--timeout", 1)
    assert done.record["reason"] == "timed out after 1 s: all jobs had ended, but not their workers"


def test_every_failure_is_counted(tmp_path):
    done = run(tmp_path, pair(tmp_path, run="raise ValueError(job)"), "thread-pool", jobs=500)
    assert done.record["failed_jobs"] == 500 and len(done.record["failures"]) == 8
    assert {row["state"] for row in done.rows} == {slots.FAILED}


@pytest.mark.parametrize("model", MODELS)
def test_a_deep_recursion_in_c(tmp_path, model):
    """Down the C stack of whatever thread runs the job."""
    body = "import functools, json; x = []; [x := [x] for n in range(10**5)]; return len(json.dumps(x))"
    done = run(tmp_path, pair(tmp_path, run=body), model)
    assert {failure["type"] for failure in done.record["failures"]} == {"RecursionError"}


def test_messages(tmp_path):
    body = "raise (ValueError('\\udcff \\n\\0 ' + '\\u20ac' * 10**6), type('E', (BaseException,), {'__str__': lambda s: 1 / 0}))[job]"
    done = run(tmp_path, pair(tmp_path, run=body), "sync", jobs=2)
    first, second = done.record["failures"]
    assert first["message"].split("\u20ac")[0] == "? " and len(first["message"].encode()) in (317, 318, 319)
    assert set(first["message"][4:]) == {"\u20ac"}
    assert (second["type"], second["message"]) == ("E", "an exception that cannot be printed")


@pytest.mark.parametrize("model, method", WAYS)
def test_a_task_that_does_not_load(tmp_path, model, method):
    task = pair(tmp_path)
    with (tmp_path / "mine.py").open("a") as file:
        file.write("import no_such_module\n")
    done = run(tmp_path, task, model, method=method)
    why = f"task '{tmp_path}/mine.py' does not load: ModuleNotFoundError: No module named 'no_such_module'"
    if (model, method) == ("processes", "spawn"):  # each job has a task of its own that does not load
        assert done.status == 1 and f"EPROTO: task 'null' does not open: {why}" in done.record["reason"]
    else:
        assert done.status == 2 and done.record["reason"] == f"task 'null' does not open: {why}"


@pytest.mark.parametrize("model, method", WAYS)
def test_a_worker_that_does_not_open(tmp_path, model, method):
    done = run(tmp_path, pair(tmp_path, worker_open="raise ValueError('no')"), model, method=method)
    assert done.status == 1
    assert "ValueError: no" in done.record["reason"] and "ValueError: ValueError" not in done.record["reason"]


@pytest.mark.parametrize("model", MODELS)
def test_a_request_that_fails(tmp_path, model):
    task = pair(tmp_path, "wait", request="raise (SystemExit('bye'), ValueError('no'))[job % 2]")
    done = run(tmp_path, task, model)
    assert done.status == 1 and done.record["failed_jobs"] == 4
    assert {(f["type"], f["message"]) for f in done.record["failures"]} == {("SystemExit", "bye"), ("ValueError", "no")}
    assert None not in {failure["line"] for failure in done.record["failures"]}


@pytest.mark.parametrize("model, method", WAYS)
def test_an_end_that_fails_fails_no_job(tmp_path, model, method):
    done = run(tmp_path, pair(tmp_path, close="raise ValueError('late')", worker_close="raise SystemExit(9)"), model, method=method)
    assert done.status == 0
    workers = 1 if model in ("sync", "async") else 4 if model in ("threads", "processes") else 2
    assert done.stderr.count("SystemExit: 9") == workers
    assert done.stderr.count("ValueError: late") == (workers if method == "spawn" else 1)


def test_a_plug_in_without_a_twin(tmp_path):
    task = pair(tmp_path)
    (tmp_path / "mine.py").unlink()
    done = run(tmp_path, task, "sync")
    assert done.status == 2 and done.record["reason"] == f"task 'null' has no Python counterpart '{tmp_path}/mine.py'"


@pytest.mark.parametrize("asks, more, why", [
    ("null", "ASKS = URL", "ValueError: ASKS is 'url', but 'nothing' in its C counterpart"),
    ("wait", "PARAMS = ()", "ValueError: PARAMS has other keys than in its C counterpart"),
])  # fmt: skip
def test_counterparts_that_disagree(tmp_path, asks, more, why):
    task = pair(tmp_path, asks)
    with (tmp_path / "mine.py").open("a") as file:
        file.write(more + "\n")
    done = run(tmp_path, task, "sync")
    assert done.status == 2 and done.record["reason"] == f"task '{asks}' does not open: {why}"


# -- ends -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model, method", WAYS)
@pytest.mark.parametrize("body, status, how", [
    ("os._exit(7)", 7, "exited with status 7"),
    ("ctypes.string_at(0)", -signal.SIGSEGV, "was killed by signal 11 (SIGSEGV)"),
])  # fmt: skip
def test_a_process_that_ends_in_a_job(tmp_path, model, method, body, status, how):
    done = run(tmp_path, pair(tmp_path, run=f"import ctypes, os; {body}"), model, jobs=2, method=method)
    if model in PROCESSES:
        assert done.status == 1 and done.record["failed_jobs"] == 2
        failure = done.record["failures"][0]
        assert failure["type"] == "Crash" and how in failure["message"]
    else:
        assert done.status == status and done.record is None


OWN_THREADS = {
    "ends": "threading.Thread(target=time.sleep, args=(0.02,)).start(); return job",
    "daemon": "threading.Thread(target=time.sleep, args=(3600,), daemon=True).start(); return job",
    "busy": "threading.Thread(target=lambda: [0 for n in iter(int, 1)], daemon=True).start(); return job",
    "pool": "from concurrent.futures import ThreadPoolExecutor as T; return T(2).submit(abs, -job).result()",
}


@pytest.mark.parametrize("kind", OWN_THREADS)
@pytest.mark.parametrize("model, method", WAYS)
def test_a_task_that_starts_threads_of_its_own(tmp_path, model, method, kind):
    """`threading` is imported by a job, so that the interpreter's shutdown meets it for the first time there."""
    done = run(tmp_path, pair(tmp_path, run=f"import threading, time; {OWN_THREADS[kind]}"), model, method=method)
    assert (done.status, done.stderr) == (0, "")
    assert done.results == [0, 1, 2, 3]


def test_a_thread_of_the_tasks_that_never_ends(tmp_path):
    """The interpreter waits for it at its end, the watchdog does not."""
    body = "import threading, time; threading.Thread(target=time.sleep, args=(3600,)).start(); return job"
    done = run(tmp_path, pair(tmp_path, run=body), "sync", "--timeout", 1)
    assert done.status == 1 and "all jobs had ended, but not their workers" in done.record["reason"]
    assert done.results == [0, 1, 2, 3]


@pytest.mark.parametrize("model", MODELS)
def test_a_job_that_keeps_the_lock_runs_out_of_time(tmp_path, model):
    done = run(tmp_path, pair(tmp_path, run="sum(iter(int, 1))"), model, "--timeout", 0.5)
    assert done.status == 1 and done.record["reason"].startswith("timed out after 0.5 s: job ")


BUSY = {
    "run": {"run": "sum(iter(int, 1))"},
    "handler": {"run": "sum(iter(int, 1))", "open": "import signal; signal.signal(signal.SIGINT, print)"},
    "open": {"open": "sum(iter(int, 1))"},
    "worker_open": {"worker_open": "sum(iter(int, 1))"},
    "worker_close": {"worker_close": "sum(iter(int, 1))"},
    "close": {"close": "sum(iter(int, 1))"},
}


@pytest.mark.parametrize("where, model, method", [("run", *way) for way in WAYS] + [("handler", m, "fork") for m in MODELS] + [
    (where, *way) for where in ("open", "worker_open", "worker_close", "close")
    for way in [("sync", "fork"), ("thread-pool", "fork"), ("process-pool", "spawn")]
])  # fmt: skip
def test_a_signal_in_the_middle_of_python(tmp_path, where, model, method):
    """In C code called by Python that looks at no signals: the host ends all the same, and its workers with it."""
    functions = dict(BUSY[where])
    name = where if where != "handler" else "run"
    note = tmp_path / "note"
    functions[name] = f"import os; os.close(os.open({str(note)!r}, os.O_CREAT)); " + functions[name]
    task = pair(tmp_path, **functions)
    words = ["--task", task, "--model", model, "--jobs", 2, "--workers", 2, "--start-method", method]
    process = subprocess.Popen(EMBED.command(tmp_path, *words), cwd=ROOT, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    while not note.exists() and time.monotonic() < deadline:
        time.sleep(0.005)  # polling a file: there is nothing to wait on
    workers = [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]
    assert len(workers) > 0 or model not in PROCESSES
    with Lag() as lag:
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=20)
        while any(map(alive, workers)) and lag.within(1):
            time.sleep(0.005)
        assert not any(map(alive, workers)) and lag.within(1)
    assert (process.returncode, stderr) == (-signal.SIGINT, "")


# -- the interpreter ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model, method", WAYS)
def test_the_order_of_calls(tmp_path, model, method):
    log = tmp_path / "log"
    note = f"import os; f = os.open({str(log)!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT); os.write(f, b'%s '); os.close(f)"
    task = pair(tmp_path, run=note % "r" + "; return job", open=note % "o", close=note % "c", worker_open=note % "w",
                worker_close=note % "x")  # fmt: skip
    done = run(tmp_path, task, model, method=method)
    assert (done.status, done.stderr) == (0, "")
    calls = log.read_text().split()
    workers = {"sync": 1, "async": 1, "threads": 4, "processes": 4}.get(model, 2)
    opens = workers if method == "spawn" else 1
    assert sorted(calls) == sorted(["o", "c"] * opens + ["w", "x"] * workers + ["r"] * 4)
    assert calls[0] == "o" and calls[-1] == "c"


@pytest.mark.parametrize("model, method", WAYS)
def test_a_worker_knows_where_it_is(tmp_path, model, method):
    """One thread and one state of the interpreter a worker; in a process of its own, the main thread."""
    body = "import threading; return (threading.current_thread() is threading.main_thread()) * 2 + worker"
    task = pair(tmp_path, open="import threading", worker_open="return flags", run=body)
    done = run(tmp_path, task, model, method=method)
    main = model not in ("threads", "thread-pool")
    assert set(done.results) == {main * 2 + (model in PROCESSES)}


@pytest.mark.parametrize("locale", ("C", "C.UTF-8", "no_SUCH"))
def test_texts_are_utf8_in_every_locale(tmp_path, locale):
    (tmp_path / "\u20ac.txt").write_text("\u20ac", encoding="utf-8")
    body = f"import sys; print('\u20ac'); return ord(open({str(tmp_path)!r} + '/\u20ac.txt').read())"
    done = run(tmp_path, pair(tmp_path, run=body), "sync", jobs=1, env={**os.environ, "LC_ALL": locale})
    assert (done.status, done.stderr, done.results) == (0, "", [0x20AC])
    assert done.stdout == "\u20ac\n"


@pytest.mark.parametrize("model, method", WAYS)
def test_what_a_task_prints_is_there_once(tmp_path, model, method):
    done = run(tmp_path, pair(tmp_path, open="print('open')", run="print(job, end=' '); return job"), model, method=method)
    opens = {"processes": 4, "process-pool": 2}[model] if method == "spawn" else 1
    assert sorted(done.stdout.split()) == ["0", "1", "2", "3"] + ["open"] * opens


def test_programs_that_a_task_starts_are_of_this_interpreter(tmp_path):
    ask = "[sys.executable, '-c', 'import sys; print(sys.hexversion)']"
    body = f"import subprocess, sys; return int(subprocess.check_output({ask})) == sys.hexversion"
    done = run(tmp_path, pair(tmp_path, run=body), "process-pool")
    assert done.results == [1] * 4


def test_an_environment_does_not_reach_the_interpreter(tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text("raise SystemExit('reached')\n")
    env = {**os.environ, "PYTHONPATH": str(tmp_path / "site"), "PYTHONHOME": "/nothing", "PYTHONOPTIMIZE": "2"}
    done = run(tmp_path, pair(tmp_path, run="return __debug__"), "sync", env=env)
    assert (done.status, done.stderr, done.results) == (0, "", [1] * 4)


# -- what it leaves behind ------------------------------------------------------------------------------------------------------

BLOCKS = "import gc, sys; job % 99000 == 1000 and gc.collect(); return sys.getallocatedblocks()"


@pytest.mark.parametrize("model", ("sync", "thread-pool", "process-pool", "async"))
def test_a_hundred_thousand_jobs_leave_no_block(tmp_path, model):
    done = run(tmp_path, pair(tmp_path, run=BLOCKS), model, jobs=100_001)
    assert done.status == 0
    assert done.results[100_000] <= done.results[1000] + 20


def test_thousands_in_flight_in_one_interpreter(tmp_path):
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 2200:
        pytest.skip("the open-file limit of this machine is below 2200")
    origin = subprocess.Popen([BUILD / "cobench-origin"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        url = origin.stdout.readline().strip()
        task = pair(tmp_path, "fetch", run="import os; return len(os.listdir('/proc/self/task'))",
                    request="return Request(URL, 0, state['url'].replace('{job}', str(job)).replace('{size}', '64')"
                            ".replace('{delay}', '500'))", open="return params")  # fmt: skip
        done = EMBED.run(tmp_path, "--task", task, "--model", "async", "--jobs", 10_000, "--workers", 2000, "--url", url)
    finally:
        origin.stdin.close()
        origin.wait(10)
    assert (done.status, done.stderr) == (0, "") and done.record["failed_jobs"] == 0
    assert max(done.results) <= 3  # the loop, the watchdog, and perhaps libcurl's resolver
    starts, ends = ([row[key] for row in done.rows] for key in ("start_ns", "end_ns"))
    assert sum(start < min(ends) for start in starts) >= 1900
    assert done.record["connections"] <= 2000
