# SPDX-License-Identifier: MIT
"""
Workers on other hosts (--hosts, --launcher), as c_impl/host/remote.c has it in C: starts an agent (c_impl/host/agent.h) on each host
that has any, tells how far its clock is from this one's and which workers have ended, and ends them. Agents are descendants
of this process, killed when the thread that started them ends; on another machine they end with their standard input, which
goes with it. One thread at a time.
"""

from __future__ import annotations

import ctypes
import os
import select
import shlex
import signal
import socket
import subprocess
import sys
import time

from py_impl.errors import Failed, Usage
from py_impl.params import build_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SLOTS_MAX = 100_000
NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
ROUND_TRIPS = 8  # of which the shortest counts
SAME_CLOCK_NS = 20_000_000  # no two machines were started within this of each other: it is one clock
SHELLS = ("ssh", "rsh")  # these join their words with blanks and have a shell split them again
PR_SET_PDEATHSIG = 1
SIOCGIFADDR, SIOCGIFNETMASK = 0x8915, 0x891B  # of an interface
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # where a host is started; it is the same on all
CLOCK, START = b"?", b"s"  # what an agent is told
ENDED_UNKNOWN = -1  # the host's agent, or the way to it, is gone


def parse(text: str) -> list[tuple[str, int]]:
    """Reads "a:2,b:4": names and how many workers each takes; common/placement.h has the rules."""
    hosts = []
    for word in text.split(","):
        name, colon, slots = word.partition(":")
        slots = slots if colon else "1"
        if not name or name[0] == "-" or not NAME.issuperset(name) or not (slots.isascii() and slots.isdigit()) or int(slots) < 1:
            raise Usage(f"--hosts {text}: must be NAME:WORKERS[,NAME:WORKERS]...")
        hosts.append((name, int(slots)))
    if len({name for name, _ in hosts}) < len(hosts) or sum(slots for _, slots in hosts) > SLOTS_MAX:
        raise Usage(f"--hosts {text}: a host stands there twice, or they take more than {SLOTS_MAX} workers")
    return hosts


def place(hosts: list[tuple[str, int]], workers: int) -> list[tuple[str, int, int]]:
    """The name of each host that has any of the workers, the number of its first one and how many it has."""
    turns, rest = divmod(workers, sum(slots for _, slots in hosts))
    placed, first = [], 0
    for name, slots in hosts:
        more = min(rest, slots)
        count = turns * slots + more
        if count:
            placed.append((name, first, count))
        rest -= more
        first += count
    return placed


def is_here(name: str) -> bool:
    """Whether a name is this machine's, so that nothing has to be launched to reach it."""
    own = socket.gethostname()
    return name in ("localhost", own, own.partition(".")[0])


def address(hosts: list[tuple[str, int]]) -> str:
    """This machine's address as the hosts reach it; where all are this machine 127.0.0.1."""
    for name, _ in hosts:
        if not is_here(name):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                try:
                    sock.connect((name, 9))  # sends nothing: it chooses the way
                except OSError as error:
                    raise Failed(f"host {name}: this machine does not reach it: {error}") from error
                return sock.getsockname()[0]
    return "127.0.0.1"


def network(hosts: list[tuple[str, int]]) -> str:
    """The network of that address, as "10.7.0.0/24": of the interface that has it."""
    import fcntl
    import ipaddress
    import struct

    own, mask = address(hosts), "255.255.255.255"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for _, interface in socket.if_nameindex():
            asked = struct.pack("256s", interface.encode()[:15])
            try:
                there = [socket.inet_ntoa(fcntl.ioctl(sock, call, asked)[20:24]) for call in (SIOCGIFADDR, SIOCGIFNETMASK)]
            except OSError:
                continue  # it has no address
            if there[0] == own:
                mask = there[1]
    return str(ipaddress.ip_network(f"{own}/{mask}", strict=False))


def script(launcher: list[str], path: str) -> None:
    """Writes a program that runs a shell's line on a host by the launcher, PATH HOST LINE..., as Open MPI asks for it."""
    words = " ".join('"$host"'.join(shlex.quote(part) if part else "" for part in word.split("{host}")) for word in launcher)
    line = '"$*"' if os.path.basename(launcher[0]) in SHELLS else 'sh -c "$*"'
    with open(path, "w", opener=lambda name, flags: os.open(name, flags, 0o700)) as file:
        file.write(f"#!/bin/sh\nhost=$1; shift\nexec {words} {line}\n")


def called(function: Callable[..., object], *words: str) -> list[str]:
    """The words of a process that calls a function of a module with texts; to be started in ROOT."""
    return [sys.executable, "-s", "-E", "-c", f"import sys; from {function.__module__} import {function.__name__} as call; call(*sys.argv[1:])",
            *words]  # fmt: skip


def launched(launcher: list[str], host: str, words: list[str]) -> list[str]:
    """The words that run a command on a host."""
    if is_here(host):
        return words
    shell = os.path.basename(launcher[0]) in SHELLS
    return [word.replace("{host}", host) for word in launcher] + (list(map(shlex.quote, words)) if shell else words)


def _die_with_parent(parent: int, prctl) -> None:
    if prctl(PR_SET_PDEATHSIG, signal.SIGKILL) != 0 or os.getppid() != parent:
        os._exit(126)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


class Agent:
    __slots__ = ("name", "workers", "process", "offset_ns", "text")
    GONE = "host {}: the launcher has ended; is there a cobench-host on it, at the same path?"

    def __init__(self, name: str, workers: range, process: subprocess.Popen) -> None:
        self.name = name
        self.workers = workers  # their numbers
        self.process = process
        self.offset_ns = 0  # its CLOCK_MONOTONIC minus this machine's; 0 where both are one
        self.text = b""

    def line(self, until: float) -> str | None:
        """The next line it says, waited for until then (time.monotonic); None: there is none. EOFError: it is gone."""
        while b"\n" not in self.text:
            if self.process.stdout.closed:
                raise EOFError
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, until - time.monotonic()))
            if not ready:
                return None
            more = os.read(self.process.stdout.fileno(), 4096)
            if not more:
                raise EOFError
            self.text += more
        line, _, self.text = self.text.partition(b"\n")
        return line.decode(errors="replace")

    def tell(self, what: bytes) -> None:
        try:
            os.write(self.process.stdin.fileno(), what)
        except BrokenPipeError:
            raise Failed(self.GONE.format(self.name)) from None

    def ask_clock(self, until: float) -> None:
        best = None
        for _ in range(ROUND_TRIPS):
            sent = time.monotonic_ns()
            self.tell(CLOCK)
            try:
                line = self.line(until)
            except EOFError:
                raise Failed(self.GONE.format(self.name)) from None
            took = time.monotonic_ns() - sent
            if line is None:
                raise Failed(f"host {self.name} does not answer")
            word, _, number = line.partition(" ")
            if word != "clock" or not number.isdecimal():
                raise Failed(f"host {self.name}: the agent says '{line[:40]}'")
            if best is None or took < best:
                best = took
                self.offset_ns = int(number) - (sent + took // 2)
        if abs(self.offset_ns) < SAME_CLOCK_NS:
            self.offset_ns = 0


class Remote:
    """The agents of a run. `words`: the command, with {worker}, {first} and {count} in it as the agent takes them, which runs
    in `directory`. Failed with the host's name where one has not told its clock within `within_s`; then nothing is left."""

    def __init__(self, hosts: list[tuple[str, int]], launcher: list[str], workers: int, directory: str, words: list[str],
                 within_s: float) -> None:
        prctl, parent = ctypes.CDLL(None).prctl, os.getpid()
        self.agents: list[Agent] = []
        until = time.monotonic() + within_s
        try:
            for name, first, count in place(hosts, workers):
                command = [os.path.join(build_folder(), "cobench-host"), "agent", str(first), str(count), directory, *words]
                try:
                    process = subprocess.Popen(launched(launcher, name, command), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                               bufsize=0, preexec_fn=lambda: _die_with_parent(parent, prctl))
                except OSError as error:
                    raise Failed(f"host {name}: the launcher cannot be started: {error}") from error
                self.agents.append(Agent(name, range(first, first + count), process))
            for agent in self.agents:
                agent.ask_clock(until)
            for agent in self.agents:
                agent.tell(START)
        except BaseException:
            self.end(0)
            raise

    def of(self, worker: int) -> Agent:
        return next(agent for agent in self.agents if worker in agent.workers)

    def offset_ns(self, worker: int) -> int:
        """What is to be taken from a stamp of a worker's to have it on this machine's clock."""
        return self.of(worker).offset_ns

    def ended(self) -> Iterator[tuple[int, int, str]]:
        """Workers that have ended since, without waiting: the number (where one command stands for all of its host the first's), the
        status (128 + N: by signal N; ENDED_UNKNOWN), the host's name."""
        for agent in self.agents:
            try:
                while not agent.process.stdout.closed and (line := agent.line(0)) is not None:
                    word, *numbers = line.split(" ")
                    if word == "ended" and len(numbers) == 2:
                        yield int(numbers[0]), int(numbers[1]), agent.name
            except EOFError:
                agent.process.stdout.close()
                yield agent.workers[0], ENDED_UNKNOWN, agent.name

    def end(self, within_s: float) -> None:
        """Ends all: closes the agents' inputs, waits for them at most so long, kills what is left."""
        until = time.monotonic() + within_s
        for agent in self.agents:
            agent.process.stdin.close()
        for agent in self.agents:
            try:
                agent.process.wait(max(0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                agent.process.kill()
                agent.process.wait()
            agent.process.stdout.close()
        self.agents = []
