# SPDX-License-Identifier: MIT
"""The Makefile: what is built again and when, and what it says of a machine that lacks something."""

import os
import subprocess
from pathlib import Path

import pytest

from hosts import ROOT


def make(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    # A make above this one would hand its own variables down.
    env = {key: text for key, text in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))} | environment
    return subprocess.run(["make", f"BUILD={folder}", *words], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("change", ["CFLAGS=-O1", "CC=gcc -DOTHER", "EMBED=shared", "LDFLAGS=-Wl,-O1"])
def test_a_changed_variable_builds_again(tmp_path, change):
    library = tmp_path / "libcommon.a"
    times = []
    for words in ((), (), (change,), (change,)):
        done = make(tmp_path, str(library), *words)
        assert done.returncode == 0, done.stderr
        times.append(library.stat().st_mtime_ns)
    assert times[0] == times[1] < times[2] == times[3]


@pytest.mark.parametrize("target, packages", [
    ("obj/common/num.o", ("libjansson-dev", "libgsl-dev", "libcurl4-openssl-dev", "libevent-dev", "python3-dev")),
    ("obj/tests/unit/common_num.o", ("libjansson-dev",)),
])  # fmt: skip
def test_what_is_missing_is_named(tmp_path, target, packages):
    done = make(tmp_path, f"{tmp_path}/{target}", PKG_CONFIG_LIBDIR="/nonexistent", PKG_CONFIG_PATH="")
    assert done.returncode != 0 and "error:" not in done.stderr
    for package in packages:
        assert f"make: missing: {package} (" in done.stderr


def test_an_interpreter_that_is_not_there(tmp_path):
    done = make(tmp_path, f"{tmp_path}/obj/common/num.o", "PYTHON_PC=python-9.9-embed")
    assert done.returncode != 0
    assert done.stderr.startswith("make: PYTHON_PC=python-9.9-embed: pkg-config has no such module; PKG_CONFIG_PATH= names")


def test_help_lists_what_users_set():
    text = make(Path("build"), "help").stdout
    lines = (ROOT / "Makefile").read_text().split("\n")
    for variable in [line.split()[0] for line in lines if "?=" in line and line.split()[1] == "?="]:
        assert f"{variable}=" in text, variable
