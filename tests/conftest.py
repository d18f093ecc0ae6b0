# SPDX-License-Identifier: MIT
"""What the tests share."""

import contextlib
import os
import signal
import subprocess
import sys

import pytest

from origin_stub import stub_origin

# What a machine may lack: a skip for any other reason fails in CI, where a test that no longer runs would go unseen.
ALLOWED_SKIPS = (
    "no locale with a decimal comma is installed",
    "this machine has no address for localhost",
    "one CPU: no capacity row",
    "the model uring cannot run here: ",
    "the model openmp cannot run here: ",
    "the open-file limit of ",
    "no control group with a limit of tasks can be made here",
    "no control group with a limit can be made here",
    "no namespaces of one's own can be made here",
    "chroot needs root",
    "git is not installed",
    "no network of its own: ",
    "this machine lets nobody mount",
    "no git tree",
    "others keep the CPUs busy",
    "this kernel does not tell what a thread waits for",
    "needs two CPUs: ",
    "this Python has no lock that keeps threads apart",
    "no free-threaded interpreter is installed",
    "an optional library is missing: ",
    "CPython 3.12 or later: ",
)

_skips: list[str] = []


def pytest_configure() -> None:
    os.environ["LC_ALL"] = "C.UTF-8"  # elsewhere a terminal's text is ASCII
    # A shell without job control starts what it puts in the background with SIGINT ignored, nohup with SIGHUP ignored, and so
    # would be all that is tested.
    for number, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, handler)


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


@pytest.fixture(scope="session")
def comma_locale(tmp_path_factory) -> dict[str, str]:
    """An environment in which numbers have a decimal comma: German, made for the purpose where the machine can."""
    folder = tmp_path_factory.mktemp("locales")
    env = os.environ | {"LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8"}
    with contextlib.suppress(FileNotFoundError):
        subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8", folder / "de_DE.UTF-8"], capture_output=True, timeout=60)
    if (folder / "de_DE.UTF-8").exists():
        env["LOCPATH"] = str(folder)
    ask = "import locale; locale.setlocale(locale.LC_ALL, ''); print(locale.localeconv()['decimal_point'])"
    told = subprocess.run([sys.executable, "-c", ask], env=env, capture_output=True, text=True, timeout=60)
    if told.stdout.strip() != ",":
        pytest.skip("no locale with a decimal comma is installed")
    return env


@pytest.fixture
def stub():
    """A small HTTP server on a free port; see origin_stub.py."""
    with stub_origin() as server:
        yield server


@pytest.fixture
def checkout(tmp_path):
    """A project with the real driver and fake hosts."""
    from test_driver import Checkout  # which needs a build, as not all tests do

    return Checkout(tmp_path / f"project-{os.getpid()}")
