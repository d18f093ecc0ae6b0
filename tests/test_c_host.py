# SPDX-License-Identifier: MIT
"""
The C host as a command, with and without an interpreter inside: the results of its tasks, and all the ways in which a
run can go wrong. What only the one with an interpreter can do wrong stands in test_embed.py.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from zlib import crc32

import pytest

import py_host
from c_host import BUILD, C, EMBED, FAULTY, TEST_TASKS, Host
from gated import check_a_closed_gate, check_the_end, check_the_gate, children_of, finish, start_and_hang, start_and_hold
from origin_stub import body_of, stub_origin
from py_host import MODELS, ROOT, check_a_failed_job, check_a_run
from py_impl import slots

THREADS = ("sync", "threads", "thread-pool", "async")
PROCESSES = ("processes", "process-pool")
WORDS = b"the cat\nthe dog the\n\nthe\xff the  the\nno\n"


@pytest.fixture(params=(C, EMBED), ids=lambda host: host.runtime)
def host(request) -> Host:
    return request.param


@cache
def sysconfig_of(name: str) -> object:
    """A build variable of the interpreter that is inside of the host."""
    code = f"import json, sysconfig; print(json.dumps(sysconfig.get_config_var({name!r})))"
    python = (BUILD / "python").read_text().strip()
    done = subprocess.run([python, "-s", "-E", "-c", code], capture_output=True, check=True, timeout=60)
    return json.loads(done.stdout)


@pytest.fixture
def words(tmp_path: Path) -> Path:
    path = tmp_path / "words.bin"
    path.write_bytes(WORDS)
    return path


# -- what it says of itself ---------------------------------------------------------------------------------------------


def test_list_has_the_tasks_of_the_table(host):
    offer = host.listing()
    table = json.loads((ROOT / "tests" / "data" / "tasks.json").read_text())
    assert sorted(offer["tasks"], key=lambda t: t["name"]) == sorted(table, key=lambda t: t["name"])
    assert offer["errors"] == []
    assert tuple(model["name"] for model in offer["models"]) == MODELS
    assert [model["name"] for model in offer["models"] if model["baseline"]] == ["sync"]
    assert [model["name"] for model in offer["models"] if model["processes"]] == list(PROCESSES)
    assert offer["runtimes"] == [host.runtime] and offer["build"]["libcurl"].startswith("libcurl/")


def test_the_lists_of_both_hosts_are_one():
    """But for what they say of the interpreter: the driver goes by it."""
    plain, embed = C.listing(), EMBED.listing()
    assert plain | {"runtimes": [], "build": {}} == embed | {"runtimes": [], "build": {}}
    assert plain["build"].items() <= embed["build"].items()
    assert embed["build"]["libpython"] in ("static", "shared")
    assert Path(embed["build"]["executable"]) == Path((BUILD / "python").read_text().strip())


def test_list_names_files_that_do_not_load(host, tmp_path: Path):
    for name in ("faulty", "no_symbol", "wrong_contract"):
        shutil.copy(TEST_TASKS / f"{name}.so", tmp_path)
    shutil.copy(FAULTY, tmp_path / "other.so")
    for name in ("faulty", "other"):
        (tmp_path / f"{name}.py").write_text("the counterpart's own faults come out when it is run\n")
    (tmp_path / "text.so").write_text("no shared object")
    (tmp_path / "cut.so").write_bytes(FAULTY.read_bytes()[:200])
    (tmp_path / "README").write_text("not a task file at all")
    offer = host.listing("--tasks", tmp_path)
    assert [task["name"] for task in offer["tasks"]] == ["faulty"]
    assert [error.replace(str(tmp_path), "D").partition(": ")[0] for error in offer["errors"]] == [
        "task file 'D/cut.so' does not load",
        "task file 'D/no_symbol.so' has no symbol 'cobench_task'",
        "task file 'D/other.so' calls its task 'faulty'",
        "task file 'D/text.so' is no shared object",
        "task file 'D/wrong_contract.so' has contract version 1002, this host has 2",
    ]


def test_the_twins_of_the_faulty_task_agree(host):
    mine = host.listing("--tasks", TEST_TASKS)["tasks"]
    counterpart = py_host.listing("--tasks", py_host.TASKS)["tasks"]
    assert [t for t in mine if t["name"] == "faulty"] == [t for t in counterpart if t["name"] == "faulty"]


# -- results ------------------------------------------------------------------------------------------------------------

RESULTS = [
    ("null", 5, {}),
    ("count", 2, {"size": 0}),
    ("count", 2, {"size": 1}),
    ("count", 1, {"size": 100003}),
    ("fib", 1, {"size": 0}),
    ("fib", 1, {"size": 1}),
    ("fib", 2, {"size": 19}),
    ("factorize", 30, {"divide": 1000}),
    ("factorize", 31, {"divide": 1000000}),
    ("factorize", 61, {"divide": 999999}),
    ("distance", 1, {"size": 1}),
    ("distance", 7, {"size": 100001}),
    ("distance", 9, {"size": 5}),
    ("distance", 2, {"size": 0}),
    ("wordcount", 8, {}),
    ("wordcount", 7, {"word": ""}),
    ("wordcount", 3, {"word": "th"}),
    ("wordcount", 4, {"repeat": 3}),
    ("wait", 3, {"delay": 1}),
]


@pytest.mark.parametrize("task, jobs, params", RESULTS)
def test_results_are_those_of_the_python_twin(host, tmp_path, task, jobs, params):
    sets = [word for key, value in params.items() for word in ("--set", f"{key}={value}")]
    mine = host.run(tmp_path, "--task", task, "--model", "sync", "--jobs", jobs, *sets)
    assert (mine.status, mine.stderr) == (0, "")
    results = mine.results
    counterpart = py_host.run(tmp_path, "--task", task, "--model", "sync", "--jobs", jobs, *sets,
                       env={**os.environ, "COBENCH_BUILD": str(BUILD)})  # fmt: skip
    assert counterpart.status == 0, counterpart.stderr
    assert results == counterpart.results
    assert mine.record["params"] == counterpart.record["params"]


@pytest.mark.parametrize("model", ("sync", "async"))
@pytest.mark.parametrize("name, kind", [
    ("bad_chunk", "BadReply"), ("long_headers", "BadReply"), ("garbage", "BadReply"), ("short_chunk", "ShortBody"),
    ("two_lengths", "BadReply"), ("long_body", "Transport"), ("endless_body", "Transport"), ("endless_chunks", "Transport"),
    ("many_headers", None), ("same_lengths", None),
])  # fmt: skip
def test_failures_are_called_what_the_python_host_calls_them(tmp_path, stub, model, name, kind):
    done = C.run(tmp_path, "--task", "fetch", "--model", model, "--url", stub.fault(name), "--jobs", 1)
    assert [failure["type"] for failure in done.record["failures"]] == ([kind] if kind else [])


@pytest.mark.parametrize("model", ("sync", "async"))
@pytest.mark.parametrize("run", (C.run, py_host.run), ids=("c", "py"))
def test_certificates_are_those_of_openssl(tmp_path, run, model):
    """tests/data/localhost.pem: a key and a certificate for 127.0.0.1 that nobody else trusts, valid to 2126."""
    certificate = str(ROOT / "tests" / "data" / "localhost.pem")
    words = ("--task", "fetch", "--model", model, "--jobs", 2, "--workers", 2, "--set", "delay=0")
    with stub_origin(certificate) as stub:
        trusted = run(tmp_path, *words, "--url", stub.template, env=os.environ | {"SSL_CERT_FILE": certificate})
        assert (trusted.status, trusted.stderr) == (0, "")
        assert run(tmp_path, *words, "--url", stub.template).record["failures"][0]["type"] == "Transport"


@pytest.mark.parametrize("task, size, result", [("count", 25_000_000, 2_916_667), ("fib", 35, 9_227_465)])
def test_known_results(tmp_path, task, size, result):
    done = C.run(tmp_path, "--task", task, "--model", "sync", "--jobs", 1, "--set", f"size={size}")
    assert done.results == [result]


def test_the_default_text():
    text = (BUILD / "data" / "words.txt").read_bytes()
    made = subprocess.run([sys.executable, "scripts/make_words.py"], cwd=ROOT, capture_output=True, check=True).stdout
    assert made == text
    assert text.count(b"\n") == 20_000 and 850_000 < len(text) < 870_000
    assert sum(w == b"the" for line in text.split(b"\n") for w in line.split(b" ")) == 18_688
    assert "18,688" in (ROOT / "scripts" / "make_words.py").read_text()


@pytest.mark.parametrize("data", [b"", b"\n", b"the", b" the\n", b"the\n\n the  the\nthethe\xff the", WORDS])
@pytest.mark.parametrize("word", [b"the", b"", b"the\xff"])
def test_wordcount_is_split(host, tmp_path, data, word):
    path = tmp_path / "data"
    path.write_bytes(data)
    jobs, lines = 3, data.split(b"\n")
    parts = [lines[len(lines) * job // jobs : len(lines) * (job + 1) // jobs] for job in range(jobs)]
    done = host.run(tmp_path, "--task", "wordcount", "--model", "sync", "--jobs", jobs, "--set", f"file={path}", "--set",
               "word=" + os.fsdecode(word))  # fmt: skip
    assert done.results == [sum(line.split(b" ").count(word) for line in part) for part in parts]


def test_wordcount_reads_what_is_no_regular_file(host, tmp_path):
    reader, writer = os.pipe()
    os.write(writer, b"the the\nthe")
    os.close(writer)
    done = host.run(tmp_path, "--task", "wordcount", "--model", "sync", "--jobs", 1, "--set", f"file=/dev/fd/{reader}",
               pass_fds=(reader,))  # fmt: skip
    os.close(reader)
    assert done.results == [3]


SMALL = {
    "null": [], "count": ["size=1000"], "fib": ["size=10"], "factorize": ["divide=10000"], "distance": ["size=1000"],
    "wordcount": ["file={words}"], "wait": ["delay=1"], "fetch": ["delay=1", "size=99"],
    "mixed": ["delay=1", "size=9", "count=100"],
}  # fmt: skip


@pytest.mark.parametrize("model, method", [(m, "fork") for m in MODELS] + [(m, "spawn") for m in PROCESSES])
@pytest.mark.parametrize("task", SMALL)
def test_every_task_under_every_model(host, tmp_path, stub, words, task, model, method):
    sets = [word for text in SMALL[task] for word in ("--set", text.format(words=words))]
    url = ["--url", stub.template] if task in ("fetch", "mixed") else []
    plain = host.run(tmp_path, "--task", task, "--model", "sync", "--jobs", 11, *sets, *url)
    assert (plain.status, plain.stderr) == (0, "")
    expected = plain.results
    done = host.run(tmp_path, "--task", task, "--model", model, "--jobs", 11, "--workers", 3, "--start-method", method, *sets, *url)
    check_a_run(done, model, method, 3)
    assert done.results == expected
    if task == "fetch":
        assert expected == [crc32(body_of(job, 99)) for job in range(11)]
    record = done.record
    assert max(row["end_ns"] for row in done.rows) == record["phases"]["work"]
    assert (record["jobs"], record["workers"]) == (11, 3)
    assert (record["connections"] is not None) == bool(url)
    if host is C:
        assert record["python"] is None
        return
    build = host.listing()["build"]
    assert (record["python"]["version"], record["python"]["library"]) == (build["python"], build["libpython"])
    assert record["python"]["gil"] is (sysconfig_of("Py_GIL_DISABLED") != 1)
    assert record["python"]["switch_interval_ns"] == (None if method == "spawn" else 5_000_000)


# -- jobs and workers that go wrong ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
def test_a_failed_job_is_named_and_the_others_run(host, tmp_path, model):
    done = host.run(tmp_path, "--task", FAULTY, "--model", model, "--workers", 2, "--set", "mode=fail", "--set", "at=5")
    line = FAULTY.with_suffix(".py").read_text().split("\n").index('            raise PlantedError("planted failure")') + 1
    check_a_failed_job(done, host.name, line if host is EMBED else None)


@pytest.mark.parametrize("mode, how", [("crash", "was killed by signal 9 (SIGKILL)"), ("exit", "exited with status 3")])
@pytest.mark.parametrize("method", ("fork", "spawn"))
@pytest.mark.parametrize("model", PROCESSES)
def test_a_worker_that_dies_is_named(host, tmp_path, model, method, mode, how):
    done = host.run(tmp_path, "--task", FAULTY, "--model", model, "--workers", 2, "--set", f"mode={mode}", "--set", "at=5",
               "--start-method", method)  # fmt: skip
    assert done.status == 1 and done.record["failed_jobs"] == 1
    failure = done.record["failures"][0]
    assert (failure["job"], failure["type"]) == (5, "Crash")
    assert failure["message"] == f"worker {failure['worker']} {how} while running job 5"
    assert [row["state"] for row in done.rows] == [slots.FAILED if i == 5 else slots.DONE for i in range(8)]


def test_a_pool_whose_workers_are_all_dead_ends(host, tmp_path):
    done = host.run(tmp_path, "--task", FAULTY, "--model", "process-pool", "--workers", 1, "--set", "mode=crash", "--set", "at=5")
    assert done.status == 1 and done.record["failed_jobs"] == 3
    assert [(f["job"], f["type"]) for f in done.record["failures"]] == [(5, "Crash"), (6, "NotRun"), (7, "NotRun")]


@pytest.mark.parametrize("model", MODELS)
def test_a_job_that_hangs_is_named(host, tmp_path, model):
    begun = time.monotonic()
    done = host.run(tmp_path, "--task", FAULTY, "--model", model, "--workers", 2, "--timeout", 0.5, "--set", "mode=hang", "--set", "at=3")
    assert time.monotonic() - begun < 20
    worker = done.record["failures"][0]["worker"]
    assert done.status == 1 and done.record["failures"][0]["job"] == 3
    assert done.record["reason"] == f"timed out after 0.5 s: job 3 (worker {worker}) still running"


# -- usage --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words, reason",
    [
        (["--task", "x"], "task 'x' is unknown (known: count, distance, factorize, fetch, fib, mixed, null, wait, wordcount)"),
        (["--model", "x"], "model 'x' is unknown (known: sync, threads, thread-pool, processes, process-pool, async)"),
        (["--set", "foo=1"], "unknown parameter 'foo' of task 'count' (it has: size)"),
        (["--set", "size=12x"], "--set size: '12x' is not a whole number"),
        (["--set", "size=-1"], "--set size=-1: must be 0..4000000000"),
        (["--set", "size=1", "--set", "size=1"], "--set size: given twice"),
        (["--url", "http://h/"], "unknown parameter 'url' of task 'count' (it has: size)"),
        (["--task", "fetch"], "parameter 'url' of task 'fetch' has to be given: where to ask; {job}, {size} and {delay} are filled in"),
        (["--task", "./Makefile"], "task file './Makefile' is no shared object"),
        (["--task", "./nothing"], "task file './nothing' cannot be read: No such file or directory"),
        (["--task", str(TEST_TASKS / "no_symbol.so")], f"task file '{TEST_TASKS}/no_symbol.so' has no symbol 'cobench_task'"),
        (["--tasks", "/nothing"], "--tasks: cannot read '/nothing': No such file or directory"),
        (["--jobs", "0"], "--jobs=0: must be 1..100000000"),
        (["--bogus"], "option '--bogus' is unknown (known: --task, "),
    ],
)  # fmt: skip
def test_usage(host, tmp_path, words, reason):
    given = [] if "--task" in words else ["--task", "count"]
    done = host.run(tmp_path, *given, *([] if "--model" in words else ["--model", "sync"]), *words)
    assert done.status == 2 and done.record["status"] == "usage"
    assert done.record["reason"].startswith(reason)
    assert done.stderr == f"{host.name}: {done.record['reason']}\n"


UNOPENED = {
    "file=/nothing": {"c": "/nothing cannot be read: No such file or directory",
                      "embed": "FileNotFoundError: [Errno 2] No such file or directory: '/nothing'"},
    "word=a b": {"c": "word: must not hold a blank or a line feed",
                 "embed": "ValueError: word: must not hold a blank or a line feed"},
}  # fmt: skip


@pytest.mark.parametrize("model, method", [("sync", "fork"), ("process-pool", "fork"), ("process-pool", "spawn")])
@pytest.mark.parametrize("wrong", UNOPENED)
def test_a_task_that_does_not_open(host, tmp_path, wrong, model, method):
    done = host.run(tmp_path, "--task", "wordcount", "--model", model, "--start-method", method, "--set", wrong)
    assert done.status == 2
    assert done.record["reason"] == f"task 'wordcount' does not open: {UNOPENED[wrong][host.runtime]}"


@pytest.mark.parametrize("words", ([], ["bogus"], ["run"], ["run", "--task", "null"], ["list", "--bogus"]))
def test_usage_without_a_record(host, words):
    done = subprocess.run([host.path, *words], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and done.stdout == "" and done.stderr


@pytest.mark.parametrize("path, why", [("/nothing/record", "No such file or directory"), ("/dev/full", "No space left on device")])
def test_a_record_that_cannot_be_written(host, tmp_path, path, why):
    done = subprocess.run(
        [host.path, "run", "--task", "null", "--model", "sync", "--slots", tmp_path / "slots", "--record", path],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2 and why in done.stderr and done.stderr.count("\n") == 1


def test_help(host):
    done = subprocess.run([host.path, "run", "--help"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "--request-timeout" in done.stdout and done.stderr == ""


def test_texts_that_are_no_utf8_reach_the_record(host, tmp_path, words):
    done = host.run(tmp_path, "--task", "wordcount", "--model", "sync", "--set", f"file={words}", "--set", "word=a\udcffb\"\\\t\U0001f600")
    assert done.record["params"]["word"] == "a\ufffdb\"\\\t\U0001f600"


# -- limits, signals, the gate --------------------------------------------------------------------------------------------


def limited(what: int, value: int):
    return lambda: resource.setrlimit(what, (value, value))


@pytest.mark.parametrize("model, fits", [("async", False), ("threads", False), ("thread-pool", False), ("sync", True), ("process-pool", True)])
def test_too_few_descriptors_are_seen_beforehand(host, tmp_path, stub, model, fits):
    done = host.run(tmp_path, "--task", "fetch", "--model", model, "--url", stub.template, "--jobs", 60, "--set", "delay=0",
               preexec_fn=limited(resource.RLIMIT_NOFILE, 64))  # fmt: skip
    assert done.status == (0 if fits else 77)
    if not fits:
        assert done.record["status"] == "impossible" and stub.connections == 0
        assert "the limit is 64 (RLIMIT_NOFILE; a higher `ulimit -Hn` or fewer workers would do)" in done.record["reason"]


def test_one_worker_is_not_told_that_fewer_would_do(host, tmp_path, stub):
    done = host.run(tmp_path, "--task", "fetch", "--model", "sync", "--url", stub.template, preexec_fn=limited(resource.RLIMIT_NOFILE, 30))
    assert done.status == 77 and done.record["reason"].endswith("(RLIMIT_NOFILE; a higher `ulimit -Hn` would do)")


@pytest.mark.parametrize("model", ("threads", "thread-pool"))
def test_threads_that_cannot_be_started(host, tmp_path, model):
    done = host.run(tmp_path, "--task", "wait", "--model", model, "--jobs", 200, "--set", "delay=200",
               preexec_fn=limited(resource.RLIMIT_AS, 300 << 20))  # fmt: skip
    assert done.status == 77 and done.record["status"] == "impossible"
    assert "cannot start a thread beside" in done.record["reason"] and "RLIMIT_NPROC" in done.record["reason"]


def test_no_room_for_slots(host, tmp_path):
    done = host.run(tmp_path, "--task", "null", "--model", "sync", "--jobs", 10**6, preexec_fn=limited(resource.RLIMIT_FSIZE, 1 << 20))
    assert done.status == 77 and "no room for the slots file" in done.record["reason"]
    assert done.slots_path.stat().st_size == 0


@pytest.mark.parametrize("model", MODELS)
def test_the_gate_holds_the_work_back(host, tmp_path, model):
    check_the_gate(host, tmp_path, model)


@pytest.mark.parametrize("model", MODELS)
def test_a_closed_gate_ends_the_host(host, tmp_path, model):
    check_a_closed_gate(host, tmp_path, model)


def test_a_pool_dies_with_a_worker_at_the_gate(host, tmp_path):
    """A worker killed while it waits is reported, and its share is done by the other."""
    process, gate = start_and_hold(host, tmp_path, "--task", "null", "--model", "process-pool", "--workers", 2)
    children = children_of(process.pid)
    assert len(children) == 2
    os.kill(children[0], signal.SIGKILL)
    os.write(gate, b"g")
    os.close(gate)
    done = finish(process, tmp_path)
    assert done.status == 1 and done.record["reason"] == "worker 0 was killed by signal 9 (SIGKILL)"
    assert {row["state"] for row in done.rows} == {slots.DONE} and done.record["failed_jobs"] == 0


@pytest.mark.parametrize("number", (signal.SIGINT, signal.SIGTERM, signal.SIGKILL))
@pytest.mark.parametrize("model", MODELS)
def test_signals_end_host_and_workers(host, tmp_path, model, number):
    process, gate = start_and_hang(host, tmp_path, model, FAULTY)
    running = children_of(process.pid)
    assert len(running) == (1 if model in PROCESSES else 0)
    check_the_end(process, gate, running, number)


@pytest.mark.parametrize("model", PROCESSES)
def test_workers_are_reaped_though_sigchld_is_ignored(host, tmp_path, model):
    done = host.run(tmp_path, "--task", "null", "--model", model, preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
    assert done.status == 0
