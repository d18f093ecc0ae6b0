# SPDX-License-Identifier: MIT
"""`list`: what this host offers, as JSON (common/schema/list.schema.json) or for a person."""

from __future__ import annotations

import json
import os
import platform
import resource
import select
import signal
import sys
import sysconfig
import time
from contextlib import redirect_stdout, suppress

from py_impl import VERSION, catalog
from py_impl.contract import COMMAND
from py_impl.errors import Usage
from py_impl.failure import explain, failure_words
from py_impl.kernels import offer
from py_impl.knobs import knobs_of
from py_impl.models import models_of
from py_impl.runtimes import Runtime
from py_impl.serving import SERVERS


PROBE_S = 10


def tasks_of(runtime: Runtime, given: dict[str, object]) -> tuple[list[dict[str, object]], list[str]]:
    """All tasks of the folder or the one that is asked for, and why some do not load."""
    tasks, errors = [], []
    only, folder = given.get("--task") or given["--command"] or None, given.get("--tasks")
    for name in catalog.names(runtime.shelf, folder) if only is None else [only]:
        try:
            with redirect_stdout(sys.stderr):
                task = catalog.choose(runtime.shelf, given if only is not None else {**given, "--task": name})
        except Usage as error:
            errors.append(str(error))
            continue
        if only is not None:
            own = task.ASKS == COMMAND or catalog.is_function(only)
            tasks.append(catalog.describe(task) | {"probe": probe(task) if own else None})
        elif task.NAME == name:
            tasks.append(catalog.describe(task))
        else:
            errors.append(f"task '{name}': calls itself '{task.NAME}'")
    return tasks, errors


def probe(task: object) -> dict[str, object] | None:
    """What the second of two calls takes, in a process of its own, or what went wrong. None where it does not come to an end."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        with suppress(BaseException):  # whatever a user's function may raise
            os.setpgid(0, 0)
            nowhere = os.open(os.devnull, os.O_RDWR)
            for fd in (0, 1, 2):
                os.dup2(nowhere, fd)
            os.write(write, json.dumps(call_twice(task) if task.ASKS == COMMAND else called(task)).encode())
        os._exit(0)
    os.close(write)
    ready, _, _ = select.select([read], [], [], PROBE_S)
    found = os.read(read, 4096) if ready else b""
    os.close(read)
    with suppress(OSError):  # it may have had no time for its group
        os.killpg(pid, signal.SIGKILL)
    os.kill(pid, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if found:
        return json.loads(found)
    if not ready or task.ASKS == COMMAND or status == -signal.SIGKILL:
        return None
    return {"error": f"the process was ended by signal {-status}" if status < 0 else f"it ended the process with exit status {status}"}


def called(task: object) -> dict[str, object]:
    try:
        return call_twice(task)
    except BaseException as error:  # whatever a user's function may raise
        kind, message, line = explain(error, getattr(task, "__file__", None))
        return {"error": failure_words(kind, message, line)}


def call_twice(task: object) -> dict[str, int]:
    state = task.open({}, max(2, task.JOBS)) if hasattr(task, "open") else None
    worker = task.worker_open(state, 0) if hasattr(task, "worker_open") else None
    client = command_client() if task.ASKS == COMMAND else None
    for job in (0, 1):
        queued_ns, waits, wall_ns, cpu_ns = time_queued_ns(), waits_of_process(), time.monotonic_ns(), cpu_time_ns()
        reply = client.get(task.request(state, worker, job), job) if client else None
        task.run(state, worker, job, reply)
        cpu_ns = cpu_time_ns() - cpu_ns
        wall_ns = time.monotonic_ns() - wall_ns - (time_queued_ns() - queued_ns)
        if waits == waits_of_process() and cpu_ns > 0:  # a hypervisor's other guests do not show in what is queued
            wall_ns = cpu_ns
    return {"wall_ns": wall_ns, "cpu_ns": cpu_ns}


def waits_of_process() -> int:
    """How often it gave its CPU up by itself, to wait for something."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw


def time_queued_ns() -> int:
    """How long its first thread was ready to go on while others had the CPUs; 0 where the kernel does not tell."""
    try:
        with open("/proc/self/schedstat", encoding="ascii") as file:
            return int(file.read().split()[1])
    except (OSError, ValueError, IndexError):
        return 0


def command_client() -> object:
    from py_impl.transport import Options
    from py_impl.transport.commands import Client

    return Client(Options(0, lambda: None))


def cpu_time_ns() -> int:
    """Of this process and of those it has waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time_ns() + round((children.ru_utime + children.ru_stime) * 1e9)


def listing(runtime: Runtime, given: dict[str, object]) -> dict[str, object]:
    tasks, errors = tasks_of(runtime, given)
    compiler: dict[str, str | None] = {}
    if runtime.shelf.compiler:
        compiler, lacks = offer(runtime.shelf.compiler)
        errors += lacks
    return {
        "list": 1,
        "host": "py",
        "version": VERSION,
        "runtimes": [runtime.name],
        "build": build_facts() | compiler,
        "models": [
            {
                "name": model.name,
                "about": model.about,
                "processes": model.processes,
                "loop": model.loop,
                "baseline": model.baseline,
                "extra": model.extra,
                "remote": model.remote,
                "services": model.services,
            }
            for model in models_of(runtime.name)
        ],
        "servers": [server.describe() for server in SERVERS],
        "knobs": [knob.describe([model.name for model in models_of(runtime.name)]) for knob in knobs_of(runtime.name)],
        "tasks": tasks,
        "errors": errors,
    }


def build_facts() -> dict[str, str | None]:
    """How this interpreter was built, as far as it knows."""
    variables = sysconfig.get_config_vars()
    arguments = str(variables.get("CONFIG_ARGS") or "")
    otherwise = "not told" if variables.get("PGO_PROF_USE_FLAG") == "" else "no"  # Debian takes it out of what it tells
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "executable": sys.executable,
        "compiler": platform.python_compiler(),
        "cflags": _text(variables.get("PY_CFLAGS") or variables.get("CFLAGS")),
        "optimisation": ", ".join(
            f"{name}: {'yes' if option in arguments else otherwise}"
            for name, option in (("pgo", "--enable-optimizations"), ("lto", "--with-lto"))
        ),
        "config_args": _text(arguments),
        "gil": "no (free-threaded build)" if variables.get("Py_GIL_DISABLED") else "yes",
        "switch_interval_s": f"{sys.getswitchinterval():g}",
    }


def _text(value: object) -> str | None:
    return " ".join(str(value).split()) if value else None


def shown(runtime: Runtime, given: dict[str, object]) -> str:
    offer = listing(runtime, given)
    if "--json" in given:
        return json.dumps(offer)
    lines = []
    for kind in ("models", "servers", "knobs", "tasks"):
        lines.append(f"{kind}:")
        for row in offer[kind]:
            lines.append(f"  {row['name']:<16} {row['about']}")
            for param in row.get("params", ()):
                default = "needed" if param["default"] is None else param["default"]
                lines.append(f"    {param['key']:<11} {param['about']} ({default})")
    for error in offer["errors"]:
        print(f"py_impl: {error}", file=sys.stderr)
    return "\n".join(lines)
