# SPDX-License-Identifier: MIT
"""
The models: how the jobs are run at the same time. Each is written once and knows no task and no transport by name. Those that own
their workers are in py_impl/engines.
"""

from __future__ import annotations

import sys

INTERPRETERS = (3, 14)  # the first CPython that has their pool


class Model:
    """A row of the table. Its module is imported only where it is used, as its imports are part of what is measured."""

    __slots__ = (
        "name", "module", "about", "processes", "loop", "baseline", "extra", "fds_a_worker", "fds_a_connection", "runtimes",
        "remote", "services", "drawing", "apart", "alone", "isolated", "native",
    )  # fmt: skip

    def __init__(
        self, name: str, module: str, about: str, *, processes: bool = False, loop: bool = False,
        baseline: bool = False, extra: bool = False, fds_a_worker: int = 0, fds_a_connection: int = 1,
        runtimes: tuple[str, ...] = ("py", "ext", "cython", "numba"), services: tuple[str, ...] = (), drawing: str = "",
        remote: bool = False, engine: bool = False, alone: bool = False, isolated: bool = False, native: bool = False,
    ) -> None:  # fmt: skip
        self.name = name
        self.module = ("engines." if engine else "models.") + module  # in py_impl; has run(run: Run) -> None
        self.drawing = drawing and "models." + drawing  # its module where another dispenser than `default` is chosen; empty: there is only that
        self.about = about
        self.processes = processes  # start methods apply
        self.loop = loop  # waits on an event loop
        self.baseline = baseline  # one job at a time
        self.extra = extra or engine  # the driver runs it only where it is named
        self.apart = processes or engine  # its jobs run in other processes
        self.alone = alone  # which inherit nothing: each opens the task, and the host does not
        self.isolated = isolated  # each worker has an interpreter of its own, in this process
        self.native = native  # jobs are run in C alone, with its clients
        self.fds_a_worker = fds_a_worker  # descriptors the host holds for each worker, its connection aside
        self.fds_a_connection = fds_a_connection  # and for that: one, or with libcurl its socket and two to wake it
        self.runtimes = runtimes  # that have it
        self.remote = remote  # its workers can be on other hosts (run.hosts)
        self.services = services  # that it needs (run.services)


MODELS = (
    Model("sync", "sync", "one loop, one job after the other", baseline=True),
    Model("threads", "threads", "threading.Thread for each job"),
    Model("thread-pool", "thread_pool", "concurrent.futures.ThreadPoolExecutor", drawing="drawing_pool"),
    Model("processes", "processes", "multiprocessing.Process for each job", processes=True, fds_a_worker=2),
    Model("process-pool", "process_pool", "concurrent.futures.ProcessPoolExecutor", processes=True, fds_a_worker=2,
          drawing="drawing_pool"),
    Model("async", "async_", "asyncio, one event loop", loop=True, drawing="drawing_loop"),
    Model(
        "interpreters", "interpreters", "concurrent.futures.InterpreterPoolExecutor", extra=sys.version_info < INTERPRETERS,
        fds_a_worker=2, isolated=True,
    ),  # fmt: skip
    Model("mpi", "mpi", "mpi4py's MPIPoolExecutor over the ranks of one job of Open MPI", engine=True, alone=True,
          remote=True, runtimes=("py", "ext")),
    Model("celery", "celery_", "Celery on Redis: a prefork worker, late acknowledgement, one job in advance", engine=True,
          remote=True, services=("redis",), runtimes=("py", "ext")),
    Model("celery-group", "celery_group", "the same with the jobs sent as a group", engine=True, remote=True,
          services=("redis",), runtimes=("py", "ext")),
    Model("dask", "dask_", "Dask distributed: a scheduler, and workers of one thread on loopback", engine=True, remote=True,
          runtimes=("py", "ext")),
    Model(
        "native-pool", "native_pool", "one call: the C host's thread pool runs all jobs", fds_a_connection=3,
        runtimes=("ext",), native=True,
    ),  # fmt: skip
)


def models_of(runtime: str) -> tuple[Model, ...]:
    return tuple(model for model in MODELS if runtime in model.runtimes)
