# SPDX-License-Identifier: MIT
"""The loop that `count`, `mixed` and `lookup` share."""

from py_impl.contract import INT, Param

COUNT_PARAM = Param("count", INT, "200000", "integers counted after each answer", 0, 4_000_000_000)  # of a task that counts when it has its answer


def count_matches(size: int) -> int:
    """How many of 0..size-1 are divisible by 2, 3 or 5 and have ((n ^ 0x42) & 3) == 3."""
    count = 0
    for n in range(size):
        if (n % 2 == 0 or n % 3 == 0 or n % 5 == 0) and ((n ^ 0x42) & 3) == 3:
            count += 1
    return count
