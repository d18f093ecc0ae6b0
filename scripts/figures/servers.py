# SPDX-License-Identifier: MIT
"""The servers the figures need, nginx and cobench's own origin, and two ways to put load on them."""

from __future__ import annotations

import http.client
import json
import os
import re
import resource
import selectors
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

MODULE = "ngx_http_echo_module.so"
MODULE_FOLDERS = [Path("/usr/lib/nginx/modules"), Path("/usr/lib64/nginx/modules"), Path("/usr/share/nginx/modules")]

# One worker, as the origin is one process; connections are never closed for having served enough.
NGINX_CONFIG = """\
load_module "{module}";
daemon off;
worker_processes 1;
worker_rlimit_nofile {descriptors};
pid pid;
error_log stderr crit;
events {{ worker_connections 20000; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{ {sleep} echo "hello"; }}
    }}
}}
"""


class Missing(Exception):
    """Something that has to be installed first."""


class Failed(Exception):
    """A measurement that did not go as it has to."""


def program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        raise Missing(f"{name} is not installed (./scripts/setup.sh figures installs it)")
    return found


def descriptors_raise(need: int) -> int:
    """Raises the soft open-file limit to the hard one, for this process and what it starts."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < need:
        raise Missing(f"the open-file limit is {hard}, and {need} are needed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError as error:
            if process.poll() is not None or time.monotonic() > end:
                raise Failed(f"the server on port {port} does not answer: {error}") from error
            time.sleep(0.01)


@dataclass(frozen=True)
class Nginx:
    url: str
    pid: int

    def cpu_ns(self) -> int:
        """CPU time of its workers so far, each of one thread."""
        workers = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return sum(int(Path(f"/proc/{worker}/schedstat").read_text().split()[0]) for worker in workers)


@contextmanager
def nginx(delay_ms: int) -> Iterator[Nginx]:
    """nginx with its echo module on a free port; its URL answers "hello" after the delay."""
    module = next((folder / MODULE for folder in MODULE_FOLDERS if (folder / MODULE).exists()), None)
    if module is None:
        raise Missing("nginx's echo module is not installed (./scripts/setup.sh figures installs it)")
    executable = program("nginx")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="cobench-nginx-") as folder:
        config = Path(folder, "nginx.conf")
        sleep = f"echo_sleep {delay_ms / 1000};" if delay_ms else ""
        config.write_text(NGINX_CONFIG.format(module=module, port=port, sleep=sleep, descriptors=descriptors_raise(2048)))
        process = subprocess.Popen([executable, "-p", folder, "-c", str(config)], stdin=subprocess.DEVNULL)
        try:
            wait_for(port, process)
            yield Nginx(f"http://127.0.0.1:{port}/", process.pid)
        finally:
            process.terminate()
            process.wait()


@contextmanager
def redis() -> Iterator[Path]:
    """A Redis server that keeps nothing on disk; its Unix socket."""
    executable = program("redis-server")
    with tempfile.TemporaryDirectory(prefix="cobench-redis-") as folder:
        path = Path(folder, "redis.sock")
        process = subprocess.Popen([executable, "--port", "0", "--unixsocket", path, "--save", "", "--appendonly", "no", "--dir",
                                    folder], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            end = time.monotonic() + 10
            while not path.exists():
                if process.poll() is not None or time.monotonic() > end:
                    raise Failed("redis-server does not come up")
                time.sleep(0.01)
            yield path
        finally:
            process.terminate()
            process.wait()


# As a run starts it (bench/run/services.c): as nobody where this is root, whom initdb refuses, and with no shared memory that outlives it.
POSTGRESQL_SCRIPT = """\
if [ $(id -u) = 0 ]; then as='--reuid nobody --regid nogroup --clear-groups' apart='unshare --ipc'; chmod 711 .; mkdir data; chown nobody data
else as= apart='unshare --user --map-current-user --ipc'; mkdir data; fi
$apart setpriv $as "$0/initdb" -D data -U postgres -A trust -E UTF8 --no-locale --no-sync --wal-segsize=1 || exit
exec $apart setpriv $as "$0/postgres" -D data -h '' -F -c autovacuum=off -c wal_level=minimal -c max_wal_senders=0 \
    -c max_wal_size=64 -c dynamic_shared_memory_type=mmap -N 100 -k "$PWD/data"
"""


@dataclass(frozen=True)
class Postgresql:
    url: str
    bin: Path

    def pgbench(self, clients: int, transactions: int) -> float:
        """Transactions a second of a select-only script on the table of the task query, prepared as cobench does."""
        words = ["-n", "-f", "-", "-M", "prepared", "-c", str(clients), "-j", str(min(clients, 2)), "-t", str(transactions // clients)]
        script = "\\set id random(0, 9999)\nSELECT value FROM cobench.query_10000 WHERE id = :id;\n"
        done = subprocess.run([self.bin / "pgbench", *words, self.url], input=script, capture_output=True, text=True, timeout=120, check=True)
        rate = re.search(r"^tps = ([0-9.]+) \(without", done.stdout, re.MULTILINE)
        if rate is None:
            raise Failed(f"pgbench: {done.stdout.strip()}")
        return float(rate[1])


@contextmanager
def postgresql() -> Iterator[Postgresql]:
    """A PostgreSQL server in memory where that is possible, on a Unix socket."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: float(path.parts[-3]))
    if not found:
        raise Missing("PostgreSQL is not installed (./scripts/setup.sh figures installs it)")
    shm = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="cobench-postgresql-", dir=shm if os.access(shm, os.W_OK) else None) as folder:
        log = Path(folder, "log")
        with log.open("w") as printed:
            process = subprocess.Popen(["sh", "-c", POSTGRESQL_SCRIPT, found[-1].parent], cwd=folder, stdin=subprocess.DEVNULL,
                                       stdout=printed, stderr=printed)
        try:
            end = time.monotonic() + 30
            while "ready to accept connections" not in log.read_text():
                if process.poll() is not None or time.monotonic() > end:
                    raise Failed(f"PostgreSQL does not come up: {log.read_text().strip()[-200:]}")
                time.sleep(0.01)
            yield Postgresql(f"postgresql:///postgres?host={folder}/data&user=postgres", found[-1].parent)
        finally:
            process.send_signal(signal.SIGINT)  # a fast shutdown
            process.wait()


def redis_benchmark(socket: Path, requests: int, connections: int, size: int) -> float:
    """GETs a second of values that are there, one at a time on each connection."""
    words = [program("redis-benchmark"), "-s", socket, "-r", "1000", "-d", str(size), "-q", "--csv"]
    subprocess.run([*words, "-n", "20000", "-t", "set"], capture_output=True, timeout=60, check=True)
    done = subprocess.run([*words, "-n", str(requests), "-c", str(connections), "-t", "get"], capture_output=True, text=True, timeout=60,
                          check=True)
    rate = re.search(r'^"GET","([0-9.]+)"', done.stdout, re.MULTILINE)
    if rate is None:
        raise Failed(f"redis-benchmark: {done.stdout.strip()}")
    return float(rate[1])


def fio(file: Path, engine: str, depth: int, jobs: int, seconds: int) -> float:
    """Random reads of 4 KB a second, past the page cache."""
    words = [program("fio"), "--name=read", f"--filename={file}", "--readonly", "--rw=randread", "--bs=4k", "--direct=1",
             f"--ioengine={engine}", f"--iodepth={depth}", f"--numjobs={jobs}", "--group_reporting", "--thread", "--time_based",
             f"--runtime={seconds}", "--output-format=json"]  # fmt: skip
    done = subprocess.run(words, capture_output=True, text=True, timeout=seconds + 60, check=False)
    if done.returncode != 0:
        raise Failed(f"fio: {(done.stderr or done.stdout).strip()[-200:]}")
    return float(json.loads(done.stdout[done.stdout.index("{") :])["jobs"][0]["read"]["iops"])


def redis_memory(socket: Path) -> str:
    """The most that it has had in use, in its own words."""
    told = subprocess.run([program("redis-cli"), "-s", socket, "INFO", "memory"], capture_output=True, text=True, timeout=10, check=True)
    return next(line.partition(":")[2] for line in told.stdout.splitlines() if line.startswith("used_memory_peak_human:"))


@dataclass(frozen=True)
class Origin:
    template: str
    port: int

    def url(self, job: int, size: int, delay: int) -> str:
        return self.template.format(job=job, size=size, delay=delay)

    def stat(self) -> dict[str, int]:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            connection.request("GET", "/stat")
            return json.loads(connection.getresponse().read())


@contextmanager
def origin(build: Path) -> Iterator[Origin]:
    process = subprocess.Popen([build / "cobench-origin"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        template = process.stdout.readline().decode().strip()
        match = re.match(r"http://127\.0\.0\.1:(\d+)/", template)
        if match is None:
            raise Failed("cobench-origin did not start")
        yield Origin(template, int(match[1]))
    finally:
        process.communicate()  # closes its standard input, which ends it


@contextmanager
def serve(host: Sequence[str | Path], *words: str) -> Iterator[str]:
    """A host that serves (docs/interfaces.md); where it answers for job 0."""
    root = Path(__file__).resolve().parent.parent.parent
    with tempfile.TemporaryFile() as said:  # a pipe that nobody reads would stop a server that complains
        process = subprocess.Popen([*host, "serve", *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, cwd=root)
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                said.seek(0)
                why = said.read().decode().strip()
                raise (Missing if process.wait() == 77 else Failed)(why or "the server did not start")
            yield f"http://127.0.0.1:{json.loads(line)['port']}/work?job=0"
        finally:
            process.communicate()  # closes its standard input, which ends it


def wrk(url: str, connections: int, seconds: int) -> float:
    """Requests a second. wrk counts failures but does not fail; here they do."""
    command = [program("wrk"), "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", url]
    text = subprocess.run(command, check=True, capture_output=True, text=True, timeout=seconds + 60).stdout
    rate = re.search(r"^Requests/sec:\s*([0-9.]+)", text, re.MULTILINE)
    errors = re.search(r"^\s*(Socket errors|Non-2xx).*", text, re.MULTILINE)
    if rate is None or float(rate[1]) == 0 or errors is not None:
        raise Failed(f"wrk on {url}: {errors[0].strip() if errors else text.strip()}")
    return float(rate[1])


@dataclass(frozen=True)
class Hold:
    connections: int  # the most the origin saw open at once
    good: int  # right answers
    latest_ms: float  # the last answer, after the last request


def hold(server: Origin, count: int, delay_ms: int) -> Hold:
    """Opens `count` connections, has an answer pending on all of them at once, and reads them all."""
    descriptors_raise(count + 100)
    chooser = selectors.EpollSelector()
    socks: list[socket.socket] = []
    replies: dict[socket.socket, bytes] = {}
    try:
        for _ in range(count):
            socks.append(socket.create_connection(("127.0.0.1", server.port), timeout=30))
        request = f"GET /body/1?size=8&delay={delay_ms} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
        for sock in socks:
            sock.sendall(request)
            chooser.register(sock, selectors.EVENT_READ)
        sent = time.monotonic()
        seen = server.stat()["open_connections"] - 1
        while chooser.get_map() and time.monotonic() < sent + delay_ms / 1000 + 30:
            for key, _ in chooser.select(timeout=1):
                piece = key.fileobj.recv(4096)  # type: ignore[union-attr]
                replies[key.fileobj] = replies.get(key.fileobj, b"") + piece  # type: ignore[index]
                if not piece:
                    chooser.unregister(key.fileobj)
        latest = (time.monotonic() - sent) * 1000
    finally:
        chooser.close()
        for sock in socks:
            sock.close()
    # What a body must be is for tests/test_origin.py; here all have to be alike.
    first = next((reply.partition(b"\r\n\r\n")[2] for reply in replies.values()), b"")
    good = sum(reply.startswith(b"HTTP/1.1 200 ") and len(first) == 8 and reply.endswith(first) for reply in replies.values())
    return Hold(seen, good, latest)
