# SPDX-License-Identifier: MIT
"""Several hosts: where workers are, what is started there, what a run asks of each host. The launcher of these tests stays on this
machine; scripts/checks/hosts.py has hosts of namespaces."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

import make_run
from driver import COBENCH, Run, cobench
from hosts import BUILD, EXT, PY, ROOT, alive, wait_until
from redis_server import RedisServer

from py_impl import remote
from py_impl.errors import Failed, Usage

AGENT = BUILD / "cobench-host"
HERE = ["env", "AS={host}"]  # a launcher
TINY = ("--task", "null", "--jobs", "4", "--runtime", "c", "--model", "threads", "--rounds", "1")


def test_python_places_workers_as_c_does():
    source = (ROOT / "tests/unit/common_placement.c").read_text()
    (text,) = re.findall(r'placement_parse\("(a:2,b:3,c:1)"', source)
    rows = [tuple(map(int, row)) for row in re.findall(r"\{(\d+), \{(\d+), (\d+), (\d+)\}\}", source)]
    assert len(rows) == 8
    for workers, *on in rows:
        placed = remote.place(remote.parse(text), workers)
        assert {name: count for name, _, count in placed} == {name: n for name, n in zip("abc", on) if n}
        assert [first for _, first, _ in placed] == [sum(on[:i]) for i in range(len(placed))]


@pytest.mark.parametrize("text", ["", ",", "a,", ":2", "a:", "a:0", "a:x", "a:-1", "-a", "a b", "a,b,a:2", "a:100001"])
def test_hosts_that_are_none(text):
    with pytest.raises(Usage, match="--hosts"):
        remote.parse(text)


def agent(*words, **options):
    return subprocess.Popen([AGENT, "agent", *map(str, words)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **options)


def test_an_agent_starts_a_command_for_each_worker(tmp_path):
    with agent(3, 2, tmp_path, "sh", "-c", 'echo $COBENCH_BUILD {first} {count} >w{worker}; exit {worker}') as running:
        running.stdin.write("s")
        running.stdin.flush()
        assert sorted(running.stdout.read().splitlines()) == ["ended 3 3", "ended 4 4"]
    assert running.returncode == 1
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {f"w{n}": f"{BUILD} 3 2\n" for n in (3, 4)}


@pytest.mark.parametrize("how", ["stdin", signal.SIGTERM])
def test_an_agent_ends_all_that_it_started(tmp_path, how):
    """Also what hears no SIGTERM, and what its commands have started."""
    stubborn = 'trap "" TERM; sleep 60 & echo $$ $! >>pids; echo up >>up; wait'
    with agent(0, 1, tmp_path, "sh", "-c", stubborn) as running:
        running.stdin.write("?s")
        running.stdin.flush()
        word, stamp = running.stdout.readline().split()
        assert word == "clock" and abs(int(stamp) - time.monotonic_ns()) < 10**9
        while not (tmp_path / "up").exists():
            time.sleep(0.01)
        if how == "stdin":
            running.stdin.close()
        else:
            running.send_signal(how)
        assert running.wait(20) == 1
    wait_until(lambda: not any(map(alive, map(int, (tmp_path / "pids").read_text().split()))), 5)


def test_agents_on_two_hosts(tmp_path):
    """Each has its share; one clock is one; who ends is told; at the end nothing is left."""
    words = ["sh", "-c", 'echo $AS $$ >w{worker}; test {worker} = 1 && exit 7; sleep 60']
    there = remote.Remote([("a", 1), ("b", 2)], HERE, 3, str(tmp_path), words, 10)
    assert [(a.name, *a.workers) for a in there.agents] == [("a", 0), ("b", 1, 2)]
    assert [there.offset_ns(worker) for worker in range(3)] == [0, 0, 0]
    ended = []
    until = time.monotonic() + 10
    while not ended and time.monotonic() < until:
        ended = list(there.ended())
    assert ended == [(1, 7, "b")]
    while sum(path.read_text().count("\n") for path in tmp_path.glob("w*")) < 3:
        time.sleep(0.01)
    there.end(5)
    hosts, pids = zip(*(path.read_text().split() for path in sorted(tmp_path.glob("w*"))))
    assert hosts == ("a", "b", "b")
    wait_until(lambda: not any(map(alive, map(int, pids))), 5)


def test_agents_go_with_whoever_started_them(tmp_path):
    code = ("import sys; from py_impl import remote; "
            f"remote.Remote([('a', 1)], {HERE}, 1, {str(tmp_path)!r}, ['sh', '-c', 'echo $$ >pid; sleep 60'], 10); "
            "print('up', flush=True); sys.stdin.read()")
    with subprocess.Popen(["python3", "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                          env=os.environ | {"COBENCH_BUILD": str(BUILD)}) as manager:
        assert manager.stdout.readline() == "up\n"
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().strip():
            time.sleep(0.01)
        manager.kill()
    wait_until(lambda: not alive(int((tmp_path / "pid").read_text())), 5)


@pytest.mark.parametrize("launcher, said", [
    (["false", "{host}"], "host a: the launcher has ended"),
    (["./no-such-launcher", "{host}"], "host a: the launcher cannot be started"),
    (["sh", "-c", "echo hello; cat"], "host a: the agent says 'hello'"),
    (["sh", "-c", "sleep 60"], "host a does not answer")])  # fmt: skip
def test_a_launcher_that_does_not_work_is_named(launcher, said):
    with pytest.raises(Failed, match=re.escape(said)):
        remote.Remote([("a", 1)], launcher, 1, "/", ["true"], 1)


def test_ssh_gets_its_words_quoted():
    assert remote.launched(["/usr/bin/ssh", "-q", "{host}"], "a", ["x", "the other", "$HOME"])[3:] == ["x", "'the other'", "'$HOME'"]
    assert remote.launched(["srun", "-w", "{host}"], "a", ["x", "the other"]) == ["srun", "-w", "a", "x", "the other"]
    assert remote.launched(["ssh", "{host}"], "localhost", ["x"]) == ["x"]


# -- what has its workers there ------------------------------------------------------------------------------------------

ELSEWHERE = ("--hosts", "127.0.0.2:1,127.0.0.3:2", "--launcher", "env", "--launcher", "AS={host}")


@pytest.fixture
def redis():
    server = RedisServer()
    yield server
    server.close()


@pytest.mark.parametrize("host", [PY, EXT])
@pytest.mark.parametrize("words", [["process-pool", "--dispenser", "redis"], ["celery"], ["celery-group"], ["dask"]], ids=lambda words: words[0])
def test_python_workers_on_hosts(tmp_path, redis, host, words):
    """Every job once, by workers that are numbered host by host, on one clock; nothing of it is left in Redis or running."""
    done = host.run(tmp_path, "--task", "count", "--set", "size=20000", "--model", *words, "--jobs", 40, "--workers", 3,
                    "--service", f"redis=unix://{redis.socket}", *ELSEWHERE)  # fmt: skip
    if done.status == 77:
        pytest.skip(f"an optional library is missing: {done.reason}")
    assert (done.status, done.reason) == (0, None)
    assert {row["runs"] for row in done.rows} == {1} and {row["worker"] for row in done.rows} <= {0, 1, 2}
    assert all(done.record["phases"]["ready"] <= row["start_ns"] <= row["end_ns"] <= done.record["phases"]["work"] for row in done.rows)
    assert redis.keys() == []
    assert not [pid for pid in os.listdir("/proc") if pid.isdecimal() and str(redis.socket).encode() in command_line(pid)
                and b"redis-server" not in command_line(pid)]


def command_line(pid: str) -> bytes:
    try:
        return open(f"/proc/{pid}/cmdline", "rb").read()
    except OSError:
        return b""


def test_what_a_lost_worker_had_is_done_by_the_others(tmp_path, redis):
    words = ("--task", "wait", "--set", "delay=300", "--model", "process-pool", "--dispenser", "redis", "--jobs", 8, "--workers", 2,
             "--service", f"redis=unix://{redis.socket}", "--hosts", "a:1,b:1", *ELSEWHERE[2:])  # fmt: skip
    running = PY.start(tmp_path, *words)
    wait_until(lambda: redis.ask("LLEN", f"{prefix_of(redis)}taken:1") == "1")
    (worker,) = [pid for pid in os.listdir("/proc") if pid.isdecimal() and b"--worker\x001\x00" in command_line(pid)
                 and str(redis.socket).encode() in command_line(pid) and b"agent" not in command_line(pid)]
    os.kill(int(worker), signal.SIGKILL)
    assert running.wait(60) == 1
    running.stderr.close()
    record = json.loads((tmp_path / "record").read_text())
    assert [failure["type"] for failure in record["failures"]] == ["Crash"]
    assert record["failures"][0]["message"].endswith("; it was given to another") and record["failed_jobs"] == 0


def prefix_of(redis: RedisServer) -> str:
    return next((key[: len("cobench:") + 17] for key in redis.keys()), "")


def test_models_that_are_on_this_machine_say_so(tmp_path):
    for host in (PY, EXT):
        done = host.run(tmp_path, "--task", "count", "--model", "thread-pool", "--workers", 2, *ELSEWHERE)
        assert (done.status, done.reason) == (77, "--hosts: the workers of thread-pool are on this machine")


def test_hosts_of_namespaces():
    """scripts/checks/hosts.py in a short form: the network is a real one, and MPI's daemons are started by the launcher."""
    check = [sys.executable, ROOT / "scripts/checks/hosts.py", "--sizes", "2", "--no-cut", "--only", "c:mpi,py:process-pool+redis"]
    done = subprocess.run(check, capture_output=True, text=True, timeout=300, env=os.environ | {"COBENCH_BUILD": str(BUILD)})
    if done.returncode == 77:
        why = done.stdout.strip().splitlines()[-1]
        pytest.skip(why if why.startswith("no namespaces") else f"an optional library is missing: {why}")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_shell_splits_what_ssh_hands_over(tmp_path, redis):
    """The default launcher, by a program called ssh that joins its words as that does: hosts are asked, workers run, in C and Python."""
    ssh = tmp_path / "bin" / "ssh"
    ssh.parent.mkdir()
    ssh.write_text('#!/bin/sh\nshift; exec sh -c "$*"\n')
    ssh.chmod(0o755)
    run = Run(tmp_path / "results", "--task", "wordcount", "--set", "word=$HOME'x", "--jobs", "8", "--runtime", "c,py", "--model",
              "process-pool", "--dispenser", "redis", "--baseline", "none", "--workers", "2", "--rounds", "1", "--hosts", "127.0.0.2:2",
              env=os.environ | {"PATH": f"{ssh.parent}:{os.environ['PATH']}"})  # fmt: skip
    assert run.json("plan")["launcher"] == "ssh {host}"
    assert {sample["status"] for sample in run.samples} == {"ok"}
    assert {sample["nodes"]["127.0.0.2"]["jobs"] for sample in run.samples} == {8}


# -- the driver -------------------------------------------------------------------------------------------------------


@pytest.fixture
def launcher(tmp_path):
    """A launcher to 127.0.0.2 and so on, all of them this machine, which says `edit` of what it prints there."""
    script = tmp_path / "launcher"

    def make(edit: str = "cat", host: str = "127.0.0.3") -> str:
        script.write_text(f'#!/bin/sh\nhost=$1; shift\nif [ "$host" = {host} ]; then "$@" | {edit}; else exec "$@"; fi\n')
        script.chmod(0o755)
        return f"{script} {{host}}"

    return make


def test_each_host_is_asked_and_the_placement_is_kept(tmp_path, launcher):
    (tmp_path / "hosts").write_text("# ours\n127.0.0.2 slots=2\n\n127.0.0.3:4 # the large one\nlocalhost\n")
    run = Run(tmp_path / "results", *TINY, "--hosts", tmp_path / "hosts", "--launcher", launcher())
    placement = "127.0.0.2:2,127.0.0.3:4,localhost:1"
    plan, machine = run.json("plan"), run.json("machine")
    assert (plan["hosts"], plan["launcher"]) == (placement, launcher())
    assert placement in plan["argv"] and str(tmp_path / "hosts") not in plan["argv"]
    assert {name: facts["slots"] for name, facts in machine["nodes"].items()} == {"127.0.0.2": 2, "127.0.0.3": 4, "localhost": 1}
    assert all(facts["kernel"] == machine["kernel"] for facts in machine["nodes"].values())
    (group,) = plan["groups"]
    assert group["capacity_reason"] == "it would be that of this machine, and the workers are on several hosts"
    assert all("nodes" not in sample for sample in run.samples), "threads are on this machine"
    assert "warning: --hosts: no model of this run can have its workers there" in run.done.stderr
    again = subprocess.run([COBENCH, "run", "--no-plots", "--resume", run.folder, "--hosts", "a"], capture_output=True, text=True)
    assert (again.returncode, "--hosts cannot be given with it" in again.stderr) == (2, True)
    again = subprocess.run([COBENCH, "run", "--no-plots", "--resume", run.folder, "--rounds", "2"], capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    launcher("sed 's/\"kernel\":\"[^\"]*\"/\"kernel\":\"0.1\"/'")
    again = subprocess.run([COBENCH, "run", "--no-plots", "--resume", run.folder, "--rounds", "3"], capture_output=True, text=True)
    assert again.returncode != 0 and f"nodes 127.0.0.3 kernel: was {machine['kernel']}, is 0.1" in again.stderr


@pytest.mark.parametrize("edit, said", [
    (r"""sed 's|"build/tasks/count.so":"[^"]*"|"build/tasks/count.so":"1 bytes, CRC-32 00000000"|'""",
     "host 127.0.0.3 has other programs than this machine: build/tasks/count.so is another: 1 bytes, CRC-32 00000000"),
    (r"""sed 's|"build/tasks/fib.so":"[^"]*",||'""",
     "host 127.0.0.3 has other programs than this machine: build/tasks/fib.so is not there"),
    ("cat >/dev/null", "host 127.0.0.3: what it says is no answer"),
])  # fmt: skip
def test_a_host_with_other_programs_is_refused(tmp_path, launcher, edit, said):
    run = Run(tmp_path / "results", *TINY, "--hosts", "127.0.0.2,127.0.0.3", "--launcher", launcher(edit), status=77)
    assert said in run.done.stderr
    assert not list((tmp_path / "results").glob("[0-9]*"))


@pytest.mark.parametrize("options, said", [
    (["--hosts", "127.0.0.2", "--launcher", "false {host}"], "host 127.0.0.2 does not answer: exit status 1"),
    (["--hosts", "no-such.invalid"], "its name has no address"),
])  # fmt: skip
def test_a_host_that_is_not_there_is_refused(tmp_path, options, said):
    assert said in Run(tmp_path, *TINY, *options, status=77).done.stderr


@pytest.mark.parametrize("options, said", [
    (["--hosts", "a:0"], "1..100000"),
    (["--hosts", "./none"], "--hosts './none': No such file"),
    (["--hosts", "a", "--launcher", "mine"], "{host} stands for it"),
    (["--launcher", "ssh"], "--launcher is for --hosts"),
])  # fmt: skip
def test_what_is_said_wrong(tmp_path, options, said):
    assert said in Run(tmp_path, *TINY, *options, status=2).done.stderr


def test_what_a_launcher_gets_by_itself(tmp_path):
    """No such host is reached: the plan is not made, and srun is not started."""
    for launcher in ("srun -N2", "mpirun", "ssh -q"):
        done = Run(tmp_path, *TINY, "--hosts", "no-such.invalid:2", "--launcher", launcher, status=77).done
        assert "its name has no address" in done.stderr


def test_the_table_of_hosts(tmp_path):
    """Jobs a round, how busy, what is left over at the end; a host whose jobs take longer than elsewhere straggles."""
    cells = [make_run.Cell(0, "c", "sync", work=400), make_run.Cell(0, "c", "mpi", work=200, noise=0)]
    groups = [make_run.group(0, "count", "cpu", workers=4, jobs=12)]
    make_run.write(tmp_path / "run", groups, cells, 6, 1)
    plan = json.loads((tmp_path / "run" / "plan.json").read_text())
    (tmp_path / "run" / "plan.json").write_text(json.dumps(plan | {"hosts": "a:1,b:3", "launcher": "ssh {host}"}))
    lines = [json.loads(line) for line in (tmp_path / "run" / "samples.jsonl").read_text().splitlines()]
    for line in lines:
        if line["cell"] == 1 and line["status"] == "ok" and line["round"]:
            work = line["work_ns"]
            line["nodes"] = {"a": {"jobs": 4, "busy_ns": work, "last_ns": work, "longest_ns": work // 3},
                             "b": {"jobs": 8, "busy_ns": 3 * work, "last_ns": work * 3 // 4, "longest_ns": work // 2}}
    (tmp_path / "run" / "samples.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    done = cobench("report", tmp_path / "run", "--no-plots")
    assert done.returncode == 0, done.stderr
    table = done.stdout[done.stdout.index("Hosts"):]
    rows = re.findall(r"^count +c:mpi +(.*)$", table, re.MULTILINE)
    assert [row.split() for row in rows] == [["a", "1", "4", "52.3", "ms", "73.9", "ms", "100%", "0%"],
                                             ["b", "3", "8", "78.5", "ms", "111", "ms", "100%", "25%"]]
    assert "straggler  count c:mpi: host b, whose jobs take 1.5x as long as those on a\n" in table
    rows = json.loads((tmp_path / "run" / "summary.json").read_text())["hosts"]
    assert [(row["host"], row["workers"], row["job_ratio"]) for row in rows] == [("a", 1, 1), ("b", 3, pytest.approx(1.5))]
