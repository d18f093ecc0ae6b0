# SPDX-License-Identifier: MIT
"""The Python host as a command: every task under every model, and all the ways in which a run can go wrong."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from zlib import crc32

import pytest

from gated import check_a_closed_gate, check_the_end, check_the_gate, start_and_hold
from origin_stub import body_of, splitmix64
from py_host import FAULTY, MODELS, PY, ROOT, TASKS, Host, check_a_failed_job, check_a_run, command, listing, outcome, run
from py_impl import VERSION, options, slots

WORDS = b"the cat\nthe dog the\n\nthe\xff the  the\nno\n"


@pytest.fixture
def host() -> Host:
    """The tests that take it hold for both; test_ext.py has another of that name."""
    return PY


@pytest.fixture
def words(tmp_path: Path) -> Path:
    path = tmp_path / "words.bin"
    path.write_bytes(WORDS)
    return path


# -- what it says of itself ---------------------------------------------------------------------------------------------


def test_list_has_the_tasks_of_the_table():
    offer = listing()
    table = json.loads((ROOT / "tests" / "data" / "tasks.json").read_text())
    assert sorted(offer["tasks"], key=lambda t: t["name"]) == sorted(table, key=lambda t: t["name"])
    assert offer["errors"] == []
    assert tuple(model["name"] for model in offer["models"]) == MODELS
    assert [model["name"] for model in offer["models"] if model["baseline"]] == ["sync"]


def test_list_names_files_that_do_not_load(tmp_path: Path):
    (tmp_path / "broken.py").write_text("import nothing_of_that_name\n")
    (tmp_path / "empty.py").write_text("")
    (tmp_path / "other.py").write_text(Path(FAULTY).read_text())
    (tmp_path / "faulty.py").write_text(Path(FAULTY).read_text())
    offer = listing("--tasks", tmp_path)
    assert [task["name"] for task in offer["tasks"]] == ["faulty"]
    text = "\n".join(offer["errors"])
    assert len(offer["errors"]) == 3
    for part in ("ModuleNotFoundError", "NAME is missing", "calls itself 'faulty'"):
        assert part in text


def test_version_is_that_of_the_makefile():
    assert re.search(r"^VERSION := (\S+)$", (ROOT / "Makefile").read_text(), re.M)[1] == VERSION


def test_slots_layout_is_that_of_the_header():
    header = (ROOT / "common" / "slots.h").read_text()
    fields = re.search(r"struct slot \{(.*?)\n\};", header, re.S)[1]
    rows = re.findall(r"^\s+(u?)int(\d+)_t (\w+);", fields, re.M)
    codes = {("u", "64"): "Q", ("", "64"): "q", ("u", "32"): "I", ("", "32"): "i"}
    assert "=" + "".join(codes[row[:2]] for row in rows) == slots.SLOT.format
    assert tuple(row[2] for row in rows) == slots.FIELDS
    for name, value in (("VERSION", slots.VERSION), ("HEADER_BYTES", slots.HEADER_BYTES)):
        assert int(re.search(rf"define SLOTS_{name} +(\d+)u", header)[1]) == value
    states = re.search(r"enum slot_state \{(.*?)\}", header)[1]
    assert states.split(", ") == [" SLOT_EMPTY = 0", "SLOT_RUNNING = 1", "SLOT_DONE = 2", "SLOT_FAILED = 3 "]
    assert (slots.EMPTY, slots.RUNNING, slots.DONE, slots.FAILED) == (0, 1, 2, 3)


# -- results ------------------------------------------------------------------------------------------------------------

RESULTS = [
    ("null", 5, {}, [0, 1, 2, 3, 4]),
    ("count", 2, {"size": 0}, [0, 0]),
    ("count", 1, {"size": 600}, [70]),
    ("count", 1, {"size": 250000}, [29167]),
    ("fib", 1, {"size": 0}, [0]),
    ("fib", 1, {"size": 1}, [1]),
    ("fib", 2, {"size": 20}, [6765, 6765]),
    ("factorize", 2, {"divide": 1000}, [1112, 3]),
    ("factorize", 31, {"divide": 1000000}, None),
    ("distance", 3, {"size": 10}, [2999997, 2999988, 3999970]),
    ("distance", 2, {"size": 0}, [0, 0]),
    ("wait", 3, {"delay": 1}, [0, 1, 2]),
]


@pytest.mark.parametrize("task, jobs, params, results", RESULTS)
def test_results(host, tmp_path, task, jobs, params, results):
    if task == "factorize":
        numbers = [1111, 2222] if results else [1, 2, 3, 4, 5, 6, 7, 8, 9, 6] + [9, 1, 1, 2, 3, 4, 5, 6, 7, 8]
        numbers += [] if results else [9, 7, 7, 2, 5, 6, 3, 7, 7, 7, 1]
        results = [sum(d for d in range(1, m + 1) if m % d == 0) for m in numbers]
    if task == "count":
        size = params["size"]
        results = [sum(0 in (n % 2, n % 3, n % 5) and (n ^ 0x42) & 3 == 3 for n in range(size))] * jobs
    sets = [word for key, value in params.items() for word in ("--set", f"{key}={value}")]
    done = host.run(tmp_path, "--task", task, "--model", "sync", "--jobs", jobs, *sets)
    assert (done.status, done.stderr) == (0, "")
    assert done.results == results


@pytest.mark.parametrize("word, jobs", [("the", 1), ("the", 3), ("the", 9), ("", 2), (b"the\xff", 2), ("cat", 1)])
def test_wordcount(host, tmp_path, words, word, jobs):
    word = os.fsencode(word)
    lines = WORDS.split(b"\n")
    expected = []
    for job in range(jobs):
        part = lines[len(lines) * job // jobs : len(lines) * (job + 1) // jobs]
        expected.append(sum(line.split(b" ").count(word) for line in part))
    done = host.run(tmp_path, "--task", "wordcount", "--model", "sync", "--jobs", jobs, "--set", f"file={words}",
               "--set", "word=" + os.fsdecode(word))  # fmt: skip
    assert done.status == 0, done.stderr
    assert done.results == expected


SMALL = {
    "null": [], "count": ["size=1000"], "fib": ["size=10"], "factorize": ["divide=10000"], "distance": ["size=1000"],
    "wordcount": ["file={words}"], "wait": ["delay=1"], "fetch": ["delay=1", "size=99"],
    "mixed": ["delay=1", "size=9", "count=100"],
}  # fmt: skip


def digest(results: list[int]) -> int:
    return sum(splitmix64(i ^ splitmix64(result)) for i, result in enumerate(results)) % 2**64


@pytest.mark.parametrize("model, method", [(m, "fork") for m in MODELS] + [(m, "spawn") for m in MODELS[3:5]])
@pytest.mark.parametrize("task", SMALL)
def test_every_task_under_every_model(tmp_path, stub, words, task, model, method):
    words_ = ["--task", task, "--workers", 3, "--jobs", 7 if method == "fork" else 4]
    for pair in SMALL[task]:
        words_ += ["--set", pair.format(words=words)]
    web = task in ("fetch", "mixed")
    if web:
        words_ += ["--url", stub.template]
    done = run(tmp_path, *words_, "--model", model, "--start-method", method)
    check_a_run(done, model, method, 3)
    rows, record = done.rows, done.record
    if web:
        count = sum((n % 2 == 0 or n % 3 == 0 or n % 5 == 0) and (n ^ 0x42) & 3 == 3 for n in range(100))
        size, high = (99, 0) if task == "fetch" else (9, count << 32)
        assert done.results == [high + crc32(body_of(i, size)) for i in range(len(rows))]
        assert record["connections"] == stub.connections >= 1
    else:
        assert record["connections"] is None
    waits = task in ("wait", "fetch", "mixed")
    assert all((row["start_ns"] < row["replied_ns"] <= row["end_ns"]) == waits for row in rows)


@pytest.mark.parametrize("model", MODELS)
def test_waiting_overlaps(host, tmp_path, model):
    """Never more in flight than there are workers, and where the model can, as many."""
    done = host.run(tmp_path, "--task", "wait", "--model", model, "--jobs", 8, "--workers", 4, "--set", "delay=200")
    edges = sorted([(r["start_ns"], 1) for r in done.rows] + [(r["end_ns"], -1) for r in done.rows])
    depth = most = 0
    for _, step in edges:
        depth += step
        most = max(most, depth)
    assert most == (1 if model == "sync" else 4)


def test_many_small_jobs_go_through_a_pool(host, tmp_path):
    done = host.run(tmp_path, "--task", "null", "--model", "thread-pool", "--jobs", 20000, "--workers", 2)
    assert done.status == 0 and done.results == list(range(20000))


# -- connections --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model, connections", [("sync", 1), ("threads", 8), ("thread-pool", 2), ("processes", 8),
                                                ("process-pool", 2), ("async", 2)])  # fmt: skip
def test_connections_are_kept_and_counted(host, tmp_path, stub, model, connections):
    done = host.run(tmp_path, "--task", "fetch", "--model", model, "--jobs", 8, "--workers", 2, "--url", stub.template,
               "--set", "delay=20")  # fmt: skip
    assert done.status == 0, done.stderr
    assert done.record["connections"] == stub.connections == connections


@pytest.mark.parametrize("model", ("sync", "async", "process-pool"))
def test_request_failures_are_named(host, tmp_path, stub, model):
    faults = [("missing", "HttpStatus", "status 404 where 200 was expected"), ("short", "ShortBody", "within the body"),
              ("to_the_end", "BadLength", "body of 5 bytes where 7 were expected"), ("nothing", "ConnectionClosed", ""),
              ("garbage", "BadReply", ""), ("stall", "Timeout", "no complete answer within 0.4 s")]  # fmt: skip
    for name, kind, message in faults:
        done = host.run(tmp_path, "--task", "fetch", "--model", model, "--jobs", 2, "--workers", 2, "--request-timeout", 0.4,
                   "--url", stub.fault(name), "--set", "check=length", "--set", "size=7")  # fmt: skip
        assert done.status == 1
        assert done.record["failed_jobs"] == 2 and len(done.record["failures"]) == 2
        for failure in done.record["failures"]:
            assert failure["type"] == kind and message in failure["message"], failure
        assert {row["state"] for row in done.rows} == {slots.FAILED}


@pytest.mark.parametrize("template, reason", [
    ("http://127.0.0.1/{nope}", "url: {nope} is neither {job} nor a parameter"),
    ("http://127.0.0.1/{job", "url: no } after {job"),
    ("http://127.0.0.1/" + "x" * 2048, "url: longer than 2047 bytes"),
    *((url, f"url: must be an absolute http or https URL of visible ASCII characters, without a user name: '{url}'") for url in (
        "127.0.0.1/", "ftp://127.0.0.1/", "http://", "http:///path", "http://me:secret@127.0.0.1/", "http://127.0.0.1/a b",
        "https://127.0.0.1/\u00e9")),
])  # fmt: skip
def test_bad_templates(host, tmp_path, template, reason):
    done = host.run(tmp_path, "--task", "fetch", "--model", "sync", "--url", template)
    assert done.status == 2 and reason in done.record["reason"]


# -- failures -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
def test_an_exception_is_that_jobs_failure(tmp_path, model):
    done = run(tmp_path, "--task", FAULTY, "--model", model, "--set", "mode=fail", "--set", "at=5", "--workers", 2)
    line = Path(FAULTY).read_text().split("\n").index('            raise PlantedError("planted failure")') + 1
    check_a_failed_job(done, "py_impl", line)


@pytest.mark.parametrize("model", ("processes", "process-pool"))
@pytest.mark.parametrize("mode, how", [("crash", "was killed by signal 9 (SIGKILL)"), ("exit", "exited with status 3")])
def test_a_worker_that_dies_is_named(host, tmp_path, model, mode, how):
    done = host.run(tmp_path, "--task", host.faulty, "--model", model, "--set", f"mode={mode}", "--set", "at=5", "--workers", 2)
    assert done.status == 1
    assert {"type": "Crash", "message": f"worker {how} while running job 5", "job": 5}.items() <= (
        done.record["failures"][0].items()
    )
    assert done.rows[5]["state"] == slots.FAILED
    assert "Traceback" not in done.stderr
    if model == "processes":
        assert done.record["failed_jobs"] == 1


@pytest.mark.parametrize("model", MODELS)
def test_a_job_that_hangs_is_named(host, tmp_path, model):
    begun = time.monotonic()
    done = host.run(tmp_path, "--task", host.faulty, "--model", model, "--set", "mode=hang", "--set", "at=3", "--timeout", 2,
               "--workers", 2)  # fmt: skip
    assert time.monotonic() - begun < 20
    assert done.status == 1
    assert done.stderr == "py_impl: the time ran out after 2 s; still running: job 3\n"
    assert [(f["job"], f["type"]) for f in done.record["failures"]] == [(3, "Timeout")]


@pytest.mark.parametrize("model", ("sync", "threads", "process-pool"))
def test_a_hang_while_closing_is_said_as_that(tmp_path, model):
    task = task_file(tmp_path, worker_close="import time; time.sleep(600)")
    done = run(tmp_path, "--task", task, "--model", model, "--workers", 4, "--timeout", 1)
    assert done.status == 1
    assert done.record["reason"] == "the time ran out after 1 s; all jobs had ended, but not their workers"


BAD_RUNS = {
    "text": ("return 'x'", "TypeError"), "none": ("return None", "TypeError"), "float": ("return 1.0", "TypeError"),
    "negative": ("return -1", "OverflowError"), "large": ("return 2**64", "OverflowError"),
    "exits": ("import sys; sys.exit(0)", "SystemExit"), "interrupt": ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    "deep": ("return run(state, worker, job, reply)", "RecursionError"), "lacks": ("import no_such", "ModuleNotFoundError"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_RUNS)
@pytest.mark.parametrize("model", ("sync", "thread-pool", "process-pool", "async"))
def test_whatever_run_does_is_the_jobs_own(tmp_path, name, model):
    body, kind = BAD_RUNS[name]
    done = run(tmp_path, "--task", task_file(tmp_path, run=body), "--model", model, "--workers", 2)
    assert done.status == 1
    assert {failure["type"] for failure in done.record["failures"]} == {kind}
    assert done.record["failed_jobs"] == 4 and "Traceback" not in done.stderr


# What is raised in job 2, and what the record says of it in every host that runs Python.
MESSAGES = [
    ("assert job != 2; return job", "AssertionError", "", "job 2: AssertionError"),
    ("if job == 2: raise ValueError('a\\0b')\n    return job", "ValueError", "a b", "job 2: ValueError: a b"),
]


@pytest.mark.parametrize("body, kind, message, reason", MESSAGES)
def test_what_is_said_of_an_exception(tmp_path, body, kind, message, reason):
    done = run(tmp_path, "--task", task_file(tmp_path, run=body), "--model", "sync")
    (failure,) = done.record["failures"]
    assert (failure["type"], failure["message"], done.record["reason"]) == (kind, message, reason)
    assert b"\\u0000" not in (tmp_path / "record").read_bytes()  # which C cannot read


def test_only_the_models_own_threads_are_waited_for(tmp_path):
    opens = "import threading, time; threading.Thread(target=time.sleep, args=(600,), daemon=True).start()"
    done = run(tmp_path, "--task", task_file(tmp_path, open=opens), "--model", "threads", "--timeout", 20)
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
    done = run(tmp_path, "--task", task_file(tmp_path, open=opens), "--model", "process-pool", "--timeout", 20)
    assert done.status == 77 and "can't start new thread" in done.record["reason"], done.record["reason"]


def test_a_pool_that_could_not_close(tmp_path):
    done = run(tmp_path, "--task", "wait", "--set", "delay=0", "--jobs", 4000, "--model", "process-pool")
    assert done.status == 77 and "more than 3000 processes hangs when it closes" in done.record["reason"]


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
    done = run(tmp_path, "--task", "wait", "--set", "delay=200", "--model", model, "--start-method", method, "--jobs", 8,
               "--workers", 8, "--timeout", 20, preexec_fn=limit_tasks(tasks))  # fmt: skip
    if tasks < (10 if model != "process-pool" else 12 if method == "fork" else 13):
        assert done.status == 77 and f"cgroup pids.max {tasks}" in done.record["reason"], done.record["reason"]
    else:
        assert done.status == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts need root")
@pytest.mark.parametrize("options", ("ro", "size=4k"))
def test_a_pool_without_semaphores(tmp_path, options):
    script = f"mount -t tmpfs -o {options} none /dev/shm && {{ cp /bin/true /dev/shm/full 2>/dev/null || :; }} && exec \"$@\""
    words = command(tmp_path, "--task", "null", "--model", "process-pool", "--jobs", 2)
    done = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", *words], cwd=ROOT, capture_output=True, text=True)
    if "mount" in done.stderr or "unshare" in done.stderr:
        pytest.skip("this machine lets nobody mount")
    assert done.returncode == 77 and "semaphores in /dev/shm" in done.stderr


def test_the_largest_result_fits(tmp_path):
    done = run(tmp_path, "--task", task_file(tmp_path, run="return 2**64 - 1"), "--model", "sync")
    assert done.results == [2**64 - 1] * 4


def test_eight_failures_are_listed_and_all_counted(tmp_path):
    done = run(tmp_path, "--task", task_file(tmp_path, run="raise ValueError(job)"), "--model", "threads", "--jobs", 50)
    assert len(done.record["failures"]) == 8 and done.record["failed_jobs"] == 50
    assert "(49 more failed)" in done.record["reason"]


def task_file(folder: Path, run: str = "return job", **functions: str) -> Path:
    lines = ["from py_impl.contract import *", "NAME, ABOUT, KIND, ASKS, JOBS, PARAMS = 'mine', 'x', CPU, NOTHING, 4, ()",
             "def run(state, worker, job, reply):", "    " + run]  # fmt: skip
    for head, body in functions.items():
        arguments = {"open": "params, jobs", "close": "state", "worker_open": "state, flags",
                     "worker_close": "state, worker", "request": "state, worker, job"}[head]  # fmt: skip
        lines += [f"def {head}({arguments}):", "    " + body]
    path = folder / "mine.py"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize("model", MODELS)
def test_the_order_of_calls(tmp_path, model):
    """open, then worker_open and worker_close around the jobs of each worker, then close."""
    log = tmp_path / "log"
    note = f"import os; f = os.open({str(log)!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT); os.write(f, b'%s '); os.close(f)"
    task = task_file(
        tmp_path, run=note % "r" + "; return job", open=note % "o", close=note % "c", worker_open=note % "w",
        worker_close=note % "x",
    )  # fmt: skip
    for method in ("fork", "spawn") if model in MODELS[3:5] else ("fork",):
        log.write_text("")
        done = run(tmp_path, "--task", task, "--model", model, "--workers", 2, "--start-method", method)
        assert done.status == 0, done.stderr
        calls = log.read_text().split()
        workers = {"sync": 1, "async": 1, "threads": 4, "processes": 4}.get(model, 2)
        opens = workers if method == "spawn" else 1
        assert sorted(calls) == sorted(["o", "c"] * opens + ["w", "x"] * workers + ["r"] * 4)
        assert calls[0] == "o" and calls[-1] == "c"


@pytest.mark.parametrize("model", MODELS)
def test_a_worker_that_does_not_open(tmp_path, model):
    task = task_file(tmp_path, worker_open="raise ValueError('no')")
    done = run(tmp_path, "--task", task, "--model", model, "--workers", 2)
    assert done.status == 1 and "ValueError: no" in done.record["reason"]


@pytest.mark.parametrize("model", ("sync", "process-pool"))
def test_a_task_that_does_not_open(tmp_path, model):
    done = run(tmp_path, "--task", "wordcount", "--model", model, "--start-method", "spawn", "--set", "file=/no/such")
    assert done.status == 2
    assert done.record["reason"].startswith("task 'wordcount' does not open: FileNotFoundError")


# -- usage --------------------------------------------------------------------------------------------------------------

USAGE = [
    (["--task", "x"], "task 'x' is unknown (known: count, distance,"),
    (["--task", "/no/such.py"], "task '/no/such.py': there is no such file"),
    (["--model", "x"], "model 'x' is unknown (known: sync, threads,"),
    (["--set", "size=12x"], "--set size: '12x' is not a whole number"),
    (["--set", "size=1_000"], "--set size: '1_000' is not a whole number"),
    (["--set", "size= 1"], "--set size: ' 1' is not a whole number"),
    (["--set", "size=\u0663"], "is not a whole number"),
    (["--set", "size="], "--set size: '' is not a whole number"),
    (["--set", "size=-1"], "--set size=-1: must be 0..4000000000"),
    (["--set", "size=" + "9" * 5000], "must be 0..4000000000"),
    (["--set", "foo=1"], "unknown parameter 'foo' of task 'count' (it has: size)"),
    (["--set", "size"], "--set size: must be key=value"),
    (["--set", "size=1", "--set", "size=2"], "--set size: given twice"),
    (["--jobs", "0"], "--jobs=0: must be 1..100000000"),
    (["--jobs", "1e3"], "--jobs: '1e3' is not a whole number"),
    (["--workers", "100001"], "--workers=100001: must be 1..100000"),
    (["--timeout", "0"], "--timeout=0: must be 0.001..86400"),
    (["--timeout", "1,5"], "--timeout: '1,5' is not a number of seconds"),
    (["--timeout", "nan"], "--timeout: 'nan' is not a number of seconds"),
    (["--start-method", "forkserver"], "--start-method forkserver: must be one of fork, spawn"),
    (["--gate", "3"], "--gate: '3' is not two descriptors, R,W"),
    (["--gate", "900,901"], "--gate: 900 is no open descriptor"),
    (["--frobnicate"], "'--frobnicate' is no option of run (known: --task,"),
    (["--tasks", "/no/such"], "--tasks: cannot read '/no/such': No such file or directory"),
    (["--slots", "/no/such/file"], "--slots: cannot create '/no/such/file': No such file or directory"),
]


@pytest.mark.parametrize("words, reason", USAGE)
def test_usage(tmp_path, words, reason):
    given = {"--task": "count", "--model": "sync", "--slots": str(tmp_path / "slots"), "--record": str(tmp_path / "record")}
    line = [word for name, value in given.items() if name not in words for word in (name, value)]
    done = subprocess.run([sys.executable, "-s", "-E", "-m", "py_impl", "run", *line, *words], cwd=ROOT, text=True,
                          capture_output=True, timeout=60)  # fmt: skip
    end = outcome(tmp_path, done.returncode, done.stderr)
    assert end.status == 2 and end.record["status"] == "usage"
    assert reason in end.record["reason"]
    assert end.stderr == f"py_impl: {end.record['reason']}\n"


@pytest.mark.parametrize("words, reason", [
    ([], "a command is needed (known: run, list)"), (["fly"], "'fly' is no command"), (["run"], "--task is needed"),
    (["run", "--task"], "--task needs a value"), (["list", "--json=1"], "--json takes no value"),
    (["run", "--task", "null", "--model", "sync", "--slots", "/dev/null", "--record", "/no/such/r"],
     "--record: cannot write '/no/such/r'"),
])  # fmt: skip
def test_usage_without_a_record(words, reason):
    done = subprocess.run([sys.executable, "-s", "-E", "-m", "py_impl", *words], cwd=ROOT, text=True,
                          capture_output=True, timeout=60)  # fmt: skip
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert done.stderr.startswith("py_impl: ") and reason in done.stderr


def test_help_names_every_option():
    done = subprocess.run([sys.executable, "-s", "-E", "-m", "py_impl", "--help"], cwd=ROOT, text=True,
                          capture_output=True, timeout=60, check=True)  # fmt: skip
    for option in options.OPTIONS:
        assert option.name in done.stdout


def test_texts_that_are_no_utf8_reach_the_record(host, tmp_path, words):
    done = host.run(tmp_path, "--task", "wordcount", "--model", "sync", "--set", f"file={words}", "--set", "word=a\udcffb\"\\\t\U0001f600")
    assert done.record["params"]["word"] == "a\ufffdb\"\\\t\U0001f600"


# -- limits, signals, the gate --------------------------------------------------------------------------------------------


def test_too_few_descriptors_are_seen_beforehand(host, tmp_path, stub):
    def few() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

    def fewer() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))

    done = host.run(tmp_path, "--task", "fetch", "--model", "async", "--url", stub.template, "--jobs", 100, preexec_fn=few)
    assert done.status == 77 and done.record["status"] == "impossible"
    assert done.record["reason"].startswith(
        "the limit of 64 open files is too low: this run needs 124 (RLIMIT_NOFILE; a higher `ulimit -Hn` or fewer workers")
    assert stub.connections == 0
    done = host.run(tmp_path, "--task", "null", "--model", "sync", preexec_fn=fewer)
    assert done.status == 77 and done.record["reason"].endswith("(RLIMIT_NOFILE; a higher `ulimit -Hn` would do)")


def test_no_room_for_slots(host, tmp_path):
    def small() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))

    done = host.run(tmp_path, "--task", "null", "--model", "sync", "--jobs", 10**6, preexec_fn=small)
    assert done.status == 77 and "no room for the slots file" in done.record["reason"]
    assert done.slots_path.stat().st_size == 0


@pytest.mark.parametrize("model", MODELS)
def test_the_gate_holds_the_work_back(host, tmp_path, model):
    check_the_gate(host, tmp_path, model)


@pytest.mark.parametrize("model", ("sync", "process-pool"))
def test_a_closed_gate_ends_the_host(host, tmp_path, model):
    check_a_closed_gate(host, tmp_path, model)


@pytest.mark.parametrize("number", (signal.SIGINT, signal.SIGTERM))
@pytest.mark.parametrize("model", MODELS)
def test_signals_end_host_and_workers(tmp_path, model, number):
    pids = tmp_path / "pids"
    task = task_file(
        tmp_path, open=f"return os.open({str(pids)!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT)",
        run="os.write(state, b'%d ' % os.getpid()); time.sleep(3600)",
    )  # fmt: skip
    task.write_text("import os, time\n" + task.read_text())
    process, gate = start_and_hold(PY, tmp_path, "--task", task, "--model", model, "--workers", 2)
    os.write(gate, b"g")
    workers = 1 if model in ("sync", "async") else 2
    deadline = time.monotonic() + 30
    while len(pids.read_text().split()) < workers and time.monotonic() < deadline:
        time.sleep(0.01)  # polling a file: there is nothing to wait on
    running = {int(pid) for pid in pids.read_text().split()}
    check_the_end(process, gate, running, number)


@pytest.mark.parametrize("method", ("fork", "spawn"))
@pytest.mark.parametrize("model", ("processes", "process-pool"))
def test_no_signal_is_left_to_a_handler(tmp_path, model, method):
    """Python runs one only between two waits, so a signal that comes just before a wait would be waited over."""
    host, gate = start_and_hold(PY, tmp_path, "--task", "null", "--model", model, "--workers", 2, "--start-method", method)
    ending = {signal.SIGINT, signal.SIGTERM}
    lines = dict(line.split(":\t", 1) for line in Path(f"/proc/{host.pid}/status").read_text().splitlines())  # main thread's
    masks = {name: {s for s in ending if int(lines[name], 16) >> (s - 1) & 1} for name in ("SigBlk", "SigCgt")}
    assert masks == {"SigBlk": ending, "SigCgt": set()}
    host.send_signal(signal.SIGTERM)
    host.communicate(timeout=20)
    os.close(gate)
    assert host.returncode == -signal.SIGTERM


def test_workers_killed_at_the_end_are_no_crashes():
    """The main thread sees them go and may be quicker than the thread that killed them."""
    code = (
        "import os, threading\n"
        "from py_impl.watchdog import Watchdog\n"
        "watchdog, killed = Watchdog(), threading.Event()\n"
        "seen = threading.Event()\n"
        "watchdog.kill_workers = lambda: (killed.set(), seen.wait(0.3))\n"
        "watchdog.note(lambda: print('before', flush=True))\n"
        "watchdog.watch(0.0, lambda: (print('expired', flush=True), os._exit(0)))\n"
        "killed.wait()\n"
        "watchdog.note(lambda: (print('crash', flush=True), seen.set()))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "before\nexpired\n", "")


def test_importing_the_host_costs_little():
    """Start-up is part of what is timed: none of the expensive modules may come in by the way."""
    code = ("import sys; from py_impl import host; import py_impl.models.sync, py_impl.slots, py_impl.shared_state;"
            "print(sorted({'typing', 're', 'enum', 'json', 'argparse', 'threading', 'dataclasses', 'inspect', 'asyncio',"
            "'multiprocessing', 'socket', 'tempfile'} & set(sys.modules)))")  # fmt: skip
    done = subprocess.run([sys.executable, "-s", "-E", "-c", code], cwd=ROOT, text=True, capture_output=True, timeout=60)
    assert done.stdout == "[]\n", done.stdout + done.stderr


def test_tasks_need_nothing_but_the_contract():
    """The embed host imports them in an interpreter where no host is."""
    names = [path.stem for path in (ROOT / "py_impl" / "tasks").glob("*.py") if path.stem != "__init__"]
    code = ("import sys\nfor name in sys.argv[1:]: __import__('py_impl.tasks.' + name)\n"
            "print(sorted(m for m in sys.modules if m.startswith('py_impl.') and not m.startswith('py_impl.tasks')))")  # fmt: skip
    done = subprocess.run([sys.executable, "-s", "-E", "-c", code, *names], cwd=ROOT, text=True, capture_output=True, timeout=60)
    assert done.stdout == "['py_impl.contract']\n", done.stdout + done.stderr
    assert len(names) == 9 and TASKS.is_dir()
