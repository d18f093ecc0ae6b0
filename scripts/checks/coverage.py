# SPDX-License-Identifier: MIT
"""
`make coverage`: the line coverage of the driver and of the C host, a row per folder, from the .gcda files that a build
with --coverage left when its tests ran. Lines of headers count where any object has them.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHOWN = ("bench", "c_impl", "common")


def read(build: Path) -> dict[str, dict[int, int]]:
    """How often each line of each source ran, over all objects."""
    ran: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    notes = sorted(str(path.resolve()) for path in build.rglob("*.gcno"))
    for note in notes:
        told = subprocess.run(
            ["gcov", "--stdout", "--json-format", note], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
        ).stdout
        for line in told.splitlines():
            for file in json.loads(line)["files"]:
                for row in file["lines"]:
                    ran[file["file"]][row["line_number"]] += row["count"]
    return ran


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", type=Path, help="the folder of the build, whose objects lie below obj/")
    parser.add_argument("--files", action="store_true", help="a row per file as well")
    arguments = parser.parse_args(argv)
    totals: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for name, lines in read(arguments.build / "obj").items():
        folder = Path(name).parts[0]
        if folder not in SHOWN:
            continue
        for row in {folder, str(Path(name).parent), *([name] if arguments.files else [])}:
            totals[row][0] += len(lines)
            totals[row][1] += sum(1 for count in lines.values() if count > 0)
    if not totals:
        print(f"coverage: {arguments.build}: no data; build and test with --coverage first", file=sys.stderr)
        return 1
    for row, (lines, covered) in sorted(totals.items()):
        print(f"{row:40} {covered:6} of {lines:6}  {100 * covered / lines:5.1f}%")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
