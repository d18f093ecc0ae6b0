# SPDX-License-Identifier: MIT
"""What the tests share."""

from __future__ import annotations

import pytest

from origin_stub import stub_origin


@pytest.fixture
def stub():
    """A small HTTP server on a free port; see origin_stub.py."""
    with stub_origin() as server:
        yield server
