# SPDX-License-Identifier: MIT
"""make figures: the figures cobench holds itself to, each measured side by side.

One function a figure. A round runs every arm of a comparison once, in a fresh seeded random order, so that the machine's
drift falls on all alike; what is printed is the pseudo-median of the rounds' ratios with its 95% signed-rank interval,
the target, and PASS or short by the estimate. Exit status 0 if all that was asked for was measured and passed, else 1.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

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


def host_run(bench: Bench, slots: Path, *arguments: str) -> dict:
    """One run of the C host; its record, if every job was done."""
    with tempfile.NamedTemporaryFile(prefix="cobench-record-") as record:
        command = [bench.build / "cobench-host", "run", *arguments, "--slots", slots, "--record", record.name]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600, check=False)
        line = Path(record.name).read_text()
    told = json.loads(line) if line.strip() else {"reason": done.stderr.strip() or "no record"}
    if done.returncode != 0 or told["status"] != "done" or told["failed_jobs"] != 0:
        raise Failed(f"cobench-host run {' '.join(arguments)}: {told['reason']}")
    return told


def work_ns(record: dict) -> int:
    return record["phases"]["work"] - record["phases"]["ready"]


def slots_folder() -> tempfile.TemporaryDirectory[str]:
    """In memory where that is possible: a disk has no part in these figures."""
    shm = Path("/dev/shm")
    return tempfile.TemporaryDirectory(prefix="cobench-figures-", dir=shm if os.access(shm, os.W_OK) else None)


# -- figures 1 and 2 ---------------------------------------------------------------------------------------------------


def capacity_verdict(bench: Bench, run: runs.Run, group: str, variant: str) -> None:
    runtime = variant.partition(":")[0]
    part = run.of_capacity(f"{group} {variant}", f"{group} {runtime}:sync capacity")
    bench.verdict(f"{group}: {variant} / capacity", signed_rank.ratio(*part), at_least=0.95)


def figure_1(bench: Bench) -> None:
    """What C buys, and what the models make of two CPUs; work time."""
    run = runs.drive(bench.build, "figure1.ini", bench.rounds, bench.seed)
    for group, least in (("count", 40), ("fib", 30)):
        ratio = signed_rank.ratio(*run.pairs(f"{group} py:sync", f"{group} c:sync"))
        bench.verdict(f"{group}: c:sync over py:sync", ratio, "x", at_least=least)
    for runtime in ("c", "py"):
        slowest, one = run.pairs(f"count {runtime}:sync capacity", f"count {runtime}:sync")
        copies = run.copies[f"count {runtime}:sync capacity"]
        bench.verdict(f"count: capacity, {copies} x {runtime}:sync", signed_rank.ratio([copies * ns for ns in one], slowest), "x")
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
            "nginx": lambda: servers.wrk(echo, connections, seconds),
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


# -- main -------------------------------------------------------------------------------------------------------------

FIGURES: dict[int, Callable[[Bench], None]] = {1: figure_1, 2: figure_2, 3: figure_3, 4: figure_4, 5: figure_5}


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
    given = parser.parse_args(argv)
    build = ROOT / os.environ.get("COBENCH_BUILD", "build")
    bench = Bench(build, given.rounds, given.seed, random.Random(given.seed))
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
