# SPDX-License-Identifier: MIT
"""A user's own function or command as the task of a run, against fake hosts: what the hosts are told, what the plan keeps, and what is
refused before anything runs."""

import csv
import json
import re
import shlex
import subprocess
import sys

import pytest


@pytest.fixture
def own(checkout, monkeypatch):
    """A checkout with a user's folder beside it, in which commands are typed."""
    checkout.home = checkout.root.parent / "home"
    checkout.home.mkdir()
    (checkout.home / "quote.py").write_text("def quote(job):\n    return job\n")
    (checkout.home / "mine.c").write_text("unsigned long quote(unsigned long job) { return job; }\n")
    (checkout.home / "mine.so").write_text("")
    (checkout.home / "lines.jsonl").write_text("1\n2\n3\n")
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    monkeypatch.setenv("FAKE_WORDS", str(checkout.home / "words"))
    return checkout


def run(own, *words, status=0, stdin=None, **env):
    done = subprocess.run([*own.command("run", "--no-plots", "--rounds", 1, "--model", "sync", "--results", own.results, *words)],
                          cwd=own.home, env=own.environment(**env), input=stdin, text=True, capture_output=True, timeout=60)
    assert done.returncode == status, done.stderr
    return done


def words_of(own, verb, host):
    """The words behind the verb, in the last call of the host."""
    calls = [json.loads(line) for line in (own.home / "words").read_text().splitlines()]
    return [call[3:] for call in calls if call[1:3] == [host, verb]][-1]


def option(words, name):
    return words[words.index(name) + 1] if name in words else None


@pytest.mark.parametrize("spec, in_c, in_python", [
    ("shop.pricing:quote", None, "shop.pricing:quote"),
    ("./quote.py:quote", None, "{home}/quote.py:quote"),
    ("quote.py:quote", None, "{home}/quote.py:quote"),
    ("./mine.so:quote", "{home}/mine.so:quote", None),
    ("./mine.so", "{home}/mine.so", None),
])
def test_a_function_is_the_task_of_the_runtimes_of_its_language(own, spec, in_c, in_python):
    done = run(own, "--task", spec, PYTHONPATH=f"{own.root}/py_impl:/nowhere")
    function, name = own.plan()["function"], "mine" if spec == "./mine.so" else "quote"
    in_c, in_python = (text and text.format(home=own.home) for text in (in_c, in_python))
    assert (function["name"], function["c"], function["py"]) == (name, in_c, in_python)
    assert {c["runtime"] for c in own.plan()["cells"]} == ({"c"} if in_c else {"py"})
    for verb in ("list", "run"):
        told = words_of(own, verb, "c" if in_c else "py")
        assert option(told, "--task") == (in_c or in_python)
        assert option(told, "--path") == f"{own.home}:{own.root}/py_impl"
    assert "left out" not in done.stderr and "nothing checks" not in done.stderr
    assert all(s["status"] == "ok" for s in own.samples())


def test_the_same_function_in_both_languages_fills_the_square(own):
    run(own, "--task", "price", "--c", "./mine.so:quote", "--py", "./quote.py:fast", "--inputs", "lines.jsonl", "--offload",
        "--chunk", 3, "--path", ".")
    plan = own.plan()
    assert {c["runtime"] for c in plan["cells"]} == {"c", "ext", "embed", "py"}
    assert (plan["groups"][0]["name"], plan["groups"][0]["jobs"]) == ("price", 3)
    assert option(words_of(own, "run", "ext"), "--task") == f"{own.home}/mine.so:quote"
    assert option(words_of(own, "run", "embed"), "--task") == f"{own.home}/quote.py:fast"
    assert option(words_of(own, "run", "py"), "--inputs") == f"{own.home}/lines.jsonl"
    assert option(words_of(own, "run", "py"), "--offload") == "on"
    assert option(words_of(own, "run", "py"), "--chunk") == "3"
    assert plan["cells"][0]["knobs"] == {"offload": "on", "chunk": "3"}
    assert "--offload" not in words_of(own, "list", "py")


@pytest.mark.parametrize("probe, given, kind, jobs", [
    ("10,10", (), "cpu", 16),  # the Python host's takes three times as long: 500 ms / 30 ms
    ("10,0.5", (), "io", 16),
    ("5,5", (), "cpu", 32),
    ("0.001,0.0005", (), "mixed", 400),
    ("100,100", (), "cpu", 8),
    ("300,300", (), "cpu", 4),
    ("2000,2000", (), "cpu", 2),
    ("10,10", ("--inputs", "lines.jsonl"), "cpu", 3),
])
def test_kind_and_jobs_follow_from_a_call(own, probe, given, kind, jobs):
    run(own, "--task", "quote.py:quote", "--runtime", "py,embed", "--workers", 1, *given, FAKE_PROBE=probe)
    (group,) = own.plan()["groups"]
    assert (group["kind"], group["jobs"]) == (kind, jobs)


def test_a_function_whose_call_has_no_end_is_mixed(own):
    run(own, "--task", "quote.py:never", "--runtime", "py", "--workers", 1)
    assert (own.plan()["groups"][0]["kind"], own.plan()["groups"][0]["jobs"]) == ("mixed", 8)


def test_why_a_function_is_in_two_groups_is_said(own):
    done = run(own, "--task", "quote.py:never")
    few, many = (group["workers"] for group in own.plan()["groups"])
    assert f"never waits and computes: it is run with as many workers as CPUs ({few}), and with more ({many})" in done.stderr


def test_a_c_file_is_compiled_into_the_run_and_the_command_shown(own):
    done = run(own, "--task", "./mine.c:quote", CC="gcc -std=c11", CFLAGS="-O1 -DX=1")
    (folder,) = own.folders()
    assert re.search(r"^gcc -std=c11 -shared -fPIC -I\S+ \S+/mine.c -o \S+ -O1 -DX=1$", done.stderr, re.MULTILINE)
    assert (folder / "function.so").read_bytes().startswith(b"\x7fELF")
    assert option(words_of(own, "run", "c"), "--task") == f"{folder}/function.so:quote"
    assert own.plan()["function"]["c"] == f"{own.home}/mine.c:quote"
    assert f"{own.home}/mine.c" in json.loads((folder / "machine.json").read_text())["fingerprint"]


def test_a_compiler_that_is_not_there(own):
    done = run(own, "--task", "./mine.c:quote", CC="nosuchcc", status=2)
    assert done.stderr.splitlines()[-1] == "cobench: there is no compiler 'nosuchcc' (CC)" and "not found" not in done.stderr


def test_inputs_from_stdin_stay_with_the_run(own):
    run(own, "--task", "quote.py:quote", "--inputs", "-", stdin="a\nb\n")
    (folder,) = own.folders()
    assert (folder / "inputs.txt").read_text() == "a\nb\n"
    assert own.plan()["groups"][0]["jobs"] == 2
    assert option(words_of(own, "run", "py"), "--inputs") == f"{folder}/inputs.txt"


def test_an_active_virtualenv_runs_the_python_host_and_no_other(own):
    python = own.home / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    done = run(own, "--task", "price", "--py", "shop:quote", "--c", "./mine.so:quote", VIRTUAL_ENV=python.parent.parent)
    assert f"the runtime py is that of the virtualenv {own.home}/venv" in done.stderr
    assert own.plan()["function"]["python"] == str(python)
    calls = [json.loads(line) for line in (own.home / "words").read_text().splitlines()]
    assert {call[0] for call in calls if call[1] == "py"} == {str(python)}
    assert {call[0] for call in calls if call[1] == "ext"} == {sys.executable}


def test_a_runtime_that_cannot_load_it_is_left_out_and_said(own):
    done = run(own, "--task", "partly", "--py", "quote.py:partly", "--c", "./mine.so:quote")
    assert f"warning: the runtime embed is left out: task '{own.home}/quote.py:partly': there is no 'partly'" in done.stderr
    assert {c["runtime"] for c in own.plan()["cells"]} == {"c", "ext", "py"}
    python = own.home / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    done = run(own, "--task", "partly", "--py", "quote.py:partly", "--c", "./mine.so:quote", VIRTUAL_ENV=python.parent.parent)
    assert "\nthe runtime embed is left out, which does not use the virtualenv: task '" in done.stderr


def test_a_run_goes_on_with_what_it_was_begun_with(own):
    """From another folder, with another environment and no stdin."""
    run(own, "--task", "price", "--c", "./mine.c:quote", "--py", "shop:quote", "--inputs", "-", stdin="a\nb\n",
        PYTHONPATH=own.root)
    (folder,) = own.folders()
    told = {host: words_of(own, "run", host) for host in ("c", "py")}
    own.home = own.root
    (own.root / "words").symlink_to(own.root.parent / "home" / "words")
    subprocess.run(own.command("run", "--no-plots", "--resume", folder, "--rounds", 2), cwd="/", check=True,
                   env=own.environment(CC="false"), stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    assert len({s["round"] for s in own.samples()}) == 3
    for host, before in told.items():
        after = words_of(own, "run", host)
        assert [option(after, name) for name in ("--task", "--path", "--inputs")] == [
            option(before, name) for name in ("--task", "--path", "--inputs")]


def test_a_changed_function_is_noticed_when_the_run_goes_on(own):
    run(own, "--task", "quote:quote", "--inputs", "lines.jsonl")
    (folder,) = own.folders()
    for file in ("quote.py", "lines.jsonl"):
        with (own.home / file).open("a") as f:
            f.write("4\n")
    done = subprocess.run(own.command("run", "--resume", folder, "--rounds", 2), cwd=own.home, text=True,
                                       env=own.environment(), capture_output=True, timeout=60)
    assert done.returncode == 1
    assert f"{own.home}/quote.py" in done.stderr and f"{own.home}/lines.jsonl" in done.stderr


def test_the_command_line_of_the_plan_works_in_any_folder(own):
    run(own, "--task=./quote.py:quote", "--inputs", "lines.jsonl")
    words = own.plan()["argv"]
    assert option(words, "--task") == "quote"
    assert option(words, "--py") == f"{own.home}/quote.py:quote"
    assert option(words, "--inputs") == f"{own.home}/lines.jsonl"
    assert "./quote.py:quote" not in shlex.join(words)


# -- a command -----------------------------------------------------------------------------------------------------------

def command_of(words):
    return [words[i + 1] for i, word in enumerate(words) if word == "--command"]


@pytest.mark.parametrize("line, words", [
    ("sort -r {input}", ["sort", "-r", "{input}"]),
    ("/usr/bin/env  'a b' \"c\\\"d $\\$\" e\\ f'g'\"h\" ''", None),
    ("sh -c 'echo $HOME | cat > /dev/null; :' {input}", None),
    ("./tool --file={input},{job}", None),
])
def test_a_command_is_split_once_as_a_shell_does(own, line, words):
    tool = own.home / "tool"
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    line = line.replace("$\\$", "\\$")
    given = () if "{input}" not in line else ("--inputs", "lines.jsonl")
    run(own, "--command", line, *given, "--workers", 1)
    plan, (program, *_) = own.plan(), shlex.split(line)
    assert {c["runtime"] for c in plan["cells"]} == {"c", "py"}
    name = program.rpartition("/")[2]
    assert (plan["groups"][0]["task"], plan["function"]["name"], plan["function"]["command"]) == (name, name, line)
    by_shell = subprocess.run(["sh", "-c", f"printf '%s\\0' {line}"], capture_output=True, text=True, check=True).stdout
    for verb, host in (("list", "c"), ("list", "py"), ("run", "c"), ("run", "py")):
        told = words_of(own, verb, host)
        assert command_of(told) == (words or by_shell.split("\0")[:-1])
        assert option(told, "--directory") == str(own.home) and "--task" not in told
        assert option(told, "--inputs") == (f"{own.home}/lines.jsonl" if given else None)
    (folder,) = own.folders()
    sums = json.loads((folder / "machine.json").read_text())["fingerprint"]
    assert any(path.endswith("/" + name) for path in sums)
    assert all(s["status"] == "ok" for s in own.samples())


def test_a_command_goes_on_and_is_reproduced_from_another_folder(own):
    run(own, "--task", "squeeze", "--command", "cat {input}", "--inputs", "-", stdin="a\nb\n")
    (folder,) = own.folders()
    before = words_of(own, "run", "py")
    assert own.plan()["groups"][0]["task"] == "squeeze" and own.plan()["groups"][0]["jobs"] == 2
    assert option(own.plan()["argv"], "--directory") == str(own.home)
    subprocess.run(own.command("run", "--no-plots", "--resume", folder, "--rounds", 2), cwd="/", check=True,
                   env=own.environment(), stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    after = words_of(own, "run", "py")
    assert len({s["round"] for s in own.samples()}) == 3 and command_of(after) == command_of(before) == ["cat", "{input}"]
    assert [option(after, name) for name in ("--directory", "--inputs")] == [str(own.home), f"{folder}/inputs.txt"]


# -- a program beside the models -------------------------------------------------------------------------------------------

HOST = "{root}/build/cobench-host run --task both --model sync --jobs {{jobs}} --workers {{workers}} --record {{record}} --slots "


@pytest.mark.parametrize("command, status, reason", [
    ("sh -c 'echo $* >said' - {{jobs}} {{workers}} {{size}} {{print}} {{jobs", "ok", "it wrote no record"),
    (HOST + "{{slots}}", "ok", None),
    (HOST + "slots", "ok", "it wrote a record and no slots"),
    ("{root}/build/cobench-host run --task both --model sync --jobs 5 --workers 1 --record {{record}} --slots {{slots}}", "failed",
     "the record is of 5 jobs"),
    ("{root}/build/cobench-host run --task faulty --set mode=wrong --set at=3 --set who=c --set when=always --model threads"
     " --jobs {{jobs}} --workers 2 --record {{record}} --slots {{slots}}", "refused", "job 3"),
    ("sh -c 'echo boom >&2; exit 3'", "failed", "it ended with exit status 3: boom"),
    ("sh -c 'sleep 60 & sleep 60'", "timeout", "no end within 3 s, so it was killed; it tells nothing of its jobs"),
    ("sh -c 'sleep 60 &'", "failed", "it left 1 process running"),
    ("./unstartable", "failed", "it cannot be started: ./unstartable: No such file or directory"),
])
def test_a_program_is_a_row_beside_the_models(own, command, status, reason):
    (own.home / "unstartable").write_text("#!/nonexistent\n")
    (own.home / "unstartable").chmod(0o755)
    command = command.format(root=own.root)
    done = run(own, "--task", "both", "--workers", 2, "--runtime", "c,py", "--timeout", 1, "--variant", f"mine={command}",
               status=0 if status == "ok" else 1)
    plan, samples = own.plan(), own.samples()
    (cell,) = (c for c in plan["cells"] if c["runtime"] == "program")
    assert (cell["model"], cell["program"], cell["role"], plan["directory"]) == ("mine", command, "model", str(own.home))
    mine = [s for s in samples if s["cell"] == cell["id"]]
    assert [s["status"] for s in mine] == ([status] * 2 if status == "ok" else [status])
    assert mine[0]["reason"] is None if reason is None else reason in mine[0]["reason"]
    assert all(s["status"] == "ok" and s["reason"] is None for s in samples if s["cell"] != cell["id"])
    assert "The program mine " in re.sub(r"\s+", " ", done.stdout) and "take mine" not in done.stdout
    if status == "ok":
        assert mine[1]["whole_ns"] > 0 and mine[1]["user_ns"] >= 0
        assert (mine[1]["work_ns"] is None) == (reason == "it wrote no record")
        assert (mine[1]["digest"] is None) == (reason is not None)
    if "said" in command:
        assert (own.home / "said").read_text() == "6 2 {size} {print} {jobs\n"


def test_programs_of_a_suite_and_of_the_command_line_go_on_from_another_folder(own):
    (own.home / "s.ini").write_text("[group g]\ntask = waiting\nset.delay = 7\nruntimes = c\nvariant = one=true\n"
                                    "variant = two=sh -c 'pwd; echo {delay} >>here'\n")
    subprocess.run(own.command("run", "--suite", "s.ini", "--variant", "three=true", "--rounds", 1), cwd=own.home, check=True,
                   env=own.environment(), capture_output=True, timeout=60)
    (folder,) = own.folders()
    assert [c["model"] for c in own.plan()["cells"] if c["runtime"] == "program"] == ["three", "one", "two"]
    assert option(own.plan()["argv"], "--directory") == str(own.home)
    assert any(path.endswith("/true") for path in json.loads((folder / "machine.json").read_text())["fingerprint"])
    subprocess.run(own.command("run", "--resume", folder, "--rounds", 2), cwd="/", check=True, env=own.environment(),
                   capture_output=True, timeout=60)
    assert (own.home / "here").read_text() == "7\n" * 3
    with (folder / "summary.csv").open(newline="") as rows:
        (mine,) = (row for row in csv.DictReader(rows) if row["model"] == "two")
    assert (mine["runtime"], mine["rounds"], mine["doubt"]) == ("program", "2", "unchecked")
    assert "program:two" in (folder / "index.html").read_text()
    done = subprocess.run(own.command("compare", folder, folder), env=own.environment(), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "program:two" in done.stdout


@pytest.mark.parametrize("words, says", [
    (("--task", "null", "--variant", "mine"), "--variant 'mine': NAME=COMMAND is needed"),
    (("--task", "null", "--variant", "a b=true"), "NAME=COMMAND is needed"),
    (("--task", "null", "--variant", "a="), "there is no program in it"),
    (("--task", "null", "--variant", "a=no-such-program"), "there is no such program"),
    (("--task", "null", "--variant", "a=true | cat"), "no shell is there for one of"),
    (("--task", "null", "--variant", "a=true", "--variant", "a=false"), "a second one of that name"),
    (("--task", "waiting", "--rate", 10, "--variant", "a=true"), "neither among prices nor in an open loop"),
    (("--task", "null", "--variant", "a=true", "--directory", "nowhere"), "--directory 'nowhere': No such file or directory"),
    (("--task", "shop:missing"), "the py host: task 'shop:missing': there is no 'missing'"),
    (("--task", "./nowhere.py:quote"), "--task './nowhere.py': No such file or directory"),
    (("--task", "./lines.jsonl:quote"), "MODULE:NAME, ./FILE.py:NAME, ./FILE.so:SYMBOL or ./FILE.c:SYMBOL is needed"),
    (("--task", "shop:"), "is needed"),
    (("--task", "price", "--py", "shop"), "--py 'shop': MODULE:NAME"),
    (("--task", "price", "--c", "./quote.py:quote"), "is not in that language"),
    (("--task", "./quote.py:quote", "--py", "shop:quote"), "--task: its name is needed"),
    (("--task", "./quote.py:quote,null"), "a function is the only task of its run"),
    (("--py", "shop:quote"), "a function is the only task of its run"),
    (("--suite", "quick", "--task", "shop:quote"), "a function is the only task of its run"),
    (("--task", "null", "--inputs", "lines.jsonl"), "--path and --inputs are for a function"),
    (("--task", "null", "--offload", "on"), "--offload: it changes no cell of this run"),
    (("--task", "shop:quote", "--chunk", 0), "--chunk '0': must be 1..1000"),
    (("--task", "shop:quote", "--inputs", "nowhere"), "--inputs 'nowhere': No such file or directory"),
    (("--task", "shop:quote", "--inputs", "-"), "the inputs have no line"),
    (("--task", "shop:quote", "--path", "quote.py"), "this is no folder"),
    (("--task", "shop:quote", "--runtime", "c"), "none of the runtimes runs its language"),
    (("--task", "shop:partly", "--runtime", "py,embed"), "cannot run in the runtime embed: task 'shop:partly'"),
    (("--task", "./bad.c:quote"), "bad.c:2:"),
    (("--task", "price", "--c", "./mine.so:missing", "--py", "shop:quote"), "the c host: task"),
    (("--command", "no-such-program"), "--command: there is no program 'no-such-program'"),
    (("--command", "./quote.py"), "--command: there is no program './quote.py'"),
    (("--command", ""), "--command: there is no program in it"),
    (("--command", "cat 'x"), "--command: a quote is not closed"),
    (("--command", "cat x | wc"), "no shell is there for one of |&;<>$`; quote it, or write sh -c '...' for one"),
    (("--command", 'echo "$HOME"'), "no shell is there to fill in '$' or '`'"),
    (("--command", "echo x\\"), "nothing is behind the"),
    (("--command", "cat", "--suite", "quick"), "a command is the only task of its run"),
    (("--command", "cat", "--task", "quote.py:quote"), "a command is the only task of its run"),
    (("--command", "cat", "--py", "shop:quote"), "--c, --py and --path are for a function"),
    (("--command", "cat", "--directory", "nowhere"), "--directory 'nowhere': No such file or directory"),
    (("--task", "shop:quote", "--directory", "."), "--directory is for a command"),
    (("--command", "cat", "--runtime", "embed"), "the embed host: a command runs in the runtimes c and py"),
    (("--command", "cat", "--runtime", "c,ext"), "cannot run in the runtime ext: a command runs in the runtimes c and py"),
])
def test_mistakes_are_one_line_before_anything_runs(own, words, says):
    (own.home / "bad.c").write_text("int x;\nint quote(\n")
    done = run(own, *words, status=2, stdin="")
    (line,) = (line for line in done.stderr.splitlines() if not line.startswith("cc "))
    assert says in line
    assert own.folders() == []
