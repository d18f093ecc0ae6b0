# SPDX-License-Identifier: MIT
"""What this machine allows: effective CPUs and open files."""

from __future__ import annotations

import math
import os
import resource

from py_impl.errors import Impossible

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
    groups = [line.split(":", 2) for line in _read(root + "/proc/self/cgroup").splitlines()]
    mounts = _read(root + "/proc/self/mountinfo").splitlines()
    found = []
    for unified in (False, True):
        path = next((path for _, names, path in filter(_is_whole, groups)
                     if (names == "" if unified else "cpu" in names.split(","))), None)
        mount = next(filter(None, (_mount(line, unified) for line in mounts)), None)
        if path is None or mount is None:
            continue
        place, top = mount
        below = _below(path, top)
        while True:
            found.append(_quota(root + place + below))
            if not below:
                break
            below = below.rpartition("/")[0]
    return min((quota for quota in found if quota is not None), default=None)


def _is_whole(fields: list[str]) -> bool:
    return len(fields) == 3 and fields[2].startswith("/")


def _mount(line: str, unified: bool) -> tuple[str, str] | None:
    """Where a line of mountinfo mounts the hierarchy, and which group stands there: "id parent dev TOP MOUNT options ...
    - TYPE source SUPEROPTIONS"."""
    head, dash, tail = line.partition(" - ")
    fields, rest = head.split(" "), tail.split(" ")
    if not dash or len(fields) < 5 or len(rest) < 3:
        return None
    fits = rest[0] == "cgroup2" if unified else rest[0] == "cgroup" and "cpu" in rest[2].split(",")
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


def reserve_fds(need: int) -> None:
    """Raises the soft limit of open files to the hard one, and gives up where that is below what the run will need."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            soft = hard
        except (OSError, ValueError):
            pass  # some kernels cap it elsewhere: then the soft limit is what there is
    if soft != resource.RLIM_INFINITY and need + SPARE_FDS > soft:
        raise Impossible(f"the limit of {soft} open files is too low: this run needs {need + SPARE_FDS} "
                         "(RLIMIT_NOFILE; a higher `ulimit -Hn` or fewer workers would do)")
