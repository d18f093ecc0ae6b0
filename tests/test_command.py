# SPDX-License-Identifier: MIT
"""A command as the job: in both hosts and under every model the same results, which are those of the command by hand, and
nothing left running."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import zlib

import pytest

from hosts import C, EMBED, EXT, MODELS, PY, check_a_run, outcome, wait_until

OVER = [(host, *way) for host in (C, PY) for way in host.ways]
ways = pytest.mark.parametrize("host, model, method", OVER, ids=str)
both = pytest.mark.parametrize("host", (C, PY), ids=repr)
SHELL = ("sh", "-c")


def command(*words: str) -> list[str]:
    return [part for word in words for part in ("--command", word)]


def digest(printed: bytes) -> int:
    return (len(printed) & 0xFFFFFFFF) << 32 | zlib.crc32(printed)


def by_hand(*words: str) -> int:
    return digest(subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True).stdout)


def running(mark: str) -> list[str]:
    """The processes that have the mark in their words."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            words = open(f"/proc/{pid}/cmdline").read().split("\0")
        except OSError:
            continue
        found += [words] if mark in words else []
    return found


def gone(mark: str) -> bool:
    """What is killed may take a moment to go."""
    wait_until(lambda: not running(mark), 10)
    return not running(mark)


@ways
def test_results_are_those_of_the_command_by_hand(host, model, method, tmp_path):
    lines = ["a b", "", "$HOME 'x\" {job}", "last"]
    (tmp_path / "in").write_text("\n".join(lines))
    words = ("--model", model, "--start-method", method, "--workers", 3, "--inputs", tmp_path / "in", "--jobs", 5)
    done = host.run(tmp_path, *command("printf", "<%s>", "{job} of {input}, {", "{other}", "{input}{input}"), *words)
    check_a_run(done, model, method, 3)
    assert done.record["task"] == "printf" and done.record["connections"] is None
    inputs = [lines[job % 4] for job in range(5)]
    assert done.results == [by_hand("printf", "<%s>", f"{job} of {line}, {{", "{other}", line + line)
                            for job, line in enumerate(inputs)]  # fmt: skip


@both
@pytest.mark.parametrize("model", MODELS)
def test_what_fails_is_that_jobs_alone(host, model, tmp_path):
    script = "case $0 in 1) printf ' \\n\\t no such  \\t thing \\r\\nmore\\n' >&2; exit 3;; 2) kill -9 $$;; 4) exit 1;; 5) kill -PIPE $$;; *) echo $0;; esac"
    done = host.run(tmp_path, *command(*SHELL, script, "{job}"), "--model", model, "--workers", 2, "--jobs", 6)
    assert done.status == 1 and sorted(done.failed) == [(1, "ExitStatus"), (2, "Signal"), (4, "ExitStatus"), (5, "Signal")]
    assert {f["job"]: f["message"] for f in done.record["failures"]} == {1: "3: no such thing", 2: "SIGKILL", 4: "1", 5: "SIGPIPE"}
    assert [done.results[job] for job in (0, 1, 3)] == [digest(b"0\n"), 0, digest(b"3\n")]


@both
@pytest.mark.parametrize("model", MODELS)
def test_much_output_a_missing_program_and_what_is_inherited(host, model, tmp_path):
    """10 MB, with as much on stderr; nothing on stdin; no signal blocked; the directory that is given."""
    flood = "cat; head -c 10000000 /dev/zero; head -c 10000000 /dev/zero >&2"
    done = host.run(tmp_path, *command(*SHELL, flood), "--model", model, "--jobs", 2)
    assert done.status == 0 and done.results == [digest(bytes(10_000_000))] * 2
    state = "pwd; grep ^SigBlk /proc/self/status"
    done = host.run(tmp_path, *command(*SHELL, state), "--directory", tmp_path, "--model", model, "--jobs", 2)
    assert done.results == [by_hand(*SHELL, f"cd {tmp_path}; {state}")] * 2
    done = host.run(tmp_path, *command("./no such program"), "--model", model, "--jobs", 1)
    assert done.status == 1 and done.failed == [(0, "NotStarted")]
    assert "'./no such program' cannot be started: No such file or directory" in done.reason


@both
@pytest.mark.parametrize("model", MODELS)
def test_in_flight(host, model, tmp_path):
    done = host.run(tmp_path, *command("sleep", "0.3"), "--model", model, "--workers", 3, "--jobs", 3)
    assert done.status == 0 and done.most_at_once == (1 if model == "sync" else 3)
    assert all(row["start_ns"] < row["replied_ns"] <= row["end_ns"] for row in done.rows)


@both
@pytest.mark.parametrize("model", MODELS)
def test_what_a_command_leaves_behind_is_ended_with_it(host, model, tmp_path):
    mark = f"7{os.getpid()}"
    began = time.monotonic()
    done = host.run(tmp_path, *command(*SHELL, f"sleep {mark} & echo {{job}}"), "--model", model, "--jobs", 3)
    assert done.results == [digest(b"%d\n" % job) for job in range(3)] and time.monotonic() - began < 20
    assert gone(mark)


@both
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("how", ("the time", signal.SIGTERM), ids=str)
def test_a_command_that_hangs_is_killed_with_its_group(host, model, how, tmp_path):
    mark = f"8{os.getpid()}"
    words = (*command(*SHELL, f"trap '' TERM; sleep {mark} & sleep {mark}; :", "{job}"), "--model", model, "--workers", 2, "--jobs", 3)
    process = host.start(tmp_path, *words, "--timeout", 1 if how == "the time" else 60)
    wait_until(lambda: len(running(mark)) == (2 if model == "sync" else 4))
    if how != "the time":
        process.send_signal(how)
    _, said = process.communicate(timeout=30)
    assert process.returncode == (1 if how == "the time" else -how), said
    assert gone(mark)
    if how == "the time":
        assert "still running" in outcome(tmp_path, 1, said).reason


@both
def test_a_worker_that_dies_takes_its_command_along(host, tmp_path):
    mark = f"9{os.getpid()}"
    words = command(*SHELL, f"[ $0 = 0 ] || exit 0; sleep 0.5; kill -9 $PPID; sleep {mark}; :", "{job}")
    done = host.run(tmp_path, *words, "--model", "processes", "--workers", 2, "--jobs", 3)
    assert done.status == 1 and (0, "Crash") in done.failed
    assert gone(mark)


@both
def test_an_open_loop_of_commands(host, tmp_path):
    done = host.run(tmp_path, *command("true"), "--model", "async", "--jobs", 5, "--rate", 50)
    assert done.status == 0 and done.results == [0] * 5 and all(row["due_ns"] <= row["start_ns"] for row in done.rows)


WRONG = [
    ((C, PY), [*command("echo", "{input}")], "the command's {input} needs --inputs"),
    ((C, PY), [*command("echo"), "--inputs", "/etc/passwd"], "--inputs: the command has no {input}"),
    ((C, PY), [*command("echo", "{input}"), "--inputs", "/dev/null"], "--inputs: '/dev/null' has no line"),
    ((C, PY), [*command("echo"), "--task", "null"], "--task and --command: only one of them can be given"),
    ((EMBED, EXT), [*command("echo")], "a command runs in the runtimes c and py"),
]  # fmt: skip


@pytest.mark.parametrize("host, words, reason", [(host, *case) for hosts, *case in WRONG for host in hosts], ids=str)
def test_what_is_refused(host, words, reason, tmp_path):
    done = host.run(tmp_path, *words, "--model", "sync")
    assert done.status == 2 and reason in done.reason


@both
def test_an_input_with_a_nul_is_that_jobs_failure(host, tmp_path):
    (tmp_path / "in").write_bytes(b"a\nb\0c\n")
    done = host.run(tmp_path, *command("echo", "{input}"), "--inputs", tmp_path / "in", "--model", "async")
    assert done.status == 1 and [job for job, _ in done.failed] == [1] and "the input has a NUL" in done.reason


@both
def test_list_runs_a_command_twice(host, tmp_path):
    (task,) = host.listing(*command("/bin/sleep", "0.1"))["tasks"]
    probe = task.pop("probe")
    assert task == {"name": "sleep", "about": "/bin/sleep", "kind": "mixed", "asks": "command", "services": [], "jobs": 8, "splits": False, "params": []}
    assert probe["cpu_ns"] < probe["wall_ns"] / 2 and probe["wall_ns"] > 100e6
    (tmp_path / "in").write_text("1\n2\n3\n")
    (task,) = host.listing(*command("false", "{input}"), "--inputs", tmp_path / "in")["tasks"]
    assert task["jobs"] == 3 and task["probe"] is None
