# SPDX-License-Identifier: MIT
"""The models: how the jobs are run at the same time. Each is written once and knows no task and no transport by name."""

from __future__ import annotations


class Model:
    """A row of the table. Its module is imported only where it is used, as its imports are part of what is measured."""

    __slots__ = ("name", "module", "about", "processes", "loop", "baseline", "fds_a_worker")

    def __init__(
        self, name: str, module: str, about: str, *, processes: bool = False, loop: bool = False,
        baseline: bool = False, fds_a_worker: int = 0,
    ) -> None:  # fmt: skip
        self.name = name
        self.module = module  # has run(run: Run) -> None
        self.about = about
        self.processes = processes  # start methods apply
        self.loop = loop  # waits on an event loop
        self.baseline = baseline  # one job at a time
        self.fds_a_worker = fds_a_worker  # descriptors the host holds for each worker, its connection aside

    @property
    def shares_fds(self) -> bool:
        """Whether the workers' connections count against the host's own limit."""
        return not self.processes


MODELS = (
    Model("sync", "sync", "one loop, one job after the other", baseline=True),
    Model("threads", "threads", "threading.Thread for each job"),
    Model("thread-pool", "thread_pool", "concurrent.futures.ThreadPoolExecutor"),
    Model("processes", "processes", "multiprocessing.Process for each job", processes=True, fds_a_worker=2),
    Model("process-pool", "process_pool", "concurrent.futures.ProcessPoolExecutor", processes=True, fds_a_worker=2),
    Model("async", "async_", "asyncio, one event loop", loop=True),
)
