# SPDX-License-Identifier: MIT
"""Several interpreters in one run: which ones are meant, what they are called, and that all of them are measured."""

import importlib.util
import itertools
import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from driver import Run
from hosts import BUILD, ROOT

SCRIPT = ROOT / "scripts" / "interpreters.py"
spec = importlib.util.spec_from_file_location("interpreters", SCRIPT)
interpreters = importlib.util.module_from_spec(spec)
spec.loader.exec_module(interpreters)


def row(version, lock="GIL", **more):
    return {"version": version, "lock": lock, "found": "PATH", "path": f"/usr/bin/python{version}"} | more


def fake(path, version="3.13.5", said=None, **facts):
    """A program that answers as an interpreter does."""
    answer = {"version": version, "implementation": "CPython", "self": str(path), "executable": str(path), "lock": "GIL",
              "pgo": True, "lto": True, "optimisation": "-O2", "debug": False, "compiler": "GCC 12.2.0", "shared_library": None,
              "static_library": None, "headers": None, "suffix": ".fake.so"} | facts
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\ncat <<'END'\n{json.dumps(answer)}\nEND\n" if said is None else f"#!/bin/sh\necho '{said}' >&2\nexit 1\n")
    path.chmod(0o755)
    return path


# -- labels and names ---------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("versions", "labels"), [
    ([("3.11.2", "GIL"), ("3.13.5", "GIL"), ("3.13.5", "free-threaded")], ["3.11", "3.13", "3.13t"]),
    ([("3.13.0", "GIL"), ("3.13.5", "GIL"), ("3.13.5", "GIL")], ["3.13", "3.13-2", "3.13-3"]),
    ([("3.14.0b1", "free-threaded")], ["3.14t"]),
])
def test_labels_are_distinct(versions, labels):
    rows = [row(*version) for version in versions]
    interpreters.label(rows)
    assert [row["label"] for row in rows] == labels


KNOWN = [row("3.11.2"), row("3.12.1", found="pyenv", path="/p/3.12.1"), row("3.12.10", found="pyenv", path="/p/3.12.10"),
         row("3.13.5", "free-threaded", found="uv", path="/u/3.13t"), row("3.13.1", found="/opt", path="/opt/a"), {"why": "old"}]


@pytest.mark.parametrize(("name", "path"), [
    ("3.11", "/usr/bin/python3.11.2"), ("3.12", "/p/3.12.1"), ("3.12.10", "/p/3.12.10"), ("pyenv:3.12", "/p/3.12.10"),
    ("3.13", "/opt/a"), ("3.13t", "/u/3.13t"), ("uv:3.13t", "/u/3.13t"), ("3.13.5t", "/u/3.13t"), ("/x/python3", "/x/python3"),
])  # fmt: skip
def test_names_that_are_meant(name, path):
    assert interpreters.resolve_one(name, lambda: KNOWN)[1] == path


@pytest.mark.parametrize(("name", "said"), [
    ("3.9", r"no such interpreter is found \(known: 3\.11, 3\.12, 3\.13t, 3\.13\)"), ("uv:3.13", "found by uv"),
    ("conda:3.12", "pyenv:VERSION or uv:VERSION is needed"), ("no-such-python", "no program of that name"),
])  # fmt: skip
def test_names_that_are_not(name, said):
    with pytest.raises(interpreters.Unknown, match=said):
        interpreters.resolve_one(name, lambda: KNOWN)


def test_where_they_are_looked_for(tmp_path):
    """Each once, with its version in its name where there is such a name; no shim, and nothing that is no interpreter."""
    python = fake(tmp_path / "bin" / "python3.13")
    (tmp_path / "bin" / "python3").symlink_to(python)
    fake(tmp_path / "bin" / "python3.13-config")
    fake(tmp_path / ".pyenv" / "shims" / "python3")
    fake(tmp_path / ".pyenv" / "versions" / "3.12.1" / "bin" / "python3.12")
    fake(tmp_path / ".local/share/uv/python/cpython-3.14/bin/python3.14t")
    environ = {"HOME": str(tmp_path), "PATH": f"{tmp_path}/.pyenv/shims:{tmp_path}/bin:relative", "VIRTUAL_ENV": str(tmp_path / "none")}
    places = interpreters.distinct(interpreters.places(environ, str(tmp_path / "build")))
    own = [(where, os.path.relpath(path, tmp_path)) for where, path in places if path.startswith(str(tmp_path))]
    assert own == [("PATH", "bin/python3.13"), ("pyenv", ".pyenv/versions/3.12.1/bin/python3.12"),
                   ("uv", ".local/share/uv/python/cpython-3.14/bin/python3.14t")]


def test_what_was_built_for_them(tmp_path):
    """The build's own host for its own interpreter, that of `make PYTHONS=` for another; a reason for a third."""
    own, other, third = (fake(tmp_path / name, version) for name, version in (("a", "3.11.2"), ("b", "3.13.5"), ("c", "3.13.5")))
    build = tmp_path / "build"
    (build / "pythons").mkdir(parents=True)
    (build / "native").mkdir()
    (build / "native" / "native.b.so").touch()
    (build / "python").write_text(f"{own}\n")
    (build / "pythons" / "3.13").write_text(f"{other}\n")
    for host in ("cobench-host-embed", "cobench-host-embed-3.13"):
        fake(build / host)
    fake(other, suffix=".b.so")
    fake(third, headers="/h", shared_library="/l")
    rows = interpreters.ask([("path", str(path)) for path in (own, other, third)])
    interpreters.add_built(rows, str(build))
    assert [row["programs"].get("embed") for row in rows] == [f"{build}/cobench-host-embed", f"{build}/cobench-host-embed-3.13", None]
    assert [sorted(row["missing"]) for row in rows] == [["ext"], [], ["embed", "ext"]]
    assert "its headers are not installed" in rows[0]["missing"]["ext"]
    assert rows[2]["missing"]["embed"] == f"no embed host is built for {third} (make PYTHONS={third})"
    fake(own, version="3.11.2", headers="/h", shared_library="/l")
    fake(other, headers="/h", shared_library="/l", suffix=".b.so")
    rows = interpreters.ask([("path", str(path)) for path in (own, other, third)])
    assert interpreters.make_lines(rows, str(build)) == [f"3.13\t{other}\t/h\t.b.so", f"3.13-2\t{third}\t/h\t.fake.so"]


@pytest.mark.parametrize(("said", "why"), [
    ({"said": "unknown option -I"}, "it does not answer: unknown option -I"), ({"version": "3.6.15"}, r"older than 3\.\d+"),
    ({"implementation": "PyPy"}, "it is PyPy, not CPython"),
])  # fmt: skip
def test_why_one_cannot_serve(tmp_path, said, why):
    (asked,) = interpreters.ask([("path", str(fake(tmp_path / "python3", **said)))])
    assert re.fullmatch(why, asked["why"])


def test_one_that_never_answers(tmp_path, monkeypatch):
    monkeypatch.setattr(interpreters, "ANSWER_S", 0.2)
    python = fake(tmp_path / "python3")
    python.write_text("#!/bin/sh\nsleep 60\n")
    (asked,) = interpreters.ask([("path", str(python))])
    assert "no answer within" in asked["why"]


# -- the driver -----------------------------------------------------------------------------------------------------------

def test_the_doctor_lists_them(checkout, tmp_path):
    fake(tmp_path / "home" / ".pyenv" / "versions" / "3.9t" / "bin" / "python3.9", "3.9.1", lock="free-threaded")
    fake(tmp_path / "home" / ".pyenv" / "versions" / "old" / "bin" / "python3.6", "3.6.1")
    done = subprocess.run([checkout.build / "cobench", "doctor", "--json"], env=checkout.environment(HOME=tmp_path / "home", PYENV_ROOT=tmp_path / "home" / ".pyenv"),
                          capture_output=True, text=True, timeout=120)
    found = {f["name"]: f for f in json.loads(done.stdout)["findings"] if f["area"] == "interpreters"}
    assert found["3.9t"]["verdict"] == "ok" and found["3.6"]["verdict"] == "note"
    assert re.search(r"/python3\.9: 3\.9\.1, free-threaded, PGO, LTO, -O2, GCC 12\.2\.0, neither library nor headers; no embed and ext \(its headers",
                     found["3.9t"]["found"])
    assert "older than" in found["3.6"]["found"]
    own = found["%d.%d" % sys.version_info[:2]]
    assert own["verdict"] == "ok" and str(sys.version.split()[0]) in own["found"]


def test_what_the_driver_refuses(checkout):
    for python, said in (("no-such-python", "--python: 'no-such-python': no program of that name"), ("/bin/true", "does not answer")):
        done = checkout.run("--task", "null", "--python", python)
        assert done.returncode == 2 and said in done.stderr


def test_fake_hosts_of_two_interpreters(checkout):
    """Rows for both, the second's ext and embed with their reasons; --runtime by the common name and by one's own."""
    label = "%d.%d" % sys.version_info[:2]
    checkout.good("--task", "null", "--rounds", 1, "--python", f"{sys.executable},{sys.executable}", "--runtime", "py,embed,ext")
    plan, samples = checkout.plan(), checkout.samples()
    runtimes = {cell["runtime"] for cell in plan["cells"]}
    assert runtimes == {name + end for name in ("py", "embed", "ext") for end in (label, f"{label}-2")}
    assert plan["pythons"] == [sys.executable] * 2
    reasons = {plan["cells"][s["cell"]]["runtime"]: s["reason"] for s in samples if s["status"] == "impossible"}
    assert reasons.keys() == {f"ext{label}", f"ext{label}-2"} and "make PYTHONS=" in reasons[f"ext{label}"]


def test_one_interpreter_has_no_label(checkout):
    checkout.good("--task", "null", "--rounds", 1, "--python", sys.executable)
    assert {cell["runtime"] for cell in checkout.plan()["cells"]} == {"c", "py"}


def test_one_run_of_two_interpreters(tmp_path):
    """The build's own under two paths, so that no second one is needed."""
    python = (BUILD / "python").read_text().strip()
    (tmp_path / "twin").symlink_to(python)
    run = Run(tmp_path / "results", "--task", "null", "--model", "threads", "--rounds", 1, "--python", f"{python},{tmp_path}/twin",
              "--runtime", "c,py,embed,ext")
    label = ".".join(subprocess.run([python, "-V"], capture_output=True, text=True).stdout.split()[1].split(".")[:2])
    assert list(dict.fromkeys(c["runtime"] for c in run.cells)) == [
        "c", f"embed{label}", f"embed{label}-2", f"ext{label}", f"ext{label}-2", f"py{label}", f"py{label}-2"]
    assert all(c["verified"] for c in run.cells)
    machine = run.json("machine")
    assert [row["path"] for row in machine["interpreters"]] == [python, f"{tmp_path}/twin"]
    assert machine["hosts"][f"py{label}-2"]["executable"] == f"{tmp_path}/twin"
    # One denominator for all of them, beside each one's own.
    first, second = run.cell(f"py{label}", "sync"), run.cell(f"py{label}-2", "sync")
    assert first["whole_own_sync"] == first["whole_py_sync"] == 1 and second["whole_own_sync"] == 1 != second["whole_py_sync"]
    text = (run.folder / "summary.md").read_text()
    subprocess.run([BUILD / "cobench", "plot", run.folder, "--only", "pythons"], check=True, timeout=60)
    assert f"whole / py{label}:sync" in text and "whole / own sync" in text
    assert "What each CPython changes" in (run.folder / "plots" / "pythons.svg").read_text()
    again = subprocess.run([BUILD / "cobench", "run", "--resume", run.folder, "--rounds", "2", "--quiet", "--no-plots"], cwd=ROOT,
                           capture_output=True, text=True, timeout=300)
    assert again.returncode == 0, again.stderr


# -- the lock of a free-threaded build ---------------------------------------------------------------------------------------

def report(folder, **changes):
    """The Markdown of a committed run whose samples of py say this of their interpreter, and of what interpreters."""
    machine = json.loads((folder / "machine.json").read_text()) | changes.pop("machine", {})
    (folder / "machine.json").write_text(json.dumps(machine))
    lines = []
    for line in (folder / "samples.jsonl").read_text().splitlines():
        sample = json.loads(line)
        if sample.get("python"):
            sample["python"] |= changes
        lines.append(json.dumps(sample))
    (folder / "samples.jsonl").write_text("\n".join(lines) + "\n")
    done = subprocess.run([BUILD / "cobench", "report", folder, "--format", "md"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_lock_that_was_switched_on_is_said(tmp_path):
    run = shutil.copytree(ROOT / "tests" / "data" / "run-small", tmp_path / "run")
    text = report(run, free_threaded=True, gil=True, gil_switched_on_by="numpy.core")
    assert "**lock**: py: Python's lock was on during the work, though the build is free-threaded: the import of numpy.core" in text
    text = report(run, free_threaded=True, gil=False, gil_switched_on_by=None)
    assert "**lock**" not in text and "Python's lock" not in text


def test_builds_that_are_not_alike_are_said(tmp_path):
    run = shutil.copytree(ROOT / "tests" / "data" / "run-small", tmp_path / "run")
    rows = [{"label": "3.11", "built": "PGO, LTO, -O2"}, {"label": "3.13t", "built": "no PGO, no LTO, -O3"}]
    assert "3.11: PGO, LTO, -O2; 3.13t: no PGO, no LTO, -O3" in report(run, machine={"interpreters": rows})
    assert "**builds**" not in report(run, machine={"interpreters": rows[:1] * 2})


@pytest.fixture
def free_threaded(tmp_path):
    """An interpreter without the lock, and a module that does not say that it can do without."""
    rows = interpreters.ask(interpreters.distinct(interpreters.places(dict(os.environ), str(BUILD))))
    row = next((row for row in rows if row.get("lock") == "free-threaded" and row["why"] is None and row["headers"]), None)
    if row is None:
        pytest.skip("no free-threaded interpreter is installed")
    (tmp_path / "relock.c").write_text("#include <Python.h>\nstatic struct PyModuleDef def = {PyModuleDef_HEAD_INIT, .m_name = \"relock\"};\n"
                                       "PyMODINIT_FUNC PyInit_relock(void) { return PyModuleDef_Init(&def); }\n")
    subprocess.run(["gcc", "-shared", "-fPIC", f"-I{row['headers']}", tmp_path / "relock.c", "-o", tmp_path / f"relock{row['suffix']}"],
                   check=True, timeout=60)
    (tmp_path / "quote.py").write_text("def free(job):\n    return job\n\n\ndef late(job):\n    import relock\n    return job\n")
    return row


@pytest.mark.parametrize(("function", "by"), [("free", None), ("late", "relock")])
def test_the_record_says_whether_the_lock_was_on(free_threaded, tmp_path, function, by):
    """In this process and in workers of their own, where alone the import is in the process models."""
    embed = interpreters.built(str(BUILD)).get(free_threaded["executable"])  # by `make PYTHONS=`
    hosts = [[free_threaded["path"], "-s", "-E", "-m", "py_impl"], *([[embed]] if embed else [])]
    for host, model in itertools.product(hosts, ("sync", "threads", "processes", "process-pool")):
        record = tmp_path / "record"
        done = subprocess.run([*host, "run", "--task", f"{tmp_path}/quote.py:{function}", "--model", model, "--jobs", "4", "--workers",
                               "2", "--slots", tmp_path / "slots", "--record", record], cwd=ROOT, capture_output=True, text=True,
                              timeout=60)
        python = json.loads(record.read_text())["python"]
        assert done.returncode == 0 and python["free_threaded"], done.stderr
        assert (python["gil"], python["gil_switched_on_by"]) == (by is not None, by), (host, model)
