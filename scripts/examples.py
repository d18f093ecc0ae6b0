# SPDX-License-Identifier: MIT
"""make examples: runs what each examples/*/README.md says to type, and puts what it printed and found beside it.

The README gets the answer, and run/NAME/ the run's numbers. Words behind the examples' names go to each `cobench run`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = (ROOT / os.environ.get("COBENCH_BUILD", "build")).resolve()
FOLDER = ROOT / "examples"
KEPT = ("summary.md", "summary.json", "plan.json", "machine.json")
FENCE = re.compile(r"(^```text\n)(.*?)(^```$)", re.MULTILINE | re.DOTALL)
# Those that say what was printed; what the hazards do is in their test.
NAMES = sorted(path.parent.name for path in FOLDER.glob("*/README.md") if FENCE.search(path.read_text()))


def commands(readme: Path) -> str:
    (block,) = re.findall(r"^```sh\n(.*?)^```", readme.read_text(), re.MULTILINE | re.DOTALL)
    return block


def run(example: Path, results: Path, *words: str) -> str:
    """Types the commands in the example's folder, with more words behind each `cobench run`; what they print."""
    more = " ".join(["cobench run", "--results", str(results), *words])
    env = os.environ | {"PATH": f"{BUILD}:{os.environ['PATH']}"}
    # The shell stays until the end, and with it what it started: else its last command would take its place.
    script = commands(example / "README.md").replace("cobench run", more) + ":"
    return subprocess.run(["bash", "-e", "-c", script], cwd=example, env=env, stdout=subprocess.PIPE, text=True,
                          check=True).stdout  # fmt: skip


def keep(results: Path, example: Path) -> None:
    for found in results.glob("[0-9]*"):
        target = example / "run" / json.loads((found / "plan.json").read_text())["function"]["name"]
        target.mkdir(parents=True, exist_ok=True)
        for name in KEPT:
            shutil.copy(found / name, target)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=NAMES)
    given, more = parser.parse_known_args()
    for name in given.names:
        with tempfile.TemporaryDirectory(prefix="examples-") as folder:
            # Elsewhere, so that no path of this checkout is in what is kept.
            copy = Path(shutil.copytree(FOLDER / name, Path(folder) / name))
            print(f"-- {name}", file=sys.stderr)
            answer = run(copy, Path(folder) / "results", *more)
            keep(Path(folder) / "results", FOLDER / name)
        readme = FOLDER / name / "README.md"
        readme.write_text(FENCE.sub(lambda found: found[1] + answer.rstrip() + "\n" + found[3], readme.read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
