# SPDX-License-Identifier: MIT
"""Work of a known size: rounds of SplitMix64, each on the last one's outcome."""

from __future__ import annotations

from py_impl.contract import INT, Param

WORD = (1 << 64) - 1


def steps_param(standard: str) -> Param:
    return Param("steps", INT, standard, "rounds of SplitMix64 that each job computes, a few ns each in C", 0, 1_000_000_000)


def take_steps(value: int, steps: int) -> int:
    """What becomes of `value` after so many."""
    for _ in range(steps):
        value = value + 0x9E3779B97F4A7C15 & WORD
        value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 & WORD
        value = (value ^ value >> 27) * 0x94D049BB133111EB & WORD
        value ^= value >> 31
    return value
