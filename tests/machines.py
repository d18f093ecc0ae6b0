# SPDX-License-Identifier: MIT
"""Machines to be found out about, as the files of /proc and /sys that they would have, and what machine.json must say of
each. What a machine does not have a file for is unknown."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CPU = "sys/devices/system/cpu"
V2 = "30 1 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
V1 = ("29 1 0:25 / /sys/fs/cgroup ro - tmpfs tmpfs ro,mode=755\n"
      "31 29 0:27 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n"
      "33 29 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
      "34 29 0:30 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n")
HYBRID = V1 + "35 29 0:31 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"


@dataclass(frozen=True)
class Machine:
    files: dict[str, str]
    facts: dict[str, Any]
    quota: float | None = None
    notes: tuple[str, ...] = field(default=())  # names of findings that doctor must not call ok


def topology(cores: list[list[int]], packages: list[list[int]]) -> dict[str, str]:
    """The lists of siblings of every CPU."""
    files = {}
    for name, sets in (("thread_siblings_list", cores), ("core_siblings_list", packages)):
        for cpus in sets:
            for cpu in cpus:
                files[f"{CPU}/cpu{cpu}/topology/{name}"] = ",".join(map(str, cpus)) + "\n"
    return files


def quotas(mount: str, groups: dict[str, str]) -> dict[str, str]:
    """cpu.max of version 2, or the two files of version 1 where the text has a slash: "QUOTA/PERIOD"."""
    files = {}
    for group, text in groups.items():
        if "/" in text:
            quota, period = text.split("/")
            files |= {f"{mount}{group}/cpu.cfs_quota_us": quota + "\n", f"{mount}{group}/cpu.cfs_period_us": period + "\n"}
        else:
            files[f"{mount}{group}/cpu.max"] = text + "\n"
    return files


LAPTOP = {
    f"{CPU}/online": "0-7\n", f"{CPU}/smt/active": "1\n", f"{CPU}/intel_pstate/no_turbo": "0\n",
    **topology([[0, 4], [1, 5], [2, 6], [3, 7]], [list(range(8))]),
    **{f"{CPU}/cpu{cpu}/cpufreq/scaling_governor": "powersave\n" for cpu in range(8)},
    **{f"{CPU}/cpu{cpu}/cpufreq/scaling_driver": "intel_pstate\n" for cpu in range(8)},
    "sys/devices/system/node/online": "0\n",
    "sys/devices/system/clocksource/clocksource0/current_clocksource": "hpet\n",
    f"{CPU}/cpu0/thermal_throttle/package_throttle_count": "12\n", f"{CPU}/cpu0/thermal_throttle/core_throttle_count": "3\n",
    "proc/cpuinfo": "processor\t: 0\nmodel name\t: Example Mobile CPU\nflags\t\t: fpu tsc\n\nprocessor\t: 1\n",
    "proc/meminfo": "MemTotal:        8000000 kB\nMemAvailable:     400000 kB\nSwapTotal:       2000000 kB\nSwapFree:        1500000 kB\n",
    "proc/loadavg": "1.50 1.25 0.75 3/456 789\n",
    "proc/stat": "cpu  100 0 100 800 0 0 0 0 0 0\nprocs_running 3\n",
    "proc/sys/kernel/randomize_va_space": "2\n", "proc/sys/kernel/osrelease": "6.1.0-example\n",
    "proc/sys/kernel/hostname": "laptop\n", "etc/os-release": 'NAME=x\nPRETTY_NAME="Example Linux 12"\n',
    "proc/self/cgroup": "0::/user.slice\n", "proc/self/mountinfo": V2, **quotas("sys/fs/cgroup", {"/user.slice": "max 100000"}),
}

# Two fast cores of two CPUs each, four slow ones of one; the run may not use CPU 0.
HYBRID_CPUS = {
    f"{CPU}/online": "0-7\n", "proc/self/status": "Name:\tcobench\nCpus_allowed_list:\t1-11\n",
    **topology([[0, 1], [2, 3], [4], [5], [6], [7]], [list(range(8))]),
    **{f"{CPU}/cpu{cpu}/cpufreq/cpuinfo_max_freq": f"{5_100_000 + 100_000 * (cpu == 2) if cpu < 4 else 3_800_000}\n"
       for cpu in range(8)},
    "proc/self/cgroup": "0::/user/job\n", "proc/self/mountinfo": V2,
    "sys/fs/cgroup/user/cpu.weight": "100\n",
    "sys/fs/cgroup/user/job/cpu.weight": "20\n",
}

SERVER = {
    f"{CPU}/online": "0-3,8-11\n", f"{CPU}/smt/active": "0\n", f"{CPU}/cpufreq/boost": "0\n",
    **topology([[c] for c in (0, 1, 2, 3, 8, 9, 10, 11)], [[0, 1, 2, 3], [8, 9, 10, 11]]),
    **{f"{CPU}/cpu{cpu}/cpufreq/scaling_governor": "performance\n" for cpu in (0, 1, 2, 3, 8, 9, 10)},
    f"{CPU}/cpu11/cpufreq/scaling_governor": "ondemand\n",
    "sys/devices/system/node/online": "0-1\n",
    "sys/devices/system/clocksource/clocksource0/current_clocksource": "tsc\n",
    "sys/class/dmi/id/sys_vendor": "Example Inc.\n",
    "proc/cpuinfo": "processor\t: 0\nmodel name\t: Example Server CPU\nflags\t\t: fpu tsc\n",
    "proc/sys/kernel/randomize_va_space": "0\n",
    "proc/stat": "cpu  100 0 100 800 0 0 0 0 0 0\n",
    "proc/meminfo": "MemTotal: 64000000 kB\nMemAvailable: 60000000 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n",
}

GUEST = {
    f"{CPU}/online": "0-1\n", **topology([[0], [1]], [[0, 1]]),
    "proc/cpuinfo": "processor\t: 0\nmodel name\t: Example Virtual CPU\nflags\t\t: fpu tsc hypervisor lm\n",
    "sys/class/dmi/id/product_name": "KVM Virtual Machine\n",
    "proc/stat": "cpu  100 0 100 700 0 0 0 100 0 0\n",
}

MACHINES = {
    "laptop": Machine(LAPTOP, {
        "cpu_model": "Example Mobile CPU", "cpus": 8, "cores": 4, "sockets": 1, "smt": "on", "numa_nodes": 1, "turbo": "on",
        "governor": "powersave", "frequency_driver": "intel_pstate", "clocksource": "hpet", "virtualisation": "none",
        "aslr": "full", "load1": 1.5, "load15": 0.75, "steal_share": 0.0, "quota_cpus": "none", "hostname": "laptop",
        "kernel": "6.1.0-example", "architecture": "unknown", "system": "Example Linux 12",
        "memory_bytes": 8000000 * 1024, "memory_available_bytes": 400000 * 1024,
        "swap_bytes": 2000000 * 1024, "swap_used_bytes": 500000 * 1024,
    }, notes=("governor", "turbo", "SMT", "ASLR", "clock", "memory", "swap", "heat")),
    "server": Machine(SERVER, {
        "cpus": 8, "cores": 8, "sockets": 2, "smt": "off", "numa_nodes": 2, "turbo": "off",
        "governor": "performance, ondemand", "frequency_driver": "unknown", "clocksource": "tsc", "virtualisation": "none",
        "aslr": "off", "quota_cpus": "unknown", "load1": "unknown", "swap_used_bytes": 0, "kernel": "unknown",
    }, notes=("governor", "NUMA", "quota", "load")),
    "guest": Machine(GUEST, {
        "virtualisation": "a virtual machine (KVM Virtual Machine)", "steal_share": 0.1, "smt": "off", "turbo": "unknown", "governor": "unknown",
        "clocksource": "unknown", "memory_bytes": "unknown", "swap_bytes": "unknown", "aslr": "unknown", "system": "unknown",
    }, notes=("virtual", "steal", "memory", "swap")),
    "hybrid CPUs": Machine(HYBRID_CPUS, {
        "cpu_kinds": 2, "cpu_weight": 20, "cores": 6}),
    "ARM": Machine({
        f"{CPU}/online": "0-1\n", f"{CPU}/cpu0/cpu_capacity": "446\n", f"{CPU}/cpu1/cpu_capacity": "1024\n",
        **{f"{CPU}/cpu{cpu}/cpufreq/cpuinfo_max_freq": "2000000\n" for cpu in range(2)},
        **topology([[0], [1]], [[0, 1]]),
    }, {"cpu_kinds": 2, "cpu_weight": "unknown"}),
    "v1 weights": Machine({
        "proc/self/cgroup": "5:cpu,cpuacct:/job\n", "proc/self/mountinfo": V1,
        "sys/fs/cgroup/cpu,cpuacct/job/cpu.shares": "512\n", "sys/fs/cgroup/cpu,cpuacct/cpu.shares": "1024\n",
    }, {"quota_cpus": "none", "cpu_weight": 50, "cpu_kinds": "unknown"}),
    "nested v2": Machine({
        "proc/self/cgroup": "0::/a/b/c\n", "proc/self/mountinfo": V2,
        **quotas("sys/fs/cgroup", {"/a/b/c": "300000 100000", "/a/b": "150000 100000", "/a": "max 100000"}),
    }, {"quota_cpus": 1.5}, 1.5, notes=("quota",)),
    "v1": Machine({
        "proc/self/cgroup": "5:cpu,cpuacct:/job\n4:cpuset:/other\n1:name=systemd:/\n", "proc/self/mountinfo": V1,
        **quotas("sys/fs/cgroup/cpu,cpuacct", {"": "-1/100000", "/job": "50000/100000", "/other": "1000/100000"}),
    }, {"quota_cpus": 0.5, "effective_cpus": 0.5}, 0.5, notes=("quota",)),
    "two kinds by capacity": Machine({
        f"{CPU}/online": "0-2\n", f"{CPU}/cpu0/cpu_capacity": "1024\n", f"{CPU}/cpu1/cpu_capacity": "1024\n",
        f"{CPU}/cpu2/cpu_capacity": "446\n",
        "proc/self/cgroup": "0::/a/b\n", "proc/self/mountinfo": V2, **quotas("sys/fs/cgroup", {"/a/b": "max 100000"}),
        "sys/fs/cgroup/a/b/cpu.weight": "100\n", "sys/fs/cgroup/a/cpu.weight": "50\n",
    }, {"cpu_kinds": 2, "cpu_weight": 50}, notes=("CPU kinds", "CPU weight")),
    "two kinds by clock": Machine({
        f"{CPU}/online": "0-1\n", f"{CPU}/cpu0/cpufreq/cpuinfo_max_freq": "5000000\n",
        f"{CPU}/cpu1/cpufreq/cpuinfo_max_freq": "3800000\n",
        "proc/self/cgroup": "5:cpu,cpuacct:/job\n", "proc/self/mountinfo": V1, "sys/fs/cgroup/cpu,cpuacct/job/cpu.shares": "512\n",
        **quotas("sys/fs/cgroup/cpu,cpuacct", {"/job": "-1/100000"}),
    }, {"cpu_kinds": 2, "cpu_weight": 50}, notes=("CPU kinds", "CPU weight")),
    "memory": Machine({
        "proc/self/cgroup": "0::/a/b\n", "proc/self/mountinfo": V2, "sys/fs/cgroup/a/b/memory.max": "max\n",
        "sys/fs/cgroup/a/memory.max": "209715200\n", "sys/fs/cgroup/a/b/memory.events": "oom 3\noom_kill 2\n",
    }, {"memory_limit_bytes": 200 << 20}, notes=("memory limit", "memory kills")),
    "v1 without a limit of memory": Machine({
        "proc/self/cgroup": "4:memory:/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
        "proc/self/mountinfo": V1 + "36 29 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
    }, {"memory_limit_bytes": "none"}),
    "one kind": Machine({
        f"{CPU}/online": "0-1\n", f"{CPU}/cpu0/cpu_capacity": "1024\n", f"{CPU}/cpu1/cpu_capacity": "1024\n",
    }, {"cpu_kinds": 1, "cpu_weight": "unknown"}),
    "v1 without a limit": Machine({
        "proc/self/cgroup": "5:cpu,cpuacct:/\n", "proc/self/mountinfo": V1,
        **quotas("sys/fs/cgroup/cpu,cpuacct", {"": "-1/100000"}),
    }, {"quota_cpus": "none"}),
    "hybrid": Machine({
        "proc/self/cgroup": "5:cpu,cpuacct:/job\n0::/user\n", "proc/self/mountinfo": HYBRID,
        **quotas("sys/fs/cgroup/cpu,cpuacct", {"/job": "75000/100000"}),
        "sys/fs/cgroup/unified/user/cgroup.procs": "1\n",
    }, {"quota_cpus": 0.75}, 0.75, notes=("quota",)),
    "container": Machine({  # its own group is what stands at the mount; the path is another namespace's
        "proc/self/cgroup": "0::/docker/0123/child\n",
        "proc/self/mountinfo": V2.replace(" / /sys", " /docker/0123 /sys"),
        **quotas("sys/fs/cgroup", {"": "200000 100000", "/child": "25000 100000"}),
    }, {"quota_cpus": 0.25}, 0.25, notes=("quota",)),
    "path of another namespace": Machine({
        "proc/self/cgroup": "0::/../../system.slice\n", "proc/self/mountinfo": V2,
        **quotas("sys/fs/cgroup", {"": "40000 100000"}),
    }, {"quota_cpus": 0.4}, 0.4, notes=("quota",)),
    "nothing": Machine({}, {name: "unknown" for name in (
        "cpus", "cores", "sockets", "smt", "cpu_kinds", "cpu_weight", "numa_nodes", "turbo", "governor", "frequency_driver",
        "clocksource", "cpu_model",
        "virtualisation", "aslr", "load1", "load5", "load15", "steal_share", "quota_cpus", "hostname", "kernel", "system",
        "architecture", "memory_bytes", "memory_available_bytes", "swap_bytes", "swap_used_bytes")},
        notes=("quota", "governor", "memory", "load")),
    "nonsense": Machine({
        "proc/self/cgroup": "\0\n:::::\n5:cpu\n", "proc/self/mountinfo": "- - -\n\xff\n", "proc/stat": "cpu \ncpu x\n",
        "proc/meminfo": "MemTotal: much\n", "proc/loadavg": "a b c d", "proc/cpuinfo": "model name\n", f"{CPU}/online": "0-\n",
        "sys/devices/system/node/online": "99999999999999\n", f"{CPU}/smt/active": "maybe\n",
    }, {name: "unknown" for name in (
        "cpus", "cores", "smt", "numa_nodes", "cpu_model", "load1", "steal_share", "quota_cpus", "memory_bytes")}),
}


def write(machine: Machine, root: Path) -> Path:
    for path, text in machine.files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="latin-1")
    root.mkdir(parents=True, exist_ok=True)
    return root
