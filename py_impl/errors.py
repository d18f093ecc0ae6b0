# SPDX-License-Identifier: MIT
"""What ends a run: each carries the one line that goes to stderr and into the record."""


class Usage(Exception):
    """The command is wrong (exit status 2)."""


class Impossible(Exception):
    """Right, but not possible on this machine (exit status 77)."""


class Failed(Exception):
    """The run itself could not go on (exit status 1)."""
