# SPDX-License-Identifier: MIT
"""
The task contract, the Python mirror of c_impl/include/cobench/task.h.

A Python task is a module with NAME, ABOUT, KIND, ASKS, JOBS, PARAMS and the functions

    payload(params, jobs) -> int                how many bytes each job's message carries besides its number, where it crosses
                                                to its worker by one: 0..PAYLOAD_MAX, of zeros; before open
    open(params, jobs) -> state                 once a process, before any worker exists
    close(state)                                after the last worker (in a forked child: never)
    worker_open(state, flags) -> worker         in the thread or process that will run jobs
    worker_close(state, worker)                 in the same thread
    prepare(state, step) -> Request | None      what the run needs to be there before its first worker opens (a table, keys): step 0,
                                                1, ... until it asks for nothing; blocking, in the first process, once a run
    request(state, worker, job) -> Request      what job `job` waits for
    more(state, worker, job, step, reply) -> Request | None
                                                with each reply, to step 0, 1, ...: where it asks for something the job waits again,
                                                else `run` has this last one
    run(state, worker, job, reply) -> int       its result, 0..2^64-1; reply is None for NOTHING and DELAY
    waited(state, worker) -> int                how many ns the job that `run` has just computed has waited for locks
    audit(state) -> Audit                       once, when all workers have closed and all jobs were done: whether what they have
                                                changed in common is as it has to be. A task that has it keeps that in memory
                                                that `open` maps shared and anonymous (mmap.mmap(-1, size)): its workers are
                                                threads of this process, or forked from it

of which all but `run` are optional: without `open` the state is None, without `worker_open` the worker is, without `payload` there is none. `params`
maps each key to its value: int for INT, bytes for TEXT, str for the rest. SPLITS = True says that the jobs share one
given amount of work, so that more jobs are smaller ones. The host does all the waiting; a task must not sleep, block on
a socket, start threads or fork. An exception is the failure of that job.

Every process that runs a task imports this module, and the start of a process is part of what is measured. That is
why these are plain classes with slots: NamedTuple would import typing, a dataclass inspect, either of which costs
more than the whole host of the cheapest run.
"""

from __future__ import annotations

CONTRACT_VERSION = 5

# KIND: what the work is, from which the default number of workers follows.
NONE, CPU, IO, MIXED = KINDS = ("none", "cpu", "io", "mixed")

# ASKS: the most any job of a task asks for.
NOTHING, DELAY, URL, COMMAND, SQL, CACHE, BLOCK, RESULTS = ASKS = (
    "nothing", "delay", "url", "command", "sql", "cache", "block", "jobs")
SERVICES = {SQL: "postgresql", CACHE: "redis"}  # that has to be there for it (--service)
CONNECTS = (URL, SQL, CACHE)  # asks that go over connections, which are counted

# Flags of a Request.
URL_FRESH = 1  # on a connection of its own, closed behind it
URL_HTTP2 = 2
SQL_FIRST = 8  # of `prepare`: to be asked first of all on each connection of a worker, too, which is warm then
BLOCK_DIRECT = 4  # past the page cache (O_DIRECT): offset and length are multiples of 512

# Types of a parameter. PATH: a leading '@' is replaced by the folder of cobench's own data files.
INT, CHOICE, TEXT, PATH = "int", "choice", "text", "path"
PARAM_TYPES = (INT, CHOICE, TEXT, PATH, URL)

# Flags of worker_open.
WORKER_PROCESS = 1  # this worker has a process of its own
WORKER_ISOLATED = 2  # this worker has an interpreter of its own

URL_MAX = 2047  # bytes, as much as the C hosts can hold
PAYLOAD_MAX = 16 << 20  # bytes
BLOCK_MAX = 16 << 20  # bytes
AUDIT_MAX = 159  # bytes of its finding, likewise


class Param:
    """One row of a task's table of parameters; the same row, word for word, stands in the task's C counterpart."""

    __slots__ = ("key", "type", "fallback", "min", "max", "choices", "about")

    def __init__(
        self,
        key: str,
        type: str,
        fallback: str | None,
        about: str,
        min: int | None = None,
        max: int | None = None,
        choices: tuple[str, ...] | None = None,
    ) -> None:
        self.key = key
        self.type = type
        self.fallback = fallback  # the default as it would be typed; None: the user has to give one
        self.min = min  # INT only, as is max
        self.max = max
        self.choices = choices  # CHOICE only
        self.about = about  # one line, with the unit


class Request:
    """What one job asks for."""

    __slots__ = ("ask", "delay_ns", "url", "words", "directory", "flags", "statements", "key", "path", "offset", "length", "jobs")

    def __init__(
        self, ask: str = NOTHING, delay_ns: int = 0, url: str = "", words: list[bytes] = (), directory: str | None = None,
        flags: int = 0, statements: tuple[str, ...] = (), key: int = 0, path: str | None = None, offset: int = 0, length: int = 0,
        jobs: tuple[int, ...] = (),
    ) -> None:  # fmt: skip
        self.ask = ask
        self.delay_ns = delay_ns  # DELAY: how long to wait
        self.url = url  # URL: absolute, http or https
        self.words = words  # COMMAND: program and arguments; CACHE: one command of Redis
        self.directory = directory  # COMMAND: where it runs; None: where the host does
        self.flags = flags
        # SQL: run one after the other on one connection, `$1` in any of them is `key`, a bigint. The same tuple each time.
        self.statements = statements
        self.key = key
        self.path = path  # BLOCK: the file, the same for all jobs; each process of workers opens it once
        self.offset = offset  # BLOCK: in bytes
        self.length = length  # BLOCK: 1..BLOCK_MAX; fewer bytes in the file are the job's failure, ShortBlock
        # RESULTS, in `request` alone: those of this run, 0..n-1, whose results it needs, none of which may need this one. Where
        # one of them fails, so does this, NeededFailed. A task that asks for jobs may ask for delays in `more`.
        self.jobs = jobs


class Reply:
    """What came back. What did not, an error that a service answers with and a command that failed are the job's failure."""

    __slots__ = ("status", "body", "digest")

    def __init__(self, status: int, body: bytes, digest: int = 0) -> None:
        self.status = status  # HTTP status; SQL: how many rows came of the last statement that gave any; CACHE: 0 for nil, else 1; else 0
        # SQL: the first field of the first of these rows, as text, empty for NULL or no row; CACHE: a string, or an integer in
        # decimal digits; BLOCK: the bytes, which may be any buffer; RESULTS: the results, 8 bytes each in the machine's byte
        # order, as memoryview(body).cast("Q") reads them, in the order in which they were asked for.
        self.body = body
        self.digest = digest  # COMMAND: of what it printed: how many bytes (modulo 2^32) << 32 | their CRC-32


class Audit:
    """What a task that changes something in common finds at the end."""

    __slots__ = ("wrong", "of", "finding")

    def __init__(self, wrong: int, of: int, finding: str = "") -> None:
        self.wrong = wrong  # so many of `of` changes are lost, torn or doubled
        self.of = of  # at least 1
        self.finding = finding  # one line for a person: what was lost of what, and what does not add up; empty where nothing is wrong


class HttpStatus(Exception):
    """The reply has another status than the job needs."""


class BadLength(Exception):
    """The reply's body has another length than was asked for."""


class BadNumber(Exception):
    """The reply's body is no number."""


class NotPossible(Exception):
    """`open` raises it where this machine lacks what the task needs. Its cells are listed with the message as their reason."""


class TaskFailed(Exception):
    """A task of another language failed; `kind` and `line` go into the record as the failure's type and line."""

    def __init__(self, kind: str, message: str, line: int | None) -> None:
        super().__init__(message)
        self.kind = kind
        self.line = line


class RequestFailed(Exception):
    """There is no reply. A transport raises it; `kind` says why and goes into the record as the failure's type."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


# The kinds of RequestFailed.
CONNECTION_REFUSED = "ConnectionRefused"
CONNECTION_CLOSED = "ConnectionClosed"
COULD_NOT_RESOLVE = "CouldNotResolve"
TIMEOUT = "Timeout"
SHORT_BODY = "ShortBody"
BAD_REPLY = "BadReply"
NO_FREE_PORT = "NoFreePort"
NO_FREE_DESCRIPTOR = "NoFreeDescriptor"
SHORT_BLOCK = "ShortBlock"
BAD_CERTIFICATE = "BadCertificate"
SQL_ERROR = "SqlError"
TRANSPORT = "Transport"  # whatever else goes wrong on the way
NEEDED_FAILED = "NeededFailed"
IMPOSSIBLE = "Impossible"  # cannot be asked for here at all: the run ends with 77


def slice_of(size: int, job: int, jobs: int) -> tuple[int, int]:
    """Job `job`'s slice of `size` items when `jobs` jobs share them: from the first up to but not including the second."""
    return size * job // jobs, size * (job + 1) // jobs
