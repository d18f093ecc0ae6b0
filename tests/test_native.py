# SPDX-License-Identifier: MIT
"""The extension module `native` by itself: what Python may do wrong with it, what it leaks (nothing), and what it closes."""

import gc
import os
import sys
import threading
import time
from array import array
from contextlib import suppress
from pathlib import Path

import pytest

from hosts import BUILD, SECONDS, TEST_TASKS, call_python
from py_impl import slots
from py_impl.contract import Audit, Reply, Request, TaskFailed
from py_impl.ext import native

TASKS = BUILD / "tasks"


def built_in(name: str):
    return native().Task(str(TASKS / f"{name}.so"))


def of_tests(name: str):
    return native().Task(str(TEST_TASKS / f"{name}.so"))


NULL = {"payload": 0}


class Open:
    """A task with its state and one worker."""

    def __init__(self, task, params: dict | None = None, jobs: int = 4) -> None:
        self.task = task
        self.state = task.open(params or NULL, jobs)
        self.worker = task.worker_open(self.state, 0)

    def __enter__(self):
        return self.task, self.state, self.worker

    def __exit__(self, *_) -> None:
        self.task.worker_close(self.state, self.worker)
        self.task.close(self.state)


FETCH = {"url": "http://h/{job}", "size": 3, "delay": 0, "check": "crc", "tls": 0, "http": "1.1", "reuse": 1}

def test_a_task_is_as_its_module():
    task = built_in("fetch")
    assert (task.NAME, task.KIND, task.ASKS, task.JOBS) == ("fetch", "io", "url", 50)
    assert [param.key for param in task.PARAMS] == [*FETCH]
    with Open(task, FETCH) as (_, state, worker):
        request = task.request(state, worker, 3)
        assert isinstance(request, Request) and (request.ask, request.url) == ("url", "http://h/3")
        assert task.run(state, worker, 3, Reply(200, b"abc")) == 0x352441C2
        with pytest.raises(TaskFailed) as caught:
            task.run(state, worker, 3, Reply(500, b"abc"))
        assert (caught.value.kind, str(caught.value)) == ("HttpStatus", "status 500 where 200 was expected")


def test_bare_returns_its_third():
    assert native().bare(None, None, 2**64 - 1, None) == 2**64 - 1
    refused("", native().bare, 1, 2, 3)


def refused(match: str, call, *args) -> None:
    """With a TypeError that says `match`; "": whatever it says."""
    with pytest.raises(TypeError, match=match or None):
        call(*args)


def test_objects_that_do_not_belong_together():
    task, same, other = built_in("null"), built_in("null"), built_in("count")
    with Open(task) as (_, state, worker), Open(task) as (_, state2, worker2), Open(other, {"size": 9}) as (_, state3, worker3):
        for bad in (None, 1, "x", worker, object(), state3, type(state)):
            for call, *more in ((task.run, worker, 0, None), (task.request, worker, 0), (task.close,), (task.pool_found,),
                                (task.before_fork,), (task.after_fork_parent,), (task.after_fork_child,), (task.worker_open, 0),
                                (task.worker_close, worker), (task.pool, bytearray(9), 1, 1, -1, -1, -1, -1, False, 0, False, None, 0)):  # fmt: skip
                refused("the state must be what this task's open", call, bad, *more)
        for bad in (None, 1, state, worker2, worker3, object()):
            for call, *more in ((task.run, 0, None), (task.request, 0), (task.worker_close,)):
                refused("the worker must be what worker_open", call, state, bad, *more)
        refused("the state must be", same.run, state, worker, 0, None)
        refused("", other.run, state2, worker2, 0, None)


@pytest.mark.parametrize("name, right", [("open", 2), ("worker_open", 2), ("worker_close", 2), ("request", 3), ("run", 4), ("prepare", 2), ("waited", 2), ("more", 5), ("pool", 13)])
def test_too_few_and_too_many_arguments(name, right):
    with Open(of_tests("audited"), AUDITED) as (task, state, _):
        for count in set(range(11)) - {right}:
            refused(rf"{name}\(\) takes {right} arguments \({count} given\)", getattr(task, name), *[state] * count)


AUDITED = {"lost": 1, "waits": 3, "mode": "ok"}


def test_audit_and_waits():
    task = of_tests("audited")
    with Open(task, AUDITED) as (_, state, worker):
        assert [task.run(state, worker, job, None) for job in range(4)] == [0, 1, 2, 3]
        assert task.waited(state, worker) == 4 * 3000
        found = task.audit(state)
        assert isinstance(found, Audit) and (found.wrong, found.of, found.finding) == (1, 4, "1 bytes\nare not set")
        refused("the state must be", task.audit, worker)
        refused("the worker must be", task.waited, state, state)
    refused("the state is closed", task.audit, state)
    refused("the worker is closed", task.waited, state, worker)
    with Open(task, {**AUDITED, "mode": "fail"}) as (_, state, worker), pytest.raises(TaskFailed, match="the audit itself"):
        task.audit(state)


def test_functions_that_a_task_has_not():
    """Hosts go by whether they are there."""
    for name in ("audit", "waited"):
        assert hasattr(of_tests("audited"), name) and not hasattr(built_in("null"), name)


def test_jobs_that_are_asked_for():
    task = built_in("nested")
    with Open(task, {"steps": 1}) as (_, state, worker):
        request = task.request(state, worker, 1)
        assert isinstance(request, Request) and (request.ask, request.jobs, request.words, request.path) == ("jobs", (3,), (), None)
        assert task.request(state, worker, 3).ask == "nothing"
        results = memoryview(array("Q", [7]))
        assert task.run(state, worker, 1, Reply(0, results)) == task.run(state, worker, 1, Reply(0, results.tobytes()))
        for bad in (b"", bytes(7), bytes(9), bytes(16)):
            with pytest.raises(ValueError, match=f"asks for 1 results, and the reply has {len(bad)} bytes"):
                task.run(state, worker, 1, Reply(0, bad))
        refused("the job asks for a list of jobs", task.run, state, worker, 1, None)
        assert task.run(state, worker, 3, None) > 0


def test_jobs_that_are_none():
    with Open(built_in("wordcount"), {"file": str(BUILD / "data" / "words.txt"), "word": b"the", "repeat": 1}) as (task, state, worker):
        for bad, error in ((4, ValueError), (2**64 - 1, ValueError), (-1, OverflowError), (2**64, OverflowError),
                           ("1", TypeError), (1.0, TypeError), (None, TypeError)):  # fmt: skip
            for call, *more in ((task.run, None), (task.request,)):
                with pytest.raises(error):
                    call(state, worker, bad, *more)
        assert task.run(state, worker, 3, None) > 0  # the worker is free again


def test_replies_that_are_none():
    with Open(built_in("fetch"), FETCH) as (task, state, worker):
        for bad, error in ((None, TypeError), (1, AttributeError), (Reply("200", b""), TypeError), (Reply(200, "abc"), TypeError),
                           (Reply(200, None), TypeError), (Reply(2**80, b""), OverflowError)):  # fmt: skip
            with pytest.raises(error):
                task.run(state, worker, 0, bad)
        assert task.run(state, worker, 0, Reply(200, b"abc"))
    with Open(built_in("null")) as (task, state, worker):
        assert task.run(state, worker, 0, None) == 0


@pytest.mark.parametrize("params, error", [
    ({}, KeyError), (None, TypeError), (7, TypeError), ({"divide": None}, TypeError), ({"divide": 1.5}, TypeError),
    ({"divide": "x"}, ValueError), ({"divide": 0}, ValueError), ({"divide": 10**7}, ValueError), ({"divide": 10**30}, ValueError),
    ({"divide": b"1\0"}, ValueError), ({"divide": "1\0"}, ValueError), ({"divide": []}, TypeError),
])  # fmt: skip
def test_params_that_are_not_allowed(params, error):
    """Above all divide=0, by which C would divide."""
    with pytest.raises(error):
        built_in("factorize").open(params, 3)


def test_choices_and_jobs_that_are_not_allowed():
    with pytest.raises(ValueError, match="must be one of"):
        built_in("fetch").open({**FETCH, "check": "cr"}, 3)
    for bad, error in ((0, ValueError), (10**8 + 1, ValueError), (-1, OverflowError), (2**64, OverflowError), ("3", TypeError)):
        with pytest.raises(error):
            built_in("null").open({}, bad)


def test_payload():
    assert built_in("null").payload({"payload": 1000}, 3) == 1000 and built_in("wait").payload({"delay": 1}, 3) == 0
    with pytest.raises(ValueError, match="payload"):
        built_in("null").payload({"payload": -1}, 3)
    refused("", built_in("null").payload, NULL)


def test_files_that_are_no_tasks(tmp_path):
    for path, part in ((tmp_path / "none.so", "cannot open shared object"), (TEST_TASKS / "no_symbol.so", "no symbol"),
                       (TEST_TASKS / "wrong_contract.so", "contract version 1005"), ("", "")):  # fmt: skip
        with pytest.raises(ImportError, match=part):
            native().Task(str(path))
    for bad in ((), (1,), (None,), ("a", 1), ("a", "b", "c", "d", "e")):
        refused("", native().Task, *bad)
    with pytest.raises(ValueError):
        native().Task("a\0b")


def test_types_are_not_for_users():
    task = built_in("null")
    with Open(task) as (_, state, worker):
        for made in (state, worker):
            refused("", type(made))
            refused("", object.__new__, type(made))
        for made in (task, state, worker):
            refused("", type, "Sub", (type(made),), {})
            refused("", setattr, type(made), "x", 1)
            refused("", setattr, made, "__class__", type(state) if made is worker else type(worker))
            with pytest.raises(AttributeError):
                made.x = 1


def test_nothing_is_closed_while_it_is_in_use():
    task = built_in("wordcount")
    state = task.open({"file": str(BUILD / "data" / "words.txt"), "word": b"the", "repeat": 1}, 2)
    workers = [task.worker_open(state, 0) for _ in range(2)]
    for worker in workers:
        with pytest.raises(RuntimeError, match="while the state is in use"):
            task.close(state)
        assert task.run(state, worker, 0, None) > 0
        task.worker_close(state, worker)
        for call, *more in ((task.run, 0, None), (task.request, 0), (task.worker_close,)):
            refused("the worker is closed", call, state, worker, *more)
    task.close(state)
    task.close(state)
    refused("the state is closed", task.worker_open, state, 0)
    refused("the state is closed", task.pool, state, bytearray(9000), 1, 1, -1, -1, -1, -1, False, 0, False, None, 0)
    task.before_fork(state)  # os.register_at_fork cannot be undone


def test_a_worker_is_one_threads_at_a_time():
    task = of_tests("meet")
    state = task.open({"patience": 20000}, 2)
    mine, other = task.worker_open(state, 0), task.worker_open(state, 0)
    thread = threading.Thread(target=task.run, args=(state, other, 0, None))
    thread.start()
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:  # until the thread is in C
        try:
            task.request(state, other, 0)
        except RuntimeError as error:
            assert str(error) == "the worker is in use by another thread"
            break
    for call, *more in ((task.run, 1, None), (task.worker_close,)):
        with pytest.raises(RuntimeError, match="in use by another thread"):
            call(state, other, *more)
    with pytest.raises(RuntimeError, match="while the state is in use"):
        task.close(state)
    assert task.run(state, mine, 1, None) == 1
    thread.join(SECONDS)
    for worker in (mine, other):
        task.worker_close(state, worker)
    task.close(state)


def notes(path: Path) -> list[str]:
    return [note[0] for note in path.read_text().split()]


def open_calls(folder: Path):
    task = of_tests("calls")
    return folder / "log", task, task.open({"log": str(folder / "log"), "signal": 0}, 4)


def test_what_is_dropped_is_closed(tmp_path):
    log, task, state = open_calls(tmp_path)
    worker = task.worker_open(state, 0)
    del task, state
    assert notes(log) == ["o", "w"]
    del worker
    assert notes(log) == ["o", "w", "x", "c"]


def test_a_worker_dropped_in_another_thread_is_not_closed(tmp_path):
    log, task, state = open_calls(tmp_path)
    thread = threading.Thread(target=task.worker_open, args=(state, 0))  # dropped at once, by its own thread
    thread.start()
    thread.join(SECONDS)
    assert notes(log) == ["o", "w", "x"]
    kept = []
    thread = threading.Thread(target=lambda: kept.append(task.worker_open(state, 0)))
    thread.start()
    thread.join(SECONDS)
    kept.clear()
    assert notes(log) == ["o", "w", "x", "w"]
    task.close(state)
    assert notes(log) == ["o", "w", "x", "w", "c"]


def test_a_forked_child_closes_nothing(tmp_path):
    log, task, state = open_calls(tmp_path)
    worker = task.worker_open(state, 0)
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            own = task.worker_open(state, 1)
            task.run(state, own, 1, None)
            task.worker_close(state, own)
            task.worker_close(state, worker)
            task.close(state)
            del own, worker, state
            gc.collect()
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(pid, 0)[1] == 0
    assert notes(log) == ["o", "w", "W", "r", "x"]
    task.worker_close(state, worker)
    task.close(state)
    assert notes(log) == ["o", "w", "W", "r", "x", "x", "c"]


@pytest.mark.parametrize("left", ["", "del task", "del state", "del worker", "native().kept = task, state, worker",
                                  "sys.modules['os'].kept = worker; del task, state", "raise SystemExit(0)"])  # fmt: skip
def test_the_interpreters_end(tmp_path, left):
    """In whatever order it is that modules and objects go."""
    code = f"""
import sys
from py_impl.ext import native
task = native().Task({str(TEST_TASKS / "calls.so")!r})
state = task.open({{"log": {str(tmp_path / "log")!r}, "signal": 0}}, 4)
worker = task.worker_open(state, 0)
cycle = [task, state, worker]
cycle.append(cycle)
{left}
"""
    done = call_python(code, options=("-X", "dev"))
    assert (done.returncode, done.stderr) == (0, "")
    assert notes(tmp_path / "log")[:2] == ["o", "w"]


def flat(do, times: int, slack: int = 60) -> None:
    """No more blocks than before: at the second or third go at the latest, when all that is made only once is there."""
    grown = []
    for _ in range(3):
        gc.collect()
        before = sys.getallocatedblocks()
        for _ in range(times):
            do()
        gc.collect()
        grown.append(sys.getallocatedblocks() - before)
        if grown[-1] <= slack:
            return
    raise AssertionError(f"blocks that are left after {times} calls: {grown}")


def test_calls_leave_nothing_behind():
    with Open(built_in("fetch"), FETCH) as (task, state, worker):
        reply, bad = Reply(200, b"abc"), Reply(404, b"")

        def failing():
            for call, *args in ((task.run, worker, 0, bad), (task.run, worker, 9, reply), (task.run, worker, 0, None),
                                (task.run, None, 0, reply), (task.run, worker, 0, Reply(1, None)), (task.request, worker, "x")):  # fmt: skip
                with pytest.raises((TaskFailed, TypeError, ValueError)):
                    call(state, *args)

        flat(lambda: task.run(state, worker, 3, reply), 100_000)
        flat(lambda: task.request(state, worker, 3), 100_000)
        flat(failing, 2_000)
        flat(lambda: (task.PARAMS, task.NAME, task.JOBS, task.pool_found(state)), 2_000)
    with Open(of_tests("audited"), AUDITED) as (task, state, worker):
        flat(lambda: (task.waited(state, worker), task.audit(state)), 10_000)
    with Open(built_in("nested"), {"steps": 1}) as (task, state, worker):
        flat(lambda: task.request(state, worker, 1), 10_000)
    with Open(built_in("null"), jobs=10**6) as (task, state, worker):
        flat(lambda: task.run(state, worker, 999_999, None), 100_000)


def resident() -> int:
    """Bytes of this process's own."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_opening_and_closing_leaves_nothing_behind():
    params = {"file": str(BUILD / "data" / "words.txt"), "word": b"the", "repeat": 1}

    def cycle():
        task = built_in("wordcount")
        with Open(task, params) as (_, state, worker):
            task.run(state, worker, 0, None)
        with pytest.raises(KeyError):
            task.open({"file": "x"}, 1)
        with pytest.raises(TaskFailed):
            task.open({**params, "file": "/no/such"}, 1)
        with pytest.raises(ImportError):
            of_tests("no_symbol")

    flat(cycle, 1_000)
    before = resident()
    for _ in range(300):
        cycle()
    assert resident() - before < 4 << 20  # one text and its lines take more than one of these 4 MB


def slots_file(jobs: int) -> bytearray:
    data = bytearray(slots.HEADER_BYTES + jobs * slots.SLOT_BYTES)
    slots.HEADER.pack_into(data, 0, slots.MAGIC, slots.VERSION, slots.HEADER_BYTES, slots.SLOT_BYTES, 0, jobs)
    return data


def test_pools_leave_nothing_behind():
    task = built_in("null")
    state = task.open(NULL, 8)
    data = slots_file(8)
    flat(lambda: task.pool(state, data, 2, 10**9, -1, -1, -1, -1, False, 0, False, None, 0), 1_000)
    assert [slots.SLOT.unpack_from(data, slots.HEADER_BYTES + i * slots.SLOT_BYTES)[0] for i in range(8)] == list(range(8))
    found = task.pool_found(state)
    assert found["code"] == 0 and found["failures"] == [] and 0 < found["ready_ns"] <= found["work_ns"]
    data.append(0)  # nothing holds the buffer any more
    task.close(state)


def test_what_pool_refuses():
    task = built_in("null")
    state, data = task.open(NULL, 8), slots_file(8)
    for bad, error in (((bytes(data), 2, 1, -1, -1), BufferError), ((bytearray(9), 2, 1, -1, -1), ValueError),
                       ((slots_file(7), 2, 1, -1, -1), ValueError), ((memoryview(bytearray(1) + data)[1:], 2, 1, -1, -1), ValueError),
                       ((data[:-1], 2, 1, -1, -1), ValueError), ((None, 2, 1, -1, -1), TypeError), ((data, 0, 1, -1, -1), ValueError),
                       ((data, 9, 1, -1, -1), ValueError), ((data, 2**32 + 1, 1, -1, -1), ValueError), ((data, -1, 1, -1, -1), OverflowError),
                       ((data, 2, 0, -1, -1), ValueError), ((data, 2, 1, 2**40, -1), ValueError), ((data, 2, 1, -1, "x"), TypeError),
                       ((data, 2, 1.5, -1, -1), TypeError)):  # fmt: skip
        with pytest.raises(error):
            task.pool(state, *bad, -1, -1, False, 0, False, None, 0)
    with pytest.raises(ValueError):
        task.pool(state, data, 2, 1, -1, -1, -1, -2, False, 0, False, None, 0)
    assert task.pool_found(state) is None
    data.append(0)  # nothing holds the buffer
    task.close(state)


def test_one_pool_at_a_time():
    task = of_tests("meet")
    state = task.open({"patience": 20000}, 2)
    data, found = slots_file(2), []
    worker = task.worker_open(state, 0)
    thread = threading.Thread(target=lambda: found.append(task.pool(state, data, 1, 1, -1, -1, -1, -1, False, 0, False, None, 0)))
    thread.start()
    deadline = time.monotonic() + SECONDS
    while not (task.pool_found(state) or {}).get("ready_ns") and time.monotonic() < deadline:
        pass  # until its gate has opened
    with pytest.raises(RuntimeError, match="a pool is running on this state already"):
        task.pool(state, data, 1, 1, -1, -1, -1, -1, False, 0, False, None, 0)
    with pytest.raises(RuntimeError, match="while the state is in use"):
        task.close(state)
    assert task.pool_found(state)["work_ns"] == 0
    assert task.run(state, worker, 0, None) == 0  # the other job that those of the pool wait for
    thread.join(SECONDS)
    assert found[0]["code"] == 0 and found[0]["work_ns"] >= found[0]["ready_ns"] > 0
    task.worker_close(state, worker)
    task.close(state)


def test_a_module_that_is_dropped_is_collected():
    """Though a task of its own in its own namespace holds it."""
    code = f"""
import gc, sys, weakref
from py_impl.ext import native
task = native().Task({str(TASKS / "null.so")!r})
native().kept = task, task.open({NULL}, 1)
native().kept += (task.worker_open(native().kept[1], 0),)
ends = weakref.ref(native())
del sys.modules["native"], task
gc.collect()
print(ends())
"""
    done = call_python(code)
    assert (done.stdout, done.stderr) == ("None\n", "")


@pytest.mark.skipif(sys.version_info < (3, 12), reason="CPython 3.12 or later: interpreters with locks of their own")
def test_interpreters_at_once():
    """Each with a module, tasks and failures of its own, beside the main one."""
    inside = f"""
import sys; sys.path[:] = {sys.path!r}
from py_impl.contract import Reply, TaskFailed
from py_impl.ext import native
for again in range(100):
    task = native().Task({str(TASKS / "fetch.so")!r})
    state = task.open({FETCH!r}, 4)
    worker = task.worker_open(state, 2)
    for job in range(4):
        assert task.request(state, worker, job).url == f"http://h/{{job}}"
        assert task.run(state, worker, job, Reply(200, b"abc")) == 0x352441C2
    for bad, error in ((Reply(500, b"abc"), TaskFailed), (None, TypeError)):
        try: task.run(state, worker, 0, bad)
        except error: pass
        else: raise AssertionError(bad)
    task.worker_close(state, worker)
    task.close(state)
"""
    code = f"""
import importlib, sys, threading
interpreters = importlib.import_module("_interpreters" if sys.version_info >= (3, 13) else "_xxsubinterpreters")
inside, told = {inside!r}, []
def run():
    made = interpreters.create()
    told.append(interpreters.run_string(made, inside))
    interpreters.destroy(made)
threads = [threading.Thread(target=run) for _ in range(3)]
for thread in threads: thread.start()
exec(inside)
for thread in threads: thread.join()
print(told)
"""
    done = call_python(code)
    assert (done.stdout, done.stderr) == ("[None, None, None]\n", "")


def test_threads_that_share_all(tmp_path):
    """Whatever the order in which they come, nothing is closed twice or while it is in use."""
    task = of_tests("calls")
    for turn in range(30):
        log = tmp_path / str(turn)
        state = task.open({"log": str(log), "signal": 0}, 4)
        workers = [task.worker_open(state, 0) for _ in range(2)]
        start = threading.Barrier(4)

        def race():
            start.wait(SECONDS)
            for call, *more in [(task.run, workers[0], 1, None), (task.run, workers[1], 2, None), (task.before_fork,),
                                (task.pool_found,), (task.worker_close, workers[0]), (task.worker_close, workers[1]), (task.close,)] * 5:
                with suppress(TypeError, RuntimeError):
                    call(state, *more)

        threads = [threading.Thread(target=race) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(SECONDS)
        for worker in workers:
            with suppress(TypeError):  # it is closed, as a rule
                task.worker_close(state, worker)
        task.close(state)
        said = notes(log)
        assert [said.count(letter) for letter in "owxc"] == [1, 2, 2, 1] and said[-1] == "c"
