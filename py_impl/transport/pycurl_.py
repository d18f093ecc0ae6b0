# SPDX-License-Identifier: MIT
"""pycurl: libcurl, the C host's own stack, from Python; an easy handle a worker, set as c_impl/transport/curl.c sets its."""

from __future__ import annotations

import os

import pycurl

from py_impl.contract import (
    BAD_CERTIFICATE, BAD_REPLY, CONNECTION_CLOSED, COULD_NOT_RESOLVE, SHORT_BODY, TIMEOUT, TRANSPORT, Reply, RequestFailed,
)  # fmt: skip
from py_impl.transport.client import Attempt, Blocking, Body
from py_impl.transport.urls import BODY_MAX, USER_AGENT

SETTINGS = (
    (pycurl.NOSIGNAL, 1), (pycurl.TCP_NODELAY, 1), (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1),
    (pycurl.FOLLOWLOCATION, 0), (pycurl.PROXY, ""), (pycurl.USERAGENT, USER_AGENT),
    (pycurl.MAXFILESIZE, BODY_MAX),
    *((option, os.environ[name]) for option, name in ((pycurl.CAINFO, "SSL_CERT_FILE"), (pycurl.CAPATH, "SSL_CERT_DIR"))
      if name in os.environ),
)  # fmt: skip

FAULTS = {
    pycurl.E_OPERATION_TIMEDOUT: TIMEOUT, pycurl.E_PARTIAL_FILE: SHORT_BODY, pycurl.E_COULDNT_RESOLVE_HOST: COULD_NOT_RESOLVE,
    pycurl.E_GOT_NOTHING: CONNECTION_CLOSED, pycurl.E_SEND_ERROR: CONNECTION_CLOSED, pycurl.E_RECV_ERROR: CONNECTION_CLOSED,
    pycurl.E_FTP_WEIRD_SERVER_REPLY: BAD_REPLY, pycurl.E_UNSUPPORTED_PROTOCOL: BAD_REPLY,
    pycurl.E_BAD_CONTENT_ENCODING: BAD_REPLY, 100: BAD_REPLY, pycurl.E_HTTP2: BAD_REPLY, pycurl.E_SSL_CACERT: BAD_CERTIFICATE,
}  # fmt: skip


class Client(Blocking):
    HTTP2 = pycurl.version_info()[4] & pycurl.VERSION_HTTP2 != 0

    def open(self) -> None:
        self._set = (False, False)  # alone, http2
        self._curl = pycurl.Curl()
        for option, value in SETTINGS:
            self._curl.setopt(option, value)
        self._curl.setopt(pycurl.WRITEFUNCTION, self._piece)
        self._curl.setopt(pycurl.HEADERFUNCTION, self._header)

    def close(self) -> None:
        self._curl.close()

    def ask(self, url: str, attempt: Attempt) -> Reply:
        curl, self._attempt, self._body, self._headers, self._wrong = self._curl, attempt, None, {}, None
        if self._set != (attempt.alone, attempt.http2):
            self._change(attempt)
        curl.setopt(pycurl.URL, url)
        curl.setopt(pycurl.TIMEOUT_MS, max(1, int(attempt.left() * 1000)))
        try:
            curl.perform()
        except pycurl.error as error:
            raise self._wrong or self._fault(*error.args) from error
        finally:
            for _ in range(int(curl.getinfo(pycurl.NUM_CONNECTS))):
                attempt.opened()
        if attempt.http2 and curl.getinfo(pycurl.INFO_HTTP_VERSION) != pycurl.CURL_HTTP_VERSION_2_0:
            raise RequestFailed(BAD_REPLY, "the server does not speak HTTP/2")
        return (self._body or Body(self._status, self._headers, attempt)).reply()

    def _change(self, attempt: Attempt) -> None:
        """What a request's flags change."""
        version = pycurl.CURL_HTTP_VERSION_2TLS if attempt.http2 else pycurl.CURL_HTTP_VERSION_1_1
        self._curl.setopt(pycurl.HTTP_VERSION, version)
        self._curl.setopt(pycurl.FRESH_CONNECT, attempt.alone)
        self._curl.setopt(pycurl.FORBID_REUSE, attempt.alone)
        self._curl.setopt(pycurl.SSL_SESSIONID_CACHE, not attempt.alone)
        self._set = (attempt.alone, attempt.http2)

    def _header(self, line: bytes) -> None:
        if line.startswith(b"HTTP/"):  # of an interim reply before it, too
            self._headers, self._status = {}, int(line.split()[1])
            return
        name, colon, value = line.decode("latin-1").partition(":")
        name, value = name.title(), value.strip()
        self._headers[name] = f"{self._headers[name]}, {value}" if name in self._headers else value

    def _piece(self, piece: bytes) -> int | None:
        try:
            if self._body is None:
                self._body = Body(self._status, self._headers, self._attempt)
            self._body.add(piece)
        except (RequestFailed, TimeoutError) as error:
            self._wrong = error
            return -1  # ends the transfer
        return None

    def _fault(self, code: int, text: str) -> Exception:
        if code == pycurl.E_COULDNT_CONNECT and (errno := self._curl.getinfo(pycurl.OS_ERRNO)):
            return OSError(errno, os.strerror(errno))
        if code == pycurl.E_RECV_ERROR and ("chunk" in text or "header" in text):
            return RequestFailed(BAD_REPLY, text)
        return TimeoutError() if FAULTS.get(code) == TIMEOUT else RequestFailed(FAULTS.get(code, TRANSPORT), text)
