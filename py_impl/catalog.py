# SPDX-License-Identifier: MIT
"""Finding tasks: the built-in ones, those of another folder, or one file; and whether each keeps to the contract."""

from __future__ import annotations

import os
import sys

from py_impl.contract import ASKS, CHOICE, INT, KINDS, PARAM_TYPES, SERVICES, Param
from py_impl.errors import Impossible, Usage

ModuleType = type(sys)


class Shelf:
    """Where a runtime's tasks stand: the folder of the built-in ones and the ending of a task's file."""

    __slots__ = ("folder", "suffix", "compiler")

    def __init__(self, folder: str, suffix: str, compiler: str = "") -> None:
        self.folder = folder
        self.suffix = suffix
        self.compiler = compiler  # of kernels: numba or cython; then there are the built-in tasks only


PYTHON = Shelf(os.path.join(os.path.dirname(os.path.abspath(__file__)), "tasks"), ".py")

_FIELDS = (("NAME", str), ("ABOUT", str), ("KIND", str), ("ASKS", str), ("JOBS", int), ("PARAMS", tuple))
_FUNCTIONS = ("payload", "open", "close", "worker_open", "worker_close", "prepare", "request", "more", "run", "waited", "audit")


def names(shelf: Shelf, folder: str | None) -> list[str]:
    """The tasks of a folder (None: the built-in ones), by the names of their files."""
    try:
        files = os.listdir(folder or shelf.folder)
    except OSError as error:
        raise Usage(f"--tasks: cannot read '{folder or shelf.folder}': {error.strerror}") from error
    ending = shelf.suffix
    return sorted(file[: -len(ending)] for file in files if file.endswith(ending) and not file.startswith(("_", ".")))


def is_function(task: str) -> bool:
    """MODULE:NAME, FILE.py:NAME or FILE.so:SYMBOL, and no path with a colon in it."""
    where, _, name = task.rpartition(":")
    return where != "" and "/" not in name and (where.endswith((".py", ".so")) or "/" not in where)


def source_of(shelf: Shelf, task: str, folder: str | None) -> str:
    """Where a task is, as `load` takes it: the name of a built-in Python task, the path of a file, or a function."""
    if shelf.compiler and (folder is not None or "/" in task or is_function(task)):
        raise Usage(f"task '{task}': {shelf.compiler} has kernels of the built-in tasks only; one's own function runs in py,"
                    " whoever compiled it")
    if is_function(task):
        if task.rpartition(":")[0].endswith(".so") != (shelf.suffix == ".so"):
            raise Usage(f"task '{task}' is no {'MODULE:NAME or FILE.py:NAME' if shelf is PYTHON else 'FILE.so:SYMBOL'}")
        return task
    if "/" in task:
        if not task.endswith(shelf.suffix):
            raise Usage(f"task '{task}' is no {shelf.suffix} file")
        return task
    known = names(shelf, folder)
    if task not in known:
        raise Usage(f"task '{task}' is unknown (known: {', '.join(known)})")
    if shelf.suffix == ".py" and folder is None:
        return task + ("@" + shelf.compiler if shelf.compiler else "")
    return os.path.join(folder or shelf.folder, task + shelf.suffix)


def choose(shelf: Shelf, given: dict[str, object]) -> ModuleType:
    """The task that --task or --command asks for."""
    inputs = given.get("--inputs")
    if not given["--command"]:
        return load(source_of(shelf, given["--task"], given.get("--tasks")), inputs, given.get("--path"))
    if "--task" in given:
        raise Usage("--task and --command: only one of them can be given")
    if shelf is not PYTHON:
        raise Usage("a command runs in the runtimes c and py; ext would start it as py does")
    from py_impl.command import Command

    return Command(given["--command"], given.get("--directory"), inputs)


def load(source: str, inputs: str | None = None, path: str | None = None) -> ModuleType:
    """
    The task module, checked; Usage with one line if there is something wrong with it. Of a function: the file of its inputs,
    and folders where its module is looked for first.
    """
    if is_function(source):
        return _load_function(source, inputs, path)
    if inputs is not None:
        raise Usage(f"--inputs is for functions, and '{source}' is none")
    try:
        module = _load_file(source) if "/" in source else _load_builtin(source)
    except FileNotFoundError as error:
        if error.filename != source:
            raise Usage(f"task '{source}' does not load: {one_line(error)}") from error
        raise Usage(f"task '{source}': there is no such file") from error
    except Impossible:
        raise
    except (Exception, SystemExit) as error:  # whatever a user's file may raise
        raise Usage(f"task '{source}' does not load: {one_line(error)}") from error
    trouble = complaint(module)
    if trouble:
        hint = "" if hasattr(module, "NAME") else f"; to run a function of it, name it: {source}:FUNCTION"
        raise Usage(f"task '{source}' does not keep to the contract: {trouble}{hint}")
    return module


def one_line(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())


def complaint(module: ModuleType) -> str | None:
    """What a module lacks to be a task; None if nothing."""
    for name, kind in _FIELDS:
        if not isinstance(getattr(module, name, None), kind):
            return f"{name} is missing or no {kind.__name__}"
    if module.KIND not in KINDS:
        return f"KIND must be one of {', '.join(KINDS)}"
    if module.ASKS not in ASKS:
        return f"ASKS must be one of {', '.join(ASKS)}"
    if module.JOBS < 1:
        return "JOBS must be at least 1"
    if not isinstance(getattr(module, "SPLITS", False), bool):
        return "SPLITS is no bool"
    if not callable(getattr(module, "run", None)):
        return "run is missing or no function"
    for name in _FUNCTIONS:
        if not callable(getattr(module, name, print)):
            return f"{name} is no function"
    for param in module.PARAMS:
        trouble = _param_complaint(param)
        if trouble:
            return trouble
    if len({param.key for param in module.PARAMS}) != len(module.PARAMS):
        return "PARAMS has a key twice"
    return None


def _param_complaint(param: object) -> str | None:
    if not isinstance(param, Param):
        return f"PARAMS holds {param!r}, which is no Param"
    if param.type not in PARAM_TYPES:
        return f"parameter '{param.key}': the type must be one of {', '.join(PARAM_TYPES)}"
    if param.type == INT and not (isinstance(param.min, int) and isinstance(param.max, int)):
        return f"parameter '{param.key}': an int needs min and max"
    if param.type == CHOICE and not param.choices:
        return f"parameter '{param.key}': a choice needs choices"
    return None


def _load_builtin(source: str) -> ModuleType:
    """NAME, or NAME@COMPILER: then the module has `compile_kernel`."""
    name, _, compiler = source.partition("@")
    module_name = "py_impl.tasks." + name
    __import__(module_name)
    module = sys.modules[module_name]
    if compiler:
        from py_impl.kernels import put_in

        module.compile_kernel = lambda: put_in(module, compiler)
    return module


def _load_function(source: str, inputs: str | None, path: str | None) -> object:
    if source.rpartition(":")[0].endswith(".so"):
        from py_impl import ext

        return ext.load_function(source, inputs)
    from py_impl import function

    return function.load(source, inputs, path)


def _load_file(path: str) -> ModuleType:
    if path.endswith(".so"):
        from py_impl.ext import load as load_native

        os.stat(path)
        return load_native(path)

    from importlib.machinery import SourceFileLoader
    from importlib.util import module_from_spec, spec_from_loader

    os.stat(path)
    loader = SourceFileLoader("cobench_task_" + os.path.basename(path).partition(".")[0], path)
    module = module_from_spec(spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


def describe(module: ModuleType) -> dict[str, object]:
    """A task as the list shows it."""
    return {
        "name": module.NAME,
        "about": module.ABOUT,
        "kind": module.KIND,
        "asks": module.ASKS,
        "services": [SERVICES[module.ASKS]] if module.ASKS in SERVICES else [],
        "jobs": module.JOBS,
        "splits": getattr(module, "SPLITS", False),
        "params": [
            {
                "key": param.key,
                "type": param.type,
                "default": param.fallback,
                "min": param.min,
                "max": param.max,
                "choices": None if param.choices is None else list(param.choices),
                "about": param.about,
            }
            for param in module.PARAMS
        ],
    }
