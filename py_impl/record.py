# SPDX-License-Identifier: MIT
"""
The record line (common/schema/record.schema.json). Written by hand rather than by json, which imports re and with it
takes longer than the whole cheapest run; the tests read every record back with json and hold it to the schema.
"""

from __future__ import annotations

import resource
import sys

from py_impl import lock

FAILURES_MAX = 8


def blank(runtime: str) -> dict[str, object]:
    """The record of a run of which nothing is known yet."""
    return {
        "record": 1, "host": "py", "runtime": runtime, "task": None, "model": None, "jobs": None, "workers": None,
        "params": {}, "start_method": None, "knobs": {}, "status": "done", "exit": 0, "reason": None, "failed_jobs": 0,
        "failures": [], "phases": {"start": 0, "ready": None, "work": None, "end": 0}, "usage": {},
        "connections": None, "python": {}, "libraries": {},
    }  # fmt: skip


def usage(ready_cpu_ns: int | None) -> dict[str, int | None]:
    """Of this process and its reaped children. `ready_cpu_ns`: of this process when the gate opened, if it did."""
    self_, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "user_ns": round((self_.ru_utime + children.ru_utime) * 1e9),
        "system_ns": round((self_.ru_stime + children.ru_stime) * 1e9),
        "ready_cpu_ns": ready_cpu_ns,
        "voluntary_switches": self_.ru_nvcsw + children.ru_nvcsw,
        "involuntary_switches": self_.ru_nivcsw + children.ru_nivcsw,
        "minor_faults": self_.ru_minflt + children.ru_minflt,
        "major_faults": self_.ru_majflt + children.ru_majflt,
        "max_rss_bytes": max(self_.ru_maxrss, children.ru_maxrss) * 1024,
    }


def python(locked_by: str | None) -> dict[str, object]:
    """`locked_by`: of the shared state, what workers of other processes found."""
    gil = lock.is_on() or locked_by is not None
    return {
        "version": sys.version.split()[0],
        "free_threaded": lock.FREE_THREADED,
        "gil": gil,
        "gil_switched_on_by": (lock.by() or locked_by or None) if lock.FREE_THREADED and gil else None,
        "switch_interval_ns": round(sys.getswitchinterval() * 1e9),
        "library": "program",
    }


def to_json(value: object) -> str:
    """JSON in ASCII. Undecodable bytes (lone surrogates) and NUL, which C cannot hold, stand as U+FFFD."""
    if value is None:
        return "null"
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, str):
        return '"' + "".join(map(_character, value)) + '"'
    if isinstance(value, dict):
        return "{" + ", ".join(f"{to_json(key)}: {to_json(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(to_json, value)) + "]"
    raise TypeError(f"{type(value).__name__} has no place in a record")


def _character(c: str) -> str:
    if c in '"\\':
        return "\\" + c
    if " " <= c <= "~":
        return c
    code = ord(c)
    if code == 0 or 0xD800 <= code <= 0xDFFF:
        code = 0xFFFD
    if code > 0xFFFF:
        code -= 0x10000
        return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
    return f"\\u{code:04x}"
