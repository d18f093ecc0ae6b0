# SPDX-License-Identifier: MIT
"""A PostgreSQL server of a test's own, on a Unix socket in a folder."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

from hosts import wait_until

FOLDERS = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
USER = "nobody"


class PostgresServer:
    def __init__(self, *settings: str) -> None:
        if not FOLDERS:
            pytest.skip("an optional library is missing: postgresql")
        self.bin = FOLDERS[-1].parent
        self.folder = Path(tempfile.mkdtemp(prefix="cobench-pg-"))
        shutil.chown(self.folder, USER) if os.geteuid() == 0 else None
        self.settings = settings
        self.url = f"postgresql:///postgres?host={self.folder}&user={USER}"
        self._run("initdb", "-D", self.folder / "data", "-U", USER, "-A", "trust", "--no-sync", "--no-locale", "-E", "UTF8")
        self.start()

    def _run(self, name: str, *words: object) -> None:
        """As nobody where this is root, whom PostgreSQL refuses."""
        subprocess.run([*self._as_nobody(), self.bin / name, *words], cwd=self.folder, check=True, capture_output=True, timeout=60)

    def _as_nobody(self) -> list[str]:
        return ["setpriv", "--reuid", USER, "--regid", "nogroup", "--clear-groups"] if os.geteuid() == 0 else []

    def start(self) -> None:
        settings = (f"unix_socket_directories={self.folder}", "listen_addresses=", "fsync=off", *self.settings)
        words = [self.bin / "postgres", "-D", self.folder / "data", *(word for setting in settings for word in ("-c", setting))]
        self.process = subprocess.Popen([*self._as_nobody(), *words], cwd=self.folder, stderr=subprocess.DEVNULL)
        wait_until(lambda: self.ask("SELECT 1") == "1")

    def ask(self, *statements: str) -> str:
        words = [word for statement in statements for word in ("-c", statement)]
        done = subprocess.run([self.bin / "psql", "-XqtA", "-d", self.url, *words], capture_output=True, text=True, timeout=20)
        return done.stdout.strip()

    def options(self) -> tuple[str, str]:
        return "--service", f"postgresql={self.url}"

    def close(self) -> None:
        self.process.send_signal(signal.SIGINT)  # a fast shutdown
        self.process.wait(20)
        shutil.rmtree(self.folder)
