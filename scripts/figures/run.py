# SPDX-License-Identifier: MIT
"""make figures: the figures cobench holds itself to, each measured side by side.

One function a figure. A round runs every arm of a comparison once, in a fresh seeded random order, so that the machine's
drift falls on all alike; what is printed is the pseudo-median of the rounds' ratios with its 95% signed-rank interval,
the target, and PASS or short by the estimate. Exit status 0 if all that was asked for was measured and passed, else 1.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import random
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import runs
import servers
import signed_rank
from servers import Failed, Missing

ROOT = Path(__file__).resolve().parent.parent.parent
ROUNDS_LEAST = 10


@dataclass
class Bench:
    """What every figure needs, and what it has found."""

    build: Path
    rounds: int
    seed: int
    shuffle: random.Random
    pythons: list[str]
    short: list[str] = field(default_factory=list)

    def workers(self) -> int:
        return max(2, len(os.sched_getaffinity(0)))

    def interleave(self, arms: Mapping[str, Callable[[], float]]) -> dict[str, list[float]]:
        """Runs every arm once a round and returns each arm's samples, by round."""
        samples: dict[str, list[float]] = {name: [] for name in arms}
        order = list(arms)
        for _ in range(self.rounds):
            self.shuffle.shuffle(order)
            for name in order:
                samples[name].append(arms[name]())
        return samples

    def verdict(self, what: str, got: signed_rank.Interval, unit: str = "", *, at_most: float | None = None,
                at_least: float | None = None, note: str = "") -> None:
        """Prints one line; without a target it is there to be seen beside the others."""
        target, result = "", ""
        if at_most is not None:
            target, result = f"at most {at_most:g}{unit}", "PASS" if got.estimate <= at_most else "short"
        elif at_least is not None:
            target, result = f"at least {at_least:g}{unit}", "PASS" if got.estimate >= at_least else "short"
        numbers = f"{got.estimate:.3f}{unit} ({got.low:.3f} to {got.high:.3f})"
        print(f"  {what:<46} {numbers:<28} {target:<14} {result}".rstrip(), flush=True)
        if note:
            print(f"    {note}", flush=True)
        if result == "short":
            self.short.append(what)


def host_run(bench: Bench, slots: Path, *arguments: str, host: Sequence[str | Path] = ()) -> dict:
    """One run of a host (the C host, if no other); its record, if every job was done."""
    host = host or [bench.build / "cobench-host"]
    with tempfile.NamedTemporaryFile(prefix="cobench-record-") as record:
        command = [*host, "run", *arguments, "--slots", slots, "--record", record.name]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600, check=False,
                              cwd=ROOT)
        line = Path(record.name).read_text()
    told = json.loads(line) if line.strip() else {"reason": done.stderr.strip() or "no record"}
    if done.returncode != 0 or told["status"] != "done" or told["failed_jobs"] != 0:
        kind = Missing if done.returncode == 77 else Failed
        raise kind(f"{Path(host[-1]).name} run {' '.join(arguments)}: {told['reason']}")
    return told


def work_ns(record: dict) -> int:
    return record["phases"]["work"] - record["phases"]["ready"]


def slots_folder() -> tempfile.TemporaryDirectory[str]:
    """In memory where that is possible: a disk has no part in these figures."""
    shm = Path("/dev/shm")
    return tempfile.TemporaryDirectory(prefix="cobench-figures-", dir=shm if os.access(shm, os.W_OK) else None)


# -- figures 1 and 2 ---------------------------------------------------------------------------------------------------


def capacity_verdict(bench: Bench, run: runs.Run, group: str, variant: str, least: float = 0.95) -> None:
    runtime = variant.partition(":")[0]
    part = run.of_capacity(f"{group} {variant}", f"{group} {runtime}:sync capacity")
    bench.verdict(f"{group}: {variant} / capacity", signed_rank.ratio(*part), at_least=least)


def capacity_print(bench: Bench, run: runs.Run, group: str, runtime: str) -> signed_rank.Interval:
    """How many times one sync this machine does at once, by copies of it."""
    slowest, one = run.pairs(f"{group} {runtime}:sync capacity", f"{group} {runtime}:sync")
    copies = run.copies[f"{group} {runtime}:sync capacity"]
    capacity = signed_rank.ratio([copies * ns for ns in one], slowest)
    bench.verdict(f"{group}: capacity, {copies} x {runtime}:sync", capacity, "x")
    return capacity


def figure_1(bench: Bench) -> None:
    """What C buys, and what the models make of two CPUs; work time."""
    run = runs.drive(bench.build, "figure1.ini", bench.rounds, bench.seed)
    for group, least in (("count", 40), ("fib", 30)):
        ratio = signed_rank.ratio(*run.pairs(f"{group} py:sync", f"{group} c:sync"))
        bench.verdict(f"{group}: c:sync over py:sync", ratio, "x", at_least=least)
    for runtime in ("c", "py"):
        capacity_print(bench, run, "count", runtime)
    for variant in ("c:thread-pool", "c:process-pool", "py:process-pool"):
        capacity_verdict(bench, run, "count", variant)
    held = signed_rank.ratio(*run.pairs("count py:sync", "count py:thread-pool"))
    bench.verdict("count: py:thread-pool over py:sync", held, "x", at_least=0.85)
    bench.verdict("count: py:thread-pool over py:sync", held, "x", at_most=1.1)


def figure_2(bench: Bench) -> None:
    """fetch, 50 jobs of 150 ms at once: times as multiples of the 150 ms that nobody can beat."""
    run = runs.drive(bench.build, "figure2.ini", bench.rounds, bench.seed)
    for variant, field, most in (("c:async", "work_ns", 1.05), ("c:async", "whole_ns", 1.13), ("py:async", "work_ns", 1.12),
                                 ("py:threads", "work_ns", 1.2), ("c:threads", "work_ns", None),
                                 ("py:thread-pool", "work_ns", None)):
        times = [ms / 150 for ms in run.milliseconds(f"fetch {variant}", field)]
        bench.verdict(f"{variant}, {'work' if field == 'work_ns' else 'whole command'}", signed_rank.pseudo_median(times), "x",
                      at_most=most)


# -- figure 3 ---------------------------------------------------------------------------------------------------------

NULL_JOBS = 1_000_000


def openmp(bench: Bench, *arguments: str | Path) -> str:
    done = subprocess.run([bench.build / "figures/openmp_null", *arguments], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=600, check=False)
    if done.returncode != 0:
        raise Failed(done.stderr.strip())
    return done.stdout.strip()


def figure_3(bench: Bench) -> None:
    """What a model costs when the work is nothing: tickets, stamps and slots only."""
    task, jobs, workers = bench.build / "tasks/null.so", str(NULL_JOBS), str(bench.workers())
    print(f"  null, {NULL_JOBS:,} jobs, {workers} workers; work time")
    with slots_folder() as folder:
        slots = Path(folder, "slots")
        digests: set[str] = set()

        def loop() -> float:
            taken = float(openmp(bench, "slots", task, jobs, workers, slots))
            digests.add(openmp(bench, "digest", slots))
            return taken

        def pool(model: str) -> float:
            told = host_run(bench, slots, "--task", "null", "--model", model, "--jobs", jobs, "--workers", workers)
            digests.add(openmp(bench, "digest", slots))
            return float(work_ns(told))

        samples = bench.interleave({
            "loop": loop,
            "bare": lambda: float(openmp(bench, "bare", task, jobs, workers)),
            "threads": lambda: pool("thread-pool"),
            "processes": lambda: pool("process-pool"),
        })
    if len(digests) != 1:
        raise Failed(f"the results differ: digests {', '.join(sorted(digests))}")
    for name, about in (("bare", "OpenMP chunk-1 loop, the call only"), ("loop", "OpenMP chunk-1 loop, the same slots"),
                        ("threads", "c:thread-pool"), ("processes", "c:process-pool")):
        bench.verdict(about, signed_rank.pseudo_median([ns / NULL_JOBS for ns in samples[name]]), " ns/job")
    bench.verdict("c:thread-pool / OpenMP loop, the same slots", signed_rank.ratio(samples["threads"], samples["loop"]),
                  at_most=1.2)
    bench.verdict("c:thread-pool / bare OpenMP loop", signed_rank.ratio(samples["threads"], samples["bare"]))
    bench.verdict("c:process-pool / c:thread-pool", signed_rank.ratio(samples["processes"], samples["threads"]), at_most=1.7)


# -- figure 4 ---------------------------------------------------------------------------------------------------------

HOLD = 10_000


def figure_4(bench: Bench) -> None:
    """The origin beside nginx with its echo module, and many connections held."""
    connections, delay, seconds = 1000, 50, 3
    print(f"  {connections:,} connections, {delay} ms, {seconds} s a sample, by wrk")
    servers.descriptors_raise(2 * connections)
    with servers.nginx(delay) as echo, servers.origin(bench.build) as origin:
        samples = bench.interleave({
            "nginx": lambda: servers.wrk(echo.url, connections, seconds),
            "origin": lambda: servers.wrk(origin.url(1, 6, delay), connections, seconds),
        })
        for name in samples:
            bench.verdict(name, signed_rank.pseudo_median([rate / 1000 for rate in samples[name]]), " k/s")
        bench.verdict("origin / nginx, requests a second", signed_rank.ratio(samples["origin"], samples["nginx"]),
                      at_least=0.97)
        held = bench.interleave({"hold": lambda: hold_once(origin)})["hold"]
    bench.verdict(f"{HOLD:,} connections: last answer", signed_rank.pseudo_median(held), " s",
                  note=f"asked for after 2 s; every answer right in all {bench.rounds} rounds: PASS")


def hold_once(origin: servers.Origin) -> float:
    held = servers.hold(origin, HOLD, 2000)
    if held.connections < HOLD or held.good != HOLD:
        raise Failed(f"of {HOLD} delayed connections {held.connections} were open at once, {held.good} answered right")
    return held.latest_ms / 1000


# -- figure 5 ---------------------------------------------------------------------------------------------------------


def figure_5(bench: Bench) -> None:
    """Many requests in flight from one event loop."""
    print("  fetch, 10,000 jobs, 2,000 in flight, 50 ms")
    with servers.origin(bench.build) as origin, slots_folder() as folder:
        cpu: list[float] = []

        def once() -> float:
            before = origin.stat()["cpu_ns"]
            told = host_run(bench, Path(folder, "slots"), "--task", "fetch", "--model", "async", "--jobs", "10000",
                            "--workers", "2000", "--set", "delay=50", "--url", origin.template)
            cpu.append((origin.stat()["cpu_ns"] - before) / work_ns(told))
            return work_ns(told) / 1e9

        work = bench.interleave({"async": once})["async"]
    bench.verdict("c:async work", signed_rank.pseudo_median(work), " s", at_most=1.0,
                  note=f"worst of {bench.rounds}: {max(work):.3f} s; no failed job; the origin used "
                       f"{sum(cpu) / len(cpu):.2f} of a CPU meanwhile")


# -- figures 6 and 7: Python scheduled by C ---------------------------------------------------------------------------


def figure_6(bench: Bench) -> None:
    """What embedding costs: count in the same file, by the program, and by libpython linked in and shared; work time."""
    jobs = ("--task", "count", "--model", "sync", "--jobs", "2", "--set", "size=8000000")
    hosts: dict[str, list[str | Path]] = {
        "py:sync": [sys.executable, "-s", "-E", "-m", "py_impl"],
        "embed:sync, as built": [bench.build / "cobench-host-embed"],
        "embed:sync, EMBED=shared": [bench.build / "shared/cobench-host-embed"],
    }
    libraries: dict[str, str] = {}
    digests: set[str] = set()
    with slots_folder() as folder:
        slots = Path(folder, "slots")

        def sample(name: str) -> float:
            told = host_run(bench, slots, *jobs, host=hosts[name])
            libraries[name] = told["python"]["library"]
            digests.add(openmp(bench, "digest", slots))
            return float(work_ns(told))

        samples = bench.interleave({name: lambda name=name: sample(name) for name in hosts})
    if len(digests) != 1:
        raise Failed(f"the results differ: digests {', '.join(sorted(digests))}")
    for name, most in (("embed:sync, as built", 1.05), ("embed:sync, EMBED=shared", None)):
        if libraries[name] != "static":
            most = None  # no static libpython here: there is nothing to hold to it
        bench.verdict(f"{name} ({libraries[name]}) / py:sync", signed_rank.ratio(samples[name], samples["py:sync"]), at_most=most)


def figure_7(bench: Bench) -> None:
    """Python tasks under the C host's models, beside the Python host's; work time."""
    run = runs.drive(bench.build, "figure7.ini", bench.rounds, bench.seed)
    capacity_print(bench, run, "count", "embed")
    capacity_verdict(bench, run, "count", "embed:process-pool")
    held = signed_rank.ratio(*run.pairs("count embed:sync", "count embed:thread-pool"))
    bench.verdict("count: embed:thread-pool over embed:sync", held, "x", at_least=0.85)
    bench.verdict("count: embed:thread-pool over embed:sync", held, "x", at_most=1.1)
    for group, jobs, model, least in (("starts", 200, "processes", 1), ("tickets", 20_000, "process-pool", 10)):
        for runtime in ("py", "embed"):
            each = [1e3 * ms / jobs for ms in run.milliseconds(f"{group} {runtime}:{model}")]
            bench.verdict(f"null: {runtime}:{model}", signed_rank.pseudo_median(each), " us/job")
        cheaper = signed_rank.ratio(*run.pairs(f"{group} py:{model}", f"{group} embed:{model}"))
        bench.verdict(f"null: py:{model} / embed:{model}", cheaper, "x", at_least=least)


# -- figures 8 and 9: C scheduled by Python ---------------------------------------------------------------------------

TEXT_TIMES = 60


def text_make(bench: Bench) -> None:
    """The text of figure 8, among the build's data files, where every host finds it."""
    text = (bench.build / "data/words.txt").read_bytes() * TEXT_TIMES
    path = bench.build / f"data/words-{TEXT_TIMES}.txt"
    if not path.exists() or path.read_bytes() != text:
        path.write_bytes(text)


def figure_8(bench: Bench) -> None:
    """C tasks under the Python host's models: the GIL is released; work time."""
    text_make(bench)
    run = runs.drive(bench.build, "figure8.ini", bench.rounds, bench.seed)
    over = signed_rank.ratio(*run.pairs("wordcount py:sync", "wordcount ext:sync"))
    bench.verdict("wordcount: ext:sync over py:sync", over, "x", at_least=5)
    capacity_print(bench, run, "wordcount", "ext")
    for variant in ("ext:thread-pool", "ext:native-pool"):
        capacity_verdict(bench, run, "wordcount", variant, least=0.9)
    capacity = capacity_print(bench, run, "two", "ext").estimate
    enough = capacity >= 1.9
    bench.verdict("count: ext:thread-pool, two jobs / one",
                  signed_rank.ratio(*run.pairs("two ext:thread-pool", "one ext:thread-pool")),
                  at_most=1.1 if enough else None, note="" if enough else f"not rated: capacity {capacity:.2f}, not 1.9")


def figure_9(bench: Bench) -> None:
    """What a call into C costs from a Python loop, beside a METH_FASTCALL function that does nothing; four arguments."""
    calls = 300_000
    sys.path.insert(0, str(ROOT))
    from py_impl import ext

    native = ext.native()
    task = native.Task(str(bench.build / "tasks/null.so"))
    state = task.open({"payload": 0}, calls)
    worker = task.worker_open(state, 0)

    def loop(function: Callable[..., object] | None) -> float:
        begun = time.perf_counter_ns()
        if function is None:
            for _ in range(calls):
                pass
        else:
            for job in range(calls):
                function(state, worker, job, None)
        return (time.perf_counter_ns() - begun) / calls

    samples = bench.interleave({
        "empty loop": lambda: loop(None),
        "native.bare": lambda: loop(native.bare),
        "bare, releasing the GIL": lambda: loop(native.bare_released),
        "ext run() on null": lambda: loop(task.run),
    })
    task.worker_close(state, worker)
    task.close(state)
    for name, values in samples.items():
        bench.verdict(name, signed_rank.pseudo_median(values), " ns")
    bench.verdict("bare, releasing the GIL / native.bare",
                  signed_rank.ratio(samples["bare, releasing the GIL"], samples["native.bare"]))
    bench.verdict("ext run() on null / native.bare", signed_rank.ratio(samples["ext run() on null"], samples["native.bare"]),
                  at_most=2)


# -- figures 10 and 11: waiting ---------------------------------------------------------------------------------------


def figure_10(bench: Bench) -> None:
    """fetch, 50 jobs of 150 ms at once: each bridge beside the host it stands on; work time."""
    hosts: dict[str, list[str | Path]] = {
        "c": [bench.build / "cobench-host"],
        "embed": [bench.build / "cobench-host-embed"],
        "ext": [sys.executable, "-s", "-E", "-m", "py_impl.ext"],
        "py": [sys.executable, "-s", "-E", "-m", "py_impl"],
    }
    with servers.origin(bench.build) as origin, slots_folder() as folder:

        def sample(name: str) -> float:
            told = host_run(bench, Path(folder, "slots"), "--task", "fetch", "--model", "async", "--jobs", "50", "--set",
                            "delay=150", "--url", origin.template, host=hosts[name])
            return float(work_ns(told))

        samples = bench.interleave({name: lambda name=name: sample(name) for name in hosts})
    for name, values in samples.items():
        bench.verdict(f"{name}:async", signed_rank.pseudo_median([ns / 150e6 for ns in values]), "x")
    for bridge, host in (("embed", "c"), ("ext", "py")):
        ratio = signed_rank.ratio(samples[bridge], samples[host])
        bench.verdict(f"{bridge}:async / {host}:async", ratio, at_most=1.03)


def figure_11(bench: Bench) -> None:
    """Many requests in flight from one event loop, checked in one interpreter."""
    print("  fetch, 10,000 jobs, 2,000 in flight, 50 ms")
    with servers.origin(bench.build) as origin, slots_folder() as folder:
        resident: list[float] = []

        def once() -> float:
            told = host_run(bench, Path(folder, "slots"), "--task", "fetch", "--model", "async", "--jobs", "10000",
                            "--workers", "2000", "--set", "delay=50", "--url", origin.template,
                            host=[bench.build / "cobench-host-embed"])
            resident.append(told["usage"]["max_rss_bytes"] / 1e6)
            return work_ns(told) / 1e9

        work = bench.interleave({"async": once})["async"]
    bench.verdict("embed:async work", signed_rank.pseudo_median(work), " s",
                  note=f"no failed job in {bench.rounds} rounds of 10,000: PASS; one process with one interpreter, "
                       f"{max(resident):.0f} MB at most")


# -- figure 12: a function of one's own -------------------------------------------------------------------------------

OWN_JOBS = 100_000
OWN_BYTES = 1000
PLAIN_S = 120
OWN_PY = "def measure(line):\n    return len(line)\n"
OWN_C = "#include <stdint.h>\nuint64_t same(uint64_t job) { return job; }\n"


def own_make(folder: Path) -> Callable[[str], int]:
    """The functions and their inputs, in a folder; the Python one for the plain ways."""
    (folder / "own.c").write_text(OWN_C)
    (folder / "figure_own.py").write_text(OWN_PY)
    (folder / "lines.txt").write_text("".join(f"{i:0{OWN_BYTES}}\n" for i in range(OWN_JOBS)))
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", folder / "own.c", "-o", folder / "own.so"], timeout=60, check=True)
    sys.path.insert(0, str(folder))
    import figure_own

    return figure_own.measure


def plain_map(measure: Callable[[str], int], lines: list[str], workers: int, chunk: int) -> float:
    """What people write. The processes are there beforehand, as a host's are when its gate opens."""
    pool = ProcessPoolExecutor(workers)
    try:
        list(pool.map(abs, range(workers)))
        begun = time.perf_counter_ns()
        values = list(pool.map(measure, lines, chunksize=chunk))
        taken = time.perf_counter_ns() - begun
    except TimeoutError:
        for process in multiprocessing.active_children():
            process.kill()
        raise
    finally:
        pool.shutdown()
    if values != [len(line) for line in lines]:
        raise Failed("the plain map gave other values")
    return float(taken)


def in_time(arm: Callable[[], float]) -> float:
    """CPython 3.11's own map can stall for good, its thread and submit() waiting for each other: then once more."""

    def over(*_: object) -> NoReturn:
        raise TimeoutError

    signal.signal(signal.SIGALRM, over)
    for last in (False, True):
        signal.alarm(PLAIN_S)
        try:
            return arm()
        except TimeoutError:
            if last:
                raise Failed(f"ProcessPoolExecutor.map took more than {PLAIN_S} s, twice") from None
        finally:
            signal.alarm(0)
    raise AssertionError


def plain_loop(measure: Callable[[str], int], lines: list[str]) -> float:
    begun = time.perf_counter_ns()
    for line in lines:
        measure(line)
    return float(time.perf_counter_ns() - begun)


def figure_12(bench: Bench) -> None:
    """What a function of one's own costs beside the plain ways to call it; work time."""
    print(f"  {OWN_JOBS:,} jobs, inputs of {OWN_BYTES:,} bytes, {bench.workers()} workers")
    python = [sys.executable, "-s", "-E", "-m", "py_impl"]
    jobs = {"py": ("--jobs", str(OWN_JOBS)), "c": ("--jobs", str(NULL_JOBS))}
    with slots_folder() as name:
        folder = Path(name)
        measure = own_make(folder)
        lines = (folder / "lines.txt").read_text().splitlines()
        own = ("--task", f"{folder}/figure_own.py:measure", "--inputs", str(folder / "lines.txt"), *jobs["py"])

        def host(*words: str, host: Sequence[str | Path] = ()) -> float:
            return float(work_ns(host_run(bench, folder / "slots", *words, host=host)))

        def pool(chunk: int) -> float:
            return host(*own, "--model", "process-pool", "--workers", str(bench.workers()), "--chunk", str(chunk), host=python)

        def plain(chunk: int) -> float:
            return in_time(lambda: plain_map(measure, lines, bench.workers(), chunk))

        samples = bench.interleave({
            "map 1": lambda: plain(1), "pool 1": lambda: pool(1),
            "map 100": lambda: plain(100), "pool 100": lambda: pool(100),
            "loop": lambda: plain_loop(measure, lines), "sync": lambda: host(*own, "--model", "sync", host=python),
            "null": lambda: host("--task", "null", "--model", "sync", *jobs["c"]),
            "symbol": lambda: host("--task", f"{folder}/own.so:same", "--model", "sync", *jobs["c"]),
        })
    for chunk in (1, 100):
        plain, mine = samples[f"map {chunk}"], samples[f"pool {chunk}"]
        bench.verdict(f"ProcessPoolExecutor.map, chunks of {chunk}",
                      signed_rank.pseudo_median([ns / OWN_JOBS / 1e3 for ns in plain]), " us/job")
        bench.verdict(f"py:process-pool / the same, chunks of {chunk}", signed_rank.ratio(mine, plain), at_most=1.1)
    for what, over, under, count, most in (("py:sync - a plain loop", "sync", "loop", OWN_JOBS, 500),
                                           ("c:sync, a bare symbol - null", "symbol", "null", NULL_JOBS, 20)):
        each = [(a - b) / count for a, b in zip(samples[over], samples[under], strict=True)]
        bench.verdict(what, signed_rank.pseudo_median(each), " ns/job", at_most=most)


# -- figure 13: loops in C -----------------------------------------------------------------------------------------------


def figure_13(bench: Bench) -> None:
    """Requests a second against nginx without any delay: one event loop, one a CPU, and io_uring in the place of epoll."""
    jobs, connections = 100_000, 1000
    print(f"  fetch, {jobs:,} jobs, {connections:,} connections; nginx has one worker")
    servers.descriptors_raise(2 * connections)
    models = ("async", "async-threads", "uring")
    shares: dict[str, list[float]] = {model: [] for model in models}
    with servers.nginx(0) as server, slots_folder() as folder:

        def rate(model: str) -> float:
            before = server.cpu_ns()
            told = host_run(bench, Path(folder, "slots"), "--task", "fetch", "--model", model, "--jobs", str(jobs), "--workers",
                            str(connections), "--url", server.url, "--set", "check=length", "--set", "size=6")
            shares[model].append((server.cpu_ns() - before) / work_ns(told))
            return jobs / work_ns(told) * 1e9

        samples = bench.interleave({model: lambda model=model: rate(model) for model in models})
    for model in models:
        share = signed_rank.pseudo_median(shares[model]).estimate
        bench.verdict(f"c:{model}", signed_rank.pseudo_median([each / 1000 for each in samples[model]]), " k/s",
                      note=f"nginx used {share:.2f} of a CPU meanwhile")
    bench.verdict("c:async-threads / c:async", signed_rank.ratio(samples["async-threads"], samples["async"]), at_least=1)
    bench.verdict("c:uring / c:async", signed_rank.ratio(samples["uring"], samples["async"]), at_least=0.9)


# -- figure 14: clients and event loops ---------------------------------------------------------------------------------


def client_arms() -> dict[str, tuple[str, ...]]:
    """Each model that waits with each client, and each event loop, that it can have: what a host is told."""
    sys.path.insert(0, str(ROOT))
    from py_impl.transport import CLIENTS

    arms = {}
    for client, offer in CLIENTS.items():
        for model in ("threads", "thread-pool") if offer.blocking else ():
            arms[f"{model}, {client}"] = ("--model", model, "--client", client)
        for loop in offer.loops:
            arms[f"async, {client}, {loop}"] = ("--model", "async", "--client", client, "--loop", loop)
    return arms


def spread_verdict(bench: Bench, what: str, samples: Mapping[str, list[float]]) -> None:
    """Between the slowest and the fastest of some arms."""
    ordered = sorted(samples, key=lambda name: signed_rank.pseudo_median(samples[name]).estimate)
    bench.verdict(f"{what}: slowest / fastest", signed_rank.ratio(samples[ordered[-1]], samples[ordered[0]]), "x",
                  note=f"{ordered[-1]} / {ordered[0]}")


def figure_14(bench: Bench) -> None:
    """fetch with the clients and event loops people use: work time as a multiple of the 150 ms that nobody can beat."""
    python = [sys.executable, "-s", "-E", "-m", "py_impl"]
    with servers.origin(bench.build) as origin, slots_folder() as folder:

        def sample(jobs: int, words: Sequence[str]) -> float:
            told = host_run(bench, Path(folder, "slots"), "--task", "fetch", "--jobs", str(jobs), "--set", "delay=150",
                            "--url", origin.template, *words, host=python)
            return work_ns(told) / 150e6

        arms = client_arms()
        for name, words in list(arms.items()):
            try:
                sample(1, words)
            except Missing as error:
                print(f"  left out: {name}: {str(error).rpartition(': ')[2]}")
                del arms[name]
        for jobs in (50, 1):
            print(f"  {jobs} request{'s' * (jobs > 1)} at once", flush=True)
            samples = bench.interleave({name: lambda words=words: sample(jobs, words) for name, words in arms.items()})
            for name, values in samples.items():
                bench.verdict(name, signed_rank.pseudo_median(values), "x")
            for model in ("threads", "thread-pool", "async"):
                spread_verdict(bench, f"clients of {model}",
                               {name: samples[name] for name in samples
                                if name.startswith(model + ",") and (model != "async" or name.endswith(", asyncio"))})
            built_in = ("threads, default", "thread-pool, default", "async, default, asyncio")
            spread_verdict(bench, "models, built-in client", {name: samples[name] for name in built_in})


# -- figure 15: what threads share ------------------------------------------------------------------------------------

SHARED = ("nothing", "reads_one_object", "appends_to_one_list", "updates_one_dict", "takes_one_lock")


def figure_15(bench: Bench) -> None:
    """What threads of Python gain by what they share: py:thread-pool over py:sync, a row per interpreter (PYTHONS=); work time."""
    file, jobs = ROOT / "scripts/figures/shared.py", str(4 * bench.workers())
    print(f"  {jobs} jobs, {bench.workers()} workers")
    arms: dict[str, Callable[[], float]] = {}
    with slots_folder() as folder:

        def sample(python: str, name: str, model: str) -> float:
            words = ("--task", f"{file}:{name}", "--model", model, "--jobs", jobs, "--workers", str(bench.workers()))
            return float(work_ns(host_run(bench, Path(folder, "slots"), *words, host=[python, "-s", "-E", "-m", "py_impl"])))

        for python in bench.pythons:
            for name in SHARED:
                for model in ("sync", "thread-pool"):
                    arms[f"{python} {name} {model}"] = lambda words=(python, name, model): sample(*words)
        samples = bench.interleave(arms)
    for name in SHARED:
        for python in bench.pythons:
            gain = signed_rank.ratio(samples[f"{python} {name} sync"], samples[f"{python} {name} thread-pool"])
            bench.verdict(f"{name.replace('_', ' ')}, {Path(python).name}", gain, "x")
    for python in bench.pythons[1:]:
        slower = signed_rank.ratio(samples[f"{python} nothing sync"], samples[f"{bench.pythons[0]} nothing sync"])
        bench.verdict(f"nothing, sync: {Path(python).name} / {Path(bench.pythons[0]).name}", slower)


# -- figures 16 to 20: who hands out the jobs ---------------------------------------------------------------------------

PYTHON_HOST = (sys.executable, "-s", "-E", "-m", "py_impl")
MPIRUN = ("mpirun", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "--mca", "mpi_yield_when_idle", "1", "-n", "3")
PLAIN = ROOT / "scripts/figures/plain.py"


def plain_ns(jobs: int, *command: str | Path) -> float:
    """What a plain program says each job took."""
    done = subprocess.run([*command], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no word"])[-1]
        raise (Missing if "ModuleNotFoundError" in last else Failed)(f"{' '.join(map(str, command[-3:]))}: {last}")
    return float(done.stdout.split()[-1]) / jobs


def plain_python(engine: str, jobs: int, *words: str) -> float:
    return plain_ns(jobs, sys.executable, "-s", "-E", PLAIN, engine, str(jobs), *words)


def handed_over(bench: Bench, jobs: int, *words: str, host: Sequence[str | Path] = PYTHON_HOST) -> float:
    """Nanoseconds a job of null on two workers."""
    with slots_folder() as folder:
        told = host_run(bench, Path(folder, "slots"), "--task", "null", "--jobs", str(jobs), "--workers", "2", *words, host=host)
    return work_ns(told) / jobs


def beside_plain(bench: Bench, arms: Mapping[str, Callable[[], float]], pairs: Mapping[str, str]) -> dict[str, list[float]]:
    """All arms interleaved; each of `pairs`, ours and the plain one, as a ratio."""
    samples = bench.interleave(arms)
    for name, values in samples.items():
        bench.verdict(name, signed_rank.pseudo_median([ns / 1e3 for ns in values]), " us/job")
    for ours, plain in pairs.items():
        bench.verdict(f"{ours} / {plain}", signed_rank.ratio(samples[ours], samples[plain]), at_most=1.1)
    return samples


def figure_16(bench: Bench) -> None:
    """Jobs handed out by MPI: a plain manager with its workers in C, mpi4py's MPIPoolExecutor, and the engine mpi in both."""
    c_jobs, py_jobs = 500_000, 10_000
    servers.program("mpirun")
    with tempfile.TemporaryDirectory(prefix="cobench-mpi-") as folder:
        built = Path(folder, "mpi_null")
        subprocess.run([servers.program("mpicc"), "-O2", ROOT / "scripts/figures/mpi_null.c", "-o", built], timeout=60, check=True)
        beside_plain(bench, {
            "plain C": lambda: plain_ns(c_jobs, *MPIRUN, built, str(c_jobs)),
            "c:mpi": lambda: handed_over(bench, c_jobs, "--model", "mpi", host=()),
            "MPIPoolExecutor": lambda: plain_ns(py_jobs, *MPIRUN, sys.executable, "-s", "-E", "-m", "mpi4py.futures", PLAIN, "mpi",
                                                str(py_jobs)),
            "py:mpi": lambda: handed_over(bench, py_jobs, "--model", "mpi"),
        }, {"c:mpi": "plain C", "py:mpi": "MPIPoolExecutor"})


def figure_17(bench: Bench) -> None:
    """Jobs handed out by multiprocessing's own Queue and Pipe: plain, and as dispensers of py:process-pool."""
    jobs = 20_000
    arms: dict[str, Callable[[], float]] = {}
    for name in ("queue", "pipe"):
        arms[f"plain {name}"] = lambda name=name: plain_python(name, jobs)
        arms[f"py:process-pool+{name}"] = lambda name=name: handed_over(bench, jobs, "--model", "process-pool", "--dispenser", name)
    beside_plain(bench, arms, {f"py:process-pool+{name}": f"plain {name}" for name in ("queue", "pipe")})


def figure_18(bench: Bench) -> None:
    """Jobs handed out by Redis: redis-py's lists, and the dispenser redis in Python and C, one by one and 100 at a time."""
    jobs = 10_000
    with servers.redis() as socket:

        def ours(*words: str, host: Sequence[str | Path] = PYTHON_HOST) -> float:
            return handed_over(bench, jobs, "--model", "process-pool", "--dispenser", "redis", "--service",
                               f"redis=unix://{socket}", *words, host=host)

        samples = beside_plain(bench, {
            "plain redis-py": lambda: plain_python("redis", jobs, str(socket)),
            "py:process-pool+redis": ours,
            "py:process-pool+redis, chunk 100": lambda: ours("--chunk", "100"),
            "c:process-pool+redis": lambda: ours(host=()),
            "c:process-pool+redis, chunk 100": lambda: ours("--chunk", "100", host=()),
        }, {"py:process-pool+redis": "plain redis-py"})
    bench.verdict("plain redis-py / c:process-pool+redis",
                  signed_rank.ratio(samples["plain redis-py"], samples["c:process-pool+redis"]), "x", at_least=3)


def figure_19(bench: Bench) -> None:
    """Jobs handed out by Celery on Redis, one by one and as a group: plain, and the engines."""
    jobs = 1000
    arms: dict[str, Callable[[], float]] = {}
    with servers.redis() as socket:
        for name in ("celery", "celery-group"):
            arms[f"plain {name}"] = lambda name=name: plain_python(name, jobs, str(socket))
            arms[f"py:{name}"] = lambda name=name: handed_over(bench, jobs, "--model", name, "--service", f"redis=unix://{socket}")
        beside_plain(bench, arms, {f"py:{name}": f"plain {name}" for name in ("celery", "celery-group")})


def figure_20(bench: Bench) -> None:
    """Jobs handed out by Dask's distributed: a plain LocalCluster, and the engine."""
    jobs = 1000
    beside_plain(bench, {"plain dask": lambda: plain_python("dask", jobs),
                         "py:dask": lambda: handed_over(bench, jobs, "--model", "dask")}, {"py:dask": "plain dask"})


# -- figure 21 --------------------------------------------------------------------------------------------------------

MEMORY_MOST = 16 << 20  # more than for a thousand jobs, without the slots
SLOT = struct.Struct("<Q20x2I28x")  # result, state, runs (common/slots.h)
DONE = 2


def each_once(bench: Bench, slots: Path, jobs: int, *words: str) -> dict:
    """The record of a run of null in which every job was done once, with its own result."""
    # From a shell: what a process had at its most before it became another program counts as that one's.
    shell = ("/bin/sh", "-c", '"$0" "$@" || exit $?', bench.build / "cobench-host")
    told = host_run(bench, slots, "--task", "null", "--jobs", str(jobs), "--workers", "2", *words, host=shell)
    rows = SLOT.iter_unpack(slots.read_bytes()[4096:])
    if wrong := sum(row != (job, DONE, 1) for job, row in enumerate(rows)):
        raise Failed(f"{wrong} jobs were not done once")
    return told


def figure_21(bench: Bench) -> None:
    """A million jobs of null handed out by Redis and by MPI: each done once, in memory that does not grow with their number."""
    with servers.redis() as socket, slots_folder() as folder:
        redis = ("--model", "process-pool", "--dispenser", "redis", "--service", f"redis=unix://{socket}")
        for name, words in (("c:process-pool+redis", redis), ("c:process-pool+redis, chunk 100", (*redis, "--chunk", "100")),
                            ("c:mpi", ("--model", "mpi"))):
            few, many = (each_once(bench, Path(folder, "slots"), jobs, *words) for jobs in (1000, NULL_JOBS))
            least, most = (told["usage"]["max_rss_bytes"] - told["jobs"] * SLOT.size for told in (few, many))
            print(f"  {name:<32} {work_ns(many) / NULL_JOBS / 1e3:7.2f} us/job; {NULL_JOBS:,} jobs done once; its largest process, without "
                  f"the slots, {most / 2**20:.1f} MiB, {(most - least) / 2**20:+.1f} beside 1,000 jobs", flush=True)
            if most - least > MEMORY_MOST:
                bench.short.append(f"{name}: memory")
        print(f"  Redis at its most: {servers.redis_memory(socket)}")


# -- figures 22 to 25: what jobs wait for --------------------------------------------------------------------------------


def asked_ns(bench: Bench, jobs: int, *words: str, host: Sequence[str | Path] = ()) -> float:
    """Nanoseconds of work a job."""
    with slots_folder() as folder:
        return work_ns(host_run(bench, Path(folder, "slots"), "--jobs", str(jobs), *words, host=host)) / jobs


def figure_22(bench: Bench) -> None:
    """query: 50 answers of 20 ms on 50 connections, and 10,000 look-ups by key beside pgbench and plain psycopg and asyncpg."""
    jobs, ideal = 10_000, 20e6
    with servers.postgresql() as server:

        def ask(*words: str, jobs: int = jobs, host: Sequence[str | Path] = ()) -> float:
            return asked_ns(bench, jobs, "--task", "query", "--service", f"postgresql={server.url}", *words, host=host)

        def slow(host: Sequence[str | Path], *words: str) -> float:
            return 50 * ask("--set", "delay=20", "--workers", "50", "--model", "async", *words, jobs=50, host=host) / ideal

        slept = bench.interleave({"c:async": lambda: slow(()), "py:async": lambda: slow(PYTHON_HOST),
                                  "py:async+asyncpg": lambda: slow(PYTHON_HOST, "--client", "asyncpg")})  # fmt: skip
        for name, most in (("c:async", 1.15), ("py:async", 1.3), ("py:async+asyncpg", None)):
            bench.verdict(f"50 x 20 ms: {name} / ideal", signed_rank.pseudo_median(slept[name]), at_most=most)

        fast = ("--set", "delay=0", "--model")
        samples = bench.interleave({
            "pgbench, 1 connection": lambda: 1e9 / server.pgbench(1, jobs),
            "c:sync": lambda: ask(*fast, "sync"),
            "pgbench, 4 connections": lambda: 1e9 / server.pgbench(4, jobs),
            "c:thread-pool, 4 workers": lambda: ask(*fast, "thread-pool", "--workers", "4"),
            "c:async, 4 workers": lambda: ask(*fast, "async", "--workers", "4"),
            "c:async+pipeline, 50 in flight": lambda: ask(*fast, "async", "--workers", "50", "--client", "pipeline"),
            "plain psycopg": lambda: plain_python("psycopg", jobs, server.url),
            "py:sync": lambda: ask(*fast, "sync", host=PYTHON_HOST),
            "plain asyncpg": lambda: plain_python("asyncpg", jobs, server.url),
            "py:async+asyncpg, 1 worker": lambda: ask(*fast, "async", "--workers", "1", "--client", "asyncpg", host=PYTHON_HOST),
        })
    for name, values in samples.items():
        bench.verdict(name, signed_rank.pseudo_median([ns / 1e3 for ns in values]), " us/job")
    for ours, plain in (("c:sync", "pgbench, 1 connection"), ("c:thread-pool, 4 workers", "pgbench, 4 connections"),
                        ("py:sync", "plain psycopg"), ("py:async+asyncpg, 1 worker", "plain asyncpg")):  # fmt: skip
        bench.verdict(f"{ours} / {plain}", signed_rank.ratio(samples[ours], samples[plain]), at_most=1.1)


def figure_23(bench: Bench) -> None:
    """get: 100,000 values of 64 bytes on 50 connections, beside redis-benchmark without pipelining; thousands a second."""
    jobs, connections, size = 100_000, 50, 64
    with servers.redis() as socket:

        def rate(model: str, jobs: int, host: Sequence[str | Path] = ()) -> float:
            return 1e6 / asked_ns(bench, jobs, "--task", "get", "--set", f"size={size}", "--workers", str(connections), "--model", model,
                                  "--service", f"redis=unix://{socket}", host=host)

        samples = bench.interleave({
            "redis-benchmark": lambda: servers.redis_benchmark(socket, jobs, connections, size) / 1e3,
            "c:async": lambda: rate("async", jobs),
            "c:thread-pool": lambda: rate("thread-pool", jobs),
            "py:async": lambda: rate("async", jobs // 10, PYTHON_HOST),
            "py:thread-pool": lambda: rate("thread-pool", jobs // 10, PYTHON_HOST),
        })
    for name, values in samples.items():
        bench.verdict(name, signed_rank.pseudo_median(values), " k/s")
    bench.verdict("c:async / redis-benchmark, values a second", signed_rank.ratio(samples["c:async"], samples["redis-benchmark"]),
                  at_least=0.8)


def figure_24(bench: Bench) -> None:
    """read: random 4 KB past the page cache, 32 at once, beside fio with io_uring and with threads; thousands a second."""
    jobs, depth, megabytes, seconds = 20_000, 32, 256, 2
    file = Path("/var/tmp", f"cobench-blocks-{megabytes}")

    def rate(*words: str, jobs: int = jobs, host: Sequence[str | Path] = ()) -> float:
        return 1e6 / asked_ns(bench, jobs, "--task", "read", "--set", "direct=1", "--set", f"size={megabytes}", "--workers", str(depth),
                              "--model", *words, host=host)

    rate("sync", jobs=1)  # makes the file
    samples = bench.interleave({
        "fio, io_uring": lambda: servers.fio(file, "io_uring", depth, 1, seconds) / 1e3,
        "c:async": lambda: rate("async"),
        "fio, psync, 32 threads": lambda: servers.fio(file, "psync", 1, depth, seconds) / 1e3,
        "c:thread-pool": lambda: rate("thread-pool"),
        "c:async+threads": lambda: rate("async", "--client", "threads"),
        "py:thread-pool": lambda: rate("thread-pool", host=PYTHON_HOST),
        "py:async": lambda: rate("async", host=PYTHON_HOST),
    })
    for name, values in samples.items():
        bench.verdict(name, signed_rank.pseudo_median(values), " k/s")
    for ours, theirs, least in (("c:async", "fio, io_uring", 0.9), ("c:thread-pool", "fio, psync, 32 threads", 0.85)):
        bench.verdict(f"{ours} / {theirs}", signed_rank.ratio(samples[ours], samples[theirs]), at_least=least)


def figure_25(bench: Bench) -> None:
    """fetch over TLS, with and without its handshake, and over HTTP/2: 50 answers at once; work time."""
    run = runs.drive(bench.build, "figure25.ini", bench.rounds, bench.seed)
    jobs = {"plain": 10_000, "tls": 10_000, "streams": 10_000, "fresh": 500, "plain-20ms": 2500, "tls-20ms": 2500}
    for group in jobs:
        each = [1e3 * ms / jobs[group] for ms in run.milliseconds(f"{group} c:async")]
        bench.verdict(f"{group}: c:async", signed_rank.pseudo_median(each), " us/job")
    for group, other, most in (("tls-20ms", "plain-20ms", 1.3), ("tls", "plain", 1.3), ("fresh", "plain", None), ("streams", "plain", None)):
        mine, plain = run.pairs(f"{group} c:async", f"{other} c:async")
        scaled = [ns * jobs[other] / jobs[group] for ns in mine]
        bench.verdict(f"{group} / {other}", signed_rank.ratio(scaled, plain), "x", at_most=most)


# -- figures 26 to 28: servers --------------------------------------------------------------------------------------------

SERVED = ("--task", "null", "--jobs", "8")
LIGHT = ("--task", "fetch", "--model", "async", "--set", "check=number", "--client", "http")


def asked(bench: Bench, url: str, connections: int, requests: int) -> float:
    """Requests a second by cobench's own client, every answer checked."""
    with slots_folder() as folder:
        told = host_run(bench, Path(folder, "slots"), *LIGHT, "--url", url, "--jobs", str(requests), "--workers", str(connections))
    return requests / work_ns(told) * 1e9


def figure_26(bench: Bench) -> None:
    """Servers by wrk beside nginx and a plain asyncio script, and cobench's client beside wrk."""
    seconds, plain = 1, Path(__file__).resolve().parent / "plain_asyncio.py"
    python = [bench.pythons[0], "-s", "-E", "-m", "py_impl"]
    servers.descriptors_raise(4096)
    with ExitStack() as up:
        def start(host: Sequence[str | Path], model: str, workers: int = 1) -> str:
            return up.enter_context(servers.serve(host, *SERVED, "--model", model, "--workers", str(workers)))

        epoll, loop = start([bench.build / "cobench-host"], "epoll"), start(python, "asyncio")
        nginx, script = up.enter_context(servers.nginx(0)).url, up.enter_context(servers.serve([bench.pythons[0], plain]))
        arms = {f"{name} {count}": lambda url=url, count=count: servers.wrk(url, count, seconds)
                for name, url in (("nginx", nginx), ("epoll", epoll)) for count in (100, 1000)}
        arms |= {"asyncio": lambda: servers.wrk(loop, 100, seconds), "script": lambda: servers.wrk(script, 100, seconds)}
        found = {"c:epoll": (epoll, 50_000)}
        for model in ("gunicorn", "uvicorn"):
            try:
                found[f"py:{model}"] = (start(python, model, bench.workers()), 3_000)
            except Missing as why:
                print(f"  py:{model}: {why}")
        for name, (url, requests) in found.items():
            arms[f"{name} wrk"] = lambda url=url: servers.wrk(url, 100, seconds)
            arms[f"{name} own"] = lambda url=url, requests=requests: asked(bench, url, 100, requests)
        samples = bench.interleave(arms)
    for count in (100, 1000):
        bench.verdict(f"c:epoll / nginx's echo, {count} connections", signed_rank.ratio(samples[f"epoll {count}"], samples[f"nginx {count}"]),
                      at_least=0.8)
    bench.verdict("py:asyncio / plain asyncio script", signed_rank.ratio(samples["asyncio"], samples["script"]), at_least=0.9)
    for name in found:
        ratio = signed_rank.ratio(samples[f"{name} own"], samples[f"{name} wrk"])
        bench.verdict(f"{name}: cobench's client / wrk", ratio, at_least=0.9)
        bench.verdict(f"{name}: cobench's client / wrk", ratio, at_most=1.1)


def figure_27(bench: Bench) -> None:
    """A Fibonacci endpoint, native against Python: answers a second, and the size from which it pays (published: four times or more)."""
    run = runs.drive(bench.build, str(ROOT / "bench/suites/fibonacci.ini"), bench.rounds, bench.seed)
    for native, python in (("c:epoll", "embed:epoll"), ("ext:asyncio", "py:asyncio"), ("ext:threads", "py:threads")):
        pays = None
        for size in (10, 15, 20, 25, 30):
            a, b = (saturation(run, f"fib {size} {variant}") for variant in (native, python))
            rounds = sorted(a.keys() & b.keys())
            ratio = signed_rank.ratio([a[k] for k in rounds], [b[k] for k in rounds])
            pays = (pays or size) if ratio.low > 1 else None
            bench.verdict(f"fib {size}: {native} / {python}", ratio, at_least=4 if size == 30 else None)
        print(f"    native work pays from size {pays} on" if pays else "    native work does not pay", flush=True)


def saturation(run: runs.Run, cell: str) -> dict[int, float]:
    """Answers a second, by round."""
    loads = {number: sample["serving"]["loads"]["0"] for number, sample in run.samples.get(cell, {}).items()}
    if not loads:
        raise Failed(f"the run has no servers called '{cell}'")
    return {number: load["answered"] / load["span_ns"] * 1e9 for number, load in loads.items()}


IDLE = 10_000


def figure_28(bench: Bench) -> None:
    """10,000 idle connections on each model that claims to hold them: memory a connection."""
    with tempfile.TemporaryDirectory(prefix="cobench-figures-") as results:
        subprocess.run([bench.build / "cobench", "serve-bench", "--task", "null", "--rates", "50", "--duration", "0.1", "--rounds", "1",
                        "--idle", str(IDLE), "--results", results, "--no-plots", "--quiet"], stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=sys.stderr, timeout=3600, check=False)
        folder = next(entry for entry in Path(results).iterdir() if not entry.is_symlink() and not entry.name.startswith("."))
        samples = [json.loads(line) for line in (folder / "samples.jsonl").read_text().splitlines()]
    for sample in (s for s in samples if s["pass"] == "verify"):
        name = sample["name"].rpartition(" ")[2]
        points = list(sample.get("serving", {}).get("idle", {}).values())
        if sample["status"] != "ok" or len(points) < 2:
            print(f"  {name:<24} {sample['reason'] or 'has a thread or a process for each connection: not asked to'}")
            continue
        held = points[-1]["connections"]
        each = (points[-1]["bytes"] - points[0]["bytes"]) / held if held else float("nan")
        print(f"  {name:<24} {held:6} held, {each / 1000:8.2f} kB each", flush=True)
        if held < IDLE:
            bench.short.append(f"{name}: {held} of {IDLE} connections held")


# -- figures 29 and 30: jobs that need each other ------------------------------------------------------------------------

TREE_JOBS, GRAIN_NS = 1023, 100_000


def by_hand(path: Path) -> float:
    """Work over critical path of a file of `graph`, by its costs."""
    rows = [line.partition("#")[0].split() for line in path.read_text().splitlines()]
    nodes = {name: (int(cost), needed) for name, cost, *needed in filter(None, rows)}

    def longest(name: str) -> int:
        return nodes[name][0] + max(map(longest, nodes[name][1]), default=0)

    return sum(cost for cost, _ in nodes.values()) / max(map(longest, nodes))


def parallel(record: dict) -> float:
    return record["dependencies"]["work_ns"] / record["dependencies"]["path_ns"]


def figure_29(bench: Bench) -> None:
    """tree of jobs of 100 us, --join help, beside min(capacity, work/path); and work/path of known graphs beside that by hand."""
    workers = bench.workers()
    spans, found = [], {"graph": [], "pipeline": []}
    with slots_folder() as folder:

        def run(*words: str, copy: int = 0) -> dict:
            return host_run(bench, Path(folder, f"slots{copy}"), *words)

        words = ("--task", "tree", "--jobs", str(TREE_JOBS), "--set")
        grain = run(*words, "steps=25000", "--model", "sync")["dependencies"]["work_ns"] / TREE_JOBS / 25_000
        words = (*words, f"steps={round(GRAIN_NS / grain)}", "--model")

        def sync() -> float:
            record = run(*words, "sync")
            spans.append(parallel(record))
            return work_ns(record)

        def slowest() -> float:
            with ThreadPoolExecutor(workers) as pool:
                return max(map(work_ns, pool.map(lambda copy: run(*words, "sync", copy=copy), range(workers))))

        def known(task: str, *more: str) -> float:
            found[task].append(parallel(run("--task", task, "--model", "sync", *more)))
            return found[task][-1]

        samples = bench.interleave({
            "sync": sync,
            "copies": slowest,
            "help": lambda: work_ns(run(*words, "thread-pool", "--workers", str(workers), "--join", "help")),
            "graph": lambda: known("graph"),
            "pipeline": lambda: known("pipeline", "--jobs", str(STAGES * ITEMS)),
        })
    at_once = [workers * one for one in samples["sync"]]
    bounds = [min(all_of / last, span) for all_of, last, span in zip(at_once, samples["copies"], spans)]
    gains = [one / pool for one, pool in zip(samples["sync"], samples["help"])]
    bench.verdict("tree: c:sync", signed_rank.pseudo_median([ns / TREE_JOBS / 1e3 for ns in samples["sync"]]), " us/job")
    bench.verdict(f"tree: capacity, {workers} x c:sync", signed_rank.ratio(at_once, samples["copies"]), "x")
    bench.verdict("tree: work / path", signed_rank.pseudo_median(spans), "x", note="by hand: 1023 jobs, the longest way 10 of them: 102.3")
    bench.verdict("tree: gain / min(capacity, work / path)", signed_rank.ratio(gains, bounds), at_least=0.9)
    for task, hand in (("graph", by_hand(ROOT / "share" / "graph.txt")), ("pipeline", 2 * ITEMS / (ITEMS + 1))):
        beside = signed_rank.pseudo_median([span / hand for span in found[task]])
        bench.verdict(f"{task}: work / path, beside {hand:.2f} by hand", beside, at_least=0.95)
        bench.verdict(f"{task}: work / path, beside {hand:.2f} by hand", beside, at_most=1.05)


STAGES, BOUND, ITEMS, SLOWEST_US = 3, 16, 150, 10_000  # so long that asyncio, whose timers go by milliseconds, is not the slowest
SLOT_ENDS = struct.Struct("=16xq40x")


@dataclass(frozen=True)
class Flow:
    """Items through a pipeline: a part of what its slowest stage can take, the mean number of them in it, and how long they were in it,
    beside what Little's law says of that number."""

    throughput: float
    inside: float
    latency: float


def flow(ready: int, ends: list[int]) -> Flow:
    """From the ends of the jobs. An item is begun when stage 0 is done with the one before and the bound lets it."""
    done = ends[STAGES - 1 :: STAGES]
    begun = [max([ready, *([ends[(i - 1) * STAGES]] if i > 0 else []), *([ends[(i - BOUND) * STAGES + 1]] if i >= BOUND else [])])
             for i in range(ITEMS)]
    first, last = done[2 * BOUND], begun[-1]  # between them it is full
    rate = sum(first < end <= last for end in done) / (last - first)
    latencies = [end - begin for begin, end in zip(begun, done) if begin >= first]
    instants = [first + (last - first) * k / 1000 for k in range(1000)]
    inside = sum(begin <= at < end for at in instants for begin, end in zip(begun, done)) / len(instants)
    mean = sum(latencies) / len(latencies)
    return Flow(ITEMS / (max(ends) - ready) * SLOWEST_US * 1e3, inside, mean * rate / inside)


def figure_30(bench: Bench) -> None:
    """pipeline of 3 stages, 16 items between two at most: throughput beside its slowest stage's, latency beside Little's law."""
    found: dict[str, list[Flow]] = {}

    def once(name: str, model: str, host: Sequence[str | Path]) -> float:
        with slots_folder() as folder:
            file = Path(folder, "slots")
            record = host_run(bench, file, "--task", "pipeline", "--jobs", str(STAGES * ITEMS), "--workers", "64", "--model", model,
                              "--set", f"bound={BOUND}", "--set", f"delay={SLOWEST_US}", "--set", "steps=0", host=host)
            ends = [end for end, in SLOT_ENDS.iter_unpack(file.read_bytes()[4096:])]
        found.setdefault(name, []).append(flow(record["phases"]["ready"], ends))
        return found[name][-1].throughput

    bench.interleave({f"{runtime}:{model}": lambda name=f"{runtime}:{model}", model=model, host=host: once(name, model, host)
                      for runtime, host in (("c", ()), ("py", PYTHON_HOST)) for model in ("async", "thread-pool")})
    for name, flows in sorted(found.items()):
        bench.verdict(f"{name}: throughput / the slowest stage's", signed_rank.pseudo_median([each.throughput for each in flows]),
                      at_least=0.9)
        bench.verdict(f"{name}: items in it", signed_rank.pseudo_median([each.inside for each in flows]))
        beside = signed_rank.pseudo_median([each.latency for each in flows])
        bench.verdict(f"{name}: latency x throughput / items in it", beside, at_least=0.95)
        bench.verdict(f"{name}: latency x throughput / items in it", beside, at_most=1.05)


# -- main -------------------------------------------------------------------------------------------------------------

FIGURES: dict[int, Callable[[Bench], None]] = {
    1: figure_1, 2: figure_2, 3: figure_3, 4: figure_4, 5: figure_5, 6: figure_6, 7: figure_7, 8: figure_8, 9: figure_9,
    10: figure_10, 11: figure_11, 12: figure_12, 13: figure_13, 14: figure_14, 15: figure_15, 16: figure_16, 17: figure_17,
    18: figure_18, 19: figure_19, 20: figure_20, 21: figure_21, 22: figure_22, 23: figure_23,
    24: figure_24, 25: figure_25, 26: figure_26, 27: figure_27, 28: figure_28,
    29: figure_29, 30: figure_30,
}


def cpu_model() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(("model name", "Model"))), "unknown")


def build_facts(bench: Bench) -> dict[str, str | None]:
    """Compiler, flags and versions, as the C host states them of itself."""
    try:
        done = subprocess.run([bench.build / "cobench-host", "list", "--json"], capture_output=True, text=True, check=True)
        return json.loads(done.stdout)["build"]
    except (OSError, subprocess.SubprocessError) as error:
        return {"C host": f"cannot be asked: {error}"}


def machine_print(bench: Bench) -> None:
    for key, value in build_facts(bench).items():
        print(f"{key}: {'unknown' if value is None else value}")
    print(f"kernel: {platform.release()}")
    print(f"cpu: {cpu_model()}, {len(os.sched_getaffinity(0))} usable, load {os.getloadavg()[0]:.2f}")
    print(f"rounds: {bench.rounds}, interleaved; in brackets: 95% signed-rank intervals", flush=True)


def rounds_number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not ROUNDS_LEAST <= int(text) <= 1000:
        raise argparse.ArgumentTypeError(f"'{text}' is no number in {ROUNDS_LEAST}..1000")
    return int(text)


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="figures", description="Measures the figures cobench holds itself to.")
    parser.add_argument("--only", type=int, choices=sorted(FIGURES), action="append", help="this figure (may be repeated)")
    parser.add_argument("--rounds", type=rounds_number, default=ROUNDS_LEAST, help="rounds a comparison (default 10)")
    parser.add_argument("--seed", type=int, default=1, help="of the order within the rounds")
    parser.add_argument("--python", action="append", default=[], help="interpreters of figure 15 (default this one)")
    given = parser.parse_args(argv)
    build = ROOT / os.environ.get("COBENCH_BUILD", "build")
    bench = Bench(build, given.rounds, given.seed, random.Random(given.seed), given.python or [sys.executable])
    machine_print(bench)
    unmeasured = []
    for number in sorted(given.only or FIGURES):
        figure = FIGURES[number]
        print(f"\nFigure {number}. {figure.__doc__}", flush=True)
        try:
            figure(bench)
        except (Missing, Failed, subprocess.SubprocessError, OSError) as error:
            print(f"  not measured: {error}", flush=True)
            unmeasured.append(number)
    print()
    for what in bench.short:
        print(f"short: {what}")
    for number in unmeasured:
        print(f"not measured: figure {number}")
    if not bench.short and not unmeasured:
        print("all targets reached")
    return 1 if bench.short or unmeasured else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
