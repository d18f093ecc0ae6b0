# SPDX-License-Identifier: MIT
"""
How to link a program with this interpreter inside: prints "static" or "shared" and the linker's arguments, in one line.

    PYTHON scripts/embed_link.py auto|static|shared

`auto` takes the static library where the interpreter was installed with one whose objects are not position-independent
(Debian's libpython3.X.a): it runs bytecode as fast as the program python3, the shared one up to 14% slower. Modules that
are built into the interpreter bring the libraries they need (MODLIBS). Some releases install a library that lacks a part
(3.14 of Debian: HACL), so a small program is linked first; $CC links it.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import sysconfig
import tempfile


def static_library() -> str | None:
    name = sysconfig.get_config_var("LIBRARY") or ""
    for folder in (sysconfig.get_config_var("LIBPL"), sysconfig.get_config_var("LIBDIR")):
        path = os.path.join(folder or "", name)
        if name.endswith(".a") and os.path.isfile(path):
            return path
    return None


def words(*names: str) -> list[str]:
    """The words of some of the interpreter's build variables, each once; 3.14 leaves a continued line's backslash in one."""
    found = " ".join(str(sysconfig.get_config_var(name) or "") for name in names).split()
    return [word for word in dict.fromkeys(found) if word != "\\"]


def shared_arguments() -> list[str]:
    folder = sysconfig.get_config_var("LIBDIR")
    arguments = [f"-L{folder}", f"-Wl,-rpath,{folder}"] if not folder.startswith("/usr/lib") else []
    version = sysconfig.get_config_var("LDVERSION") or sysconfig.get_config_var("VERSION")
    return [*arguments, f"-lpython{version}", *words("LIBS", "SYSLIBS")]


def static_arguments(library: str) -> list[str]:
    return ["-no-pie", "-Wl,-export-dynamic", library, *words("MODLIBS", "LIBS", "SYSLIBS")]


def links(arguments: list[str]) -> bool:
    """Whether a program with this interpreter inside can be linked."""
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "probe.c")
        with open(source, "w", encoding="ascii") as file:
            file.write("int Py_BytesMain(int, char **); int main(int n, char **words) { return Py_BytesMain(n, words); }\n")
        compiler = shlex.split(os.environ.get("CC", "cc"))
        command = [*compiler, "-pthread", source, "-o", os.path.join(folder, "probe"), *arguments]
        return subprocess.run(command, capture_output=True).returncode == 0


def main(argv: list[str]) -> int:
    kind = argv[0] if len(argv) == 1 else ""
    if kind not in ("auto", "static", "shared"):
        print("usage: embed_link.py auto|static|shared", file=sys.stderr)
        return 2
    library = static_library()
    if kind == "static" and library is None:
        print("embed_link.py: this interpreter was installed without a static library", file=sys.stderr)
        return 1
    static = static_arguments(library) if kind != "shared" and library is not None else []
    if static and (kind == "static" or links(static)):
        print("static", *static)
    else:
        print("shared", *shared_arguments())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
