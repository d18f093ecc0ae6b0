# SPDX-License-Identifier: MIT
"""
Python's lock where the interpreter is a free-threaded build (CPython 3.13 and later): off, until the import of an extension
module that does not declare that it can do without switches it on for the rest of the process.
"""

from __future__ import annotations

import sys

FREE_THREADED = "t" in sys.abiflags
_WARNS = "The global interpreter lock (GIL) has been enabled to load module '"
_by: list[str] = []


def is_on() -> bool:
    return not FREE_THREADED or sys._is_gil_enabled()


def by() -> str:
    """The module whose import switched it on; empty where that is not known."""
    return _by[0] if _by else ""


def watch() -> None:
    """Before modules of a user's are imported: CPython tells in a warning, and nowhere else, which of them it was."""
    if is_on():
        return
    import warnings

    show = warnings.showwarning

    def note(message: Warning | str, category: type[Warning], *where: object, **more: object) -> None:
        text = str(message)
        if text.startswith(_WARNS):
            _by.append(text[len(_WARNS) :].partition("'")[0])
        show(message, category, *where, **more)

    warnings.showwarning = note
