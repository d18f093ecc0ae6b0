# SPDX-License-Identifier: MIT
"""make check-faults: faults are planted in real runs, one a try, and the driver has to find each and call it by its name.

Prints a row a fault: found in how many tries, how many are needed, how it was named. Exit status 0 if all were found often
enough, else 1. `--only slower,sleeps` picks rows, `--tries 3` makes fewer tries (what is needed shrinks with them).
What cannot be planted here (one CPU, no network namespace) is listed with the reason and counts as not shown.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import hazard_faults
import queue_faults
from planted import HERE, ROOT, Outcome, Project

RUNTIMES = ("c", "embed", "ext", "py")
POOLS = ("threads", "thread-pool", "processes", "process-pool")
MODELS = ("sync", *POOLS, "async")


class NotHere(Exception):
    """The fault cannot be planted on this machine."""


@dataclass
class Try:
    """One planted fault: was it found, what was said of it, and what else is to be counted."""

    found: bool
    named: str
    counts: dict[str, bool] = field(default_factory=dict)  # of other rows: was it called so there
    notes: dict[str, float] = field(default_factory=dict)  # numbers to be summed up beside the row


@dataclass
class Planter:
    """What a fault is planted with."""

    build: Path
    folder: Path
    rng: random.Random
    seconds: float = 60.0

    def project(self, name: str = "project") -> Project:
        return Project(self.folder / name, self.build)

    def tasks(self, *names: str) -> Path:
        """A folder with some of the tests' tasks."""
        folder = self.folder / "tasks"
        folder.mkdir()
        for name in names:
            for file in (self.build / "test-tasks").glob(f"{name}.*"):
                shutil.copy2(file, folder)
        return folder

    def need_cpus(self) -> None:
        if len(os.sched_getaffinity(0)) < 2:
            raise NotHere("one CPU: nothing runs side by side")


# -- a variant 3% slower ----------------------------------------------------------------------------------------------

def count_size(host: Path, jobs: int, target_s: float) -> int:
    """The size of `count` for which so many jobs take so long in C."""
    best, size = math.inf, 100_000
    with tempfile.TemporaryDirectory() as scratch:
        for _ in range(5):
            record = Path(scratch, "record")
            subprocess.run([host, "run", "--task", "count", "--set", f"size={size}", "--jobs", str(jobs), "--workers", "1",
                            "--model", "sync", "--slots", Path(scratch, "slots"), "--record", record], check=True)
            phases = json.loads(record.read_text())["phases"]
            best = min(best, (phases["work"] - phases["ready"]) / 1e9)
    return max(1000, int(size * target_s / best))


def slower(p: Planter) -> Try:
    """Two variants in one table: sync under another name, and with 3% more work; both against sync."""
    size = count_size(p.build / "cobench-host-faulty", 100, 0.013)
    args = ["--task", "count", "--set", f"size={size}", "--jobs", 100, "--workers", 1, "--runtime", "c", "--model",
            "sync,same,slower"]

    def run(name: str, rounds: int) -> tuple[Outcome, float]:
        project = p.project(name)
        project.replace("cobench-host", p.build / "cobench-host-faulty")
        out = project.run(*args, "--rounds", rounds, "--seed", p.rng.randrange(2**31))
        at = [s["at"] for s in out.samples if s["pass"] == "timed"]
        return out, max(at) - min(at)

    _, trial_s = run("trial", 12)
    out, took = run("project", max(12, int(p.seconds * 11.5 / trial_s)))
    cells = {model: out.cell("c", model) for model in ("sync", "same", "slower")}
    longest = max(c["median_s"] for c in cells.values())
    if out.status != 0 or longest > 0.020:
        raise RuntimeError(f"exit status {out.status}, a command took {longest * 1e3:.1f} ms: {out.said}")
    ratios = {model: c["whole_own_sync"] for model, c in cells.items()}
    verdicts = {model: c["whole_own_sync_verdict"] for model, c in cells.items()}
    named = ("{whole_own_sync_verdict}: {whole_own_sync:.4f} [{whole_own_sync_low:.4f},{whole_own_sync_high:.4f}]"
             .format(**cells["slower"]))
    return Try(verdicts["slower"] == "slower", f"{named}, {cells['sync']['rounds']} rounds in {took:.0f} s",
               counts={"same": verdicts["same"] in ("faster", "slower")},
               notes={"same": ratios["same"], "control": out.summary["checks"][0]["ratio"], "slower": ratios["slower"]})


# -- jobs -------------------------------------------------------------------------------------------------------------

def job_fault(fault: str) -> Callable[[Planter], Try]:
    """A fault in one job of one timed run, at random: runtime, model, task, number of jobs, job, round."""

    def attempt(p: Planter) -> Try:
        rng = p.rng
        runtime, model, jobs = rng.choice(RUNTIMES), rng.choice(MODELS), rng.randint(2, 60)
        task = rng.choice((("null",), ("distance", "size=300000")))  # no two jobs have the same result
        job, other = rng.sample(range(jobs), 2)
        rounds = 3
        plant = {"model": model, "fault": fault, "job": job, "other": other, "bit": rng.randrange(64),
                 "run": 1 + rng.randint(1, rounds)}  # the first is the verification's
        project = p.project()
        project.tamper(runtime, plant)
        sets = ["--set", task[1]] if len(task) > 1 else []
        out = project.run("--task", task[0], *sets, "--jobs", jobs, "--workers", 2, "--runtime", runtime, "--model", model,
                          "--rounds", rounds, "--seed", rng.randrange(2**31))
        first, second = sorted((job, other))
        expected = {"skipped": f"job {job} was never done", "twice": f"job {job} was done twice",
                    "wrong": f"job {job} gave ", "swapped": f"jobs {first} and {second} gave each other's results"}[fault]
        refused = [s for s in out.samples if s["status"] == "refused"]
        named = "; ".join(s["reason"] for s in refused)
        return Try(out.status == 1 and len(refused) == 1 and refused[0]["reason"].startswith(expected) and
                   expected in out.said, f"{runtime}:{model} {task[0]}: {named or 'nothing'}")

    return attempt


# -- side by side, or not ---------------------------------------------------------------------------------------------

STEPS = 25_000_000  # all jobs together: some 80 ms, long beside the start of what stands before a host


def pretends(p: Planter) -> Try:
    """A pool whose threads take turns at a lock, a task with a lock inside, a host that lies in its stamps; each beside a
    variant that really does run side by side."""
    p.need_cpus()
    project, kind = p.project(), p.rng.choice(("pool", "task", "stamps"))
    model, honest, finding = {"pool": ("pretend", "thread-pool", "never-overlaps"),
                           "task": ("thread-pool", "process-pool", "takes-turns"),
                           "stamps": ("threads", "thread-pool", "takes-turns")}[kind]
    if kind == "pool":
        project.replace("cobench-host", p.build / "cobench-host-faulty")
    elif kind == "stamps":
        project.tamper("c", {"model": model, "fault": "boast"})
    jobs = p.rng.randint(6, 24)
    out = project.run("--tasks", p.tasks("locked"), "--task", "locked", "--set", f"locks={int(kind == 'task')}", "--set",
                      f"steps={STEPS // jobs}", "--model", f"{model},{honest}", "--jobs", jobs, "--workers", 2, "--runtime",
                      "c", "--rounds", 6, "--seed", p.rng.randrange(2**31))
    cell, true = out.cell("c", model), out.cell("c", honest)
    said = {"never-overlaps": "never had two jobs in flight", "takes-turns": "took turns"}[finding]
    named = f"{kind}: {cell['finding'] or 'not found'}, in flight {cell['in_flight_max']}, CPUs " \
            f"{cell['cpus_used']}"
    return Try(cell["finding"] == finding and any(said in line and f"c:{model}" in line for line in unwrapped(out.table)), named,
               counts={"honest": true["finding"] in ("never-overlaps", "takes-turns")})


def unwrapped(table: str) -> list[str]:
    """The table's paragraphs, each on one line: warnings go over several."""
    lines: list[str] = []
    for line in table.splitlines():
        if line.startswith(" " * 10) and lines:
            lines[-1] += " " + line.strip()
        else:
            lines.append(line.strip())
    return lines


# -- CPU time that is missing, or that buys nothing ----------------------------------------------------------------------

def planted_task(p: Planter, model: str, *sets: str) -> tuple[dict, dict, list[str]]:
    """A run of the task `locked` with something planted in it: its cell, that of sync, and what was said."""
    args = [arg for one in ("locks=0", *sets) for arg in ("--set", one)]
    out = p.project().run("--tasks", p.tasks("locked"), "--task", "locked", *args, "--model", model, "--jobs", 8, "--workers", 2,
                          "--runtime", "c", "--rounds", 8, "--seed", p.rng.randrange(2**31))
    return out.cell("c", model), out.cell("c", "sync"), unwrapped(out.table)


def sleeps(p: Planter) -> Try:
    """A task that says that it computes, and sleeps for a third of the time or more. Where others took the CPUs, which the
    doubt says, only the number shows it: waiting for a CPU cannot be told from sleeping."""
    model, ms = p.rng.choice(("sync", *POOLS)), p.rng.randint(5, 20)
    cell, _, said = planted_task(p, model, "steps=3000000", f"sleep={ms}")
    told = any("off the CPU" in line and f"c:{model}" in line for line in said)
    share = cell["off_cpu_share"]
    quiet = 4 * cell["disturbed_rounds"] <= cell["rounds"]
    named = told and cell["finding"] == "off-cpu" if quiet else not told and cell["doubt"] is not None and share > 0.2
    return Try(named, f"c:{model}, {ms} ms a job: {cell['finding']}, {cell['doubt']}, off-CPU share {share}")


def hot(p: Planter) -> Try:
    """Workers that spin at one cache line until it is their turn: both CPUs are busy, and nothing is gained."""
    p.need_cpus()
    model = p.rng.choice(("threads", "thread-pool"))
    cell, sync, said = planted_task(p, model, f"steps={p.rng.randint(4, 8)}000000", "hot=1")
    told = any("without a gain" in line and f"c:{model}" in line for line in said)
    return Try(cell["finding"] == "busy-without-gain" and told, f"c:{model}: {cell['finding']}, CPUs {cell['cpus_used']}, "
               f"CPU time {cell['cpu_s']:.3f} s beside {sync['cpu_s']:.3f} s")


# -- what a machine runs out of ---------------------------------------------------------------------------------------

def origin(p: Planter) -> Try:
    """Bodies that cost the origin more than their readers, or a server that is slow."""
    project, kind, model = p.project(), p.rng.choice(("bodies", "server")), p.rng.choice(("async", *POOLS))
    size, jobs = (p.rng.randint(2, 6) << 20, 24) if kind == "bodies" else (p.rng.randint(10, 4000), 60)
    if kind == "server":
        project.replace("cobench-origin", HERE / "slow_origin.py")
    out = project.run("--task", "fetch", "--set", f"size={size}", "--set", "delay=0", "--set", "check=length", "--jobs",
                      jobs, "--workers", 8, "--runtime", "c", "--model", model, "--rounds", 6, "--seed", p.rng.randrange(2**31))
    cell = out.cell("c", model)
    told = any("it was the limit, not the model" in line and "origin" in line for line in unwrapped(out.table))
    return Try(cell["doubt"] == "origin" and told,
               f"{kind}, c:{model}: origin {cell['origin_share']:.2f}, waiting {cell['origin_wait_share']:.2f}, doubt "
               f"{cell['doubt']}")


FEW_PORTS = """
import fcntl, os, socket, struct, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:  # lo is down in a new namespace: SIOCSIFFLAGS, IFF_UP
    fcntl.ioctl(s, 0x8914, struct.pack("16sH14s", b"lo", 1, b""))
with open("/proc/sys/net/ipv4/ip_local_port_range", "w") as f:
    f.write(sys.argv[1])
os.execvp(sys.argv[2], sys.argv[2:])
"""


def ports(p: Planter) -> Try:
    """A network of its own with a handful of ports, and more connections than that."""
    few = p.rng.randint(10, 20)
    low = p.rng.randint(20000, 60000) // 2 * 2
    before = ["unshare", "--net", "--", sys.executable, "-c", FEW_PORTS, f"{low} {low + few - 1}"]
    tried = subprocess.run([*before, "true"], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        raise NotHere(f"no network of its own: {(tried.stderr.strip() or 'unshare failed').splitlines()[-1]}")
    runtime, model = p.rng.choice(RUNTIMES), p.rng.choice((*POOLS, "async"))
    out = p.project().run("--task", "fetch", "--set", "delay=100", "--jobs", 40, "--workers", 40, "--runtime", runtime,
                          "--model", model, "--rounds", 1, "--seed", p.rng.randrange(2**31), before=before)
    reason = out.reasons(runtime, model)
    return Try(out.status == 1 and "NoFreePort" in reason and f"ip_local_port_range: {low} to {low + few - 1}" in reason and
               "no free local port" in out.said, f"{runtime}:{model}: {reason or 'nothing'}")


def descriptors(p: Planter) -> Try:
    """A limit too low for the host from the start, one too low for the origin, or a task that leaks what there is."""
    rng, kind = p.rng, p.rng.choice(("host", "origin", "leak"))
    runtime, model, limit = rng.choice(RUNTIMES), rng.choice(("threads", "thread-pool", "async")), rng.randint(150, 179)
    status, outcome = 0, "impossible"
    if kind == "host":
        args, expected = ["--task", "fetch", "--jobs", 300, "--workers", 300], ("RLIMIT_NOFILE", f"{limit}")
    elif kind == "origin":  # each process has a connection, the origin has all of them
        model = rng.choice(("processes", "process-pool"))
        args = ["--task", "fetch", "--jobs", 300, "--workers", 180]
        expected = ("the origin can hold", f"RLIMIT_NOFILE is {limit}")
    else:
        runtime, status, outcome = rng.choice(("c", "embed", "py")), 1, "failed"
        model = "async" if runtime == "py" else model  # Python's threads are slow to start: few connections at once
        args = ["--tasks", p.tasks("leaky"), "--task", "leaky", "--set", f"spare={rng.randint(5, 7)}", "--jobs", 24,
                "--workers", 24]
        expected = ("NoFreeDescriptor", f"RLIMIT_NOFILE is {limit}")
    args += ["--set", "delay=0"] if kind != "leak" else []

    def lowered() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))

    out = p.project().run(*args, "--runtime", runtime, "--model", model, "--rounds", 1, "--seed", rng.randrange(2**31),
                          preexec_fn=lowered)
    reason = out.reasons(runtime, model)
    return Try(out.status == status and all(word in reason for word in expected) and
               all(s["status"] == outcome for s in out.of(runtime, model)),
               f"{kind}, {runtime}:{model}: {reason or 'nothing'}")


def queue_fault(key: str) -> Callable[[Planter], Try]:
    def attempt(p: Planter) -> Try:
        try:
            return Try(*queue_faults.plant(p, key))
        except FileNotFoundError as why:
            raise NotHere(str(why)) from why

    return attempt


def hazard(key: str) -> Callable[[Planter], Try]:
    return lambda p: Try(*hazard_faults.plant(p, key))


# -- the table --------------------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Row:
    """`least` of 20 tries have to find it; of `beside` (an innocent case counted in the same tries) at most one in 20 may be
    called so."""

    key: str
    what: str
    attempt: Callable[[Planter], Try]
    least: int
    beside: tuple[str, str] | None = None
    never: bool = False  # not even one of them


ROWS = [
    Row("slower", "a variant 3% slower", slower, 17, ("same", "its unchanged copy, called different")),
    Row("skipped", "one job skipped", job_fault("skipped"), 20),
    Row("twice", "one job done twice", job_fault("twice"), 20),
    Row("wrong", "one result wrong", job_fault("wrong"), 20),
    Row("swapped", "two results swapped", job_fault("swapped"), 20),
    Row("pretends", "parallel in name only", pretends, 19, ("honest", "an honest pool, called so")),
    Row("sleeps", "a CPU task that sleeps", sleeps, 19),
    Row("hot", "one hot cache line", hot, 19),
    Row("origin", "an origin that saturates", origin, 19),
    Row("ports", "no free ports", ports, 19),
    Row("descriptors", "no free descriptors", descriptors, 19),
    *(Row(key, what, hazard(key), 20, ("healthy", "its healthy twin, called anything"), never=True) for key, what in (
        ("fork-with-lock", "a fork while a thread holds a lock"),
        ("hang", "two locks in two orders"),
        ("nested-pool", "a pool inside a pool"),
        ("blocked-loop", "a coroutine that keeps the loop"),
        ("unbounded-queue", "a queue that only grows"))),
    Row("queue-dead", "a worker killed with a job of Redis", queue_fault("queue-dead"), 20),
    Row("queue-stalled", "a worker stopped with a job of Redis", queue_fault("queue-stalled"), 20),
    Row("queue-poisoned", "a job that kills each worker", queue_fault("queue-poisoned"), 20),
    Row("queue-restarted", "Redis killed and started again", queue_fault("queue-restarted"), 20),
    Row("queue-gone", "Redis killed", queue_fault("queue-gone"), 20),
    Row("queue-full", "a full Redis (maxmemory)", queue_fault("queue-full"), 20),
    Row("celery-dead", "a process of Celery's killed with a job", queue_fault("celery-dead"), 20),
    Row("celery-stalled", "a process of Celery's stopped with a job", queue_fault("celery-stalled"), 20),
    Row("celery-poisoned", "a job that kills Celery's processes", queue_fault("celery-poisoned"), 20),
    Row("celery-restarted", "Celery's Redis killed and started again", queue_fault("celery-restarted"), 20),
    Row("celery-gone", "Celery's Redis killed", queue_fault("celery-gone"), 20),
    Row("celery-full", "Celery's Redis is full (maxmemory)", queue_fault("celery-full"), 20),
    Row("dask-dead", "a worker of Dask's killed with a job", queue_fault("dask-dead"), 20),
    Row("dask-poisoned", "a job that kills Dask's workers", queue_fault("dask-poisoned"), 20),
]


def spread(tries: list[Try]) -> str:
    """How far the same command came out from itself, in percent."""
    control = [math.log(t.notes["control"]) * 100 for t in tries if "control" in t.notes]
    same = [math.log(t.notes["same"]) * 100 for t in tries if "same" in t.notes]
    if len(same) < 2:
        return ""
    return (f"A/A spread over the tries: control {statistics.mean(control):+.2f}% (sd {statistics.stdev(control):.2f}%), "
            f"unchanged copy {statistics.mean(same):+.2f}% (sd {statistics.stdev(same):.2f}%)")


def show(row: Row, tries: list[Try]) -> bool:
    """Prints a fault's row; was it found often enough?"""
    count = len(tries)
    least = math.ceil(row.least * count / 20)
    found = sum(t.found for t in tries)
    good = found >= least
    example = next((t.named for t in tries if t.found), "")
    print(f"{row.what:<36} {found:>2} of {count:<3} {'at least':>8} {least:<3} {'ok' if good else 'SHORT':<6} {example}")
    if row.beside:
        called, most = sum(t.counts.get(row.beside[0], False) for t in tries), 0 if row.never else count // 20
        fine = called <= most
        print(f"{'  ' + row.beside[1]:<36} {called:>2} of {count:<3} {'at most':>8} {most:<3} "
              f"{'ok' if fine else 'TOO MANY'}")
        good = good and fine
    if spread(tries):
        print(f"    {spread(tries)}")
    for t in tries:
        if not t.found:
            print(f"    not found: {t.named}")
    return good


def attempt_all(row: Row, count: int, seed: int, build: Path, seconds: float, verbose: bool) -> list[Try]:
    tries: list[Try] = []
    for k in range(count):
        with tempfile.TemporaryDirectory(prefix="cobench-fault-") as scratch:
            try:
                tries.append(row.attempt(Planter(build, Path(scratch), random.Random(f"{seed} {row.key} {k}"), seconds)))
            except (RuntimeError, subprocess.SubprocessError) as error:
                tries.append(Try(False, f"{type(error).__name__}: {error}"))
        if verbose:
            print(f"  {row.key} {k + 1} of {count}: {'' if tries[-1].found else 'not found: '}{tries[-1].named}",
                  file=sys.stderr, flush=True)
    return tries


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tries", type=int, default=20)
    parser.add_argument("--only", default="", help=f"some of: {', '.join(r.key for r in ROWS)}")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**31))
    parser.add_argument("--seconds", type=float, default=60, help="how long a run of 'slower' takes")
    parser.add_argument("--verbose", action="store_true", help="a line a try on stderr")
    args = parser.parse_args(argv)
    keys = [k for k in args.only.split(",") if k]
    unknown = sorted(set(keys) - {r.key for r in ROWS})
    if unknown or args.tries < 1:
        parser.error(f"--only: unknown: {', '.join(unknown)}" if unknown else "--tries: at least 1 is needed")
    build = (ROOT / os.environ.get("COBENCH_BUILD", "build")).resolve()
    print(f"seed {args.seed}\n{'fault':<36} {'found':<9} {'needed':<12} {'':<6} how it is named")
    short = 0
    for row in ROWS:
        if keys and row.key not in keys:
            continue
        try:
            tries = attempt_all(row, args.tries, args.seed, build, args.seconds, args.verbose)
        except NotHere as reason:
            print(f"{row.what:<36} not possible here: {reason}", flush=True)
            short += 1
            continue
        short += not show(row, tries)
        sys.stdout.flush()
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
