# SPDX-License-Identifier: MIT
"""The statistics of `make figures`, against published values."""

import math
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "scripts" / "figures"))
import run  # noqa: E402
import shared  # noqa: E402
import signed_rank  # noqa: E402

from hosts import PY  # noqa: E402


@pytest.mark.parametrize(
    ("n", "confidence", "k", "coverage"),
    # The upper tails of table A.4 in Hollander, Wolfe, Chicken.
    [(6, 0.95, 1, 0.969), (7, 0.95, 3, 0.953), (9, 0.95, 6, 0.961), (10, 0.95, 9, 0.951), (8, 0.99, 1, 0.992)],
)
def test_depth(n: int, confidence: float, k: int, coverage: float) -> None:
    assert signed_rank.depth(n, confidence) == k
    assert 1 - 2 * sum(signed_rank.tail_counts(n)[:k]) / 2**n == pytest.approx(coverage, abs=5e-4)


def test_published_example() -> None:
    """Hamilton's depression scale data, example 3.1 of the same book, with the interval R's wilcox.test gives."""
    before = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30]
    after = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]
    got = signed_rank.pseudo_median([b - a for b, a in zip(before, after)])
    assert (got.estimate, got.low, got.high) == pytest.approx((0.46, 0.010, 0.786))


def test_ratio_is_symmetric() -> None:
    a, b = [1.0, 2.0, 3.0, 4.0, 5.0, 6.5], [2.0, 3.0, 5.0, 9.0, 11.0, 12.0]
    there, back = signed_rank.ratio(a, b), signed_rank.ratio(b, a)
    assert (there.estimate, there.low) == pytest.approx((1 / back.estimate, 1 / back.high))
    assert math.isclose(signed_rank.ratio(a, a).estimate, 1)


def test_too_few() -> None:
    with pytest.raises(ValueError, match="at least 6"):
        signed_rank.pseudo_median([1.0] * 5)


@pytest.mark.parametrize("engine", ["queue", "pipe"])
def test_the_plain_ways_hand_over_every_job(engine) -> None:
    found = run.plain_python(engine, 50)
    assert found > 0


def test_what_threads_share_is_the_same_in_all_models(tmp_path) -> None:
    for name in run.SHARED:
        found = [PY.run(tmp_path, "--task", f"{shared.__file__}:{name}", "--model", model, "--jobs", 2, "--workers", 2)
                 for model in ("sync", "thread-pool")]
        assert [done.status for done in found] == [0, 0] and found[0].results == found[1].results == [getattr(shared, name)(job) for job in (0, 1)]


def test_the_parallelism_of_the_graph_that_comes_along() -> None:
    """5500 over 2500: its comment says so, and which way is the longest."""
    assert run.by_hand(run.ROOT / "share" / "graph.txt") == pytest.approx(2.2)


def test_what_flows_through_a_pipeline() -> None:
    """One without any cost of its own: the bound, and half an item in the last stage."""
    ends, ns = {}, run.SLOWEST_US * 1000
    for item in range(run.ITEMS):
        for stage, takes in enumerate((ns // 2, ns, ns // 2)):
            needed = [(item, stage - 1), (item - 1, stage), (item - run.BOUND, stage + 1)]
            ends[item, stage] = takes + max(ends.get(other, 7) for other in needed)
    got = run.flow(7, [ends[item, stage] for item in range(run.ITEMS) for stage in range(run.STAGES)])
    assert (got.throughput, got.inside, got.latency) == pytest.approx((run.ITEMS / (run.ITEMS + 1), run.BOUND + 0.5, 1), rel=0.01)
