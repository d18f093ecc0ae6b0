# SPDX-License-Identifier: MIT
"""
A user's own function as a task: `package.module:name` or `path/to/file.py:name`, called with the job's number, or with
the job's input where there are inputs. What it returns is kept and compared by its digest, which is made after the last
job. `setup()` and `teardown()` of its module, where there are such, are called once per process that runs jobs, as what they
keep is kept in globals, which threads share.

The function may wait by itself. `async def` is awaited under the model async; elsewhere each job has asyncio.run of its own.
In a host that keeps no values (c_impl/bridge/embed.c) `run` makes the digest at once.
"""

from __future__ import annotations

import os
import sys

from _thread import allocate_lock

from py_impl import lock
from py_impl.contract import MIXED, NOTHING, WORKER_PROCESS, Reply, TaskFailed
from py_impl.digest import digest
from py_impl.errors import Usage
from py_impl.failure import explain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

JSON_LINES = (".jsonl", ".ndjson")
_COROUTINE = 0x80  # inspect.CO_COROUTINE; importing inspect takes longer than all of this


class Function:
    """A task that has `call` beside `run`: workers keep its values in `run.kept`."""

    KIND, ASKS, PARAMS, SPLITS = MIXED, NOTHING, (), False

    def __init__(self, source: str, module: object, call: Callable[[object], object], inputs: list[object] | None) -> None:
        code = getattr(_plain(call), "__code__", None)
        self.NAME, self.ABOUT = source.rpartition(":")[2], source
        self.JOBS = 8 if inputs is None else len(inputs)
        self.inputs = inputs
        self.call = call
        self.is_async = code is not None and bool(code.co_flags & _COROUTINE)
        self.__file__ = getattr(code, "co_filename", None)
        self.blocking = self._run_loop if self.is_async else call  # what a model that blocks calls
        self._module, self._lock = module, allocate_lock()
        self._is_up = False
        self._trouble: TaskFailed | None = None  # of setup(), for the workers after the first

    def open(self, params: dict[str, object], jobs: int) -> None:
        """From here on item() and items() only look up, as that is a part of what a job costs."""
        each = range(jobs) if self.inputs is None else (self.inputs * -(-jobs // len(self.inputs)))[:jobs]
        self.item, self.items = each.__getitem__, lambda jobs: [each[job] for job in jobs]

    def worker_open(self, state: None, flags: int) -> int:
        with self._lock:
            if self._trouble is not None:
                raise self._trouble
            if not self._is_up:
                self._hook("setup")
                self._is_up = True
        return flags

    def worker_close(self, state: None, flags: int) -> None:
        if flags & WORKER_PROCESS:  # the one worker of its process, which may end without closing the task
            self.close(state)

    def close(self, state: None) -> None:
        if self._is_up:
            self._is_up = False
            self._hook("teardown")

    def _hook(self, name: str) -> None:
        """Calls a function of the module, where it has one."""
        hook = getattr(self._module, name, None)
        if not callable(hook):
            return
        try:
            hook()
        except (Exception, SystemExit) as error:  # whatever it may raise
            kind, message, line = explain(error, getattr(self._module, "__file__", None))
            self._trouble = TaskFailed(f"{name}() raised {kind}", message, line)
            raise self._trouble from error

    def item(self, job: int) -> object:
        """What the function is called with."""
        return job if self.inputs is None else self.inputs[job % len(self.inputs)]

    def items(self, jobs: list[int]) -> list[object]:
        return list(map(self.item, jobs))

    def run(self, state: None, worker: None, job: int, reply: Reply | None) -> int:
        return digest(self.blocking(self.item(job)))

    def _run_loop(self, item: object) -> object:
        import asyncio

        return asyncio.run(self.call(item))


def _plain(call: object) -> object:
    """The function behind a method, a functools.partial or an object that can be called."""
    call = getattr(call, "func", call)
    call = getattr(call, "__func__", call)
    return call if hasattr(call, "__code__") else getattr(type(call), "__call__", None)


def load(source: str, inputs: str | None, path: str | None) -> Function:
    """Imports it, and reads its inputs where a file of them is given. Usage with one line if that does not come out."""
    where, _, name = source.rpartition(":")
    sys.path[:0] = [folder for folder in _folders(path) if folder not in sys.path]
    lock.watch()
    try:
        module = found = _import(where)
        for part in name.split("."):
            found = getattr(found, part)
    except ModuleNotFoundError as error:
        raise Usage(f"task '{source}': {_missing(where, error)} (python: {sys.executable})") from error
    except FileNotFoundError as error:
        raise Usage(f"task '{source}': there is no file '{error.filename}'") from error
    except (Exception, SystemExit) as error:  # whatever a user's module may raise
        while isinstance(error.__cause__, ImportError):  # numpy wraps it in a page of advice
            error = error.__cause__
        raise Usage(f"task '{source}' does not load: {type(error).__name__}: {error}") from error
    if not callable(found):
        raise Usage(f"task '{source}': '{name}' is no function but a {type(found).__name__}")
    return Function(source, module, found, None if inputs is None else read_inputs(inputs))


def _missing(where: str, error: ModuleNotFoundError) -> str:
    """Whether it is the module itself that is not there, or one that it imports."""
    if f"{where}.".startswith(f"{error.name}."):
        return f"there is no module '{error.name}' on PYTHONPATH or --path"
    at, traceback = "", error.__traceback__
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if not code.co_filename.startswith("<") and code.co_filename != __file__:
            at = f"line {traceback.tb_lineno} of {os.path.basename(code.co_filename)} "
        traceback = traceback.tb_next
    return f"{at}imports '{error.name}', which this Python does not have"


def _folders(path: str | None) -> list[str]:
    """Where to look for modules first. The host itself is started with -E, its user's function is to find what it always does."""
    texts = (path or "", os.environ.get("PYTHONPATH", ""))
    return [folder for text in texts for folder in text.split(":") if folder]


def _import(where: str) -> object:
    from importlib import import_module

    if not where.endswith(".py"):
        return import_module(where)
    from importlib.util import module_from_spec, spec_from_file_location

    os.stat(where)
    folder, file = os.path.split(os.path.abspath(where))
    _see_siblings(folder)
    # In sys.modules, so that what it defines can be pickled, under a name that nobody else asks for.
    name = file.removesuffix(".py")
    if name in sys.modules or name in sys.stdlib_module_names:
        name = "cobench_task_" + name
    spec = spec_from_file_location(name, os.path.join(folder, file))
    module = sys.modules[name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _see_siblings(folder: str) -> None:
    """The folder goes behind the standard library, whose names a file in it may have, and before all that is installed."""
    if folder not in sys.path:
        at = (i for i, other in enumerate(sys.path) if other.endswith(("site-packages", "dist-packages")))
        sys.path.insert(next(at, len(sys.path)), folder)


def read_inputs(path: str) -> list[object]:
    """One input per line: JSON in a file called .jsonl or .ndjson, else text without its line feed."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape", newline="\n") as file:
            text = file.read()
    except OSError as error:
        raise Usage(f"--inputs: '{path}' cannot be read: {error.strerror}") from error
    if not text:
        raise Usage(f"--inputs: '{path}' has no line")
    lines = text.removesuffix("\n").split("\n")
    if not path.endswith(JSON_LINES):
        return lines
    import json

    for number, line in enumerate(lines, 1):
        try:
            lines[number - 1] = json.loads(line)
        except ValueError as error:
            raise Usage(f"--inputs: '{path}', line {number}: {error}") from error
    return lines
