# SPDX-License-Identifier: MIT
"""From an empty folder to the answer: installs cobench, writes a file of ten lines, and times the one command that follows.

Prints a transcript of each. Exit status 1 where there is no answer, no page, or more than two minutes were needed. Words that
are not its own go to `cobench run`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = os.environ.get("COBENCH_BUILD", "build")
LIMIT_S = 120
LINES, COLUMNS = 40, 80  # of the answer

PYTHON = """RATES = [1.19, 1.07, 1.0]


def quote(order):
    total = 0.0
    for item in range(200_000):
        price = (item * 7 + order) % 1000 / 100
        total += price * RATES[item % 3]
    return round(total, 2)
"""
C = """#include <stdint.h>

uint64_t quote(uint64_t order)
{
    static const uint64_t rates[] = {119, 107, 100};
    uint64_t total = 0;
    for (uint64_t item = 0; item < 5000000; item++)
        total += (item * 7 + order) % 1000 * rates[item % 3];
    return total;
}
"""
# What is written, and what is typed; each option has to be one of `cobench run`.
CASES = {
    "python": ({"quote.py": PYTHON}, ("--task", "./quote.py:quote")),
    "c": ({"quote.c": C}, ("--task", "./quote.c:quote")),
    "command": ({"a.txt": "a\n" * 500_000, "b.txt": "b\n" * 500_000, "files": "a.txt\nb.txt\n"},
                ("--command", "gzip -k -c {input}", "--inputs", "files")),
}  # fmt: skip


def shown(words: tuple[str, ...]) -> str:
    return " ".join(f"'{word}'" if " " in word else word for word in words)


def transcript(name: str, env: dict[str, str], more: list[str]) -> tuple[str, str]:
    """What a terminal would show, and what is wrong with it ("": nothing)."""
    files, words = CASES[name]
    with tempfile.TemporaryDirectory(prefix="empty-") as folder:
        text = ""
        for file, content in files.items():
            (Path(folder) / file).write_text(content)
            text += f"$ cat {file}\n{content}" if content.count("\n") < 20 else ""
        began = time.monotonic()
        done = subprocess.run(["cobench", "run", *words, *more], cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, check=False)  # fmt: skip
        took = time.monotonic() - began
        page = Path(folder) / "results" / "latest" / "index.html"
        text += f"$ cobench run {shown(words)}\n{done.stderr}{done.stdout}$ ls -l results/latest/index.html  # after {took:.0f} s\n"
        text += f"{page.stat().st_size if page.exists() else 'no'} bytes\n"
        lines = done.stdout.splitlines()
        wrong = {
            f"exit status {done.returncode}": done.returncode != 0,
            "no page": not page.exists(),
            "no model is named": " take " not in " ".join(done.stdout.split()),
            f"an answer of {len(lines)} lines": len(lines) > LINES or max(map(len, lines), default=0) > COLUMNS,
            f"{took:.0f} s": took > LIMIT_S,
        }
    return text, ", ".join(what for what, is_so in wrong.items() if is_so)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--prefix", type=Path, help="where it is installed (default: into a temporary folder, by make install)")
    parser.add_argument("--only", choices=CASES)
    given, more = parser.parse_known_args()
    with tempfile.TemporaryDirectory(prefix="installed-") as temporary:
        prefix = given.prefix or Path(temporary)
        if given.prefix is None:
            subprocess.run(["make", "-s", "install", f"BUILD={BUILD}", f"PREFIX={prefix}"], cwd=ROOT, check=True)
        env = {key: text for key, text in os.environ.items() if not key.startswith("COBENCH_")}
        env["PATH"] = f"{prefix / 'bin'}:{env['PATH']}"
        options = subprocess.run(["cobench", "run", "--help"], env=env, capture_output=True, text=True, check=True).stdout
        short = 0
        for name in [given.only] if given.only else CASES:
            if f"{CASES[name][1][0]}=" not in options:
                continue
            text, wrong = transcript(name, env, more)
            print(f"# {name}\n{text}# {wrong or 'ok'}\n")
            short += wrong != ""
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
