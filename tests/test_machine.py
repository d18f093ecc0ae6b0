# SPDX-License-Identifier: MIT
"""machine.json and what a sample says of the machine around it: right where the machine is made smaller or says nothing,
and never an invented value. The machines in tests/machines.py are files in a folder; the others are this one, confined."""

import contextlib
import json
import math
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest

import machines
from driver import COBENCH, LIMIT_S, Run
from hosts import BUILD, HOSTS, ROOT
from py_impl.machine import quota_cpus

PYTHON = (BUILD / "python").read_text().strip()
SAMPLE = json.loads((ROOT / "common/schema/sample.schema.json").read_text())


def doctor_of(root: Path) -> dict:
    done = subprocess.run([COBENCH, "doctor", "--json", "--root", root], capture_output=True, text=True, timeout=LIMIT_S)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", machines.MACHINES)
def test_facts_of_made_up_machines(tmp_path, name):
    machine = machines.MACHINES[name]
    root = machines.write(machine, tmp_path / "root")
    found = doctor_of(root)
    assert {fact: found["machine"][fact] for fact in machine.facts} == machine.facts
    assert quota_cpus(str(root)) == machine.quota  # the Python host's counterpart of common/cgroup.c
    verdicts = {}
    for finding in found["findings"]:
        verdicts.setdefault(finding["name"], finding["verdict"])
    assert {note: verdicts.get(note) for note in machine.notes} == {note: "note" for note in machine.notes}
    assert found["possible"] is None


def test_effective_cpus_are_the_least_of_affinity_and_quota(tmp_path):
    machine = machines.MACHINES["v1"]
    root = machines.write(machine, tmp_path)
    facts = doctor_of(root)["machine"]
    assert facts["affinity_cpus"] == len(os.sched_getaffinity(0))
    assert facts["effective_cpus"] == min(facts["affinity_cpus"], 0.5)


def run(tmp_path: Path, *words: str, **options) -> tuple[dict, dict, list[dict], dict]:
    """`cobench run`: machine.json, plan.json, the samples, summary.json."""
    done = Run(tmp_path / "results", "--quiet", *words, **options)
    for sample in done.samples:
        jsonschema.validate(sample, SAMPLE)
    return done.json("machine"), done.json("plan"), done.samples, done.json("summary")


SHORT = ("--task", "count", "--set", "size=20000", "--rounds", "1", "--model", "sync", "--runtime", "c,py")


def workers_of_hosts(folder: Path, before: tuple[str, ...] = (), **options) -> dict[str, int]:
    """How many workers each host takes for a CPU task where nobody says."""
    workers = {}
    for host in HOSTS:
        words = host.run_words(folder, "--task", "count", "--set", "size=10", "--model", "sync", "--jobs", 100000)
        program = host.program if host.program[0].startswith(str(BUILD)) else [PYTHON, *host.program[1:]]
        done = subprocess.run([*before, *program, *words], cwd=ROOT, env=os.environ | {"COBENCH_BUILD": str(BUILD)},
                              capture_output=True, text=True, timeout=LIMIT_S, **options)  # fmt: skip
        assert done.returncode == 0, done.stderr
        workers[host.runtime] = json.loads((folder / "record").read_text())["workers"]
    return workers


def all_agree(workers: dict[str, int], facts: dict, plan: dict) -> None:
    wanted = math.ceil(facts["effective_cpus"])
    assert set(workers.values()) == {wanted}, workers
    assert plan["groups"][0]["workers"] == wanted
    assert plan["effective_cpus"] == facts["effective_cpus"]


def test_on_this_machine_all_agree(tmp_path):
    facts, plan, samples, _ = run(tmp_path, *SHORT)
    all_agree(workers_of_hosts(tmp_path), facts, plan)
    assert facts["cpus"] == os.cpu_count() and facts["hostname"] == os.uname().nodename
    assert facts["kernel"] == os.uname().release
    assert facts["python"] == subprocess.run([PYTHON, "-c", "import platform; print(platform.python_version())"],
                                             capture_output=True, text=True, check=True).stdout.strip()
    assert facts["hosts"]["c"]["libcurl"].startswith(f"libcurl/{facts['libcurl']}") and " " in facts["libcurl"]
    assert facts["gil"] and facts["embedded_gil"] and facts["libpython"] in ("static", "shared")
    assert facts["tools"]["hyperfine"][0].isdigit()
    for sample in samples:
        usage = sample["usage"]
        assert usage["minor_faults"] > 0 and usage["voluntary_switches"] + usage["involuntary_switches"] >= 0
        assert sample["around"]["wall_ns"] > (sample["whole_ns"] or 0)
        assert bool(sample["disturbed"]) == bool(sample["disturbed_by"])


def test_on_one_cpu(tmp_path):
    cpu = min(os.sched_getaffinity(0))
    taskset = ("taskset", "-c", str(cpu))
    facts, plan, _, _ = run(tmp_path, *SHORT, before=taskset)
    quota = facts["quota_cpus"] if isinstance(facts["quota_cpus"], float) else 1.0
    assert (facts["affinity_cpus"], facts["effective_cpus"]) == (1, min(1.0, quota))
    assert facts["cpus"] == os.cpu_count()
    all_agree(workers_of_hosts(tmp_path, taskset), facts, plan)


@contextlib.contextmanager
def control_group(controller: str, v1: dict[str, object], v2: dict[str, object]):
    """A control group with limits, of the version this machine has; skips where none can be made."""
    top, folder = Path("/sys/fs/cgroup"), None
    name, files = f"cobench-test-{os.getpid()}-{time.monotonic_ns()}", v2
    try:
        if (top / controller / next(iter(v1))).exists():
            own = next(line.split(":", 2)[2] for line in Path("/proc/self/cgroup").read_text().splitlines()
                       if controller in line.split(":", 2)[1].split(","))
            name, files = f"{controller}/{own.lstrip('/')}/{name}", v1
        folder = top / name
        folder.mkdir()
        for file, value in files.items():
            (folder / file).write_text(str(value))
    except (OSError, StopIteration) as error:
        if folder is not None and folder.exists():
            folder.rmdir()
        pytest.skip(f"no control group with a limit can be made here: {error}")
    try:
        yield folder
    finally:
        end = time.monotonic() + 20
        while True:  # what ran in it may take a moment to be gone
            try:
                folder.rmdir()
                break
            except OSError:
                assert time.monotonic() < end, "the control group does not become empty"
                time.sleep(0.05)


def quota_group(cpus: float):
    quota = int(cpus * 100000)
    return control_group("cpu", {"cpu.cfs_quota_us": quota, "cpu.cfs_period_us": 100000}, {"cpu.max": f"{quota} 100000"})


def memory_group(size: int):
    return control_group("memory", {"memory.limit_in_bytes": size}, {"memory.max": size})


def inside(folder: Path):
    """To be called in the child before it becomes the command."""
    return lambda: (folder / "cgroup.procs").write_text(str(os.getpid()))


def test_under_a_quota_of_one_and_a_half_cpus(tmp_path):
    with quota_group(1.5) as folder:
        facts, plan, _, _ = run(tmp_path, *SHORT, preexec_fn=inside(folder))
        workers = workers_of_hosts(tmp_path, preexec_fn=inside(folder))
    assert facts["quota_cpus"] == 1.5
    assert facts["effective_cpus"] == min(1.5, len(os.sched_getaffinity(0)))
    all_agree(workers, facts, plan)


def test_a_throttled_sample_says_so(tmp_path):
    with quota_group(0.2) as folder:
        _, _, samples, summary = run(tmp_path, "--task", "count", "--set", "size=2000000", "--rounds", "1", "--model", "sync",
                                     "--runtime", "py", "--workers", "1", preexec_fn=inside(folder))
    timed = [sample for sample in samples if sample["pass"] == "timed"]
    assert timed and all("quota" in sample["disturbed_by"].split() for sample in timed)
    assert all(sample["around"]["throttled"] > 0 and sample["around"]["throttled_ns"] > 0 for sample in timed)
    assert any(line.startswith("quota throttled it") for sample in timed for line in sample["disturbed"])
    (cell,) = summary["cells"]
    assert cell["disturbed_rounds"] == cell["rounds"] == 1 and cell["doubt"] == "disturbed"


def test_a_cell_that_ran_out_of_memory_says_so(tmp_path):
    for suffix in (".so", ".py"):
        shutil.copy(BUILD / "test-tasks" / f"hoard{suffix}", tmp_path)
    with memory_group(192 << 20) as folder:  # the hosts, asked for their lists, fit in; the task does not
        subprocess.run([COBENCH, "run", "--quiet", "--no-plots", "--results", tmp_path / "results", "--tasks", tmp_path, "--task",
                        "hoard", "--set", "mb=500", "--runtime", "c", "--model", "sync", "--jobs", "1", "--rounds", "1"],
                       capture_output=True, timeout=LIMIT_S, preexec_fn=inside(folder))
        examined = subprocess.run([COBENCH, "doctor", "--json"], capture_output=True, text=True, timeout=LIMIT_S,
                                  preexec_fn=inside(folder))
    (run_folder,) = (path for path in (tmp_path / "results").iterdir() if not path.is_symlink())
    samples = [json.loads(line) for line in (run_folder / "samples.jsonl").read_text().splitlines()]
    assert samples[0]["status"] == "failed"
    assert "out of memory: the kernel killed 1 process of this control group, whose limit is 192 MB" in samples[0]["reason"]
    found = {finding["name"]: finding for finding in json.loads(examined.stdout)["findings"]}
    assert found["memory limit"]["found"] == "at most 192 MB in this control group"
    assert found["memory kills"]["found"].startswith("the kernel killed ")


def test_a_sample_beside_other_work_says_so(tmp_path):
    """Every CPU is kept busy by two processes, so that some sample at the least meets one of them."""
    spin = [sys.executable, "-c", "while True: pass"]
    others = [subprocess.Popen(spin) for _ in range(2 * os.cpu_count())]
    try:
        _, _, samples, summary = run(tmp_path, "--task", "count", "--set", "size=200000", "--rounds", "2", "--model", "sync",
                                     "--runtime", "c,py", "--workers", "1")
    finally:
        for other in others:
            other.kill()
            other.wait()
    timed = [sample for sample in samples if sample["pass"] == "timed"]
    assert any("load" in (sample["disturbed_by"] or "").split() for sample in timed), [s["around"] for s in timed]
    assert any(line.startswith("load of ") for sample in timed for line in sample["disturbed"])
    assert sum(cell["disturbed_rounds"] for cell in summary["cells"]) > 0
    report = (tmp_path / "results" / "latest" / "summary.md").read_text()
    assert "**disturbed**: " in report and "other processes used the CPUs in " in report


def test_capacity_samples_sum_the_usage_of_their_copies(tmp_path):
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("one CPU: no capacity row")
    _, plan, samples, _ = run(tmp_path, "--task", "count", "--set", "size=20000", "--rounds", "1", "--model", "sync",
                              "--runtime", "c", "--workers", "2")
    capacity = next(cell["id"] for cell in plan["cells"] if cell["role"] == "capacity")
    faults = {sample["cell"]: sample["usage"]["minor_faults"] for sample in samples if sample["pass"] == "timed"}
    assert faults[capacity] > 1.5 * min(faults.values())


def test_with_64_open_files(tmp_path):
    limit = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))  # noqa: E731
    facts, _, samples, _ = run(tmp_path, *SHORT, preexec_fn=limit)
    assert facts["effective_cpus"] > 0 and all(sample["status"] == "ok" for sample in samples)


def test_numbers_have_a_point_in_every_locale(tmp_path, comma_locale):
    facts, plan, samples, summary = run(tmp_path, *SHORT, "--timeout", "10.5", env=comma_locale)
    assert plan["timeout_s"] == 10.5 and isinstance(facts["load1"], float)
    assert isinstance(summary["cells"][0]["median_s"], float)
    csv = (tmp_path / "results" / "latest" / "summary.csv").read_text().splitlines()
    column = csv[0].split(",").index("median_s")
    assert 0 < float(csv[-1].split(",")[column]) < 60


def unshare(*kinds: str) -> tuple[str, ...]:
    words = ("unshare", *kinds)
    try:
        able = subprocess.run([*words, "true"], capture_output=True, timeout=60).returncode == 0
    except FileNotFoundError:
        able = False
    if not able:
        pytest.skip("no namespaces of one's own can be made here")
    return words


def test_without_sys(tmp_path):
    hidden = (*unshare("-m"), "sh", "-c", 'mount -t tmpfs none /sys && exec "$@"', "sh")
    if subprocess.run([*hidden, "true"], capture_output=True, timeout=60).returncode != 0:
        pytest.skip("no namespaces of one's own can be made here: nothing can be mounted")
    facts, plan, samples, _ = run(tmp_path, *SHORT, before=hidden)
    for name in ("quota_cpus", "governor", "turbo", "clocksource", "numa_nodes", "cores", "smt", "frequency_driver"):
        assert facts[name] == "unknown", name
    assert facts["effective_cpus"] == len(os.sched_getaffinity(0)) == plan["effective_cpus"]
    assert all(sample["around"]["throttled"] is None and sample["around"]["heat"] is None for sample in samples)


@pytest.fixture
def checkout(tmp_path):
    """The programs in a folder that is no checkout yet."""
    root = tmp_path / "copy"
    build = root / "build"
    build.mkdir(parents=True)
    for name in ("cobench", "cobench-host", "cobench-host-embed", "cobench-origin", "python"):
        shutil.copy(BUILD / name, build)
    for name in ("tasks", "transport", "native", "data"):
        (build / name).symlink_to(BUILD / name)
    shutil.copytree(ROOT / "py_impl", root / "py_impl", ignore=shutil.ignore_patterns("__pycache__"))
    (root / "bench").mkdir()
    (root / "bench" / "suites").symlink_to(ROOT / "bench" / "suites")
    return root


def facts_of(root: Path, **env: str) -> dict:
    done = subprocess.run([root / "build" / "cobench", "run", "--quiet", "--no-plots", *SHORT], capture_output=True, text=True,
                          timeout=LIMIT_S, env={k: v for k, v in os.environ.items() if k != "COBENCH_ROOT"} | env)
    assert done.returncode == 0, done.stderr
    facts = json.loads((root / "results" / "latest" / "machine.json").read_text())
    shutil.rmtree(root / "results")
    return facts


def git(root: Path, *words: str) -> str:
    return subprocess.run(["git", "-C", root, "-c", "user.name=x", "-c", "user.email=x@example.org", *words], check=True,
                          capture_output=True, text=True, timeout=60).stdout.strip()


def test_the_commit_of_the_checkout(checkout):
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    git(checkout.parent, "init", "-q")  # a repository that the folder merely lies in says nothing of it
    facts = facts_of(checkout)
    assert (facts["git_commit"], facts["git_dirty"]) == ("unknown", "unknown")
    git(checkout, "init", "-q")
    facts = facts_of(checkout)
    assert (facts["git_commit"], facts["git_dirty"]) == ("unknown", "unknown")  # no commit yet
    git(checkout, "add", "py_impl")
    git(checkout, "commit", "-qm", "x")
    facts = facts_of(checkout, GIT_DIR="/nonexistent")
    assert (facts["git_commit"], facts["git_dirty"]) == (git(checkout, "rev-parse", "HEAD"), False)
    (checkout / "py_impl" / "errors.py").open("a").write("# changed\n")
    assert facts_of(checkout)["git_dirty"] is True
    if os.geteuid() == 0:  # a checkout of another owner, which git itself refuses
        for path in (checkout, *checkout.rglob("*")):
            os.chown(path, 65534, 65534, follow_symlinks=False)
        assert facts_of(checkout)["git_dirty"] is True


def test_without_git(checkout, tmp_path):
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "hyperfine").symlink_to(shutil.which("hyperfine"))
    facts = facts_of(checkout, PATH=str(tools))
    assert (facts["git_commit"], facts["git_dirty"], facts["gnuplot"]) == ("unknown", "unknown", "none")
