# SPDX-License-Identifier: MIT
"""Runs on one machine at the same time warn each other, whoever began first and however either ends."""

import json
import os
import signal
import subprocess
import time

import jsonschema
import pytest

from test_driver import LIMIT_S, Checkout, wait_until
from test_resume import SCHEMAS, lines_of

SMALL = ("--task", "null", "--model", "sync", "--runtime", "c", "--workers", "1")


@pytest.fixture
def machine(tmp_path):
    """Two projects and the folder in which their runs find each other."""
    return Checkout(tmp_path / "first"), Checkout(tmp_path / "second"), tmp_path / "runs"


def start(checkout, runs, *args):
    return subprocess.Popen(checkout.command("run", "--no-plots", "--quiet", *SMALL, *args), stdout=subprocess.DEVNULL,
                            stderr=subprocess.PIPE, text=True, env=checkout.environment(COBENCH_RUNS=runs))


def wait_for(checkout, text, name="samples.jsonl"):
    def there():
        return any((f / name).exists() and text in (f / name).read_text() for f in checkout.folders())
    wait_until(there, 60, f"{text} in {name}")


def end(process):
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    return said


def concurrent_runs(checkout):
    (folder,) = checkout.folders()
    events = [e for e in lines_of(folder, "events") if e["what"] == "neighbour"]
    for event in events:
        jsonschema.validate(event, SCHEMAS["event"])
    return events


def test_both_of_two_runs_are_warned(machine):
    first, second, runs = machine
    long_one = start(first, runs, "--rounds", "5000")
    wait_for(first, '"round":1')
    short_one = start(second, runs, "--rounds", "2")
    _, said = short_one.communicate(timeout=LIMIT_S)
    assert short_one.returncode == 0
    assert f"warning: another cobench run (pid {long_one.pid}) is measuring on this machine too" in said
    wait_for(first, '"until":1', "events.jsonl")
    said = end(long_one)
    assert said.count(f"another cobench run (pid {short_one.pid}) is measuring") == 1
    (begun, over), (other_begun, other_over) = concurrent_runs(first), concurrent_runs(second)
    assert (begun["pid"], begun["user"], begun["until"]) == (short_one.pid, os.getuid(), None)
    assert over["from"] == begun["from"] < over["until"]
    assert other_begun["pid"] == long_one.pid and other_over["until"] >= other_over["from"]
    for checkout, pid in ((first, short_one.pid), (second, long_one.pid)):
        (folder,) = checkout.folders()
        summary = json.loads((folder / "summary.json").read_text())
        assert [n["pid"] for n in summary["concurrent_runs"]] == [pid]
        assert f"another cobench run (pid {pid}) was measuring here from " in (folder / "summary.md").read_text()


def test_of_several_others_the_first_is_warned_of(machine):
    first, second, runs = machine
    long_one = start(first, runs, "--rounds", "5000")
    wait_for(first, '"round":1')
    for _ in range(2):
        assert start(second, runs, "--rounds", "1").wait(LIMIT_S) == 0
        wait_for(first, '"until":1', "events.jsonl")
    said = end(long_one)
    assert len(concurrent_runs(first)) >= 3 and said.count("another cobench run") == 1


def test_a_run_alone_is_not_warned_and_leaves_nothing(machine):
    first, second, runs = machine
    for checkout in (first, second):
        process = start(checkout, runs, "--rounds", "1")
        assert "another cobench" not in process.communicate(timeout=LIMIT_S)[1]
        assert process.returncode == 0 and not concurrent_runs(checkout)
    assert list(runs.iterdir()) == []


def test_a_killed_run_is_not_concurrent_with_those_after_it(machine):
    first, second, runs = machine
    killed = start(first, runs, "--rounds", "5000")
    wait_for(first, '"round":1')
    killed.kill()
    killed.communicate(timeout=30)
    assert len(list(runs.iterdir())) == 1
    process = start(second, runs, "--rounds", "1")
    assert "another cobench" not in process.communicate(timeout=LIMIT_S)[1]
    assert process.returncode == 0 and list(runs.iterdir()) == []


def test_a_killed_concurrent_run_was_there_until_it_was_killed(machine):
    first, second, runs = machine
    long_one, killed = start(first, runs, "--rounds", "5000"), None
    wait_for(first, '"round":1')
    killed = start(second, runs, "--rounds", "5000")
    wait_for(first, f'"pid":{killed.pid}', "events.jsonl")
    killed.kill()
    killed.communicate(timeout=30)
    wait_for(first, '"until":1', "events.jsonl")
    end(long_one)
    begun, over = concurrent_runs(first)
    assert (begun["until"], over["from"]) == (None, begun["from"]) and over["until"] >= over["from"]


@pytest.mark.parametrize("spoil", ["file", "link", "foreign"])
def test_a_folder_that_cannot_be_used_costs_nothing_but_the_warning(machine, tmp_path, spoil):
    first, _, runs = machine
    if spoil == "file":
        runs.write_text("")
    elif spoil == "link":
        (tmp_path / "elsewhere").mkdir()
        runs.symlink_to(tmp_path / "elsewhere")
    else:
        runs.mkdir()
        later = time.time_ns() // 1000 + 10**12  # so that they would be runs of the same time
        (runs / "run-1-abcdef").write_text("")
        (runs / f"run-2-{later}").symlink_to("/etc/passwd")
        os.mkfifo(runs / f"run-3-{later}")
        (runs / f"run-4-{later}").mkdir()
        for name in ("run-3", "run-4"):
            os.utime(runs / f"{name}-{later}", (later // 10**6, later // 10**6))
    process = start(first, runs, "--rounds", "1")
    assert "another" not in process.communicate(timeout=LIMIT_S)[1]
    assert process.returncode == 0 and not concurrent_runs(first)
    if spoil == "foreign":
        assert len(list(runs.iterdir())) == 4
    if spoil == "link":
        assert list((tmp_path / "elsewhere").iterdir()) == []
