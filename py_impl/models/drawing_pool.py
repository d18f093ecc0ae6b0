# SPDX-License-Identifier: MIT
"""
The pools whose workers draw their jobs by themselves, from the dispenser that --dispenser names: plain threads or processes,
all up and warm before the gate. A worker passes four points together with the host: it is up, the gate is open, there are no
more jobs, the end pause is over.
"""

from __future__ import annotations

from py_impl import dispensers
from py_impl.contract import WORKER_PROCESS, RequestFailed
from py_impl.dispensers.work import ends_of_host
from py_impl.errors import Failed, Impossible, Usage
from py_impl.failure import explain, failure_words
from py_impl.machine import start_limits
from py_impl.models.crash import KIND, crashed
from py_impl.run import Run
from py_impl.worker import open_worker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

GRACE_S = 1.0  # for a worker that stalled and may have come back


class Lost(Exception):
    """Worker processes are gone, and their dispenser cannot do without them."""


def run(run: Run) -> None:
    run.gate_cold()
    pool = elsewhere(run) if run.hosts else Processes(run) if run.processes else Threads(run)
    try:
        manager = dispensers.load(run, pool)
    except OSError as error:
        raise Impossible(f"cannot make what the dispenser {run.knobs['dispenser']} needs: {error.strerror or error}") from error
    run.watchdog.clean_up = getattr(manager, "clean_up", None)
    try:
        for number in range(run.workers):
            pool.start(number, manager.end(number))
        pool.arrive()
        run.check_workers()
        run.gate()
        pool.go()
        try:
            manager.feed()
            manager.stop(list(range(run.workers)))
            pool.arrive(manager.stop)
        except Lost:
            run.watchdog.note(pool.note_crash)
        except RequestFailed as error:  # of a broker
            run.worker_failed(None, error)
            raise Failed(f"{error.kind}: {error}") from error
        else:
            run.end_pause_all()
            pool.go()
            pool.join()
    finally:
        manager.close()
        run.watchdog.clean_up = None
    run.watchdog.stop_server()


def elsewhere(run: Run):
    from py_impl.models.elsewhere import Elsewhere

    return Elsewhere(run)


# -- threads ------------------------------------------------------------------------------------------------------------


class Threads:
    context = None  # of multiprocessing

    def __init__(self, run: Run) -> None:
        from threading import Barrier

        self.run = run
        self.barrier = Barrier(run.workers + 1)
        self.threads: list = []
        self.trouble: str | None = None
        self.stalled: set[int] = set()  # workers that may never come

    def start(self, number: int, end) -> None:
        from threading import Thread

        try:
            # Daemons: should the host give up, nobody waits for those that are left.
            thread = Thread(target=self.live, args=(number, end), daemon=True)
            thread.start()
        except RuntimeError as error:
            self.barrier.abort()
            raise Impossible(f"cannot start {self.run.workers} threads: {error} ({start_limits()})") from error
        self.threads.append(thread)

    def live(self, number: int, end) -> None:
        from threading import BrokenBarrierError

        try:
            worker = open_worker(self.run, number)
            end.open(self.run)
            self.barrier.wait()
            self.barrier.wait()
            if worker is not None:
                end.serve(worker)
            self.barrier.wait()
            self.barrier.wait()
            if worker is not None:
                worker.close()
            end.close()
        except BrokenBarrierError:
            pass  # the host gave up
        except Exception as error:  # of a broker, say
            self.run.worker_failed(number, error)
            self.trouble = f"worker {number}: {failure_words(*explain(error, None))}"
            self.barrier.abort()

    def arrive(self, again=None) -> None:
        from threading import BrokenBarrierError

        try:
            self.barrier.wait(GRACE_S if self.stalled else None)
        except BrokenBarrierError:
            self.check()
            raise Failed(f"worker {min(self.stalled)} has stalled") from None

    def go(self) -> None:
        self.arrive()

    def check(self, wait: bool = False) -> None:
        if self.trouble is not None:
            raise Failed(self.trouble)

    def lost(self) -> list[int]:
        """A thread cannot be lost alone."""
        self.check()
        return []

    def join(self) -> None:
        for thread in self.threads:
            thread.join()


# -- processes ----------------------------------------------------------------------------------------------------------


class Member:
    """A worker process as the host knows it. Through the pipe `line` each tells the other that a point is passed."""

    __slots__ = ("process", "line", "points")

    def __init__(self, process: BaseProcess, line: Connection) -> None:
        self.process, self.line = process, line
        self.points = 0  # that it has come to


class Processes:
    def __init__(self, run: Run) -> None:
        from py_impl.models.context import context_of

        self.run = run
        self.context = context_of(run)
        self.members: dict[int, Member] = {}
        self.points = 0  # that all have come to
        self.stalled: set[int] = set()  # workers that may never come

    def start(self, number: int, end) -> None:
        try:
            line, of_worker = self.context.Pipe()
            ends_of_host.append(line)
            process = self.context.Process(target=live, args=(self.run, number, of_worker, end))
            self.run.watchdog.start(process.start)
            self.run.pids[process.pid] = number
        except OSError as error:
            raise Impossible(f"cannot start {self.run.workers} processes: {error.strerror} ({start_limits()})") from error
        of_worker.close()
        end.sent()
        self.members[number] = Member(process, line)

    def arrive(self, again=None) -> None:
        """Waits until all are at the next point; `again` is called for those that take their time."""
        self.points += 1
        for number, member in self.members.items():
            while member.points < self.points:
                if member.line.poll(GRACE_S):
                    self.hear(member)
                elif number in self.stalled:
                    member.process.kill()
                    break
                elif again is not None:
                    again([number])

    def hear(self, member: Member) -> None:
        try:
            why = member.line.recv_bytes().decode()
        except (EOFError, OSError) as error:
            if member.points == 0:
                raise Failed("a worker process died before it ran any job") from error
            self.check(wait=True)
            raise
        if why:
            raise Failed(why)
        member.points += 1

    def go(self) -> None:
        word = b"%d" % self.run.ready_ns
        for member in self.members.values():
            try:
                member.line.send_bytes(word)
            except OSError:
                pass  # it has stalled and was ended, or is found to be gone by the next who waits for it

    def lost(self, wait: bool = False) -> list[int]:
        """The workers that are gone; with `wait` there is one, or nearly."""
        from multiprocessing.connection import wait as wait_for

        gone = wait_for([member.process.sentinel for member in self.members.values()], 5.0 if wait else 0)
        return [number for number, member in self.members.items() if member.process.sentinel in gone]

    def check(self, wait: bool = False) -> None:
        """Raises where a worker is gone, or has said that it cannot go on."""
        if lost := self.lost(wait):
            for number in lost:
                self.ask_why(self.members[number])
            raise Lost

    def ask_why(self, member: Member) -> None:
        """Of a worker that is gone."""
        try:
            while True:
                if why := member.line.recv_bytes().decode():
                    raise Failed(why)
        except (EOFError, OSError):
            pass  # it was not asked

    def bury(self, number: int) -> int | None:
        """Takes one that is gone away: its exit code."""
        member = self.members.pop(number)
        self.ask_why(member)
        member.process.join()
        member.line.close()
        return member.process.exitcode

    def start_again(self, number: int, end) -> None:
        """One in the place of another, while the others run."""
        self.start(number, end)
        self.members[number].line.send_bytes(b"%d" % self.run.ready_ns)

    def note_crash(self) -> None:
        """Ends all, as an executor does, and says which of them were gone before."""
        lost = self.lost()
        for member in self.members.values():
            member.process.kill()
        for member in self.members.values():
            member.process.join()
        jobs: dict[int, list[int]] = {number: [] for number in self.members}
        for job, number in self.run.slots.running():
            jobs[number].append(job)
        for number in lost:
            crashed(self.run, self.members[number].process.exitcode, number, jobs.pop(number))
        for number, running in jobs.items():
            for job in running:
                self.run.slots.kill_command(job)
                self.run.slots.fail(job)
                self.run.shared.failed(job, number, KIND, f"the pool was ended while job {job} was running", None)

    def join(self) -> None:
        for member in self.members.values():
            member.process.join()
            member.line.close()


def live(run: Run, number: int, line: Connection, end) -> None:
    """The life of a worker process."""
    for end_of_host in ends_of_host:
        end_of_host.close()
    worker = None
    try:
        try:
            run.enter_process()
            end.open(run)
        except (Usage, OSError) as error:  # of the task, which this worker loads and opens for itself, and its files
            run.worker_failed(number, error)
        else:
            worker = open_worker(run, number, WORKER_PROCESS)
            run.slots.prefault()
        line.send_bytes(b"")
        run.ready_ns = int(line.recv_bytes())
        if worker is not None:
            end.serve(worker)
        line.send_bytes(b"")
        line.recv_bytes()
    except EOFError:
        return  # the host has gone
    except Exception as error:  # of a broker, say
        run.worker_failed(number, error)
        line.send_bytes(f"worker {number}: {failure_words(*explain(error, None))}".encode())
        return
    if worker is not None:
        worker.close()
        run.leave_process()
    end.close()
