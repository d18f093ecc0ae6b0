# SPDX-License-Identifier: MIT
"""The pictures: their data against golden files, every drawing whole, and `cobench plot`.

`UPDATE_GOLDEN=1 pytest tests/test_plot.py` writes the golden files anew; look at the difference before committing it.
"""

import json
import os
import re
import shutil
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

import make_run
from driver import check_golden, cobench
from hosts import ROOT

SMALL = ROOT / "tests" / "data" / "run-small"
KINDS = ("ranking", "speedup", "square", "phases", "scaling", "claims")
needs_gnuplot = pytest.mark.skipif(shutil.which("gnuplot") is None, reason="gnuplot is not installed")


def plot(*args, **environment):
    return cobench("plot", *args, **environment)


def jobs_of(folder: Path) -> Path:
    """Adds the jobs of every sample: six of them, two at a time, each a third of the work long."""
    plan = json.loads((folder / "plan.json").read_text())
    (folder / "jobs").mkdir()
    for line in map(json.loads, (folder / "samples.jsonl").read_text().splitlines()):
        if line["pass"] != "timed" or line["status"] != "ok" or plan["cells"][line["cell"]]["role"] != "model":
            continue
        third = line["work_ns"] / 3000
        rows = [f"{j},{j % 2},,{j // 2 * third:.1f},{(j // 2 + 1) * third * (1 - 0.01 * j):.1f}\n" for j in range(6)]
        (folder / "jobs" / f"{line['cell']}-{line['round']}.csv").write_text("# jobs 6 every 1\n" + "".join(rows))
    return folder


def claims_run(folder: Path) -> Path:
    """run-small with the cells that some of the published claims ask for."""
    shutil.copytree(SMALL, folder)
    plan = json.loads((folder / "plan.json").read_text())
    plan["claims"] = "published"
    plan["groups"][1]["name"] = "words"
    (folder / "plan.json").write_text(json.dumps(plan).replace('"c"', '"ext"'))
    return folder


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    base = tmp_path_factory.mktemp("plots")
    small = Path(shutil.copytree(SMALL, base / "a run's \"folder\""))
    jobs_of(small)
    assert make_run.main([str(base / "sweep"), "--shape", "strong"]) == 0
    assert make_run.main([str(base / "ladder"), "--shape", "ladder"]) == 0
    assert make_run.main([str(base / "hazards"), "--shape", "hazards"]) == 0
    return {"small": small, "sweep": base / "sweep", "claims": claims_run(base / "claims"), "ladder": base / "ladder",
            "hazards": base / "hazards"}


@pytest.fixture(scope="module")
def drawn(runs):
    if shutil.which("gnuplot") is None:
        pytest.skip("gnuplot is not installed")
    for run in runs.values():
        done = plot(run, "--format", "svg,png")
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return runs


def pictures(run: Path) -> list[Path]:
    return sorted((run / "plots").glob("*.dat"))


def check_whole(run: Path, formats=("svg", "png")) -> None:
    assert not [path for path in (run / "plots").iterdir() if path.name.startswith(".")]
    for data in pictures(run):
        for kind in formats:
            picture = data.with_suffix("." + kind)
            if kind == "svg":
                assert ElementTree.parse(picture).getroot().tag.endswith("svg")
            assert picture.stat().st_size > 500, picture


@pytest.mark.parametrize("name, kind", [("small", k) for k in ("ranking", "speedup", "square", "timeline", "phases", "latency")] +
                         [("sweep", "scaling"), ("sweep", "memory"), ("claims", "claims"), ("ladder", "ladder"),
                          ("hazards", "updates")])  # fmt: skip
def test_data_files(drawn, name, kind):
    found = [path for path in pictures(drawn[name]) if path.name.startswith(kind)]
    assert found
    for path in found:
        check_golden(f"plots/{path.name}", path.read_text())


@pytest.mark.parametrize("name", ["small", "sweep", "claims", "ladder", "hazards"])
def test_every_picture_is_whole(drawn, name):
    check_whole(drawn[name])


def test_svgs_hold_the_words(drawn):
    square = (drawn["small"] / "plots" / "square-count.svg").read_text()
    for word in ("thread-pool", "process-pool", "what the model buys", "1.85x"):
        assert word in square, word
    scaling = (drawn["sweep"] / "plots" / "scaling-count.svg").read_text()
    for word in ("more workers than CPUs", "ideal", "c:thread-pool  Amdahl", "USL 0.1"):
        assert word in scaling, word
    texts = re.findall(r"<text>(?:<[^>]*>)*([^<]*)<", scaling)
    assert [text.strip() for text in texts if text.strip().isdigit()] == ["1", "2", "4", "8"]  # as measured
    claims = (drawn["claims"] / "plots" / "claims.svg").read_text()
    for word in ("cannot be", "not measured", "word count: native, sequential"):
        assert word in claims, word
    phases = (drawn["small"] / "plots" / "phases-count.svg").read_text()
    assert phases.count("100%") == 1  # all runtimes have one axis
    updates = (drawn["hazards"] / "plots" / "updates-bank.svg").read_text()
    for word in ("ordered", "lost none this time, which proves nothing", "c:process-pool", "lost none", "10%", "thread-pool"):
        assert word in updates, word
    speedup = (drawn["small"] / "plots" / "speedup-count.svg").read_text()
    assert re.search(r"<text>(<[^>]*>)*c<", speedup) and re.search(r"<text>(<[^>]*>)*py<", speedup)


def test_latency_is_that_of_the_table(drawn):
    """Medians of all rounds, and no percentile that so few jobs do not have."""
    assert cobench("report", drawn["small"], "--quiet", "--no-plots").returncode == 0
    summary = json.loads((drawn["small"] / "summary.json").read_text())
    rows = re.findall(r'^\d+ \d+ (\S+) [^"]*"([^"]*)"', (drawn["small"] / "plots" / "latency-fetch.dat").read_text(), re.MULTILINE)
    shown = {name: float(p50) for p50, name in rows if p50 != "NaN"}
    table = {f"{cell['runtime']}:{cell['model']}": cell for cell in summary["cells"] if cell["group"] == "fetch"}
    assert len(shown) > 3
    for name, p50 in shown.items():
        assert p50 == pytest.approx(1e3 * table[name]["latency_p50_s"], rel=1e-4)
    svg = (drawn["small"] / "plots" / "latency-fetch.svg").read_text()
    assert "p90" in svg and "p99" not in svg  # of 50 jobs


@needs_gnuplot
def test_text_is_as_wide_as_the_terminal(tmp_path):
    run = Path(shutil.copytree(SMALL, tmp_path / "run"))
    for columns in (90, 150):
        done = plot(run, "--only", "speedup", "--format", "txt", COLUMNS=str(columns))
        drawing = (run / "plots" / "speedup-count.txt").read_text()
        assert done.returncode == 0 and columns - 20 < max(len(line) for line in drawing.splitlines()) <= columns
        assert max(len(line) for line in done.stdout.splitlines()) <= columns


def test_the_same_journal_gives_the_same_data(drawn, tmp_path):
    again = Path(shutil.copytree(drawn["small"], tmp_path / "again"))
    shutil.rmtree(again / "plots")
    assert plot(again, "--format", "svg").returncode == 0
    for data in pictures(drawn["small"]):
        assert (again / "plots" / data.name).read_bytes() == data.read_bytes()


@needs_gnuplot
@pytest.mark.parametrize("kind", KINDS[:3])
def test_only_one_kind(runs, tmp_path, kind):
    run = Path(shutil.copytree(SMALL, tmp_path / "run"))
    done = plot(run, "--only", kind, "--format", "svg")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{run}/plots\n", "")
    assert {path.name.split("-")[0] for path in (run / "plots").iterdir()} == {kind}


@needs_gnuplot
def test_formats(runs, tmp_path):
    run = Path(shutil.copytree(SMALL, tmp_path / "run"))
    done = plot(run, "--format", "pdf,txt")
    assert (done.returncode, done.stderr) == (0, "")
    assert (run / "plots" / "square-count.pdf").read_bytes().startswith(b"%PDF")
    assert "square: count: a tile for each of 2 runtimes" in done.stdout and "what the model buys" in done.stdout
    assert not list((run / "plots").glob("*.svg"))


@needs_gnuplot
@pytest.mark.parametrize("variants", [1, 2, 13, 100, 400])
def test_pictures_of_any_size(tmp_path, variants):
    assert make_run.main([str(tmp_path / "run"), "--variants", str(variants)]) == 0
    done = plot(tmp_path / "run", "--format", "svg,png")
    assert (done.returncode, done.stderr) == (0, "")
    check_whole(tmp_path / "run")


def test_one_round_is_kept(tmp_path):
    """Of each cell that with the median time, and a file that is broken costs its cell's picture only."""
    run = jobs_of(Path(shutil.copytree(SMALL, tmp_path / "run")))
    journal = [json.loads(line) for line in (run / "samples.jsonl").read_text().splitlines()]
    times = sorted((line["whole_ns"], line["round"]) for line in journal if line["cell"] == 0 and line["pass"] == "timed")
    assert cobench("report", run, "--quiet", "--no-plots").returncode == 0
    kept = sorted(path.name for path in (run / "jobs").glob("0-*.csv"))
    assert kept == [f"0-{times[(len(times) - 1) // 2][1]}.csv"]
    (run / "jobs" / kept[0]).write_text("# jobs 6 every 1\n0,0,,1.0,2.0\n1,0,,")
    done = plot(run, "--only", "timeline", "--format", "svg")
    if shutil.which("gnuplot") is not None:
        assert (done.returncode, done.stderr) == (0, "")
    assert "jobs" in (run / "plots" / "timeline-count-c.dat").read_text()


def test_wrong_arguments(tmp_path):
    for args, said in ((("--only", "nix"), "ranking, speedup, square"), (("--format", "jpg"), "none of svg, png, pdf and txt"),
                       ((tmp_path / "nowhere",), "no run at"), ((SMALL, "--only", "claims"), "nothing for a picture of claims")):
        done = plot(*args)
        assert done.returncode == 2 and said in done.stderr and done.stderr.count("\n") == 1


def test_gnuplot_missing(runs, tmp_path):
    run = Path(shutil.copytree(SMALL, tmp_path / "run"))
    done = plot(run, PATH=str(tmp_path))
    assert done.returncode == 77 and done.stderr.startswith("cobench: gnuplot is not installed")
    assert (run / "plots" / "square-count.dat").exists()


def fake_gnuplot(folder: Path, script: str) -> str:
    folder.mkdir()
    (folder / "gnuplot").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "gnuplot").chmod(0o755)
    return f"{folder}:/usr/bin:/bin"


def test_gnuplot_that_cannot_start_is_not_called_missing(tmp_path):
    run = Path(shutil.copytree(SMALL, tmp_path / "run"))
    for number, (script, says) in enumerate((("echo libwx.so: cannot map >&2; exit 127", "libwx.so: cannot map"),
                                             ("exit 126", "ended with status 126"),
                                             ("exit 127", "ended with status 127"))):
        done = plot(run, PATH=fake_gnuplot(tmp_path / str(number), script))
        assert done.returncode == 1 and says in done.stderr and done.stderr.count("\n") == 1


def is_gone(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_gnuplot_that_hangs_costs_one_timeout(tmp_path):
    """The alarm that ends it after a minute comes at once here; no other is started after it, and its child ends with it."""
    run = Path(shutil.copytree(SMALL, tmp_path / "run"))
    script = f"sleep 1000 & echo $! >> {tmp_path}/children; kill -ALRM $$; wait"
    done = plot(run, PATH=fake_gnuplot(tmp_path / "bin", script))
    assert done.returncode == 1 and "not done after a minute" in done.stderr and done.stderr.count("\n") == 1
    children = (tmp_path / "children").read_text().split()
    assert len(children) <= os.cpu_count() < len(pictures(run)) * 2
    until = time.monotonic() + 10
    while not all(map(is_gone, children)):
        assert time.monotonic() < until
        time.sleep(0.01)
