# SPDX-License-Identifier: MIT
"""Jobs by way of a Redis server or of ZeroMQ: each is done once, and what real queues meet is named as what it is."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import time

import pytest

from broker import SECONDS, Redis, redis  # noqa: F401
from hosts import BUILD, C, EMBED, Host, alive, check_a_run, children_of, outcome, wait_until
from py_impl import slots
from test_open_loop import check_schedule, run_wait

MODELS = ("thread-pool", "process-pool")
HOSTS = (C, EMBED)
over_hosts = pytest.mark.parametrize("host", HOSTS, ids=str)
over_models = pytest.mark.parametrize("model", MODELS)


@pytest.fixture
def zmq():
    if not (BUILD / "plugins" / "zmq.so").exists():
        pytest.skip("an optional library is missing: ZeroMQ")


@pytest.fixture(params=("redis", "zmq"))
def words(request):
    return ("--dispenser", "zmq") if request.param == "zmq" and not request.getfixturevalue("zmq") \
        else request.getfixturevalue("redis").words  # fmt: skip


@over_hosts
@over_models
def test_each_job_once(host: Host, model, words, tmp_path):
    count = ("--task", "count", "--set", "size=1000", "--jobs", 40, "--workers", 3, "--model", model)
    for more in ((), ("--start-method", "spawn"), ("--cold", "on"), ("--chunk", 7)):
        done = host.run(tmp_path, *count, *more, *words)
        check_a_run(done, model, "spawn" if "spawn" in more else "fork", 3)
        assert done.record["knobs"]["dispenser"] == words[-1]
    assert done.results == host.run(tmp_path, *count).results


@over_models
@pytest.mark.parametrize("payload, chunk", [(1, 1), (100_000, 4), (1_000_000, 1)])
def test_payload(model, payload, chunk, words, tmp_path):
    done = C.run(tmp_path, "--task", "null", "--set", f"payload={payload}", "--jobs", 10, "--workers", 2, "--model", model, "--chunk",
                 chunk, *words)  # fmt: skip
    check_a_run(done, model, "fork", 2)
    assert done.results == list(range(10))


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


def test_no_server(tmp_path, redis):  # noqa: F811
    words = ("--task", "null", "--model", "thread-pool", "--dispenser", "redis")
    done = C.run(tmp_path, *words)
    assert done.status == 2 and "no server was given" in done.reason
    done = C.run(tmp_path, *words, "--service", f"redis=unix://{tmp_path}/none")
    assert done.status == 77 and f"no Redis server answers at unix://{tmp_path}/none" in done.reason
    for url in ("http://a", "redis://a:b", "redis://a/1", "redis://"):
        done = C.run(tmp_path, *words, "--service", f"redis={url}")
        assert done.status == 2 and "is no server" in done.reason


def test_no_event_loop_waits_for_it(words, tmp_path):
    done = C.run(tmp_path, "--task", "wait", "--model", "async", *words)
    assert done.status == 77 and "would block the event loop" in done.reason


def test_a_full_server(tmp_path):
    server = Redis(tmp_path, "--maxmemory", "3mb")
    try:
        for model in MODELS:
            done = C.run(tmp_path, "--task", "null", "--set", "payload=100000", "--jobs", 100, "--workers", 2, "--model", model,
                         *server.words)  # fmt: skip
            assert done.status == 1 and "BrokerFull: Redis is full (maxmemory)" in done.reason
            assert server.keys == []
    finally:
        server.kill()


WAITS = ("--task", "wait", "--set", "delay=10", "--jobs", 200, "--workers", 4)


@over_models
@pytest.mark.parametrize("chunk", (1, 5))
def test_a_server_that_is_restarted(model, chunk, tmp_path):
    """Its lists are gone with it. Nothing is lost, and nothing done twice."""
    server = Redis(tmp_path)
    try:
        process, gate = C.start_and_hold(tmp_path, *WAITS, "--model", model, "--chunk", chunk, *server.words)
        os.write(gate, b"g")
        time.sleep(0.1)
        server.kill()
        server.start()
        _, stderr = process.communicate(timeout=SECONDS)
        assert (process.returncode, stderr) == (0, "")
        assert {(row["state"], row["runs"]) for row in outcome(tmp_path, 0, "").rows} == {(slots.DONE, 1)}
        assert server.keys == []
    finally:
        os.close(gate)
        server.kill()


def test_a_server_that_does_not_come_back(tmp_path):
    server = Redis(tmp_path)
    process, gate = C.start_and_hold(tmp_path, *WAITS, "--model", "process-pool", *server.words)
    os.write(gate, b"g")
    time.sleep(0.1)
    server.kill()
    _, stderr = process.communicate(timeout=SECONDS)
    os.close(gate)
    assert process.returncode == 1 and "BrokerLost: the Redis server" in stderr and "did not come back within 10 s" in stderr


# -- workers that die or stall ------------------------------------------------------------------------------------------


def test_a_job_that_kills_every_worker(redis, tmp_path):  # noqa: F811
    """Each is replaced, the job given up after the third, and all others are done once."""
    for workers, chunk in ((1, 1), (2, 1), (2, 5)):
        done = C.run(tmp_path, "--task", C.faulty, "--model", "process-pool", "--workers", workers, "--jobs", 30, "--chunk", chunk,
                     "--set", "mode=crash", "--set", "at=5", *redis.words)  # fmt: skip
        assert done.status == 1 and done.failed == [(None, "Crash")] * 3 + [(5, "Poisoned")]
        assert [(row["state"], row["runs"]) for row in done.rows] == [
            (slots.FAILED, 3) if job == 5 else (slots.DONE, 1) for job in range(30)]  # fmt: skip
        assert redis.keys == []


def test_a_worker_that_is_killed_with_a_job(redis, tmp_path):  # noqa: F811
    """It is run again, which is said: nothing is lost, and nothing silently done twice."""
    process, gate = C.start_and_hold(tmp_path, *WAITS, "--model", "process-pool", *redis.words)
    os.write(gate, b"g")
    time.sleep(0.1)
    os.kill(children_of(process.pid)[0], signal.SIGKILL)
    _, stderr = process.communicate(timeout=SECONDS)
    os.close(gate)
    rows = outcome(tmp_path, 1, "").rows
    assert process.returncode == 1 and "was killed by signal 9 (SIGKILL)" in stderr
    assert {row["state"] for row in rows} == {slots.DONE} and sum(row["runs"] for row in rows) <= 201
    assert redis.keys == []


@pytest.mark.parametrize("wakes", (False, True))
def test_a_worker_that_stalls(redis, wakes, tmp_path):  # noqa: F811
    """When a request's time is over its job goes to another. If it wakes up, that job is done twice, and said to be."""
    process, gate = C.start_and_hold(tmp_path, "--task", "wait", "--set", "delay=300", "--jobs", 12, "--workers", 3, "--model",
                                     "process-pool", "--request-timeout", "0.8", *redis.words)  # fmt: skip
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
    assert redis.keys == []


def test_a_host_that_is_ended_leaves_no_key(redis, tmp_path):  # noqa: F811
    for model in MODELS:
        process, gate = C.start_and_hold(tmp_path, *WAITS, "--model", model, *redis.words)
        os.write(gate, b"g")
        wait_until(lambda: redis.ask("KEYS", "*:jobs"))
        process.terminate()
        process.communicate(timeout=SECONDS)
        os.close(gate)
        assert process.returncode == -signal.SIGTERM and redis.keys == []
    done = C.run(tmp_path, "--task", C.faulty, "--model", "process-pool", "--set", "mode=hang", "--timeout", 1, *redis.words)
    assert done.status == 1 and done.failed == [(0, "Timeout")] and redis.keys == []


# -- a worker of another manager ----------------------------------------------------------------------------------------


def test_a_worker_serves_a_queue(redis, tmp_path):  # noqa: F811
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


def test_a_worker_without_its_queue(redis, tmp_path):  # noqa: F811
    words = ("worker", "--task", "null", "--jobs", 8, "--service", f"redis=unix://{redis.socket}", "--queue", "cobench:none:")
    done = C.call(*words)
    assert done.returncode == 1 and "there is no queue 'cobench:none:'" in done.stderr
    redis.ask("SET", "cobench:none:clock", "0 0")
    process = subprocess.Popen([*C.program, *map(str, words)])
    wait_until(lambda: redis.ask("LLEN", "cobench:none:done") == "1")
    redis.ask("DEL", "cobench:none:clock", "cobench:none:done")
    assert process.wait(SECONDS) == 0 and redis.keys == []
