# SPDX-License-Identifier: MIT
"""What `fetch` and `mixed` share: their parameters, the URL of a job, and what of an answer is checked."""

from __future__ import annotations

from zlib import crc32

from py_impl.contract import CHOICE, INT, URL, URL_MAX, BadLength, BadNumber, HttpStatus, Param, Reply, Request

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
)


class Web:
    """A URL template, ready to be filled in, and the check."""

    __slots__ = ("parts", "size", "check")

    def __init__(self, params: dict[str, object], jobs: int) -> None:
        template = str(params["url"])
        self.size = int(params["size"])
        self.check = str(params["check"])
        if self.check == "auto":
            self.check = "crc" if "{size}" in template else "status"
        self.parts = filled(params, jobs)

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
    return Request(URL, url=web.url(job))


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
