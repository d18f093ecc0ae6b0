# SPDX-License-Identifier: MIT
"""`list`: what this host offers, as JSON (common/schema/list.schema.json) or for a person."""

from __future__ import annotations

import json
import platform
import sys
import sysconfig

from py_impl import VERSION, catalog
from py_impl.errors import Usage
from py_impl.models import models_of
from py_impl.runtimes import Runtime


def listing(runtime: Runtime, folder: str | None) -> dict[str, object]:
    tasks, errors = [], []
    for name in catalog.names(runtime.shelf, folder):
        try:
            task = catalog.load(catalog.source_of(runtime.shelf, name, folder))
        except Usage as error:
            errors.append(str(error))
            continue
        if task.NAME == name:
            tasks.append(catalog.describe(task))
        else:
            errors.append(f"task '{name}': calls itself '{task.NAME}'")
    return {
        "list": 1,
        "host": "py",
        "version": VERSION,
        "runtimes": [runtime.name],
        "build": build_facts(),
        "models": [
            {
                "name": model.name,
                "about": model.about,
                "processes": model.processes,
                "loop": model.loop,
                "baseline": model.baseline,
            }
            for model in models_of(runtime.name)
        ],
        "tasks": tasks,
        "errors": errors,
    }


def build_facts() -> dict[str, str | None]:
    """How this interpreter was built, as far as it knows."""
    variables = sysconfig.get_config_vars()
    arguments = str(variables.get("CONFIG_ARGS") or "")
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "executable": sys.executable,
        "compiler": platform.python_compiler(),
        "cflags": _text(variables.get("PY_CFLAGS") or variables.get("CFLAGS")),
        "optimisation": ", ".join(
            f"{name}: {'yes' if option in arguments else 'no'}"
            for name, option in (("pgo", "--enable-optimizations"), ("lto", "--with-lto"))
        ),
        "config_args": _text(arguments),
        "gil": "no (free-threaded build)" if variables.get("Py_GIL_DISABLED") else "yes",
        "switch_interval_s": f"{sys.getswitchinterval():g}",
    }


def _text(value: object) -> str | None:
    return " ".join(str(value).split()) if value else None


def show(runtime: Runtime, folder: str | None, *, as_json: bool) -> None:
    offer = listing(runtime, folder)
    if as_json:
        print(json.dumps(offer))
        return
    for kind in ("models", "tasks"):
        print(f"{kind}:")
        for row in offer[kind]:
            print(f"  {row['name']:<13} {row['about']}")
            for param in row.get("params", ()):
                default = "needed" if param["default"] is None else param["default"]
                print(f"    {param['key']:<11} {param['about']} ({default})")
    for error in offer["errors"]:
        print(f"py_impl: {error}", file=sys.stderr)
