# SPDX-License-Identifier: MIT
"""
The hosts of all four runtimes as commands: the results of their tasks under every model, and all the ways in which a run
can go wrong. What only one of them can do wrong stands in test_c_host.py, test_py_host.py, test_ext.py and test_embed.py.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import time
from pathlib import Path
from zlib import crc32

import pytest

from hosts import (
    BUILD, C, EMBED, ENGINES, EXT, HOSTS, LOOPS, PLUGINS, PROCESSES, PY, ROOT, SCRAPES, SECONDS, TASKS, TASK_SYSTEMS, TEST_TASKS, WITHOUT_LIBXML, check_a_run,
    check_the_end, children_of, opens_of, outcome, python_task, workers_of,
)  # fmt: skip
from origin_stub import body_of, stub_origin
from py_impl import slots

WORDS = b"the cat\nthe dog the\n\nthe\xff the  the\nno\n"
PYTHON_TASKS = (PY, EMBED)  # who runs tasks in Python
C_HOSTS = (C, EMBED)  # whose program is in C


def over_hosts(hosts=HOSTS):
    return pytest.mark.parametrize("host", hosts, ids=repr)


def over_models(hosts=HOSTS, models=None):
    cases = [(host, model) for host in hosts for model in models or host.models]
    return pytest.mark.parametrize("host, model", cases, ids=str)


def over_ways(hosts=HOSTS):
    return pytest.mark.parametrize("host, model, method", [(host, *way) for host in hosts for way in host.ways], ids=str)


@pytest.fixture
def words(tmp_path: Path) -> Path:
    path = tmp_path / "words.bin"
    path.write_bytes(WORDS)
    return path


def settings(params: dict[str, object]) -> list[str]:
    return [word for key, value in params.items() for word in ("--set", f"{key}={value}")]


# -- what they say of themselves ------------------------------------------------------------------------------------------

@over_hosts()
def test_list_has_the_tasks_of_the_table(host):
    offer = host.listing()
    table = [task for task in json.loads((ROOT / "tests" / "data" / "tasks.json").read_text())
             if host is PY or SCRAPES or task["name"] != "scrape"]
    assert sorted(offer["tasks"], key=lambda t: t["name"]) == sorted(table, key=lambda t: t["name"])
    assert offer["errors"] == [] and offer["runtimes"] == [host.runtime]
    names = [model["name"] for model in offer["models"]]
    assert sorted(names) == sorted({*host.listed, *(PLUGINS if host is C else ())}) and len(set(names)) == len(names)
    extra = ("async-threads", *PLUGINS, *ENGINES, *TASK_SYSTEMS, *({"interpreters"} - set(host.models)))
    for what, models in (("baseline", ["sync"]), ("processes", PROCESSES), ("loop", LOOPS), ("extra", extra)):
        assert [model["name"] for model in offer["models"] if model[what]] == [name for name in names if name in models]
    assert host not in C_HOSTS or offer["build"]["libcurl"].startswith("libcurl/")


def test_lists_of_a_kind_are_one():
    """But for what is said of the interpreter, and a model more: the driver goes by it."""
    c, embed, ext, py = (host.listing() for host in HOSTS)
    assert embed["models"].pop()["name"] == "interpreters"
    own = {"runtimes": [], "build": {}, "knobs": []}
    assert c | own == embed | own and {knob["name"] for knob in c["knobs"]} <= {knob["name"] for knob in embed["knobs"]}
    assert c["build"].items() <= embed["build"].items()
    assert embed["build"]["libpython"] in ("static", "shared")
    assert Path(embed["build"]["executable"]) == Path((BUILD / "python").read_text().strip())
    assert ext["models"][:-1] == py["models"]
    assert {key: ext[key] for key in ("host", "version", "build")} == {key: py[key] for key in ("host", "version", "build")}


LOAD_ERRORS = {
    C: ["task file 'D/cut.so' does not load", "task file 'D/no_symbol.so' has no symbol 'cobench_task'",
        "task file 'D/other.so' calls its task 'faulty'", "task file 'D/text.so' is no shared object",
        "task file 'D/wrong_contract.so' has contract version 1005, this host has 5"],
    EXT: ["task 'D/cut.so' does not load: ImportError: D/cut.so: ",
          "task 'D/no_symbol.so' does not load: ImportError: there is no symbol 'cobench_task'", "task 'other': calls itself 'faulty'",
          "task 'D/text.so' does not load: ImportError: ",
          "task 'D/wrong_contract.so' does not load: ImportError: it has contract version 1005, this host has 5"],
    PY: ["task 'D/broken.py' does not load: ModuleNotFoundError", "task 'D/empty.py' does not keep to the contract: NAME is missing",
         "task 'other': calls itself 'faulty'"],
}  # fmt: skip
LOAD_ERRORS[EMBED] = LOAD_ERRORS[C]  # a counterpart's own faults come out when it is run


@over_hosts()
def test_list_names_files_that_do_not_load(host, tmp_path):
    for name in ("faulty", "no_symbol", "wrong_contract"):
        shutil.copy(TEST_TASKS / f"{name}.so", tmp_path)
    for suffix, faulty in ((".so", C.faulty), (".py", PY.faulty)):
        shutil.copy(faulty, tmp_path / f"other{suffix}")
    shutil.copy(PY.faulty, tmp_path)
    (tmp_path / "broken.py").write_text("import nothing_of_that_name\n")
    (tmp_path / "empty.py").write_text("")
    (tmp_path / "text.so").write_text("no shared object")
    (tmp_path / "cut.so").write_bytes(C.faulty.read_bytes()[:200])
    (tmp_path / "README").write_text("not a task file at all")
    offer = host.listing("--tasks", tmp_path)
    assert [task["name"] for task in offer["tasks"]] == ["faulty"]
    errors = sorted(error.replace(str(tmp_path), "D") for error in offer["errors"])
    assert len(errors) == len(LOAD_ERRORS[host])
    for error, begin in zip(errors, sorted(LOAD_ERRORS[host])):
        assert error.startswith(begin)


@over_hosts((C, EMBED, EXT))
def test_the_counterparts_of_the_faulty_task_agree(host):
    mine, counterpart = host.listing("--tasks", TEST_TASKS)["tasks"], PY.listing("--tasks", TASKS)["tasks"]
    assert [t for t in mine if t["name"] == "faulty"] == [t for t in counterpart if t["name"] == "faulty"]


# -- results ------------------------------------------------------------------------------------------------------------

def count(size: int) -> int:
    return sum(0 in (n % 2, n % 3, n % 5) and (n ^ 0x42) & 3 == 3 for n in range(size))


RESULTS = [
    ("null", 5, {}, [0, 1, 2, 3, 4]),
    ("count", 2, {"size": 0}, [0, 0]),
    ("count", 2, {"size": 1}, [0, 0]),
    ("count", 1, {"size": 600}, [70]),
    ("count", 1, {"size": 100003}, [count(100003)]),
    ("count", 1, {"size": 250000}, [29167]),
    ("fib", 1, {"size": 0}, [0]),
    ("fib", 1, {"size": 1}, [1]),
    ("fib", 2, {"size": 20}, [6765, 6765]),
    ("factorize", 2, {"divide": 1000}, [sum(d for d in range(1, m + 1) if m % d == 0) for m in (1111, 2222)]),
    ("factorize", 31, {"divide": 1000000}, None),
    ("factorize", 61, {"divide": 999999}, None),
    ("distance", 1, {"size": 1}, None),
    ("distance", 3, {"size": 10}, [2999997, 2999988, 3999970]),
    ("distance", 7, {"size": 100001}, None),
    ("distance", 2, {"size": 0}, [0, 0]),
    ("wordcount", 8, {}, None),
    ("wordcount", 4, {"repeat": 3}, None),
    ("wait", 3, {"delay": 1}, [0, 1, 2]),
]  # fmt: skip


@over_hosts()
@pytest.mark.parametrize("task, jobs, params, known", RESULTS)
def test_results(host, tmp_path, task, jobs, params, known):
    """As they are known, or else as those of the Python host."""
    given = ["--task", task, "--model", "sync", "--jobs", jobs, *settings(params)]
    env = {**os.environ, "COBENCH_BUILD": str(BUILD)}
    counterpart = PY.run(tmp_path, *given, env=env)
    known = known or counterpart.results
    done = host.run(tmp_path, *given, env=env)
    assert (done.status, done.stderr) == (0, "")
    assert done.results == known
    assert done.record["params"] == counterpart.record["params"]


@over_hosts()
@pytest.mark.parametrize("data, jobs", [(b"", 3), (b"\n", 3), (b"the", 3), (b" the\n", 3),
                                        (b"the\n\n the  the\nthethe\xff the", 3), (WORDS, 1), (WORDS, 9)])  # fmt: skip
@pytest.mark.parametrize("word", [b"the", b"", b"the\xff", b"cat"])
def test_wordcount_is_split(host, tmp_path, data, jobs, word):
    path = tmp_path / "data"
    path.write_bytes(data)
    lines = data.split(b"\n")
    parts = [lines[len(lines) * job // jobs : len(lines) * (job + 1) // jobs] for job in range(jobs)]
    done = host.run(tmp_path, "--task", "wordcount", "--model", "sync", "--jobs", jobs,
                    *settings({"file": path, "word": os.fsdecode(word)}))  # fmt: skip
    assert done.results == [sum(line.split(b" ").count(word) for line in part) for part in parts]


SMALL = {
    "null": {}, "count": {"size": 1000}, "fib": {"size": 10}, "factorize": {"divide": 10000}, "distance": {"size": 1000},
    "wordcount": {"file": "{words}"}, "wait": {"delay": 1}, "fetch": {"delay": 1, "size": 99},
    "mixed": {"delay": 1, "size": 9, "count": 100}, "scrape": {"delay": 1, "items": 5, "links": 2},
}  # fmt: skip


@over_ways()
@pytest.mark.parametrize("task", SMALL)
def test_every_task_under_every_model(tmp_path, stub, words, host, task, model, method):
    if task == "scrape" and not SCRAPES:
        pytest.skip(WITHOUT_LIBXML)
    jobs, web = 7 if method == "fork" else 4, task in ("fetch", "mixed", "scrape")
    template = stub.base + "/page/{job}?items={items}&links={links}&delay={delay}" if task == "scrape" else stub.template
    given = ["--task", task, "--workers", 3, "--jobs", jobs, *settings(SMALL[task]), *(["--url", template] if web else [])]
    given = [str(word).format(words=words) if "{words}" in str(word) else word for word in given]
    if task in ("fetch", "mixed"):
        size, high = (99, 0) if task == "fetch" else (9, count(100) << 32)
        expected = [high + crc32(body_of(job, size)) for job in range(jobs)]
    else:
        expected = C.run(tmp_path, *given, "--model", "sync").results
        stub.connections = 0
    done = host.run(tmp_path, *given, "--model", model, "--start-method", method)
    check_a_run(done, model, method, 3)
    assert done.results == expected
    record = done.record
    assert (record["jobs"], record["workers"]) == (jobs, 3)
    assert (record["runtime"], record["model"], record["task"]) == (host.runtime, model, task)
    assert record["connections"] == (stub.connections if web else None)
    waits = task == "wait" or web
    assert all((row["start_ns"] < row["replied_ns"] <= row["end_ns"]) == waits for row in done.rows)
    # The kernel shares a process's time out to user and system by where its ticks fell: one of them can be 0.
    usage = record["usage"]
    assert 0 < usage["ready_cpu_ns"] <= usage["user_ns"] + usage["system_ns"] and usage["max_rss_bytes"] > 1 << 20


@over_models()
def test_waiting_overlaps(host, tmp_path, model):
    """Never more at once than there are workers, and where the model can, as many."""
    done = host.run(tmp_path, "--task", "wait", "--model", model, "--jobs", 8, "--workers", 4, "--set", "delay=200")
    assert done.most_at_once == (1 if model == "sync" else 4)


@over_models(models=("thread-pool",))
def test_many_small_jobs_go_through_a_pool(host, tmp_path, model):
    done = host.run(tmp_path, "--task", "null", "--model", model, "--jobs", 20000, "--workers", 2)
    assert done.status == 0 and done.results == list(range(20000))


# -- connections --------------------------------------------------------------------------------------------------------

@over_models()
def test_connections_are_kept_and_counted(host, tmp_path, stub, model):
    done = host.run(tmp_path, "--task", "fetch", "--model", model, "--jobs", 8, "--workers", 2, "--url", stub.template,
                    "--set", "delay=20")  # fmt: skip
    assert done.status == 0, done.stderr
    assert done.record["connections"] == stub.connections == (2 if model in LOOPS else workers_of(model, 8, 2))


def task_file(host, name: str) -> Path:
    return host.faulty.with_name(name + host.faulty.suffix)


@over_ways()
def test_a_job_may_ask_more_than_once(host, tmp_path, stub, model, method):
    """And a task for what it needs, once, before all jobs."""
    words = ["--task", task_file(host, "steps"), "--model", model, "--start-method", method, "--workers", 3, "--jobs", 5,
             "--url", stub.base + "/body/{job}?size=8&delay=0"]  # fmt: skip
    done = host.run(tmp_path, *words)
    check_a_run(done, model, method, 3)
    first = [body_of(job, 8)[0] for job in range(5)]
    assert done.results == [first[0], *(first[job] * 1000 + first[job - 1] for job in range(1, 5))]
    asked = [int(path.split("?")[0].rpartition("/")[2]) for path in stub.asked]
    assert asked[:2] == [1000, 1001] and sorted(asked[2:]) == [0, 0, 1, 1, 2, 2, 3, 3, 4]
    assert done.record["connections"] == stub.connections - 1
    for row in done.rows[1:]:
        assert row["start_ns"] + 1_000_000 < row["replied_ns"] <= row["end_ns"]


@over_models(models=("sync", "thread-pool", "async"))
def test_a_job_that_fails_between_two_questions(host, tmp_path, stub, model):
    done = host.run(tmp_path, "--task", task_file(host, "steps"), "--model", model, "--workers", 2, "--jobs", 4, "--set", "fails=2",
                    "--url", stub.base + "/body/{job}?size=8&delay=0")  # fmt: skip
    assert done.status == 1 and done.failed == [(2, "Planted")]
    assert [row["state"] for row in done.rows] == [slots.DONE, slots.DONE, slots.FAILED, slots.DONE]


@over_models(models=("threads", "thread-pool", "async", "async-threads", "native-pool"))
def test_connections_that_workers_share(host, tmp_path, stub, model):
    """The wait for one is part of a job's time, and known."""
    if model not in [row["name"] for row in host.listing()["models"]]:
        return
    done = host.run(tmp_path, "--task", "fetch", "--model", model, "--jobs", 8, "--workers", 8, "--connections", 2, "--url",
                    stub.template, "--set", "delay=60")  # fmt: skip
    assert done.status == 0, done.reason
    assert done.record["connections"] == stub.connections == 2 and done.record["knobs"]["connections"] == "2"
    waits = [row["waited_us"] for row in done.rows]
    assert sum(wait > 50_000 for wait in waits) >= 5 and sum(wait < 50_000 for wait in waits) >= 1
    assert all(row["waited_us"] <= (row["end_ns"] - row["start_ns"]) // 1000 for row in done.rows)


@over_models(models=PROCESSES)
def test_processes_share_no_connections(host, tmp_path, stub, model):
    done = host.run(tmp_path, "--task", "fetch", "--model", model, "--jobs", 4, "--workers", 4, "--connections", 2, "--url", stub.template)
    assert done.status == 77 and f"each process of {model} has a connection of its own" in done.reason


def test_pages_are_parsed_alike(tmp_path, stub):
    """By a library in each language, also where a page is none to be proud of."""
    if not SCRAPES:
        pytest.skip(WITHOUT_LIBXML)
    done = {}
    for host in HOSTS:
        stub.asked.clear()
        done[host] = host.run(tmp_path, "--task", "scrape", "--model", "sync", "--jobs", 1, "--url", stub.fault("odd_page"),
                              "--set", "links=3")  # fmt: skip
        assert done[host].status == 0, done[host].reason
        assert stub.asked == ["/fault/odd_page", "/fault/rel?x=1&y=2", "/fault/rel?up", "/fault/odd_leaf"]
    assert len({host.results[0] for host in done.values()}) == 1


@over_models(models=("sync", "async", "process-pool"))
def test_request_failures_are_named(host, tmp_path, stub, model):
    """By the same names in C and in Python."""
    kinds = {"missing": "HttpStatus", "short": "ShortBody", "short_chunk": "ShortBody", "to_the_end": "BadLength",
             "nothing": "ConnectionClosed", "garbage": "BadReply", "bad_chunk": "BadReply", "long_headers": "BadReply",
             "stall": "Timeout"}  # fmt: skip
    messages = {"missing": "status 404 where 200 was expected", "to_the_end": "body of 5 bytes where 7 were expected"}
    for name, kind in kinds.items():
        done = host.run(tmp_path, "--task", "fetch", "--model", model, "--jobs", 2, "--workers", 2, "--request-timeout", 0.4,
                        "--url", stub.fault(name), "--set", "check=length", "--set", "size=7")  # fmt: skip
        assert done.status == 1 and done.record["failed_jobs"] == 2
        assert sorted(done.failed) == [(0, kind), (1, kind)]
        assert messages.get(name, "") in done.record["failures"][0]["message"]
        assert {row["state"] for row in done.rows} == {slots.FAILED}


@over_hosts()
def test_a_body_that_is_a_number(host, tmp_path, stub):
    base = stub.template.partition("/body/")[0]
    for digits, number in (("1{job}", 10), (2**64 - 1, 2**64 - 1), (2**64, None), ("", None), ("1x", None), ("-1", None)):
        done = host.run(tmp_path, "--task", "fetch", "--model", "sync", "--jobs", 1, "--url", f"{base}/echo/{digits}",
                        "--set", "check=number")  # fmt: skip
        assert done.failed == ([(0, "BadNumber")] if number is None else []) and (number is None or done.results == [number])


@over_models(models=("sync", "async"))
@pytest.mark.parametrize("name, kind", [
    ("two_lengths", "BadReply"), ("long_body", "Transport"), ("endless_body", "Transport"), ("endless_chunks", "Transport"),
    ("many_headers", None), ("same_lengths", None),
])  # fmt: skip
def test_the_limits_of_answers(host, tmp_path, stub, model, name, kind):
    done = host.run(tmp_path, "--task", "fetch", "--model", model, "--url", stub.fault(name), "--jobs", 1)
    assert done.failed == ([(0, kind)] if kind else [])


@pytest.mark.parametrize("host, model, client", [
    (C, "sync", None), (C, "async", None), *((PY, "sync", name) for name in ("default", "pycurl", "urllib3", "requests", "httpx")),
    *((PY, "async", name) for name in ("default", "httpx", "aiohttp")),
])  # fmt: skip
def test_certificates_are_those_of_openssl(host, tmp_path, model, client):
    """tests/data/localhost.pem: a key and a certificate for 127.0.0.1 that nobody else trusts, valid to 2126."""
    certificate = str(ROOT / "tests" / "data" / "localhost.pem")
    words = ("--task", "fetch", "--model", model, "--jobs", 2, "--workers", 2, "--set", "delay=0")
    words += ("--client", client) if client else ()
    with stub_origin(certificate) as stub:
        trusted = host.run(tmp_path, *words, "--url", stub.template, env=os.environ | {"SSL_CERT_FILE": certificate})
        if trusted.status == 77:
            pytest.skip(f"an optional library is missing: {trusted.reason}")
        assert (trusted.status, trusted.stderr) == (0, "")
        assert host.run(tmp_path, *words, "--url", stub.template).failed[0][1] == "BadCertificate"


@over_hosts()
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
    assert done.status == 2 and reason in done.reason


# -- jobs and workers that go wrong ---------------------------------------------------------------------------------------

@over_models()
def test_a_failed_job_is_named_and_the_others_run(host, tmp_path, model):
    done = host.run(tmp_path, "--task", host.faulty, "--model", model, "--workers", 2, "--set", "mode=fail", "--set", "at=5")
    line = PY.faulty.read_text().split("\n").index('            raise PlantedError("planted failure")') + 1
    assert done.status == 1 and done.record["status"] == "failed" and done.record["failed_jobs"] == 1
    assert done.reason == "job 5: PlantedError: planted failure" + (f" (line {line})" if host in PYTHON_TASKS else "")
    assert done.stderr == f"{host.name}: {done.reason}\n"
    assert [{**failure, "worker": None} for failure in done.record["failures"]] == [{
        "job": 5, "worker": None, "type": "PlantedError", "message": "planted failure",
        "line": line if host in PYTHON_TASKS else None,
    }]  # fmt: skip
    assert done.results == [0 if i == 5 else 3 * i + 1 for i in range(8)]
    assert [row["state"] for row in done.rows] == [slots.FAILED if i == 5 else slots.DONE for i in range(8)]


@over_hosts()
@pytest.mark.parametrize("mode, how", [("crash", "was killed by signal 9 (SIGKILL)"), ("exit", "exited with status 3")])
@pytest.mark.parametrize("method", ("fork", "spawn"))
@pytest.mark.parametrize("model", PROCESSES)
def test_a_worker_that_dies_is_named(host, tmp_path, model, method, mode, how):
    done = host.run(tmp_path, "--task", host.faulty, "--model", model, "--workers", 2, "--set", f"mode={mode}", "--set", "at=5",
                    "--start-method", method)  # fmt: skip
    failure = done.record["failures"][0]
    who = f"worker {failure['worker']}" if host in C_HOSTS else "worker"
    assert done.status == 1 and done.failed[0] == (5, "Crash")
    assert failure["message"] == f"{who} {how} while running job 5"
    assert done.rows[5]["state"] == slots.FAILED and "Traceback" not in done.stderr
    if model == "processes" or host in C_HOSTS:
        assert done.record["failed_jobs"] == 1


@over_models()
def test_a_job_that_hangs_is_named(host, tmp_path, model):
    begun = time.monotonic()
    done = host.run(tmp_path, "--task", host.faulty, "--model", model, "--set", "mode=hang", "--set", "at=3", "--timeout", 2,
                    "--workers", 2)  # fmt: skip
    assert time.monotonic() - begun < 20 and done.status == 1
    assert done.failed == [(3, "Timeout")]
    worker = done.record["failures"][0]["worker"]
    assert done.reason == (f"timed out after 2 s: job 3 (worker {worker}) still running" if host in C_HOSTS else
                           "the time ran out after 2 s; still running: job 3")  # fmt: skip
    assert done.stderr == f"{host.name}: {done.reason}\n"


UNOPENED = {
    C: "/no/such cannot be read: No such file or directory",
    EMBED: "FileNotFoundError: [Errno 2] No such file or directory: '/no/such'",
    EXT: "ENOENT: /no/such cannot be read: No such file or directory",
    PY: "FileNotFoundError: [Errno 2] No such file or directory: '/no/such'",
}


@over_hosts()
@pytest.mark.parametrize("model, method", [("sync", "fork"), ("process-pool", "fork"), ("process-pool", "spawn")])
def test_a_task_that_does_not_open(host, tmp_path, model, method):
    given = ("--task", "wordcount", "--model", model, "--start-method", method)
    done = host.run(tmp_path, *given, "--set", "file=/no/such")
    assert done.status == 2 and done.reason == f"task 'wordcount' does not open: {UNOPENED[host]}"
    done = host.run(tmp_path, *given, "--set", "word=a b")
    assert done.status == 2 and done.reason.endswith("word: must not hold a blank or a line feed")


# -- tasks in C ---------------------------------------------------------------------------------------------------------

def check_calls(calls: list[str], model: str, method: str, opened: str = "w") -> None:
    """open, then worker_open and worker_close around the jobs of each worker, then close; fork hooks are left out."""
    workers = workers_of(model, 4, 2)
    opens = opens_of(model, method, 4, 2)
    assert sorted(calls) == sorted(["o", "c"] * opens + [opened, "x"] * workers + ["r"] * 4)
    assert calls[0] == "o" and calls[-1] == "c"


@over_ways((C, EXT))
def test_the_order_of_calls_in_c(host, tmp_path, model, method):
    """Closed by the process that opened it only, with the fork hooks around every fork."""
    log = tmp_path / "log"
    done = host.run(tmp_path, "--task", TEST_TASKS / "calls.so", "--model", model, "--workers", 2, "--start-method", method,
                    "--set", f"log={log}")  # fmt: skip
    assert done.status == 0, done.stderr
    notes = [(note[0], int(note[1:])) for note in log.read_text().split()]
    check_calls([letter for letter, _ in notes if letter not in "bpk"], model, method, "W" if model in PROCESSES else "w")
    forks = workers_of(model, 4, 2) if model in PROCESSES and method == "fork" else 0
    assert sorted(letter for letter, _ in notes if letter in "bpk") == sorted("bpk" * forks)
    for pid in {pid for _, pid in notes}:
        own = "".join(letter for letter, by in notes if by == pid)
        if method == "spawn":
            assert own.startswith("oW") and own.endswith("xc") and set(own[2:-2]) <= {"r"}, own
        elif "k" in own:
            assert own.startswith("kW") and own.endswith("x") and set(own[2:-1]) <= {"r"}, own
        elif forks:
            assert own == "o" + "bp" * forks + "c", own


@over_hosts((C, EXT))
@pytest.mark.parametrize("number", (signal.SIGKILL, signal.SIGSEGV))
@pytest.mark.parametrize("model", [model for model in dict.fromkeys((*C.models, *EXT.models)) if model not in PROCESSES])
def test_a_crash_in_a_thread_ends_the_host(host, tmp_path, model, number):
    """By the signal itself, which is what the driver names; the record is there and empty."""
    if model not in host.models:
        return
    done = host.run(tmp_path, "--task", TEST_TASKS / "calls.so", "--model", model, "--workers", 2, "--set",
                    f"log={tmp_path / 'log'}", "--set", f"signal={int(number)}")  # fmt: skip
    assert done.status == -number and done.record is None
    assert (tmp_path / "record").read_bytes() == b""
    assert done.rows[0]["state"] == slots.RUNNING


# -- tasks in Python ------------------------------------------------------------------------------------------------------

BAD_RUNS = {
    "text": ("return 'x'", "TypeError"), "none": ("return None", "TypeError"), "float": ("return 1.0", "TypeError"),
    "negative": ("return -1", "OverflowError"), "large": ("return 2**64", "OverflowError"),
    "exits": ("import sys; sys.exit(0)", "SystemExit"), "interrupt": ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    "deep": ("return run(state, worker, job, reply)", "RecursionError"), "lacks": ("import no_such", "ModuleNotFoundError"),
}  # fmt: skip


@over_models(PYTHON_TASKS)
@pytest.mark.parametrize("name", BAD_RUNS)
def test_whatever_run_does_is_the_jobs_own(host, tmp_path, name, model):
    body, kind = BAD_RUNS[name]
    done = host.run(tmp_path, "--task", python_task(host, tmp_path, run=body), "--model", model, "--workers", 2, "--jobs", 4)
    assert done.status == 1 and done.record["failed_jobs"] == 4
    assert {failure["type"] for failure in done.record["failures"]} == {kind}
    assert done.stderr == f"{host.name}: {done.reason}\n"
    line = (tmp_path / "mine.py").read_text().split("\n").index("    " + body) + 1
    raised = kind not in ("TypeError", "OverflowError")  # the others are found when `run` is over
    assert {failure["line"] for failure in done.record["failures"]} == {line if raised else None}


@over_hosts(PYTHON_TASKS)
@pytest.mark.parametrize("body, kind, message, reason", [
    ("assert job != 2; return job", "AssertionError", "", "job 2: AssertionError (line 4)"),
    ("if job == 2: raise ValueError('a\\0b')\n    return job", "ValueError", "a b", "job 2: ValueError: a b (line 4)"),
])  # fmt: skip
def test_what_is_said_of_an_exception(host, tmp_path, body, kind, message, reason):
    done = host.run(tmp_path, "--task", python_task(host, tmp_path, run=body), "--model", "sync", "--jobs", 4)
    (failure,) = done.record["failures"]
    assert (failure["type"], failure["message"], done.reason) == (kind, message, reason)
    assert b"\\u0000" not in (tmp_path / "record").read_bytes()  # which C cannot read


@over_hosts(PYTHON_TASKS)
def test_eight_failures_are_listed_and_all_counted(host, tmp_path):
    task = python_task(host, tmp_path, run="raise ValueError(job)")
    done = host.run(tmp_path, "--task", task, "--model", "thread-pool", "--jobs", 500, "--workers", 2)
    assert len(done.record["failures"]) == 8 and done.record["failed_jobs"] == 500
    assert "(499 more jobs failed)" in done.reason
    assert {row["state"] for row in done.rows} == {slots.FAILED}


@over_models(PYTHON_TASKS, ("sync", "thread-pool", "process-pool", "async"))
def test_a_hang_while_closing_is_said_as_that(host, tmp_path, model):
    task = python_task(host, tmp_path, worker_close="import time; time.sleep(600)")
    done = host.run(tmp_path, "--task", task, "--model", model, "--workers", 4, "--timeout", 1)
    assert done.status == 1 and "after 1 s" in done.reason
    assert done.reason.endswith("all jobs had ended, but not their workers or what those started")


@over_ways(PYTHON_TASKS)
def test_the_order_of_calls_in_python(host, tmp_path, model, method):
    log = tmp_path / "log"
    note = f"import os; f = os.open({str(log)!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT); os.write(f, b'%s '); os.close(f)"
    task = python_task(host, tmp_path, run=note % "r" + "; return job", open=note % "o", close=note % "c",
                       worker_open=note % "w", worker_close=note % "x")  # fmt: skip
    done = host.run(tmp_path, "--task", task, "--model", model, "--jobs", 4, "--workers", 2, "--start-method", method)
    assert (done.status, done.stderr) == (0, "")
    check_calls(log.read_text().split(), model, method)


@over_ways(PYTHON_TASKS)
def test_a_worker_that_does_not_open(host, tmp_path, model, method):
    task = python_task(host, tmp_path, worker_open="raise ValueError('no')")
    done = host.run(tmp_path, "--task", task, "--model", model, "--workers", 2, "--start-method", method)
    assert done.status == 1
    assert "ValueError: no" in done.reason and "ValueError: ValueError" not in done.reason


# -- usage --------------------------------------------------------------------------------------------------------------

KNOWN = "bank, cache, count, counter, distance, factorize, fetch, fib, get, graph, incr, lookup, mixed, nested, null, pipeline, query, read, scrape, tree, update, wait, wordcount"
USAGE = [
    ((PY,), ["--task", "x"], f"task 'x' is unknown (known: {KNOWN})"),
    ((C, EMBED, EXT), ["--task", "x"], f"task 'x' is unknown (known: {KNOWN if SCRAPES else KNOWN.replace(' scrape,', '')})"),
    (HOSTS, ["--model", "x"], "model 'x' is unknown (known: sync, threads, thread-pool, processes, process-pool, async"),
    (HOSTS, ["--set", "foo=1"], "unknown parameter 'foo' of task 'count' (it has: size)"),
    (HOSTS, ["--set", "size=12x"], "--set size: '12x' is not a whole number"),
    (HOSTS, ["--set", "size=-1"], "--set size=-1: must be 0..4000000000"),
    (HOSTS, ["--set", "size=4000000001"], "--set size=4000000001: must be 0..4000000000"),
    (HOSTS, ["--set", "size=1", "--set", "size=1"], "--set size: given twice"),
    (HOSTS, ["--url", "http://h/"], "unknown parameter 'url' of task 'count' (it has: size)"),
    (HOSTS, ["--task", "fetch"], "parameter 'url' of task 'fetch' has to be given: where to ask; {job}, {size} and {delay} are"),
    (HOSTS, ["--tasks", "/nothing"], "--tasks: cannot read '/nothing': No such file or directory"),
    (HOSTS, ["--jobs", "0"], "--jobs=0: must be 1..100000000"),
    (C_HOSTS, ["--bogus"], "option '--bogus' is unknown (known: --task, "),
    (C_HOSTS, ["--task", "./Makefile"], "task file './Makefile' is no shared object"),
    (C_HOSTS, ["--task", "./nothing"], "task file './nothing' cannot be read: No such file or directory"),
    (C_HOSTS, ["--task", f"{TEST_TASKS}/no_symbol.so"], f"task file '{TEST_TASKS}/no_symbol.so' has no symbol 'cobench_task'"),
    ((EXT,), ["--task", "/no/such.so"], "task '/no/such.so': there is no such file"),
    ((EXT,), ["--task", str(PY.faulty)], f"task '{PY.faulty}' is no .so file"),
    ((EXT,), ["--task", f"{TEST_TASKS}/no_symbol.so"],
     f"task '{TEST_TASKS}/no_symbol.so' does not load: ImportError: there is no symbol 'cobench_task'"),
    ((PY,), ["--task", str(C.faulty)], f"task '{C.faulty}' is no .py file"),  # it would carry the wrong name in every table
    ((PY,), ["--task", "/no/such.py"], "task '/no/such.py': there is no such file"),
    ((PY,), ["--set", "size=1_000"], "--set size: '1_000' is not a whole number"),
    ((PY,), ["--set", "size= 1"], "--set size: ' 1' is not a whole number"),
    ((PY,), ["--set", "size=\u0663"], "--set size: '\u0663' is not a whole number"),
    ((PY,), ["--set", "size="], "--set size: '' is not a whole number"),
    ((PY,), ["--set", "size=" + "9" * 5000], "--set size=" + "9" * 100),
    ((PY,), ["--set", "size"], "--set size: must be key=value"),
    ((PY,), ["--jobs", "1e3"], "--jobs: '1e3' is not a whole number"),
    ((PY,), ["--workers", "100001"], "--workers=100001: must be 1..100000"),
    ((PY,), ["--timeout", "0"], "--timeout=0: must be 0.001..86400"),
    ((PY,), ["--timeout", "1,5"], "--timeout: '1,5' is not a number of seconds"),
    ((PY,), ["--timeout", "nan"], "--timeout: 'nan' is not a number of seconds"),
    (HOSTS, ["--start-method", "x"], "--start-method 'x': must be one of fork, spawn, forkserver"),
    (HOSTS, ["--stack-size", "65535"], "--stack-size '65535': must be 65536..1073741824"),
    ((PY,), ["--switch-interval", "nan"], "--switch-interval 'nan': must be 1e-06..100"),
    ((EXT,), ["--offload", "on"], "--offload: the runtime ext has no such knob"),
    ((C,), ["--switch-interval", "1"], "option '--switch-interval' is unknown"),
    ((PY,), ["--gate", "3"], "--gate: '3' is not two descriptors, R,W"),
    ((PY,), ["--gate", "900,901"], "--gate: 900 is no open descriptor"),
    ((PY,), ["--frobnicate"], "'--frobnicate' is no option of run (known: --task,"),
    ((PY,), ["--slots", "/no/such/file"], "--slots: cannot create '/no/such/file': No such file or directory"),
]  # fmt: skip


@pytest.mark.parametrize("host, words, reason", [(host, *row) for hosts, *row in USAGE for host in hosts])
def test_usage(host, tmp_path, words, reason):
    given = {"--task": "count", "--model": "sync", "--slots": tmp_path / "slots", "--record": tmp_path / "record"}
    line = [word for name, value in given.items() if name not in words for word in (name, value)]
    ended = host.call("run", *line, *words)
    done = outcome(tmp_path, ended.returncode, ended.stderr)
    assert done.status == 2 and done.record["status"] == "usage"
    assert done.reason.startswith(reason)
    assert done.stderr == f"{host.name}: {done.reason}\n"


@over_hosts()
@pytest.mark.parametrize("words", ([], ["bogus"], ["run"], ["run", "--task"], ["run", "--task", "null"], ["list", "--bogus"],
                                   ["list", "--json=1"]))  # fmt: skip
def test_usage_without_a_record(host, words):
    done = host.call(*words)
    assert done.returncode == 2 and done.stdout == "" and done.stderr.startswith((f"{host.name}: ", f"usage: {host.name} "))


@over_hosts()
@pytest.mark.parametrize("words", (["--version"], ["--help"], ["list"], ["list", "--json"], ["run", "--help"]))
@pytest.mark.parametrize("to", (">&-", ">/dev/full"))
def test_output_that_cannot_be_written_is_an_error(host, words, to):
    done = subprocess.run(["sh", "-c", f'exec "$@" {to}', "sh", *host.program, *words], cwd=ROOT, text=True, capture_output=True,
                          timeout=SECONDS)  # fmt: skip
    assert (done.returncode, done.stderr) == (1, f"{host.name}: cannot write to standard output\n")
    assert host.call(*words).returncode == 0


@over_hosts()
@pytest.mark.parametrize("path, why", [("/nothing/record", "No such file or directory"), ("/dev/full", "No space left on device")])
def test_a_record_that_cannot_be_written(host, tmp_path, path, why):
    done = host.call("run", "--task", "null", "--model", "sync", "--slots", tmp_path / "slots", "--record", path)
    assert done.returncode == 2 and why in done.stderr and done.stderr.count("\n") == 1


@over_hosts()
def test_texts_that_are_no_utf8_reach_the_record(host, tmp_path, words):
    done = host.run(tmp_path, "--task", "wordcount", "--model", "sync", "--set", f"file={words}", "--set", "word=a\udcffb\"\\\t\U0001f600")
    assert done.record["params"]["word"] == "a\ufffdb\"\\\t\U0001f600"


# -- limits, signals, the gate --------------------------------------------------------------------------------------------

def limited(what: int, value: int):
    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(what, (value, value))

    return limit


def few_descriptors() -> list[tuple]:
    """A host, a model, how many descriptors there are, and what is said of it: a blocking client of libcurl takes three."""
    or_fewer = "(RLIMIT_NOFILE; a higher `ulimit -Hn` or fewer workers would do)"
    rows = [(host, model, 64, f"the limit is 64 {or_fewer}") for host in C_HOSTS for model in ("async", "async-threads", "threads", "thread-pool")]
    rows += [(host, model, 64, None) for host in C_HOSTS for model in ("sync", "process-pool")]
    rows += [(host, "async", 64, f"the limit of 64 open files is too low: this run needs 124 {or_fewer}") for host in (PY, EXT)]
    return rows + [(EXT, "native-pool", 310, f"the limit of 310 open files is too low: this run needs 324 {or_fewer}")]


@pytest.mark.parametrize("host, model, files, reason", few_descriptors(), ids=str)
def test_too_few_descriptors_are_seen_beforehand(host, tmp_path, stub, model, files, reason):
    done = host.run(tmp_path, "--task", "fetch", "--model", model, "--url", stub.template, "--jobs", 100, "--set", "delay=0",
                    preexec_fn=limited(resource.RLIMIT_NOFILE, files))  # fmt: skip
    assert done.status == (77 if reason else 0)
    if reason:
        assert done.record["status"] == "impossible" and stub.connections == 0
        assert reason in done.reason


@pytest.mark.parametrize("host, task, files", [(C, "fetch", 30), (EMBED, "fetch", 30), (PY, "null", 20), (EXT, "null", 20)])
def test_one_worker_is_not_told_that_fewer_would_do(host, tmp_path, stub, task, files):
    url = ["--url", stub.template] if task == "fetch" else []
    done = host.run(tmp_path, "--task", task, "--model", "sync", *url, preexec_fn=limited(resource.RLIMIT_NOFILE, files))
    assert done.status == 77 and done.reason.endswith("(RLIMIT_NOFILE; a higher `ulimit -Hn` would do)")


@pytest.mark.parametrize("host, model", [(host, m) for host in C_HOSTS for m in ("threads", "thread-pool")] +
                         [(C, m) for m in C.models if m == "openmp"] + [(EXT, "native-pool")])
def test_threads_that_cannot_be_started(host, tmp_path, model):
    done = host.run(tmp_path, "--task", "wait", "--model", model, "--jobs", 200, "--set", "delay=200",
                    preexec_fn=limited(resource.RLIMIT_AS, 400 << 20 if host is EXT else 300 << 20))  # fmt: skip
    assert done.status == 77 and done.record["status"] == "impossible"
    assert "cannot start a thread beside" in done.reason and (host is EXT or "RLIMIT_NPROC" in done.reason)


@over_hosts()
def test_no_space_for_slots(host, tmp_path):
    done = host.run(tmp_path, "--task", "null", "--model", "sync", "--jobs", 10**6, preexec_fn=limited(resource.RLIMIT_FSIZE, 1 << 20))
    assert done.status == 77 and "no space for the slots file" in done.reason
    assert done.slots_path.stat().st_size == 0


@over_models()
def test_the_gate_holds_the_work_back(host, tmp_path, model):
    process, gate = host.start_and_hold(tmp_path, "--task", "null", "--model", model, "--workers", 2)
    opened = time.monotonic_ns()
    assert {row["state"] for row in outcome(tmp_path, 0, "").rows} == {slots.EMPTY}
    os.write(gate, b"g")
    os.close(gate)
    _, stderr = process.communicate(timeout=60)
    done = outcome(tmp_path, process.returncode, stderr)
    assert done.status == 0
    assert min(row["start_ns"] for row in done.rows) >= done.record["phases"]["ready"] >= opened


@over_models()
def test_a_closed_gate_ends_the_host(host, tmp_path, model):
    process, gate = host.start_and_hold(tmp_path, "--task", "null", "--model", model, "--workers", 2)
    os.close(gate)
    _, stderr = process.communicate(timeout=60)
    done = outcome(tmp_path, process.returncode, stderr)
    assert done.status == 1 and done.reason == "the gate was closed before it opened"


@over_models()
@pytest.mark.parametrize("number", (signal.SIGINT, signal.SIGTERM, signal.SIGKILL))
def test_signals_end_host_and_workers(host, tmp_path, model, number):
    if number == signal.SIGKILL and host not in C_HOSTS:
        return  # the kernel ends the workers of these alone
    process, gate = host.start_and_hang(tmp_path, model)
    running = children_of(process.pid)
    assert len(running) == (1 if model in PROCESSES else 0)
    check_the_end(process, running, number)
    os.close(gate)
