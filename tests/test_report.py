# SPDX-License-Identifier: MIT
"""`cobench report` on a made-up run: the exporters against their golden files, broken folders, missing gnuplot.

`UPDATE_GOLDEN=1 pytest tests/test_report.py` writes the golden files anew; look at the difference before committing it.
"""

import csv
import fcntl
import html
import io
import json
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from pathlib import Path
from typing import Callable

import pytest

import make_run
from driver import COBENCH, GOLDEN, check_golden, cobench
from hosts import ROOT

DATA = ROOT / "tests" / "data" / "run-small"


def report(*args: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return cobench("report", *args, **environment)


def advice(run: Path) -> list[dict]:
    return json.loads(cobench("advise", run, "--json").stdout)["advice"]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DATA, tmp_path / "a run's \"folder\""))


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small run with its pictures."""
    folder = Path(shutil.copytree(DATA, tmp_path_factory.mktemp("drawn") / "run"))
    if shutil.which("gnuplot") is None:
        pytest.skip("gnuplot is not installed")
    done = report(folder, "--quiet", "--plots")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return folder


# -- golden files ---------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", ["summary.json", "summary.csv", "summary.md"])
def test_exported_file(run: Path, name: str) -> None:
    assert report(run, "--quiet", "--no-plots").returncode == 0
    check_golden(name, (run / name).read_text())


def without_assets(page: str) -> str:
    """The page without its style and script, which the run has no part in."""
    return re.sub(r"(<(style|script)>\n).*?(</\2>)", r"\1\3", page, flags=re.DOTALL)


def test_page(run: Path) -> None:
    assert report(run, "--quiet", "--no-plots").returncode == 0
    check_golden("index.html", without_assets((run / "index.html").read_text()))


def section(page: str, name: str) -> str:
    found = re.search(rf'<section [^>]*aria-labelledby="{name}">.*?</section>\n', page, flags=re.DOTALL)
    return "" if found is None else found.group()


@pytest.mark.parametrize("shape", sorted(make_run.SHAPES))
def test_page_of_what_is_no_plain_comparison(tmp_path: Path, shape: str) -> None:
    """A sweep has one sentence before those of its points, a price names the price, an open loop who kept the rate; each
    has a table of its own. What can be checked by itself is checked here, the rest is in the golden files."""
    assert make_run.main([str(tmp_path / "run"), "--shape", shape]) == 0
    assert report(tmp_path / "run", "--quiet", "--no-plots").returncode == 0
    page = (tmp_path / "run" / "index.html").read_text()
    parts = {name: section(page, name) for name in ("findings", "all-numbers")}
    titles = {"strong": "<h2>Scaling</h2>", "weak": "<h2>Scaling</h2>", "prices": "<h2>What one more costs</h2>",
              "ladder": "<h2>What handing over a job costs</h2>", "hazards": "<h2>Shared state</h2>"}
    assert {t for t in titles.values() if t in parts["all-numbers"]} == ({titles[shape]} if shape in titles else set())
    assert ('"t">open</td>' in page or "late p99" in page) == (shape == "open")
    assert "<i>" not in page and "no ratio" not in parts["findings"] and "was first" not in parts["findings"]
    check_golden(f"page-{shape}.html", "".join(parts.values()))


@pytest.mark.parametrize("width", ["80", "160"])
def test_terminal_table(run: Path, width: str) -> None:
    done = report(run, "--no-plots", "--width", width)
    assert (done.returncode, done.stderr) == (0, "")
    check_golden(f"terminal-{width}.txt", done.stdout)
    assert max(map(len, done.stdout.splitlines())) <= int(width)
    assert not re.search(r" $", done.stdout, flags=re.MULTILINE)


@pytest.mark.parametrize(("environment", "coloured"), [
    ({"TERM": "xterm"}, True), ({"TERM": "dumb"}, False), ({"TERM": ""}, False), ({"TERM": None}, False),
    ({"TERM": "xterm", "NO_COLOR": "1"}, False), ({"TERM": "xterm", "NO_COLOR": ""}, True)])
def test_colours_are_for_terminals_that_have_them(run: Path, environment: dict[str, str | None], coloured: bool) -> None:
    mine, its = os.openpty()
    env = {name: value for name, value in (os.environ | {"NO_COLOR": None} | environment).items() if value is not None}
    with subprocess.Popen([COBENCH, "report", run, "--no-plots"], env=env, stdout=its) as child:
        os.close(its)
        first = os.read(mine, 80)
        while True:
            try:
                os.read(mine, 4096)
            except OSError:  # EIO: the other end is closed
                break
        assert child.wait(60) == 0
    os.close(mine)
    assert first and (b"\x1b[" in first) == coloured


def test_the_c_locale_gets_ascii(run: Path) -> None:
    """As wide, character for character; a locale that is not installed says nothing. Files stay as they are."""
    here, there = (report(run, "--no-plots", LC_ALL=locale).stdout for locale in ("C.UTF-8", "C"))
    assert there.isascii() and there == here.translate(str.maketrans("▲▼≥·─…≈", "^v>--~~")) != here
    assert report(run, "--no-plots", LC_ALL="xx_XX.UTF-8").stdout == here
    assert report(run, "--no-plots", "--format", "md", LC_ALL="C").stdout == (run / "summary.md").read_text()
    for words in (["plot", "--format", "txt", run], ["compare", run, DATA]):
        assert cobench(*words, LC_ALL="C").stdout.isascii() and not cobench(*words, LC_ALL="C.UTF-8").stdout.isascii()


def test_asciidoc(run: Path) -> None:
    done = report(run, "--no-plots", "--format", "adoc")
    assert (done.returncode, done.stderr) == (0, "")
    check_golden("summary.adoc", done.stdout)


@pytest.mark.parametrize("name", ["cells", "checks", "scaling", "laws", "marginal_cost", "handover", "ladder"])
def test_csv_is_the_table_that_was_asked_for(run: Path, name: str) -> None:
    done = report(run, "--no-plots", "--format", "csv", "--table", name)
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert done.stdout.splitlines()[0].count(",") > 8
    assert len(rows) == len(json.loads((run / "summary.json").read_text())[name])


@pytest.mark.parametrize("name", ["cells", "checks", "scaling", "laws", "marginal_cost", "handover", "ladder"])
def test_every_key_of_a_table_is_described(run: Path, name: str) -> None:
    described = (ROOT / "docs" / "run-directory.md").read_text().split("## summary.json")[1].split("\n## ")[0]
    header = report(run, "--no-plots", "--format", "csv", "--table", name).stdout.splitlines()[0]
    for key in header.split(","):
        key = re.sub(r"_(low|high)$", "", key)
        of_ratio = re.sub(r"^\w+_sync_(?=\w)", "..._", key)
        assert f"`{key}`" in described or f"`{of_ratio}`" in described, key


@pytest.mark.parametrize("format_, name", [("md", "summary.md"), ("csv", "summary.csv"), ("json", "summary.json")])
def test_printed_format_is_the_files(run: Path, format_: str, name: str) -> None:
    done = report(run, "--no-plots", "--format", format_)
    assert done.stdout == (run / name).read_text()


def test_the_same_journal_gives_the_same_bytes(drawn: Path, tmp_path: Path) -> None:
    """Nor does it matter that a table was printed too: `make tables` and `make plots` leave the same."""
    again = Path(shutil.copytree(DATA, tmp_path / "again"))
    assert report(again, "--plots").returncode == 0
    files = [path.relative_to(drawn) for path in sorted(drawn.rglob("*")) if path.suffix not in {".svg", ".png", ""}]
    assert len(files) == 16
    for file in files:
        assert (drawn / file).read_bytes() == (again / file).read_bytes()
    assert {p.name for p in again.rglob("*")} == {p.name for p in drawn.rglob("*")}  # no temporary is left


def test_a_decimal_comma_changes_nothing(run: Path, comma_locale: dict[str, str]) -> None:
    assert report(run, "--quiet", "--no-plots", **comma_locale).returncode == 0
    assert (run / "summary.csv").read_text() == (GOLDEN / "summary.csv").read_text()


# -- what the files say ------------------------------------------------------------------------------------------------------

def test_csv_and_json_agree(run: Path) -> None:
    report(run, "--quiet", "--no-plots")
    summary = json.loads((run / "summary.json").read_text())
    rows = list(csv.DictReader(io.StringIO((run / "summary.csv").read_text())))
    assert len(rows) == len(summary["cells"])
    for row, cell in zip(rows, summary["cells"]):
        assert (row["runtime"], row["model"]) == (cell["runtime"], cell["model"])
        assert row["note"] == (cell["note"] or "")
        assert None not in row and None not in row.values()  # as many fields as columns
        assert list(row) == list(cell)
        for column, value in cell.items():
            if isinstance(value, float):
                assert float(row[column]) == pytest.approx(value, rel=1e-8)
            else:
                assert row[column] == ("" if value is None else str(value).lower() if isinstance(value, bool) else str(value))
    assert {row["break_even"] for row in rows} == {"", "from"}


def test_many_concurrent_runs_are_told_in_one_sentence(run: Path) -> None:
    (run / "events.jsonl").write_text("".join(
        json.dumps({"event": 1, "what": "neighbour", "at": 1760000000 + pid, "pid": pid, "user": "root", "from": 1760000000 + pid,
                    "until": 1760000001 + pid}) + "\n" for pid in range(80)))  # fmt: skip
    said = report(run, "--no-plots", "--width", "1000").stdout
    assert said.count("other run") == 1 and "80 other cobench runs were measuring here, the first from 08:53:20 UTC, the last until" in said
    assert len(json.loads((run / "summary.json").read_text())["concurrent_runs"]) == 80


def test_planted_speedups_come_out(run: Path) -> None:
    """The second run of py:sync, its control, is planted to take longer."""
    report(run, "--quiet", "--no-plots")
    summary = json.loads((run / "summary.json").read_text())
    for cell in summary["cells"]:
        if cell["runtime"] != "c" or cell["group"] != "count":
            continue
        planted = (6400 * 6800) ** 0.5 / {"sync": 160, "thread-pool": 86, "process-pool": 87}[cell["model"]]
        assert cell["work_py_sync_low"] <= planted * 1.01 and planted * 0.99 <= cell["work_py_sync_high"]
    refused = next(cell for cell in summary["cells"] if cell["note"] and cell["note"].startswith("refused"))
    assert refused["verified"] is False
    assert {refused[f"{time}_{base}"] for time in ("work", "whole") for base in ("own_sync", "py_sync")} == {None}


def verdicts(run: Path, *args: str) -> dict[str, str | None]:
    assert report(run, "--quiet", "--no-plots", *args).returncode == 0
    summary = json.loads((run / "summary.json").read_text())
    return {f"{cell['group']} {cell['runtime']}:{cell['model']}": cell["whole_py_sync_verdict"] for cell in summary["cells"]}


def test_verdicts(run: Path) -> None:
    """c:sync's fetch is planted 2 to 3% faster as a whole command than py:sync's."""
    said = verdicts(run)
    assert said["count c:thread-pool"] == said["fetch c:sync"] == "faster"
    assert said["count py:thread-pool"] == "unresolved"
    assert said["count py:sync"] is said["fetch c:process-pool"] is None
    wider = verdicts(run, "--margin", "2%")
    assert wider.pop("fetch c:sync") == "no difference shown"
    assert {name: verdict for name, verdict in said.items() if name != "fetch c:sync"} == wider
    assert json.loads((run / "summary.json").read_text())["margin"] == 0.02
    assert set(verdicts(run, "--margin", "90%").values()) == {"faster", "unresolved", "no difference shown", None}


def test_outliers_and_intervals_of_medians(run: Path) -> None:
    report(run, "--quiet", "--no-plots")
    before = json.loads((run / "summary.json").read_text())["cells"][0]
    journal = [json.loads(line) for line in (run / "samples.jsonl").read_text().splitlines()]
    times = sorted(line["whole_ns"] for line in journal if line["cell"] == 0 and line["round"])
    assert before["median_s_low"] == pytest.approx(times[1] / 1e9) and before["median_s_high"] == pytest.approx(times[8] / 1e9)
    number = next(i for i, line in enumerate(journal) if line["cell"] == 0 and line["round"] == 6)
    edit_sample(number + 1, whole_ns=2 * journal[number]["whole_ns"])(run)
    report(run, "--quiet", "--no-plots")
    after = json.loads((run / "summary.json").read_text())["cells"][0]
    assert before["outliers"] == "" and after["outliers"] == "6"
    assert after["rounds"] == before["rounds"] == 10


# -- pictures ------------------------------------------------------------------------------------------------------------------

def check_pictures(folder: Path, groups: list[str]) -> None:
    for group in groups:
        svg = folder / "plots" / f"speedup-{group}.svg"
        assert ElementTree.parse(svg).getroot().tag.endswith("svg")
        assert svg.with_suffix(".png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


def test_pictures_are_whole(drawn: Path) -> None:
    check_pictures(drawn, ["count", "fetch"])
    svg = (drawn / "plots" / "speedup-fetch.svg").read_text()
    for word in ("not possible", "wrong result", "too short", "ideal 50.0x"):
        assert word in svg


def fake_gnuplot(folder: Path, script: str) -> str:
    folder.mkdir()
    path = folder / "gnuplot"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return f"{folder}:/usr/bin:/bin"


@pytest.mark.parametrize("script, says", [
    ("echo 'warning: no such font' >&2; exit 0", "warning: no such font"),
    ("exit 0", "ranking-count.svg"),
    ("exit 3", "status 3"),
    ("kill -9 $$", "signal 9"),
])
def test_gnuplot_that_fails_is_an_error(run: Path, tmp_path: Path, script: str, says: str) -> None:
    done = report(run, "--quiet", "--plots", PATH=fake_gnuplot(tmp_path / "bin", script))
    assert done.returncode == 1
    assert says in done.stderr and done.stderr.count("\n") == 1
    assert (run / "summary.json").exists()
    assert not list(run.rglob("*.svg")) and not list(run.rglob(".*"))


def test_gnuplot_missing(run: Path, tmp_path: Path) -> None:
    done = report(run, "--plots", PATH=str(tmp_path))
    assert done.returncode == 77
    assert done.stderr.startswith("cobench: gnuplot is not installed") and done.stderr.count("\n") == 1
    assert "what the model buys" in done.stdout and (run / "summary.md").exists()
    done = report(run, "--quiet", PATH=str(tmp_path))  # pictures only if possible
    assert done.returncode == 0 and "gnuplot is not installed" in done.stderr
    assert report(run, "--quiet", "--no-plots", PATH=str(tmp_path)).stderr == ""


# -- the page ------------------------------------------------------------------------------------------------------------------

def test_page_has_every_picture(drawn: Path) -> None:
    page = (drawn / "index.html").read_text()
    assert page.count("<img ") == len(list((drawn / "plots").glob("*.svg"))) > 0
    page = re.sub(r' src="data:[^"]*"', "", page)
    assert "gnuplot_canvas" not in page
    ids = re.findall(r' id="([^"]*)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'(?:href="|url\()#([^")]*)', page)) <= set(ids)


def test_page_without_gnuplot(run: Path, tmp_path: Path) -> None:
    assert report(run, "--quiet", PATH=str(tmp_path)).returncode == 0
    page = (run / "index.html").read_text()
    assert "No picture was drawn" in page and "<img" not in page
    assert 'id="filter"' in page


def test_page_keeps_pictures_of_the_same_data_only(drawn: Path, tmp_path: Path) -> None:
    """A table made again must not cost the pictures; other data must."""
    run = Path(shutil.copytree(drawn, tmp_path / "run"))
    whole = (run / "index.html").read_bytes()
    assert report(run, "--quiet", "--no-plots").returncode == 0
    assert (run / "index.html").read_bytes() == whole
    edit_sample(105, whole_ns=123456789)(run)  # of c:thread-pool in the group count
    assert report(run, "--quiet", "--no-plots").returncode == 0
    page = (run / "index.html").read_text()
    assert 0 < page.count("<img ") < whole.count(b"<img ")
    assert ">not drawn: its data</a>" in page
    assert report(run, "--quiet", PATH=fake_gnuplot(tmp_path / "bin", "exit 3")).returncode == 0
    stems = {path.stem for path in (run / "plots").glob("*.svg")}
    assert 0 < len(stems) < whole.count(b"<img ")  # what was drawn from other data is gone


@pytest.mark.parametrize("picture, shown", [
    ("<svg viewBox=\"0 0 9 9\"><text>\"><script>alert(1)</script></text></svg>", True),
    ("<svg><script>alert(1)</script></svg>", False),
])
def test_page_takes_drawings_only(drawn: Path, tmp_path: Path, picture: str, shown: bool) -> None:
    """A drawing is an image and nothing else, whatever is in its file."""
    run = Path(shutil.copytree(drawn, tmp_path / "run"))
    (run / "plots" / "square-count.svg").write_text(picture)
    assert report(run, "--quiet", "--no-plots").returncode == 0
    page = (run / "index.html").read_text()
    tags: list[str] = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: tags.append(tag)  # type: ignore[method-assign]
    parser.feed(page)
    assert tags.count("script") == 1 and ("%22><script>alert(1)</script>" in page) == shown
    assert ("square-count.svg\">in a file of its own</a>" in page) != shown


CPU = make_run.group(0, "count", "cpu", jobs=8, workers=2, ideal=2)
IO = make_run.group(0, "fetch", "io", jobs=50, workers=50, ideal=50, capacity_reason="the work waits")
SYNC = [make_run.Cell(0, "py", "sync", work=500, noise=0.001), make_run.Cell(0, "c", "sync", work=500, noise=0.001)]


def cells_of(**works: float) -> list[make_run.Cell]:
    """c:MODEL with so many milliseconds of work each, beside the two syncs with 500."""
    return SYNC + [make_run.Cell(0, "c", model, work=work, noise=0.001) for model, work in works.items()]


def python_of(**works: float) -> list[make_run.Cell]:
    return [make_run.Cell(0, "py", model.replace("_", "-"), work=work, noise=0.001) for model, work in works.items()]


GAIN = r"\d+\.\d+x\??"
# Each group with what is said of it, and what `advise` makes of C (of the last runtime where there is no C): the model, whether
# it gains, the runner-up, whether that is told apart.
ANSWERS: list[tuple[dict, list[make_run.Cell], int, str, tuple[str | None, bool, str | None, bool | None]]] = [
    (IO, cells_of(threads=12, **{"async": 10.2}), 10, rf"In C take async: {GAIN} of 50\.0x possible$", ("async", True, "threads", True)),
    # no clear difference, or one under 5%: the simpler one, whichever of the medians is less
    (IO, cells_of(threads=10.2, **{"async": 10.5}), 10, rf"In C take async: {GAIN} of 50\.0x possible \(no clear difference: threads\)$",
     ("async", True, "threads", False)),
    (CPU, [*SYNC, *(make_run.Cell(0, "c", m, work=w, noise=0.03) for m, w in (("thread-pool", 249), ("processes", 249), ("threads", 251)))],
     10, rf"In C take threads: {GAIN} of 2\.00x possible, \d\.\d+x Python's sync \(no clear difference: [a-z-]+, [a-z-]+\)$", ("threads", True, None, False)),
    # nothing is shown to gain: sync, however the medians lie
    (CPU, cells_of(threads=600), 10, rf"In C stay with sync: no model is shown to be faster \(nearest: threads, {GAIN}\)\. No help: c:threads \(slower\)$",
     ("sync", False, "threads", True)),
    (CPU, cells_of(threads=250), 3, rf"In C nothing is decided, too few rounds \(nearest: threads, {GAIN}\)",
     ("sync", False, "threads", False)),
    (CPU, [make_run.Cell(0, "c", "sync", work=500), make_run.Cell(0, "c", "threads", work=495, noise=0.2)], 10,
     rf"In C stay with sync: no model is shown to be faster \(nearest: threads, {GAIN}, between {GAIN} and {GAIN}\)$",
     ("sync", False, "threads", False)),
    (CPU, [*SYNC, make_run.Cell(0, "c", "threads", work=400, noise=0.8)], 10,
     rf"In C stay with sync for now: nothing is decided, the times vary too much \(nearest: threads, {GAIN}, between", ("sync", False, "threads", False)),
    (CPU, [*SYNC, make_run.Cell(0, "c", "threads", work=400, noise=0.8, disturbed="load")], 10,
     r"In C stay with sync for now: nothing is decided, the machine was disturbed \(nearest: threads, ", ("sync", False, "threads", False)),
    (CPU, cells_of(threads=480), 10, rf"In C stay with sync: no model is shown to gain as much as 5% \(nearest: threads, {GAIN}\)$",
     ("sync", False, "threads", False)),
    # one thread computes one job at a time, so that this is chance or a mistake
    (CPU, cells_of(threads=520, **{"async": 400}), 10, rf"In C stay with sync: no model is shown to be faster \(nearest: threads, {GAIN}\)"
     r".*No help: c:async \(one thread: its gain is chance or a mistake\)", ("sync", False, "threads", False)),
    # but for a loop whose jobs are processes, which keep more than its one CPU busy
    (CPU, [*SYNC, make_run.Cell(0, "c", "async", work=300, cpu=580, noise=0.001)], 10, "In C take async: ", ("async", True, "sync", True)),
    # nor do threads under Python's lock that kept one CPU busy; with a second one, or in C, they do
    (CPU, [*SYNC[:1], *(make_run.Cell(0, "py", m, work=350, cpu=360, noise=0.001) for m in ("threads",))], 10,
     r"In Python stay with sync: .*No help: py:threads \(one computes at a time: its gain is chance or a mistake\)$", ("sync", False, "threads", False)),
    (CPU, [*SYNC[:1], make_run.Cell(0, "py", "threads", work=350, cpu=600, noise=0.001)], 10, "In Python take threads: ", ("threads", True, "sync", True)),
    (CPU, cells_of(threads=350)[1:], 10, "In C take threads: ", ("threads", True, "sync", True)),
    # the limit that was measured goes before the ideal; whole commands where the work is short
    (CPU, [make_run.Cell(0, "c", "sync", work=500), make_run.Cell(0, "c", "sync", role="capacity", copies=2, work=550),
           make_run.Cell(0, "c", "threads", work=280)], 10, rf"In C take threads: {GAIN} of 1\.8\dx possible$", ("threads", True, "sync", True)),
    (CPU, cells_of(threads=4), 10, rf"In C take threads: {GAIN} of 2\.00x possible, more than can be: look for the mistake", ("threads", True, "sync", True)),
    (CPU | {"asks": "cache"}, cells_of(threads=4), 10,
     rf"In C take threads: {GAIN} of 2\.00x possible, more than waits alone give: requests sent at once share wake-ups", ("threads", True, "sync", True)),
    # why it does not help: Python's lock where C's threads gain, one thread where there is but one
    (CPU, [*cells_of(threads=250, **{"async": 500}), *python_of(threads=510, process_pool=260, **{"async": 500})], 10,
     rf"In Python take process-pool: {GAIN} of 2\.00x possible\. .*No help: py:threads \(Python's lock: one computes at a time\); .*async.* \(one thread\)$",
     ("threads", True, "async", True)),
    (CPU, [*cells_of(threads=510), *python_of(threads=510)], 10, r"No help: (c|py):threads, (c|py):threads \(slower\)$", ("sync", False, "threads", False)),
    (CPU, [make_run.Cell(0, "c", "sync", work=500)], 10, "^In C only sync was measured$", ("sync", False, None, None)),
    (CPU, [make_run.Cell(0, "c", "sync", work=500), make_run.Cell(0, "py", "sync", work=5000)], 10,
     r"^In C only sync was measured, (9\.\d+|10\.\d)x Python's sync. In Python only sync was measured$", ("sync", False, None, None)),
    (CPU, [make_run.Cell(0, "c", "sync", status="failed", reason="it crashed"), make_run.Cell(0, "c", "threads", work=250)], 10,
     r"In C no gain can be told, as sync has no times; threads took the least", ("threads", False, None, None)),
    (CPU, [make_run.Cell(0, "c", "sync", status="failed", reason="it crashed")], 10, "^No model worked", (None, False, None, None)),
    # what the two languages do not agree on goes before all
    (CPU, [make_run.Cell(0, "c", "sync", status="refused", reason="job 5 gave 1, but 25 in py:sync; 2 more differ"),
           make_run.Cell(0, "py", "sync", status="refused", reason="job 5 gave 25, but 1 in c:sync; 2 more differ")], 10,
     "^C and Python disagree: job 5 gave 1 in C, 25 in Python$", (None, False, None, None)),
    # without C and Python the others are spoken of
    (CPU, [make_run.Cell(0, "ext", "sync", work=500), make_run.Cell(0, "ext", "threads", work=260)], 10,
     rf"^In Python that calls C take threads: {GAIN} of 2\.00x possible$", ("threads", True, "sync", True)),
]


@pytest.mark.parametrize("group, cells, rounds, says, advised", ANSWERS)
def test_answer(tmp_path: Path, group: dict, cells: list, rounds: int, says: str, advised: tuple) -> None:
    """The same sentences begin the page and what `run` prints; `advise` decides the same."""
    make_run.write(tmp_path / "run", [group], cells, rounds, 7)
    done = report(tmp_path / "run", "--brief", "--no-plots", "--width", "1000")
    assert done.returncode == 0
    said = done.stdout.split("\n- ", 1)[1].splitlines()[0]
    findings = (tmp_path / "run" / "index.html").read_text().split('<ul class="findings">')[1]
    found = re.search(r"<li><strong>(.*?)</strong>: (.*?)\.( <span|</li>)", findings)
    assert found and said == f"{group['name']}: {html.unescape(found[2])}." and found[1] == group["name"]
    assert re.search(says, said.removeprefix(f"{group['name']}: ").removesuffix(".")), said
    rows = advice(tmp_path / "run")
    row = next((r for r in rows if r["runtime"] == "c"), rows[-1])
    take, gains, runner_up, told_apart = advised
    assert (row["take"], row["gains"], row["told_apart"]) == (take, gains, told_apart)
    assert runner_up in (None, row["runner_up"]) and (row["answer"] in said or take is None)
    assert (row["gain"] is not None) == gains and (not gains or row["gain_low"] > 1.01)


def test_a_baseline_of_ones_own_is_no_ratio(tmp_path: Path) -> None:
    """Beside groups over sync, one over async says so in the row of each language, and is not measured over Python's."""
    groups = [make_run.group(0, "count", "cpu"), make_run.group(1, "loop", "cpu", baseline="async")]
    cells = [make_run.Cell(0, "c", "sync", work=500), make_run.Cell(0, "c", "async", work=400)]
    cells += [make_run.Cell(1, runtime, model, work=work) for runtime, model, work in (("c", "async", 100), ("c", "threads", 50), ("py", "async", 400))]
    make_run.write(tmp_path / "run", groups, cells, 10, 7)
    plan = json.loads((tmp_path / "run" / "plan.json").read_text())
    for cell in plan["cells"][2:]:
        cell["baseline"] = cell["model"] == "async"
    (tmp_path / "run" / "plan.json").write_text(json.dumps(plan))
    rows = report(tmp_path / "run", "--brief", "--no-plots", "--width", "1000").stdout.splitlines()
    first = next(i for i, row in enumerate(rows) if row.startswith("loop "))
    assert [row.split()[:5] for row in rows[first:first + 2]] == [["loop", "c", "baseline", "*", "2.01x"], ["py", "baseline", "-"]]


def test_a_longer_budget_is_worth_what_it_decides(tmp_path: Path) -> None:
    cells = [make_run.Cell(0, "c", "sync", work=500, noise=0.001), make_run.Cell(0, "c", "threads", work=400, noise=0.4)]
    make_run.write(tmp_path / "run", [CPU], cells, 10, 1)
    plan = json.loads((tmp_path / "run" / "plan.json").read_text())
    (tmp_path / "run" / "plan.json").write_text(json.dumps(plan | {"rounds": None, "budget_s": 20}))
    events = [{"event": 1, "what": "stopped", "group": 0, "rounds": 10, "why": "budget"}]
    (tmp_path / "run" / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    done = report(tmp_path / "run", "--brief", "--no-plots", "--width", "200")
    assert re.search(r"0 of 1 gains are within 10%; --budget \d+[sm] would make that about 1 and decide 1 of 1 that are open", done.stdout), done.stdout


def test_brief_of_the_reference_run(tmp_path: Path) -> None:
    """All of `quick` in 40 lines of 80 columns, what was wrong with a run besides."""
    run = Path(shutil.copytree(ROOT / "results" / "reference" / "quick", tmp_path / "run"))
    lines = report(run, "--brief", "--no-plots", "--width", "80").stdout.splitlines()
    assert len(lines) <= 40 and max(map(len, lines)) <= 80 and not [line for line in lines if line != line.rstrip()]
    assert sum(line.startswith("- ") for line in lines) == 6
    square = lines[next(i for i, line in enumerate(lines) if line.startswith("task ")):]
    rows = [line for line in square if re.search(r" (c|py) ", line)]
    assert len(rows) == 12 and all(row.count("* ") == 1 for row in rows)


def test_brief_bounds_what_was_wrong(tmp_path: Path) -> None:
    broken = [make_run.Cell(0, "c", f"model-{i}", status="failed", reason=f"cause {i}" + " of many" * 100) for i in range(9)]
    make_run.write(tmp_path / "run", [CPU], [*SYNC, *broken], 10, 7)
    said = report(tmp_path / "run", "--brief", "--no-plots", "--width", "80").stdout
    wrong = said[said.index("\n  failed "):]
    assert len(re.findall("^  failed ", wrong, re.MULTILINE)) == wrong.count(" ...\n") == 4
    assert wrong.endswith("\n  and        5 more, by cobench report\n") and len(wrong.splitlines()) <= 4 * 4 + 2
    whole = report(tmp_path / "run", "--no-plots", "--width", "80").stdout
    assert len(re.findall("^  failed ", whole, re.MULTILINE)) == 9 and " ...\n" not in whole


def test_a_lock_is_called_pythons_only_where_c_shows_it(tmp_path: Path) -> None:
    run = Path(shutil.copytree(ROOT / "results" / "reference" / "gil", tmp_path / "run"))
    assert "No help: py:threads (take turns: a lock, such as Python's)." in report(run, "--brief", "--no-plots", "--width", "200").stdout


def test_a_table_that_goes_on_below_says_again_what_its_rows_are(tmp_path: Path) -> None:
    models = [f"process-pool+value-{i}" for i in range(6)]
    make_run.write(tmp_path / "run", [CPU], [make_run.Cell(0, runtime, m, work=500) for runtime in ("c", "py") for m in ("sync", *models)], 10, 7)
    lines = report(tmp_path / "run", "--brief", "--no-plots", "--width", "80").stdout.splitlines()
    titles = [i for i, line in enumerate(lines) if line.startswith("task ")]
    assert len(titles) > 1 and all(lines[i].split()[:2] == ["task", "in"] for i in titles)
    assert all(line.split()[0 if row else 1] == runtime for i in titles for row, (line, runtime) in enumerate(zip(lines[i + 1 :], ("c", "py"))))


def test_brief_cuts_a_long_name_and_keeps_the_square_whole(tmp_path: Path) -> None:
    models = dict.fromkeys(("threads", "thread_pool", "processes", "process_pool", "async"), 250)
    make_run.write(tmp_path / "run", [CPU | {"name": "what_the_total_price_is (2 workers)"}], python_of(sync=500, **models), 10, 7)
    lines = report(tmp_path / "run", "--brief", "--no-plots", "--width", "80").stdout.splitlines()
    assert sum(line.startswith("task ") for line in lines) == 1 and max(map(len, lines)) <= 80
    assert sum(line.startswith("what_the_t… (2 workers) py ") for line in lines) == 1


def test_one_failure_of_several_is_told_once(tmp_path: Path) -> None:
    """Whichever job met it first; of what is run beside the models only what failed alone is named as such."""
    cells = [make_run.Cell(0, "c", "sync", status="failed", reason="job 1: KeyError (7 more jobs failed)"),
             make_run.Cell(0, "c", "sync", role="control", status="failed", reason="job 1: KeyError (7 more jobs failed)"),
             make_run.Cell(0, "c", "threads", status="failed", reason="job 13: KeyError (2 more jobs failed)"),
             make_run.Cell(0, "c", "async", status="failed", reason="job 1: ValueError 3"),
             make_run.Cell(0, "c", "async", role="control", status="failed", reason="job 1: ValueError 4")]  # fmt: skip
    make_run.write(tmp_path / "run", [CPU], cells, 10, 1)
    lines = report(tmp_path / "run", "--brief", "--no-plots", "--width", "200").stdout.splitlines()
    assert [line.split(None, 1)[1] for line in lines if line.startswith("  failed ")] == [
        "count: c:sync, c:threads: job 1: KeyError (7 more jobs failed)", "count: c:async: job 1: ValueError 3",
        "count: c:async (A/A control): job 1: ValueError 4"]


def test_brief_says_what_was_wrong(run: Path) -> None:
    said = report(run, "--brief", "--no-plots").stdout
    for word in ("control", "failed", "not here", "disturbed"):
        assert re.search(rf"^  {word} ", said, flags=re.MULTILINE), word
    assert "How to read it" not in said and "work / own sync" not in said


def test_advice(run: Path) -> None:
    """Golden, for people; the numbers behind it are those of the table."""
    assert report(run, "--quiet", "--no-plots").returncode == 0
    done = cobench("advise", run, "--width", "80")
    assert (done.returncode, done.stderr) == (0, "") and max(map(len, done.stdout.splitlines())) <= 80
    check_golden("advice.txt", done.stdout)
    row = advice(run)[0]
    cells = {(c["runtime"], c["model"]): c for c in json.loads((run / "summary.json").read_text())["cells"] if c["group"] == "count"}
    sync, take = cells["c", "sync"], cells["c", row["take"]]
    assert row["memory_per_worker_bytes"] == (take["peak_pss_bytes"] - sync["peak_pss_bytes"]) / take["workers"]
    assert row["start_up_s"] == pytest.approx(take["median_s"] - take["work_s"]) and row["pays_from_jobs"] == take["break_even_jobs"]
    assert row["gain"] == pytest.approx(take["work_own_sync"])


def test_hazards_are_named_and_never_taken(tmp_path: Path) -> None:
    """What lost updates, what could have and what stood still is neither taken nor a runner-up, however fast; the same work under
    a lock is. A gain is held against the critical path where that allows less than the machine."""
    assert make_run.main([str(tmp_path / "run"), "--shape", "hazards"]) == 0
    done = report(tmp_path / "run", "--no-plots", "--width", "160")
    assert (done.returncode, done.stderr) == (0, "")
    said = done.stdout
    for words in ("Never to be taken, as they lost changes: c:thread-pool (12,345 of 2,000,000), c:process-pool (12,345 of 2,000,000).",
                  "Lost none this time, which proves nothing: py:thread-pool, py:process-pool.",
                  "12345 of 2000000 changes are lost, and the total is 17 too high", "11 of 11"):
        assert " ".join(words.split()) in " ".join(said.split()), words
    flat = " ".join(said.split())
    assert "Deadlock: c:thread-pool: 2 of 2 workers wait for jobs 8 to 9" in flat
    assert "of 1.50x that the jobs' needs of each other allow" in flat and "work / critical path c:sync 1.50x" in flat
    assert "hazard nested: c:async: job 3 kept the loop for 5 ms, shop.py:7" in flat
    assert flat.count(" hazard ") == 1  # what is why a cell failed is told as that
    rows = {(row["group"], row["runtime"]): row for row in advice(tmp_path / "run")}
    assert {group: rows[group, "c"]["take"] for group, _ in rows} == {
        "bank-none": "sync", "bank-one": "thread-pool", "bank-ordered": "thread-pool", "nested": "thread-pool+help"}
    assert rows["bank-none", "py"]["take"] == "sync" and rows["bank-none", "c"]["runner_up"] is None
    assert "lost 12,345 of 2,000,000" in rows["bank-none", "c"]["never"] and "proves nothing" in rows["bank-none", "py"]["never"]
    assert rows["nested", "c"]["parallelism"] == rows["nested", "c"]["possible"] == 1.5
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    shared = {(row["group"], row["runtime"], row["model"]): row for row in summary["shared_state"]}
    assert {row["verdict"] for (_, _, model), row in shared.items() if model == "sync"} == {"sound"}
    lost, one = shared["bank-none", "c", "thread-pool"], shared["bank-one", "c", "thread-pool"]
    assert (lost["wrong"], lost["of"], lost["runs"], lost["runs_wrong"], lost["guard"]) == (12345, 2000000, 11, 11, "none")
    assert one["over_unguarded"] == pytest.approx(one["change_rate"] / lost["change_rate"]) and one["lock_wait_share"] == pytest.approx(1 / 4)
    assert [row["note"] for row in summary["cells"] if row["model"] == "thread-pool" and row["group"] == "nested"][0].startswith("deadlock: 2 of 2")


def test_advice_knows_the_ladder_beside_it(tmp_path: Path) -> None:
    """Of the same machine, the newest; of a run that is a ladder itself its own."""
    for name in ("1-host-ladder", "2-host-ladder"):
        assert make_run.main([str(tmp_path / name), "--shape", "ladder"]) == 0
    plan = json.loads((tmp_path / "2-host-ladder" / "plan.json").read_text()) | {"created": "2027-01-01T00:00:00Z"}
    (tmp_path / "2-host-ladder" / "plan.json").write_text(json.dumps(plan))
    groups = [make_run.group(0, "count", "cpu", jobs=5000)]
    make_run.write(tmp_path / "mine", groups, cells_of(**{"thread-pool": 300}), 10, 42)
    said = " ".join(cobench("advise", tmp_path / "mine", "--width", 200).stdout.split())
    row = advice(tmp_path / "mine")[1]
    assert (row["runtime"], row["take"]) == ("c", "thread-pool")
    assert row["job_reaches_s"] == pytest.approx(9 * 20e-6, rel=0.2) and row["job_s"] < row["job_reaches_s"]
    assert "handing shorter ones over by thread-pool leaves less than 90% of what is possible (ladder of 2027-01-01)" in said
    assert [r for r in advice(tmp_path / "1-host-ladder") if r["job_reaches_s"] is not None]
    machine = tmp_path / "2-host-ladder" / "machine.json"
    machine.write_text(machine.read_text().replace("Example CPU", "another CPU"))
    assert advice(tmp_path / "mine")[1]["job_reaches_s"] is None


def fake_program(folder: Path, name: str, script: str) -> str:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_open(run: Path, tmp_path: Path) -> None:
    """By $BROWSER; where that fails the path is printed."""
    said = tmp_path / "said"
    browser = fake_program(tmp_path / "bin", "browser", f'printf "%s\\n" "$@" >"{said}"')
    args = ("--quiet", "--no-plots", "--open")
    done = report(run, *args, BROWSER=browser)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert said.read_text() == f"{run.resolve()}/index.html\n"
    failing = fake_program(tmp_path / "bin", "failing", "exit 3")
    for command in (failing, str(tmp_path / "nowhere")):
        done = report(run, *args, BROWSER=command)
        assert (done.returncode, done.stdout, done.stderr) == (0, f"{run}/index.html\n", "")
    done = report(run, *args, BROWSER="", PATH=str(tmp_path))  # no xdg-open
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{run}/index.html\n", "")


# -- bad folders ----------------------------------------------------------------------------------------------------------------

def edit_plan(change: Callable[[dict], object]) -> Callable[[Path], None]:
    def apply(run: Path) -> None:
        plan = json.loads((run / "plan.json").read_text())
        change(plan)
        (run / "plan.json").write_text(json.dumps(plan))
    return apply


def edit_sample(number: int, **changes: object) -> Callable[[Path], None]:
    def apply(run: Path) -> None:
        lines = (run / "samples.jsonl").read_text().splitlines()
        lines[number - 1] = json.dumps(json.loads(lines[number - 1]) | changes)
        (run / "samples.jsonl").write_text("\n".join(lines) + "\n")
    return apply


def put(name: str, text: str) -> Callable[[Path], None]:
    return lambda run: (run / name).write_text(text) and None


def pipe(name: str) -> Callable[[Path], None]:
    def apply(run: Path) -> None:
        (run / name).unlink(missing_ok=True)
        os.mkfifo(run / name)
    return apply


@pytest.mark.parametrize("spoil, says", [
    (lambda run: (run / "plan.json").unlink(), "a folder with plan.json is expected"),
    (lambda run: (run / "machine.json").unlink(), "machine.json: No such file"),
    (lambda run: (run / "samples.jsonl").unlink(), "samples.jsonl: No such file"),
    (put("plan.json", "{"), "plan.json line 1"),
    (put("plan.json", "[]"), "not an object"),
    (put("machine.json", ""), "machine.json line"),
    (edit_plan(lambda p: p.update(plan=2)), "a version of the plan that this cobench does not know"),
    (edit_plan(lambda p: p.pop("groups")), '"groups" or "cells" is missing'),
    (edit_plan(lambda p: p.update(margin=-1)), '"margin" is missing or not a number from 0 to 0.9'),
    (edit_plan(lambda p: p["cells"][0].update(group=7)), "a cell's group is out of range"),
    (edit_plan(lambda p: p["cells"][0].update(role="king")), "a cell's role is neither model, control nor capacity"),
    (edit_plan(lambda p: p["groups"][0]["params"].update(size=3)), 'the parameter "size" is not a text'),
    (edit_sample(3, sample=9), "samples.jsonl line 3: a version of the sample"),
    (edit_sample(3, cell=99), 'samples.jsonl line 3: "cell" is missing or not the number of a cell'),
    (edit_sample(3, cell="x"), "samples.jsonl line 3"),
    (edit_sample(3, status="fine"), 'samples.jsonl line 3: "status"'),
    (edit_sample(3, round=-1), 'samples.jsonl line 3: "round"'),
    (edit_sample(3, order=1 << 40), 'samples.jsonl line 3: "order"'),
    (edit_sample(30, round=99), 'samples.jsonl line 30: "round" is missing or not one that the plan has'),
    (edit_sample(30, round=0), 'samples.jsonl line 30: "round" is missing or not one that the plan has'),
    (edit_sample(3, round=1), 'samples.jsonl line 3: "round" is missing or not one that the plan has'),
    (edit_sample(3, cell=1), "samples.jsonl line 3: its cell has a sample of that round already, or of a later one"),
    (lambda run: (run / "samples.jsonl").write_text(2 * (run / "samples.jsonl").read_text()), "its cell has a sample of that round"),
    (edit_sample(30, work_ns=-1), 'samples.jsonl line 30: "work_ns" is below 0'),
    (edit_sample(30, phases={"start": 1, "ready": -5, "work": 3, "end": 4}), 'samples.jsonl line 30: "ready" is below 0'),
    (edit_sample(3, name="fetch py:sync"), "samples.jsonl line 3: it is of 'fetch py:sync', and the plan's cell 2 is 'count c:sync (capacity)'"),
    (pipe("samples.jsonl"), "samples.jsonl: not a regular file"),
    (pipe("machine.json"), "machine.json: not a regular file"),
    (pipe("events.jsonl"), "events.jsonl: not a regular file"),
    (pipe("plan.json"), "a folder with plan.json is expected"),
    (put("samples.jsonl", "{}\nnonsense\n"), "samples.jsonl line 1"),
    (put("samples.jsonl", "nonsense\n"), "samples.jsonl line 1"),
])
def test_broken_folder_is_one_line(run: Path, spoil: Callable[[Path], None], says: str) -> None:
    spoil(run)
    done = report(run, "--no-plots")
    assert done.returncode == 2
    assert says in done.stderr and done.stderr.count("\n") == 1
    assert done.stdout == "" and not (run / "summary.json").exists()


def test_no_run(tmp_path: Path) -> None:
    done = report(tmp_path / "nowhere")
    assert done.returncode == 2
    assert done.stderr == f"cobench: no run at {tmp_path / 'nowhere'}, nor in {ROOT}/results (a folder with plan.json is expected)\n"
    assert report(tmp_path).returncode == 2


def test_default_is_the_latest_run(run: Path, tmp_path: Path) -> None:
    (tmp_path / "py_impl").mkdir()
    (tmp_path / "results").mkdir()
    done = report("--no-plots", COBENCH_ROOT=str(tmp_path))
    assert done.returncode == 2 and "there is no run yet" in done.stderr
    (tmp_path / "results" / "latest").symlink_to(run)
    done = report("--no-plots", COBENCH_ROOT=str(tmp_path))
    assert done.returncode == 0 and done.stdout.startswith("made-up:")


def test_the_heading_names_the_server_that_was_asked(run: Path) -> None:
    assert "asking" not in report(run, "--no-plots").stdout
    edit_plan(lambda p: p.update(url="http://127.0.0.1:8080/a_b"))(run)
    assert " asking http://127.0.0.1:8080/a_b " in " ".join(report(run, "--no-plots").stdout.split())
    assert "asking http://127.0.0.1:8080/a\\_b ·" in (run / "summary.md").read_text()


@pytest.mark.parametrize("url, check, said", [
    (None, "auto", "size=1024 delay=150 check=auto"), ("http://a/{job}?size={size}&delay={delay}", "auto", "size=1024 delay=150 check=auto"),
    ("http://a/", "auto", "check=auto"), ("http://a/?d={delay}", "status", "delay=150 check=status"),
    ("http://a/", "length", "size=1024 check=length")])
def test_parameters_that_the_url_does_not_use_are_left_out(run: Path, url: str | None, check: str, said: str) -> None:
    def change(plan: dict) -> None:
        plan["url"] = url
        plan["groups"][1]["params"] = {"size": "1024", "delay": "150", "check": check}
    edit_plan(change)(run)
    assert f"fetch · io · {said} · 50 jobs on 50 workers" in " ".join(report(run, "--no-plots").stdout.split())
    assert {row["params"] for row in csv.DictReader((run / "summary.csv").open()) if row["task"] == "fetch"} == {said}
    assert f" · {said} · 50 jobs" in (run / "index.html").read_text()


@pytest.mark.parametrize("count", [1, 2])
def test_where_no_model_worked_it_is_said_once(tmp_path: Path, count: int) -> None:
    failed = [make_run.Cell(g, r, "sync", status="failed", reason="it crashed") for g in range(count) for r in ("c", "py")]
    make_run.write(tmp_path / "run", [CPU, IO | {"id": 1}][:count], failed, 1, 7)
    assert report(tmp_path / "run", "--quiet").returncode == 0
    page, summary = ((tmp_path / "run" / name).read_text() for name in ("index.html", "summary.md"))
    said = report(tmp_path / "run", "--brief").stdout
    assert [text.count("No model worked") for text in (page, summary, said)] == [1, 1, 1]
    assert not re.search("shown to gain|gnuplot was|#pictures", page) and "task" not in said.split("No model worked")[1]


def test_a_line_cut_short_is_ignored(run: Path) -> None:
    journal = (run / "samples.jsonl").read_text()
    report(run, "--quiet", "--no-plots")
    whole = (run / "summary.json").read_bytes()
    (run / "samples.jsonl").write_text(journal + journal.splitlines()[-1][:50])
    assert report(run, "--quiet", "--no-plots").returncode == 0
    assert (run / "summary.json").read_bytes() == whole


def test_an_interrupted_run_says_so(run: Path) -> None:
    journal = (run / "samples.jsonl").read_text().splitlines(keepends=True)
    (run / "samples.jsonl").write_text("".join(journal[:60]))
    done = report(run, "--no-plots")
    assert done.returncode == 0
    assert "cut off" in done.stdout
    assert json.loads((run / "summary.json").read_text())["interrupted"] is True


@pytest.mark.parametrize("kept", [0, 1, 10])
def test_a_run_without_rounds_has_a_table(run: Path, kept: int) -> None:
    journal = (run / "samples.jsonl").read_text().splitlines(keepends=True)
    (run / "samples.jsonl").write_text("".join(journal[:kept]))
    done = report(run)
    assert (done.returncode, done.stderr) == (0, "")
    assert "not run" in done.stdout


def test_nothing_is_half_written_where_there_is_no_space(run: Path) -> None:
    """A folder in the place of a file stands for a disk that does not take it; root may write anywhere."""
    (run / "summary.json").mkdir()
    done = report(run, "--quiet", "--no-plots")
    assert done.returncode == 1
    assert f"cannot write {run}/summary.json" in done.stderr and done.stderr.count("\n") == 1
    assert "; not made again: summary.json, index.html\n" in done.stderr
    assert not list(run.glob(".*"))
    (run / "summary.md").unlink()
    (run / "summary.md").mkdir()
    done = report(run)
    assert done.returncode == 1 and "what the model buys" in done.stdout
    assert done.stderr.endswith("; not made again: summary.md, summary.csv, summary.json, index.html, plots/ (what is printed is new)\n")
    done = subprocess.run([COBENCH, "report", run, "--no-plots"], stdout=Path("/dev/full").open("w"), timeout=60,
                          stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1 and "cannot write to standard output" in done.stderr


def test_one_at_a_time_makes_the_files(run: Path) -> None:
    with open(run / "plan.json", "rb") as plan:
        fcntl.flock(plan, fcntl.LOCK_EX)
        waits = subprocess.Popen([COBENCH, "report", "--no-plots", "--quiet", run], env=os.environ | {"COBENCH_ROOT": str(ROOT)})
        with pytest.raises(subprocess.TimeoutExpired):
            waits.wait(timeout=1)
        assert not (run / "summary.json").exists()
    assert waits.wait(timeout=60) == 0
    assert (run / "summary.json").exists() and not list(run.glob(".*.new"))


@pytest.mark.parametrize("args, says", [
    (["--format", "xml"], "none of terminal, md, adoc, csv and json"),
    (["--format", "csv", "--table", "nosuch"], "none of cells, checks, shared_state, scaling, laws, marginal_cost, handover, ladder, servers, serving and native"),
    (["--width", "79"], "not a whole number from 80 to 1000"),
    (["--width", "80x"], "not a whole number from 80 to 1000"),
    (["--margin", "2"], "not a percentage from 0% to 90%"),
    (["--margin", "95%"], "not a percentage from 0% to 90%"),
    (["one", "two"], "one too many"),
    (["--nonsense"], "unrecognized option"),
])
def test_usage(args: list[str], says: str) -> None:
    done = report(*args)
    assert done.returncode == 2 and says in done.stderr and done.stdout == ""


def test_names_do_not_reach_the_terminal_raw(run: Path) -> None:
    edit_plan(lambda p: p["groups"][0].update(name="a\x1b[2Jb|<i>", params={"size": "\x1b]0;x\x07"}))(run)
    done = report(run)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout and "\x07" not in done.stdout
    markdown = (run / "summary.md").read_text()
    assert "\x1b" not in markdown and "&lt;i>" in markdown
    if shutil.which("gnuplot"):
        check_pictures(run, ["a__2Jb__i_-0"])
