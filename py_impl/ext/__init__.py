# SPDX-License-Identifier: MIT
"""
The runtime `ext`: C tasks under the Python host's models. The extension module `native` (c_impl/bridge/native.c) makes
of a C task an object that keeps to the contract, so that no model can tell it from a Python module.
"""

from __future__ import annotations

import os
import sys

from py_impl.errors import Impossible, Usage
from py_impl.params import build_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType


def native() -> ModuleType:
    """The extension module of this interpreter; Impossible where the build has none for it."""
    folder = os.path.join(build_folder(), "native")
    if folder not in sys.path:
        sys.path.append(folder)
    try:
        import native as module
    except ModuleNotFoundError as error:
        raise Impossible(f"there is no module 'native' for this interpreter in '{folder}' (make builds it)") from error
    return module


def load(path: str) -> object:
    """A C task, as catalog.load wants it."""
    return native().Task(path)


def load_function(source: str, inputs: str | None) -> object:
    """A C function as a task: FILE.so:SYMBOL."""
    try:
        return native().Task(source, inputs)
    except (ImportError, ValueError) as error:
        raise Usage(str(error)) from error
