# SPDX-License-Identifier: MIT
"""
A small stand-in for build/cobench-origin, for tests of the Python host that need no build: the same template, the same
bodies, and answers that go wrong on purpose under /fault/NAME.
"""

import socketserver
import ssl
import struct
import threading
import time
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Iterator
from urllib.parse import parse_qs, urlsplit

MASK = 2**64 - 1


def splitmix64(x: int) -> int:
    x = (x + 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def body_of(job: int, size: int) -> bytes:
    words = [struct.pack("<Q", splitmix64((job << 32) + k)) for k in range((size + 7) // 8)]
    return b"".join(words)[:size]


def page_of(job: int, items: int, links: int, delay: int) -> str:
    words = [splitmix64((job << 32) + k) for k in range(max(items, links))]
    listed = "".join(f'<li><a href="/page/{word >> 32}?items={items}&amp;links=0&amp;delay={delay}#top">Page</a>\n'
                     for word in words[:links])  # fmt: skip
    rows = "".join(f"<tr id=r{k}><td class='n'>{word >> 40}</td><td>caf&eacute; &amp; <b>{word & 0xffffff}</b> &#8364;</td></tr>\n"
                   for k, word in enumerate(words[:items]))  # fmt: skip
    return (f'<!DOCTYPE html>\n<html lang=en><head><meta charset="utf-8"><title>Page {job}</title></head>\n<body><h1>Page {job}</h1>\n'
            f"<!-- <a href='/no-link'> -->\n<ul>\n{listed}</ul>\n<table class='items'><tbody>\n{rows}</tbody></table>\n</body></html>\n")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        with self.server.lock:
            self.server.connections += 1

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        kind, _, name = url.path[1:].partition("/")
        with self.server.lock:
            self.server.asked.append(self.path)
        if kind == "body":
            query = {key: values[0] for key, values in parse_qs(url.query).items()}
            time.sleep(int(query["delay"]) / 1000)
            self.answer(body_of(int(name), int(query["size"])))
        elif kind == "echo":
            self.answer(name.encode())
        elif kind == "page":
            query = {key: int(values[0]) for key, values in parse_qs(url.query).items()}
            time.sleep(query["delay"] / 1000)
            self.answer(page_of(int(name), query["items"], query["links"], query["delay"]).encode())
        elif kind == "fault":
            getattr(self, "fault_" + name)()
        else:
            self.answer(b"no such page", 404)

    def answer(self, body: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def raw(self, data: bytes) -> None:
        self.wfile.write(data)

    def hang_up(self) -> None:
        self.close_connection = True

    # -- answers that go wrong, or are right in an unusual way ----------------------------------------------------------

    def fault_chunked(self) -> None:
        self.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        self.raw(b"5;note=x\r\nhello\r\n1\r\n \r\nA\r\n0123456789\r\n0\r\nTrailer: yes\r\n\r\n")

    def fault_close(self) -> None:
        self.raw(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello")
        self.hang_up()

    def fault_to_the_end(self) -> None:
        self.raw(b"HTTP/1.1 200 OK\r\n\r\nhello")
        self.hang_up()

    def fault_old(self) -> None:
        self.raw(b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello")
        self.hang_up()

    def fault_drop_kept(self) -> None:
        """Says it would keep the connection, and ends it."""
        self.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
        self.hang_up()

    def fault_continue(self) -> None:
        self.raw(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")

    def fault_no_content(self) -> None:
        self.raw(b"HTTP/1.1 204 No Content\r\n\r\n")

    def fault_odd_page(self) -> None:
        """Links of all kinds: of one that is followed the text is CAF and two bytes."""
        self.answer(b"<HTML><BODY><A HREF=rel?x=1&amp;y=2#there>one<p>two&nbsp;<a name=none>none</a><a href>empty</a>\n"
                    b"<script>document.write('<a href=/in-a-script>')</script><style>a > b {}</style><!-- <a href=/no> -->"
                    b"<a href='mailto:me@example.org'>mail</a><a href='http://other.invalid/'>other</a><a href='//other.invalid/x'>x"
                    b"<a href='../fault/rel?up'>up</a> <A href=\"/fault/odd_leaf\">&Eacute; &#233;&#xe9; &lt;b&gt; a &amp; b</a></p></BODY>")

    def fault_rel(self) -> None:
        self.answer(b"<p>relative")

    def fault_odd_leaf(self) -> None:
        self.answer(b"CAF\xc3\x89")

    def fault_missing(self) -> None:
        self.answer(b"gone", 404)

    def fault_short(self) -> None:
        self.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1024\r\n\r\nhello")
        self.hang_up()

    def fault_short_chunk(self) -> None:
        self.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhello")
        self.hang_up()

    def fault_nothing(self) -> None:
        self.hang_up()

    def fault_garbage(self) -> None:
        self.raw(b"SSH-2.0-OpenSSH_9.2\r\n")
        self.hang_up()

    def fault_bad_chunk(self) -> None:
        self.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello")
        self.hang_up()

    def fault_long_headers(self) -> None:
        self.raw(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 400_000 + b"\r\n\r\n")
        self.hang_up()

    def fault_two_lengths(self) -> None:
        self.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!")
        self.hang_up()

    def fault_same_lengths(self) -> None:
        self.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello")

    def fault_many_headers(self) -> None:
        self.raw(b"HTTP/1.1 200 OK\r\n" + b"X-Y: z\r\n" * 2000 + b"Content-Length: 5\r\n\r\nhello")

    def fault_long_body(self) -> None:
        self.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 67108865\r\n\r\n")
        self.hang_up()

    def fault_endless_body(self) -> None:
        self.raw(b"HTTP/1.1 200 OK\r\n\r\n")
        with suppress(OSError):
            for _ in range(65):
                self.raw(b"x" * (1 << 20))
        self.hang_up()

    def fault_endless_chunks(self) -> None:
        self.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        with suppress(OSError):
            for _ in range(65):
                self.raw(b"100000\r\n" + b"x" * (1 << 20) + b"\r\n")
        self.hang_up()

    def fault_stall(self) -> None:
        self.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")
        self.server.over.wait(30)
        self.hang_up()

    def fault_trickle(self) -> None:
        """Never pauses for long, never gets to the end."""
        self.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not self.server.over.wait(0.05):
            self.raw(b"x")
        self.hang_up()

    def log_message(self, *args: object) -> None:
        pass


class Stub(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, certificate: str | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.secure = certificate is not None
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.lock = threading.Lock()
        self.over = threading.Event()
        self.connections = 0
        self.asked: list[str] = []

    @property
    def base(self) -> str:
        return f"http{'s' * self.secure}://127.0.0.1:{self.server_address[1]}"

    @property
    def template(self) -> str:
        return self.base + "/body/{job}?size={size}&delay={delay}"

    def fault(self, name: str) -> str:
        return f"{self.base}/fault/{name}"

    def server_bind(self) -> None:
        socketserver.TCPServer.server_bind(self)  # without the look-up of this host's name
        self.server_name, self.server_port = self.server_address[:2]

    def handle_error(self, *args: object) -> None:
        pass  # clients that go away are part of the tests


@contextmanager
def stub_origin(certificate: str | None = None) -> Iterator[Stub]:
    stub = Stub(certificate)
    thread = threading.Thread(target=stub.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield stub
    finally:
        stub.over.set()
        stub.shutdown()
        thread.join(10)
        stub.server_close()
