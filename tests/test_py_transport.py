# SPDX-License-Identifier: MIT
"""The Python host's clients against a server that answers in unusual ways: all must make the same of it."""

import socket

import pytest

from origin_stub import Stub, body_of
from hosts import PY, Host  # which puts the project's root on the path
from py_impl.contract import URL, Reply, Request, RequestFailed
from py_impl.errors import Impossible
from py_impl.knobs import KNOBS
from py_impl.library import library
from py_impl.loops import LOOPS
from py_impl.transport import CLIENTS, Options, load
from py_impl.transport.urls import Places


def skip_missing(error: Impossible) -> None:
    if "has no module" not in str(error):
        raise error
    pytest.skip(f"an optional library is missing: {error}")


class Client:
    """A client of the host, blocking or on a loop, as a test wants it: all at once, and closed at the end."""

    def __init__(self, name: str, loop: str | None) -> None:
        self.name, self.loop = name, loop
        try:
            self.module = load(URL, name, loop)
            self.runner = LOOPS[loop]() if loop is not None else None
        except Impossible as error:
            skip_missing(error)

    def get(self, *urls: str, timeout_s: float = 10, fails: int = 0) -> list[Reply]:
        """The replies. Of the first `fails` URLs there must be none."""
        self.connections = 0
        if self.loop is None:
            return self._get(urls, timeout_s, fails)
        return self.runner.run(self._await(urls, timeout_s, fails))

    def _get(self, urls: tuple[str, ...], timeout_s: float, fails: int) -> list[Reply]:
        client = self.module.Client(Options(timeout_s, self._connected))
        try:
            for url in urls[:fails]:
                with pytest.raises(RequestFailed):
                    client.get(Request(URL, url=url), 0)
            return [client.get(Request(URL, url=url), 0) for url in urls[fails:]]
        finally:
            client.close()

    async def _await(self, urls: tuple[str, ...], timeout_s: float, fails: int) -> list[Reply]:
        client = self.module.Client(Options(timeout_s, self._connected))
        try:
            for url in urls[:fails]:
                with pytest.raises(RequestFailed):
                    await client.get(Request(URL, url=url), 0)
            return [await client.get(Request(URL, url=url), 0) for url in urls[fails:]]
        finally:
            await client.close()

    async def at_once(self, urls: list[str]) -> list[Reply]:
        client, replies = self.module.Client(Options(10, lambda: None)), {}

        async def one(url: str) -> None:
            replies[url] = await client.get(Request(URL, url=url), 0)

        await self.runner.side_by_side([one(url) for url in urls])
        await client.close()
        return [replies[url] for url in urls]

    def _connected(self) -> None:
        self.connections += 1


# Libraries that are stricter, or cannot tell.
OTHERWISE = {("aiohttp", "same_lengths"): "BadReply", ("aiohttp", "many_headers"): "BadReply", ("httpx", "garbage"): "ConnectionClosed"}

# Each client blocking, on asyncio and on a loop that is nothing like it, and one on uvloop, which is much like it.
PAIRS = [(name, loop) for name, offer in CLIENTS[URL].items() for loop in ((None,) if offer.blocking else ()) + offer.loops
         if loop != "uvloop" or name == "default"]  # fmt: skip


@pytest.fixture(params=PAIRS, ids=lambda pair: "-".join(filter(None, pair)))
def client(request) -> Client:
    return Client(*request.param)


@pytest.mark.parametrize("name, status, body, connections", [
    ("chunked", 200, b"hello 0123456789", 1), ("close", 200, b"hello", 3), ("to_the_end", 200, b"hello", 3),
    ("old", 200, b"hello", 3), ("drop_kept", 200, b"hello", 3), ("continue", 200, b"hello", 1),
    ("no_content", 204, b"", 1), ("missing", 404, b"gone", 1),
    ("same_lengths", 200, b"hello", 1), ("many_headers", 200, b"hello", 1),
])  # fmt: skip
def test_answers(stub: Stub, client, name, status, body, connections):
    """Three times over, so that what is kept and what is not shows."""
    if (client.name, name) in OTHERWISE:
        with pytest.raises(RequestFailed) as caught:
            client.get(stub.fault(name))
        assert caught.value.kind == OTHERWISE[client.name, name]
        return
    replies = client.get(*[stub.fault(name)] * 3)
    assert [(reply.status, bytes(reply.body)) for reply in replies] == [(status, body)] * 3
    assert client.connections == connections == stub.connections


@pytest.mark.parametrize("name, kind", [
    ("stall", "Timeout"), ("trickle", "Timeout"), ("short", "ShortBody"), ("short_chunk", "ShortBody"),
    ("nothing", "ConnectionClosed"), ("garbage", "BadReply"), ("bad_chunk", "BadReply"), ("two_lengths", "BadReply"),
    ("long_body", "Transport"),
])  # fmt: skip
def test_failures(stub: Stub, client, name, kind):
    """The time-out is for the whole request; a failure is no reason to ask again, and a client goes on after it."""
    with pytest.raises(RequestFailed) as caught:
        client.get(stub.fault(name), timeout_s=0.2 if kind == "Timeout" else 10)
    assert (caught.value.kind, stub.connections) == (OTHERWISE.get((client.name, name), kind), 1), caught.value
    (reply,) = client.get(stub.fault(name), stub.fault("chunked"), timeout_s=0.2, fails=1)
    assert reply.status == 200


def test_large_bodies(stub: Stub, client):
    (reply,) = client.get(f"{stub.base}/body/7?size=300003&delay=0")
    assert bytes(reply.body) == body_of(7, 300003)


def test_nobody_listens(client):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        with pytest.raises(RequestFailed) as caught:
            client.get(f"http://127.0.0.1:{taken.getsockname()[1]}/")
    assert caught.value.kind == "ConnectionRefused", caught.value


def test_a_name_that_is_none(client):
    with pytest.raises(RequestFailed) as caught:
        client.get("http://no-such-host.invalid/")
    assert caught.value.kind == "CouldNotResolve", caught.value


def test_a_name_that_is_one(stub: Stub, client):
    try:
        socket.getaddrinfo("localhost", 80, socket.AF_INET)
    except OSError:
        pytest.skip("this machine has no address for localhost")
    assert client.get(stub.fault("close").replace("127.0.0.1", "localhost"))[0].body == b"hello"


@pytest.mark.parametrize("url", ("", "no/url", "ftp://x/", "http://", "http://a b/", "http://h:0/", "http://h:x/",
                                 "http://u@h/", "http://[::1/", "http://h/\n", "http://h/\u00e9", "http://h:99999/"))  # fmt: skip
def test_what_is_no_url(client, url):
    with pytest.raises(RequestFailed) as caught:
        client.get(url)
    assert caught.value.kind == "BadUrl"


@pytest.mark.parametrize("url, secure, host, port, target", [
    ("http://a/b?c#d", False, "a", 80, "/b?c"), ("https://a", True, "a", 443, "/"), ("HTTP://a:8?x", False, "a", 8, "/?x"),
    ("http://[::1]:9/", False, "::1", 9, "/"),
])  # fmt: skip
def test_urls(url, secure, host, port, target):
    place, asked = Places().cut(url)
    assert (place.secure, place.host, place.port, asked) == (secure, host, port, target)


def test_requests_side_by_side_share_nothing(stub: Stub, client):
    if client.loop is None:
        return
    urls = [f"{stub.base}/body/{job}?size=100&delay={10 * (job % 3)}" for job in range(30)]
    replies = client.runner.run(client.at_once(urls))
    assert [bytes(reply.body) for reply in replies] == [body_of(job, 100) for job in range(30)]


@pytest.mark.parametrize("name, loop, reason", [
    ("pycurl", "asyncio", "client pycurl waits by blocking; asyncio takes default, httpx, aiohttp"),
    ("aiohttp", None, "client aiohttp waits on an event loop, and this model blocks"),
    ("default", "trio", "client default does not run on trio; trio takes httpx"),
])  # fmt: skip
def test_what_a_client_cannot_do(name, loop, reason):
    with pytest.raises(Impossible, match=reason):
        load(URL, name, loop)


@pytest.mark.parametrize("words, missing", [(("--client", "httpx"), "httpx"), (("--loop", "trio"), "trio")])
def test_a_library_that_is_missing(tmp_path, words, missing):
    """To a Python that looks for packages nowhere."""
    python, *rest = PY.program
    host = Host("py", "py_impl", [python, "-S", *rest], PY.models, PY.faulty)
    done = host.run(tmp_path, "--task", "fetch", "--model", "async", "--url", "http://127.0.0.1:1/", *words)
    assert done.status == 77 and done.reason.endswith(f"has no module '{missing}' (Debian: apt-get install python3-{missing})")


def test_the_knobs_name_the_clients_and_loops_that_there_are():
    choices = {knob.name: knob.choices for knob in KNOBS}
    assert choices["client"] == tuple(dict.fromkeys(name for clients in CLIENTS.values() for name in clients)) and choices["loop"] == tuple(LOOPS)


def test_versions_are_in_the_record(tmp_path):
    try:
        version = library("uvloop").__version__
    except Impossible as error:
        skip_missing(error)
    done = PY.run(tmp_path, "--task", "wait", "--model", "async", "--loop", "uvloop", "--jobs", 4, "--set", "delay=20")
    assert (done.status, done.most_at_once) == (0, 4)
    assert done.record["libraries"] == {"uvloop": version} and done.record["knobs"]["loop"] == "uvloop"
