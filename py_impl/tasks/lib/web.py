# SPDX-License-Identifier: MIT
"""What `fetch` and `mixed` share: their parameters, the URL of a job, and what of an answer is checked."""

from __future__ import annotations

from zlib import crc32

from py_impl.contract import (  # fmt: skip
    CHOICE, INT, URL, URL_FRESH, URL_HTTP2, URL_MAX, BadLength, BadNumber,
    HttpStatus, NotPossible, Param, Reply, Request,
)

WEB_PARAMS = (
    Param("url", URL, None, "where to ask; {job}, {size} and {delay} are filled in"),
    Param("size", INT, "1024", "length of the body in bytes", 0, 16_777_216),
    Param("delay", INT, "150", "how long the answer takes, in milliseconds", 0, 3_600_000),
    Param(
        "check",
        CHOICE,
        "auto",
        "what of the answer is checked; auto is crc where the url has {size}, else status",
        choices=("auto", "crc", "length", "status", "number"),
    ),
    Param("tls", INT, "0", "1: over TLS, at the port that the url names behind #tls=", 0, 1),
    Param("http", CHOICE, "1.1", "the version of HTTP; 2 over TLS only, at the port behind #h2=", choices=("1.1", "2")),
    Param("reuse", INT, "1", "0: a connection for each job, and over TLS a handshake", 0, 1),
)


class Web:
    """A URL template, ready to be filled in, and the check."""

    __slots__ = ("parts", "size", "check", "flags")

    def __init__(self, params: dict[str, object], jobs: int) -> None:
        template = str(params["url"])
        self.size = int(params["size"])
        self.check = str(params["check"])
        if self.check == "auto":
            self.check = "crc" if "{size}" in template else "status"
        self.flags = (0 if params["reuse"] else URL_FRESH) | (URL_HTTP2 if params["http"] == "2" else 0)
        self.parts = filled(params | {"url": aim(template, params["tls"], params["http"] == "2")}, jobs)

    def url(self, job: int) -> str:
        return str(job).join(self.parts)

    def verdict(self, reply: Reply) -> int:
        """The result of a reply, or the exception that says what is wrong with it."""
        check_status(reply)
        if self.check == "status":
            return reply.status
        if self.check == "number":
            if len(reply.body) > 20 or not reply.body.isdigit() or (number := int(reply.body)) >= 1 << 64:
                raise BadNumber(f"a body of {len(reply.body)} bytes that is no decimal number of 64 bits")
            return number
        if len(reply.body) != self.size:
            raise BadLength(f"body of {len(reply.body)} bytes where {self.size} were expected")
        return crc32(reply.body) if self.check == "crc" else len(reply.body)


def request(web: Web, worker: object, job: int) -> Request:
    """A task's `request`, where its state is a Web."""
    return Request(URL, url=web.url(job), flags=web.flags)


def aim(template: str, tls: bool, http2: bool) -> str:
    """The template without what is behind its #, and where it is to be asked over TLS, with https and the port that stands there."""
    base, _, ports = template.partition("#")
    if base[:7].lower() != "http://":
        return base
    if http2 and not tls:
        raise ValueError("url: HTTP/2 is asked for over TLS only: tls=1")
    if not tls:
        return base
    _, there, port = ports.partition("h2=" if http2 else "tls=")
    if not there:
        raise NotPossible("url: tls=1 needs https, or #tls=PORT&h2=PORT behind an http URL; the origin has that where it is built with "
                          "libssl-dev and libnghttp2-dev")
    place = min((base + mark).find(mark, 7) for mark in "/?")
    host = base[7:place]
    host = host[: host.find("]") + 1] or host.partition(":")[0]  # in brackets an IPv6 address
    return f"https://{host}:{port.partition('&')[0]}{base[place:]}"


def check_status(reply: Reply) -> None:
    if reply.status != 200:
        raise HttpStatus(f"status {reply.status} where 200 was expected")


def site_of(url: str) -> str:
    """Its scheme and its host."""
    scheme, between, rest = url.partition("://")
    for mark in "/?#":
        rest = rest.partition(mark)[0]
    return scheme + between + rest


def filled(params: dict[str, object], jobs: int) -> list[str]:
    """The parameter `url` as `fill` cuts it, checked."""
    parts = fill(str(params["url"]), params)
    last = str(jobs - 1).join(parts)
    if len(last.encode("utf-8", "surrogateescape")) > URL_MAX:
        raise ValueError(f"url: longer than {URL_MAX} bytes")
    check_url(last)
    return parts


def check_url(url: str) -> None:
    """Refuses what the hosts' transports could not ask for, or not alike."""
    scheme, _, place = site_of(url).partition("://")
    visible = url.isascii() and url.isprintable() and " " not in url
    if scheme.lower() not in ("http", "https") or not place or "@" in place or not visible:
        raise ValueError("url: must be an absolute http or https URL of visible ASCII characters, without a user name: "
                         f"'{url[:80]}'")


def fill(template: str, params: dict[str, object]) -> list[str]:
    """
    The template with every {name} of a parameter replaced by its value, cut at each {job}. One pass from left to right:
    what a value brings in is not filled in again.
    """
    parts, text, rest = [], "", template
    while rest:
        before, brace, rest = rest.partition("{")
        text += before
        if not brace:
            break
        name, closed, rest = rest.partition("}")
        if not closed:
            raise ValueError(f"url: no }} after {{{name}"[:99])
        if name == "job":
            parts.append(text)
            text = ""
        elif name in params and name != "url":
            text += str(params[name])
        else:
            raise ValueError(f"url: {{{name[:80]}}} is neither {{job}} nor a parameter of the task")
    parts.append(text)
    return parts
