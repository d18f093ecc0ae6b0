# SPDX-License-Identifier: MIT
"""
The supervisor: a process between the host and an engine's processes, its parts. It starts them, says which of them is gone, and ends
them when the host says so or is no more, however that came: the host's end of a socket pair is all that keeps it. Then it sweeps
away what would be left elsewhere (keys, folders). It has one thread and no interest in the jobs.
"""

from __future__ import annotations

import os
import select
import socket
import sys
from _thread import get_ident
from signal import SIGKILL, SIGTERM

from py_impl.errors import Failed
from py_impl.models.crash import how

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from py_impl.run import Run

PR_SET_PDEATHSIG = 1
WORD_BYTES = 4096
END = b"end"


class Part:
    __slots__ = ("name", "main", "died", "pid")

    def __init__(self, name: str, main: Callable[[], None], died: Callable[[], None] | None) -> None:
        self.name = name
        self.main = main  # all it does
        self.died = died  # called when it has died by itself; it is then started again. None: nothing goes on without it
        self.pid = 0


class Supervisor:
    """In the host."""

    def __init__(self, run: Run, begin: Callable[[Parts], None], sweep: Callable[[], None]) -> None:
        """
        `begin` starts the parts, and `sweep` is called when all of them have ended; both in the supervisor's process. Before the host
        has any thread that may hold a lock.
        """
        self._thread = get_ident()
        self._socket, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._pid = run.watchdog.start(lambda: self._fork(run, other, begin, sweep))
        other.close()
        run.watchdog.clean_up = self.kill

    def _fork(self, run: Run, other: socket.socket, begin, sweep) -> int:
        pid = os.fork()
        if pid == 0:
            self._socket.close()
            run.close_gate()
            Parts(other).keep(begin, sweep)
        return pid

    def hear(self, seconds: float) -> str | None:
        """What the supervisor says, None where it says nothing in that time; Failed where that is that a part is gone."""
        if not select.select([self._socket], [], [], seconds)[0]:
            return None
        word = self._socket.recv(WORD_BYTES).decode(errors="replace")
        kind, _, text = word.partition(" ")
        if kind != "say":
            raise Failed(text or "the process that keeps the engine's is gone")
        return text

    def end(self, gently: bool) -> None:
        """All jobs have ended. `gently`: each part ends by itself when it is told to."""
        if gently:
            self._socket.send(END)
            os.waitpid(self._pid, 0)
        else:
            self.kill()

    def kill(self) -> None:
        """
        Gives the run up. Where another thread does, it is the host's end that tells the supervisor: as long as this one may still send
        jobs, there is nothing to sweep away for good.
        """
        if get_ident() == self._thread:
            self._socket.close()
            os.waitpid(self._pid, 0)


class Parts:
    """In the supervisor's process, where SIGINT and SIGTERM are blocked as in the host."""

    def __init__(self, host: socket.socket) -> None:
        self._host = host
        self._by_end: dict[int, Part] = {}  # their pidfds
        self._poll = select.poll()
        self._poll.register(host, select.POLLIN)

    def say(self, text: str) -> None:
        """To the host."""
        self._send("say " + text)

    def start(self, name: str, main: Callable[[], None], died: Callable[[], None] | None = None) -> None:
        self._start(Part(name, main, died))

    def keep(self, begin: Callable[[Parts], None], sweep: Callable[[], None]) -> None:
        """Does not return."""
        try:
            begin(self)
            self._watch()
        except BaseException as error:  # whatever it is, the host has to hear of it, and all has to end
            self._send(f"fail the engine does not start: {type(error).__name__}: {error}")
        finally:
            for part in self._by_end.values():
                os.killpg(part.pid, SIGKILL)
                os.waitpid(part.pid, 0)
            try:
                sweep()
            finally:
                os._exit(0)

    def _send(self, word: str) -> None:
        try:
            self._host.send(word.encode(errors="replace")[:WORD_BYTES])
        except OSError:
            pass  # of a host that is gone

    def _start(self, part: Part) -> None:
        supervisor = os.getpid()
        part.pid = os.fork()
        if part.pid == 0:
            try:
                os.setpgid(0, 0)
                die_with(supervisor)
                self._host.close()
                for end in self._by_end:
                    os.close(end)
                part.main()
                os._exit(0)
            except BaseException:
                sys.excepthook(*sys.exc_info())
            finally:
                os._exit(1)
        try:
            os.setpgid(part.pid, part.pid)  # here too: whoever comes first
        except OSError:
            pass
        end = os.pidfd_open(part.pid)
        self._by_end[end] = part
        self._poll.register(end, select.POLLIN)

    def _watch(self) -> None:
        """Returns when the host is gone, or has told the parts to end and all have."""
        ending = False
        while self._by_end or not ending:
            for fd, _ in self._poll.poll():
                if fd != self._host.fileno():
                    self._gone(fd, ending)
                elif self._host.recv(WORD_BYTES) != END:
                    return
                else:
                    ending = True
                    for part in self._by_end.values():
                        os.kill(part.pid, SIGTERM)

    def _gone(self, end: int, ending: bool) -> None:
        part = self._by_end.pop(end)
        self._poll.unregister(end)
        os.close(end)
        status = os.waitstatus_to_exitcode(os.waitpid(part.pid, 0)[1])
        try:
            os.killpg(part.pid, SIGKILL)  # what it has left
        except OSError:
            pass
        if ending:
            return
        if part.died is None:
            self._send(f"fail {part.name} {how(status)}")
            return
        part.died()
        self._start(part)


def die_with(parent: int) -> None:
    """This process is killed when its parent is no more."""
    import ctypes

    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
