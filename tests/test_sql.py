# SPDX-License-Identifier: MIT
"""PostgreSQL as what jobs wait for: every way of asking gives the same results, keeps to its connections, and calls what goes
wrong by the same names."""

from __future__ import annotations

import os
import subprocess
import time

import pytest

from hosts import BUILD, C, EMBED, EXT, MODELS, PY, TASKS, TEST_TASKS, check_a_run, wait_until
from postgres_server import PostgresServer

# Each way of asking: blocking, on a loop, and the further clients.
ASKING = [(C, "thread-pool", "default"), (C, "async", "default"), (C, "async", "pipeline"), (C, "thread-pool", "pipeline"),
          (PY, "thread-pool", "default"), (PY, "async", "default"), (PY, "async", "asyncpg")]  # fmt: skip
asking = pytest.mark.parametrize("host, model, client", ASKING, ids=lambda part: str(part))


@pytest.fixture(autouse=True)
def libraries(request):
    """Of the host that a test runs; libpq is C's."""
    given = getattr(request.node, "callspec", None)
    host, client = (given.params.get("host", C), given.params.get("client")) if given is not None else (C, None)
    if host in (PY, EXT):
        pytest.importorskip("asyncpg" if client == "asyncpg" else "psycopg", reason="an optional library is missing: its client")
    elif not (BUILD / "transport" / "sql.so").exists():
        pytest.skip("an optional library is missing: libpq")


@pytest.fixture(scope="module")
def server():
    server = PostgresServer("max_connections=40")
    yield server
    server.close()


def run(server, host, folder, task, model, *words, client="default", **options):
    if task == "statements":
        task = TASKS / "statements.py" if host is PY else TEST_TASKS / "statements.so"
    return host.run(folder, "--task", task, "--model", model, "--client", client, *server.options(), *words, **options)


def value(row: int) -> int:
    return row * 2654435761 % 4294967296


@pytest.mark.parametrize("host, model", [(host, model) for host in (C, PY) for model in MODELS] + [(EMBED, "async"), (EXT, "async"),
                                         (EMBED, "thread-pool"), (EXT, "thread-pool"), (EXT, "native-pool")], ids=str)  # fmt: skip
def test_query_is_the_same_in_every_model(server, host, model, tmp_path):
    done = run(server, host, tmp_path, "query", model, "--set", "rows=7", "--set", "delay=1", "--jobs", 10, "--workers", 3)
    check_a_run(done, model, "fork", 3)
    assert done.results == [value(job % 7) for job in range(10)]
    assert all(row["replied_ns"] - row["start_ns"] >= 1_000_000 for row in done.rows)


@pytest.mark.parametrize("host, model", [(host, model) for host in (C, PY) for model in ("process-pool", "async")], ids=str)
def test_a_lookup_is_a_query_and_work_on_its_row(server, host, model, tmp_path):
    counted = C.run(tmp_path, "--task", "count", "--model", "sync", "--set", "size=100", "--jobs", 1).results[0]
    done = run(server, host, tmp_path, "lookup", model, "--set", "rows=7", "--set", "delay=1", "--set", "count=100", "--jobs", 10, "--workers", 3)
    check_a_run(done, model, "fork", 3)
    assert done.results == [(counted << 32) + value(job % 7) for job in range(10)]


@asking
def test_transactions_that_meet(server, host, model, client, tmp_path):
    """Six workers and two rows: each count is one more than what its transaction has seen, and none is lost."""
    before = int(server.ask("SELECT sum(value) FROM cobench.update_2") or 0)
    done = run(server, host, tmp_path, "update", model, "--set", "rows=2", "--jobs", 60, "--workers", 6, client=client)
    check_a_run(done, model, "fork", 6)
    assert done.results == [job % 2 for job in range(60)]
    assert int(server.ask("SELECT sum(value) FROM cobench.update_2")) == before + 60
    assert done.record["connections"] == (1 if (model, client) == ("async", "pipeline") else 6)


@asking
def test_what_comes_back(server, host, model, client, tmp_path):
    """The first field of the last statement's first row that gave some, and their number; nothing is nothing."""
    for sql, results in {
        "SELECT CASE $1 WHEN 0 THEN 5 END FROM generate_series(1, 3) WHERE $1 < 2": [3005, 3000, 0],
        "SELECT '%'|SELECT concat($1, $1)|SET a.b = 1": [1000, 1011, 1022],
    }.items():
        done = run(server, host, tmp_path, "statements", model, "--set", f"sql={sql}", "--jobs", 3, "--workers", 2, client=client)
        assert (done.status, done.results, done.stderr) == (0, results, ""), sql


@asking
def test_what_fails_is_that_jobs_alone(server, host, model, client, tmp_path):
    """And leaves no transaction to the next one that has the connection, in a pipeline to those that are on their way."""
    sql, workers = "BEGIN|SELECT 10 / ($1 - 1)|COMMIT", 4 if (model, client) == ("async", "pipeline") else 1
    jobs = run(server, host, tmp_path, "statements", model, "--set", f"sql={sql}", "--jobs", 4, "--workers", workers, client=client)
    assert jobs.status == 1 and jobs.failed == [(1, "SqlError")]
    assert jobs.record["failures"][0]["message"] == "22012: division by zero"
    assert [jobs.results[job] for job in (0, 2, 3)] == [990, 1010, 1005]
    if host is C:
        done = run(server, host, tmp_path, "statements", model, "--set", "sql=COPY (SELECT 1) TO STDOUT", "--jobs", 2, client=client)
        assert done.status == 1 and sorted(done.failed) == [(0, "SqlError"), (1, "SqlError")]


@asking
def test_a_row_locked_by_somebody_ends_with_the_requests_time(server, host, model, client, tmp_path):
    run(server, host, tmp_path, "update", model, "--set", "rows=1", "--jobs", 1)
    words = [server.bin / "psql", "-Xqt", "-d", server.url, "-c", "BEGIN", "-c", "UPDATE cobench.update_1 SET value = 0", "-c", "SELECT pg_sleep(60)"]
    somebody = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: server.ask("SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)'") == "1")
        began = time.monotonic()
        done = run(server, host, tmp_path, "update", model, "--set", "rows=1", "--jobs", 2, "--workers", 2, "--request-timeout", 0.3,
                   client=client)  # fmt: skip
        assert done.status == 1 and sorted(done.failed)[0] == (0, "Timeout") and time.monotonic() - began < 10
        wait_until(lambda: server.ask("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%FOR UPDATE%' AND state = 'active'"
                                      " AND pid <> pg_backend_pid()") == "0")  # fmt: skip
    finally:
        server.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)'")
        somebody.wait(20)


@asking
def test_a_connection_that_was_ended_is_opened_again(server, host, model, client, tmp_path):
    """By a request that finds it so; one in whose middle it ended has failed."""
    sql = "SELECT pg_terminate_backend(pg_backend_pid()) FROM generate_series(1, 2) WHERE $1 = 1"
    done = run(server, host, tmp_path, "statements", model, "--set", f"sql={sql}", "--jobs", 4, "--workers", 1, client=client)
    assert done.status == 1 and done.failed == [(1, "ConnectionClosed")]
    assert done.record["connections"] == 3
    process, gate = host.start_and_hold(tmp_path, "--task", TASKS / "statements.py" if host is PY else TEST_TASKS / "statements.so",
                                        "--model", model, "--client", client, "--jobs", 2, "--workers", 1, *server.options())  # fmt: skip
    server.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cobench'")
    os.write(gate, b"g")
    assert process.wait(20) == 0
    os.close(gate)


@asking
def test_no_server_and_no_connection_left(server, host, model, client, tmp_path):
    done = host.run(tmp_path, "--task", "query", "--model", model, "--client", client, "--service", f"postgresql=postgresql:///x?host={tmp_path}")
    assert done.status == 77 and "No such file or directory" in done.reason
    done = run(server, host, tmp_path, "query", model, "--workers", 50, "--set", "delay=0", client=client)
    if client == "pipeline" and model == "async":
        assert done.status == 0 and done.record["connections"] == 1
    else:
        assert done.status == 77 and "too many clients" in done.reason


@pytest.mark.parametrize("host, model", [(host, model) for host in (C, PY) for model in ("thread-pool", "process-pool")], ids=str)
def test_connections_stay_until_the_last_job_has_ended(server, host, model, tmp_path):
    """What ending one costs the server would be time that it does not have for the jobs of others."""
    task = TASKS / "statements.py" if host is PY else TEST_TASKS / "statements.so"
    process = host.start(tmp_path, "--task", task, "--set", "sql=SELECT pg_sleep($1 * 2)", "--model", model, "--jobs", 2, "--workers", 2,
                         *server.options())  # fmt: skip
    ours = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'cobench'"
    wait_until(lambda: server.ask(ours + " AND state = 'active'") == "1" and server.ask(ours + " AND state = 'idle'") == "1")
    time.sleep(0.2)
    assert server.ask(ours) == "2" and process.wait(20) == 0


def test_what_is_asked_first_is_asked_by_every_connection(server, tmp_path):
    """`prepare` has the statements of `query` run, with no row, on each: they are prepared there before the gate."""
    process, gate = C.start_and_hold(tmp_path, "--task", "query", "--set", "delay=0", "--model", "thread-pool", "--jobs", 3, "--workers", 3,
                                     *server.options())  # fmt: skip
    seen = server.ask("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'cobench' AND query LIKE 'SELECT value FROM cobench.query%'")
    os.write(gate, b"g")
    assert seen == "3" and process.wait(20) == 0
    os.close(gate)
