# SPDX-License-Identifier: MIT
"""Services that a run starts for the cells that need them, or is given, with the fake hosts of tests/test_driver.py, whose
knob `store` needs some: what is started, recorded and left."""

import glob
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import pytest

from driver import Run
from test_clusters import launcher  # noqa: F401
from test_driver import mine, wait_until
from test_resume import resume

needs_redis = pytest.mark.skipif(shutil.which("redis-server") is None, reason="an optional library is missing: redis-server")
HAS_POSTGRESQL = bool(glob.glob("/usr/lib/postgresql/*/bin/postgres")) or shutil.which("postgres") is not None
needs_postgresql = pytest.mark.skipif(not HAS_POSTGRESQL, reason="an optional library is missing: postgresql")
SMALL = ("--task", "null", "--runtime", "c", "--model", "sync,threads", "--rounds", 1)


@pytest.fixture(autouse=True)
def with_store(monkeypatch):
    monkeypatch.setenv("FAKE_STORE", "1")


def reasons(checkout):
    """Of the cells that cannot run: model to reason."""
    cells = checkout.plan()["cells"]
    return {cells[s["cell"]]["model"]: s["reason"] for s in checkout.samples() if s["status"] == "impossible"}


def machine(checkout):
    return json.loads((checkout.folders()[0] / "machine.json").read_text())


def fake_server(folder, script):
    """A redis-server that does what the script says, first on PATH."""
    folder.mkdir()
    (folder / "redis-server").write_text("#!/bin/sh\n" + script)
    (folder / "redis-server").chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


@needs_redis
def test_what_a_cell_needs_is_started_once_and_ends_with_the_run(checkout, tmp_path):
    words = tmp_path / "words"
    checkout.good(*SMALL, "--store", "none,redis,redis-aof", FAKE_WORDS=words)
    samples, cells = checkout.samples(), checkout.plan()["cells"]
    assert all(s["status"] == "ok" for s in samples)
    for sample in samples:
        stored = "redis" in cells[sample["cell"]]["model"]
        assert ("services" in sample) == stored
        assert not stored or (sample["services"]["cpu_ns"] >= 0 and sample["services"]["peak_bytes"] > 1 << 20)
    started = [line for line in map(json.loads, words.read_text().splitlines()) if "run" in line]
    urls = {line[line.index("--service") + 1] for line in started if "--service" in line}
    assert {url.partition("=unix:///")[0] for url in urls} == {"redis", "redis-aof"} and len(urls) == 2
    assert all(("--service" in line) == ("--store" in line) for line in started)
    services = machine(checkout)["services"]
    assert services["redis"]["version"].count(".") >= 1 and "--appendonly no" in services["redis"]["command"]
    assert services["redis-aof"]["folder_in"] == "/var/tmp" and "folder_in" not in services["redis"]
    folders = [os.path.dirname(url.partition("=unix://")[2]) for url in urls]
    assert not [f for f in folders if os.path.exists(f)] and not mine(str(checkout.root))
    summary = json.loads((checkout.folders()[0] / "summary.json").read_text())
    assert [c for c in summary["cells"] if c["model"] == "threads+redis"][0]["service_peak_bytes"] > 1 << 20


@needs_postgresql
def test_postgresql_with_what_all_its_processes_used(checkout, tmp_path):
    checkout.good(*SMALL[:-1], 2, "--store", "none,postgresql", FAKE_WORDS=tmp_path / "words")
    samples, cells = checkout.samples(), checkout.plan()["cells"]
    assert [s["reason"] for s in samples if s["status"] != "ok"] == []
    used = [s["services"] for s in samples if "postgresql" in cells[s["cell"]]["model"]]
    assert all(u["cpu_ns"] > 0 and u["wait_ns"] is None and u["peak_bytes"] > 1 << 20 and u["cpus"] >= 1 for u in used) and used
    service = machine(checkout)["services"]["postgresql"]
    assert int(service["version"].split(".")[0]) >= 10 and service["listens"] == "Unix socket"
    assert "fsync=off" in service["settings"].split() and "max_connections=" in service["settings"]
    words = (tmp_path / "words").read_text()
    (folder,) = set(re.findall("postgresql=postgresql:///postgres\\?host=([^&]*)/data&user=postgres", words))
    assert not os.path.exists(folder) and not mine(str(checkout.root))


def segments(pids):
    """Shared memory that these have made."""
    rows = [line.split() for line in open("/proc/sysvipc/shm")][1:]
    return [row for row in rows if int(row[4]) in pids]


def test_nothing_is_started_for_a_run_that_needs_none(checkout, tmp_path):
    checkout.good(*SMALL, **fake_server(tmp_path / "bin", f"touch {tmp_path}/started\n"))
    assert not (tmp_path / "started").exists() and "services" not in machine(checkout)


@pytest.mark.parametrize("script, reason", [
    (None, "redis-server is not installed (./scripts/setup.sh services)"),
    ("echo no room for it >log; exit 1", "redis ended at once: no room for it"),
    ("exec python3 -c \"import socket; s = socket.socket(socket.AF_UNIX); s.bind('redis.sock'); s.listen()\n"
     "while True: s.accept()[0].sendall(b'$20\\r\\nredis_version:5.0.14\\r\\n')\"", "redis: it is version 5.0.14, and 6.2 is needed"),
    ("exec python3 -c \"import socket; s = socket.socket(socket.AF_UNIX); s.bind('redis.sock'); s.listen()\n"
     "while True: s.accept()[0].sendall(b'-DENIED not you\\r\\n')\"", "redis: it says DENIED not you"),
])
def test_without_its_service_a_cell_has_the_reason(checkout, tmp_path, script, reason):
    env = fake_server(tmp_path / "bin", script or "")
    if script is None:
        env = {"PATH": str(tmp_path / "bin")}
        (tmp_path / "bin/redis-server").unlink()
        for name in ("hyperfine", "sh", "setpriv"):
            (tmp_path / "bin" / name).symlink_to(shutil.which(name))
    checkout.good(*SMALL, "--store", "none,redis", **env)
    assert reasons(checkout) == {"threads+redis": reason}
    assert not mine(str(checkout.root))


@pytest.mark.parametrize("script, reason", [
    ("echo 'initdb: error: no room' >&2; exit 1", "postgresql ended at once: initdb: error: no room"),
    ("mkdir -p data; mkfifo data/.s.PGSQL.5432; sleep 60", "postgresql: it is version 9.6.24, and 10 is needed"),
])
def test_postgresql_that_does_not_come_up_is_the_reason(checkout, script, reason):
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # as root nobody runs them
        for name, text in (("postgres", "exec sleep 60"), ("initdb", script), ("psql", "echo 9.6.24; echo fsync=on")):
            program = pathlib.Path(folder, name)
            program.write_text(f"#!/bin/sh\n{text}\n")
            program.chmod(0o755)
        checkout.good(*SMALL, "--store", "none,postgresql", PATH=f"{folder}:{os.environ['PATH']}")
    assert reasons(checkout) == {"threads+postgresql": reason}
    assert not mine(str(checkout.root))


def test_services_that_nobody_can_start(checkout):
    checkout.good(*SMALL, "--store", "none,dask,cupboard")
    assert reasons(checkout) == {"threads+dask": "nobody has named the service dask (--service dask=URL)",
                                 "threads+cupboard": "nobody knows how to start the service cupboard"}


def test_every_host_is_given_what_somebody_named(checkout, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as scheduler:
        url = f"tcp://127.0.0.1:{scheduler.getsockname()[1]}"
        checkout.good(*SMALL, "--dask-scheduler", url, FAKE_WORDS=tmp_path / "words")
    started = [line for line in map(json.loads, (tmp_path / "words").read_text().splitlines()) if "run" in line]
    assert started and all(f"dask={url}" in line for line in started)


def test_the_request_timeout_reaches_every_host(checkout, tmp_path):
    checkout.good(*SMALL, "--request-timeout", "7.5", FAKE_WORDS=tmp_path / "words")
    started = [line for line in map(json.loads, (tmp_path / "words").read_text().splitlines()) if "run" in line]
    assert started and all(line[line.index("--request-timeout") + 1] == "7.500" for line in started)
    assert checkout.plan()["request_timeout_s"] == 7.5


@pytest.mark.parametrize("words, said", [
    (("--redis", "redis://me:secret@127.0.0.1:1"), "--service redis: redis://me:***@127.0.0.1:1: Connection refused"),
    (("--redis", "127.0.0.1:6379"), "--service redis: it is no URL such as redis://host:6379 or unix:///path"),
    (("--redis", "http://127.0.0.1:6379"), "--service redis: it is no URL such as redis://host:6379 or unix:///path"),
    (("--dask-scheduler", "tcp://here:secret@there"), "--service dask: there is no host:port in the URL"),
    pytest.param(("--service", "postgresql=postgresql://me:secret@127.0.0.1:1/x"), "--service postgresql: connection to server at",
                 marks=needs_postgresql),
    (("--service", "postgresql=postgresql://a/b?password=secret"), "--service postgresql: a password stands behind the user"),
    (("--service", "postgresql=tcp://a:1"), "--service postgresql: it is no URL such as postgresql://user@host:5432/database"),
    (("--service", "redis"), "--service redis: NAME=URL is needed"),
    (("--service", "cupboard=tcp://a:1"), "--service cupboard: NAME=URL is needed, of redis, redis-aof, dask or postgresql"),
    (("--redis", f"unix:///{'x' * 120}"), "--service redis: a socket's path is absolute and has at most 107 bytes"),
])
def test_one_that_is_not_there_is_refused_before_the_run(checkout, words, said):
    done = checkout.run(*SMALL, *words)
    assert done.returncode == 2 and said in done.stderr and "secret" not in done.stderr
    assert not checkout.folders()


@needs_redis
def test_somebody_elses_is_used_and_its_password_kept_nowhere(checkout, tmp_path):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    server = subprocess.Popen(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--requirepass", "secret"],
                              stdout=subprocess.DEVNULL, cwd=tmp_path)
    try:
        wait_until(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0, 20, "the server listens")
        wrong = checkout.run(*SMALL, "--redis", f"redis://:other@127.0.0.1:{port}")
        assert wrong.returncode == 2 and "it says WRONGPASS" in wrong.stderr and "other" not in wrong.stderr
        refused = checkout.run(*SMALL, "--store", "redis", "--redis", f"redis://127.0.0.1:{port}")
        assert refused.returncode == 2 and "it says NOAUTH" in refused.stderr
        url = f"redis://:secret@127.0.0.1:{port}"
        unused = checkout.run(*SMALL, "--redis", url)
        assert unused.returncode == 2 and "--service redis: no cell of this run needs it" in unused.stderr
        checkout.good(*SMALL, "--store", "none,redis", "--redis", url)
        (folder,) = checkout.folders()
        assert checkout.plan()["services"] == {"redis": f"redis://:***@127.0.0.1:{port}"}
        assert machine(checkout)["services"]["redis"]["url"] == f"redis://:***@127.0.0.1:{port}"
        assert not [p for p in folder.rglob("*") if p.is_file() and b"secret" in p.read_bytes()]
        journal = folder / "samples.jsonl"
        journal.write_text("".join(journal.read_text().splitlines(keepends=True)[:-2]))
        assert "its password was not kept" in resume(checkout, folder).stderr
        assert resume(checkout, folder, "--redis", url).returncode == 0
    finally:
        server.kill()
        server.wait()


@needs_redis
def test_with_workers_on_other_hosts_it_listens_to_them(tmp_path, launcher):  # noqa: F811
    run = Run(tmp_path / "results", "--task", "null", "--runtime", "c", "--model", "process-pool", "--dispenser", "redis", "--rounds", 1,
              "--workers", 2, "--hosts", "127.0.0.2,127.0.0.3", "--launcher", launcher())
    service = run.json("machine")["services"]["redis"]
    assert service["listens"] == "TCP" and "password" not in json.dumps(service)
    assert [s["reason"] for s in run.samples if s["status"] != "ok"] == []
    assert any(s["nodes"]["127.0.0.3"]["jobs"] > 0 for s in run.samples if "nodes" in s)


@needs_redis
def test_a_resumed_run_starts_them_again(checkout):
    checkout.good(*SMALL, "--store", "redis")
    (folder,) = checkout.folders()
    journal = folder / "samples.jsonl"
    journal.write_text("".join(journal.read_text().splitlines(keepends=True)[:-1]))
    done = resume(checkout, folder)
    assert done.returncode == 0, done.stderr
    assert all(s["status"] == "ok" for s in checkout.samples()) and not mine(str(checkout.root))


def scratches(marker):
    """The scratch folders of the run's processes."""
    found = set()
    for pid, _ in mine(marker):
        try:
            words = open(f"/proc/{pid}/environ", "rb").read().split(b"\0")
        except OSError:
            continue
        found.update(w.partition(b"=")[2].decode() for w in words if w.startswith(b"COBENCH_SCRATCH="))
    return found


def servers(marker):
    return [pid for pid, words in mine(marker) if words[0].endswith((b"redis-server", b"postgres"))]


def inside(folder):
    """Processes that work in it; those of PostgreSQL write over their environment."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            found += [int(entry.name)] if os.readlink(entry / "cwd").startswith(folder) else []
        except OSError:
            continue
    return found


@needs_redis
@needs_postgresql
@pytest.mark.parametrize("ends_by, served", [(signal.SIGINT, 3), (signal.SIGTERM, 2), (signal.SIGKILL, 3), (signal.SIGKILL, 2), (signal.SIGKILL, 0)])
def test_however_the_driver_ends_nothing_is_left(checkout, ends_by, served):
    """Once so many services run, and any instant later."""
    process = checkout.start("--quiet", *SMALL[:-1], 1000, "--store", "redis,redis-aof,postgresql")
    found = set()
    wait_until(lambda: found.update(scratches(str(checkout.root))) or found, 20, "it has started something")
    wait_until(lambda: len(servers(str(checkout.root))) >= served, 60, "services")
    pids = servers(str(checkout.root))
    time.sleep(random.uniform(0, 0.3))
    process.send_signal(ends_by)
    process.communicate(timeout=60)
    (scratch,) = found
    wait_until(lambda: not mine(str(checkout.root)), 20, "all has ended")
    folders = (scratch, f"{scratch}.redis", f"{scratch}.postgresql", f"/var/tmp/{os.path.basename(scratch)}.redis-aof")
    wait_until(lambda: not any(map(os.path.exists, folders)), 20, "its folders are gone")
    wait_until(lambda: not inside(scratch) and not segments(pids), 20, "all of PostgreSQL has ended")


@needs_redis
def test_killed_together_with_its_supervisor(checkout):
    """Then nobody is there to remove a folder on a disk, but the next run that makes one."""
    process = checkout.start("--quiet", *SMALL[:-1], 1000, "--store", "redis-aof")
    wait_until(lambda: servers(str(checkout.root)), 60, "the service runs")
    (folder,) = {os.readlink(f"/proc/{pid}/cwd") for pid in servers(str(checkout.root))}
    both: list[int] = []

    def are_alone() -> bool:
        """But for a child that has not become its command yet."""
        both[:] = [pid for pid, words in mine(str(checkout.root)) if words[0] == str(checkout.build / "cobench").encode()]
        return len(both) == 2

    wait_until(are_alone, 20, "driver and supervisor")
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in both:
            os.kill(pid, number)
    process.communicate(timeout=60)
    wait_until(lambda: not servers(str(checkout.root)), 20, "the service has ended")
    left = [folder, f"/dev/shm/{os.path.basename(folder).removesuffix('.redis-aof')}"]
    assert all(map(os.path.exists, left))
    for path in left:
        os.utime(path, (0, 0))
    shutil.rmtree(checkout.results, ignore_errors=True)
    checkout.good(*SMALL, "--store", "redis-aof")
    assert not any(map(os.path.exists, left))


@needs_redis
def test_one_that_ends_by_itself_stops_the_run(checkout):
    process = checkout.start("--quiet", *SMALL[:-1], 1000, "--store", "redis")
    wait_until(lambda: checkout.folders() and checkout.journal_text().count("\n") > 5, 60, "rounds")
    (server,) = servers(str(checkout.root))
    os.kill(server, signal.SIGKILL)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 1 and "redis has ended by itself" in said and "--resume" in said


def test_a_folder_without_suites_is_named(checkout):
    shutil.rmtree(checkout.root / "bench/suites")
    done = checkout.run()
    assert done.returncode == 2 and f"there are no suites in {checkout.root}/bench/suites" in done.stderr
