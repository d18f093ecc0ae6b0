# SPDX-License-Identifier: MIT
"""Libraries that only some runs need, and that may not be there."""

from __future__ import annotations

from importlib import import_module

from py_impl.errors import Impossible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType


used: dict[str, str] = {}  # name to version, for the record


def library(name: str) -> ModuleType:
    """The module; Impossible with its Debian package where there is none."""
    try:
        module = import_module(name)
    except ImportError as error:
        why = f"no module {name}" if isinstance(error, ModuleNotFoundError) else f"the module {name} does not load: {error}"
        raise Impossible(f"{why} in this Python (Debian's package python3-{name} has it for Debian's)") from error
    version = getattr(module, "__version__", None) or getattr(module, "version", "unknown")
    used[name] = " ".join(str(version).split()[:3])  # pycurl tells its own, libcurl's, that of the TLS library, and more
    return module
