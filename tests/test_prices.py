# SPDX-License-Identifier: MIT
"""What one more costs, from the command line to the table: `scaling = prices`."""

import json
import shutil
from pathlib import Path

import pytest

from driver import Run, cobench
from hosts import BUILD

MB = 4


def prices(results: Path, *words: object) -> tuple[dict, dict, str]:
    """The plan, the summary, and what a terminal shows."""
    run = Run(results, "--table", "--scaling", "prices", "--rounds", 1, *words)
    return run.json("plan"), run.json("summary"), run.done.stdout


def test_a_known_price(tmp_path):
    """A worker that keeps 4 MiB costs 4 MiB and what it costs without: under threads as under processes."""
    folder = tmp_path / "tasks"
    folder.mkdir()
    for suffix in (".so", ".py"):
        shutil.copy(BUILD / "test-tasks" / f"hoard{suffix}", folder)
    each = {}
    for mb in (0, MB):
        plan, summary, shown = prices(
            tmp_path / str(mb), "--tasks", folder, "--task", "hoard", "--workers", "1,3,5,7,9", "--jobs", 1, "--runtime", "c,py",
            "--model", "thread-pool,process-pool", "--set", f"mb={mb}", "--set", "whose=worker", "--set", "delay=200",
        )  # fmt: skip
        assert not any(cell["baseline"] or cell["role"] != "model" for cell in plan["cells"])
        assert len(plan["cells"]) == 5 * 4 and all(group["scaling"] == "prices" for group in plan["groups"])
        for row in summary["marginal_cost"]:
            assert row["piece"] == "hoard" and row["note"] is None and row["points"] == 5
            assert (row["workers_from"], row["workers_to"]) == (1, 9)
            assert row["memory_bytes_low"] <= row["memory_bytes"] <= row["memory_bytes_high"]
            each[row["runtime"], row["model"], mb] = row["memory_bytes"]
        assert "What one more costs" in shown and "what the model buys" not in shown
    assert len(each) == 2 * 4
    for (runtime, model, mb), found in each.items():
        if mb:
            assert found - each[runtime, model, 0] == pytest.approx(mb << 20, rel=0.05), (runtime, model)


def test_jobs_that_do_not_all_wait_at_once_have_no_price(tmp_path):
    """A delay of nothing is over before the next job starts: the figure would be that of a few."""
    _, summary, shown = prices(tmp_path, "--task", "wait", "--set", "delay=0", "--workers", "50,100,150",
                               "--runtime", "py", "--model", "thread-pool")  # fmt: skip
    (row,) = summary["marginal_cost"]
    assert "were in flight at once: the delay is too short" in row["note"]
    assert row["memory_bytes"] is None and row["points"] == 0
    assert "the delay is" in shown and "no intervals below" not in shown  # it has no ratios
    assert cobench("report", "--plots", "--quiet", tmp_path / "latest").returncode == 0
    pictures = {path.name.partition("-")[0] for path in (tmp_path / "latest" / "plots").iterdir()}
    assert pictures == {"memory"}  # memory over workers: there is nothing else to draw


def test_results_are_checked_against_each_other(checkout):
    """Without a baseline the other host's same model is the reference."""
    done = checkout.run("--task", "faulty", "--scaling", "prices", "--workers", "1,2,3", "--jobs", 1, "--rounds", 2, "--model",
                        "threads", "--set", "mode=wrong", "--set", "at=0", "--set", "who=py")  # fmt: skip
    assert done.returncode == 1
    (folder,) = checkout.folders()
    cells = json.loads((folder / "summary.json").read_text())["cells"]
    assert {cell["verified"] for cell in cells} == {False}  # two that differ: nobody knows which is right
    assert all("job 0 gave" in cell["note"] for cell in cells)


@pytest.mark.parametrize("words, complaint", [
    (["--task", "null", "--workers", "4"], "null: a price needs one number of jobs and several numbers of workers"),
    (["--task", "count", "--workers", "1,2", "--model", "sync"], "nothing to run: no runtime and model is left"),
    (["--task", "distance", "--workers", "1,2"], "prices: the jobs of 'distance' share one given amount of work"),
])  # fmt: skip
def test_what_has_no_price(words, complaint, tmp_path):
    done = cobench("run", "--scaling", "prices", "--results", tmp_path, *words)
    assert done.returncode == 2 and complaint in done.stderr
    assert not list(tmp_path.iterdir())
