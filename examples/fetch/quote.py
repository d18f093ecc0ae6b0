"""A job asks a server, waits 20 ms for its answer, and then works on it for some milliseconds, holding Python's lock."""

import os
from http.client import HTTPConnection
from urllib.parse import urlsplit


def quote(job):
    url = urlsplit(os.environ["QUOTES"].format(job=job, size=50_000, delay=20))
    server = HTTPConnection(url.netloc)
    server.request("GET", f"{url.path}?{url.query}")
    body = server.getresponse().read()
    server.close()
    return sum(byte * place for place, byte in enumerate(body))
