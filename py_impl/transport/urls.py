# SPDX-License-Identifier: MIT
"""What all transports need of a URL. (urllib.parse would do it too, for 10 ms of imports and 20 us a URL.)"""

from __future__ import annotations

from py_impl.contract import IMPOSSIBLE, URL_HTTP2, RequestFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from typing import NoReturn

# A larger reply is an error, as in c_impl/transport.
BODY_MAX = 64 << 20
HEADERS_MAX = 5000
BODYLESS = (204, 304)
TOO_LONG = "a body of more than 64 MiB"

# Who is asking; some public servers refuse those who do not say.
USER_AGENT = "cobench"


_trust = None


def trust() -> ssl.SSLContext:
    """What OpenSSL trusts, read once a process: the certificates of a system take 30 ms."""
    global _trust
    if _trust is None:
        import ssl  # only where it is needed

        _trust = ssl.create_default_context()
    return _trust


def without_http2(flags: int) -> None:
    """Of a client that has none, or has none here."""
    if flags & URL_HTTP2:
        raise RequestFailed(IMPOSSIBLE, "this client has no HTTP/2 here; --client pycurl has, and httpx with the package h2")


class Place:
    """Where a URL leads: what a connection is opened to, and so what a kept one can be used for again."""

    __slots__ = ("secure", "host", "port", "header")

    def __init__(self, secure: bool, host: str, port: int, header: str) -> None:
        self.secure = secure
        self.host = host
        self.port = port
        self.header = header  # for Host:


class Places:
    """Cuts URLs up, and remembers the places: one run asks at one place, mostly."""

    __slots__ = ("known",)

    def __init__(self) -> None:
        self.known: dict[str, Place] = {}

    def cut(self, url: str) -> tuple[Place, str]:
        """The place, and what is asked for there."""
        start = url.find("://") + 3
        end = len(url)
        for mark in "/?#":
            at = url.find(mark, start)
            if 0 <= at < end:
                end = at
        target = url[end:].partition("#")[0]
        if not target.startswith("/"):
            target = "/" + target
        if not target.isascii() or not target.isprintable() or " " in target:
            _bad(url)
        place = self.known.get(url[:end])
        if place is None:
            place = self.known[url[:end]] = _place(url, url[:end])
        return place, target


def _place(url: str, base: str) -> Place:
    scheme, _, authority = base.partition("://")
    scheme = scheme.lower()
    if scheme not in ("http", "https") or not authority or not authority.isascii() or "@" in authority:
        _bad(url)
    host, port = authority, ""
    if authority.startswith("["):
        host, bracket, port = authority[1:].partition("]")
        if not bracket or (port and not port.startswith(":")):
            _bad(url)
        port = port[1:]
    elif ":" in authority:
        host, _, port = authority.partition(":")
    if not host or not host.isprintable() or " " in host or (port and not port.isdigit()):
        _bad(url)
    number = int(port) if port else (443 if scheme == "https" else 80)
    if not 1 <= number <= 65535:
        _bad(url)
    return Place(scheme == "https", host, number, authority)


def _bad(url: str) -> NoReturn:
    raise RequestFailed("BadUrl", f"'{url}' is no absolute http or https URL in ASCII")
