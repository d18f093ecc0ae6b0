# SPDX-License-Identifier: MIT
"""The runtimes numba and cython: compiled kernels under the Python host's models."""

import json
import os
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest

from hosts import BUILD, C, MODELS, PY, Host, call_python, check_a_run, python
from py_impl.kernels import COMPILERS, FUNCTIONS

WORDS = {"count": ("--set", "size=10007"), "distance": ("--set", "size=40009"), "factorize": ("--set", "divide=1000"),
         "fib": ("--set", "size=15"), "mixed": ("--set", "count=1009")}  # fmt: skip
HOSTS = {name: Host(name, "py_impl", python("py_impl.kernels", name), MODELS, Path()) for name in COMPILERS}


@pytest.fixture(params=sorted(HOSTS))
def host(request) -> Host:
    module, package = COMPILERS[request.param]
    if find_spec(module) is None:
        pytest.skip(f"an optional library is missing: {package}")
    return HOSTS[request.param]


@pytest.mark.parametrize("task", FUNCTIONS)
def test_results_are_those_of_c_and_python(host, task, tmp_path, stub):
    results = []
    for other in (host, C, PY):
        words = ("--model", "thread-pool", "--jobs", 4, "--workers", 2, *WORDS[task])
        done = other.run(tmp_path, "--task", task, *words, *(("--url", stub.template, "--set", "delay=1") if task == "mixed" else ()))
        assert done.status == 0, done.stderr
        assert ("compile_ns" in done.record["usage"]) == (other is host) and done.record["runtime"] == other.runtime
        results.append(done.results)
    assert results[0] == results[1] == results[2] and all(results[0])


@pytest.mark.parametrize("model, method", [("async", "fork"), ("processes", "fork"), ("process-pool", "spawn")])
def test_workers_of_each_sort_run_them(host, model, method, tmp_path):
    done = host.run(tmp_path, "--task", "fib", "--model", model, "--jobs", 4, "--workers", 2, "--set", "size=10",
                    "--start-method", method)  # fmt: skip
    check_a_run(done, model, method, 2)
    assert done.results == [55] * 4


def test_compiling_is_done_once_and_kept(host, tmp_path):
    env = os.environ | {"COBENCH_BUILD": str(tmp_path)}
    took, files = [], []
    for _ in range(2):
        done = host.run(tmp_path, "--task", "fib", "--model", "sync", "--jobs", 1, "--set", "size=10", env=env)
        took.append(done.record["usage"]["compile_ns"])
        files.append({path: path.stat().st_mtime_ns for path in (tmp_path / "kernels").rglob("*")})
    phases = done.record["phases"]
    assert took[0] == took[1] > 0 and files[0] == files[1] != {}
    assert phases["start"] < phases["ready"] <= done.rows[0]["start_ns"]


def test_the_lock_is_released(host):
    """While a thread is in the middle half of a kernel's time, Python runs in another."""
    code = f"""
import threading, time
from py_impl import catalog
task = catalog.load("count@{host.runtime}")
task.compile_kernel()
stamps, size, looking, tries = [], 1_000_000, True, 10
def look():
    while looking:
        stamps.append(time.monotonic_ns())
        time.sleep(0.002)
other = threading.Thread(target=look)
other.start()
found = False
while tries > 0 and not found:
    begun = time.monotonic_ns()
    task.run(size, None, 0, None)
    ended = time.monotonic_ns()
    if ended - begun < 100_000_000:
        size *= 2
        continue
    tries -= 1  # on a machine that is busy the other thread may get no CPU in one of them
    found = any(begun + (ended - begun) // 4 < at < ended - (ended - begun) // 4 for at in stamps)
looking = False
other.join()
print(found)
"""
    assert call_python(code).stdout == "True\n"


@pytest.mark.parametrize("task", ("null", "wait", "wordcount"))
def test_a_task_without_a_kernel_does_not_run_in_python(host, task, tmp_path):
    done = host.run(tmp_path, "--task", task, "--model", "sync", "--jobs", 1)
    assert done.status == 77 and done.reason.startswith(f"task '{task}' has no kernel to compile")
    assert done.rows[0]["runs"] == 0 and task in [row["name"] for row in host.listing()["tasks"]]


@pytest.mark.parametrize("task", ("os.path:basename", "./mine.py"))
def test_ones_own_function_is_refused(host, task, tmp_path):
    done = host.run(tmp_path, "--task", task, "--model", "sync")
    assert done.status == 2 and f"{host.runtime} has kernels of the built-in tasks only" in done.reason


@pytest.mark.parametrize("name", sorted(HOSTS))
def test_without_the_compiler(name, tmp_path):
    """An interpreter without site-packages has none."""
    host = Host(name, "py_impl", [*python("py_impl.kernels", name)[:1], "-S", *HOSTS[name].program[1:]], MODELS, Path())
    done = host.run(tmp_path, "--task", "fib", "--model", "sync")
    assert done.status == 77 and COMPILERS[name][1] in done.reason
    offer = host.listing()
    assert offer["errors"] == [done.reason] and offer["build"][name] is None
    assert [task["name"] for task in offer["tasks"]] == [task["name"] for task in PY.listing()["tasks"]]


def test_listing_neither_imports_nor_compiles(host, tmp_path):
    code = ("import sys; from py_impl.host import main; from py_impl.runtimes import COMPILED;"
            f"main(['list', '--json'], COMPILED['{host.runtime}']); print({{'numba', 'Cython', 'numpy'}} & set(sys.modules))")
    done = call_python(code)
    assert done.stdout.endswith("\nset()\n"), done.stdout + done.stderr
    assert host.listing()["build"][host.runtime]
    host_env = os.environ | {"COBENCH_BUILD": str(tmp_path)}
    host.call("list", "--json", env=host_env, check=True)
    assert list(tmp_path.iterdir()) == []


def test_the_driver_runs_them_where_they_are_named(host, tmp_path):
    words = ("--task", "fib,wordcount", "--set", "size=10", "--runtime", f"{host.runtime},c", "--model", "sync", "--rounds", "1")
    done = subprocess.run([BUILD / "cobench", "run", *words, "--quiet", "--no-plots", "--results", tmp_path],
                          capture_output=True, text=True, timeout=120)  # fmt: skip
    assert done.returncode == 0, done.stderr
    (folder,) = (path for path in tmp_path.iterdir() if path.is_dir() and not path.is_symlink())
    plan = json.loads((folder / "plan.json").read_text())
    verified = {(plan["groups"][plan["cells"][line["cell"]]["group"]]["name"], plan["cells"][line["cell"]]["runtime"]): line
                for line in map(json.loads, (folder / "samples.jsonl").read_text().splitlines()) if line["pass"] == "verify"}
    mine, theirs, none = (verified[key] for key in (("fib", host.runtime), ("fib", "c"), ("wordcount", host.runtime)))
    assert mine["status"] == "ok" and mine["digest"] == theirs["digest"] and mine["usage"]["compile_ns"] > 0
    assert none["status"] == "impossible" and "has no kernel to compile" in none["reason"]
    assert f"{host.runtime}: compiling the kernel took" in (folder / "summary.md").read_text()
