# SPDX-License-Identifier: MIT
"""A full /dev/shm, where the files of a sample are: the run stops with everything written so far intact, and goes on once
there is space. Under the real hosts, in a mount namespace whose /dev/shm is small."""

import collections
import errno
import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from lag import Lag
from hosts import BUILD

LIMIT_S = 300
MB = 1 << 20
SIZE = 16 * MB
JOBS = 30_000  # whose slots are 1.9 MB
FULL = re.compile(r"cobench: /dev/shm: No space left on device \(a sample's files take up to (\d+) kB, (\d+) kB are free\); "
                  r"(\d+) of 400 rounds (?:is|are) in (\S+); cobench run --resume (\S+) goes on\n")


class Small:
    """A namespace with a /dev/shm of its own, which a process holds open until its stdin ends."""

    def __init__(self, size: int, runs: Path) -> None:
        script = f"mount -t tmpfs -o size={size} none /dev/shm && echo ready && exec cat"
        try:
            self.holder = subprocess.Popen(["unshare", "-m", "sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                           stderr=subprocess.DEVNULL, text=True)
        except FileNotFoundError:
            pytest.skip("no namespaces of one's own can be made here")
        if self.holder.stdout.readline() != "ready\n":
            self.close()
            pytest.skip("no namespaces of one's own can be made here: nothing can be mounted")
        self.env = os.environ | {
            "TMPDIR": "/dev/shm",  # one as small as this is not chosen by itself
            "COBENCH_RUNS": str(runs),  # others that measure meanwhile are none of its business
        }
        self.folder = Path(f"/proc/{self.holder.pid}/root/dev/shm")
        self.filler = self.folder / "filler"

    def close(self) -> None:
        self.holder.stdin.close()
        self.holder.stdout.close()
        self.holder.wait(60)

    def command(self, *args: object) -> list[str]:
        inside = ["nsenter", f"--mount=/proc/{self.holder.pid}/ns/mnt", "--"]
        return [*inside, str(BUILD / "cobench"), "run", "--no-plots", "--quiet", *map(str, args)]

    def start(self, *args: object) -> subprocess.Popen:
        return subprocess.Popen(self.command(*args), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                env=self.env)

    def run(self, *args: object) -> subprocess.CompletedProcess:
        process = self.start(*args)
        _, said = process.communicate(timeout=LIMIT_S)
        return subprocess.CompletedProcess(args, process.returncode, stderr=said)

    def free(self) -> int:
        about = os.statvfs(self.folder)
        return about.f_bavail * about.f_frsize

    def fill(self, leave: int) -> None:
        """Takes what is free but for so much."""
        with self.filler.open("ab", buffering=0) as file:
            while (more := self.free() - leave) > 0:
                try:
                    file.write(bytes(min(more, MB)))
                except OSError as error:  # taken by the run meanwhile
                    assert error.errno == errno.ENOSPC
                    return


@pytest.fixture
def small(tmp_path_factory):
    place = Small(SIZE, tmp_path_factory.mktemp("runs"))
    yield place
    place.close()


def samples_of(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "samples.jsonl").read_text().splitlines()]


def folder_in(results: Path) -> Path:
    (folder,) = (path for path in results.iterdir() if not path.is_symlink())
    return folder


def journal_in(results: Path) -> str:
    """What is written so far; nothing while the folder has its temporary name."""
    try:
        return (folder_in(results) / "samples.jsonl").read_text()
    except (FileNotFoundError, ValueError):
        return ""


def keep_full(small: Small, leave: int, process: subprocess.Popen) -> None:
    """Takes what is given back, too, until the run has ended."""
    with Lag() as lag:
        while process.poll() is None:
            assert lag.within(LIMIT_S), "the run goes on with a full /dev/shm"
            small.fill(leave)
            time.sleep(0.001)


@pytest.mark.parametrize("leave", [0, 1400 << 10], ids=["nothing fits", "slots do not fit"])
def test_a_full_shm_stops_the_run(small, tmp_path, leave):
    results = tmp_path / "results"
    process = small.start("--results", results, "--runtime", "c,py", "--task", "count", "--set", "size=1", "--jobs", JOBS,
                          "--model", "sync,thread-pool", "--workers", 2, "--rounds", 400, "--seed", 5)
    try:
        with Lag() as lag:
            while '"round":2' not in journal_in(results):
                assert lag.within(LIMIT_S) and process.poll() is None, process.communicate(timeout=LIMIT_S)
                time.sleep(0.01)
        keep_full(small, leave, process)
        _, said = process.communicate(timeout=LIMIT_S)
    finally:
        process.send_signal(signal.SIGTERM)
    folder = folder_in(results)
    told = FULL.fullmatch(said)
    assert process.returncode == 1 and told, said
    assert int(told[1]) > int(told[2]) and told[4] == told[5] == str(folder)
    text = (folder / "samples.jsonl").read_text()
    before = samples_of(folder)
    assert text.endswith("\n") and all(sample["status"] == "ok" for sample in before)
    assert [path.name for path in small.folder.iterdir()] == ["filler"]

    small.filler.unlink()
    plan = json.loads((folder / "plan.json").read_text())
    plan["rounds"] = before[-1]["round"] + 1
    (folder / "plan.json").write_text(json.dumps(plan))
    done = small.run("--results", results, "--resume", folder)
    after = samples_of(folder)
    assert done.returncode == 0, done.stderr
    assert after[:len(before)] == before and all(sample["status"] == "ok" for sample in after)
    times = collections.Counter((sample["cell"], sample["round"]) for sample in after)
    assert set(times.values()) == {1} and len(times) == len(plan["cells"]) * (plan["rounds"] + 1)
    assert list(small.folder.iterdir()) == []


def test_tmp_is_tried_where_tmpdir_cannot_be_used(small, tmp_path):
    words = ("--results", tmp_path, "--runtime", "c", "--task", "null", "--model", "sync", "--rounds", 1)
    small.env["TMPDIR"] = "/nonexistent"
    done = small.run(*words)
    assert (done.returncode, done.stderr.count("temporary folder")) == (0, 0), done.stderr
    small.env["TMPDIR"] = "/dev/shm"
    small.fill(0)
    done = small.run(*words)
    assert done.returncode == 0, done.stderr


def test_slots_that_could_never_fit_are_impossible(small, tmp_path):
    """Nobody can make space for them: the cell ends, and the run goes on."""
    jobs = 2 * SIZE // 64
    done = small.run("--results", tmp_path, "--runtime", "c,py", "--task", "count", "--set", "size=1", "--jobs", jobs, "--model",
                     "sync", "--workers", 2, "--rounds", 1)
    assert done.returncode == 77 and "no model worked; " in done.stderr
    samples = samples_of(folder_in(tmp_path))
    assert {sample["status"] for sample in samples} == {"impossible"} and len(samples) >= 4
    assert all("no space for the slots file" in sample["reason"] for sample in samples)


def test_copies_that_could_never_fit_are_impossible(small, tmp_path):
    """The slots of one fit, those of both copies of the capacity row do not."""
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("one CPU: no capacity row")
    jobs = 10 * MB // 64
    done = small.run("--results", tmp_path, "--runtime", "c", "--task", "count", "--set", "size=1", "--jobs", jobs, "--model",
                     "sync", "--workers", 2, "--rounds", 1)
    folder = folder_in(tmp_path)
    roles = {cell["id"]: cell["role"] for cell in json.loads((folder / "plan.json").read_text())["cells"]}
    assert "capacity" in roles.values(), done.stderr
    for sample in samples_of(folder):
        impossible = roles[sample["cell"]] == "capacity"
        assert sample["status"] == ("impossible" if impossible else "ok"), sample
        assert not impossible or "no space for the slots file" in sample["reason"]
