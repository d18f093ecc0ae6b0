# SPDX-License-Identifier: MIT
"""
Do workers on other hosts do their work, and is a host that goes away named? Hosts are network namespaces, joined to a bridge
by veth pairs, each with a name and a UTS namespace of its own; the launcher is a script that enters one. `count` and `fetch` run under
every engine over two and four of them: results are checked as in any run, and every host has to have done its share. Then
the link of one host is cut in the middle of each: the run has to end in time and to name that host.

    python3 scripts/checks/hosts.py [--sizes 2,4] [--only c:mpi,py:celery,...] [--no-cut]
    python3 scripts/checks/hosts.py --sizes 2 COMMAND...    runs that instead, with $HOSTS and $LAUNCHER set

All of it is in namespaces of its own (network, mounts, processes), so that nothing is left of it however it ends: with its first
process the kernel ends all others and drops the links. Status 77 where this machine allows no namespaces. As root.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import struct
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from py_impl import slots  # noqa: E402

BUILD = Path(os.environ.get("COBENCH_BUILD") or ROOT / "build").resolve()
INSIDE = "COBENCH_HOSTS_INSIDE"
OWN = ["unshare", "--mount", "--net", "--uts", "--ipc", "--pid", "--fork", "--kill-child", "--mount-proc"]
WORKER, STATE = (slots.FIELDS.index(name) for name in ("worker", "state"))
HOME = "10.77.0.254"  # of the bridge, where the driver is
WORKERS = 2  # of each host
TIMEOUT_S = 40  # of one command of a run: longer than any engine takes to miss a host
SPARE_S = 15  # of a run beside that: starting, asking the hosts, ending
LAUNCHER = """#!/bin/sh
# HOST COMMAND...: in the host's namespaces
host=$1; shift
exec ip netns exec "$host" unshare --uts sh -c 'hostname "$0" && exec "$@"' "$host" "$@"
"""


@dataclass(frozen=True)
class Engine:
    runtime: str
    model: str
    options: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.runtime}:{self.model}" + "".join(f"+{word}" for word in self.options[1::2])


PROGRAMS = {"c": "/cobench-host", "embed": "/cobench-host-embed", "py": "py_impl", "ext": "py_impl.ext"}
REDIS = ("--dispenser", "redis")
ENGINES = (Engine("c", "mpi"), Engine("embed", "mpi"), Engine("py", "mpi"), Engine("c", "process-pool", REDIS),
           Engine("py", "process-pool", REDIS), Engine("py", "celery"), Engine("py", "dask"))  # fmt: skip
COUNT = ("--task", "count", "--set", "size=100000", "--jobs", "40")
FETCH = ("--task", "fetch", "--set", "delay=20", "--jobs", "60")
LONG = ("--task", "wait", "--rate", "10", "--jobs", "60")  # 6 s under every model


def ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, timeout=20)
    if done.returncode != 0:
        raise OSError(f"ip {' '.join(words)}: {done.stderr.strip()}")


class Hosts:
    """The namespaces, in those of this process."""

    def __init__(self, folder: Path, count: int) -> None:
        self.names = [f"node{i + 1}" for i in range(count)]
        self.cut_at = float("inf")
        self.launcher = folder / "enter"
        self.launcher.write_text(LAUNCHER)
        self.launcher.chmod(0o755)
        ip("link", "add", "bridge0", "type", "bridge")
        ip("addr", "add", f"{HOME}/24", "dev", "bridge0")
        ip("link", "set", "bridge0", "up")
        for i, name in enumerate(self.names):
            ip("netns", "add", name)
            ip("link", "add", f"to-{name}", "type", "veth", "peer", "name", "eth0", "netns", name)
            ip("link", "set", f"to-{name}", "master", "bridge0", "up")
            ip("-n", name, "addr", "add", f"10.77.0.{i + 1}/24", "dev", "eth0")
            for link in ("eth0", "lo"):
                ip("-n", name, "link", "set", link, "up")

    def close(self) -> None:
        for name in self.names:
            ip("link", "del", f"to-{name}")
            ip("netns", "del", name)
        ip("link", "del", "bridge0")

    def cut(self, name: str) -> None:
        self.cut_at = time.monotonic()
        ip("link", "set", f"to-{name}", "down")

    def mend(self, name: str) -> None:
        ip("link", "set", f"to-{name}", "up")

    @property
    def placement(self) -> str:
        return ",".join(f"{name}:{WORKERS}" for name in self.names)


def run(hosts: Hosts, engine: Engine, task: tuple[str, ...], folder: Path, rounds: int = 1) -> subprocess.CompletedProcess[str]:
    words = [BUILD / "cobench", "run", "--no-plots", "--table", "--results", folder, *task, "--runtime", engine.runtime, "--model",
             engine.model, *engine.options, "--baseline", "none", "--workers", WORKERS * len(hosts.names), "--rounds", rounds,
             "--timeout", TIMEOUT_S, "--hosts", hosts.placement, "--launcher", f"{hosts.launcher} {{host}}"]  # fmt: skip
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=4 * (TIMEOUT_S + SPARE_S))


def samples(folder: Path) -> list[dict]:
    return [json.loads(line) for path in folder.glob("[0-9]*/samples.jsonl") for line in path.read_text().splitlines()]


def said(done: subprocess.CompletedProcess[str]) -> str:
    return (done.stderr.strip().splitlines() or ["nothing"])[-1]


def work(hosts: Hosts, engine: Engine, task: tuple[str, ...], folder: Path) -> str | None:
    """Why it is not as it should be; "" where it is, None where it cannot run here."""
    done = run(hosts, engine, task, folder)
    found = samples(folder)
    if found and all(sample["status"] == "impossible" for sample in found):
        return None
    for sample in found:
        if sample["status"] != "ok":
            return f"{sample['status']}: {sample['reason']}"
        jobs = {name: node["jobs"] for name, node in sample.get("nodes", {}).items()}
        if sum(jobs.values()) != int(task[-1]) or set(jobs) != set(hosts.names) or not all(jobs.values()):
            return f"jobs by host: {jobs}"
    return "" if done.returncode == 0 and len(found) == 2 else f"exit status {done.returncode}: {said(done)}"


def spread_out(program: str) -> bool:
    """Whether this host program runs and has its workers elsewhere."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue  # it has ended
        if b"--slots" in words and b"--hosts" in words and any(word.endswith(program.encode()) for word in words):
            return True
    return False


def cut_at_work(hosts: Hosts, engine: Engine, name: str, over: threading.Event) -> None:
    """When a job has ended there."""
    worker = WORKERS * hosts.names.index(name)
    while not over.wait(0.1):
        for path in Path("/dev/shm").glob("*/slots"):
            if not spread_out(PROGRAMS[engine.runtime]):
                continue  # it is a reference's
            try:
                rows = slots.SLOT.iter_unpack(path.read_bytes()[slots.HEADER_BYTES :])
                if any(row[WORKER] >= worker and row[STATE] == slots.DONE for row in rows):
                    return hosts.cut(name)
            except (OSError, struct.error):
                pass  # it is being made


def cut(hosts: Hosts, engine: Engine, folder: Path) -> str | None:
    """The same of a run whose last host is cut off while jobs run."""
    lost = hosts.names[-1]
    over = threading.Event()
    cutter = threading.Thread(target=cut_at_work, args=(hosts, engine, lost, over))
    cutter.start()
    busy = 90 * WORKERS * len(hosts.names)  # ms of a job, by which nine workers of ten are at work
    done = run(hosts, engine, (*LONG, "--set", f"delay={busy}"), folder)
    took = time.monotonic() - hosts.cut_at
    over.set()
    cutter.join()
    hosts.mend(lost)
    found = samples(folder)
    if found and all(sample["status"] == "impossible" for sample in found):
        return None
    reasons = [f"{sample['status']}: {sample['reason']}" for sample in found]
    if done.returncode != 1 or not reasons or f"host {lost} cannot be reached" not in reasons[-1]:
        return f"exit status {done.returncode}, not named: {reasons or said(done)}"
    for reason in reasons:
        print(f"       {engine.name}: {reason}")
    return "" if took < TIMEOUT_S + SPARE_S else f"named after {took:.0f} s"


def check(given: argparse.Namespace) -> int:
    failed = skipped = passed = 0
    for size in given.sizes:
        with tempfile.TemporaryDirectory(prefix="cobench-hosts-") as name:
            hosts = Hosts(Path(name), size)
            for engine in ENGINES:
                if given.only and engine.name not in given.only:
                    continue
                steps = [("count", lambda to: work(hosts, engine, COUNT, to)), ("fetch", lambda to: work(hosts, engine, FETCH, to))]
                if given.cut:
                    steps.append(("cut", lambda to: cut(hosts, engine, to)))
                for what, step in steps:
                    began = time.monotonic()
                    wrong = step(Path(name) / f"{engine.name}-{what}")
                    verdict = "skip" if wrong is None else "FAIL" if wrong else "PASS"
                    failed, skipped, passed = failed + (verdict == "FAIL"), skipped + (wrong is None), passed + (verdict == "PASS")
                    print(f"{verdict}   {size} hosts  {engine.name:24} {what:6} {time.monotonic() - began:5.1f} s  {wrong or ''}", flush=True)
                    if wrong is None:
                        break
            hosts.close()
    print(f"{'FAIL' if failed else 'PASS'}: {passed} passed, {failed} failed, {skipped} cannot run here")
    return 1 if failed else 0 if passed else 77


def inside(given: argparse.Namespace) -> int:
    """In namespaces of its own: names for the hosts, and room for `ip netns`."""
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    for folder in ("/run", "/dev/shm"):  # the latter for the driver's scratch, which cut_at_work looks into
        subprocess.run(["mount", "-t", "tmpfs", "none", folder], check=True)
    names = Path("/run/hosts")
    names.write_text(f"127.0.0.1 localhost\n{HOME} home\n" + "".join(f"10.77.0.{i + 1} node{i + 1}\n" for i in range(16)))
    subprocess.run(["mount", "--bind", names, "/etc/hosts"], check=True)
    subprocess.run(["hostname", "home"], check=True)
    ip("link", "set", "lo", "up")
    if not given.command:
        return check(given)
    with tempfile.TemporaryDirectory(prefix="cobench-hosts-") as name:
        hosts = Hosts(Path(name), given.sizes[0])
        return subprocess.run(given.command, env=os.environ | {"HOSTS": hosts.placement, "LAUNCHER": f"{hosts.launcher} {{host}}"}).returncode


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="2,4", help="numbers of hosts")
    parser.add_argument("--only", help="RUNTIME:MODEL[+VALUE],...")
    parser.add_argument("--no-cut", dest="cut", action="store_false", help="cut no links")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    given = parser.parse_args()
    given.sizes = [int(size) for size in given.sizes.split(",")]
    given.only = given.only and given.only.split(",")
    if os.environ.get(INSIDE):
        return inside(given)
    allowed = subprocess.run([*OWN, "sh", "-c", "ip link set lo up && mount -t tmpfs none /run"], capture_output=True, text=True)
    if allowed.returncode != 0:
        print(f"no namespaces of one's own can be made here: {allowed.stderr.strip()}")
        return 77
    ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG, SIGKILL: it ends with whoever started it
    os.execvpe(OWN[0], [*OWN, sys.executable, *sys.argv], os.environ | {INSIDE: "1"})


if __name__ == "__main__":
    sys.exit(main())
