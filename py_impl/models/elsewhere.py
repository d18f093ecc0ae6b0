# SPDX-License-Identifier: MIT
"""
The workers of a pool that are on other hosts (--hosts): each is `worker` of this host's own program (queue_worker.py), started there by
an agent (remote.py), and serves the dispenser's queue. They answer with slots. What one that is gone had is for the others to do.
"""

from __future__ import annotations

import sys
import time

from py_impl import options
from py_impl.dispensers.message import unpack_done
from py_impl.dispensers.redis_ import End, connect, patiently
from py_impl.dispensers.work import POLL_S
from py_impl.errors import Failed
from py_impl.models.crash import how
from py_impl.remote import ENDED_UNKNOWN, ROOT, Remote
from py_impl.run import Run

ANSWER_S = 20.0  # for a host's agent to say that it is there
GRACE_S = 1.0  # before a worker is told once more that there are no more jobs
END_S = 15.0  # for it to end: longer than it looks for a broker


def words(run: Run, end: End) -> list[str]:
    """The command of a worker: what this process was given, as far as a worker takes it."""
    at = sys.orig_argv.index("run")
    given = options.parse("run", sys.orig_argv[at + 1 :])
    taken = {option.name for option in options.OPTIONS if option.command == "worker"} - {"--jobs", "--service"}
    pairs = [(name, text) for name, texts in given.items() if name in taken for text in ([texts] if isinstance(texts, str) else texts)]
    pairs += [("--jobs", str(run.jobs)), ("--service", f"redis={end.url}"), ("--queue", end.prefix), ("--worker", "{worker}")]
    return [*sys.orig_argv[:at], "worker", *(word for pair in pairs for word in pair)]


class Elsewhere:
    context = None  # of multiprocessing

    def __init__(self, run: Run) -> None:
        self.run = run
        self.members = set(range(run.workers))
        self.stalled: set[int] = set()  # workers that may never come
        self.gone: dict[int, int] = {}  # of members that nobody has buried yet, their exit code
        self.remote: Remote | None = None

    def start(self, number: int, end: End) -> None:
        self.end = end

    def arrive(self, again=None) -> None:
        """Waits until all are up, and with `again`, which tells one that there are no more jobs, until all have ended."""
        if again is None:
            self.gather()
            return
        began = told = time.monotonic()
        while self.members:
            for number in self.lost():
                self.bury(number)
            now = time.monotonic()
            if now - told > GRACE_S:
                told = now
                again(sorted(self.members))
            if self.members and now - began > END_S:
                number = min(self.members)
                raise Failed(f"worker {number} on host {self.remote.of(number).name} does not end")
            time.sleep(0.002)

    def gather(self) -> None:
        run = self.run
        self.remote = Remote(run.hosts, run.launcher, run.workers, ROOT, words(run, self.end), ANSWER_S)
        redis = connect(self.end.url)
        up: set[int] = set()
        while len(up) < run.workers:
            found = patiently(lambda: redis.blpop(self.end.prefix + "done", POLL_S))
            if found is not None:
                number, _, why = unpack_done(found[1])
                if why:
                    raise Failed(f"worker {number} on host {self.remote.of(number).name} does not open: {why}")
                up.add(number)
            elif lost := self.lost():
                raise Failed(f"worker {lost[0]} on host {self.remote.of(lost[0]).name} {how(self.gone[lost[0]])} before it was up")
        redis.close()

    def go(self) -> None:
        """They ask for jobs as soon as they are up, and there are none before the gate is open."""

    def check(self, wait: bool = False) -> None:
        """None of them is waited for."""

    def lost(self, wait: bool = False) -> list[int]:
        """The workers that are gone and have not been buried."""
        for number, status, _ in self.remote.ended():
            numbers = self.remote.of(number).workers if status == ENDED_UNKNOWN else [number]
            self.gone.update(dict.fromkeys(self.members.intersection(numbers), 128 - status if status > 128 else status))
        return sorted(self.gone)

    def bury(self, number: int) -> int | None:
        """Takes one that is gone away: its exit code, None where it is not known."""
        self.members.discard(number)
        code = self.gone.pop(number)
        return None if code == ENDED_UNKNOWN else code

    def start_again(self, number: int, end: End) -> None:
        """The others do what it had."""
        if not self.members:
            raise Failed("no worker is left on any host")

    def join(self) -> None:
        self.remote.end(END_S)
