# SPDX-License-Identifier: MIT
"""What a user's function does wrong beside its jobs is named: hangs, a pool in a pool, a loop that is kept, a queue that grows."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hosts import C, EMBED, EXT, MODELS, PY, ROOT, SECONDS, TEST_TASKS, Host, Outcome, outcome
from py_impl import hangs
from py_impl.observer import only_grew
from py_impl.stacks import threads_of

sys.path.insert(0, str(ROOT / "scripts" / "checks"))
from hazard_faults import CIRCLE, FORKED, WAYS, WITHIN_NS  # noqa: E402

JOBS, TRIES = 24, 4
HANGS = ("fork-with-lock", "hang")  # named in any run
EACH = [(kind, way, model) for kind, ways in WAYS.items() for way in ways for model in way.models]
over_ways = pytest.mark.parametrize("kind, way, model", EACH, ids=[f"{kind}-{model}" for kind, _, model in EACH])
no_calls = pytest.mark.skipif(not os.access("/proc/self/syscall", os.R_OK) or hangs._FUTEX is None,
                              reason="this kernel does not tell what a thread waits for")  # fmt: skip


def run(host: Host, folder: Path, text: str, model: str, *words: object, observed: bool = True, jobs: int = JOBS) -> Outcome:
    """With `observed` in the untimed pass: an end pause that nobody makes last."""
    (folder / "shop.py").write_text(text.replace("{at}", "7").replace("{s}", "0.2"))
    read, to_host = os.pipe()
    from_host, write = os.pipe()
    os.close(to_host)
    pause = ("--end-pause", f"{read},{write}") if observed else ()
    process = host.start(folder, "--task", f"{folder}/shop.py:job", "--model", model, "--jobs", jobs, "--workers", 2, *pause, *words,
                         pass_fds=(read, write), start_new_session=True)  # fmt: skip
    try:
        _, stderr = process.communicate(timeout=SECONDS / 2)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # with what it has forked
        process.communicate(timeout=SECONDS)
        raise
    finally:
        for fd in (read, from_host, write):
            os.close(fd)
    return outcome(folder, process.returncode, stderr)


def said(done: Outcome) -> dict[str, str]:
    return {hazard["kind"]: hazard["text"] for hazard in done.record.get("hazards", ())}


@no_calls
@over_ways
def test_planted_and_named(kind, way, model, tmp_path):
    for _ in range(TRIES):  # where others have the CPUs, what computes may have too little of them for that to be said
        done = run(PY, tmp_path, way.files[0], model)
        text = said(done).get(kind, "")
        if text or kind in HANGS:
            break
    if not text and kind == "nested-pool" and os.getloadavg()[0] > 3 * len(os.sched_getaffinity(0)):
        pytest.skip("others keep the CPUs busy")
    assert way.says.replace("{at}", "7") in text, (done.record["status"], done.reason, said(done))
    hung = kind in HANGS
    assert (done.status, done.reason) == ((1, text) if hung else (0, None))
    if hung:
        assert {hangs.KINDS[failure["type"]] for failure in done.record["failures"]} == {kind}
        assert done.record["phases"]["end"] - done.record["phases"]["ready"] < WITHIN_NS


@over_ways
def test_its_healthy_twin_is_called_nothing(kind, way, model, tmp_path):
    for one in ("sync", model):
        done = run(PY, tmp_path, way.files[1], one)
        assert (done.status, said(done)) == (0, {}), (one, done.reason)


@pytest.mark.parametrize("way, model", [(ways[0], ways[0].models[0]) for kind, ways in WAYS.items() if kind not in HANGS])
def test_nothing_is_observed_in_a_timed_run(way, model, tmp_path):
    assert said(run(PY, tmp_path, way.files[0], model, observed=False)) == {}


@no_calls
def test_a_hang_says_where_each_job_waits(tmp_path):
    done = run(PY, tmp_path, WAYS["hang"][0].files[0], "thread-pool")
    assert done.reason.startswith(f"{CIRCLE}: job 0 at line 7 of shop.py, job 1 at line 7 of shop.py")
    assert [(f["job"], f["type"], f["message"], f["line"]) for f in done.record["failures"]] == [
        (job, "Hang", "waits at line 7 of shop.py", 7) for job in (0, 1)]  # fmt: skip


@no_calls
def test_a_worker_that_takes_its_own_lock_twice_was_not_forked_with_it(tmp_path):
    text = "import threading\nLOCK = threading.Lock()\ndef job(i):\n    with LOCK:\n        with LOCK:\n            return i\n"
    done = run(PY, tmp_path, text, "process-pool")
    assert list(said(done)) == ["hang"] and "waits for a lock that nobody in its process can let go at line 5 of shop.py" in done.reason
    assert list(said(run(PY, tmp_path, text, "sync"))) == ["hang"]
    done = run(PY, tmp_path, text, "process-pool", "--start-method", "spawn")
    assert list(said(done)) == ["hang"] and "can let go at line 5 of shop.py" in done.reason


IN_C = [("functions", "crossed", model, "hang") for model in ("threads", "thread-pool")] + [
    ("refreshed", "guarded", model, "fork-with-lock") for model in ("processes", "process-pool")]  # fmt: skip


@no_calls
@pytest.mark.parametrize("library, symbol, model, kind", IN_C)
def test_named_in_c(library, symbol, model, kind, tmp_path):
    words = ("--task", f"{TEST_TASKS}/{library}.so:{symbol}", "--jobs", 8, "--workers", 2)
    done = C.run(tmp_path, *words, "--model", model)
    assert done.status == 1 and said(done) == {kind: done.reason}
    assert {hangs.KINDS[failure["type"]] for failure in done.record["failures"]} == {kind}
    # The library's lock is free for an instant now and then: a worker may have got through it before.
    assert re.match(re.escape(CIRCLE) + r": job 0 \(worker " if kind == "hang" else rf"worker \d {re.escape(FORKED)} \(job \d\)", done.reason)
    assert done.record["phases"]["end"] - done.record["phases"]["ready"] < WITHIN_NS
    done = C.run(tmp_path, *words, "--model", "sync")
    assert (done.status, said(done)) == (0, {})


@no_calls
@pytest.mark.parametrize("model, kind", [row[2:] for row in IN_C])
def test_named_with_an_interpreter_inside(model, kind, tmp_path):
    done = run(EMBED, tmp_path, WAYS[kind][0].files[0], model, observed=False)
    assert done.status == 1 and said(done) == {kind: done.reason}
    done = run(EMBED, tmp_path, WAYS[kind][0].files[1], model, observed=False)
    assert (done.status, said(done)) == (0, {}), done.reason


@no_calls
def test_named_where_python_calls_c(tmp_path):
    done = EXT.run(tmp_path, "--task", f"{TEST_TASKS}/functions.so:crossed", "--model", "thread-pool", "--workers", 2)
    assert done.reason == f"{CIRCLE}: job 0, job 1" and said(done) == {"hang": done.reason}


WAITING = {  # what only looks as if nobody could go on
    "a timer": "import threading\ndef job(i):\n    event = threading.Event()\n    threading.Timer(0.9, event.set).start()\n"
               "    event.wait()\n    return i\n",
    "a limit": "import threading\ndef job(i):\n    return threading.Event().wait(0.9)\n",
    "a signal": "import signal, threading, time\nEVENT = threading.Event()\n"
                "signal.signal(signal.SIGALRM, lambda *_: EVENT.set())\n"
                "def job(i):\n    signal.setitimer(signal.ITIMER_REAL, 0.9)\n    return EVENT.wait()\n",
    "a process": "import multiprocessing, time\ndef job(i):\n    with multiprocessing.Pool(1) as pool:\n"
                 "        return pool.apply(time.sleep, (0.9,))\n",
    "a loop": "import asyncio\nasync def job(i):\n    await asyncio.sleep(0.9)\n    return i\n",
    "a thread's loop": "import asyncio, time\nasync def job(i):\n    await asyncio.to_thread(time.sleep, 0.9)\n    return i\n",
}  # fmt: skip


# Python may note a signal just before its main thread begins to wait (see py_impl/watchdog.py), and a Pool forks beside threads.
HANG_BY_CHANCE = ("a signal", "a process")

# With an interpreter inside, the main thread is in no Python code that a handler could interrupt.
NOBODY_HEARS = [(EMBED, model, "a signal") for model in ("threads", "thread-pool")]


@pytest.mark.parametrize("host, model, what", [
    (host, model, what) for host in (PY, EMBED) for model in MODELS for what in WAITING if (host, model, what) not in NOBODY_HEARS
], ids=str)  # fmt: skip
def test_no_false_alarm(host, model, what, tmp_path):
    """Each waits for longer than two looks are apart."""
    try:
        done = run(host, tmp_path, WAITING[what], model, observed=False, jobs=2)
    except subprocess.TimeoutExpired:
        if what not in HANG_BY_CHANCE:
            raise
        done = run(host, tmp_path, WAITING[what], model, observed=False, jobs=2)
    assert (done.status, said(done)) == (0, {}), done.reason


def test_a_function_without_its_file_and_one_of_a_package_are_no_trouble(tmp_path):
    (tmp_path / "shop.py").write_text("import functools, time\njob = functools.partial(time.sleep, 0.4)\n")
    done = PY.run(tmp_path, "--task", f"{tmp_path}/shop.py:job", "--model", "thread-pool", "--jobs", 2)
    assert done.status == 1 and {kind for _, kind in done.failed} == {"TypeError"}


# -- the parts -------------------------------------------------------------------------------------------------------------

DUMP = """Thread 0x00007f10 (most recent call first):
  File "/usr/lib/python3.11/threading.py", line 324 in wait
  File "/home/me/a ", line 3 of b.py", line 12 in job

Current thread 0x00007f20 [main] (most recent call first):
  File "<frozen runpy>", line 88 in _run_code
  File "???", line ??? in ???
"""


def test_stacks_are_read():
    assert list(threads_of(DUMP)) == [
        (0x7f10, [("/usr/lib/python3.11/threading.py", 324, "wait"), ('/home/me/a ", line 3 of b.py', 12, "job")]),
        (0x7f20, [("<frozen runpy>", 88, "_run_code")])]  # fmt: skip


GROWING = [
    ([(i * 10_000_000, i) for i in range(40)], True),
    ([(i * 10_000_000, i // 4) for i in range(40)], True),
    ([(i * 1_000_000, i) for i in range(40)], False),  # too short a time
    ([(i * 10_000_000, i) for i in range(7)], False),  # too few
    ([(i * 10_000_000, min(i, 39 - i)) for i in range(40)], False),  # and shrinks again
    ([(i * 10_000_000, i % 10) for i in range(40)], False),
    ([(i * 10_000_000, 20) for i in range(40)], False),
    ([(i * 10_000_000, 0) for i in range(40)], False),
]  # fmt: skip


@pytest.mark.parametrize("lengths, grew", GROWING)
def test_only_a_queue_that_grows_from_quarter_to_quarter(lengths, grew):
    assert only_grew(lengths) is grew


@pytest.mark.skipif(hangs._FUTEX is None, reason="this kernel does not tell what a thread waits for")
@pytest.mark.parametrize("operation, limit, good", [
    (0x80, 0, True), (0x189, 0, True), (0x86, 0, True), (0x80, 0x7FFD0000, False), (0x81, 0, False), (0x85, 0, False),
    (0x00, 0, False),  # shared, and at an address that is in no mapping
])  # fmt: skip
def test_which_waits_are_for_good(operation, limit, good):
    look = hangs.Hangs.__new__(hangs.Hangs)
    call = f"{hangs._FUTEX} 0x0 {operation:#x} 0x0 {limit:#x} 0x0 0xffffffff 0x7ffe 0x7f1d".encode().split()
    assert look._for_good(os.getpid(), call) is good
    for other in (b"running", b"-1 0x7ffe 0x7f1d", b"", b"0 0x3 0x7f 0x0 0x0 0x0 0x0 0x7f 0x7f"):
        assert not look._for_good(os.getpid(), other.split())
