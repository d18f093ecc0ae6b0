# SPDX-License-Identifier: MIT
"""Numba compiles the Python task's own function, the same source text. It keeps what it compiled itself, by text and CPU."""

from __future__ import annotations

import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType


def put(task: ModuleType, name: str, folder: str) -> tuple[str, int | None]:
    """Replaces the function. A file for the time that compiling took, and that in nanoseconds; None: it was found in `folder`."""
    os.environ["NUMBA_CACHE_DIR"] = folder
    import numba

    kernel = numba.njit(nogil=True, cache=True)(getattr(task, name))
    setattr(task, name, kernel)  # first: one that calls itself is to find itself
    begun_ns = time.monotonic_ns()
    kernel.compile((numba.int64,) * kernel.py_func.__code__.co_argcount)
    took_ns = time.monotonic_ns() - begun_ns
    return os.path.join(folder, f"numba-{name}.ns"), None if kernel.stats.cache_hits else took_ns
