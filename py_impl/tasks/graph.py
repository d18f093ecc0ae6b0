# SPDX-License-Identifier: MIT
"""
A shape of one's own, from a file with a line for each node: NAME COST [NEEDED...], the cost in thousands of steps; what is behind
a # is a comment. Job j is node j mod nodes, in the order of the lines, of copy j / nodes. A circle is not looked for: the host names
the jobs that wait for each other.
"""

import io

from py_impl.contract import CPU, PATH, RESULTS, Param
from py_impl.tasks.lib.needs import ask, total
from py_impl.tasks.lib.steps import take_steps

NAME = "graph"
ABOUT = "jobs that need each other as a file says: a shape of one's own"
KIND = CPU
ASKS = RESULTS
JOBS = 12
PARAMS = (
    Param("file", PATH, "@graph.txt",
          "a line for each node: NAME COST [NEEDED...], the cost in thousands of steps; @ is the folder of cobench's own files"),
)  # fmt: skip
COST_DIGITS = 7


def shown(name: bytes) -> str:
    return f"'{name.decode(errors='surrogateescape')}'"


def read_nodes(path: str) -> tuple[list[int], list[tuple[int, ...]]]:
    """The costs of the nodes, and which each needs, both by number."""
    with io.open(path, "rb") as file:
        lines = [line.partition(b"#")[0].split() for line in file.read().split(b"\n")]
    numbers, costs, needed = {}, [], []
    for name, *rest in filter(None, lines):
        if not rest or not rest[0].isdigit() or len(rest[0]) > COST_DIGITS:
            raise ValueError(f"{path}: no whole number of at most {COST_DIGITS} digits is the cost of {shown(name)}")
        costs.append(int(rest[0]))
        needed.append(rest[1:])
        if numbers.setdefault(name, len(numbers)) < len(costs) - 1:
            raise ValueError(f"{path}: two lines begin with {shown(name)}")
    for name in (name for names in needed for name in names):
        if name not in numbers:
            raise ValueError(f"{path}: needed, but there is no line of {shown(name)}")
    return costs, [tuple(numbers[name] for name in names) for names in needed]


def open(params, jobs):
    costs, needed = read_nodes(params["file"])
    if not costs:
        raise ValueError(f"{params['file']}: has no nodes")
    if jobs % len(costs) > 0:
        raise ValueError(f"{params['file']}: has {len(costs)} nodes, of which {jobs} jobs are no whole copies; --jobs {len(costs)} is one")
    return costs, needed


def request(graph, worker, job):
    nodes = len(graph[0])
    copy = job - job % nodes
    return ask(tuple(copy + node for node in graph[1][job % nodes]))


def run(graph, worker, job, reply):
    costs = graph[0]
    return take_steps(total(job, reply), 1000 * costs[job % len(costs)])
