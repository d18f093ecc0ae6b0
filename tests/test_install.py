# SPDX-License-Identifier: MIT
"""What `make install` and `make deb` leave: a program that works from any folder, and its manual and completions."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Iterator

import pytest

from hosts import BUILD, ORIGIN_HAS_TLS, ROOT, WITHOUT_TLS

sys.path.insert(0, str(ROOT / "scripts"))
import transcripts  # noqa: E402

PREFIX = "/opt/co bench"
FILES = {"run": "run_options", "serve-bench": "serve_options"}  # where a command's table is, if not in a file of its name
TABLES = {path.stem: path.read_text() for path in (ROOT / "bench" / "cmd").glob("*.c")}


def make(*words: str) -> None:
    """What is built stays as it is, whatever flags it was built with."""
    old = [f"--old-file={BUILD / name}" for name in ("flags", "version", "python")]
    subprocess.run(["make", f"BUILD={BUILD}", *old, *words], cwd=ROOT, check=True, timeout=300)


def files(folder: Path) -> dict[Path, int]:
    return {path.relative_to(folder): path.lstat().st_mtime_ns for path in folder.rglob("*") if not path.is_dir()}


@pytest.fixture(scope="module")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where it is installed, among the files of others."""
    destination = tmp_path_factory.mktemp("destination")
    prefix = destination / PREFIX[1:]
    others = [prefix / name for name in ("bin/other", "share/man/man1/other.1", "include/other.h")]
    for other in others:
        other.parent.mkdir(parents=True, exist_ok=True)
        other.touch()
    make("install", f"PREFIX={PREFIX}", f"DESTDIR={destination}")
    yield prefix
    make("uninstall", f"PREFIX={PREFIX}", f"DESTDIR={destination}")
    assert {prefix / path for path in files(prefix)} == set(others)


def call(prefix: Path, folder: Path, *words: str, before: tuple[str, ...] = (), **environment: str) -> subprocess.CompletedProcess[str]:
    env = {key: text for key, text in os.environ.items() if key not in ("COBENCH_ROOT", "COBENCH_BUILD", "XDG_DATA_HOME")}
    env["PATH"] = f"{prefix / 'bin'}:{env['PATH']}"
    return subprocess.run([*before, *words], cwd=folder, env=env | environment, capture_output=True, text=True, timeout=300)


def test_it_runs_from_any_folder(prefix, tmp_path):
    before = files(prefix)
    done = call(prefix, tmp_path, "cobench", "run", "--task", "fetch,wordcount", "--model", "sync", "--jobs", "2", "--set", "delay=1",
                "--rounds", "1")  # fmt: skip
    assert done.returncode == 0, done.stderr
    (folder,) = (tmp_path / "results").glob("2*")
    assert f"the run is in results/{folder.name}" in done.stderr and (folder / "index.html").exists()
    assert {cell["runtime"] for cell in json.loads((folder / "summary.json").read_text())["cells"]} == {"c", "embed", "ext", "py"}
    assert files(prefix) == before, "a run writes nothing into the installation"
    commit = re.search(r"^commit +(?:([0-9a-f]{40})(-dirty)?|unknown)$", (prefix / "lib/cobench/version").read_text(), re.MULTILINE)
    machine = json.loads((folder / "machine.json").read_text())
    assert machine["git_commit"] == (commit[1] or "unknown")
    assert call(prefix, tmp_path, "cobench", "report", "--no-plots").returncode == 0


@pytest.mark.parametrize("data", ["{}/data", ""])
def test_where_the_folder_cannot_be_written(prefix, tmp_path, data):
    closed, home = tmp_path / "closed", tmp_path / "home"
    closed.mkdir(mode=0o555)
    powerless = ("setpriv", "--bounding-set=-all", "--inh-caps=-all") if os.geteuid() == 0 else ()
    done = call(prefix, closed, "cobench", "run", "--task", "null", "--runtime", "c", "--model", "sync", "--rounds", "1", "--no-plots",
                before=powerless, HOME=str(home), XDG_DATA_HOME=data.format(tmp_path))  # fmt: skip
    assert done.returncode == 0, done.stderr
    where = tmp_path / "data" / "cobench" if data else home / ".local" / "share" / "cobench"
    assert f"the run is in {where}/2" in done.stderr and (where / "latest").exists() and not list(closed.iterdir())


def test_the_version_says_what_it_was_made_of(prefix, tmp_path):
    lines = call(prefix, tmp_path, "cobench", "--version").stdout.splitlines()
    python = (BUILD / "python").read_text().strip()
    assert [line.split()[0] for line in lines] == ["cobench", "commit", "compiler", "Python"] and python in lines[3]


def test_a_task_is_built_by_what_pkg_config_says(prefix, tmp_path):
    flags = subprocess.run(["pkg-config", f"--define-variable=prefix={tmp_path}", "--cflags", "cobench"], check=True, text=True,
                           capture_output=True, env=os.environ | {"PKG_CONFIG_PATH": str(prefix / "lib/pkgconfig")}).stdout.split()  # fmt: skip
    shutil.copytree(prefix / "include", tmp_path / "include")
    shutil.copy(ROOT / "tests" / "tasks" / "no_symbol.c", tmp_path)
    subprocess.run(["gcc", *flags, "-fPIC", "-shared", "no_symbol.c", "-o", "x.so"], cwd=tmp_path, check=True)


# -- the manual and the completions ------------------------------------------------------------------------------------------


def commands() -> dict[str, set[str]]:
    """The options of each command, by its table in the source."""
    row = re.compile(r'^ +\{\{"([a-z-]+)", SETTING_', re.MULTILINE)
    names = re.findall(r'^    \{"([\w-]+)", cmd_\w+, "', TABLES["main"], re.MULTILINE)
    shared = set(row.findall(TABLES["options"]))
    assert shared == {"format", "width"} and "run" in names
    found = {name: TABLES[FILES.get(name, name)] for name in names}
    return {name: set(row.findall(text)) | (shared if ".prints = true" in text else set()) for name, text in found.items()}


@pytest.mark.parametrize(("command", "options"), commands().items())
def test_every_option_is_in_the_manual_and_the_completions(prefix, command, options):
    share, said = prefix / "share", {}
    said["help"] = re.findall(r"^ +(?:-\S, )?--([a-z-]+)", call(prefix, prefix, "cobench", command, "--help").stdout, re.MULTILINE)
    said["man"] = re.findall(r"^\\fB\\-\\-([a-z\\-]+)\\fR", (share / f"man/man1/cobench-{command}.1").read_text(), re.MULTILINE)
    said["bash"] = re.findall(r"--([a-z-]+)", re.search(rf"1{command}\) (.*)", (share / "bash-completion/completions/cobench").read_text())[1])
    said["zsh"] = re.findall(r"'\*?--([a-z-]+)", re.search(rf"^{command}\) (.*)", (share / "zsh/site-functions/_cobench").read_text(), re.MULTILINE)[1])
    said["fish"] = re.findall(rf"from {command}' -l ([a-z-]+)", (share / "fish/vendor_completions.d/cobench.fish").read_text())
    knobs = {knob["name"] for knob in json.loads(call(prefix, prefix, "cobench", "list", "--json").stdout)["knobs"]}
    for kind, names in said.items():
        of_hosts = knobs if command == "run" and kind != "help" else set()  # options too, which only the hosts know
        assert {name.replace("\\", "") for name in names} == options | of_hosts | {"help", "usage", "version"}, kind
    assert f"cobench\\-{command} (1)" in (share / "man/man1/cobench.1").read_text()


def test_the_origin_has_a_page_of_all_its_options(prefix):
    table = re.findall(r'\{"([a-z-]+)", \'', (ROOT / "bench" / "origin" / "main.c").read_text())
    page = (prefix / "share/man/man1/cobench-origin.1").read_text()
    said = re.findall(r"^\\fB\\-\\-([a-z\\-]+)\\fR", page, re.MULTILINE)
    assert table and set(said) == {*table, "help", "usage", "version"} and "\n.B cobench\\-origin\n[OPTION...]\n" in page


def test_the_options_of_run_stand_in_groups_and_no_help_is_wide(prefix):
    said = call(prefix, prefix, "cobench", "run", "--help").stdout
    page = (prefix / "share/man/man1/cobench-run.1").read_text()
    for title, option in (("What runs", "suite"), ("How long, and how sure", "budget"), ("What is kept and printed", "table")):
        assert said.index(f" {title}:\n") < said.index(f"--{option}") and page.index(f".SS {title}\n") < page.index(f"\\-\\-{option}\\fR")
    assert max(map(len, (said + call(prefix, prefix, "cobench", "--help").stdout).splitlines())) <= 80
    assert "  cobench run --suite quick" in said and {".SH EXAMPLES", ".SH FILES"} <= {*(prefix / "share/man/man1/cobench.1").read_text().splitlines()}


def test_shells_and_man_take_them(prefix):
    share = prefix / "share"
    complete = "COMP_WORDS=(cobench run --res); COMP_CWORD=2; _cobench; echo ${COMPREPLY[@]}; COMP_WORDS=(cobench d) COMP_CWORD=1; _cobench; echo ${COMPREPLY[@]}"
    done = subprocess.run(["bash", "-c", f". '{share}/bash-completion/completions/cobench'; {complete}"], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("--results --resume\ndoctor\n", "")
    for shell, file in (("zsh", "zsh/site-functions/_cobench"), ("fish", "fish/vendor_completions.d/cobench.fish")):
        if shutil.which(shell):
            subprocess.run([shell, "-n", share / file], check=True)
    for page in share.glob("man/man?/*.?"):
        if shutil.which("groff"):
            done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z", page], capture_output=True, text=True)
            assert (done.returncode, done.stderr) == (0, ""), page
    suite = (share / "man/man5/cobench-suite.5").read_text()
    assert all(f"\n\\fB{key}\\fR" in suite for key in ("budget", "workers", "task", "set.KEY"))


# -- what the docs say to type -----------------------------------------------------------------------------------------------


def blocks(name: str) -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```", (ROOT / "docs" / name).read_text(), re.MULTILINE | re.DOTALL)


FILE, *ANSWERS = blocks("faq.md")
(START,) = blocks("../README.md")
START = START.replace("./scripts/setup.sh install\n", "").rstrip() + " --jobs 4 --rounds 2 --quiet --no-plots\n"


@pytest.mark.parametrize("block", [START, *ANSWERS], ids=lambda block: block.splitlines()[0])
def test_the_answers_can_be_typed(prefix, tmp_path, block):
    if "--client httpx" in block:
        pytest.importorskip("httpx", reason="an optional library is missing: httpx")
    if "tls=1" in block and not ORIGIN_HAS_TLS:
        pytest.skip(WITHOUT_TLS)
    done = call(prefix, tmp_path, "bash", "-e", "-c", FILE + block)
    assert done.returncode == 0, done.stderr
    if "venv" in block:
        assert f"the runtime py is that of the virtualenv {tmp_path}/venv" in done.stderr


@pytest.mark.parametrize("name", [name for name, (_, words) in transcripts.CASES.items() if f'{{{{"{words[0][2:]}", SETTING_' in TABLES["run_options"]])
def test_from_an_empty_folder_to_the_answer(prefix, name):
    """With little to do; `make transcripts` gives the one command no more words than a user would."""
    small = ("--rounds", "1", "--jobs", "2", "--model", "process-pool", "--no-plots")
    done = call(prefix, ROOT, sys.executable, "scripts/transcripts.py", "--prefix", str(prefix), "--only", name, *small)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith(f"# {name}\n$ cat ") and "$ cobench run --" in done.stdout and done.stdout.endswith("# ok\n\n")


TASK = """from py_impl.contract import DELAY, IO, Request

NAME, ABOUT, KIND, ASKS, JOBS, PARAMS = "quote", "asks for a price", IO, DELAY, 4, ()


def request(state, worker, job):
    return Request(DELAY, delay_ns={ms}_000_000)


def run(state, worker, job, reply):
    return job
"""


@pytest.mark.parametrize(("ms", "status"), [(30, 0), (250, 1)])
def test_the_gate_of_the_docs(prefix, tmp_path, ms, status):
    """A version that waits eight times as long fails, one that is the same passes, on a machine that does other things too."""
    for folder, delay in (("old", 30), ("new", ms)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "quote.py").write_text(TASK.format(ms=delay))
    (script,) = blocks("ci.md")
    script = script.replace('--task "$3"', '--task "$3" --runtime py --model sync')
    done = call(prefix, tmp_path, "sh", "-c", script, "gate.sh", "old", "new", "quote", ROUNDS="2", LIMIT="50%")
    assert done.returncode == status, done.stdout + done.stderr
    assert ("gate       --fail-if-slower 50% fails" in done.stdout) == (status == 1)


# -- the package -------------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="dpkg-deb is not installed")
def test_the_package(tmp_path):
    make("deb")
    (package,) = BUILD.glob("cobench_*.deb")
    depends = subprocess.run(["dpkg-deb", "-f", package, "Depends"], check=True, capture_output=True, text=True).stdout.strip()
    names = [re.sub(r"(t64)?([ (|].*)?$", "", name) for name in depends.split(", ")]
    python = Path((BUILD / "python").read_text().strip()).name
    assert {"hyperfine", "gnuplot-nox", "libc6", "libcurl4", "libevent-2.1-7", "libjansson4", "zlib1g", python} <= set(names), depends
    assert any(re.fullmatch(r"libgsl\d+", name) for name in names), depends
    assert not [name for name in names if name.startswith(("libhiredis", "libzmq", "libopenmpi", "liburing"))]  # of plug-ins
    subprocess.run(["dpkg-deb", "-x", package, tmp_path], check=True)
    assert call(tmp_path / "usr", tmp_path, "cobench", "list").returncode == 0
