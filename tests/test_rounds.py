# SPDX-License-Identifier: MIT
"""How many rounds: a budget, a precision, and a run that is resumed in the middle of either."""

import collections
import json
import re

import jsonschema
import pytest

from test_resume import SCHEMAS, lines_of, place, resume

PILOT, LEAST = 16, 24
SMALL = ("--task", "null", "--model", "sync", "--runtime", "c", "--workers", 1)


def summary_of(folder):
    return json.loads((folder / "summary.json").read_text())


def rounds_of(folder):
    """The rounds of a run in which every cell has to have every round once."""
    cells = len(json.loads((folder / "plan.json").read_text())["cells"])
    samples = [s for s in lines_of(folder) if s["pass"] == "timed"]
    count = collections.Counter((s["round"], s["cell"]) for s in samples)
    rounds = max(s["round"] for s in samples)
    assert set(count.values()) == {1} and len(count) == rounds * cells
    return rounds


def test_a_budget_takes_as_many_rounds_as_fit(checkout):
    done = checkout.good(*SMALL, "--budget", "3s")
    (folder,) = checkout.folders()
    rounds, summary = rounds_of(folder), summary_of(folder)
    assert lines_of(folder, "events")[0].items() >= {"what": "stopped", "group": 0, "rounds": rounds, "why": "budget"}.items()
    assert summary["asked"] == {"rounds": None, "budget_s": 3.0, "precision": None}
    assert (summary["rounds"], summary["interrupted"]) == (rounds, False)
    assert summary["stopping"][0]["why"] == "budget" and summary["stopping"][0]["rounds"] == rounds
    spent = [s["spent_ns"] for s in lines_of(folder)]
    assert spent == sorted(spent) and spent[0] > 0
    assert "as many rounds as fit into 3 s" in (folder / "summary.md").read_text()
    jsonschema.validate(json.loads((folder / "plan.json").read_text()), SCHEMAS["plan"])
    done = resume(checkout, folder)
    assert done.returncode == 0 and "is finished" in done.stderr


def test_a_budget_is_shared_out_after_the_first_rounds(checkout):
    """Copies have no gain to narrow; sync and its control run when another does."""
    checkout.good("--task", "null", "--model", "threads,processes", "--runtime", "c", "--workers", 2, "--budget", "1h", "--rounds", 13,
                  FAKE_NOISE=100)  # fmt: skip
    (folder,) = checkout.folders()
    planned, stopped = lines_of(folder, "events")
    jsonschema.validate(planned, SCHEMAS["event"])
    cells = json.loads((folder / "plan.json").read_text())["cells"]
    names = [(c["model"], c["role"]) for c in cells]
    rounds = dict(zip(names, planned["cells"], strict=True))
    assert rounds["sync", "capacity"] == 10 < min(rounds["threads", "model"], rounds["processes", "model"])
    assert planned["rounds"] == max(rounds.values()) == rounds["sync", "model"] == rounds["sync", "control"]
    assert (stopped["rounds"], stopped["why"]) == (13, "rounds")

    # Cut off before: what was settled counts, cell by cell.
    settled = {("sync", "model"): 12, ("sync", "control"): 12, ("sync", "capacity"): 10, ("threads", "model"): 11,
               ("processes", "model"): 12}  # fmt: skip
    kept = [s for s in lines_of(folder) if s["round"] <= 10]
    (folder / "samples.jsonl").write_text("".join(json.dumps(s) + "\n" for s in kept[:-2]))
    (folder / "events.jsonl").write_text(json.dumps(planned | {"rounds": 12, "cells": [settled[name] for name in names]}) + "\n")
    assert resume(checkout, folder).returncode == 0
    assert lines_of(folder, "events")[-1].items() >= {"rounds": 12, "why": "budget"}.items()
    assert collections.Counter(names[s["cell"]] for s in lines_of(folder) if s["round"]) == settled
    summary = summary_of(folder)
    assert summary["interrupted"] is False and "11 to 12 rounds" in (folder / "summary.md").read_text()
    assert all(c["rounds"] == settled[c["model"], "model"] for c in summary["cells"])
    assert "is finished" in resume(checkout, folder).stderr
    done = checkout("report", "--brief", "--no-plots", folder)
    assert re.search(r"^  precision  \d of 2 gains are within 10%", done.stdout, re.M), done.stdout


def test_nobody_said_anything(checkout):
    """Ten rounds there are whatever they take, and no more where there is nothing to make narrower."""
    checkout.good(*SMALL)
    (folder,) = checkout.folders()
    plan = json.loads((folder / "plan.json").read_text())
    assert (plan["rounds"], plan["budget_s"], plan["least_rounds"]) == (None, 45, 10)
    assert rounds_of(folder) == 10 and summary_of(folder)["interrupted"] is False


def test_a_budget_that_is_over_after_the_first_round_says_so(checkout):
    checkout.good("--task", "faulty", "--set", "mode=sleep", "--set", "when=timed", "--model", "sync", "--runtime", "c",
                        "--workers", 1, "--budget", "1s")
    (folder,) = checkout.folders()
    assert rounds_of(folder) < 6
    assert "no intervals below 6" in (folder / "summary.md").read_text()


def test_the_rounds_there_are_in_any_case_are_fewer_where_they_take_long_and_count_as_time_left(checkout):
    """Each sample takes 0.3 s at least: of a budget of a second nothing is left after two rounds, and ten would take six."""
    checkout.good("--task", "faulty", "--set", "mode=sleep", "--model", "sync", "--runtime", "c", "--workers", 1, "--budget", "1s")
    (folder,) = checkout.folders()
    plan = json.loads((folder / "plan.json").read_text())
    (folder / "plan.json").write_text(json.dumps(plan | {"least_rounds": 10}))
    kept = [s for s in lines_of(folder) if s["round"] <= 1]
    (folder / "samples.jsonl").write_text("".join(json.dumps(s) + "\n" for s in kept))
    (folder / "events.jsonl").unlink()
    done = checkout("run", "--no-plots", "--resume", folder)
    assert done.returncode == 0 and rounds_of(folder) == 6, done.stderr
    assert int(re.search(r", (\d+) s left$", done.stderr, re.M)[1]) >= 3, done.stderr
    assert "6 rounds and not 10" in done.stderr


NO_ROOM = re.compile(r"^warning: a budget of 1 s has room for about (\d) rounds? of [\d.]+ (?:s|min) here; an interval needs 6 "
                     r"\(begin with --budget \d+[sm] or more, or with fewer cells\)$", re.M)


def test_a_budget_without_room_for_an_interval_says_so_before_the_rounds(checkout):
    """Each sample takes 0.3 s at least, so that six rounds do not fit into what a second leaves, on any machine."""
    done = checkout("run", "--no-plots", "--task", "faulty", "--set", "mode=sleep", "--model", "sync", "--runtime", "c",
                    "--workers", 1, "--budget", "1s")
    assert done.returncode == 0, done.stderr
    (folder,) = checkout.folders()
    rounds, said = rounds_of(folder), NO_ROOM.findall(done.stderr)
    assert len(said) == 1 and int(said[0]) < 6, done.stderr
    told = NO_ROOM.search(done.stderr).start()
    assert "round 1" not in done.stderr[:told] and "verifying" in done.stderr[:told]
    assert rounds < 6

    # Resumed after its first round, of which one sample is missing: told again, from what the journal has.
    first = [s for s in lines_of(folder) if s["round"] <= 1]
    (folder / "samples.jsonl").write_text("".join(json.dumps(s) + "\n" for s in first[:-1]))
    (folder / "events.jsonl").unlink()
    done = resume(checkout, folder)
    assert (done.returncode, NO_ROOM.findall(done.stderr)) == (0, ["1"]), done.stderr
    assert rounds_of(folder) == 1


@pytest.mark.parametrize("asked", [("--budget", "1h", "--rounds", 6), ("--budget", "1s", "--rounds", 5), ("--rounds", 5)])
def test_a_budget_with_room_says_nothing(checkout, asked):
    """Nor one with a cap that is too low by itself, which has a warning of its own."""
    done = checkout.run(*SMALL, *asked)
    assert done.returncode == 0 and "has room for" not in done.stderr, done.stderr


def test_rounds_cap_a_budget(checkout):
    checkout.good(*SMALL, "--budget", "1h", "--rounds", 2)
    (folder,) = checkout.folders()
    assert rounds_of(folder) == 2 and summary_of(folder)["stopping"][0]["why"] == "rounds"


def test_a_precision_settles_the_rounds_after_the_pilot(checkout):
    checkout.good(*SMALL, "--model", "threads", "--precision", "50%", "--rounds", LEAST + 2)
    (folder,) = checkout.folders()
    events = lines_of(folder, "events")
    for event in events:
        jsonschema.validate(event, SCHEMAS["event"])
    planned, stopped = events
    assert planned["what"] == "planned" and planned["rounds"] >= LEAST
    rounds = min(planned["rounds"], LEAST + 2)
    assert (stopped["rounds"], stopped["why"]) == (rounds, "precise" if planned["rounds"] <= rounds else "rounds")
    assert rounds_of(folder) == rounds
    summary = summary_of(folder)
    assert summary["asked"] == {"rounds": LEAST + 2, "budget_s": 600.0, "precision": 0.5}
    assert summary["stopping"][0]["half_width"] > 0
    whole = lines_of(folder)

    def cut(samples, kept_events):
        (folder / "samples.jsonl").write_text("".join(json.dumps(s) + "\n" for s in samples))
        (folder / "events.jsonl").write_text("".join(json.dumps(e) + "\n" for e in kept_events))

    # Cut off between the last sample of the pilot and what was settled on it: the same samples settle the same.
    cut([s for s in whole if s["round"] <= PILOT], [])
    assert resume(checkout, folder).returncode == 0
    again = lines_of(folder, "events")
    assert {k: v for k, v in again[0].items() if k != "at"} == {k: v for k, v in planned.items() if k != "at"}
    assert [place(s) for s in lines_of(folder)] == [place(s) for s in whole]

    # Cut off later: what was settled stays, whatever the widths are by now.
    planned.pop("cells")  # as before each cell had a number of its own
    cut(whole[:-4], [planned | {"rounds": LEAST + 1}])
    assert resume(checkout, folder).returncode == 0
    assert rounds_of(folder) == LEAST + 1
    assert lines_of(folder, "events")[-1]["why"] == "precise"


def test_groups_stop_each_for_itself(checkout):
    checkout.good("--task", "null,waiting", "--model", "sync", "--runtime", "c", "--workers", 1, "--budget", "1h",
                        "--rounds", 4)
    (folder,) = checkout.folders()
    plan = json.loads((folder / "plan.json").read_text())
    first = {c["id"] for c in plan["cells"] if c["group"] == 0}
    # As if the first group had been settled after two rounds.
    kept = [s for s in lines_of(folder) if s["round"] <= 2 or (s["round"] == 3 and s["cell"] not in first)]
    (folder / "samples.jsonl").write_text("".join(json.dumps(s) + "\n" for s in kept))
    (folder / "events.jsonl").write_text(
        json.dumps({"event": 1, "what": "stopped", "at": 1.0, "group": 0, "rounds": 2, "why": "precise"}) + "\n")
    assert resume(checkout, folder).returncode == 0
    most = collections.defaultdict(int)
    for s in lines_of(folder):
        most[plan["cells"][s["cell"]]["group"]] = max(most[plan["cells"][s["cell"]]["group"]], s["round"])
    assert most == {0: 2, 1: 4}
    summary = summary_of(folder)
    assert summary["interrupted"] is False
    assert [(s["rounds"], s["why"]) for s in summary["stopping"]] == [(2, "precise"), (4, "rounds")]
    assert "2 to 4 rounds" in (folder / "summary.md").read_text()


def test_a_suite_says_when_it_is_enough(checkout):
    (checkout.root / "bench/suites/mini.ini").write_text(
        "[suite]\nbudget = 1h\nprecision = 2.5%\nrounds = 1\nmodels = sync\nruntimes = c\n[group one]\ntask = null\n")
    done = checkout("run", "--no-plots", "--suite", "mini")
    assert done.returncode == 0, done.stderr
    assert "until +-2.5% or 1 h or 1 round are over" in done.stderr
    plan = checkout.plan()
    assert (plan["rounds"], plan["budget_s"], plan["precision"]) == (1, 3600, 0.025)


def test_the_time_left_is_told_while_verifying_too(checkout):
    done = checkout("run", "--no-plots", *SMALL, "--budget", "1h", "--rounds", 1)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^verifying null.*, 60 min 00 s left$", done.stderr, re.M), done.stderr


BAD = [
    (["--budget", "90"], "--budget '90': not a time such as 90s, 2m or 1h, up to a week"),
    (["--budget", "0s"], "--budget '0s': not a time"),
    (["--budget", "2 m"], "--budget '2 m': not a time"),
    (["--budget", "1000h"], "--budget '1000h': not a time"),
    (["--precision", "2"], "--precision '2': not a percentage such as 2%, from 0.01% to 50%"),
    (["--precision", "0%"], "--precision '0%': not a percentage"),
    (["--precision", "-2%"], "--precision '-2%': not a percentage"),
    (["--precision", "60%"], "--precision '60%': not a percentage"),
]


@pytest.mark.parametrize("args, said", BAD, ids=[" ".join(a) for a, _ in BAD])
def test_bad_input_is_one_line(checkout, args, said):
    done = checkout.run("--task", "null", *args)
    assert done.returncode == 2 and said in done.stderr and done.stderr.count("\n") == 1, done.stderr
    assert checkout.folders() == []


@pytest.mark.parametrize("line, said", [
    ("budget = soon", "mini.ini:2: budget 'soon' is not a time such as 90s, 2m or 1h, up to a week"),
    ("precision = 2", "mini.ini:2: precision '2' is not a percentage such as 2%, from 0.01% to 50%"),
])
def test_a_suite_that_is_wrong_about_it(checkout, line, said):
    (checkout.root / "bench/suites/mini.ini").write_text(f"[suite]\n{line}\n[group one]\ntask = null\n")
    done = checkout.run("--suite", "mini")
    assert (done.returncode, done.stderr) == (2, f"cobench: {said}\n")
