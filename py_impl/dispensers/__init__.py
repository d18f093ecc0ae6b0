# SPDX-License-Identifier: MIT
"""
The dispensers that --dispenser names: how a job gets to a worker that draws by itself. (`default` is the executors' own way, or
the one iterator that all coroutines of a loop share.) Each module has

    Manager(run, pool)      in the host, before any worker is started; `pool` is the model's: what is made of `pool.context` can
                            be shared with its workers, `pool.check()` raises where one of them is lost
        end(number) -> End  what worker `number` has of it; pickled, where that is a process that is not forked
        feed()              once the gate is open, until all jobs have ended as far as it knows
        stop(numbers)       tells these workers that there are no more; again for one that has not heard
        close()             whatever happened: nothing is left of it
    End.open(run)           in the worker, before the gate
        serve(worker)       runs what it draws until there is no more
        sent()              in the host, when the worker has been started: closes what only that needs
        close()             in the worker

Libraries that only some of them need are imported where they are opened.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from py_impl.run import Run


class Dispenser:
    __slots__ = ("module", "fds", "broker")

    def __init__(self, module: str, fds: int = 0, broker: bool = False) -> None:
        self.module = module
        self.fds = fds  # descriptors that the host holds for each worker
        self.broker = broker  # what a killed host leaves is outside of its processes


DISPENSERS = {
    "counter": Dispenser("counter"),
    "queue": Dispenser("queues"),
    "pipe": Dispenser("pipes", fds=2),
    "redis": Dispenser("redis_", fds=1, broker=True),
    "redis-aof": Dispenser("redis_", fds=1, broker=True),
    "zmq": Dispenser("zmq_", fds=8),
}


def load(run: Run, pool):
    """The manager of the dispenser that the run has."""
    return import_module("py_impl.dispensers." + DISPENSERS[run.knobs["dispenser"]].module).Manager(run, pool)


def is_function(run: Run) -> bool:
    return hasattr(run.task, "call")
