# SPDX-License-Identifier: MIT
"""Libraries that only some runs need, and that may not be there."""

from __future__ import annotations

import sys
from importlib import import_module

from py_impl.errors import Impossible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType


used: dict[str, str] = {}  # name to version, for the record


def missing(name: str, package: str) -> str:
    """Why what needs the module cannot be, and how to get it."""
    return f"{sys.executable} has no module '{name}' (Debian: apt-get install {package})"


def library(name: str) -> ModuleType:
    """The module; Impossible with its Debian package where there is none."""
    try:
        module = import_module(name)
    except ImportError as error:
        if not isinstance(error, ModuleNotFoundError):
            raise Impossible(f"the module '{name}' does not load: {error}") from error
        raise Impossible(missing(name, f"python3-{name}")) from error
    version = getattr(module, "__version__", None) or getattr(module, "version", "unknown")
    used[name] = " ".join(str(version).split()[:3])  # pycurl tells its own, libcurl's, that of the TLS library, and more
    return module
