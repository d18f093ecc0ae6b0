# SPDX-License-Identifier: MIT
"""Function calls: naive recursive Fibonacci."""

from py_impl.contract import CPU, INT, NOTHING, Param

NAME = "fib"
ABOUT = "naive recursive Fibonacci, one real call a node"
KIND = CPU
ASKS = NOTHING
JOBS = 8
PARAMS = (Param("size", INT, "35", "which Fibonacci number", 0, 60),)


def fib(n: int) -> int:
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)


def open(params, jobs):
    return params["size"]


def run(size, worker, job, reply):
    return fib(size)
