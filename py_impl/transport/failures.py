# SPDX-License-Identifier: MIT
"""The exceptions of sockets and names, as kinds of RequestFailed."""

from __future__ import annotations

import errno
import socket

from py_impl.contract import (
    BAD_CERTIFICATE, CONNECTION_CLOSED, CONNECTION_REFUSED, COULD_NOT_RESOLVE, NO_FREE_DESCRIPTOR, NO_FREE_PORT, TIMEOUT, TRANSPORT,
    RequestFailed,
)  # fmt: skip

PORTS_FILE = "/proc/sys/net/ipv4/ip_local_port_range"


def failure(error: Exception, where: str) -> RequestFailed:
    """What an OSError on the way to `where` is to be called."""
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    if isinstance(error, (TimeoutError, socket.timeout)):  # two classes before 3.10
        return RequestFailed(TIMEOUT, f"{where}: timed out")
    if isinstance(error, ConnectionRefusedError):
        return RequestFailed(CONNECTION_REFUSED, f"{where} refused the connection")
    if type(error).__name__ == "SSLCertVerificationError":  # without importing ssl
        return RequestFailed(BAD_CERTIFICATE, f"{where}: {text}")
    if isinstance(error, socket.gaierror):
        return RequestFailed(COULD_NOT_RESOLVE, f"{where}: {text}")
    if isinstance(error, ConnectionError):
        return RequestFailed(CONNECTION_CLOSED, f"{where}: {text}")
    if getattr(error, "errno", None) == errno.EADDRNOTAVAIL:
        return RequestFailed(NO_FREE_PORT, f"{where}: {_ports()}")
    if getattr(error, "errno", None) == errno.EMFILE:
        return RequestFailed(NO_FREE_DESCRIPTOR, f"{where}: {_descriptors()}")
    if getattr(error, "errno", None) == errno.ENFILE:
        return RequestFailed(NO_FREE_DESCRIPTOR, f"{where}: no free descriptor on the whole machine (fs.file-max)")
    return RequestFailed(TRANSPORT, f"{where}: {type(error).__name__}: {text}")


def timed_out(where: str, seconds: float) -> RequestFailed:
    return RequestFailed(TIMEOUT, f"{where}: no complete answer within {seconds:g} s")


def _ports() -> str:
    """As common/scarce.c says it."""
    said = "no free local port or address for one more connection"
    try:
        with open(PORTS_FILE, encoding="ascii") as file:
            low, high = file.read().split()
    except (OSError, ValueError):
        return said
    return f"{said} (net.ipv4.ip_local_port_range: {low} to {high})"


def _descriptors() -> str:
    import resource  # only where it is needed: imports are part of what is measured

    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return (f"no free descriptor for one more connection (RLIMIT_NOFILE is {limit}; a higher `ulimit -Hn` or fewer workers "
            "would do)")  # fmt: skip
