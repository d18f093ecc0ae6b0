# SPDX-License-Identifier: MIT
"""The tasks whose jobs need other jobs' results: nested, tree, pipeline and graph, in all runtimes."""

from __future__ import annotations

from pathlib import Path

import pytest

from hosts import C, HOSTS, PY, ROOT
from py_impl.arrivals import splitmix64

WORD = (1 << 64) - 1
SHIPPED = ROOT / "share" / "graph.txt"
BACKWARDS = "# the last one first\nroof 1 walls floor\n\n  walls 2\tfloor # stone\r\nfloor 0\n"


def nested(jobs: int, steps: int) -> list[tuple[int, list[int]]]:
    """Each job's steps and what it needs, written another way than in the tasks."""
    return [(steps, [job + jobs // 2] if job < jobs // 2 else []) for job in range(jobs)]


def tree(jobs: int, steps: int) -> list[tuple[int, list[int]]]:
    needed = [[] for _ in range(jobs)]
    for child in range(1, jobs):
        needed[(child - 1) // 2].append(child)
    return [(steps, children) for children in needed]


def pipeline(jobs: int, steps: int, stages: int = 3, bound: int = 16, delay: int = 2000) -> list[tuple[int, list[int]]]:
    needed = []
    for job in range(jobs):
        item, stage = job // stages, job % stages
        wanted = [(item, stage - 1), (item - 1, stage), (item - bound, stage + 1)]
        needed.append([i * stages + s for i, s in wanted if i >= 0 and 0 <= s < stages])
    return [(steps, jobs) for jobs in needed]


def graph(jobs: int, file: str) -> list[tuple[int, list[int]]]:
    rows = [words for words in (line.split("#")[0].split() for line in file.splitlines()) if words]
    names = [words[0] for words in rows]
    return [(int(cost) * 1000, [copy + names.index(other) for other in others])
            for copy in range(0, jobs, len(rows)) for _, cost, *others in rows]


def results(shape: list[tuple[int, list[int]]]) -> list[int]:
    known: dict[int, int] = {}

    def result(job: int) -> int:
        if job not in known:
            steps, needed = shape[job]
            value = (job + sum(map(result, needed))) & WORD
            for _ in range(steps):
                value = splitmix64(value)
            known[job] = value
        return known[job]

    return list(map(result, range(len(shape))))


SHAPES = [
    (nested, 1, {"steps": 3}),
    (nested, 16, {"steps": 1000}),
    (nested, 17, {"steps": 0}),
    (tree, 1, {"steps": 2}),
    (tree, 2, {"steps": 2}),
    (tree, 100, {"steps": 10}),
    (pipeline, 30, {"steps": 10, "delay": 100}),
    (pipeline, 31, {"steps": 1, "stages": 4, "bound": 1, "delay": 0}),
    (pipeline, 5, {"steps": 1, "stages": 1, "bound": 1, "delay": 1}),
    (pipeline, 20, {"steps": 0, "stages": 2, "bound": 3, "delay": 3}),
    (graph, 12, {"file": SHIPPED.read_text()}),
    (graph, 6, {"file": BACKWARDS}),
]  # fmt: skip
MANY = [shape for shape in SHAPES if shape[1] in (16, 100, 30, 12)]  # one of each


def settings(params: dict[str, object]) -> list[str]:
    return [word for key, value in params.items() for word in ("--set", f"{key}={value}")]


def given(folder: Path, shape, jobs: int, params: dict) -> list[str]:
    """The words of a run; a graph's text is put into a file."""
    if "file" in params:
        path = folder / "graph"
        path.write_text(params["file"])
        params = {"file": path}
    return ["--task", shape.__name__, "--jobs", str(jobs), *settings(params)]


def over_shapes(shapes):
    return pytest.mark.parametrize("shape, jobs, params", shapes, ids=[f"{shape.__name__}-{jobs}" for shape, jobs, _ in shapes])


@pytest.mark.parametrize("host", HOSTS, ids=repr)
@over_shapes(SHAPES)
def test_results(host, tmp_path, shape, jobs, params):
    done = host.run(tmp_path, *given(tmp_path, shape, jobs, params), "--model", "sync")
    assert (done.status, done.stderr) == (0, "")
    assert done.results == results(shape(jobs, **params))
    assert all(row["runs"] == 1 for row in done.rows)
    dependencies = done.record["dependencies"]
    assert dependencies["edges"] == sum(len(needed) for _, needed in shape(jobs, **params))
    assert 0 < dependencies["path_ns"] <= dependencies["work_ns"]


# With as many workers as jobs that wait, and one more, nothing can lock; a helping pool needs no more than there are.
WAYS = [("async", 2, ()), ("threads", 64, ()), ("thread-pool", 64, ()), ("thread-pool", 2, ("--join", "help")),
        ("process-pool", 3, ("--join", "help"))]  # fmt: skip


@pytest.mark.parametrize("host", HOSTS, ids=repr)
@pytest.mark.parametrize("model, workers, words", WAYS, ids=[f"{model}{'-help' if words else ''}" for model, _, words in WAYS])
@over_shapes(MANY)
def test_models_agree(host, tmp_path, shape, jobs, params, model, workers, words):
    done = host.run(tmp_path, *given(tmp_path, shape, jobs, params), "--model", model, "--workers", workers, *words)
    assert (done.status, done.stderr) == (0, ""), done.record
    assert done.results == results(shape(jobs, **params))
    assert all(row["runs"] == 1 for row in done.rows)


@pytest.mark.parametrize("host", (C, PY), ids=repr)
@pytest.mark.parametrize("text, jobs, complaint", [
    ("a 1\nb\n", 2, "no whole number of at most 7 digits is the cost of 'b'"),
    ("a -1\n", 1, "no whole number of at most 7 digits is the cost of 'a'"),
    ("a 12345678\n", 1, "no whole number of at most 7 digits is the cost of 'a'"),
    ("a 1\nb 1\na 2\n", 3, "two lines begin with 'a'"),
    ("a 1 b\n# b 1\n", 1, "needed, but there is no line of 'b'"),
    ("a 1\nb 1\n", 3, "has 2 nodes, of which 3 jobs are no whole copies; --jobs 2 is one"),
    ("# nothing\n", 1, "has no nodes"),
    ("", 1, "has no nodes"),
])  # fmt: skip
def test_graphs_that_are_refused(host, tmp_path, text, jobs, complaint):
    done = host.run(tmp_path, *given(tmp_path, graph, jobs, {"file": text}), "--model", "sync")
    assert done.status == 2
    assert done.reason.endswith(f"{tmp_path / 'graph'}: {complaint}"), done.reason


@pytest.mark.parametrize("host", (C, PY), ids=repr)
def test_a_graph_that_is_not_there(host, tmp_path):
    done = host.run(tmp_path, "--task", "graph", "--set", f"file={tmp_path}/none", "--model", "sync")
    assert done.status == 2 and f"{tmp_path}/none" in done.reason and "No such file or directory" in done.reason


@pytest.mark.parametrize("host", (C, PY), ids=repr)
def test_stages_keep_their_order_and_their_bound(host, tmp_path):
    """From the stamps: an item begins where the stage before has ended it, and never more of them than the bound are under way."""
    stages, bound, items = 3, 2, 12
    done = host.run(tmp_path, "--task", "pipeline", "--jobs", stages * items, "--workers", 36, "--model", "async",
                    *settings({"bound": bound, "delay": 4000}))  # fmt: skip
    assert done.status == 0, done.record
    ends = [[done.rows[item * stages + stage]["end_ns"] for stage in range(stages)] for item in range(items)]
    delays = [2_000_000, 4_000_000, 2_000_000]
    for item in range(items):
        for stage in range(stages):
            before = [ends[item][stage - 1]] if stage > 0 else []
            before += [ends[item - 1][stage]] if item > 0 else []
            before += [ends[item - bound][stage + 1]] if stage + 1 < stages and item >= bound else []
            assert all(ends[item][stage] >= end + delays[stage] for end in before), (item, stage)
