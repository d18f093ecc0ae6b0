# SPDX-License-Identifier: MIT
"""Whether two summary.json of one run say the same: OLD of version 1 (nested), NEW of version 2 (flat rows).

    scripts/checks/same_numbers.py OLD NEW

Walks OLD key by key. Each key is one that NEW has too, under the same name or as RENAMED below, and then the value has to be
the same to nine digits; or one DROPPED or CHANGED on purpose. Anything else is a difference. Prints what was renamed,
dropped, changed and added; ends with 1 where there is a difference.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Of OLD's flattened keys, the first that matches. `None`: dropped.
RENAMED: list[tuple[str, str | None]] = [
    (r"cells\.(.*)\.(median|work)_ci_s\.(low|high)", r"cells.\1.\2_s_\3"),
    (r"cells\.(.*)\.latency_s\.(\w+)", r"cells.\1.latency_\2_s"),
    (r"cells\.(.*)\.latency_ci_s\.(\w+)\.(low|high)", r"cells.\1.latency_\2_s_\3"),
    (r"cells\.(.*)\.phases_s\.work", r"cells.\1.work_phase_s"),
    (r"cells\.(.*)\.phases_s\.(\w+)", r"cells.\1.\2_s"),
    (r"cells\.(.*)\.speedup\.(\w+)\.(\w+)\.ratio", r"cells.\1.\2_\3"),
    (r"cells\.(.*)\.speedup\.(\w+)\.(\w+)\.marks", None),  # a doubt in words where there is one
    (r"cells\.(.*)\.speedup\.(\w+)\.(\w+)\.(\w+)", r"cells.\1.\2_\3_\4"),
    (r"cells\.(.*)\.open_loop\.late_s\.(\w+)", r"cells.\1.late_\2_s"),
    (r"cells\.(.*)\.open_loop\.rounds_missed", r"cells.\1.rounds_rate_missed"),
    (r"cells\.(.*)\.open_loop\.kept", r"cells.\1.rate_kept"),
    (r"cells\.(.*)\.open_loop\.(\w+)", r"cells.\1.\2"),
    (r"cells\.(.*)\.break_even\.state", r"cells.\1.break_even"),
    (r"cells\.(.*)\.break_even\.jobs", r"cells.\1.break_even_jobs"),
    (r"cells\.(.*)\.memory_looks", r"cells.\1.memory_samples"),
    (r"cells\.(.*)\.marks", None),  # doubts and findings in words
    (r"(control|capacity)\.(.*)\.(low|high)", r"checks.\1.\2.ratio_\3"),
    (r"(control|capacity)\.(.*)", r"checks.\1.\2"),
    (r"geomeans\..*", None),  # means over groups that are unlike
    (r"neighbours(.*)", r"concurrent_runs\1"),
    (r"prices(.*)", r"marginal_cost\1"),
]
# What else a value may have become, by NEW's key, and why.
CHANGED: list[tuple[str, tuple[Any, ...], str]] = [
    (r"summary", (2,), "the version"),
    (r"cells\..*\.break_even(_jobs)?", (None,), "none without an interval that clears 1"),
    (r"cells\..*\.break_even_jobs", (2,), "from 1, which nothing overlaps"),
    (r"cells\..*_verdict", ("too few rounds",), "a verdict of its own"),
]
NESTED = ("scaling", "prices")  # written in another shape, and in no reference run


def named(summary: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The summary's members, the rows of its tables by names in place of numbers."""
    names = [g["name"] for g in summary["groups"]]
    for key, value in summary.items():
        if key not in ("cells", "control", "capacity", "checks"):
            yield key, value
            continue
        for row in value:
            group = row["group"] if isinstance(row["group"], str) else names[row["group"]]
            kind = f"{row['check']}." if key == "checks" else ""
            who = f"{group}/{row['runtime']}" + (f":{row['model']}" if "model" in row else "")
            drop = ("group", "runtime", "model", "check")
            yield f"{key}.{kind}{who.replace('.', '_')}", {k: v for k, v in row.items() if k not in drop}


def leaves(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value and not (key.startswith("cells.") and key.endswith(".params")):
        for name, member in value.items():
            yield from leaves(f"{key}.{name}", member)
    elif isinstance(value, dict):
        yield key, " ".join(f"{k}={v}" for k, v in value.items())
    elif isinstance(value, list) and key.endswith(".outliers"):
        yield key, " ".join(map(str, value))
    elif isinstance(value, list) and not key.endswith(".marks"):
        for i, member in enumerate(value):
            yield from leaves(f"{key}.{i}", member)
    else:
        yield key, value


def flat(summary: dict[str, Any]) -> dict[str, Any]:
    return {k: v for name, member in named(summary) for k, v in leaves(name, member)}


def renamed(key: str) -> str | None:
    for pattern, new in RENAMED:
        found = re.fullmatch(pattern, key)
        if found:
            return None if new is None else found.expand(new)
    return key


def same(a: Any, b: Any) -> bool:
    if isinstance(a, bool) or isinstance(b, bool) or not isinstance(a, (int, float)) or not isinstance(b, (int, float)):
        return a == b or (a in (None, "") and b in (None, ""))
    return math.isclose(a, b, rel_tol=2e-9, abs_tol=1e-12)


def reason(key: str, value: Any) -> str | None:
    return next((why for pattern, allowed, why in CHANGED if re.fullmatch(pattern, key) and value in allowed), None)


def kind_of(key: str) -> str:
    """A key without the row it stands in: rows are many, kinds are few."""
    return re.sub(r"^(cells|control|capacity|checks\.\w+)\..*\.(?=\w+$)", r"\1.*.", re.sub(r"\.\d+\b", ".N", key))


def compare(old: dict[str, Any], new: dict[str, Any]) -> int:
    wrong = [f"{key}: not compared, and not empty" for key in NESTED if old.get(key)]
    before, after = flat(old), flat(new)
    notes: Counter[str] = Counter()
    reached = set()
    compared = 0
    for key, value in before.items():
        to = renamed(key)
        if to is None:
            notes[f"dropped  {kind_of(key)}"] += 1
            continue
        reached.add(to)
        if same(value, after.get(to)):
            compared += 1
        elif why := reason(to, after.get(to)):
            notes[f"changed  {kind_of(to)} to {after.get(to)!r}: {why}"] += 1
        else:
            wrong.append(f"{to}: was {value!r}, is {after.get(to)!r}")
        if to != key:
            notes[f"renamed  {kind_of(key)} -> {kind_of(to)}"] += 1
    for key in after.keys() - reached:
        if after[key] is not None:
            notes[f"added    {kind_of(key)}"] += 1
    for note, times in sorted(notes.items()):
        print(f"{times:6} {note}")
    for line in wrong:
        print(f"       DIFFERS  {line}")
    print(f"{compared} values the same, {len(wrong)} different")
    return 1 if wrong or compared == 0 else 0


def main(argv: list[str]) -> int:
    if len(argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    old, new = (json.loads(Path(path).read_text(encoding="utf-8")) for path in argv[1:])
    return compare(old, new)


if __name__ == "__main__":
    sys.exit(main(sys.argv))
