# SPDX-License-Identifier: MIT
"""requests: a Session a worker, on the connections of urllib3_, on which requests stands."""

from __future__ import annotations

import requests
from requests.adapters import HTTPAdapter

from py_impl.contract import BAD_REPLY, Reply
from py_impl.transport.client import CLOSING, HEADERS, Attempt, Blocking
from py_impl.transport.urllib3_ import KINDS, POOLS, TLS, now, read


class Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: object, **options: object) -> None:
        super().init_poolmanager(*args, ssl_context=TLS, **options)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def cert_verify(self, *args: object) -> None:
        """TLS has what is trusted; requests would add a list of its own."""


class Client(Blocking):
    KINDS = ((requests.exceptions.InvalidHeader, BAD_REPLY), *KINDS)

    def open(self) -> None:
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers.update(HEADERS)
        adapter = Adapter()
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, adapter)

    def close(self) -> None:
        self._session.close()

    def ask(self, url: str, attempt: Attempt) -> Reply:
        now.attempt = attempt
        headers = CLOSING if attempt.alone else None  # beside the session's
        response = self._session.get(url, headers=headers, allow_redirects=False, stream=True, timeout=attempt.left())
        return read(response.raw, attempt)
