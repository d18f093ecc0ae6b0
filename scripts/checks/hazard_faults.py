# SPDX-License-Identifier: MIT
"""
Hazards of concurrent work, planted in a user's function: a fork while another thread holds a lock, two locks in two orders, a pool
inside a pool, a coroutine that keeps the event loop, a queue that nothing bounds. Found: the run says so by name, within two seconds
where it would hang. Beside each runs its healthy twin, of which nothing of the kind may ever be said.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from faults import Planter
    from planted import Outcome

WITHIN_NS = 2_000_000_000  # of the gate

REFRESHED = """import threading, time
LOCK = threading.Lock()
def refresh():
    while True:
        with LOCK:
            time.sleep(0.05)
        time.sleep(0.0005)
threading.Thread(target=refresh, daemon=True).start()
"""

FORK = (REFRESHED + """
def job(i):
    with LOCK:
        return i
""", """import threading
LOCK = threading.Lock()
def job(i):
    with LOCK:
        return i
""")  # fmt: skip

FORKING_JOB = (REFRESHED + """import os
def job(i):
    pid = os.fork()
    if pid == 0:
        with LOCK:
            os._exit(0)
    os.waitpid(pid, 0)
    return i
""", REFRESHED + """import os
def job(i):
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return i
""")  # fmt: skip

ORDER = ("""import threading, time
A, B = threading.Lock(), threading.Lock()
def job(i):
    first, second = (A, B) if i % 2 else (B, A)
    with first:
        time.sleep(0.02)
        with second:
            return i
""", """import threading, time
A, B = threading.Lock(), threading.Lock()
def job(i):
    with A:
        time.sleep(0.02)
        with B:
            return i
""")  # fmt: skip

AWAITED = ("""import asyncio
A, B = asyncio.Lock(), asyncio.Lock()
async def job(i):
    first, second = (A, B) if i % 2 else (B, A)
    async with first:
        await asyncio.sleep(0.02)
        async with second:
            return i
""", """import asyncio
A = asyncio.Lock()
async def job(i):
    async with A:
        await asyncio.sleep(0.02)
        return i
""")  # fmt: skip

THREADS = ("""from concurrent.futures import ThreadPoolExecutor
import hashlib
DATA = bytes(4000000)
def part(i):
    return hashlib.sha256(DATA).digest()[0]
def job(i):
    with ThreadPoolExecutor(4) as pool:
        return sum(pool.map(part, range(8)))
""", """from concurrent.futures import ThreadPoolExecutor
import time
def part(i):
    time.sleep(0.02)
    return i
def job(i):
    with ThreadPoolExecutor(4) as pool:
        return sum(pool.map(part, range(8)))
""")  # fmt: skip

PROCESSES = ("""import multiprocessing
def part(size):
    sum(range(size))
def job(i):
    crew = [multiprocessing.get_context("fork").Process(target=part, args=(1500000,)) for _ in range(4)]
    for one in crew:
        one.start()
    for one in crew:
        one.join()
    return i
""", """import subprocess
def job(i):
    subprocess.run(["true"], check=True)
    return i
""")  # fmt: skip

SLEEPING = ("""import asyncio, time
async def job(i):
    await asyncio.sleep(0.005)
    if i == {at}:
        time.sleep({s})
    await asyncio.sleep(0.005)
    return i
""", """import asyncio, time
async def job(i):
    await asyncio.sleep(0.005)
    if i == {at}:
        await asyncio.to_thread(time.sleep, {s})
    await asyncio.sleep(0.005)
    return i
""")  # fmt: skip

COMPUTING = ("""import asyncio, time
async def job(i):
    await asyncio.sleep(0.005)
    if i == {at}:
        end = time.thread_time() + {s}
        while time.thread_time() < end:
            pass
    return i
""", """import asyncio, time
async def job(i):
    await asyncio.sleep(0.005)
    if i == {at}:
        end = time.thread_time() + {s}
        while time.thread_time() < end:
            await asyncio.sleep(0)
    return i
""")  # fmt: skip

EXECUTOR = ("""from concurrent.futures import ThreadPoolExecutor
import time
POOL = ThreadPoolExecutor(1)
def job(i):
    POOL.submit(time.sleep, 0.03)
    time.sleep(0.02)
    return i
""", """from concurrent.futures import ThreadPoolExecutor
import time
POOL = ThreadPoolExecutor(1)
def job(i):
    POOL.submit(time.sleep, 0.003).result()
    time.sleep(0.02)
    return i
""")  # fmt: skip

QUEUE = ("""import queue, threading, time
INBOX = queue.Queue()
def consume():
    while True:
        INBOX.get()
        time.sleep(0.03)
threading.Thread(target=consume, daemon=True).start()
def job(i):
    INBOX.put(i)
    time.sleep(0.02)
    return i
""", """import queue, threading, time
INBOX = queue.Queue(4)
def consume():
    while True:
        INBOX.get()
        time.sleep(0.005)
threading.Thread(target=consume, daemon=True).start()
def job(i):
    INBOX.put(i)
    time.sleep(0.02)
    return i
""")  # fmt: skip


@dataclass(frozen=True)
class Way:
    """One way to plant a hazard: the function that has it and its healthy twin, and the models in which it has it."""

    files: tuple[str, str]
    models: tuple[str, ...]
    says: str  # with its job and line where these are the same each time


FORKED = "was forked while another thread held the lock that it now waits for"
CIRCLE = "every thread waits for a lock or to be woken, and nobody is left who could"
WAYS = {
    "fork-with-lock": [Way(FORK, ("processes", "process-pool"), FORKED + " at line 11 of shop.py"),
                       Way(FORKING_JOB, ("threads", "thread-pool"), "started " + FORKED + " at line 13 of shop.py")],
    "hang": [Way(ORDER, ("threads", "thread-pool"), CIRCLE), Way(AWAITED, ("async",), CIRCLE)],
    "nested-pool": [Way(THREADS, ("thread-pool", "process-pool"), "jobs compute in threads of their own"),
                    Way(PROCESSES, ("thread-pool", "threads"), "jobs compute in processes of their own")],
    "blocked-loop": [Way(SLEEPING, ("async",), "job {at} kept the loop for "), Way(COMPUTING, ("async",), "job {at} kept the loop for ")],
    "unbounded-queue": [Way(EXECUTOR, ("thread-pool", "threads"), "the queue of POOL only grew, to "),
                        Way(QUEUE, ("thread-pool", "threads"), "the queue of INBOX only grew, to ")],
}  # fmt: skip


def plant(p: Planter, key: str) -> tuple[bool, str, dict[str, bool]]:
    """Whether the planted hazard was found, how it was named, and whether the healthy twin was called so."""
    rng: random.Random = p.rng
    way, jobs = rng.choice(WAYS[key]), rng.randint(20, 30)
    values = {"at": rng.randrange(jobs), "s": rng.uniform(0.15, 0.3)}
    model = rng.choice(way.models)

    def run(name: str, text: str) -> Outcome:
        folder = p.folder / name
        folder.mkdir()
        for one, value in values.items():
            text = text.replace("{" + one + "}", str(value))
        (folder / "shop.py").write_text(text)
        return p.project(f"{name}-project").run(
            "--task", f"{folder}/shop.py:job", "--runtime", "py", "--model", model, "--jobs", jobs, "--workers", 2, "--rounds", 1,
            "--seed", rng.randrange(2**31))  # fmt: skip

    planted, healthy = run("planted", way.files[0]), run("healthy", way.files[1])
    said = named(planted, model)
    says = way.says.replace("{at}", str(values["at"]))
    found = says in said.get(key, "") and says in flat(planted) and healthy.status == 0 and in_time(planted, model, key)
    others = {k for name in ("sync", model) for k in named(healthy, name)}
    return found, f"py:{model}: {said.get(key, 'nothing')}", {"healthy": bool(others)}


def named(out: Outcome, model: str) -> dict[str, str]:
    """What the samples of a variant say of hazards: kind and text."""
    said: dict[str, str] = {}
    for sample in out.of("py", model):
        said |= sample.get("hazards", {})
    return said


def flat(out: Outcome) -> str:
    """What was said and shown, without the line breaks."""
    return " ".join((out.said + " " + out.table).split())


def in_time(out: Outcome, model: str, key: str) -> bool:
    """Of what would hang: named soon after the gate."""
    if key not in ("fork-with-lock", "hang"):
        return True
    phases = [s["phases"] for s in out.of("py", model) if s.get("hazards") and s["phases"]]
    return bool(phases) and all(one["ready"] and one["end"] - one["ready"] < WITHIN_NS for one in phases)
