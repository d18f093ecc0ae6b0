# SPDX-License-Identifier: MIT
"""Runs the statements that it is given, with the job's number as their key. The result is how many rows came back * 1000 + the
number in the first of them."""

from py_impl.contract import IO, SQL, TEXT, Param, Request

NAME = "statements"
ABOUT = "statements for tests"
KIND = IO
ASKS = SQL
JOBS = 4
PARAMS = (Param("sql", TEXT, "SELECT 1", "statements, with | between them"),)


def open(params, jobs):
    return tuple(filter(None, params["sql"].decode().split("|")))


def request(state, worker, job):
    return Request(SQL, statements=state, key=job)


def run(state, worker, job, reply):
    return reply.status * 1000 + int(reply.body or b"0")
