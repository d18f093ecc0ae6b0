# SPDX-License-Identifier: MIT
"""
Text from the command line: numbers, and the values of a task's parameters. int() and float() let pass what the C
hosts refuse (blanks, underscores, other scripts' digits), so it is refused here.
"""

from __future__ import annotations

import os

from py_impl.contract import CHOICE, INT, PATH, TEXT, Param
from py_impl.errors import Usage

INT_TEXT_MAX = 100  # far above 64 bits, far below where int() itself refuses


def parse_int(name: str, text: str, low: int, high: int) -> int:
    digits = text[1:] if text[:1] in ("-", "+") else text
    if not (digits.isascii() and digits.isdigit()):
        raise Usage(f"{name}: '{text}' is not a whole number")
    value = int(text) if len(text) < INT_TEXT_MAX else high + 1
    if not low <= value <= high:
        raise Usage(f"{name}={text}: must be {low}..{high}")
    return value


def parse_seconds(name: str, text: str, low: float, high: float) -> float:
    try:
        if text.strip("0123456789.eE+-"):
            raise ValueError
        value = float(text)
    except ValueError:
        raise Usage(f"{name}: '{text}' is not a number of seconds") from None
    if not low <= value <= high:
        raise Usage(f"{name}={text}: must be {low:g}..{high:g}")
    return value


def parse_fds(name: str, text: str) -> tuple[int, int]:
    read, comma, write = text.partition(",")
    if not comma:
        raise Usage(f"{name}: '{text}' is not two descriptors, R,W")
    fds = parse_int(name, read, 0, 1 << 30), parse_int(name, write, 0, 1 << 30)
    for fd in fds:
        try:
            os.fstat(fd)
        except OSError:
            raise Usage(f"{name}: {fd} is no open descriptor") from None
    return fds


def build_folder() -> str:
    """The folder of what make built."""
    build = os.environ.get("COBENCH_BUILD")
    return build or os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build")


def data_folder() -> str:
    """The folder of cobench's own data files."""
    return os.path.join(build_folder(), "data")


def settings(pairs: list[str]) -> dict[str, str]:
    """The --set options as a dictionary."""
    chosen: dict[str, str] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals or not key:
            raise Usage(f"--set {pair}: must be key=value")
        if key in chosen:
            raise Usage(f"--set {key}: given twice")
        chosen[key] = text
    return chosen


def services(pairs: list[str]) -> dict[str, str]:
    """The --service options, name to URL. A wrong one is not repeated: there may be a password in it."""
    if any(pair.find("=") < 1 for pair in pairs):
        raise Usage("--service: must be NAME=URL")
    return dict(pair.split("=", 1) for pair in pairs)


def resolve(task: str, table: tuple[Param, ...], chosen: dict[str, str]) -> dict[str, str]:
    """The text of every parameter, checked; paths resolved."""
    keys = [param.key for param in table]
    for key in chosen:
        if key not in keys:
            has = f"it has: {', '.join(keys)}" if keys else "it has none"
            raise Usage(f"unknown parameter '{key}' of task '{task}' ({has})")
    texts = {}
    for param in table:
        text = chosen.get(param.key, param.fallback)
        if text is None:
            raise Usage(f"parameter '{param.key}' of task '{task}' has to be given: {param.about}")
        if param.type == PATH and text.startswith("@"):
            text = os.path.join(data_folder(), text[1:])
        texts[param.key] = text
        value_of(param, text)
    return texts


def value_of(param: Param, text: str) -> int | str | bytes:
    """A checked parameter as the task gets it."""
    if param.type == INT:
        return parse_int(f"--set {param.key}", text, param.min, param.max)
    if param.type == CHOICE and text not in param.choices:
        raise Usage(f"--set {param.key}={text}: must be one of {', '.join(param.choices)}")
    return os.fsencode(text) if param.type == TEXT else text


def values(table: tuple[Param, ...], texts: dict[str, str]) -> dict[str, int | str | bytes]:
    return {param.key: value_of(param, texts[param.key]) for param in table}
