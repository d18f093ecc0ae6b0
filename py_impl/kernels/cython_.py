# SPDX-License-Identifier: MIT
"""Cython and the C compiler make a module of kernels.pyx, kept under the checksum of that, of the flags and of Cython's version."""

from __future__ import annotations

import os
import sys
import time
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader
from importlib.util import module_from_spec, spec_from_loader
from zlib import crc32

from py_impl.errors import Impossible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "kernels.pyx")
# Those of the C tasks; no inlining, as `fib` makes one real call a node in every runtime.
FLAGS = ("-O2", "-fPIC", "-shared", "-ffp-contract=off", "-fno-inline")


def put(task: ModuleType, name: str, folder: str) -> tuple[str, int | None]:
    """Replaces the function. A file for the time that compiling took, and that in nanoseconds; None: it was found in `folder`."""
    import Cython

    with open(SOURCE, "rb") as file:
        key = crc32(b"\0".join([file.read(), *map(str.encode, (*FLAGS, Cython.__version__))]))
    path = os.path.join(folder, f"cython-{key:08x}{EXTENSION_SUFFIXES[0]}")
    begun_ns = time.monotonic_ns()
    found = os.path.exists(path)
    if not found:
        make(path)
    took_ns = None if found else time.monotonic_ns() - begun_ns
    loader = ExtensionFileLoader("kernels", path)
    module = module_from_spec(spec_from_loader("kernels", loader))
    loader.exec_module(module)
    setattr(task, name, getattr(module, name))
    return path + ".ns", took_ns


def make(path: str) -> None:
    from sysconfig import get_path
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(dir=os.path.dirname(path)) as scratch:
        c, so = f"{scratch}/kernels.c", f"{scratch}/kernels.so"
        call([sys.executable, "-s", "-E", "-m", "cython", "-3", "-o", c, SOURCE])
        call([*os.environ.get("CC", "cc").split(), *FLAGS, "-I", get_path("include"), c, "-o", so])
        os.replace(so, path)  # in one step, as others may be looking


def call(words: list[str]) -> None:
    from subprocess import DEVNULL, run

    try:
        done = run(words, capture_output=True, text=True, stdin=DEVNULL, check=False)
    except FileNotFoundError as error:
        raise Impossible(f"the Cython kernels need a C compiler: there is no '{words[0]}'") from error
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if "error" in line.lower()] or [f"exit status {done.returncode}"]
        raise Impossible(f"the Cython kernels do not compile: {words[0]}: {said[0]}")
