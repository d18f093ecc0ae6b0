# SPDX-License-Identifier: MIT
"""The exceptions of sockets and names, as kinds of RequestFailed."""

from __future__ import annotations

import socket

from py_impl.contract import (
    CONNECTION_CLOSED, CONNECTION_REFUSED, COULD_NOT_RESOLVE, TIMEOUT, TRANSPORT, RequestFailed,
)  # fmt: skip


def failure(error: Exception, where: str) -> RequestFailed:
    """What an OSError on the way to `where` is to be called."""
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    if isinstance(error, (TimeoutError, socket.timeout)):  # two classes before 3.10
        return RequestFailed(TIMEOUT, f"{where}: timed out")
    if isinstance(error, ConnectionRefusedError):
        return RequestFailed(CONNECTION_REFUSED, f"{where} refused the connection")
    if isinstance(error, socket.gaierror):
        return RequestFailed(COULD_NOT_RESOLVE, f"{where}: {text}")
    if isinstance(error, ConnectionError):
        return RequestFailed(CONNECTION_CLOSED, f"{where}: {text}")
    return RequestFailed(TRANSPORT, f"{where}: {type(error).__name__}: {text}")


def timed_out(where: str, seconds: float) -> RequestFailed:
    return RequestFailed(TIMEOUT, f"{where}: no complete answer within {seconds:g} s")
