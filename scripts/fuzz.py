# SPDX-License-Identifier: MIT
"""Runs the fuzz targets of tests/fuzz: `make fuzz`, `make fuzz-smoke` and `make fuzz-corpus` call it.

A target is build/fuzz/fuzz_NAME. Its seeds are tests/fuzz/corpus/NAME, its words (where it has any) tests/fuzz/NAME.dict.
What a long run finds on its way is kept in build/fuzz/corpus/NAME, an input that breaks something in build/fuzz/findings.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FLAGS = "-fsanitize=fuzzer,address,undefined"

# The longest input; one input may take this long (a loaded machine under sanitizers is slow) and this much memory.
LENGTH_MAX = 4096
INPUT_SECONDS = 25
MEMORY_MB = 1024

# The smoke run is made of inputs, so that it does the same on every machine; the time is for machines far too slow.
SMOKE_INPUTS = 10_000
SMOKE_SECONDS = 2

NOT_POSSIBLE = 77


@dataclass(frozen=True)
class Target:
    name: str
    build: Path

    @property
    def program(self) -> Path:
        return self.build / f"fuzz_{self.name}"

    @property
    def seeds(self) -> Path:
        return ROOT / "tests/fuzz/corpus" / self.name

    @property
    def kept(self) -> Path:
        return self.build / "corpus" / self.name

    @property
    def findings(self) -> Path:
        return self.build / "findings"

    def command(self, *options: str | Path) -> list[str]:
        dictionary = ROOT / "tests/fuzz" / f"{self.name}.dict"
        words = [f"-dict={dictionary}"] if dictionary.exists() else []
        limits = [f"-max_len={LENGTH_MAX}", f"-timeout={INPUT_SECONDS}", f"-rss_limit_mb={MEMORY_MB}"]
        return [str(self.program), *limits, *words, *(str(option) for option in options)]


@dataclass(frozen=True)
class Outcome:
    target: Target
    seconds: float
    runs: int
    covered: int
    finding: str | None


def targets_of(build: Path, only: str | None) -> list[Target]:
    names = sorted(path.stem.removeprefix("fuzz_") for path in (ROOT / "tests/fuzz").glob("fuzz_*.c"))
    if only is not None and only not in names:
        sys.exit(f"fuzz: unknown target '{only}' (known: {', '.join(names)})")
    return [Target(name, build) for name in names if only is None or name == only]


def probe(compiler: str) -> str | None:
    """Why nothing can be fuzzed here, or None."""
    source = "int LLVMFuzzerTestOneInput(const char *d, unsigned long n); int LLVMFuzzerTestOneInput(const char *d, unsigned long n) { return d && n > 9; }"
    with tempfile.TemporaryDirectory() as folder:
        try:
            command = [compiler, FLAGS, "-x", "c", "-", "-o", f"{folder}/probe"]
            subprocess.run(command, input=source, text=True, capture_output=True, check=True, timeout=120)
        except (OSError, subprocess.SubprocessError):
            return f"'{compiler}' with its sanitizers and libFuzzer is not installed (./scripts/setup.sh test installs it)"
    return None


def environment() -> dict[str, str]:
    # What a parser leaks is a finding too. An allocation that fails is one the parsers answer themselves.
    options = {"ASAN_OPTIONS": "detect_leaks=1:allocator_may_return_null=0", "UBSAN_OPTIONS": "print_stacktrace=1"}
    return os.environ | options | {"LC_ALL": "C.UTF-8"}


def found_of(target: Target) -> set[Path]:
    return set(target.findings.glob(f"{target.name}-*"))


def fuzz(target: Target, options: list[str], corpora: list[Path]) -> Outcome:
    target.findings.mkdir(parents=True, exist_ok=True)
    corpora[0].mkdir(parents=True, exist_ok=True)
    artifacts = f"-artifact_prefix={target.findings}/{target.name}-"
    before = found_of(target)
    began = time.monotonic()
    command = target.command(artifacts, "-print_final_stats=1", *options, *corpora)
    run = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment())
    seconds = time.monotonic() - began
    log = run.stderr.decode("utf-8", "replace")
    (target.build / f"{target.name}.log").write_text(log)
    new = sorted(found_of(target) - before)
    finding = None
    if run.returncode != 0 or new:
        finding = str(new[0]) if new else f"{target.build}/{target.name}.log (status {run.returncode})"
    runs = re.findall(r"stat::number_of_executed_units:\s*(\d+)", log)
    covered = re.findall(r"cov: (\d+)", log)
    return Outcome(target, seconds, int(runs[-1]) if runs else 0, int(covered[-1]) if covered else 0, finding)


def summary_of(log: Path) -> str:
    """The line of a log that says what was wrong."""
    for line in log.read_text().splitlines():
        if "does not hold:" in line or "runtime error:" in line or line.startswith("SUMMARY:"):
            return line.strip()
    return "see the log"


def report(outcome: Outcome) -> None:
    t = outcome.target
    print(f"fuzz: {t.name:12} {outcome.runs:>10} inputs {outcome.covered:>5} edges {outcome.seconds:6.1f} s", flush=True)
    if outcome.finding is not None:
        print(f"fuzz: {t.name}: FOUND {outcome.finding}\n      {summary_of(t.build / f'{t.name}.log')}", flush=True)


def smoke(target: Target) -> Outcome:
    with tempfile.TemporaryDirectory() as scratch:
        options = ["-seed=1", f"-runs={SMOKE_INPUTS}", f"-max_total_time={SMOKE_SECONDS}"]
        return fuzz(target, options, [Path(scratch), target.seeds])


def run(target: Target, seconds: int) -> Outcome:
    return fuzz(target, [f"-max_total_time={seconds}"], [target.kept, target.seeds])


def merge(target: Target) -> None:
    """The fewest inputs that cover every edge, of the seeds there are first and then of what was kept."""
    if not target.kept.is_dir():
        print(f"fuzz: {target.name}: nothing kept; `make fuzz TARGET={target.name}` first")
        return
    with tempfile.TemporaryDirectory() as scratch:
        command = target.command("-merge=1", "-use_counters=0", scratch, target.seeds, target.kept)
        subprocess.run(command, check=True, capture_output=True, env=environment())
        chosen = sorted(Path(scratch).iterdir())
        added = 0
        for path in chosen:
            if not (target.seeds / path.name).exists() and not is_seed(path, target.seeds):
                shutil.copy(path, target.seeds / path.name)
                added += 1
    print(f"fuzz: {target.name}: {added} added, {len(list(target.seeds.iterdir()))} in all")


def is_seed(path: Path, seeds: Path) -> bool:
    content = path.read_bytes()
    return any(seed.read_bytes() == content for seed in seeds.iterdir())


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", choices=["probe", "smoke", "run", "merge"])
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--target")
    parser.add_argument("--time", type=int, default=600)
    parser.add_argument("--skip", action="store_true", help="outside CI, what is missing is a skip (status 77)")
    arguments = parser.parse_args(argv)
    targets = targets_of(arguments.build, arguments.target)
    if arguments.action == "probe":
        missing = probe(os.environ.get("FUZZ_CC", "clang"))
        skipped = arguments.skip and not os.environ.get("CI")
        if missing:
            print(f"fuzz: {'skipped: ' if skipped else ''}{missing}", file=sys.stderr)
        return 0 if missing is None else NOT_POSSIBLE if skipped else 1
    if arguments.action == "merge":
        for target in targets:
            merge(target)
        return 0
    found = 0
    # Seconds of many targets go on all CPUs at once; a long run leaves the machine to others.
    with ThreadPoolExecutor(len(os.sched_getaffinity(0)) if arguments.action == "smoke" else 1) as pool:
        for outcome in pool.map(smoke if arguments.action == "smoke" else partial(run, seconds=arguments.time), targets):
            report(outcome)
            found += outcome.finding is not None
    if found:
        print(f"fuzz: {found} of {len(targets)} targets found something", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
