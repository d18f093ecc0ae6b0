# SPDX-License-Identifier: MIT
"""
mpi4py's MPIPoolExecutor: its manager and its workers are the ranks of one job of Open MPI's (mpi_ranks.py), which mpirun starts.
This process stays beside them, as c_impl/models/mpi.c does and for the same reasons: it has the slots, the gate and the record, and is
still there when Open MPI ends the whole job because of one rank.
"""

from __future__ import annotations

import mmap
import os
import pickle
import re
import select
import shutil
import subprocess
import sys
import tempfile

from py_impl import remote
from py_impl.engines.answers import refuse_command
from py_impl.engines.supervisor import die_with
from py_impl.errors import Failed, Impossible
from py_impl.library import library
from py_impl.models.crash import KIND, crashed
from py_impl.params import build_folder
from py_impl.run import Run
from py_impl.slots import EMPTY, RUNNING

# What the manager tells, a line each, and what it is answered, likewise.
UP, NOT_UP, OVER, CARRIED = "up", "not-up", "over", "carried"
GO, CLOSE = "go", "close"

KEPT = 4096  # of the end of what mpirun says


def run(run: Run) -> None:
    refuse_command(run)
    library("mpi4py")
    if shutil.which("mpirun") is None:
        raise Impossible("mpi cannot run here: there is no mpirun on PATH (Debian: apt-get install openmpi-bin)")
    run.gate_cold()
    job = Job(run)
    run.catch_up = job.mark_held
    try:
        job.start()
        status = job.watch()
    finally:
        job.remove_folder()
    job.conclude(status)


def mpirun(run: Run, folder: str, *words: str) -> list[str]:
    """The command line, in one place; what its options are for: c_impl/models/mpi.c."""
    settings = {"mpi_yield_when_idle": "1", "odls_base_num_threads": "0"}
    more: list[str] = []
    if run.hosts:
        here = os.uname().nodename
        settings["plm_rsh_agent"] = os.path.join(folder, "launcher")
        remote.script(run.launcher, settings["plm_rsh_agent"])
        of_ranks = [here if remote.is_here(name) else name for name, _, count in remote.place(run.hosts, run.workers) for _ in range(count)]
        more = ["--map-by", "seq", "--host", ",".join([here, *of_ranks]), "-x", "COBENCH_BUILD"]
    else:
        settings |= {"pml": "ob1", "btl": "self,vader", "orte_tmpdir_base": folder, "btl_vader_backing_directory": folder}
    mca = [word for name, value in settings.items() for word in ("--mca", name, value)]
    return ["mpirun", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none", *mca, *more, "-n", str(run.workers + 1), *words]


def environment(run: Run) -> dict[str, str]:
    """Of mpirun; what the user has set of it goes before."""
    if not run.hosts:
        return dict(os.environ)
    network = remote.network(run.hosts)
    settings = {"btl_tcp_if_include": network, "oob_tcp_if_include": network, "oob_tcp_keepalive_time": "2",
                "oob_tcp_keepalive_intvl": "2", "oob_tcp_keepalive_probes": "3"}  # fmt: skip
    return {f"OMPI_MCA_{name}": value for name, value in settings.items()} | {"COBENCH_BUILD": build_folder()} | os.environ


class Job:
    def __init__(self, run: Run) -> None:
        self.run = run
        # Of each worker the job that it runs at the moment, and one; 0: none. Workers on another machine do not fill it in.
        self.held_fd = os.memfd_create("cobench-held")
        os.ftruncate(self.held_fd, 8 * run.workers)
        self.held = memoryview(mmap.mmap(self.held_fd, 8 * run.workers)).cast("Q")
        self.hear, self.hear_end = os.pipe()
        self.tell_end, self.tell = os.pipe()
        self.folder = ""
        self.text = ""  # the end of what mpirun said
        self.lines = b""  # of the manager's, not yet whole
        self.up = self.over = False
        self.trouble: Exception | None = None

    def start(self) -> None:
        scratch = os.environ.get("COBENCH_SCRATCH") or ("/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
        self.folder = tempfile.mkdtemp(prefix="cobench-mpi-", dir=scratch)
        code = "from py_impl.engines.mpi_ranks import main; main()"
        fds = self.write_run(), self.run.shared.fd, self.held_fd, self.tell_end, self.hear_end
        words = mpirun(self.run, self.folder, sys.executable, "-s", "-E", "-c", code, *map(str, (os.getpid(), *fds)))
        home = os.getpid()

        def start() -> subprocess.Popen:
            return subprocess.Popen(words, env=environment(self.run), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                    preexec_fn=lambda: die_with(home), restore_signals=True)  # fmt: skip

        self.process = self.run.watchdog.start(start)
        self.run.watchdog.clean_up = self.kill

    def write_run(self) -> int:
        """What ranks set the run up from: a file that the manager reads."""
        state = self.run.away()
        fd = os.memfd_create("cobench-run")
        with open(fd, "wb", closefd=False) as file:
            pickle.dump((state, sys.path), file)
            pickle.dump((self.run.end_pause is not None, getattr(self.run.task, "inputs", None)), file)
        return fd

    def kill(self) -> None:
        """By any thread, at any time. The ranks die with it."""
        self.process.kill()
        self.process.wait()
        self.remove_folder()

    def remove_folder(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    # -- while it runs --------------------------------------------------------------------------------------------------

    def watch(self) -> int:
        """Until mpirun has ended. Its exit status."""
        said = self.process.stderr.fileno()
        while True:
            ready, _, _ = select.select([self.hear, said], [], [])
            if self.hear in ready:
                self.listen()
            if said in ready:
                data = os.read(said, KEPT)
                if not data:
                    break
                self.text = (self.text + data.decode(errors="replace"))[-KEPT:]
                sys.stderr.buffer.write(data)
                sys.stderr.flush()
        return self.process.wait()

    def listen(self) -> None:
        self.lines += os.read(self.hear, KEPT)
        while b"\n" in self.lines:
            line, self.lines = self.lines.split(b"\n", 1)
            self.take(*line.decode().split())

    def take(self, what: str, *numbers: str) -> None:
        run = self.run
        if what == UP:
            self.up = True
            try:
                run.gate()
            except Failed as error:
                self.trouble = error
            self.answer(CLOSE if self.trouble else f"{GO} {run.ready_ns}")
        elif what == NOT_UP:
            self.answer(CLOSE)
        elif what == OVER:
            self.over = True
            run.work_ns = int(numbers[0]) or None
            run.end_pause_all()
            self.answer(CLOSE)
        elif what == CARRIED:
            run.carried |= zip(numbers[::2], map(int, numbers[1::2]))

    def answer(self, line: str) -> None:
        os.write(self.tell, line.encode() + b"\n")

    # -- how it ended ---------------------------------------------------------------------------------------------------

    def mark_held(self) -> None:
        """What each worker was at, into the slots, where the host looks for it."""
        slots = self.run.slots
        for number, held in enumerate(self.held):
            if held and slots.states[held - 1] == EMPTY:
                slots.workers[held - 1], slots.states[held - 1] = number, RUNNING

    def conclude(self, status: int) -> None:
        run = self.run
        if self.trouble is not None:
            raise self.trouble
        if not self.up:
            run.check_workers()
            lines = [line for line in self.text.splitlines() if line.strip("-= ")]
            raise Failed(f"mpirun ended before all ranks were up: {lines[-1] if lines else 'it says nothing'}")
        if status != 0 or not self.over:
            self.mark_held()
            run.watchdog.note(lambda: self.note_crash(status))

    def note_crash(self, status: int) -> None:
        rank, exitcode = culprit(self.text)
        running = self.run.slots.running()
        if rank:
            number = rank - 1
            crashed(self.run, exitcode, number, [job for job, worker in running if worker == number])
            running = [(job, worker) for job, worker in running if worker != number]
        else:
            who = "a rank is gone" if rank is None else "the manager died"
            self.run.shared.failed(None, None, KIND, f"{who}, and Open MPI ended all ranks (mpirun's status is {status})", None)
        for job, worker in running:
            self.run.slots.fail(job)
            self.run.shared.failed(job, worker, KIND, f"Open MPI ended all ranks while job {job} was running", None)


def culprit(text: str) -> tuple[int | None, int]:
    """Which rank ended by itself, and its exit status as subprocess has it, in mpirun's words. None: it does not say."""
    if found := re.search(r"process rank (\d+) with PID.*?exited on signal (\d+)", text, re.DOTALL):
        return int(found[1]), -int(found[2])
    if found := re.search(r"Process name: \[.*\],(\d+)\]\s+Exit code: +(\d+)", text):
        return int(found[1]), int(found[2])
    found = re.search(r"process rank (\d+)", text)
    return int(found[1]) if found else None, 0
