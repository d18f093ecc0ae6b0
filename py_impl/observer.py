# SPDX-License-Identifier: MIT
"""
What a user's function does besides its jobs, seen in the untimed pass alone (--end-pause), in each process that runs jobs: threads
and processes of its own that compute, stretches in which a coroutine keeps the event loop, queues of its module that only grow.
A thread is seen when it starts, a process by the interpreter's audit event.
"""

from __future__ import annotations

import os
import resource
import sys
import threading
from _thread import get_ident, get_native_id
from time import monotonic_ns, process_time_ns, thread_time_ns

from py_impl.hangs import below, is_users, job_of, outward, read_proc
from py_impl.machine import effective_cpus

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from py_impl.run import Run

POOL, BLOCKED, QUEUE = "nested-pool", "blocked-loop", "unbounded-queue"  # kinds of the record's hazards

COMPUTES = 0.25  # of a CPU: threads and processes of the jobs' own that use less wait for something, which takes no CPU from anybody
CROWDED = 0.1  # likewise, where the others on this machine leave no CPU idle: then whoever computes gets less
COMPUTES_NS = 50_000_000  # and at least so much in all: less is what starting and ending them takes
LONG_NS = 100_000_000  # as asyncio's own debug mode has it (slow_callback_duration)
SAMPLE_S = 0.01
SAMPLES_LEAST = 3  # of a stretch that used no CPU: one that the machine held up has fewer
QUEUE_LEAST, QUEUE_JOBS, QUEUE_NS = 8, 8, 100_000_000  # as many left over at last, of so many jobs, over so long
LENGTHS_MOST = 4096
NATIVE_JOBS, THREADS_MOST = 3, 1 << 22
_TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")

_STARTS = ("os.fork", "subprocess.Popen")
_QUEUES = ("concurrent.futures.thread", "concurrent.futures.process", "queue", "_queue", "asyncio.queues", "multiprocessing.queues")

observing: Observer | None = None  # of this process; what asks it is for good, and a forked process has its parent's


class Observer:
    def __init__(self, run: Run) -> None:
        global observing
        hooked, observing = observing is not None, self
        self.run = run
        self.pid = os.getpid()
        self.module = run.task._module
        self.jobs = 0
        self.begun_ns = self.ended_ns = 0  # of the first job, of the last
        self.jobs_cpu_ns = 0  # of threads while they run a job
        self.job_threads: set[int] = set()
        self.native = THREADS_MOST  # the least when a job had ended: threads of a library in C, of which Python does not know
        self.before_cpu_ns = 0, 0, 0
        self.before_idle_ns = self.idle_ns = 0
        self.present = set(below(self.pid))  # processes that are not the jobs'
        self.started: list[threading.Thread] = []  # by jobs, and by such threads
        self.most_threads = self.most_processes = 0
        self.lengths: dict[str, list[tuple[int, int]]] = {}  # of each queue: when a job had ended, and how many were in it
        self.loop = None
        if not hooked:
            sys.addaudithook(_audited)
            threading.Thread.start = _starting(threading.Thread.start)
        if run.looping:
            self._watch_loop()
        else:
            run.task.blocking = self._observed(run.task.blocking)

    def _observed(self, call: Callable[[object], object]) -> Callable[[object], object]:
        def observed(item: object) -> object:
            self._job_begins()
            begun_ns = thread_time_ns()
            try:
                return call(item)
            finally:
                self.jobs_cpu_ns += thread_time_ns() - begun_ns
                self._job_ended()

        return observed

    def _job_begins(self) -> None:
        self.job_threads.add(get_ident())
        if self.begun_ns == 0:
            self.before_cpu_ns = process_time_ns(), thread_time_ns(), _children_cpu_ns()
            self.before_idle_ns = _idle_ns()
            self.begun_ns = monotonic_ns()

    def _job_ended(self) -> None:
        self.jobs += 1
        self.ended_ns = monotonic_ns()
        self.idle_ns = _idle_ns()
        self.native = min(self.native, len(os.listdir("/proc/self/task")) - len(sys._current_frames()))
        for name, length in queues(self.module):
            lengths = self.lengths.setdefault(name, [])
            lengths.append((monotonic_ns(), length))
            if len(lengths) > LENGTHS_MOST:
                del lengths[::2]

    # -- threads and processes -------------------------------------------------------------------------------------------

    def thread_started(self, thread: threading.Thread) -> None:
        """By the thread that has started it."""
        if self._is_of_a_job():
            self.started = [*(one for one in self.started if one.is_alive()), thread]
            self.most_threads = max(self.most_threads, len(self.started))

    def process_starts(self) -> None:
        if self._is_of_a_job():
            self.most_processes = max(self.most_processes, len(set(below(self.pid)) - self.present) + 1)

    def _is_of_a_job(self) -> bool:
        """Whether the caller is a job of this process, and not the host for it (--offload), or a thread that one has started."""
        frames = list(outward(sys._getframe(2)))
        calls = job_of(frames) is not None and any(is_users(frame.f_code.co_filename) for frame in frames)
        return calls or threading.current_thread() in self.started

    def _report_pool(self) -> None:
        cpu_ns, own_ns, children_ns = self.before_cpu_ns
        hosts_ns = thread_time_ns() - own_ns  # of this thread, the first
        jobs_ns = hosts_ns if self.run.looping else self.jobs_cpu_ns + hosts_ns * (get_ident() not in self.job_threads)
        threads_ns = process_time_ns() - cpu_ns - jobs_ns
        processes_ns = _children_cpu_ns() - children_ns + sum(map(_cpu_ns, set(below(self.pid)) - self.present))
        native = max(0, self.native) if self.jobs >= NATIVE_JOBS else 0  # one that is ending counts for a moment
        workers, cpus = self.run.workers, effective_cpus()
        took_ns = self.ended_ns - self.begun_ns
        crowded = self.idle_ns - self.before_idle_ns < COMPUTES * took_ns
        least_ns = max((CROWDED if crowded else COMPUTES) * took_ns, COMPUTES_NS) / (workers if self.run.processes else 1)
        kinds, most = [], 0
        if threads_ns >= least_ns and self.most_threads + native > 0:
            kinds.append("threads")
            most += self.most_threads + native
        if processes_ns >= least_ns and self.most_processes > 0:
            kinds.append("processes")
            most += self.most_processes
        beside = 1 if self.run.processes or self.run.looping else workers  # jobs in flight in this process
        in_all = most * workers if self.run.processes else most
        if most <= beside or in_all <= cpus:
            return
        each = f", up to {most} in each of {workers} worker processes" if self.run.processes and workers > 1 else ""
        text = f"jobs compute in {' and '.join(kinds)} of their own{each}: {in_all} at once on {cpus} CPU{'s' * (cpus != 1)}"
        self.run.shared.hazard(POOL, in_all, text)

    # -- the event loop ----------------------------------------------------------------------------------------------------

    def _watch_loop(self) -> None:
        task, call = self.run.task, self.run.task.call
        if not task.is_async or self.run.knobs["loop"] != "asyncio":
            task.call = self._observed(call)
            return
        self.loop = loop = LoopWatch(self.run)

        async def watched(job: int | None, item: object) -> object:
            self._job_begins()
            loop.job.set(job)
            loop.go_on(job)
            try:
                return await call(item)
            finally:
                loop.stop()
                self._job_ended()
                loop.go_on(None)

        task.call = lambda item: watched(sys._getframe(1).f_locals.get("job"), item)

    def _report_loop(self) -> None:
        if self.loop is None or self.loop.longest_ns < LONG_NS:
            return
        ms = self.loop.longest_ns // 1_000_000
        job, (file, line) = self.loop.longest_job, self.loop.longest_place
        who = "the work" if job is None else f"job {job}"
        text = f"{who} kept the loop for {ms} ms without an await (line {line} of {os.path.basename(file)}): no other could go on"
        self.run.shared.hazard(BLOCKED, ms, text)

    # -- queues ------------------------------------------------------------------------------------------------------------

    def _report_queues(self) -> None:
        for name, lengths in self.lengths.items():
            if only_grew(lengths):
                left = lengths[-1][1]
                text = f"the queue of {name} only grew, to {left} at the end of the last job: nothing bounds it"
                self.run.shared.hazard(QUEUE, left, text)

    def report(self) -> None:
        """When this process has run its last job."""
        if self.loop is not None:
            self.loop.end()
        if self.jobs > 0:
            self._report_pool()
            self._report_loop()
            self._report_queues()


class LoopWatch:
    """How long the loop's thread runs without coming back to the loop, within one job; a thread looks where it is meanwhile."""

    def __init__(self, run: Run) -> None:
        from asyncio.events import Handle
        from contextvars import ContextVar

        self.run = run
        self.job: ContextVar[int | None] = ContextVar("job", default=None)  # so that tasks which a job starts have it, too
        self.begun_ns = self.begun_cpu_ns = 0  # 0: it waits for something to do
        self.now: int | None = None  # the job that has the loop
        self.seen: dict[tuple[str, int], int] = {}
        self.longest_ns = 0
        self.longest_job: int | None = None
        self.longest_place = "", 0
        self.thread = threading.get_ident()
        original = Handle._run  # what a loop calls once for each thing that is due

        def run_watched(handle: Handle) -> None:
            self.go_on(handle._context.get(self.job))
            try:
                original(handle)
            finally:
                self.stop()

        Handle._run = run_watched
        self._over = threading.Event()
        self._looking = threading.Thread(target=self._look)
        self._looking.start()

    def end(self) -> None:
        self._over.set()
        self._looking.join()

    def go_on(self, job: int | None) -> None:
        self.now = job
        self.begun_cpu_ns = thread_time_ns()
        self.begun_ns = monotonic_ns()

    def stop(self) -> None:
        took_ns, seen = monotonic_ns() - self.begun_ns if self.begun_ns else 0, self.seen
        if took_ns > max(LONG_NS, self.longest_ns) and seen:
            computed = thread_time_ns() - self.begun_cpu_ns >= took_ns / 2
            if computed or sum(seen.values()) >= SAMPLES_LEAST:
                self.longest_ns, self.longest_job = took_ns, self.now
                self.longest_place = max(seen, key=seen.get)
        self.begun_ns = 0
        if seen:
            self.seen = {}

    def _look(self) -> None:
        self.run.watchdog.watching.add(get_native_id())
        while not self._over.wait(SAMPLE_S):
            begun_ns = self.begun_ns
            if begun_ns == 0 or monotonic_ns() - begun_ns < 2 * SAMPLE_S * 1e9:
                continue
            places = [(f.f_code.co_filename, f.f_lineno) for f in outward(sys._current_frames().get(self.thread))]
            own = [place for place in places if place[0] == self.run.task.__file__] or [place for place in places if is_users(place[0])]
            if own and begun_ns == self.begun_ns:
                self.seen[own[0]] = self.seen.get(own[0], 0) + 1


def queues(module: object) -> Iterator[tuple[str, int]]:
    """Those that nothing bounds, of a module and the objects of its classes: their names, and how many wait in each."""
    for name, value in list(vars(module).items()):
        if _kind(value) is not None:
            yield from _length(name, value)
        elif type(value).__module__ == module.__name__ and hasattr(value, "__dict__"):
            for inner, member in list(vars(value).items()):
                if _kind(member) is not None:
                    yield from _length(f"{name}.{inner}", member)


def _kind(value: object) -> type | None:
    return next((one for one in type(value).__mro__ if one.__module__ in _QUEUES), None)


def _length(name: str, value: object) -> Iterator[tuple[str, int]]:
    if hasattr(value, "_pending_work_items"):  # ProcessPoolExecutor, with those that run
        yield name, max(0, len(value._pending_work_items) - value._max_workers)
        return
    value = getattr(value, "_work_queue", value)  # ThreadPoolExecutor
    bound = getattr(value, "maxsize", getattr(value, "_maxsize", 0))
    if hasattr(value, "qsize") and not 0 < bound < 2**15:
        yield name, value.qsize()


def only_grew(lengths: list[tuple[int, int]]) -> bool:
    """From quarter to quarter, and most of it is left."""
    count = len(lengths)
    if count < QUEUE_JOBS or lengths[-1][0] - lengths[0][0] < QUEUE_NS or lengths[-1][1] < QUEUE_LEAST:
        return False
    means = []
    for quarter in range(4):
        part = lengths[quarter * count // 4 : (quarter + 1) * count // 4]
        means.append(sum(length for _, length in part) / len(part))
    most = max(length for _, length in lengths)
    return means == sorted(set(means)) and lengths[-1][1] >= 0.9 * most


def _audited(event: str, arguments: tuple) -> None:
    if event in _STARTS and observing.pid == os.getpid():
        observing.process_starts()


def _starting(start: Callable[[threading.Thread], None]) -> Callable[[threading.Thread], None]:
    def start_seen(thread: threading.Thread) -> None:
        start(thread)
        if observing.pid == os.getpid():
            observing.thread_started(thread)

    return start_seen


def _children_cpu_ns() -> int:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return round((usage.ru_utime + usage.ru_stime) * 1e9)


def _idle_ns() -> int:
    """Of all CPUs together since the machine began."""
    words = read_proc("/proc/stat").split(None, 5)
    return int(words[4]) * _TICK_NS if len(words) > 4 else monotonic_ns() * 1_000  # not known: as if there were plenty


def _cpu_ns(pid: int) -> int:
    """Of a process that has not ended, or is not reaped."""
    words = read_proc(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    return (int(words[11]) + int(words[12])) * _TICK_NS if words else 0
