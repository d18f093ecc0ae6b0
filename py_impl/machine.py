# SPDX-License-Identifier: MIT
"""What this machine allows: effective CPUs and open files."""

from __future__ import annotations

import os
import resource

from py_impl.errors import Impossible

SPARE_FDS = 24  # standard streams, slots, board, gate, event loop, the pools' own pipes


def effective_cpus() -> int:
    """The CPUs this process may use: its affinity, and no more than its cgroup's quota, rounded up."""
    cpus = len(os.sched_getaffinity(0))
    for quota in _quotas():
        cpus = min(cpus, max(1, -int(-quota // 1)))
    return cpus


def _quotas() -> list[float]:
    """The quotas in CPUs of this process's cgroup and those above it, as far as they can be seen."""
    found = []
    for line in _read("/proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            root = "/sys/fs/cgroup"
        elif "cpu" in controllers.split(","):
            root = "/sys/fs/cgroup/" + controllers
        else:
            continue
        while True:
            quota = _quota(root + path.rstrip("/"))
            if quota is not None:
                found.append(quota)
            if path in ("", "/"):
                break
            path = os.path.dirname(path)
    return found


def _quota(folder: str) -> float | None:
    words = _read(folder + "/cpu.max").split()  # cgroup v2
    if not words:
        words = [_read(folder + "/cpu.cfs_quota_us").strip(), _read(folder + "/cpu.cfs_period_us").strip()]
    if len(words) == 2 and words[0].isdigit() and words[1].isdigit() and int(words[1]) > 0:
        return int(words[0]) / int(words[1])
    return None


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
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
        raise Impossible(f"the limit of {soft} open files is too low: this run needs {need + SPARE_FDS}")
