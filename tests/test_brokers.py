# SPDX-License-Identifier: MIT
"""Jobs by way of a Redis server or of ZeroMQ: each is done once, and what real queues meet is named as what it is."""

from __future__ import annotations

import os
import signal
import socket
import struct
import subprocess
import time

import pytest

from hosts import BUILD, C, EMBED, Host, alive, check_a_run, children_of, outcome, wait_until
from py_impl import slots
from redis_server import RedisServer
from test_open_loop import check_schedule, run_wait

SECONDS = 60
MODELS = ("thread-pool", "process-pool")
HOSTS = (C, EMBED)
over_hosts = pytest.mark.parametrize("host", HOSTS, ids=str)
over_models = pytest.mark.parametrize("model", MODELS)


@pytest.fixture(scope="module")
def server():
    if not (BUILD / "plugins" / "redis.so").exists():
        pytest.skip("an optional library is missing: hiredis")
    server = RedisServer()
    yield server
    server.close()


@pytest.fixture
def redis(server):
    """The module's server, in which no key may be left."""
    yield server
    assert server.keys() == []


@pytest.fixture
def zmq():
    if not (BUILD / "plugins" / "zmq.so").exists():
        pytest.skip("an optional library is missing: ZeroMQ")


@pytest.fixture(params=("redis", "zmq"))
def words(request):
    return ("--dispenser", "zmq") if request.param == "zmq" and not request.getfixturevalue("zmq") \
        else request.getfixturevalue("redis").options()  # fmt: skip


@over_hosts
@over_models
def test_each_job_once(host: Host, model, words, tmp_path):
    count = ("--task", "count", "--set", "size=1000", "--jobs", 40, "--workers", 3, "--model", model)
    for more in ((), ("--start-method", "spawn"), ("--cold", "on"), ("--chunk", 7)):
        done = host.run(tmp_path, *count, *more, *words)
        check_a_run(done, model, "spawn" if "spawn" in more else "fork", 3)
        assert done.record["knobs"]["dispenser"] == words[1]
    assert done.results == host.run(tmp_path, *count).results


@over_models
@pytest.mark.parametrize("payload, chunk", [(1, 1), (100_000, 4), (1_000_000, 1)])
def test_payload(model, payload, chunk, words, tmp_path):
    done = C.run(tmp_path, "--task", "null", "--set", f"payload={payload}", "--jobs", 10, "--workers", 2, "--model", model, "--chunk",
                 chunk, *words)  # fmt: skip
    check_a_run(done, model, "fork", 2)
    assert done.results == list(range(10))


def test_a_message_that_is_too_long(words, tmp_path):
    done = C.run(tmp_path, "--task", "null", "--set", "payload=16777216", "--model", "thread-pool", "--chunk", 64, *words)
    assert done.status == 77 and "messages of 1073742592 bytes" in done.reason


def test_jobs_are_handed_out_when_they_are_due(words, tmp_path):
    done = run_wait(C, tmp_path, "thread-pool", "--rate", "333.3", "--arrivals", "poisson", "--arrivals-seed", 7, *words, workers=12)
    check_schedule(done, 333.3, "poisson", 7)


def test_a_failed_job(words, tmp_path):
    for model in MODELS:
        done = C.run(tmp_path, "--task", C.faulty, "--model", model, "--workers", 2, "--set", "mode=fail", "--set", "at=5", *words)
        assert done.status == 1 and done.failed == [(5, "PlantedError")]


def test_zmq_goes_on_when_a_worker_dies(zmq, tmp_path):
    """Of what was dealt to it a job or two are lost, which is said; the others are done."""
    done = C.run(tmp_path, "--task", C.faulty, "--model", "process-pool", "--workers", 2, "--jobs", 3000, "--set", "mode=crash", "--set",
                 "at=5", "--dispenser", "zmq")  # fmt: skip
    assert done.status == 1 and done.failed[0] == (5, "Crash") and {kind for _, kind in done.failed[1:]} <= {"NotRun"}
    assert sum(row["state"] == slots.DONE for row in done.rows) == 3000 - done.record["failed_jobs"] > 2900


# -- a server that is not there, is full, or goes away ------------------------------------------------------------------


def test_no_server(tmp_path, redis):
    words = ("--task", "null", "--model", "thread-pool", "--dispenser", "redis")
    done = C.run(tmp_path, *words)
    assert done.status == 2 and "no server was given" in done.reason
    done = C.run(tmp_path, *words, "--service", f"redis=unix://{tmp_path}/none")
    assert done.status == 77 and f"no Redis server answers at unix://{tmp_path}/none" in done.reason
    for url in ("http://a", "redis://a:b", "redis://word@a", "redis://a/b", "redis://", "redis://:x@"):
        done = C.run(tmp_path, *words, "--service", f"redis={url}")
        assert done.status == 2 and "this is no URL of a Redis server" in done.reason


def test_a_server_with_a_password(tmp_path):
    """Which is said nowhere, and percent-encoded in the URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = RedisServer("--user", "me", "on", ">p@ss", "~*", "+@all", "--port", str(port))
    try:
        words = ("--task", "null", "--model", "thread-pool", "--dispenser", "redis", "--service")
        done = C.run(tmp_path, *words, f"redis=redis://me:p%40ss@127.0.0.1:{port}/3")
        assert (done.status, done.stderr) == (0, "")
        done = C.run(tmp_path, *words, f"redis=redis://me:wrong@127.0.0.1:{port}")
        assert done.status == 2 and "WRONGPASS" in done.reason and "me:wrong" not in done.reason + done.stderr
        done = C.run(tmp_path, *words, f"redis=unix://me:p%40ss@{server.socket}")
        assert done.status == 0
    finally:
        server.close()


def test_no_event_loop_waits_for_it(words, tmp_path):
    done = C.run(tmp_path, "--task", "wait", "--model", "async", *words)
    assert done.status == 77 and "would block the event loop" in done.reason


def test_a_full_server(tmp_path):
    server = RedisServer("--maxmemory", "3mb")
    try:
        for model in MODELS:
            done = C.run(tmp_path, "--task", "null", "--set", "payload=100000", "--jobs", 100, "--workers", 2, "--model", model,
                         *server.options())  # fmt: skip
            assert done.status == 1 and "BrokerFull: Redis is full (maxmemory)" in done.reason
            assert server.keys() == []
    finally:
        server.close()


WAITS = ("--task", "wait", "--set", "delay=10", "--jobs", 200, "--workers", 4)


@over_models
@pytest.mark.parametrize("chunk", (1, 5))
def test_a_server_that_is_restarted(model, chunk, tmp_path):
    """Its lists are gone with it. Nothing is lost, and nothing done twice."""
    server = RedisServer()
    try:
        process, gate = C.start_and_hold(tmp_path, *WAITS, "--model", model, "--chunk", chunk, *server.options())
        os.write(gate, b"g")
        time.sleep(0.1)
        server.kill()
        server.start()
        _, stderr = process.communicate(timeout=SECONDS)
        assert (process.returncode, stderr) == (0, "")
        assert {(row["state"], row["runs"]) for row in outcome(tmp_path, 0, "").rows} == {(slots.DONE, 1)}
        assert server.keys() == []
    finally:
        os.close(gate)
        server.close()


def test_a_server_that_does_not_come_back(tmp_path):
    server = RedisServer()
    try:
        process, gate = C.start_and_hold(tmp_path, *WAITS, "--model", "process-pool", *server.options())
        os.write(gate, b"g")
        time.sleep(0.1)
        server.kill()
        _, stderr = process.communicate(timeout=SECONDS)
        os.close(gate)
        assert process.returncode == 1 and "BrokerLost: the Redis server" in stderr and "did not come back within 10 s" in stderr
    finally:
        server.close()


# -- workers that die or stall ------------------------------------------------------------------------------------------


def test_a_job_that_kills_every_worker(redis, tmp_path):
    """Each is replaced, the job given up after the third, and all others are done once."""
    for workers, chunk in ((1, 1), (2, 1), (2, 5)):
        done = C.run(tmp_path, "--task", C.faulty, "--model", "process-pool", "--workers", workers, "--jobs", 30, "--chunk", chunk,
                     "--set", "mode=crash", "--set", "at=5", *redis.options())  # fmt: skip
        assert done.status == 1 and done.failed == [(None, "Crash")] * 3 + [(5, "Poisoned")]
        assert "was killed by signal 9 (SIGKILL) while running job 5; job 5: Poisoned: " in done.reason
        assert [(row["state"], row["runs"]) for row in done.rows] == [
            (slots.FAILED, 3) if job == 5 else (slots.DONE, 1) for job in range(30)]  # fmt: skip


def test_a_worker_that_is_killed_with_a_job(redis, tmp_path):
    """It is run again, which is said: nothing is lost, and nothing silently done twice."""
    process, gate = C.start_and_hold(tmp_path, *WAITS, "--model", "process-pool", *redis.options())
    os.write(gate, b"g")
    time.sleep(0.1)
    os.kill(children_of(process.pid)[0], signal.SIGKILL)
    _, stderr = process.communicate(timeout=SECONDS)
    os.close(gate)
    rows = outcome(tmp_path, 1, "").rows
    assert process.returncode == 1 and "was killed by signal 9 (SIGKILL)" in stderr
    assert {row["state"] for row in rows} == {slots.DONE} and sum(row["runs"] for row in rows) <= 201


@pytest.mark.parametrize("wakes", (False, True))
def test_a_worker_that_stalls(redis, wakes, tmp_path):
    """When a request's time is over its job goes to another. If it wakes up, that job is done twice, and said to be."""
    process, gate = C.start_and_hold(tmp_path, "--task", "wait", "--set", "delay=300", "--jobs", 12, "--workers", 3, "--model",
                                     "process-pool", "--request-timeout", "0.8", *redis.options())  # fmt: skip
    worker = children_of(process.pid)[0]

    def with_worker() -> list[dict]:
        return [row for row in outcome(tmp_path, 0, "").rows if row["worker"] == 0 and row["state"] == slots.RUNNING]

    os.write(gate, b"g")
    wait_until(with_worker)
    os.kill(worker, signal.SIGSTOP)
    if wakes:
        wait_until(lambda: any(row["runs"] == 2 for row in outcome(tmp_path, 0, "").rows))
        os.kill(worker, signal.SIGCONT)
    _, stderr = process.communicate(timeout=SECONDS)
    os.close(gate)
    done = outcome(tmp_path, 1, "")
    kinds = [kind for _, kind in done.failed]
    assert process.returncode == 1 and kinds[0] == "Stalled" and "(--request-timeout)" in stderr
    assert ("DoneTwice" in kinds) == wakes and not alive(worker)
    assert {row["state"] for row in done.rows} == {slots.DONE} and max(row["runs"] for row in done.rows) == 2


def test_a_host_that_is_ended_leaves_no_key(redis, tmp_path):
    for model in MODELS:
        process, gate = C.start_and_hold(tmp_path, *WAITS, "--model", model, *redis.options())
        os.write(gate, b"g")
        wait_until(lambda: redis.ask("KEYS", "*:jobs"))
        process.terminate()
        process.communicate(timeout=SECONDS)
        os.close(gate)
        assert process.returncode == -signal.SIGTERM
    done = C.run(tmp_path, "--task", C.faulty, "--model", "process-pool", "--set", "mode=hang", "--timeout", 1, *redis.options())
    assert done.status == 1 and done.failed == [(0, "Timeout")]


# -- workers on other hosts, and of another manager ---------------------------------------------------------------------

ELSEWHERE = ("--model", "process-pool", "--hosts", "a:2,localhost:1,b:1", "--launcher", "env", "--launcher", "NAME={host}")


def test_workers_on_other_hosts(redis, tmp_path):
    """They answer with their slots, failures too, and what one that dies had is done by the others."""
    words = (*ELSEWHERE, "--workers", 4, "--jobs", 40, *redis.options())
    done = C.run(tmp_path, "--task", "count", "--set", "size=1000", "--chunk", 3, *words)
    check_a_run(done, "process-pool", "fork", 4)
    assert done.results == C.run(tmp_path, "--task", "count", "--set", "size=1000", "--jobs", 40, "--model", "sync").results
    done = C.run(tmp_path, "--task", C.faulty, "--set", "mode=fail", "--set", "at=5", *words)
    assert done.status == 1 and done.failed == [(5, "PlantedError")]
    done = C.run(tmp_path, "--task", C.faulty, "--set", "mode=crash", "--set", "at=5", *words)
    assert done.status == 1 and done.failed == [(None, "Crash")] * 3 + [(5, "Poisoned")]
    assert done.reason.startswith("worker ") and " on host " in done.reason and "was killed by signal 9" in done.reason
    assert [(row["state"], row["runs"]) for row in done.rows] == [
        (slots.FAILED, 0) if job == 5 else (slots.DONE, 1) for job in range(40)]  # fmt: skip
    done = C.run(tmp_path, "--task", "null", *ELSEWHERE, "--workers", 2, "--service", f"redis=unix://{tmp_path}/none", "--dispenser", "redis")
    assert done.status == 77 and "no Redis server answers" in done.reason
    done = C.run(tmp_path, "--task", "null", *ELSEWHERE, "--dispenser", "pipe")
    assert done.status == 77 and "--hosts: the workers of process-pool are on this machine" in done.reason




def test_a_worker_serves_a_queue(redis, tmp_path):
    """Its answers have the slots, with stamps of the manager's clock, here one that is an hour ahead."""
    client = pytest.importorskip("redis", reason="an optional library is missing: redis").Redis(unix_socket_path=str(redis.socket))
    hour = 3600 * 10**9
    client.set("cobench:test:clock", f"{int((time.time() - time.monotonic()) * 1e9) - hour} 1000")
    for jobs in ((0, 1), (5,), ()):
        client.rpush("cobench:test:jobs", struct.pack("<I", len(jobs)) + b"".join(struct.pack("<QI", job, 0) for job in jobs))
    done = C.call("worker", "--task", C.faulty, "--jobs", 8, "--set", "mode=fail", "--set", "at=5", "--service",
                  f"redis=unix://{redis.socket}", "--queue", "cobench:test:", "--worker", 3)  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    hello, first, second = client.lrange("cobench:test:done", 0, -1)
    assert hello == struct.pack("<II", 3, 0) and struct.unpack_from("<II", first) == (3, 2)
    row = dict(zip(slots.FIELDS, slots.SLOT.unpack_from(first, 8 + 76 + 8)))
    assert (row["result"], row["worker"], row["state"], row["runs"]) == (4, 3, slots.DONE, 1)
    assert abs(row["start_ns"] - time.monotonic_ns() - hour) < 60 * 10**9
    assert struct.unpack_from("<IIQ", second) == (3, 1, 5) and second.endswith(b"PlantedError\x000\x00planted failure")
    client.delete("cobench:test:clock", "cobench:test:done", "cobench:test:taken:3")


def test_a_worker_without_its_queue(redis, tmp_path):
    words = ("worker", "--task", "null", "--jobs", 8, "--service", f"redis=unix://{redis.socket}", "--queue", "cobench:none:")
    done = C.call(*words)
    assert done.returncode == 1 and "has no queue 'cobench:none:'" in done.stderr
    redis.ask("SET", "cobench:none:clock", "0 0")
    process = subprocess.Popen([*C.program, *map(str, words)])
    wait_until(lambda: redis.ask("LLEN", "cobench:none:done") == "1")
    redis.ask("DEL", "cobench:none:clock", "cobench:none:done")
    assert process.wait(SECONDS) == 0
