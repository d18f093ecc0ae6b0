# SPDX-License-Identifier: MIT
"""Runs that are cut off and resumed, against the fake hosts of tests/test_driver.py: nothing lost, nothing
doubled, nothing mixed up with another plan, other programs or another machine."""

import collections
import contextlib
import fcntl
import json
import os
import re
import resource
import shutil
import signal
import subprocess
from pathlib import Path

import jsonschema
import pytest

from test_driver import BUILD, LIMIT_S, ROOT, mine, wait_until

SCHEMAS = {name: json.loads((ROOT / "common" / "schema" / f"{name}.schema.json").read_text())
           for name in ("sample", "plan", "event")}


def lines_of(folder, name="samples"):
    path = folder / f"{name}.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def cut_run(checkout, keep, tail="", *args):
    """A finished run of three rounds whose journal is cut after `keep` samples."""
    if not args:
        args = ("--task", "null,waiting", "--model", "sync,threads")
    checkout.good("--rounds", 3, "--seed", 5, *args)
    (folder,) = checkout.folders()
    journal = folder / "samples.jsonl"
    whole = journal.read_text().splitlines(keepends=True)
    journal.write_text("".join(whole[:keep]) + tail)
    for name in ("summary.json", "summary.md", "summary.csv"):
        (folder / name).unlink()
    return folder, [json.loads(line) for line in whole]


FEW = re.compile(r"warning: \d+ rounds? gives? no interval \(at least 6 are needed\)\n")


def resume(checkout, *args, **env):
    done = checkout("run", "--no-plots", "--quiet", "--resume", *args, **env)
    done.stderr = FEW.sub("", done.stderr)
    return done


def place(sample):
    return sample["pass"], sample["round"], sample["order"], sample["cell"]


@pytest.mark.parametrize("words", [("--baseline", "threads"), ("--baseline", "none"), ("--timeout", 0.04)])
def test_the_baseline_is_the_one_it_began_with(checkout, words):
    """The last: sync, which would take 50 ms, is left out."""
    folder, before = cut_run(checkout, 3, "", "--task", "waiting", "--set", "delay=10", "--model", "sync,threads", "--workers", 5,
                             *words)  # fmt: skip
    done = resume(checkout, folder.name)
    assert (done.returncode, done.stderr) == (0, "")
    assert [place(s) for s in lines_of(folder)] == [place(s) for s in before]
    assert "own sync" not in checkout("report", folder).stdout


@pytest.mark.parametrize("keep", [0, 3, 11, 17, 47])
def test_a_run_goes_on_where_it_stopped(checkout, keep):
    folder, before = cut_run(checkout, keep, '{"sample":1,"pass":"ti')
    done = resume(checkout, folder)
    assert (done.returncode, done.stderr) == (0, "")
    after = lines_of(folder)
    assert after[:keep] == before[:keep]
    assert [place(s) for s in after] == [place(s) for s in before]
    assert all(s["status"] == "ok" for s in after)
    assert json.loads((folder / "summary.json").read_text())["interrupted"] is False
    assert (checkout.results / "latest").resolve() == folder
    assert not mine(str(checkout.root))


def test_every_line_is_as_the_schemas_say(checkout):
    folder, _ = cut_run(checkout, 9)
    (checkout.build / "cobench-origin").write_text("another program\n")
    assert resume(checkout, folder, "--force").returncode == 0
    for sample in lines_of(folder):
        jsonschema.validate(sample, SCHEMAS["sample"])
    assert lines_of(folder, "events")
    for event in lines_of(folder, "events"):
        jsonschema.validate(event, SCHEMAS["event"])
    jsonschema.validate(json.loads((folder / "plan.json").read_text()), SCHEMAS["plan"])


@pytest.mark.parametrize("mode", ["fail", "wrong", "crash", "impossible"])
def test_samples_that_are_not_ok_are_as_the_schema_says(checkout, mode):
    checkout.run("--task", "faulty", "--set", f"mode={mode}", "--set", "who=c", "--model", "sync", "--rounds", 1,
                 "--timeout", 0.5)
    samples = checkout.samples()
    assert any(s["status"] != "ok" for s in samples)
    for sample in samples:
        jsonschema.validate(sample, SCHEMAS["sample"])


def test_a_finished_run_says_so(checkout):
    folder, before = cut_run(checkout, 1000)
    done = resume(checkout, "latest")
    assert (done.returncode, done.stderr) == (0, f"{folder} is finished; its tables are made again\n")
    assert lines_of(folder) == before and (folder / "summary.json").exists()
    assert (checkout.results / "latest").resolve() == folder


def test_a_page_that_cannot_be_written_leaves_the_run_complete(checkout):
    folder, before = cut_run(checkout, 20)
    (folder / "index.html").unlink()
    (folder / "index.html").mkdir()
    done = checkout("run", "--no-plots", "--resume", folder)
    assert done.returncode == 1 and f"the run is in {folder}\ncobench: cannot write {folder}/index.html: " in done.stderr
    assert len(lines_of(folder)) == len(before) and (checkout.results / "latest").resolve() == folder
    assert json.loads((folder / "summary.json").read_text())["interrupted"] is False


def test_a_run_is_found_by_its_name_and_as_latest(checkout):
    """`latest` is the link, as for every subcommand, not the greatest name."""
    folder, before = cut_run(checkout, 20)
    older = checkout.results / ("2001-01-01T000000Z" + folder.name[18:])
    shutil.copytree(folder, older)
    shutil.copytree(folder, checkout.results / "9999-copy")
    (checkout.results / "9-no-run").mkdir()
    assert resume(checkout, "latest").returncode == 0
    assert len(lines_of(folder)) == len(before) and len(lines_of(older)) == 20
    assert resume(checkout, older.name).returncode == 0
    assert len(lines_of(older)) == len(before)
    assert (checkout.results / "latest").resolve() == folder, "an older run that is resumed does not become the latest"


@pytest.mark.parametrize("keep", [1000, 20])
def test_rounds_are_added(checkout, keep):
    """To a finished run, and to one that was cut off; the samples that are there stay, the order is that of a longer run."""
    folder, before = cut_run(checkout, keep)
    done = resume(checkout, folder, "--rounds", 5)
    assert (done.returncode, done.stderr) == (0, "")
    after, plan = lines_of(folder), json.loads((folder / "plan.json").read_text())
    kept = before[:keep]
    assert after[:len(kept)] == kept and {s["round"] for s in after} == set(range(6))
    assert len(after) == len(plan["cells"]) * 6 and plan["rounds"] == 5 and plan["argv"][-2:] == ["--rounds", "5"]
    summary = json.loads((folder / "summary.json").read_text())
    assert (summary["interrupted"], summary["rounds"]) == (False, 5)
    done = resume(checkout, folder, "--rounds", 5)
    assert done.returncode == 2 and f"--rounds 5: {folder} has 5 already" in done.stderr
    assert lines_of(folder) == after


def test_no_rounds_are_added_where_they_were_not_counted(checkout):
    done = checkout.good("--task", "null", "--model", "sync", "--rounds", 2, "--budget", "30s")
    plan = (checkout.folders()[0] / "plan.json").read_text()
    done = resume(checkout, "latest", "--rounds", 5)
    assert done.returncode == 2 and "stops by its budget or precision" in done.stderr
    assert (checkout.folders()[0] / "plan.json").read_text() == plan


def test_a_cell_that_failed_stays_ended(checkout):
    args = ("--task", "faulty", "--set", "mode=wrong", "--set", "who=py", "--set", "when=timed", "--model", "sync,threads")
    checkout.run("--rounds", 3, "--seed", 5, *args)
    (folder,) = checkout.folders()
    journal = folder / "samples.jsonl"
    whole = [json.loads(line) for line in journal.read_text().splitlines()]
    refused = [s["cell"] for s in whole if s["status"] == "refused"]
    assert refused
    keep = max(i for i, s in enumerate(whole) if s["status"] == "refused") + 1
    journal.write_text("".join(json.dumps(s) + "\n" for s in whole[:keep]))
    done = resume(checkout, folder)
    assert done.returncode == 1
    assert [place(s) for s in lines_of(folder)] == [place(s) for s in whole]


def test_a_baseline_without_results_is_not_tried_again(checkout):
    """Cells that are verified after the run was resumed fail for the reason their baseline failed for before."""
    args = ("--task", "faulty", "--set", "mode=fail", "--set", "who=py", "--model", "sync,threads")
    checkout.run("--rounds", 3, "--seed", 5, *args)
    (folder,) = checkout.folders()
    journal = folder / "samples.jsonl"
    whole = journal.read_text().splitlines(keepends=True)
    journal.write_text("".join(whole[:2]))
    assert resume(checkout, folder).returncode == 1
    before = [json.loads(line) for line in whole]
    after = lines_of(folder)
    assert [(place(s), s["status"], s["reason"]) for s in after] == [(place(s), s["status"], s["reason"]) for s in before]


def test_a_baseline_that_gives_other_results_stops_the_run(checkout):
    folder, _ = cut_run(checkout, 20)
    journal = folder / "samples.jsonl"
    samples = lines_of(folder)
    cells = json.loads((folder / "plan.json").read_text())["cells"]
    for s in samples:
        if s["pass"] == "verify" and cells[s["cell"]]["baseline"]:
            s["digest"] = "0" * 16
    journal.write_text("".join(json.dumps(s) + "\n" for s in samples))
    done = resume(checkout, folder)
    assert done.returncode == 1 and "gives other results than when the run began" in done.stderr
    assert done.stderr.count("\n") == 1
    assert lines_of(folder) == samples


# -- refusals ---------------------------------------------------------------------------------------------------------

def edit_machine(folder, **facts):
    path = folder / "machine.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | facts))


def test_other_programs_are_named_and_refused(checkout):
    folder, before = cut_run(checkout, 20)
    with (checkout.build / "cobench-host").open("a") as host:
        host.write("# rebuilt\n")
    (checkout.root / "py_impl" / "new.py").write_text("")
    done = resume(checkout, folder)
    said = done.stderr.splitlines()
    assert done.returncode == 1 and len(said) == 3
    assert said[0].startswith('fingerprint build/cobench-host: was ') and ", is " in said[0]
    assert said[1].startswith("fingerprint py_impl/new.py: was not there, is ")
    assert said[2] == (f"cobench: {folder} was begun with other programs or on another machine; --force goes on all the "
                       "same and marks the summary")
    assert len(lines_of(folder)) == 20 and not (folder / "events.jsonl").exists()
    assert resume(checkout, folder, "--force").returncode == 0
    assert [place(s) for s in lines_of(folder)] == [place(s) for s in before]
    forced = json.loads((folder / "summary.json").read_text())["forced"]
    assert forced == said[:2]
    assert "**forced**" in (folder / "summary.md").read_text()


@pytest.mark.parametrize("facts, said", [
    ({"kernel": "Linux 1.0"}, 'kernel: was Linux 1.0, is '),
    ({"hostname": "elsewhere"}, 'hostname: was elsewhere, is '),
    ({"cpu_model": "other"}, 'cpu_model: was other, is '),
    ({"effective_cpus": 0.25}, "effective_cpus: was 0.25, is "),
    ({"tools": {"hyperfine": "0.1"}}, 'tools hyperfine: was 0.1, is '),
    ({"hosts": {}}, "hosts c: was not there, is "),
    ({"fingerprint": None}, "fingerprint: was not there, is "),
])
def test_another_machine_is_refused(checkout, facts, said):
    folder, _ = cut_run(checkout, 20)
    edit_machine(folder, **facts)
    done = resume(checkout, folder)
    assert done.returncode == 1 and said in done.stderr, done.stderr
    assert len(lines_of(folder)) == 20


SETTLED = [["--suite", "quick"], ["--task", "null"], ["--runtime", "c"], ["--model", "sync"], ["--jobs", "3"],
           ["--workers", "2"], ["--set", "size=1"], ["--seed", "5"], ["--timeout", "3"],
           ["--start-method", "fork"], ["--url", "http://127.0.0.1/"], ["--tasks", "."]]


@pytest.mark.parametrize("args", SETTLED, ids=[a[0] for a in SETTLED])
def test_what_the_plan_settles_cannot_be_said_again(checkout, args):
    done = resume(checkout, "latest", *args)
    assert (done.returncode, done.stderr) == (
        2, f"cobench: --resume: {args[0]} cannot be given with it; the run does what its plan.json says\n")


def test_runs_that_cannot_be_resumed(checkout):
    done = resume(checkout, "latest")
    assert (done.returncode, done.stderr) == (2, f"cobench: --resume: there is no run yet at {checkout.results}/latest; `cobench run` makes one\n")
    done = resume(checkout, checkout.root)
    assert done.returncode == 2 and "--resume: no run at" in done.stderr
    done = checkout.run("--task", "null", "--force")
    assert (done.returncode, done.stderr) == (2, "cobench: --force: only --resume can be forced\n")
    folder, _ = cut_run(checkout, 20)
    plan = json.loads((folder / "plan.json").read_text())
    plan["groups"][0]["task"] = "nosuch"
    (folder / "plan.json").write_text(json.dumps(plan))
    done = resume(checkout, folder)
    assert (done.returncode, done.stderr) == (2, "cobench: plan.json: there is no task 'nosuch' any more\n")


def test_a_run_that_is_being_written_is_left_alone(checkout):
    folder, _ = cut_run(checkout, 20)
    with (folder / "samples.jsonl").open("a") as journal:
        fcntl.flock(journal, fcntl.LOCK_EX)
        done = resume(checkout, folder)
    assert (done.returncode, done.stderr) == (1, f"cobench: {folder}/samples.jsonl: another cobench is writing to it\n")
    assert resume(checkout, folder).returncode == 0


# -- the end of a run that did not come to its end --------------------------------------------------------------------

def unfinished(checkout, name):
    """What a run that was killed before its folder had a name leaves."""
    folder = checkout.results / name
    folder.mkdir(parents=True)
    for inside in ("machine.json", "plan.json", "samples.jsonl"):
        (folder / inside).write_text("")
    return folder


def test_what_killed_runs_left_goes_with_the_next(checkout):
    """A folder under its temporary name goes, unless somebody is making one in `results`: then it may be that."""
    live = unfinished(checkout, ".new-2-bbbbbb")
    lock = os.open(checkout.results, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_SH)
        done = checkout.run("--task", "null", "--model", "sync", "--rounds", 1, "--workers", 1)
        assert done.returncode == 0, done.stderr
        assert sorted(p.name for p in live.iterdir()) == ["machine.json", "plan.json", "samples.jsonl"]
    finally:
        os.close(lock)
    (folder,) = (f for f in checkout.folders() if f != live)
    assert resume(checkout, folder).returncode == 0
    assert not live.exists(), "whoever resumes a run clears away too"
    assert sorted(p.name for p in checkout.results.iterdir()) == sorted([folder.name, "latest"])


def scratch_of(run):
    """The scratch folder of a real run whose TMPDIR is its own, the supervisor and the host, once a spawned pool is up."""
    for pid, _ in mine(run.folder):
        with contextlib.suppress(OSError, StopIteration):
            words, env = (Path(f"/proc/{pid}/{name}").read_text().split("\0") for name in ("cmdline", "environ"))
            scratch = next((v.partition("=")[2] for v in env if v.startswith("COBENCH_SCRATCH=")), "")
            if {"--slots", "process-pool", "py_impl"} <= set(words) and left_of(scratch):
                supervisor = next(p for p, _ in mine(run.folder) if "cobench-superv" in Path(f"/proc/{p}/comm").read_text())
                return scratch, supervisor, pid
    return None


def left_of(scratch):
    return list(Path("/dev/shm").glob(f"sem.{Path(scratch).name}-*")) if scratch else []


@pytest.mark.parametrize("who, number", (("driver", signal.SIGINT), ("driver", signal.SIGTERM), ("driver", signal.SIGHUP),
                                         ("driver", signal.SIGKILL), ("host", signal.SIGKILL), ("both", signal.SIGKILL)))  # fmt: skip
def test_no_semaphore_of_a_spawned_pool_stays(tmp_path, who, number):
    """Named ones, which multiprocessing's own process would remove, were it not killed with the rest."""
    env = os.environ | {"TMPDIR": str(tmp_path)}
    run = subprocess.Popen([BUILD / "cobench", "run", "--task", "wait", "--set", "delay=2000", "--runtime", "py", "--model",
                            "sync,process-pool", "--start-method", "spawn", "--jobs", "2", "--timeout", "90", "--rounds", "1",
                            "--results", tmp_path, "--no-plots", "--quiet"], cwd=ROOT, env=env, stderr=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL)  # fmt: skip
    run.folder, found = str(tmp_path), []
    try:
        wait_until(lambda: found.append(scratch_of(run)) or found[-1], LIMIT_S, "a pool with its semaphores")
        scratch, supervisor, host = found[-1]
        pids = {"driver": [run.pid], "host": [host], "both": [supervisor, run.pid]}[who]
        for sent in (signal.SIGSTOP, number)[who != "both" :]:  # both at once: neither is to see the other's end
            for pid in pids:
                os.kill(pid, sent)
        run.wait(LIMIT_S)
    finally:
        run.kill()
        run.wait(LIMIT_S)
    if who == "both":  # nobody is left who could: the next one does it, once it is sure that no run is just beginning
        for pid, _ in mine(run.folder):
            os.kill(pid, signal.SIGKILL)
        os.utime(scratch, (0, 0))
        subprocess.run([BUILD / "cobench", "list"], cwd=ROOT, env=env, capture_output=True, timeout=LIMIT_S, check=True)
        assert not Path(scratch).exists()
    wait_until(lambda: not left_of(scratch), LIMIT_S, "the semaphores are gone")


def test_unfinished_pictures_jobs_go_when_the_run_goes_on(checkout):
    folder, _ = cut_run(checkout, 20)
    (folder / "jobs" / "0-9.csv.new").write_text("# jobs")
    (checkout.build / "cobench-origin").write_text("another program\n")
    assert resume(checkout, folder).returncode == 1
    assert not (folder / "jobs" / "0-9.csv.new").exists() and (folder / "jobs").exists()
    assert len(lines_of(folder)) == 20


def test_an_interrupted_run_names_the_command_that_goes_on(checkout):
    process = checkout.start("--quiet", "--runtime", "c,py", "--task", "null", "--rounds", 400, "--model", "sync", "--workers", 1)
    wait_until(lambda: '"round":2' in checkout.journal_text(), 60, "the second round")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    (folder,) = checkout.folders()
    assert process.returncode == 130
    assert said.endswith(f" of 400 rounds are in {folder}; cobench run --resume {folder} goes on\n")


def test_a_folder_that_is_gone_is_not_offered(checkout):
    process = checkout.start("--quiet", "--runtime", "c,py", "--task", "null", "--rounds", 400, "--model", "sync", "--workers", 1)
    wait_until(lambda: '"round":2' in checkout.journal_text(), 60, "the second round")
    (folder,) = checkout.folders()
    folder.rename(checkout.root / "elsewhere")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert said.endswith(f"; {folder} is not there any more\n")


def test_interrupted_before_the_first_sample_leaves_no_folder(checkout):
    process = checkout.start("--quiet", "--task", "faulty", "--set", "mode=hang", "--rounds", 1, "--model", "sync", "--timeout", 60)
    wait_until(lambda: checkout.folders(), 60, "the run's folder")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert said.splitlines(keepends=True)[-1] == "interrupted before the first sample; nothing is kept\n"
    assert list(checkout.results.iterdir()) == []


@pytest.mark.parametrize("mode, status", [("fail", 1), ("impossible", 77)])
def test_a_run_of_which_nothing_worked_is_not_the_latest(checkout, mode, status):
    assert checkout.run("--task", "null", "--rounds", 1, "--model", "sync").returncode == 0
    good = (checkout.results / "latest").resolve()
    done = checkout.run("--task", "faulty", "--set", f"mode={mode}", "--rounds", 1, "--model", "sync")
    assert done.returncode == status and "no model worked; the run is in " in done.stderr
    assert (checkout.results / "latest").resolve() == good
    (bad,) = [f for f in checkout.folders() if f != good]
    assert (bad / "summary.json").exists()


def test_no_space_for_the_journal_stops_the_run(checkout):
    """RLIMIT_FSIZE ends files as a full disk does (EFBIG in the place of ENOSPC), and works wherever tests run."""
    limit = 24000
    done = subprocess.run(
        checkout.command("run", "--no-plots", "--quiet", "--runtime", "c,py", "--task", "null", "--rounds", "400", "--model",
                         "sync", "--workers", "1"),
        capture_output=True, text=True, timeout=LIMIT_S, env=checkout.environment(), cwd=checkout.root,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    (folder,) = checkout.folders()
    text = (folder / "samples.jsonl").read_text()
    assert done.returncode == 1
    assert done.stderr.startswith(f"cobench: {folder}/samples.jsonl: File too large; what was written before is whole; ")
    assert done.stderr.endswith(" goes on\n") and done.stderr.count("\n") == 1
    assert limit - 3000 < len(text) <= limit and text.endswith("\n")
    assert all(json.loads(line)["status"] == "ok" for line in text.splitlines())
    assert not mine(str(checkout.root))
    plan = json.loads((folder / "plan.json").read_text())
    plan["rounds"] = json.loads(text.splitlines()[-1])["round"] + 1
    (folder / "plan.json").write_text(json.dumps(plan))
    assert resume(checkout, folder).returncode == 0
    times = collections.Counter((s["cell"], s["round"]) for s in lines_of(folder))
    assert set(times.values()) == {1} and len(times) == len(plan["cells"]) * (plan["rounds"] + 1)
