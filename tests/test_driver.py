# SPDX-License-Identifier: MIT
"""The driver against hosts that go wrong on purpose (tests/fake/host.py): what it refuses, what it reports, and that
nothing it started outlives it."""

import json
import os
import pathlib
import pty
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time

import pytest

from driver import Run, cobench
from hosts import BUILD, ROOT
from lag import Lag

FAKE = ROOT / "tests" / "fake"
LIMIT_S = 120


def shell_quote(text):
    return "'" + str(text).replace("'", "'\\''") + "'"


class Checkout:
    """A project folder with the real driver and origin, and hosts that are fake."""

    def __init__(self, folder):
        self.root = folder
        self.build = folder / "build"
        self.results = folder / "results"
        (folder / "py_impl").mkdir(parents=True)
        (folder / "bench" / "suites").mkdir(parents=True)
        (folder / "scripts").mkdir()
        shutil.copy(ROOT / "scripts" / "interpreters.py", folder / "scripts")
        self.build.mkdir()
        for name in ("cobench", "cobench-origin"):
            shutil.copy(BUILD / name, self.build / name)
        for name, runtime in (("cobench-host", "c"), ("cobench-host-embed", "embed")):
            host = self.build / name
            host.write_text(f'#!/bin/sh\nexec {shell_quote(sys.executable)} {shell_quote(FAKE / "host.py")} {runtime} "$@"\n')
            host.chmod(0o755)
        (self.build / "python").write_text(sys.executable + "\n")
        for place, runtime in (("py_impl", "py"), ("py_impl/ext", "ext")):
            (folder / place).mkdir(exist_ok=True)
            (folder / place / "__main__.py").write_text(
                f"import sys\nsys.path.insert(0, {str(FAKE)!r})\nimport host\n"
                f"sys.exit(host.main([{runtime!r}] + sys.argv[1:]))\n")

    def command(self, *args):
        return [str(self.build / "cobench"), *map(str, args)]

    def environment(self, **more):
        env = {k: v for k, v in os.environ.items() if not k.startswith("COBENCH_")}
        return env | {"COBENCH_RUNS": str(self.root / "runs")} | {k: str(v) for k, v in more.items()}

    def __call__(self, *args, **env):
        return subprocess.run(self.command(*args), capture_output=True, text=True, timeout=LIMIT_S,
                              env=self.environment(**env), cwd=self.root)

    def start(self, *args, **how):
        """A run in the background."""
        how = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True, "env": self.environment()} | how
        return subprocess.Popen(self.command("run", "--no-plots", *args), **how)

    def run(self, *args, **env):
        """Under two of the four runtimes, where the test says nothing else: what is tested is the driver."""
        two = () if "--runtime" in args else ("--runtime", "c,py")
        return self("run", "--no-plots", "--quiet", *two, *args, **env)

    def good(self, *args, **env):
        done = self.run(*args, **env)
        assert done.returncode == 0, done.stderr
        return done

    def folders(self):
        return sorted(p for p in self.results.glob("*") if not p.is_symlink()) if self.results.exists() else []

    def samples(self):
        (folder,) = self.folders()
        return [json.loads(line) for line in (folder / "samples.jsonl").read_text().splitlines()]

    def journal_text(self):
        """As far as it is written; nothing while the run's folder still has its temporary name."""
        try:
            return "".join((folder / "samples.jsonl").read_text() for folder in self.folders())
        except FileNotFoundError:
            return ""

    def plan(self):
        (folder,) = self.folders()
        return json.loads((folder / "plan.json").read_text())


def mine(marker):
    """Processes whose command line or environment holds the marker, but this one."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            text = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
        except OSError:
            continue
        if marker.encode() in text and int(entry.name) != os.getpid():
            found.append((int(entry.name), text.split(b"\0")[:3]))
    return found


def wait_until(condition, limit_s, what):
    with Lag() as lag:
        while not condition():
            assert lag.within(limit_s), f"not within {limit_s} s: {what}"
            time.sleep(0.01)


# -- what a good run leaves -------------------------------------------------------------------------------------------

def test_a_run_verifies_then_times_in_rounds(checkout):
    checkout.good("--task", "null,waiting", "--rounds", 2, "--seed", 7, "--margin", "2.5%")
    samples, plan = checkout.samples(), checkout.plan()
    cells = plan["cells"]
    assert plan["seed"] == 7 and plan["rounds"] == 2 and plan["url"] is None and plan["margin"] == 0.025
    assert sorted(s["cell"] for s in samples if s["pass"] == "verify") == list(range(len(cells)))
    for round_ in (1, 2):
        assert sorted(s["cell"] for s in samples if s["round"] == round_) == list(range(len(cells)))
    assert len({tuple(s["cell"] for s in samples if s["round"] == round_) for round_ in (1, 2)}) == 2, "the order differs"
    assert all(s["status"] == "ok" and s["sample"] == 1 and len(s["digest"]) == 16 for s in samples)
    assert all(s["peak_pss_bytes"] is None or s["pass"] == "verify" for s in samples)
    assert any((s["peak_pss_bytes"] or 0) > 1000000 for s in samples)
    assert all((s["whole_ns"] is None) == (s["pass"] == "verify") for s in samples)
    assert all(s["work_ns"] == 1000 for s in samples)
    verify_first = [s["pass"] for s in samples]
    assert verify_first == sorted(verify_first, key="verify timed".split().index)
    assert (checkout.results / "latest").resolve() == checkout.folders()[0]
    assert (checkout.folders()[0] / "summary.json").exists()


def test_groups_follow_from_kinds_and_workers(checkout):
    checkout.good("--task", "both,waiting", "--workers", "2,jobs", "--rounds", 1, "--model", "sync")
    groups = checkout.plan()["groups"]
    assert [(g["name"], g["workers"]) for g in groups] == [
        ("both (2 workers)", 2), ("both (6 workers)", 6), ("waiting (2 workers)", 2), ("waiting (5 workers)", 5)]
    assert groups[1]["capacity_reason"] or os.cpu_count() >= 6
    assert groups[2]["capacity_reason"] == "a waiting task is judged against the ideal"
    assert all(g["ideal"] <= g["workers"] for g in groups)


def test_capacity_cells_run_copies_of_the_baseline(checkout):
    checkout.good("--task", "null", "--workers", 2, "--rounds", 1, "--runtime", "py", "--model", "sync")
    if os.cpu_count() < 2:
        pytest.skip("one CPU: no capacity row")
    cells = checkout.plan()["cells"]
    assert [(c["role"], c["copies"], c["baseline"]) for c in cells] == [
        ("model", 1, True), ("control", 1, False), ("capacity", 2, False)]
    assert all(s["status"] == "ok" for s in checkout.samples())


def test_a_url_task_gets_the_origin(checkout):
    checkout.good("--task", "get", "--rounds", 1, "--model", "sync")
    assert all(s["origin"]["wall_ns"] > 0 for s in checkout.samples())
    assert not mine(str(checkout.root))


def test_a_suite_file_and_options_over_it(checkout):
    (checkout.root / "bench/suites/mini.ini").write_text(
        "[suite]\nabout = small\nrounds = 3\nmodels = sync\nruntimes = c, py\n[group one]\ntask = file\nset.word = a b;c\nset.file = @x\n"
        "[group two]\ntask = null\njobs = 3\nworkers = jobs\nruntimes = py\n")
    done = checkout("run", "--no-plots", "--quiet", "--suite", "mini", "--rounds", 1, "--set", "file.word=it's \"quoted\" $HOME")
    assert done.returncode == 0, done.stderr
    plan = checkout.plan()
    assert plan["suite"] == "mini" and plan["rounds"] == 1
    assert plan["groups"][0]["params"] == {"file": "@x", "word": "it's \"quoted\" $HOME"}
    assert (plan["groups"][1]["jobs"], plan["groups"][1]["workers"]) == (3, 3)
    assert {c["runtime"] for c in plan["cells"] if c["group"] == 1} == {"py"}


# -- planted faults ---------------------------------------------------------------------------------------------------

FAULTS = [
    ("fail", "failed", "job 3 failed: PlantedError: planted"),
    ("crash", "failed", "it was ended by signal 9 (SIGKILL)"),
    ("exit", "failed", "it ended with exit status 3: the host gave up"),
    ("loud", "failed", "it ended with exit status 3: the host gave up"),
    ("wrong", "refused", "job 3 gave 42, but"),
    ("skip", "refused", "job 3 was never done"),
    ("twice", "refused", "job 3 was done twice"),
    ("usage", "failed", "unknown something"),
    ("impossible", "impossible", "the limit is 3 and 4 are needed"),
    ("silent", "failed", "the host wrote no record, it ended with exit status 0"),
    ("garbage", "failed", "the record is no JSON"),
    ("nosign", "failed", "the record says done, but it ended with exit status 9"),
    ("short", "failed", "the slots file is cut short"),
    ("badslots", "failed", "the slots file is of version 9"),
    ("stubborn", "failed", "it left 1 process running"),
    ("other", "failed", "the record is of another c:sync"),
    ("hang", "timeout", "no end within"),
]


@pytest.mark.parametrize("mode, status, reason", FAULTS)
def test_a_fault_in_one_runtime_is_named_and_not_timed(checkout, mode, status, reason):
    done = checkout.run("--task", "faulty", "--set", f"mode={mode}", "--set", "who=c", "--model", "sync", "--rounds", 1,
                        "--timeout", 0.5, "--workers", 1)
    cells, samples = checkout.plan()["cells"], checkout.samples()
    c_sync = next(s for s in samples if cells[s["cell"]]["runtime"] == "c" and cells[s["cell"]]["baseline"])
    assert (c_sync["status"], reason in c_sync["reason"]) == (status, True), c_sync["reason"]
    if mode in ("skip", "twice"):
        assert (c_sync["latency_ns"], c_sync["in_flight_max"], c_sync["busy_ns"]) == (None, None, None), "of refused stamps"
    assert not [s for s in samples if s["pass"] == "timed" and cells[s["cell"]]["runtime"] == "c"]
    assert done.returncode == (0 if status == "impossible" else 1)
    if status != "impossible":
        assert reason in done.stderr
    assert not mine(str(checkout.root))


@pytest.mark.parametrize("runtimes", ["c", "c,py"])
@pytest.mark.parametrize("mode, reason", [
    ("slow", None),
    ("fail", "nothing to check against: py:sync: job 3 failed: PlantedError: planted"),
    ("impossible", "nothing to check against: py:sync: the limit is 3 and 4 are needed"),
])  # fmt: skip
def test_what_cannot_be_checked_is_no_failure(checkout, mode, reason, runtimes):
    """A reference that is out of time gets more of it; one without results leaves the others unchecked."""
    done = checkout("run", "--no-plots", "--task", "faulty", "--set", f"mode={mode}", "--set", "who=py", "--model", "sync,threads",
                    "--runtime", runtimes, "--rounds", 1, "--timeout", 0.2, "--workers", 1)  # fmt: skip
    assert done.returncode == (1 if "py" in runtimes and mode != "impossible" else 0), done.stderr
    cells, samples = checkout.plan()["cells"], checkout.samples()
    of_c = [s for s in samples if cells[s["cell"]]["runtime"] == "c"]
    assert {s["pass"] for s in of_c} == {"verify", "timed"}
    assert {(s["status"], s["reason"]) for s in of_c} == {("ok", reason)}
    summary = json.loads((checkout.folders()[0] / "summary.json").read_text())
    for cell in (cell for cell in summary["cells"] if cell["runtime"] == "c"):
        assert (cell["verified"], cell["doubt"] == "unchecked") == (reason is None, reason is not None)
    tables = " ".join(checkout("report", "--no-plots", checkout.folders()[0]).stdout.split())
    assert tables.count("the reference py:sync was given 60 s more: it was out of time") == (mode == "slow"), tables
    said = " ".join(done.stdout.split())
    assert said.count("unchecked faulty: c:sync, c:threads: nothing to check against") == (reason is not None), said


@pytest.mark.parametrize("words, jobs, each, probe", [
    (("--task", "waiting", "--set", "delay=100"), "40 jobs of 0.1 s take 4 s", "c:sync, py:sync", "10,10"),
    (("--task", "quote.py:quote", "--runtime", "py"), "40 jobs of 0.3 s take 12 s", "py:sync", "100,0"),  # its host says 3 * 100
])  # fmt: skip
def test_sync_that_would_be_out_of_time_is_left_out(checkout, words, jobs, each, probe):
    """Nothing is divided by it then, and the results are compared with those of a model that can do it."""
    name = words[1].rpartition(":")[2]
    (checkout.root / "quote.py").write_text("")
    runtimes = () if "--runtime" in words else ("--runtime", "c,py")
    done = checkout("run", "--no-plots", "--table", *words, *runtimes, "--jobs", 40, "--timeout", 1.5, "--model", "threads",
                    "--rounds", 1, FAKE_PROBE=probe)  # fmt: skip
    assert done.returncode == 0, done.stderr
    why = f"one after another, {jobs}, and a command may take 1.5 s (--timeout)"
    plan, said = checkout.plan(), " ".join(done.stdout.split())
    assert done.stderr.count(why) == 1 and f"{name}: sync is left out: {why}\n" in done.stderr
    assert said.count(f"not here {name}: {each}: {why}") == said.count(why) == 1
    assert [group["baseline"] for group in plan["groups"]] == ["none"]
    assert {(c["model"], c["role"], c["baseline"], c["left_out"]) for c in plan["cells"]} == {
        ("sync", "model", False, why), ("threads", "model", False, None)}
    assert {(plan["cells"][s["cell"]]["model"], s["status"], s["reason"]) for s in checkout.samples()} == {
        ("sync", "impossible", why), ("threads", "ok", None)}
    assert "What it cost" in said and "jobs/s" in said and "own sync" not in said and "only threads was measured, " in said


def test_a_baseline_that_is_chosen(checkout):
    done = checkout("run", "--no-plots", "--table", "--runtime", "c,py", "--task", "both", "--baseline", "threads", "--model",
                    "processes", "--workers", 2, "--rounds", 1)  # fmt: skip
    assert done.returncode == 0, done.stderr
    cells, said = checkout.plan()["cells"], " ".join(done.stdout.split())
    assert [(c["runtime"], c["model"], c["role"], c["baseline"]) for c in cells] == [
        (runtime, *cell) for runtime in ("c", "py") for cell in (
            ("threads", "model", True), ("processes", "model", False), ("threads", "control", False))]
    assert "whole / own threads" in said and "A/A control c:threads" in said and "sync, which is not the baseline" in said


@pytest.mark.parametrize("mode", ["ok", "wrong"])
def test_no_baseline(checkout, mode):
    """There are times and no ratios; results are compared with the counterpart's all the same."""
    done = checkout("run", "--no-plots", "--table", "--runtime", "c,py", "--task", "faulty", "--set", f"mode={mode}", "--set",
                    "who=c", "--baseline", "none", "--model", "threads,processes", "--rounds", 2)  # fmt: skip
    summary = json.loads((checkout.folders()[0] / "summary.json").read_text())
    statuses = {(s["status"], s["reason"] and "py:threads" in s["reason"]) for s in checkout.samples()
                if checkout.plan()["cells"][s["cell"]]["runtime"] == "c"}  # fmt: skip
    assert statuses == ({("ok", None)} if mode == "ok" else {("refused", True)})
    assert done.returncode == (mode != "ok")
    assert not [c for c in checkout.plan()["cells"] if c["model"] == "sync" or c["role"] != "model" or c["baseline"]]
    assert all(cell["work_own_sync"] is cell["whole_own_sync"] is None for cell in summary["cells"])
    assert ("jobs/s" in done.stdout) == (mode == "ok") and "Speedup" not in done.stdout and "A/A" not in done.stdout.split("How to")[0]


@pytest.mark.parametrize("mode, status", [("wrong", "refused"), ("crash", "failed"), ("twice", "refused")])
def test_a_fault_in_the_timed_pass_ends_the_cell(checkout, mode, status):
    done = checkout.run("--task", "faulty", "--set", f"mode={mode}", "--set", "who=py", "--set", "when=timed", "--model",
                        "sync", "--rounds", 2, "--workers", 1)
    assert done.returncode == 1
    cells, samples = checkout.plan()["cells"], checkout.samples()
    timed = [s for s in samples if s["pass"] == "timed"]
    py = [s for s in timed if cells[s["cell"]]["runtime"] == "py"]
    assert [s["status"] for s in py] == [status] * 2 and all(s["round"] == 1 for s in py)
    assert all(s["status"] == "ok" for s in timed if cells[s["cell"]]["runtime"] == "c")


# -- bad input --------------------------------------------------------------------------------------------------------

BAD = [
    (["--task", "nosuch"], "unknown task 'nosuch' (known: null, waiting"),
    (["--task", "null", "--runtime", "java"], "unknown runtime 'java' (known: c, embed, ext, py)"),
    (["--task", "null", "--baseline", "fast"], "unknown baseline 'fast' (known: sync, threads, processes, spare)"),
    (["--task", "waiting", "--set", "waiting.x=3"], "task 'waiting' has no parameter 'x' (it has: delay)"),
    (["--task", "waiting", "--set", "delay=1001"], "waiting.delay: '1001' is not a whole number from 0 to 1000"),
    (["--task", "faulty", "--set", "mode=x"], "'x' is none of: ok, fail"),
    (["--task", "get", "--set", "url=ftp://x"], "get.url: 'ftp://x' is not an absolute http or https URL of visible ASCII characters"),
    (["--task", "get", "--url", "http://me@x/"], "--url 'http://me@x/': not an absolute http or https URL"),
    (["--task", "get", "--url", "https://"], "--url 'https://': not an absolute http or https URL"),
    (["--task", "get", "--url", "http://x/ä"], "of visible ASCII characters"),
    (["--task", "get", "--url", "http://x/{jobs}"], "{jobs}, which is neither {job} nor a parameter of the task"),
    (["--task", "get", "--set", "url=http://x/{job"], "get.url: 'http://x/{job' has no } after {job"),
    (["--task", "file", "--set", "file=/no/such"], "file.file: '/no/such' cannot be read: No such file or directory"),
    (["--task", "differs"], "its tables differ: 'default' of parameter 'size' is \"10\" in c and \"11\" in py"),
    (["--task", "null,,count"], "no list with commas between its words"),
    (["--suite", "nosuch"], "there are no suites in "),
    (["--suite", "./no.ini"], "suite file ./no.ini: No such file or directory"),
    (["--task", "null", "--margin", "0.02"], "--margin '0.02': not a percentage from 0% to 90%"),
    (["--task", "null", "--jobs", "0"], "--jobs '0': not a whole number from 1 to 100000000"),
    (["--task", "null", "--jobs", ""], "--jobs '': not a whole number from 1 to 100000000"),
    (["--task", "null", "--rounds", "ten"], "--rounds 'ten'"),
    (["--task", "null", "--workers", "2,many"], "--workers 'many'"),
    (["--task", "null", "--timeout", "1,5"], "--timeout '1,5'"),
    (["--task", "null", "--start-method", "clone"], "--start-method 'clone': must be one of fork, spawn"),
    (["--task", "null", "--model", "threads", "--start-method", "spawn"], "--start-method: it changes no cell of this run"),
    (["--task", "null", "--frob", "2"], "unrecognized option '--frob', nor has a host such a knob (known: start-method, offload, chunk)"),
    (["--task", "null", "--url", "localhost"], "--url 'localhost'"),
    (["--task", "null", "--tasks", "/no/such"], "--tasks '/no/such'"),
    (["--task", "null", "extra"], "there are options only"),
]


@pytest.mark.parametrize("args, said", BAD, ids=[" ".join(a) for a, _ in BAD])
def test_bad_input_is_one_line_and_starts_nothing(checkout, args, said):
    done = checkout.run(*args)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr and done.stderr.startswith("cobench: ") and done.stderr.count("\n") == 1, done.stderr
    assert checkout.folders() == []


@pytest.mark.parametrize("suite", ["ladder", "broker", "services", "hazards"])
def test_the_hosts_know_what_a_suite_names(suite):
    """Names are looked at before --task picks: of runtimes, models and knobs none is complained of."""
    done = cobench("run", "--suite", suite, "--task", "nosuch")
    assert done.returncode == 2 and done.stderr.startswith("cobench: unknown task 'nosuch'")


def test_an_unknown_suite_is_told_the_known_ones():
    done = cobench("run", "--suite", "nosuch")
    assert done.returncode == 2 and done.stderr.startswith("cobench: unknown suite 'nosuch' (known: ") and "quick" in done.stderr


def test_unknown_commands_and_options(checkout):
    for args, said in [((), "Usage"), (("fly",), "unknown command 'fly' (known: run, serve-bench, list, report, "),
                       (("run", "--task", "null", "--nosuch"), "nosuch")]:
        done = checkout(*args)
        assert done.returncode == 2 and said in done.stderr
    version = checkout("--version").stdout
    assert version.startswith("cobench ") and {checkout(*args).stdout for args in (["-V"], ["run", "--version"], ["list", "-V"])} == {version}
    assert "copies" not in checkout("--help").stdout


@pytest.mark.parametrize("words", [["--help"], ["-V"], ["run", "-h"], ["list"], ["doctor"],
                                   ["run", "--no-plots", "--task", "null", "--rounds", "1", "--model", "sync"]])  # fmt: skip
@pytest.mark.parametrize("to", [">&-", ">/dev/full"])
def test_output_that_cannot_be_written_is_an_error(checkout, words, to):
    """The run is whole all the same."""
    done = subprocess.run(["sh", "-c", f'exec "$@" {to}', "sh", *checkout.command(*words)], env=checkout.environment(), text=True,
                          capture_output=True, timeout=LIMIT_S)  # fmt: skip
    assert done.returncode == 1 and done.stderr.splitlines()[-1].startswith("cobench: cannot write to standard output"), done.stderr
    assert words[0] != "run" or len(words) == 2 or (checkout.results / "latest" / "index.html").exists()


NEEDS_VALUE = {"run": "--rounds", "serve-bench": "--rates", "list": "--tasks", "report": "--format", "plot": "--only", "compare": "--only",
               "advise": "--format", "claims": "--file", "doctor": "--root"}  # fmt: skip
TAKES_NONE = {"run": "--quiet", "serve-bench": "--quiet", "list": "--json", "report": "--quiet", "advise": "--json", "doctor": "--json"}
TOO_MANY = {"run": ["a"], "serve-bench": ["a"], "list": ["a", "b"], "report": ["a", "b"], "plot": ["a", "b"], "compare": ["a", "b", "c"], "claims": ["a", "b"],
            "advise": ["a", "b"], "doctor": ["a"]}  # fmt: skip


@pytest.mark.parametrize("command", NEEDS_VALUE)
def test_every_command_has_help(checkout, command):
    said = checkout(command, "--help").stdout
    assert said.startswith(f"Usage: cobench {command} ")
    assert checkout("help", command).stdout == said == checkout(command, "-h").stdout
    assert not re.search(r"^ *--[a-z-]+ +=", said, re.MULTILINE), said  # argp breaks what is wider than its column


@pytest.mark.parametrize("command", NEEDS_VALUE)
def test_every_command_refuses(checkout, command):
    by_argp = [*[(["--bogus"], "unrecognized option '--bogus'")] * (command != "run"), (["-Z"], "invalid option -- 'Z'"),
               ([NEEDS_VALUE[command]], f"option '{NEEDS_VALUE[command]}' requires an argument")]
    if command in TAKES_NONE:
        by_argp.append(([TAKES_NONE[command] + "=3"], f"option '{TAKES_NONE[command]}' doesn't allow an argument"))
    for args, said in by_argp:
        done = checkout(command, *args)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(f"cobench {command}: {said}\nTry `cobench {command} --help'")
    if command in TOO_MANY:
        done = checkout(command, *TOO_MANY[command])
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        assert done.stderr.startswith("cobench: ")


def test_a_lonely_task_is_said_to_be_one(checkout):
    done = checkout("run", "--no-plots", "--quiet", "--task", "lonely", "--rounds", 1, "--model", "sync")
    assert done.returncode == 0, done.stderr
    assert "the task is only in c" in done.stderr
    cells = checkout.plan()["cells"]
    impossible = [s for s in checkout.samples() if s["status"] == "impossible"]
    assert {cells[s["cell"]]["runtime"] for s in impossible} == {"embed", "ext", "py"}


def test_a_task_and_its_parameters(checkout):
    done = checkout("list", "file")
    assert done.returncode == 0 and "the task file" in done.stdout and re.search(r"^word +the ", done.stdout, re.M)
    assert "spare" not in done.stdout
    assert checkout("list", "nosuch").returncode == checkout("list", "null", "--json").returncode == 2


def test_a_host_that_lists_nonsense_is_named(checkout):
    done = checkout.run("--task", "null", FAKE_LIST="broken")
    assert done.returncode == 1 and "the py host: its list is no JSON" in done.stderr
    (checkout.build / "cobench-host").unlink()
    done = checkout("list")
    assert done.returncode == 1 and "the c host's program" in done.stderr and done.stderr.count("\n") == 1


def test_list_for_people_and_for_programs(checkout):
    text = checkout("list").stdout
    assert "refused: its tables differ" in text and "the task is only in c" in text and "broken.so" in text
    listed = json.loads(checkout("list", "--json").stdout)
    assert [r["name"] for r in listed["runtimes"]] == ["c", "embed", "ext", "py"]
    assert {t["name"]: t["hosts"] for t in listed["tasks"]}["lonely"] == ["c"]
    everyone = ["c", "embed", "ext", "py"]
    assert {m["name"]: m["extra"] for m in listed["models"]} == {"sync": [], "threads": [], "processes": [], "spare": everyone}
    assert re.search(r"^ *name +hosts +only if named *$", text, re.M) and re.search(r"^ *spare .*(c embed ext py) +\1 ", text, re.M)


@pytest.mark.parametrize("format_, list_, doctor", [
    ("md", "| name | kind | jobs |", "| verdict | what |"), ("adoc", "|name |kind |jobs |", "|verdict |what |"),
    ("csv", "name,kind,jobs,hosts,about\n", "area,name,verdict,found,advice\n"),
])
def test_list_and_doctor_in_any_format(checkout, format_, list_, doctor):
    assert list_ in checkout("list", "--format", format_).stdout
    assert doctor in checkout("doctor", "--format", format_).stdout


# -- surroundings -----------------------------------------------------------------------------------------------------

def test_hyperfine_missing(checkout, tmp_path):
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "sh").symlink_to("/bin/sh")
    done = checkout.run("--task", "null", PATH=tools)
    assert (done.returncode, done.stderr) == (
        77, "cobench: hyperfine is not installed (./scripts/setup.sh installs it)\n")
    assert checkout.folders() == []


def test_results_that_cannot_be_written(checkout, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    done = checkout.run("--task", "null", "--results", blocked / "results")
    assert done.returncode == 1 and "cannot make a folder for this run" in done.stderr
    assert done.stderr.count("\n") == 1
    if os.geteuid() != 0:
        closed = tmp_path / "closed"
        closed.mkdir(mode=0o555)
        done = checkout.run("--task", "null", "--results", closed)
        assert done.returncode == 1 and "Permission denied" in done.stderr and list(closed.iterdir()) == []


def test_paths_with_blanks_and_quotes(tmp_path):
    odd, scratch = Checkout(tmp_path / "it's a \"path\" (odd) $x"), tmp_path / "tmp with 'quotes'"
    scratch.mkdir()
    odd.good("--task", "null,get", "--rounds", 1, "--model", "sync", TMPDIR=scratch)
    assert all(s["status"] == "ok" for s in odd.samples())
    assert list(scratch.iterdir()) == []


def test_a_path_that_is_no_utf8_is_refused_at_once(tmp_path):
    folder = os.fsencode(tmp_path) + b"/a\xffb"
    os.makedirs(folder + b"/py_impl")
    shutil.copy(BUILD / "cobench", folder + b"/cobench")
    for program, env in ((folder + b"/cobench", {}), (BUILD / "cobench", {b"COBENCH_ROOT": folder})):
        done = subprocess.run([program, "run", "--task", "null"], capture_output=True, timeout=LIMIT_S, env=os.environb | env)
        assert done.returncode != 0 and b"is not UTF-8" in done.stderr and done.stderr.count(b"\n") == 1


def test_names_and_paths_do_not_reach_the_terminal_raw(checkout, tmp_path):
    suite, results = tmp_path / "s\x1b[1m\x9b.ini", tmp_path / "r\x1b[1m\x9b"
    suite.write_text("[group g\x1b[1m\x9b]\ntask = null\nmodels = sync\n")
    done = [checkout("run", "--suite", suite, "--results", results, "--rounds", 1, "--runtime", "c"),
            checkout("compare", results / "latest", results / "latest", "--format", "csv"),
            checkout("report", results / "latest" / "none"), checkout("x\x1b[1m\x9b")]
    done += [checkout("plot", results / "latest", "--format", kind) for kind in (("txt", "svg") if shutil.which("gnuplot") else ())]
    for one in done:
        assert not any(c in one.stdout + one.stderr for c in "\x1b\x9b"), one
    for name in ("summary.csv", "summary.md", "index.html"):
        text = (results / "latest" / name).read_text()
        assert "\x1b" not in text and "\x9b" not in text


def test_a_locale_with_a_decimal_comma(checkout, comma_locale):
    checkout.good("--task", "null", "--rounds", 1, "--timeout", "10.5", **{k: v for k, v in comma_locale.items() if k.startswith("L")})
    assert checkout.plan()["timeout_s"] == 10.5


def test_output_to_a_closed_pipe_does_not_stop_the_run(checkout):
    process = checkout.start("--task", "null", "--rounds", 1, "--model", "sync", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    process.stdout.close()
    process.wait(LIMIT_S)
    assert (checkout.results / "latest" / "summary.json").exists()


@pytest.mark.parametrize("terminal", ["xterm", "dumb", ""])
def test_progress_on_a_terminal_is_one_line(checkout, terminal):
    """Written over again where the terminal can."""
    parent, child = pty.openpty()
    process = checkout.start("--task", "null", "--rounds", 2, "--model", "sync", stderr=child, env=checkout.environment(TERM=terminal))
    os.close(child)
    text = b""
    try:
        while chunk := os.read(parent, 4096):
            text += chunk
    except OSError:  # EIO: the other end is closed
        pass
    os.close(parent)
    assert process.wait(LIMIT_S) == 0
    if terminal == "xterm":
        assert b"\r\x1b[K" in text and b"round 2 of 2" in text and b" left" in text
    assert (b"\x1b" in text) == (terminal == "xterm") and text.count(b"\n") < 8


# -- the end of a run -------------------------------------------------------------------------------------------------

def start_slow(checkout, **how):
    """A run that has begun its rounds and whose commands take long."""
    process = checkout.start("--task", "faulty,get", "--set", "mode=sleep", "--set", "when=timed", "--rounds", 50, "--model", "sync", **how)
    wait_until(lambda: '"timed"' in checkout.journal_text(), 60, "the first timed sample")
    assert len(mine(str(checkout.root))) > 2
    return process


@pytest.mark.parametrize("number, kill", [(signal.SIGINT, os.kill), (signal.SIGTERM, os.kill), (signal.SIGHUP, os.kill),
                                          (signal.SIGINT, os.killpg)])  # a terminal's Ctrl-C is for its whole foreground group
def test_a_signal_ends_all_and_keeps_the_journal(checkout, number, kill):
    process = start_slow(checkout, start_new_session=kill is os.killpg)
    kill(process.pid, number)
    _, said = process.communicate(timeout=10)
    assert process.returncode == 128 + number
    assert "interrupted; " in said and " of 50 rounds are in " in said
    wait_until(lambda: not mine(str(checkout.root)), 1, f"nothing is left running: {mine(str(checkout.root))}")
    assert all(s["status"] == "ok" for s in checkout.samples())
    assert (checkout.results / "latest").resolve() == checkout.folders()[0], "--resume latest goes on with it"


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT])
def test_a_signal_that_was_ignored_stays_ignored(checkout, number):
    """As under nohup."""
    process = checkout.start("--task", "null", "--rounds", 20, "--model", "sync", "--workers", 1,
                             preexec_fn=lambda: signal.signal(number, signal.SIG_IGN))
    wait_until(lambda: '"round":3' in checkout.journal_text(), 60, "the third round")
    process.send_signal(number)
    _, said = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0 and "interrupted" not in said


def scratch_folders(checkout):
    """Those of the checkout's commands that run now; others may run a cobench of their own."""
    found = set()
    for pid, _ in mine(str(checkout.root)):
        try:
            words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue
        found |= {os.path.dirname(value) for option, value in zip(words, words[1:]) if option == "--export-json"}
    return found


def test_sigkill_of_the_driver_ends_all_it_started(checkout):
    process = start_slow(checkout)
    found = set()
    wait_until(lambda: found.update(scratch_folders(checkout)) or found, 60, "a command with its scratch folder")
    (scratch,) = found
    process.kill()
    process.communicate(timeout=10)
    wait_until(lambda: not mine(str(checkout.root)), 1, f"nothing is left running: {mine(str(checkout.root))}")
    wait_until(lambda: not os.path.exists(scratch), 1, "the scratch folder is gone")
    assert checkout.samples()


def test_an_interrupted_run_with_a_whole_round_has_a_summary(checkout):
    process = checkout.start("--task", "null", "--rounds", 10000, "--model", "sync", "--workers", 1, stdout=subprocess.PIPE)
    wait_until(lambda: '"round":3' in checkout.journal_text(), 60, "the third round")
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 130 and "null" in out
    summary = json.loads((checkout.folders()[0] / "summary.json").read_text())
    assert summary["interrupted"] is True


def test_the_origin_ending_by_itself_stops_the_run(checkout):
    process = start_slow(checkout)
    origin = next(pid for pid, command in mine(str(checkout.root)) if b"cobench-origin" in command[0])
    os.kill(origin, signal.SIGKILL)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 1 and "the origin has ended by itself" in said
    wait_until(lambda: not mine(str(checkout.root)), 1, "nothing is left running")


@pytest.mark.parametrize("rest, says", [
    (":9/{job}?size={size}&delay={delay}\\n", None),
    ("", "the origin ended before it said its URL"),
], ids=["whole", "half"])
def test_the_origin_may_write_its_line_in_parts(checkout, rest, says):
    origin = checkout.build / "cobench-origin"
    end = "exec cat" if says is None else "exit"
    origin.write_text(f"#!/bin/sh\nprintf http://127.0.0.1\nsleep 0.2\nprintf '{rest}'\n{end}\n")
    done = checkout.run("--task", "get", "--rounds", 1, "--model", "sync")
    assert done.returncode == (0 if says is None else 1) and (says or "") in done.stderr, done.stderr


# -- with the real hosts ----------------------------------------------------------------------------------------------

REAL_FAULTS = [
    ("fail", {"sync": "planted failure", "threads": "planted failure", "process-pool": "planted failure"}),
    ("crash", {"sync": "the process was ended by signal 9 (SIGKILL) in job 2", "process-pool": "was killed by signal 9"}),
    ("hang", {"sync": "job 2", "processes": "job 2", "async": "job 2"}),
    ("exit", {"thread-pool": "the task ended the process with exit status 3", "processes": "exited with status 3"}),
]


@pytest.mark.parametrize("mode, expected", REAL_FAULTS, ids=[m for m, _ in REAL_FAULTS])
def test_the_real_hosts_faults_are_named(tmp_path, mode, expected):
    folder = tmp_path / f"tasks-{os.getpid()}"
    folder.mkdir()
    shutil.copy(BUILD / "test-tasks" / "faulty.so", folder)
    shutil.copy(ROOT / "tests" / "tasks" / "faulty.py", folder)
    run = Run(tmp_path / "results", "--quiet", "--tasks", folder, "--task", "faulty", "--set", f"mode={mode}", "--set", "at=2",
              "--rounds", 1, "--timeout", 1, "--workers", 2, "--model", ",".join(expected), status=1)  # fmt: skip
    cells, samples = run.json("plan")["cells"], run.samples
    assert all(s["status"] == ("timeout" if mode == "hang" else "failed") and s["pass"] == "verify" for s in samples)
    for s in samples:
        cell = cells[s["cell"]]
        if cell["role"] == "model" and cell["model"] in expected:
            assert expected[cell["model"]] in s["reason"], (cell, s["reason"])
    assert not mine(str(folder))


def test_a_foreign_url_is_asked_and_no_origin_started(tmp_path):
    origin = subprocess.Popen([BUILD / "cobench-origin"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        url = origin.stdout.readline().split("?")[0] + "?size=17"
        run = Run(tmp_path / "results", "--quiet", "--task", "fetch", "--jobs", 3, "--url", url, "--rounds", 1, "--model", "async")
    finally:
        origin.communicate(timeout=30)
    assert run.json("plan")["url"] == url
    assert all(s["status"] == "ok" and s["origin"] is None and s["connections"] >= 1 for s in run.samples)


@pytest.mark.parametrize("lines", [1, 4], ids=["verifying", "timed"])
def test_an_origin_that_ends_is_no_failure_of_a_cell(tmp_path, lines):
    """The sample whose requests fail for it is not written down, and the command that is named goes on."""
    results = tmp_path / "my results"
    how = {"stderr": subprocess.PIPE, "stdout": subprocess.DEVNULL, "text": True, "env": {**os.environ, "MARK": str(tmp_path)}}

    def samples():
        return [json.loads(line) for path in results.glob("2*/samples.jsonl") for line in path.read_text().splitlines()]

    process = subprocess.Popen(
        [BUILD / "cobench", "run", "--no-plots", "--quiet", "--task", "fetch", "--set", "delay=200", "--jobs", "4", "--workers",
         "2", "--runtime", "c", "--model", "sync,threads", "--rounds", "2", "--results", results], **how)
    wait_until(lambda: len(samples()) >= lines, 60, f"{lines} samples")
    origin = next(pid for pid, command in mine(str(tmp_path)) if b"cobench-origin" in command[0])
    os.kill(origin, signal.SIGKILL)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 1 and "the origin has ended by itself; 0 of 2 rounds are in " in said
    assert {s["status"] for s in samples()} == {"ok"}
    command = shlex.split(said.split("; ")[-1])
    assert command[0] == "cobench" and command[-2:] == ["goes", "on"]
    done = subprocess.run([BUILD / "cobench", *command[1:-2], "--no-plots", "--quiet"], timeout=LIMIT_S, **how)
    assert done.returncode == 0, done.stderr
    assert {s["status"] for s in samples()} == {"ok"} and {s["round"] for s in samples()} == {0, 1, 2}


def test_an_unreachable_url_fails_with_its_reason(tmp_path):
    run = Run(tmp_path / "results", "--quiet", "--task", "fetch", "--jobs", 2, "--url", "http://127.0.0.1:1/", "--rounds", 1,
              "--model", "sync", status=1)  # fmt: skip
    assert "refused" in run.done.stderr.lower(), run.done.stderr


def test_a_counterpart_that_does_not_load_is_no_lonely_task(tmp_path):
    folder = tmp_path / "tasks"
    folder.mkdir()
    shutil.copy(ROOT / "py_impl/tasks/null.py", folder)
    (folder / "null.so").write_text("no shared object")
    run = Run(tmp_path / "results", "--tasks", folder, "--task", "null", "--rounds", 1, status=2)
    assert run.done.stderr == f"cobench: task 'null': the c host says: task file '{folder}/null.so' is no shared object\n"


def test_a_url_that_nobody_asks(tmp_path):
    run = Run(tmp_path / "results", "--task", "wait", "--url", "http://127.0.0.1:1/", status=2)
    assert run.done.stderr == "cobench: --url: no task of this run asks for a URL\n"
