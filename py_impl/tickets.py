# SPDX-License-Identifier: MIT
"""
Who hands out the next job: the one seam between the models and the order of the work. Tickets are an iterator that
one thread of the host draws from; a broker or another rank would be another iterator.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing itself costs more to import than this whole host
if TYPE_CHECKING:
    from collections.abc import Iterator


def in_order(jobs: int) -> Iterator[int]:
    """0..jobs-1."""
    return iter(range(jobs))
