# SPDX-License-Identifier: MIT
"""The examples, with small sizes, and what `cobench new` writes: that it builds, runs and overwrites nothing."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from driver import COBENCH
from hosts import BUILD, ROOT, Host, check_a_run

sys.path.insert(0, str(ROOT / "scripts"))
import examples  # noqa: E402

EXAMPLES = examples.NAMES
SMALL = ("--rounds", "1", "--jobs", "2", "--model", "thread-pool", "--no-plots")


def test_there_are_four():
    assert EXAMPLES == ["compress", "fetch", "hash", "parse"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_runs(name, tmp_path):
    """As its README says, and `make examples` keeps what came of it."""
    copy, results = Path(shutil.copytree(examples.FOLDER / name, tmp_path / name)), tmp_path / "results"
    shutil.rmtree(copy / "run", ignore_errors=True)
    answer = examples.run(copy, results, *SMALL)
    functions = set(re.findall(r"\(run/(\w+)/summary\.md\)", (copy / "README.md").read_text()))
    assert functions and all(function in answer for function in functions)
    examples.keep(results, copy)
    assert {path.name for path in (copy / "run").iterdir()} == functions
    for function in functions:
        assert {path.name for path in (copy / "run" / function).iterdir()} == set(examples.KEPT)
        cells = json.loads((copy / "run" / function / "summary.json").read_text())["cells"]
        assert {cell["runtime"] for cell in cells} == {"py"} | ({"c", "embed", "ext"} if list(copy.glob("*.c")) else set())
        assert all(cell["verified"] for cell in cells)


@pytest.mark.parametrize("readme", [examples.FOLDER / name / "README.md" for name in EXAMPLES], ids=EXAMPLES)
def test_a_readme_names_what_is_there(readme):
    links = re.findall(r"\]\(([^)]+)\)", readme.read_text())
    assert all((readme.parent / link).exists() for link in links if not link.startswith("run/")), links


# -- cobench new ----------------------------------------------------------------------------------------------------------


def new(folder: Path, *words: str, status: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([COBENCH, "new", *words], cwd=folder, env=os.environ | environment, text=True, capture_output=True, timeout=60)
    assert done.returncode == status, done.stdout + done.stderr
    return done


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_new_task(tmp_path):
    """What it prints can be typed, from a folder whose name a shell would split too."""
    folder = tmp_path / "my tasks"
    folder.mkdir()
    done = new(folder, "task", "second_try")
    assert set(files(folder)) == {f"second_try/{name}" for name in ("second_try.c", "second_try.py", "test.sh")}
    assert not re.search(r"an.example|@[A-Z]+@", done.stdout + "".join(text.decode() for text in files(folder).values()))
    build, run, test = done.stdout.split("next:\n")[1].splitlines()
    typed = [build.replace("cc ", "gcc -Wall -Wextra -Werror ", 1), f"{run} --rounds 1 --model sync --set size=1000 --no-plots --results runs", test]
    for line in typed:
        done = subprocess.run(["sh", "-c", line], cwd=folder, text=True, capture_output=True, timeout=120,
                              env=os.environ | {"PYTHON": sys.executable})  # fmt: skip
        assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("second_try: ok\n") and done.stderr == ""
    cells = json.loads((folder / "runs" / "latest" / "summary.json").read_text())["cells"]
    assert {cell["runtime"] for cell in cells} == {"c", "embed", "ext", "py"} and all(cell["verified"] for cell in cells)


def test_a_new_task_is_not_called_as_one_of_cobenchs_own(tmp_path):
    assert new(tmp_path, "task", "count", status=1).stderr == "cobench: new: 'count' is a task of cobench's own; take another name\n"
    assert files(tmp_path) == {}


@pytest.mark.parametrize("change", [("squares[i] = i * i", "squares[i] = i"), ("squares[i % SQUARES]", "squares[i % 4]")])
def test_its_test_can_fail(change, tmp_path):
    new(tmp_path, "task", "wrong")
    source = tmp_path / "wrong" / "wrong.c"
    assert change[0] in source.read_text()
    source.write_text(source.read_text().replace(*change))
    done = subprocess.run(["sh", "wrong/test.sh"], cwd=tmp_path, text=True, capture_output=True, timeout=120)
    assert done.returncode == 1 and "wrong: ok" not in done.stdout


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A checkout whose hosts can be built."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("c_impl", "common", "py_impl", "share", "scripts"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Makefile", folder)
    return folder


def test_a_new_model(project, tmp_path):
    here = {"COBENCH_ROOT": str(project)}
    done = new(tmp_path, "model", "eager-pool", **here)
    assert [str(project) in line for line in done.stdout.splitlines()[:4]] == [True] * 4
    build = project / "build"
    made = subprocess.run(["make", "-s", f"BUILD={build}", "CFLAGS=-O0", "WERROR=1", str(build / "cobench-host")], cwd=project, text=True,
                          capture_output=True, timeout=300)  # fmt: skip
    assert made.returncode == 0, made.stderr
    for name in ("cobench", "cobench-host-embed", "native", "tasks", "transport", "python", "data"):
        (build / name).symlink_to(BUILD / name) if (BUILD / name).is_dir() else shutil.copy(BUILD / name, build / name)
    python = Host("py", "py_impl", [sys.executable, "-c", f"import sys; sys.path[0] = {str(project)!r}; import runpy; sys.argv[0] = ''; runpy.run_module('py_impl', run_name='__main__')"], (), Path())
    for host in (Host("c", "cobench-host", [build / "cobench-host"], (), Path()), python):
        done = host.run(tmp_path, "--task", "wait", "--set", "delay=20", "--model", "eager-pool", "--workers", 3, "--jobs", 8)
        check_a_run(done, "eager-pool", "fork", 3)
        assert done.most_at_once == 3
    done = subprocess.run([build / "cobench", "run", "--task", "wait", "--runtime", "c,py", "--model", "eager-pool", "--set", "delay=1",
                           "--jobs", "4", "--rounds", "1", "--no-plots", "--results", tmp_path / "runs"], cwd=tmp_path, text=True,
                          capture_output=True, timeout=120, env=os.environ | here)  # fmt: skip
    assert done.returncode == 0 and "eager-pool" in done.stdout, done.stderr


@pytest.mark.parametrize(("words", "why"), [
    (("task", "again"), "new: again/again.py is there already, and stays as it is"),
    (("model", "async"), "c_impl/models/async.c is there already"),
    (("model", "crash"), "py_impl/models/crash.py is there already"),
])  # fmt: skip
def test_nothing_is_overwritten(words, why, project, tmp_path):
    (tmp_path / "again").mkdir()
    (tmp_path / "again" / "again.py").write_text("mine\n")
    before = files(tmp_path) | files(project / "c_impl") | files(project / "py_impl")
    assert why in new(tmp_path, *words, status=1, COBENCH_ROOT=str(project)).stderr
    assert files(tmp_path) | files(project / "c_impl") | files(project / "py_impl") == before


@pytest.mark.parametrize("words", [(), ("task",), ("suite", "x"), ("task", "../x"), ("task", "a-b"), ("model", "a_b"), ("task", "A"), ("task", ""),
                                   ("task", "9a"), ("task", "x" * 41), ("task", "x", "y")], ids=" ".join)  # fmt: skip
def test_what_is_no_name(words, tmp_path):
    done = new(tmp_path, *words, status=2)
    assert done.stderr.startswith("cobench: ") and done.stderr.count("\n") == 1 and files(tmp_path) == {}
