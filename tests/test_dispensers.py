# SPDX-License-Identifier: MIT
"""Dispensers: however a job gets to its worker, each is done once and with its own result, and whatever goes wrong is said."""

from __future__ import annotations

import os
import signal

import pytest

from hosts import C, EMBED, Host, check_a_run, check_the_end, children_of, outcome, wait_until
from py_impl import slots
from test_open_loop import check_schedule, run_wait

MODELS = ("thread-pool", "process-pool", "async")
DISPENSERS = ("queue", "pipe")
WAYS = [(host, dispenser, model) for host in (C, EMBED) for dispenser in DISPENSERS for model in MODELS]
over_ways = pytest.mark.parametrize("host, dispenser, model", WAYS, ids=str)


@over_ways
def test_each_job_once(host: Host, dispenser, model, tmp_path):
    words = ("--task", "count", "--set", "size=1000", "--jobs", 40, "--workers", 3, "--model", model)
    for more in ((), ("--start-method", "spawn"), ("--cold", "on"), ("--chunk", 7)):
        done = host.run(tmp_path, *words, *more, "--dispenser", dispenser)
        check_a_run(done, model, "spawn" if "spawn" in more else "fork", 3)
        assert done.record["knobs"]["dispenser"] == dispenser
    assert done.results == host.run(tmp_path, *words).results


@over_ways
@pytest.mark.parametrize("workers", (3, 12))
def test_jobs_are_fed_when_they_are_due(host: Host, dispenser, model, workers, tmp_path):
    done = run_wait(host, tmp_path, model, "--rate", "333.3", "--arrivals", "poisson", "--arrivals-seed", 7, "--dispenser", dispenser,
                    workers=workers)  # fmt: skip
    check_schedule(done, 333.3, "poisson", 7)
    assert done.most_at_once <= workers


@pytest.mark.parametrize("host, dispenser", [(host, dispenser) for host in (C, EMBED) for dispenser in DISPENSERS], ids=str)
@pytest.mark.parametrize("mode", ("crash", "exit"))
def test_a_worker_that_dies(host: Host, dispenser, mode, tmp_path):
    """Its job is named, and all others are done, also when it was the only one to do them."""
    words = ("--task", host.faulty, "--model", "process-pool", "--set", f"mode={mode}", "--set", "at=5", "--dispenser", dispenser)
    done = host.run(tmp_path, *words, "--jobs", 30, "--workers", 2)
    assert done.status == 1 and done.failed == [(5, "Crash")] and "while running job 5" in done.record["failures"][0]["message"]
    assert [row["state"] for row in done.rows] == [slots.FAILED if job == 5 else slots.DONE for job in range(30)]
    done = host.run(tmp_path, *words, "--jobs", 3000, "--workers", 1)
    assert done.status == 1 and done.failed[:2] == [(5, "Crash"), (6, "NotRun")] and done.record["failed_jobs"] == 2995


@pytest.mark.parametrize("dispenser", DISPENSERS)
@pytest.mark.parametrize("rate", ((), ("--rate", 1)), ids=("closed", "open"))
def test_all_workers_are_killed(dispenser, rate, tmp_path):
    """While the feeder waits: for room in the queue, for an answer, or until the next job is due."""
    words = ("--task", "wait", "--set", "delay=60000", "--jobs", 5000, "--workers", 2, "--model", "process-pool", *rate)
    process, gate = C.start_and_hold(tmp_path, *words, "--dispenser", dispenser)
    os.write(gate, b"g")
    wait_until(lambda: slots.RUNNING in {row["state"] for row in outcome(tmp_path, 0, "").rows})
    for pid in children_of(process.pid):
        os.kill(pid, signal.SIGKILL)
    assert process.wait(20) == 1
    process.stderr.close()
    os.close(gate)
    done = outcome(tmp_path, 1, "")
    assert done.record["failed_jobs"] == 5000 and "was killed by signal 9 (SIGKILL)" in done.record["failures"][0]["message"]


@pytest.mark.parametrize("dispenser", DISPENSERS)
@pytest.mark.parametrize("model", MODELS)
def test_a_signal_ends_all(dispenser, model, tmp_path):
    words = ("--task", "wait", "--set", "delay=60000", "--jobs", 5000, "--workers", 2, "--model", model, "--dispenser", dispenser)
    process, gate = C.start_and_hold(tmp_path, *words)
    os.write(gate, b"g")
    wait_until(lambda: slots.RUNNING in {row["state"] for row in outcome(tmp_path, 0, "").rows})
    check_the_end(process, children_of(process.pid), signal.SIGINT)
    os.close(gate)


@pytest.mark.parametrize("host", (C, EMBED), ids=str)
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("payload, chunk", [(1, 1), (100_000, 4), (5_000_000, 1)])
def test_payload(host: Host, model, payload, chunk, tmp_path):
    words = ("--task", "null", "--set", f"payload={payload}", "--jobs", 10, "--workers", 2, "--model", model, "--chunk", chunk)
    for dispenser in ("counter", *DISPENSERS):
        done = host.run(tmp_path, *words, "--dispenser", dispenser)
        check_a_run(done, model, "fork", 2)
        assert done.results == list(range(10)) and done.record["params"]["payload"] in (payload, str(payload))


def test_a_message_that_no_machine_holds(tmp_path):
    words = ("--task", "null", "--set", "payload=16777216", "--model", "thread-pool", "--dispenser", "pipe", "--chunk", 1000)
    done = C.run(tmp_path, *words)
    assert done.status == 77 and "messages of 16777228004 bytes" in done.reason


@pytest.mark.parametrize("host", (C, EMBED), ids=str)
def test_other_models_are_not_fed(host: Host, tmp_path):
    done = host.run(tmp_path, "--task", "null", "--model", "threads", "--dispenser", "pipe", "--jobs", 4)
    assert done.status == 0 and "dispenser" not in done.record["knobs"]


@pytest.mark.parametrize("host, dispenser", [(host, dispenser) for host in (C, EMBED) for dispenser in DISPENSERS], ids=str)
def test_a_job_that_hangs(host: Host, dispenser, tmp_path):
    for model in ("thread-pool", "process-pool"):
        done = host.run(tmp_path, "--task", host.faulty, "--model", model, "--set", "mode=hang", "--set", "at=3", "--timeout", 1,
                        "--workers", 2, "--dispenser", dispenser)  # fmt: skip
        assert done.status == 1 and done.failed == [(3, "Timeout")]
