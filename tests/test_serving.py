# SPDX-License-Identifier: MIT
"""Every server of every host, over sockets: what it answers, whom it refuses, and that one client never keeps it from the others."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from copy import copy
from dataclasses import dataclass, replace

import pytest

from hosts import BUILD, C, EMBED, EXT, HOSTS, PY, ROOT, Host, alive, children_of, python_task, wait_until
from redis_server import RedisServer

JOBS = 8
FAILING = 5  # a job of the task
SECONDS = 10


@dataclass(frozen=True)
class Kind:
    host: Host
    name: str
    needs: tuple[str, ...] = ()  # modules
    keeps: bool = True  # connections
    workers: int = 0  # how many to give it; 0: it takes none
    replaces: bool = False  # a process that dies
    foreign: bool = False  # what is no HTTP, and who is silent, is not ours to judge

    def __str__(self) -> str:
        return f"{self.host.runtime}-{self.name}"


GUNICORN = {"needs": ("gunicorn",), "workers": 2, "replaces": True, "foreign": True}
KINDS = (
    Kind(PY, "threads", replaces=True),
    Kind(PY, "prefork", workers=2, replaces=True),
    Kind(PY, "asyncio", ("h11",), replaces=True),
    Kind(PY, "asyncio-cores", ("h11",), workers=2, replaces=True),
    Kind(PY, "gunicorn", **GUNICORN, keeps=False),
    Kind(PY, "gunicorn-gthread", **GUNICORN),
    Kind(PY, "flask", **GUNICORN | {"needs": ("gunicorn", "flask")}, keeps=False),
    Kind(PY, "uvicorn", ("uvicorn",), workers=2, replaces=True, foreign=True),
    Kind(EXT, "threads", replaces=True),
    Kind(C, "epoll"),
    Kind(C, "epoll-cores", workers=2),
    Kind(C, "thread-pool", workers=2),
    Kind(C, "thread", workers=4),
    Kind(C, "prefork", workers=2, replaces=True),
    Kind(EMBED, "epoll"),
    Kind(EMBED, "thread", workers=4),
    Kind(EMBED, "prefork", workers=2, replaces=True),
)


def result(job: int) -> bytes:
    """Of the task `faulty`."""
    return b"%d" % (job % JOBS * 3 + 1)


def request(target: str, *lines: str) -> bytes:
    return "\r\n".join((f"GET {target} HTTP/1.1", "Host: x", *lines, "", "")).encode()


class Served:
    def __init__(self, program: list[str], task: object, *words: object) -> None:
        self.process = subprocess.Popen([*program, "serve", "--task", str(task), "--jobs", str(JOBS), *map(str, words)], cwd=ROOT,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # fmt: skip
        line = self.process.stdout.readline()
        assert line, self.process.communicate()[1]
        self.said = json.loads(line)
        self.port, self.pids = self.said["port"], self.said["pids"]
        assert all(map(alive, self.pids)) and self.pids[0] == self.process.pid or "nginx" in self.said["libraries"]

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)

    def socket(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=SECONDS)

    def get(self, target: str) -> tuple[int, bytes]:
        with closing(self.connect()) as connection:
            connection.request("GET", target)
            reply = connection.getresponse()
            return reply.status, reply.read()

    def check(self) -> None:
        """It serves."""
        assert self.get("/work?job=3") == (200, result(3))

    def raw(self, data: bytes, done: bytes | None = None) -> bytes:
        """What comes for these bytes, until `done` is in it or the server closes."""
        got = b""
        with self.socket() as sock, suppress(BrokenPipeError, ConnectionResetError):
            with suppress(BrokenPipeError, ConnectionResetError):  # it need not read all to refuse it
                sock.sendall(data)
            while (done is None or done not in got) and (piece := sock.recv(65536)):
                got += piece
        return got

    def end(self) -> dict:
        """The last line."""
        last, said = self.process.communicate(timeout=SECONDS)
        assert (self.process.returncode, said) == (0, "")
        assert not any(map(alive, self.pids))
        return json.loads(last)

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


def look_for(host: Host, *modules: str) -> None:
    """Skips where what a server stands on is not installed."""
    for module in modules:
        pytest.importorskip(module, reason=f"an optional library is missing: {module}")
    if host in (C, EMBED) and not (BUILD / "plugins" / "http.so").exists():
        pytest.skip("an optional library is missing: libhttp-parser")


def start(kind: Kind, *words: object, task: object = None) -> Served:
    look_for(kind.host, *kind.needs)
    workers = ("--workers", kind.workers) if kind.workers else ()
    return Served(kind.host.program, task or kind.host.faulty, "--model", kind.name, *workers, *words)


@pytest.fixture(scope="module", params=KINDS, ids=str)
def served(request):
    """One server for all that follows, which ends well."""
    kind = request.param
    server = start(kind, "--set", "mode=fail", "--set", f"at={FAILING}")
    server.kind = kind
    try:
        server.check()
        assert server.get(f"/work?job={FAILING}")[0] == 500
        yield server
        last = server.end()
        assert last["requests"] == sum(last["per_worker"]) >= 1 and last["errors"] >= 1 and "planted failure" in last["reason"]
    finally:
        server.kill()


def test_it_answers_with_the_results_of_its_jobs(served):
    with closing(served.connect()) as connection:
        for job in (0, 3, 7, 8, 8 * 10**15 + 1):
            connection.request("GET", f"/work?job={job}")
            kept = connection.sock
            reply = connection.getresponse()
            assert (reply.status, reply.read()) == (200, result(job))
            assert reply.getheader("Content-Type").startswith("text/plain")
            assert not served.kind.keeps or connection.sock is kept is not None
    libraries = served.said["libraries"]
    assert {*served.kind.needs} <= set(libraries) and all(re.match(r"\d", version) for version in libraries.values())


@pytest.mark.parametrize("target", ("/", "/work", "/work?job=", "/work?job=x", "/work?job=-1", "/other?job=1"))
def test_any_other_target_is_not_found(served, target):
    assert served.get(target)[0] == 404
    served.check()


def test_a_job_that_fails_is_an_answer_too(served):
    status, body = served.get(f"/work?job={FAILING}")
    assert status == 500 and b"planted failure" in body and body.count(b"\n") == 1
    served.check()


def test_half_a_request_keeps_nobody_waiting(served):
    head, tail = request("/work?job=2", "Connection: close")[:25], request("/work?job=2", "Connection: close")[25:]
    with served.socket() as slow:
        slow.sendall(head)
        for _ in range(4):
            served.check()
        slow.sendall(tail)
        assert slow.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_a_client_that_goes_away(served):
    for data in (request("/work?job=1"), request("/work?job=1")[:20], b""):
        with served.socket() as sock:
            sock.sendall(data)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset
        served.check()


def test_a_hundred_requests_in_one_segment(served):
    jobs = (0, 1, 2, 3, 4) * 20
    data = b"".join(request(f"/work?job={job}") for job in jobs[:-1]) + request(f"/work?job={jobs[-1]}", "Connection: close")
    if served.kind.foreign:  # gunicorn's threads leave them unanswered
        with served.socket() as sock:
            sock.sendall(data)
            served.check()
        return
    got = served.raw(data)
    assert [piece.partition(b"\r\n\r\n")[2] for piece in got.split(b"HTTP/1.1 200 ")[1:]] == [result(job) for job in jobs]
    served.check()


@pytest.mark.parametrize("data", [
    request("/work?job=1", "X: " + "a" * (1 << 20)), request("/" + "a" * (1 << 20)), b"\0\1\2\r\n\r\n", b"GET /work?job=1 HTTP/1.1\r\nno colon\r\n\r\n",
    request("/work?job=1", "Content-Length: -1"),
], ids=("header", "target", "bytes", "colon", "length"))  # fmt: skip
def test_what_is_no_request_is_refused_or_closed(served, data):
    got = served.raw(data, b"\r\n\r\n")
    if not served.kind.foreign and got:
        assert re.match(rb"HTTP/1\.1 4(00|14|31) ", got) or b"Error code: 400" in got or b"HTTP Status 400" in got, got[:200]
    served.check()


@pytest.mark.parametrize("method", ("HEAD", "POST"))
def test_another_method_is_answered_and_the_next_request_served(served, method):
    got = served.raw(request("/work?job=1").replace(b"GET", method.encode()), b"\r\n\r\n")
    assert got.startswith(b"HTTP/1.1 "), got
    served.check()


def test_a_body_is_not_taken_for_a_request(served):
    body, got = request("/work?job=1"), b""
    with served.socket() as sock, suppress(TimeoutError, ConnectionError):
        sock.sendall(b"GET /work?job=2 HTTP/1.1\r\nHost: x\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
        while piece := sock.recv(65536):
            got += piece
            sock.settimeout(0.2)  # for an answer that should not be
    assert got.count(b"HTTP/1.1 ") == 1 and (b" 200 " not in got or got.endswith(result(2)))


def test_a_worker_that_dies_is_replaced(served):
    if not served.kind.replaces:
        return
    os.kill(served.pids[-1], signal.SIGKILL)
    wait_until(lambda: not alive(served.pids[-1]))
    for _ in range(8):
        served.check()
    wait_until(lambda: sum(map(alive, children_of(served.pids[0]))) == len(served.pids) - 1)


# -- one at a time ---------------------------------------------------------------------------------------------------------

OWN = [kind for kind in KINDS if not kind.foreign]
ONE_EACH = [next(kind for kind in KINDS if kind.host is host) for host in HOSTS if any(kind.host is host for kind in KINDS)]
own_kinds = pytest.mark.parametrize("kind", OWN, ids=str)
one_of_each_host = pytest.mark.parametrize("kind", ONE_EACH, ids=str)


@own_kinds
def test_who_is_silent_for_too_long_is_closed(kind):
    """And of the others each waits for the delay."""
    server = start(kind, "--request-timeout", 0.3, "--delay", 80)
    try:
        for data in (b"", request("/work?job=1")[:20]):
            with server.socket() as sock:
                sock.sendall(data)
                with suppress(ConnectionResetError):
                    while sock.recv(4096):  # to whom it says so
                        pass
        begun = time.monotonic()
        server.check()
        assert time.monotonic() - begun >= 0.08
        last = server.end()
        assert sorted(last["per_worker"])[-1] == last["requests"] == 1 and (last["errors"], last["reason"]) == (0, None)
    finally:
        server.kill()


@pytest.mark.parametrize("kind", [kind for kind in OWN if kind.host is C and kind.name in ("epoll", "thread-pool")], ids=str)
def test_descriptors_run_out(kind):
    """Who comes then is closed at once, and the others are served on."""
    look_for(kind.host)
    limited = replace(kind, host=copy(kind.host))
    limited.host.program = ["prlimit", "--nofile=40:40", *kind.host.program]
    server = start(limited)
    try:
        with ExitStack() as stack:
            sockets = [stack.enter_context(server.socket()) for _ in range(50)]
            answers = []
            for sock in sockets:
                with suppress(BrokenPipeError, ConnectionResetError):
                    sock.sendall(request("/work?job=2"))
                    answers.append(sock.recv(4096))
            served = sum(answer.endswith(result(2)) for answer in answers)
            assert 20 <= served <= 36 and answers[0].endswith(result(2))
        server.check()
        last = server.end()
        assert last["requests"] == served + 1 and last["refused"] >= 50 - served
    finally:
        server.kill()


@pytest.mark.parametrize("kind", [kind for kind in OWN if kind.host is PY and kind.name in ("threads", "asyncio")], ids=str)
def test_descriptors_run_out_in_python(kind):
    """Who comes then waits in the backlog until somebody goes."""
    limited = replace(kind, host=copy(kind.host))
    limited.host.program = ["prlimit", "--nofile=40:40", *kind.host.program]
    server = start(limited)
    try:
        with ExitStack() as stack:
            with ExitStack() as first:
                for _ in range(20):
                    sock = first.enter_context(server.socket())
                    sock.sendall(request("/work?job=2"))
                    assert sock.recv(4096).endswith(result(2))
                waiting = [stack.enter_context(server.socket()) for _ in range(20)]
                for sock in waiting:
                    sock.sendall(request("/work?job=3"))
                waiting[-1].settimeout(0.3)
                with pytest.raises(TimeoutError):
                    waiting[-1].recv(4096)
            waiting[-1].settimeout(SECONDS)
            assert all(sock.recv(4096).endswith(result(3)) for sock in waiting)
        assert server.end()["requests"] == 40
    finally:
        server.kill()


@pytest.mark.parametrize("kind", [kind for kind in OWN if kind.host is C and kind.name in ("thread", "prefork")], ids=str)
def test_more_connections_than_workers_wait(kind):
    server = start(kind)
    try:
        with ExitStack() as stack:
            first = [stack.enter_context(server.socket()) for _ in range(kind.workers)]
            for sock in first:
                sock.sendall(request("/work?job=2"))
                assert sock.recv(4096).endswith(result(2))
            with server.socket() as last:
                last.sendall(request("/work?job=3"))
                first.pop().close()
                assert last.recv(4096).endswith(result(3))
        assert server.end()["requests"] == kind.workers + 1
    finally:
        server.kill()


@pytest.mark.parametrize("how", ("signal", "killed"))
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.host is not EXT and kind.name not in ("flask", "gunicorn-gthread")], ids=str)
def test_nothing_is_left(kind, how):
    """Neither of one that a signal ends while connections are open nor, in the end, of one whose first process is killed."""
    server = start(kind)
    try:
        with server.socket() as idle:
            server.check()
            if how == "signal":
                server.process.terminate()
                assert server.end()["requests"] == 1
            else:
                server.kill()
                wait_until(lambda: not any(map(alive, server.pids)))
            with suppress(ConnectionError):
                assert idle.recv(1) == b""
    finally:
        server.kill()


@one_of_each_host
def test_it_listens_on_a_unix_socket(kind, tmp_path):
    path = tmp_path / "server"
    server = start(kind, "--listen", f"unix:{path}")
    try:
        assert server.port is None
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(SECONDS)
            sock.connect(str(path))
            sock.sendall(request("/work?job=2", "Connection: close"))
            assert sock.recv(65536).startswith(b"HTTP/1.1 200 ")
        server.end()
        assert not path.exists()
    finally:
        server.kill()


@one_of_each_host
def test_what_waits_is_waited_for(kind):
    server = start(kind, "--set", "delay=20", task="wait")
    try:
        assert server.get("/work?job=3") == (200, b"3")
        server.end()
    finally:
        server.kill()


@pytest.mark.parametrize("host, name, words, opened", [
    (PY, "threads", (), 0), (PY, "threads", ("--connections", 2), 2), (PY, "prefork", (), 2), (PY, "asyncio", (), 10),
    (PY, "asyncio", ("--connections", 3), 3), (PY, "gunicorn-gthread", ("--connections", 2), 4),
    (C, "thread", (), 0), (C, "thread", ("--connections", 2), 2), (C, "prefork", (), 2), (C, "thread-pool", (), 2),
    (C, "epoll", (), 10), (C, "epoll", ("--connections", 3, "--delay", 1), 3), (C, "epoll-cores", (), 20), (EMBED, "epoll", (), 10),
])  # fmt: skip
def test_services_are_asked_over_connections_of_their_own_or_shared(host, name, words, opened):
    redis = RedisServer()
    service = "--service", f"redis=unix://{redis.socket}"
    server = start(next(kind for kind in KINDS if kind.name == name and kind.host is host), *words, *service, "--set", "keys=4", task="incr")
    try:
        assert len(redis.ask("CLIENT", "LIST").splitlines()) - 1 == opened
        with ThreadPoolExecutor(6) as pool:
            got = list(pool.map(lambda job: server.get(f"/work?job={job}"), range(24)))
        assert got == [(200, b"%d" % (job % 4)) for job in range(24)]
        assert server.end()["errors"] == 0
    finally:
        server.kill()
        redis.close()


@pytest.mark.parametrize("kind", [kind for kind in OWN if kind.host is C and kind.name in ("epoll", "thread", "thread-pool")], ids=str)
def test_a_service_that_goes_and_comes_back(kind):
    redis = RedisServer()
    server = start(kind, "--service", f"redis=unix://{redis.socket}", task="incr")
    try:
        assert server.get("/work?job=1") == (200, b"1")
        redis.kill()
        for _ in range(3):
            status, said = server.get("/work?job=1")
            assert status == 500 and b"Redis" in said
        redis.start()
        wait_until(lambda: server.get("/work?job=1") == (200, b"1"))
        last = server.end()
        assert last["errors"] >= 3 and "Redis" in last["reason"]
    finally:
        server.kill()
        redis.close()


def test_a_service_that_is_not_there():
    look_for(PY, "h11", "redis")
    words = ("serve", "--task", "incr", "--jobs", "4", "--model", "asyncio")
    done = PY.call(*words, stdin=subprocess.DEVNULL)
    assert done.returncode == 2 and "redis" in done.stderr
    done = PY.call(*words, "--service", "redis=unix:///nowhere", stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stdout) == (77, "") and done.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ("threads", "asyncio"))
def test_ones_own_function(tmp_path, name):
    (tmp_path / "own.py").write_text("def plain(job):\n    return 7 * job\n\nasync def waits(job):\n    return 1 / job\n")
    for function in ("plain", "waits"):
        server = start(Kind(PY, name, ("h11",) * (name == "asyncio")), task=f"{tmp_path}/own.py:{function}")
        try:
            status, body = server.get("/work?job=2")
            assert status == 200 and (int(body) == 14 if function == "plain" else 0 < int(body) < 2**64)
            if function == "waits":
                assert server.get("/work?job=0") == (500, b"ZeroDivisionError: division by zero (line 5)\n")
            server.end()
        finally:
            server.kill()


@one_of_each_host
@pytest.mark.parametrize("words, status, said", [
    (("--model", "sail"), 2, "'sail' is unknown"),
    (("--model", "threads", "--workers", 2), 2, "--workers=2"),
    (("--model", "threads", "--delay", "soon"), 2, "--delay"),
    (("--model", "threads", "--listen", "here"), 2, "unix:PATH"),
    (("--model", "threads", "--task", "fetch", "--url", "http://127.0.0.1:1/"), 77, "asks for a url"),
])  # fmt: skip
def test_what_cannot_be_served(kind, words, status, said):
    words = [kind.name if word == "threads" else word for word in words]
    done = kind.host.call("serve", *(() if "--task" in words else ("--task", "null")), "--jobs", 4, *words, stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stdout) == (status, "") and said in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ("prefork", "gunicorn"))
def test_a_worker_that_does_not_open(tmp_path, name):
    look_for(PY, *(name,) * (name == "gunicorn"))
    task = python_task(PY, tmp_path, worker_open="raise ValueError('not today')")
    with subprocess.Popen([*PY.program, "serve", "--task", task, "--jobs", "4", "--model", name], cwd=ROOT, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:  # fmt: skip
        assert process.stdout.read() == "" and process.wait(SECONDS) == 1
        assert "ValueError: not today" in process.stderr.read()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.host is PY and kind.needs], ids=str)
def test_a_library_that_is_missing(kind):
    code = f"import sys; sys.modules[{kind.needs[-1]!r}] = None; from py_impl.host import main; sys.exit(main(sys.argv[1:]))"
    words = [sys.executable, "-s", "-E", "-c", code, "serve", "--task", "null", "--jobs", "4", "--model", kind.name]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stdout) == (77, "") and f"python3-{kind.needs[-1]}" in done.stderr


@one_of_each_host
def test_nginx_in_front(kind):
    look_for(kind.host, *kind.needs)
    server = Served([sys.executable, "-s", "-E", "-m", "py_impl.serving.nginx", *kind.host.program], kind.host.faulty, "--model", kind.name)
    try:
        with closing(server.connect()) as connection:
            for job in range(4):
                connection.request("GET", f"/work?job={job}")
                reply = connection.getresponse()
                assert (reply.status, reply.read()) == (200, result(job)) and reply.getheader("Server").startswith("nginx")
        assert server.said["libraries"]["nginx"] and len(server.pids) >= 3
        assert server.end()["requests"] == 4
    finally:
        server.kill()


def test_every_server_is_listed():
    for host in HOSTS:
        names = [row["name"] for row in host.listing("--task", "null").get("servers", ())]
        assert {kind.name for kind in KINDS if kind.host is host} <= set(names)
