# SPDX-License-Identifier: MIT
"""The runtimes of the Python host: who computes, while Python schedules."""

from __future__ import annotations

from py_impl import catalog


class Runtime:
    __slots__ = ("name", "shelf")

    def __init__(self, name: str, shelf: catalog.Shelf) -> None:
        self.name = name
        self.shelf = shelf  # where its tasks stand


PY = Runtime("py", catalog.PYTHON)
