# SPDX-License-Identifier: MIT
"""`cobench serve-bench`: real servers for a moment each, and what is made of samples."""

from __future__ import annotations

import json
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest
from driver import BUILD, ROOT, check_golden, cobench
from jsonschema import Draft202012Validator

SHORT = ("--jobs", 4, "--connections", 4, "--duration", 0.05, "--no-plots", "--quiet")


def bench(results: Path, *words: object, status: int = 0) -> tuple[dict, list[dict], str]:
    if "asyncio" in words and find_spec("h11") is None:
        pytest.skip("an optional library is missing: h11")
    if "epoll" in words and not (BUILD / "plugins" / "http.so").exists():
        pytest.skip("an optional library is missing: libhttp-parser")
    done = cobench("serve-bench", "--results", results, *SHORT, *words)
    assert done.returncode == status, done.stderr
    folder = next(entry for entry in results.iterdir() if not entry.is_symlink() and not entry.name.startswith("."))
    plan = json.loads((folder / "plan.json").read_text())
    return plan, [json.loads(line) for line in (folder / "samples.jsonl").read_text().splitlines()], str(folder)


def valid(name: str, what: object) -> None:
    Draft202012Validator(json.loads((ROOT / "common/schema" / f"{name}.schema.json").read_text())).validate(what)


@pytest.mark.parametrize("variant", ["c:epoll", "py:asyncio"])
def test_run(tmp_path: Path, variant: str) -> None:
    """Verified with idle connections, then loaded: each answer counted, none lost."""
    runtime, server = variant.split(":")
    plan, samples, folder = bench(tmp_path, "--task", "null", "--runtime", runtime, "--server", server, "--rates", "50,150",
                                  "--rounds", 2, "--idle", 20)
    assert plan["groups"][0]["serving"] == {"duration_s": 0.05, "rates": "50,150", "delay_ms": None, "idle": 20, "wrk": None}
    assert [(s["pass"], s["status"], s["reason"]) for s in samples] == [("verify", "ok", None), *[("timed", "ok", None)] * 2]
    assert [point["connections"] for point in samples[0]["serving"]["idle"].values()] == [0, 10, 20]
    for sample in samples[1:]:
        closed, half, over = sample["serving"]["loads"].values()
        assert [load["percent"] for load in (closed, half, over)] == [0, 50, 150]
        assert closed["answered"] == closed["requests"] and half["answered"] == half["requests"]
        assert over["answered"] + over["timed_out"] + over["refused"] == over["requests"]
        assert 0 < closed["p50_ns"] <= closed["p99_ns"] <= closed["p999_ns"]
        assert sample["serving"]["requests"] >= closed["answered"] + half["answered"] + over["answered"]
        valid("sample", sample)
    valid("plan", plan)
    said = cobench("report", folder, "--brief", "--no-plots", "--width", 200).stdout
    assert f"Take {variant}: " in said and "no intervals below 6" in said
    tables = json.loads(cobench("report", folder, "--format", "json", "--no-plots").stdout)
    (row,) = tables["servers"]
    assert (row["runtime"], row["model"], row["held"]) == (runtime, server, 20) and row["rate"] > 0
    assert [load["percent"] for load in tables["serving"]] == [None, 50, 150]


def test_a_second_client(tmp_path: Path) -> None:
    """wrk finds a rate too, which is a column; where it is missing that is said before anything runs."""
    if shutil.which("wrk") is None:
        done = cobench("serve-bench", "--results", tmp_path, *SHORT, "--wrk", "--task", "null")
        assert done.returncode == 2 and "there is no program 'wrk'" in done.stderr, done.stderr
        return
    _, samples, folder = bench(tmp_path, "--task", "null", "--runtime", "py", "--server", "threads", "--rates", 50, "--rounds", 1, "--wrk")
    assert samples[1]["serving"]["wrk_answered"] > 100 and samples[1]["serving"]["wrk_span_ns"] > 0.9e9
    valid("sample", samples[1])
    (row,) = json.loads(cobench("report", folder, "--format", "json", "--no-plots").stdout)["servers"]
    assert row["wrk_rate"] == pytest.approx(samples[1]["serving"]["wrk_answered"] / samples[1]["serving"]["wrk_span_ns"] * 1e9)


def test_hyperfine_times_no_server(tmp_path: Path) -> None:
    """It may be missing, and is then no tool of the machine."""
    (tmp_path / "bin").mkdir()
    for name in ("env", "setpriv", "sh"):
        (tmp_path / "bin" / name).symlink_to(shutil.which(name))
    done = cobench("serve-bench", "--results", tmp_path, *SHORT, "--task", "null", "--runtime", "py", "--server", "threads", "--rates", 50,
                   "--rounds", 1, PATH=str(tmp_path / "bin"))
    assert done.returncode == 0, done.stderr
    machine = json.loads((tmp_path / "latest" / "machine.json").read_text())
    assert machine["tools"] == {}
    done = cobench("run", "--resume", tmp_path / "latest", "--rounds", 2, "--no-plots", "--quiet", PATH=str(tmp_path / "bin"))
    assert done.returncode == 0, done.stderr


def test_every_answer_is_checked(tmp_path: Path) -> None:
    """A function that never gives the same twice."""
    (tmp_path / "clock.py").write_text("import time\ndef now(job): return time.monotonic_ns()\n")
    _, samples, _ = bench(tmp_path / "results", "--task", tmp_path / "clock.py:now", "--runtime", "py", "--server", "threads", "--rounds",
                          1, status=1)
    (sample,) = samples
    assert sample["status"] == "refused" and "gives another result each time" in sample["reason"], sample["reason"]


def test_a_worker_that_dies_is_named(tmp_path: Path) -> None:
    """By a function that ends its process after ten calls, and not where it is run for the reference."""
    (tmp_path / "deadly.py").write_text("import os, sys\ncalls = 0\ndef f(job):\n    global calls\n    calls += 'serve' in sys.argv\n"
                                        "    return os._exit(3) if calls > 10 else job\n")
    _, samples, _ = bench(tmp_path / "results", "--task", tmp_path / "deadly.py:f", "--runtime", "py", "--server", "asyncio", "--rounds", 1,
                          status=1)
    assert [s["status"] for s in samples] == ["ok", "failed"]
    assert "ended with status 3" in samples[1]["reason"], samples[1]["reason"]


def test_a_run_that_is_cut_off_goes_on(tmp_path: Path) -> None:
    _, samples, folder = bench(tmp_path, "--task", "null", "--runtime", "py", "--server", "asyncio", "--rates", 50, "--rounds", 1)
    done = cobench("run", "--resume", folder, "--rounds", 2, "--no-plots", "--quiet")
    assert done.returncode == 0, done.stderr
    after = [json.loads(line) for line in Path(folder, "samples.jsonl").read_text().splitlines()]
    assert after[: len(samples)] == samples and [s["round"] for s in after] == [0, 1, 2]


@pytest.mark.parametrize(("words", "said"), [
    (("--task", "null", "--server", "nosuch"), "unknown server 'nosuch' (known: "),
    (("--task", "fetch"), "a server serves tasks that compute"),
    (("--task", "null", "--rates", "0"), "rates '0': not a whole number of per cent from 1 to 1000"),
    (("--task", "null", "--behind", "apache"), "not nginx"),
    (("--task", "null", "--idle", "-1"), "not a whole number of connections from 0 to 60000")])  # fmt: skip
def test_what_is_refused(tmp_path: Path, words: tuple, said: str) -> None:
    done = cobench("serve-bench", "--results", tmp_path, *words)
    assert done.returncode == 2 and said in done.stderr, done.stderr


# -- from samples to sentences, tables and pictures ------------------------------------------------------------------------

SERVERS = {("c", "epoll"): (40_000, 3), ("c", "prefork"): (39_900, 4), ("ext", "asyncio"): (6_000, 12), ("py", "asyncio"): (3_000, 20)}


def load(percent: int, rate: float, ms: float, noise: float) -> dict:
    """A second of it."""
    offered = rate * percent / 100 if percent else 0
    answered = round((min(offered, rate) if percent else rate) * noise)
    requests = round(offered) if percent > 100 else answered
    return {"percent": percent, "gap_ns": round(1e9 / offered) if percent else 0, "requests": requests, "answered": answered,
            "timed_out": (requests - answered) // 2, "refused": requests - answered - (requests - answered) // 2,
            "span_ns": 1_000_000_000, "p50_ns": round(ms * 5e5), "p99_ns": round(ms * 1e6), "p999_ns": round(ms * 2e6),
            "server_cpu_ns": 900_000_000, "client_cpu_ns": 970_000_000 if rate > 39_950 else 400_000_000}


def make_run(folder: Path) -> None:
    """A run of eight rounds of four servers and one that is not there, all made up."""
    shutil.copytree(ROOT / "tests/data/run-small", folder)
    for name in ("events.jsonl", "jobs"):
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    plan = json.loads((folder / "plan.json").read_text()) | {"suite": "served", "rounds": 8, "command": "serve-bench"}
    plan["groups"] = [{"id": 0, "name": "fib", "task": "fib", "kind": "cpu", "asks": "nothing", "params": {"size": "20"}, "jobs": 8,
                       "workers": 100, "ideal": 1, "capacity_reason": "servers are compared with each other", "baseline": "none",
                       "serving": {"duration_s": 1, "rates": "70,120", "delay_ms": 0, "idle": 1000}}]
    names = [*SERVERS, ("py", "granian")]
    plan["cells"] = [{"id": i, "group": 0, "runtime": runtime, "model": model, "role": "model", "baseline": False, "copies": 1,
                      "start_method": "fork"} for i, (runtime, model) in enumerate(names)]
    (folder / "plan.json").write_text(json.dumps(plan))
    first = json.loads((folder / "samples.jsonl").read_text().splitlines()[0])
    lines, blank = [], {"ready_ns": 100_000_000, "workers": 2, "requests": 0, "most": 0, "refused": 0, "errors": 0, "loads": {}, "idle": {}}
    for number in range(9):
        for cell, (runtime, model) in enumerate(names):
            status = "ok" if (runtime, model) in SERVERS else "impossible"
            if status != "ok" and number > 0:
                continue
            serving = dict(blank)
            if status == "ok" and number == 0:
                serving["idle"] = {str(k): {"connections": held, "bytes": 5_000_000 + 2_000 * held * (cell + 1)}
                                   for k, held in enumerate((0, 10, 100, 1000))}
            elif status == "ok":
                rate, ms = SERVERS[runtime, model]
                noise = 1 + 0.01 * ((number * 7 + cell * 3) % 5 - 2)
                loads = [load(percent, rate, ms, noise) for percent in (0, 70, 120)]
                answered = sum(each["answered"] for each in loads)
                serving |= {"requests": answered, "most": round(answered * 0.6), "loads": {str(k): each for k, each in enumerate(loads)}}
            lines.append(first | {"pass": "timed" if number else "verify", "round": number, "order": cell, "cell": cell, "status": status,
                                  "reason": None if status == "ok" else "granian is not installed (./scripts/setup.sh servers)",
                                  "serving": serving, "spent_ns": len(lines) * 1_000_000_000} | dict.fromkeys(
                                      ("whole_ns", "work_ns", "user_ns", "system_ns", "peak_pss_bytes", "usage", "phases", "latency_ns")))
            lines[-1].pop("name", None)
    (folder / "samples.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


@pytest.mark.parametrize("form", ["terminal", "md"])
def test_report(tmp_path: Path, form: str) -> None:
    """Which to take, by how much, what it costs; the client that was the limit; the native half of a pair."""
    make_run(tmp_path / "run")
    done = cobench("report", tmp_path / "run", "--format", form, "--width", 160, "--no-plots")
    assert done.returncode == 0, done.stderr
    check_golden(f"serving.{form}", done.stdout)


def test_memory_that_shrinks_is_no_price(tmp_path: Path) -> None:
    """A server that has less memory with ten connections than with none: what one costs is not known, nor said."""
    make_run(tmp_path / "run")
    path = tmp_path / "run" / "samples.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for line in lines:
        for held, point in enumerate((line["serving"] or {}).get("idle", {}).values()):
            point["bytes"] = 5_000_000 - held
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    said = cobench("report", tmp_path / "run", "--no-plots", "--width", 160).stdout
    assert "Take c:" in said and "for each connection held" not in said and "-1 B" not in said and "1000" in said
    done = cobench("plot", tmp_path / "run", "--only", "connections", "--format", "svg")
    assert done.returncode == 0, done.stderr


def test_models_are_compared_and_servers_not(tmp_path: Path) -> None:
    """A gate of CI would pass whatever they do."""
    make_run(tmp_path / "run")
    done = cobench("compare", tmp_path / "run", tmp_path / "run", "--fail-if-slower", "5%")
    assert done.returncode == 2 and "it compares servers" in done.stderr and done.stdout == "", done.stderr


def test_pictures(tmp_path: Path) -> None:
    make_run(tmp_path / "run")
    done = cobench("plot", tmp_path / "run", "--format", "svg")
    assert done.returncode == 0, done.stderr
    drawn = {path.stem for path in (tmp_path / "run/plots").glob("*.svg")}
    assert {"throughput-fib", "connections-fib"} <= drawn
    assert all(f">{name}<" in (tmp_path / "run/plots/throughput-fib.svg").read_text() for name in ("c:epoll", "py:asyncio"))
    page = cobench("report", tmp_path / "run", "--plots", "--quiet")
    assert page.returncode == 0, page.stderr
    page = (tmp_path / "run/index.html").read_text()
    assert "the p99 of the latency over what is answered each second" in page
    assert "<h1>Which server should carry this work" in page and "hyperfine, so that" not in page
