# SPDX-License-Identifier: MIT
"""
When jobs arrive in an open loop: the same steps in the same doubles as common/arrivals.c, which see for their source.
The driver computes the schedule again and holds the slots against it, to the nanosecond.
"""

from __future__ import annotations

import math

from py_impl.errors import Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

RATES = (0.001, 1_000_000.0)  # jobs a second
SEED_MAX = 9007199254740991
LONGEST_S = 86_400.0
FIXED, POISSON = KINDS = ("fixed", "poisson")

_WORD = (1 << 64) - 1
_GOLDEN_GAMMA = 0x9E3779B97F4A7C15


def parse_rate(text: str) -> float:
    try:
        if text.strip("0123456789.eE+-"):
            raise ValueError
        rate = float(text)
    except ValueError:
        raise Usage(f"--rate: '{text}' is not a number of jobs a second") from None
    if not RATES[0] <= rate <= RATES[1]:
        raise Usage(f"--rate={text}: must be {RATES[0]:g}..{RATES[1]:.0f}")
    return rate


def offsets(jobs: int, rate: float, kind: str, seed: int) -> Iterator[int]:
    """How long after the gate each job arrives, in nanoseconds."""
    if kind == FIXED:
        for job in range(jobs):
            yield int(float(job) * 1e9 / rate)
        return
    passed = 0
    for job in range(jobs):
        u = ((splitmix64(seed + job * _GOLDEN_GAMMA) >> 11) + 1) * 2.0**-53
        passed += int(-math.log(u) * 1e9 / rate)
        yield passed


def splitmix64(x: int) -> int:
    x = (x + _GOLDEN_GAMMA) & _WORD
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 & _WORD
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB & _WORD
    return x ^ (x >> 31)
