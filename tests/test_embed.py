# SPDX-License-Identifier: MIT
"""What only the C host with an interpreter inside can do wrong; test_hosts.py and test_c_host.py have the rest."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hosts import BUILD, EMBED, MODELS, PROCESSES, check_the_end, children_of, opens_of, python_task, wait_until, workers_of

WAYS = EMBED.ways
isolated = pytest.mark.skipif("interpreters" not in EMBED.models, reason="CPython 3.12 or later: locks of interpreters' own")


def run(folder: Path, task: Path, model: str, *words: object, jobs: int = 4, method: str = "fork", **options):
    return EMBED.run(folder, "--task", task, "--model", model, "--jobs", jobs, "--workers", 2, "--start-method", method,
                     *words, **options)  # fmt: skip


@pytest.mark.parametrize("method", ("fork", "spawn"))
@pytest.mark.parametrize("model", ("processes", "process-pool"))
def test_a_worker_that_exits_as_if_all_were_well(tmp_path, model, method):
    body = "import os; job == 2 and os._exit(0); return job"
    done = run(tmp_path, python_task(EMBED, tmp_path, run=body), model, method=method)
    assert done.failed == [(2, "Crash")]
    assert done.record["failures"][0]["message"].endswith("exited with status 0 while running job 2")


@pytest.mark.parametrize("model", MODELS)
def test_a_deep_recursion_in_c(tmp_path, model):
    """Down the C stack of whatever thread runs the job."""
    body = "import functools, json; x = []; [x := [x] for n in range(10**5)]; return len(json.dumps(x))"
    done = run(tmp_path, python_task(EMBED, tmp_path, run=body), model)
    assert {failure["type"] for failure in done.record["failures"]} == {"RecursionError"}


@pytest.mark.parametrize("model, method", WAYS)
def test_a_task_that_does_not_load(tmp_path, model, method):
    task = python_task(EMBED, tmp_path)
    with (tmp_path / "mine.py").open("a") as file:
        file.write("import no_such_module\n")
    done = run(tmp_path, task, model, method=method)
    why = f"task '{tmp_path}/mine.py' does not load: ModuleNotFoundError: No module named 'no_such_module'"
    if (model, method) == ("processes", "spawn"):  # each job has a task of its own that does not load
        assert done.status == 1 and f"EPROTO: task 'null' does not open: {why}" in done.reason
    else:
        assert done.status == 2 and done.reason == f"task 'null' does not open: {why}"


@pytest.mark.parametrize("model", MODELS)
def test_a_request_that_fails(tmp_path, model):
    task = python_task(EMBED, tmp_path, "wait", request="raise (SystemExit('bye'), ValueError('no'))[job % 2]")
    done = run(tmp_path, task, model)
    assert done.status == 1 and done.record["failed_jobs"] == 4
    assert {(f["type"], f["message"]) for f in done.record["failures"]} == {("SystemExit", "bye"), ("ValueError", "no")}
    assert None not in {failure["line"] for failure in done.record["failures"]}


@pytest.mark.parametrize("model, method", WAYS)
def test_an_end_that_fails_fails_no_job(tmp_path, model, method):
    done = run(tmp_path, python_task(EMBED, tmp_path, close="raise ValueError('late')", worker_close="raise SystemExit(9)"), model, method=method)
    assert done.status == 0
    assert done.stderr.count("SystemExit: 9") == workers_of(model, 4, 2)
    assert done.stderr.count("ValueError: late") == opens_of(model, method, 4, 2)


def test_a_plug_in_without_a_counterpart(tmp_path):
    task = python_task(EMBED, tmp_path)
    (tmp_path / "mine.py").unlink()
    done = run(tmp_path, task, "sync")
    assert done.status == 2 and done.reason == f"task 'null' has no Python counterpart '{tmp_path}/mine.py'"


@pytest.mark.parametrize("model, method", WAYS)
@pytest.mark.parametrize("body, status, how", [
    ("os._exit(7)", 7, "exited with status 7"),
    ("ctypes.string_at(0)", -signal.SIGSEGV, "was killed by signal 11 (SIGSEGV)"),
])  # fmt: skip
def test_a_process_that_ends_in_a_job(tmp_path, model, method, body, status, how):
    done = run(tmp_path, python_task(EMBED, tmp_path, run=f"import ctypes, os; {body}"), model, jobs=2, method=method)
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
    if model == "interpreters" and kind in ("daemon", "busy"):
        return  # an interpreter with a lock of its own has no daemons
    done = run(tmp_path, python_task(EMBED, tmp_path, run=f"import threading, time; {OWN_THREADS[kind]}"), model, method=method)
    harmless = model == "interpreters" and "_DeleteDummyThreadOnDel" in done.stderr  # CPython 3.13's
    assert (done.status, done.stderr) == (0, "") or done.status == 0 and harmless
    assert done.results == [0, 1, 2, 3]


def test_a_thread_of_the_tasks_that_never_ends(tmp_path):
    """The interpreter waits for it at its end, the watchdog does not."""
    body = "import threading, time; threading.Thread(target=time.sleep, args=(3600,)).start(); return job"
    done = run(tmp_path, python_task(EMBED, tmp_path, run=body), "sync", "--timeout", 1)
    assert done.status == 1 and "all jobs had ended, but not their workers or what those started" in done.reason
    assert done.results == [0, 1, 2, 3]


@pytest.mark.parametrize("model", MODELS)
def test_a_job_that_keeps_the_lock_runs_out_of_time(tmp_path, model):
    done = run(tmp_path, python_task(EMBED, tmp_path, run="sum(iter(int, 1))"), model, "--timeout", 0.5)
    assert done.status == 1 and done.reason.startswith("timed out after 0.5 s: job ")


@pytest.mark.parametrize("where, model, method", [("run", *way) for way in WAYS] + [("handler", m, "fork") for m in MODELS] + [
    (where, *way) for where in ("open", "worker_open", "worker_close", "close")
    for way in [("sync", "fork"), ("thread-pool", "fork"), ("process-pool", "spawn")]
])  # fmt: skip
def test_a_signal_in_the_middle_of_python(tmp_path, where, model, method):
    """In C code called by Python that looks at no signals: the host ends all the same, and its workers with it."""
    note = tmp_path / "note"
    functions = {"open": "import signal; signal.signal(signal.SIGINT, print)"} if where == "handler" else {}
    name = where if where != "handler" else "run"
    functions[name] = f"import os; os.close(os.open({str(note)!r}, os.O_CREAT)); sum(iter(int, 1))"
    task = python_task(EMBED, tmp_path, **functions)
    process = EMBED.start(tmp_path, "--task", task, "--model", model, "--jobs", 2, "--workers", 2, "--start-method", method)
    wait_until(note.exists)
    workers = children_of(process.pid)
    assert len(workers) > 0 or model not in PROCESSES
    check_the_end(process, workers, signal.SIGINT)


@pytest.mark.parametrize("model, method", WAYS)
def test_a_worker_knows_where_it_is(tmp_path, model, method):
    """One thread and one state of the interpreter a worker; in a process of its own, the main thread."""
    body = "import threading; return (threading.current_thread() is threading.main_thread()) * 2 + worker"
    task = python_task(EMBED, tmp_path, open="import threading", worker_open="return flags", run=body)
    done = run(tmp_path, task, model, method=method)
    main = model not in ("threads", "thread-pool", "async-threads", "interpreters")
    assert set(done.results) == {main * 2 + (model in PROCESSES) + 2 * (model == "interpreters")}


@pytest.mark.parametrize("locale", ("C", "C.UTF-8", "no_SUCH"))
def test_texts_are_utf8_in_every_locale(tmp_path, locale):
    (tmp_path / "\u20ac.txt").write_text("\u20ac", encoding="utf-8")
    body = f"import sys; print('\u20ac'); return ord(open({str(tmp_path)!r} + '/\u20ac.txt').read())"
    done = run(tmp_path, python_task(EMBED, tmp_path, run=body), "sync", jobs=1, env={**os.environ, "LC_ALL": locale})
    assert (done.status, done.stderr, done.results) == (0, "", [0x20AC])
    assert done.stdout == "\u20ac\n"


@pytest.mark.parametrize("model, method", WAYS)
def test_what_a_task_prints_is_there_once(tmp_path, model, method):
    done = run(tmp_path, python_task(EMBED, tmp_path, open="print('open')", run="print(job, end=' '); return job"), model, method=method)
    assert sorted(done.stdout.split()) == ["0", "1", "2", "3"] + ["open"] * opens_of(model, method, 4, 2)


def test_programs_that_a_task_starts_are_of_this_interpreter(tmp_path):
    ask = "[sys.executable, '-c', 'import sys; print(sys.hexversion)']"
    body = f"import subprocess, sys; return int(subprocess.check_output({ask})) == sys.hexversion"
    done = run(tmp_path, python_task(EMBED, tmp_path, run=body), "process-pool")
    assert done.results == [1] * 4


def test_an_environment_does_not_reach_the_interpreter(tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text("raise SystemExit('reached')\n")
    env = {**os.environ, "PYTHONPATH": str(tmp_path / "site"), "PYTHONHOME": "/nothing", "PYTHONOPTIMIZE": "2"}
    done = run(tmp_path, python_task(EMBED, tmp_path, run="return __debug__"), "sync", env=env)
    assert (done.status, done.stderr, done.results) == (0, "", [1] * 4)


def test_thousands_in_flight_in_one_interpreter(tmp_path):
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 2200:
        pytest.skip("the open-file limit of this machine is below 2200")
    origin = subprocess.Popen([BUILD / "cobench-origin"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        url = origin.stdout.readline().strip()
        task = python_task(EMBED, tmp_path, "fetch", run="import os; return len(os.listdir('/proc/self/task'))",
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


# -- interpreters -----------------------------------------------------------------------------------------------------

@pytest.mark.skipif("interpreters" in EMBED.models, reason="CPython 3.12 or later: the refusal is an older one's")
def test_interpreters_need_a_newer_python(tmp_path):
    done = run(tmp_path, python_task(EMBED, tmp_path), "interpreters")
    assert done.status == 77 and done.record["status"] == "impossible"
    assert done.reason.startswith("CPython 3.12") and str(sys.version_info.micro) in done.reason


@isolated
def test_each_worker_has_an_interpreter_of_its_own(tmp_path):
    """With a lock of its own: each of two jobs holds it until it sees the other, without letting go of it ever."""
    (tmp_path / "seen").write_bytes(b"..")
    meets = "import mmap, sys; seen = mmap.mmap(os.open({path!r}, os.O_RDWR), 2); sys.setswitchinterval(3600); seen[job] = 33\n" \
            "    while seen[:] != b'!!': pass\n    return worker * 100 + len(opened)".format(path=str(tmp_path / "seen"))  # fmt: skip
    opens = "opened.append(1)\nimport os; opened = []"
    task = python_task(EMBED, tmp_path, worker_open="return flags", open=opens, run=meets)
    done = run(tmp_path, task, "interpreters", jobs=2)
    assert (done.status, done.stderr, done.results) == (0, "", [201, 201])
    (tmp_path / "seen").write_bytes(b"..")
    locked = getattr(sys, "_is_gil_enabled", lambda: True)()
    assert run(tmp_path, task, "thread-pool", "--timeout", 1, jobs=2).status == int(locked)


@isolated
def test_a_module_that_cannot_be_in_an_interpreter_of_its_own(tmp_path):
    task = python_task(EMBED, tmp_path)
    with (tmp_path / "mine.py").open("a") as file:
        file.write("import os, threading\n"
                   "if threading.get_native_id() != os.getpid(): raise ImportError('x does not support it')\n")
    done = run(tmp_path, task, "interpreters")
    assert done.status == 1 and done.reason.endswith("mine.py' does not load: ImportError: x does not support it")
    assert run(tmp_path, task, "thread-pool").status == 0


@isolated
def test_many_interpreters(tmp_path):
    done = EMBED.run(tmp_path, "--task", "wait", "--model", "interpreters", "--jobs", 16, "--workers", 16, "--set", "delay=200")
    assert (done.status, done.stderr, done.results) == (0, "", list(range(16)))
    assert {row["worker"] for row in done.rows} == set(range(16))
