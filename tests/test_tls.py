# SPDX-License-Identifier: MIT
"""TLS and HTTP/2: the origin's, what every client makes of them, and how many connections that takes."""

import http.client
import os
import re
import signal
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import pytest

from driver import Run
from hosts import BUILD, C, EMBED, EXT, ORIGIN_HAS_TLS, PY, WITHOUT_TLS
from origin_stub import body_of


@dataclass(frozen=True)
class Secure:
    template: str
    certificate: Path
    ports: dict[str, int]

    @property
    def trusting(self) -> dict[str, str]:
        return os.environ | {"SSL_CERT_FILE": str(self.certificate)}


@pytest.fixture(scope="module")
def origin(tmp_path_factory) -> Iterator[Secure]:
    if not ORIGIN_HAS_TLS:
        pytest.skip(WITHOUT_TLS)
    certificate = tmp_path_factory.mktemp("tls") / "certificate.pem"
    process = subprocess.Popen([BUILD / "cobench-origin", "--certificate", certificate], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)  # fmt: skip
    template = process.stdout.readline().rstrip("\n")
    match = re.fullmatch(r"http://127\.0\.0\.1:(\d+)/body/\{job\}\?size=\{size\}&delay=\{delay\}#tls=(\d+)&h2=(\d+)", template)
    assert match, template
    try:
        yield Secure(template, certificate, dict(zip(("http", "tls", "h2"), map(int, match.groups()))))
        assert process.poll() is None, "the origin died"
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=20) and process.returncode == 0


# -- the origin ---------------------------------------------------------------------------------------------------------

def test_it_shows_a_certificate_of_its_own(origin):
    trust = ssl.create_default_context(cafile=str(origin.certificate))
    trust.verify_flags |= ssl.VERIFY_X509_STRICT  # Python's own default from 3.13 on
    for host in ("127.0.0.1", "localhost"):
        connection = http.client.HTTPSConnection(host, origin.ports["tls"], timeout=20, context=trust)
        for job in (1, 2):  # on one connection
            connection.request("GET", f"/body/{job}?size=3000&delay=5")
            assert connection.getresponse().read() == body_of(job, 3000)
        connection.close()
    with pytest.raises(ssl.SSLCertVerificationError):
        http.client.HTTPSConnection("127.0.0.1", origin.ports["tls"], timeout=20).connect()


def test_no_session_is_resumed(origin):
    """So that each connection is a whole handshake."""
    trust = ssl.create_default_context(cafile=str(origin.certificate))
    trust.set_alpn_protocols(["http/1.1"])
    session = None
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3) * 2:
        trust.maximum_version = version
        with socket.create_connection(("127.0.0.1", origin.ports["tls"]), timeout=20) as plain:
            with trust.wrap_socket(plain, server_hostname="127.0.0.1", session=session) as secure:
                secure.sendall(b"GET /body/0?size=1 HTTP/1.1\r\nHost: x\r\n\r\n")
                assert secure.recv(1) and secure.selected_alpn_protocol() == "http/1.1"
                assert not secure.session_reused


@pytest.mark.parametrize("data", [b"", b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00" + b"\x00" * 600])
@pytest.mark.parametrize("port", ["tls", "h2"])
def test_who_does_not_speak_it_is_hung_up_on(origin, port, data):
    plain = socket.create_connection(("127.0.0.1", origin.ports[port]), timeout=20)
    with plain, suppress(ConnectionError):
        plain.sendall(data)
        with suppress(OSError):  # it may have hung up already
            plain.shutdown(socket.SHUT_WR)
        while plain.recv(4096):
            pass


def test_the_port_of_http_2_speaks_nothing_else(origin):
    trust = ssl.create_default_context(cafile=str(origin.certificate))
    trust.set_alpn_protocols(["http/1.1"])
    with socket.create_connection(("127.0.0.1", origin.ports["h2"]), timeout=20) as plain, pytest.raises(ssl.SSLError):
        trust.wrap_socket(plain, server_hostname="127.0.0.1")


# -- clients ------------------------------------------------------------------------------------------------------------

JOBS = 6
ONE_A_JOB = {"reuse": 0}
HTTP2 = {"http": 2}
SPEAK_HTTP2 = ("pycurl", "httpx")
BLOCKING = [(C, "default"), (PY, "default"), (PY, "pycurl"), (PY, "urllib3"), (PY, "requests"), (PY, "httpx")]
LOOPING = [(C, "default"), (EMBED, "default"), (EXT, "default"), (PY, "default"), (PY, "httpx"), (PY, "aiohttp")]


def fetch(host, folder, origin, client, model, env=None, **params):
    params = {"tls": 1, "delay": 5, "size": 2000, **params}
    return host.run(folder, "--task", "fetch", "--model", model, "--jobs", JOBS, "--workers", 2, "--url", origin.template,
                    *(() if client == "default" else ("--client", client)),
                    *(word for key, value in params.items() for word in ("--set", f"{key}={value}")),
                    env=env or origin.trusting)  # fmt: skip


@pytest.mark.parametrize("host, client, model", [*((*pair, "thread-pool") for pair in BLOCKING), *((*pair, "async") for pair in LOOPING)])
def test_every_client_gets_the_same(host, client, model, origin, tmp_path):
    """Over connections that are kept, over one for each job, and over streams of one."""
    one_stream = 1 if model == "async" else 2  # each worker that blocks has a client of its own
    for params, connections in (({}, 2), (ONE_A_JOB, JOBS), (HTTP2 | {"size": 300_000}, one_stream), (HTTP2 | ONE_A_JOB, JOBS)):
        done = fetch(host, tmp_path, origin, client, model, **params)
        if "http" in params and host in (PY, EXT) and client not in SPEAK_HTTP2:
            assert done.status == 77 and "no HTTP/2" in done.reason
            return
        if done.status == 77 and client != "default":
            pytest.skip(f"an optional library is missing: {done.reason}")
        assert (done.status, done.stderr) == (0, "")
        assert done.results == [crc32(body_of(job, params.get("size", 2000))) for job in range(JOBS)]
        assert done.record["connections"] == connections


@pytest.mark.parametrize("fault, kind", [("short=3", "BadReply"), ("stall=1", "Timeout"), ("status=503", "HttpStatus"),
                                         ("nonsense", "HttpStatus")])  # fmt: skip
def test_streams_that_go_wrong_are_named(origin, tmp_path, fault, kind):
    base, _, ports = origin.template.partition("#")
    done = C.run(tmp_path, "--task", "fetch", "--model", "async", "--jobs", JOBS, "--workers", JOBS, "--request-timeout", 0.5,
                 "--url", f"{base}&{fault}#{ports}", "--set", "tls=1", "--set", "http=2", "--set", "delay=5", env=origin.trusting)  # fmt: skip
    assert done.status == 1 and {found for _, found in done.failed} == {kind} and done.record["failed_jobs"] == JOBS
    assert fetch(C, tmp_path, origin, "default", "async", **HTTP2).status == 0


def test_the_light_client_says_what_it_cannot(origin, tmp_path):
    for params in ({}, HTTP2):
        done = fetch(C, tmp_path, origin, "http", "sync", **params)
        assert done.status == 77 and ("plain HTTP/1.1" in done.reason or "libhttp-parser" in done.reason)
    plain = fetch(C, tmp_path, origin, "http", "async", tls=0, **ONE_A_JOB)
    if plain.status == 77 and "libhttp-parser" in plain.reason:
        pytest.skip(f"an optional library is missing: {plain.reason}")
    assert plain.status == 0 and plain.record["connections"] == JOBS


@pytest.mark.parametrize("host", (C, PY))
@pytest.mark.parametrize("url, params, status, reason", [
    ("http://127.0.0.1:1/{job}", {"tls": 1}, 77, "url: tls=1 needs https, or #tls=PORT"),
    ("http://127.0.0.1:1/{job}#tls=2", {"tls": 1, "http": 2}, 77, "url: tls=1 needs https, or #tls=PORT"),
    ("http://127.0.0.1:1/{job}#h2=2", {"http": 2}, 2, "url: HTTP/2 is asked for over TLS only"),
    ("http://localhost:9?x#h2=3&tls=1", {"tls": 1}, 1, "localhost:1"),  # nobody listens there
    ("http://localhost?x#h2=1&tls=3", {"tls": 1}, 1, "localhost:3"),
])  # fmt: skip
def test_where_is_asked(host, url, params, status, reason, tmp_path):
    done = host.run(tmp_path, "--task", "fetch", "--model", "sync", "--jobs", 1, "--url", url,
                    *(word for key, value in params.items() for word in ("--set", f"{key}={value}")))  # fmt: skip
    assert done.status == status and reason in done.reason


# -- the driver ---------------------------------------------------------------------------------------------------------

def test_a_run_trusts_its_own_origin(origin, tmp_path):
    """And says what a connection for each job costs."""
    suite = tmp_path / "small.ini"
    groups = "".join(f"[group reuse{reuse}]\ntask = fetch\njobs = 20\nworkers = 2\nset.delay = 0\nset.tls = 1\nset.reuse = {reuse}\n"
                     for reuse in (0, 1))  # fmt: skip
    suite.write_text("[suite]\nabout = TLS\nrounds = 1\nmodels = sync\nruntimes = c, py\n" + groups)
    run = Run(tmp_path / "results", "--suite", suite)
    assert {(cell["runtime"], cell["connections"]) for cell in run.cells} == {("c", 1), ("py", 1), ("c", 20), ("py", 20)}
    assert re.search(r"^cobench-origin \S+, libevent \S+, OpenSSL 3\S+ \(P-256, no resumption\), nghttp2 1",
                     run.json("machine")["services"]["origin"]["version"])  # fmt: skip
    text = (run.folder / "summary.md").read_text()
    assert re.search(r"c:sync: a connection for each job \(reuse=0, not 1\) costs it [\d.]+ .s of latency \(p50\) and", text)
    assert "connections |" in text
