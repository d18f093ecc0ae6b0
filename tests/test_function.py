# SPDX-License-Identifier: MIT
"""A user's own function as a task, in Python and in C, whatever it returns or does."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hosts import C, EMBED, EXT, HOSTS, PROCESSES, PY, TEST_TASKS, check_a_run, workers_of
from py_impl import slots
from py_impl.digest import digest

SHOP = '''
import asyncio, collections, decimal, enum, os, time

class Colour(enum.Enum):
    RED = 1

class Point:
    def __init__(self, x):
        self.x, self.me = x, self

circle = [1]
circle.append(circle)

VALUES = [0, 2**64 - 1, -1, 2**64, 1.5, float("nan"), 1j, True, None, "1", "\\ud800", b"1", [1], (1,), {1}, {"a": 1}, {"a": [1]},
          {"b": 1, "c": 2}, [[1], []], [[1, []]], circle, Colour.RED, Point(1), Point(2), decimal.Decimal("1.5"),
          collections.OrderedDict(a=1), range(3), print, Point]

def value(job):
    return VALUES[job]

async def waiting(job):
    await asyncio.sleep(0.1)
    return [job]

def sleeping(job):
    time.sleep(0.1)
    return [job]

def lost():
    raise RuntimeError("gone")

class Stub:
    def __reduce__(self):
        return lost, ()

def late():
    raise ValueError("of job 1")

def cancelled():
    raise asyncio.CancelledError

WRONG = [int, late, lambda: exit(3), cancelled, lambda: iter([1]), lambda: lambda: 0, int]

def wrong(job):
    return WRONG[job]()

def stubborn(job):
    return Stub() if job == 1 else job

def unsendable(job):
    return (lambda: 0) if job == 4 else job

def ending(job):
    return os._exit(3) if job == 1 else job

def mixed(job):
    time.sleep(0.001)
    until = time.process_time() + 0.05
    while time.process_time() < until:
        pass

def printing(job):
    print("from the job")
    return job

def changing(job):
    return time.monotonic_ns()

def echo(line):
    return line

class Shelf:
    def find(self, job):
        return job + 1

shelf = Shelf()
number = 7
print("at import")
'''
PYTHON = (PY, EMBED)
HOOKS = ("setup", "teardown")
FUNCTIONS = TEST_TASKS / "functions.so"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    path = tmp_path / "shop.py"
    path.write_text(SHOP)
    return path


def over_ways(*hosts):
    return pytest.mark.parametrize("host, model, method", [(host, *way) for host in hosts for way in host.ways], ids=str)


@over_ways(*PYTHON)
def test_values_of_every_sort_have_one_digest(host, model, method, shop, monkeypatch):
    monkeypatch.syspath_prepend(str(shop.parent))
    monkeypatch.delitem(sys.modules, "shop", raising=False)
    values = importlib.import_module("shop").VALUES
    jobs = len(values)
    words = ("--model", model, "--start-method", method)
    done = host.run(shop.parent, "--task", f"{shop}:value", *words, "--workers", 3, "--jobs", jobs)
    assert done.status == 0 and done.record["task"] == "value"
    assert done.results == [digest(value) for value in values]
    assert len(set(done.results)) == jobs and done.results[:2] == [0, 2**64 - 1]
    assert {row["state"] for row in done.rows} == {slots.DONE}
    assert max(row["end_ns"] for row in done.rows) <= done.record["phases"]["work"]


@pytest.mark.parametrize("method", ("fork", "spawn"))
def test_jobs_cross_in_chunks(method, shop):
    """Values are as they are without; what cannot cross takes with it only what crosses with it."""
    words = ("--model", "process-pool", "--start-method", method, "--workers", 2)
    done = PY.run(shop.parent, "--task", f"{shop}:echo", *words, "--jobs", 8, "--chunk", 3)
    assert done.status == 0 and done.results == list(range(8)) and {row["runs"] for row in done.rows} == {1}
    done = PY.run(shop.parent, "--task", f"{shop}:unsendable", *words, "--jobs", 8, "--chunk", 3)
    assert done.status == 1 and sorted(job for job, _ in done.failed) == [3, 4, 5] and "between the processes" in done.reason
    assert PY.run(shop.parent, "--task", f"{shop}:echo", *words, "--chunk", 0).status == 2


def test_a_digest_is_of_the_value_alone():
    assert digest({"a": 1, "b": {2, 3}}) == digest(dict(b={3, 2}, a=1))
    with pytest.raises(TypeError):
        digest([iter("ab")])


@over_ways(*PYTHON)
def test_what_goes_wrong_is_that_jobs_alone(host, model, method, shop):
    words = ("--model", model, "--start-method", method)
    done = host.run(shop.parent, "--task", f"{shop}:wrong", *words, "--workers", 2)
    kinds = {1: ("ValueError",), 2: ("SystemExit",), 3: ("CancelledError",), 4: ("NothingDone",), 7: ("IndexError",)}
    if host is PY and model in (*PROCESSES, "interpreters"):
        kinds[5] = ("AttributeError", "PicklingError", "NotShareableError")  # the function returned cannot be pickled
    assert done.status == 1 and sorted(job for job, _ in done.failed) == sorted(kinds)
    assert all(kind in kinds[job] for job, kind in done.failed)
    assert [job for job, row in enumerate(done.rows) if row["state"] == slots.FAILED] == sorted(kinds)


@pytest.mark.parametrize("method", ("fork", "spawn"))
@pytest.mark.parametrize("model", PROCESSES)
def test_a_value_that_does_not_arrive_and_a_worker_that_ends(model, method, shop):
    words = ("--model", model, "--start-method", method, "--workers", 2, "--jobs", 4)
    done = PY.run(shop.parent, "--task", f"{shop}:stubborn", *words)
    assert done.status == 1 and "between the processes" in done.reason and "gone" in done.reason
    done = PY.run(shop.parent, "--task", f"{shop}:ending", *words)
    assert done.status == 1 and "exited with status 3 while running job 1" in done.reason


@over_ways(*PYTHON)
def test_set_up_once_per_process(host, model, method, shop):
    """What they open is kept in a global, which no thread closes to another."""
    notes = shop.parent / "notes"
    shop.write_text(SHOP + f"""
def setup():
    global notes
    time.sleep(0.02)
    notes = open({str(notes)!r}, "a")
    notes.write("setup ")

def noting(job):
    time.sleep(0.02)
    notes.flush()
    return job

def teardown():
    notes.write("teardown ")
    notes.close()
""")
    words = ("--model", model, "--start-method", method)
    done = host.run(shop.parent, "--task", f"{shop}:noting", *words, "--workers", 2, "--jobs", 4)
    assert done.status == 0, done.reason
    said = notes.read_text().split()
    assert [said.count("setup"), said.count("teardown")] == [workers_of(model, 4, 2) if model in (*PROCESSES, "interpreters") else 1] * 2


@pytest.mark.parametrize("host", PYTHON, ids=repr)
@pytest.mark.parametrize("name", HOOKS)
def test_a_set_up_that_fails(name, host, shop):
    """embed says on stderr what teardown() raised."""
    shop.write_text(SHOP + f"def {name}(): raise ValueError('no stock')\n")
    for model in host.models:
        done = host.run(shop.parent, "--task", f"{shop}:value", "--model", model, "--workers", 2, "--jobs", 2)
        fails = host is PY or name == "setup"
        assert (done.status, f"{name}() raised ValueError: no stock" in (done.reason or "")) == (fails, fails), model


@pytest.mark.parametrize("name, words, most", [("waiting", (), 4), ("sleeping", (), 1), ("sleeping", ("--offload", "on"), 4)])
def test_on_the_loop(name, words, most, shop):
    done = PY.run(shop.parent, "--task", f"{shop}:{name}", "--model", "async", "--workers", 4, "--jobs", 4, *words)
    assert done.status == 0 and done.most_at_once == most and done.results == [digest([job]) for job in range(4)]


@pytest.mark.parametrize("host, model", [(EMBED, "async"), (EMBED, "process-pool"), (PY, "threads"), (PY, "process-pool")], ids=str)
def test_a_coroutine_where_the_model_blocks(host, model, shop):
    done = host.run(shop.parent, "--task", f"{shop}:waiting", "--model", model, "--jobs", 2)
    assert done.status == 0 and done.results == [digest([0]), digest([1])]


INPUTS = [
    ("in.txt", "12\n\n7 \r\n", ["12", "", "7 \r"]), ("in", "a", ["a"]), ("in", "\n", [""]), ("in", b"\xff\n", ["\udcff"]),
    ("in.jsonl", '{"a": 1}\n[2]\n"x"\n', [{"a": 1}, [2], "x"]), ("in.ndjson", "1\n2\n", [1, 2]),
]  # fmt: skip


@pytest.mark.parametrize("name, text, items", INPUTS)
@pytest.mark.parametrize("host", PYTHON, ids=repr)
def test_inputs(host, name, text, items, shop):
    path = shop.parent / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    words = ("--task", f"{shop}:echo", "--inputs", path, "--workers", 2)
    assert host.run(shop.parent, *words, "--model", "sync").results == [digest(item) for item in items]
    for model in ("threads", *PROCESSES) if path.suffix == ".jsonl" else ():
        done = host.run(shop.parent, *words, "--model", model, "--jobs", len(items) + 1, "--start-method", "spawn")
        assert done.results == [digest(item) for item in (*items, items[0])]


@pytest.mark.parametrize("host", PYTHON, ids=repr)
@pytest.mark.parametrize("file", ("random.py", "signal.py"))
def test_a_file_with_the_name_of_a_standard_module(host, file, shop):
    shop.rename(shop.parent / file)
    (shop.parent / "helper.py").write_text("x = 41\n")
    (shop.parent / file).write_text(SHOP + "import helper\ndef helped(job): return helper.x + job, Point(job)\n")
    seen = [host.run(shop.parent, "--task", f"{shop.parent / file}:helped", "--jobs", 3, "--model", model, "--start-method", "spawn").results
            for model in ("sync", "process-pool")]  # fmt: skip
    assert seen[0] == seen[1] and len(set(seen[0])) == 3 and 0 not in seen[0]


@pytest.mark.parametrize("host", PYTHON, ids=repr)
def test_a_module_is_found(host, shop):
    (shop.parent / "package").mkdir()
    shop.rename(shop.parent / "package" / "shop.py")
    words = ("--task", "package.shop:shelf.find", "--model", "process-pool", "--start-method", "spawn", "--jobs", 2)
    assert host.run(shop.parent, *words, "--path", f"/nonexistent:{shop.parent}").results == [1, 2]
    assert host.run(shop.parent, *words, env=os.environ | {"PYTHONPATH": str(shop.parent)}).results == [1, 2]


def test_another_value_each_time(shop):
    first, second = (PY.run(shop.parent, "--task", f"{shop}:changing", "--model", "sync", "--jobs", 2).results for _ in range(2))
    assert first != second


WRONG = [
    (PYTHON, ["--task", "D/shop.py:nothing"], "does not load: AttributeError: module 'shop' has no attribute 'nothing'"),
    (PYTHON, ["--task", "D/shop.py:number"], "'number' is no function but a int"),
    (PYTHON, ["--task", "D/none.py:f"], "task 'D/none.py:f': there is no file 'D/none.py'"),
    (PYTHON, ["--task", "no_such_module:f"], "there is no module 'no_such_module' on PYTHONPATH or --path"),
    (PYTHON, ["--task", "D/broken.py:f"], "'D/broken.py:f' does not load: ZeroDivisionError"),
    (PYTHON, ["--task", "D/x.so:f"], "task 'D/x.so:f' is no MODULE:NAME or FILE.py:NAME"),
    (PYTHON, ["--task", "D/shop.py:echo", "--inputs", "D/bad.jsonl"], "--inputs: 'D/bad.jsonl', line 2: "),
    ((C, EXT), ["--task", "shop:f"], "task 'shop:f' is no FILE.so:SYMBOL"),
    ((C, EXT), ["--task", "D/none.so:f"], "task file 'D/none.so' cannot be read: No such file"),
    ((C, EXT), ["--task", "none.so:f"], "task file './none.so' cannot be read: No such file"),
    ((C, EXT), ["--task", f"{FUNCTIONS}:nothing"], f"task file '{FUNCTIONS}' has no symbol 'nothing'"),
    ((C, EXT), ["--task", f"{FUNCTIONS}:parse", "--inputs", "D/empty"], "--inputs: 'D/empty' has no line"),
    (PYTHON, ["--task", "D/shop.py:echo", "--inputs", "D/empty"], "--inputs: 'D/empty' has no line"),
    (PYTHON, ["--task", "D/shop.py:echo", "--inputs", "D/none"], "--inputs: 'D/none' cannot be read: No such file"),
    (HOSTS, ["--task", "null", "--inputs", "D/bad.jsonl"], "--inputs is for functions, and '"),
]  # fmt: skip


@pytest.mark.parametrize("host, words, reason", [(host, *case) for hosts, *case in WRONG for host in hosts], ids=str)
def test_what_is_refused(host, words, reason, shop):
    (shop.parent / "broken.py").write_text("1 / 0\n")
    (shop.parent / "bad.jsonl").write_text("1\n{\n")
    (shop.parent / "empty").write_text("")
    folder = str(shop.parent)
    words = [word.replace("D/", folder + "/") for word in words]
    done = host.run(shop.parent, *words, "--model", "sync")
    assert done.status == 2 and reason in done.reason.replace(folder + "/", "D/")


# -- in C -----------------------------------------------------------------------------------------------------------------

@over_ways(C, EXT)
def test_a_c_function(host, model, method, tmp_path):
    words = ("--model", model, "--start-method", method, "--workers", 3)
    done = host.run(tmp_path, "--task", f"{FUNCTIONS}:threefold", *words)
    check_a_run(done, model, method, 3)
    assert done.record["task"] == "threefold" and done.results == [3 * job for job in range(8)]
    inputs = tmp_path / "in"
    inputs.write_text("12\n7\r\n345")
    done = host.run(tmp_path, "--task", f"{FUNCTIONS}:parse", "--inputs", inputs, "--jobs", 4, "--path", "/", *words)
    check_a_run(done, model, method, 3)
    assert done.results == [122, 72, 3453, 122]


@pytest.mark.parametrize("host", (C, EXT), ids=repr)
def test_a_c_function_that_fails_and_one_without_a_folder(host, tmp_path):
    inputs = tmp_path / "in"
    inputs.write_text("1\n\n3\n")
    done = host.run(tmp_path, "--task", f"{FUNCTIONS}:parse", "--inputs", inputs, "--model", "threads")
    assert done.status == 1 and done.failed == [(1, "Returned")] and "parse returned -1" in done.reason
    assert done.results == [11, 0, 31]


# -- the list -------------------------------------------------------------------------------------------------------------

def one_task(host, *words) -> dict:
    offer = host.listing("--task", *words)
    assert offer["errors"] == []
    (task,) = offer["tasks"]
    return task


@pytest.mark.parametrize("host", HOSTS, ids=repr)
def test_list_calls_a_function_twice(host, shop):
    name, source = ("sleeping", shop) if host in PYTHON else ("nap", FUNCTIONS)
    task = one_task(host, f"{source}:{name}")
    probe = task.pop("probe")
    assert task == {"name": name, "about": f"{source}:{name}", "kind": "mixed", "asks": "nothing", "services": [], "jobs": 8, "splits": False,
                    "params": []}
    assert probe["cpu_ns"] < probe["wall_ns"] / 2 and probe["wall_ns"] > 19e6
    inputs = shop.parent / "in"
    inputs.write_text("1\n2\n3\n")
    assert one_task(host, f"{source}:{'echo' if host in PYTHON else 'parse'}", "--inputs", inputs)["jobs"] == 3
    assert one_task(host, "null")["probe"] is None
    computes = one_task(host, f"{shop}:value" if host in PYTHON else f"{FUNCTIONS}:threefold")["probe"]
    assert computes["wall_ns"] == computes["cpu_ns"]  # it never waited, however often others had its CPU meanwhile


@pytest.mark.skipif(not os.path.exists("/proc/self/schedstat"), reason="this kernel does not tell how long a process waits for a CPU")
@pytest.mark.parametrize("host", HOSTS, ids=repr)
def test_a_busy_machine_does_not_lengthen_a_call(host, shop):
    """Three others share its CPU: a call that waits a little and computes long is not taken for one that waits."""
    name, source = ("mixed", shop) if host in PYTHON else ("mixed", FUNCTIONS)
    cpus = os.sched_getaffinity(0)
    others = []
    try:
        os.sched_setaffinity(0, {min(cpus)})
        others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(3)]
        probe = one_task(host, f"{source}:{name}")["probe"]
    finally:
        os.sched_setaffinity(0, cpus)
        for other in others:
            other.kill()
            other.wait()
    assert probe["cpu_ns"] > probe["wall_ns"] / 2, probe


@pytest.mark.parametrize("host", PYTHON, ids=repr)
def test_list_of_what_does_not_come_out(host, shop):
    assert "ValueError: of job 1 (line " in one_task(host, f"{shop}:wrong")["probe"]["error"]
    assert one_task(host, f"{shop}:ending")["probe"] == {"error": "it ended the process with exit status 3"}
    assert one_task(host, f"{shop}:printing")["probe"]["wall_ns"] > 0  # and what it prints is nowhere
    offer = host.listing("--task", "shop:nothing", "--path", shop.parent)
    assert offer["tasks"] == []
    assert offer["errors"] == ["task 'shop:nothing' does not load: AttributeError: module 'shop' has no attribute 'nothing'"]


@pytest.mark.parametrize("host", HOSTS, ids=repr)
def test_list_of_one_that_is_unknown(host):
    offer = host.listing("--task", "bogus")
    assert offer["tasks"] == [] and "task 'bogus' is unknown" in json.dumps(offer["errors"])
