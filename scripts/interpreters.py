# SPDX-License-Identifier: MIT
"""
The interpreters of this machine, as a JSON array: where each is, what it is, and what of cobench was built for it.

    PYTHON -I scripts/interpreters.py BUILD [NAME...]    of those that are named, in that order; without a name all that are found
    PYTHON -I scripts/interpreters.py BUILD --make NAME...    what `make PYTHONS=` builds: label, path, headers and a
                                                              module's suffix, with tabs between, a line for each

A NAME is a path, a program on PATH, or a version: 3.12, 3.13t or 3.12.4, wherever one is found; pyenv:3.12 and uv:3.13t only
there. Exit status 2, with one line on stderr, where a name is none of these or no interpreter that answers.

Each row has "label" (the version, t where it is free-threaded, and -2 where an earlier row has that), "path", "found" (where
it was looked for), "why" (null, or why it cannot serve), and of one that answers the facts of QUESTION, "built" (how, in
words) and "about" (all of it in words). "programs" are its own hosts by their kind; "missing" says by kind why there is none.
"""

from __future__ import annotations

import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

LEAST = (3, 9)
ANSWER_S = 45  # on a machine that is busy a free-threaded build has taken 20 for what takes it 0.1

# Asked of each interpreter, of which any may be old: what it is, from how it was configured.
QUESTION = """
import json, os, platform, sys, sysconfig
v = sysconfig.get_config_vars()
args, flags = str(v.get("CONFIG_ARGS") or ""), str(v.get("PY_CFLAGS") or v.get("CFLAGS") or "").split()
untold = None if v.get("PGO_PROF_USE_FLAG") == "" else False  # Debian optimises, and takes that out of what it tells
there = lambda *path: next((p for p in [os.path.join(*map(str, path))] if os.path.exists(p)), None)
first = lambda *found: next(filter(None, found), None)
print(json.dumps({
    "version": platform.python_version(),
    "implementation": platform.python_implementation(),
    "self": sys.executable,
    "executable": os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable),
    "lock": "free-threaded" if v.get("Py_GIL_DISABLED") else "GIL",
    "pgo": "--enable-optimizations" in args or untold,
    "lto": "--with-lto" in args or untold,
    "optimisation": first(*[f for f in reversed(flags) if f[:2] == "-O"]),
    "debug": bool(v.get("Py_DEBUG")),
    "compiler": platform.python_compiler(),
    "shared_library": first(v.get("Py_ENABLE_SHARED") and there(v.get("LIBDIR"), v.get("LDLIBRARY"))),
    "static_library": first(there(v.get("LIBPL"), v.get("LIBRARY")), there(v.get("LIBDIR"), v.get("LIBRARY"))),
    "headers": first(there(sysconfig.get_path("include"), "Python.h")) and sysconfig.get_path("include"),
    "suffix": v.get("EXT_SUFFIX"),
}))
"""


# -- where interpreters are ---------------------------------------------------------------------------------------------

def places(environ: dict[str, str], build: str) -> list[tuple[str, str]]:
    """Each (where, path) at which there may be an interpreter; the first of one that has several names counts."""
    home = environ.get("HOME", "")
    pyenv = environ.get("PYENV_ROOT") or f"{home}/.pyenv"
    uv = environ.get("UV_PYTHON_INSTALL_DIR") or f"{environ.get('XDG_DATA_HOME') or home + '/.local/share'}/uv/python"
    own = read_line(f"{build}/python")
    folders = [("PATH", folder) for folder in environ.get("PATH", "").split(":")
               if folder.startswith("/") and os.path.realpath(folder) != os.path.realpath(f"{pyenv}/shims")]
    folders += [("pyenv", folder) for folder in sorted(glob.glob(f"{glob.escape(pyenv)}/versions/*/bin"))]
    folders += [("uv", folder) for folder in sorted(glob.glob(f"{glob.escape(uv)}/*/bin"))]
    for prefix in ("/opt", "/usr/local"):
        folders += [(prefix, folder) for folder in (f"{prefix}/bin", *sorted(glob.glob(f"{prefix}/*/bin")))]
    found = [("build", own)] if own else []
    if environ.get("VIRTUAL_ENV"):
        found.append(("virtualenv", environ["VIRTUAL_ENV"] + "/bin/python"))
    return found + [(where, path) for where, folder in folders for path in programs_in(folder)]


def programs_in(folder: str) -> list[str]:
    """python3.13t, python3.13 and python3: with their version first, as people call them."""
    try:
        names = [name for name in os.listdir(folder) if re.fullmatch(r"python3(\.\d+)?t?", name)]
    except OSError:
        return []
    return [f"{folder}/{name}" for name in sorted(names, key=lambda name: ("." not in name, not name.endswith("t"), name))]


def distinct(found: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Each program once. A virtualenv is one of its own, though its python is a link."""
    seen: dict[object, tuple[str, str]] = {}
    for where, path in found:
        if os.access(path, os.X_OK) and not os.path.isdir(path):
            file = os.stat(path)
            seen.setdefault(path if is_virtualenv(path) else (file.st_dev, file.st_ino), (where, path))
    return list(seen.values())


def is_virtualenv(path: str) -> bool:
    return os.path.exists(os.path.join(os.path.dirname(path), "..", "pyvenv.cfg"))


def read_line(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.readline().rstrip("\n")
    except OSError:
        return ""


# -- asking ---------------------------------------------------------------------------------------------------------------

def ask(found: list[tuple[str, str]], question: str = QUESTION) -> list[dict[str, object]]:
    """A row for each, all asked at once."""
    started = [(where, path, start(path, question)) for where, path in found]
    deadline = time.monotonic() + ANSWER_S
    return [{"path": path, "found": where} | answer(path, process, deadline) for where, path, process in started]


def start(path: str, question: str) -> subprocess.Popen | str:
    try:
        return subprocess.Popen([path, "-I", "-c", question], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, start_new_session=True)
    except OSError as error:
        return str(error.strerror)


def answer(path: str, process: subprocess.Popen | str, deadline: float) -> dict[str, object]:
    if isinstance(process, str):
        return {"why": process}
    try:
        out, said = process.communicate(timeout=max(0.01, deadline - time.monotonic()))
        row = json.loads(out)
        started = row.pop("self")
        if is_script(path):  # a shim of a version manager, which takes longer to start than the interpreter that it picks
            path = started
        return {"path": path} | row | {"why": unfit(row), "built": built_how(row)}
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # with what it started, which may have its pipes
        process.wait()
        return {"why": f"no answer within {ANSWER_S} s"}
    except (ValueError, TypeError, KeyError):
        last = said.decode("utf-8", "replace").strip().splitlines()[-1:] or [f"exit status {process.returncode}"]
        return {"why": f"it does not answer: {last[0]}"}


def is_script(path: str) -> bool:
    with open(path, "rb") as file:
        return file.read(2) == b"#!"


def built_how(row: dict[str, object]) -> str:
    words = {True: "{}", False: "no {}", None: "{} not told"}
    flags = [words[row[key]].format(name) for key, name in (("pgo", "PGO"), ("lto", "LTO"))]
    debug = ["debug build"] * bool(row["debug"])
    return ", ".join([*flags, *debug, *filter(None, (row["optimisation"], row["compiler"]))])


def about(row: dict[str, object]) -> str:
    has = [name for key, name in (("shared_library", "shared library"), ("static_library", "static library"),
                                  ("headers", "headers")) if row[key]]
    lacks = " and ".join(row["missing"])
    how = no_headers(row) or (no_library(row) if "ext" not in row["missing"] else None) or f"make PYTHONS={row['path']}"
    return (f"{row['version']}, {row['lock']}, {row['built']}, {', '.join(has) or 'neither library nor headers'}"
            + f"; no {lacks} ({how})" * bool(lacks))


def unfit(row: dict[str, object]) -> str | None:
    """Why the Python host cannot run in it; None: it can."""
    if row["implementation"] != "CPython":
        return f"it is {row['implementation']}, not CPython"
    if release(row) < LEAST:
        return f"older than {LEAST[0]}.{LEAST[1]}"
    return None


def release(row: dict[str, object]) -> tuple[int, int]:
    major, minor = re.match(r"(\d+)\.(\d+)", str(row["version"])).groups()
    return int(major), int(minor)


# -- names ------------------------------------------------------------------------------------------------------------------

def version_label(row: dict[str, object]) -> str:
    return "%d.%d" % release(row) + "t" * (row["lock"] == "free-threaded")


def label(rows: list[dict[str, object]], taken: tuple[str, ...] = ()) -> None:
    """Gives each row its label; of those that would have the same one, and of `taken`, the later are numbered."""
    have = set(taken)
    for row in rows:
        plain = row["label"] = version_label(row) if "version" in row else "unknown"
        number = 1
        while row["label"] in have:
            number += 1
            row["label"] = f"{plain}-{number}"
        have.add(row["label"])


class Unknown(Exception):
    """A name that is no interpreter's."""


def resolve(names: list[str], known) -> list[tuple[str, str]]:
    """Where each name's interpreter is. `known()`: the rows of all that are found, asked for only where a version is named."""
    return [resolve_one(name, known) for name in names]


def resolve_one(name: str, known) -> tuple[str, str]:
    where, colon, version = name.partition(":")
    if "/" in name:
        return "path", os.path.abspath(name)
    if not colon and not re.fullmatch(r"\d+(\.\d+)+t?", name):
        path = shutil.which(name)
        if path is None:
            raise Unknown(f"'{name}': no program of that name")
        return "PATH", path
    if not colon:
        where, version = "", name
    elif where not in ("pyenv", "uv"):
        raise Unknown(f"'{name}': a path, a program on PATH, a version, pyenv:VERSION or uv:VERSION is needed")
    rows = [row for row in known() if "version" in row and where in ("", row["found"])]
    fitting = [row for row in rows if version in (version_label(row), row["version"] + version_label(row).partition("t")[1])]
    if not fitting:
        have = ", ".join(dict.fromkeys(version_label(row) for row in rows)) or "none"
        raise Unknown(f"'{name}': no such interpreter is found{' by ' + where if where else ''} (known: {have})")
    best = max(fitting, key=lambda row: [int(n) for n in re.findall(r"\d+", str(row["version"]))] if where else [])
    return str(best["found"]), str(best["path"])


# -- what was built for them ----------------------------------------------------------------------------------------------

def built(build: str) -> dict[str, str]:
    """By the executable of an interpreter, the embed host for it (as `make` alone and `make PYTHONS=` leave them)."""
    hosts = {os.path.realpath(read_line(path)): f"{build}/cobench-host-embed-{os.path.basename(path)}"
             for path in sorted(glob.glob(f"{glob.escape(build)}/pythons/*"))}
    own = read_line(f"{build}/python")
    return hosts | ({os.path.realpath(own): f"{build}/cobench-host-embed"} if own else {})


def add_built(rows: list[dict[str, object]], build: str) -> None:
    hosts = built(build)
    for row in rows:
        programs = row["programs"] = {}
        missing = row["missing"] = {}
        if row["why"] is not None:
            continue
        how = no_headers(row) or f"make PYTHONS={row['path']}"
        host = hosts.get(str(row["executable"]))
        if host is not None and os.access(host, os.X_OK):
            programs["embed"] = host
        else:
            missing["embed"] = f"no embed host is built for {row['path']} ({no_library(row) or how})"
        if not os.path.exists(f"{build}/native/native{row['suffix']}"):
            missing["ext"] = f"no module 'native' is built for {row['path']} ({how})"
        row["about"] = about(row)


def no_headers(row: dict[str, object]) -> str | None:
    return None if row["headers"] else "its headers are not installed"


def no_library(row: dict[str, object]) -> str | None:
    return None if row["shared_library"] or row["static_library"] else "it has no library to embed"


def make_lines(rows: list[dict[str, object]], build: str) -> list[str]:
    """The build keeps its name for an interpreter, and gives none of another's."""
    names = {os.path.realpath(read_line(path)): os.path.basename(path) for path in glob.glob(f"{glob.escape(build)}/pythons/*")}
    own = os.path.realpath(read_line(f"{build}/python"))
    rows = list({row["executable"]: row for row in rows if row["executable"] != own}.values())
    new = [row for row in rows if row["executable"] not in names]
    label(new, tuple(names.values()))
    names |= {str(row["executable"]): str(row["label"]) for row in new}
    return ["\t".join((names[str(row["executable"])], *(str(row[key]) for key in ("path", "headers", "suffix")))) for row in rows]


def main(argv: list[str]) -> int:
    build, names = argv[0], [name for name in argv[1:] if name != "--make"]
    asked: list[dict[str, object]] = []

    def known() -> list[dict[str, object]]:
        if not asked:
            asked.extend(ask(distinct(places(dict(os.environ), build))))
        return asked

    try:
        rows = ask(resolve(names, known)) if names else known()
        for row in rows if names else ():
            if row["why"] is not None:
                raise Unknown(f"'{row['path']}': {row['why']}")
            lacks = no_headers(row) or no_library(row)
            if "--make" in argv and lacks:
                raise Unknown(f"'{row['path']}': nothing can be built for it: {lacks}")
    except Unknown as unknown:
        print(unknown, file=sys.stderr)
        return 2
    if "--make" in argv:
        for line in make_lines(rows, build):
            print(line)
        return 0
    label(rows)
    add_built(rows, build)
    print(json.dumps(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
