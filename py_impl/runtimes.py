# SPDX-License-Identifier: MIT
"""The runtimes of the Python host: who computes, while Python schedules."""

from __future__ import annotations

import os

from py_impl import catalog
from py_impl.params import build_folder


class Runtime:
    __slots__ = ("name", "shelf")

    def __init__(self, name: str, shelf: catalog.Shelf) -> None:
        self.name = name
        self.shelf = shelf  # where its tasks stand


PY = Runtime("py", catalog.PYTHON)
EXT = Runtime("ext", catalog.Shelf(os.path.join(build_folder(), "tasks"), ".so"))
COMPILED = {name: Runtime(name, catalog.Shelf(catalog.PYTHON.folder, ".py", name)) for name in ("cython", "numba")}
