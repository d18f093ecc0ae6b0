# SPDX-License-Identifier: MIT
"""Division: the divisors of a number, by trial of every candidate."""

from py_impl.contract import CPU, INT, NOTHING, Param

NAME = "factorize"
ABOUT = "sum of the divisors of a number, by trial of every candidate"
KIND = CPU
ASKS = NOTHING
JOBS = 30
PARAMS = (Param("divide", INT, "1", "divisor that makes the 30 fixed 7-digit numbers smaller", 1, 1_000_000),)

NUMBERS = (
    1111111, 2222222, 3333333, 4444444, 5555555, 6666666, 7777777, 8888888, 9999999, 6123123,
    9123434, 1432543, 1000000, 2000000, 3000000, 4000000, 5000000, 6000000, 7000000, 8000000,
    9000000, 7433123, 7343123, 2423435, 5000999, 6432523, 3414341, 7985345, 7098145, 7901123,
)  # fmt: skip


def divisor_sum(number: int) -> int:
    total = 0
    for candidate in range(1, number + 1):
        if number % candidate == 0:
            total += candidate
    return total


def open(params, jobs):
    return params["divide"]


def run(divide, worker, job, reply):
    number = NUMBERS[job % len(NUMBERS)] // divide
    if number < 1:
        number = 1
    return divisor_sum(number)
