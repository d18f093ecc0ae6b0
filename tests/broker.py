# SPDX-License-Identifier: MIT
"""A redis-server of a test's own, on a Unix socket, without a file of its data."""

from __future__ import annotations

import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from hosts import BUILD, wait_until

SECONDS = 30


class Redis:
    def __init__(self, folder: Path, *options: object) -> None:
        if not shutil.which("redis-server"):
            pytest.skip("an optional library is missing: redis-server")
        if not (BUILD / "plugins" / "redis.so").exists():
            pytest.skip("an optional library is missing: hiredis")
        self.socket, self.options = folder / "redis.sock", list(map(str, options))
        self.start()

    def start(self) -> None:
        words = ["--port", "0", "--unixsocket", self.socket, "--save", "", "--appendonly", "no", "--dir", self.socket.parent]
        self.process = subprocess.Popen(["redis-server", *map(str, words), *self.options], stdout=subprocess.DEVNULL)
        wait_until(lambda: self.socket.exists() and self.ask("PING") == "PONG", SECONDS)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(SECONDS)

    @property
    def words(self) -> tuple[object, ...]:
        """For a host."""
        return ("--service", f"redis=unix://{self.socket}", "--dispenser", "redis")

    def ask(self, *words: object) -> str:
        return subprocess.run(["redis-cli", "-s", str(self.socket), *map(str, words)], capture_output=True, text=True,
                              timeout=SECONDS).stdout.strip()  # fmt: skip

    @property
    def keys(self) -> list[str]:
        return self.ask("KEYS", "*").split()


@pytest.fixture(scope="module")
def redis(tmp_path_factory):
    """One server for all tests of a module, each of which leaves no key."""
    server = Redis(tmp_path_factory.mktemp("redis"))
    yield server
    server.kill()
