# SPDX-License-Identifier: MIT
"""The origin: its bodies against an independent implementation, its delays, its faults, and how it ends."""

import contextlib
import http.client
import json
import os
import re
import resource
import select
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hosts import BUILD
from lag import Lag
from origin_stub import body_of, page_of, splitmix64

PROGRAM = BUILD / "cobench-origin"
REQUEST = b"GET /body/1?size=6&delay=20 HTTP/1.1\r\nHost: x\r\n\r\n"


@dataclass(frozen=True)
class Origin:
    process: subprocess.Popen[bytes]
    template: str
    port: int

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def get(self, path: str) -> tuple[int, bytes]:
        with contextlib.closing(self.connect()) as connection:
            connection.request("GET", path)
            reply = connection.getresponse()
            return reply.status, reply.read()

    def stat(self) -> dict[str, int]:
        status, body = self.get("/stat")
        assert status == 200
        return json.loads(body)

    def raw(self, data: bytes) -> bytes:
        """Sends the bytes and returns all that comes until the origin closes or falls silent for a second."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=1) as sock:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                sock.sendall(data)
            got = b""
            with contextlib.suppress(TimeoutError, ConnectionResetError):
                while piece := sock.recv(65536):
                    got += piece
            return got


def start(*arguments: str) -> Origin:
    process = subprocess.Popen([PROGRAM, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    template = process.stdout.readline().decode().rstrip("\n")
    match = re.fullmatch(r"http://127\.0\.0\.1:(\d+)/body/\{job\}\?size=\{size\}&delay=\{delay\}", template)
    assert match, template
    return Origin(process, template, int(match[1]))


@pytest.fixture
def origin() -> Iterator[Origin]:
    server = start()
    try:
        yield server
        assert server.process.poll() is None, "the origin died during the test"
    finally:
        server.process.kill()
        server.process.communicate()


# -- bodies -----------------------------------------------------------------------------------------------------------

def test_vectors() -> None:
    """A fixed point outside both implementations: the published first outputs of SplitMix64 for seed 0."""
    assert splitmix64(0) == 0xE220A8397B1DCDAF
    assert body_of(0, 8) == bytes.fromhex("afcd1d7b39a820e2")


@pytest.mark.parametrize("job", [0, 1, 7, 123456, 99_999_999, 4294967295])
@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 1024, 100_001])
def test_body(origin: Origin, job: int, size: int) -> None:
    assert origin.get(f"/body/{job}?size={size}&delay=0") == (200, body_of(job, size))


def test_largest_body(origin: Origin) -> None:
    status, body = origin.get("/body/3?size=16777216")
    assert (status, len(body)) == (200, 16777216)
    assert body[:4096] == body_of(3, 4096)
    assert body[-8:] == splitmix64((3 << 32) + 16777216 // 8 - 1).to_bytes(8, "little")


def test_defaults_and_template(origin: Origin) -> None:
    assert origin.get("/body/5") == (200, body_of(5, 1024))
    path = origin.template.partition(str(origin.port))[2].format(job=9, size=33, delay=1)
    assert origin.get(path) == (200, body_of(9, 33))


@pytest.mark.parametrize("job, items, links", [(7, 3, 2), (0, 0, 0), (4294967295, 1, 5), (2, 3000, 1)])
def test_page(origin: Origin, job: int, items: int, links: int) -> None:
    status, body = origin.get(f"/page/{job}?items={items}&links={links}&delay=1")
    assert (status, body.decode()) == (200, page_of(job, items, links, 1))


# -- delays -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("delay", [1, 2, 10, 50, 150, 1100])
def test_delay(origin: Origin, delay: int) -> None:
    """Never early. How late the best of a few was is the origin's share; the others may be the machine's."""
    waits = []
    with contextlib.closing(origin.connect()) as connection:
        connection.request("GET", "/body/0?size=1")
        connection.getresponse().read()
        for _ in range(3 if delay > 1000 else 10):
            begin = time.monotonic()
            connection.request("GET", f"/body/0?size=8&delay={delay}")
            assert connection.getresponse().read() == body_of(0, 8)
            waits.append((time.monotonic() - begin) * 1000)
    assert min(waits) >= delay
    assert min(waits) < delay + 5


def test_delays_do_not_queue(origin: Origin) -> None:
    with contextlib.ExitStack() as stack:
        long, short = (stack.enter_context(contextlib.closing(origin.connect())) for _ in range(2))
        long.request("GET", "/body/1?size=8&delay=1500")
        short.request("GET", "/body/2?size=8&delay=10")
        assert short.getresponse().read() == body_of(2, 8)
        assert select.select([long.sock], [], [], 0)[0] == []
        assert long.getresponse().read() == body_of(1, 8)


# -- connections ------------------------------------------------------------------------------------------------------

def test_keep_alive(origin: Origin) -> None:
    before = origin.stat()
    with contextlib.closing(origin.connect()) as connection:
        for job in range(50):
            connection.request("GET", f"/body/{job}?size=64&delay={job % 2}")
            reply = connection.getresponse()
            assert (reply.status, reply.read()) == (200, body_of(job, 64))
            assert connection.sock is not None, "the origin closed a connection that was to be kept"
        after = origin.stat()
    assert after["requests"] == before["requests"] + 51
    assert after["open_connections"] == 2  # the kept one and that of the question itself
    assert after["cpu_ns"] > before["cpu_ns"] > 0


def test_pipelined_requests(origin: Origin) -> None:
    one = b"GET /body/%d?size=8&delay=5 HTTP/1.1\r\nHost: x\r\n\r\n"
    last = b"GET /body/3?size=8&delay=5 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    got = origin.raw(one % 1 + one % 2 + last)
    assert got.count(b"HTTP/1.1 200 OK") == 3
    positions = [got.find(body_of(job, 8)) for job in (1, 2, 3)]
    assert -1 not in positions and positions == sorted(positions)


def test_many_connections(origin: Origin) -> None:
    count = 2000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < count + 100:
        pytest.skip(f"the open-file limit of {hard} is too low for {count} connections")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    socks = []
    try:
        for job in range(count):
            sock = socket.create_connection(("127.0.0.1", origin.port), timeout=20)
            socks.append(sock)
            line = f"GET /body/{job}?size=32&delay=500 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            sock.sendall(line.encode())
        for job, sock in enumerate(socks):
            head, _, body = b"".join(iter(lambda: sock.recv(65536), b"")).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 "), head
            assert body == body_of(job, 32)
    finally:
        for sock in socks:
            sock.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert origin.stat()["requests"] == count + 1


def test_no_delay_is_early_under_load(origin: Origin) -> None:
    """Many at once fill rounds of the event loop; a delay must not count from the round's beginning."""
    socks = [socket.create_connection(("127.0.0.1", origin.port), timeout=20) for _ in range(300)]
    chooser = selectors.DefaultSelector()
    sent: dict[socket.socket, float] = {}
    waits: list[float] = []
    for sock in socks:
        chooser.register(sock, selectors.EVENT_READ)
        sent[sock] = time.monotonic()
        sock.sendall(REQUEST)
    while len(waits) < 5000:
        for key, _ in chooser.select(timeout=20):
            sock = key.fileobj
            assert isinstance(sock, socket.socket) and sock.recv(4096).endswith(body_of(1, 6))
            waits.append((time.monotonic() - sent[sock]) * 1000)
            sent[sock] = time.monotonic()
            sock.sendall(REQUEST)
    chooser.close()
    for sock in socks:
        sock.close()
    assert min(waits) >= 20


def cpu_s(process: subprocess.Popen[bytes]) -> float:
    ticks = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def test_out_of_descriptors() -> None:
    """It serves those it has, does not spin on those it cannot take, and takes them when it can."""
    process = subprocess.Popen(["/bin/sh", "-c", 'ulimit -n 40 && exec "$0"', PROGRAM],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    port = int(process.stdout.readline().split(b":")[2].split(b"/")[0])
    socks = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(60)]
    before = cpu_s(process)
    for sock in (socks[0], socks[-1]):
        sock.sendall(REQUEST)
    assert socks[0].recv(4096).endswith(body_of(1, 6))
    assert select.select([socks[-1]], [], [], 0.5)[0] == []
    assert cpu_s(process) - before < 0.25
    for sock in socks[:-1]:
        sock.close()
    assert socks[-1].recv(4096).endswith(body_of(1, 6))
    socks[-1].close()
    process.communicate(timeout=5)
    assert process.returncode == 0


# -- faults -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("status", [404, 500, 503])
def test_status(origin: Origin, status: int) -> None:
    assert origin.get(f"/body/1?size=10&status={status}&delay=2") == (status, body_of(1, 10))


@pytest.mark.parametrize("short", [0, 1, 999])
def test_short_body(origin: Origin, short: int) -> None:
    with contextlib.closing(origin.connect()) as connection:
        connection.request("GET", f"/body/1?size=1000&short={short}")
        reply = connection.getresponse()
        assert reply.getheader("Content-Length") == "1000"
        with pytest.raises(http.client.IncompleteRead) as caught:
            reply.read()
        assert caught.value.partial == body_of(1, 1000)[:short]


def open_settles(origin: Origin, want: int) -> bool:
    """Whether the origin comes to see `want` open connections, the question's own included."""
    end = time.monotonic() + 20
    while origin.stat()["open_connections"] != want:
        if time.monotonic() > end:
            return False
    return True


@pytest.mark.parametrize("query", ["stall=1", "delay=3600000"])
def test_stall_and_a_client_that_leaves(origin: Origin, query: str) -> None:
    with socket.create_connection(("127.0.0.1", origin.port)) as sock:
        sock.sendall(f"GET /body/1?{query} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert open_settles(origin, 2)
        assert select.select([sock], [], [], 0.3)[0] == []
    assert open_settles(origin, 1), "the origin keeps a connection nobody is at"


def test_a_pause_holds_up_everybody(origin: Origin) -> None:
    """A request that waits for its delay is answered only when the pause of another one, sent later, is over."""
    with contextlib.closing(origin.connect()) as waits, contextlib.closing(origin.connect()) as pauses:
        waits.request("GET", "/body/8?size=6&delay=1000")
        stats, begun = 1, time.monotonic()
        while origin.stat()["requests"] == stats and time.monotonic() - begun < 10:  # until one was none of ours
            stats += 1
        sent = time.monotonic()
        pauses.request("GET", "/body/7?size=6&pause=1500&at=7")
        assert waits.getresponse().read() == body_of(8, 6)
        assert time.monotonic() - sent >= 1.5
        assert pauses.getresponse().read() == body_of(7, 6)


def test_a_pause_is_for_its_job_only(origin: Origin) -> None:
    with contextlib.closing(origin.connect()) as connection:
        for job in range(20):
            connection.request("GET", f"/body/{job}?size=6&pause=60000&at=20")
            assert connection.getresponse().read() == body_of(job, 6)


def test_client_that_leaves_before_its_reply(origin: Origin) -> None:
    for job in range(20):
        with socket.create_connection(("127.0.0.1", origin.port)) as sock:
            sock.sendall(f"GET /body/{job}?size=1000000&delay=20 HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert open_settles(origin, 1)


@pytest.mark.parametrize("path, status, says", [
    ("/", 200, b"cobench-origin"),
    ("/nothing", 404, b"/body/JOB"),
    ("/body", 404, b"/body/JOB"),
    ("/body/", 400, b"job"),
    ("/body/x", 400, b"job"),
    ("/body/-1", 400, b"job"),
    ("/body/4294967296", 400, b"job"),
    ("/body/1/2", 400, b"job"),
    ("/body/1?size=", 400, b"size must be"),
    ("/body/1?size=12x", 400, b"size must be"),
    ("/body/1?size=16777217", 400, b"size must be"),
    ("/body/1?size=99999999999999999999", 400, b"size must be"),
    ("/body/1?delay=-1", 400, b"delay must be"),
    ("/body/1?delay=3600001", 400, b"delay must be"),
    ("/body/1?delay=0.5", 400, b"delay must be"),
    ("/body/1?size=1&size=1", 400, b"twice"),
    ("/body/1?sise=1", 400, b"'sise' is no"),
    ("/body/1?size", 400, b"'size' is no"),
    ("/body/1?size=10&short=10", 400, b"short must be less"),
    ("/body/1?status=99", 400, b"status must be"),
    ("/body/1?stall=2", 400, b"stall must be"),
    ("/body/1?pause=60001", 400, b"pause must be"),
    ("/body/1?pause=1&at=-1", 400, b"at must be"),
    ("/body/1?size=1%00", 400, b"size must be"),
    ("/body/1?" + "a" * 300, 400, b"longer"),
])  # fmt: skip
def test_path(origin: Origin, path: str, status: int, says: bytes) -> None:
    got = origin.get(path)
    assert got[0] == status
    assert says in got[1]


@pytest.mark.parametrize("data", [
    b"\r\n\r\n",
    b"garbage\r\n\r\n",
    b"\x00\xff\xfe" * 1000 + b"\r\n\r\n",
    b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET http://[::1 HTTP/1.1\r\n\r\n",
    b"GET /body/1?size=1 HTTP/1.1\r\nno colon here\r\n\r\n",
    b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"X: " + b"y" * 100_000 + b"\r\n\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: 100000\r\n\r\n" + b"z" * 100_000,
    b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
    b"GET / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n",
    b"CONNECT 127.0.0.1:1 HTTP/1.1\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nConnection: close\r\n\r\n",
], ids=lambda data: data[:24].decode("latin-1").encode("unicode_escape").decode())  # fmt: skip
def test_malformed_requests_do_no_harm(origin: Origin, data: bytes) -> None:
    got = origin.raw(data)
    assert got == b"" or got.startswith(b"HTTP/1.")
    assert origin.get("/body/2?size=9") == (200, body_of(2, 9))


# -- beginning and end ------------------------------------------------------------------------------------------------

def test_loopback_only(origin: Origin) -> None:
    assert Path("/proc/net/tcp").exists()
    listening = [line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:] if line.split()[3] == "0A"]
    mine = [where for where in listening if where.endswith(f":{origin.port:04X}")]
    assert mine == [f"0100007F:{origin.port:04X}"]


def ends_within(server: Origin, seconds: float) -> int:
    with Lag() as lag:
        status = server.process.wait(timeout=20)
        assert lag.within(seconds)
    return status


@pytest.mark.parametrize("busy", [False, True])
def test_ends_with_its_input(busy: bool) -> None:
    server = start()
    socks = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(50 if busy else 0)]
    for sock in socks:
        sock.sendall(b"GET /body/1?delay=60000 HTTP/1.1\r\nHost: x\r\n\r\n")
    assert server.process.stdin is not None
    server.process.stdin.write(b"lines on its input are not its end\n" * 500)
    server.process.stdin.flush()
    assert server.get("/")[0] == 200
    server.process.stdin.close()
    assert ends_within(server, 1) == 0
    for sock in socks:
        sock.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ends_by_signal(number: signal.Signals) -> None:
    server = start()
    server.process.send_signal(number)
    assert ends_within(server, 1) == 0
    server.process.communicate()


def test_ends_with_a_killed_parent() -> None:
    """The pipe is what ties it to its parent, so SIGKILL, which lets nobody tidy up, ends it too."""
    script = "import subprocess,sys,time\n" \
             "p=subprocess.Popen([sys.argv[1]],stdin=subprocess.PIPE)\nprint(p.pid,flush=True)\ntime.sleep(60)\n"
    with subprocess.Popen([sys.executable, "-c", script, PROGRAM], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        lines = {parent.stdout.readline(), parent.stdout.readline()}
        child = next(int(line) for line in lines if line.strip().isdigit())
        watch = os.pidfd_open(child)
        parent.kill()
        assert select.select([watch], [], [], 1)[0] == [watch]
        os.close(watch)


def run(*arguments: str, stdin: int = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    return subprocess.run([PROGRAM, *arguments], stdin=stdin, capture_output=True, text=True, timeout=10, check=False)


def test_port_in_use(origin: Origin) -> None:
    done = run("--port", str(origin.port))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"cobench-origin: cannot listen on 127.0.0.1:{origin.port}: Address already in use\n"


def test_port_given() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = start("--port", str(port))
    assert server.port == port
    server.process.communicate(timeout=5)
    assert server.process.returncode == 0


@pytest.mark.parametrize("arguments", [["--port", "x"], ["--port", "65536"], ["--port=-1"], ["extra"]])
def test_usage(arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert f"'{arguments[-1].rpartition('=')[2]}'" in done.stderr


def test_input_that_has_ended() -> None:
    done = run(stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("cobench-origin: standard input has ended already")


def test_help() -> None:
    done = run("--help")
    assert done.returncode == 0 and done.stdout == run("-h").stdout
    assert all(word in done.stdout for word in ("--port", "/body/JOB", "status=", "short=", "stall=1", "pause=MS", "at=JOB", "/stat"))
