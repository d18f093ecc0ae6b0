# SPDX-License-Identifier: MIT
"""
Commands: each is a process with a session and a group of its own, nothing on stdin, and pipes for what it prints. It is over
when its process has ended; what it left in its group is killed then, so that a command in the background keeps nobody
waiting. Nothing that is printed is kept but its length, its CRC-32 and the first line on stderr.
c_impl/transport/command.c takes the same steps. Where there are no slots, commands stay in this process's group.
"""

from __future__ import annotations

import os
import select
import signal
import time
from contextlib import suppress
from subprocess import DEVNULL, PIPE, Popen
from zlib import crc32

from py_impl.contract import Reply, Request, RequestFailed
from py_impl.slots import COMMAND_OVER
from py_impl.watchdog import signal_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from py_impl.slots import Slots
    from py_impl.transport import Options

CHUNK_BYTES = 1 << 16
LINE_BYTES = 255
STDOUT, STDERR = 1, 2


class Printed:
    """What a command printed so far."""

    __slots__ = ("length", "crc", "errors")

    def __init__(self) -> None:
        self.length, self.crc, self.errors = 0, 0, b""

    def add(self, name: int, data: bytes) -> None:
        if name == STDOUT:
            self.length += len(data)
            self.crc = crc32(data, self.crc)
        elif len(self.errors) <= LINE_BYTES:
            self.errors = (self.errors + data[:CHUNK_BYTES]).lstrip()

    def drain(self, name: int, fd: int) -> None:
        """What is left in the pipe of one that has ended."""
        os.set_blocking(fd, False)
        with suppress(BlockingIOError):
            while data := os.read(fd, CHUNK_BYTES):
                self.add(name, data)

    def reply(self, returncode: int) -> Reply:
        if returncode == 0:
            return Reply(0, b"", (self.length & 0xFFFFFFFF) << 32 | self.crc)
        line = self.errors.partition(b"\n")[0][:LINE_BYTES].decode("utf-8", "replace")
        kind, what = ("Signal", signal_name(-returncode)) if returncode < 0 else ("ExitStatus", str(returncode))
        raise RequestFailed(kind, f"{what}: {line}" if line else what)


class Client:
    def __init__(self, options: Options) -> None:
        self._slots = options.slots

    def close(self) -> None:
        """Nothing of a command is left for the next one."""

    def get(self, request: Request, job: int) -> Reply:
        self.stay_if_ending(job)
        try:
            process = Popen(request.words, bufsize=0, **self.how(request))
        except OSError as error:
            raise self.not_started(request, job, error) from error
        self.note(job, process.pid)
        printed, end = Printed(), os.pidfd_open(process.pid)
        with process.stdout as out, process.stderr as errors:
            pipes = {out.fileno(): STDOUT, errors.fileno(): STDERR}
            _read_to_end(printed, pipes, end)
            os.close(end)
            self.end_group(process.pid)
            for fd, name in pipes.items():
                printed.drain(name, fd)
        self.note(job, COMMAND_OVER)  # before its number can be another's
        self.stay_if_ending(job)
        return printed.reply(process.wait())

    def how(self, request: Request) -> dict[str, object]:
        return {"stdin": DEVNULL, "stdout": PIPE, "stderr": PIPE, "cwd": request.directory,
                "start_new_session": self._slots is not None}  # fmt: skip

    def stay_if_ending(self, job: int) -> None:
        """Where the run is given up, no command is started, and a job whose command was killed for that is said to run still."""
        while self._slots is not None and self._slots.ending():
            self.note(job, COMMAND_OVER)
            time.sleep(60)

    def note(self, job: int, process: int) -> None:
        if self._slots is not None:
            self._slots.note_command(job, process)

    def end_group(self, pid: int) -> None:
        if self._slots is not None:
            with suppress(OSError):
                os.killpg(pid, signal.SIGKILL)

    def not_started(self, request: Request, job: int, error: OSError) -> RequestFailed:
        self.note(job, COMMAND_OVER)
        return RequestFailed("NotStarted", f"'{os.fsdecode(request.words[0])}' cannot be started: {error.strerror}")


def _read_to_end(printed: Printed, pipes: dict[int, int], end: int) -> None:
    """Until the process has ended, though its pipes may still be open elsewhere. Takes those from `pipes` that are not."""
    poll = select.poll()
    for fd in (*pipes, end):
        poll.register(fd, select.POLLIN)
    while True:
        ready = [fd for fd, _ in poll.poll()]
        for fd in ready:
            data = os.read(fd, CHUNK_BYTES) if fd != end else None
            if data:
                printed.add(pipes[fd], data)
            elif data is not None:
                poll.unregister(fd)
                del pipes[fd]
        if end in ready:
            return


def end_all(slots: Slots) -> None:
    """Kills each command with its group, and lets nobody start another one. In the host, from any thread."""
    slots.end()
    for _ in range(1000):
        known = {job: slots.kill_command(job) for job in range(slots.jobs)}
        if all(known[job] for job, _ in slots.running()):  # none is at its start, with its process not known yet
            return
        time.sleep(0.001)
