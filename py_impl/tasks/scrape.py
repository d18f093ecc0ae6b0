# SPDX-License-Identifier: MIT
"""
A page of HTML, and the pages that it links to, each parsed by html.parser as it comes. The result adds up, over the pages, the
CRC-32 of their text without white space and 2^32 for each link in them. The counterpart is c_impl/tasks/scrape.c.
"""

from html.parser import HTMLParser
from urllib.parse import urljoin
from zlib import crc32

from py_impl.contract import INT, MIXED, URL, URL_MAX, Param, Request
from py_impl.tasks.lib.web import check_status, filled, site_of

NAME = "scrape"
ABOUT = "fetch a page, parse it, and do the same with what it links to"
KIND = MIXED
ASKS = URL
JOBS = 30
PARAMS = (
    Param("url", URL, "/page/{job}?items={items}&links={links}&delay={delay}",
          "the page; {job}, {items}, {links} and {delay} are filled in; a path is the origin's"),
    Param("items", INT, "200", "rows of the table in each page, about 80 bytes each", 0, 100_000),
    Param("links", INT, "2", "links of the page that are followed, one after the other", 0, 1000),
    Param("delay", INT, "20", "how long each answer takes, in milliseconds", 0, 3_600_000),
)  # fmt: skip

BLANK = b" \t\n\r\f\v"
HIDDEN = ("script", "style")
MASK = 2**64 - 1


class Page(HTMLParser):
    """What is in a page: its text, and where its links lead."""

    def __init__(self, body):
        super().__init__()
        self.pieces, self.hrefs, self.hidden = [], [], False
        self.feed(body.decode("utf-8", "replace"))
        self.close()

    def handle_starttag(self, tag, attrs):
        if tag == "a":
            href = next((value for name, value in attrs if name == "href" and value is not None), None)
            if href is not None:
                self.hrefs.append(href)
        elif tag in HIDDEN:
            self.hidden = True

    def handle_endtag(self, tag):
        if tag in HIDDEN:
            self.hidden = False

    def handle_data(self, data):
        if not self.hidden:
            self.pieces.append(data)

    def sum(self):
        return crc32("".join(self.pieces).encode().translate(None, BLANK)) + (len(self.hrefs) << 32)


class Visit:
    """What a job has so far."""

    def __init__(self):
        self.sum, self.links = 0, iter(())


class Scrape:
    def __init__(self, params, jobs):
        self.parts, self.most = filled(params, jobs), params["links"]

    def url(self, job):
        return str(job).join(self.parts)

    def followed(self, url, hrefs):
        """Links on the page's own site, as they are asked for."""
        links = (urljoin(url, href).partition("#")[0] for href in hrefs)
        site = site_of(url) + "/"
        return [link for link in links if link.startswith(site) and len(link) <= URL_MAX][: self.most]


def open(params, jobs):
    return Scrape(params, jobs)


def worker_open(scrape, flags):
    return {}  # job to its Visit


def request(scrape, visits, job):
    visits[job] = Visit()
    return Request(URL, url=scrape.url(job))


def more(scrape, visits, job, step, reply):
    check_status(reply)
    page, visit = Page(reply.body), visits[job]
    visit.sum += page.sum()
    if step == 0:
        visit.links = iter(scrape.followed(scrape.url(job), page.hrefs))
    link = next(visit.links, None)
    return None if link is None else Request(URL, url=link)


def run(scrape, visits, job, reply):
    return visits.pop(job).sum & MASK
