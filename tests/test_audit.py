# SPDX-License-Identifier: MIT
"""Tasks that audit what their jobs changed in common, and say what each waited for locks: every host, every model that can."""

from __future__ import annotations

from pathlib import Path

import pytest

from hosts import C, EMBED, ENGINES, EXT, HOSTS, PROCESSES, PY, TASK_SYSTEMS
from py_impl import slots

SHARING = [(host, model) for host in HOSTS for model in host.models if model != "interpreters"]
ELSEWHERE = "task 'audited' changes memory that its workers have in common, but each {} opens the task for itself"


def audited(host) -> Path:
    return host.faulty.with_name("audited" + host.faulty.suffix)


def run(host, folder: Path, model: str, *words: object):
    return host.run(folder, "--task", audited(host), "--model", model, "--jobs", 8, "--workers", 2, *words)


@pytest.mark.parametrize("host, model", SHARING, ids=str)
def test_what_all_workers_changed_is_audited(host, tmp_path, model):
    """In their own memory each would have found its own jobs only. What it finds wrong is no failure."""
    done = run(host, tmp_path, model, "--set", "lost=3", "--set", "waits=10")
    assert (done.status, done.stderr) == (0, "")
    assert done.record["audit"] == {"wrong": 3, "of": 8, "finding": "3 bytes are not set"}
    assert [row["waited_us"] for row in done.rows] == [10 * (job + 1) for job in range(8)]


@pytest.mark.parametrize("host", HOSTS, ids=str)
def test_nothing_wrong(host, tmp_path):
    done = run(host, tmp_path, "thread-pool")
    assert done.record["audit"] == {"wrong": 0, "of": 8, "finding": ""}
    assert {row["waited_us"] for row in done.rows} == {0}
    assert "audit" not in host.run(tmp_path, "--task", "null", "--model", "thread-pool").record


@pytest.mark.parametrize("dispenser", ("queue", "pipe"))
@pytest.mark.parametrize("host, model", [(host, model) for host in (C, PY) for model in ("thread-pool", "process-pool")], ids=str)
def test_whoever_hands_the_jobs_out(host, tmp_path, model, dispenser):
    done = run(host, tmp_path, model, "--dispenser", dispenser, "--set", "lost=8", "--set", "waits=7")
    assert done.record["audit"] == {"wrong": 8, "of": 8, "finding": "8 bytes are not set"}
    assert [row["waited_us"] for row in done.rows] == [7 * (job + 1) for job in range(8)]


@pytest.mark.parametrize("host", HOSTS, ids=str)
def test_a_finding_has_159_bytes(host, tmp_path):
    assert run(host, tmp_path, "sync", "--set", "mode=long").record["audit"] == {"wrong": 0, "of": 8, "finding": "x" * 159}


@pytest.mark.parametrize("host, model", [(host, model) for host in HOSTS for model in ("sync", "thread-pool", "process-pool")], ids=str)
def test_where_a_job_failed_nothing_is_audited(host, tmp_path, model):
    """It has waited all the same."""
    done = run(host, tmp_path, model, "--set", "mode=job", "--set", "waits=10")
    assert done.status == 1 and done.failed == [(0, "Planted")] and "audit" not in done.record
    assert [row["waited_us"] for row in done.rows] == [10 * (job + 1) for job in range(8)]


@pytest.mark.parametrize("host, model", [(host, model) for host in HOSTS for model in ("sync", "process-pool")], ids=str)
@pytest.mark.parametrize("mode, why", [("fail", "Planted: the audit itself"), ("empty", ": 0 wrong of nothing")])
def test_an_audit_that_fails_fails_the_run(host, tmp_path, model, mode, why):
    done = run(host, tmp_path, model, "--set", f"mode={mode}")
    assert done.status == 1 and done.reason.startswith("the audit failed: ") and why in done.reason, done.reason
    assert "audit" not in done.record and {row["state"] for row in done.rows} == {slots.DONE}


@pytest.mark.parametrize("host, model", [(host, model) for host in HOSTS for model in PROCESSES], ids=str)
def test_spawned_processes_have_nothing_in_common(host, tmp_path, model):
    done = run(host, tmp_path, model, "--start-method", "spawn")
    assert (done.status, done.reason) == (77, ELSEWHERE.format("process of start method spawn"))


@pytest.mark.parametrize("host, model", [
    (host, model) for host in HOSTS for model in ENGINES + TASK_SYSTEMS * (host in (PY, EXT))
], ids=str)  # fmt: skip
def test_engines_have_nothing_in_common(host, tmp_path, model):
    done = run(host, tmp_path, model)
    assert (done.status, done.reason) == (77, ELSEWHERE.format(f"worker of {model}"))


@pytest.mark.parametrize("host", (EMBED, EXT, PY), ids=str)
def test_interpreters_have_nothing_in_common(host, tmp_path):
    done = run(host, tmp_path, "interpreters")
    assert (done.status, done.reason) == (77, ELSEWHERE.format("interpreter"))


@pytest.mark.parametrize("host", (C, PY), ids=str)
def test_workers_elsewhere_have_nothing_in_common(host, tmp_path):
    service = ("--service", "redis=redis://127.0.0.1:9")  # which nobody asks
    done = run(host, tmp_path, "process-pool", "--dispenser", "redis", *service, "--hosts", "a:2", "--launcher", "env")
    assert (done.status, done.reason) == (77, ELSEWHERE.format("worker on another host"))
    worker = host.call("worker", "--task", audited(host), "--jobs", 8, *service, "--queue", "cobench:none:", "--worker", 0)
    assert worker.returncode == 77 and ELSEWHERE.format("worker of a manager elsewhere") in worker.stderr
