# SPDX-License-Identifier: MIT
"""What only the Python host can do wrong; test_hosts.py has the rest."""

import os
import re
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

from hosts import EXT, PROCESSES, PY, ROOT, call_python, python_task
from py_impl import VERSION, options, slots


def test_version_is_that_of_the_makefile():
    assert re.search(r"^VERSION := (\S+)$", (ROOT / "Makefile").read_text(), re.M)[1] == VERSION


def test_slots_layout_is_that_of_the_header():
    header = (ROOT / "common" / "slots.h").read_text()
    fields = re.search(r"struct slot \{(.*?)\n\};", header, re.S)[1]
    fields = re.sub(r"(union \{[^;]*;)[^}]*\}", r"\1", fields)  # whose members are as long as the first
    rows = re.findall(r"^\s+(u?)int(\d+)_t (\w+);", fields, re.M)
    codes = {("u", "64"): "Q", ("", "64"): "q", ("u", "32"): "I", ("", "32"): "i"}
    assert "=" + "".join(codes[row[:2]] for row in rows) == slots.SLOT.format
    assert tuple(row[2] for row in rows) == slots.FIELDS
    for name, value in (("VERSION", slots.VERSION), ("HEADER_BYTES", slots.HEADER_BYTES)):
        assert int(re.search(rf"define SLOTS_{name} +(\d+)u", header)[1]) == value
    states = re.search(r"enum slot_state \{(.*?)\}", header)[1]
    assert states.split(", ") == [" SLOT_EMPTY = 0", "SLOT_RUNNING = 1", "SLOT_DONE = 2", "SLOT_FAILED = 3 "]
    assert (slots.EMPTY, slots.RUNNING, slots.DONE, slots.FAILED) == (0, 1, 2, 3)


def test_only_the_models_own_threads_are_waited_for(tmp_path):
    opens = "import threading, time; threading.Thread(target=time.sleep, args=(600,), daemon=True).start()"
    done = PY.run(tmp_path, "--task", python_task(PY, tmp_path, open=opens), "--model", "threads", "--timeout", 20)
    assert (done.status, done.results) == (0, [0, 1, 2, 3])


@pytest.mark.parametrize("threads", (0, 1))
def test_a_pool_whose_threads_do_not_start(tmp_path, threads):
    """As at a control group's limit of tasks. The pool needs two: its own, and one that feeds its queue."""
    opens = (
        "import threading; left = [%d]; names = [n for n in vars(threading) if n.startswith('_start_') and 'thread' in n]\n"
        "    def limited(real):\n"
        "        def start(*args, **options):\n"
        "            left[0] -= 1\n"
        "            if left[0] < 0: raise RuntimeError(\"can't start new thread\")\n"
        "            return real(*args, **options)\n"
        "        return start\n"
        "    for name in names: setattr(threading, name, limited(getattr(threading, name)))"
    ) % threads
    done = PY.run(tmp_path, "--task", python_task(PY, tmp_path, open=opens), "--model", "process-pool", "--timeout", 20)
    assert done.status == 77 and "can't start new thread" in done.reason, done.reason


def test_a_pool_that_could_not_close(tmp_path):
    done = PY.run(tmp_path, "--task", "wait", "--set", "delay=0", "--jobs", 4000, "--model", "process-pool")
    assert done.status == 77 and "more than 3000 processes hangs when it closes" in done.reason


@pytest.fixture
def limit_tasks():
    """Makes a control group with a limit of tasks; gives what has a process join it before it becomes the host."""
    path = next((p for p in ("/sys/fs/cgroup/pids", "/sys/fs/cgroup") if Path(p, "cgroup.procs").exists()), "/sys/fs/cgroup")
    group = Path(path, f"cobench-test-{os.getpid()}")
    try:
        group.mkdir()
        (group / "pids.max").write_text("max")
    except OSError as error:
        with suppress(OSError):
            group.rmdir()
        pytest.skip(f"no control group with a limit of tasks can be made here: {error}")

    def limit(tasks: int):
        (group / "pids.max").write_text(str(tasks))
        return lambda: (group / "cgroup.procs").write_text("0")

    yield limit
    for _ in range(100):
        with suppress(OSError):
            group.rmdir()
            return
        time.sleep(0.05)


@pytest.mark.parametrize("tasks", (6, 9, 10, 11, 12, 13))
@pytest.mark.parametrize("model, method", (("thread-pool", "fork"), ("processes", "fork"), ("process-pool", "fork"),
                                           ("process-pool", "spawn"), ("threads", "fork")))  # fmt: skip
def test_a_limit_of_tasks(tmp_path, limit_tasks, model, method, tasks):
    """Eight workers, the host and its watchdog are ten; a pool has two threads more, a spawned one a process on top."""
    done = PY.run(tmp_path, "--task", "wait", "--set", "delay=200", "--model", model, "--start-method", method, "--jobs", 8,
               "--workers", 8, "--timeout", 20, preexec_fn=limit_tasks(tasks))  # fmt: skip
    if tasks < (10 if model != "process-pool" else 12 if method == "fork" else 13):
        assert done.status == 77 and f"cgroup pids.max {tasks}" in done.reason, done.reason
    else:
        assert done.status == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts need root")
@pytest.mark.parametrize("options", ("ro", "size=4k"))
def test_a_pool_without_semaphores(tmp_path, options):
    script = f"mount -t tmpfs -o {options} none /dev/shm && {{ cp /bin/true /dev/shm/full 2>/dev/null || :; }} && exec \"$@\""
    words = [*PY.program, *PY.run_words(tmp_path, "--task", "null", "--model", "process-pool", "--jobs", 2)]
    done = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", *words], cwd=ROOT, capture_output=True, text=True)
    if "mount" in done.stderr or "unshare" in done.stderr:
        pytest.skip("this machine lets nobody mount")
    assert done.returncode == 77 and "semaphores in /dev/shm" in done.stderr


def test_the_largest_result_fits(tmp_path):
    done = PY.run(tmp_path, "--task", python_task(PY, tmp_path, run="return 2**64 - 1"), "--model", "sync")
    assert done.results == [2**64 - 1] * 4


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["help"], ["run", "-h"], ["list", "--help"]])
def test_help_names_every_option(words):
    done = PY.call(*words, check=True)
    for option in options.OPTIONS:
        assert option.name in done.stdout


@pytest.mark.parametrize("words, reason", [
    ([], "a command is needed (known: run, worker, serve, list)"), (["fly"], "'fly' is no command"), (["run"], "--task is needed"),
    (["run", "--task"], "--task needs a value"), (["list", "--json=1"], "--json takes no value"),
])  # fmt: skip
def test_usage_without_a_record(words, reason):
    done = PY.call(*words)
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and reason in done.stderr


@pytest.mark.parametrize("method", ("fork", "spawn"))
@pytest.mark.parametrize("model", PROCESSES)
def test_no_signal_is_left_to_a_handler(tmp_path, model, method):
    """Python runs one only between two waits, so a signal that comes just before a wait would be waited over."""
    host, gate = PY.start_and_hold(tmp_path, "--task", "null", "--model", model, "--workers", 2, "--start-method", method)
    ending = {signal.SIGINT, signal.SIGTERM}
    lines = dict(line.split(":\t", 1) for line in Path(f"/proc/{host.pid}/status").read_text().splitlines())  # main thread's
    masks = {name: {s for s in ending if int(lines[name], 16) >> (s - 1) & 1} for name in ("SigBlk", "SigCgt")}
    assert masks == {"SigBlk": ending, "SigCgt": set()}
    host.send_signal(signal.SIGTERM)
    host.communicate(timeout=20)
    os.close(gate)
    assert host.returncode == -signal.SIGTERM


def test_a_signal_that_there_was_not():
    """What sigtimedwait gives in CPython where it is interrupted just when its time is over."""
    code = (
        "import _signal, os, time, types\n"
        "from py_impl.watchdog import Watchdog\n"
        "_signal.sigtimedwait = lambda signals, seconds: types.SimpleNamespace(si_signo=849691664)\n"
        "Watchdog().watch(0.2, lambda found: os._exit(3), lambda: None)\n"
        "time.sleep(20)\n"
    )
    assert call_python(code).returncode == 3


def test_workers_killed_at_the_end_are_no_crashes():
    """The main thread sees them go and may be quicker than the thread that killed them."""
    code = (
        "import os, threading\n"
        "from py_impl.watchdog import Watchdog\n"
        "watchdog, killed = Watchdog(), threading.Event()\n"
        "seen = threading.Event()\n"
        "watchdog.kill_workers = lambda: (killed.set(), seen.wait(0.3))\n"
        "watchdog.note(lambda: print('before', flush=True))\n"
        "watchdog.watch(0.0, lambda found: (print('expired', flush=True), os._exit(0)))\n"
        "killed.wait()\n"
        "watchdog.note(lambda: (print('crash', flush=True), seen.set()))\n"
    )
    done = call_python(code)
    assert (done.returncode, done.stdout, done.stderr) == (0, "before\nexpired\n", "")


@pytest.mark.parametrize("processes", (False, True))
def test_nobody_looks_out_any_more_when_the_interpreter_is_torn_down(processes):
    """Not even where it has only just begun, and signals that come then end the process as ever."""
    code = (
        "import os, signal, sys, time\n"
        "from py_impl.watchdog import Watchdog\n"
        "watchdog, looks, processes = Watchdog(), [], sys.argv[1] == 'True'\n"
        "watchdog.watch_signals(processes=processes)\n"
        "watchdog.watch(60, None, lambda: looks.append(1))\n"
        "time.sleep(float(sys.argv[2]))\n"
        "watchdog.end(); watchdog.leave()\n"
        "count = len(looks); time.sleep(0.4)\n"
        "print(count > 0, len(looks) == count, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGTERM)\n"
    )
    assert call_python(code, str(processes), "0.25").stdout == "True True\n"
    done = call_python(code, str(processes), "0")
    assert (done.stdout, done.returncode) == ("False True\n", -15)


def test_tasks_need_nothing_but_the_contract():
    """The embed host imports them in an interpreter where no host is."""
    names = [path.stem for path in (ROOT / "py_impl" / "tasks").glob("*.py") if path.stem != "__init__"]
    code = ("import sys\nfor name in sys.argv[1:]: __import__('py_impl.tasks.' + name)\n"
            "print(sorted(m for m in sys.modules if m.startswith('py_impl.') and not m.startswith('py_impl.tasks')))")  # fmt: skip
    done = call_python(code, *names)
    assert done.stdout == "['py_impl.contract']\n", done.stdout + done.stderr
    assert {"null", "scrape"} <= set(names)


@pytest.mark.skipif("interpreters" in PY.models, reason="CPython 3.12 or later: the refusal is an older one's")
@pytest.mark.parametrize("host", (PY, EXT), ids=repr)
def test_interpreters_need_a_newer_python(host, tmp_path):
    done = host.run(tmp_path, "--task", "null", "--model", "interpreters")
    assert done.status == 77 and done.reason.startswith("CPython 3.14 or later is needed for an InterpreterPoolExecutor; this is 3.")
