# SPDX-License-Identifier: MIT
"""The task `bank` and the locks of tasks: what is lost without one, that none is with one, and two that wait for each other."""

from __future__ import annotations

import multiprocessing
import os
import re
import sys
import threading

import pytest

from hosts import C, EMBED, EXT, HOSTS, PY
from py_impl import slots
from py_impl.contract import WORKER_PROCESS
from py_impl.lock import FREE_THREADED
from py_impl.tasks.lib import locks
from py_impl.tasks.lib.shared import shared_words

SHARING = ("threads", "thread-pool", "processes", "process-pool")
IN_PYTHON = (PY, EMBED)  # who runs tasks in Python
FREE = ("one", "striped", "atomic", "ordered")  # variants in which nobody waits for one that waits for him
WAITS = re.compile(r"job (\d+) holds account ([01]) and waits for account ([01]), which job (\d+) holds, which waits for account ([01])")


def run(host, folder, model, *words, workers=2, jobs=4):
    settings = [word for setting in words for word in (("--set", setting) if "=" in setting else (setting,))]
    return host.run(folder, "--task", "bank", "--model", model, "--workers", workers, "--jobs", jobs, *settings)


def variants(host):
    return [lock for lock in FREE if lock != "atomic" or host not in IN_PYTHON]


# -- the task -------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("settings", [("accounts=2", "hold=0"), ("accounts=7", "hold=3"), ("accounts=1000", "hold=1")])
def test_a_result_is_the_same_in_both_languages_and_under_any_lock(tmp_path, settings):
    results = {(host.runtime, lock): run(host, tmp_path, "sync", "transfers=101", *settings, f"lock={lock}").results
               for host in HOSTS for lock in ("none", "unordered", *variants(host))}  # fmt: skip
    first = results["py", "one"]
    assert len(set(first)) == 4 and all(result == first for result in results.values()), results


@pytest.mark.parametrize("host", IN_PYTHON, ids=repr)
def test_python_has_no_atomic_additions(host, tmp_path):
    done = run(host, tmp_path, "sync", "lock=atomic")
    assert done.status == 77 and done.reason.endswith("Python has no atomic additions: one, striped and ordered are its ways")


@pytest.mark.parametrize("host, model", [(host, model) for host in HOSTS for model in SHARING], ids=str)
def test_with_a_lock_nothing_is_lost(host, tmp_path, model):
    transfers = 4000 if host in IN_PYTHON else 40000
    for lock in variants(host):
        done = run(host, tmp_path, model, f"transfers={transfers}", "accounts=3", f"lock={lock}", workers=3, jobs=6)
        assert done.status == 0, done.stderr
        assert done.record["audit"] == {"wrong": 0, "of": 2 * transfers, "finding": ""}


# In which a transfer works for so long that another comes between with any scheduler, on one CPU, too.
@pytest.mark.parametrize("host, model, hold", [
    (C, "thread-pool", 100000), (C, "process-pool", 100000), (EXT, "thread-pool", 100000), (PY, "thread-pool", 2000),
    (PY, "process-pool", 2000), (EMBED, "thread-pool", 2000),
], ids=str)  # fmt: skip
def test_without_one_updates_are_lost(host, tmp_path, model, hold):
    done = run(host, tmp_path, model, "transfers=1000", "accounts=2", "lock=none", f"hold={hold}")
    assert done.status == 0 and {row["state"] for row in done.rows} == {slots.DONE}
    found = done.record["audit"]
    assert 0 < found["wrong"] <= found["of"] == 2000
    assert re.fullmatch(rf"{found['wrong']} of 2000 changes of accounts are lost, and the total changed by -?\d+", found["finding"])


def test_where_cpython_switches_threads(tmp_path):
    """From 3.11 on in calls and loops only: where there is none between reading and writing nothing is lost, which proves nothing."""
    lost = {}
    for hold in (0, 20):
        done = run(PY, tmp_path, "thread-pool", "transfers=50000", "lock=none", f"hold={hold}", "--switch-interval", "0.00001")
        lost[hold] = done.record["audit"]["wrong"]
    switches_anywhere = sys.version_info < (3, 11) or FREE_THREADED
    assert lost[20] > 0 and (lost[0] == 0 or switches_anywhere), lost


@pytest.mark.parametrize("host", HOSTS, ids=repr)
@pytest.mark.parametrize("model", ["sync", "async"])
def test_one_at_a_time_loses_nothing_without_one(host, tmp_path, model):
    done = run(host, tmp_path, model, "transfers=1000", "lock=none")
    assert done.status == 0 and done.record["audit"]["wrong"] == 0


@pytest.mark.parametrize("host, hold", [(C, 20000), (PY, 100)], ids=str)
def test_the_wait_for_a_lock_is_known(host, tmp_path, hold):
    """It is part of a job's time, and is none where nobody else is there."""
    done = run(host, tmp_path, "thread-pool", "transfers=4000", "lock=one", f"hold={hold}")
    assert done.status == 0 and sum(row["waited_us"] for row in done.rows) > 0
    assert all(row["waited_us"] <= (row["end_ns"] - row["start_ns"]) // 1000 for row in done.rows)
    done = run(host, tmp_path, "sync", "transfers=100", "lock=one", f"hold={hold}")
    assert done.status == 0 and sum(row["waited_us"] for row in done.rows) == 0


@pytest.mark.parametrize("host", HOSTS, ids=repr)
@pytest.mark.parametrize("model", ["thread-pool", "process-pool"])
def test_locks_in_the_wrong_order(host, tmp_path, model):
    """Two jobs that wait for each other's are found and named, and the run ends."""
    found = []
    settings = ("hold=20", "transfers=20000") if host in IN_PYTHON else ("hold=1000", "transfers=100000")
    for attempt in range(5):  # none of the others has to come between one's two locks
        done = run(host, tmp_path, model, "accounts=2", "lock=unordered", *settings, jobs=8)
        found += [failure for failure in (done.record["failures"] or ()) if failure["type"] == "Deadlock"]
        assert done.status == (1 if found else 0) and (found or done.record["audit"]["wrong"] == 0)
        if found:
            break
    for failure in found:
        job, own, other, holder, back = WAITS.fullmatch(failure["message"]).groups()
        assert int(job) == failure["job"] and job != holder and own == back != other
    assert found


# -- the locks in Python; those of C are tested by tests/unit/task_locks.c --------------------------------------------------

def crew(processes: bool, size: int, target) -> None:
    """Calls `target` with 0, 1, ... in threads or processes of their own, until all have returned."""
    make = multiprocessing.get_context("fork").Process if processes else threading.Thread
    workers = [make(target=target, args=(number,), daemon=True) for number in range(size)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
        assert not worker.is_alive() and getattr(worker, "exitcode", 0) == 0


def together(processes: bool, size: int):
    return (multiprocessing.get_context("fork") if processes else threading).Barrier(size, timeout=30)


@pytest.mark.parametrize("processes", [False, True], ids=["threads", "processes"])
@pytest.mark.parametrize("size", [2, 3, 4])
def test_a_circle_is_the_failure_of_one_that_waits_in_it(processes, size, monkeypatch):
    """Each has its own and then wants the next one's."""
    monkeypatch.setattr(locks, "LOOK_S", 0.01)
    all_locks, barrier, said = locks.Locks("account", size, 3 + size), together(processes, size), os.pipe()

    def go_round(number: int) -> None:
        user, following = all_locks.user(WORKER_PROCESS if processes else 0), (number + 1) % size
        user.job = 3 + number
        user.take(number)
        barrier.wait()
        try:
            user.take(following)
            user.give(following)
        except locks.Deadlock as error:
            os.write(said[1], f"{number} {error}\n".encode())
        user.give(number)

    crew(processes, size, go_round)
    os.close(said[1])
    with open(said[0]) as lines:
        told = dict(line.strip().split(" ", 1) for line in lines)
    assert told
    for number, text in told.items():
        order = [(int(number) + i) % size for i in range(size + 1)]
        assert text == f"job {3 + order[0]} holds account {order[0]} and waits for account {order[1]}" + "".join(
            f", which job {3 + at} holds, which waits for account {(at + 1) % size}" for at in order[1:-1])


@pytest.mark.parametrize("processes", [False, True], ids=["threads", "processes"])
def test_they_keep_others_out_and_see_no_circle_where_there_is_none(processes, monkeypatch):
    """Two of three, always in order; who waits looks for a circle at every instant."""
    monkeypatch.setattr(locks, "LOOK_S", 0)
    size, rounds = 3, 3000
    all_locks, barrier, counts = locks.Locks("account", 3, size), together(processes, size), shared_words(3)

    def count(number: int) -> None:
        user = all_locks.user(WORKER_PROCESS if processes else 0)
        user.job = number
        barrier.wait()
        for i in range(rounds):
            first, second = ((0, 1), (0, 2), (1, 2))[(i + number) % 3]
            user.take(first)
            user.take(second)
            counts[first], counts[second] = counts[first] + 1, counts[second] + 1
            user.give(second)
            user.give(first)
        assert user.waited_ns >= 0

    crew(processes, size, count)
    assert list(counts) == [size * rounds * 2 // 3] * 3
