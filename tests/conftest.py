# SPDX-License-Identifier: MIT
"""What the tests share."""

from __future__ import annotations

import os

import pytest

from origin_stub import stub_origin

# What a machine may lack: a skip for any other reason fails in CI, where a test that no longer runs would go unseen.
ALLOWED_SKIPS = (
    "no locale with a decimal comma is installed",
    "this machine has no address for localhost",
    "one CPU: no capacity row",
    "the open-file limit of ",
    "no control group with a CPU quota can be made here",
    "no namespaces of one's own can be made here",
    "chroot needs root",
)

_skips: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and isinstance(report.longrepr, tuple):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        if not reason.startswith(ALLOWED_SKIPS):
            _skips.append(f"{report.nodeid}: {reason}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    if _skips and os.environ.get("CI"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter) -> None:
    for line in _skips:
        terminalreporter.write_line(f"skip that is not allowed: {line}")


@pytest.fixture
def stub():
    """A small HTTP server on a free port; see origin_stub.py."""
    with stub_origin() as server:
        yield server
