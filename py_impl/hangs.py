# SPDX-License-Identifier: MIT
"""
Hangs of a user's own work: a process of the run all of whose threads wait for a lock of their own process, without a limit. As nobody
else can let such a lock go, none of them can ever go on; that is no guess. A forked process has the thread that forked and the locks of
all of them as they were at that moment: where another one held a lock, it stays held.

What a thread waits for is told by the kernel: its system call with the arguments. It sleeps all the time between two looks where the
number of its context switches is the same. A process that catches a signal, which could wake it, is left alone, and where the kernel
tells nothing (another kind of machine, no right to look) nobody is ever said to hang.
"""

from __future__ import annotations

import os
import sys
import time
from _signal import SIGKILL
from _thread import get_ident

from py_impl.stacks import SIGNAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import FrameType

    from py_impl.run import Run

FORKED, HANG = "ForkWithLock", "Hang"  # types of failures
KINDS = {FORKED: "fork-with-lock", HANG: "hang"}  # as the record's hazards have them
NAMED_MOST = 4
ENDING_LOOKS = 5
FOR_GOOD_S = 1e6

# The numbers of system calls: futex, and those that wait for an epoll, whose fourth argument is the limit.
_CALLS = {"x86_64": ("202", ("232", "281")), "aarch64": ("98", ("22",)), "riscv64": ("98", ("22",))}
_FUTEX, _POLLS = _CALLS.get(os.uname().machine, (None, ()))
_WAITS = (0, 6, 9, 13)  # FUTEX_WAIT, LOCK_PI, WAIT_BITSET, LOCK_PI2
_PRIVATE, _COMMAND = 128, 127
_FOR_EVER = 0xFFFFFFFF
# SIGINT, which Python has a handler for, those of faults (ILL TRAP ABRT BUS FPE SEGV SYS), and the C library's own.
_HARMLESS = sum(1 << (signal - 1) for signal in (2, 4, 5, 6, 7, 8, 11, 31, 32, 33, SIGNAL))

_HOST = os.path.dirname(os.path.abspath(__file__)) + os.sep
_STANDARD = os.path.dirname(os.__file__) + os.sep
_JOB_FRAMES = ("call_jobs", "run_jobs", "await_job")


class Hung:
    """
    What was found, in one line. `jobs`: those that will not end, with what each waits for: worker, message, line of the function's
    file.
    """

    __slots__ = ("failure", "kind", "text", "jobs")

    def __init__(self, failure: str, text: str, jobs: dict[int, tuple[int, str, int | None]]) -> None:
        self.failure = failure
        self.kind = KINDS[failure]
        self.text = text
        self.jobs = jobs

    def end_processes(self) -> None:
        """Those that jobs have started, which would outlive the host. The next job, when these are gone, is to start no others."""
        os.register_at_fork(before=lambda: time.sleep(FOR_GOOD_S))
        for _ in range(ENDING_LOOKS):  # one may be being forked
            for pid in below(os.getpid()):
                try:
                    os.kill(pid, SIGKILL)
                except OSError:  # it has ended meanwhile
                    pass
            time.sleep(0.01)


class Hangs:
    """`look` is called again and again by the watchdog's thread, which waits for nobody."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.file = getattr(run.task, "__file__", None)  # the function's
        self.own = os.getpid()
        self.parents: dict[int, int] = {}  # of the processes below this one
        self._strangers: set[str] = set()
        self._asleep: dict[int, tuple] = {}  # at the last look

    def look(self) -> Hung | None:
        """The second time that a process is found so."""
        self.parents = below(self.own, self._strangers)
        asleep = {}
        for pid in (self.own, *self.parents):
            signs = self._signs(pid)
            if signs is not None:
                asleep[pid] = signs
        before, self._asleep = self._asleep, asleep
        for pid, signs in asleep.items():
            if before.get(pid) == signs:
                return self._name_host() if pid == self.own else self._name_child(pid)
        return None

    # -- who waits ------------------------------------------------------------------------------------------------------

    def _signs(self, pid: int) -> tuple | None:
        """What is the same as long as no thread of a process goes on, where all wait for good; else None."""
        signs = []
        try:
            threads = os.listdir(f"/proc/{pid}/task")
        except OSError:  # it has ended
            return None
        for thread in threads:
            if pid == self.own and int(thread) in self.run.watchdog.watching:
                continue
            call = read_proc(f"/proc/{pid}/task/{thread}/syscall").split()
            if not self._for_good(pid, call):
                return None
            status = read_proc(f"/proc/{pid}/task/{thread}/status")
            signs.append((thread, call, status[status.find(b"voluntary_ctxt_switches") :]))
        if not signs or not self._is_ours(pid):
            return None
        return tuple(signs)

    def _for_good(self, pid: int, call: list[bytes]) -> bool:
        if len(call) < 5:
            return False  # it runs
        number, arguments = call[0].decode(), [int(word, 16) for word in call[1:5]]
        if number in _POLLS:
            return pid == self.own and arguments[3] & _FOR_EVER == _FOR_EVER and self.run.loop is not None and self.run.loop.is_idle()
        operation = arguments[1] & _FOR_EVER
        if number != _FUTEX or operation & _COMMAND not in _WAITS or arguments[3] != 0:
            return False
        return bool(operation & _PRIVATE) or _is_private(pid, arguments[0])

    def _is_ours(self, pid: int) -> bool:
        """Whether it answers with its stacks, and no signal that it catches could be what it waits for."""
        for line in read_proc(f"/proc/{pid}/status").splitlines():
            if line.startswith(b"SigCgt:"):
                caught = int(line.split()[1], 16)
                return bool(caught >> (SIGNAL - 1) & 1) and not caught & ~_HARMLESS
        return False

    # -- what is said of it -----------------------------------------------------------------------------------------------

    def _name_host(self) -> Hung:
        jobs, places, others = {}, {}, []
        for frames in self._stacks_here():
            job, place = job_of(frames), self._place((f.f_code.co_filename, f.f_lineno, f.f_code.co_name) for f in frames)
            if job is not None:
                jobs[job] = (self.run.slots.workers[job], f"waits{_at(place)}", self._line(place))
                places[job] = f"job {job}{_at(place)}"
            elif place is not None:
                others.append(f"a thread{_at(place)}")
        said = _some([*(places[job] for job in sorted(places)), *others])
        text = f"every thread waits for a lock or to be woken, and nobody is left who could: {said}"
        return Hung(HANG, text, dict(sorted(jobs.items())))

    def _stacks_here(self) -> Iterator[list[FrameType]]:
        """Of the threads and, on a loop, of the coroutines: the innermost frame first."""
        for ident, frame in sys._current_frames().items():
            if ident != get_ident():
                yield list(outward(frame))
        for coroutine in self.run.loop.waiting() if self.run.loop is not None else ():
            yield list(_inward(coroutine))[::-1]

    def _name_child(self, pid: int) -> Hung:
        stacks = self.run.stacks.of(pid)
        ident, stack = stacks[0] if stacks else (0, [])
        place, run = self._place(stack), self.run
        jobs = self._jobs_of(pid, ident)
        starter = f"job {min(jobs)}" if jobs else "the work"
        who = f"worker {run.pids[pid]}" if pid in run.pids else f"a process that {starter} started"
        where = _at(place)
        of = f" (job {min(jobs)})" if jobs and pid in run.pids else ""
        failure = FORKED if len(stacks) <= 1 and self._forked_beside_others(pid, ident) else HANG
        if failure == FORKED:
            text = f"{who} was forked while another thread held the lock that it now waits for{where}{of}: it can never go on"
        else:
            text = f"{who} waits for a lock that nobody in its process can let go{where}{of}: it can never go on"
        return Hung(failure, text, {job: (run.slots.workers[job], text, self._line(place)) for job in jobs})

    def _jobs_of(self, pid: int, ident: int) -> list[int]:
        """Those that a process below this one runs, or that have started it. It has its thread from the one that forked."""
        while pid not in self.run.pids and self.parents.get(pid, self.own) != self.own:
            pid = self.parents[pid]
        if pid in self.run.pids:
            return [job for job, number in self.run.slots.running() if number == self.run.pids[pid]]
        frame = sys._current_frames().get(ident)
        job = None if frame is None else job_of(outward(frame))
        return [] if job is None else [job]

    def _forked_beside_others(self, pid: int, ident: int) -> bool:
        """Whether the process that it was forked from has threads of the user's beside the one that forked."""
        parent = self.parents.get(pid, self.own)
        if parent != self.own:
            try:
                return len(os.listdir(f"/proc/{parent}/task")) > 1
            except OSError:
                return False
        for other, frame in sys._current_frames().items():
            place = self._place((f.f_code.co_filename, f.f_lineno, f.f_code.co_name) for f in outward(frame))
            if other not in (ident, get_ident()) and (place is not None or job_of(outward(frame)) is not None):
                return True
        return False

    def _line(self, place: tuple[str, int, str] | None) -> int | None:
        return place[1] if place is not None and place[0] == self.file else None

    def _place(self, stack: Iterable[tuple[str, int, str]]) -> tuple[str, int, str] | None:
        """Where that is in the user's terms: in the function's file, else the innermost line that is nobody else's."""
        others = []
        for place in stack:
            if place[0] == self.file:
                return place
            if is_users(place[0]):
                others.append(place)
        return others[0] if others else None


def below(root: int, strangers: set[str] | None = None) -> dict[int, int]:
    """The processes that descend from one, and the parent of each. `strangers`: those that do not, kept from call to call."""
    strangers = set() if strangers is None else strangers
    names = {name for name in os.listdir("/proc") if name.isdigit()}
    strangers &= names
    parents, found = {}, {root}
    for name in names - strangers:
        words = read_proc(f"/proc/{name}/stat").rpartition(b")")[2].split()
        if words and words[0] != b"Z":
            parents[int(name)] = int(words[1])
    tree: dict[int, int] = {}
    while found:
        found = {pid for pid, parent in parents.items() if parent in found}
        tree.update((pid, parents[pid]) for pid in found)
    strangers.update(str(pid) for pid in parents if pid not in tree and pid != root)
    return tree


def read_proc(path: str) -> bytes:
    """Of a small file; nothing where what it tells of has ended."""
    try:
        fd = os.open(path, os.O_RDONLY)
    except OSError:
        return b""
    try:
        return os.read(fd, 8192)
    except OSError:  # it has ended meanwhile
        return b""
    finally:
        os.close(fd)


def _is_private(pid: int, address: int) -> bool:
    """Whether memory is of one process alone, so that a lock in it is; pthread_join waits so, without saying that."""
    try:
        with open(f"/proc/{pid}/maps", encoding="utf-8", errors="replace") as file:
            for line in file:
                words = line.split()
                first, _, end = words[0].partition("-")
                if int(first, 16) <= address < int(end, 16):
                    return words[1][3] == "p" and words[4] == "0"
    except OSError:
        pass
    return False


def outward(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _inward(coroutine: object) -> Iterator[FrameType]:
    while coroutine is not None:
        frame = getattr(coroutine, "cr_frame", None)
        if frame is not None:
            yield frame
        coroutine = getattr(coroutine, "cr_await", None)


def job_of(frames: Iterable[FrameType]) -> int | None:
    for frame in frames:
        if frame.f_code.co_name in _JOB_FRAMES and frame.f_code.co_filename == _HOST + "worker.py":
            return frame.f_locals.get("job")
    return None


def is_users(file: str) -> bool:
    standard = file.startswith(_STANDARD) and "-packages" not in file
    return not (standard or file.startswith(("<", _HOST)))


def _at(place: tuple[str, int, str] | None) -> str:
    return f" at line {place[1]} of {os.path.basename(place[0])}" if place is not None else ""


def _some(places: list[str]) -> str:
    more = len(places) - NAMED_MOST
    return ", ".join(places[:NAMED_MOST]) + (f" and {more} more" if more > 0 else "")
