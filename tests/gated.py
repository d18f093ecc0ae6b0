# SPDX-License-Identifier: MIT
"""Hosts that wait at their gate: what is the same for every host, in C or in Python."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from typing import Iterable, Protocol

from lag import Lag
from py_host import ROOT, SECONDS, Outcome, alive, outcome
from py_impl import slots


class Command(Protocol):
    def command(self, folder: Path, *words: object) -> list[str]: ...


def start_and_hold(host: Command, folder: Path, *words: object) -> tuple[subprocess.Popen[str], int]:
    """A host's process that waits at its gate, and where a byte opens it."""
    to_host, from_host = os.pipe(), os.pipe()
    process = subprocess.Popen(
        host.command(folder, *words, "--gate", f"{to_host[0]},{from_host[1]}"), cwd=ROOT, stderr=subprocess.PIPE, text=True,
        pass_fds=(to_host[0], from_host[1]),
    )  # fmt: skip
    os.close(to_host[0])
    os.close(from_host[1])
    assert os.read(from_host[0], 1)
    os.close(from_host[0])
    return process, to_host[1]


def finish(process: subprocess.Popen[str], folder: Path) -> Outcome:
    _, stderr = process.communicate(timeout=SECONDS)
    return outcome(folder, process.returncode, stderr)


def check_the_gate(host: Command, folder: Path, model: str) -> None:
    """Nothing is done before it opens."""
    process, gate = start_and_hold(host, folder, "--task", "null", "--model", model, "--workers", 2)
    opened = time.monotonic_ns()
    assert {row["state"] for row in outcome(folder, 0, "").rows} == {slots.EMPTY}
    os.write(gate, b"g")
    os.close(gate)
    done = finish(process, folder)
    assert done.status == 0
    assert min(row["start_ns"] for row in done.rows) >= done.record["phases"]["ready"] >= opened


def check_a_closed_gate(host: Command, folder: Path, model: str) -> None:
    process, gate = start_and_hold(host, folder, "--task", "null", "--model", model, "--workers", 2)
    os.close(gate)
    done = finish(process, folder)
    assert done.status == 1 and done.record["reason"] == "the gate was closed before it opened"


def children_of(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def start_and_hang(host: Command, folder: Path, model: str, faulty: str | Path) -> tuple[subprocess.Popen[str], int]:
    """A host whose only job is running and hangs."""
    process, gate = start_and_hold(host, folder, "--task", faulty, "--model", model, "--workers", 2, "--jobs", 1, "--set",
                                   "mode=hang")  # fmt: skip
    os.write(gate, b"g")
    deadline = time.monotonic() + 30
    while outcome(folder, 0, "").rows[0]["state"] != slots.RUNNING and time.monotonic() < deadline:
        time.sleep(0.01)  # polling a file: there is nothing to wait on
    return process, gate


def check_the_end(process: subprocess.Popen[str], gate: int, running: Iterable[int], number: int) -> None:
    """The signal ends the host and, within a second, all that run for it."""
    running = tuple(running)
    with Lag() as lag:
        process.send_signal(number)
        _, stderr = process.communicate(timeout=20)
        while any(map(alive, running)) and lag.within(1):
            time.sleep(0.01)
        assert not any(map(alive, running)) and lag.within(1)
    os.close(gate)
    assert process.returncode == -number and stderr == ""
