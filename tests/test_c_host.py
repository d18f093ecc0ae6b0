# SPDX-License-Identifier: MIT
"""What only the hosts in C can do wrong, with and without an interpreter inside; test_hosts.py has the rest."""

import ctypes
import errno
import json
import os
import shutil
import signal
import struct
import subprocess
import sys

import pytest

from hosts import BUILD, C, EMBED, PLUGINS, PROCESSES, ROOT, Host, children_of, outcome
from py_impl import slots


@pytest.fixture(params=(C, EMBED), ids=repr)
def host(request) -> Host:
    return request.param


@pytest.mark.parametrize("task, size, result", [("count", 25_000_000, 2_916_667), ("fib", 35, 9_227_465)])
def test_known_results(tmp_path, task, size, result):
    done = C.run(tmp_path, "--task", task, "--model", "sync", "--jobs", 1, "--set", f"size={size}")
    assert done.results == [result]


def test_the_default_text():
    text = (BUILD / "data" / "words.txt").read_bytes()
    made = subprocess.run([sys.executable, "scripts/make_words.py"], cwd=ROOT, capture_output=True, check=True).stdout
    assert made == text
    assert text.count(b"\n") == 20_000 and 850_000 < len(text) < 870_000
    assert sum(w == b"the" for line in text.split(b"\n") for w in line.split(b" ")) == 18_688
    assert "18,688" in (ROOT / "scripts" / "make_words.py").read_text()


def test_wordcount_reads_what_is_no_regular_file(host, tmp_path):
    reader, writer = os.pipe()
    os.write(writer, b"the the\nthe")
    os.close(writer)
    done = host.run(tmp_path, "--task", "wordcount", "--model", "sync", "--jobs", 1, "--set", f"file=/dev/fd/{reader}",
                    pass_fds=(reader,))  # fmt: skip
    os.close(reader)
    assert done.results == [3]


@pytest.mark.parametrize("model, method", EMBED.ways)
def test_what_the_record_says_of_the_interpreter(tmp_path, model, method):
    given = ("--task", "null", "--model", model, "--start-method", method)
    assert C.run(tmp_path, *given).record["python"] is None
    python, build = EMBED.run(tmp_path, *given).record["python"], EMBED.listing()["build"]
    code = "import json, sysconfig; print(json.dumps(sysconfig.get_config_var('Py_GIL_DISABLED')))"
    asked = subprocess.run([(BUILD / "python").read_text().strip(), "-s", "-E", "-c", code], capture_output=True, check=True)
    assert (python["version"], python["library"]) == (build["python"], build["libpython"])
    assert python["gil"] is (json.loads(asked.stdout) != 1)
    assert python["switch_interval_ns"] == (None if method == "spawn" else 5_000_000)


def test_a_pool_whose_workers_are_all_dead_ends(host, tmp_path):
    done = host.run(tmp_path, "--task", host.faulty, "--model", "process-pool", "--workers", 1, "--set", "mode=crash", "--set", "at=5")
    assert done.status == 1 and done.record["failed_jobs"] == 3
    assert done.failed == [(5, "Crash"), (6, "NotRun"), (7, "NotRun")]


def test_a_pool_dies_with_a_worker_at_the_gate(host, tmp_path):
    """A worker killed while it waits is reported, and its share is done by the other."""
    process, gate = host.start_and_hold(tmp_path, "--task", "null", "--model", "process-pool", "--workers", 2)
    children = children_of(process.pid)
    assert len(children) == 2
    os.kill(children[0], signal.SIGKILL)
    os.write(gate, b"g")
    os.close(gate)
    _, stderr = process.communicate(timeout=60)
    done = outcome(tmp_path, process.returncode, stderr)
    assert done.status == 1 and done.reason == "worker 0 was killed by signal 9 (SIGKILL)"
    assert {row["state"] for row in done.rows} == {slots.DONE} and done.record["failed_jobs"] == 0


@pytest.mark.parametrize("model", PROCESSES)
def test_workers_are_reaped_though_sigchld_is_ignored(host, tmp_path, model):
    done = host.run(tmp_path, "--task", "null", "--model", model, preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
    assert done.status == 0


@pytest.mark.parametrize("model", PLUGINS)
def test_a_model_whose_plugin_is_not_there(tmp_path, model):
    (tmp_path / "tasks").symlink_to(BUILD / "tasks")
    alone = Host("c", "cobench-host", [shutil.copy(BUILD / "cobench-host", tmp_path)], (model,), C.faulty)
    done = alone.run(tmp_path, "--task", "null", "--model", model)
    assert done.status == 77 and done.reason.startswith(f"{model} cannot run here (it is built where ")
    assert f"/plugins/{model}.so: cannot open shared object file" in done.reason


def without_io_uring() -> None:
    """io_uring_setup() fails with EPERM, as in many a container: load its number; is it 425; then that errno; else go on."""
    code = ((0x20, 0, 0, 0), (0x15, 0, 1, 425), (0x06, 0, 0, 0x00050000 | errno.EPERM), (0x06, 0, 0, 0x7FFF0000))
    filters = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in code))
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(code), ctypes.addressof(filters)))
    libc = ctypes.CDLL(None)
    assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, program) == 0  # PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP


@pytest.mark.skipif("uring" not in C.models, reason="the model uring cannot run here: see test_every_model_runs_here")
def test_a_kernel_that_forbids_io_uring(tmp_path):
    done = C.run(tmp_path, "--task", "null", "--model", "uring", preexec_fn=without_io_uring)
    assert done.status == 77 and done.reason.startswith("uring cannot run here: this kernel forbids io_uring")


@pytest.mark.skipif("uring" not in C.models, reason="the model uring cannot run here: see test_every_model_runs_here")
def test_blocks_without_io_uring(tmp_path):
    """Threads read, which the list says."""
    words = ("--task", "read", "--model", "async", "--set", f"folder={tmp_path}", "--set", "size=16", "--jobs", 20)
    results = C.run(tmp_path, *words).results
    done = C.run(tmp_path, *words, preexec_fn=without_io_uring)
    assert done.status == 0 and done.results == results
    for options, engine in (({}, "io_uring"), ({"preexec_fn": without_io_uring}, "threads")):
        assert json.loads(C.call("list", "--json", **options).stdout)["build"]["block"] == engine


@pytest.mark.skipif("openmp" not in C.models, reason="the model openmp cannot run here: see test_every_model_runs_here")
def test_fewer_openmp_threads_than_workers(tmp_path):
    done = C.run(tmp_path, "--task", "null", "--model", "openmp", "--workers", 2, env=os.environ | {"OMP_THREAD_LIMIT": "1"})
    assert done.status == 77 and done.reason.startswith("OpenMP has 1 threads where 2 are wanted")


@pytest.mark.parametrize("model", PLUGINS)
def test_every_model_runs_here(tmp_path, model):
    """Where one cannot, the tests over all models are without it."""
    if model not in C.models:
        pytest.skip(f"the model {model} cannot run here: {C.run(tmp_path, '--task', 'null', '--model', model).reason}")


@pytest.mark.parametrize("words, says", [(["run", "--help"], "--request-timeout"), (["run", "-h"], "--request-timeout"),
                                         (["list", "-h"], "--json"), (["-h"], "run --task T")])  # fmt: skip
def test_help(host, words, says):
    done = host.call(*words)
    assert done.returncode == 0 and says in done.stdout and done.stderr == ""
