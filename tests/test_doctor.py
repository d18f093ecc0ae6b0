# SPDX-License-Identifier: MIT
"""`cobench doctor`: right about what is there and what is not, and able to speak where next to nothing is."""

import json
import os
import re
import resource
import shutil
import subprocess
from pathlib import Path

import pytest

import machines
from hosts import BUILD, ROOT
from test_driver import Checkout
from test_machine import unshare

COBENCH = BUILD / "cobench"
LIMIT_S = 300
SETUP = (ROOT / "scripts" / "setup.sh").read_text()


class Doctor:
    def __init__(self, done: subprocess.CompletedProcess) -> None:
        assert done.stderr == "", done.stderr
        self.status = done.returncode
        self.all = json.loads(done.stdout)
        self.findings = self.all["findings"]
        for finding in self.findings:
            assert set(finding) == {"area", "name", "verdict", "found", "advice"}
            assert finding["area"] in ("installed", "interpreters", "limits", "disturbs") and finding["verdict"] in ("ok", "note", "missing")
            assert finding["name"] and finding["found"]
        missing = self.missing()
        assert self.all["possible"] == (not missing) and self.status == (77 if missing else 0)
        assert all(finding["advice"] for finding in self.findings if finding["verdict"] == "missing")

    def missing(self) -> set[str]:
        return {finding["name"] for finding in self.findings if finding["verdict"] == "missing"}

    def verdict(self, name: str) -> str:
        return next(finding["verdict"] for finding in self.findings if finding["name"] == name)

    def found(self, name: str) -> str:
        return next(finding["found"] for finding in self.findings if finding["name"] == name)


def doctor(*before: str, program: Path = COBENCH, **options) -> Doctor:
    return Doctor(subprocess.run([*before, program, "doctor", "--json"], capture_output=True, text=True, timeout=LIMIT_S, **options))


def without_cobench(**more: object) -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith("COBENCH_")} | {k: str(v) for k, v in more.items()}


def examined(checkout: Checkout, **env: object) -> Doctor:
    return doctor(program=checkout.build / "cobench", env=without_cobench(**env))


def test_here_a_run_is_possible():
    here = doctor()
    assert here.missing() == set() and here.status == 0
    for name in ("hyperfine", "gnuplot", "python", "c", "embed", "ext", "py", "libcurl", "origin", "/proc", "loopback"):
        assert here.verdict(name) == "ok", here.found(name)
    assert here.all["machine"]["cpus"] == os.cpu_count()
    assert {f["name"] for f in here.findings if f["area"] == "disturbs"} >= {
        "CPUs", "governor", "turbo", "SMT", "NUMA", "virtual", "steal", "ASLR", "clock", "memory", "swap", "load", "heat"}


def test_for_people():
    done = subprocess.run([COBENCH, "doctor"], capture_output=True, text=True, timeout=LIMIT_S)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "This machine" and "Installed" in lines and "Limits" in lines and "What may disturb a measurement" in lines
    assert lines[-1] == "A run is possible here."
    assert "\x1b" not in done.stdout and not [line for line in lines if line != line.rstrip()]
    titles = {"This", "Installed", "Interpreters", "Limits", "What", "A"}
    words = {line.split()[0] for line in lines if line[:1].strip()} - titles
    assert {"verdict", "ok"} <= words <= {"verdict", "ok", "note"}
    # No line runs over 80 columns unless a single word (a path) does.
    assert not [line for line in lines if len(line) > 80 and " " in line[25:].strip()]


def test_other_words_are_refused(tmp_path):
    for words, said in ((["now"], "there are options only"), (["--root", tmp_path / "no"], "no folder")):
        done = subprocess.run([COBENCH, "doctor", *words], capture_output=True, text=True, timeout=60)
        assert done.returncode == 2 and said in done.stderr and done.stdout == ""


def test_fake_hosts_are_hosts(checkout):
    found = examined(checkout)
    assert {"c", "embed", "ext", "py"}.isdisjoint(found.missing() - {"libcurl"})
    assert found.found("task").startswith("differs is refused: ")  # as tests/fake/host.py wants it
    assert any(f["name"] == "c" and f["verdict"] == "note" and "broken.so" in f["found"] for f in found.findings)


def test_hosts_missing_and_broken(checkout):
    (checkout.build / "cobench-host").unlink()
    (checkout.build / "cobench-host-embed").write_text("#!/bin/sh\nkill -SEGV $$\n")
    found = examined(checkout, FAKE_LIST="broken")
    assert found.missing() >= {"c", "embed", "py"} and found.status == 77
    assert "No such file" in found.found("c") and "signal 11" in found.found("embed") and "no JSON" in found.found("py")
    assert found.verdict("hyperfine") == "ok"  # the rest is looked at all the same


def test_a_build_that_is_not_whole(checkout):
    (checkout.build / "cobench-origin").unlink()
    (checkout.build / "python").unlink()
    found = examined(checkout)
    assert found.missing() >= {"origin", "python", "py", "ext"}


def test_no_project_around_it(tmp_path):
    shutil.copy(COBENCH, tmp_path)
    found = doctor(program=tmp_path / "cobench", env=without_cobench())
    assert found.missing() == {"project"} and found.verdict("CPUs") in ("ok", "note")


def test_nothing_on_path(checkout, tmp_path):
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "sh").symlink_to("/bin/sh")
    found = examined(checkout, PATH=tmp_path / "tools")
    assert found.verdict("hyperfine") == "missing" and found.found("hyperfine") == "not installed"
    assert found.verdict("gnuplot") == "note"
    assert found.verdict("engines") == "note" and "redis-server, mpirun" in found.found("engines")
    table = SETUP[SETUP.index("dependencies='"):SETUP.index("\n'\n")]
    known = set(re.split(r"[\s|]+", table))
    named = {package for f in found.findings for packages in re.findall(r"apt-get install ([a-z0-9. -]+)", f["advice"] or "")
             for package in packages.split()}
    assert {"hyperfine", "gnuplot-nox"} <= named <= known


def test_tools_that_do_not_work(checkout, tmp_path):
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "sh").symlink_to("/bin/sh")
    for name in ("hyperfine", "gnuplot"):
        (tools / name).write_text("#!/bin/sh\nexit 3\n")
        (tools / name).chmod(0o755)
    found = examined(checkout, PATH=tools)
    assert (found.verdict("hyperfine"), found.found("hyperfine")) == ("missing", "hyperfine --version: exit status 3")
    assert found.verdict("gnuplot") == "note"


def test_results_that_cannot_be_written(checkout):
    if os.geteuid() != 0:
        checkout.root.chmod(0o555)
        try:
            assert "results" in examined(checkout).missing()
        finally:
            checkout.root.chmod(0o755)


def test_on_one_cpu():
    cpu = min(os.sched_getaffinity(0))
    here = doctor("taskset", "-c", str(cpu))
    assert here.all["machine"]["affinity_cpus"] == 1 and here.verdict("CPUs") == "note"
    assert os.cpu_count() == 1 or here.found("affinity") == f"1 of {os.cpu_count()} CPUs"


def test_with_64_open_files():
    here = doctor(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)))
    assert here.found("open files") == "at most 64" and here.verdict("open files") == "note"
    assert here.status == 0


def test_in_a_locale_with_a_decimal_comma(comma_locale):
    here = doctor(env=comma_locale)
    assert here.status == 0
    assert re.match(r"\d+\.\d\d of \d+ CPUs in use", here.found("load")), here.found("load")


def test_without_sys():
    hidden = (*unshare("-m"), "sh", "-c", 'mount -t tmpfs none /sys && exec "$@"', "sh")
    if subprocess.run([*hidden, "true"], capture_output=True, timeout=60).returncode != 0:
        pytest.skip("no namespaces of one's own can be made here: nothing can be mounted")
    here = doctor(*hidden)
    assert here.status == 0
    for name in ("governor", "turbo", "SMT", "NUMA", "clock"):
        assert here.found(name) == "unknown" and here.verdict(name) == "note"


def test_without_proc():
    hidden = (*unshare("-m"), "sh", "-c", 'mount -t tmpfs none /proc && exec "$@"', "sh")
    if subprocess.run([*hidden, "true"], capture_output=True, timeout=60).returncode != 0:
        pytest.skip("no namespaces of one's own can be made here: nothing can be mounted")
    here = doctor(*hidden)
    assert "/proc" in here.missing() and here.status == 77
    for name in ("steal", "memory", "swap", "load", "ASLR"):
        assert here.found(name) == "unknown" and here.verdict(name) == "note"


@pytest.mark.parametrize(("options", "why"), [("ro", "Read-only file system"), ("size=4k", "No space left on device")])
def test_without_semaphores(options, why):
    """As the cells of the Python hosts' pools say (tests/test_py_host.py)."""
    script = f'mount -t tmpfs -o {options} none /dev/shm && {{ cp /bin/true /dev/shm/full 2>/dev/null || :; }} && exec "$@"'
    hidden = (*unshare("-m"), "sh", "-c", script, "sh")
    if subprocess.run([*hidden, "true"], capture_output=True, timeout=60).returncode != 0:
        pytest.skip("no namespaces of one's own can be made here: nothing can be mounted")
    here = doctor(*hidden)
    assert here.missing() == {"/dev/shm"} and here.found("/dev/shm") == f"cannot make semaphores in /dev/shm: {why}"


def test_without_a_network():
    here = doctor(*unshare("-n"))
    assert here.missing() == {"loopback"} and here.status == 77


def test_in_a_root_with_nothing_but_the_driver(tmp_path):
    """chroot into a folder with the program and the libraries it is linked to: no /proc, no /sys, no /dev, no /tmp."""
    if os.geteuid() != 0:
        pytest.skip("chroot needs root")
    root = tmp_path / "root"
    for path in ("opt/build", "opt/py_impl"):
        (root / path).mkdir(parents=True)
    shutil.copy(COBENCH, root / "opt" / "build")
    for library in re.findall(r"(/\S+) \(0x", subprocess.run(["ldd", COBENCH], capture_output=True, text=True, check=True).stdout):
        (root / library[1:]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, root / library[1:])
    bare = doctor("chroot", str(root), program=Path("/opt/build/cobench"), env={"PATH": os.environ["PATH"]})
    assert bare.status == 77 and bare.missing() == {"temp folder", "supervisor"}
    (root / "tmp").mkdir()
    bare = doctor("chroot", str(root), program=Path("/opt/build/cobench"), env={"PATH": os.environ["PATH"]})
    assert bare.missing() == {"supervisor"}
    (root / "dev").mkdir()
    try:
        os.mknod(root / "dev" / "null", 0o20666, os.makedev(1, 3))
    except PermissionError:
        return  # in some containers root may not
    bare = doctor("chroot", str(root), program=Path("/opt/build/cobench"), env={"PATH": os.environ["PATH"]})
    assert bare.missing() >= {"hyperfine", "python", "c", "embed", "ext", "py", "origin", "/proc"}
    machine = bare.all["machine"]
    for name in ("cpu_model", "governor", "load1", "quota_cpus", "clocksource", "aslr", "system", "steal_share"):
        assert machine[name] == "unknown", name
    assert machine["affinity_cpus"] == len(os.sched_getaffinity(0)) == machine["effective_cpus"]


def test_a_copy_of_another_machine(tmp_path):
    root = machines.write(machines.MACHINES["laptop"], tmp_path)
    done = subprocess.run([COBENCH, "doctor", "--root", root], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("That machine\n\nWhat may disturb a measurement\n") and "A run is" not in done.stdout
    assert "cpupower frequency-set" in " ".join(done.stdout.split())


@pytest.mark.parametrize(("quota", "said"), [("110000", "few: "), ("100000", "on one CPU no model gains")])
def test_one_cpu_is_one(tmp_path, quota, said):
    machine = machines.Machine({"proc/self/cgroup": "0::/a\n", "proc/self/mountinfo": machines.V2,
                                **machines.quotas("sys/fs/cgroup", {"/a": f"{quota} 100000"})}, {})
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("one CPU here: a quota cannot allow more")
    root = machines.write(machine, tmp_path)
    done = subprocess.run([COBENCH, "doctor", "--json", "--root", root], capture_output=True, text=True, timeout=60)
    advice = next(f["advice"] for f in json.loads(done.stdout)["findings"] if f["name"] == "CPUs")
    assert advice.startswith(said)
