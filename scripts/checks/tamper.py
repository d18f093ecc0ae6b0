# SPDX-License-Identifier: MIT
"""Stands in the place of a host: `tamper.py FOLDER HOST ARGUMENTS...` runs the host and then does to the slots of one run
what FOLDER/plant.json says, as a host with that fault would have left them. The record goes on saying that all is well.

{"runtime", "model": whose runs, "run": which of them (from 1, in the order they are made), "fault":
 "skipped" {"job"}            the job was never done
 "twice" {"job"}              it was done two times
 "wrong" {"job", "bit"}       one bit of its result is another one
 "swapped" {"job", "other"}   two jobs have each other's results
 "boast"}                     every run of the model is one of `sync`, with stamps and workers as if two had run side by side
"""

from __future__ import annotations

import fcntl
import json
import os
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

HEADER_BYTES = 4096
SLOT = struct.Struct("=QqqiIIIqqQ")  # common/slots.h
RESULT, START, END, WORKER, STATE, RUNS = range(6)


def option(args: list[str], name: str) -> str | None:
    return args[args.index(name) + 1] if name in args else None


def count(folder: Path) -> int:
    """How many runs of the model there were, this one included."""
    with open(folder / "runs", "a+", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        runs = len(file.read()) + 1
        file.write("x")
    return runs


class Slots:
    def __init__(self, path: str) -> None:
        self.path = path
        self.bytes = bytearray(Path(path).read_bytes())
        self.jobs = (len(self.bytes) - HEADER_BYTES) // SLOT.size

    def read(self, job: int) -> list[Any]:
        return list(SLOT.unpack_from(self.bytes, HEADER_BYTES + job * SLOT.size))

    def write(self, job: int, slot: list[Any]) -> None:
        SLOT.pack_into(self.bytes, HEADER_BYTES + job * SLOT.size, *slot)

    def save(self) -> None:
        Path(self.path).write_bytes(self.bytes)


def boast(slots: Slots) -> None:
    """Each job seems to have begun with the one before it, on the other worker."""
    starts = [slots.read(job)[START] for job in range(slots.jobs)]
    for job in range(slots.jobs):
        slot = slots.read(job)
        slot[START], slot[WORKER] = starts[max(0, job - 1)], job % 2
        slots.write(job, slot)


def plant(slots: Slots, what: dict[str, Any]) -> None:
    if what["fault"] == "boast":
        boast(slots)
        return
    job = what["job"]
    slot = slots.read(job)
    if what["fault"] == "skipped":
        slot = [0] * len(slot)
    elif what["fault"] == "twice":
        slot[RUNS] = 2
    elif what["fault"] == "wrong":
        slot[RESULT] ^= 1 << what["bit"]
    elif what["fault"] == "swapped":
        other = slots.read(what["other"])
        slot[RESULT], other[RESULT] = other[RESULT], slot[RESULT]
        slots.write(what["other"], other)
    else:
        raise ValueError(f"no such fault: {what['fault']}")
    slots.write(job, slot)


def rename(path: str, model: str) -> None:
    record = json.loads(Path(path).read_text(encoding="ascii"))
    record["model"] = model
    Path(path).write_text(json.dumps(record) + "\n", encoding="ascii")


def main(argv: list[str]) -> int:
    folder, host, args = Path(argv[0]), argv[1], argv[2:]
    what = json.loads((folder / "plant.json").read_text())
    extension = "py_impl.ext" in args
    mine = "--model" in args and option(args, "--model") == what["model"] and (
        what["runtime"] not in ("ext", "py") or extension == (what["runtime"] == "ext"))
    if not mine:
        os.execv(host, [host, *args])
    if what["fault"] == "boast":
        args[args.index("--model") + 1] = "sync"
    status = subprocess.run([host, *args], check=False, close_fds=False).returncode  # --gate and --end-pause name descriptors
    if status == 0 and (what["fault"] == "boast" or count(folder) == what["run"]):
        slots = Slots(option(args, "--slots") or "")
        plant(slots, what)
        slots.save()
    if what["fault"] == "boast" and status == 0:
        rename(option(args, "--record") or "", what["model"])
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
