# SPDX-License-Identifier: MIT
"""index.html in Debian's Chromium: the page of the reference run, with and without script, narrow and wide, light and dark.

Its screenshots are in build/page; look at them. The page's text is in tests/test_report.py's golden file.
"""

import json
import shutil
import time
from pathlib import Path

import pytest

import browser
import make_run
from driver import cobench
from hosts import BUILD, ROOT

REFERENCE = ROOT / "results" / "reference" / "quick"
SMALL = ROOT / "tests" / "data" / "run-small"
EVIL = "<script>alert(1)</script> & \"x\" 'y'"
MEGABYTE = 1_000_000


def report(run: Path, *args: str) -> None:
    done = cobench("report", "--quiet", *args, run)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr


@pytest.fixture(scope="module")
def chromium():
    if browser.find() is None:
        pytest.skip("chromium is not installed")
    one = browser.Browser()
    yield one
    one.close()


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """The reference run with its page and pictures made by this build."""
    folder = Path(shutil.copytree(REFERENCE, tmp_path_factory.mktemp("page") / "quick"))
    report(folder, *(["--plots"] if has_gnuplot() else ["--no-plots"]))
    return folder


@pytest.fixture
def tab(chromium, run):
    opened = []

    def open_tab(path: Path = run / "index.html", **how) -> browser.Tab:
        opened.append(browser.Tab(chromium, **how))
        opened[-1].open(path)
        return opened[-1]

    yield open_tab
    for one in opened:
        one.close()


def has_gnuplot() -> bool:
    return shutil.which("gnuplot") is not None


def check_sound(page: browser.Tab, path: Path) -> None:
    assert page.complaints() == []
    assert [url for url in page.requests() if not url.startswith("data:")] == [path.resolve().as_uri()]


@pytest.mark.parametrize("width", [375, 768, 1440])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_fits_any_screen_in_light_and_dark(tab, run, width, dark):
    page = tab(width=width, dark=dark)
    name = f"{width}-{'dark' if dark else 'light'}"
    for at in ("", "pictures", "all-numbers", "method"):
        if at:
            page.value(f"document.getElementById('{at}').scrollIntoView()")
        page.screenshot(BUILD / "page" / f"{name}{at and '-' + at}.png")
    page.value("for (const folded of document.querySelectorAll('details')) folded.open = true")
    assert page.value("[document.documentElement.scrollWidth, window.innerWidth]") == [width, width]
    if width == 1440:  # the notes, the last column, can be seen without scrolling
        assert page.value("document.querySelector('.all-numbers > div:first-of-type thead th:last-child').getBoundingClientRect().right") <= width
    if has_gnuplot():  # pictures are no white cards in the dark
        assert page.value("[...document.images].every((e) => (getComputedStyle(e).filter !== 'none') === %s)" % str(dark).lower())
    paper = page.value("getComputedStyle(document.body).backgroundColor")
    assert paper == ("rgb(21, 24, 27)" if dark else "rgb(255, 255, 255)")
    check_sound(page, run / "index.html")


CONTRAST = """
(() => {
  const parts = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const paper = (e) => { for (; e; e = e.parentElement) { const p = parts(getComputedStyle(e).backgroundColor); if (p[3] !== 0) return p; } };
  let worst = [99, ''];
  for (const e of document.querySelectorAll('body *')) {
    if (e.closest('script') || ![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) continue;
    const [a, b] = [light(parts(getComputedStyle(e).color)), light(paper(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < worst[0]) worst = [ratio, e.outerHTML.slice(0, 80)];
  }
  return worst;
})()
"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_text_stands_out(tab, dark):
    ratio, where = tab(dark=dark).value(CONTRAST)
    assert ratio >= 4.5, where


# As bench/report/format.c writes a ratio in its usual range.
def three_digits(value: float) -> str:
    decimals = 3 if value < 0.9995 else 2 if value < 9.995 else 1 if value < 99.95 else 0
    return f"{value:.{decimals}f}"


def test_text_holds_the_numbers(tab, run):
    page = tab(script=False)
    page_rows = page.value("[...document.querySelectorAll('.all-numbers > div:first-of-type tbody tr')].map((row) => [...row.cells].map((c) => c.textContent))")
    summary = json.loads((run / "summary.json").read_text())
    assert len(page_rows) == len(summary["cells"])
    ratios = 0
    columns = {4: "work_own_sync", 5: "whole_own_sync", 8: "work_py_sync", 9: "whole_py_sync"}
    signs = {"faster": "▲", "slower": "▼", "no difference shown": "="}
    for row, cell in zip(page_rows, summary["cells"], strict=True):
        assert row[0] == f"{cell['runtime']}:{cell['model']}"
        assert row[1] == cell["group"]
        for column, ratio in columns.items():
            if cell[f"{ratio}_low"] is not None and 0.1 < cell[f"{ratio}_low"]:
                low, high = three_digits(cell[f"{ratio}_low"]), three_digits(cell[f"{ratio}_high"])
                assert f"{three_digits(cell[ratio])}x [{low},{high}]" in row[column]
                assert signs.get(cell[f"{ratio}_verdict"], "") in row[column]
                ratios += 1
    assert ratios > 100
    text = page.value("document.body.textContent")
    for group in summary["groups"]:
        assert f"{group['name']}: " in text
    assert f"seed {summary['seed']}" in text and summary["machine"]["cpu_model"] in text


def test_the_answer_comes_first_then_warnings(tab, tmp_path):
    folder = Path(shutil.copytree(SMALL, tmp_path / "run"))
    report(folder, "--no-plots")
    places = tab(folder / "index.html").value("['findings', 'warnings', 'pictures', 'all-numbers', 'method', 'machine', 'again']"
                         ".map((id) => document.getElementById(id).getBoundingClientRect().top)")  # fmt: skip
    assert places == sorted(places)


COLUMN = "[...document.querySelectorAll('.all-numbers > div:first-of-type tbody tr')].map((row) => row.cells[{}].dataset.v)"
SORTED = "[...document.querySelectorAll('.all-numbers > div:first-of-type thead th')].map((head) => head.getAttribute('aria-sort'))"


def test_sorts(tab, run):
    page = tab()
    before = page.value(COLUMN.format(4))
    assert set(page.value(SORTED)) == {"none"}
    page.value("document.querySelectorAll('.all-numbers > div:first-of-type thead button')[4].click()")
    up = page.value(COLUMN.format(4))
    assert sorted(up) == sorted(before) and up != before
    known = [float(value) for value in up if value]
    assert known == sorted(known) and up[: len(known)] == [value for value in up if value]
    assert page.value(SORTED)[4] == "ascending" and set(page.value(SORTED)[:4]) == {"none"}
    page.value("document.querySelectorAll('.all-numbers > div:first-of-type thead button')[4].focus()")
    page.key("Enter", 13, "\r")
    down = [float(value) for value in page.value(COLUMN.format(4)) if value]
    assert down == known[::-1] and page.value(SORTED)[4] == "descending"
    page.value("document.querySelectorAll('.all-numbers > div:first-of-type thead button')[0].click()")
    names = page.value("[...document.querySelectorAll('.all-numbers > div:first-of-type tbody th')].map((cell) => cell.textContent)")
    assert names[0].startswith("c:") and names[-1].startswith("py:")
    check_sound(page, run / "index.html")


def test_filters(tab, run):
    page = tab()
    shown = ("[...document.querySelectorAll('.all-numbers > div:first-of-type tbody tr')].filter((row) => row.checkVisibility())"
             ".map((row) => row.cells[0].textContent)")  # fmt: skip

    def search(words: str) -> list[str]:
        page.value(f"{{ const s = document.querySelector('#filter input'); s.value = {json.dumps(words)};"
                   " s.dispatchEvent(new Event('input', {bubbles: true})); }")  # fmt: skip
        return page.value(shown)

    everything = len(page.value(shown))
    some = search("py:")
    assert some and all(name.startswith("py:") for name in some) and len(some) < everything
    assert search("py: Fetch") == [f"py:{model}" for model in ("sync", "threads", "thread-pool", "processes", "process-pool", "async")]
    assert page.value("document.querySelector('#filter output').textContent") == f"6 of {everything} rows"
    assert len(search("")) == everything
    check_sound(page, run / "index.html")


def test_reads_without_script(tab, run):
    page = tab(script=False)
    assert page.value("document.querySelector('#filter').checkVisibility()") is False
    assert page.value("document.querySelectorAll('thead button').length") == 0
    assert page.value("[...document.querySelectorAll('.all-numbers > div:first-of-type tbody tr')].every((row) => row.checkVisibility())")
    check_sound(page, run / "index.html")


def test_structure_for_screen_readers(tab):
    page = tab()
    levels = page.value("[...document.querySelectorAll('h1, h2, h3, h4')].map((h) => Number(h.tagName[1]))")
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(b <= a + 1 for a, b in zip(levels, levels[1:]))
    assert page.value("['header', 'nav', 'main', 'footer'].every((tag) => document.querySelectorAll(tag).length === 1)")
    assert page.value("[...document.querySelectorAll('table')].every((t) => t.caption && t.querySelector('thead th[scope=col]')"
                      " && t.querySelector('tbody th[scope=row]'))")  # fmt: skip
    ids = page.value("[...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids))
    assert page.value("[...document.querySelectorAll('[aria-labelledby]')].every((e) => document.getElementById(e.getAttribute('aria-labelledby')))")
    roles = [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in page.tree() if not node["ignored"]]
    images = [name for role, name in roles if role == "image"]
    if has_gnuplot():
        assert len(images) > 20 and all(len(name) > 30 for name in images)
        assert page.value("[...document.images].every((e) => e.complete && e.naturalWidth > 0)")
    page.key("Tab", 9)
    assert page.value("document.activeElement.className") == "skip"
    page.screenshot(BUILD / "page" / "skip-link.png")
    page.key("Enter", 13, "\r")
    assert page.value("document.activeElement.id") == "main"


def test_prints(tab):
    page = tab(width=718)  # as wide as A4 between its margins
    page.browser.call("Emulation.setEmulatedMedia", media="print")
    assert page.value("[...document.querySelectorAll('main *')].filter((e) => e.getBoundingClientRect().right > 719).length") == 0
    pdf = page.pdf()
    (BUILD / "page" / "print.pdf").write_bytes(pdf)
    assert pdf.startswith(b"%PDF") and len(pdf) > 50_000


def test_names_are_only_names(tab, tmp_path):
    """Whatever a run's folder holds, the page runs nothing of it and asks for nothing."""
    folder = Path(shutil.copytree(SMALL, tmp_path / "run"))
    plan = json.loads((folder / "plan.json").read_text())
    plan["suite"] = plan["groups"][0]["name"] = EVIL
    plan["groups"][0]["task"] = "</style><img src=x onerror=alert(2)>"
    plan["groups"][0]["params"] = {EVIL: "http://127.0.0.1:9/{job}\"><script>alert(3)</script>"}
    for cell in plan["cells"]:
        cell["model"] = cell["model"].replace("thread-pool", "<b onclick=alert(4)>&amp;pool")
    (folder / "plan.json").write_text(json.dumps(plan))
    machine = json.loads((folder / "machine.json").read_text())
    machine |= {"hostname": EVIL, EVIL: {EVIL: EVIL}, "git_commit": "</pre><script>alert(5)</script>"}
    (folder / "machine.json").write_text(json.dumps(machine))
    report(folder, *(["--plots"] if has_gnuplot() else ["--no-plots"]))
    page = tab(folder / "index.html")
    check_sound(page, folder / "index.html")
    assert page.value("document.querySelectorAll('script').length") == 1
    assert page.value("document.querySelectorAll('img:not([src^=\"data:image/svg+xml,\"]), b, iframe, object').length") == 0
    text = page.value("document.body.textContent")
    for name in (EVIL, "</style><img src=x onerror=alert(2)>", "<b onclick=alert(4)>&amp;pool"):
        assert name in text
    page.screenshot(BUILD / "page" / "escaped.png")


def test_size(run):
    size = (run / "index.html").stat().st_size
    print(f"index.html of the reference run: {size / MEGABYTE:.2f} MB")
    assert size < 3 * MEGABYTE


def test_a_run_of_full_size(tmp_path):
    """As large as the suite `full`: ten groups, a square of 25 variants each, ten rounds."""
    if not has_gnuplot():
        pytest.skip("gnuplot is not installed")
    folder = tmp_path / "full"
    assert make_run.main([str(folder), "--groups", "10", "--variants", "25"]) == 0
    begun = time.monotonic()
    report(folder, "--plots")
    taken = time.monotonic() - begun
    text = (folder / "index.html").read_text()
    drawn = len(list((folder / "plots").glob("*.svg")))
    print(f"full: {drawn} pictures, {text.count('<img ')} of them in index.html, {len(text.encode()) / MEGABYTE:.2f} MB, {taken:.1f} s")
    assert len(text.encode()) < 3 * MEGABYTE
    assert text.count("<img ") + text.count('.svg">in a file of its own') == drawn and text.count("<img ") > 0.75 * drawn
