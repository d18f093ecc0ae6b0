# SPDX-License-Identifier: MIT
"""
Are the prices right? Starts the hosts itself with many threads, processes, coroutines and connections, adds up "Pss:" of
/proc/PID/smaps_rollup over the process tree by its own few lines, once with many and once with few, and holds the
difference a piece against what `cobench` says in the table "What one more costs".

Nothing of cobench's reading is used. Threads and processes are looked at while the host pauses at its end (--end-pause). Coroutines and
connections are looked at again and again, and the most counts, as in the table: a connection has its buffers only when
its reply comes. At one of these samples all jobs have to be waiting, and as many sockets to be open.

    python3 scripts/checks/prices.py            makes a run of the suite `prices` first (some minutes)
    python3 scripts/checks/prices.py RUN        takes the run in this folder
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = (ROOT / os.environ.get("COBENCH_BUILD", "build")).resolve()
TOLERANCE = 0.15
SECONDS = 300
READINGS = 3
FEW = 0.1  # of many
HEADER_BYTES, SLOT_BYTES, STATE_AT, RUNNING = 4096, 64, 28, 1  # common/slots.h


@dataclass(frozen=True)
class Case:
    piece: str
    runtime: str
    model: str
    task: str
    many: int
    settings: tuple[str, ...] = ()
    files_each: int = 0  # descriptors in one process
    sockets_each: int = 0


CASES = (
    Case("thread", "c", "thread-pool", "null", 1000),
    Case("thread", "py", "thread-pool", "null", 1000),
    Case("process", "c", "process-pool", "null", 200),
    Case("process", "py", "process-pool", "null", 200, files_each=2),
    Case("coroutine", "c", "async", "wait", 10_000, ("delay=3000",)),
    Case("coroutine", "py", "async", "wait", 10_000, ("delay=3000",)),
    Case("connection", "c", "async", "fetch", 2000, ("delay=4000", "size=1024"), files_each=1, sockets_each=1),
    Case("connection", "py", "async", "fetch", 2000, ("delay=4000", "size=1024"), files_each=1, sockets_each=1),
)


# -- reading by hand ----------------------------------------------------------------------------------------------------


def below(root: int) -> set[int]:
    """The process and all that descend from it."""
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                parents[int(entry)] = int(Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError):
                pass  # it has ended
    tree, grown = {root}, True
    while grown:
        more = {pid for pid, parent in parents.items() if parent in tree} - tree
        grown = bool(more)
        tree |= more
    return tree


def pss(root: int) -> int:
    total = 0
    for pid in below(root):
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue  # it has ended
        total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return total


def all_running(path: Path, jobs: int) -> bool:
    data = path.read_bytes() if path.exists() else b""
    if len(data) < HEADER_BYTES + jobs * SLOT_BYTES:
        return False
    at = range(HEADER_BYTES + STATE_AT, HEADER_BYTES + jobs * SLOT_BYTES, SLOT_BYTES)
    return all(struct.unpack_from("=I", data, where)[0] == RUNNING for where in at)


def sockets(pid: int) -> int:
    count = 0
    for entry in os.scandir(f"/proc/{pid}/fd"):
        try:
            count += os.readlink(entry.path).startswith("socket:")
        except OSError:
            pass  # it has just been closed
    return count


def host(runtime: str) -> list[str]:
    if runtime == "c":
        return [str(BUILD / "cobench-host")]
    return [(BUILD / "python").read_text().strip(), "-s", "-E", "-m", "py_impl"]


def reading(case: Case, count: int, url: str | None) -> int:
    """The memory of the host's whole tree with so many pieces."""
    waits = case.task != "null"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        to_host, from_host = os.pipe(), os.pipe()
        words = [*host(case.runtime), "run", "--task", case.task, "--model", case.model, "--jobs", str(count), "--workers",
                 str(count), "--slots", str(folder / "slots"), "--record", str(folder / "record")]  # fmt: skip
        for setting in case.settings:
            words += ["--set", setting]
        if case.task == "fetch":
            words += ["--url", url]
        if not waits:
            words += ["--end-pause", f"{to_host[0]},{from_host[1]}"]
        with open(folder / "stderr", "w+") as stderr:
            process = subprocess.Popen(words, cwd=ROOT, pass_fds=(to_host[0], from_host[1]), stderr=stderr)
            os.close(to_host[0])
            os.close(from_host[1])
            try:
                if waits:
                    found = most_read(process, folder / "slots", count, count * case.sockets_each)
                else:
                    found = held_read(process, from_host[0])
            finally:
                os.close(to_host[1])
                status = process.wait(SECONDS)
                os.close(from_host[0])
            stderr.seek(0)
            if found is None or status != 0:
                raise RuntimeError(f"{case.runtime}:{case.model} with {count}: {stderr.read().strip() or 'not all at once'}")
    return found


def held_read(process: subprocess.Popen, held: int) -> int | None:
    """The reading while the host holds; None where it does not."""
    return pss(process.pid) if select.select([held], [], [], SECONDS)[0] and os.read(held, 1) else None


def most_read(process: subprocess.Popen, slots: Path, count: int, files: int) -> int | None:
    """The most of all readings; None where the pieces were never all there."""
    most, complete = 0, False
    while process.poll() is None:
        most = max(most, pss(process.pid))
        try:
            complete = complete or (all_running(slots, count) and sockets(process.pid) >= files)
        except FileNotFoundError:
            break  # it has ended
        time.sleep(0.005)
    return most if complete else None


# -- the product's price ------------------------------------------------------------------------------------------------


def make_run(folder: Path) -> Path:
    print("making a run of the suite 'prices' (one round; memory is read in the untimed pass) ...", flush=True)
    done = subprocess.run([BUILD / "cobench", "run", "--suite", "prices", "--rounds", "1", "--no-plots", "--quiet",
                           "--results", folder], cwd=ROOT)  # fmt: skip
    if done.returncode not in (0, 1):
        raise SystemExit(done.returncode)
    return folder / "latest"


def price_of(rows: list[dict], case: Case) -> dict:
    for row in rows:
        if (row["piece"], row["runtime"], row["model"]) == (case.piece, case.runtime, case.model):
            return row
    raise SystemExit(f"the run has no price of a {case.piece} under {case.runtime}:{case.model}")


# -- the comparison -----------------------------------------------------------------------------------------------------


def affordable(case: Case) -> int:
    """As many as the limit of open files allows, in one process (the origin's has as many connections)."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if case.files_each == 0 or hard == resource.RLIM_INFINITY:
        return case.many
    return min(case.many, (hard - 100) // case.files_each)


def compare(case: Case, rows: list[dict], url: str | None) -> bool:
    many = affordable(case)
    few = max(1, round(many * FEW))
    name = f"{case.piece:<10}  {case.runtime + ':' + case.model:<15}"
    if many < case.many:
        print(f"{name}  only {many} of {case.many}: the hard limit of open files allows no more (ulimit -Hn)")
    row = price_of(rows, case)
    said = row["memory_bytes"]
    if said is None:
        print(f"{name}  SHORT: cobench gives no price: {row['note']}")
        return False
    by_hand = statistics.median(
        (reading(case, many, url) - reading(case, few, url)) / (many - few) for _ in range(READINGS)
    )
    off = said / by_hand - 1
    verdict = "PASS" if abs(off) <= TOLERANCE else "SHORT"
    print(f"{name}  {few:>5}..{many:<6} by hand {by_hand:>10,.0f} B  cobench {said['each']:>10,.0f} B  {off:+7.1%}  {verdict}",
          flush=True)  # fmt: skip
    return verdict == "PASS"


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("run", nargs="?", type=Path, help="a run of the suite `prices`; without it one is made")
    args = parser.parse_args(argv)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # for the origin; hosts and driver raise theirs themselves
    with tempfile.TemporaryDirectory() as name:
        run = args.run or make_run(Path(name))
        rows = json.loads((run / "summary.json").read_text())["marginal_cost"]
        origin = subprocess.Popen([BUILD / "cobench-origin"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            url = origin.stdout.readline().strip()
            results = [compare(case, rows, url) for case in CASES]
        finally:
            origin.stdin.close()
            origin.wait(SECONDS)
    fewer = sum(affordable(case) < case.many for case in CASES)
    print(f"{sum(results)} of {len(results)} within {TOLERANCE:.0%}" + (f", {fewer} of them with fewer pieces" if fewer else ""))
    if not all(results):
        return 1
    return 77 if fewer else 0  # as of every program here: not possible on this machine


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
