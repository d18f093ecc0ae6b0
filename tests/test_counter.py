# SPDX-License-Identifier: MIT
"""The tasks `counter` and `cache`: what their audits find without a lock, and that no lock lets anything by, in any model."""

from __future__ import annotations

import re

import pytest

from hosts import C, EMBED, EXT, HOSTS, PY
from py_impl.contract import slice_of
from py_impl.lock import FREE_THREADED
from py_impl.machine import effective_cpus

IN_C, IN_PYTHON = (C, EXT), (EMBED, PY)  # in which language each of them runs a task
# Their interpreters open the task each for itself, and are refused.
WAYS = [(host, model) for host in HOSTS for model in host.models if model != "interpreters"]
AT_ONCE = ("threads", "thread-pool", "processes", "process-pool")  # models of which workers run at the same time, given two CPUs
TRIES = 20
two_cpus = pytest.mark.skipif(effective_cpus() < 2, reason="needs two CPUs: on one no other worker comes between the read and the write")


def run(host, folder, task, model, *words, jobs=4, workers=2, **params):
    settings = [word for key, value in params.items() for word in ("--set", f"{key}={value}")]
    return host.run(folder, "--task", task, "--model", model, "--jobs", jobs, "--workers", workers, *settings, *words)


def run_until(holds, *words, **params):
    """The first run of a few of which that holds: on a busy machine one worker may be done before the other begins."""
    for _ in range(TRIES):
        done = run(*words, **params)
        if holds(done):
            break
    return done


def finds_something(done):
    return done.record["audit"]["wrong"] > 0


def check_nothing_is_wrong(done, of):
    assert (done.status, done.stderr) == (0, "")
    assert done.record["audit"] == {"wrong": 0, "of": of, "finding": ""}


# -- counter --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host, model", WAYS, ids=str)
def test_no_addition_is_lost(host, model, tmp_path):
    adds = 200_001 if host in IN_C else 10_001
    for lock in ("one", "atomic", "own", "adjacent"):
        if lock == "atomic" and host in IN_PYTHON:
            continue
        done = run(host, tmp_path, "counter", model, adds=adds, lock=lock)
        check_nothing_is_wrong(done, adds)
        assert done.results == [end - start for start, end in (slice_of(adds, job, 4) for job in range(4))]


@two_cpus
@pytest.mark.parametrize("host, model", [*((C, model) for model in AT_ONCE), (EXT, "process-pool"), (EMBED, "process-pool"), (PY, "process-pool")],
                         ids=str)  # fmt: skip
def test_additions_are_lost_without_a_lock(host, model, tmp_path):
    """Which is what the run found, and no failure."""
    adds = 200_000_000 if host in IN_C else 1_000_000
    done = run_until(finds_something, host, tmp_path, "counter", model, adds=adds, lock="none", jobs=2)
    audit = done.record["audit"]
    assert (done.status, done.record["status"]) == (0, "done") and audit["of"] == adds
    assert 0 < audit["wrong"] < adds
    assert audit["finding"] == f"the counter is {adds - audit['wrong']} after {adds} additions"


@pytest.mark.parametrize("host", HOSTS, ids=repr)
@pytest.mark.parametrize("model", ("sync", "async"))
def test_one_thread_loses_nothing(host, model, tmp_path):
    check_nothing_is_wrong(run(host, tmp_path, "counter", model, adds=10_000, lock="none"), 10_000)


@pytest.mark.skipif(FREE_THREADED, reason="this Python has no lock that keeps threads apart")
def test_cpythons_lock_does_not_change_hands_within_an_addition(tmp_path):
    done = run(PY, tmp_path, "counter", "thread-pool", "--switch-interval", 0.000001, adds=200_000, lock="none")
    check_nothing_is_wrong(done, 200_000)


@pytest.mark.parametrize("host", HOSTS, ids=repr)
def test_a_pause_loses_updates_without_any_thread(host, tmp_path):
    """All read before the first one writes: what each adds but the last to write is lost."""
    done = run(host, tmp_path, "counter", "async", jobs=8, workers=8, adds=8, lock="none", pause=300)
    assert done.status == 0 and done.results == [1] * 8
    assert done.record["audit"] == {"wrong": 7, "of": 8, "finding": "the counter is 1 after 8 additions"}
    check_nothing_is_wrong(run(host, tmp_path, "counter", "sync", jobs=3, adds=8, lock="none", pause=1), 8)


@pytest.mark.parametrize("host", HOSTS, ids=repr)
def test_what_cannot_be(host, tmp_path):
    done = run(host, tmp_path, "counter", "sync", lock="one", pause=1)
    assert done.status == 2 and "pause: with lock=none only, as no lock is held while a job waits" in done.reason
    done = run(host, tmp_path, "counter", "sync", lock="atomic", adds=9)
    if host in IN_PYTHON:
        assert done.status == 77 and "Python has no atomic addition to memory that processes share" in done.reason
    else:
        check_nothing_is_wrong(done, 9)


@two_cpus
@pytest.mark.parametrize("host", (C, EXT), ids=repr)
@pytest.mark.parametrize("model", ("thread-pool", "process-pool"))
def test_the_wait_for_a_lock_is_in_the_slots(host, model, tmp_path):
    """Of two workers that take it a million times, one has had to wait."""
    done = run_until(lambda done: any(row["waited_us"] for row in done.rows), host, tmp_path, "counter", model, adds=1_000_000, lock="one", jobs=2)
    check_nothing_is_wrong(done, 1_000_000)
    assert 0 < sum(row["waited_us"] for row in done.rows)
    assert all(row["waited_us"] <= (row["end_ns"] - row["start_ns"]) // 1000 for row in done.rows)
    done = run(host, tmp_path, "counter", model, adds=1000, lock="own", jobs=2)
    assert [row["waited_us"] for row in done.rows] == [0, 0]


# -- cache ----------------------------------------------------------------------------------------------------------------

CACHE_LOCKS = ("mutex", "rwlock", "copies", "swap")


@pytest.mark.parametrize("host, model", WAYS, ids=str)
def test_no_read_is_torn(host, model, tmp_path):
    """Few entries and many writes, so that it would be."""
    reads = 50_003 if host in IN_C else 5_003
    results = []
    for lock in CACHE_LOCKS:
        done = run(host, tmp_path, "cache", model, entries=3, reads=reads, writes=300, lock=lock)
        check_nothing_is_wrong(done, reads)
        results.append(done.results)
    assert results == [results[0]] * len(CACHE_LOCKS)


@pytest.mark.parametrize("params", [{}, {"entries": 1}, {"entries": 10, "writes": 1000}, {"writes": 0}], ids=str)
def test_the_same_accesses_in_both_languages(params, tmp_path):
    done = [run(host, tmp_path, "cache", "sync", **{"reads": 10_007, "lock": "none"} | params) for host in (C, PY)]
    assert done[0].results == done[1].results and (any(done[0].results) or params.get("entries") == 1)
    for each in done:
        check_nothing_is_wrong(each, 10_007)


@pytest.mark.parametrize("host", (C, PY), ids=repr)
@pytest.mark.parametrize("model", ("threads", "processes"))
def test_workers_that_are_more_than_copies_share_them(host, model, tmp_path):
    """Each job has a worker of its own here, which opens while others write."""
    done = run(host, tmp_path, "cache", model, entries=5, reads=4_000, writes=300, lock="copies", jobs=40, workers=4)
    check_nothing_is_wrong(done, 4_000)


@two_cpus
@pytest.mark.parametrize("model", AT_ONCE)
def test_reads_are_torn_without_a_lock(model, tmp_path):
    done = run_until(finds_something, C, tmp_path, "cache", model, entries=1, reads=40_000_000, writes=300, lock="none", jobs=2)
    audit = done.record["audit"]
    assert done.status == 0 and 0 < audit["wrong"] <= audit["of"] == 40_000_000
    seen, left = map(int, re.fullmatch(r"(\d+) reads saw half of a write, and (\d+) entries are left torn", audit["finding"]).groups())
    assert seen > 0 and left <= 1 and audit["wrong"] == seen + left
