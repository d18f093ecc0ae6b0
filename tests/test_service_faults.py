# SPDX-License-Identifier: MIT
"""What services do to those that wait for them: they restart, crash, stand still, refuse or are full in the middle of a run. The
jobs that it costs are named, the others are right, and the run ends."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from driver import Run
from hosts import C, PY, SECONDS, TASKS, TEST_TASKS, Outcome, children_of, outcome, wait_until
from postgres_server import PostgresServer
from py_impl import slots
from redis_server import RedisServer

RATE, JOBS = 200, 400
LOST = {"ConnectionClosed", "ConnectionRefused"}  # what a job may be told of a service that is away
over_hosts = pytest.mark.parametrize("host, model", [(C, "thread-pool"), (C, "async"), (PY, "thread-pool"), (PY, "async")], ids=str)


class Postgres(PostgresServer):
    asks = ("--task", "query", "--set", "delay=0", "--set", "rows=100")

    def pids(self) -> list[int]:
        return [self.process.pid, *children_of(self.process.pid)]

    def restart(self) -> None:
        self.process.send_signal(signal.SIGQUIT)  # at once, as in a crash, but for its shared memory
        self.process.wait(20)
        self.start()

    def crash(self) -> None:
        """One of those that answer: PostgreSQL then ends them all and recovers."""
        mine = self.ask("SELECT pid FROM pg_stat_activity WHERE application_name = 'cobench' LIMIT 1")
        os.kill(int(mine), signal.SIGKILL)

    ends = (restart, crash)


class Redis(RedisServer):
    asks = ("--task", "incr", "--set", "keys=100")

    def restart(self) -> None:
        self.kill()
        time.sleep(0.1)
        self.start()

    ends = (restart,)

    def pids(self) -> list[int]:
        return [self.process.pid]

    def options(self) -> tuple[str, str]:
        return "--service", f"redis=unix://{self.socket}"


KINDS = {"postgresql": Postgres, "redis": Redis}


@pytest.fixture(scope="module", params=KINDS)
def service(request):
    pytest.importorskip("psycopg" if request.param == "postgresql" else "redis", reason="an optional library is missing: its client")
    server = KINDS[request.param]()
    yield server
    server.close()


def start_at_a_rate(service, host, model, folder):
    return host.start(folder, *service.asks, "--model", model, *service.options(), "--jobs", JOBS, "--workers", 8, "--rate", RATE)


def done_so_far(folder: Path) -> int:
    with contextlib.suppress(OSError):
        return sum(row["state"] >= slots.DONE for row in Outcome(0, "", "", None, folder / "slots").rows)
    return 0


@over_hosts
def test_one_that_goes_away_costs_the_jobs_of_that_time(service, host, model, tmp_path):
    """Restarted, or (PostgreSQL) with one of its processes killed, upon which it ends the others and recovers."""
    for end in service.ends:
        process = start_at_a_rate(service, host, model, tmp_path)
        wait_until(lambda: done_so_far(tmp_path) > 20 or process.poll() is not None)
        end(service)
        said = process.communicate(timeout=SECONDS)[1]
        done = outcome(tmp_path, process.returncode, said)
        rows, failed = done.rows, [row for row in done.rows if row["state"] == slots.FAILED]
        assert done.status == 1 and {kind for _, kind in done.failed} <= LOST and 0 < len(failed) == done.record["failed_jobs"]
        assert {row["state"] for row in rows} == {slots.DONE, slots.FAILED} and {row["runs"] for row in rows} == {1}
        assert all(row["state"] == slots.DONE for row in (*rows[:10], *rows[-10:]))
        value = 2654435761 if isinstance(service, Postgres) else 1
        assert all(row["result"] == job % 100 * value % 2**32 for job, row in enumerate(rows) if row["state"] == slots.DONE)
        (tmp_path / "slots").unlink()


@over_hosts
def test_a_pause_is_in_the_latency_of_all_that_were_due(service, host, model, tmp_path):
    """200 ms without an answer: a closed loop would know of as many as it has workers."""
    process = start_at_a_rate(service, host, model, tmp_path)
    wait_until(lambda: done_so_far(tmp_path) > 20 or process.poll() is not None)
    pids = service.pids()
    for number in (signal.SIGSTOP, signal.SIGCONT):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        time.sleep(0.2 if number == signal.SIGSTOP else 0)
    said = process.communicate(timeout=SECONDS)[1]
    done = outcome(tmp_path, process.returncode, said)
    assert done.status == 0, done.reason
    late = [row["end_ns"] - row["due_ns"] for row in done.rows]
    assert max(late) > 150_000_000 and sum(ns > 100_000_000 for ns in late) > 10


@over_hosts
@pytest.mark.parametrize("words, said", [
    ((), "too many clients"), (("--service", "postgresql={url}x"), "does not exist"),
], ids=["no connection left", "a user it does not have"])
def test_postgresql_that_refuses(host, model, words, said, tmp_path, few_clients):
    words = [word.format(url=few_clients.url) for word in words] or few_clients.options()
    done = host.run(tmp_path, *Postgres.asks, "--model", model, *words, "--jobs", 20, "--workers", 12)
    assert done.status == 77 and said in done.reason


@pytest.fixture(scope="module")
def few_clients():
    server = Postgres("max_connections=8", "superuser_reserved_connections=0")
    yield server
    server.close()


@over_hosts
@pytest.mark.parametrize("settings, said", [
    (("maxclients", "3"), "max number of clients|no Redis server answers"),  # it says so and closes: who writes first does not read it
    (("requirepass", "word"), "NOAUTH|Authentication required"),
], ids=["no connection left", "no password"])
def test_redis_that_refuses(host, model, settings, said, tmp_path):
    server = Redis()
    try:
        server.ask("CONFIG", "SET", *settings)
        done = host.run(tmp_path, *Redis.asks, "--model", model, *server.options(), "--jobs", 20, "--workers", 12)
        assert done.status == 77 and re.search(said, done.reason) and not any(row["state"] for row in done.rows)
    finally:
        server.close()


class Full(Postgres):
    """With a small file system of its own, in a tablespace."""

    def _as_nobody(self) -> list[str]:
        script = 'mkdir -p "$0" && mount -t tmpfs -o size=2m none "$0" && chown nobody "$0" && exec "$@"'
        return ["unshare", "-m", "sh", "-c", script, str(self.folder / "full"), *super()._as_nobody()]


@over_hosts
def test_a_full_disk_is_named_by_every_job_that_meets_it(host, model, tmp_path, full_disk):
    statements = TASKS / "statements.py" if host is PY else TEST_TASKS / "statements.so"
    done = host.run(tmp_path, "--task", statements, "--model", model, "--set", "sql=INSERT INTO filled SELECT generate_series(1, 1000000)",
                    *full_disk.options(), "--jobs", 3, "--workers", 2)  # fmt: skip
    assert done.status == 1 and sorted(done.failed) == [(job, "SqlError") for job in range(3)]
    assert "53100" in done.record["failures"][0]["message"] and "No space left on device" in done.record["failures"][0]["message"]
    assert host.run(tmp_path, *Postgres.asks, "--model", model, *full_disk.options()).status == 0  # it serves all the same


@pytest.fixture(scope="module")
def full_disk():
    if os.geteuid() != 0 or subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode != 0:
        pytest.skip("this machine lets nobody mount")
    server = Full()
    assert server.ask(f"CREATE TABLESPACE small LOCATION '{server.folder}/full'", "CREATE TABLE filled (n bigint) TABLESPACE small") == ""
    yield server
    server.close()


@over_hosts
def test_a_full_cache_is_named_by_every_job_that_meets_it(host, model, tmp_path):
    server = Redis()
    try:
        process, gate = host.start_and_hold(tmp_path, *Redis.asks, "--model", model, *server.options(), "--jobs", 10, "--workers", 2)
        server.ask("CONFIG", "SET", "maxmemory", "1")
        os.write(gate, b"g")
        said = process.communicate(timeout=SECONDS)[1]
        os.close(gate)
        done = outcome(tmp_path, process.returncode, said)
        assert done.status == 1 and done.record["failed_jobs"] == 10 and "OOM" in done.record["failures"][0]["message"]
    finally:
        server.close()


@pytest.mark.parametrize("name", KINDS)
def test_a_run_starts_what_its_task_asks(name, tmp_path):
    kind = KINDS[name]
    kind().close()  # or it is skipped
    run = Run(tmp_path / "results", *kind.asks, "--runtime", "c,py", "--model", "sync,async", "--jobs", 30, "--workers", 5, "--rounds", 1)
    assert [s["reason"] for s in run.samples if s["status"] != "ok"] == [] and name in run.json("machine")["services"]
    assert all(s["services"]["cpu_ns"] >= 0 and s["services"]["peak_bytes"] > 1 << 20 for s in run.samples)
