# SPDX-License-Identifier: MIT
"""
A command as a task: the program and its arguments, in whose words {job} stands for the job's number and {input} for its line.
The host waits for it (transport/commands.py); the result is the digest of what it printed.
"""

from __future__ import annotations

import os

from py_impl.contract import COMMAND, MIXED, Reply, Request
from py_impl.errors import Usage


class Command:
    KIND, ASKS, PARAMS, SPLITS = MIXED, COMMAND, (), False

    def __init__(self, words: list[str], directory: str | None, inputs: str | None) -> None:
        used = any("{input}" in word for word in words)
        if used and inputs is None:
            raise Usage("the command's {input} needs --inputs FILE")
        if inputs is not None and not used:
            raise Usage("--inputs: the command has no {input}")
        self._made_of = words, directory, inputs
        self.NAME, self.ABOUT = words[0].rpartition("/")[2], words[0]
        self._words = [os.fsencode(word) for word in words]
        self._directory = directory
        self._lines = None if inputs is None else read_lines(inputs)
        self.JOBS = 8 if self._lines is None else len(self._lines)

    def __reduce__(self) -> tuple:
        return Command, self._made_of

    def request(self, state: None, worker: None, job: int) -> Request:
        words = [word.replace(b"{job}", b"%d" % job) for word in self._words]
        if self._lines is not None:
            line = self._lines[job % len(self._lines)]
            if b"\0" in line:
                raise ValueError("the input has a NUL, which no argument can have")
            words = [word.replace(b"{input}", line) for word in words]
        return Request(COMMAND, words=words, directory=self._directory)

    def run(self, state: None, worker: None, job: int, reply: Reply) -> int:
        return reply.digest


def read_lines(path: str) -> list[bytes]:
    """As they are, without their line feeds."""
    try:
        with open(path, "rb") as file:
            text = file.read()
    except OSError as error:
        raise Usage(f"--inputs: '{path}' cannot be read: {error.strerror}") from error
    if not text:
        raise Usage(f"--inputs: '{path}' has no line")
    return text.removesuffix(b"\n").split(b"\n")
