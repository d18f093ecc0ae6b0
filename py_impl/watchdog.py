# SPDX-License-Identifier: MIT
"""
The watchdog ends a run from outside its jobs: by a signal, or when its time has run out. Neither may leave a worker
behind, so every worker process is started through `start`, which keeps both away until the process is on
multiprocessing's list of children.

With worker processes the signals are blocked in every thread, and the watchdog's own thread waits for them. A handler would
not do: Python only notes a signal and runs the handler later, in the main thread, and one that comes just before that thread
begins to wait for its workers is noted and then waited over, for as long as the workers take.

`_signal` and `_thread` are what `signal` and `threading` stand on; those import enum and functools on top, which
would make up a sixth of the start of the cheapest run.
"""

from __future__ import annotations

import _signal
import os
import sys
import time
from _thread import allocate_lock, get_ident, get_native_id, start_new_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

ENDING = (_signal.SIGINT, _signal.SIGTERM)
LOOK_S = 0.1  # from one look at the run to the next


class Watchdog:
    def __init__(self) -> None:
        self._starting = allocate_lock()  # held while a process is started or its end noted, and for good by what ends the run
        self._ending = allocate_lock()  # held, for good, by the one thread that ends the run
        self.end_commands: Callable[[], None] | None = None  # kills those that run; None: the jobs are no commands
        self.clean_up: Callable[[], None] | None = None  # removes what is left outside of the processes, once the workers are gone
        self.watching: set[int] = set()  # threads that only look on, by their numbers in the kernel
        self._looking = 0  # the thread that looks out, where one does
        self._over = False  # and what it is told by, when the run is
        self._asleep = allocate_lock()  # held until it is
        self._heard: int | None = None  # where signals are read, when commands are started here
        self._main = get_ident()

    def watch_signals(self, *, processes: bool, commands: bool = False) -> None:
        """
        In the main thread, before any other. Where nothing but threads is to be ended, the kernel does it best, whatever
        the threads are doing. Worker processes have to be ended first, by the thread of `watch`. So have commands, which would
        inherit what is blocked where they are started: in this process the signals are caught.
        """
        for number in ENDING:
            _signal.signal(number, _signal.SIG_DFL)
        if processes:
            _signal.pthread_sigmask(_signal.SIG_BLOCK, ENDING)
        elif commands:
            self._heard, tell = os.pipe()
            os.set_blocking(tell, False)
            for number in ENDING:
                _signal.signal(number, self._caught)
            _signal.set_wakeup_fd(tell, warn_on_full_buffer=False)

    def watch(self, seconds: float, expired: Callable[[object], None], look: Callable[[], object] | None = None) -> None:
        """
        Ends the run, in a thread of its own, when a signal says so, or calls `expired`, which must not return, when the run
        is not over by then, or with what `look`, which is called every now and then, has found.
        """
        if look is None:
            start_new_thread(self._watch, (seconds, expired, None))
            return
        self._asleep.acquire()
        before = _signal.pthread_sigmask(_signal.SIG_BLOCK, ENDING)  # so that it has them blocked from its first moment: see leave
        self._looking = start_new_thread(self._watch, (seconds, expired, look))
        _signal.pthread_sigmask(_signal.SIG_SETMASK, before)

    def start_tracker(self, start_method: str) -> None:
        """
        Before the first worker that is not forked here: starts the process that multiprocessing runs beside such, and whose
        start leaves the signals unblocked. At that moment there is no worker yet that they could leave behind. Of forkserver
        also the server, which like a pool is up before the gate.
        """
        from multiprocessing import resource_tracker

        resource_tracker.ensure_running()
        _signal.pthread_sigmask(_signal.SIG_BLOCK, ENDING)
        if start_method == "forkserver":
            from multiprocessing import forkserver

            forkserver.ensure_running()

    def stop_server(self) -> None:
        """
        When all workers have ended: waits for the server that forked them, where there is one, as its CPU time and theirs
        count as this process's only then. multiprocessing has no public name for that.
        """
        server = sys.modules.get("multiprocessing.forkserver")
        if server is not None:
            server._forkserver._stop()

    def start(self, start: Callable[[], object]) -> object:
        """Calls what starts worker processes."""
        with self._starting:
            return start()

    def note(self, note: Callable[[], None]) -> None:
        """Calls what notes that a worker is gone. Does not return once the run is being ended: the worker was killed for that."""
        with self._starting:
            note()

    def end(self) -> None:
        """Claims the end of the run; does not return where another thread has claimed it."""
        self._ending.acquire()

    def leave(self) -> None:
        """
        The run is over and its end claimed: sends the thread that looks out to sleep for good. One that wakes up while the
        interpreter is torn down crashes CPython once in a great while (python/cpython, issues 110052 and 124878).
        """
        if self._looking:
            self._over = True
            _signal.pthread_kill(self._looking, ENDING[0])  # its alone, and blocked in it
            self._asleep.acquire()
            _signal.pthread_sigmask(_signal.SIG_UNBLOCK, ENDING)  # no worker is left: now they may end this process by themselves

    def kill_workers(self) -> None:
        if self.end_commands is not None:
            self.end_commands()
        children = getattr(sys.modules.get("multiprocessing"), "active_children", None)
        if children is not None:  # else it is not imported, or being imported at this moment
            for process in children():
                try:
                    process.kill()
                except ValueError:  # it has ended meanwhile, and was closed
                    pass
        if self.clean_up is not None:
            self.clean_up()

    def _watch(self, seconds: float, expired: Callable[[object], None], look: Callable[[], object] | None) -> None:
        _signal.pthread_sigmask(_signal.SIG_BLOCK, ENDING)  # else they would end this thread's wait by ending the process
        heard, found = self._look_out(max(0.0, seconds), look) if look is not None else (self._hear(max(0.0, seconds)), None)
        if heard is None and self._ending.acquire(False):
            self._starting.acquire()  # and no process is started from here on
            self.kill_workers()
            _signal.pthread_sigmask(_signal.SIG_UNBLOCK, ENDING)
            expired(found)
        number = self._hear(None) if heard is None else heard
        while self._heard is not None:  # only the main thread can die of it; it may have noted the first and waited on
            _signal.pthread_kill(self._main, number)
            time.sleep(0.05)
        self._die(number)

    def _look_out(self, seconds: float, look: Callable[[], object]) -> tuple[int | None, object]:
        """The next signal, or what there is to see before the time is over."""
        end, pause = time.monotonic() + seconds, LOOK_S
        self.watching.add(get_native_id())
        while True:
            left = end - time.monotonic()
            heard = self._hear(max(0.0, min(left, pause)))
            if heard is not None or left <= pause:
                return heard, None
            start = time.thread_time()
            found = look()
            if found is not None:
                return None, found
            pause = max(LOOK_S, 50 * (time.thread_time() - start))  # of what is run a fiftieth is lost by it at most

    def _caught(self, number: int, _: object) -> None:
        for other in ENDING:
            _signal.signal(other, _signal.SIG_IGN)  # this is not to be interrupted
        self._die(number)

    def _hear(self, seconds: float | None) -> int | None:
        """The next signal; None where there is none in that time."""
        if self._heard is not None:
            from select import select

            return os.read(self._heard, 1)[0] if select([self._heard], [], [], seconds)[0] else None
        if seconds is None:
            number = _signal.sigwait(ENDING)
            self._stay_if_over()
            return number
        heard = _signal.sigtimedwait(ENDING, seconds)
        self._stay_if_over()
        # CPython gives what nobody has filled in where the wait is interrupted just when the time is over.
        return heard.si_signo if heard is not None and heard.si_signo in ENDING else None

    def _stay_if_over(self) -> None:
        if self._over:
            self._asleep.release()
            self._ending.acquire()  # which whoever claimed the end never lets go

    def _die(self, number: int) -> None:
        """Ends the workers and then, by the signal, this process."""
        self._ending.acquire(False)  # so that nobody reports the workers' end as a crash; claimed already, it is at its end
        self._starting.acquire()
        self.kill_workers()
        if self._heard is not None:
            _signal.signal(number, _signal.SIG_DFL)
        _signal.pthread_sigmask(_signal.SIG_UNBLOCK, ENDING)
        os.kill(os.getpid(), number)


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
