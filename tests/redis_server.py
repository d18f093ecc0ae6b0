# SPDX-License-Identifier: MIT
"""A Redis server of a test's own, on a Unix socket in a folder."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from hosts import wait_until


class RedisServer:
    def __init__(self, *words: str) -> None:
        if shutil.which("redis-server") is None:
            pytest.skip("an optional library is missing: redis-server")
        self.folder = Path(tempfile.mkdtemp(prefix="cobench-redis-"))
        self.socket = self.folder / "s"
        self.words = words
        self.start()

    def start(self) -> None:
        words = ["redis-server", "--port", "0", "--unixsocket", self.socket, "--save", "", "--appendonly", "no", *self.words]
        self.process = subprocess.Popen(words, cwd=self.folder, stdout=subprocess.DEVNULL)
        wait_until(lambda: self.ask("PING") == "PONG")

    def ask(self, *words: str) -> str:
        done = subprocess.run(["redis-cli", "-s", self.socket, *words], capture_output=True, text=True, timeout=20)
        return done.stdout.strip()

    def keys(self) -> list[str]:
        return sorted(self.ask("KEYS", "cobench:*").split())

    def options(self, name: str = "redis") -> tuple[str, ...]:
        return "--dispenser", name, "--service", f"{name}=unix://{self.socket}"

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(20)

    def close(self) -> None:
        self.kill()
        shutil.rmtree(self.folder)
