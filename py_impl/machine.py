# SPDX-License-Identifier: MIT
"""What this machine allows: effective CPUs, open files, processes and threads."""

from __future__ import annotations

import math
import os
import resource

from py_impl.errors import Impossible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

SPARE_FDS = 24  # standard streams, slots, shared state, gate, event loop, the pools' own pipes


def effective_cpus() -> int:
    """The CPUs this process may use: its affinity, and no more than its control groups' quota, rounded up. common/cpus.c in
    Python."""
    cpus = len(os.sched_getaffinity(0))
    quota = quota_cpus()
    return cpus if quota is None else min(cpus, math.ceil(quota))


def quota_cpus(root: str = "") -> float | None:
    """The least quota, in CPUs, of this process's control groups and those above them as far as they can be seen. `root`:
    a folder with a copy of another machine's /proc and /sys."""
    found = (_quota(folder) for folder in _folders(root, "cpu"))
    return min((quota for quota in found if quota is not None), default=None)


def start_limits() -> str:
    """What may have kept a process or thread from starting, as c_impl/host/limits.c puts it."""
    processes = resource.getrlimit(resource.RLIMIT_NPROC)[0]
    threads = _read("/proc/sys/kernel/threads-max").strip() or "unknown"
    pids = [_read(folder + "/pids.max").strip() for folder in _folders("", "pids")]
    return (f"limits: RLIMIT_NPROC {'none' if processes == resource.RLIM_INFINITY else processes}, threads-max {threads}, "
            f"cgroup pids.max {min(map(int, filter(str.isdecimal, pids)), default='none')}")


def _folders(root: str, controller: str) -> Iterator[str]:
    """The folders that can hold a limit of `controller` over this process: its group's first, then upwards, in each hierarchy."""
    groups = [line.split(":", 2) for line in _read(root + "/proc/self/cgroup").splitlines()]
    mounts = _read(root + "/proc/self/mountinfo").splitlines()
    for name in (controller, ""):  # version 1, version 2
        path = next((path for _, names, path in filter(_is_whole, groups)
                     if (name in names.split(",") if name else names == "")), None)
        mount = next(filter(None, (_mount(line, name) for line in mounts)), None)
        if path is None or mount is None:
            continue
        place, top = mount
        below = _below(path, top)
        while True:
            yield root + place + below
            if not below:
                break
            below = below.rpartition("/")[0]


def _is_whole(fields: list[str]) -> bool:
    return len(fields) == 3 and fields[2].startswith("/")


def _mount(line: str, controller: str) -> tuple[str, str] | None:
    """Where a line of mountinfo mounts the controller's hierarchy ("": version 2), and which group stands there: "id parent dev TOP MOUNT options ...
    - TYPE source SUPEROPTIONS"."""
    head, dash, tail = line.partition(" - ")
    fields, rest = head.split(" "), tail.split(" ")
    if not dash or len(fields) < 5 or len(rest) < 3:
        return None
    fits = rest[0] == "cgroup" and controller in rest[2].split(",") if controller else rest[0] == "cgroup2"
    return (_plain(fields[4]), _plain(fields[3])) if fits else None


def _plain(path: str) -> str:
    """A path in which the kernel wrote blanks and the like as octal numbers."""
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        path = path.replace(code, character)
    return path


def _below(path: str, top: str) -> str:
    """What is left of `path` below `top`; nothing where it is a path of another namespace."""
    top = top.rstrip("/")
    return path[len(top):].rstrip("/") if (path + "/").startswith(top + "/") else ""


def _quota(folder: str) -> float | None:
    words = _read(folder + "/cpu.max").split()  # version 2
    if not words:
        words = [_read(folder + "/cpu.cfs_quota_us").strip(), _read(folder + "/cpu.cfs_period_us").strip()]
    if len(words) == 2 and all(word.isascii() and word.isdigit() and int(word) > 0 for word in words):
        return int(words[0]) / int(words[1])
    return None


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except OSError:
        return ""


def reserve_fds(need: int, remedy: str) -> None:
    """Raises the soft limit of open files to the hard one, and gives up where that is below what the run will need: then
    `remedy` would do."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            soft = hard
        except (OSError, ValueError):
            pass  # some kernels cap it elsewhere: then the soft limit is what there is
    if soft != resource.RLIM_INFINITY and need + SPARE_FDS > soft:
        raise Impossible(f"the limit of {soft} open files is too low: this run needs {need + SPARE_FDS} "
                         f"(RLIMIT_NOFILE; {remedy} would do)")
