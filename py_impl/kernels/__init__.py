# SPDX-License-Identifier: MIT
"""
The runtimes `numba` and `cython`: the built-in tasks that compute, under the Python host's models, with their inner loop,
the kernel, compiled and run without the GIL. A kernel takes the place of one function of the task's module; all else stays
Python's. It is compiled before the gate, once, and kept (`folder`). Where there is none for a task, or no compiler, the
run ends with Impossible and its reason: Python never steps in.
"""

from __future__ import annotations

import os

from py_impl.errors import Impossible
from py_impl.library import missing
from py_impl.params import build_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

# By task: the function of its module that is compiled, of ints to an int.
FUNCTIONS = {
    "count": "count_matches",
    "distance": "distance_sum",
    "factorize": "divisor_sum",
    "fib": "fib",
    "mixed": "count_matches",
}

# By runtime: what has to be imported, and the Debian package that has it.
COMPILERS = {"cython": ("Cython", "cython3"), "numba": ("numba", "python3-numba")}


def offer(runtime: str) -> tuple[dict[str, str | None], list[str]]:
    """For the list: the compiler's version, and why there is none. Imports and compiles nothing."""
    from importlib.metadata import PackageNotFoundError, version
    from importlib.util import find_spec

    module, _ = COMPILERS[runtime]
    if find_spec(module) is None:
        return {runtime: None}, [missing(*COMPILERS[runtime])]
    try:
        return {runtime: version(module)}, []
    except PackageNotFoundError:
        return {runtime: "unknown"}, []


def folder() -> str:
    """Where compiled kernels are kept: in the build, of an installed cobench among the user's caches."""
    build, root = build_folder(), os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    if os.path.realpath(build) != os.path.realpath(root):
        return os.path.join(build, "kernels")
    return os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "cobench", "kernels")


def put_in(task: ModuleType, runtime: str) -> int:
    """
    Puts the compiled kernel in its function's place. Once a process, before the task is opened. How long compiling it took,
    in nanoseconds: just now, or when what was found here was compiled.
    """
    name = FUNCTIONS.get(task.NAME)
    if name is None:
        raise Impossible(f"task '{task.NAME}' has no kernel to compile ({', '.join(FUNCTIONS)} have one)")
    kept = folder()
    try:
        os.makedirs(kept, exist_ok=True)
        if runtime == "numba":
            from py_impl.kernels.numba_ import put
        else:
            from py_impl.kernels.cython_ import put
        return remember(*put(task, name, kept))
    except ModuleNotFoundError as error:
        if error.name != COMPILERS[runtime][0]:
            raise
        raise Impossible(missing(*COMPILERS[runtime])) from error
    except ImportError as error:  # as of a Python or NumPy that it does not know
        raise Impossible(f"{runtime} cannot be imported: {' '.join(str(error).split())}") from error
    except OSError as error:
        raise Impossible(f"compiled kernels cannot be kept in '{kept}': {error.strerror}") from error


def remember(path: str, took_ns: int | None) -> int:
    """How long compiling took, kept in a file beside the kernel; None: that was there already."""
    if took_ns is None:
        try:
            with open(path, encoding="ascii") as file:
                return int(file.read())
        except (OSError, ValueError):  # somebody emptied a part of the cache
            return 0
    with open(path, "w", encoding="ascii") as file:
        file.write(f"{took_ns}\n")
    return took_ns
