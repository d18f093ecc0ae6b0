# SPDX-License-Identifier: MIT
"""
One run: what a model needs to know, and nothing about which task or transport it drives. Pickled, it is the means to
set the same run up in another process (start method spawn or forkserver) or interpreter.
"""

from __future__ import annotations

import os
import sys
import time
from itertools import chain, count, starmap

from py_impl import catalog, params
from py_impl.contract import AUDIT_MAX, DELAY, NOTHING, RESULTS, SERVICES, NotPossible
from py_impl.errors import Failed, Impossible, Usage
from py_impl.failure import explain, failure_words
from py_impl.watchdog import worker_signals
from py_impl.slots import DONE, attach
from py_impl.dispenser import in_order, when_due

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from queue import SimpleQueue

    from py_impl.contract import Request
    from py_impl.transport import Options
    from py_impl.shared_state import SharedState
    from py_impl.end_pause import EndPause
    from py_impl.stacks import Stacks
    from py_impl.watchdog import Watchdog
    from py_impl.slots import Slots

# What another process needs to set the run up again.
_PICKLED = ("source", "texts", "jobs", "workers", "knobs", "start_method", "isolated", "request_timeout_s", "looping", "shared",
            "slots_path", "stacks", "observes", "end_pause", "path", "inputs", "command", "services", "schedule", "processes", "join")  # fmt: skip


class Run:
    def __init__(self) -> None:
        self.task = None  # a module, or any object that keeps to the contract
        self.source = ""  # where catalog.load finds it
        self.path: str | None = None  # of folders, where a function's module is looked for first
        self.inputs: str | None = None  # the file of a C function's; those of a Python one go to its workers with the jobs
        self.kept: list[tuple[Iterable[int], list[object]]] = []  # jobs, and what a function returned for each
        self.command = None  # the task, where it is one of command.py
        self.sends = self.receives = False  # a function's inputs to another process, its values from there
        self.carried: dict[str, int] = {}  # to the record's usage, as its schema says
        self.texts: dict[str, str] = {}  # its parameters
        self.jobs = 0
        self.workers = 0  # the most jobs in flight at once, 1..jobs
        self.knobs: dict[str, object] = {}  # knobs.py: name to value, all that there are
        self.services: dict[str, str] = {}  # --service: name to URL
        self.hosts: list[tuple[str, int]] = []  # --hosts: where the workers are (remote.py); none: all on this machine
        self.launcher: list[str] = []  # then the words that start a command there, with {host} in them
        self.start_method = "fork"  # that of the knobs where the model has processes
        self.isolated = False  # each worker has an interpreter of its own in this process
        self.request_timeout_s = 30.0
        self.processes = False  # its workers are processes
        self.looping = False  # the model waits on an event loop
        self.loop = None  # then an object of loops.py
        self.slots_path = ""
        self.shared: SharedState | None = None
        self.slots: Slots | None = None
        self.watchdog: Watchdog | None = None
        self.stacks: Stacks | None = None  # of a function: by which its processes say where they stand
        self.pids: dict[int, int] = {}  # worker processes, and their numbers
        self.observes: Callable[[Run], object] | None = None  # of a function in the untimed pass: makes the observer of a process
        self.observer = None  # what else its jobs start, hold up and pile up
        self.gate_fds: tuple[int, int] | None = None
        self.end_pause: EndPause | None = None
        self.state = None  # of task.open; None where each worker process opens for itself
        self.dispenser = None
        self.schedule: tuple[float, str, int] | None = None  # rate, kind, seed of arrivals.py; None: a closed loop
        self.connections = 0  # fewer than the workers, that they share; 0: each has its own
        self.clients: SimpleQueue | None = None  # then the free ones of workers that block
        self.free_connections = None  # and of a loop a semaphore
        self.native = False  # jobs are run in C alone, with its clients
        self.join = None  # of join.py, where the jobs need the results of others
        self.transport = None  # a module of transport/; None unless the task asks for what has one
        self.ready_ns: int | None = None  # set by gate()
        self.ready_cpu_ns: int | None = None  # likewise: the CPU time of this process at that moment
        self.work_ns: int | None = None  # when the last job ended; a model that does not know leaves it to the slots
        # Brings shared state and stamps up to date when the time runs out. Of a model whose jobs do not see to it themselves.
        self.catch_up: Callable[[], None] | None = None

    def __getstate__(self) -> dict[str, object]:
        state = {name: getattr(self, name) for name in _PICKLED}
        return state | {"end_pause": None, "stacks": None, "observes": None} if self.isolated else state  # which is the host's own

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__init__()
        for name, value in state.items():
            setattr(self, name, value)

    def prepare(self) -> None:
        """Before any worker exists: sets up the dispenser, loads the transport, opens the task where it is shared."""
        if self.schedule is not None:
            from py_impl.arrivals import offsets

            self.slots.schedule(offsets(self.jobs, *self.schedule))
        # An event loop may not be blocked: it takes the jobs at once and waits for itself.
        self.dispenser = in_order(self.jobs) if self.schedule is None or self.looping else when_due(self.jobs, self.due)
        if self.looping:
            from py_impl.loops import LOOPS

            self.loop = LOOPS[self.knobs["loop"]]()
        self.load_transport()
        self.compile_kernel()
        if not self.opens_in_workers:
            self.open_task()
        if self.transport is not None and hasattr(self.task, "prepare"):
            self.prepare_task()
        if self.connections and not self.looping and not self.native:
            self.open_clients()

    def open_clients(self) -> None:
        """Those that workers which block lend one another."""
        from queue import SimpleQueue

        self.clients = SimpleQueue()
        try:
            for _ in range(self.connections):
                self.clients.put(self.transport.Client(self.transport_options()))
        except (Impossible, Usage):
            raise
        except Exception as error:  # whatever a transport may raise
            kind, message, _ = explain(error, None)
            raise Failed(f"connection {self.clients.qsize() + 1} of {self.connections}: {kind}: {message}") from error

    def close_clients(self) -> None:
        while self.clients is not None and not self.clients.empty():
            self.clients.get().close()

    def prepare_task(self) -> None:
        """Asks for what the task needs to be there; the connections that this takes do not count."""
        state = self.opened() if self.opens_in_workers else self.state
        options = self.transport_options()
        options.connected = lambda: None
        try:
            if self.looping:
                self.loop.run(self._await_steps(state, options))
            else:
                client = self.transport.Client(options)
                for request in self._steps(state):
                    client.get(request, 0)
                client.close()
        except (Impossible, Usage):
            raise
        except Exception as error:  # whatever a task and a transport may raise
            kind, message, _ = explain(error, None)
            raise Failed(f"task '{self.task.NAME}' cannot be prepared: {kind}: {message}") from error
        if self.opens_in_workers and hasattr(self.task, "close"):
            self.task.close(state)

    async def _await_steps(self, state: object, options: object) -> None:
        client = self.transport.Client(options)
        if hasattr(client, "connect"):
            await client.connect(1)
        for request in self._steps(state):
            await client.get(request, 0)
        await client.close()

    def _steps(self, state: object) -> Iterator[Request]:
        for step in count():
            request = self.task.prepare(state, step)
            if request is None or request.ask == NOTHING:
                return
            if request.ask != self.task.ASKS:
                raise ValueError(f"asks for '{request.ask}' where ASKS is '{self.task.ASKS}'")
            yield request

    def compile_kernel(self) -> None:
        """In the host, where worker processes find it made; a spawned one loads it for itself."""
        if hasattr(self.task, "compile_kernel"):
            self.carried["compile_ns"] = self.task.compile_kernel()

    @property
    def opens_in_workers(self) -> bool:
        """Whether each worker process loads and opens the task for itself, as nothing of this process is there."""
        return self.start_method != "fork"

    def turn_knobs(self) -> None:
        """In every process that runs jobs: those that are the interpreter's."""
        sys.setswitchinterval(self.knobs["switch-interval"])
        if self.knobs["stack-size"]:
            import threading

            threading.stack_size(self.knobs["stack-size"])

    def payload(self) -> int:
        """How many bytes a job's message carries besides its number."""
        size = getattr(self.task, "payload", None)
        return size(params.values(self.task.PARAMS, self.texts), self.jobs) if size is not None else 0

    def load_transport(self) -> None:
        if self.task.ASKS in (NOTHING, DELAY, RESULTS):
            return
        from py_impl import transport

        # Only one of them is ever used, and each costs tens of milliseconds to import.
        self.transport = transport.load(self.task.ASKS, self.knobs["client"], self.knobs["loop"] if self.looping else None)
        service = SERVICES.get(self.task.ASKS)
        if service is not None and service not in self.services:
            raise Usage(f"task '{self.task.NAME}' needs the service {service} (--service {service}=URL)")

    def service_asked(self) -> str | None:
        """The URL of the service that what the task asks for needs."""
        return self.services.get(SERVICES.get(self.task.ASKS))

    def transport_options(self) -> Options:
        from py_impl.transport import Options

        return Options(self.request_timeout_s, self.shared.connected, self.service_asked(), self.slots)

    def open_task(self) -> None:
        self.state = self.opened()
        self._hook_forks()

    def opened(self) -> object:
        opener = getattr(self.task, "open", None)
        if opener is None:
            return None
        try:
            return opener(params.values(self.task.PARAMS, self.texts), self.jobs)
        except (Exception, SystemExit) as error:  # a task may raise whatever it likes
            kind, message, _ = explain(error, None)
            way = Impossible if kind == NotPossible.__name__ else Usage
            raise way(f"task '{self.task.NAME}' does not open: {kind}: {message}") from error

    def _hook_forks(self) -> None:
        """Has a task's fork hooks (those of C tasks, through a bridge) called around every fork of this process."""
        hooks = {}
        for name, when in (
            ("before_fork", "before"),
            ("after_fork_parent", "after_in_parent"),
            ("after_fork_child", "after_in_child"),
        ):
            hook = getattr(self.task, name, None)
            if hook is not None:
                hooks[when] = lambda hook=hook: hook(self.state)
        if hooks:
            os.register_at_fork(**hooks)

    def close_task(self) -> None:
        close = getattr(self.task, "close", None)
        if close is not None:
            try:
                close(self.state)
            except (Exception, SystemExit) as error:  # whatever a task may raise
                self.worker_failed(None, error)

    def gate(self) -> None:
        """
        Opens the gate: called exactly once by every model, when all is set up and warm and before the first job.
        Waits for the driver where there is one, then takes the stamp from which work time runs.
        """
        if self.ready_ns is not None:  # by gate_cold
            return
        if self.gate_fds is not None:
            read, write = self.gate_fds
            try:
                os.write(write, b"r")
                opened = os.read(read, 1)
            except OSError as error:
                raise Failed(f"the gate broke: {error.strerror}") from error
            if not opened:
                raise Failed("the gate was closed before it opened")
        self.ready_cpu_ns = time.process_time_ns()
        self.ready_ns = time.monotonic_ns()

    def gate_cold(self) -> None:
        """Called first of all by a model that has a pool: with the knob `cold` opens the gate now, so that setting up is work."""
        if self.knobs["cold"]:
            self.gate()

    def settle(self) -> None:
        """After the last job: writes the digests of what a function returned into the slots."""
        if not self.kept:
            return
        if self.end_pause is not None:
            self.weigh()
        from py_impl.digest import NothingDone, digest

        for job, value in chain.from_iterable(starmap(zip, self.kept)):
            if self.slots.states[job] != DONE:
                continue
            try:
                self.slots.results[job] = digest(value)
            except (NothingDone, RecursionError) as error:
                self.slots.fail(job)
                self.shared.failed(job, None, type(error).__name__, str(error), None)

    def audit(self) -> dict[str, object] | None:
        """What the task finds of what its jobs have changed in common; None: it does not look, or not all of them were done."""
        look = getattr(self.task, "audit", None)
        if look is None or not self.slots.all_done():
            return None
        try:
            found = look(self.state)
            wrong, of, finding = int(found.wrong), int(found.of), " ".join(str(found.finding).split())
            if wrong < 0 or of < 1:
                raise ValueError(f"{wrong} wrong of {of or 'nothing'}")
        except (Exception, SystemExit) as error:  # whatever a task may raise
            words = failure_words(*explain(error, getattr(self.task, "__file__", None)))
            raise Failed(f"the audit failed: {words}") from error
        return {"wrong": wrong, "of": of, "finding": finding.encode("utf-8", "replace")[:AUDIT_MAX].decode("utf-8", "ignore")}

    def weigh(self) -> None:
        """What all jobs together carried between processes. Takes time, so only where memory is looked at too."""
        from pickle import dumps

        kept = [(job, value) for job, value in chain.from_iterable(starmap(zip, self.kept)) if self.slots.states[job] == DONE]
        if self.sends:
            self.carried["sent_bytes"] = sum(len(dumps(self.task.item(job))) for job, _ in kept)
        if self.receives:
            self.carried["received_bytes"] = sum(len(dumps(value)) for _, value in kept)

    def due(self, job: int) -> int:
        """The instant at which a job is due in an open loop, once the gate is open. Once a job, by who hands it out."""
        return self.slots.due(job, self.ready_ns)

    def end_pause_all(self) -> None:
        """Called by every model whose workers live until then: all jobs have ended, and no worker is closed yet."""
        if self.end_pause is not None:
            self.end_pause.now()

    def end_pause_last(self) -> None:
        """Called by the others, in each worker when its one job has ended and before it closes."""
        if self.end_pause is not None:
            self.end_pause.last(self.jobs)

    def worker_failed(self, number: int | None, error: BaseException, job: int | None = None) -> None:
        """Notes that a worker could not be opened or closed; `job` where that was the only worker to run it."""
        kind, message, line = explain(error, getattr(self.task, "__file__", None))
        if job is not None:
            self.slots.fail(job)
            if self.join is not None:
                self.join.ended(job)
        self.shared.failed(job, number, kind, message, line)

    def check_workers(self) -> None:
        """Before the gate: gives up where a worker could not be opened."""
        failures, _ = self.shared.read()
        for kind in (Usage, Impossible):
            if failures and failures[0]["type"] == kind.__name__:
                raise kind(failures[0]["message"])
        if failures:
            raise Failed("worker {worker} does not open: {type}: {message}".format_map(failures[0]))

    def enter_process(self) -> None:
        """In a worker process or interpreter, first of all: a process's signals, and what has inherited none its task and mapping."""
        if not self.isolated:
            worker_signals()
        if self.isolated or self.opens_in_workers:
            self.slots = attach(self.slots_path, self.jobs)
            if self.join is not None:
                self.join.attach(self.slots)
            self.load()
            if self.stacks is not None:
                self.stacks.tell()
        else:
            self.close_gate()
        self.observe()

    def observe(self) -> None:
        """In each process that runs jobs, before its workers open."""
        if self.observes is not None:
            self.observer = self.observes(self)

    def load(self, items: list[object] | None = None) -> None:
        """Where nothing of the host's was inherited: the task, opened. `items`: what a function is called with, where that is known."""
        self.turn_knobs()
        self.task = self.command or catalog.load(self.source, self.inputs, self.path)
        if items is not None:
            self.task.inputs = items
        self.compile_kernel()
        self.load_transport()
        self.open_task()

    def close_gate(self) -> None:
        """In a process that is forked, else a host that died would leave its driver waiting at the gate."""
        for fd in set(self.gate_fds or ()):
            os.close(fd)
        self.gate_fds = None

    def away(self) -> dict[str, object]:
        """What a process that is none of the host's, maybe on another machine, can set the run up with: see __setstate__, load."""
        return self.__getstate__() | {"shared": None, "stacks": None, "observes": None, "end_pause": None, "start_method": "spawn"}

    def leave_process(self) -> None:
        """In a worker process or interpreter, last of all. A forked one shares its parent's task, which the parent closes."""
        if self.observer is not None:
            self.observer.report()
        if self.isolated or self.opens_in_workers:
            self.close_task()
