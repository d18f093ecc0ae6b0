# SPDX-License-Identifier: MIT
"""The Python host's two transports against a server that answers in unusual ways: both must make the same of it."""

import asyncio
import socket

import pytest

from origin_stub import Stub, body_of
from hosts import ROOT  # noqa: F401  (puts the project's root on the path)
from py_impl.contract import Reply, RequestFailed
from py_impl.transport import blocking, streams
from py_impl.transport.urls import Places


class Blocking:
    def __init__(self, timeout_s: float = 10) -> None:
        self.connections = 0
        self.client = blocking.Client(timeout_s, self.count)

    def count(self) -> None:
        self.connections += 1

    def get(self, *urls: str) -> list[Reply]:
        try:
            return [self.client.get(url) for url in urls]
        finally:
            self.client.close()


class Streams(Blocking):
    def __init__(self, timeout_s: float = 10) -> None:
        super().__init__()
        self.client = streams.Client(timeout_s, self.count)

    def get(self, *urls: str) -> list[Reply]:
        async def all_of_them() -> list[Reply]:
            try:
                return [await self.client.get(url) for url in urls]
            finally:
                await self.client.close()

        return asyncio.run(asyncio.wait_for(all_of_them(), 30))


both = pytest.mark.parametrize("transport", (Blocking, Streams))


@both
@pytest.mark.parametrize("name, status, body, connections", [
    ("chunked", 200, b"hello 0123456789", 1), ("close", 200, b"hello", 3), ("to_the_end", 200, b"hello", 3),
    ("old", 200, b"hello", 3), ("drop_kept", 200, b"hello", 3), ("continue", 200, b"hello", 1),
    ("no_content", 204, b"", 1), ("missing", 404, b"gone", 1),
    ("same_lengths", 200, b"hello", 1), ("many_headers", 200, b"hello", 1),
])  # fmt: skip
def test_answers(stub: Stub, transport, name, status, body, connections):
    """Three times over, so that what is kept and what is not shows."""
    client = transport()
    replies = client.get(*[stub.fault(name)] * 3)
    assert [(reply.status, bytes(reply.body)) for reply in replies] == [(status, body)] * 3
    assert client.connections == connections == stub.connections


@both
@pytest.mark.parametrize("name", ("stall", "trickle"))
def test_the_timeout_is_for_the_whole_request(stub: Stub, transport, name):
    with pytest.raises(RequestFailed) as caught:
        transport(0.3).get(stub.fault(name))
    assert caught.value.kind == "Timeout"


@both
def test_a_client_goes_on_after_a_failure(stub: Stub, transport):
    client = transport(0.3)
    if transport is Blocking:
        with pytest.raises(RequestFailed):
            client.client.get(stub.fault("stall"))
        assert client.get(stub.fault("chunked"))[0].status == 200
        return

    async def both_requests() -> Reply:
        with pytest.raises(RequestFailed):
            await client.client.get(stub.fault("stall"))
        return await client.client.get(stub.fault("chunked"))

    assert asyncio.run(asyncio.wait_for(both_requests(), 30)).status == 200


@both
def test_large_bodies(stub: Stub, transport):
    (reply,) = transport().get(f"{stub.base}/body/7?size=1000003&delay=0")
    assert bytes(reply.body) == body_of(7, 1000003)


@both
def test_nobody_listens(transport):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        with pytest.raises(RequestFailed) as caught:
            transport().get(f"http://127.0.0.1:{taken.getsockname()[1]}/")
    assert caught.value.kind == "ConnectionRefused"


@both
def test_a_name_that_is_none(transport):
    with pytest.raises(RequestFailed) as caught:
        transport().get("http://no-such-host.invalid/")
    assert caught.value.kind == "CouldNotResolve"


@both
def test_a_name_that_is_one(stub: Stub, transport):
    try:
        socket.getaddrinfo("localhost", 80, socket.AF_INET)
    except OSError:
        pytest.skip("this machine has no address for localhost")
    assert transport().get(stub.fault("close").replace("127.0.0.1", "localhost"))[0].body == b"hello"


@both
@pytest.mark.parametrize("url", ("", "no/url", "ftp://x/", "http://", "http://a b/", "http://h:0/", "http://h:x/",
                                 "http://u@h/", "http://[::1/", "http://h/\n", "http://h/\u00e9", "http://h:99999/"))  # fmt: skip
def test_what_is_no_url(transport, url):
    with pytest.raises(RequestFailed) as caught:
        transport().get(url)
    assert caught.value.kind == "BadUrl"


@pytest.mark.parametrize("url, secure, host, port, target", [
    ("http://a/b?c#d", False, "a", 80, "/b?c"), ("https://a", True, "a", 443, "/"), ("HTTP://a:8?x", False, "a", 8, "/?x"),
    ("http://[::1]:9/", False, "::1", 9, "/"),
])  # fmt: skip
def test_urls(url, secure, host, port, target):
    place, asked = Places().cut(url)
    assert (place.secure, place.host, place.port, asked) == (secure, host, port, target)


def test_requests_side_by_side_share_nothing(stub: Stub):
    client = Streams()

    async def many() -> list[Reply]:
        urls = [f"{stub.base}/body/{job}?size=100&delay={10 * (job % 3)}" for job in range(30)]
        replies = await asyncio.gather(*map(client.client.get, urls))
        await client.client.close()
        return replies

    replies = asyncio.run(asyncio.wait_for(many(), 30))
    assert [bytes(reply.body) for reply in replies] == [body_of(job, 100) for job in range(30)]
