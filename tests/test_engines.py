# SPDX-License-Identifier: MIT
"""Celery and Dask as models: what they answer, and what is said of a worker, a broker or a host that is lost."""

import importlib.util
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from hosts import EXT, PY, ROOT, TASK_SYSTEMS, check_a_run, children_of, outcome, wait_until
from py_impl import slots
from py_impl.engines.answers import Tally
from redis_server import RedisServer

CELERY = TASK_SYSTEMS[:2]

FUNCTIONS = """
import os, signal, time
HERE = os.path.dirname(os.path.abspath(__file__))

def first(name):
    try:
        os.close(os.open(os.path.join(HERE, name), os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True

def note(what):
    with open(os.path.join(HERE, "notes"), "a") as file:
        print(what, file=file)

def setup(): note("up")
def teardown(): note("down")
def double(line): return {"line": line, "twice": line * 2}
def killed_once(job):
    if job == 3 and first("mark"): os.kill(os.getpid(), signal.SIGKILL)
    return job
def not_pickled(job): return (lambda: job) if job == 3 else job
def stops_once(job):
    if job == 3 and first("mark"): os.kill(os.getpid(), signal.SIGSTOP)
    return job
def waits(job):
    note(job)
    time.sleep(0.05)
    return job
def waits_longer(job):
    note(job)
    time.sleep(0.5)
"""


@pytest.fixture
def functions(tmp_path) -> Path:
    (tmp_path / "functions.py").write_text(FUNCTIONS)
    return tmp_path / "functions.py"


@pytest.fixture
def redis():
    for module in ("celery", "redis"):
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"an optional library is missing: {module}")
    server = RedisServer()
    yield server
    server.close()


@pytest.fixture
def services(request, model) -> tuple[str, ...]:
    """What a model's command needs, and a check that nothing of it is left."""
    if model == "dask":
        if importlib.util.find_spec("distributed") is None:
            pytest.skip("an optional library is missing: distributed")
        yield ()
    else:
        server = request.getfixturevalue("redis")
        yield server.options()[2:]
        assert server.ask("KEYS", "*") == ""


def those_of(folder: Path) -> list[int]:
    """The processes of a host, which all have its words or its environment's folder."""
    return [int(path.parent.name) for path in Path("/proc").glob("[0-9]*/environ") if str(folder).encode() in read(path)]


def read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def run(host, folder: Path, model: str, services: tuple[str, ...], *words: object):
    done = host.run(folder, "--model", model, *services, "--workers", 2, "--timeout", 50, *words,
                    env=os.environ | {"COBENCH_TEST": str(folder)})  # fmt: skip
    wait_until(lambda: not those_of(folder))
    return done


@pytest.mark.parametrize("model", TASK_SYSTEMS)
def test_a_run(tmp_path, model, services):
    done = run(EXT, tmp_path, model, services, "--task", "null", "--jobs", 50)
    assert done.results == list(range(50))
    check_a_run(done, model, "fork", 2)


@pytest.mark.parametrize("model", TASK_SYSTEMS)
def test_a_function(tmp_path, model, services, functions):
    inputs = tmp_path / "inputs"
    inputs.write_text("one\ntwo\nthree\n")
    done = run(PY, tmp_path, model, services, "--task", f"{functions}:double", "--jobs", 9, "--inputs", inputs)
    assert (done.status, done.stderr) == (0, "")
    plain = PY.run(tmp_path, "--task", f"{functions}:double", "--jobs", 9, "--inputs", inputs, "--model", "sync")
    assert done.results == plain.results
    assert sorted((tmp_path / "notes").read_text().split()) == ["down"] * 3 + ["up"] * 3  # sync's and each process's
    assert done.record["libraries"]


@pytest.mark.parametrize("model", ("celery", "dask"))
def test_what_fails(tmp_path, model, services, functions):
    done = run(PY, tmp_path, model, services, "--task", PY.faulty, "--set", "mode=fail", "--set", "at=3", "--jobs", 8)
    assert (done.status, done.failed) == (1, [(3, "PlantedError")]) and done.record["failures"][0]["line"]
    done = run(PY, tmp_path, model, services, "--task", f"{functions}:not_pickled", "--jobs", 8)
    assert (done.status, done.failed) == (1, [(3, "AttributeError")]) and "between worker and manager" in done.reason


@pytest.mark.parametrize("model", ("celery", "dask"))
def test_a_worker_that_dies(tmp_path, model, services, functions):
    done = run(PY, tmp_path, model, services, "--task", f"{functions}:killed_once", "--jobs", 8)
    assert (done.status, done.failed[0]) == (1, (3, "Crash")) and "ran it again" in done.reason
    assert {row["state"] for row in done.rows} == {slots.DONE}
    assert done.rows[3]["runs"] == 1 and {kind for _, kind in done.failed[1:]} <= {"DoneTwice"}
    done = run(PY, tmp_path, model, services, "--task", PY.faulty, "--set", "mode=exit", "--set", "at=3", "--jobs", 8)
    assert done.status == 1 and done.failed[0] == (3, "KilledWorker" if model == "dask" else "Poisoned")
    assert done.rows[3]["state"] == slots.FAILED


@pytest.mark.parametrize("model", ("celery",))
def test_a_worker_that_stalls(tmp_path, model, services, functions):
    done = run(PY, tmp_path, model, services, "--task", f"{functions}:stops_once", "--jobs", 8, "--request-timeout", 1)
    assert (done.status, done.failed) == (1, [(3, "Stalled")])
    assert [row["runs"] for row in done.rows] == [1, 1, 1, 2, 1, 1, 1, 1]


def test_what_workers_tell_by_memory():
    tally = Tally(8, 2)
    tally.start(1, 3)
    assert tally.running() == [(3, 1)]
    tally.died(1)
    tally.died(0)
    assert (tally.starts[3], tally.deaths[3], tally.idle_deaths(), tally.running()) == (1, 1, 1, [])


@pytest.mark.parametrize("model", CELERY)
def test_a_broker_that_is_started_again(tmp_path, model, services, functions, redis):
    """Without a file of its own it has lost what was in it."""
    process = PY.start(tmp_path, "--model", model, *services, "--task", f"{functions}:waits", "--jobs", 100, "--workers", 2,
                       "--timeout", 50)  # fmt: skip
    wait_until(lambda: (tmp_path / "notes").exists() and len((tmp_path / "notes").read_text().split()) > 10)
    redis.kill()
    redis.start()
    _, stderr = process.communicate(timeout=60)
    done = outcome(tmp_path, process.returncode, stderr)
    assert done.status == 1 and {kind for _, kind in done.failed} == {"BrokerLost"}
    assert {row["runs"] for row in done.rows if row["state"] == slots.DONE} == {1}


@pytest.mark.parametrize("model", ("celery",))
def test_a_broker_that_is_full_or_gone(tmp_path, model, services, functions, redis):
    redis.ask("CONFIG", "SET", "maxmemory", "1500000")
    done = run(PY, tmp_path, model, services, "--task", f"{functions}:waits", "--jobs", 5000)
    assert done.status == 1 and done.failed[0] == (None, "BrokerFull") and "full (maxmemory)" in done.reason
    done = run(PY, tmp_path, model, (), "--task", "null")
    assert done.status == 2 and "--service redis=URL" in done.reason
    redis.kill()
    done = run(PY, tmp_path, model, services, "--task", "null")
    assert done.status == 77 and "Redis does not answer" in done.reason
    redis.start()


@pytest.mark.parametrize("number", (signal.SIGTERM, signal.SIGKILL))
@pytest.mark.parametrize("model", ("celery", "dask"))
def test_a_host_that_is_ended(tmp_path, model, services, functions, number):
    process = PY.start(tmp_path, "--model", model, *services, "--task", f"{functions}:waits", "--jobs", 1000, "--workers", 2,
                       env=os.environ | {"COBENCH_TEST": str(tmp_path)})  # fmt: skip
    wait_until(lambda: (tmp_path / "notes").exists() and len((tmp_path / "notes").read_text().split()) > 4)
    process.send_signal(number)
    process.communicate(timeout=20)
    assert process.returncode == -number
    wait_until(lambda: not those_of(tmp_path))


@pytest.mark.parametrize("model", ("celery",))
def test_all_processes_that_are_killed_at_once(tmp_path, model, services, functions, redis):
    """Nobody is left to remove the keys: they expire."""
    process = PY.start(tmp_path, "--model", model, *services, "--task", f"{functions}:waits_longer", "--jobs", 1000, "--workers", 2,
                       env=os.environ | {"COBENCH_TEST": str(tmp_path)})  # fmt: skip
    wait_until(lambda: (tmp_path / "notes").exists() and len((tmp_path / "notes").read_text().split()) > 8)
    supervisor = children_of(process.pid)
    for pid in (*supervisor, *those_of(tmp_path)):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.communicate(timeout=20)
    wait_until(lambda: not those_of(tmp_path))
    keys = redis.ask("KEYS", "*").split()
    assert keys and [key for key in keys if int(redis.ask("TTL", key)) <= 0] == []
    redis.ask("FLUSHALL")


def test_a_scheduler_of_somebody_else(tmp_path, functions):
    if importlib.util.find_spec("distributed") is None:
        pytest.skip("an optional library is missing: distributed")
    cluster = ("import sys; from distributed import LocalCluster\nif __name__ == '__main__':\n"
               "    c = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, local_directory=sys.argv[1])\n"
               "    print(c.scheduler_address, flush=True); sys.stdin.read(); c.close()")  # fmt: skip
    script = tmp_path / "cluster.py"
    script.write_text(cluster)
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, script, tmp_path], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        address = other.stdout.readline().strip()
        run_it = lambda *words: PY.run(tmp_path, "--model", "dask", "--service", f"dask={address}", "--timeout", 50, *words)  # noqa: E731
        done = run_it("--task", f"{functions}:double", "--jobs", 9, "--workers", 2)
        runs = {row["runs"] for row in done.rows}
        few = run_it("--task", "null", "--jobs", 9, "--workers", 3)
        other.stdin.close()
    assert (done.status, done.stderr) == (0, "") and runs == {1}
    assert few.status == 77 and "have 2 threads" in few.reason
    gone = run_it("--task", "null", "--workers", 2)
    assert gone.status == 77 and "no Dask scheduler" in gone.reason
