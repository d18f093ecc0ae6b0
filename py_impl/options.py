# SPDX-License-Identifier: MIT
"""
The command line. One table makes the parser and the help. Not argparse: importing it takes as long as an empty
interpreter takes to start (8 ms), and that would be a part of every cell that is timed as a whole command.
"""

from __future__ import annotations

from py_impl.errors import Usage
from py_impl.knobs import KNOBS

COMMANDS = {
    "run": "run one task under one model",
    "worker": "take jobs of another host's queue",
    "serve": "answer HTTP requests with a task's results",
    "list": "what this host offers",
}


class Option:
    __slots__ = ("name", "command", "value", "about", "needed", "many", "unless")

    def __init__(
        self, name: str, command: str, value: str, about: str, *, needed: bool = False, many: bool = False, unless: str = ""
    ) -> None:
        self.name = name
        self.command = command  # of COMMANDS
        self.value = value  # its placeholder; empty: a flag
        self.about = about
        self.needed = needed
        self.unless = unless  # needed only where this one is not given
        self.many = many  # may be given more than once

    def of(self, command: str) -> Option:
        """The same option of the command worker or serve."""
        return Option(self.name, command, self.value, self.about, needed=self.needed or self.name == "--jobs", many=self.many)


FUNCTIONS = "MODULE:NAME, FILE.py:NAME (for ext FILE.so:SYMBOL)"
PATH = "DIR[:DIR]...", "where a function's module is looked for first"
COMMAND = "WORD", "in the place of a task one word of a command, in which {job} and {input} are filled in; again for each"
DIRECTORY = "DIR", "where the command runs"
INPUTS = "FILE", "what a function is called with, one line per job (FILE.jsonl: JSON), then from the first again"

OPTIONS = (
    Option("--task", "run", "T", "a task's name, its file's path (with a /), or a function: " + FUNCTIONS, needed=True,
           unless="--command"),
    Option("--command", "run", *COMMAND, many=True),
    Option("--directory", "run", *DIRECTORY),
    Option("--path", "run", *PATH),
    Option("--inputs", "run", *INPUTS),
    Option("--model", "run", "M", "a model's name", needed=True),
    Option("--jobs", "run", "N", "1..100000000; by default the task's own"),
    Option("--workers", "run", "W", "the most jobs in flight, 1..100000; by default by the task's kind"),
    Option("--set", "run", "KEY=VALUE", "a parameter of the task", many=True),
    Option("--slots", "run", "FILE", "the slots file, created or truncated", needed=True),
    Option("--record", "run", "FILE", "the record, created or truncated", needed=True),
    Option("--url", "run", "U", "the same as --set url=U"),
    Option("--service", "run", "NAME=URL", "where a service is that a model or a knob's value needs", many=True),
    Option("--hosts", "run", "A:2,B:4", "the workers are on these hosts, each with how many it takes"),
    Option("--launcher", "run", "WORD", "one word of the command that starts another on a host, with {host} for its name", many=True),
    *(Option("--" + knob.name, "run", "|".join(knob.choices or "N"), f"{knob.about}; {knob.default} by default") for knob in KNOBS),
    Option("--timeout", "run", "S", "the whole run, in seconds, 0.001..86400; 300 by default"),
    Option("--request-timeout", "run", "S", "one request, in seconds, 0.001..86400; 30 by default"),
    Option("--rate", "run", "R", "open loop: R jobs arrive a second, 0.001..1000000; tasks that wait only"),
    Option("--arrivals", "run", "fixed|poisson", "how they arrive; fixed by default"),
    Option("--arrivals-seed", "run", "N", "of poisson, 0..9007199254740991; 0 by default"),
    Option("--gate", "run", "R,W", "write a byte to descriptor W when ready, start after one from R"),
    Option("--end-pause", "run", "R,W", "likewise at the last job's end: close the workers after one from R"),
    Option("--tasks", "run", "DIR", "another folder of tasks: NAME.py, for ext NAME.so"),
    Option("--queue", "worker", "PREFIX", "of the queue's keys, as its manager has made them", needed=True),
    Option("--worker", "worker", "W", "which of its workers this is", needed=True),
    Option("--model", "serve", "M", "the name of a server", needed=True),
    Option("--workers", "serve", "W", "its processes, 1..100000; by default the effective CPUs, or the one it has"),
    Option("--delay", "serve", "MS", "milliseconds to wait before each job, 0..3600000; 0 by default"),
    Option("--listen", "serve", "unix:PATH", "a Unix socket; by default a free port of 127.0.0.1"),
    Option("--json", "list", "", "as one JSON object"),
    Option("--task", "list", "T", "only that task; a function is called twice to see what it takes"),
    Option("--command", "list", *COMMAND, many=True),
    Option("--directory", "list", *DIRECTORY),
    Option("--path", "list", *PATH),
    Option("--inputs", "list", *INPUTS),
    Option("--tasks", "list", "DIR", "another folder of tasks: NAME.py, for ext NAME.so"),
)

_OF_ALL = {"--task", "--path", "--inputs", "--jobs", "--set", "--url", "--service", "--request-timeout", "--tasks", "--command",
           *("--" + knob.name for knob in KNOBS)}  # fmt: skip
OPTIONS += tuple(option.of(command) for command in ("worker", "serve") for option in OPTIONS
                 if option.command == "run" and option.name in _OF_ALL)  # fmt: skip


def parse(command: str, words: list[str]) -> dict[str, object]:
    """Option to text; True for a flag, a list where there may be many. Usage with one line if something is wrong."""
    table = {option.name: option for option in OPTIONS if option.command == command}
    given: dict[str, object] = {name: [] for name, option in table.items() if option.many}
    words = list(words)
    while words:
        word = words.pop(0)
        name, equals, text = word.partition("=")
        option = table.get(name)
        if option is None:
            raise Usage(f"'{word}' is no option of {command} (known: {', '.join(table)})")
        if not option.value:
            if equals:
                raise Usage(f"{name} takes no value")
        elif not equals:
            if not words:
                raise Usage(f"{name} needs a value: {option.about}")
            text = words.pop(0)
        if option.many:
            given[name].append(text)
        elif name in given:
            raise Usage(f"{name}: given twice")
        else:
            given[name] = text if option.value else True
    for option in table.values():
        if option.needed and option.name not in given and not given.get(option.unless):
            raise Usage(f"{option.name} is needed: {option.about}")
    return given


def peek(name: str, words: list[str]) -> str | None:
    """The value of one option in a command line that may be wrong elsewhere."""
    for i, word in enumerate(words):
        if word == name and i + 1 < len(words):
            return words[i + 1]
        if word.startswith(name + "="):
            return word[len(name) + 1 :]
    return None


def help_text() -> str:
    lines = ["Usage: python3 -s -E -m py_impl COMMAND [OPTION]...   (in the project's root)"]
    for command, about in COMMANDS.items():
        lines += ["", f"{command}: {about}"]
        for option in OPTIONS:
            if option.command == command:
                left = f"{option.name} {option.value}".rstrip()
                lines.append(f"  {left:<26}  {option.about}{' (needed)' if option.needed else ''}")
    lines += ["", "Exit status: 0 done, 1 a job failed, 2 usage, 77 not possible here."]
    return "\n".join(lines)
