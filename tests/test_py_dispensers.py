# SPDX-License-Identifier: MIT
"""--dispenser in the Python host: every job crosses once and comes back, whatever carries it, and what goes wrong is named."""

from __future__ import annotations

import importlib.util
import itertools
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from hosts import C, EXT, PY, ROOT, check_a_run, children_of, outcome, wait_until
from py_impl import slots
from py_impl.digest import digest
from py_impl.dispensers import message
from redis_server import RedisServer

SHARED = ("counter", "queue", "pipe", "zmq")  # without a service
POOLS = ("thread-pool", "process-pool")
ALL = (*SHARED, "redis")
WAYS = (("thread-pool", "fork"), ("process-pool", "fork"), ("process-pool", "spawn"), ("async", "fork"))
over_ways = pytest.mark.parametrize("name, model, method", [(name, *way) for name, way in itertools.product(ALL, WAYS)
                                                            if (name, way[0]) != ("pipe", "async")])  # fmt: skip

OWN = '''
import asyncio, os, signal, time
MARK = os.path.dirname(__file__) + "/mark"

def first():
    """Whether this is the first time that anybody asks."""
    try:
        os.close(os.open(MARK, os.O_CREAT | os.O_EXCL))
        return True
    except FileExistsError:
        return False

def double(item):
    return [item, item]

async def waits(item):
    await asyncio.sleep(0.001)
    return [item, item]

def odd(job):
    return (lambda: 0) if job == 3 else [job]

def dies_once(job):
    if job == 5 and first():
        os.kill(os.getpid(), signal.SIGKILL)
    return [job]

def dies(job):
    if job == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.005)
    return [job]

def stalls_once(job):
    if job == 5 and first():
        time.sleep(2.5)
    time.sleep(0.05)
    return [job]

def slow(job):
    time.sleep(0.02)
    return [job]

def hangs(job):
    time.sleep(60)

def wrong_at_times(job):
    time.sleep(0.02)
    if job in (7, 23):
        raise ValueError("not this one")
    return [job]

def large(job):
    return [job, b"x" * 1_000_000]
'''


def skip_without(name: str) -> None:
    module = {"zmq": "zmq", "redis": "redis"}.get(name)
    if module is not None and importlib.util.find_spec(module) is None:
        pytest.skip(f"an optional library is missing: {module}")


@pytest.fixture(scope="module")
def server():
    skip_without("redis")
    server = RedisServer()
    yield server
    server.close()


@pytest.fixture
def broker(server):
    """The module's server, in which no key may be left."""
    yield server
    assert server.keys() == []


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "own.py"
    path.write_text(OWN)
    return path


def chosen(name: str, request) -> tuple[str, ...]:
    skip_without(name)
    return request.getfixturevalue("broker").options() if name == "redis" else ("--dispenser", name)


def failures(done) -> dict[str, list[int | None]]:
    kinds: dict[str, list[int | None]] = {}
    for job, kind in done.failed:
        kinds.setdefault(kind, []).append(job)
    return kinds


def test_messages_are_those_of_the_header():
    header = (ROOT / "common" / "message.h").read_text()
    assert "u32 count, then count times: u64 job, u32 length" in header
    jobs = message.pack_jobs([(1, b""), (2**40, b"xyz")])
    assert jobs.hex() == "02000000" "0100000000000000" "00000000" "0000000000010000" "03000000" "78797a"
    assert [(job, bytes(payload)) for job, payload in message.unpack_jobs(jobs)] == [(1, b""), (2**40, b"xyz")]
    slot = bytes(range(64))
    done = message.pack_done(7, [(5, slot, b"ab")])
    assert done.hex() == "07000000" "01000000" "0500000000000000" + slot.hex() + "02000000" "6162"
    assert message.unpack_done(done) == (7, [(5, slot, b"ab")], "")
    assert message.unpack_done(message.pack_trouble(3, "why")) == (3, [], "why") and message.STOP == bytes(4)
    assert message.pack_failure("Kind", "text", 3) == b"Kind\x003\x00text"
    assert message.unpack_failure(b"Kind\x000\x00text") == ("Kind", "text", None)
    for wrong in (b"", jobs[:-1], jobs + b"x", jobs[:10]):
        with pytest.raises(ValueError):
            message.unpack_jobs(wrong)


@over_ways
def test_every_job_is_done_once(name, model, method, tmp_path, request):
    words = ("--model", model, "--start-method", method, "--workers", 3, *chosen(name, request))
    for host, task, jobs in ((PY, "null", 60), (EXT, "wait", 7)):
        done = host.run(tmp_path, "--task", task, "--jobs", jobs, *words, *(("--set", "delay=5") if task == "wait" else ()))
        check_a_run(done, model, method, 3)
        assert done.results == list(range(jobs)) and done.record["knobs"]["dispenser"] == name


@over_ways
def test_inputs_and_values_cross(name, model, method, own, request):
    """They are those of sync; one that cannot is its job's failure, where there is anything to cross."""
    inputs = own.parent / "in.jsonl"
    inputs.write_text("".join(json.dumps({"n": n}) + "\n" for n in range(9)))
    words = ("--model", model, "--start-method", method, "--workers", 2, *chosen(name, request))
    function = f"{own}:{'waits' if model == 'async' else 'double'}"
    done = PY.run(own.parent, "--task", function, "--inputs", inputs, "--jobs", 20, *words)
    assert (done.status, done.stderr, done.results) == (0, "", [digest([{"n": job % 9}] * 2) for job in range(20)])
    done = PY.run(own.parent, "--task", f"{own}:odd", "--jobs", 9, *words)
    crosses = model == "process-pool" or name in ("pipe", "zmq", "redis")
    assert failures(done) == ({"AttributeError": [3]} if crosses else {}) or failures(done) == {"PicklingError": [3]}
    assert [row["state"] for row in done.rows].count(slots.DONE) == (8 if crosses else 9)


@pytest.mark.parametrize("name", ("pipe", "zmq", "redis"))
@pytest.mark.parametrize("model", POOLS)
def test_chunks(name, model, own, request):
    words = ("--model", model, "--workers", 2, "--jobs", 20, "--chunk", 7, *chosen(name, request))
    for task, host in (("null", EXT), (f"{own}:double", PY)):
        done = host.run(own.parent, "--task", task, *words)
        check_a_run(done, model, "fork", 2) if task == "null" else None
        assert done.status == 0 and {row["state"] for row in done.rows} == {slots.DONE}


@pytest.mark.parametrize("name, model", [way for way in itertools.product(ALL, (*POOLS, "async")) if way != ("pipe", "async")])
def test_open_loop(name, model, tmp_path, request):
    done = PY.run(tmp_path, "--task", "wait", "--set", "delay=1", "--jobs", 10, "--rate", 100, "--workers", 2, "--model", model,
                  *chosen(name, request))  # fmt: skip
    check_a_run(done, model, "fork", 2)
    ready = done.record["phases"]["ready"]
    assert [row["due_ns"] - ready for row in done.rows] == [job * 10_000_000 for job in range(10)]
    assert all(row["start_ns"] >= row["due_ns"] for row in done.rows)


@pytest.mark.parametrize("model", (*POOLS, "async"))
def test_a_message_waits_for_no_job_that_is_not_due(model, tmp_path):
    """And on a loop has one."""
    skip_without("zmq")
    done = PY.run(tmp_path, "--task", "wait", "--set", "delay=1", "--jobs", 10, "--rate", 10, "--chunk", 10, "--workers", 2,
                  "--model", model, "--dispenser", "zmq")  # fmt: skip
    check_a_run(done, model, "fork", 2)
    assert all(row["start_ns"] >= row["due_ns"] for row in done.rows) and done.rows[0]["start_ns"] < done.rows[9]["due_ns"]


@pytest.mark.parametrize("name", ("counter", "redis"))
@pytest.mark.parametrize("model", POOLS)
def test_workers_are_there_at_the_end_and_none_where_cold(name, model, tmp_path, request):
    words = ("--task", "null", "--model", model, "--workers", 3, "--jobs", 9, *chosen(name, request))
    to_host, from_host = os.pipe(), os.pipe()
    process = PY.start(tmp_path, *words, "--end-pause", f"{to_host[0]},{from_host[1]}", pass_fds=(to_host[0], from_host[1]))
    assert os.read(from_host[0], 1) == b"h"
    there = len(children_of(process.pid)) if model == "process-pool" else len(os.listdir(f"/proc/{process.pid}/task")) - 2
    os.write(to_host[1], b"g")
    process.communicate(timeout=30)
    for fd in (*to_host, *from_host):
        os.close(fd)
    assert (there, process.returncode) == (3, 0)
    process, gate = PY.start_and_hold(tmp_path, *words, "--cold", "on")
    assert len(children_of(process.pid)) == 0
    os.write(gate, b"g")
    os.close(gate)
    process.communicate(timeout=30)
    assert process.returncode == 0


@pytest.mark.parametrize("name", SHARED)
@pytest.mark.parametrize("method", ("fork", "spawn"))
def test_a_crash_ends_a_pool_without_a_broker(name, method, tmp_path, request):
    words = ("--task", PY.faulty, "--set", "mode=crash", "--set", "at=5", "--model", "process-pool", "--workers", 2)
    done = PY.run(tmp_path, *words, "--start-method", method, *chosen(name, request))
    assert done.status == 1 and "worker was killed by signal 9 (SIGKILL) while running job 5" in done.reason
    assert (5, "Crash") in done.failed and done.rows[5]["state"] == slots.FAILED


def test_reasons(own, tmp_path, server):
    for words, status, reason in (
        (("--model", "process-pool", "--dispenser", "redis"), 2, "--dispenser redis needs --service redis=URL"),
        (("--model", "process-pool", "--dispenser", "redis", "--service", "redis=unix:///none"), 77, "no Redis server answers"),
        (("--model", "process-pool", "--dispenser", "redis", "--service", "redis=wrong"), 2, "no URL of a Redis server"),
        (("--model", "async", "--dispenser", "pipe"), 77, "cannot be waited for on an event loop"),
        (("--model", "async", "--loop", "trio", "--dispenser", "queue"), 77, "the loop trio has none"),
        (("--model", "sync", "--dispenser", "redis"), 0, None),  # which it does not change
    ):
        done = PY.run(tmp_path, "--task", "null", *words)
        assert (done.status, reason is None or reason in done.reason) == (status, True), done.reason


# -- what goes wrong around a broker -----------------------------------------------------------------------------------------

def test_a_dead_worker_is_replaced_and_its_job_run_again(own, broker):
    words = ("--task", f"{own}:dies_once", "--jobs", 30, "--workers", 2, "--model", "process-pool")
    done = PY.run(own.parent, *words, *broker.options())
    assert done.status == 1 and failures(done) == {"Crash": [5]}
    assert "worker was killed by signal 9 (SIGKILL) while running job 5; it was given to another" in done.reason
    assert {row["state"] for row in done.rows} == {slots.DONE} and done.record["failed_jobs"] == 0


@pytest.mark.parametrize("chunk", (1, 4))
def test_a_poisoned_job_is_given_up(own, broker, chunk):
    """Of those that cross with it none is run twice, but a function's whose value was lost with the worker."""
    words = ("--task", f"{own}:dies", "--jobs", 30, "--workers", 2, "--model", "process-pool")
    done = PY.run(own.parent, *words, "--chunk", chunk, *broker.options())
    assert done.status == 1 and failures(done) == {"Crash": [5, 5] if chunk == 1 else [4, 5, 5], "Poisoned": [5]}
    assert "given up after 3 tries" in done.record["failures"][-1]["message"]
    assert [row["state"] for row in done.rows] == [slots.FAILED if job == 5 else slots.DONE for job in range(30)]
    faulty = ("--task", EXT.faulty, "--set", "mode=crash", "--set", "at=5")
    done = EXT.run(own.parent, *faulty, *words[2:], "--chunk", chunk, *broker.options())
    assert failures(done) == {"Crash": [5, 5], "Poisoned": [5]}
    assert [row["runs"] for row in done.rows] == [3 if job == 5 else 1 for job in range(30)]


@pytest.mark.parametrize("model", POOLS)
def test_a_stalled_worker_loses_its_job(own, broker, model):
    """It comes back, and the job was done twice."""
    words = ("--task", f"{own}:stalls_once", "--jobs", 60, "--workers", 2, "--model", model)
    done = PY.run(own.parent, *words, "--request-timeout", 0.5, *broker.options())
    kinds = failures(done)
    assert done.status == 1 and kinds.pop("Stalled") == [5] and kinds in ({}, {"DoneTwice": [5]}), done.record["failures"]
    assert {row["state"] for row in done.rows} == {slots.DONE}


def test_a_stopped_worker_is_ended(own, broker):
    words = ("--task", f"{own}:slow", "--jobs", 200, "--workers", 2, "--model", "process-pool")
    process, gate = PY.start_and_hold(own.parent, *words, "--request-timeout", 1, *broker.options())
    stopped = children_of(process.pid)[0]
    os.write(gate, b"g")
    wait_until(lambda: any(row["state"] == slots.DONE for row in outcome(own.parent, 0, "").rows))
    os.kill(stopped, signal.SIGSTOP)
    _, stderr = process.communicate(timeout=40)
    os.close(gate)
    done = outcome(own.parent, process.returncode, stderr)
    assert done.status == 1 and set(failures(done)) <= {"Stalled", "DoneTwice"} and "held job" in done.reason
    assert {row["state"] for row in done.rows} == {slots.DONE}


@pytest.mark.parametrize("model", (*POOLS, "async"))
def test_the_server_is_killed_and_comes_back(own, tmp_path, model):
    skip_without("redis")
    server = RedisServer()
    try:
        words = ("--task", "wait", "--set", "delay=20", "--jobs", 100, "--workers", 2, "--model", model, *server.options())
        process, gate = PY.start_and_hold(tmp_path, *words)
        os.write(gate, b"g")
        wait_until(lambda: sum(row["state"] == slots.DONE for row in outcome(tmp_path, 0, "").rows) > 5)
        server.kill()
        time.sleep(0.3)
        server.start()
        _, stderr = process.communicate(timeout=40)
        os.close(gate)
        done = outcome(tmp_path, process.returncode, stderr)
        assert (stderr, done.status, done.results) == ("", 0, list(range(100))), done.record["failures"]
        assert {row["runs"] for row in done.rows} == {1} and server.keys() == []
    finally:
        server.close()


@pytest.mark.parametrize("model", POOLS)
def test_the_server_is_emptied(tmp_path, broker, model):
    words = ("--task", "wait", "--set", "delay=20", "--jobs", 100, "--workers", 2, "--model", model, *broker.options())
    process, gate = PY.start_and_hold(tmp_path, *words)
    os.write(gate, b"g")
    wait_until(lambda: sum(row["state"] == slots.DONE for row in outcome(tmp_path, 0, "").rows) > 5)
    broker.ask("FLUSHALL")
    _, stderr = process.communicate(timeout=40)
    os.close(gate)
    done = outcome(tmp_path, process.returncode, stderr)
    assert (stderr, done.status, done.results) == ("", 0, list(range(100))), done.record["failures"]
    assert {row["runs"] for row in done.rows} == {1}


def test_the_server_is_gone(tmp_path):
    skip_without("redis")
    server = RedisServer()
    try:
        words = ("--task", "wait", "--set", "delay=20", "--jobs", 1000, "--workers", 2, "--model", "process-pool")
        process, gate = PY.start_and_hold(tmp_path, *words, *server.options())
        os.write(gate, b"g")
        wait_until(lambda: any(row["state"] == slots.DONE for row in outcome(tmp_path, 0, "").rows))
        server.kill()
        _, stderr = process.communicate(timeout=40)
        os.close(gate)
        assert process.returncode == 1 and "did not come back within 10 s" in stderr
        assert "BrokerLost" in {kind for _, kind in outcome(tmp_path, 1, stderr).failed}
    finally:
        server.close()


def test_a_full_server_is_named(own):
    skip_without("redis")
    server = RedisServer("--maxmemory", "4mb", "--maxmemory-policy", "noeviction")
    try:
        words = ("--task", f"{own}:large", "--jobs", 40, "--workers", 2, "--model", "process-pool")
        done = PY.run(own.parent, *words, *server.options())
        assert done.status == 1 and "is full (maxmemory)" in done.reason and "BrokerFull" in failures(done)
        assert server.keys() == []
    finally:
        server.close()


@pytest.mark.parametrize("model", (*POOLS, "async"))
@pytest.mark.parametrize("how", ("signal", "time"))
def test_nothing_is_left_of_a_run_that_is_ended(own, broker, model, how):
    task = ("--task", f"{own}:hangs") if model != "async" else ("--task", "wait", "--set", "delay=60000")
    words = (*task, "--jobs", 9, "--workers", 2, "--model", model, *broker.options())
    process, gate = PY.start_and_hold(own.parent, *words, "--timeout", 3 if how == "time" else 60)
    os.write(gate, b"g")
    wait_until(lambda: any(row["state"] == slots.RUNNING for row in outcome(own.parent, 0, "").rows))
    assert broker.keys()
    if how == "signal":
        process.send_signal(signal.SIGTERM)
    _, stderr = process.communicate(timeout=40)
    os.close(gate)
    assert process.returncode == (-signal.SIGTERM if how == "signal" else 1), stderr
    assert how == "signal" or "still running: job" in stderr


# -- workers that somebody else has started ------------------------------------------------------------------------------------

def join(host, broker, folder: Path, manager, *words: object, number: int = 1) -> tuple:
    """Runs `manager` with one worker of its own over Redis, and one of `host` beside it; what became of both."""
    process, gate = manager.start_and_hold(folder, *words, "--workers", 1, "--model", "process-pool", *broker.options())
    prefix = next(key for key in broker.keys() if key.endswith(":clock")).removesuffix("clock")
    worker = subprocess.Popen([*host.program, "worker", *map(str, words), *broker.options()[2:], "--queue", prefix, "--worker",
                               str(number)], cwd=ROOT, stderr=subprocess.PIPE, text=True)  # fmt: skip
    wait_until(lambda: int(broker.ask("LLEN", prefix + "done")) > 0 or worker.poll() is not None)  # it is up
    os.write(gate, b"g")
    os.close(gate)
    _, stderr = process.communicate(timeout=40)
    _, said = worker.communicate(timeout=40)
    return outcome(folder, process.returncode, stderr), worker.returncode, said


@pytest.mark.parametrize("manager, host", ((PY, PY), (PY, C), (EXT, PY), (C, PY), (C, EXT)), ids=str)
def test_a_worker_of_another_host(tmp_path, broker, manager, host):
    """Its slots are the manager's; the stamps are of one clock here."""
    done, status, said = join(host, broker, tmp_path, manager, "--task", "wait", "--set", "delay=20", "--jobs", 40)
    assert (status, said) == (0, "")
    check_a_run(done, "process-pool", "fork", 2)
    assert done.results == list(range(40)) and {row["worker"] for row in done.rows} == {0, 1}
    assert all(row["start_ns"] < row["replied_ns"] <= row["end_ns"] for row in done.rows)


def test_values_and_failures_of_a_worker_of_another_host(own, broker):
    words = ("--task", f"{own}:wrong_at_times", "--jobs", 40)
    done, status, said = join(PY, broker, own.parent, PY, *words)
    assert (status, said, done.status) == (0, "", 1) and {row["worker"] for row in done.rows} == {0, 1}
    alone = PY.run(own.parent, *words, "--model", "sync")
    assert done.results == alone.results and {row["runs"] for row in done.rows} == {1}
    assert sorted(done.failed) == sorted(alone.failed) == [(7, "ValueError"), (23, "ValueError")]
    assert {failure["message"] for failure in done.record["failures"]} == {"not this one"}


def test_a_worker_without_a_queue(tmp_path, broker):
    words = ("--task", "null", "--jobs", 4, "--worker", 0)
    for more, status, why in (
        (("--queue", "cobench:0:", *broker.options()[2:]), 1, "there is no queue 'cobench:0:'"),
        (("--queue", "cobench:0:",), 2, "worker needs --service redis=URL"),
        ((), 2, "--queue is needed"),
    ):
        done = PY.call("worker", *words, *more)
        assert done.returncode == status and why in done.stderr and done.stderr.count("\n") == 1
