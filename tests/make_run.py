# SPDX-License-Identifier: MIT
"""Writes a made-up run's folder (docs/run-directory.md) with all a report must cope with: two groups, controls and
capacity rows, a failed cell and an impossible one, work too short for a ratio, an origin that was the limit. Everything
follows from the seed. tests/data/run-small is `make_run.py tests/data/run-small`, tests/data/run-changed, to be compared
with it, `make_run.py --changed tests/data/run-changed`.
"""

import argparse
import json
import random
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

MS = 1_000_000
MODELS = ("sync", "threads", "thread-pool", "processes", "process-pool", "async")


@dataclass(frozen=True)
class Cell:
    """One cell: what the plan says of it, and how its samples are made."""

    group: int
    runtime: str
    model: str
    role: str = "model"
    copies: int = 1
    boot: float = 2.0  # ms from exec to main's clock, and after it
    work: float = 100.0  # ms
    cpu: float | None = None  # ms; as the work, where nothing is said
    status: str = "ok"
    reason: str | None = None
    fails_in_round: int | None = None
    origin: float | None = None  # share of a CPU
    noise: float = 0.01
    disturbed: str | None = None  # by what, in every third round
    carried: tuple[int, int] | None = None  # bytes to other processes and back

    def plan(self, number: int) -> dict[str, Any]:
        return {"id": number, "group": self.group, "runtime": self.runtime, "model": self.model, "role": self.role,
                "baseline": self.role == "model" and self.model == "sync", "copies": self.copies, "start_method": "fork"}


def group(number: int, name: str, kind: str, **more: Any) -> dict[str, Any]:
    base = {"id": number, "name": name, "task": name, "kind": kind, "asks": "nothing", "params": {}, "jobs": 8,
            "workers": 2, "ideal": 2, "capacity_reason": None}
    return base | more


GROUPS = [
    group(0, "count", "cpu", params={"size": "2000000"}),
    group(1, "fetch", "io", asks="url", jobs=50, workers=50, ideal=50, capacity_reason="the work waits: copies would only wait too",
          params={"url": "http://127.0.0.1:8080/body/{job}?size={size}&delay={delay}", "size": "1024", "delay": "150",
                  "check": "auto"}),
]

CELLS = [
    Cell(0, "c", "sync", work=160, cpu=161),
    Cell(0, "c", "sync", role="control", work=160, cpu=161),
    Cell(0, "c", "sync", role="capacity", copies=2, work=174, cpu=322),
    Cell(0, "c", "thread-pool", work=86, cpu=170),
    Cell(0, "c", "process-pool", work=87, cpu=170, boot=4),
    Cell(0, "py", "sync", boot=30, work=6400, cpu=6420),
    Cell(0, "py", "sync", role="control", boot=31, work=6800, cpu=6420),
    Cell(0, "py", "sync", role="capacity", copies=2, boot=30, work=7100, cpu=12900),
    Cell(0, "py", "thread-pool", boot=32, work=6500, cpu=6600, noise=0.2, disturbed="steal load"),
    Cell(0, "py", "process-pool", boot=50, work=2100, cpu=6600, carried=(8_400_000, 968)),
    Cell(1, "c", "sync", boot=9, work=7600, cpu=20),
    Cell(1, "c", "sync", role="control", boot=9, work=7600, cpu=20),
    Cell(1, "c", "thread-pool", boot=9, work=155, cpu=25, origin=0.95),
    Cell(1, "c", "process-pool", boot=9, status="impossible",
         reason="50 workers need 150 descriptors each; the limit of open files is 100"),
    Cell(1, "py", "sync", boot=60, work=7700, cpu=90),
    Cell(1, "py", "sync", role="control", boot=60, work=7700, cpu=90),
    Cell(1, "py", "thread-pool", boot=62, work=3, cpu=80),
    Cell(1, "py", "process-pool", boot=70, work=180, cpu=300, fails_in_round=4,
         reason="job 17: the digest is 0123456789abcdef, not that of c:sync | <b>planted</b>"),
]


def changed_cells() -> list[Cell]:
    """The same on a machine 6% slower, where some models changed besides: one is slower, one faster, one fails now, one
    works now, one is gone and one is new."""
    made = []
    for cell in CELLS:
        factor = {(0, "c", "thread-pool"): 1.25, (0, "py", "process-pool"): 0.8}.get((cell.group, cell.runtime, cell.model), 1)
        cell = replace(cell, work=cell.work * 1.06 * factor, boot=cell.boot * 1.06)
        if (cell.group, cell.runtime, cell.model) == (1, "c", "process-pool"):
            cell = replace(cell, status="ok", reason=None, work=170)
        if (cell.group, cell.runtime, cell.model, cell.role) == (0, "c", "process-pool", "model"):
            cell = replace(cell, reason="job 3: two results are swapped", fails_in_round=2)
        if (cell.group, cell.runtime, cell.model) != (0, "py", "thread-pool"):
            made.append(cell)
    made.append(Cell(0, "c", "async", work=165))
    return made


CHANGED_MACHINE = {"kernel": "6.2.0-example", "compiler": "cc 13", "load1": 1.5,
                   "hosts": {"c": {"flags": "-O2 -g -march=native -fno-plt and more that is the same in both"}, "py": {}},
                   "fingerprint": {"build/cobench-host": "2 bytes, CRC-32 00000002"}}


def times(cell: Cell, rng: random.Random, drift: float) -> dict[str, Any]:
    work = int(cell.work * MS * drift * rng.lognormvariate(0, cell.noise))
    boot = int(cell.boot * MS * rng.lognormvariate(0, 0.05))
    ready, end = boot // 3, boot // 6
    start = rng.randrange(10**12, 10**13)
    asks, cpu = cell.group == 1, cell.work if cell.cpu is None else cell.cpu
    return {
        "whole_ns": work + 2 * boot, "work_ns": work, "user_ns": int(cpu * MS * 0.9), "system_ns": int(cpu * MS * 0.1),
        "phases": {"start": start, "ready": start + ready, "work": start + ready + work, "end": start + ready + work + end},
        "connections": 50 if asks else None,
        "latency_ns": {"p50": work // 4, "p90": work // 3, "p99": work // 2, "max": work},
        "origin": {"cpu_ns": int(work * (cell.origin or 0.1)), "wall_ns": work, "requests": 50} if asks else None,
    }


def sample(cell: Cell, number: int, round_: int, order: int, rng: random.Random, drift: float) -> dict[str, Any]:
    line: dict[str, Any] = {
        "sample": 1, "pass": "timed" if round_ else "verify", "round": round_, "order": order, "cell": number, "status": "ok",
        "reason": None, "at": 1760000000.5 + 60 * round_ + order, "exit": 0, "failed_jobs": 0, "failures": [],
        "usage": {"user_ns": 123456789, "system_ns": 12345678, "voluntary_switches": 123, "involuntary_switches": 45,
                  "minor_faults": 678, "major_faults": 0, "max_rss_bytes": 12345678},
        "python": {"version": "3.11.2", "gil": True, "switch_interval_ns": 5000000} if cell.runtime == "py" else None,
        "digest": "00112233445566aa", "peak_pss_bytes": None if round_ else 4_000_000 + 1_000_000 * number,
        "load1": 0.5, "steal_ns": 0, "disturbed_by": cell.disturbed if round_ % 3 == 1 else None, **times(cell, rng, drift)}
    failed = cell.status != "ok" or cell.fails_in_round == round_ != 0
    if failed:
        line |= {"status": cell.status if cell.status != "ok" else "refused", "reason": cell.reason, "exit": None,
                 "whole_ns": None, "work_ns": None, "phases": None, "digest": None, "latency_ns": None, "origin": None}
    if not round_:
        looks = int(cell.work // 4)
        if cell.carried is not None:
            line["usage"] |= dict(zip(("sent_bytes", "received_bytes"), cell.carried))
        line |= {"whole_ns": None, "memory": {"looks": looks + 3, "looks_in_work": looks, "held_pss_bytes": 4_000_000}}
    return line


def lines(cells: list[Cell], rounds: int, seed: int) -> list[dict[str, Any]]:
    rng = random.Random(seed)
    out = [sample(cell, number, 0, number, rng, 1.0) for number, cell in enumerate(cells)]
    dead = {number for number, cell in enumerate(cells) if cell.status != "ok"}
    for round_ in range(1, rounds + 1):
        drift = rng.lognormvariate(0, 0.05)
        order = [number for number in range(len(cells)) if number not in dead]
        rng.shuffle(order)
        for place, number in enumerate(order):
            out.append(sample(cells[number], number, round_, place, rng, drift))
            if cells[number].fails_in_round == round_:
                dead.add(number)
    return out


def wide_cells(variants: int) -> list[Cell]:
    """A group of its own size: `variants` cells over the four runtimes and as many models as it takes."""
    made = []
    for i in range(variants):
        runtime = ("c", "embed", "ext", "py")[i % 4]
        model = (*MODELS, "native-pool", *(f"model-{k:06}" for k in range(100)))[i // 4]
        speed = {"c": 40.0, "embed": 1.1, "ext": 30.0, "py": 1.0}[runtime] * (1 if model == "sync" else 1.2 + (i % 5) / 5)
        made.append(Cell(0, runtime, model, work=6400 / speed, boot=20))
    if variants == 1:
        made = [Cell(0, "py", "sync", work=6400)]
    return made


@dataclass(frozen=True)
class Point:
    """One cell of a shaped run: its times as functions of nothing but the plan, so that what a report says is known."""

    cell: Cell
    workers: int
    more: dict[str, Any]  # of a timed line
    peak: int = 4_000_000
    always: dict[str, Any] = field(default_factory=dict)  # of every line


def usl(workers: int) -> float:
    return 0.95 * workers / (1 + 0.1 * (workers - 1) + 0.01 * workers * (workers - 1))


def sweep_points(scaling: str) -> tuple[list[dict[str, Any]], list[Point]]:
    """`count` with 1 to 8 workers: c:thread-pool follows the USL, py:threads takes turns."""
    groups, points = [], []
    for number, workers in enumerate((1, 2, 4, 8)):
        jobs = 8 * (workers if scaling == "weak" else 1)
        groups.append(group(number, f"count ({workers} worker{'s' if workers > 1 else ''})", "cpu", task="count", workers=workers,
                            jobs=jobs, ideal=min(workers, 4), params={"size": "2000000"}, sweep="count", scaling=scaling,
                            capacity_reason="more workers than effective CPUs" if workers > 4 else None))
        base = 160 * (workers if scaling == "weak" else 1)
        for runtime, slow in (("c", 1), ("py", 40)):
            for model, role, gain in (("sync", "model", 1), ("sync", "control", 1),
                                      ("thread-pool", "model", usl(workers) if runtime == "c" else 0.97)):
                cell = Cell(number, runtime, model, role=role, work=base * slow / gain)
                points.append(Point(cell, workers, {}, 3_000_000 + 150_000 * workers))
    return groups, points


def price_points() -> tuple[list[dict[str, Any]], list[Point]]:
    """What one more thread and one more wait cost: 20 kB and 100 kB each; py:thread-pool is never seen waiting at once."""
    groups, points = [], []
    for piece, task, counts in (("thread", "null", (1, 20, 40, 60, 80, 100)), ("<i>wait</i> & co", "wait", (1, 50, 100, 150, 200))):
        for workers in counts:
            kind, asks = ("none", "nothing") if task == "null" else ("io", "delay")
            groups.append(group(len(groups), f"{piece} ({workers} worker{'s' if workers > 1 else ''})", kind, task=task, asks=asks,
                                workers=workers, jobs=workers, ideal=workers, sweep=piece, scaling="prices",
                                params={} if task == "null" else {"delay": "1000"},
                                capacity_reason="what one more costs is compared with nothing"))
            for runtime, each in (("c", 20_000), ("py", 100_000)):
                cell = Cell(len(groups) - 1, runtime, "thread-pool", work=5 + workers * 0.05, boot=3)
                together = 7 if (task, runtime) == ("wait", "py") else workers
                points.append(Point(cell, workers, {"in_flight_max": together}, 4_000_000 + each * workers))
    return groups, points


def open_points() -> tuple[list[dict[str, Any]], list[Point]]:
    """100 fetches a second, and then 20 waits: sync, one at a time, keeps neither."""
    groups = [group(0, "fetch", "io", asks="url", jobs=200, workers=50, ideal=50, rate=100.0, arrivals="poisson",
                    capacity_reason="an open loop: the rate decides how many jobs there are", params={"delay": "20"}),
              group(1, "wait", "io", asks="delay", jobs=40, workers=40, ideal=40, rate=20.0, arrivals="fixed",
                    capacity_reason="an open loop: the rate decides how many jobs there are", params={"delay": "100"})]
    points = []
    for number, (rate, delay, jobs) in enumerate(((100, 20, 200), (20, 100, 40))):
        for runtime, extra in (("c", 1.0), ("py", 3.0)):
            for model, role in (("sync", "model"), ("sync", "control"), ("threads", "model"), ("async", "model")):
                late = model == "sync"
                p50 = 900 if late else delay + extra * (1 if model == "async" else 2)
                span = jobs / rate * 1e9
                more = {"latency_ns": {"p50": int(p50 * MS), "p90": int(p50 * 1.1 * MS), "p99": int(p50 * 1.3 * MS), "max": int(p50 * 2 * MS)},
                        "open_loop": {"offered_rate": rate, "achieved_rate": rate, "span_ns": int(span),
                                      "ends_ns": int(span * (1.5 if late else 1)), "drift_ns": 800 * MS if late else 0, "kept": not late,
                                      "late_ns": {"p50": MS, "p90": 2 * MS, "p99": 3 * MS, "max": 4 * MS}}}
                points.append(Point(Cell(number, runtime, model, role=role, work=span / MS + p50), 40, more))
    return groups, points


def ladder_points() -> tuple[list[dict[str, Any]], list[Point]]:
    """`null` with and without 1 kB in each job, and `count` with jobs of 10 us to 10 ms, of which 1.9 compute at once: handing
    one over costs 20, 60 and 300 us in C, three times as much in Python; redis is not there in Python."""
    each = {"thread-pool": 0.02, "process-pool": 0.06, "process-pool+redis": 0.3}
    groups, points = [], []
    for number, (task, params, jobs, job) in enumerate((("null", {"payload": "0"}, 500, 0.0), ("null", {"payload": "1024"}, 500, 0.0),
                                                        ("count", {"size": "100"}, 1000, 0.01), ("count", {"size": "1000"}, 200, 0.1),
                                                        ("count", {"size": "10000"}, 50, 1.0), ("count", {"size": "100000"}, 8, 10.0))):
        groups.append(group(number, f"{task}-{number}", "cpu" if job else "none", task=task, params=params, jobs=jobs,
                            capacity_reason=None if job else "there is no baseline") | ({} if job else {"baseline": "none"}))
        for runtime, slow in (("c", 1), ("py", 3)):
            base = job * jobs
            cells = [Cell(number, runtime, "sync", work=base), Cell(number, runtime, "sync", role="control", work=base),
                     Cell(number, runtime, "sync", role="capacity", copies=2, work=base / 0.95)] if job else []
            for model, more in each.items():
                cell = Cell(number, runtime, model, work=jobs * (job + more * slow * (1 + number % 2 * (not job))) / 1.9)
                if (runtime, model) == ("py", "process-pool+redis"):
                    cell = replace(cell, status="impossible", reason="the Python host has no dispenser 'redis' here: no module redis")
                cells.append(cell)
            points += [Point(cell, 2, {}) for cell in cells]
    return groups, points


def hazard_points() -> tuple[list[dict[str, Any]], list[Point]]:
    """`bank` without a lock, which loses updates under threads, in Python none this time, with one, and with one for each account;
    `nested`, whose jobs wait for others in a pool of two, and whose path is as long as two thirds of its work."""
    groups, points = [], []
    for number, lock in enumerate(("none", "one", "ordered")):
        groups.append(group(number, f"bank-{lock}", "cpu", task="bank", params={"accounts": "16", "transfers": "1000000", "lock": lock}))
        price = {"none": 1, "one": 2.5, "ordered": 1.3}[lock]
        for runtime, slow in (("c", 1), ("py", 20)):
            for model, role, gain in (("sync", "model", 1), ("sync", "control", 1), ("sync", "capacity", 1), ("thread-pool", "model", 1.8),
                                      ("process-pool", "model", 1.7)):
                lost = 12345 if lock == "none" and (runtime, role) == ("c", "model") and model != "sync" else 0
                audit = {"wrong": lost, "of": 2000000, "finding": f"{lost} of 2000000 changes are lost, and the total is 17 too high" if lost else ""}
                cell = Cell(number, runtime, model, role=role, copies=2 if role == "capacity" else 1, work=40 * slow * price / gain)
                points.append(Point(cell, 2, {"connections": None, "in_flight_max": 1 if model == "sync" else 2, "busy_ns": int(cell.work * gain * MS)}
                                    | ({"connection_wait_ns": int(cell.work * gain * MS / 4), "most_waited_ns": int(cell.work * MS / 5),
                                        "most_waited_busy_ns": int(cell.work * MS / 2)} if lock == "one" and model != "sync" else {}),
                                    always={} if role == "capacity" else {"audit": audit}))
    number = len(groups)
    groups.append(group(number, "nested", "cpu", asks="jobs", jobs=16, params={"steps": "1000"}))
    stuck = "2 of 2 workers wait for jobs 8 to 9, which no worker is free to run; at least 9 workers, --join help or async may do"
    for model, role, work in (("sync", "model", 60), ("sync", "control", 60), ("sync", "capacity", 63), ("thread-pool", "model", 60),
                              ("thread-pool+help", "model", 41), ("async", "model", 61)):
        cell = Cell(number, "c", model, role=role, copies=2 if role == "capacity" else 1, work=work)
        always: dict[str, Any] = {}
        if model == "thread-pool":
            cell, always = replace(cell, status="failed", reason=f"deadlock: {stuck}"), {"deadlock": True, "hazards": {"hang": stuck}}
        if (model, role) == ("sync", "model"):
            always = {"dependencies": {"edges": 8, "work_ns": 60 * MS, "path_ns": 40 * MS}}
        if model == "async":
            always = {"hazards": {"blocked loop": "job 3 kept the loop for 5 ms, shop.py:7"}}
        points.append(Point(cell, 2, {"in_flight_max": 2 if "help" in model else 1, "busy_ns": 60 * MS}, always=always))
    return groups, points


SHAPES = {"strong": lambda: sweep_points("strong"), "weak": lambda: sweep_points("weak"), "prices": price_points, "open": open_points,
          "ladder": ladder_points, "hazards": hazard_points}


def write_shape(folder: Path, shape: str, rounds: int, seed: int) -> None:
    groups, points = SHAPES[shape]()
    write(folder, groups, [point.cell for point in points], rounds, seed, plan={"effective_cpus": 4})
    journal = []
    for line in map(json.loads, (folder / "samples.jsonl").read_text().splitlines()):
        point = points[line["cell"]]
        wobble = 1 + 0.001 * ((line["round"] * 7 + line["cell"] * 3) % 5)
        if line["pass"] == "verify":
            line |= point.always
            line |= {"peak_pss_bytes": point.peak, "memory": {"looks": 9, "looks_in_work": 5, "held_pss_bytes": 3_000_000}}
        else:
            line |= point.always | point.more
            line["latency_ns"] = {name: int(value * wobble) for name, value in line["latency_ns"].items()}
        journal.append(json.dumps(line) + "\n")
    (folder / "samples.jsonl").write_text("".join(journal))
    add_jobs(folder, groups, [point.cell for point in points])


def full_run(groups: int, variants: int) -> tuple[list[dict[str, Any]], list[Cell]]:
    """A run of the size of the suite `full`: every group with controls, and capacity rows where it computes."""
    made: list[dict[str, Any]] = []
    cells: list[Cell] = []
    for number in range(groups):
        waits = number % 2 == 1
        params = {"size": "2000000"} if not waits else {"size": "1024", "delay": "20", "check": "auto"}
        made.append(group(number, f"task-{number}", "io" if waits else "cpu", params=params,
                          capacity_reason="the work waits: copies would only wait too" if waits else None))
        own = [replace(cell, group=number, fails_in_round=None) for cell in wide_cells(variants)]
        for cell in list(own):
            if cell.model == "sync":
                own.append(replace(cell, role="control"))
                own += [] if waits else [replace(cell, role="capacity", copies=2, work=cell.work * 1.1)]
        cells += own
    return made, cells


def add_jobs(folder: Path, groups: list[dict[str, Any]], cells: list[Cell]) -> None:
    """The jobs of the first round of every model, as a run keeps them (bench/store/job_samples.h)."""
    (folder / "jobs").mkdir()
    for line in map(json.loads, (folder / "samples.jsonl").read_text().splitlines()):
        cell = cells[line["cell"]]
        if line["pass"] != "timed" or cell.role != "model" or line["status"] != "ok":
            continue
        jobs = groups[cell.group]["jobs"]
        each = line["work_ns"] / 1000 * 2 / jobs
        due = [f"{j // 2 * each * 0.98:.1f}" if groups[cell.group].get("rate") else "" for j in range(jobs)]
        rows = [f"{j},{j % 2},{due[j]},{j // 2 * each:.1f},{(j // 2 + 1) * each * 0.99:.1f}\n" for j in range(jobs)]
        (folder / "jobs" / f"{line['cell']}-{line['round']}.csv").write_text(f"# jobs {jobs} every 1\n" + "".join(rows))


def write(folder: Path, groups: list[dict[str, Any]], cells: list[Cell], rounds: int, seed: int, *,
          plan: dict[str, Any] | None = None, machine: dict[str, Any] | None = None) -> None:
    """`plan` and `machine` say what is other than usual."""
    folder.mkdir(parents=True, exist_ok=True)
    plan = {"plan": 1, "suite": "made-up", "created": "2026-01-01T00:00:00Z", "seed": seed, "rounds": rounds, "margin": 0.01,
            "timeout_s": 60.0, "effective_cpus": 2, "url": None, "groups": groups,
            "cells": [cell.plan(number) for number, cell in enumerate(cells)]} | (plan or {})
    machine = {"machine": 1, "hostname": "made-up", "kernel": "6.1.0-example", "virtualisation": "kvm", "cpu_model": "Example CPU",
               "cpus": 4, "cores": 2, "effective_cpus": 2.0, "governor": "unknown", "turbo": "on", "compiler": "cc 12",
               "python": "3.11.2", "libcurl": "7.88.1", "gnuplot": "5.4 patchlevel 4", "git_commit": "0123456789abcdef",
               "git_dirty": True, "tools": {"hyperfine": "1.15.0"}, "hosts": {"c": {}, "py": {}}} | (machine or {})
    (folder / "plan.json").write_text(json.dumps(plan, indent=1) + "\n")
    (folder / "machine.json").write_text(json.dumps(machine, indent=1) + "\n")
    with (folder / "samples.jsonl").open("w") as out:
        for line in lines(cells, rounds, seed):
            out.write(json.dumps(line) + "\n")


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--variants", type=int, default=0, help="one CPU group of so many variants instead")
    parser.add_argument("--groups", type=int, default=0, help="with --variants: so many groups, with their jobs")
    parser.add_argument("--shape", choices=sorted(SHAPES), help="a sweep, prices, an open loop or a ladder instead")
    parser.add_argument("--changed", action="store_true", help="another run of nearly the same plan")
    args = parser.parse_args(argv)
    if args.shape:
        write_shape(args.folder, args.shape, args.rounds, args.seed)
    elif args.changed:
        write(args.folder, GROUPS, changed_cells(), args.rounds, args.seed + 1, machine=CHANGED_MACHINE,
              plan={"created": "2026-01-02T00:00:00Z", "timeout_s": 30.0})
    elif args.groups:
        groups, cells = full_run(args.groups, args.variants)
        write(args.folder, groups, cells, args.rounds, args.seed)
        add_jobs(args.folder, groups, cells)
    elif args.variants:
        write(args.folder, GROUPS[:1], wide_cells(args.variants), args.rounds, args.seed)
    else:
        write(args.folder, GROUPS, CELLS, args.rounds, args.seed)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
