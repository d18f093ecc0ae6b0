# SPDX-License-Identifier: MIT
"""The pseudo-median of paired ratios and its exact signed-rank interval.

Source: Hollander, Wolfe, Chicken: Nonparametric Statistical Methods (3rd ed., 2014), sections 3.1 to 3.3: the estimate
is the median of the Walsh averages (Hodges and Lehmann 1963), the interval runs from the k-th smallest to the k-th
largest of them (Tukey 1949). The driver does the same in C; this copy is for the measurements that do not go through
it, and tests/test_figures.py compares it with published values.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

FEWEST = 6  # below, no two-sided 95% interval exists: 2 * 2^-5 > 0.05


@dataclass(frozen=True)
class Interval:
    estimate: float
    low: float
    high: float


def tail_counts(n: int) -> list[int]:
    """How many of the 2^n subsets of the ranks 1..n have each sum."""
    counts = [1] + [0] * (n * (n + 1) // 2)
    for rank in range(1, n + 1):
        for total in range(len(counts) - 1, rank - 1, -1):
            counts[total] += counts[total - rank]
    return counts


def depth(n: int, confidence: float) -> int:
    """The greatest k with P(W+ <= k - 1) < (1 - confidence) / 2."""
    limit = (1 - confidence) / 2 * 2**n
    k = below = 0
    for count in tail_counts(n):
        below += count
        if below >= limit:
            break
        k += 1
    return k


def pseudo_median(values: Sequence[float], confidence: float = 0.95) -> Interval:
    n = len(values)
    if n < FEWEST:
        raise ValueError(f"{n} rounds are too few for an interval: at least {FEWEST}")
    walsh = sorted((values[i] + values[j]) / 2 for i in range(n) for j in range(i, n))
    k = depth(n, confidence)
    return Interval(statistics.median(walsh), walsh[k - 1], walsh[-k])


def ratio(numerators: Sequence[float], denominators: Sequence[float]) -> Interval:
    """numerator / denominator of paired rounds, by way of the logarithm."""
    logs = pseudo_median([math.log(a / b) for a, b in zip(numerators, denominators, strict=True)])
    return Interval(math.exp(logs.estimate), math.exp(logs.low), math.exp(logs.high))
