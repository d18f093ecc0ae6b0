# SPDX-License-Identifier: MIT
"""
Knobs: what this host can vary that is no model. One table makes the options of `run`, the list that the driver goes by,
and what the record says was used. A new one is a row here; whoever it is for reads `run.knobs[NAME]`.
"""

from __future__ import annotations

from py_impl.errors import Usage

PROCESSES = ("processes", "process-pool")
THREADS = ("threads", "thread-pool")
ENGINES = ("mpi", "celery", "celery-group", "dask")
SWITCH = ("off", "on")


class Knob:
    __slots__ = ("name", "kind", "default", "choices", "low", "high", "models", "asks", "choice_asks", "services", "runtimes", "about")

    def __init__(
        self, name: str, kind: type, default: str, about: str, models: tuple[str, ...], *, choices: tuple[str, ...] | None = None,
        low: float | None = None, high: float | None = None, asks: tuple[str, ...] | None = None, choice_asks: dict[str, str] | None = None, runtimes: tuple[str, ...] | None = None,
        services: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        self.name = name  # of the option, without "--"
        self.kind = kind  # of its value: int and float from low to high, str of choices, bool of SWITCH
        self.default = default  # as typed; of a number it may be less than low
        self.choices = SWITCH if kind is bool else choices
        self.low = low
        self.high = high
        self.models = models  # those that it changes
        self.asks = asks  # what the tasks ask for where it does, "function": a user's function; None: any
        self.choice_asks = choice_asks or {}  # of its choices that are for one ask only, which
        self.services = services  # those of its choices that need the service of the same name (run.services)
        self.runtimes = runtimes  # that have it; None: all do
        self.about = about

    def value(self, text: str) -> object:
        """Usage where it has no such value."""
        if self.choices is not None:
            if text in self.choices:
                return text == SWITCH[1] if self.kind is bool else text
            raise Usage(f"--{self.name} '{text}': must be one of {', '.join(self.choices)}")
        try:
            number = None if text.strip("0123456789.eE+-") else self.kind(text)
        except ValueError:
            number = None
        if number is None or not (self.low <= number <= self.high or text == self.default):
            raise Usage(f"--{self.name} '{text}': must be {self.low:.12g}..{self.high:.12g}")
        return number

    def describe(self, models: list[str]) -> dict[str, object]:
        """Its row in the list of a runtime that has these models."""
        kind = "choice" if self.choices else "int" if self.kind is int else "real"
        return {"name": self.name, "type": kind, "default": self.default, "min": self.low, "max": self.high,
                "choices": self.choices, "models": [name for name in self.models if name in models], "asks": self.asks,
                "choice_asks": self.choice_asks,
                "services": {name: [name] for name in self.services}, "about": self.about}  # fmt: skip


KNOBS = (
    Knob("start-method", str, "fork", "how worker processes start: with the task open (fork), or opening it themselves", PROCESSES,
         choices=("fork", "spawn", "forkserver")),
    Knob("switch-interval", float, "0.005", "seconds after which a thread that computes is asked for the GIL (sys.setswitchinterval)",
         THREADS, low=1e-6, high=100.0),
    Knob("stack-size", int, "0", "bytes of a thread's stack; 0: the system's", (*THREADS, "interpreters", "async-threads", "native-pool"),
         low=65536, high=1 << 30),
    Knob("cold", bool, "off", "set pools up inside the work time", ("thread-pool", "process-pool", "interpreters", "async-threads",
                                                                              "native-pool", *ENGINES)),
    Knob("offload", bool, "off", "a function that is no coroutine runs in the loop's executor (asyncio.to_thread)", ("async",),
         asks=("function",), runtimes=("py",)),
    Knob("dispenser", str, "default", "how a job gets to its worker; default: as the executors have it", ("thread-pool", "process-pool", "async"),
         choices=("default", "counter", "queue", "pipe", "redis", "redis-aof", "zmq"), services=("redis", "redis-aof")),  # dispensers.DISPENSERS, not imported here
    Knob("chunk", int, "1", "jobs in a message of the dispensers that send some (pipe, redis, zmq) and of mpi; by default a function's that cross to a"
         " process at once", ("thread-pool", "process-pool", "interpreters", "mpi"), low=1, high=1_000_000),
    Knob("client", str, "default", "what asks for URLs (the default: the standard library) and for SQL (psycopg)",
         ("sync", *THREADS, *PROCESSES, "interpreters", "async"),
         choices=("default", "pycurl", "urllib3", "requests", "httpx", "aiohttp", "asyncpg"), asks=("url", "sql"),
         choice_asks={"pycurl": "url", "urllib3": "url", "requests": "url", "httpx": "url", "aiohttp": "url",
                      "asyncpg": "sql"}),  # transport.CLIENTS, not imported here
    Knob("connections", int, "0", "connections that all workers share, and wait for; 0: each has its own",
         (*THREADS, "async", "native-pool"), low=1, high=100_000, asks=("url", "sql", "cache")),
    Knob("join", str, "block", "what a worker does whose job waits for other jobs; help: runs these meanwhile", (*THREADS, *PROCESSES),
         choices=("block", "help"), asks=("jobs",)),
    Knob("loop", str, "asyncio", "the event loop", ("async",), choices=("asyncio", "uvloop", "trio")),  # loops.LOOPS, likewise
)  # fmt: skip


def knobs_of(runtime: str) -> tuple[Knob, ...]:
    return tuple(knob for knob in KNOBS if knob.runtimes is None or runtime in knob.runtimes)


def values(runtime: str, given: dict[str, object]) -> dict[str, object]:
    """Name to value, of every knob; those of another runtime have their defaults."""
    for knob in set(KNOBS).difference(knobs_of(runtime)):
        if f"--{knob.name}" in given:
            raise Usage(f"--{knob.name}: the runtime {runtime} has no such knob")
    return {knob.name: knob.value(given.get(f"--{knob.name}", knob.default)) for knob in KNOBS}


def used(runtime: str, model: str, given: dict[str, object]) -> dict[str, str]:
    """Those that change the model, as typed: for the record."""
    return {knob.name: given.get(f"--{knob.name}", knob.default) for knob in knobs_of(runtime) if model in knob.models}
