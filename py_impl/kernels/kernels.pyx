# SPDX-License-Identifier: MIT
# cython: language_level=3, cdivision=True
"""The kernels in Cython: steps and names are those of the functions in py_impl/tasks, whose places they take."""

from libc.math cimport sqrt


cdef long long _fib(long long n) noexcept nogil:
    if n < 2:
        return n
    return _fib(n - 1) + _fib(n - 2)


def fib(long long n):
    cdef long long found
    with nogil:
        found = _fib(n)
    return found


def count_matches(long long size):
    cdef long long n, count = 0
    with nogil:
        for n in range(size):
            if (n % 2 == 0 or n % 3 == 0 or n % 5 == 0) and ((n ^ 0x42) & 3) == 3:
                count += 1
    return count


def divisor_sum(long long number):
    cdef long long candidate, total = 0
    with nogil:
        for candidate in range(1, number + 1):
            if number % candidate == 0:
                total += candidate
    return total


def distance_sum(long long first, long long last):
    cdef long long p
    cdef double d, total = 0.0
    with nogil:
        for p in range(first, last):
            d = p - 1e6
            total += sqrt(d * d)
    return <long long>total
