# SPDX-License-Identifier: MIT
"""
The Python host: from the command line to a task under a model, and the record of it. docs/interfaces.md describes the
options, the exit statuses and the files.
"""

from __future__ import annotations

import os
import sys
import time

from py_impl import VERSION, catalog, knobs, options, params, record
from py_impl.contract import COMMAND, CONNECTS, DELAY, IMPOSSIBLE, IO, NOTHING, RESULTS
from py_impl.errors import Failed, Impossible, Usage
from py_impl.failure import failure_words
from py_impl.runtimes import PY, Runtime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import NoReturn

    from py_impl.dispensers import Dispenser
    from py_impl.hangs import Hung
    from py_impl.models import Model
    from py_impl.run import Run

JOBS_MAX = 100_000_000
WORKERS_MAX = 100_000
SECONDS = (0.001, 86_400.0)
TIMEOUT_S = 300.0
REQUEST_TIMEOUT_S = 30.0
HANG_LOOK_S = 0.3  # what sleeps from one such look to the next sleeps for good, where nobody can wake it
NAMED_JOBS = 8  # in the reason; the failures name as many

EXITS = {"done": 0, "failed": 1, "usage": 2, "impossible": 77}


def main(argv: list[str], runtime: Runtime = PY) -> int:
    start_ns = time.monotonic_ns()
    if argv and argv[0] == "run" and not {"-h", "--help"} & set(argv[:2]):
        return Command(runtime, argv[1:], start_ns).run()
    try:
        if argv[:1] == ["help"] or {"-h", "--help"} & set(argv[:2]):
            say(options.help_text())
            return 0
        if argv[:1] == ["--version"]:
            say(f"py_impl {VERSION}")
            return 0
        if not argv or argv[0] not in options.COMMANDS:
            what = f"'{argv[0]}' is no command" if argv else "a command is needed"
            raise Usage(f"{what} (known: {', '.join(options.COMMANDS)})")
        given = options.parse(argv[0], argv[1:])
        if argv[0] == "worker":
            Command(runtime, argv[1:], start_ns).work_away(given)
        elif argv[0] == "serve":
            from py_impl.serving.command import serve

            serve(Command(runtime, argv[1:], start_ns).bare_run(given), given, say)
        else:
            from py_impl.listing import shown

            say(shown(runtime, given))
    except Usage as error:
        complain(str(error))
        return EXITS["usage"]
    except Impossible as error:
        complain(str(error))
        return EXITS["impossible"]
    except Failed as error:
        complain(str(error))
        return EXITS["failed"]
    return 0


def say(text: str) -> None:
    try:
        with open(1, "w", encoding=sys.getfilesystemencoding(), errors="surrogateescape", closefd=False) as out:
            out.write(text + "\n")
    except OSError as error:
        raise Failed("cannot write to standard output") from error


def complain(line: str) -> None:
    print(f"py_impl: {one_line(line)}", file=sys.stderr, flush=True)


def one_line(text: str) -> str:
    return " ".join(text.split())


class Command:
    """One `run`: what is known of it so far is in `record`, which is written whatever comes."""

    def __init__(self, runtime: Runtime, words: list[str], start_ns: int) -> None:
        self.runtime = runtime
        self.words = words
        self.record = record.blank(runtime.name)
        self.phases = self.record["phases"]
        self.phases["start"] = start_ns
        self.record_path = options.peek("--record", words)
        self.this: Run | None = None

    def run(self) -> int:
        status, reason = "done", None
        try:
            if self.record_path is not None:
                self.write("")  # so that one that cannot be written is known before the work is done
            self.work()
        except Usage as error:
            status, reason = "usage", str(error)
        except Impossible as error:
            status, reason = "impossible", str(error)
        except Failed as error:
            status, reason = "failed", str(error)
        except MemoryError:
            status, reason = "impossible", "out of memory"
        except Exception as error:  # a fault of the host's own: no one sees a traceback under a timer, but the record
            status, reason = "failed", f"the host broke: {catalog.one_line(error)}"
        return self.end(status, reason)

    # -- before the run -------------------------------------------------------------------------------------------------

    def work(self) -> None:
        given = options.parse("run", self.words)
        model = self.choose_model(given["--model"])
        task = self.choose_task(given)
        texts = self.choose_params(task, given)
        jobs, workers = self.choose_numbers(task, model, given)
        values = knobs.values(self.runtime.name, given)
        self.record["knobs"] = knobs.used(self.runtime.name, model.name, given)
        schedule = self.choose_schedule(task, jobs, given)
        timeout_s = self.seconds(given, "--timeout", TIMEOUT_S)

        from py_impl.shared_state import SharedState
        from py_impl.watchdog import Watchdog
        from py_impl.run import Run

        run = Run()
        run.task, run.texts, run.jobs, run.workers = task, texts, jobs, workers
        if "--task" in given:
            run.source = catalog.source_of(self.runtime.shelf, given["--task"], given.get("--tasks"))
        else:
            run.command = task
        run.schedule = schedule
        run.knobs = values
        run.services = params.services(given["--service"])
        run.hosts, run.launcher = self.choose_hosts(model, run, given), given["--launcher"]
        run.start_method = values["start-method"] if model.processes else "spawn" if model.alone else "fork"
        self.check_sharing(model, run)
        run.path = given.get("--path")
        by_messages = hasattr(task, "call") and values["dispenser"] != "counter"
        run.inputs = None if by_messages else given.get("--inputs")
        run.request_timeout_s = self.seconds(given, "--request-timeout", REQUEST_TIMEOUT_S)
        run.processes, run.looping = model.processes, model.loop
        run.native = model.native
        run.connections = self.choose_connections(model, run)
        drawing = self.choose_dispenser(model, run)
        self.check_join(model, run, drawing)
        run.gate_fds = params.parse_fds("--gate", given["--gate"]) if "--gate" in given else None
        if "--end-pause" in given:
            from py_impl.end_pause import EndPause

            run.end_pause = EndPause(*params.parse_fds("--end-pause", given["--end-pause"]))
            if hasattr(task, "call"):
                from py_impl.observer import Observer

                run.observes = Observer
        self.record["start_method"] = run.start_method if model.processes else None
        self.check_fds(model, run, 0 if drawing is None else drawing.fds)
        self.open_files(run, given["--slots"])

        self.this = run
        run.shared = SharedState()
        run.watchdog = Watchdog()
        leaves_keys = drawing is not None and drawing.broker and task.ASKS != COMMAND
        run.watchdog.watch_signals(processes=model.apart or leaves_keys, commands=task.ASKS == COMMAND)
        if task.ASKS == COMMAND:
            from py_impl.transport.commands import end_all

            run.watchdog.end_commands = lambda: end_all(run.slots)
        left_s = timeout_s - (time.monotonic_ns() - self.phases["start"]) / 1e9
        look = self.choose_join(model, run) or self.choose_look(run)
        run.watchdog.watch(left_s, self.expired(timeout_s), look)
        self.drive(model.module if drawing is None else model.drawing, run)

    def work_away(self, given: dict[str, object]) -> None:
        """`worker`."""
        from py_impl.queue_worker import serve

        run = self.bare_run(given)
        if run.task.ASKS == COMMAND:
            raise Impossible("worker: a command would outlive its worker")
        if hasattr(run.task, "audit"):
            raise self.not_shared(run, "worker of a manager elsewhere")
        if run.task.ASKS == RESULTS:
            raise Impossible(f"worker: task '{run.task.NAME}': its jobs ask for the results of others, which their manager has")
        if "redis" not in run.services:
            raise Usage("worker needs --service redis=URL")
        serve(run, params.parse_int("--worker", given["--worker"], 0, WORKERS_MAX - 1), given["--queue"])

    def bare_run(self, given: dict[str, object]) -> Run:
        """Of `worker` and `serve`: no record, no slots file, no gate."""
        from py_impl.run import Run

        run = Run()
        run.task = self.choose_task(given)
        run.texts = self.choose_params(run.task, given)
        run.jobs = params.parse_int("--jobs", given["--jobs"], 1, JOBS_MAX)
        run.source = catalog.source_of(self.runtime.shelf, given["--task"], given.get("--tasks"))
        run.knobs = knobs.values(self.runtime.name, given)
        run.services = params.services(given["--service"])
        run.path = given.get("--path")
        run.request_timeout_s = self.seconds(given, "--request-timeout", REQUEST_TIMEOUT_S)
        return run

    def choose_model(self, name: str) -> Model:
        from py_impl.models import models_of

        models = models_of(self.runtime.name)
        for model in models:
            if model.name == name:
                self.record["model"] = name
                return model
        raise Usage(f"model '{name}' is unknown (known: {', '.join(model.name for model in models)})")

    def choose_task(self, given: dict[str, object]) -> ModuleType:
        task = catalog.choose(self.runtime.shelf, given)
        self.record["task"] = task.NAME
        if task.ASKS in CONNECTS:
            self.record["connections"] = 0
        return task

    def choose_params(self, task: ModuleType, given: dict[str, object]) -> dict[str, str]:
        chosen = params.settings(given["--set"])
        if "--url" in given:
            if "url" in chosen:
                raise Usage("--url: given twice, as --set url= too")
            chosen["url"] = given["--url"]
        texts = self.record["params"] = params.resolve(task.NAME, task.PARAMS, chosen)
        return texts

    def choose_numbers(self, task: ModuleType, model: Model, given: dict[str, object]) -> tuple[int, int]:
        jobs = task.JOBS
        if "--jobs" in given:
            jobs = params.parse_int("--jobs", given["--jobs"], 1, JOBS_MAX)
        if "--workers" in given:
            workers = params.parse_int("--workers", given["--workers"], 1, WORKERS_MAX)
        elif task.KIND == IO:
            workers = min(jobs, WORKERS_MAX)
        else:
            from py_impl.machine import effective_cpus

            workers = effective_cpus()
        workers = min(jobs, workers)
        self.record["jobs"], self.record["workers"] = jobs, workers
        return jobs, workers

    def choose_hosts(self, model: Model, run: Run, given: dict[str, object]) -> list[tuple[str, int]]:
        if "--hosts" not in given:
            return []
        from py_impl import dispensers, remote

        dispenser = dispensers.DISPENSERS.get(run.knobs["dispenser"])
        queue = model.processes and dispenser is not None and dispenser.broker
        hosts = remote.parse(given["--hosts"])
        if not given["--launcher"]:
            raise Usage("--hosts needs --launcher")
        if not model.remote and not queue:
            raise Impossible(f"--hosts: the workers of {model.name} are on this machine")
        return hosts

    def choose_schedule(self, task: ModuleType, jobs: int, given: dict[str, object]) -> tuple[float, str, int] | None:
        if "--rate" not in given:
            if "--arrivals" in given or "--arrivals-seed" in given:
                raise Usage("--arrivals and --arrivals-seed need --rate")
            return None
        from py_impl import arrivals

        rate = arrivals.parse_rate(given["--rate"])
        kind = given.get("--arrivals", arrivals.FIXED)
        if kind not in arrivals.KINDS:
            raise Usage(f"--arrivals={kind}: must be one of {', '.join(arrivals.KINDS)}")
        seed = params.parse_int("--arrivals-seed", given.get("--arrivals-seed", "0"), 0, arrivals.SEED_MAX)
        if task.ASKS == NOTHING:
            raise Usage(
                f"--rate: task '{task.NAME}' waits for nothing; only one that asks for a delay or a URL can be run at a rate"
            )
        if jobs / rate > arrivals.LONGEST_S:
            raise Usage(f"--rate: {jobs} jobs at {rate:.12g} a second take more than {arrivals.LONGEST_S:.12g} s")
        return rate, kind, seed

    def seconds(self, given: dict[str, object], name: str, fallback: float) -> float:
        return params.parse_seconds(name, given[name], *SECONDS) if name in given else fallback

    def choose_dispenser(self, model: Model, run: Run) -> Dispenser | None:
        """Where its workers draw by themselves; None: they are handed jobs as the model has it."""
        if not model.drawing or run.knobs["dispenser"] == "default":
            return None
        from py_impl.dispensers import DISPENSERS

        return DISPENSERS[run.knobs["dispenser"]]

    def check_join(self, model: Model, run: Run, drawing: Dispenser | None) -> None:
        """Jobs that need others run where their workers can wait for one another."""
        if run.task.ASKS != RESULTS:
            return
        why = (
            f"{model.name} has no way to wait for them" if model.apart and not model.processes
            else "only the dispenser default leaves them to who needs them" if drawing is not None
            else "they cannot arrive at a rate (--rate)" if run.schedule is not None
            else None
        )  # fmt: skip
        if why is not None:
            raise Impossible(f"task '{run.task.NAME}': its jobs ask for the results of others: {why}")

    def choose_join(self, model: Model, run: Run) -> Callable[[], object] | None:
        """What the jobs of such a task wait by; and what sees whether they wait for ever."""
        if run.task.ASKS != RESULTS:
            return None
        from py_impl import deadlock, join

        run.join = join.choose(run, model)
        if model.baseline:  # which sees it itself
            return None
        can_help = model.name in next(knob.models for knob in knobs.KNOBS if knob.name == "join")
        blocks = not model.loop and not (can_help and run.knobs["join"] == "help")
        return deadlock.Lookout(run.slots, run.workers, blocks, can_help).look

    def choose_look(self, run: Run) -> Callable[[], Hung | None] | None:
        """
        What sees whether a user's function hangs. It is loaded when it first looks, which a short run does not live to see, and
        its processes say where they stand from the beginning.
        """
        if not catalog.is_function(run.source):
            return None
        from py_impl.stacks import Stacks

        run.stacks = Stacks()
        run.stacks.tell()
        due, hangs = time.monotonic() + HANG_LOOK_S, None

        def look() -> Hung | None:
            nonlocal due, hangs
            if time.monotonic() < due:
                return None
            from py_impl.hangs import Hangs

            hangs = hangs or Hangs(run)
            try:
                found = hangs.look()
            except Exception:  # whatever it stumbles over: the time limit has to be kept all the same
                found, due = None, float("inf")
            else:
                due = time.monotonic() + HANG_LOOK_S
            return found

        return look

    def choose_connections(self, model: Model, run: Run) -> int:
        """How many the workers share; 0: each has its own."""
        connections = run.knobs["connections"] if run.task.ASKS in CONNECTS else 0
        if connections == 0 or connections >= run.workers or model.baseline:
            return 0
        if model.apart or model.isolated:
            whose = "interpreter" if model.isolated else "process"
            raise Impossible(f"--connections {connections}: each {whose} of {model.name} has a connection of its own")
        return connections

    def check_sharing(self, model: Model, run: Run) -> None:
        """What a task audits is memory of the process that opens it, which those forked from it share; who opens it for itself has its own."""
        if not hasattr(run.task, "audit"):
            return
        who = (
            "interpreter" if model.isolated
            else f"worker of {model.name}" if model.apart and not model.processes
            else "worker on another host" if run.hosts
            else f"process of start method {run.start_method}" if run.opens_in_workers
            else None
        )  # fmt: skip
        if who is not None:
            raise self.not_shared(run, who)

    def not_shared(self, run: Run, who: str) -> Impossible:
        return Impossible(
            f"task '{run.task.NAME}' changes memory that its workers have in common, but each {who} opens the task for itself"
        )

    def check_fds(self, model: Model, run: Run, fds: int) -> None:
        from py_impl.machine import reserve_fds

        workers = 1 if model.baseline else run.workers
        for_workers = workers * (model.fds_a_worker + fds)
        if run.task.ASKS not in (NOTHING, DELAY, RESULTS) and not model.apart:
            from py_impl.transport import CLIENTS

            offer = CLIENTS[run.task.ASKS].get(run.knobs["client"])
            for_workers += (run.connections or workers) * max(model.fds_a_connection, offer.fds if offer is not None else 0)
        reserve_fds(for_workers, "a higher `ulimit -Hn`" + " or fewer workers" * (workers > 1 and for_workers > 0))

    def open_files(self, run: Run, slots_path: str) -> None:
        from py_impl.slots import create

        run.slots_path = slots_path
        run.slots = create(slots_path, run.jobs)

    # -- the run ----------------------------------------------------------------------------------------------------------

    def drive(self, name: str, run: Run) -> None:
        from importlib import import_module

        module = import_module("py_impl." + name)
        run.prepare()
        run.turn_knobs()
        if not run.processes:
            run.observe()
        module.run(run)
        if run.join is not None and run.join.dependencies is not None:
            self.record["dependencies"] = run.join.dependencies
        if run.observer is not None:
            run.observer.report()
        run.close_clients()
        run.settle()
        if run.work_ns is None:
            run.work_ns = run.slots.last_end_ns()
        audit = run.audit()
        if audit is not None:
            self.record["audit"] = audit
        if not run.opens_in_workers:
            run.close_task()

    def expired(self, timeout_s: float):
        def expired(found: tuple[str, dict[int, int]] | Hung | None) -> NoReturn:
            """In the watchdog's thread, with all worker processes gone."""
            run = self.this
            if run.catch_up is not None:
                run.catch_up()
            if isinstance(found, tuple):
                os._exit(self.report("failed", self.deadlocked(*found)))
            if found is not None:
                status = self.report("failed", self.hung(found))
                found.end_processes()
                os._exit(status)
            running = run.slots.running()
            for job, worker in running[: record.FAILURES_MAX]:
                run.shared.failed(job, worker, "Timeout", f"still running when the {timeout_s:.12g} s were over", None)
            os._exit(self.report("failed", self.time_out_reason(timeout_s, [job for job, _ in running])))

        return expired

    def deadlocked(self, reason: str, waiting: dict[int, int]) -> str:
        from py_impl.deadlock import KIND, waits_for

        for job, other in list(waiting.items())[: record.FAILURES_MAX]:
            self.this.shared.failed(job, self.this.slots.workers[job], KIND, waits_for(other), None)
        return reason

    def hung(self, hung: Hung) -> str:
        for job, (worker, message, line) in list(hung.jobs.items())[: record.FAILURES_MAX]:
            self.this.shared.failed(job, worker, hung.failure, message, line)
        self.this.shared.hazard(hung.kind, 1, hung.text)
        return hung.text

    def time_out_reason(self, timeout_s: float, jobs: list[int]) -> str:
        if not jobs and self.this.slots.all_ended():
            return f"the time ran out after {timeout_s:.12g} s; all jobs had ended, but not their workers or what those started"
        if not jobs:
            return f"the time ran out after {timeout_s:.12g} s; not all jobs had ended, and none was running here"
        named = ", ".join(map(str, jobs[:NAMED_JOBS]))
        if len(jobs) > NAMED_JOBS:
            named += f" and {len(jobs) - NAMED_JOBS} more"
        return f"the time ran out after {timeout_s:.12g} s; still running: job {named}"

    # -- after the run ----------------------------------------------------------------------------------------------------

    def end(self, status: str, reason: str | None) -> int:
        run = self.this
        if run is None:
            return self.report(status, reason)
        run.watchdog.end()
        if status == "done":
            failures, _ = run.shared.read()
            if failures and run.transport is not None and failures[0]["type"] == IMPOSSIBLE:  # of every job
                status, reason = "impossible", failures[0]["message"]
            elif failures:
                status, reason = "failed", self.failure_reason(failures)
            exit_status = self.report(status, reason)
            run.watchdog.leave()
            return exit_status
        # What was under way is given up: there may be workers, and threads that nobody can end.
        run.watchdog.kill_workers()
        os._exit(self.report(status, reason))

    def failure_reason(self, failures: list[dict[str, object]]) -> str:
        first = next((one for one in failures if one["type"] == "Poisoned"), failures[0])  # what its tries came to
        where = "" if first["worker"] is None else "a worker: "
        if first["job"] is not None:
            where = f"job {first['job']}: "
        others = self.this.slots.failed() - 1
        more = f" ({others} more job{'s' * (others > 1)} failed)" if others > 0 else ""
        if first["type"] != "DoneTwice" and any(one["type"] == "DoneTwice" for one in failures):
            more += "; and jobs were done twice"  # which is never to be found in the record alone
        return f"{where}{failure_words(first['type'], first['message'], first['line'])}{more}"

    def report(self, status: str, reason: str | None) -> int:
        """Fills in the rest of the record and writes it; complains where all is not well. The exit status."""
        self.record["status"], self.record["exit"] = status, EXITS[status]
        self.record["reason"] = None if reason is None else one_line(reason)
        if self.this is not None:
            self.report_run(self.this)
        self.record["usage"] = record.usage(None if self.this is None else self.this.ready_cpu_ns)
        if self.this is not None:
            self.record["usage"].update(self.this.carried)
        self.record["python"] = record.python(None if self.this is None else self.this.shared.locked_by())
        self.record["libraries"] = getattr(sys.modules.get("py_impl.library"), "used", {})
        if reason is not None:
            complain(reason)
        self.phases["end"] = time.monotonic_ns()
        if self.record_path is not None:
            try:
                self.write(record.to_json(self.record) + "\n")
            except Usage as error:
                if reason is None or str(error) != reason:
                    complain(str(error))
                return EXITS[status] or EXITS["usage"]
        return EXITS[status]

    def report_run(self, run: Run) -> None:
        failures, connections = run.shared.read()
        self.record["failures"] = failures[: record.FAILURES_MAX]
        if failures:
            self.record["failed_jobs"] = run.slots.failed()
        hazards = run.shared.hazards()
        if hazards:
            self.record["hazards"] = hazards
        if run.task.ASKS in CONNECTS:
            self.record["connections"] = connections
        self.phases["ready"] = run.ready_ns
        self.phases["work"] = run.work_ns

    def write(self, text: str) -> None:
        try:
            with open(self.record_path, "w", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise Usage(f"--record: cannot write '{self.record_path}': {error.strerror}") from error
