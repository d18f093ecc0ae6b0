# SPDX-License-Identifier: MIT
"""
The keeper ends a run from outside its jobs: by a signal, or when its time has run out. Neither may leave a worker
behind, so every worker process is started through `start`, which keeps both away until the process is on
multiprocessing's list of children.

`_signal` and `_thread` are what `signal` and `threading` stand on; those import enum and functools on top, which
would make up a sixth of the start of the cheapest run.
"""

from __future__ import annotations

import _signal
import os
import sys
import time
from _thread import allocate_lock, start_new_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

ENDING = (_signal.SIGINT, _signal.SIGTERM)


class Keeper:
    def __init__(self) -> None:
        self._pid = os.getpid()
        self._starting = allocate_lock()  # held while a process is being started
        self._ending = allocate_lock()  # held, for good, by the one thread that ends the run

    def watch_signals(self, *, processes: bool) -> None:
        """
        Where nothing but threads is to be ended, the kernel does it best, whatever the threads are doing. With worker
        processes the main thread only ever waits, and a handler ends them first.
        """
        for number in ENDING:
            _signal.signal(number, self._on_signal if processes else _signal.SIG_DFL)

    def watch_time(self, seconds: float, expired: Callable[[], None]) -> None:
        """
        Calls `expired`, which must not return, in a thread of its own when the run is not over by then. That thread takes
        no signals: the kernel would hand it those that `start` keeps from the main thread, whose handler would then run
        between a fork and the child's entry in the list of children.
        """
        old = _signal.pthread_sigmask(_signal.SIG_BLOCK, ENDING)
        try:
            start_new_thread(self._watch, (seconds, expired))
        finally:
            _signal.pthread_sigmask(_signal.SIG_SETMASK, old)

    def start(self, start: Callable[[], object]) -> object:
        """Calls what starts worker processes."""
        old = _signal.pthread_sigmask(_signal.SIG_BLOCK, ENDING)
        try:
            with self._starting:
                return start()
        finally:
            _signal.pthread_sigmask(_signal.SIG_SETMASK, old)

    def end(self) -> None:
        """Claims the end of the run; does not return where another thread has claimed it."""
        self._ending.acquire()

    def kill_workers(self) -> None:
        multiprocessing = sys.modules.get("multiprocessing")
        if multiprocessing is not None:
            for process in multiprocessing.active_children():
                process.kill()

    def _on_signal(self, number: int, frame: object) -> None:
        if os.getpid() == self._pid:  # else: a child that has not come as far as worker_signals
            self.kill_workers()
        _signal.signal(number, _signal.SIG_DFL)
        os.kill(os.getpid(), number)

    def _watch(self, seconds: float, expired: Callable[[], None]) -> None:
        time.sleep(max(0.0, seconds))
        self.end()
        self._starting.acquire()  # and no process is started from here on
        self.kill_workers()
        expired()


def worker_signals() -> None:
    """In a worker process: what ends a process ends this one, at once."""
    for number in ENDING:
        _signal.signal(number, _signal.SIG_DFL)
    _signal.pthread_sigmask(_signal.SIG_UNBLOCK, ENDING)


def signal_name(number: int) -> str:
    import signal

    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"
