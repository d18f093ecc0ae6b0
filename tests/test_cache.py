# SPDX-License-Identifier: MIT
"""What is asked of a Redis server: the same results in all runtimes, connections before the gate, and every fault by its name."""

from __future__ import annotations

import importlib.util
import socketserver
import threading
from zlib import crc32

import pytest

from hosts import BUILD, C, EMBED, EXT, HOSTS, PY, Host, check_a_run, outcome, wait_until
from py_impl import slots
from redis_server import RedisServer

MODELS = ("sync", "thread-pool", "process-pool", "async")
LETTERS = b"abcdefghijklmnopqrstuvwxyz" * 5


def needs(host: Host) -> None:
    if host in (C, EMBED) and not (BUILD / "transport" / "cache.so").exists():
        pytest.skip("an optional library is missing: hiredis")
    if host in (PY, EXT) and importlib.util.find_spec("redis") is None:
        pytest.skip("an optional library is missing: redis-py")


@pytest.fixture(params=HOSTS, ids=str)
def host(request) -> Host:
    needs(request.param)
    return request.param


@pytest.fixture(scope="module")
def redis():
    server = RedisServer()
    yield server
    server.close()


def words(url: object, task: str, model: str, *more: object) -> tuple[object, ...]:
    return "--task", task, "--model", model, "--service", f"redis={url}", *more


@pytest.mark.parametrize("model", MODELS)
def test_get_and_incr(redis, host, model, tmp_path):
    size = ("--jobs", 20, "--workers", 3, "--set", "keys=7")
    done = host.run(tmp_path, *words(f"unix://{redis.socket}", "get", model, *size, "--set", "size=30"))
    check_a_run(done, model, "fork", 3)
    assert done.results == [crc32(LETTERS[job % 7 :][:30]) for job in range(20)]
    assert done.record["connections"] == (1 if model == "sync" else 3)
    assert all(row["start_ns"] < row["replied_ns"] <= row["end_ns"] for row in done.rows)
    done = host.run(tmp_path, *words(f"unix://{redis.socket}", "incr", model, *size))
    check_a_run(done, model, "fork", 3)
    assert done.results == [job % 7 for job in range(20)]
    assert [int(redis.ask("GET", f"cobench:incr:1:{key}")) for key in range(7)] == [3] * 6 + [2]  # each counted once
    assert int(redis.ask("TTL", "cobench:incr:1:0")) > 80_000


@pytest.mark.parametrize("model", ("thread-pool", "async"))
def test_fewer_connections_than_workers(redis, host, model, tmp_path):
    done = host.run(tmp_path, *words(f"unix://{redis.socket}", "get", model, "--jobs", 40, "--workers", 8, "--connections", 2))
    check_a_run(done, model, "fork", 8)
    assert done.results == [crc32(LETTERS[job % 26 :][:64]) for job in range(40)] and done.record["connections"] == 2


def test_a_password_and_a_database(tmp_path, host):
    server = RedisServer("--user", "me", "on", ">p@ss", "~*", "+@all")
    try:
        done = host.run(tmp_path, *words(f"unix://me:p%40ss@{server.socket}", "get", "async", "--jobs", 3))
        check_a_run(done, "async", "fork", 3)
        done = host.run(tmp_path, *words(f"unix://me:wrong@{server.socket}", "get", "sync"))
        assert done.status == 77 and "WRONGPASS" in done.reason and "wrong@" not in done.reason
    finally:
        server.close()


@pytest.mark.parametrize("model", ("thread-pool", "async"))
def test_a_server_that_takes_no_more(host, model, tmp_path):
    server = RedisServer("--maxclients", "3")
    try:
        done = host.run(tmp_path, *words(f"unix://{server.socket}", "get", model, "--jobs", 8, "--workers", 8))
        # Where the server has closed the connection before the first command is sent, its answer is not read.
        said = ("max number of clients reached", "Connection lost", "Broken pipe", "Connection reset", "closed")
        assert done.status == 77 and any(words in done.reason for words in said)
    finally:
        server.close()


def test_no_server(tmp_path, host):
    done = host.run(tmp_path, *words(f"unix://{tmp_path}/none", "get", "sync"))
    assert done.status == 77 and f"no Redis server answers at unix://{tmp_path}/none" in done.reason
    done = host.run(tmp_path, *words("http://a", "get", "async"))
    assert done.status == 2 and "no URL of a Redis server" in done.reason


# -- answers that are wrong ------------------------------------------------------------------------------------------------

ANSWERS = {
    "nil": (b"$-1\r\n", "NoSuchKey"), "error": (b"-ERR no such luck\r\n", "ErrorReply"), "length": (b"$2\r\nab\r\n", "BadLength"),
    "array": (b"*1\r\n:1\r\n", "BadReply"), "noise": (b"what?\r\n", "BadReply"),
    "close": (None, "ConnectionClosed"), "half": (b"$64\r\nabc", "Timeout"), "stall": (b"", "Timeout"),
}  # fmt: skip


class Stub(socketserver.ThreadingTCPServer):
    """A server that takes what comes before the jobs, and answers each GET with the next of ANSWERS (None: it closes the connection), the rest well."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = iter([answer for answer, _ in ANSWERS.values()])


class Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        while line := self.rfile.readline():
            words = [self.rfile.read(int(self.rfile.readline()[1:]) + 2)[:-2] for _ in range(int(line[1:]))]
            answer = next(self.server.answers, b"$64\r\n%s\r\n" % LETTERS[:64]) if words[0] == b"GET" else b"+PONG\r\n"
            if answer is None:
                return
            self.wfile.write(answer)


@pytest.mark.parametrize("model", ("sync", "async"))
def test_wrong_answers(host, model, tmp_path):
    """By the same names in C and in Python; the next job goes on, over a connection that is made again where it has to be."""
    with Stub() as stub:
        threading.Thread(target=stub.serve_forever, daemon=True).start()
        kinds = [kind for _, kind in ANSWERS.values()]
        done = host.run(tmp_path, *words(f"redis://127.0.0.1:{stub.server_address[1]}", "get", model, "--jobs", len(kinds) + 1,
                                         "--workers", 1, "--request-timeout", 0.2))  # fmt: skip
        stub.shutdown()
    assert (done.status, done.failed) == (1, list(enumerate(kinds)))
    assert done.results[-1] == crc32(LETTERS[:64])


@pytest.mark.parametrize("host, model", [(C, "thread-pool"), (C, "async"), (PY, "thread-pool"), (PY, "async")], ids=str)
def test_a_server_that_comes_back(host, model, tmp_path):
    """Jobs meanwhile fail, those behind it do not."""
    needs(host)
    server = RedisServer()

    def states() -> list[int]:
        return [row["state"] for row in outcome(tmp_path, 0, "").rows]

    try:
        process, gate = host.start_and_hold(tmp_path, *words(f"unix://{server.socket}", "incr", model, "--jobs", 300, "--workers", 4,
                                                             "--rate", 100))  # fmt: skip
        with open(gate, "wb") as opened:
            opened.write(b"g")
        wait_until(lambda: slots.DONE in states())
        server.kill()
        wait_until(lambda: slots.FAILED in states())
        server.start()
        process.communicate(timeout=30)
    finally:
        server.close()
    done = outcome(tmp_path, process.returncode, "")
    assert done.status == 1 and {kind for _, kind in done.failed} <= {"ConnectionRefused", "ConnectionClosed", "Transport"}
    assert done.rows[0]["state"] == done.rows[-1]["state"] == slots.DONE
