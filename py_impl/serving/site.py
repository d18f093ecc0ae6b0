# SPDX-License-Identifier: MIT
"""
Where a server stands: the socket that it listens on, the processes that serve, and what the host says of both. A server ends when
its stdin does, or by SIGTERM or SIGINT.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import struct
import threading
from _thread import start_new_thread
from contextlib import suppress

from py_impl.errors import Failed, Usage
from py_impl.failure import failure_words
from py_impl.library import used
from py_impl.watchdog import ENDING, signal_name, worker_signals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from py_impl.serving.endpoint import Endpoint

BACKLOG = 4096  # as much as Linux takes by itself

_PID = struct.Struct("i")


def listening(address: str | None) -> socket.socket:
    """On a free port of 127.0.0.1, or at unix:PATH."""
    if address is None:
        sock = socket.socket(socket.AF_INET)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # what is accepted inherits it
        place: tuple[str, int] | str = ("127.0.0.1", 0)
    elif address.startswith("unix:"):
        sock, place = socket.socket(socket.AF_UNIX), address[5:]
    else:
        raise Usage(f"--listen '{address}': must be unix:PATH")
    try:
        sock.bind(place)
        sock.listen(BACKLOG)
    except OSError as error:
        raise Usage(f"--listen: cannot listen at '{address}': {error.strerror or error}") from error
    return sock


class Site:
    def __init__(self, endpoint: Endpoint, workers: int, address: str | None, say: Callable[[str], None]) -> None:
        self.endpoint = endpoint
        self.say = say  # writes a line on stdout
        self.workers = workers
        self.pid = os.getpid()
        self.socket = listening(address)
        self.port = self.socket.getsockname()[1] if address is None else None
        self._ready = os.pipe()  # each worker that is up writes its pid
        self._alive = os.pipe()  # at its end the workers know that the first process is gone
        self._is_up = False

    def up(self) -> None:
        """Called by each worker, in its process, when it can be connected to. From here on it ends with the first process."""
        os.close(self._alive[1])
        start_new_thread(self._end_with_parent, ())
        os.write(self._ready[1], _PID.pack(os.getpid()))

    def _end_with_parent(self) -> None:
        os.read(self._alive[0], 1)
        os._exit(1)

    def close(self) -> None:
        """In the first process, last of all."""
        if self.port is None:
            with suppress(OSError):
                os.unlink(self.socket.getsockname())
        self.socket.close()

    # -- in the first process --------------------------------------------------------------------------------------------

    def attend(self) -> None:
        """Says that the server is up, and ends it when stdin does, from a thread of its own."""
        threading.Thread(target=self._attend, daemon=True).start()

    def _attend(self) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)  # they are for the main thread
        try:
            self._watch()
        except (OSError, Failed):  # there is no stdin, or nobody reads stdout
            pass
        signal.pthread_kill(threading.main_thread().ident, signal.SIGTERM)

    def _watch(self) -> None:
        """Until the end of stdin."""
        pids: list[int] = []
        poll = select.poll()
        poll.register(0, select.POLLIN)
        poll.register(self._ready[0], select.POLLIN)
        while True:
            for fd, _ in poll.poll():
                if fd == 0:
                    if not os.read(0, 4096):
                        return
                    continue
                pids += _PID.unpack(os.read(fd, _PID.size))
                if len(pids) == self.workers:
                    self._is_up = True
                    self.say(json.dumps({"port": self.port, "pids": [self.pid, *sorted(pids)], "libraries": used}))

    def forked(self, worker: Callable[[], None]) -> None:
        """Has processes call `worker`, which does not return, until the server is to end. One that dies is replaced."""
        watched = {*ENDING, signal.SIGCHLD}
        signal.pthread_sigmask(signal.SIG_BLOCK, watched)
        gc.freeze()  # what there is by now is not looked through in each worker
        pids = {self._fork(number, worker): number for number in range(self.workers)}
        self.attend()
        try:
            while signal.sigwait(watched) == signal.SIGCHLD:
                for pid in list(pids):
                    ended, status = os.waitpid(pid, os.WNOHANG)
                    if ended:
                        number = pids.pop(pid)
                        self.lost(number, status)
                        pids[self._fork(number, worker)] = number
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
            for pid in pids:
                os.waitpid(pid, 0)

    def _fork(self, number: int, worker: Callable[[], None]) -> int:
        pid = os.fork()
        if pid != 0:
            return pid
        status = 1
        try:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGCHLD,))
            worker_signals()
            self.endpoint.tally.number = number
            worker()
        except SystemExit as end:
            status = end.code
        except BaseException as error:
            self.endpoint.run.worker_failed(number, error)
        finally:
            os._exit(status)

    def lost(self, number: int, status: int) -> None:
        """Notes that a worker died; Failed where it did not open, or the server was not up yet."""
        code = os.waitstatus_to_exitcode(status)
        how = f"ended by {signal_name(-code)}" if code < 0 else f"ended with status {code}"
        self.check(None if self._is_up else how)
        self.endpoint.tally.died(number, f"worker {number} {how}")

    def check(self, how: str | None) -> None:
        """Failed where a worker did not open, with its reason, or else `how` it ended."""
        failures, _ = self.endpoint.run.shared.read()
        if failures:
            how = failure_words(*(failures[0][key] for key in ("type", "message", "line")))
        if how is not None:
            raise Failed(f"a worker does not open: {how}")
